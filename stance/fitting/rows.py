"""Rows of labelled data: JSON Lines with line numbers, tables, and data sets of the Hugging Face hub."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stance.errors import InputError, MissingExtraError, suggest
from stance.fitting.config import DataFile
from stance.text.documents import open_input
from stance.text.parquet import parquet_rows
from stance.text.rows import TABLES
from stance.text.rows import read_rows as read_text_rows

__all__ = ["read_rows"]

_HUB = "hub:"
_TEXT = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", "")

Rows = Iterator[tuple[str, dict[str, Any] | InputError]]


def read_rows(data: DataFile) -> Rows:
    """Read the rows of a file or of a data set of the hub.

    Files are read as they are: `datasets` would keep a copy in its cache, and take it for a file written anew.

    Args:
        data: The file; its label map and weight are left to the caller.

    Yields:
        Where the row stands (``"train.jsonl: line 17"``), and the row, or what is wrong with it.

    Raises:
        InputError: If the file or data set cannot be read at all, or its format is not known.
    """
    suffix = Path(data.file).suffix.lower()
    if data.file.startswith(_HUB):
        yield from _hub(data)
    elif suffix in _TEXT:
        yield from _file(data.file)
    elif suffix == ".parquet":
        yield from _parquet(data.file)
    else:
        known = [*filter(None, _TEXT), ".parquet"]
        raise InputError(f"{data.file}: unknown format {suffix!r}: {suggest(suffix, known)}.")


def _file(name: str) -> Rows:
    cells = Path(name).suffix.lower() in TABLES  # an empty one says nothing
    bad: list[InputError] = []
    for where, row in read_text_rows(name, on_error=bad.append):
        yield from ((name, error) for error in bad)
        bad.clear()
        yield where, {field: None if cells and value == "" else value for field, value in row.items()}
    yield from ((name, error) for error in bad)


def _parquet(name: str) -> Rows:
    with open_input(name) as file:
        yield from ((str(place), row) for place, row in parquet_rows(file, name))


def _hub(data: DataFile) -> Rows:
    try:
        import datasets
    except ImportError:
        raise MissingExtraError("Reading data sets of the hub", "train") from None
    try:
        name, _, config = data.file.removeprefix(_HUB).partition(":")
        rows = datasets.load_dataset(name, config or None, split=data.split)
    except Exception as error:  # datasets raises errors of many packages
        raise InputError(f"{data.file}: cannot be read as a data set ({type(error).__name__}: {error}).") from error
    for number, row in enumerate(rows, 1):
        yield f"{data.file}: row {number}", dict(row)
