"""How well a model does on a split: per target and label, with intervals, as plain JSON types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.evaluation.figures import MEAN, POOLED, Judgements, LabelFigures, measure_judgements
from stance.evaluation.intervals import Interval
from stance.schema import LABELS, Label

__all__ = ["Judged", "measure", "measure_groups"]

_DRAWS = 500
"""Bootstrap draws of each interval."""


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
        ``f_avg`` pooled over targets, and ``paragraphs``, how many items the target with most has. What has no value
        is None.
    """
    probabilities = np.concatenate([item.probabilities for item in judged])
    everything = Judgements(
        targets=tuple(item.target for item in judged),
        target=np.concatenate([np.full(len(item.gold), number) for number, item in enumerate(judged)]),
        gold=np.concatenate([item.gold for item in judged]),
        predicted=probabilities.argmax(-1),
        documents=tuple(name for item in judged for name in item.documents),
        probabilities=probabilities,
    )
    figures = measure_judgements(everything, draws=_DRAWS)
    result: dict[str, Any] = {"paragraphs": max(len(item.gold) for item in judged), "targets": {}}
    for item in judged:
        own = figures[item.target]
        result["targets"][item.target] = {
            "macro_f1": own.metrics["macro_f1"].value,
            "macro_f1_interval": _ends(own.metrics["macro_f1"]),
            **{name: _plain(own.metrics[name].value) for name in ("accuracy", "presence_f1", "f_avg", "ece")},
            "labels": {label: _label(found) for label, found in own.labels.items()},
        }
    mean, sides = figures[MEAN if len(judged) > 1 else judged[0].target].metrics, figures[POOLED].metrics["f_avg"]
    result["mean_macro_f1"], result["mean_macro_f1_interval"] = mean["macro_f1"].value, _ends(mean["macro_f1"])
    result["f_avg"], result["f_avg_interval"] = _plain(sides.value), _ends(sides)
    result["presence_f1"] = _plain(mean["presence_f1"].value)
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
    sides = [at for side in LABELS[:2] for at, group in enumerate(groups) if tuple(group) == (side,)]
    order = [*sides, *(at for at in range(len(groups)) if at not in sides)]
    renumbered = np.argsort(order)
    judgements = Judgements(
        targets=("all",),
        target=np.zeros(len(gold), dtype=np.int64),
        gold=renumbered[np.asarray(gold)],
        predicted=renumbered[np.asarray(guesses)],
        documents=tuple(documents),
        labels=tuple(" or ".join(groups[at]) for at in order),
    )
    metrics = measure_judgements(judgements, draws=_DRAWS)[POOLED].metrics
    result: dict[str, Any] = {"judgements": len(judgements)}
    for name in ("macro_f1", "f_avg"):
        if name in metrics:
            result[name], result[f"{name}_interval"] = _plain(metrics[name].value), _ends(metrics[name])
    return result


def _label(found: LabelFigures) -> dict[str, Any]:
    values = {name: _plain(getattr(found, name).value) for name in ("precision", "recall", "f1")}
    return values | {"support": found.support, "f1_interval": _ends(found.f1)}


def _ends(interval: Interval) -> list[float] | None:
    return None if np.isnan(interval.low) else [round(interval.low, 4), round(interval.high, 4)]


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else value
