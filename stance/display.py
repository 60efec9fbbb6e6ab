"""What others' words are shown as: on a terminal, and in a notebook as one small table without scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Row", "printable", "table_html"]

_COLOURS = {"favor": "#0f6b57", "against": "#a83a1d", "neutral": "#7a5b00"}
"""Dark enough to be read on white, which is the ground of the table whatever the notebook's theme."""
_GROUND = "background:#fff;color:#1c1d1f"
"""The caption needs it, too: what is behind it is the notebook."""
_CELL = "text-align:left;vertical-align:top;padding:4px 8px"
_MOST = 100
"""Most blocks that are shown: a notebook keeps every output."""


@dataclass(frozen=True, slots=True)
class Row:
    """A block of a document.

    Attributes:
        text: The block.
        cells: What is said of it, a cell a target; none for headings and the like.
        labels: The label of each cell.
    """

    text: str
    cells: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


def printable(text: str) -> str:
    r"""Write out what a terminal would obey, so that it is seen instead; line ends stay.

    >>> printable("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    return "".join(sign if sign.isprintable() or sign == "\n" else repr(sign)[1:-1] for sign in text)


def table_html(name: str, columns: Sequence[str], rows: Sequence[Row], foot: Sequence[str]) -> str:
    """Make a table of a document.

    Args:
        name: Name of the document.
        columns: Names of the targets.
        rows: Its blocks.
        foot: What stands below each column.

    Returns:
        HTML in which whatever was given is escaped.
    """
    heads = "".join(f'<th style="{_CELL}">{_inert(column)}</th>' for column in ("", *columns))
    body = "".join(_row(row, len(columns)) for row in rows[:_MOST])
    if len(rows) > _MOST:
        body += f'<tr><td style="{_CELL}" colspan="{len(columns) + 1}">… {len(rows) - _MOST} more blocks</td></tr>'
    feet = "".join(f'<td style="{_CELL}">{_inert(text)}</td>' for text in foot)
    return (
        f'<table style="{_GROUND};border-collapse:collapse"><caption style="{_GROUND}">{_inert(name)}</caption>'
        f'<thead><tr>{heads}</tr></thead><tbody>{body}</tbody><tfoot><tr><th style="{_CELL}">paragraphs</th>{feet}</tr>'
        "</tfoot></table>"
    )


def _row(row: Row, columns: int) -> str:
    if not row.cells:
        return f'<tr><td style="{_CELL};color:#5a5d63" colspan="{columns + 1}">{_inert(row.text)}</td></tr>'
    cells = "".join(
        f'<td style="{_CELL};white-space:nowrap;color:{_COLOURS.get(label, "#6b6e74")}">{_inert(cell)}</td>'
        for cell, label in zip(row.cells, row.labels, strict=True)
    )
    return f'<tr><td style="{_CELL};max-width:46em;white-space:normal">{_inert(row.text)}</td>{cells}</tr>'


def _inert(text: str) -> str:
    return escape(text.encode("utf-8", "replace").decode("utf-8"), quote=True)
