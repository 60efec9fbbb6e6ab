"""Rows of labelled data: JSON Lines with line numbers, and through Hugging Face datasets whatever else there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets

from stance.errors import InputError, suggest
from stance.fitting.config import DataFile
from stance.text.documents import open_input
from stance.text.tables import read_objects

__all__ = ["read_rows"]

_HUB = "hub:"
_BUILDERS = {".csv": ("csv", {}), ".tsv": ("csv", {"sep": "\t"}), ".parquet": ("parquet", {})}
_JSONL = (".jsonl", ".ndjson", ".json", "")


def read_rows(data: DataFile) -> Iterator[tuple[str, dict[str, Any] | InputError]]:
    """Read the rows of a file or of a data set of the hub.

    Args:
        data: The file; its label map and weight are left to the caller.

    Yields:
        Where the row stands (``"train.jsonl: line 17"``), and the row, or what is wrong with it.

    Raises:
        InputError: If the file or data set cannot be read at all, or its format is not known.
    """
    suffix = Path(data.file).suffix.lower()
    if data.file.startswith(_HUB):
        yield from _load(data.file, data.file.removeprefix(_HUB), data.split, {})
    elif suffix in _JSONL:
        bad: list[InputError] = []
        with open_input(data.file) as file:
            for where, row in read_objects(file, data.file, on_error=bad.append):
                yield from ((data.file, error) for error in bad)
                bad.clear()
                yield where, row
        yield from ((data.file, error) for error in bad)
    elif suffix in _BUILDERS:
        if not Path(data.file).is_file():
            raise InputError(f"{data.file}: no such file.")
        builder, options = _BUILDERS[suffix]
        yield from _load(data.file, builder, "train", {"data_files": data.file, **options})
    else:
        known = [*_BUILDERS, *filter(None, _JSONL)]
        raise InputError(f"{data.file}: unknown format {suffix!r}: {suggest(suffix, known)}.")


def _load(name: str, builder: str, split: str, options: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        rows = datasets.load_dataset(builder, split=split, **options)
    except Exception as error:  # datasets raises errors of many packages
        raise InputError(f"{name}: cannot be read as a data set ({type(error).__name__}: {error}).") from error
    for number, row in enumerate(rows, 1):
        yield f"{name}: row {number}", dict(row)
