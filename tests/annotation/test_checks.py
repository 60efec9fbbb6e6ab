"""Checks: planted leakage and planted slips are found, and nothing else is."""

from __future__ import annotations

import pytest

from stance.annotation.anchors import fingerprint, hash_text, split_words
from stance.annotation.checks import Checks, check_annotations
from stance.annotation.codebook import read_codebook
from stance.annotation.validation import check_value
from stance.schema import Anchor, Annotation

BOOK = read_codebook()
CLEAN = {
    "The harbour was closed on Monday because of the storm, and the ferries stayed where they were.": "absent",
    "NATO has kept the peace in this valley for twenty years, and the valley has reason to be grateful.": "favor",
    "The council of the alliance met behind closed doors; NATO will publish its budget in the spring.": "neutral",
}


def record(name: str, text: str | None, nato: str = "absent", *, document: str = "", **given: object) -> Annotation:
    labels = {"NATO": nato, "US": "absent", "China": "absent"}
    anchor = Anchor(document=document or f"{name}.txt", text=text, text_sha256=hash_text(text) if text else "")
    return Annotation(name, anchor, given.pop("labels", labels), "anna", **given)


def clean(prefix: str) -> list[Annotation]:
    return [record(f"{prefix}{number}", text, label) for number, (text, label) in enumerate(CLEAN.items())]


def check(**splits: list[Annotation]) -> Checks:
    found = check_annotations(splits, BOOK)
    check_value({"annotations": found.to_dict()}, "checks", "report")
    return found


def kinds(checks: Checks) -> list[tuple[str, str, str]]:
    return [(finding.kind, finding.id, finding.target) for finding in checks.findings]


def test_clean_annotations_are_clean() -> None:
    found = check(train=clean("a"))
    assert (found.leaks, found.findings) == ((), ())
    assert found.balance["train"]["NATO"] == {"favor": 1, "neutral": 1, "absent": 1}


def test_planted_leakage() -> None:
    train = clean("a")
    same = record("same", "  " + (train[0].text or "").replace(" ", "\n", 3))
    near = record("near", (train[1].text or "").replace("twenty", "thirty"), "favor")
    sibling = record("sibling", "Nothing else is said in it.", document="a2.txt")
    bare = record("bare", None, document="b.txt")
    bare = Annotation("bare", Anchor(text_sha256=train[2].anchor.text_sha256), train[2].labels, "anna")
    found = check(train=train, test=[same, near, sibling, bare])
    leaks = {(leak.kind, leak.first, leak.first_split, leak.second, leak.second_split) for leak in found.leaks}
    assert leaks == {
        ("same paragraph", "a0", "train", "same", "test"),
        ("near-duplicate", "a1", "train", "near", "test"),
        ("same document", "a2", "train", "sibling", "test"),
        ("same paragraph", "a2", "train", "bare", "test"),
    }
    assert found.unread == 1


@pytest.mark.parametrize("known", [True, False])
def test_a_paragraph_that_stands_in_another(known: bool) -> None:
    said = (
        "Ferries will run again on Tuesday if the wind turns, the harbour master said, and nobody should count on it."
    )
    text = " ".join([*CLEAN, said])
    part = record("part", " ".join(CLEAN).partition("The council")[0].strip(), "against")
    whole = record("whole", text, "favor")
    if not known:
        anchor = Anchor(document="whole.txt", words=len(split_words(text)), fingerprint=fingerprint(text))
        whole = Annotation("whole", anchor, whole.labels, "anna")
    found = check(train=[whole], test=[part])
    (leak,) = found.leaks
    assert (leak.kind, leak.first, leak.second, leak.estimated) == ("near-duplicate", "whole", "part", not known)
    assert leak.containment == pytest.approx(1.0, abs=0 if known else 0.3)
    assert (leak.similarity or 1) < 0.5
    assert [kind for kind, _, _ in kinds(found) if kind == "twins"] == []  # the longer one may say more


def test_same_id_in_two_splits() -> None:
    found = check(train=clean("a"), test=clean("a")[:1])
    assert [(leak.kind, leak.first) for leak in found.leaks] == [("same paragraph", "a0")]


def test_copies_within_a_split_are_no_leak() -> None:
    twice = [*clean("a"), *clean("b")]
    found = check(train=twice)
    assert (found.leaks, found.findings) == ((), ())
    twice[-1] = record("b2", twice[-1].text, "against")
    (finding,) = check(train=twice).findings
    assert (finding.kind, finding.id, finding.target) == ("twins", "a2", "NATO")
    assert finding.detail == "neutral, but same paragraph 'b2' of train is against"


@pytest.mark.parametrize(
    ("slip", "kind", "target"),
    [
        (record("x", "NATO is a danger to us all.", "absent"), "absent_but_named", "NATO"),
        (record("x", "The harbour was closed on Monday.", "against"), "present_but_not_named", "NATO"),
        (record("x", "It rained.", labels={"NATO": "absent", "US": "absent"}), "unlabelled", ""),
        (
            record("x", "It rained.", labels={**dict.fromkeys(BOOK.target_names, "absent"), "Russia": "favor"}),
            "unknown_target",
            "Russia",
        ),
        (record("x", "It rained.", codebook="1.1"), "codebook", ""),
    ],
)
def test_planted_slips(slip: Annotation, kind: str, target: str) -> None:
    assert kinds(check(train=[*clean("a"), slip])) == [(kind, "x", target)]


def test_targets_that_nobody_labels_are_not_missed() -> None:
    one = [record(f"x{n}", f"It rained on day {n}{n}.", labels={"NATO": "absent"}) for n in range(3)]
    assert check(train=one).findings == ()


def test_unusual_lengths() -> None:
    usual = [record(f"u{n}", f"Paragraph {n} says this: " + f"word{n} " * (40 + n)) for n in range(30)]
    odd = [record("short", "Amen."), record("long", "rain " * 3000)]
    found = check(train=[*usual, *odd])
    assert kinds(found) == [("length", "short", ""), ("length", "long", "")]
    assert found.findings[1].detail.startswith("3000 words; half of the paragraphs have ")
