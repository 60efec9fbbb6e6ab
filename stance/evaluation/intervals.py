"""Intervals by the cluster bootstrap: documents are drawn, not paragraphs, since paragraphs of one hang together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stance.errors import InputError

__all__ = ["Interval", "bootstrap_by_document", "draw_documents", "enclose", "number_documents", "wilson_ends"]

Floats = npt.NDArray[np.float64]

_AT_ONCE = 4_000_000
"""Most numbers in a table of draws: 32 MB."""
_LEAST = 0.5
"""Share of the draws that need a value; the others would be too odd a choice to speak for all."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its uncertainty.

    Attributes:
        value: The figure on the items as they are.
        low: Lower end of the 95 % interval.
        high: Upper end.
    """

    value: float
    low: float
    high: float


def number_documents(documents: Sequence[str]) -> npt.NDArray[np.int64]:
    """Give each item the number of its document, counted from 0 in the order of their names.

    Raises:
        InputError: If there are no items.
    """
    if not documents:
        raise InputError("Expected at least one item, found none.")
    number = {name: place for place, name in enumerate(sorted(set(documents)))}
    return np.array([number[name] for name in documents], dtype=np.int64)


def draw_documents(count: int, *, draws: int, seed: int, width: int = 0) -> Iterator[npt.NDArray[np.float64]]:
    """Draw documents with replacement.

    Args:
        count: How many documents there are.
        draws: How often as many are drawn.
        seed: Seed of the draws.
        width: Numbers that a draw is going to take, if more than one a document: fewer draws come at once.

    Yields:
        How often each document was drawn, shape (some of the draws, count), until there are `draws` rows.
    """
    generator = np.random.default_rng(seed)
    rows = max(1, _AT_ONCE // max(count, width))
    for first in range(0, draws, rows):
        chosen = (generator.integers(count, size=count) for _ in range(min(rows, draws - first)))
        yield np.stack([np.bincount(one, minlength=count) for one in chosen]).astype(np.float64)


def enclose(value: float, drawn: npt.NDArray[np.float64]) -> Interval:
    """Give a figure with the 95 % percentile interval of its values in the draws.

    Args:
        value: The figure; NaN if it has no value.
        drawn: Its value in each draw, NaN where it had none.

    Returns:
        The figure; its ends are NaN if it has no value, or had none in more than half of the draws.
    """
    known = drawn[~np.isnan(drawn)]
    if np.isnan(value) or len(known) <= _LEAST * len(drawn):
        return Interval(value, np.nan, np.nan)
    low, high = np.percentile(known, [2.5, 97.5])
    return Interval(value, float(low), float(high))


def bootstrap_by_document(
    documents: Sequence[str],
    statistic: Callable[[npt.NDArray[np.int64]], float],
    *,
    draws: int = 1000,
    seed: int = 0,
) -> Interval:
    """Give any figure with its 95 % percentile interval.

    Args:
        documents: The document of each item.
        statistic: What gives the figure for items, given by their numbers, repeats included.
        draws: How often documents are drawn, with replacement.
        seed: Seed of the draws.

    Returns:
        The figure and its interval.

    Raises:
        InputError: If there are no items.

    Source: Davison and Hinkley 1997, "Bootstrap Methods and their Application", section 3.8 (clusters drawn whole).
    """
    number = number_documents(documents)
    order = np.argsort(number, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(number))[:-1])
    values = [
        statistic(np.concatenate([members[place] for place in np.repeat(np.arange(len(often)), often.astype(int))]))
        for table in draw_documents(len(members), draws=draws, seed=seed)
        for often in table
    ]
    return enclose(statistic(np.arange(len(documents))), np.array(values))


def wilson_ends(share: Floats, size: Floats, quantile: Floats) -> tuple[Floats, Floats]:
    """Give the ends of Wilson's interval of a share found among so many independent items.

    Args:
        share: The share, in [0, 1]; any shape.
        size: Of how many; above 0, the same shape.
        quantile: How far from 0 the normal or Student's distribution stays with the interval's probability.

    Returns:
        Lower and upper ends, in [0, 1], of the same shape.

    Source: Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference".

    >>> low, high = wilson_ends(np.array(0.5), np.array(10.0), np.array(1.96))
    >>> low.round(3).item(), high.round(3).item()
    (0.237, 0.763)
    """
    square = quantile**2
    middle = (share + square / (2 * size)) / (1 + square / size)
    half = quantile / (1 + square / size) * np.sqrt(share * (1 - share) / size + square / (4 * size**2))
    return np.clip(middle - half, 0.0, 1.0), np.clip(middle + half, 0.0, 1.0)
