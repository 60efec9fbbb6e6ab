"""Checking annotations: leakage between splits, balance, and records that are probably slips."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from stance.annotation.anchors import split_words
from stance.annotation.codebook import Codebook
from stance.annotation.duplicates import THRESHOLD, best_anchor, find_duplicates
from stance.annotation.units import Unit, make_units
from stance.schema import LABELS, Annotation, Label
from stance.targets import Target, find_mentions

__all__ = ["Checks", "Finding", "Leak", "check_annotations"]

Kind = Literal[
    "absent_but_named", "present_but_not_named", "unlabelled", "unknown_target", "codebook", "length", "twins"
]
LeakKind = Literal["same paragraph", "near-duplicate", "same document"]

_OUTLIER = 3.5
"""Modified z-score that makes an outlier (Iglewicz & Hoaglin 1993, "How to Detect and Handle Outliers")."""
_NORMAL = 0.6745
"""What makes the median absolute deviation comparable to a standard deviation (same source)."""
_FEWEST = 20
"""Paragraphs that say what an ordinary length is."""


@dataclass(frozen=True, slots=True)
class Leak:
    """Two paragraphs of different splits that should lie in one.

    Attributes:
        kind: Why.
        first: Id of the paragraph.
        first_split: The split that it lies in.
        second: Id of the other.
        second_split: The split that the other lies in.
        similarity: Jaccard similarity of their runs of words, in [0, 1]; None where it is the document that they share.
        containment: Share of the shorter one's runs that stand in the longer, in [0, 1]; None likewise.
        estimated: Whether both are told from published hashes, since one has no text.
    """

    kind: LeakKind
    first: str
    first_split: str
    second: str
    second_split: str
    similarity: float | None = None
    containment: float | None = None
    estimated: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain JSON types."""
        return {
            "kind": self.kind,
            "first": {"id": self.first, "split": self.first_split},
            "second": {"id": self.second, "split": self.second_split},
            "similarity": None if self.similarity is None else round(self.similarity, 4),
            "containment": None if self.containment is None else round(self.containment, 4),
            "estimated": self.estimated,
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """A record that is worth a look.

    Attributes:
        kind: What is suspicious.
        split: Where the paragraph lies.
        id: Its id.
        annotator: Whose record.
        target: Toward which target; empty if it is not about one.
        detail: What was found, for people.
    """

    kind: Kind
    split: str
    id: str
    annotator: str
    target: str
    detail: str


@dataclass(frozen=True, slots=True)
class Checks:
    """What a check found.

    Attributes:
        leaks: Pairs of paragraphs across splits.
        balance: Split -> target -> label -> number of paragraphs; ``""`` as a label counts those without.
        findings: Suspicious records.
        paragraphs: Split -> number of paragraphs.
        unread: Number of paragraphs without text, which could be compared by their hashes only.
    """

    leaks: tuple[Leak, ...]
    balance: Mapping[str, Mapping[str, Mapping[str, int]]]
    findings: tuple[Finding, ...]
    paragraphs: Mapping[str, int]
    unread: int

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain JSON types."""
        names = {"id", "annotator", "target", "detail", "split", "kind"}
        return {
            "paragraphs": dict(self.paragraphs),
            "paragraphs_without_text": self.unread,
            "leaks": [leak.to_dict() for leak in self.leaks],
            "balance": {
                split: {target: dict(counts) for target, counts in targets.items()}
                for split, targets in self.balance.items()
            },
            "findings": [{name: getattr(item, name) for name in sorted(names)} for item in self.findings],
        }


def check_annotations(
    splits: Mapping[str, Iterable[Annotation]], codebook: Codebook, *, threshold: float = THRESHOLD
) -> Checks:
    """Check annotations that are to be trained or reported on.

    Args:
        splits: Name of each split (or of the only file) -> its records.
        codebook: What they should follow: its targets' aliases tell whether a target is named, its version is compared.
        threshold: Share of the shorter paragraph from which two count as near-duplicates, in (0, 1].

    Returns:
        Leaks between splits, the balance of labels, and suspicious records: labelled absent although an alias is
        there, and the reverse; without a label that others have; for targets that the codebook has not; after another
        version of it; of unusual length; near-duplicates whose labels differ.
    """
    units = {split: make_units(records) for split, records in splits.items()}
    everything = [(split, unit) for split, found in units.items() for unit in found]
    asked = {target for _, unit in everything for record in unit.records for target in record.labels}
    findings = [
        finding
        for split, unit in everything
        for record in unit.records
        for finding in _check_record(record, split, unit.text, codebook=codebook, asked=asked)
    ]
    alike = _alike(everything, threshold)
    return Checks(
        tuple([*(leak for leak in alike if leak.first_split != leak.second_split), *_documents(everything, alike)]),
        {split: _balance(found) for split, found in units.items()},
        (*findings, *_lengths(everything), *_twins(everything, alike, threshold)),
        {split: len(found) for split, found in units.items()},
        sum(unit.text is None for _, unit in everything),
    )


def _check_record(
    record: Annotation, split: str, text: str | None, *, codebook: Codebook, asked: Container[str]
) -> Iterable[Finding]:
    def finding(kind: Kind, target: str, detail: str) -> Finding:
        return Finding(kind, split, record.id, record.annotator, target, detail)

    if not record.annotator:
        return
    known = {target.name: target.target for target in codebook.targets}
    for name, label in record.labels.items():
        if name not in known:
            yield finding("unknown_target", name, "the codebook has no such target, so nothing is known of its aliases")
        elif text is not None:
            yield from (finding(kind, name, detail) for kind, detail in _check_label(label, text, known[name]))
    missing = [name for name in known if name in asked and name not in record.labels]
    if missing:
        yield finding("unlabelled", "", f"no label for {', '.join(missing)}")
    if record.codebook and record.codebook != codebook.version:
        yield finding("codebook", "", f"labelled after version {record.codebook}, the codebook is {codebook.version}")


def _check_label(label: Label, text: str, target: Target) -> Iterable[tuple[Kind, str]]:
    mentions = find_mentions(text, target)
    if label == "absent" and mentions:
        names = ", ".join(dict.fromkeys(span.text for span in mentions))
        yield "absent_but_named", f"labelled absent, but the paragraph has {names}"
    if label != "absent" and not mentions:
        yield "present_but_not_named", f"labelled {label}, but no alias is in the paragraph"


def _alike(everything: Sequence[tuple[str, Unit]], threshold: float) -> list[Leak]:
    """Find paragraphs that are the same or nearly so, within splits and across."""
    keys = {f"{split} {unit.id}": (split, unit) for split, unit in everything}
    found: dict[tuple[str, str], Leak] = {}
    first_with: dict[str, tuple[str, Unit]] = {}
    by_id: dict[str, tuple[str, Unit]] = {}
    for split, unit in everything:
        for table, key in ((first_with, unit.hash), (by_id, unit.id)):
            other = table.setdefault(key, (split, unit)) if key else (split, unit)
            if other[1] is not unit:
                pair = f"{other[0]} {other[1].id}", f"{split} {unit.id}"
                found[pair] = Leak("same paragraph", other[1].id, other[0], unit.id, split, 1.0, 1.0)
    anchors = {key: best_anchor(record.anchor for record in unit.records) for key, (_, unit) in keys.items()}
    for match in find_duplicates(anchors, threshold=threshold):
        (one, first), (two, second) = keys[match.first], keys[match.second]
        shares = match.similarity, match.containment, match.estimated
        leak = Leak("near-duplicate", first.id, one, second.id, two, *shares)
        found.setdefault((match.first, match.second), leak)
    return list(found.values())


def _documents(everything: Sequence[tuple[str, Unit]], alike: Iterable[Leak]) -> Iterable[Leak]:
    """Find documents with paragraphs in several splits: one pair for each two splits."""
    told = {(leak.first_split, leak.first, leak.second_split, leak.second) for leak in alike}
    places: dict[str, dict[str, Unit]] = {}
    for split, unit in everything:
        places.setdefault(unit.document, {}).setdefault(split, unit)
    for there in places.values():
        pairs = list(there.items())
        for number, (split, unit) in enumerate(pairs):
            for other, second in pairs[number + 1 :]:
                if (split, unit.id, other, second.id) not in told:
                    yield Leak("same document", unit.id, split, second.id, other)


def _balance(units: Sequence[Unit]) -> dict[str, dict[str, int]]:
    targets = dict.fromkeys(target for unit in units for target in unit.labels)
    counts = {target: Counter(unit.labels.get(target, "") for unit in units) for target in targets}
    return {
        target: {label: found[label] for label in (*LABELS, "") if found[label]} for target, found in counts.items()
    }


def _lengths(everything: Sequence[tuple[str, Unit]]) -> Iterable[Finding]:
    """Find lengths far from the others', by the modified z-score of their logarithm: lengths are skewed."""
    words = [(split, unit, max(1, len(split_words(unit.text)))) for split, unit in everything if unit.text]
    if len(words) < _FEWEST:
        return
    middle = statistics.median(math.log(count) for _, _, count in words)
    spread = statistics.median(abs(math.log(count) - middle) for _, _, count in words)
    for split, unit, count in words:
        distance = abs(math.log(count) - middle)
        if spread and _NORMAL * distance / spread > _OUTLIER:
            usual = f"half of the paragraphs have {round(math.exp(middle))} or more"
            yield Finding("length", split, unit.id, "", "", f"{count} words; {usual}")


def _twins(everything: Sequence[tuple[str, Unit]], alike: Iterable[Leak], threshold: float) -> Iterable[Finding]:
    """Find near-duplicates whose labels differ; not where one is much longer, since it may say more."""
    units = {(split, unit.id): unit for split, unit in everything}
    for leak in alike:
        if (leak.similarity or 0) < threshold:
            continue
        first, second = units[leak.first_split, leak.first], units[leak.second_split, leak.second]
        for target, label in first.labels.items():
            other = second.labels.get(target, label)
            if other != label:
                detail = f"{label}, but {leak.kind} {leak.second!r} of {leak.second_split} is {other}"
                yield Finding("twins", leak.first_split, leak.first, "", target, detail)
