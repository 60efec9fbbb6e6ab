"""Writing results as files: JSON Lines, CSV, Parquet; a file is whole or not there."""

from __future__ import annotations

import csv
import errno
import io
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from stance.errors import InputError, MissingExtraError, StanceError
from stance.files import write_beside
from stance.schema import LABELS, Analysis, Document, Paragraph, Prediction

__all__ = [
    "BLOCK_COLUMNS",
    "arrow_type",
    "block_rows",
    "defuse",
    "encode_head",
    "encode_row",
    "find_place",
    "flatten_row",
    "not_written",
    "open_output",
    "paragraph_columns",
    "paragraph_rows",
    "stance_rows",
    "write_rows",
]

_FIXED = ("document", "id", "index", "start", "end", "text")
"""Columns that every row has."""
_SET_ENDINGS = ("labels", "abstained")
"""Ends of the names of columns that are there if a risk was asked for."""
_EVIDENCE_ENDING = "evidence"
"""End of the names of columns that are there if evidence was asked for."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a cell begins with that spreadsheets compute, or strip to find such a sign; those of full width, too."""
_PARQUET_ROWS = 4096
"""Rows in a row group of a Parquet file."""
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says of a disk that is full, or a file that is too large for it."""


def paragraph_rows(analysis: Analysis) -> Iterator[dict[str, Any]]:
    """Give one JSON object a body paragraph.

    Args:
        analysis: An analysed document.

    Yields:
        ``{"document", "id", "index", "start", "end", "text", "stances": {target: {"label", "probabilities"}}}``;
        offsets are code points in the document. Where a risk was asked for, each target has ``"labels"`` and
        ``"abstained"`` too; where there is evidence, ``"evidence"``, a list of stretches with offsets in the document;
        where more is known of the document, ``"source"`` comes before the stances.
    """
    for block, prediction in zip(analysis.paragraphs, analysis.predictions, strict=True):
        yield {
            "document": analysis.document.name,
            "id": analysis.document.id,
            "index": block.index,
            "start": block.start,
            "end": block.end,
            "text": block.text,
            **({"source": dict(analysis.document.source)} if analysis.document.source else {}),
            "stances": stance_rows(prediction, block.start),
        }


def stance_rows(prediction: Prediction, offset: int = 0) -> dict[str, dict[str, Any]]:
    """Give the stances of a prediction as rows hold them: target -> label, probabilities and what else was asked for.

    Args:
        prediction: The prediction.
        offset: Where the paragraph starts in its document, in code points: evidence counts from there.
    """
    rows = {name: stance.to_dict() for name, stance in prediction.stances.items()}
    for name, row in rows.items():
        del row["mentions"]
        if evidence := prediction[name].evidence:
            row["evidence"] = [item.to_dict(offset) for item in evidence]
    return rows


BLOCK_COLUMNS = ("document", "index", "kind", "start", "end", "text")


def block_rows(document: Document, blocks: Iterable[Paragraph]) -> Iterator[dict[str, Any]]:
    """Give one JSON object a block: ``{"document", "index", "kind", "start", "end", "text"}``."""
    for block in blocks:
        yield {
            "document": document.name,
            "index": block.index,
            "kind": block.kind,
            "start": block.start,
            "end": block.end,
            "text": block.text,
        }


def paragraph_columns(
    targets: Iterable[str], *, label_sets: bool = False, source: bool = False, evidence: bool = False
) -> list[str]:
    """Name the columns that `paragraph_rows` has in the flat formats.

    Args:
        targets: Names of the targets.
        label_sets: Whether a risk was asked for, so that there are labels that are left.
        source: Whether there is a column of what is known of the documents, as JSON.
        evidence: Whether there are columns of what the labels rest on, as JSON.

    Returns:
        The columns, in order.

    Raises:
        InputError: If a target has the name of a column.
    """
    columns = [*_FIXED, "source"] if source else list(_FIXED)
    reserved = (*LABELS, *_SET_ENDINGS, _EVIDENCE_ENDING)
    for target in targets:
        if target in columns[: len(_FIXED) + source] or target.rpartition("_")[2] in reserved:
            raise InputError(f"Target {target!r} has the name of a column. Name it otherwise, or write JSONL.")
        endings = (*LABELS, *(_SET_ENDINGS if label_sets else ()), *((_EVIDENCE_ENDING,) if evidence else ()))
        columns += [target, *(f"{target}_{ending}" for ending in endings)]
    return columns


def flatten_row(row: dict[str, Any]) -> dict[str, Any]:
    """Put stances into columns: ``NATO`` holds the label, ``NATO_favor`` and so on the probabilities.

    Where a risk was asked for, ``NATO_labels`` holds the labels that are left (``"favor|neutral"``), ``NATO_abstained``
    whether they are more than one; where there is evidence, ``NATO_evidence`` holds it as JSON.
    """
    flat = {key: value for key, value in row.items() if key != "stances"}
    if flat.get("id") is not None:
        flat["id"] = str(flat["id"])
    if "source" in flat:
        flat["source"] = json.dumps(flat["source"], ensure_ascii=False)
    for name, stance in row.get("stances", {}).items():
        flat[name] = stance["label"]
        flat |= {f"{name}_{label}": stance["probabilities"][label] for label in LABELS}
        if "labels" in stance:
            flat |= {f"{name}_labels": "|".join(stance["labels"]), f"{name}_abstained": stance["abstained"]}
        if "evidence" in stance:
            flat[f"{name}_evidence"] = json.dumps(stance["evidence"], ensure_ascii=False)
    return flat


@contextmanager
def open_output(path: str | None) -> Iterator[BinaryIO]:
    """Open a place to write to.

    A file is written beside its place and moved there at the end; if anything fails, nothing is left and what stood
    there before stays.

    Args:
        path: The file; None or ``-`` is stdout.

    Yields:
        A binary file.

    Raises:
        InputError: If the place cannot be written to.
    """
    if path in (None, "-"):
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    opened = False
    try:
        place = find_place(str(path))
        with Path(str(path)).open("wb") if place is None else write_beside(place) as file:
            opened = True
            yield file
            opened = False
    except OSError as error:
        if isinstance(error, StanceError) or (opened and error.errno not in _NO_ROOM):
            raise  # not of the output
        raise not_written(path, error) from error


def find_place(path: str) -> Path | None:
    """Tell where a file is to be written, links followed; None for a device or pipe, which is written to as it is.

    Raises:
        InputError: If there is a folder, or nothing can be there.
    """
    given = Path(path)
    try:
        is_folder, is_other = given.is_dir(), given.exists() and not given.is_file()
        place = given.resolve()
    except OSError as error:
        raise not_written(path, error) from error
    except (RuntimeError, ValueError) as error:  # links in a circle, until Python 3.12; a NUL in the name
        raise InputError(f"{path}: cannot be written ({error}). Give another --output.") from error
    if place.is_symlink():  # what is left of them since Python 3.13
        raise InputError(f"{path}: cannot be written (links that lead in a circle). Give another --output.")
    if is_folder:
        raise InputError(f"{path}: is a directory. Give the name of a file to write.")
    return None if is_other else place


def not_written(path: str | Path | None, error: OSError) -> InputError:
    """Say that a place cannot be written to, and why."""
    cure = "Make room there, or give another --output." if error.errno in _NO_ROOM else "Give another --output."
    return InputError(f"{path}: cannot be written ({error.strerror or error}). {cure}")


def write_rows(
    file: BinaryIO, rows: Iterable[dict[str, Any]], form: str, columns: Sequence[str], *, safe: bool = False
) -> None:
    """Write rows in a format, as they come.

    Args:
        file: Where to.
        rows: Rows as `paragraph_rows` or `block_rows` gives them.
        form: ``"jsonl"``, ``"csv"`` or ``"parquet"``.
        columns: Columns of the flat formats, in order; they stand there even if no row comes.
        safe: Whether cells of CSV that a spreadsheet would compute are kept from it, as `defuse` does.

    Raises:
        MissingExtraError: If Parquet is asked for and pyarrow is not installed.
    """
    if form == "parquet":
        _write_parquet(file, rows, columns)
        return
    file.write(encode_head(form, columns, safe=safe))
    for row in rows:
        file.write(encode_row(row, form, columns, safe=safe))
        if file is sys.stdout.buffer and form == "jsonl":
            file.flush()


def defuse(cell: object) -> object:
    """Keep a spreadsheet from computing a text: an apostrophe goes before one that begins like a formula.

    A text that says ``=HYPERLINK(...)`` would be a link, or worse, to whoever opens the table in a spreadsheet.

    >>> defuse("=1+1"), defuse("a = b"), defuse(-0.5)
    ("'=1+1", 'a = b', -0.5)

    Source: OWASP, "CSV Injection".
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def encode_head(form: str, columns: Sequence[str], *, safe: bool = False) -> bytes:
    r"""Give what stands before the rows of a file.

    >>> encode_head("csv", ["id", "NATO"]), encode_head("jsonl", [])
    (b'id,NATO\r\n', b'')
    """
    return _encode_cells(columns, safe=safe) if form == "csv" else b""


def encode_row(row: dict[str, Any], form: str, columns: Sequence[str], *, safe: bool = False) -> bytes:
    """Give the line of a row.

    Args:
        row: A row as `paragraph_rows` or `block_rows` gives it.
        form: ``"jsonl"`` or ``"csv"``.
        columns: The columns of CSV, in order.
        safe: Whether cells of CSV are kept from being computed, as `defuse` does.

    Returns:
        The line, with its end, in UTF-8.
    """
    if form == "jsonl":
        return json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
    flat = flatten_row(row)
    return _encode_cells([flat.get(column, "") for column in columns], safe=safe)


def _encode_cells(cells: Sequence[Any], *, safe: bool) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(map(defuse, cells) if safe else cells)
    return text.getvalue().encode("utf-8", "backslashreplace")


def _write_parquet(file: BinaryIO, rows: Iterable[dict[str, Any]], columns: Sequence[str]) -> None:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise MissingExtraError("Writing Parquet", "parquet") from None
    schema = pa.schema([(name, getattr(pa, arrow_type(name))()) for name in columns])
    with parquet.ParquetWriter(file, schema) as writer:
        group: list[dict[str, Any]] = []
        for row in rows:
            group.append({name: _whole(value) for name, value in flatten_row(row).items()})
            if len(group) == _PARQUET_ROWS:
                writer.write_table(pa.Table.from_pylist(group, schema=schema))
                group = []
        writer.write_table(pa.Table.from_pylist(group, schema=schema))


def _whole(value: object) -> object:
    """Write out halves of characters, which a file's name may hold and no UTF-8 can."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def arrow_type(column: str) -> str:
    """Name the Arrow type of a column of the flat formats: ``pyarrow``'s function of that name makes it."""
    if column in ("index", "start", "end"):
        return "int64"
    _, underscore, ending = column.rpartition("_")
    if underscore and ending == "abstained":
        return "bool_"
    return "float64" if underscore and ending in LABELS else "string"
