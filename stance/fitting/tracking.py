"""Losses and scores of a run for TensorBoard."""

from __future__ import annotations

from functools import partial
from types import TracebackType
from typing import Any

from stance.errors import MissingExtraError
from stance.fitting.loop import Step

__all__ = ["TensorBoard"]


class TensorBoard:
    """Writes what is told of each step; a context manager.

    Args:
        folder: Where TensorBoard reads.

    Raises:
        MissingExtraError: If ``stance-kit[tensorboard]`` is not installed.
    """

    def __init__(self, folder: str) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise MissingExtraError("Writing for TensorBoard", "tensorboard") from None
        self._open = partial(SummaryWriter, folder)
        self._writer: Any = None  # opened at the first step, which only the first of several processes is told

    def __call__(self, step: Step) -> None:
        """Write a step, or the end of an epoch."""
        self._writer = self._writer or self._open()
        if step.score is None:
            self._writer.add_scalar("loss/step", step.loss, step.step)
            self._writer.add_scalar("rate", step.rate, step.step)
        else:
            self._writer.add_scalar("loss/epoch", step.loss, step.step)
            self._writer.add_scalar("macro_f1/dev", step.score, step.step)

    def __enter__(self) -> TensorBoard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer:
            self._writer.close()
