"""Reading what tools export: where it came from, what happens to bad records, and who is who."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from stance.annotation.files import keep_distinct
from stance.errors import InputError
from stance.schema import Annotation
from stance.text.tables import parse_json, read_objects

__all__ = ["Reading", "read_lines", "read_records", "read_value", "to_seconds", "to_time", "write_lines"]


def _raise(error: InputError) -> None:
    raise error


@dataclass(frozen=True, slots=True)
class Reading:
    """How a tool's export is read.

    Attributes:
        name: Name of the file, for messages.
        annotator: Who labelled, where the file does not say.
        names: The tool's name or number of an annotator -> the name wanted.
        tasks: Potato only: the data file that the tool was given, since its output has ids alone.
        on_error: Called for each bad record, which is then left out; by default the first is raised.
    """

    name: str
    annotator: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    tasks: bytes = b""
    on_error: Callable[[InputError], None] = _raise

    def person(self, found: str) -> str:
        """Give the annotator's name for the tool's."""
        return self.names.get(found, found) or self.annotator


def read_lines(
    content: bytes, name: str, on_error: Callable[[InputError], None]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read one JSON object a line, with where each stands."""
    return read_objects(io.BytesIO(content), name, encoding="utf-8", on_error=on_error)


def read_records(
    content: bytes, reading: Reading, make: Callable[[dict[str, Any], str], Iterable[tuple[str, Annotation]]]
) -> Iterator[Annotation]:
    """Read a file of one JSON object a line; a bad line is reported and costs no other.

    Args:
        content: The file.
        reading: Name of the file, and what happens to bad lines.
        make: Object and where it stands to records, with where each stands.

    Yields:
        The records, one of each annotator on a paragraph.
    """

    def found() -> Iterator[tuple[str, Annotation]]:
        for where, line in read_lines(content, reading.name, reading.on_error):
            try:
                yield from make(line, where)
            except InputError as error:
                reading.on_error(error)

    return keep_distinct(found(), reading.on_error)


def read_value(content: bytes, name: str) -> Any:  # noqa: ANN401 -- any JSON
    """Read a file that is one JSON value.

    Args:
        content: The file.
        name: Its name, for messages.

    Returns:
        The value.

    Raises:
        InputError: If it is no JSON in UTF-8, or a field stands twice in an object.
    """
    try:
        return parse_json(content.decode("utf-8-sig"))
    except ValueError as error:
        raise InputError(f"{name}: not valid JSON in UTF-8 ({error}). Give the tool's JSON export.") from None


def write_lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Write one JSON object a line."""
    return b"".join(encode(json.dumps(row, ensure_ascii=False)) + b"\n" for row in rows)


def encode(text: str) -> bytes:
    r"""Encode JSON as UTF-8; a lone surrogate becomes its escape ``\udXXX``."""
    return text.encode("utf-8", "backslashreplace")


def to_time(seconds: object) -> str:
    """Give seconds since 1970 as ISO 8601 in UTC; empty if they are no number or no date.

    >>> to_time(1764005400)
    '2025-11-24T17:30:00Z'
    """
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return ""
    try:
        return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return ""


def to_seconds(time: str) -> int | None:
    """Give a time in ISO 8601 with zone as seconds since 1970; None if it is no date.

    >>> to_seconds("2025-11-24T18:30:00.25+01:00")
    1764005400
    """
    if not time:
        return None
    whole, zone = (time[:-1], "+00:00") if time.endswith("Z") else (time[:-6], time[-6:])
    try:
        return int(datetime.fromisoformat(whole.partition(".")[0] + zone).timestamp())
    except (ValueError, OverflowError):
        return None
