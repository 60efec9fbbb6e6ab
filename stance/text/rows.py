"""Rows of a file, whatever they hold: JSON Lines, or a table with a header."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from stance.errors import InputError
from stance.text.documents import open_input
from stance.text.tables import OnError, read_cells, read_objects

__all__ = ["TABLES", "raise_wrong", "read_rows"]

TABLES = {".csv": ",", ".tsv": "\t"}
"""Endings of tables, whose cells are strings, and what divides the cells."""
_PARQUET = (".parquet", ".pq")


_SHOWN = 10
"""Bad rows that are told at once."""


def raise_wrong(wrong: Sequence[str]) -> None:
    """Tell what is wrong with rows, the first ten of them; nothing if nothing is.

    Raises:
        InputError: If anything is wrong.
    """
    if wrong:
        more = f"\n... and {len(wrong) - _SHOWN} more bad rows" if len(wrong) > _SHOWN else ""
        raise InputError("\n".join(wrong[:_SHOWN]) + more)


def read_rows(path: str | Path, *, on_error: OnError | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read the rows of a file: CSV or TSV by its name, else one JSON object a line.

    Args:
        path: The file; ``-`` is stdin, JSON Lines.
        on_error: Called for each bad row, which is then left out; None raises at the first.

    Yields:
        Where the row stands (``"rows.csv: line 17"``), and field -> value; cells of a table are strings.

    Raises:
        InputError: If the file is missing or empty, is of another kind, or a column stands twice in the header.
        EncodingError: If the file is no text.
    """
    name, suffix, report = str(path), Path(path).suffix.lower(), on_error or _raise
    if suffix in _PARQUET:
        raise InputError(
            f"{name}: expected JSON Lines (one object a line), CSV or TSV, found Parquet. "
            "stance predict writes them with --format jsonl or csv."
        )
    with open_input(name) as file:
        if suffix in TABLES:
            check = partial(_check_header, name)
            yield from read_cells(file, name, on_error=report, delimiter=TABLES[suffix], check=check)
        else:
            yield from read_objects(file, name, on_error=report)


def _raise(error: InputError) -> None:
    raise error


def _check_header(name: str, header: Sequence[str]) -> None:
    twice = next((column for column, count in Counter(header).items() if count > 1), None)
    if twice is not None:
        raise InputError(f"{name}: the column {twice!r} stands twice in the header. Name each column once.")
    if len(header) == 1 and (other := next((sign for sign in ";\t|" if sign in header[0]), None)):
        raise InputError(f"{name}: cells seem to be divided by {other!r}. Save the table with commas, or as JSONL.")
