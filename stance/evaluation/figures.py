"""Figures of a system with 95 % intervals: each target, all judgements as one, and the mean over targets.

Everything that is counted adds up over documents, so all draws of documents are one product of matrices for all metrics
together: 10,000 judgements take seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.evaluation.confidence import (
    area_under_risk_coverage,
    brier_score,
    calibration_error,
    reliability_bins,
    risk_coverage,
)
from stance.evaluation.intervals import Interval, draw_documents, enclose, number_documents
from stance.evaluation.metrics import (
    COUNT_METRICS,
    MEANS,
    f1,
    keep_labels,
    precision,
    recall,
    support,
)
from stance.schema import LABELS

__all__ = [
    "FEWEST_DOCUMENTS",
    "MEAN",
    "POOLED",
    "Figures",
    "Judgements",
    "LabelFigures",
    "Tally",
    "figures_to_dict",
    "interval_to_dict",
    "measure_judgements",
    "tally",
]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

POOLED = "pooled"
"""All judgements as one, whatever their target."""
MEAN = "mean"
"""The mean of the targets' figures; of those that have a value."""
FEWEST_DOCUMENTS = 5
"""Documents without which there is no interval: draws of fewer say more of chance than of the system."""
_NO_INTERVAL = {"ece"}
"""The bootstrap puts calibration errors too high: chance in a bin counts as error, whichever way it goes."""
_POINTS = 20
"""Coverages of the curve of risk and coverage, evenly spaced."""
_LABEL_METRICS = {"precision": precision, "recall": recall, "f1": f1}
_NO_SIDES = {name: COUNT_METRICS[name] for name in ("macro_f1", "accuracy", "balanced_accuracy", "mcc")}
"""What is measured where favor and against are not told apart as the first two labels."""
_ANY_LABELS = {**_NO_SIDES, "f_avg": COUNT_METRICS["f_avg"]}
"""What is measured where they are, and the others are not the project's."""


@dataclass(frozen=True)
class Judgements:
    """What a system said: one judgement is one paragraph and one target.

    Attributes:
        targets: Names of the targets.
        target: Number of each judgement's target, shape (judgements,).
        gold: Number of each gold label, shape (judgements,).
        predicted: Number of each predicted label; the number of labels where the system failed.
        documents: The document of each judgement.
        probabilities: Shape (judgements, labels); None if it gives none. What stands where the system failed does not
            matter.
        labels: The labels.
    """

    targets: tuple[str, ...]
    target: Whole
    gold: Whole
    predicted: Whole
    documents: tuple[str, ...]
    probabilities: Floats | None = None
    labels: tuple[str, ...] = LABELS

    def __len__(self) -> int:
        return len(self.gold)

    @cached_property
    def document_numbers(self) -> Whole:
        """Number of each judgement's document."""
        return number_documents(self.documents)

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        """Whether each label is right."""
        same: npt.NDArray[np.bool_] = self.gold == self.predicted
        return same

    @property
    def confidence(self) -> Floats | None:
        """Probability of each label given, 0 where the system failed; None if it gives none."""
        if self.probabilities is None:
            return None
        padded: Floats = np.pad(self.probabilities, ((0, 0), (0, 1)))
        own: Floats = padded[np.arange(len(self)), self.predicted]
        return own

    def join_targets(self) -> Judgements:
        """Take all targets as one."""
        return replace(self, targets=("all targets",), target=np.zeros_like(self.target))

    def take(self, places: Whole) -> Judgements:
        """Keep the judgements at some places, and the targets that these have."""
        kept = np.unique(self.target[places])
        return replace(
            self,
            targets=tuple(self.targets[number] for number in kept),
            target=np.searchsorted(kept, self.target[places]),
            gold=self.gold[places],
            predicted=self.predicted[places],
            documents=tuple(self.documents[place] for place in places),
            probabilities=None if self.probabilities is None else self.probabilities[places],
        )


@dataclass(frozen=True, slots=True)
class Tally:
    """What adds up over documents.

    Attributes:
        counts: Gold against predicted labels, shape (documents, targets, labels, labels + 1).
        bins: As `stance.evaluation.metrics.reliability_bins` gives them, shape (documents, targets, bins, 3), or None;
            failures have no part in them.
        brier: Sum of the squared errors, shape (documents, targets), or None.
    """

    counts: Floats
    bins: Floats | None = None
    brier: Floats | None = None

    def draw(self, often: Floats) -> Tally:
        """Add documents up, each as often as it was drawn: shapes (draws, targets, ...)."""
        return Tally(
            _product(often, self.counts),
            None if self.bins is None else _product(often, self.bins),
            None if self.brier is None else _product(often, self.brier),
        )

    def join_targets(self) -> Tally:
        """Take all targets as one, put behind the others: shapes (..., targets + 1, ...)."""
        return Tally(
            _with_sum(self.counts, axis=-3),
            None if self.bins is None else _with_sum(self.bins, axis=-3),
            None if self.brier is None else _with_sum(self.brier, axis=-1),
        )


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """How well one label is found.

    Attributes:
        precision: Share of its predictions that are right.
        recall: Share of its gold labels that are found.
        f1: Harmonic mean of the two.
        support: Number of gold labels.
        predicted: Number of predictions.
    """

    precision: Interval
    recall: Interval
    f1: Interval
    support: int
    predicted: int


@dataclass(frozen=True, slots=True)
class Figures:
    """How well a system does toward one target, or all.

    Attributes:
        judgements: How many there are.
        metrics: Name -> figure, NaN where it has no value (n/a).
        labels: Label -> how well it is found.
        counts: Gold -> predicted label -> how often; ``failed`` is what the system did not judge.
        reliability: For each bin of confidence that has judgements: their number, their mean confidence, and the share
            that is right. Empty without probabilities.
        risk_coverage: Share of judgements kept, the surest first -> share of errors among them.
    """

    judgements: int
    metrics: Mapping[str, Interval]
    labels: Mapping[str, LabelFigures]
    counts: Mapping[str, Mapping[str, int]]
    reliability: tuple[Mapping[str, float], ...] = ()
    risk_coverage: Mapping[float, float] = field(default_factory=dict)


def tally(judgements: Judgements) -> Tally:
    """Add judgements up by document and target."""
    number, targets, labels = judgements.document_numbers, len(judgements.targets), len(judgements.labels)
    cell = number * targets + judgements.target
    shape = (int(number.max()) + 1, targets)

    def added(inner: Whole, size: int, values: Floats | None = None) -> Floats:
        flat = np.bincount(cell * size + inner, weights=values, minlength=shape[0] * targets * size)
        return flat.astype(np.float64)

    judged = (judgements.predicted < labels).astype(np.float64)

    pairs = judgements.gold * (labels + 1) + judgements.predicted
    counts = added(pairs, labels * (labels + 1)).reshape(*shape, labels, labels + 1)
    confidence = judgements.confidence
    if judgements.probabilities is None or confidence is None:
        return Tally(counts)
    size = len(reliability_bins(confidence[:1], judgements.right[:1]))
    place = np.minimum((confidence * size).astype(np.int64), size - 1)
    columns = judged, confidence * judged, judgements.right * judged
    bins = np.stack([added(place, size, column).reshape(*shape, size) for column in columns], axis=-1)
    errors = added(np.zeros_like(place), 1, judged * brier_score(judgements.probabilities, judgements.gold))
    return Tally(counts, bins, errors.reshape(shape))


def measure_judgements(judgements: Judgements, *, draws: int = 1000, seed: int = 0) -> dict[str, Figures]:
    """Measure a system toward each target and toward all.

    Args:
        judgements: At least one.
        draws: How often documents are drawn for the intervals.
        seed: Seed of the draws.

    Returns:
        Target -> figures, `POOLED` -> those of all judgements as one, and, of several targets, `MEAN` -> the mean of
        their metrics, without labels or counts of its own.

    Raises:
        InputError: If there is no judgement.
    """
    added = tally(judgements)
    whole = added.draw(np.ones((1, len(added.counts)))).join_targets()
    value, drawn = _metrics(whole, judgements.labels), []
    value |= {"aurc": _areas(judgements, np.ones((1, len(added.counts))))} if added.bins is not None else {}
    width = len(judgements) if added.bins is not None else added.counts[0].size
    for often in draw_documents(len(added.counts), draws=draws, seed=seed, width=width):
        part = added.draw(often).join_targets()
        values = _metrics(part, judgements.labels)
        for name in values.keys() & MEANS.keys():
            values[name] = keep_labels(values[name], part.counts, whole.counts[0], MEANS[name])
        drawn.append(values | ({"aurc": _areas(judgements, often)} if added.bins is not None else {}))
    spread = {name: np.concatenate([part[name] for part in drawn]) for name in value}
    for name in value if len(added.counts) < FEWEST_DOCUMENTS else value.keys() & _NO_INTERVAL:
        spread[name] = np.full_like(spread[name], np.nan)
    result = {}
    for place, name in enumerate((*judgements.targets, POOLED)):
        found = _figures(whole.counts[0, place], judgements.labels, place, value, spread)
        own = np.flatnonzero(judgements.target == place) if name != POOLED else np.arange(len(judgements))
        result[name] = found if whole.bins is None else _curves(found, judgements, whole.bins[0, place], own)
    if len(judgements.targets) > 1:
        metrics = {
            name: enclose(*_mean_target(value[name], spread[name]))
            for name in value
            if value[name].ndim == 2  # draws and targets, no labels
        }
        result[MEAN] = Figures(len(judgements), metrics, {}, {})
    return result


def _metrics(added: Tally, labels: Sequence[str]) -> dict[str, Floats]:
    """Give each metric of counts, shape (draws, targets), and of labels, shape (draws, targets, labels)."""
    known = COUNT_METRICS if tuple(labels) == LABELS else _ANY_LABELS if tuple(labels[:2]) == LABELS[:2] else _NO_SIDES
    found = {name: metric(added.counts) for name, metric in known.items()}
    if added.bins is not None and added.brier is not None:
        total = added.bins[..., 0].sum(-1)
        found["ece"] = calibration_error(added.bins)
        found["brier"] = np.divide(added.brier, total, out=np.full(total.shape, np.nan), where=total > 0)
    return found | {name: metric(added.counts) for name, metric in _LABEL_METRICS.items()}


def _areas(judgements: Judgements, often: Floats) -> Floats:
    """Give the area under risk and coverage of each target and of all, shape (draws, targets + 1)."""
    confidence, right = judgements.confidence, judgements.right
    if confidence is None:
        return np.zeros((len(often), 0))
    everything = np.arange(len(judgements))
    parts = [np.flatnonzero(judgements.target == number) for number in range(len(judgements.targets))]
    return np.stack(
        [
            area_under_risk_coverage(confidence[part], right[part], often[:, judgements.document_numbers[part]])
            for part in (*parts, everything)
        ],
        axis=-1,
    )


def _figures(
    counts: Floats, labels: Sequence[str], place: int, value: Mapping[str, Floats], spread: Mapping[str, Floats]
) -> Figures:
    def found(name: str, label: int | None = None) -> Interval:
        whole, drawn = value[name][0, place], spread[name][:, place]
        return enclose(float(whole), drawn) if label is None else enclose(float(whole[label]), drawn[:, label])

    own = {
        label: LabelFigures(
            precision=found("precision", number),
            recall=found("recall", number),
            f1=found("f1", number),
            support=int(support(counts)[number]),
            predicted=int(counts[:, number].sum()),
        )
        for number, label in enumerate(labels)
    }
    table = {
        label: dict(zip((*labels, "failed"), map(int, row), strict=True))
        for label, row in zip(labels, counts, strict=True)
    }
    metrics = {name: found(name) for name in value if name not in _LABEL_METRICS}
    return Figures(int(counts.sum()), metrics, own, table)


def _curves(figures: Figures, judgements: Judgements, bins: Floats, places: Whole) -> Figures:
    """Add reliability and the curve of risk and coverage."""
    confidence = judgements.confidence
    if confidence is None:
        return figures
    reliability = tuple(
        {"judgements": int(number), "confidence": round(sure / number, 6), "accuracy": round(right / number, 6)}
        for number, sure, right in bins.tolist()
        if number
    )
    coverage, risk = risk_coverage(confidence[places], judgements.right[places])
    chosen = np.unique(np.ceil(np.arange(1, _POINTS + 1) * len(coverage) / _POINTS).astype(np.int64)) - 1
    curve = {round(float(coverage[at]), 4): round(float(risk[at]), 6) for at in chosen}
    return replace(figures, reliability=reliability, risk_coverage=curve)


def _mean_target(value: Floats, drawn: Floats) -> tuple[float, Floats]:
    """Give the mean over the targets that have a value, all as one left out, and that of the same in each draw."""
    known = np.flatnonzero(~np.isnan(value[0, :-1]))
    if not len(known):
        return np.nan, np.full(len(drawn), np.nan)
    return float(value[0, known].mean()), drawn[:, known].mean(-1)


def _with_sum(part: Floats, *, axis: int) -> Floats:
    """Put the sum over the targets behind them."""
    return np.concatenate([part, part.sum(axis=axis, keepdims=True)], axis=axis)


def _product(often: Floats, part: Floats) -> Floats:
    total: Floats = (often @ part.reshape(len(part), -1)).reshape(len(often), *part.shape[1:])
    return total


def figures_to_dict(figures: Figures) -> dict[str, Any]:
    """Give figures as plain JSON types; what has no value is null."""
    return {
        "judgements": figures.judgements,
        "metrics": {name: interval_to_dict(item) for name, item in figures.metrics.items()},
        "labels": {
            name: {
                "support": item.support,
                "predicted": item.predicted,
                **{metric: interval_to_dict(getattr(item, metric)) for metric in _LABEL_METRICS},
            }
            for name, item in figures.labels.items()
        },
        "counts": {gold: dict(row) for gold, row in figures.counts.items()},
        "reliability": [dict(part) for part in figures.reliability],
        "risk_coverage": [{"coverage": kept, "risk": risk} for kept, risk in figures.risk_coverage.items()],
    }


def interval_to_dict(interval: Interval) -> dict[str, float | None]:
    """Give a figure and its ends; null where there is no value."""
    ends = {"value": interval.value, "low": interval.low, "high": interval.high}
    return {name: None if np.isnan(end) else round(float(end), 6) for name, end in ends.items()}
