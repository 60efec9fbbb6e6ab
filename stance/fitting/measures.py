"""How well a model does on a split: per target and label, with intervals, as plain JSON types."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.evaluation.intervals import Interval, bootstrap_by_document
from stance.evaluation.metrics import presence_f1, score_labels, side_f_average
from stance.model.calibration import expected_calibration_error
from stance.schema import LABELS, Label

__all__ = ["Judged", "measure", "measure_groups"]

_DRAWS = 500
"""Bootstrap draws of each interval."""
_SIDES = 2
"""Favor and against."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a model said of one target in a split.

    Attributes:
        target: Name of the target.
        gold: Number of each gold label in `LABELS`, shape (items,).
        probabilities: Shape (items, labels).
        documents: The document of each item.
    """

    target: str
    gold: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.float64]
    documents: tuple[str, ...]


def measure(judged: Sequence[Judged]) -> dict[str, Any]:
    """Score each target and all together.

    Args:
        judged: One a target, each with at least one item.

    Returns:
        ``targets`` {target: macro_f1 with interval, accuracy, presence_f1, f_avg, ece, labels}, the means over targets,
        ``f_avg`` pooled over targets, and ``paragraphs``, how many items the target with most has.
    """
    result: dict[str, Any] = {"paragraphs": max(len(item.gold) for item in judged), "targets": {}}
    for item in judged:
        gold, guesses = _names(item.gold), _names(item.probabilities.argmax(-1))
        score = score_labels(gold, guesses)
        result["targets"][item.target] = {
            "macro_f1": score.macro_f1,
            "macro_f1_interval": _ends(_interval([item], _macro)),
            "accuracy": score.accuracy,
            "presence_f1": presence_f1(gold, guesses),
            "f_avg": side_f_average(gold, guesses),
            "ece": expected_calibration_error(item.probabilities, item.gold),
            "labels": {
                label: dataclasses.asdict(own) | {"f1_interval": _ends(_interval([item], partial(_f1, label=at)))}
                for at, (label, own) in enumerate(score.labels.items())
            },
        }
    rows = list(result["targets"].values())
    mean = _interval(judged, _macro)
    sides = _interval(judged, _sides, pooled=True)
    result["mean_macro_f1"], result["mean_macro_f1_interval"] = mean.value, _ends(mean)
    result["f_avg"], result["f_avg_interval"] = sides.value, _ends(sides)
    result["presence_f1"] = float(np.mean([row["presence_f1"] for row in rows]))
    return result


def measure_groups(
    gold: Sequence[int], guesses: Sequence[int], documents: Sequence[str], groups: Sequence[Sequence[Label]]
) -> dict[str, Any]:
    """Score the labels that a data set tells apart, over all targets as one.

    Args:
        gold: Number of each judgement's group.
        guesses: Number of the group that was predicted.
        documents: The document of each judgement.
        groups: The labels of each group, as `stance.fitting.examples.label_groups` gives them.

    Returns:
        ``macro_f1`` over the groups and, if both sides are told apart, ``f_avg`` of favor and against, each with its
        interval; ``judgements``, how many there are.
    """
    truth, guess = np.asarray(gold), np.asarray(guesses)
    sides = [at for at, group in enumerate(groups) if tuple(group) in (("favor",), ("against",))]
    parts = {"macro_f1": sorted(set(truth.tolist()))} | ({"f_avg": sides} if len(sides) == _SIDES else {})
    result: dict[str, Any] = {"judgements": len(truth)}
    for name, kept in parts.items():

        def figure(places: npt.NDArray[np.int64], kept: Sequence[int] = kept) -> float:
            return float(np.mean([_f1(truth[places], guess[places], group) for group in kept]))

        interval = bootstrap_by_document(documents, figure, draws=_DRAWS)
        result[name], result[f"{name}_interval"] = interval.value, _ends(interval)
    return result


def _names(numbers: npt.NDArray[np.int64]) -> list[Label]:
    return [LABELS[number] for number in numbers]


def _ends(interval: Interval) -> list[float]:
    return [round(interval.low, 4), round(interval.high, 4)]


_Statistic = Callable[[npt.NDArray[np.int64], npt.NDArray[np.int64]], float]


def _interval(judged: Sequence[Judged], statistic: _Statistic, *, pooled: bool = False) -> Interval:
    """Bootstrap the mean of a figure over targets, or the figure of all targets as one, by document."""
    documents = [name for item in judged for name in item.documents]
    gold = np.concatenate([item.gold for item in judged])
    guesses = np.concatenate([item.probabilities.argmax(-1) for item in judged])
    target = np.concatenate([np.full(len(item.gold), number) for number, item in enumerate(judged)])

    def figure(places: npt.NDArray[np.int64]) -> float:
        if pooled:
            return statistic(gold[places], guesses[places])
        parts = [places[target[places] == number] for number in range(len(judged))]
        return float(np.mean([statistic(gold[part], guesses[part]) for part in parts if len(part)]))

    return bootstrap_by_document(documents, figure, draws=_DRAWS)


def _f1(gold: npt.NDArray[np.int64], guesses: npt.NDArray[np.int64], label: int) -> float:
    right = int(((gold == label) & (guesses == label)).sum())
    return 2 * right / max(1, int((gold == label).sum()) + int((guesses == label).sum()))


def _macro(gold: npt.NDArray[np.int64], guesses: npt.NDArray[np.int64]) -> float:
    return float(np.mean([_f1(gold, guesses, int(label)) for label in np.unique(gold)]))


def _sides(gold: npt.NDArray[np.int64], guesses: npt.NDArray[np.int64]) -> float:
    return (_f1(gold, guesses, LABELS.index("favor")) + _f1(gold, guesses, LABELS.index("against"))) / 2
