"""Metrics of labels against gold labels, as pure functions over label names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stance.errors import InputError
from stance.schema import LABELS, Label

__all__ = ["LabelScore", "TargetScore", "presence_f1", "score_labels", "side_f_average"]


@dataclass(frozen=True, slots=True)
class LabelScore:
    """How well one label is found.

    Attributes:
        precision: Share of the predictions of the label that are right, in [0, 1]; 0 without predictions.
        recall: Share of the gold labels that are found, in [0, 1]; 0 without gold labels.
        f1: Harmonic mean of the two.
        support: Number of gold labels.
    """

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class TargetScore:
    """How well the labels toward one target are found.

    Attributes:
        labels: Label -> its score.
        accuracy: Share of right labels, in [0, 1].
        macro_f1: Mean F1 over the labels that have support; a label without gold is left out, since any F1 of it would
            be an accident.
    """

    labels: dict[Label, LabelScore]
    accuracy: float
    macro_f1: float


def score_labels(gold: Sequence[Label], predicted: Sequence[Label]) -> TargetScore:
    """Compare predicted labels with gold labels.

    Args:
        gold: Gold labels.
        predicted: Predicted labels, in the same order.

    Returns:
        Precision, recall, F1 and support per label, accuracy, macro-F1.

    Raises:
        InputError: If there is nothing to compare, or the two differ in length.

    >>> round(score_labels(["favor", "favor", "absent"], ["favor", "absent", "absent"]).macro_f1, 3)
    0.667
    """
    if not gold or len(gold) != len(predicted):
        raise InputError(
            f"Expected as many predicted as gold labels and at least one, found {len(predicted)} and {len(gold)}."
        )
    pairs = list(zip(gold, predicted, strict=True))
    scores = {label: _score(label, pairs) for label in LABELS}
    supported = [score.f1 for score in scores.values() if score.support]
    return TargetScore(
        labels=scores,
        accuracy=sum(truth == guess for truth, guess in pairs) / len(pairs),
        macro_f1=sum(supported) / len(supported),
    )


def _score(label: Label, pairs: Sequence[tuple[Label, Label]]) -> LabelScore:
    support = sum(truth == label for truth, _ in pairs)
    guessed = sum(guess == label for _, guess in pairs)
    right = sum(truth == label == guess for truth, guess in pairs)
    precision = right / guessed if guessed else 0.0
    recall = right / support if support else 0.0
    f1 = 2 * right / (support + guessed) if right else 0.0
    return LabelScore(precision, recall, f1, support)


def presence_f1(gold: Sequence[Label], predicted: Sequence[Label]) -> float:
    """Give the F1 of finding that a target is present, whichever label it then gets.

    Args:
        gold: Gold labels.
        predicted: Predicted labels, in the same order.

    Returns:
        F1 of every label but ``absent`` taken as one, in [0, 1]; 0 if the target is never present.

    >>> presence_f1(["favor", "absent", "neutral"], ["against", "neutral", "neutral"])
    0.8
    """
    pairs = list(zip(gold, predicted, strict=True))
    right = sum(truth != "absent" and guess != "absent" for truth, guess in pairs)
    named = sum(truth != "absent" for truth, _ in pairs) + sum(guess != "absent" for _, guess in pairs)
    return 2 * right / named if named else 0.0


def side_f_average(gold: Sequence[Label], predicted: Sequence[Label]) -> float:
    """Give F_avg: the mean of the F1 of ``favor`` and that of ``against``.

    Args:
        gold: Gold labels, of one target or pooled over several.
        predicted: Predicted labels, in the same order.

    Returns:
        The mean, in [0, 1].

    Source: Mohammad et al. 2016, "SemEval-2016 Task 6: Detecting Stance in Tweets", section 4.

    >>> side_f_average(["favor", "against", "neutral"], ["favor", "neutral", "neutral"])
    0.5
    """
    labels = score_labels(gold, predicted).labels
    return (labels["favor"].f1 + labels["against"].f1) / 2
