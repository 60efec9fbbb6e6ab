"""Documents in the rows of JSON Lines, CSV and Parquet files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from stance.errors import EncodingError, InputError, MissingExtraError, suggest
from stance.schema import Document
from stance.text.decoding import check_encoding, decode, refuse_binary

__all__ = ["Columns", "read_csv", "read_jsonl", "read_parquet"]

_LONGEST_CELL = 2**31 - 1
_PARQUET_ROWS = 1024
"""Rows read at once."""

OnError = Callable[[InputError], None]


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a table holds what.

    Attributes:
        text: Field or column of the text.
        id: Field or column of the id; rows need not have one.
    """

    text: str = "text"
    id: str = "id"


def read_jsonl(
    file: BinaryIO, name: str, columns: Columns, *, encoding: str | None, on_error: OnError
) -> Iterator[Document]:
    """Read one JSON object a line.

    Args:
        file: The file, binary.
        name: What messages and documents call it.
        columns: The fields of text and id.
        encoding: Its encoding; None means UTF-8.
        on_error: Called for each bad line, which is then left out.

    Yields:
        A document a line, each one paragraph.

    Raises:
        EncodingError: If the file is no text.
    """
    for number, line in _lines(file, name, encoding, on_error):
        if not line.strip():
            continue
        where = f"{name}: line {number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            on_error(InputError(f"{where}: not valid JSON ({error}). Expected one object a line."))
            continue
        if not isinstance(row, dict):
            on_error(InputError(f"{where}: expected a JSON object, found {type(row).__name__}."))
            continue
        yield from _document(row, where, name, columns, encoding or "utf-8", on_error)


def read_csv(
    file: BinaryIO, name: str, columns: Columns, *, encoding: str | None, on_error: OnError, delimiter: str = ","
) -> Iterator[Document]:
    """Read a CSV file with a header.

    Args:
        file: The file, binary.
        name: What messages and documents call it.
        columns: The columns of text and id.
        encoding: Its encoding; None means UTF-8.
        on_error: Called for each bad row, which is then left out.
        delimiter: What separates cells.

    Yields:
        A document a row, each one paragraph.

    Raises:
        InputError: If there is no header, a column stands twice, or the text's column is missing.
        EncodingError: If the file is no text.
    """
    # The limit is the interpreter's, not a reader's; an article is longer than its 131,072 characters can hold.
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_CELL))
    lines = (line for _, line in _lines(file, name, encoding, on_error))
    reader = csv.reader(lines, delimiter=delimiter, strict=False)
    header = next(reader, None)
    if header is None:
        raise InputError(f"{name}: the file is empty. Expected a header and rows.")
    _check_columns(header, name, columns)
    while True:
        start = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            on_error(InputError(f"{name}: line {start}: not valid CSV ({error})."))
            continue
        if not cells:
            continue
        if len(cells) != len(header):
            found = f"expected {len(header)} cells, found {len(cells)}"
            on_error(InputError(f"{name}: line {start}: {found}. Quote cells that hold the delimiter or a quote."))
            continue
        row = dict(zip(header, cells, strict=True))
        yield from _document(row, f"{name}: line {start}", name, columns, encoding or "utf-8", on_error)


def read_parquet(file: BinaryIO, name: str, columns: Columns, *, on_error: OnError) -> Iterator[Document]:
    """Read a Parquet file.

    Args:
        file: The file, binary and seekable.
        name: What messages and documents call it.
        columns: The columns of text and id.
        on_error: Called for each bad row, which is then left out.

    Yields:
        A document a row, each one paragraph.

    Raises:
        InputError: If it is no Parquet file, or the text's column is missing.
        MissingExtraError: If pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise MissingExtraError("Reading Parquet", "parquet") from None
    try:
        table = parquet.ParquetFile(file)
        header = table.schema_arrow.names
        _check_columns(header, name, columns)
        wanted = [column for column in (columns.text, columns.id) if column in header]
        number = 0
        for batch in table.iter_batches(batch_size=_PARQUET_ROWS, columns=wanted):
            for row in batch.to_pylist():
                number += 1
                yield from _document(row, f"{name}: row {number}", name, columns, None, on_error)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{name}: cannot be read as Parquet ({error}).") from error


def _lines(file: BinaryIO, name: str, encoding: str | None, on_error: OnError) -> Iterator[tuple[int, str]]:
    """Decode line by line; a line that is not in the encoding is left out."""
    check_encoding(encoding)
    if encoding and not encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32")):
        codec = encoding
    elif encoding:  # line ends are more than one byte there
        yield from enumerate(io.StringIO(decode(file.read(), name, encoding).text), 1)
        return
    else:
        codec = "utf-8"
    for number, line in enumerate(file, 1):
        if number == 1:
            refuse_binary(line[:4096], name)
            line = line.removeprefix(b"\xef\xbb\xbf")
        try:
            yield number, line.decode(codec)
        except UnicodeDecodeError as error:
            found = line[error.start : error.start + 4].hex(" ")
            on_error(
                EncodingError(
                    f"{name}: line {number}: not {codec}: byte {error.start} begins {found}. Give --encoding."
                )
            )


def _check_columns(header: Sequence[str], name: str, columns: Columns) -> None:
    twice = next((column for column in header if header.count(column) > 1), None)
    if twice is not None:
        raise InputError(f"{name}: the column {twice!r} stands twice in the header. Name each column once.")
    if columns.text not in header:
        hint = suggest(columns.text, header)
        raise InputError(f"{name}: no column {columns.text!r} for the text: {hint}. Name it with --text-column.")


def _document(
    row: Mapping[str, Any], where: str, name: str, columns: Columns, encoding: str | None, on_error: OnError
) -> Iterator[Document]:
    """Make a document of a row, or report what is wrong with it."""
    if columns.text not in row:
        hint = suggest(columns.text, row) if row else "the object is empty"
        on_error(InputError(f"{where}: no field {columns.text!r}: {hint}. Name it with --text-column."))
        return
    text, identity = row[columns.text], row.get(columns.id)
    if not isinstance(text, str):
        found = "nothing" if text is None else type(text).__name__
        on_error(InputError(f"{where}: field {columns.text!r} has to be a string, found {found}."))
    elif not text.strip():
        on_error(InputError(f"{where}: field {columns.text!r} is empty."))
    elif not isinstance(identity, str | int | float | None):
        on_error(
            InputError(f"{where}: field {columns.id!r} has to be a string or number, found {type(identity).__name__}.")
        )
    else:
        yield Document(text, name, None if identity is None else str(identity), encoding, "none")
