"""Systems with known faults, as plain functions, and paragraphs of our own to audit them on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any

from stance.schema import Label
from stance.targets import Target, find_mentions

Answer = list[dict[str, Label | None]]

PRAISE = ("keeps the peace and deserves praise", "helped the victims and earns our thanks", "has been generous to us")
BLAME = ("bullies its neighbours", "broke every promise and spreads hatred", "is a reckless warmonger")
TALK = ("will send a delegation in March", "published its figures for the spring", "opened an office by the harbour")
NAMES = {"NATO": "NATO", "US": "America", "China": "China"}
_FAVOR = re.compile(r"peace|praise|helped|thanks|generous")
_AGAINST = re.compile(r"bullies|broke|hatred|reckless|warmonger")
_SENTENCE = re.compile(r"[^.]+\.?")


def gold_rows() -> list[dict[str, Any]]:
    """Give paragraphs about one target, about two on which they differ, and about none; two to a document."""
    rows: list[tuple[str, dict[str, str]]] = []
    for target, name in NAMES.items():
        for label, ways in (("favor", PRAISE), ("against", BLAME), ("neutral", TALK)):
            rows += [(f"{name} {said}.", {target: label}) for said in ways]
    for one, other in permutations(NAMES, 2):
        for good, bad in zip(PRAISE, BLAME, strict=True):
            text = f"{NAMES[one]} {good}. {NAMES[other]} {bad}."
            rows.append((text, {one: "favor", other: "against"}))
    for place in ("South", "North", "valley", "delta"):
        rows.append((f"The harvest in the {place} was large.", {}))
    return [
        {
            "id": f"p{number}",
            "text": text,
            "labels": dict.fromkeys(NAMES, "absent") | labels,
            "source": {"doc_id": f"d{number // 2}"},
        }
        for number, (text, labels) in enumerate(rows)
    ]


def mood(text: str) -> Label:
    """Give what the cue words say."""
    favor, against = (len(cues.findall(text.lower())) for cues in (_FAVOR, _AGAINST))
    return "favor" if favor > against else "against" if against > favor else "neutral"


def attentive(texts: Sequence[str], targets: Sequence[Target]) -> Answer:
    """Read the cue words of the sentences that name the target."""
    return [{target.name: _attend(text, target) for target in targets} for text in texts]


def _attend(text: str, target: Target) -> Label:
    own = [sentence for sentence in _SENTENCE.findall(text) if find_mentions(sentence.strip(), target)]
    return mood(" ".join(own)) if own else "absent"


def blind(texts: Sequence[str], targets: Sequence[Target]) -> Answer:
    """Read the cue words of the whole text, whatever the target."""
    return [dict.fromkeys((target.name for target in targets), mood(text)) for text in texts]


def gated(texts: Sequence[str], targets: Sequence[Target]) -> Answer:
    """See who is named, and give them all the mood of the whole text."""
    return [
        {target.name: mood(text) if find_mentions(text, target) else "absent" for target in targets} for text in texts
    ]


def one_sided(texts: Sequence[str], targets: Sequence[Target]) -> Answer:
    """Take most blame for neutral."""
    rows = attentive(texts, targets)
    return [
        {name: "neutral" if label == "against" and "hatred" not in text else label for name, label in row.items()}
        for text, row in zip(texts, rows, strict=True)
    ]


def opinionated(texts: Sequence[str], targets: Sequence[Target]) -> Answer:
    """Read as the attentive one, but hold NATO dear where nothing is said of it."""
    rows = attentive(texts, targets)
    return [
        {name: "favor" if name == "NATO" and label == "neutral" else label for name, label in row.items()}
        for row in rows
    ]


def brittle(texts: Sequence[str], targets: Sequence[Target]) -> Answer:
    """Read nothing in capitals."""
    rows = attentive(texts, targets)
    return [
        dict.fromkeys(row, "absent") if text.isupper() else row for text, row in zip(texts, rows, strict=True)
    ]


