"""Calibration: turning scores into probabilities that can be taken at their word."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["expected_calibration_error", "fit_temperature", "softmax"]

_GRID = np.exp(np.linspace(np.log(0.25), np.log(8.0), 200))


def softmax(scores: npt.NDArray[Any], temperature: float = 1.0) -> npt.NDArray[np.float64]:
    """Turn scores into probabilities along the last axis.

    Args:
        scores: Scores before softmax, any shape.
        temperature: What the scores are divided by; above 1 the probabilities become less extreme.

    Returns:
        Probabilities of the same shape; each row sums to 1.

    >>> softmax(np.array([0.0, 0.0])).tolist()
    [0.5, 0.5]
    """
    scaled = np.asarray(scores, dtype=np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    result: npt.NDArray[np.float64] = powers / powers.sum(axis=-1, keepdims=True)
    return result


def fit_temperature(scores: npt.NDArray[Any], gold: npt.NDArray[np.int64]) -> float:
    """Choose the temperature with the least negative log-likelihood.

    Args:
        scores: Scores before softmax, shape (items, labels).
        gold: Number of each item's gold label, shape (items,).

    Returns:
        The temperature, between 0.25 and 8 in 200 steps of equal ratio.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", section 4.2.
    """
    rows = np.arange(len(gold))
    losses = [-np.log(softmax(scores, temperature)[rows, gold] + 1e-12).mean() for temperature in _GRID]
    return float(_GRID[int(np.argmin(losses))])


def expected_calibration_error(
    probabilities: npt.NDArray[Any], gold: npt.NDArray[np.int64], *, bins: int = 10
) -> float:
    """Measure how far confidence is from accuracy.

    Args:
        probabilities: Shape (items, labels).
        gold: Number of each item's gold label, shape (items,).
        bins: Number of confidence bins of equal width.

    Returns:
        Mean gap between confidence and accuracy of the most probable label, weighted by bin size, in [0, 1].

    Source: Naeini et al. 2015; Guo et al. 2017, equation 3.
    """
    confidence = probabilities.max(axis=-1)
    right = probabilities.argmax(axis=-1) == gold
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        (places == place).mean() * abs(confidence[places == place].mean() - right[places == place].mean())
        for place in np.unique(places)
    ]
    return float(sum(gaps))
