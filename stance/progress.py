"""Bars on stderr: how far a run is, how fast it goes, how long it will take."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

__all__ = ["Bar", "above_bars", "draw_bar", "has_terminal"]


class Bar(Protocol):
    """What is asked of a bar of tqdm."""

    n: float
    """Units that are done."""

    def update(self, n: float = 1) -> object:
        """Tell that more units are done."""

    def set_description_str(self, desc: str, refresh: bool = True) -> None:
        """Change the words before the bar."""

    def set_postfix_str(self, s: str, refresh: bool = True) -> None:
        """Change the words that stand for ``{postfix}``, after a comma."""


def has_terminal() -> bool:
    """Say whether somebody would see a bar: whether stderr is a terminal."""
    return sys.stderr.isatty()


@contextmanager
def draw_bar(
    what: str, total: float | None, *, unit: str = "", done: float = 0, told: str | None = None
) -> Iterator[Bar]:
    """Draw a bar on stderr, and take it away at the end.

    Args:
        what: What is done, plain words.
        total: When it is done, in units; None if that is not known.
        unit: What is counted; with a space before it.
        done: Units that were done before.
        told: What stands beside the bar instead of the count and the rate of units: fields of tqdm's ``bar_format``.

    Yields:
        The bar: ``update(count)`` as units are done.
    """
    from tqdm import tqdm

    # without the thread that tqdm starts to watch its bars: this one looks at the clock at each update
    unwatched = type("Bar", (tqdm,), {"monitor_interval": 0})
    count = told or "{n_fmt}/{total_fmt}{unit}, {rate_fmt}, {remaining} left"
    form = "{desc}: " + ("{percentage:3.0f}% |{bar}| " if total is not None else "") + count
    options = {"unit": unit, "initial": done, "miniters": 1, "dynamic_ncols": True, "leave": False, "file": sys.stderr}
    with unwatched(total=total, desc=what, bar_format=form, **options) as bar:
        yield bar
        bar.refresh()  # what came since it was drawn last, a tenth of a second ago or less


@contextmanager
def above_bars(file: TextIO) -> Iterator[None]:
    """Take bars away while a line is written, and draw them again below it.

    Args:
        file: Where the line is written to.
    """
    found = sys.modules.get("tqdm")
    if found is None:  # nobody has drawn a bar
        yield
        return
    with found.tqdm.external_write_mode(file=file):
        yield
