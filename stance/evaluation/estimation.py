"""Shares of labels by target and group, with intervals that stay valid though the classifier errs."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.errors import InputError, suggest
from stance.evaluation.inference import Inferred, Totals, infer_shares
from stance.evaluation.intervals import Interval
from stance.evaluation.rows import LabelledRow, PredictedRow, check_rows, field_of
from stance.schema import LABELS, Label

__all__ = ["FEWEST_DOCUMENTS", "NOT_GIVEN", "Estimate", "Estimates", "estimate"]

Floats = npt.NDArray[np.float64]

FEWEST_DOCUMENTS = 20
"""Documents with labelled paragraphs that an interval needs.

In the simulations fewer do (`benchmarks/estimate_coverage.py`, part "fewest"), but intervals are then 27 to 84 points
wide, and rest on what a handful of documents show of all others.
"""
NOT_GIVEN = "(not given)"
"""Group of the paragraphs that lack a field."""
_DRIFT = 4.0
"""Standard errors between what the model says of the labelled paragraphs and of all that no random sample shows: in the
designs of `benchmarks/estimate_coverage.py`, not more than 2 of 1,000 did."""

_WIDTHS = (1, len(LABELS), len(LABELS), 1)
"""Columns of a table that is added up by unit, but for the last, which are as many as labels."""

_LOG = logging.getLogger("stance.estimate")


@dataclass(frozen=True, slots=True)
class Estimate:
    """The share of a label toward a target in a group of paragraphs.

    Attributes:
        group: Field -> value; empty if no groups were asked for.
        target: The target.
        label: The label.
        paragraphs: Number of predicted paragraphs.
        documents: Number of documents that they are from.
        labelled: Number of them that are labelled toward the target.
        labelled_documents: Number of documents with such.
        found: Number of labelled paragraphs with the label.
        naive: Share of the paragraphs that the model gives the label: a count that takes each prediction for true.
        share: The estimate with its interval; None if there is none.
        labelled_only: The classical estimate from the labelled paragraphs alone; None if there is none.
        power: How far the predictions were trusted, in [0, 1].
        gain: How many times as many labels the labelled paragraphs alone would need for the same standard error; None
            where none or all of them have the label.
        why: Why there is no estimate; empty if there is.
    """

    group: Mapping[str, str]
    target: str
    label: Label
    paragraphs: int
    documents: int
    labelled: int
    labelled_documents: int
    found: int
    naive: float
    share: Interval | None = None
    labelled_only: Interval | None = None
    power: float | None = None
    gain: float | None = None
    why: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain JSON types; what is not there is None."""
        ours, classical = self.share, self.labelled_only
        return {
            "group": dict(self.group),
            "target": self.target,
            "label": self.label,
            "share": ours and ours.value,
            "low": ours and ours.low,
            "high": ours and ours.high,
            "naive": self.naive,
            "labelled_share": classical and classical.value,
            "labelled_low": classical and classical.low,
            "labelled_high": classical and classical.high,
            "paragraphs": self.paragraphs,
            "documents": self.documents,
            "labelled": self.labelled,
            "labelled_documents": self.labelled_documents,
            "found": self.found,
            "power": self.power,
            "gain": self.gain,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class Estimates:
    """Shares of all labels, by target and group.

    Attributes:
        rows: One for each group, target and label.
        by: The fields that make the groups.
        level: Probability that an interval is to cover the share.
        finite: Whether the shares are those of just these paragraphs, or of documents like these.
        paragraphs: Number of predicted paragraphs.
        documents: Number of their documents.
        labelled: Number of labelled paragraphs.
    """

    rows: tuple[Estimate, ...]
    by: tuple[str, ...]
    level: float
    finite: bool
    paragraphs: int
    documents: int
    labelled: int

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain JSON types."""
        return {
            "level": self.level,
            "population": "these paragraphs" if self.finite else "documents like these",
            "by": list(self.by),
            "paragraphs": self.paragraphs,
            "documents": self.documents,
            "labelled": self.labelled,
            "estimates": [row.to_dict() for row in self.rows],
        }


def estimate(
    predictions: Iterable[PredictedRow],
    labelled: Iterable[LabelledRow],
    *,
    targets: Sequence[str] | None = None,
    by: Sequence[str] = (),
    level: float = 0.95,
    finite: bool = False,
) -> Estimates:
    """Estimate shares of labels from predictions for all paragraphs and labels of a random sample of them.

    A count of predicted labels takes over the classifier's errors. Here they are measured on the labelled paragraphs
    and taken out of the count (prediction-powered inference): the interval is valid however bad the classifier is, and
    the better it is, the narrower. What is needed: the labelled paragraphs were drawn at random from the predicted ones
    (paragraphs, or whole documents), and the model was not trained on them.

    How far the predictions are trusted is settled once for a group and target, so the shares of its four labels sum to
    1. (A label that the model finds badly can be worse off than with its labels alone: `Estimate.gain` below 1.)
    Estimates below 0 or above 1, which predictions that are far off can bring about, are set to 0 or 1; intervals stay
    inside by themselves. A group is estimated by its own labelled paragraphs. With fewer than 20 documents with labels
    there is no estimate, and it says why: intervals would not be valid. There is deliberately no rule that the label be
    there at all: it would single out the samples in which a rare label happens to be too frequent. Where none of the
    labelled paragraphs has it, the interval says how many of all may have it nevertheless.

    Args:
        predictions: All paragraphs.
        labelled: Those of them that people labelled.
        targets: The targets; None means those that both have.
        by: Fields that make groups, as `stance.evaluation.rows.field_of` gives them.
        level: Probability that an interval is to cover the share, in (0, 1).
        finite: Whether to estimate the share among just these paragraphs, which were labelled one by one at random,
            instead of the share in documents like these. Intervals are narrower then: what differs from document to
            document does not count, and nothing is uncertain about the paragraphs that are labelled.

    Returns:
        The estimates: groups in the order of their names, targets as asked for, labels in the order of `stance.LABELS`.

    Raises:
        InputError: If ids stand twice or do not match, a target or field is not there, or nothing is labelled.

    Source: see `stance.evaluation.inference.infer_shares`.

    >>> from stance.schema import Stance
    >>> labels = ["favor" if number % 3 else "absent" for number in range(60)]
    >>> rows = [PredictedRow(str(i), str(i), {"US": Stance("US", label, {})}) for i, label in enumerate(labels)]
    >>> truth = [LabelledRow(str(i), {"US": labels[i] if i % 10 else "absent"}) for i in range(0, 60, 2)]
    >>> round(estimate(rows, truth).rows[0].naive, 2), round(estimate(rows, truth).rows[0].share.value, 2)
    (0.67, 0.53)
    """
    rows, sample, by = list(predictions), list(labelled), tuple(dict.fromkeys(by))
    if not isinstance(level, Real) or not 0.0 < level < 1.0:
        raise InputError(f"Expected a level between 0 and 1, such as 0.95; found {level!r}.")
    check_rows(rows, sample)
    asked = _targets(rows, sample, targets)
    groups = _groups(rows, by)
    given = {row.id: row for row in sample}
    found: list[Estimate] = []
    for group, members in groups.items():
        named = dict(zip(by, group, strict=True))
        chosen = [rows[place] for place in members]
        for target in asked:
            found += _estimate(_Table.make(chosen, given, target, paragraphs=finite), named, target, level, finite)
    for target in asked:
        _warn_of_drift(_Table.make(rows, given, target, paragraphs=False), target)
    documents = len({row.document for row in rows})
    return Estimates(tuple(found), by, level, finite, len(rows), documents, len(sample))


def _targets(
    rows: Sequence[PredictedRow], sample: Sequence[LabelledRow], targets: Sequence[str] | None
) -> tuple[str, ...]:
    """Settle the targets, and see that each paragraph has a prediction toward them."""
    predicted = tuple(dict.fromkeys(target for row in rows for target in row.stances))
    labelled = tuple(dict.fromkeys(target for row in sample for target in row.labels))
    asked = (
        tuple(dict.fromkeys(targets)) if targets is not None else tuple(name for name in predicted if name in labelled)
    )
    if not asked:
        raise InputError(
            f"No target has both: predictions are toward {', '.join(predicted)}, labels toward {', '.join(labelled)}."
        )
    for target in asked:
        if target not in predicted:
            raise InputError(f"There is no prediction toward {target!r}: {suggest(target, predicted)}.")
        if target not in labelled:
            raise InputError(f"No paragraph is labelled toward {target!r}: {suggest(target, labelled)}.")
        lacking = next((row.id for row in rows if target not in row.stances), None)
        if lacking is not None:
            raise InputError(f"Paragraph {lacking!r} has no prediction toward {target!r}. Predict all toward the same.")
    return asked


def _groups(rows: Sequence[PredictedRow], by: tuple[str, ...]) -> dict[tuple[str, ...], list[int]]:
    """Give the values of the fields of each group, and the numbers of its rows."""
    found: dict[tuple[str, ...], list[int]] = {}
    columns = [[field_of(row, name) for row in rows] for name in by]
    for name, column in zip(by, columns, strict=True):
        if not any(value is not None for value in column):
            known = sorted({key for row in rows for key in row.fields})
            cure = "Keep fields with stance predict --source-columns"
            hint = suggest(name.removeprefix("source."), known) if known else "the predictions have no fields"
            raise InputError(f"No paragraph has the field {name!r}: {hint}. {cure}.")
    for place in range(len(rows)):
        key = tuple(NOT_GIVEN if column[place] is None else str(column[place]) for column in columns)
        found.setdefault(key, []).append(place)
    return dict(sorted(found.items()))


@dataclass(frozen=True, slots=True)
class _Table:
    """The paragraphs of a group, toward one target.

    Attributes:
        predicted: Predicted probability of each label, or 1 for the label if none are known; (paragraphs, labels).
        chosen: Number of the label that the model gives; (paragraphs,).
        gold: Number of the gold label, -1 where there is none; (paragraphs,).
        weight: Weight of the labelled paragraphs, 0 elsewhere; (paragraphs,).
        unit: Number of the document, or of the paragraph itself; (paragraphs,).
        documents: Number of documents.
        labelled_documents: Number of documents with labelled paragraphs.
    """

    predicted: Floats
    chosen: npt.NDArray[np.int64]
    gold: npt.NDArray[np.int64]
    weight: Floats
    unit: npt.NDArray[np.int64]
    documents: int
    labelled_documents: int

    @classmethod
    def make(
        cls, rows: Sequence[PredictedRow], given: Mapping[str, LabelledRow], target: str, *, paragraphs: bool
    ) -> _Table:
        stances = [row.stances[target] for row in rows]
        chosen = np.array([LABELS.index(stance.label) for stance in stances])
        if all(stance.probabilities for stance in stances):
            predicted = np.array([[stance.probabilities.get(label, 0.0) for label in LABELS] for stance in stances])
        else:  # not some of one kind and some of the other
            predicted = np.eye(len(LABELS))[chosen]
        labels = [given[row.id].labels.get(target) if row.id in given else None for row in rows]
        gold = np.array([-1 if label is None else LABELS.index(label) for label in labels])
        weight = np.array(
            [0.0 if label is None else given[row.id].weight for row, label in zip(rows, labels, strict=True)]
        )
        weight /= weight.max() if weight.any() else 1.0  # they count up to a factor; squares stay finite
        numbers: dict[str, int] = {}
        documents = np.array([numbers.setdefault(row.document, len(numbers)) for row in rows])
        unit = np.arange(len(rows)) if paragraphs else documents
        return cls(predicted, chosen, gold, weight, unit, len(numbers), len(np.unique(documents[gold >= 0])))

    def totals(self) -> Totals:
        """Add up by unit."""
        units = int(self.unit.max()) + 1
        is_gold = self.gold[:, None] == np.arange(len(LABELS))
        whole = np.ones((len(self.unit), 1))
        weight = self.weight[:, None]
        columns = np.hstack([weight, weight * is_gold, weight * self.predicted, whole, self.predicted])
        sums = np.zeros((units, columns.shape[1]))
        np.add.at(sums, self.unit, columns)
        labelled, found, believed, paragraphs, expected = np.split(sums.T, np.cumsum(_WIDTHS), axis=0)
        size = weight.sum() ** 2 / (weight**2).sum()
        return Totals(labelled, found, believed, paragraphs, expected, np.array([size]))


def _estimate(table: _Table, group: Mapping[str, str], target: str, level: float, finite: bool) -> Iterator[Estimate]:
    """Estimate the shares of all labels."""
    labelled = int((table.gold >= 0).sum())
    enough = table.labelled_documents >= FEWEST_DOCUMENTS
    weighted = len(np.unique(table.weight[table.gold >= 0])) > 1
    finite = finite and not weighted  # what is left to draw is not said by the numbers of paragraphs then
    ours = alone = None
    if enough:
        totals = table.totals()
        ours = infer_shares(totals, level=level, finite=finite)
        alone = infer_shares(totals, level=level, finite=finite, power=0.0)
    for number, label in enumerate(LABELS):
        found = int((table.gold == number).sum())
        counts = (len(table.gold), table.documents, labelled, table.labelled_documents, found)
        naive = float((table.chosen == number).mean())
        why = _why_not(labelled, table.labelled_documents)
        if why or ours is None or alone is None:
            yield Estimate(group, target, label, *counts, naive, why=why)
            continue
        intervals = (_interval(ours, number), _interval(alone, number))
        known = 0 < found < labelled  # else the variance of the labels is not known at all
        gain = float(alone.variance[number]) / max(float(ours.variance[number]), 1e-300) if known else None
        yield Estimate(group, target, label, *counts, naive, *intervals, float(ours.power), gain)


def _interval(found: Inferred, label: int) -> Interval:
    return Interval(float(found.value[label]), float(found.low[label]), float(found.high[label]))


def _why_not(labelled: int, documents: int) -> str:
    """Say why there is no valid estimate; empty if there is."""
    if not labelled:
        return "no paragraph is labelled"
    if documents < FEWEST_DOCUMENTS:
        return f"labels in {documents} document{'' if documents == 1 else 's'}, at least {FEWEST_DOCUMENTS} are needed"
    return ""


def _warn_of_drift(table: _Table, target: str) -> None:
    """Warn if the model says of the labelled paragraphs what it does not say of all: no random sample does that.

    The standard error is that of the predictions of all, not of the few drawn, which would be too small where they
    lack the rare high ones; and of whole documents, if that is more. One paragraph's worth is allowed for.
    """
    if table.labelled_documents < FEWEST_DOCUMENTS:
        return
    totals = table.totals()
    weight, count = totals.labelled.sum(), totals.paragraphs.sum()
    sample, everything = totals.believed.sum(axis=-1) / weight, totals.expected.sum(axis=-1) / count
    documents = ((totals.expected - everything[:, None] * totals.paragraphs) ** 2).sum(axis=-1) / count**2
    documents *= table.documents / table.labelled_documents
    error = np.sqrt(np.maximum(everything * (1 - everything) / totals.size, documents))
    drift = (np.abs(sample - everything) - 1 / totals.size) / (error + 1e-9)
    worst = int(drift.argmax())
    if drift[worst] > _DRIFT:
        _LOG.warning(
            "the labelled paragraphs do not look drawn at random: toward %s the model expects %.0f %% %s among them, "
            "and %.0f %% among all. The intervals are not valid unless they were.",
            target,
            100 * sample[worst],
            LABELS[worst],
            100 * everything[worst],
        )
