"""Metrics as pure functions of counts of gold against predicted labels.

Counts have the shape (..., labels, labels + 1): rows are gold labels, columns predicted ones, the last column what a
system failed to judge, which is an error against any gold label. Leading axes are free: targets, bootstrap draws.
Written by hand, since scikit-learn takes lists of labels, one figure at a time: a bootstrap of counts is one product.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.errors import InputError
from stance.schema import LABELS, Label

__all__ = [
    "COUNT_METRICS",
    "MEANS",
    "accuracy",
    "balanced_accuracy",
    "classification_report",
    "count_labels",
    "f1",
    "keep_labels",
    "label_numbers",
    "macro_f1",
    "matthews_correlation",
    "precision",
    "presence_f1",
    "recall",
    "side_f1",
    "side_f_average",
    "support",
]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

_FAVOR, _AGAINST, _NEUTRAL, _ABSENT = (LABELS.index(label) for label in ("favor", "against", "neutral", "absent"))
_PRESENT = [_FAVOR, _AGAINST, _NEUTRAL]


def label_numbers(labels: Sequence[Label]) -> Whole:
    """Give the number of each label in `LABELS`.

    Raises:
        InputError: If one is no label.
    """
    try:
        return np.array([LABELS.index(label) for label in labels], dtype=np.int64)
    except ValueError:
        wrong = next(label for label in labels if label not in LABELS)
        raise InputError(f"Expected labels among {', '.join(LABELS)}, found {wrong!r}.") from None


def count_labels(gold: Whole, predicted: Whole, *, labels: int = len(LABELS)) -> Floats:
    """Count how often each gold label was given each predicted one.

    Args:
        gold: Number of each gold label, shape (items,).
        predicted: Number of each predicted label, in the same order; `labels` where the system failed.
        labels: How many labels there are.

    Returns:
        Counts, shape (labels, labels + 1).

    Raises:
        InputError: If there is nothing to compare, or the two differ in length.

    >>> count_labels(np.array([0, 0, 3]), np.array([0, 4, 3])).astype(int).tolist()
    [[1, 0, 0, 0, 1], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 1, 0]]
    """
    if not len(gold) or len(gold) != len(predicted):
        raise InputError(
            f"Expected as many predicted as gold labels and at least one, found {len(predicted)} and {len(gold)}."
        )
    cells = np.bincount(gold * (labels + 1) + predicted, minlength=labels * (labels + 1))
    return cells.reshape(labels, labels + 1).astype(np.float64)


def support(counts: Floats) -> Floats:
    """Count the gold labels: shape (..., labels)."""
    total: Floats = counts.sum(-1)
    return total


def precision(counts: Floats) -> Floats:
    """Give the share of the predictions of each label that are right.

    Returns:
        Shape (..., labels), in [0, 1]; 0 for a label that has gold but is never predicted, NaN if it has neither.
    """
    guessed = _guessed(counts)
    share = _ratio(_right(counts), guessed)
    return np.where((guessed == 0) & (support(counts) > 0), 0.0, share)


def recall(counts: Floats) -> Floats:
    """Give the share of each gold label that is found: shape (..., labels), in [0, 1]; NaN without gold."""
    return _ratio(_right(counts), support(counts))


def f1(counts: Floats) -> Floats:
    """Give the harmonic mean of precision and recall of each label.

    Returns:
        Shape (..., labels), in [0, 1]; NaN for a label without gold: any value would be an accident (scikit-learn says
        0 there, and lets it pull the mean down).

    >>> f1(count_labels(np.array([0, 0, 3]), np.array([0, 3, 3]))).round(3).tolist()
    [0.667, nan, nan, 0.667]
    """
    known = support(counts)
    return np.where(known > 0, _ratio(2 * _right(counts), known + _guessed(counts)), np.nan)


def macro_f1(counts: Floats) -> Floats:
    """Give the mean F1 of the labels that have gold: shape (...), in [0, 1]; NaN if none has."""
    return _mean(f1(counts))


def side_f_average(counts: Floats) -> Floats:
    """Give F_avg, the mean of the F1 of ``favor`` and that of ``against``; a side without gold is left out.

    Returns:
        Shape (...), in [0, 1]; NaN if neither side has gold.

    Source: Mohammad et al. 2016, "SemEval-2016 Task 6: Detecting Stance in Tweets", section 4.
    """
    return _mean(f1(counts)[..., [_FAVOR, _AGAINST]])


def accuracy(counts: Floats) -> Floats:
    """Give the share of right labels: shape (...), in [0, 1]."""
    return _ratio(_right(counts).sum(-1), support(counts).sum(-1))


def balanced_accuracy(counts: Floats) -> Floats:
    """Give the mean recall of the labels that have gold: shape (...), in [0, 1]."""
    return _mean(recall(counts))


def matthews_correlation(counts: Floats) -> Floats:
    """Give Matthews' correlation for several labels: shape (...), in [-1, 1]; 0 where only one label occurs.

    Source: Gorodkin 2004, "Comparing two K-category assignments by a K-category correlation coefficient".
    """
    square = np.concatenate([counts, np.zeros_like(counts[..., :1, :])], axis=-2)  # failures are a label without gold
    known, guessed, total = square.sum(-1), square.sum(-2), square.sum((-1, -2))
    shared = _right(counts).sum(-1) * total - (known * guessed).sum(-1)
    spread = (total**2 - (known**2).sum(-1)) * (total**2 - (guessed**2).sum(-1))
    return np.where(spread > 0, _ratio(shared, np.sqrt(np.maximum(spread, 0))), np.where(total > 0, 0.0, np.nan))


def presence_f1(counts: Floats) -> Floats:
    """Give the F1 of finding that a target is present, whichever label it then gets.

    Args:
        counts: Counts of the four labels. A failure is a miss where the target is present, else a false alarm.

    Returns:
        Shape (...), in [0, 1]; NaN if the target is never present.
    """
    found = counts[..., _PRESENT, :][..., _PRESENT].sum((-1, -2))
    there = support(counts)[..., _PRESENT].sum(-1)
    alarms = counts[..., _ABSENT, :].sum(-1) - counts[..., _ABSENT, _ABSENT]
    return np.where(there > 0, _ratio(2 * found, found + there + alarms), np.nan)


def side_f1(counts: Floats) -> Floats:
    """Give the macro-F1 of favor, against and neutral where the target is present by gold; calling it absent is a miss.

    Args:
        counts: Counts of the four labels.

    Returns:
        Shape (...), in [0, 1]; NaN if the target is never present.
    """
    present = counts.copy()
    present[..., _ABSENT, :] = 0
    return macro_f1(present)


COUNT_METRICS: dict[str, Callable[[Floats], Floats]] = {
    "macro_f1": macro_f1,
    "f_avg": side_f_average,
    "accuracy": accuracy,
    "balanced_accuracy": balanced_accuracy,
    "mcc": matthews_correlation,
    "presence_f1": presence_f1,
    "side_f1": side_f1,
}
"""Name -> metric, for counts of the four labels."""


def keep_labels(metric: Floats, counts: Floats, whole: Floats, labels: Sequence[int] | None = None) -> Floats:
    """Take away a metric's values in draws that lack a label: a mean over fewer labels is another figure.

    Args:
        metric: Its values, shape (draws, ...).
        counts: The counts of the draws, shape (draws, ..., labels, labels + 1).
        whole: The counts of everything, shape (..., labels, labels + 1).
        labels: Numbers of the labels that the metric is a mean over; None means all.

    Returns:
        The values, NaN where a label with gold in everything has none in the draw.
    """
    chosen = slice(None) if labels is None else list(labels)
    lost = (support(counts)[..., chosen] == 0) & (support(whole)[..., chosen] > 0)
    return np.where(lost.any(-1), np.nan, metric)


MEANS: dict[str, tuple[int, ...] | None] = {
    "macro_f1": None,
    "balanced_accuracy": None,
    "f_avg": (_FAVOR, _AGAINST),
    "side_f1": (_FAVOR, _AGAINST, _NEUTRAL),
}
"""Metrics that are means over labels: name -> their labels' numbers; None means all."""


def classification_report(counts: Floats, names: Sequence[str] = LABELS) -> dict[str, Any]:
    """Lay one table of counts out as scikit-learn's ``classification_report(output_dict=True)`` does.

    Args:
        counts: Shape (labels, labels + 1).
        names: Names of the labels.

    Returns:
        Label -> ``precision``, ``recall``, ``f1-score``, ``support``; ``accuracy``; ``macro avg`` over the labels with
        gold, and ``weighted avg``. What has no value is None.
    """
    columns = np.stack([precision(counts), recall(counts), f1(counts)], axis=-1)
    known = support(counts)
    keys = ("precision", "recall", "f1-score")
    report: dict[str, Any] = {
        name: {**dict(zip(keys, map(_plain, row), strict=True)), "support": int(number)}
        for name, row, number in zip(names, columns, known, strict=True)
    }
    there = known > 0
    weighted = (columns[there] * known[there, None]).sum(0) / known.sum()
    report["accuracy"] = float(accuracy(counts))
    for name, row in (("macro avg", columns[there].mean(0)), ("weighted avg", weighted)):
        report[name] = {**dict(zip(keys, map(float, row), strict=True)), "support": int(known.sum())}
    return report


def _right(counts: Floats) -> Floats:
    found: Floats = np.diagonal(counts, axis1=-2, axis2=-1)
    return found


def _guessed(counts: Floats) -> Floats:
    total: Floats = counts[..., :-1].sum(-2)
    return total


def _ratio(part: Floats, whole: Floats) -> Floats:
    share: Floats = np.divide(part, whole, out=np.full(np.broadcast(part, whole).shape, np.nan), where=whole > 0)
    return share


def _mean(values: Floats) -> Floats:
    """Mean of what has a value."""
    known = ~np.isnan(values)
    return _ratio(np.where(known, values, 0.0).sum(-1), known.sum(-1).astype(np.float64))


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
