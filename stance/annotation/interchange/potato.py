"""Potato: data as JSON Lines, the configuration, and what annotators leave behind.

Potato's data file holds paragraphs; labels that exist already do not go out. Its output has ids and answers only, so
reading it needs the data file, too. Both of its output files are read: ``user_state.json``, one an annotator
(Potato 2), and ``annotated_instances.jsonl`` (Potato 1).

Source: Potato's documentation of configuration and export formats. The answers of ``user_state.json`` stand in three
shapes there and in public files; all are read. The files were not tried with a running Potato.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from stance.annotation.files import keep_distinct
from stance.annotation.interchange.carriage import Carried, describe, group, pack, unpack
from stance.annotation.interchange.reading import (
    Reading,
    read_lines,
    read_value,
    to_time,
    write_lines,
)
from stance.annotation.interchange.scheme import REPORTED, Scheme, set_label
from stance.errors import InputError, suggest
from stance.schema import Annotation, Label

__all__ = ["from_tasks", "to_configuration", "to_tasks"]

_CONFIDENCE, _COMMENT = "confidence", "comment"
_ASKED = (REPORTED, _CONFIDENCE, _COMMENT)
_NOT_CHOSEN = ("", "false", "False", "0", "None", "null")


def to_tasks(annotations: Iterable[Annotation], scheme: Scheme) -> bytes:
    """Write the data file: one paragraph a line.

    Args:
        annotations: The records, with text.
        scheme: What annotators are asked.

    Returns:
        The file: ``id``, ``text``, ``context``, and ``stance`` with what the import needs.

    Raises:
        InputError: If a text is missing, records contradict each other, or a target is not in the scheme.
    """
    _check_names(scheme)
    rows = []
    for item in group(annotations, scheme):
        context = " · ".join(describe(item.paragraph).values())
        packed = pack(item, [], scheme, waits=True)
        rows.append({"id": item.paragraph.id, "text": item.text, "context": context, "stance": packed})
    return write_lines(rows)


def to_configuration(scheme: Scheme, *, data: str = "tasks.jsonl", name: str = "Stance") -> str:
    """Make the configuration that belongs to the data file, to lie beside it.

    Args:
        scheme: What annotators are asked; its guideline is to be put on a page of one's own.
        data: Name of the data file.
        name: Name of the task, as annotators see it.

    Returns:
        The configuration as JSON, which is YAML as well.

    Raises:
        InputError: If a target has the name of another question.
    """
    _check_names(scheme)
    meanings = "; ".join(f"{label.name}: {label.text}" for label in scheme.labels if label.text)
    questions: list[dict[str, Any]] = []
    for target in scheme.targets:
        question = ". ".join(filter(None, (f"Stance toward {target.name}", target.text, meanings)))
        questions.append(_radio(target.name, question, scheme.label_names))
    questions.append(_radio(REPORTED, "Is the evaluation mostly relayed speech?", ("yes", "no")))
    sure = {"description": "How sure are you, from 0 (guessed) to 1 (certain)?", "min": 0, "max": 1, "step": 0.05}
    questions.append({"annotation_type": "number", "name": _CONFIDENCE, **sure})
    questions.append({"annotation_type": "text", "name": _COMMENT, "description": "Comment", "multiline": True})
    configuration = {
        "annotation_task_name": name,
        "task_dir": ".",
        "data_files": [data],
        "item_properties": {"id_key": "id", "text_key": "text", "context_key": "context"},
        "output_annotation_dir": "annotation_output",
        "user_config": {"allow_all_users": True, "users": []},
        "annotation_schemes": questions,
    }
    return json.dumps(configuration, indent=2) + "\n"


def _radio(name: str, question: str, labels: tuple[str, ...]) -> dict[str, Any]:
    required = {} if name == REPORTED else {"label_requirement": {"required": True}}
    return {"annotation_type": "radio", "name": name, "description": question, "labels": list(labels), **required}


def _check_names(scheme: Scheme) -> None:
    taken = next((target for target in scheme.target_names if target in _ASKED), None)
    if taken:
        raise InputError(f"Target {taken!r} has the name of another question in Potato. Rename the target.")


def from_tasks(content: bytes, scheme: Scheme, reading: Reading) -> Iterator[Annotation]:
    """Read Potato's output.

    Args:
        content: ``user_state.json`` of an annotator, or ``annotated_instances.jsonl``; empty if nobody labelled yet.
        scheme: What annotators were asked.
        reading: Name of the file, how it is read, and in ``tasks`` the data file. The tool's name of an annotator is
            the user's.

    Yields:
        The records of people, and last the paragraphs without annotator that none of them labelled.

    Raises:
        InputError: If a file or a record is not usable.
    """
    _check_names(scheme)
    if not reading.tasks:
        raise InputError(
            f"{reading.name}: Potato's output has ids only. Give the data file that Potato was given, too."
        )
    yield from keep_distinct(_all(content, _tasks(reading), scheme, reading), reading.on_error)


def _tasks(reading: Reading) -> dict[str, tuple[str, Carried]]:
    """Give the paragraphs of the data file by id, with where each stands."""
    tasks = {}
    for where, row in read_lines(reading.tasks, f"data file for {reading.name}", reading.on_error):
        try:
            tasks[str(row.get("id"))] = where, unpack(row.get("stance"), row.get("text"), where)
        except InputError as error:
            reading.on_error(error)
    return tasks


def _all(
    content: bytes, tasks: Mapping[str, tuple[str, Carried]], scheme: Scheme, reading: Reading
) -> Iterator[tuple[str, Annotation]]:
    labelled = set()
    for where, name, user, answers in _answers(content, reading):
        try:
            if name not in tasks:
                raise InputError(f"{where}: paragraph {name!r} is not in the data file. Give the one Potato was given.")
            if not isinstance(user, str):
                raise InputError(f"{where}: field 'user_id': expected text, found {user!r:.60}.")
            carried = tasks[name][1]
            row = _row(answers["given"], where, scheme)
            if row:
                row |= {"annotator": reading.person(user), "time": answers["time"], "codebook": carried.codebook}
                row = {field: value for field, value in row.items() if value != ""}
                yield where, carried.annotation(row, where)
                labelled.add(name)
        except InputError as error:
            reading.on_error(error)
    for name, (where, carried) in tasks.items():
        if carried.waiting is not None and name not in labelled:
            yield where, carried.annotation(carried.waiting, where)


def _answers(content: bytes, reading: Reading) -> Iterator[tuple[str, str, object, dict[str, Any]]]:
    """Give for each answered paragraph where it stands, its id, the user, and the answers (``given``, ``time``)."""
    if not content.strip():
        return
    if b'"instance_id_to_label_to_value"' in content:
        state = read_value(content, reading.name)
        answered = state.get("instance_id_to_label_to_value") if isinstance(state, dict) else None
        if not isinstance(answered, dict):
            raise InputError(f"{reading.name}: field 'instance_id_to_label_to_value': expected an object.")
        for name, given in answered.items():
            where = f"{reading.name}: paragraph {name!r}"
            yield where, name, state.get("user_id", ""), {"given": given, "time": _last_change(state, name)}
        return
    for where, row in read_lines(content, reading.name, reading.on_error):
        name = row.get("instance_id", row.get("id"))
        yield where, str(name), row.get("user_id", ""), {"given": row.get("label_annotations"), "time": ""}


def _last_change(state: Mapping[str, Any], name: str) -> str:
    """Give when an answer last changed, from what Potato notes of behaviour."""
    noted = state.get("instance_id_to_behavioral_data")
    one = noted.get(name) if isinstance(noted, dict) else None
    changes = one.get("annotation_changes") if isinstance(one, dict) else None
    if not isinstance(changes, list):
        return ""
    return max((to_time(change.get("timestamp")) for change in changes if isinstance(change, dict)), default="")


def _row(given: object, where: str, scheme: Scheme) -> dict[str, Any]:
    """Give the fields of the record that answers are."""
    row: dict[str, Any] = {}
    labels: dict[str, Label] = {}
    questions = (*scheme.target_names, *_ASKED)
    for question, name, value in _flat(given, where):
        at = f"{where}: question {question!r}"
        if question not in questions:
            raise InputError(f"{at}: is not in the scheme: {suggest(question, questions)}.")
        if question == _COMMENT:
            row |= {_COMMENT: str(value)} if value else {}
        elif question == _CONFIDENCE:
            row |= _number(value, at)
        elif value is not None and str(value) not in _NOT_CHOSEN:
            _choose(question, name, row, labels, at=at, scheme=scheme)
    return ({"labels": labels} if labels else {}) | row


def _choose(
    question: str, name: str, row: dict[str, Any], labels: dict[str, Label], *, at: str, scheme: Scheme
) -> None:
    known = ("yes", "no") if question == REPORTED else scheme.label_names
    if name not in known:
        raise InputError(f"{at}: unknown label {name!r}: {suggest(name, known)}.")
    if question != REPORTED:
        set_label(labels, question, name, at)
    elif row.setdefault(REPORTED, name == "yes") != (name == "yes"):
        raise InputError(f"{at}: both 'yes' and 'no' are given. Keep one.")


def _number(value: object, where: str) -> dict[str, float]:
    text = "" if value is None else str(value).strip()
    try:
        return {_CONFIDENCE: float(text)} if text else {}
    except ValueError:
        raise InputError(f"{where}: expected a number from 0 to 1, found {value!r:.60}.") from None


def _flat(given: object, where: str) -> Iterator[tuple[str, str, object]]:
    """Give question, answer's name and value of each answer, in any of Potato's shapes."""
    if isinstance(given, list):
        for pair in given:
            if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], dict):
                raise InputError(f"{where}: expected pairs of label and value, found {pair!r:.60}.")
            yield str(pair[0].get("schema")), str(pair[0].get("name")), pair[1]
        return
    if not isinstance(given, dict):
        raise InputError(f"{where}: expected an object of answers, found {given!r:.60}.")
    for question, answers in given.items():
        inner = answers.get("labels", answers) if isinstance(answers, dict) else None
        if not isinstance(inner, dict):
            raise InputError(f"{where}: question {question!r}: expected an object of answers, found {answers!r:.60}.")
        for name, value in inner.items():
            yield question, name, value
