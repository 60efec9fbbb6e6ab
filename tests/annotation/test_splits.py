"""Splits: nothing leaks, shares are kept, chance is seeded."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.annotation.anchors import fingerprint, hash_text, split_words
from stance.annotation.splits import DEFAULT_SHARES, Plan, split_annotations
from stance.annotation.units import document_of
from stance.annotation.validation import check_value
from stance.errors import InputError
from stance.schema import LABELS, Anchor, Annotation

WORDS = ["harbour", "treaty", "winter", "senate", "rail", "grain", "border", "envoy"]
WORDS += ["copper", "island", "vote", "storm", "ledger", "school", "bridge"]


def words(seed: str, count: int = 40) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=count))


def corpus(documents: int, *, seed: int = 0) -> list[Annotation]:
    """Documents of one to five paragraphs, from four outlets and ten years."""
    generator = random.Random(seed)
    records = []
    for number in range(documents):
        source = {"outlet": "ABCD"[number % 4], "year": 2010 + number % 10, "doc_id": f"d{number}"}
        for paragraph in range(generator.randint(1, 5)):
            name = f"d{number}p{paragraph}"
            text = words(f"{seed} {name}")
            anchor = Anchor(text=text, text_sha256=hash_text(text))
            labels = {"NATO": generator.choice(LABELS), "US": generator.choice(LABELS)}
            records.append(Annotation(name, anchor, labels, "A", source=source))
    return records


def sides(records: list[Annotation], plan: Plan) -> dict[str, str]:
    return {unit.id: split.name for split in split_annotations(records, plan).splits for unit in split.units}


@settings(max_examples=25)
@given(st.integers(0, 1000), st.integers(0, 3))
def test_documents_stay_whole_and_nothing_is_lost(seed: int, corpus_seed: int) -> None:
    records = corpus(40, seed=corpus_seed)
    side = sides(records, Plan(DEFAULT_SHARES, seed=seed))
    assert side.keys() == {record.id for record in records}
    for record in records:
        assert side[record.id] == side[f"{document_of(record)}p0"]


def test_shares_and_labels_are_spread() -> None:
    records = corpus(400)
    splits = split_annotations(records, Plan({"train": 0.7, "test": 0.3})).to_dict()["splits"]
    assert splits["test"]["paragraphs"] / len(records) == pytest.approx(0.3, abs=0.01)
    for target, counts in splits["test"]["labels"].items():
        everywhere = Counter(record.labels[target] for record in records)
        for label, count in counts.items():
            assert count / everywhere[label] == pytest.approx(0.3, abs=0.03)
    sizes = [Counter(document_of(record) for record in records)[f"d{n}"] for n in range(400)]
    mean = splits["test"]["paragraphs"] / splits["test"]["documents"]
    assert mean == pytest.approx(sum(sizes) / len(sizes), rel=0.15)  # documents of every size on every side


def test_seed_decides_and_order_does_not() -> None:
    records = corpus(60)
    plan = Plan(DEFAULT_SHARES, seed=4)
    first = sides(records, plan)
    assert first == sides(random.Random(1).sample(records, len(records)), plan)
    assert first != sides(records, Plan(DEFAULT_SHARES, seed=5))


def test_sources_stay_whole() -> None:
    records = corpus(40)
    side = sides(records, Plan({"train": 0.7, "test": 0.3}, "source", "outlet"))
    by_outlet = {record.source["outlet"]: side[record.id] for record in records}
    assert all(side[record.id] == by_outlet[record.source["outlet"]] for record in records)
    assert set(by_outlet.values()) == {"train", "test"}


def test_time_goes_forward() -> None:
    records = corpus(60)
    side = sides(records, Plan({"train": 0.6, "dev": 0.2, "test": 0.2}, "time", "year"))
    years = {name: {record.source["year"] for record in records if side[record.id] == name} for name in DEFAULT_SHARES}
    assert max(years["train"]) < min(years["dev"])
    assert max(years["dev"]) < min(years["test"])


def test_undated() -> None:
    records = [*corpus(20), Annotation("x", Anchor(text="No year is known of this one."), {"NATO": "favor"}, "A")]
    with pytest.raises(InputError, match=r"Paragraph 'x' has no source\.year"):
        split_annotations(records, Plan({"train": 0.5, "test": 0.5}, "time", "year"))
    assert sides(records, Plan({"train": 0.5, "test": 0.5}, "time", "year", undated="train"))["x"] == "train"
    odd = [*corpus(20), Annotation("x", Anchor(text="Odd."), {}, "A", source={"year": "last spring"})]
    with pytest.raises(InputError, match="expected a year or a date as in 2026-11-24, found 'last spring'"):
        split_annotations(odd, Plan({"train": 0.5, "test": 0.5}, "time", "year"))


def test_near_duplicates_stay_together() -> None:
    records = corpus(30)
    text = f"{records[0].text} and one more"
    twin = Annotation("twin", Anchor(text=text, document="elsewhere.txt"), {"NATO": "favor"}, "A")
    bare = Annotation("bare", Anchor(document="other.txt", text_sha256=records[0].anchor.text_sha256), {}, "A")
    for seed in range(10):
        splits = split_annotations([*records, twin, bare], Plan(DEFAULT_SHARES, seed=seed))
        side = {unit.id: split.name for split in splits.splits for unit in split.units}
        assert side["twin"] == side["bare"] == side[records[0].id]
        assert [(pair.first, pair.second) for pair in splits.pairs] == [(records[0].id, "twin")]
        assert (splits.unread, splits.unlabelled) == (1, 1)


@pytest.mark.parametrize("known", [True, False])
def test_a_paragraph_stays_with_one_that_it_stands_in(known: bool) -> None:
    records = corpus(30)
    text = f"{words('before')} {records[0].text} {words('after')}"
    anchor = Anchor(document="book.txt", text=text)
    if not known:
        anchor = Anchor(document="book.txt", words=len(split_words(text)), fingerprint=fingerprint(text))
    for seed in range(4):
        splits = split_annotations(
            [*records, Annotation("book", anchor, {"NATO": "favor"}, "A")], Plan(DEFAULT_SHARES, seed=seed)
        )
        side = {unit.id: split.name for split in splits.splits for unit in split.units}
        assert side["book"] == side[records[0].id]
        (pair,) = splits.pairs
        assert (pair.first, pair.second, pair.estimated) == (records[0].id, "book", not known)
        assert (pair.containment > 0.8, pair.similarity < 0.5) == (True, True)


def test_manifest_follows_its_schema() -> None:
    records = corpus(30)
    twin = Annotation("twin", Anchor(document="elsewhere.txt", text=f"{records[0].text} and more"), {}, "A")
    manifest = split_annotations([*records, twin], Plan(DEFAULT_SHARES)).to_dict()
    (pair,) = manifest["near_duplicates_across_documents"]
    assert (pair["containment"], pair["estimated"]) == (1.0, False)
    for name, split in manifest["splits"].items():
        split |= {"file": f"{name}.jsonl", "sha256": "0" * 64}
    check_value({"format": 1, **manifest}, "splits", "manifest")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (({"train": 1.0},), "expected two splits or more"),
        (({"train": 0.5, "test": 0.6},), "expected a sum of 1, found train=0.5,test=0.6"),
        (({"train": 0.5, "../test": 0.5},), "is no name for a file"),
        (({"train": 0.5, "test": 0.5}, "outlet"), "expected document, source or time"),
        (({"train": 0.5, "test": 0.5}, "source"), "name the field of 'source'"),
        (({"train": 0.5, "test": 0.5}, "time", "year", 0.5, 0, "dev"), "there is no split 'dev'"),
    ],
)
def test_plans_that_make_no_sense(arguments: tuple, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Plan(*arguments)


def test_too_few_documents() -> None:
    with pytest.raises(InputError, match="Split 'dev' stays empty: 2 documents or groups of them"):
        split_annotations(corpus(2), Plan(DEFAULT_SHARES))
