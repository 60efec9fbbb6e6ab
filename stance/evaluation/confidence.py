"""Metrics as pure functions of probabilities: calibration, and what is gained by keeping the surest judgements."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = [
    "area_under_risk_coverage",
    "brier_score",
    "calibration_error",
    "expected_calibration_error",
    "reliability_bins",
    "risk_coverage",
]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

_BINS = 10
"""Confidence bins of equal width, as in Guo et al. 2017 (they take 15 for test sets ten times as large)."""


def brier_score(probabilities: Floats, gold: Whole) -> Floats:
    """Give the squared error of each item's probabilities, summed over the labels.

    Args:
        probabilities: Shape (items, labels).
        gold: Number of each gold label, shape (items,).

    Returns:
        Shape (items,), in [0, 2]; their mean is the Brier score.

    Source: Brier 1950, "Verification of forecasts expressed in terms of probability".
    """
    truth = np.eye(probabilities.shape[1])[gold]
    errors: Floats = ((probabilities - truth) ** 2).sum(-1)
    return errors


def reliability_bins(confidence: Floats, right: npt.NDArray[np.bool_], *, bins: int = _BINS) -> Floats:
    """Sum up items by confidence.

    Args:
        confidence: Probability of the label given, in [0, 1], shape (items,).
        right: Whether it is right.
        bins: Number of bins of equal width.

    Returns:
        For each bin the number of items, the sum of their confidence, the number that are right: shape (bins, 3).
    """
    place = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    columns = np.ones(len(place)), confidence, right.astype(np.float64)
    return np.stack([np.bincount(place, weights=column, minlength=bins) for column in columns], axis=-1)


def calibration_error(bins: Floats) -> Floats:
    """Give the expected calibration error: the gap between confidence and accuracy of bins, weighted by their size.

    Args:
        bins: As `reliability_bins` gives them, shape (..., bins, 3).

    Returns:
        Shape (...), in [0, 1]; NaN without items.

    Source: Naeini et al. 2015; Guo et al. 2017, "On Calibration of Modern Neural Networks", equation 3.
    """
    return _ratio(np.abs(bins[..., 1] - bins[..., 2]).sum(-1), bins[..., 0].sum(-1))


def expected_calibration_error(probabilities: Floats, gold: Whole, *, bins: int = _BINS) -> float:
    """Give the `calibration_error` of probabilities whose most probable label is the one given.

    Args:
        probabilities: Shape (items, labels).
        gold: Number of each item's gold label, shape (items,).
        bins: Number of confidence bins of equal width.

    Returns:
        The error, in [0, 1].
    """
    right = probabilities.argmax(-1) == gold
    return float(calibration_error(reliability_bins(probabilities.max(-1), right, bins=bins)))


def risk_coverage(confidence: Floats, right: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Tell how wrong the surest judgements are, for each share of them that could be kept.

    Items of equal confidence come in any order, so they share their errors evenly.

    Args:
        confidence: Shape (items,).
        right: Whether each is right.

    Returns:
        Coverage, rising to 1, and the share of errors up to there, each of shape (items,).

    Source: El-Yaniv and Wiener 2010, "On the Foundations of Noise-free Selective Classification".

    >>> [shares.round(2).tolist() for shares in risk_coverage(np.array([0.9, 0.5, 0.8]), np.array([True, False, True]))]
    [[0.33, 0.67, 1.0], [0.0, 0.0, 0.33]]
    """
    order, starts = _by_confidence(confidence)
    wrong = _share_ties((~right[order]).astype(np.float64), np.ones(len(order)), starts)
    number = np.arange(1, len(order) + 1)
    return number / len(order), np.cumsum(wrong) / number


def area_under_risk_coverage(confidence: Floats, right: npt.NDArray[np.bool_], weights: Floats | None = None) -> Floats:
    """Give the mean share of errors over all coverages: lower is better; it is 0 only where nothing is wrong.

    Args:
        confidence: Shape (items,).
        right: Whether each is right.
        weights: How often each item counts, shape (..., items); None counts each once.

    Returns:
        Shape (...), in [0, 1].

    Source: Geifman, Uziel and El-Yaniv 2019, "Bias-Reduced Uncertainty Estimation for Deep Neural Classifiers".
    """
    order, starts = _by_confidence(confidence)
    often = np.ones(len(order)) if weights is None else weights[..., order]
    wrong = _share_ties((~right[order]).astype(np.float64), often, starts)
    kept = np.cumsum(often, axis=-1)
    risk = np.cumsum(often * wrong, axis=-1) / np.maximum(kept, 1)
    return _ratio((risk * often).sum(-1), kept[..., -1])


def _by_confidence(confidence: Floats) -> tuple[Whole, Whole]:
    """Give the order of items, the surest first, and where in it each run of equals starts."""
    order = np.argsort(-confidence, kind="stable")
    sorted_ = confidence[order]
    return order, np.flatnonzero(np.concatenate([[True], sorted_[1:] != sorted_[:-1]]))


def _share_ties(wrong: Floats, often: Floats, starts: Whole) -> Floats:
    """Share the errors of equals among them: shape of `often`."""
    errors = np.add.reduceat(often * wrong, starts, axis=-1)
    number = np.add.reduceat(often, starts, axis=-1)
    share = errors / np.maximum(number, 1)
    return np.repeat(share, np.diff([*starts, len(wrong)]), axis=-1)


def _ratio(part: Floats, whole: Floats) -> Floats:
    share: Floats = np.divide(part, whole, out=np.full(np.broadcast(part, whole).shape, np.nan), where=whole > 0)
    return share
