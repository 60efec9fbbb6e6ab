"""Lines and grids of cells as text for a terminal, or for a file: the one place where tables are drawn.

Drawn by hand: wcwidth, which ftfy brings anyway, measures, wraps and cuts; a library of tables would only pad.
Colours are by hand, too: a handful of codes, where libraries for them bring as much again as the rest of this package.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Literal, TypeAlias

import wcwidth

from stance.text.disguise import FLOOD

__all__ = ["Cell", "Column", "Grid", "Sheet", "Text", "clean", "print_table", "render_table"]

_PLAIN_WIDTH = 110
"""Width of tables that do not go to a terminal."""
_READABLE = 8
"""Columns of a terminal below which no column of words gets and no word is broken, while others can give way."""
_LEAST = 3
"""Columns of a terminal below which no column gets narrower: the table is too wide for the terminal then."""
_CODES = {"bold": 1, "dim": 2, "underline": 4, "red": 31, "green": 32, "yellow": 33, "cyan": 36}
"""Parts of a style -> the number that switches it on (SGR of ECMA-48)."""


@dataclass(frozen=True, slots=True)
class Text:
    """Words in one style.

    Attributes:
        text: The words; what steers a terminal is taken out when they are drawn.
        style: Names of `_CODES`, with spaces between; empty for none.
    """

    text: str
    style: str = ""


Cell: TypeAlias = "str | Text | tuple[Text, ...]"
"""What stands in a line or a cell: words, or pieces in styles of their own."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a grid.

    Attributes:
        title: Its name, in the head.
        right: Whether it is aligned to the right.
        fit: Where a terminal is too narrow, words of ``"fold"`` go on in the next line; ``"keep"`` does so once the
            others are narrow. ``"cut"`` takes all the width that others leave, and what does not fit ends with ``…``.
        least: Columns of the terminal that it takes at least.
    """

    title: str = ""
    right: bool = False
    fit: Literal["keep", "fold", "cut"] = "keep"
    least: int = 0


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells in rows and columns.

    Attributes:
        columns: The columns.
        rows: Their cells, as many as columns; an empty row is an empty line.
        head: Whether the names of the columns stand above, with a line below and space around the grid.
    """

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    head: bool = True


Sheet: TypeAlias = "Sequence[Cell | Grid]"
"""Lines and grids, one below the other."""


def print_table(sheet: Sheet, file: BinaryIO) -> None:
    """Write a table as text: in colour and in its width if a terminal reads it, else plain and of a fixed width.

    Args:
        sheet: What to write.
        file: Where to.
    """
    file.write(render_table(sheet, terminal=file.isatty()))
    file.flush()


def render_table(sheet: Sheet, *, terminal: bool) -> bytes:
    """Make the text of a table.

    Args:
        sheet: What to write.
        terminal: Whether a terminal reads it, which gets colour, unless ``NO_COLOR`` is set, and its own width.

    Returns:
        The text in UTF-8.
    """
    width = shutil.get_terminal_size().columns if terminal else _PLAIN_WIDTH
    colour = terminal and _has_colour()
    lines: list[str] = []
    for part in sheet:
        lines += _grid(part, width, colour) if isinstance(part, Grid) else _wrap(_paint(part, colour), width)
    return "".join(line.rstrip(" ") + "\n" for line in lines).encode("utf-8", "backslashreplace")


def clean(text: str) -> str:
    r"""Make one line without characters that a terminal would obey.

    >>> clean("one\n two\x1b[31m")
    'one two [31m'
    """
    return " ".join(_tame(text).split())


def _tame(text: str) -> str:
    """Put spaces where characters would steer a terminal (escapes, bells, new lines); floods of marks go away."""
    text = FLOOD.sub("", text)
    return text if text.isprintable() else "".join(sign if sign.isprintable() else " " for sign in text)


def _has_colour() -> bool:
    """Say whether the terminal is one for colour, and its user has not said otherwise (no-color.org)."""
    kind = os.environ.get("TERM", "")
    known = kind not in ("", "dumb", "unknown") or "WT_SESSION" in os.environ  # the latter: Windows Terminal
    return known and not os.environ.get("NO_COLOR")


def _paint(cell: Cell, colour: bool) -> str:
    """Give the characters of a cell; codes are those of its styles alone."""
    if isinstance(cell, str):
        return _tame(cell)
    pieces = (cell,) if isinstance(cell, Text) else cell
    return "".join(_styled(_tame(piece.text), piece.style if colour else "") for piece in pieces)


def _styled(text: str, style: str) -> str:
    codes = ";".join(str(_CODES[name]) for name in style.split())
    return f"\x1b[{codes}m{text}\x1b[0m" if codes and text else text


def _wrap(text: str, width: int) -> list[str]:
    return wcwidth.wrap(text, width, break_on_hyphens=False) or [""]


def _cut(text: str, width: int) -> str:
    return text if wcwidth.width(text) <= width else wcwidth.clip(text, 0, width - 1) + "…"


def _grid(grid: Grid, width: int, colour: bool) -> list[str]:
    edge, gap = (" ", "   ") if grid.head else ("", "  ")
    names: list[Cell] = [Text(column.title, "bold") for column in grid.columns]
    cells = [[_paint(cell, colour) for cell in row] for row in ([names] if grid.head else []) + list(grid.rows)]
    room = max(width - 2 * len(edge) - len(gap) * (len(grid.columns) - 1), _LEAST * len(grid.columns))
    widths = _widths(grid.columns, [row for row in cells if row], room)
    lines = [edge + gap.join(line) for row in cells for line in _row(row, grid.columns, widths)]
    if not grid.head:
        return lines
    head = len(list(_row(cells[0], grid.columns, widths)))
    rule = edge + "─" * (sum(widths) + len(gap) * (len(widths) - 1))
    return ["", *lines[:head], rule, *lines[head:], ""]


def _row(cells: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> Iterator[list[str]]:
    """Give the lines of a row, each as cells that fill their columns."""
    if not cells:
        yield []
        return
    parts = [
        [_cut(cell, width)] if column.fit == "cut" else _wrap(cell, width)
        for cell, column, width in zip(cells, columns, widths, strict=True)
    ]
    for number in range(max(map(len, parts))):
        yield [
            (wcwidth.rjust if column.right else wcwidth.ljust)(part[number] if number < len(part) else "", width)
            for part, column, width in zip(parts, columns, widths, strict=True)
        ]


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[str]], room: int) -> list[int]:
    """Share out the width: what each column needs; where that is too much, the widest give way first."""
    widths = [
        max(column.least, 1, *(min(wcwidth.width(row[number]), room) for row in rows))
        for number, column in enumerate(columns)
    ]
    longest = [max((_longest_word(row[number]) for row in rows), default=1) for number in range(len(columns))]
    for least in (
        [_READABLE if column.fit != "keep" else room for column in columns],
        [min(word, _READABLE) for word in longest],
        [_LEAST] * len(columns),
    ):
        while sum(widths) > room and (wide := [number for number, width in enumerate(widths) if width > least[number]]):
            widths[max(wide, key=widths.__getitem__)] -= 1
    for number, column in enumerate(columns):
        if column.fit == "cut":
            widths[number] += max(room - sum(widths), 0)
    return widths


def _longest_word(text: str) -> int:
    return max(map(wcwidth.width, text.split()), default=1)
