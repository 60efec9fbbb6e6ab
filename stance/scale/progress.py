"""A bar on stderr for a run over files: how much is read, how fast paragraphs are judged, how long it will take."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stance.scale.steps import Step
from stance.scale.workers import Advance

if TYPE_CHECKING:
    from rich.progress import Progress, Task

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
    if not (show or (show is None and sys.stderr.isatty())):
        yield lambda step, count: None
        return
    from rich.console import Console

    with _bar(Console(stderr=True)) as bar:
        task = bar.add_task("Predicting", total=total, completed=done, paragraphs=0.0)

        def advance(step: Step, count: float) -> None:
            share = count / max(step.paragraphs, 1)
            judged = bar.tasks[0].fields["paragraphs"] + count
            bar.update(task, advance=(step.read - step.start) * share, paragraphs=judged)

        yield advance


def _bar(console: object) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.text import Text

    begun = time.monotonic()

    class Rate(ProgressColumn):
        """How many paragraphs are judged, and how many a second since the start."""

        def render(self, task: Task) -> Text:
            """Draw it."""
            judged = task.fields["paragraphs"]
            return Text(f"{judged:,.0f} paragraphs, {judged / max(time.monotonic() - begun, 1e-3):,.1f}/s")

    assert isinstance(console, Console)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), Rate(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True)
