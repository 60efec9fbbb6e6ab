"""Shares estimated from many predictions and few labels, with intervals: the arithmetic, on sums by document."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from stance.errors import InputError
from stance.evaluation.intervals import wilson_ends

__all__ = ["Inferred", "Totals", "infer_shares", "t_quantiles"]

Floats = npt.NDArray[np.float64]

_TINY = 1e-300
"""Keeps quotients of zeros finite."""
_MOST_FREEDOM = 1000.0
"""Degrees of freedom from which on more make no difference."""
_ANGLES = 20_001
"""Points at which the density of Student's t is summed."""
_DEGREES = 200
"""Degrees of freedom at which its quantiles are computed; those between are interpolated."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What the documents add up to, toward one target.

    Attributes:
        labelled: Sum of the weights of the document's labelled paragraphs (their number, if they weigh alike); shape
            (..., 1, documents).
        found: Of that, what has the label; shape (..., labels, documents).
        believed: Sum of weight times the predicted probability of the label over the labelled paragraphs; same shape.
        paragraphs: Number of all paragraphs; shape (..., 1, documents).
        expected: Sum of the predicted probability over all paragraphs; shape (..., labels, documents).
        size: Number of labelled paragraphs, or how many of equal weight they are worth; shape (..., 1).
    """

    labelled: Floats
    found: Floats
    believed: Floats
    paragraphs: Floats
    expected: Floats
    size: Floats


@dataclass(frozen=True, slots=True)
class Inferred:
    """Shares with intervals; arrays of shape (..., labels) unless said otherwise.

    Attributes:
        value: The estimate, in [0, 1].
        low: Lower end of the interval, in [0, 1].
        high: Upper end.
        variance: Squared standard error.
        power: How far the predictions were trusted, in [0, 1]: 0 leaves them out; shape (...).
    """

    value: Floats
    low: Floats
    high: Floats
    variance: Floats
    power: Floats


def infer_shares(totals: Totals, *, level: float = 0.95, power: float | None = None, finite: bool = False) -> Inferred:
    """Estimate the share of each label: the labelled share, moved by what the predictions say of the rest.

    With means over the labelled paragraphs (L) and over all (A), gold indicator y and predicted probability f, the
    estimate is ``mean_L(y) + power * (mean_A(f) - mean_L(f))``. The power is the one that makes the variance least
    (PPI++), summed over the labels: near 1 where y and f move together, near 0 where predictions are no help. One power
    for all labels of a target makes the shares sum to 1, and rests on more than a rare label's few paragraphs: on the
    project's test paragraphs errors are smaller than with powers of their own for most labels, and larger for the one
    that the model counts worst.

    The standard error is the jackknife's: each document is left out in turn, with its labelled paragraphs and all
    others, and the power tuned anew. The interval is Wilson's, which stays in [0, 1] and is as lopsided as a small
    share needs, for as many independent labels as would have that standard error; the quantile is Student's, with the
    degrees of freedom that the kurtosis of the documents' influences leaves (a variance that two documents make is
    hardly known). What a sample does not show is allowed for: no error is taken to be rarer than one in the sample, so
    at least that much stands in the variance; what is found in one document alone may be as rare as can be, so the
    lower end is 0 there (and 1 the upper, for what is missing in one alone); and where nothing is found, or nothing
    else, the interval is Clopper and Pearson's for as many independent labels as there are documents with labels: 0 to
    3.6 % where 100 have none. (To leave such samples out would leave those in which a rare label is too frequent.)

    This was chosen by simulation (`benchmarks/estimate_coverage.py`): the percentile bootstrap by document, and the
    normal interval with the same standard error, cover less where few documents have labels or the label is rare.

    Args:
        totals: Sums by document. At least three documents need labels.
        level: Probability that the interval is to cover the share, in (0, 1).
        power: Takes this instead of tuning it; 0 gives the classical estimate of the labelled paragraphs alone.
        finite: Whether the share is that of just these paragraphs. Then units have to be paragraphs, drawn one by one.

    Returns:
        Estimates and intervals.

    Raises:
        InputError: If the level is not in (0, 1).

    Source: Angelopoulos, Bates, Fannjiang, Jordan and Zrnic 2023, "Prediction-powered inference", Science 382;
    Angelopoulos, Duchi and Zrnic 2023, "PPI++: Efficient Prediction-Powered Inference" (arXiv 2311.01453);
    Wolter 2007, "Introduction to Variance Estimation", chapter 4 (jackknife of clusters); Dean and Pagano 2015,
    "Evaluating Confidence Interval Methods for Binomial Proportions in Clustered Surveys" (Wilson's interval);
    Clopper and Pearson 1934, "The use of confidence or fiducial limits illustrated in the case of the binomial".
    """
    if not 0.0 < level < 1.0:
        raise InputError(f"Expected a level between 0 and 1, such as 0.95; found {level}.")
    influence, value, classical, tuned, slip = _influences(totals, power, finite)
    labelled = np.count_nonzero(totals.labelled, axis=-1)
    second = (influence**2).sum(axis=-1)
    fourth = (influence**4).sum(axis=-1)
    short = np.maximum(0.0, 1.0 / totals.size**2 - slip)  # no error seen is not: no error made
    second, fourth = second + short, fourth + short**2
    freedom = 2.0 / np.maximum(fourth / np.maximum(second**2, _TINY) - 1.0 / labelled, 1e-9)
    quantiles = t_quantiles(np.minimum(freedom, labelled - 2.0), level)
    drawn = totals.labelled.sum(axis=-1) / totals.paragraphs.sum(axis=-1)
    variance = second * (1.0 - np.minimum(drawn, 1.0)) if finite else second
    worth = classical * (1.0 - classical) / np.maximum(variance, _TINY)
    value = np.clip(value, 0.0, 1.0)
    low, high = wilson_ends(value, np.clip(worth, 1e-12, 1e12), quantiles)
    low = np.where(_in_one(totals.found), 0.0, low)
    high = np.where(_in_one(totals.labelled - totals.found), 1.0, high)
    hidden = 1.0 - ((1.0 - level) / 2.0) ** (1.0 / np.minimum(labelled, totals.size))
    hidden = hidden * (1.0 - np.minimum(drawn, 1.0)) if finite else hidden
    high = np.where(_nothing(totals.found), np.maximum(hidden, value), high)
    low = np.where(_nothing(totals.labelled - totals.found), np.minimum(1.0 - hidden, value), low)
    return Inferred(value, low, high, variance, tuned)


def _influences(totals: Totals, power: float | None, finite: bool) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Give by how much each document moves the estimate, the estimate, the labelled share, the power, the slips seen.

    The slips are the sum of squares of what the documents' labelled paragraphs say against their predictions.
    """
    both = (-2, -1)  # labels and documents
    weight = totals.labelled.sum(axis=-1, keepdims=True)
    count = totals.paragraphs.sum(axis=-1, keepdims=True)
    classical = totals.found.sum(axis=-1, keepdims=True) / weight
    believed = totals.believed.sum(axis=-1, keepdims=True) / weight
    expected = totals.expected.sum(axis=-1, keepdims=True) / count
    truth = (totals.found - classical * totals.labelled) / weight
    seen = (totals.believed - believed * totals.labelled) / weight
    guess = seen if finite else seen - (totals.expected - expected * totals.paragraphs) / count
    products, squares = truth * guess, guess**2
    joint, own = products.sum(axis=both, keepdims=True), squares.sum(axis=both, keepdims=True)
    if power is None:
        tuned = np.clip(joint / np.maximum(own, _TINY), 0.0, 1.0)
        products, squares = products.sum(axis=-2, keepdims=True), squares.sum(axis=-2, keepdims=True)
        left = np.clip((joint - products) / np.maximum(own - squares, _TINY), 0.0, 1.0)
    else:
        tuned = np.full_like(weight, power)
        left = tuned
    value = classical + tuned * (expected - believed)
    # the same without each document
    rest = np.maximum(weight - totals.labelled, _TINY)
    others = np.maximum(count - totals.paragraphs, _TINY)
    mean = expected if finite else (expected * count - totals.expected) / others
    without = (classical * weight - totals.found) / rest + left * (mean - (believed * weight - totals.believed) / rest)
    slip = ((truth - tuned * seen) ** 2).sum(axis=-1)
    return value - without, value[..., 0], classical[..., 0], tuned[..., 0, 0], slip


def _in_one(found: Floats) -> npt.NDArray[np.bool_]:
    """Whether no more than one document has any."""
    return np.asarray(np.count_nonzero(found > 1e-9, axis=-1) <= 1)


def _nothing(found: Floats) -> npt.NDArray[np.bool_]:
    """Whether no document has any."""
    return np.asarray((found <= 1e-9).all(axis=-1))


def t_quantiles(freedom: Floats, level: float) -> Floats:
    """Give how far from 0 Student's t stays with a probability.

    Args:
        freedom: Degrees of freedom, from 1 on; any shape.
        level: The probability, in (0, 1).

    Returns:
        The quantiles, to three digits or better; the same shape.

    >>> t_quantiles(np.array([2.0, 10.0]), 0.95).round(2).tolist()
    [4.3, 2.23]
    """
    degrees, quantiles = _table(level)
    found: Floats = np.interp(np.log(np.clip(freedom, 1.0, _MOST_FREEDOM)), np.log(degrees), quantiles)
    return found


@lru_cache(maxsize=16)
def _table(level: float) -> tuple[Floats, Floats]:
    """Degrees of freedom and their quantiles: with t = sqrt(d) tan(angle), the density is cos(angle) ** (d - 1)."""
    angles = np.linspace(0.0, np.pi / 2, _ANGLES)
    logs = np.log(np.maximum(np.cos(angles), _TINY))
    degrees = np.geomspace(1.0, _MOST_FREEDOM, _DEGREES)
    quantiles = np.empty_like(degrees)
    for place, degree in enumerate(degrees):
        density = np.exp((degree - 1) * logs)
        mass = np.concatenate([[0.0], np.cumsum(density[1:] + density[:-1])])
        quantiles[place] = np.sqrt(degree) * np.tan(np.interp(level, mass / mass[-1], angles))
    return degrees, quantiles
