"""Losses and scores of a run for TensorBoard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from stance.errors import MissingExtraError
from stance.fitting.loop import Step

__all__ = ["TensorBoard"]


class TensorBoard:
    """Writes what is told of each step, each seed as a run of its own; a context manager.

    Args:
        folder: Where TensorBoard reads: gets a folder ``seed-N`` for each seed.

    Raises:
        MissingExtraError: If ``stance-kit[tensorboard]`` is not installed.
    """

    def __init__(self, folder: str) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise MissingExtraError("Writing for TensorBoard", "tensorboard") from None
        self._folder = Path(folder)
        self._open: Callable[[str], Any] = SummaryWriter
        self._writers: dict[int, Any] = {}  # opened at a first step, which only the first of several processes is told

    def __call__(self, step: Step) -> None:
        """Write a step, or the end of an epoch."""
        if step.seed not in self._writers:
            self._writers[step.seed] = self._open(str(self._folder / f"seed-{step.seed}"))
        writer = self._writers[step.seed]
        if step.score is None:
            writer.add_scalar("loss/step", step.loss, step.step)
            writer.add_scalar("rate", step.rate, step.step)
        else:
            writer.add_scalar("loss/epoch", step.loss, step.step)
            writer.add_scalar(f"{step.metric}/dev", step.score, step.step)

    def __enter__(self) -> TensorBoard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in self._writers.values():
            writer.close()
