"""Scoring a system's predictions against gold labels: strict joining, figures with intervals, slices, worst errors."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stance.evaluation.comparison import Comparison, compare_judgements
from stance.evaluation.figures import (
    MEAN,
    POOLED,
    Figures,
    Judgements,
    figures_to_dict,
    interval_to_dict,
    measure_judgements,
)
from stance.evaluation.joining import choose_targets, join_records
from stance.evaluation.records import Record, Rows, read_records
from stance.evaluation.slices import Slice, slice_judgements
from stance.schema import LABELS, Label

__all__ = ["Evaluation", "Mistake", "evaluate"]

_LOG = logging.getLogger(__name__)
_MOST_TARGETS = 30
"""Of more targets than this (data sets with open targets) figures are given for all as one only."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wrong judgement.

    Attributes:
        id: Id of the paragraph.
        target: The target.
        gold: What it is.
        predicted: What the system said; None where it failed.
        probability: How sure it was; None if it gives no probabilities.
        text: The paragraph, where a file has it.
    """

    id: str
    target: str
    gold: Label
    predicted: Label | None
    probability: float | None
    text: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How good a system is.

    Attributes:
        targets: Names of the targets.
        paragraphs: How many were judged.
        documents: From how many documents.
        failures: Judgements that the system failed on; they count as errors.
        unasked: Judgements of the system that no gold label asks for; they count for nothing.
        figures: Target, `POOLED` and `MEAN` -> figures.
        slices: Figures of parts.
        mistakes: Wrong judgements, the surest first.
        comparison: The difference to another system, if one was given.
        draws: Bootstrap draws of each interval.
        seed: Their seed.
    """

    targets: tuple[str, ...]
    paragraphs: int
    documents: int
    failures: int
    unasked: int
    figures: Mapping[str, Figures]
    slices: tuple[Slice, ...]
    mistakes: tuple[Mistake, ...]
    comparison: Comparison | None
    draws: int
    seed: int

    @property
    def overall(self) -> Figures:
        """The mean over the targets; of one target, or of too many, all judgements as one."""
        return self.figures.get(MEAN, self.figures[POOLED])

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain JSON types; a figure that has no value is null."""
        return {
            "targets": list(self.targets),
            "paragraphs": self.paragraphs,
            "documents": self.documents,
            "failures": self.failures,
            "unasked": self.unasked,
            "bootstrap": {"draws": self.draws, "seed": self.seed, "level": 0.95, "cluster": "document"},
            "figures": {name: figures_to_dict(found) for name, found in self.figures.items()},
            "slices": [
                {
                    "field": part.field,
                    "value": part.value,
                    "judgements": part.judgements,
                    "documents": part.documents,
                    "metrics": {name: interval_to_dict(item) for name, item in part.metrics.items()},
                }
                for part in self.slices
            ],
            "mistakes": [
                {
                    "id": item.id,
                    "target": item.target,
                    "gold": item.gold,
                    "predicted": item.predicted,
                    "probability": item.probability,
                    "text": item.text,
                }
                for item in self.mistakes
            ],
            "comparison": self.comparison.to_dict() if self.comparison else None,
        }


def evaluate(
    gold: Rows,
    predictions: Rows,
    *,
    against: Rows | None = None,
    targets: Sequence[str] | None = None,
    slices: Sequence[str] | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> Evaluation:
    """Score predictions against gold labels, joined on id and target.

    Args:
        gold: Gold labels: a file, or rows, as `stance.evaluation.records.read_records` takes them.
        predictions: What the system says of the same paragraphs, in any order.
        against: What another system says of them, to compare with.
        targets: Names of the targets to score; None means all that have gold labels.
        slices: Fields to give figures of parts by; None means those of `SLICES` that the gold labels' file knows.
        draws: How often documents are drawn for the intervals.
        seed: Seed of the draws.

    Returns:
        The evaluation.

    Raises:
        InputError: If a file cannot be read; an id stands twice; a gold label has no prediction, or a prediction no
            gold paragraph; one id has two texts; or there is nothing to score.

    >>> gold = [{"id": 1, "labels": {"NATO": "favor"}}, {"id": 2, "labels": {"NATO": "absent"}}]
    >>> made = [{"id": 2, "labels": {"NATO": "absent"}}, {"id": 1, "labels": {"NATO": "neutral"}}]
    >>> evaluate(gold, made).overall.metrics["accuracy"].value
    0.5
    """
    records = read_records(gold)
    wanted = choose_targets(records, targets)
    if all(record.probabilities for record in records):
        _LOG.warning(
            "all gold labels have probabilities, as predictions do: are gold labels and predictions exchanged?"
        )
    judgements, unasked = join_records(records, read_records(predictions), wanted, _name(predictions, "predictions"))
    other = None
    if against is not None:
        other, _ = join_records(records, read_records(against), wanted, _name(against, "against"))
    whole = judgements if len(judgements.targets) <= _MOST_TARGETS else judgements.join_targets()
    owners = [record for record in records for target in wanted if target in record.labels]
    return Evaluation(
        targets=judgements.targets,
        paragraphs=len({record.id for record in owners}),
        documents=len(set(judgements.documents)),
        failures=int((judgements.predicted == len(LABELS)).sum()),
        unasked=unasked,
        figures=measure_judgements(whole, draws=draws, seed=seed),
        slices=tuple(slice_judgements(judgements, owners, slices, draws=draws, seed=seed)),
        mistakes=_mistakes(judgements, owners),
        comparison=compare_judgements(whole, _same_targets(other, whole), draws=draws, seed=seed) if other else None,
        draws=draws,
        seed=seed,
    )


def _name(rows: Rows, otherwise: str) -> str:
    return str(rows) if isinstance(rows, str | Path) else otherwise


def _same_targets(other: Judgements, whole: Judgements) -> Judgements:
    return other if other.targets == whole.targets else other.join_targets()


def _mistakes(judgements: Judgements, owners: Sequence[Record]) -> tuple[Mistake, ...]:
    confidence = judgements.confidence
    wrong = np.flatnonzero(~judgements.right)
    order = wrong if confidence is None else wrong[np.argsort(-confidence[wrong], kind="stable")]
    return tuple(
        Mistake(
            owners[place].id,
            judgements.targets[judgements.target[place]],
            LABELS[judgements.gold[place]],
            LABELS[judgements.predicted[place]] if judgements.predicted[place] < len(LABELS) else None,
            None if confidence is None else round(float(confidence[place]), 4),
            owners[place].text,
        )
        for place in order
    )
