"""Losses and scores of a run for TensorBoard."""

from __future__ import annotations

from types import TracebackType

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
        self._writer = SummaryWriter(folder)

    def __call__(self, step: Step) -> None:
        """Write a step, or the end of an epoch."""
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
        self._writer.close()
