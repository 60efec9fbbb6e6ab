"""Files of annotations: JSON Lines, one annotator's labels of one paragraph a line, with or without text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from stance.annotation.validation import check_value
from stance.errors import InputError
from stance.schema import Anchor, Annotation
from stance.text.documents import open_input
from stance.text.tables import read_objects

__all__ = ["annotation_to_row", "keep_distinct", "read_annotations", "row_to_annotation", "write_annotations"]

_ANCHOR = ("document", "document_sha256", "start", "end", "text", "prefix", "suffix", "text_sha256", "words")
_LISTS = ("fingerprint", "edges")
_REST = (
    "reported",
    "annotator",
    "time",
    "codebook",
    "confidence",
    "comment",
    "soft_labels",
    "doubt",
    "votes",
    "source",
)
_SUM = 1e-3
"""How far shares may be from summing to 1: files round them."""


def read_annotations(path: str | Path, *, on_error: Callable[[InputError], None] | None = None) -> Iterator[Annotation]:
    """Read annotations, one JSON object a line (`stance.annotation.validation.load_schema` gives the schema).

    Args:
        path: The file; ``-`` is stdin.
        on_error: Called for each bad line, which is then left out; None raises at the first.

    Returns:
        The annotations in the order of the file, as they are read.

    Raises:
        InputError: If the file is missing or empty, or a line is no JSON, has an unknown or missing field, a value of
            another type, an unknown label, or the id and annotator of a line before; it names file, line and field.
        MissingExtraError: If the packages of ``stance-kit[annotate]`` are not installed.
    """
    name = str(path)
    report = on_error or _raise

    def found() -> Iterator[tuple[str, Annotation]]:
        with open_input(name) as file:
            for where, row in read_objects(file, name, on_error=report):
                try:
                    yield where, row_to_annotation(row, where)
                except InputError as error:
                    report(error)

    return keep_distinct(found(), report)


def keep_distinct(
    found: Iterable[tuple[str, Annotation]], report: Callable[[InputError], None]
) -> Iterator[Annotation]:
    """Leave out, and report, a second record of an annotator on a paragraph."""
    seen: dict[tuple[str, str], str] = {}
    for where, annotation in found:
        key = (annotation.id, annotation.annotator)
        if key in seen:
            by = f" by annotator {key[1]!r}" if key[1] else ""
            report(
                InputError(
                    f"{where}: there is a record of paragraph {key[0]!r}{by} before, at {seen[key]}. "
                    "Keep one record of each annotator."
                )
            )
            continue
        seen[key] = where
        yield annotation


def _raise(error: InputError) -> None:
    raise error


def row_to_annotation(row: dict[str, Any], where: str) -> Annotation:
    """Make an annotation of a JSON object.

    Args:
        row: The object.
        where: Where it stands, for messages.

    Returns:
        The annotation.

    Raises:
        InputError: If it does not follow the schema, or its values contradict each other.

    >>> row_to_annotation({"id": "p1", "labels": {"NATO": "favor"}, "annotator": "A"}, "line 1").labels
    {'NATO': 'favor'}
    """
    check_value(row, "annotation", where)
    start, end, text = row.get("start"), row.get("end"), row.get("text")
    if start is not None and end <= start:
        raise InputError(f"{where}: field 'end': expected more than start ({start}), found {end}.")
    if start is not None and text is not None and len(text) != end - start:
        raise InputError(
            f"{where}: field 'text': has {len(text)} code points, but start and end say {end - start}. "
            "Offsets count code points of the document, not bytes or UTF-16 units."
        )
    for target, shares in row.get("soft_labels", {}).items():
        if abs(sum(shares.values()) - 1) > _SUM:
            total = sum(shares.values())
            raise InputError(f"{where}: field 'soft_labels.{target}': expected shares that sum to 1, found {total:g}.")
    known = {name: row[name] for name in _ANCHOR if name in row}
    known |= {name: tuple(row[name]) for name in _LISTS if name in row}
    anchor = Anchor(**known)
    rest = {name: row[name] for name in _REST if name in row}
    return Annotation(row["id"], anchor, row.get("labels", {}), **rest)


def annotation_to_row(annotation: Annotation) -> dict[str, Any]:
    """Make the JSON object of an annotation; what is not known is left out.

    Args:
        annotation: The annotation.

    Returns:
        Plain JSON types, in the order that files have.
    """
    row: dict[str, Any] = {"id": annotation.id}
    row |= {name: getattr(annotation.anchor, name) for name in _ANCHOR}
    row |= {name: list(getattr(annotation.anchor, name)) for name in _LISTS}
    row["labels"] = dict(annotation.labels)
    row |= {name: getattr(annotation, name) for name in _REST}
    return {name: value for name, value in row.items() if value is not None and value not in ("", [], {})}


def write_annotations(file: BinaryIO, annotations: Iterable[Annotation]) -> int:
    """Write annotations, one JSON object a line.

    Args:
        file: Where to, binary (`stance.reporting.outputs.open_output` writes whole files or none).
        annotations: What to write.

    Returns:
        How many were written.

    Raises:
        InputError: If an annotation holds what JSON cannot: NaN, infinity, an object of another library.
    """
    count = 0
    for annotation in annotations:
        row = annotation_to_row(annotation)
        try:
            line = json.dumps(row, ensure_ascii=False, allow_nan=False, default=_plain)
        except (TypeError, ValueError, RecursionError) as error:
            raise InputError(
                f"Annotation {annotation.id!r}: cannot be written as JSON ({error}). Give plain numbers and texts."
            ) from error
        file.write(line.encode("utf-8", "backslashreplace") + b"\n")
        count += 1
    return count


def _plain(value: object) -> dict[str, Any]:
    """Make a dict of a mapping that is none; JSON knows no other."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"found {type(value).__name__}")
