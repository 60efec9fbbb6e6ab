"""Scoring a network while it is trained: label probabilities, and the one figure that epochs are compared by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from stance.evaluation import metrics
from stance.fitting.readings import Batch, Collator, Reading
from stance.model.calibration import softmax
from stance.model.network import StanceNetwork
from stance.model.tokens import plan_batches
from stance.schema import LABELS, Label

__all__ = ["GroupJudgement", "group_macro_f1", "judge_groups", "measure_dev", "score_batch", "score_readings"]

Groups = Sequence[tuple[Label, ...]]


def score_batch(network: StanceNetwork, batch: Batch) -> Tensor:
    """Encode descriptions and texts, and score each text's own targets: before softmax, (batch, targets, labels)."""
    queries = network.encode_targets(batch.described_ids, batch.described_mask)[batch.target]
    segments = batch.segments if network.segmented else None
    scores: Tensor = network(batch.input_ids, batch.attention_mask, batch.mentions, queries, segments)[0]
    return scores


def score_readings(
    network: StanceNetwork, readings: Sequence[Reading], collator: Collator, *, batch_size: int = 32
) -> list[npt.NDArray[np.float32]]:
    """Score readings in fp32, on the device that the network is on.

    Args:
        network: The network; left in evaluation mode.
        readings: What to score.
        collator: What makes batches.
        batch_size: Most readings in a batch.

    Returns:
        For each reading its scores before softmax, shape (targets, labels), in order.
    """
    network.eval()
    device = next(network.parameters()).device
    found: list[npt.NDArray[np.float32]] = [np.zeros((0, len(LABELS)), dtype=np.float32)] * len(readings)
    lengths = [len(reading.window) for reading in readings]
    with torch.inference_mode():
        for places in plan_batches(lengths, batch_size=batch_size, token_budget=8192):
            batch = collator([readings[place] for place in places])
            scores = score_batch(network, batch.to(device)).float().cpu().numpy()
            for row, place in enumerate(places):
                found[place] = scores[row, : len(readings[place].names)]
    return found


def measure_dev(
    metric: str,
    scores: Sequence[npt.NDArray[np.float32]],
    readings: Sequence[Reading],
    *,
    named: Sequence[str],
    groups: Groups,
) -> float:
    """Give the figure that epochs and seeds are compared by.

    Args:
        metric: ``"macro_f1"``: the mean macro-F1 of the named targets; of all targets as one where none of them is
            there. ``"f_avg"``: the mean F1 of favor and against, of the same targets as one.
        scores: Scores before softmax, as `score_readings` gives them.
        readings: What was scored.
        named: The targets that the model is for.
        groups: Labels that count as one, as `stance.fitting.examples.label_groups` gives them. For ``"f_avg"`` each
            side has to be one of its own.

    Returns:
        The figure, in [0, 1]; NaN for ``"f_avg"`` where no gold label is a side.
    """
    judged = judge_groups(scores, readings, groups)
    own = [item for item in judged if item.target in named]
    if metric == "f_avg":
        return _side_f_average(own or judged, groups)
    pools: dict[str, list[GroupJudgement]] = {}
    for item in own or judged:
        pools.setdefault(item.target if own else "", []).append(item)
    return float(
        np.mean(
            [group_macro_f1([item.gold for item in pool], [item.guess for item in pool]) for pool in pools.values()]
        )
    )


def _side_f_average(judged: Sequence[GroupJudgement], groups: Groups) -> float:
    sides = [groups.index((side,)) for side in ("favor", "against")]
    rank = np.argsort([*sides, *(at for at in range(len(groups) + 1) if at not in sides)])  # gold of no group: the last
    gold, guesses = rank[[item.gold for item in judged]], rank[[item.guess for item in judged]]
    return float(metrics.side_f_average(metrics.count_labels(gold, guesses, labels=len(rank))))


@dataclass(frozen=True, slots=True)
class GroupJudgement:
    """One text's stance toward one target, as groups of labels.

    Attributes:
        target: Name of the target.
        example: Number of the text.
        gold: Number of the gold group; -1 if the gold labels are none of the groups.
        guess: Number of the group that is most probable.
    """

    target: str
    example: int
    gold: int
    guess: int


def judge_groups(
    scores: Sequence[npt.NDArray[np.float32]], readings: Sequence[Reading], groups: Groups
) -> list[GroupJudgement]:
    """Say of each text and target which group of labels is gold, and which was found.

    Args:
        scores: Scores before softmax, as `score_readings` gives them.
        readings: What was scored.
        groups: Labels that count as one.

    Returns:
        One judgement a text and target, in order.
    """
    return [
        GroupJudgement(name, reading.example, _gold_group(reading.gold[row], groups), _group(own[row], groups))
        for own, reading in zip(scores, readings, strict=True)
        for row, name in enumerate(reading.names)
    ]


def _group(scores: npt.NDArray[np.float32], groups: Groups) -> int:
    """Find the group of labels that is most probable."""
    probabilities = softmax(scores)
    return int(np.argmax([sum(probabilities[LABELS.index(label)] for label in group) for group in groups]))


def _gold_group(gold: npt.NDArray[np.bool_], groups: Groups) -> int:
    wanted = {label for label, there in zip(LABELS, gold, strict=True) if there}
    return next((number for number, group in enumerate(groups) if wanted == set(group)), -1)


def group_macro_f1(gold: Sequence[int], guesses: Sequence[int]) -> float:
    """Give the mean F1 over the groups that have gold, in [0, 1].

    >>> group_macro_f1([0, 0, 1], [0, 1, 1])
    0.6666666666666666
    """
    truth, guess = np.asarray(gold), np.asarray(guesses)
    scores = []
    for group in np.unique(truth):
        right = int(((truth == group) & (guess == group)).sum())
        scores.append(2 * right / (int((truth == group).sum()) + int((guess == group).sum())))
    return float(np.mean(scores))
