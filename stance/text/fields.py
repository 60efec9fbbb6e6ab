"""What a row of a table says beside its text, as plain JSON types: what is written has to be read again."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["is_missing", "source_fields"]


def is_missing(value: object) -> bool:
    """Tell whether a value says nothing: None, an empty text, and NaN, by which pandas writes what is missing.

    >>> is_missing(float("nan")), is_missing(0)
    (True, False)
    """
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def source_fields(row: Mapping[str, Any], columns: Iterable[str]) -> dict[str, Any]:
    """Give what a row says of its document.

    Args:
        row: The row; values of Parquet may be dates, decimals, bytes and the like.
        columns: The columns or fields that are kept.

    Returns:
        Field -> value, what is missing left out. An object gives its fields; what JSON has no type for becomes text.

    >>> source_fields({"year": float("nan"), "about": {"outlet": "Post"}}, ["year", "about"])
    {'outlet': 'Post'}
    """
    found: dict[str, Any] = {}
    for column in columns:
        value = row.get(column)
        if isinstance(value, Mapping):
            found |= _plain(value)
        elif not is_missing(value):
            found[column] = _plain(value) if isinstance(value, float) else _scalar(value)
    return found


def _plain(value: object) -> Any:  # noqa: ANN401 - any JSON
    """Make plain JSON types of a value: NaN becomes None, what JSON has no type for becomes text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value if value is None else _scalar(value)


def _scalar(value: object) -> str | int | float | bool:
    return value if isinstance(value, str | int | float | bool) else str(value)
