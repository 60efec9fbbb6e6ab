"""The training loop: bf16 where the CPU has it, length-sorted batches, a checkpoint an epoch, the best epoch on dev."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from stance.evaluation.metrics import score_labels
from stance.fitting.config import Recipe
from stance.fitting.examples import Reading
from stance.model.network import StanceNetwork
from stance.model.tokens import Batch, make_batch, plan_batches
from stance.schema import LABELS

__all__ = ["EncodedTargets", "score_readings", "train"]

_LOG = logging.getLogger(__name__)
_STATE = "last.pt"
_BEST = "best.safetensors"


@dataclass(frozen=True, slots=True)
class EncodedTargets:
    """Targets' descriptions as the encoder reads them.

    Attributes:
        input_ids: Token ids, shape (targets, length).
        attention_mask: 1 for tokens, 0 for padding, shape (targets, length).
    """

    input_ids: Tensor
    attention_mask: Tensor


def train(
    network: StanceNetwork,
    targets: EncodedTargets,
    readings: Sequence[Reading],
    dev: Sequence[Reading],
    *,
    recipe: Recipe,
    folder: Path,
) -> list[float]:
    """Train a network and leave it with the weights of its best epoch.

    A run that was interrupted goes on after its last whole epoch.

    Args:
        network: The network; changed in place.
        targets: The targets' descriptions.
        readings: What to learn from.
        dev: What to choose the epoch by.
        recipe: Rates, epochs, seed.
        folder: Where checkpoints are kept.

    Returns:
        Mean macro-F1 over the targets on dev, in [0, 1], after each epoch.
    """
    folder.mkdir(parents=True, exist_ok=True)
    optimizer = _optimizer(network, recipe)
    steps = len(list(_epoch_batches(readings, recipe, 0)))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _rate_curve(recipe.warmup, steps * recipe.epochs))
    history = _resume(network, optimizer, schedule, folder / _STATE)
    class_weights = _class_weights(readings)
    with torch.random.fork_rng(devices=[]):
        for epoch in range(len(history), recipe.epochs):
            torch.manual_seed(recipe.seed * 1000 + epoch)
            loss = _train_epoch(network, targets, readings, optimizer, schedule, class_weights, recipe, epoch)
            history.append(mean_macro_f1(score_readings(network, targets, dev), dev))
            _LOG.info("epoch %d of %d: loss %.4f, dev macro-F1 %.4f", epoch + 1, recipe.epochs, loss, history[-1])
            if history[-1] == max(history):
                save_file({name: value.contiguous() for name, value in network.state_dict().items()}, folder / _BEST)
            _save_state(network, optimizer, schedule, history, folder / _STATE)
    network.load_state_dict(load_file(folder / _BEST))
    return history


def score_readings(
    network: StanceNetwork, targets: EncodedTargets, readings: Sequence[Reading], *, batch_size: int = 32
) -> npt.NDArray[np.float32]:
    """Score readings in fp32.

    Args:
        network: The network.
        targets: The targets' descriptions.
        readings: What to score.
        batch_size: Most readings in a batch.

    Returns:
        Scores before softmax, shape (readings, targets, labels), in order.
    """
    network.eval()
    scores = np.zeros((len(readings), len(targets.input_ids), len(LABELS)), dtype=np.float32)
    with torch.inference_mode():
        queries = network.encode_targets(targets.input_ids, targets.attention_mask)
        lengths = [len(reading.window) for reading in readings]
        for places in plan_batches(lengths, batch_size=batch_size, token_budget=8192):
            batch = _batch([readings[place] for place in places])
            scores[places] = network(*_tensors(batch), queries)[0].numpy()
    return scores


def mean_macro_f1(scores: npt.NDArray[np.float32], readings: Sequence[Reading]) -> float:
    """Give the mean over targets of the macro-F1 of the most probable labels, in [0, 1]."""
    guesses = scores.argmax(-1)
    gold = np.stack([reading.gold for reading in readings])
    return float(
        np.mean(
            [
                score_labels([LABELS[i] for i in gold[:, t]], [LABELS[i] for i in guesses[:, t]]).macro_f1
                for t in range(gold.shape[1])
            ]
        )
    )


def _train_epoch(
    network: StanceNetwork,
    targets: EncodedTargets,
    readings: Sequence[Reading],
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LambdaLR,
    class_weights: Tensor,
    recipe: Recipe,
    epoch: int,
) -> float:
    network.train()
    bf16 = recipe.precision == "bf16" or (recipe.precision == "auto" and _has_bf16())
    total, count = 0.0, 0
    for places in _epoch_batches(readings, recipe, epoch):
        chosen = [readings[place] for place in places]
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            queries = network.encode_targets(targets.input_ids, targets.attention_mask)
            scores, _ = network(*_tensors(_batch(chosen)), queries)
        wanted = torch.from_numpy(np.stack([reading.weights for reading in chosen]))
        gold = torch.from_numpy(np.stack([reading.gold for reading in chosen]))
        weight = class_weights[torch.arange(gold.shape[1])[None], gold]
        loss = -((wanted * scores.float().log_softmax(-1)).sum(-1) * weight).sum() / weight.sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        total, count = total + float(loss.detach()), count + 1
        if count % 25 == 0:
            _LOG.info("epoch %d, batch %d: loss %.4f", epoch + 1, count, total / count)
    return total / count


def _has_bf16() -> bool:
    """Tell whether the CPU multiplies bf16; where it has to emulate it, fp32 is 10 to 20 times faster (measured)."""
    check = getattr(torch.cpu, "_is_avx512_bf16_supported", None)  # torch has no public question for it
    return bool(check and check())


def _epoch_batches(readings: Sequence[Reading], recipe: Recipe, epoch: int) -> Iterator[list[int]]:
    """Batches of about equal length, in random order; the same for the same seed and epoch."""
    generator = np.random.default_rng((recipe.seed, epoch))
    lengths = [int(len(reading.window) * generator.uniform(0.9, 1.1)) for reading in readings]
    batches = list(plan_batches(lengths, batch_size=recipe.batch_size, token_budget=1 << 20))
    for place in generator.permutation(len(batches)):
        yield batches[place]


def _optimizer(network: StanceNetwork, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW with a rate for the encoder and one for the head; no decay on biases and norms."""
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        rate = recipe.encoder_rate if name.startswith("encoder.") else recipe.head_rate
        decay = recipe.weight_decay if parameter.ndim > 1 else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    return torch.optim.AdamW(
        [{"params": params, "lr": rate, "weight_decay": decay} for (rate, decay), params in groups.items()]
    )


def _rate_curve(warmup: float, steps: int) -> Callable[[int], float]:
    rising = max(1, int(warmup * steps))
    return lambda step: min((step + 1) / rising, max(0.0, (steps - step) / max(1, steps - rising)))


def _class_weights(readings: Sequence[Reading]) -> Tensor:
    """Square root of the inverse frequency of each label toward each target, shape (targets, labels)."""
    gold = np.stack([reading.gold for reading in readings])
    counts = np.stack([(gold == label).sum(0) for label in range(len(LABELS))], axis=1)
    weights = np.sqrt(len(gold) / np.maximum(counts, 1) / len(LABELS))
    return torch.from_numpy(weights.astype(np.float32))


def _batch(readings: Sequence[Reading]) -> Batch:
    return make_batch([reading.window for reading in readings], [reading.marks for reading in readings])


def _tensors(batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    return torch.from_numpy(batch.input_ids), torch.from_numpy(batch.attention_mask), torch.from_numpy(batch.mentions)


def _save_state(
    network: StanceNetwork,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LambdaLR,
    history: list[float],
    path: Path,
) -> None:
    beside = path.with_suffix(".new")
    state = {"network": network.state_dict(), "optimizer": optimizer.state_dict(), "schedule": schedule.state_dict()}
    torch.save(state | {"history": history}, beside)
    beside.replace(path)


def _resume(
    network: StanceNetwork,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LambdaLR,
    path: Path,
) -> list[float]:
    if not path.is_file():
        return []
    state = torch.load(path, weights_only=True)
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    schedule.load_state_dict(state["schedule"])
    history: list[float] = state["history"]
    _LOG.info("going on after epoch %d (dev macro-F1 so far: %s)", len(history), history)
    return history
