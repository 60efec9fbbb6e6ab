"""doccano: JSON Lines for a text classification project.

A project has one set of labels: ``NATO:favor``, ``reported:yes`` and so on. Each record is a line: ``text``, ``label``,
and ``stance``, which doccano keeps as metadata and gives back (as a string, so that no table on the way takes it
apart). doccano has no suggestions; what a model found stands in the metadata, for annotators to read.

Its export does not name the annotator: a project whose annotators share their labels gives one file, another an archive
with a file named after each user. There are no spans here; doccano has span offsets only in sequence labelling.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from stance.annotation.interchange.carriage import Item, describe, group, model_labels, pack, settle, unpack
from stance.annotation.interchange.reading import Reading, read_records, write_lines
from stance.annotation.interchange.scheme import REPORTED, Scheme, join_labels, split_labels
from stance.errors import InputError
from stance.schema import Annotation
from stance.text.tables import parse_json

__all__ = ["from_tasks", "to_tasks"]


def to_tasks(annotations: Iterable[Annotation], scheme: Scheme) -> bytes:
    """Write lines to import into a text classification project (format JSONL, column of labels ``label``).

    Args:
        annotations: The records, with text.
        scheme: What annotators are asked.

    Returns:
        The file: a line for each record of a person, and one for each paragraph that waits.

    Raises:
        InputError: If a text is missing, records contradict each other, or a target is not in the scheme.
    """
    return write_lines(line for item in group(annotations, scheme) for line in _lines(item, scheme))


def _lines(item: Item, scheme: Scheme) -> Iterator[dict[str, Any]]:
    if item.waiting or item.models or not item.people:
        found = [f"{record.annotator}: {_suggestion(record, scheme)}" for record in item.models]
        yield _line(item, [], pack(item, [], scheme, waits=True), scheme) | {"suggestion": "; ".join(found)}
    for record in item.people:
        yield _line(item, join_labels(record, scheme), pack(item, [record], scheme, waits=False), scheme)


def _line(item: Item, labels: list[str], packed: dict[str, Any], scheme: Scheme) -> dict[str, Any]:
    context = " · ".join(describe(item.paragraph).values())
    return {"text": item.text, "label": labels, "context": context, "suggestion": "", "stance": json.dumps(packed)}


def _suggestion(record: Annotation, scheme: Scheme) -> str:
    found = model_labels(record, scheme).items()
    return ", ".join(
        f"{target}:{label}" + (f" {share:.2f}" if share is not None else "") for target, (label, share) in found
    )


def from_tasks(content: bytes, scheme: Scheme, reading: Reading) -> Iterator[Annotation]:
    """Read doccano's export (format JSONL).

    Args:
        content: The file; of an archive, one of its files.
        scheme: What annotators were asked.
        reading: Name of the file, and how it is read. Give ``annotator`` for what was labelled in doccano; then all
            labels of the file are that person's, those that were imported with it, too.

    Returns:
        The records: those that went out, unless somebody changed them, and the new ones. A line without labels is a
        record only if it went out so.

    Raises:
        InputError: If the file or a record is not usable.
    """
    return read_records(content, reading, lambda line, where: _records(line, where, scheme, reading))


def _records(line: dict[str, Any], where: str, scheme: Scheme, reading: Reading) -> Iterator[tuple[str, Annotation]]:
    carried = unpack(_packed(line.get("stance")), line.get("text", line.get("data")), where)
    made = split_labels(line.get("label", []), scheme, f"{where}: field 'label'")
    comment = _comment(line, where)
    if comment:
        made["comment"] = comment
    sent = carried.records[0] if carried.records else None
    is_same_person = sent is not None and reading.annotator in ("", sent.get("annotator"))
    row = settle(made, sent if is_same_person else None, ("labels", REPORTED, *(["comment"] if comment else [])))
    if row is sent:
        yield where, carried.annotation(row, where)
    elif made.keys() & {"labels", REPORTED}:
        made |= {"annotator": reading.annotator, "codebook": carried.codebook}
        yield where, carried.annotation(_named(made, where), where)
    elif carried.waiting is not None:
        yield where, carried.annotation(carried.waiting, where)


def _named(row: dict[str, Any], where: str) -> dict[str, Any]:
    if not row["annotator"]:
        raise InputError(
            f"{where}: was labelled in doccano, which does not say by whom. Name the annotator of the file."
        )
    return {name: value for name, value in row.items() if value != ""}


def _packed(packed: object) -> object:
    if not isinstance(packed, str):
        return packed
    try:
        return parse_json(packed)
    except ValueError:
        return None


def _comment(line: dict[str, Any], where: str) -> str:
    comments = line.get("Comments", line.get("comments", []))
    if not isinstance(comments, list) or not all(isinstance(text, str) for text in comments):
        raise InputError(f"{where}: field 'Comments': expected a list of texts, found {comments!r:.60}.")
    return "\n".join(comments)
