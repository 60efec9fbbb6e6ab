"""Checkpoints of a run: safetensors and JSON only, each whole or not there, so that a run goes on exactly.

Nothing random is stored: order, dropout and augmentation are drawn anew from seed, epoch and step.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
_PROGRESS = "progress.json"
_BEST = "best.safetensors"


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
        found = [path for path in self.folder.glob("step-*") if (path / _PROGRESS).is_file() and not path.suffix]
        return max(found, key=lambda path: int(path.name.removeprefix("step-")), default=None)

    def load(self, network: nn.Module, optimizer: torch.optim.Optimizer, *, processes: int = 1) -> Progress:
        """Bring network and optimizer to the newest checkpoint; without one they stay as they are.

        Args:
            network: The network.
            optimizer: Its optimizer.
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
            progress = Progress(**json.loads((newest / _PROGRESS).read_text(encoding="utf-8")))
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
        return progress

    def save(self, network: nn.Module, optimizer: torch.optim.Optimizer, progress: Progress) -> None:
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
            (beside / _PROGRESS).write_text(json.dumps(asdict(progress), indent=1), encoding="utf-8")
            replace_folder(beside, place)
        for other in self.folder.glob("step-*"):
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
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Say of a checkpoint that cannot be read where it lies, and what to do."""
    try:
        yield
    except torch.OutOfMemoryError:  # a RuntimeError, of which the file is innocent
        raise
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, SafetensorError) as error:
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
