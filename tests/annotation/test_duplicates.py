"""Near-duplicates: copies and parts are found, with text and without; unrelated paragraphs with a phrase are not."""

from __future__ import annotations

import random
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stance.annotation.anchors import fingerprint, split_words
from stance.annotation.duplicates import best_anchor, find_duplicates
from stance.annotation.files import read_annotations
from stance.errors import InputError
from stance.schema import Anchor
from stance.text.documents import read_documents

FOLDER = Path(__file__).resolve().parents[2] / "annotations" / "standoff"
HARBOUR = """
The harbour master closed both gates on Monday, and by noon forty trawlers lay idle along the outer mole. Their owners
blame the ministry, which had promised dredging for three summers running; the ministry blames a contractor in the
capital whose barge has not been seen since spring. Meanwhile the fish market sells frozen cod from abroad, and nobody
in the queue believes that the gates will open before the herring have gone."""
WARD = """
Their owners blame the ministry, which had promised dredging for three summers running; the ministry blames a
contractor in the capital whose barge has not been seen since spring. A councillor from the northern ward wants a
vote."""
FORMULA = "allow me to congratulate you on your election to preside over this session of the assembly"
SPEECHES = {
    "rail": f"Mr. President, {FORMULA}. My country is building a railway to the coast, and asks for time to pay.",
    "wells": f"Madam, {FORMULA}. Our wells are dry for the fourth year; what was pledged last time never came.",
    "thanks": f"{FORMULA.capitalize()}!",
}
WORDS = [
    f"{start}{end}" for start in ("bar", "cor", "del", "fen", "gal", "hul") for end in ("an", "en", "ip", "od", "us")
]


def invent(seed: object, count: int) -> str:
    """Words without sense, so that nothing is shared by chance."""
    return " ".join(random.Random(str(seed)).choices(WORDS, k=count))


def full(text: str) -> Anchor:
    return Anchor(text=text)


def bare(text: str) -> Anchor:
    return Anchor(words=len(split_words(text)), fingerprint=fingerprint(text))


def shares(**paragraphs: Anchor) -> dict[tuple[str, str], float]:
    return {(pair.first, pair.second): pair.containment for pair in find_duplicates(paragraphs)}


def test_copies_are_found_and_others_are_not() -> None:
    texts = {f"t{number}": invent(number, 80) for number in range(60)}
    texts["same"] = texts["t3"].upper() + "!"
    texts["near"] = " ".join("new" if n % 10 == 5 else word for n, word in enumerate(texts["t7"].split()))
    texts["far"] = " ".join("new" if n % 3 == 1 else word for n, word in enumerate(texts["t9"].split()))
    found = {(pair.first, pair.second): pair for pair in find_duplicates({name: full(texts[name]) for name in texts})}
    assert found.keys() == {("t3", "same"), ("t7", "near")}
    assert found["t3", "same"].similarity == found["t3", "same"].containment == 1.0
    # Each of eight new words spoils four of 77 runs.
    assert found["t7", "near"].containment == pytest.approx(45 / 77)
    assert found["t7", "near"].similarity == pytest.approx(45 / (2 * 77 - 45))
    assert not any(pair.estimated for pair in found.values())


@pytest.mark.parametrize("before", range(9))
@pytest.mark.parametrize("known", [(full, full), (full, bare), (bare, full)])
def test_a_part_is_found_wherever_it_stands(before: int, known: tuple) -> None:
    part = invent("part", 60)
    whole = f"{invent('before', before)} {part} {invent('after', 110)}"
    others = {f"o{number}": known[number % 2](invent(number, 90)) for number in range(20)}
    (pair,) = find_duplicates({"whole": known[0](whole), "part": known[1](part), **others})
    assert (pair.first, pair.second, pair.estimated) == ("whole", "part", known != (full, full))
    assert pair.containment == pytest.approx(1.0, abs=0.15 if pair.estimated else 0)
    assert pair.similarity == pytest.approx(57 / (before + 167), abs=0.06 if pair.estimated else 1e-9)


def test_half_of_the_shorter_is_enough() -> None:
    # 29 words in a row, so 26 runs of four; the shorter paragraph has 38 words, 35 runs.
    assert shares(harbour=full(HARBOUR), ward=full(WARD)) == {("harbour", "ward"): pytest.approx(26 / 35)}
    for one, other in ((bare, full), (full, bare)):
        assert shares(harbour=one(HARBOUR), ward=other(WARD)) == {("harbour", "ward"): pytest.approx(26 / 35, abs=0.2)}


def test_of_two_without_text_only_what_starts_alike_by_eights() -> None:
    part = invent("part", 60)
    for before in range(17):
        whole = bare(f"{invent('before', before)} {part} {invent('after', 110)}")
        assert shares(whole=whole, part=bare(part)) == ({("whole", "part"): 1.0} if before % 8 == 0 else {})


@pytest.mark.parametrize("known", [full, bare])
def test_a_phrase_in_common_is_no_copy(known: type) -> None:
    assert shares(**{name: known(text) for name, text in SPEECHES.items()}) == {}


def test_a_phrase_said_over_and_over_is_one_phrase() -> None:
    phrase = "the free port of Old Marrow on the lake"
    said = " ".join(f"{invent(number, 7 + number)} {phrase}" for number in range(9))
    once = f"{invent('a', 12)} {phrase} {invent('b', 14)}"
    hashes = set(bare(said).fingerprint)
    words = split_words(once)
    assert len({fingerprint(" ".join(words[n : n + 4]))[0] for n in range(len(words) - 3)} & hashes) >= 3
    assert shares(said=bare(said), once=full(once)) == {}


def test_short_paragraphs_have_to_be_alike_as_a_whole() -> None:
    texts = {"a": "NATO met in Brussels today.", "b": "nato met in brussels, today", "c": "NATO met in Oslo today."}
    assert shares(**{name: full(text) for name, text in texts.items()}) == {("a", "b"): 1.0}
    assert shares(a=full("…"), b=full("!"), c=full("Yes."), d=full("Yes!"), e=Anchor()) == {("c", "d"): 1.0}
    assert shares(a=bare("Yes."), b=full("Yes!"), c=bare(texts["a"]), d=bare(texts["b"])) == {}  # equal hashes tell


def test_a_fingerprint_that_does_not_fit_is_left_out() -> None:
    text = invent("x", 60)
    known = bare(text)
    for odd in (Anchor(words=90, fingerprint=known.fingerprint), Anchor(words=60, fingerprint=known.fingerprint[:-1])):
        assert shares(text=full(text), odd=odd) == {}
    assert shares(text=full(text), odd=known) == {("text", "odd"): 1.0}


def test_the_best_anchor() -> None:
    text, prints, nothing = full("NATO met."), bare("NATO met."), Anchor(document="a.txt")
    assert best_anchor([nothing, prints, text]) is text
    assert best_anchor([nothing, prints]) is prints
    assert best_anchor([nothing]) is nothing


def planted(seed: int) -> dict[str, Anchor]:
    """Paragraphs of which some share parts of any length, a third without text."""
    generator = random.Random(seed)
    texts = [invent(f"{seed} {number}", generator.randint(5, 120)) for number in range(24)]
    for number in range(12):
        words = texts[number].split()
        start = generator.randrange(len(words))
        texts.append(
            " ".join(words[start : start + 90]) + " " + invent(f"{seed} own {number}", generator.randint(0, 40))
        )
    return {f"n{n}": bare(text) if n % 3 == 0 else full(text) for n, text in enumerate(texts)}


def likeness(one: Anchor, two: Anchor) -> float:
    """The share that the rule looks at, by words for two with text; else what is found of the two alone, 1 or 0."""
    if not (one.text and two.text):
        return float(bool(find_duplicates({"one": one, "two": two})))
    first, second = (
        {" ".join(words[n : n + 4]) for n in range(max(1, len(words) - 3))}
        for words in (split_words(anchor.text or "") for anchor in (one, two))
    )
    shared = len(first & second)
    return shared / min(len(first), len(second)) if shared >= 16 else shared / len(first | second)


@settings(max_examples=20)
@given(st.integers(0, 10_000))
@example(549)  # a pair that shares 0.508
@example(1435)  # and one that shares 0.654: MinHash missed both
def test_all_pairs_in_any_order_under_any_names(seed: int) -> None:
    paragraphs = planted(seed)
    found = {(pair.first, pair.second): pair for pair in find_duplicates(paragraphs)}
    for one, two in combinations(paragraphs, 2):
        share = likeness(paragraphs[one], paragraphs[two])
        assert (share >= 0.5) == ((one, two) in found), (one, two, share)
    names = list(paragraphs)
    random.Random(seed).shuffle(names)
    renamed = {f"x{number}": name for number, name in enumerate(names)}
    again = find_duplicates({new: paragraphs[name] for new, name in renamed.items()})
    assert len(again) == len(found)
    for pair in again:
        one, two = renamed[pair.first], renamed[pair.second]
        before = found.get((one, two)) or found[two, one]
        assert (pair.similarity, pair.containment, pair.estimated) == (
            before.similarity,
            before.containment,
            before.estimated,
        )


def test_thresholds() -> None:
    both = {"harbour": full(HARBOUR), "ward": full(WARD)}
    assert [len(find_duplicates(both, threshold=share)) for share in (0.1, 0.74, 0.75, 1.0)] == [1, 1, 0, 0]
    for odd in (0, -0.1, 1.01):
        with pytest.raises(InputError, match=f"threshold above 0 and at most 1, found {odd}"):
            find_duplicates(both, threshold=odd)


TRAIN = [("train bp-e908d72b31", "test bp-29dbbe1ef0"), ("train bp-c66d1e70e6", "test bp-5d6cd87ac1")]
DEV = ("dev bp-89abf5f50c", "test bp-05a99e880a")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("with_text", "expected"),
    [
        ({"train", "dev", "test"}, {TRAIN[0]: 1.0, TRAIN[1]: 1.0, DEV: 0.593}),
        ({"test"}, {TRAIN[0]: 1.0, TRAIN[1]: 0.905, DEV: 0.561}),
        (set(), {TRAIN[0]: 1.0, DEV: 0.556}),  # the other starts at word 75 of the longer, no multiple of eight
    ],
)
def test_what_the_splits_share(shared: Path, with_text: set[str], expected: dict[tuple[str, str], float]) -> None:
    paragraphs = {}
    for split in ("train", "dev", "test"):
        for record in read_annotations(FOLDER / f"{split}.jsonl"):
            paragraphs[f"{split} {record.id}"] = record.anchor
        if split in with_text:
            for document in read_documents(shared / "corpus" / f"{split}.jsonl"):
                paragraphs[f"{split} {document.id}"] = full(document.text)
    found = {
        (pair.first, pair.second): round(pair.containment, 3)
        for pair in find_duplicates(paragraphs)
        if pair.first.split()[0] != pair.second.split()[0]
    }
    assert found == expected
