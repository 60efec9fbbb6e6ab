"""Intervals by the cluster bootstrap: documents are drawn, not paragraphs, since paragraphs of one hang together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stance.errors import InputError

__all__ = ["Interval", "bootstrap_by_document"]


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


def bootstrap_by_document(
    documents: Sequence[str],
    statistic: Callable[[npt.NDArray[np.int64]], float],
    *,
    draws: int = 1000,
    seed: int = 0,
) -> Interval:
    """Give a figure with its 95 % percentile interval.

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
    if not documents:
        raise InputError("Expected at least one item, found none.")
    _, number = np.unique(np.asarray(documents, dtype=object).astype(str), return_inverse=True)
    order = np.argsort(number, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(number))[:-1])
    generator = np.random.default_rng(seed)
    values = []
    for _ in range(draws):
        chosen = generator.integers(len(members), size=len(members))
        values.append(statistic(np.concatenate([members[place] for place in chosen])))
    low, high = np.percentile(values, [2.5, 97.5])
    return Interval(statistic(np.arange(len(documents))), float(low), float(high))
