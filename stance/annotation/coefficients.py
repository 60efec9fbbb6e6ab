"""Coefficients of agreement for nominal labels with missing values, with bootstrap intervals.

By hand, since the packages that have them crash on unanimous data, lack intervals by document, or are GPL; the tests
compare with nltk and statsmodels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.errors import InputError

__all__ = ["COEFFICIENTS", "Coefficient", "Ratings", "make_clusters", "measure_coefficients"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_FEWEST = 2
"""Ratings that make a paragraph comparable, and documents that make a bootstrap."""
_DEFINED = 0.5
"""Share of bootstrap samples in which a coefficient has to be defined for an interval."""


@dataclass(frozen=True, slots=True)
class Ratings:
    """What several annotators gave.

    Attributes:
        values: Number of the category, -1 where none was given; shape (paragraphs, annotators).
        categories: Names of the categories that could be given.
        clusters: Number of each paragraph's document, from 0; shape (paragraphs,).

    Raises:
        InputError: If shapes do not fit, or a value is no category.
    """

    values: Integers
    categories: tuple[str, ...]
    clusters: Integers

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.clusters.shape != self.values.shape[:1]:
            raise InputError(
                "Ratings: expected values of shape (paragraphs, annotators) and a document for each paragraph, found "
                f"shapes {self.values.shape} and {self.clusters.shape}."
            )
        if self.values.size and not -1 <= self.values.min() <= self.values.max() < len(self.categories):
            raise InputError(f"Ratings: expected values from -1 to {len(self.categories) - 1}.")

    @property
    def counts(self) -> Floats:
        """How many annotators gave each category; shape (paragraphs, categories)."""
        numbers = np.arange(len(self.categories))
        return np.asarray((self.values[:, :, None] == numbers).sum(axis=1), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A coefficient of agreement.

    Attributes:
        name: Its name.
        value: Its value; None if it is not defined.
        n: Number of paragraphs that it rests on.
        low: Lower end of the interval; None if there is none.
        high: Upper end.
        why: Why there is no value, or no interval; empty if both are there.
    """

    name: str
    value: float | None
    n: int
    low: float | None = None
    high: float | None = None
    why: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Give plain JSON types."""
        return {"value": self.value, "n": self.n, "low": self.low, "high": self.high, "why": self.why}


@dataclass(frozen=True, slots=True)
class _Kind:
    """A coefficient as a function of sums over paragraphs, so that a bootstrap sample is a weighted sum.

    Attributes:
        name: Its name.
        parts: Ratings to what is summed, shape (paragraphs, numbers).
        value: Sums, shape (..., numbers), and how many categories there are, to the coefficient, shape (...); NaN where
            it is not defined.
        used: Ratings to whether a paragraph counts, shape (paragraphs,).
    """

    name: str
    parts: Callable[[Ratings], Floats]
    value: Callable[[Floats, int], Floats]
    used: Callable[[Ratings], npt.NDArray[np.bool_]]


def _divide(above: Floats, below: Floats) -> Floats:
    """Divide; NaN where the divisor is 0."""
    result: Floats = np.full(np.broadcast(above, below).shape, np.nan)
    np.divide(above, below, out=result, where=below != 0)
    return result


def _agreeing(counts: Floats) -> Floats:
    """Share of the pairs of annotators that agree, on each paragraph; 0 where there is no pair."""
    ratings = counts.sum(axis=1)
    pairs = (counts * (counts - 1)).sum(axis=1)
    return np.nan_to_num(_divide(pairs, ratings * (ratings - 1)))


def _paired(ratings: Ratings) -> npt.NDArray[np.bool_]:
    return np.asarray((ratings.values >= 0).sum(axis=1) >= _FEWEST)


def _full(ratings: Ratings) -> npt.NDArray[np.bool_]:
    return np.asarray((ratings.values >= 0).all(axis=1)) & _paired(ratings)


def _only_one(marginals: Floats) -> npt.NDArray[np.bool_]:
    """Tell whether one category got everything."""
    return np.asarray(marginals.max(axis=-1) == marginals.sum(axis=-1))


def _percent_parts(ratings: Ratings) -> Floats:
    paired = _paired(ratings)
    return np.column_stack([_agreeing(ratings.counts) * paired, paired])


def _percent(sums: Floats, _size: int) -> Floats:
    return _divide(sums[..., 0], sums[..., 1])


def _chance_corrected(observed: Floats, expected: Floats, undefined: npt.NDArray[np.bool_]) -> Floats:
    below = np.where(undefined, 0.0, 1.0 - expected)
    return _divide(observed - expected, below)


def _fleiss_parts(ratings: Ratings) -> Floats:
    full = _full(ratings)
    return np.column_stack([_agreeing(ratings.counts) * full, full, ratings.counts * full[:, None]])


def _fleiss(sums: Floats, size: int) -> Floats:
    marginals = sums[..., 2:]
    shares = _divide(marginals, marginals.sum(axis=-1, keepdims=True))
    return _chance_corrected(_percent(sums, size), (shares**2).sum(axis=-1), _only_one(marginals))


def _alpha_parts(ratings: Ratings) -> Floats:
    paired, counts = _paired(ratings), ratings.counts
    totals = counts.sum(axis=1)
    return np.column_stack([_agreeing(counts) * totals * paired, paired, counts * paired[:, None]])


def _alpha(sums: Floats, _size: int) -> Floats:
    marginals = sums[..., 2:]
    total = marginals.sum(axis=-1)
    observed = 1.0 - _divide(sums[..., 0], total)
    expected = 1.0 - _divide((marginals * (marginals - 1)).sum(axis=-1), total * (total - 1))
    return 1.0 - _divide(observed, np.where(_only_one(marginals), 0.0, expected))


def _ac1_parts(ratings: Ratings) -> Floats:
    counts, paired = ratings.counts, _paired(ratings)
    totals = counts.sum(axis=1)
    shares = counts / np.maximum(totals, 1)[:, None]
    return np.column_stack([_agreeing(counts) * paired, paired, totals > 0, shares])


def _ac1(sums: Floats, size: int) -> Floats:
    prevalence = _divide(sums[..., 3:], sums[..., 2:3])
    expected = (prevalence * (1 - prevalence)).sum(axis=-1) / max(1, size - 1)
    return _divide(_percent(sums, size) - expected, 1.0 - expected)


def _cohen_parts(ratings: Ratings) -> Floats:
    """For each pair of annotators, which two categories they gave; shape (paragraphs, pairs * categories squared)."""
    size = len(ratings.categories)
    tables = [np.zeros((len(ratings.values), 0))]
    for first, second in combinations(range(ratings.values.shape[1]), 2):
        one, other = ratings.values[:, first], ratings.values[:, second]
        cell = np.where((one >= 0) & (other >= 0), one * size + other, -1)
        tables.append((cell[:, None] == np.arange(size * size)).astype(np.float64))
    return np.concatenate(tables, axis=1)


def _cohen(sums: Floats, size: int) -> Floats:
    """Mean over the pairs of annotators for whom it is defined."""
    tables = sums.reshape(*sums.shape[:-1], -1, size, size)
    total = tables.sum(axis=(-2, -1))
    rows, columns = tables.sum(axis=-1), tables.sum(axis=-2)
    observed = _divide(np.trace(tables, axis1=-2, axis2=-1), total)
    expected = _divide((rows * columns).sum(axis=-1), total**2)
    same = _only_one(rows) & _only_one(columns) & ((rows * columns).sum(axis=-1) > 0)
    kappas = _chance_corrected(observed, expected, same)
    defined = ~np.isnan(kappas)
    return _divide(np.where(defined, kappas, 0.0).sum(axis=-1), defined.sum(axis=-1).astype(np.float64))


COEFFICIENTS = (
    _Kind("percent", _percent_parts, _percent, _paired),
    _Kind("cohen_kappa", _cohen_parts, _cohen, _paired),
    _Kind("fleiss_kappa", _fleiss_parts, _fleiss, _full),
    _Kind("krippendorff_alpha", _alpha_parts, _alpha, _paired),
    _Kind("gwet_ac1", _ac1_parts, _ac1, _paired),
)
"""What is measured.

- ``percent``: share of the pairs of annotators that agree, mean over paragraphs with two labels or more.
- ``cohen_kappa``: Cohen 1960, "A coefficient of agreement for nominal scales"; with more than two annotators the mean
  over pairs (Light 1971).
- ``fleiss_kappa``: Fleiss 1971, "Measuring nominal scale agreement among many raters"; it wants equal numbers of
  labels, so paragraphs that an annotator left out do not count.
- ``krippendorff_alpha``: Krippendorff 2011, "Computing Krippendorff's alpha-reliability", nominal, missing values.
- ``gwet_ac1``: Gwet 2008, "Computing inter-rater reliability and its variance in the presence of high agreement"; with
  missing values as in Gwet 2014, "Handbook of inter-rater reliability", chapter 5.
"""


def measure_coefficients(
    ratings: Ratings, *, draws: int = 1000, seed: int = 0, level: float = 0.95
) -> tuple[Coefficient, ...]:
    """Measure agreement.

    Args:
        ratings: What the annotators gave.
        draws: Number of bootstrap samples; documents are drawn, with all their paragraphs.
        seed: Seed of the bootstrap.
        level: Share of the samples between the ends of an interval, in (0, 1).

    Returns:
        Each of `COEFFICIENTS`, in their order; one that is not defined says why.

    Raises:
        InputError: If there are fewer than one draw, or the level is not in (0, 1).

    >>> both = Ratings(np.array([[0, 0], [1, 1], [0, 1]]), ("favor", "against"), np.arange(3))
    >>> [f"{found.name} {found.value:.3f}" for found in measure_coefficients(both, draws=10)][:2]
    ['percent 0.667', 'cohen_kappa 0.400']
    """
    if draws < 1 or not 0 < level < 1:
        raise InputError(f"Bootstrap: expected a draw or more and a level between 0 and 1, found {draws} and {level}.")
    clusters = int(ratings.clusters.max()) + 1 if len(ratings.clusters) else 0
    weights: Floats = np.zeros((draws, 0))
    if clusters:
        even = np.full(clusters, 1 / clusters)
        weights = np.random.default_rng(seed).multinomial(clusters, even, size=draws).astype(np.float64)
    return tuple(_measure(kind, ratings, weights, level) for kind in COEFFICIENTS)


def _measure(kind: _Kind, ratings: Ratings, weights: Floats, level: float) -> Coefficient:
    size, used = len(ratings.categories), kind.used(ratings)
    n = int(used.sum())
    if n == 0:
        return Coefficient(kind.name, None, 0, why=_why_empty(kind, ratings))
    parts = kind.parts(ratings)
    value = float(kind.value(parts.sum(axis=0), size))
    if np.isnan(value):
        return Coefficient(kind.name, None, n, why=_why_undefined(ratings, used))
    clusters = weights.shape[1]
    if len(np.unique(ratings.clusters[used])) < _FEWEST:
        return Coefficient(kind.name, value, n, why="no interval: all paragraphs are of one document")
    sums = np.zeros((clusters, parts.shape[1]))
    np.add.at(sums, ratings.clusters, parts)
    sample = kind.value(weights @ sums, size)
    sample = sample[~np.isnan(sample)]
    if len(sample) < _DEFINED * len(weights):
        return Coefficient(kind.name, value, n, why="no interval: not defined in most bootstrap samples")
    low, high = np.quantile(sample, [(1 - level) / 2, (1 + level) / 2])
    return Coefficient(kind.name, value, n, float(low), float(high))


def _why_empty(kind: _Kind, ratings: Ratings) -> str:
    if ratings.values.shape[1] < _FEWEST:
        return "only one annotator labelled" if ratings.values.shape[1] else "nobody labelled"
    if kind.name == "fleiss_kappa" and _paired(ratings).any():
        return "no paragraph was labelled by all annotators"
    return "no paragraph was labelled by two annotators"


def _why_undefined(ratings: Ratings, used: npt.NDArray[np.bool_]) -> str:
    given = [name for name, count in zip(ratings.categories, ratings.counts[used].sum(axis=0), strict=True) if count]
    if len(given) == 1:
        return f"everybody gave {given[0]!r} only: by chance alone all would agree, so it is 0/0"
    return "no two annotators used more than one label on the paragraphs that they share"


def make_clusters(documents: Sequence[str]) -> Integers:
    """Number documents from 0, equal names alike; shape (paragraphs,)."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in documents], dtype=np.int64)
