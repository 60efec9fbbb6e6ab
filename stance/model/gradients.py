"""What each token of a window adds to a label's probability: integrated gradients (captum), for networks in torch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from captum.attr import IntegratedGradients
from torch import Tensor

from stance.model.calibration import Calibration
from stance.model.network import StanceNetwork
from stance.model.tokens import Batch
from stance.schema import LABELS, Label

__all__ = ["integrate_gradients", "label_probability"]

_STEPS = (32, 64, 128, 256)
"""Points between the masked text and the text at which gradients are taken, each about three readings: more until the
sum is right, since a probability may rise within a few points (in one text 32 gave a sum of 1.50, 128 gave 0.99)."""
_OFF = 0.02
"""How far the sum may be from the difference of the probabilities."""
_TOKENS = 4096
"""Most tokens that are read at once: gradients keep what every layer gave."""
_ABSENT = LABELS.index("absent")


def integrate_gradients(
    network: StanceNetwork,
    batch: Batch,
    query: npt.NDArray[np.float32],
    probability: Callable[[Tensor], Tensor],
    *,
    mask_id: int,
) -> npt.NDArray[np.float64]:
    """Attribute a probability to the tokens of a window, counted from the same window with every token masked.

    Nothing is hooked into the network, so it can be used by other threads at the same time.

    Args:
        network: The network, ready to predict.
        batch: One window and one target; the target's mentions stay marked when their tokens are masked.
        query: The target's description, encoded, shape (1, hidden).
        probability: Turns scores, shape (readings, labels) in the model's order, into a probability each.
        mask_id: The token that stands for none.

    Returns:
        What each token adds, shape (length,); 0 for the first, the last and padding. They sum to the window's
        probability less that of the masked window, within 0.02 unless 256 points are too few for that.

    Source: Sundararajan, Taly and Yan 2017, "Axiomatic Attribution for Deep Networks".
    """
    device = next(network.parameters()).device
    ids, mask, mentions = (
        torch.from_numpy(array).to(device) for array in (batch.input_ids, batch.attention_mask, batch.mentions)
    )
    queries = torch.tensor(query).to(device)
    masked = torch.full_like(ids, mask_id)
    last = int(mask.sum()) - 1
    masked[:, 0], masked[:, last:] = ids[:, 0], ids[:, last:]
    embed = network.encoder.get_input_embeddings()

    def judge(states: Tensor) -> Tensor:
        count = len(states)
        kept = mask.expand(count, -1)
        tokens = network.encoder(inputs_embeds=states, attention_mask=kept).last_hidden_state
        return probability(network.head(tokens, kept, mentions.expand(count, -1, -1), queries)[:, 0].double())

    with torch.no_grad():
        states, baseline = embed(ids), embed(masked)
    at_once = max(1, _TOKENS // ids.shape[1])
    for steps in _STEPS:
        found, off = IntegratedGradients(judge).attribute(
            states, baseline, n_steps=steps, internal_batch_size=at_once, return_convergence_delta=True
        )
        if abs(float(off)) <= _OFF:
            break
    added: npt.NDArray[np.float64] = found[0].sum(-1).double().cpu().numpy()
    return added


def label_probability(calibration: Calibration, label: Label, order: list[int]) -> Callable[[Tensor], Tensor]:
    """Give what turns scores into a label's probability as `Calibration.probabilities` does, but can be differentiated.

    Args:
        calibration: The target's calibration.
        label: The label.
        order: For each of `LABELS` its place among the scores.

    Returns:
        Scores, shape (readings, labels), to probabilities, shape (readings,).
    """
    sides = [place for number, place in enumerate(order) if number != _ABSENT]

    def probability(scores: Tensor) -> Tensor:
        odds = (scores[:, order[_ABSENT]] - scores[:, sides].logsumexp(-1)) / calibration.presence_temperature
        if label == "absent":
            return odds.sigmoid()
        shares = (scores[:, sides] / calibration.side_temperature).softmax(-1)
        return (-odds).sigmoid() * shares[:, sides.index(order[LABELS.index(label)])]

    return probability
