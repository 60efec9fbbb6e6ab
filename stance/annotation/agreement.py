"""Agreement of annotators: per target and overall, with who confuses what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from stance.annotation.coefficients import Coefficient, Ratings, make_clusters, measure_coefficients
from stance.annotation.units import Unit, make_units
from stance.errors import InputError, suggest
from stance.schema import LABELS, Annotation

__all__ = ["OVERALL", "Agreement", "Confusion", "Disagreement", "Measured", "measure_agreement"]

OVERALL = "overall"
"""Name of all targets together."""
REPORTED = "reported"
_FLAGS = ("no", "yes")


@dataclass(frozen=True, slots=True)
class Measured:
    """Agreement toward a target.

    Attributes:
        name: The target; ``overall`` for all of them, paragraph and target being the unit; ``reported`` for the flag.
        annotators: Who labelled it.
        coefficients: What was measured.
    """

    name: str
    annotators: tuple[str, ...]
    coefficients: tuple[Coefficient, ...]


@dataclass(frozen=True, slots=True)
class Confusion:
    """What two annotators gave the same paragraphs.

    Attributes:
        target: The target.
        first: An annotator: the rows.
        second: Another: the columns.
        counts: Label of the first -> label of the second -> number of paragraphs.
    """

    target: str
    first: str
    second: str
    counts: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A paragraph and target that annotators label differently.

    Attributes:
        id: Id of the paragraph.
        target: The target, or ``reported``.
        votes: Annotator -> what was given.
    """

    id: str
    target: str
    votes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far annotators agree.

    Attributes:
        annotators: Everybody who labelled, in the order of their first records.
        paragraphs: Number of paragraphs that somebody labelled.
        measured: Agreement overall, toward each target, and on the flag where two annotators gave it.
        confusions: For each target and pair of annotators that share paragraphs.
        disagreements: What to talk about.
        draws: Number of bootstrap samples.
        seed: Seed of the bootstrap.
        level: Share of the samples inside an interval.
    """

    annotators: tuple[str, ...]
    paragraphs: int
    measured: tuple[Measured, ...]
    confusions: tuple[Confusion, ...]
    disagreements: tuple[Disagreement, ...]
    draws: int
    seed: int
    level: float

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain JSON types."""
        return {
            "annotators": list(self.annotators),
            "paragraphs": self.paragraphs,
            "bootstrap": {"draws": self.draws, "seed": self.seed, "level": self.level, "cluster": "document"},
            "agreement": {
                measured.name: {found.name: found.to_dict() for found in measured.coefficients}
                for measured in self.measured
            },
            "confusions": [
                {
                    "target": table.target,
                    "first": table.first,
                    "second": table.second,
                    "counts": {name: dict(row) for name, row in table.counts.items()},
                }
                for table in self.confusions
            ],
            "disagreements": [
                {"id": item.id, "target": item.target, "votes": dict(item.votes)} for item in self.disagreements
            ],
        }


def measure_agreement(
    annotations: Iterable[Annotation],
    *,
    targets: Sequence[str] | None = None,
    draws: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Agreement:
    """Measure how far annotators agree.

    Args:
        annotations: The records, one of each annotator on a paragraph; those without annotator do not count.
        targets: The targets; None means all that somebody labelled.
        draws: Number of bootstrap samples; documents are drawn, with all their paragraphs.
        seed: Seed of the bootstrap.
        level: Share of the samples inside an interval, in (0, 1).

    Returns:
        The agreement. What is not defined says why.

    Raises:
        InputError: If nobody labelled, or nobody labelled a target that was asked for.

    >>> from stance.schema import Anchor
    >>> one = Annotation("p", Anchor(), {"NATO": "favor"}, "A")
    >>> two = Annotation("p", Anchor(), {"NATO": "neutral"}, "B")
    >>> measure_agreement([one, two]).measured[0].coefficients[0].value
    0.0
    """
    units = make_units(record for record in annotations if record.annotator)
    annotators = tuple(dict.fromkeys(record.annotator for unit in units for record in unit.records))
    known = tuple(dict.fromkeys(target for unit in units for record in unit.records for target in record.labels))
    if not known:
        raise InputError("There is no agreement to measure: no record has an annotator and labels.")
    asked = known if targets is None else tuple(targets)
    unknown = next((target for target in asked if target not in known), None)
    if unknown is not None:
        raise InputError(f"Nobody labelled target {unknown!r}: {suggest(unknown, known)}.")
    tables = {target: _Table.labels(units, target) for target in asked}
    flags = _Table.flags(units)
    named = {OVERALL: _Table.stack(list(tables.values())), **tables}
    if any(len(votes) > 1 for _, _, votes in flags.rows):
        named[REPORTED] = tables[REPORTED] = flags
    return Agreement(
        annotators,
        len(units),
        tuple(_measure(name, table, annotators, draws=draws, seed=seed, level=level) for name, table in named.items()),
        tuple(found for name, table in tables.items() for found in _confusions(name, table, annotators)),
        tuple(
            Disagreement(paragraph, name, votes)
            for name, table in tables.items()
            for paragraph, _, votes in table.rows
            if len(set(votes.values())) > 1
        ),
        draws,
        seed,
        level,
    )


@dataclass(frozen=True, slots=True)
class _Table:
    """Votes on one question.

    Attributes:
        rows: Id of the paragraph, its document, and annotator -> what was given.
        categories: What could be given.
    """

    rows: tuple[tuple[str, str, Mapping[str, str]], ...]
    categories: tuple[str, ...]

    @classmethod
    def labels(cls, units: Sequence[Unit], target: str) -> _Table:
        """Collect the labels toward a target."""
        votes = (
            {record.annotator: record.labels[target] for record in unit.records if target in record.labels}
            for unit in units
        )
        return cls(tuple((unit.id, unit.document, given) for unit, given in zip(units, votes, strict=True)), LABELS)

    @classmethod
    def flags(cls, units: Sequence[Unit]) -> _Table:
        """Collect the flags."""
        votes = (
            {record.annotator: _FLAGS[record.reported] for record in unit.records if record.reported is not None}
            for unit in units
        )
        return cls(tuple((unit.id, unit.document, given) for unit, given in zip(units, votes, strict=True)), _FLAGS)

    @classmethod
    def stack(cls, tables: Sequence[_Table]) -> _Table:
        """Put tables of the same categories below each other."""
        return cls(tuple(row for table in tables for row in table.rows), tables[0].categories)


def _measure(name: str, table: _Table, annotators: Sequence[str], *, draws: int, seed: int, level: float) -> Measured:
    who = tuple(person for person in annotators if any(person in votes for _, _, votes in table.rows))
    numbers = {category: number for number, category in enumerate(table.categories)}
    values = [[numbers[votes[person]] if person in votes else -1 for person in who] for _, _, votes in table.rows]
    ratings = Ratings(
        np.array(values, dtype=np.int64).reshape(len(table.rows), len(who)),
        table.categories,
        make_clusters([document for _, document, _ in table.rows]),
    )
    return Measured(name, who, measure_coefficients(ratings, draws=draws, seed=seed, level=level))


def _confusions(name: str, table: _Table, annotators: Sequence[str]) -> Iterable[Confusion]:
    for first, second in combinations(annotators, 2):
        shared = [(votes[first], votes[second]) for _, _, votes in table.rows if first in votes and second in votes]
        if shared:
            counts = {
                one: {other: shared.count((one, other)) for other in table.categories} for one in table.categories
            }
            yield Confusion(name, first, second, counts)
