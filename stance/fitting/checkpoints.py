"""Checkpoints of a run: safetensors and JSON only, each whole or not there, so that a run goes on exactly.

Nothing random is stored: order, dropout and augmentation are drawn anew from seed, epoch and step.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from stance.errors import InputError, StanceError
from stance.files import replace_folder, sync_file, sync_folder

__all__ = ["Checkpoints", "Progress", "writable"]

_WEIGHTS = "weights.safetensors"
_OPTIMIZER = "optimizer.safetensors"
_AVERAGED = "averaged.safetensors"
_PROGRESS = "progress.json"
_BEST = "best.safetensors"
_STEP = re.compile(r"step-[0-9]{8,12}(\.[a-z]{3})?")


@dataclass(slots=True)
class Progress:
    """How far a run is.

    Attributes:
        recipe: Hash of what determines the run; another run does not go on from here.
        step: Optimizer steps done.
        epoch: Epochs done.
        scores: Score on dev after each epoch, in [0, 1].
        losses: Mean loss of each epoch.
        processes: How many processes share the batches.
    """

    recipe: str
    step: int = 0
    epoch: int = 0
    scores: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    processes: int = 1


class Checkpoints:
    """The folder in which a run keeps its state.

    Args:
        folder: The folder; made when first written to.
        recipe: Hash of what determines the run.
    """

    def __init__(self, folder: Path, recipe: str) -> None:
        self.folder = folder
        self.recipe = recipe

    def newest(self) -> Path | None:
        """Find the newest whole checkpoint."""
        found = [path for path in self._steps() if (path / _PROGRESS).is_file() and not path.suffix]
        return max(found, key=lambda path: int(path.name.removeprefix("step-")), default=None)

    def _steps(self) -> list[Path]:
        """Give the checkpoints, those that are not whole too; what else lies in the folder is not ours."""
        return [path for path in self.folder.glob("step-*") if _STEP.fullmatch(path.name)]

    def load(
        self,
        network: nn.Module,
        optimizer: torch.optim.Optimizer,
        averaged: nn.Module | None = None,
        *,
        processes: int = 1,
    ) -> Progress:
        """Bring a run to the newest checkpoint; without one all stays as it is.

        Args:
            network: The network.
            optimizer: Its optimizer.
            averaged: The moving average of its weights, if the run has one.
            processes: How many processes share the batches.

        Returns:
            How far the run is.

        Raises:
            InputError: If the checkpoint is of another run, or of one with another number of processes.
        """
        newest = self.newest()
        if newest is None:
            return Progress(self.recipe, processes=processes)
        with _readable(newest):
            progress = _read_progress(newest / _PROGRESS)
        if progress.recipe != self.recipe:
            raise InputError(
                f"{self.folder}: holds a run of another recipe, other data or other versions. "
                "Name another folder with --checkpoints, or remove it."
            )
        if progress.processes != processes:
            raise InputError(
                f"{self.folder}: holds a run of {progress.processes} processes, found {processes}. "
                "Go on with as many, or name another folder with --checkpoints."
            )
        with _readable(newest):
            network.load_state_dict(load_file(newest / _WEIGHTS))
            _fill(optimizer, load_file(newest / _OPTIMIZER))
            if averaged is not None:
                averaged.load_state_dict(load_file(newest / _AVERAGED))
        return progress

    def save(
        self,
        network: nn.Module,
        optimizer: torch.optim.Optimizer,
        progress: Progress,
        averaged: nn.Module | None = None,
    ) -> None:
        """Write a checkpoint beside the others, move it into place, then remove the others.

        Raises:
            InputError: If there is no room for it; the one before stays.
        """
        place = self.folder / f"step-{progress.step:08d}"
        beside = place.with_suffix(".new")
        with writable(self.folder):
            shutil.rmtree(beside, ignore_errors=True)
            beside.mkdir(parents=True)
            save_file(_contiguous(network.state_dict()), beside / _WEIGHTS)
            save_file(_flat(optimizer), beside / _OPTIMIZER)
            if averaged is not None:
                save_file(_contiguous(averaged.state_dict()), beside / _AVERAGED)
            (beside / _PROGRESS).write_text(json.dumps(asdict(progress), indent=1), encoding="utf-8")
            replace_folder(beside, place)
        for other in self._steps():
            if other != place:
                shutil.rmtree(other, ignore_errors=True)

    def save_best(self, network: nn.Module) -> None:
        """Keep these weights as the best so far.

        Raises:
            InputError: If there is no room for them; those before stay.
        """
        with writable(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            beside = self.folder / (_BEST + ".new")
            save_file(_contiguous(network.state_dict()), beside)
            sync_file(beside)
            beside.replace(self.folder / _BEST)
            sync_folder(self.folder)

    def load_best(self, network: nn.Module) -> None:
        """Bring a network to the best weights.

        Raises:
            InputError: If they are not there, or damaged.
        """
        with _readable(self.folder / _BEST):
            network.load_state_dict(load_file(self.folder / _BEST))

    def remove(self) -> None:
        """Remove what this run wrote, and the folder if nothing else lies in it."""
        for path in self._steps():
            shutil.rmtree(path, ignore_errors=True)
        with suppress(OSError):
            for name in (_BEST, _BEST + ".new"):
                (self.folder / name).unlink(missing_ok=True)
            self.folder.rmdir()


def _read_progress(path: Path) -> Progress:
    """Read how far a run is.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is none.
        TypeError: If a field is missing or unknown.
    """
    values = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(values, dict):
        raise TypeError(f"expected an object, found {type(values).__name__}")
    progress = Progress(**values)
    for name in ("step", "epoch", "processes"):
        if type(getattr(progress, name)) is not int or getattr(progress, name) < 0:
            raise ValueError(f"field {name!r}: expected a whole number, found {getattr(progress, name)!r:.40}")
    for name, count in (("scores", progress.epoch), ("losses", None)):
        given = getattr(progress, name)
        if not isinstance(given, list) or not all(type(value) in (int, float) for value in given):
            raise ValueError(f"field {name!r}: expected a list of numbers, found {given!r:.40}")
        if not progress.epoch <= len(given) <= (progress.epoch + 1 if count is None else count):
            raise ValueError(f"field {name!r}: expected one an epoch, found {len(given)}")
    return progress


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Say of a checkpoint that cannot be read where it lies, and what to do."""
    try:
        yield
    except torch.OutOfMemoryError:  # a RuntimeError, of which the file is innocent
        raise
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, OverflowError, SafetensorError) as error:
        raise InputError(f"{path}: the checkpoint is damaged ({error}). Remove it, and train again.") from error


@contextmanager
def writable(folder: Path, what: str = "a checkpoint") -> Iterator[None]:
    """Say of what cannot be written where it should go, and what to do.

    Args:
        folder: Where it should go.
        what: What it is.

    Raises:
        InputError: If it cannot be written; whatever checkpoints there are stay.
    """
    try:
        yield
    except (OSError, SafetensorError) as error:  # safetensors has an error of its own for a full disk
        if isinstance(error, StanceError):
            raise
        raise InputError(
            f"{folder}: {what} cannot be written ({error}). Make room there and go on with --resume, or name another "
            "folder."
        ) from error


def _contiguous(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().cpu().contiguous().clone() for name, value in state.items()}


def _flat(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Name the tensors of an optimizer's state: ``NUMBER.NAME``."""
    state: dict[int, dict[str, Any]] = optimizer.state_dict()["state"]
    return {
        f"{number}.{name}": torch.as_tensor(value).detach().cpu().contiguous().clone()
        for number, values in state.items()
        for name, value in values.items()
    }


def _fill(optimizer: torch.optim.Optimizer, flat: Mapping[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in flat.items():
        number, _, name = key.partition(".")
        state.setdefault(int(number), {})[name] = value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
