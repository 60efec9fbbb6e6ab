"""CSV: a row for each record, to look at and to fill in with a spreadsheet.

Spreadsheets change texts: line breaks, white space at the ends, cells that begin like a formula. The column
``text_check`` changes with every letter, so that is found out; line breaks are put right where it proves them.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from stance.annotation.files import annotation_to_row, keep_distinct, row_to_annotation
from stance.annotation.interchange.carriage import check_sum, group
from stance.annotation.interchange.reading import Reading
from stance.annotation.interchange.scheme import REPORTED, Scheme
from stance.errors import InputError, suggest
from stance.schema import Annotation
from stance.text.tables import parse_json

__all__ = ["from_tasks", "to_tasks"]

_CHECK = "text_check"
_BEFORE = ("id", "text")
_SAID = (REPORTED, "annotator", "time", "codebook", "confidence", "comment")
_ANCHOR = (
    "document",
    "document_sha256",
    "start",
    "end",
    "prefix",
    "suffix",
    "text_sha256",
    "words",
    "fingerprint",
    "edges",
)
_REST = ("source", "soft_labels", "doubt", "votes", _CHECK)
_AFTER = (*_SAID, *_ANCHOR, *_REST)
_NUMBERS: dict[str, Callable[[str], float]] = {"start": int, "end": int, "words": int, "confidence": float}
_JSON = ("fingerprint", "edges", "source", "soft_labels", "doubt", "votes")
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_LONGEST_CELL = 2**31 - 1
_QUOTE = "Quote cells that hold a delimiter, a quote or a line break, and double the quotes in them"


def to_tasks(annotations: Iterable[Annotation], scheme: Scheme) -> bytes:
    """Write a row for each record, with a column for each target.

    Args:
        annotations: The records, with or without text.
        scheme: What annotators are asked.

    Returns:
        The file, in UTF-8; what is not known is an empty cell, what is no text or number is JSON.

    Raises:
        InputError: If records contradict each other, or a target is not in the scheme or has the name of a column.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    columns = _columns(scheme)
    writer.writerow(columns)
    for item in group(annotations, scheme, needs_text=False):
        for record in (*([item.waiting] if item.waiting else []), *item.people, *item.models):
            row = annotation_to_row(record)
            cells: dict[str, Any] = {**row, **row.get("labels", {})}
            if record.text is not None:
                cells[_CHECK] = check_sum(record.text)
            writer.writerow([_cell(name, cells.get(name)) for name in columns])
    return file.getvalue().encode("utf-8", "surrogatepass")


def _columns(scheme: Scheme) -> tuple[str, ...]:
    taken = next((target for target in scheme.target_names if target in (*_BEFORE, *_AFTER)), None)
    if taken:
        raise InputError(f"Target {taken!r} has the name of another column. Rename the target.")
    return (*_BEFORE, *scheme.target_names, *_AFTER)


def _cell(name: str, value: Any) -> str:  # noqa: ANN401 -- any JSON
    if value is None:
        return ""
    if name in _JSON:
        return json.dumps(value, default=dict)
    if name == REPORTED:
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def from_tasks(content: bytes, scheme: Scheme, reading: Reading) -> Iterator[Annotation]:
    """Read a table that was filled in.

    Args:
        content: The file: UTF-8, with commas or semicolons. Columns may be missing, all but ``id``, and stand in any
            order.
        scheme: What annotators were asked.
        reading: Name of the file, and how it is read. ``annotator`` is whose the rows with labels and without annotator
            are.

    Yields:
        The records, in the order of the rows.

    Raises:
        InputError: If the file or a row is not usable.
    """
    yield from keep_distinct(_all(content, scheme, reading), reading.on_error)


def _all(content: bytes, scheme: Scheme, reading: Reading) -> Iterator[tuple[str, Annotation]]:
    rows = _rows(content, reading.name)
    _, header = next(rows, ("", []))
    _check_header(header, _columns(scheme), reading.name)
    for where, cells in rows:
        try:
            if len(cells) != len(header):
                raise InputError(f"{where}: expected {len(header)} cells, found {len(cells)}. {_QUOTE}.")
            yield where, _annotation(dict(zip(header, cells, strict=True)), where, scheme, reading)
        except InputError as error:
            reading.on_error(error)


def _rows(content: bytes, name: str) -> Iterator[tuple[str, list[str]]]:
    """Give where each row begins and its cells; empty rows are left out."""
    try:
        text = content.decode("utf-8-sig", "surrogatepass")
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: not UTF-8 ({error}). Save the table as CSV UTF-8.") from None
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_CELL))  # as in stance.text.tables
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        where = f"{name}: line {reader.line_num + 1}"
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError(f"{where}: not valid CSV ({error}). {_QUOTE}.") from None
        if any(cells):
            yield where, cells


def _check_header(header: list[str], columns: tuple[str, ...], name: str) -> None:
    if not header:
        raise InputError(f"{name}: the file is empty. Expected a header and rows.")
    unknown = next((column for column in header if column not in columns), None)
    if unknown is not None:
        raise InputError(f"{name}: unknown column {unknown!r}: {suggest(unknown, columns)}.")
    double = next((column for column, count in Counter(header).items() if count > 1), None)
    if double:
        raise InputError(f"{name}: column {double!r} stands twice. Keep one.")
    if "id" not in header:
        raise InputError(f"{name}: the column 'id' is missing. Expected the table as it went out.")


def _annotation(cells: dict[str, str], where: str, scheme: Scheme, reading: Reading) -> Annotation:
    labels = {}
    for target in scheme.target_names:
        label = cells.pop(target, "").strip()
        if label and label not in scheme.label_names:
            known = suggest(label, scheme.label_names)
            raise InputError(f"{where}: column {target!r}: unknown label {label!r}: {known}.")
        if label:
            labels[target] = label
    check = cells.pop(_CHECK, "")
    row = {name: _value(name, cell, where) for name, cell in cells.items() if cell}
    if check:
        row["text"] = _checked(row.get("text", ""), check, where)
    if labels:
        row["labels"] = labels
    if labels or row.keys() & {*_SAID} - {"codebook"}:
        row["annotator"] = reading.person(row.get("annotator", ""))
    return row_to_annotation({name: value for name, value in row.items() if value != ""}, where)


def _checked(text: str, check: str, where: str) -> str:
    """Give the text that went out, if the check proves it."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    for candidate in (text, lines, lines.replace("\n", "\r\n"), lines.replace("\n", "\r")):
        if check_sum(candidate) == check:
            return candidate
    raise InputError(f"{where}: column 'text': was changed since it went out, found {text!r:.40}. Put the text back.")


def _value(name: str, cell: str, where: str) -> Any:  # noqa: ANN401 -- any JSON
    at = f"{where}: column {name!r}"
    if name in _NUMBERS:
        try:
            return _NUMBERS[name](cell)
        except ValueError:
            kind = "a number from 0 to 1" if name == "confidence" else "a whole number"
            raise InputError(f"{at}: expected {kind}, found {cell!r:.60}.") from None
    if name == REPORTED:
        if cell.strip().casefold() not in _WORDS:
            raise InputError(f"{at}: expected true or false, found {cell!r:.60}.")
        return _WORDS[cell.strip().casefold()]
    if name in _JSON:
        try:
            return parse_json(cell)
        except ValueError:
            raise InputError(f"{at}: expected JSON, found {cell!r:.60}.") from None
    return cell
