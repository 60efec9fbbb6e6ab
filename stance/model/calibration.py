"""Calibration: turning scores into probabilities that can be taken at their word, and into label sets.

Scores become probabilities in two stages, each with a temperature of its own: is the target present, and if so, which
side is taken. Label sets hold the true label as often as was asked for (split conformal prediction).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import floor, isfinite
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.errors import InputError, ModelError
from stance.schema import LABELS

__all__ = [
    "COLDEST",
    "MINIMUM_ITEMS",
    "Calibration",
    "check_risk",
    "fit_calibration",
    "fit_temperature",
    "pool_windows",
    "softmax",
]

COLDEST = 1e-6
"""Least temperature: scores that are divided by less are no numbers any more."""
MINIMUM_ITEMS = 20
"""Fewest items that a temperature is fitted on; with fewer it stays 1."""

_GRID = np.exp(np.linspace(np.log(0.25), np.log(8.0), 200))
_SPREAD = 0.3
"""How far a target's temperatures are expected from those of all: standard deviation of their logarithms."""
_KEPT = 500
"""Most nonconformity scores kept; with more items the coverage is too high by at most 1 / 500."""
_DECIMALS = 10_000
"""Nonconformity scores are rounded up to 1 / 10,000, so that a last bit never drops a label from a set."""
_ABSENT = LABELS.index("absent")
_SIDES = [number for number in range(len(LABELS)) if number != _ABSENT]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What turns a model's scores into probabilities and label sets.

    Attributes:
        presence_temperature: What the log-odds of absent against present are divided by.
        side_temperature: What the scores of favor, against and neutral are divided by before softmax.
        items: How many labelled items it was fitted on.
        nonconformity: ``1 - P(gold label)`` of these items, ascending, rounded up to 4 decimals; of more than 500
            items, 500 evenly spaced ranks with the largest among them.
        targets: Target -> its own two temperatures, where it was labelled; other targets have those of all.

    Raises:
        InputError: If a temperature is not above 0, or the nonconformity scores are no ascending numbers in [0, 1].

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", section 4.2, for the temperatures; Sadinle, Lei
    and Wasserman 2019, "Least Ambiguous Set-Valued Classifiers with Bounded Error Levels", for the label sets.

    >>> calibration = Calibration(1.0, 1.0, items=4, nonconformity=(0.1, 0.2, 0.3, 0.6))
    >>> calibration.probabilities(np.zeros(4)).tolist()
    [0.25, 0.25, 0.25, 0.25]
    >>> calibration.label_sets(np.array([0.5, 0.4, 0.1, 0.0]), risk=0.2).tolist()  # from 1 - 0.6 on
    [True, True, False, False]
    """

    presence_temperature: float
    side_temperature: float
    items: int = 0
    nonconformity: tuple[float, ...] = ()
    targets: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        own = [temperature for pair in self.targets.values() for temperature in pair]
        for temperature in (self.presence_temperature, self.side_temperature, *own):
            if not (isfinite(temperature) and temperature >= COLDEST):
                raise InputError(f"A temperature has to be a number from {COLDEST:g} on, found {temperature}.")
        scores = (0.0, *self.nonconformity, 1.0)
        if not all(one <= other for one, other in pairwise(scores)):
            raise InputError("Nonconformity scores have to be ascending numbers in [0, 1].")
        if len(self.nonconformity) > self.items or (self.items and not self.nonconformity):
            raise InputError(f"Found {len(self.nonconformity)} nonconformity scores of {self.items} items.")

    def of(self, target: str) -> Calibration:
        """Give the calibration with a target's own temperatures in place of those of all, if it has any."""
        presence, side = self.targets.get(target, (self.presence_temperature, self.side_temperature))
        return replace(self, presence_temperature=presence, side_temperature=side, targets={})

    def probabilities(self, scores: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Turn scores into probabilities, with the temperatures of all targets; `of` gives those of one.

        P(absent) is the logistic function of ``(score of absent - logsumexp of the sides) / presence_temperature``; the
        rest is shared among the sides by softmax. With both temperatures 1 that is softmax over the four.

        Args:
            scores: Scores before softmax, last axis in the order of `LABELS`.

        Returns:
            Probabilities of the same shape; each row sums to 1.
        """
        sides = softmax(np.asarray(scores)[..., _SIDES], self.side_temperature)
        odds = _presence_odds(scores)[..., None] / self.presence_temperature
        absent, present = np.exp(-np.logaddexp(0.0, -odds)), np.exp(-np.logaddexp(0.0, odds))
        result: npt.NDArray[np.float64] = np.insert(sides * present, [_ABSENT], absent, axis=-1)
        return result

    def threshold(self, risk: float) -> float:
        """Give the largest nonconformity ``1 - P(label)`` of a label that belongs to a set.

        Args:
            risk: Share of items whose set may lack the true label, in (0, 1).

        Returns:
            Nonconformity score number ``ceil((items + 1) * (1 - risk))``; 1 if there are too few items for that, which
            is so for a risk below ``1 / (items + 1)``.

        Raises:
            InputError: If the risk is outside (0, 1).
        """
        check_risk(risk)
        rank = self.items + 1 - floor((self.items + 1) * risk + 1e-9)
        if rank > self.items:
            return 1.0
        # Of the ranks ceil(items * j / kept) that are kept, the first that is not below this one.
        return self.nonconformity[(rank - 1) * len(self.nonconformity) // self.items]

    def label_sets(self, probabilities: npt.NDArray[Any], risk: float) -> npt.NDArray[np.bool_]:
        """Tell which labels belong to the set that holds the true label with probability ``1 - risk`` or more.

        The promise is kept on average over items like those that the calibration was fitted on, not for each kind of
        item. The most probable label always belongs to the set: where a model is right more often than was asked for,
        the sets hold the true label more often too.

        Args:
            probabilities: Probabilities as `probabilities` gives them, last axis in the order of `LABELS`.
            risk: Share of items whose set may lack the true label, in (0, 1).

        Returns:
            Truth values of the same shape.

        Raises:
            InputError: If the risk is outside (0, 1).
        """
        top = np.arange(len(LABELS)) == probabilities.argmax(axis=-1)[..., None]
        result: npt.NDArray[np.bool_] = (1.0 - probabilities <= self.threshold(risk)) | top
        return result

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain JSON types, to be read by `from_dict`."""
        return {
            "presence_temperature": self.presence_temperature,
            "side_temperature": self.side_temperature,
            "items": self.items,
            "nonconformity": list(self.nonconformity),
            "targets": {name: list(pair) for name, pair in self.targets.items()},
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Calibration:
        """Read what `to_dict` gave.

        Raises:
            ModelError: If a field is missing, unknown or not usable.
        """
        try:
            scores = tuple(float(score) for score in values["nonconformity"])
            pairs = values.get("targets", {}).items()  # models from before have none
            targets = {str(name): (float(presence), float(side)) for name, (presence, side) in pairs}
            return cls(**{**values, "nonconformity": scores, "targets": targets})
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ModelError(f"The calibration cannot be read ({error}). Install or train the model again.") from error


def check_risk(risk: float) -> None:
    """Refuse a risk that is none.

    Raises:
        InputError: If the risk is no number in (0, 1).

    >>> check_risk(0.1)
    """
    if isinstance(risk, bool) or not isinstance(risk, Real) or not 0.0 < risk < 1.0:
        raise InputError(f"The risk has to be a number between 0 and 1, such as 0.1; found {risk!r}.")


def fit_calibration(scores: npt.NDArray[Any], gold: npt.NDArray[np.int64], targets: Sequence[str] = ()) -> Calibration:
    """Fit a calibration on labelled items that the model was not trained on.

    Each stage gets the temperature with the least negative log-likelihood, between 0.25 and 8 in 200 steps of equal
    ratio; the stage of sides is fitted on the items whose gold label is a side. A stage with fewer than `MINIMUM_ITEMS`
    items keeps the temperature 1. Where the items' targets are named, each target gets two temperatures of its own,
    drawn toward those of all as by a normal prior of their logarithms. The nonconformity scores are of the same items,
    which on drawn data costs 0.5 points of coverage with 99 items, 0.2 with 300, and nothing that shows with 900.

    Args:
        scores: Scores before softmax, shape (items, 4), columns in the order of `LABELS`.
        gold: Number of each item's gold label in `LABELS`, shape (items,).
        targets: Name of each item's target; empty if they shall share their temperatures.

    Returns:
        The calibration, with the nonconformity scores of the items.

    Raises:
        InputError: If there are no items, or the shapes or label numbers make no sense.

    Source: Guo et al. 2017, section 4.2; Sadinle, Lei and Wasserman 2019; the finite-sample quantile as in Angelopoulos
    and Bates 2023, "Conformal Prediction: A Gentle Introduction", section 1.
    """
    if scores.ndim != 2 or scores.shape[1] != len(LABELS) or gold.shape != scores.shape[:1] or not len(gold):
        raise InputError(
            f"Expected scores of shape (items, {len(LABELS)}) and gold labels of shape (items,), "
            f"found {scores.shape} and {gold.shape}."
        )
    if not np.isin(gold, np.arange(len(LABELS))).all():
        raise InputError(f"Gold labels have to be numbers from 0 to {len(LABELS) - 1}.")
    names = np.asarray(targets if len(targets) else [""] * len(gold), dtype=object)
    if names.shape != gold.shape:
        raise InputError(f"Expected one target an item, found {len(names)} targets and {len(gold)} items.")
    presence, side = round(_fit_presence(scores, gold), 4), round(_fit_sides(scores, gold), 4)
    own = {
        name: (
            round(_fit_presence(scores[names == name], gold[names == name], around=presence), 4),
            round(_fit_sides(scores[names == name], gold[names == name], around=side), 4),
        )
        for name in sorted(set(names) - {""})
    }
    calibration = Calibration(presence, side, targets=own)
    probabilities = np.empty(scores.shape)
    for name in set(names):
        probabilities[names == name] = calibration.of(name).probabilities(scores[names == name])
    chosen = np.take_along_axis(probabilities, gold[:, None], axis=-1)[:, 0]
    ascending = np.sort(np.ceil((1.0 - chosen) * _DECIMALS) / _DECIMALS)
    kept = min(len(gold), _KEPT)
    places = [-(-len(gold) * number // kept) - 1 for number in range(1, kept + 1)]
    return replace(calibration, items=len(gold), nonconformity=tuple(ascending[places].tolist()))


def _fit_presence(scores: npt.NDArray[Any], gold: npt.NDArray[np.int64], *, around: float | None = None) -> float:
    """Fit the temperature of the first stage, for all targets or for one, near that of all."""
    if len(gold) < MINIMUM_ITEMS:
        return around or 1.0
    right = np.where(gold == _ABSENT, 1.0, -1.0) * _presence_odds(scores)
    return _best_temperature(lambda temperature: float(np.logaddexp(0.0, -right / temperature).sum()), around)


def _fit_sides(scores: npt.NDArray[Any], gold: npt.NDArray[np.int64], *, around: float | None = None) -> float:
    """Fit the temperature of the second stage, for all targets or for one, near that of all."""
    present = gold != _ABSENT
    if present.sum() < MINIMUM_ITEMS:
        return around or 1.0
    return fit_temperature(scores[present][:, _SIDES], np.searchsorted(_SIDES, gold[present]), around=around)


def _presence_odds(scores: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Give the log-odds of absent against present: the score of absent minus logsumexp of the sides."""
    wide = np.asarray(scores, dtype=np.float64)
    result: npt.NDArray[np.float64] = wide[..., _ABSENT] - np.logaddexp.reduce(wide[..., _SIDES], axis=-1)
    return result


def _best_temperature(loss: Callable[[float], float], around: float | None) -> float:
    """Give the temperature with the least loss, which is a sum over items; or with a prior, the most probable one."""
    far = 0.0 if around is None else (np.log(_GRID) - np.log(around)) ** 2 / (2 * _SPREAD**2)
    return float(_GRID[int(np.argmin(np.array([loss(float(temperature)) for temperature in _GRID]) + far))])


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


def fit_temperature(scores: npt.NDArray[Any], gold: npt.NDArray[np.int64], *, around: float | None = None) -> float:
    """Choose the temperature with the least negative log-likelihood.

    Args:
        scores: Scores before softmax, shape (items, labels).
        gold: Number of each item's gold label, shape (items,).
        around: Where it is expected, its logarithm with a standard deviation of 0.3; None expects it nowhere.

    Returns:
        The temperature, between 0.25 and 8 in 200 steps of equal ratio.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", section 4.2.
    """
    rows = np.arange(len(gold))
    return _best_temperature(
        lambda temperature: float(-np.log(softmax(scores, temperature)[rows, gold] + 1e-12).sum()), around
    )


def pool_windows(probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Join the windows of one text.

    A target is absent from the text only if it is from every window, so the least P(absent) counts; the sides are
    averaged over the windows, each weighted by how surely the target is present there.

    Args:
        probabilities: Shape (windows, targets, labels), labels in the order of `LABELS`.

    Returns:
        Shape (targets, labels); each row sums to 1.
    """
    if len(probabilities) == 1:
        single: npt.NDArray[np.float64] = probabilities[0]
        return single
    sides = np.delete(probabilities, _ABSENT, axis=-1).sum(axis=0)
    least = probabilities[..., _ABSENT].min(axis=0)[:, None]
    sides = sides / np.maximum(sides.sum(axis=-1, keepdims=True), 1e-12) * (1.0 - least)
    return np.insert(sides, _ABSENT, least[:, 0], axis=-1)
