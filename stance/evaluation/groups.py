"""Fields of documents from a file beside the predictions: outlet, date and the like."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from stance.errors import InputError
from stance.evaluation.rows import PredictedRow
from stance.text.documents import open_input
from stance.text.tables import read_objects

__all__ = ["add_fields"]

_KEYS = ("id", "document")
_DELIMITERS = {".csv": ",", ".tsv": "\t"}


def add_fields(rows: Sequence[PredictedRow], path: str | Path) -> list[PredictedRow]:
    """Add the fields that a table says of paragraphs (column ``id``) or of documents (column ``document``).

    Args:
        rows: The predictions.
        path: CSV or TSV with a header, or JSON Lines; ``-`` is stdin, JSON Lines.

    Returns:
        The rows, with the table's fields over their own. A row that the table does not name stays as it is.

    Raises:
        InputError: If the table has neither column, names something twice, or fits no prediction.
    """
    name = str(path)
    found: dict[str, dict[str, Any]] = {}
    key, seen = "", dict[str, str]()
    for where, given in _rows(name):
        key = key or next((column for column in _KEYS if column in given), "")
        value = given.get(key) if key else None
        if value in (None, ""):
            raise InputError(f"{where}: expected a field 'id' or 'document', found {', '.join(given) or 'nothing'}.")
        if str(value) in found:
            raise InputError(f"{where}: {key} {value!r} stands before, at {seen[str(value)]}. Give it once.")
        found[str(value)] = {column: cell for column, cell in given.items() if column not in _KEYS}
        seen[str(value)] = where
    matched = [row.id if key == "id" else row.document for row in rows]
    if not any(value in found for value in matched):
        raise InputError(
            f"{name}: field {key!r}: none is among the predictions, whose first is {matched[0]!r}. "
            "Name paragraphs or documents as the predictions do."
        )
    return [
        replace(row, fields={**row.fields, **found.get(value, {})}) for row, value in zip(rows, matched, strict=True)
    ]


def _rows(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give where each row stands, and the row."""
    delimiter = _DELIMITERS.get(Path(name).suffix.lower())
    with open_input(name) as file:
        if delimiter is None:
            yield from read_objects(file, name, on_error=_raise)
            return
        try:
            text = file.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InputError(f"{name}: not UTF-8 (byte {error.start}). Save it as UTF-8.") from None
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = next(reader, [])
        for cells in reader:
            where = f"{name}: line {reader.line_num}"
            if cells and len(cells) != len(header):
                raise InputError(f"{where}: expected {len(header)} cells, found {len(cells)}.")
            if cells:
                yield where, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise InputError(f"{name}: line {reader.line_num}: not valid CSV ({error}).") from None
    if reader.line_num < 2:
        raise InputError(f"{name}: expected a header and rows, found {reader.line_num} lines.")


def _raise(error: InputError) -> None:
    raise error
