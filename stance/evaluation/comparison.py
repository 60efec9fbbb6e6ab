"""Comparing two systems on the same judgements: paired differences, their intervals, and tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import exp, lgamma, log
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.errors import InputError
from stance.evaluation.figures import FEWEST_DOCUMENTS, Judgements, Tally, interval_to_dict, tally
from stance.evaluation.intervals import Interval, draw_documents, enclose
from stance.evaluation.metrics import MEANS, accuracy, keep_labels, macro_f1, side_f_average

__all__ = ["Comparison", "Difference", "compare_judgements", "mcnemar_test"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Difference:
    """How far a system is ahead of another.

    Attributes:
        interval: Its figure less the other's, with its 95 % interval.
        p: Two-sided p-value of the permutation test: the share of ways to exchange the systems in some documents that
            set them as far apart. NaN where the figure has no value.
    """

    interval: Interval
    p: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A system against another.

    Attributes:
        differences: Metric -> difference: mean macro-F1 over the targets, and F_avg and accuracy of all judgements.
        only_first: Judgements that only the first system has right.
        only_second: Judgements that only the second has right.
        failures: Judgements that the second system failed on.
        mcnemar_p: Two-sided exact p-value of McNemar's test; it takes judgements for independent, so with several from
            one document it is too small: the permutation test is not.
    """

    differences: Mapping[str, Difference]
    only_first: int
    only_second: int
    failures: int
    mcnemar_p: float

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain JSON types."""
        return {
            "differences": {
                name: interval_to_dict(item.interval) | {"p": None if np.isnan(item.p) else round(item.p, 6)}
                for name, item in self.differences.items()
            },
            "only_first_right": self.only_first,
            "only_second_right": self.only_second,
            "failures_of_second": self.failures,
            "mcnemar_p": self.mcnemar_p,
        }


def compare_judgements(first: Judgements, second: Judgements, *, draws: int = 1000, seed: int = 0) -> Comparison:
    """Compare two systems, document by document.

    Args:
        first: What a system said.
        second: What the other said of the same paragraphs and targets, in the same order.
        draws: Bootstrap draws, and permutations.
        seed: Their seed.

    Returns:
        The comparison.

    Raises:
        InputError: If the two are not about the same judgements.

    Source: Yeh 2000, "More accurate tests for the statistical significance of result differences", for the permutation
    test; Phipson and Smyth 2010, "Permutation P-values should never be zero".
    """
    if first.documents != second.documents or not np.array_equal(first.gold, second.gold):
        raise InputError("The two systems have to be scored on the same judgements, in the same order.")
    one, other = tally(first), tally(second)
    whole = np.ones((1, len(one.counts)))
    apart = _differences(one.draw(whole), other.draw(whole))
    few = len(one.counts) < FEWEST_DOCUMENTS
    spread: list[dict[str, Floats]] = []
    exchanged: list[dict[str, Floats]] = []
    generator = np.random.default_rng((seed, 1))
    for often in draw_documents(len(one.counts), draws=draws, seed=seed, width=one.counts[0].size):
        part = one.draw(often)
        found = _differences(part, other.draw(often))
        # NaN where a draw lacks a label: a mean over fewer is another figure
        whole_mean = keep_labels(np.zeros(part.counts.shape[:2]), part.counts, one.counts.sum(0)).sum(-1)
        sides = keep_labels(np.zeros(len(often)), part.counts.sum(1), one.counts.sum((0, 1)), MEANS["f_avg"])
        found["mean_macro_f1"], found["f_avg"] = found["mean_macro_f1"] + whole_mean, found["f_avg"] + sides
        spread.append({name: np.full_like(value, np.nan) if few else value for name, value in found.items()})
        exchanged.append(_exchange(one, other, generator.integers(2, size=often.shape).astype(np.float64)))
    result = {}
    for name, value in apart.items():
        difference = float(value[0])
        interval = enclose(difference, np.concatenate([part[name] for part in spread]))
        by_chance = np.abs(np.concatenate([part[name] for part in exchanged])) >= abs(difference) - 1e-12
        p = np.nan if np.isnan(difference) else float((1 + by_chance.sum()) / (1 + draws))
        result[name] = Difference(interval, p)
    only_first = int((first.right & ~second.right).sum())
    only_second = int((second.right & ~first.right).sum())
    failures = int((second.predicted == len(second.labels)).sum())
    return Comparison(result, only_first, only_second, failures, mcnemar_test(only_first, only_second))


def _differences(one: Tally, other: Tally) -> dict[str, Floats]:
    """Give the differences, shape (draws,)."""
    return {name: measured(one.counts) - measured(other.counts) for name, measured in _MEASURED.items()}


def _exchange(one: Tally, other: Tally, exchange: Floats) -> dict[str, Floats]:
    """Give the differences with the two systems exchanged in some documents, shape (permutations,)."""
    kept = 1 - exchange
    first = Tally(one.draw(kept).counts + other.draw(exchange).counts)
    second = Tally(one.draw(exchange).counts + other.draw(kept).counts)
    return _differences(first, second)


def _mean_macro(counts: Floats) -> Floats:
    own = macro_f1(counts)
    known = ~np.isnan(own)
    mean: Floats = np.where(known, own, 0).sum(-1) / np.maximum(known.sum(-1), 1)
    return mean


_MEASURED: dict[str, Callable[[Floats], Floats]] = {
    "mean_macro_f1": _mean_macro,
    "f_avg": lambda counts: side_f_average(counts.sum(-3)),
    "accuracy": lambda counts: accuracy(counts.sum(-3)),
}


def mcnemar_test(only_first: int, only_second: int) -> float:
    """Give the exact two-sided p-value of McNemar's test.

    Written by hand, since the core has no scipy.

    Args:
        only_first: Items that only one of two systems has right.
        only_second: Items that only the other has right.

    Returns:
        The probability of a split as uneven or more if each side is as likely; 1 where there are no such items.

    Source: McNemar 1947; the exact form is a binomial test with probability 1/2.

    >>> round(mcnemar_test(1, 9), 4)
    0.0215
    """
    total, fewer = only_first + only_second, min(only_first, only_second)
    if not total:
        return 1.0
    logs = [
        lgamma(total + 1) - lgamma(count + 1) - lgamma(total - count + 1) - total * log(2) for count in range(fewer + 1)
    ]
    return min(1.0, 2 * sum(map(exp, logs)))
