"""Documents in the rows of JSON Lines, CSV and Parquet files."""

from __future__ import annotations

import codecs
import csv
import io
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, BinaryIO

from stance.errors import EncodingError, InputError, Place, suggest
from stance.schema import Document
from stance.text.decoding import (
    LONGEST,
    SAMPLE,
    check_encoding,
    decode,
    detect_encoding,
    is_blank,
    is_wide,
    marked_encoding,
    needs_detection,
    read_bounded,
    refuse_binary,
)
from stance.text.fields import is_missing, source_fields
from stance.text.parquet import parquet_rows
from stance.toml import DEEPEST, is_deep

__all__ = ["Columns", "OnError", "parse_json", "read_cells", "read_csv", "read_jsonl", "read_objects", "read_parquet"]

_LONGEST_CELL = LONGEST
_QUOTE = "Quote cells that hold the delimiter, a quote or a line break, and double the quotes in them"
_SHOWN_COLUMNS = 1000
"""Columns of a header that are looked through for one that may be meant."""
_SURROGATE = re.compile("[\ud800-\udfff]")

OnError = Callable[[InputError], None]


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a table holds what.

    Attributes:
        text: Field or column of the text.
        id: Field or column of the id; rows need not have one.
        source: Fields or columns that say what else is known; rows need not have them, but the header of a table does.
    """

    text: str = "text"
    id: str = "id"
    source: tuple[str, ...] = ()


def read_jsonl(file: BinaryIO, name: str, columns: Columns, *, encoding: str | None) -> Iterator[Document | InputError]:
    """Read one JSON object a line.

    Args:
        file: The file, binary.
        name: What messages and documents call it.
        columns: The fields of text and id.
        encoding: Its encoding; None means UTF-8 or, if it is not, the one detected.

    Yields:
        A document a line, each one paragraph; for a bad line what is wrong with it.

    Raises:
        InputError: If the file is empty.
        EncodingError: If the file is no text.
    """
    settled = _settle_encoding(file, name, encoding)
    for place, row in _objects(file, name, settled):
        yield row if isinstance(row, InputError) else _document(row, place, name, columns, settled)


def read_objects(
    file: BinaryIO, name: str, *, encoding: str | None = None, on_error: OnError
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read one JSON object a line, whatever it holds; blank lines are left out.

    Args:
        file: The file, binary.
        name: What messages call it.
        encoding: Its encoding; None means UTF-8 or, if it is not, the one detected.
        on_error: Called for each line that is no JSON object, or in which a field stands twice; it is then left out.

    Yields:
        Where the object stands (``"rows.jsonl: line 17"``), and the object.

    Raises:
        InputError: If the file is empty.
        EncodingError: If the file is no text.
    """
    for place, row in _objects(file, name, _settle_encoding(file, name, encoding)):
        if isinstance(row, InputError):
            on_error(row)
        else:
            yield str(place), row


def _objects(file: BinaryIO, name: str, encoding: str) -> Iterator[tuple[Place, dict[str, Any] | InputError]]:
    """Give where each object stands and the object, or what is wrong with its line."""
    empty = True
    for number, line, damage in _lines(file, name, encoding):
        if not line.strip():
            continue
        empty = False
        place = Place(name, line=number)
        if damage:
            yield place, damage
            continue
        try:
            row = parse_json(line.rstrip("\r\n"))
        except _TwiceError as error:
            yield place, InputError(f"{place}: {error}.", place=place)
            continue
        except ValueError as error:
            found: object = error
            if isinstance(error, json.JSONDecodeError):  # its own message counts lines, too
                found = f"{error.msg.removesuffix(' at')} at column {error.colno}"
            yield place, InputError(f"{place}: not valid JSON ({found}). Expected one object a line.", place=place)
            continue
        if not isinstance(row, dict):
            row = InputError(f"{place}: expected a JSON object, found {type(row).__name__}.", place=place)
        yield place, row
    if empty:
        raise InputError(f"{name}: the file is empty. Expected one JSON object a line.")


class _TwiceError(ValueError):
    """A field stands twice in an object."""


def parse_json(text: str) -> Any:  # noqa: ANN401 -- any JSON
    """Read a JSON value as its standard has it: no NaN, and each field once (`json.loads` takes the last of two).

    Args:
        text: The JSON.

    Returns:
        The value.

    Raises:
        ValueError: If it is no JSON, is nested more than 100 deep, or a field stands twice in an object; the message
            names the field.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_distinct)
    except RecursionError:
        raise ValueError(f"nested more than {DEEPEST} deep") from None
    if text.count("[") + text.count("{") > DEEPEST and is_deep(value):
        raise ValueError(f"nested more than {DEEPEST} deep")
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise _TwiceError(f"field {twice!r} stands twice in one object. Keep the value that is meant")
    return found


def read_csv(
    file: BinaryIO, name: str, columns: Columns, *, encoding: str | None, delimiter: str = ","
) -> Iterator[Document | InputError]:
    """Read a CSV file with a header.

    Args:
        file: The file, binary.
        name: What messages and documents call it.
        columns: The columns of text and id.
        encoding: Its encoding; None means UTF-8 or, if it is not, the one detected.
        delimiter: What separates cells.

    Yields:
        A document a row, each one paragraph; for a bad row what is wrong with it.

    Raises:
        InputError: If there is no header, a column stands twice, or the text's column is missing.
        EncodingError: If the file is no text.
    """
    settled = _settle_encoding(file, name, encoding)
    rows = _rows(file, name, settled, delimiter)
    for place, row in _cells(rows, name, lambda header: _check_columns(header, name, columns)):
        yield row if isinstance(row, InputError) else _document(row, place, name, columns, settled)


def read_cells(
    file: BinaryIO,
    name: str,
    *,
    on_error: OnError,
    encoding: str | None = None,
    delimiter: str = ",",
    check: Callable[[Sequence[str]], None] | None = None,
) -> Iterator[tuple[str, dict[str, str]]]:
    """Read a CSV file with a header, whatever its columns are.

    Args:
        file: The file, binary.
        name: What messages call it.
        on_error: Called for each bad row, which is then left out.
        encoding: Its encoding; None means UTF-8 or, if it is not, the one detected.
        delimiter: What separates cells.
        check: Called with the header; what it raises ends the reading.

    Yields:
        Where the row stands (``"rows.csv: line 17"``), and column -> cell.

    Raises:
        InputError: If there is no header.
        EncodingError: If the file is no text.
    """
    rows = _rows(file, name, _settle_encoding(file, name, encoding), delimiter)
    for place, row in _cells(rows, name, check):
        if isinstance(row, InputError):
            on_error(row)
        else:
            yield str(place), row


def _cells(
    rows: Iterator[tuple[Place, list[str] | InputError]], name: str, check: Callable[[Sequence[str]], None] | None
) -> Iterator[tuple[Place, dict[str, str] | InputError]]:
    """Take the first row for the header, and give the others by its columns."""
    _, header = next(rows, (Place(name), []))
    if isinstance(header, InputError):
        raise header
    if not header:
        raise InputError(f"{name}: the file is empty. Expected a header and rows.")
    if check:
        check(header)
    for place, cells in rows:
        if isinstance(cells, InputError):
            yield place, cells
        elif len(cells) != len(header):
            found = f"expected {len(header)} cells, found {len(cells)}"
            yield place, InputError(f"{place}: {found}. {_QUOTE}.", place=place)
        else:
            yield place, dict(zip(header, cells, strict=True))


def _rows(file: BinaryIO, name: str, encoding: str, delimiter: str) -> Iterator[tuple[Place, list[str] | InputError]]:
    """Give where each row of a CSV file begins and its cells, or what is wrong with it; blank lines are left out."""
    # The limit is the interpreter's, not a reader's; an article is longer than its 131,072 characters can hold.
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_CELL))
    damages: list[EncodingError] = []  # of the lines read since the last row

    def lines() -> Iterator[str]:  # damaged ones too: a quoted cell may begin or end there
        for _, line, damage in _lines(file, name, encoding):
            if damage:
                damages.append(damage)
            yield line

    reader = csv.reader(lines(), delimiter=delimiter, strict=True)
    while True:
        place = Place(name, line=reader.line_num + 1)
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            found = "a quote is never closed" if "end of data" in str(error) else error
            yield place, InputError(f"{place}: not valid CSV ({found}). {_QUOTE}.", place=place)
        else:
            if damages:
                yield place, damages[0]
            elif len(cells) > 1 or "".join(cells).strip():
                yield place, cells
        damages.clear()


def read_parquet(file: BinaryIO, name: str, columns: Columns) -> Iterator[Document | InputError]:
    """Read a Parquet file.

    Args:
        file: The file, binary and seekable.
        name: What messages and documents call it.
        columns: The columns of text and id.

    Yields:
        A document a row, each one paragraph; for a bad row what is wrong with it.

    Raises:
        InputError: If it is no Parquet file, would unpack to too much, or the text's column is missing.
        MissingExtraError: If pyarrow is not installed.
    """

    def choose(header: Sequence[str]) -> list[str]:
        _check_columns(header, name, columns)
        return [column for column in dict.fromkeys((columns.text, columns.id, *columns.source)) if column in header]

    for place, row in parquet_rows(file, name, choose):
        yield row if isinstance(row, InputError) else _document(row, place, name, columns, None)


def _settle_encoding(file: BinaryIO, name: str, encoding: str | None) -> str:
    """Tell a table's encoding: the one named, what a byte order mark says, the one detected, or UTF-8."""
    check_encoding(encoding)
    if encoding:
        return encoding
    sample = file.read(SAMPLE)
    file.seek(0)
    refuse_binary(sample[:4096], name)
    if needs_detection(sample):
        return detect_encoding(sample[: sample.rfind(b"\n") + 1] or sample, name)
    return marked_encoding(sample) or "utf-8"


def _lines(file: BinaryIO, name: str, encoding: str) -> Iterator[tuple[int, str, EncodingError | None]]:
    """Decode line by line: number, text, and what is wrong with it if it is not in the encoding."""
    if is_wide(encoding):
        whole = io.StringIO(decode(read_bounded(file, name), name, encoding).text)
        yield from ((number, line, None) for number, line in enumerate(whole, 1))
        return
    first = file.readline(LONGEST + 1).removeprefix(codecs.BOM_UTF8)
    for number, line in enumerate(chain([first], iter(partial(file.readline, LONGEST + 1), b"")), 1):
        if len(line) > LONGEST:
            raise InputError(f"{name}: line {number} has more than {LONGEST >> 20} MiB. Give one row a line.")
        try:
            yield number, line.decode(encoding), None
        except UnicodeDecodeError as error:
            found = f"byte {error.start} begins {line[error.start : error.start + 4].hex(' ')}"
            place = Place(name, line=number)
            damage = EncodingError(f"{place}: not {encoding}: {found}. Give the right --encoding.", place=place)
            yield number, line.decode(encoding, "replace"), damage


def _check_columns(header: Sequence[str], name: str, columns: Columns) -> None:
    known = [" ".join(column[:200].split())[:40] for column in header[:_SHOWN_COLUMNS]]
    twice = next((column for column in (columns.text, columns.id) if header.count(column) > 1), None)
    if twice is not None:
        raise InputError(f"{name}: the column {twice!r} stands twice in the header. Name each column once.")
    if columns.text not in header:
        hint = suggest(columns.text, known)
        cure = "Name it with --text-column"
        if len(header) == 1 and (other := next((sign for sign in ";\t|" if sign in header[0]), None)):
            cure = f"Cells seem to be divided by {other!r}: " + (
                "give --input-format tsv" if other == "\t" else "save the table with commas, or as JSONL"
            )
        raise InputError(f"{name}: no column {columns.text!r} for the text: {hint}. {cure}.")
    if columns.id not in header and columns.id != Columns().id:
        hint = suggest(columns.id, known)
        raise InputError(f"{name}: no column {columns.id!r} for the id: {hint}. Name it with --id-column.")
    missing = next((column for column in columns.source if column not in header), None)
    if missing is not None:
        raise InputError(
            f"{name}: no column {missing!r}: {suggest(missing, known)}. Name others with --source-columns."
        )


def _document(
    row: Mapping[str, Any], place: Place, name: str, columns: Columns, encoding: str | None
) -> Document | InputError:
    """Make a document of a row, or tell what is wrong with it."""

    def refuse(field: str, what: str) -> InputError:
        return InputError(f"{place}: {what}", place=place, field=field)

    if columns.text not in row:
        hint = suggest(columns.text, row) if row else "the object is empty"
        return refuse(columns.text, f"no field {columns.text!r}: {hint}. Name it with --text-column.")
    text, identity = row[columns.text], row.get(columns.id)
    if not isinstance(text, str):
        found = "nothing" if text is None else type(text).__name__
        return refuse(columns.text, f"field {columns.text!r} has to be a string, found {found}.")
    if is_blank(text):
        return refuse(columns.text, f"field {columns.text!r} is empty.")
    if half := _SURROGATE.search(text):
        found = f"half of a character (\\u{ord(half[0]):04x}) at character {half.start()}"
        return refuse(columns.text, f"field {columns.text!r} holds {found}. Write the character whole.")
    if not isinstance(identity, str | int | float | None) or identity in (math.inf, -math.inf):
        found = str(identity) if isinstance(identity, float) else type(identity).__name__
        return refuse(columns.id, f"field {columns.id!r} has to be a string or number, found {found}.")
    identity = None if identity != "" and is_missing(identity) else identity
    return Document(text, name, identity, encoding, "none", source_fields(row, columns.source))
