"""What a system of the benchmark is: a name, what it is made of, and answers to a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from stance.errors import InputError
from stance.evaluation.benchmark.tasks import Item, Task
from stance.schema import LABELS, Label

__all__ = ["Advance", "Answers", "System", "group_answers", "spoken_name"]

Floats = npt.NDArray[np.float64]
Advance = Callable[[float], None]
"""Told after each step what share of the task it was; the shares of a task add up to 1 at most."""


@dataclass(frozen=True)
class Answers:
    """What a system says of a task.

    Attributes:
        labels: One label an item, in order; None where the system failed.
        probabilities: Probability of each of `LABELS`, shape (items, labels), 0 where it failed; None if it gives none.
        learned: What the system learned from, in words.
    """

    labels: tuple[Label | None, ...]
    probabilities: Floats | None = None
    learned: str = "nothing"


class System(Protocol):
    """What can be benchmarked.

    Attributes:
        name: What it is called in results.
    """

    name: str

    def identity(self) -> Mapping[str, Any]:
        """Give what determines the answers beside the task, as plain JSON types: hashes, settings, versions.

        Raises:
            SkippedError: If the system is not to be had on this machine.
        """

    def predict(self, task: Task, advance: Advance) -> Answers:
        """Answer a task.

        Args:
            task: The task; gold labels of its items are not for the system's eyes.
            advance: Told of progress.

        Returns:
            The answers, one an item.

        Raises:
            SkippedError: If the system is not for such a task.
        """


def spoken_name(item: Item) -> str:
    """Give the target's name as a reader would say it: of a marked mention what stands there."""
    return item.spans[0].text if item.spans else item.target.name


def group_answers(task: Task, answers: Answers) -> tuple[Label | None, ...]:
    """Bring answers to the labels that a set tells apart.

    Where the set tells all four labels apart the label counts, as in ``stance evaluate``. Else, with probabilities, it
    is the group of labels that is most probable in sum. A label alone that the set does not have at all (``absent``
    where every target is there) takes no side, so it counts as the set's ``neutral``.

    Args:
        task: The task.
        answers: The answers.

    Returns:
        For each item the first label of its group; None where the system failed.

    Raises:
        InputError: If there is another number of answers than items, or a label has no place in the set.
    """
    if len(answers.labels) != len(task.items):
        raise InputError(f"Expected {len(task.items)} answers, found {len(answers.labels)}.")
    groups = task.definition.groups
    place = {label: group[0] for group in groups for label in group}
    if answers.probabilities is not None and len(groups) < len(LABELS):
        columns = [[LABELS.index(label) for label in group] for group in groups]
        shares = np.stack([answers.probabilities[:, own].sum(-1) for own in columns], axis=-1)
        chosen = shares.argmax(-1)
        return tuple(None if label is None else groups[at][0] for label, at in zip(answers.labels, chosen, strict=True))
    aside = place.get("neutral")
    found = [None if label is None else place.get(label, aside) for label in answers.labels]
    for label, own in zip(answers.labels, found, strict=True):
        if label is not None and own is None:
            raise InputError(f"{task.definition.name} has no label for {label!r}, and none that takes no side.")
    return tuple(found)
