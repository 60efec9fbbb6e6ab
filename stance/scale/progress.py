"""A bar on stderr for a run over files: how much is read, how fast paragraphs are judged, how long it will take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from stance.progress import draw_bar, has_terminal
from stance.scale.steps import Step
from stance.scale.workers import Advance

__all__ = ["progress_bar"]


@contextmanager
def progress_bar(total: int | None, *, done: int, show: bool | None) -> Iterator[Advance]:
    """Draw a bar while steps are judged.

    Args:
        total: Bytes of the input; None if that is not known.
        done: Bytes that were done before.
        show: Whether to draw it; None means on a terminal only.

    Yields:
        What is called as paragraphs are judged.
    """
    if not (show or (show is None and has_terminal())):
        yield lambda step, count: None
        return
    told = ("{elapsed}" if total is None else "{remaining} left") + "{postfix}"
    begun, judged = time.monotonic(), 0.0
    with draw_bar("Predicting", total, done=done, told=told) as bar:

        def advance(step: Step, count: float) -> None:
            nonlocal judged
            judged += count
            rate = judged / max(time.monotonic() - begun, 1e-3)
            bar.set_postfix_str(f"{judged:,.0f} paragraphs, {rate:,.1f}/s", refresh=False)
            bar.update((step.read - step.start) * count / max(step.paragraphs, 1))

        yield advance
