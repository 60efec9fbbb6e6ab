"""Splits without leakage: paragraphs of one document, and near-duplicates, always lie on one side."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from stance.annotation.duplicates import THRESHOLD, Pair, best_anchor, find_duplicates
from stance.annotation.units import Unit, make_units
from stance.errors import InputError
from stance.schema import Annotation

__all__ = ["DEFAULT_SHARES", "Plan", "Split", "Splits", "split_annotations"]

By = Literal["document", "source", "time"]

DEFAULT_SHARES: Mapping[str, float] = {"train": 0.8, "dev": 0.1, "test": 0.1}
_LARGE = 0.1
"""Share of the smallest split from which a group counts as large."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


@dataclass(frozen=True, slots=True)
class Plan:
    """How annotations are split.

    Attributes:
        shares: Name of each split -> its share of the paragraphs; they sum to 1.
        by: What is kept together: ``"document"``; ``"source"``, all documents with one value of `field`; or
            ``"time"``, earlier paragraphs in earlier splits.
        field: Field of ``source`` that names the source (by source) or the date or year (by time).
        threshold: Share of the shorter paragraph from which two count as near-duplicates.
        seed: Seed of what is left to chance.
        undated: By time: the split that takes what has no date; empty refuses it.

    Raises:
        InputError: If shares, field or names make no sense.
    """

    shares: Mapping[str, float]
    by: By = "document"
    field: str = ""
    threshold: float = THRESHOLD
    seed: int = 0
    undated: str = ""

    def __post_init__(self) -> None:
        if self.by not in ("document", "source", "time"):
            raise InputError(f"Split by: expected document, source or time, found {self.by!r}.")
        if len(self.shares) < 2 or any(share <= 0 for share in self.shares.values()):
            raise InputError(
                f"Shares: expected two splits or more, each with a share above 0, found {_told(self.shares)}."
            )
        if abs(sum(self.shares.values()) - 1) > 1e-6:
            total = sum(self.shares.values())
            raise InputError(f"Shares: expected a sum of 1, found {_told(self.shares)} (sum {total:g}).")
        for name in self.shares:
            if not _NAME.fullmatch(name):
                raise InputError(f"Shares: {name!r} is no name for a file. Use letters, digits, hyphens, underscores.")
        if self.by != "document" and not self.field:
            raise InputError(f"Split by {self.by}: name the field of 'source' that tells it, as in 'outlet' or 'year'.")
        if self.undated and self.undated not in self.shares:
            raise InputError(
                f"Undated paragraphs: there is no split {self.undated!r}. Known: {', '.join(self.shares)}."
            )


def _told(shares: Mapping[str, float]) -> str:
    return ",".join(f"{name}={share:g}" for name, share in shares.items()) or "none"


@dataclass(frozen=True, slots=True)
class Split:
    """One side of a split.

    Attributes:
        name: Its name.
        units: Its paragraphs, in the order given.
    """

    name: str
    units: tuple[Unit, ...]

    @property
    def records(self) -> tuple[Annotation, ...]:
        """All records of its paragraphs."""
        return tuple(record for unit in self.units for record in unit.records)

    def to_dict(self) -> dict[str, Any]:
        """Give counts, and the ids with a hash of them, as plain JSON types."""
        ids = [unit.id for unit in self.units]
        labels = Counter(pair for unit in self.units for pair in unit.labels.items())
        targets = list(dict.fromkeys(target for target, _ in labels))
        return {
            "paragraphs": len(ids),
            "records": len(self.records),
            "documents": len({unit.document for unit in self.units}),
            "labels": {name: {label: n for (target, label), n in labels.items() if target == name} for name in targets},
            "ids_sha256": hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest(),
            "ids": ids,
        }


@dataclass(frozen=True, slots=True)
class Splits:
    """Annotations split.

    Attributes:
        plan: How.
        splits: The sides, in the order of the plan.
        groups: Number of groups of paragraphs that had to stay together.
        largest: Number of paragraphs of the largest group.
        pairs: The near-duplicates that were kept together although their documents differ.
        unread: Number of paragraphs without text, which could only be compared by their hashes.
        unlabelled: Number of paragraphs that nobody labelled.
    """

    plan: Plan
    splits: tuple[Split, ...]
    groups: int
    largest: int
    pairs: tuple[Pair, ...]
    unread: int
    unlabelled: int

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain JSON types, as the manifest holds it."""
        plan = self.plan
        return {
            "by": plan.by,
            "field": plan.field,
            "shares": dict(plan.shares),
            "seed": plan.seed,
            "near_duplicate_threshold": plan.threshold,
            "undated": plan.undated,
            "groups": self.groups,
            "largest_group": self.largest,
            "near_duplicates_across_documents": [
                {
                    "first": pair.first,
                    "second": pair.second,
                    "similarity": round(pair.similarity, 4),
                    "containment": round(pair.containment, 4),
                    "estimated": pair.estimated,
                }
                for pair in self.pairs
            ],
            "paragraphs_without_text": self.unread,
            "paragraphs_without_labels": self.unlabelled,
            "splits": {split.name: split.to_dict() for split in self.splits},
        }


def split_annotations(annotations: Iterable[Annotation], plan: Plan) -> Splits:
    """Split annotations.

    Args:
        annotations: The records; those of one paragraph stay together.
        plan: How to split.

    Returns:
        The splits. By document and by source, groups go, by chance but large ones first, where paragraphs and labels
        are most wanting; by time, they go in the order of their latest paragraphs, so that nothing in a split is later
        than the latest of any group in the next. The same annotations and plan give the same splits in any order.

    Raises:
        InputError: If there is nothing to split, a paragraph has no date though time decides and `Plan.undated` says
            nothing, or a split stays empty.
    """
    units = make_units(annotations)
    anchors = {unit.id: best_anchor(record.anchor for record in unit.records) for unit in units}
    pairs = find_duplicates(anchors, threshold=plan.threshold)
    groups = _group(units, pairs, plan)
    order = _by_time if plan.by == "time" else _by_need
    sides = order(groups, plan)
    empty = next((name for name in plan.shares if not sides[name]), None)
    if empty is not None:
        raise InputError(
            f"Split {empty!r} stays empty: {len(groups)} documents or groups of them, each to stay together, are too "
            "few. Give more documents, or fewer splits."
        )
    documents = {unit.id: unit.document for unit in units}
    return Splits(
        plan,
        tuple(Split(name, tuple(unit for unit in units if unit.id in sides[name])) for name in plan.shares),
        len(groups),
        max(map(len, groups)),
        tuple(pair for pair in pairs if documents[pair.first] != documents[pair.second]),
        sum(unit.text is None for unit in units),
        sum(not any(record.labels for record in unit.records) for unit in units),
    )


def _group(units: Sequence[Unit], pairs: Iterable[Pair], plan: Plan) -> list[list[Unit]]:
    """Put together what may not be divided."""
    above: dict[Hashable, Hashable] = {}

    def root(key: Hashable) -> Hashable:
        while above.setdefault(key, key) != key:
            above[key] = key = above[above[key]]
        return key

    for unit in units:
        ties: list[Hashable] = [("document", unit.document)]
        if unit.hash:
            ties.append(("text", unit.hash))
        if plan.by == "source" and (source := unit.source(plan.field)) is not None:
            ties.append(("source", str(source)))
        for tie in ties:
            above[root(tie)] = root(("unit", unit.id))
    for pair in pairs:
        above[root(("unit", pair.first))] = root(("unit", pair.second))
    groups: dict[Hashable, list[Unit]] = {}
    for unit in units:
        groups.setdefault(root(("unit", unit.id)), []).append(unit)
    return list(groups.values())


def _by_need(groups: Sequence[Sequence[Unit]], plan: Plan) -> dict[str, set[str]]:
    """Put each group where paragraphs and labels are most wanting. By hand: scikit-learn is for training only."""
    wanted = Counter(key for group in groups for key in _features(group))
    held: dict[str, Counter[Hashable]] = {name: Counter() for name in plan.shares}
    sides: dict[str, set[str]] = {name: set() for name in plan.shares}
    for group in sorted(groups, key=_order(plan, sum(map(len, groups)))):
        features = Counter(_features(group))

        def imbalance(name: str, features: Counter[Hashable] = features) -> float:
            """By how much the sum of squared distances from the shares grows if the split takes the group."""
            share = plan.shares[name]
            parts = ((count / wanted[key], held[name][key] / wanted[key]) for key, count in features.items())
            return sum(part * (part + 2 * (filled - share)) for part, filled in parts)

        chosen = min(plan.shares, key=imbalance)
        held[chosen].update(features)
        sides[chosen].update(unit.id for unit in group)
    return sides


def _features(group: Iterable[Unit]) -> list[Hashable]:
    """What is to be spread evenly: paragraphs, and each target's labels."""
    return [feature for unit in group for feature in ("paragraph", *sorted(unit.labels.items()))]


def _order(plan: Plan, paragraphs: int) -> Callable[[Sequence[Unit]], tuple[int, str]]:
    """Sort groups by chance, but such as could overfill a split first; the order given plays no part."""
    large = _LARGE * min(plan.shares.values()) * paragraphs

    def key(group: Sequence[Unit]) -> tuple[int, str]:
        first = min(unit.id for unit in group)
        size = len(group) if len(group) > large else 0
        return -size, hashlib.sha256(f"{plan.seed} {first}".encode()).hexdigest()

    return key


def _by_time(groups: Sequence[Sequence[Unit]], plan: Plan) -> dict[str, set[str]]:
    """Cut the groups, in the order of their latest paragraph, where the shares are reached."""
    sides: dict[str, set[str]] = {name: set() for name in plan.shares}
    dated: list[tuple[str, list[str]]] = []
    for group in groups:
        dates = [date for unit in group if (date := _date(unit, plan))]
        ids = sorted(unit.id for unit in group)
        if dates:
            dated.append((max(dates), ids))
        else:
            sides[plan.undated].update(ids)
    total, names, bound = sum(map(len, groups)), list(plan.shares), 0.0
    bounds = {name: (bound := bound + plan.shares[name] * total) for name in names}
    placed = len(sides[plan.undated]) if plan.undated else 0
    before = ""
    current = 0
    for date, ids in sorted(dated):
        # What has one date stays together: a cut within a year would let chance say what comes later.
        while date != before and current < len(names) - 1 and placed + len(ids) / 2 > bounds[names[current]]:
            current += 1
        sides[names[current]].update(ids)
        placed, before = placed + len(ids), date
    return sides


def _date(unit: Unit, plan: Plan) -> str:
    value = unit.source(plan.field)
    if value is None or str(value).strip() == "":
        if plan.undated:
            return ""
        raise InputError(
            f"Paragraph {unit.id!r} has no source.{plan.field}, by which to split. "
            "Add it, or say which split takes what has no date."
        )
    date = str(value).strip()
    if not _DATE.match(date):
        raise InputError(
            f"Paragraph {unit.id!r}: source.{plan.field}: expected a year or a date as in 2026-11-24, found {date!r}."
        )
    return date
