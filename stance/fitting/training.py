"""From a recipe to a model: read, train with one seed or several, keep the best on dev, write the folder."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from stance.errors import InputError
from stance.fitting.checkpoints import Checkpoints, Progress
from stance.fitting.config import DEV_METRICS, DataFile, NetworkChoice, Recipe
from stance.fitting.encoders import Encoder, load_encoder
from stance.fitting.examples import Example, label_groups, read_examples
from stance.fitting.loop import Material, Watch, fit
from stance.fitting.readings import Collator, Reading, leave_out_long, prepare
from stance.fitting.recipes import locate_files, recipe_values
from stance.fitting.scores import measure_dev, score_readings
from stance.model.network import HeadConfig, StanceNetwork
from stance.model.store import hash_file
from stance.targets import FURTHER_TARGETS, Target, load_targets, resolve_targets

__all__ = ["Split", "Trained", "Workshop", "prepare_run", "summary", "train_seeds"]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Split:
    """Dev or test.

    Attributes:
        data: Where it is from.
        examples: Its texts.
        readings: What the network reads of them.
    """

    data: DataFile
    examples: tuple[Example, ...]
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Workshop:
    """All that a recipe names, read and checked.

    Attributes:
        recipe: The recipe, with the sizes of the head filled in.
        targets: The targets that the model is for.
        encoder: The encoder, as it is before training.
        train: The texts to learn from.
        splits: ``"dev"`` and, if the recipe has one, ``"test"``.
        data: Split -> file -> sha256; a data set of the hub has no hash.
    """

    recipe: Recipe
    targets: tuple[Target, ...]
    encoder: Encoder
    train: tuple[Example, ...]
    splits: dict[str, Split]
    data: dict[str, dict[str, str]]

    @property
    def fingerprint(self) -> str:
        """Hash of what determines the weights: recipe without `export` and `about`, targets, data, encoder, torch."""
        definitions = [dataclasses.asdict(target) for target in self.targets]
        values = {name: value for name, value in recipe_values(self.recipe).items() if name not in ("export", "about")}
        known = [values, definitions, self.data, self.encoder.sha256, torch.__version__]
        return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Trained:
    """A network after training.

    Attributes:
        network: The network, with the weights that are kept.
        seed: Its seed.
        progress: Losses, and scores on dev, of each epoch.
        scores: Split -> for each reading its scores before softmax.
        dev: The recipe's ``schedule.metric`` on dev of the weights kept, in [0, 1].
        checkpoints: Where the run kept its state.
    """

    network: StanceNetwork
    seed: int
    progress: Progress
    scores: dict[str, list[npt.NDArray[np.float32]]]
    dev: float
    checkpoints: Checkpoints


def prepare_run(recipe: Recipe) -> Workshop:
    """Read and check all that a recipe names: targets, data, encoder.

    Args:
        recipe: The recipe.

    Returns:
        What training needs.

    Raises:
        InputError: If a file or row is not usable, or a text longer than a window.
        ModelError: If the encoder is not there or has another hash.
    """
    located = locate_files(recipe)
    targets = _targets(located)
    encoder = load_encoder(located.encoder)
    head = _head(recipe.network, encoder)
    recipe = dataclasses.replace(
        recipe,
        network=dataclasses.replace(recipe.network, width=head.width, heads=head.heads, blocks=head.blocks),
    )
    if head.own % head.heads:
        raise InputError(f"Recipe field 'network.heads' has to divide the head's width {head.own}, found {head.heads}.")
    train = [example for data in located.train for example in _read(data, targets, recipe, encoder)]
    named = {target.name for target in targets}
    if named and not any(item.target.name in named for example in train for item in example.judgements):
        raise InputError(
            f"No training row is labelled toward {', '.join(recipe.targets)}. Name the rows' targets in 'targets', or "
            "write targets = [] for a model that is asked for any."
        )
    # what is too long is said before hours of training
    longest = max(len(item.window) for item in prepare(train, encoder.tokenizer, network=recipe.network))
    splits = {}
    for name, data in (("dev", located.dev), ("test", located.test)):
        if data is not None:
            examples = _read(data, targets, recipe, encoder)
            readings = prepare(examples, encoder.tokenizer, network=recipe.network)
            longest = max(longest, *(len(reading.window) for reading in readings))
            splits[name] = Split(data, tuple(examples), tuple(readings))
    if recipe.schedule.metric == "f_avg":
        _check_sides(splits["dev"], named)
    if max(longest, recipe.network.window) > encoder.positions:
        raise InputError(
            f"Recipe field 'network.window': texts may have {max(longest, recipe.network.window)} tokens, "
            f"but the encoder has {encoder.positions} positions. Lower it."
        )
    hashes = _hashes(recipe, located)
    return Workshop(recipe, targets, encoder, tuple(train), splits, hashes)


def _read(data: DataFile, targets: Sequence[Target], recipe: Recipe, encoder: Encoder) -> list[Example]:
    examples = read_examples(data, targets, seed=recipe.seed)
    if data.long == "refuse":
        return examples
    kept = leave_out_long(examples, encoder.tokenizer, recipe.network.window)
    if len(kept) < len(examples):
        _LOG.warning("%s: %d texts longer than a window are left out", data.file, len(examples) - len(kept))
    if not kept:
        raise InputError(f"{data.file}: every text is longer than a window. Raise 'network.window'.")
    return kept


def _check_sides(dev: Split, named: Collection[str]) -> None:
    """Make sure that dev can tell the mean F1 of favor and against.

    Raises:
        InputError: If its labels do not tell both from all others, or no row of what is compared has one.
    """
    sides = {("favor",), ("against",)}
    if not sides <= set(label_groups(dev.data)):
        raise InputError(
            f"{dev.data.file}: its labels do not tell favor and against from all others, which schedule.metric = "
            "'f_avg' needs. Take 'macro_f1', or change dev.labels."
        )
    judged = [item for example in dev.examples for item in example.judgements]
    compared = [item for item in judged if item.target.name in named] or judged
    if not any(item.gold in sides for item in compared):
        raise InputError(
            f"{dev.data.file}: no row is favor or against, which schedule.metric = 'f_avg' needs. Take 'macro_f1', "
            "or another file."
        )


def train_seeds(
    workshop: Workshop,
    *,
    seeds: int = 1,
    checkpoints: Path,
    resume: bool = False,
    watch: Watch | None = None,
) -> list[Trained]:
    """Train a network for each of several seeds.

    Args:
        workshop: What to train with.
        seeds: How many: the recipe's seed and those that follow it.
        checkpoints: Folder for the runs' state, one folder within it a seed.
        resume: Whether to go on with the runs that the folder holds.
        watch: Told after each step and epoch.

    Returns:
        The networks, in order of the seeds.

    Raises:
        InputError: If the folder holds runs and `resume` is false, or runs of another recipe.
    """
    runs = []
    for seed in range(workshop.recipe.seed, workshop.recipe.seed + seeds):
        own = dataclasses.replace(workshop, recipe=dataclasses.replace(workshop.recipe, seed=seed))
        kept = Checkpoints(checkpoints / f"seed-{seed}", own.fingerprint)
        if kept.newest() and not resume:
            raise InputError(
                f"{kept.folder}: holds a run that was not finished. Go on with it (--resume), or remove the folder."
            )
        runs.append((seed, own, kept))
    trained = []
    for seed, own, kept in runs:
        trained.append(_train(own, kept, watch))
        if seeds > 1:
            _LOG.info("seed %d: %s on dev %.4f", seed, DEV_METRICS[own.recipe.schedule.metric], trained[-1].dev)
    return trained


def _train(workshop: Workshop, checkpoints: Checkpoints, watch: Watch | None) -> Trained:
    recipe, encoder = workshop.recipe, workshop.encoder
    network = _network(workshop)
    collator = Collator(encoder.tokenizer, pad_id=encoder.pad_id)
    dev = workshop.splits["dev"]
    material = Material(
        train=workshop.train,
        dev=dev.readings,
        dev_groups=label_groups(dev.data),
        tokenizer=encoder.tokenizer,
        collator=collator,
        targets=workshop.targets,
        strangers=FURTHER_TARGETS,
        mask=encoder.mask,
    )
    progress = fit(network, material, recipe, checkpoints=checkpoints, watch=watch)
    scores = {name: score_readings(network, split.readings, collator) for name, split in workshop.splits.items()}
    network.to("cpu")
    named = [target.name for target in workshop.targets]
    metric = recipe.schedule.metric
    figure = measure_dev(metric, scores["dev"], dev.readings, named=named, groups=material.dev_groups)
    return Trained(network, recipe.seed, progress, scores, figure, checkpoints)


def _head(choice: NetworkChoice, encoder: Encoder) -> HeadConfig:
    """Give the sizes of the head: what the recipe says, or what the model has that training goes on from."""
    before = encoder.head
    fresh = HeadConfig(hidden=encoder.network.config.hidden_size)
    return dataclasses.replace(
        fresh,
        width=choice.width or before.get("width", fresh.width),
        heads=choice.heads or before.get("heads", fresh.heads),
        blocks=choice.blocks or before.get("blocks", fresh.blocks),
        dropout=choice.dropout,
    )


def _network(workshop: Workshop) -> StanceNetwork:
    """Make a network with a head of its own for each seed, or with the head of the model that training goes on from."""
    source = workshop.encoder
    config = _head(workshop.recipe.network, source)
    fresh = load_encoder(locate_files(workshop.recipe).encoder)  # a network of its own for each seed
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(workshop.recipe.seed)
        network = StanceNetwork(fresh.network, config)
    if source.weights is not None:
        wanted = network.state_dict()
        known = {name: value for name, value in source.weights.items() if name in wanted}
        wrong = sorted(name for name in wanted if name not in known or known[name].shape != wanted[name].shape)
        if wrong:
            raise InputError(
                f"Recipe field 'network' does not fit the model {workshop.recipe.encoder.source!r} "
                f"(first difference: {wrong[0]}). Give it the head of that model."
            )
        network.load_state_dict(known)
    return network


def _targets(recipe: Recipe) -> tuple[Target, ...]:
    own = load_targets(recipe.targets_file) if recipe.targets_file else ()
    return resolve_targets(recipe.targets, own) if recipe.targets else ()


def _hashes(recipe: Recipe, located: Recipe) -> dict[str, dict[str, str]]:
    """Give the hash of each data file, by split and by its name in the recipe."""
    found: dict[str, dict[str, str]] = {}
    for split in ("train", "dev", "test"):
        named, there = ((data,) if isinstance(data, DataFile) else data or () for data in
                        (getattr(recipe, split), getattr(located, split)))  # fmt: skip
        for data, place in zip(named, there, strict=True):
            digest = "" if data.file.startswith("hub:") else hash_file(Path(place.file))
            found.setdefault(split, {})[data.file] = digest
    return found


def summary(trained: Sequence[Trained], metric: str) -> dict[str, Any]:
    """Sum up several seeds: mean, standard deviation and best on dev, by the recipe's ``schedule.metric``."""
    scores = [item.dev for item in trained]
    return {
        "seeds": [item.seed for item in trained],
        f"dev_{metric}": [round(score, 4) for score in scores],
        "mean": round(float(np.mean(scores)), 4),
        "sd": round(float(np.std(scores, ddof=1)), 4) if len(scores) > 1 else None,
        "best": trained[int(np.argmax(scores))].seed,
    }
