"""Reading what ``stance predict --format jsonl`` wrote back into analysed documents."""

from __future__ import annotations

import io
import json
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stance.errors import InputError
from stance.schema import LABELS, Analysis, Document, Evidence, Paragraph, Prediction, Stance
from stance.text.documents import open_input
from stance.text.tables import read_objects

__all__ = ["holds_predictions", "read_predictions"]

_UNITS = ("sentence", "word", "mention")
_FIELDS: Mapping[str, type] = {"index": int, "start": int, "end": int, "text": str, "stances": dict}
_KINDS: Mapping[type, str] = {int: "a whole number", str: "a string", dict: "an object"}
_FIRST = (b'{"document":', b'\xef\xbb\xbf{"document":')
"""What a row of predictions begins with, as `stance.reporting.outputs.write_rows` writes it."""
_DOCUMENTS = ("doc_id", "document_sha256", "path")
"""Fields of ``source`` that tell the document of a row that is a paragraph by itself."""


def holds_predictions(path: str) -> bool:
    """Tell whether a file is one of predictions: JSON Lines whose first row has stances.

    Of stdin (``-``) only the first characters can be seen before it is read: they are those of a row of predictions.
    """
    if path == "-":
        return isinstance(sys.stdin.buffer, io.BufferedReader) and sys.stdin.buffer.peek().startswith(_FIRST)
    if Path(path).suffix.lower() not in (".jsonl", ".ndjson") or not Path(path).is_file():
        return False
    with Path(path).open(encoding="utf-8-sig", errors="replace") as file:
        first = next((line for line in file if line.strip()), "")
    try:
        row = json.loads(first)
    except (ValueError, RecursionError):
        return False
    return isinstance(row, dict) and isinstance(row.get("stances"), dict)


def read_predictions(path: str) -> list[Analysis]:
    """Read predictions.

    Rows of one document are put together: of one ``doc_id``, ``document_sha256`` or ``path`` in ``source``, else of one
    ``document`` and ``id``; without an id those whose ``index`` rises, since rows of a table without ids bear its name
    alike. Headings and furniture are not in such a file, nor is the whole text of the documents.

    Args:
        path: JSON Lines, as ``stance predict`` writes them; ``-`` is stdin.

    Returns:
        The documents, in the order of their first rows; `Analysis.summary` and `Document.text` are empty.

    Raises:
        InputError: If the file cannot be read, or a row is none of a prediction; it names file, line and field.
    """
    documents: dict[tuple[str, int], list[_Row]] = {}
    begun: Counter[str] = Counter()
    wrong: list[Exception] = []
    with open_input(path) as file:
        for where, given in read_objects(file, path, on_error=wrong.append):
            row = _read_row(given, where)
            before = documents.get((row.key, begun[row.key]))
            if before and not row.told and row.block.index <= before[-1].block.index:
                begun[row.key] += 1
            documents.setdefault((row.key, begun[row.key]), []).append(row)
    if wrong:
        raise InputError(str(wrong[0]))
    return [
        Analysis(rows[0].document, tuple(row.block for row in rows), tuple(row.prediction for row in rows))
        for rows in documents.values()
    ]


@dataclass(frozen=True, slots=True)
class _Row:
    """A row, read: what tells its document, whether that is more than a file's name, the paragraph, its prediction."""

    key: str
    told: bool
    document: Document
    block: Paragraph
    prediction: Prediction


def _read_row(row: Mapping[str, Any], where: str) -> _Row:
    for field, kind in _FIELDS.items():
        if not isinstance(row.get(field), kind) or isinstance(row.get(field), bool):
            raise InputError(
                f"{where}: field {field!r}: expected {_KINDS[kind]}, found {row.get(field)!r}. "
                "Give what stance predict --format jsonl writes."
            )
    source = row.get("source") or {}
    if not isinstance(source, Mapping):
        raise InputError(f"{where}: field 'source': expected an object, found {source!r}.")
    name = str(row.get("document") or "")
    told = next((f"{field}={source[field]}" for field in _DOCUMENTS if source.get(field)), None)
    document = Document("", name, row.get("id"), source=source)
    block = Paragraph(row["text"], row["start"], row["end"], "body", row["index"])
    if not row["stances"]:
        raise InputError(f"{where}: field 'stances': expected a stance a target, found none.")
    stances = {
        str(target): _read_stance(str(target), given, row["start"], len(row["text"]), f"{where}: {target!r}")
        for target, given in row["stances"].items()
    }
    key = told or json.dumps([name, row.get("id")], default=str)
    return _Row(key, bool(told) or row.get("id") is not None, document, block, Prediction(row["text"], stances, 1, ""))


def _read_stance(target: str, given: object, offset: int, length: int, where: str) -> Stance:
    if not isinstance(given, Mapping) or given.get("label") not in LABELS:
        raise InputError(f"{where}: expected an object with a label of {', '.join(LABELS)}, found {given!r}.")
    shares = given.get("probabilities")
    if not isinstance(shares, Mapping) or not all(_is_share(shares.get(label)) for label in LABELS):
        raise InputError(f"{where}: field 'probabilities': expected a number in [0, 1] a label, found {shares!r}.")
    labels = given.get("labels", [])
    if not isinstance(labels, list) or not all(label in LABELS for label in labels):
        raise InputError(f"{where}: field 'labels': expected a list of labels, found {labels!r}.")
    items = given.get("evidence", [])
    if not isinstance(items, list):
        raise InputError(f"{where}: field 'evidence': expected a list, found {items!r}.")
    return Stance(
        target,
        given["label"],
        {label: float(shares[label]) for label in LABELS},
        labels=tuple(labels),
        evidence=tuple(_read_evidence(item, offset, length, f"{where}: field 'evidence'") for item in items),
    )


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _read_evidence(item: object, offset: int, length: int, where: str) -> Evidence:
    try:
        start, end, weight = item["start"] - offset, item["end"] - offset, float(item["weight"])  # type: ignore[index]
        unit, text = item["unit"], str(item["text"])  # type: ignore[index]
    except (TypeError, KeyError, ValueError, OverflowError) as error:
        raise InputError(f"{where}: expected start, end, text, unit and weight, found {item!r}.") from error
    if not (isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= length) or unit not in _UNITS:
        raise InputError(f"{where}: expected a {', '.join(_UNITS)} within the paragraph, found {item!r}.")
    return Evidence(start, end, text, unit, weight)
