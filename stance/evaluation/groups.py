"""Fields of documents from a file beside the predictions: outlet, date and the like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from stance.errors import InputError
from stance.evaluation.rows import PredictedRow
from stance.text.rows import read_rows

__all__ = ["add_fields"]

_KEYS = ("id", "document")


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
    for where, given in read_rows(name):
        key = key or next((column for column in _KEYS if column in given), "")
        value = given.get(key) if key else None
        if value in (None, ""):
            raise InputError(f"{where}: expected a field 'id' or 'document', found {', '.join(given) or 'nothing'}.")
        if str(value) in found:
            raise InputError(f"{where}: {key} {value!r} stands before, at {seen[str(value)]}. Give it once.")
        found[str(value)] = {column: cell for column, cell in given.items() if column not in _KEYS}
        seen[str(value)] = where
    if not found:
        raise InputError(f"{name}: expected a header and rows, found the header alone.")
    matched = [row.id if key == "id" else row.document for row in rows]
    if not any(value in found for value in matched):
        raise InputError(
            f"{name}: field {key!r}: none is among the predictions, whose first is {matched[0]!r}. "
            "Name paragraphs or documents as the predictions do."
        )
    return [
        replace(row, fields={**row.fields, **found.get(value, {})}) for row, value in zip(rows, matched, strict=True)
    ]
