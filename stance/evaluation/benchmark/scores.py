"""Scoring answers: rows that hold all that scoring needs, figures of a set and its parts, differences, ceilings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stance.errors import InputError
from stance.evaluation.benchmark.sets import SetDefinition
from stance.evaluation.benchmark.systems import Answers, group_answers
from stance.evaluation.benchmark.tasks import Item, Task
from stance.evaluation.comparison import Difference, compare_judgements
from stance.evaluation.figures import MEAN, POOLED, Figures, Judgements, figures_to_dict, measure_judgements
from stance.evaluation.intervals import Interval
from stance.schema import LABELS, Label

__all__ = [
    "ALL",
    "Row",
    "Scheme",
    "answer_rows",
    "ceiling_rows",
    "compare_rows",
    "headline",
    "score_rows",
    "scores_to_dict",
]

ALL = "all"
"""Name of the part that is the whole set."""
Row = Mapping[str, Any]
"""``id``, ``target``, ``document``, ``parts``, ``gold`` and ``label`` (the first label of a group; null is a failure),
``said`` (the label as the system gave it) and ``probabilities`` {label: probability} or null. No text."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """What of a set's definition scoring needs.

    Attributes:
        groups: The labels that are told apart, each a group of ours; favor and against first.
        targets: Names of the targets; empty where they are open.
        metric: Official metric.
        part: Part that it is of; `ALL` is the whole.
    """

    groups: tuple[tuple[Label, ...], ...]
    targets: tuple[str, ...]
    metric: str
    part: str

    @classmethod
    def of(cls, definition: SetDefinition) -> Scheme:
        """Take it from a definition."""
        names = tuple(target.name for target in definition.known_targets)
        return cls(definition.groups, names, definition.metric, definition.part or ALL)


def answer_rows(task: Task, answers: Answers) -> list[dict[str, Any]]:
    """Put task and answers into rows, as they are kept for later scoring.

    Raises:
        InputError: If the answers do not fit the task.
    """
    grouped = group_answers(task, answers)
    rows = []
    for place, (item, label) in enumerate(zip(task.items, grouped, strict=True)):
        shares = None
        if answers.probabilities is not None:
            values = answers.probabilities[place].tolist()
            shares = {name: round(value, 5) for name, value in zip(LABELS, values, strict=True)}
        row = _row(task, item) | {"label": label, "said": answers.labels[place], "probabilities": shares}
        rows.append(row)
    return rows


def ceiling_rows(task: Task) -> list[dict[str, Any]] | None:
    """Take the first annotator for gold and the second for a system; None where there are no two.

    Raises:
        InputError: If a row lacks an annotator's label.
    """
    if not task.definition.annotators:
        return None
    place = {label: group[0] for group in task.definition.groups for label in group}
    rows = []
    for item in task.items:
        try:
            first, second = (item.fields["annotators"][name][item.target.name] for name in task.definition.annotators)
            row = {"gold": place[first], "label": place[second], "said": second, "probabilities": None}
        except (KeyError, TypeError) as error:
            names = " and ".join(task.definition.annotators)
            raise InputError(
                f"{task.definition.files.test}: id {item.id!r}: expected labels of the annotators {names} toward "
                f"{item.target.name}, found none that is known ({error})."
            ) from None
        rows.append(_row(task, item) | row)
    return rows


def _row(task: Task, item: Item) -> dict[str, Any]:
    parts = [
        name
        for name, wanted in task.definition.parts.items()
        if all(str(item.fields.get(field)) == value for field, value in wanted.items())
    ]
    return {
        "id": item.id,
        "target": item.target.name,
        "document": item.document,
        "parts": parts,
        "gold": item.gold[0],
    }


def score_rows(rows: Sequence[Row], scheme: Scheme, *, draws: int, seed: int) -> dict[str, dict[str, Figures]]:
    """Score the whole set and its parts.

    Args:
        rows: The rows.
        scheme: How they are scored.
        draws: Bootstrap draws of documents.
        seed: Their seed.

    Returns:
        Part -> target, `POOLED` and, of several targets, `MEAN` -> figures.
    """
    parts = [ALL, *dict.fromkeys(part for row in rows for part in row["parts"])]
    return {part: measure_judgements(_judgements(_part(rows, part), scheme), draws=draws, seed=seed) for part in parts}


def headline(scores: Mapping[str, Mapping[str, Figures]], scheme: Scheme) -> Interval:
    """Give the official figure."""
    figures = scores.get(scheme.part, scores[ALL])  # a try may have no row of the part
    return _metric(figures, scheme.metric)


def _metric(figures: Mapping[str, Figures], metric: str) -> Interval:
    if metric == "mean_macro_f1":
        return figures.get(MEAN, figures[POOLED]).metrics["macro_f1"]
    return figures[POOLED].metrics[metric]


def compare_rows(first: Sequence[Row], second: Sequence[Row], scheme: Scheme, *, draws: int, seed: int) -> Difference:
    """Compare two systems by the official metric.

    Args:
        first: Rows of a system.
        second: Rows of another, of the same judgements.
        scheme: How they are scored.
        draws: Bootstrap draws, and permutations.
        seed: Their seed.

    Returns:
        The first's figure less the second's, with interval and p.

    Raises:
        InputError: If the two are not about the same judgements.
    """
    part = scheme.part if any(scheme.part in row["parts"] for row in first) else ALL
    one, other = (_part(rows, part) for rows in (first, second))
    if [(row["id"], row["target"], row["gold"]) for row in one] != [(r["id"], r["target"], r["gold"]) for r in other]:
        raise InputError("The two systems were run on different data, so they cannot be compared. Run both again.")
    pair = [_judgements(rows, scheme) for rows in (one, other)]
    if scheme.metric == "macro_f1":
        pair = [judgements.join_targets() for judgements in pair]
    name = "f_avg" if scheme.metric == "f_avg" else "mean_macro_f1"
    return compare_judgements(pair[0], pair[1], draws=draws, seed=seed).differences[name]


def _part(rows: Sequence[Row], part: str) -> list[Row]:
    return [row for row in rows if part == ALL or part in row["parts"]]


def _judgements(rows: Sequence[Row], scheme: Scheme) -> Judgements:
    groups = scheme.groups
    place = {label: at for at, group in enumerate(groups) for label in group}
    names = tuple(name for name in scheme.targets if any(row["target"] == name for row in rows)) or ("all targets",)
    number = {name: at for at, name in enumerate(names)}
    return Judgements(
        targets=names,
        target=np.array([number.get(row["target"], 0) for row in rows], dtype=np.int64),
        gold=np.array([place[row["gold"]] for row in rows], dtype=np.int64),
        predicted=np.array(
            [len(groups) if row["label"] is None else place[row["label"]] for row in rows], dtype=np.int64
        ),
        documents=tuple(row["document"] for row in rows),
        probabilities=_probabilities(rows, groups),
        labels=tuple(" or ".join(group) for group in groups),
    )


def _probabilities(
    rows: Sequence[Row], groups: Sequence[Sequence[str]]
) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    """Give the probability of each group, of those that the set has; None where the system gives none."""
    if any(row["probabilities"] is None for row in rows):
        return None
    shares = np.array([[sum(row["probabilities"][label] for label in group) for group in groups] for row in rows])
    total = shares.sum(-1, keepdims=True)
    known: np.ndarray[Any, np.dtype[np.float64]] = np.divide(shares, total, out=np.zeros_like(shares), where=total > 0)
    return known


def scores_to_dict(scores: Mapping[str, Mapping[str, Figures]]) -> dict[str, Any]:
    """Give scores as plain JSON types."""
    return {part: {name: figures_to_dict(found) for name, found in figures.items()} for part, figures in scores.items()}
