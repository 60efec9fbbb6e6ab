"""Prodigy: JSON Lines for the ``choice`` interface with several choices.

The options are ``NATO:favor``, ``reported:yes`` and so on; ``stance`` carries the rest, since Prodigy keeps fields that
it does not know. Lines with an ``answer`` are records to store (``prodigy db-in``), lines without are tasks to label; a
model's labels are preselected in them. Prodigy counts code points in ``spans``, as stance does; none are written here.

Source: Prodigy's documentation of its interfaces and its public recipes. Prodigy is not free, so the files were not
tried with it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

from stance.annotation.interchange.carriage import Item, describe, group, model_labels, pack, settle, unpack
from stance.annotation.interchange.reading import (
    Reading,
    read_records,
    to_seconds,
    to_time,
    write_lines,
)
from stance.annotation.interchange.scheme import REPORTED, Scheme, join_labels, split_labels
from stance.errors import InputError
from stance.schema import Annotation

__all__ = ["from_tasks", "to_tasks"]


def to_tasks(annotations: Iterable[Annotation], scheme: Scheme) -> bytes:
    """Write tasks, and records to store.

    Args:
        annotations: The records, with text.
        scheme: What annotators are asked.

    Returns:
        The file: a line for each record of a person, and one for each paragraph that waits; of several models the first
        one's labels are preselected there.

    Raises:
        InputError: If a text is missing, records contradict each other, or a target is not in the scheme.
    """
    return write_lines(line for item in group(annotations, scheme) for line in _lines(item, scheme))


def _lines(item: Item, scheme: Scheme) -> Iterator[dict[str, Any]]:
    if item.waiting or item.models or not item.people:
        task = _task(item, pack(item, [], scheme, waits=True), scheme)
        for record in item.models[:1]:
            task["accept"] = [f"{target}:{label}" for target, (label, _) in model_labels(record, scheme).items()]
            task["meta"] = {**task["meta"], "suggested by": record.annotator}
        yield task
    for record in item.people:
        done = _task(item, pack(item, [record], scheme, waits=False), scheme)
        done |= {"accept": join_labels(record, scheme), "answer": "accept", "_view_id": "choice"}
        done |= {"_annotator_id": record.annotator, "_session_id": record.annotator}
        seconds = to_seconds(record.time)
        yield done | ({} if seconds is None else {"_timestamp": seconds})


def _task(item: Item, packed: dict[str, Any], scheme: Scheme) -> dict[str, Any]:
    options = [{"id": name, "text": name.replace(":", ": ")} for name in scheme.joined_names]
    key = [item.paragraph.id, item.text]
    return {
        "text": item.text,
        "options": options,
        "accept": [],
        "meta": describe(item.paragraph),
        "config": {"choice_style": "multiple"},
        "stance": packed,
        "_input_hash": _hash(key),
        "_task_hash": _hash([*key, *scheme.joined_names]),
    }


def _hash(parts: list[str]) -> int:
    """Give a 32-bit number, as Prodigy's hashes are; the id is in it, so equal paragraphs stay apart."""
    digest = hashlib.sha256(json.dumps(parts).encode()).digest()
    return int.from_bytes(digest[:4], "big", signed=True)


def from_tasks(content: bytes, scheme: Scheme, reading: Reading) -> Iterator[Annotation]:
    """Read Prodigy's export (``prodigy db-out``).

    Rejected and ignored tasks are nobody's labels and are left out.

    Args:
        content: The file.
        scheme: What annotators were asked.
        reading: Name of the file, and how it is read. The tool's name of an annotator is ``_annotator_id``.

    Returns:
        The records: those that went out, unless somebody changed them, and the new ones. ``comment`` is read where a
        recipe asks for it in a field of that name.

    Raises:
        InputError: If the file or a record is not usable.
    """
    return read_records(content, reading, lambda line, where: _records(line, where, scheme, reading))


def _records(line: dict[str, Any], where: str, scheme: Scheme, reading: Reading) -> Iterator[tuple[str, Annotation]]:
    answer = line.get("answer")
    if answer not in (None, "accept", "reject", "ignore"):
        raise InputError(f"{where}: field 'answer': expected accept, reject or ignore, found {answer!r:.60}.")
    carried = unpack(line.get("stance"), line.get("text"), where)
    if answer is None and carried.waiting is not None:
        yield where, carried.annotation(carried.waiting, where)
    if answer != "accept":
        return
    made = split_labels(line.get("accept"), scheme, f"{where}: field 'accept'")
    comment, by = _text(line, "comment", where), _text(line, "_annotator_id", where)
    made |= {"comment": comment} if comment else {}
    sent = carried.records[0] if carried.records else None
    is_same_person = sent is not None and by in ("", sent.get("annotator"))
    row = settle(made, sent if is_same_person else None, ("labels", REPORTED, *(["comment"] if comment else [])))
    if row is not sent:
        time = to_time(line.get("_timestamp"))
        new = {**made, "annotator": reading.person(by), "time": time, "codebook": carried.codebook}
        row = {name: value for name, value in new.items() if value != ""}
    yield where, carried.annotation(row, where)


def _text(line: dict[str, Any], name: str, where: str) -> str:
    value = line.get(name) or ""
    if not isinstance(value, str):
        raise InputError(f"{where}: field {name!r}: expected text, found {value!r:.60}.")
    return value
