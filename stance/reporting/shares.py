"""Shares of labels in a corpus, by outlet and by month, with intervals: what a report shows.

A share is one of the paragraphs in which the target is there; that it is absent is counted apart. Intervals are drawn
by document, since paragraphs of one hang together; with less than five documents they are Wilson's, which take
paragraphs for independent and so are too narrow. A share of 0 or 1 is the same in every draw, which says nothing of
what further documents would hold: it takes Wilson's interval, documents counted. None of them knows of the classifier's
errors: `stance estimate` does.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.errors import InputError, suggest
from stance.evaluation.figures import FEWEST_DOCUMENTS
from stance.evaluation.intervals import Interval, draw_documents, enclose, wilson_ends
from stance.schema import LABELS, Analysis, Label

__all__ = [
    "DATES",
    "OUTLETS",
    "Corpus",
    "Group",
    "LabelShares",
    "field_text",
    "find_field",
    "month_of",
    "summarise_corpus",
    "wilson",
]

OUTLETS = ("outlet", "source", "publisher", "site", "speaker")
"""Fields that may name the outlet, the first that documents have."""
DATES = ("date", "published", "time", "year")
"""Fields that may tell when a text appeared, the first that documents have."""
SIDES: tuple[Label, ...] = ("favor", "against", "neutral")
_Z = 1.959963984540054
"""The 97.5 % point of the standard normal distribution."""
_DATE = re.compile(r"\s*(\d{4})(?:[-/.](\d{1,2})|(0[1-9]|1[0-2])\d{2}(?:\d{4}|\d{6})?)?(?!\d)")
"""Year, or year and month; not the seconds since 1970, which begin with four digits, too."""
_MONTHS = 36
"""Most months that are shown by themselves; longer times go by year."""
_DRAWS = 1000
_FEW = 64
"""Most documents of which draws are kept: 16 MB for all counts up to it."""


@dataclass(frozen=True, slots=True)
class LabelShares:
    """Labels toward one target.

    Attributes:
        counts: Label -> paragraphs that bear it.
        shares: favor, against, neutral -> its share of the paragraphs where the target is there, in [0, 1], with the
            95 % interval; NaN where the target is nowhere.
        by_document: Whether the intervals are by document; else they are Wilson's of the paragraphs.
    """

    counts: Mapping[Label, int]
    shares: Mapping[Label, Interval]
    by_document: bool

    @property
    def present(self) -> int:
        """Paragraphs in which the target is there."""
        return sum(self.counts[label] for label in SIDES)


@dataclass(frozen=True, slots=True)
class Group:
    """Some of the documents.

    Attributes:
        name: What they have in common.
        documents: How many they are.
        targets: Target -> shares.
    """

    name: str
    documents: int
    targets: Mapping[str, LabelShares]


@dataclass(frozen=True, slots=True)
class Corpus:
    """A corpus in figures.

    Attributes:
        whole: All documents.
        outlets: By outlet, the largest first; empty if no field tells it.
        times: By month or year, in order; empty if no field tells it.
        outlet_field: Field that tells the outlet; empty if none does.
        date_field: Field that tells the time; empty if none does.
    """

    whole: Group
    outlets: tuple[Group, ...]
    times: tuple[Group, ...]
    outlet_field: str
    date_field: str


def summarise_corpus(analyses: Sequence[Analysis], targets: Sequence[str], *, by: str | None = None) -> Corpus:
    """Count labels over documents, outlets and time.

    Args:
        analyses: The documents.
        targets: Names of the targets.
        by: Field of `Document.source` that tells the outlet; None means the first of `OUTLETS` that is there.

    Returns:
        The figures.

    Raises:
        InputError: If no document has the field.
    """
    if by is not None and not find_field(analyses, (by,)):
        fields = dict.fromkeys(name for item in analyses for name in item.document.source)
        hint = suggest(by, tuple(fields)) if fields else "they have none; tables keep those of --source-columns"
        raise InputError(f"No document has the field {by!r} that is to tell the outlet: {hint}.")
    outlet = by or find_field(analyses, OUTLETS)
    date = find_field(analyses, DATES)
    outlets: dict[str, list[Analysis]] = {}
    months: dict[str, list[Analysis]] = {}
    for analysis in analyses:
        source = analysis.document.source
        if outlet and (name := field_text(source, outlet)):
            outlets.setdefault(name, []).append(analysis)
        if date and (month := month_of(source.get(date))):
            months.setdefault(month, []).append(analysis)
    if len(months) > _MONTHS:
        years: dict[str, list[Analysis]] = {}
        for month, own in sorted(months.items()):
            years.setdefault(month[:4], []).extend(own)
        months = years
    return Corpus(
        _group("all", analyses, targets),
        tuple(_group(name, own, targets) for name, own in sorted(outlets.items(), key=lambda i: (-len(i[1]), i[0]))),
        tuple(_group(name, own, targets) for name, own in sorted(months.items())),
        outlet if outlets else "",
        date if months else "",
    )


def find_field(analyses: Sequence[Analysis], names: Sequence[str]) -> str:
    """Give the first of some fields that any document has; empty if none has any."""
    return next((name for name in names if any(field_text(item.document.source, name) for item in analyses)), "")


def field_text(source: Mapping[str, Any], name: str) -> str:
    """Give a field of a document as one line; empty if it has none."""
    value = source.get(name)
    return "" if value is None else " ".join(str(value).split())


def month_of(date: object) -> str:
    """Read year and month, or the year alone; empty if there is none.

    >>> month_of("2024-03-14T08:00"), month_of("20240314"), month_of(1999), month_of("May")
    ('2024-03', '2024-03', '1999', '')
    """
    found = _DATE.match(str(date if date is not None else ""))
    if found is None:
        return ""
    month = int(found[2] or found[3] or 0)
    return f"{found[1]}-{month:02}" if 1 <= month <= 12 else found[1]


def _group(name: str, analyses: Sequence[Analysis], targets: Sequence[str]) -> Group:
    return Group(name, len(analyses), {target: _shares(analyses, target) for target in targets})


def _shares(analyses: Sequence[Analysis], target: str) -> LabelShares:
    counts = np.array(
        [[sum(item[target].label == label for item in own.predictions) for label in LABELS] for own in analyses],
        dtype=np.float64,
    ).reshape(len(analyses), len(LABELS))
    total = counts.sum(axis=0)
    sides = counts[:, [LABELS.index(label) for label in SIDES]]
    holding = sides[sides.sum(axis=1) > 0]  # documents without the target tell nothing of its shares
    by_document = len(holding) >= FEWEST_DOCUMENTS
    return LabelShares(
        {label: int(total[place]) for place, label in enumerate(LABELS)},
        dict(zip(SIDES, _by_document(holding) if by_document else _by_paragraph(holding), strict=True)),
        by_document,
    )


def _by_document(sides: npt.NDArray[np.float64]) -> list[Interval]:
    count = len(sides)
    draws = _draw_few(count) if count <= _FEW else draw_documents(count, draws=_DRAWS, seed=0)
    drawn = np.concatenate([often @ sides for often in draws])
    shares = drawn / drawn.sum(axis=1, keepdims=True)
    whole = sides.sum(axis=0) / sides.sum()
    return [
        enclose(float(value), shares[:, place]) if 0 < value < 1 else wilson(round(value * len(sides)), len(sides))
        for place, value in enumerate(whole.tolist())
    ]


@lru_cache(maxsize=_FEW)
def _draw_few(count: int) -> tuple[npt.NDArray[np.float64], ...]:
    """Draw once for all groups of as many documents: a corpus can have thousands of speakers."""
    return tuple(draw_documents(count, draws=_DRAWS, seed=0))


def _by_paragraph(sides: npt.NDArray[np.float64]) -> list[Interval]:
    return [wilson(int(count), int(sides.sum())) for count in sides.sum(axis=0)]


def wilson(count: int, total: int) -> Interval:
    """Give a share with its 95 % interval.

    Args:
        count: How many have a property.
        total: Of how many.

    Returns:
        The share and the interval; NaN of none.

    Source: see `stance.evaluation.intervals.wilson_ends`.
    """
    if not total:
        return Interval(math.nan, math.nan, math.nan)
    share = count / total
    low, high = wilson_ends(np.array(share), np.array(float(total)), np.array(_Z))
    return Interval(share, float(low), float(high))
