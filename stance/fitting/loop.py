"""The training loop: length-sorted batches, checkpoints, early stopping; on CPU or GPU, in one process or several."""

from __future__ import annotations

import contextlib
import logging
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from stance.errors import InputError
from stance.fitting.augmentation import vary
from stance.fitting.checkpoints import Checkpoints, Progress
from stance.fitting.config import Recipe, Schedule
from stance.fitting.examples import Example
from stance.fitting.readings import Batch, ClassWeights, Collator, Reading, prepare
from stance.fitting.scores import Groups, measure_dev, score_batch, score_readings
from stance.model.network import StanceNetwork
from stance.model.tokens import plan_batches
from stance.targets import Target

__all__ = ["Material", "Step", "Watch", "batch_loss", "fit"]

_LOG = logging.getLogger(__name__)
_STALE = 0.05
"""Share of the first step's weights in the average from which on it is warned of."""
_LAYER = re.compile(r"encoder\.(?:encoder\.)?layer\.(\d+)\.")


@dataclass(frozen=True, slots=True)
class Material:
    """What a network is trained with.

    Attributes:
        train: The labelled texts.
        dev: What the epoch is chosen by.
        dev_groups: Labels of dev that count as one.
        tokenizer: The encoder's tokenizer, without truncation and padding.
        collator: What makes batches.
        targets: The targets that the model is for.
        strangers: Targets that texts are rewritten for where the recipe asks for it.
        mask: The tokenizer's mask.
    """

    train: Sequence[Example]
    dev: Sequence[Reading]
    dev_groups: Groups
    tokenizer: Tokenizer
    collator: Collator
    targets: Sequence[Target]
    strangers: Sequence[Target] = ()
    mask: str = "[MASK]"


@dataclass(frozen=True, slots=True)
class Step:
    """What is told after each optimizer step, and after each epoch.

    Attributes:
        seed: The run's seed: several runs may be told of one after the other.
        step: Steps done.
        steps: Steps of the whole run.
        epoch: The epoch, from 1.
        loss: Mean loss of the step, or of the epoch.
        rate: Learning rate of the encoder's last layer.
        score: The metric on dev, in [0, 1], at the end of an epoch; None within one.
        metric: The recipe's ``schedule.metric``.
    """

    seed: int
    step: int
    steps: int
    epoch: int
    loss: float
    rate: float
    score: float | None = None
    metric: str = "macro_f1"


Watch = Callable[[Step], None]


class _Learner(nn.Module):
    """The network with its loss, as one module: what several processes keep in step."""

    def __init__(self, network: StanceNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, batch: Batch) -> Tensor:
        return batch_loss(score_batch(self.network, batch), batch)


def batch_loss(scores: Tensor, batch: Batch) -> Tensor:
    """Give the mean cross-entropy of a batch, each judgement's multiplied by its weight.

    It is divided by the number of judgements, not by the sum of their weights: batches of rows that shall count little
    count little.

    Args:
        scores: Before softmax, shape (batch, targets, labels).
        batch: What is wanted.

    Returns:
        One number. Where any of several labels will do, it is the cross-entropy of their sum.
    """
    logs = scores.float().log_softmax(-1)
    shared = -(batch.wanted * logs).sum(-1)
    allowed = logs.masked_fill(batch.wanted == 0, float("-inf"))
    joined = -torch.where(batch.any_of[..., None], allowed, logs).logsumexp(-1)
    losses = torch.where(batch.any_of, joined, shared)
    return (losses * batch.weight).sum() / (batch.weight > 0).sum().clamp(min=1)


def fit(
    network: StanceNetwork,
    material: Material,
    recipe: Recipe,
    *,
    checkpoints: Checkpoints,
    watch: Watch | None = None,
) -> Progress:
    """Train a network and leave it with the weights that the recipe keeps.

    A run that was interrupted goes on after its newest checkpoint, and ends with the same weights (on a CPU and with
    the same number of threads: bit by bit).

    Args:
        network: The network; changed in place.
        material: What to learn from and to choose by.
        recipe: Rates, epochs, seed.
        checkpoints: Where the run keeps its state.
        watch: Told after each step and epoch, in the first process only.

    Returns:
        Losses and scores on dev of each epoch.
    """
    run = _Run(network, material, recipe, checkpoints, watch)
    with torch.random.fork_rng(devices=list(range(torch.cuda.device_count()))):
        while not run.done():
            run.epoch()
    if recipe.schedule.keep == "best":
        checkpoints.load_best(network)
    elif run.averaged is not None:
        network.load_state_dict(run.averaged.module.state_dict())
    return run.progress


class _Run:
    """A run under way."""

    def __init__(
        self,
        network: StanceNetwork,
        material: Material,
        recipe: Recipe,
        checkpoints: Checkpoints,
        watch: Watch | None,
    ) -> None:
        self.accelerator = Accelerator(cpu=not torch.cuda.is_available())
        self.material, self.recipe, self.checkpoints, self.watch = material, recipe, checkpoints, watch
        self.schedule = recipe.schedule
        if self.schedule.gradient_checkpointing:
            network.encoder.gradient_checkpointing_enable()
        network.to(self.accelerator.device)
        self.network = network
        self.optimizer = _optimizer(network, self.schedule)
        self.averaged: AveragedModel | None = None
        if self.schedule.average:
            moving = get_ema_multi_avg_fn(self.schedule.average)  # type: ignore[no-untyped-call]
            self.averaged = AveragedModel(network, multi_avg_fn=moving)
        processes = self.accelerator.num_processes
        self.progress = checkpoints.load(network, self.optimizer, self.averaged, processes=processes)
        if self.progress.step:
            _LOG.info("going on after step %d (epoch %d)", self.progress.step, self.progress.epoch + 1)
        self.learner = self.accelerator.prepare(_Learner(network))
        self.weights = ClassWeights(material.train, recipe.loss.class_weights)
        self.bf16 = self.schedule.precision == "bf16" or (
            self.schedule.precision == "auto" and _has_bf16(self.accelerator.device)
        )
        self.per_step = self.schedule.accumulate * processes
        rows = sum(len(example.judgements) if recipe.network.kind == "pair" else 1 for example in material.train)
        self.steps_an_epoch = math.ceil(math.ceil(rows / self.schedule.batch_size) / self.per_step)
        self.steps = self.steps_an_epoch * self.schedule.epochs
        first = self.schedule.average**self.steps
        if first > _STALE and self.accelerator.is_main_process:
            _LOG.warning(
                "schedule.average = %s: after %d steps %.0f %% of the weights are still those of the first step; "
                "lower it, or train longer", self.schedule.average, self.steps, 100 * first,
            )  # fmt: skip

    def done(self) -> bool:
        """Tell whether the last epoch is done, or several went by without a better score."""
        scores, patience = self.progress.scores, self.schedule.patience
        late = bool(patience and scores and len(scores) - 1 - int(np.argmax(scores)) >= patience)
        return late or self.progress.epoch >= self.schedule.epochs

    def epoch(self) -> None:
        """Train for an epoch, or for what is left of it, then score dev."""
        number = self.progress.epoch
        readings = self._readings(number)
        batches = _plan(readings, self.recipe, number)
        first = self.progress.step - number * self.steps_an_epoch
        if first == 0:
            self.progress.losses.append(0.0)
        for place in range(first, self.steps_an_epoch):
            loss = self._step(readings, batches, place)
            self.progress.losses[number] += (loss - self.progress.losses[number]) / (place + 1)
            self.progress.step += 1
            self._tell(loss)
            if self.progress.step % self.schedule.checkpoint_steps == 0 and place + 1 < self.steps_an_epoch:
                self._save()
        score = self._score()
        better = score > max(self.progress.scores, default=-1.0)
        self.progress.scores.append(score)
        self.progress.epoch += 1
        if better and self.accelerator.is_main_process:
            self.checkpoints.save_best(self._kept())
        self._save()
        self._tell(self.progress.losses[number], score)

    def _score(self) -> float:
        """Score dev in the first process, and tell the others: they have to stop at the same epoch."""
        found = [0.0]
        if self.accelerator.is_main_process:
            scores = score_readings(self._kept(), self.material.dev, self.material.collator)
            named = [target.name for target in self.material.targets]
            metric, groups = self.schedule.metric, self.material.dev_groups
            found = [measure_dev(metric, scores, self.material.dev, named=named, groups=groups)]
        broadcast_object_list(found)
        return found[0]

    def _kept(self) -> StanceNetwork:
        """Give the network that is scored and kept: that of the averaged weights, where there is one."""
        return self.network if self.averaged is None else cast(StanceNetwork, self.averaged.module)

    def _readings(self, epoch: int) -> list[Reading]:
        """Read the training texts, varied for this epoch."""
        generator = np.random.default_rng((self.recipe.seed, epoch, 1))
        material = self.material
        examples = vary(
            material.train,
            self.recipe.augment,
            generator,
            targets=material.targets,
            strangers=material.strangers,
            mask=material.mask,
        )
        return prepare(
            examples,
            material.tokenizer,
            network=self.recipe.network,
            loss=self.recipe.loss,
            class_weights=self.weights,
            instead=material.train,
        )

    def _step(self, readings: Sequence[Reading], batches: Sequence[Sequence[int]], place: int) -> float:
        """Make one optimizer step; give its mean loss over this process's batches."""
        self.network.train()
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * _rate_share(self.progress.step, self.steps, self.schedule.warmup)
        self.optimizer.zero_grad(set_to_none=True)
        total = 0.0
        for part in range(self.schedule.accumulate):
            number = place * self.per_step + part * self.accelerator.num_processes + self.accelerator.process_index
            own = batches[number % len(batches)]
            # drawn from what is known, so that nothing random has to be stored
            drawn = (self.recipe.seed * 1_000_003 + self.progress.epoch) * 1_000_003 + number
            torch.manual_seed(drawn % 2**63)
            batch = self.material.collator([readings[at] for at in own]).to(self.accelerator.device)
            last = part + 1 == self.schedule.accumulate
            with contextlib.nullcontext() if last else self.accelerator.no_sync(self.learner):
                with torch.autocast(self.accelerator.device.type, dtype=torch.bfloat16, enabled=self.bf16):
                    loss = self.learner(batch)
                self.accelerator.backward(loss / self.schedule.accumulate)
            total += float(loss.detach()) / self.schedule.accumulate
        if not math.isfinite(total):
            raise InputError(
                f"Epoch {self.progress.epoch + 1}, step {self.progress.step + 1}: the loss is no number any more. "
                "Lower schedule.encoder_rate and schedule.head_rate."
            )
        nn.utils.clip_grad_norm_(self.network.parameters(), self.schedule.clip)
        self.optimizer.step()
        if self.averaged is not None:
            self.averaged.update_parameters(self.network)
        return total

    def _save(self) -> None:
        if self.accelerator.is_main_process:
            self.checkpoints.save(self.network, self.optimizer, self.progress, self.averaged)
        self.accelerator.wait_for_everyone()

    def _tell(self, loss: float, score: float | None = None) -> None:
        if self.watch and self.accelerator.is_main_process:
            epoch = self.progress.epoch + (score is None)
            rate = max((group["lr"] for group in self.optimizer.param_groups if group["encoder"]), default=0.0)
            metric = self.schedule.metric
            self.watch(Step(self.recipe.seed, self.progress.step, self.steps, epoch, loss, rate, score, metric))


def _has_bf16(device: torch.device) -> bool:
    """Tell whether a device multiplies bf16; a CPU that emulates it is 10 to 20 times faster in fp32 (measured)."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    check = getattr(torch.cpu, "_is_avx512_bf16_supported", None)  # torch has no public question for it
    return bool(check and check())


def _plan(readings: Sequence[Reading], recipe: Recipe, epoch: int) -> list[list[int]]:
    """Batches of about equal length, in random order; the same for the same seed and epoch."""
    generator = np.random.default_rng((recipe.seed, epoch))
    lengths = [int(len(reading.window) * generator.uniform(0.9, 1.1)) for reading in readings]
    batches = list(plan_batches(lengths, batch_size=recipe.schedule.batch_size, token_budget=1 << 20))
    return [batches[place] for place in generator.permutation(len(batches))]


def _optimizer(network: StanceNetwork, schedule: Schedule) -> torch.optim.AdamW:
    """AdamW with a rate for each layer and one for the head; no decay on biases and norms."""
    depth = network.encoder.config.num_hidden_layers
    groups: dict[tuple[float, float, bool], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        encoder = name.startswith("encoder.")
        layer = _LAYER.match(name)
        below = depth - 1 - int(layer.group(1)) if layer else 0
        rate = schedule.encoder_rate * schedule.layer_decay**below if encoder else schedule.head_rate
        decay = schedule.weight_decay if parameter.ndim > 1 else 0.0
        groups.setdefault((rate, decay, encoder), []).append(parameter)
    return torch.optim.AdamW(
        [
            {"params": params, "lr": rate, "peak": rate, "weight_decay": decay, "encoder": encoder}
            for (rate, decay, encoder), params in groups.items()
        ],
        fused=True,
    )


def _rate_share(step: int, steps: int, warmup: float) -> float:
    """Share of the peak rate: rises over the warm-up, then falls to nearly nothing."""
    rising = max(1, int(warmup * steps))
    return min((step + 1) / rising, max(0.0, (steps - step) / max(1, steps - rising)))
