"""Label Studio: tasks as a JSON list, and its JSON export.

A paragraph is a task. What people labelled goes out as ``annotations``, what models found as ``predictions``, and
``data.stance`` carries the rest. Label Studio gives imported annotations to the user who imports them; each result has
an id made of the record's, by which an unchanged record comes back as it went out, annotator and time included.
Results are choices, numbers and texts of the whole paragraph: there are no spans, hence no offsets to count.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from stance.annotation.files import keep_distinct
from stance.annotation.interchange.carriage import (
    Carried,
    Item,
    describe,
    group,
    model_labels,
    pack,
    settle,
    unpack,
)
from stance.annotation.interchange.label_studio_interface import COMMENT, CONFIDENCE, TEXT, control_name
from stance.annotation.interchange.reading import Reading, encode, read_value
from stance.annotation.interchange.scheme import REPORTED, Scheme, set_label
from stance.errors import InputError, suggest
from stance.schema import Annotation, Label

__all__ = ["from_tasks", "to_tasks"]

_SHOWN = ("labels", REPORTED, CONFIDENCE, COMMENT)
_ID_DIGITS = 10


def to_tasks(annotations: Iterable[Annotation], scheme: Scheme) -> bytes:
    """Write tasks to import into a project with the interface of `labelling_config`.

    Args:
        annotations: The records, with text; records of one paragraph become one task.
        scheme: What annotators are asked.

    Returns:
        The file: a JSON list.

    Raises:
        InputError: If a text is missing, records contradict each other, or a target is not in the scheme.
    """
    tasks = [_task(item, scheme) for item in group(annotations, scheme)]
    return encode(json.dumps(tasks, ensure_ascii=False, indent=2)) + b"\n"


def _task(item: Item, scheme: Scheme) -> dict[str, Any]:
    context = describe(item.paragraph)
    data: dict[str, Any] = {"text": item.text, "context": " · ".join(context.values()), **context}
    data["stance"] = pack(item, item.people, scheme, waits=True)
    return {
        "data": data,
        "annotations": [{"result": _results(record, scheme)} for record in item.people],
        "predictions": [_prediction(record, scheme) for record in item.models],
    }


def _results(record: Annotation, scheme: Scheme) -> list[dict[str, Any]]:
    results = [
        _result(control_name(target), "choices", [record.labels[target]])
        for target in scheme.target_names
        if target in record.labels
    ]
    if record.reported is not None:
        results.append(_result(REPORTED, "choices", ["yes" if record.reported else "no"]))
    if record.confidence is not None:
        results.append(_result(CONFIDENCE, "number", record.confidence))
    if record.comment:
        results.append(_result(COMMENT, "textarea", [record.comment]))
    return _numbered(results, record)


def _prediction(record: Annotation, scheme: Scheme) -> dict[str, Any]:
    results, scores = [], []
    for target, (label, probability) in model_labels(record, scheme).items():
        result = _result(control_name(target), "choices", [label])
        if probability is not None:
            result["score"] = probability
            scores.append(probability)
        results.append(result)
    prediction: dict[str, Any] = {"model_version": record.annotator, "result": _numbered(results, record)}
    return prediction | ({"score": sum(scores) / len(scores)} if scores else {})


def _result(control: str, kind: str, value: object) -> dict[str, Any]:
    key = "text" if kind == "textarea" else kind
    return {"from_name": control, "to_name": TEXT, "type": kind, "value": {key: value}}


def _numbered(results: list[dict[str, Any]], record: Annotation) -> list[dict[str, Any]]:
    key = _record_key(record.id, record.annotator)
    return [{"id": f"{key}-{number}", **result} for number, result in enumerate(results)]


def _record_key(name: str, annotator: object) -> str:
    return hashlib.sha256(f"{name}\0{annotator}".encode("utf-8", "surrogatepass")).hexdigest()[:_ID_DIGITS]


def from_tasks(content: bytes, scheme: Scheme, reading: Reading) -> Iterator[Annotation]:
    """Read Label Studio's export (format JSON, not JSON-MIN).

    Cancelled annotations (skipped tasks), drafts and predictions are nobody's labels and are left out.

    Args:
        content: The file.
        scheme: What annotators were asked.
        reading: Name of the file, and how it is read. The tool's name of an annotator is the number of the user, which
            becomes ``label-studio:1`` and the like where `Reading.names` has no name for it, or the e-mail address.

    Yields:
        The records: those that went out, unless somebody changed them, and the new ones; the one without annotator
        only if there is no new one.

    Raises:
        InputError: If the file or a record is not usable.
    """
    tasks = read_value(content, reading.name)
    if not isinstance(tasks, list):
        raise InputError(f"{reading.name}: expected a JSON list of tasks, found {type(tasks).__name__}.")
    yield from keep_distinct(_all(tasks, scheme, reading), reading.on_error)


def _all(tasks: list[Any], scheme: Scheme, reading: Reading) -> Iterator[tuple[str, Annotation]]:
    for number, task in enumerate(tasks, 1):
        where = f"{reading.name}: task {number}"
        try:
            if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
                raise InputError(f"{where}: field 'data' is missing. Export as JSON, not as JSON-MIN or CSV.")
            made = task.get("annotations", [])
            if not isinstance(made, list):
                raise InputError(f"{where}: field 'annotations': expected a list, found {made!r:.60}.")
            carried = unpack(task["data"].get("stance"), task["data"].get("text"), where)
        except InputError as error:
            reading.on_error(error)
            continue
        yield from _records(made, carried, where, scheme, reading)


def _records(
    made: list[Any], carried: Carried, where: str, scheme: Scheme, reading: Reading
) -> Iterator[tuple[str, Annotation]]:
    name = str(carried.paragraph.get("id"))
    sent = {_record_key(name, row.get("annotator")): row for row in carried.records}
    is_new = False
    for number, annotation in enumerate(made, 1):
        at = f"{where}: annotation {number}"
        try:
            if not isinstance(annotation, dict) or not isinstance(annotation.get("result"), list):
                raise InputError(f"{at}: field 'result' is missing. Expected a list of results.")
            if annotation.get("was_cancelled"):
                continue
            before = _take_sent(annotation["result"], sent)
            row = settle(_row(annotation, at, scheme, reading), before, _SHOWN)
            if row is not before:
                is_new = True
                row = {**row, **({"codebook": carried.codebook} if carried.codebook else {})}
            yield at, carried.annotation(row, at)
        except InputError as error:
            reading.on_error(error)
    if carried.waiting is not None and not is_new:
        yield where, carried.annotation(carried.waiting, where)


def _take_sent(results: list[Any], sent: dict[str, Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Take the record that went out in an annotation's place, by the ids of its results; each can be taken once."""
    ids = [str(result.get("id", "")) for result in results if isinstance(result, dict)]
    keys = [key for key in (name.rpartition("-")[0] for name in ids) if key in sent]
    if not results:
        keys = [key for key, row in sent.items() if not any(name in row for name in _SHOWN)]
    return sent.pop(keys[0]) if keys else None


def _row(annotation: dict[str, Any], where: str, scheme: Scheme, reading: Reading) -> dict[str, Any]:
    """Give the fields of the record that an annotation is."""
    row: dict[str, Any] = {}
    labels: dict[str, Label] = {}
    controls = {control_name(target): target for target in scheme.target_names}
    for number, result in enumerate(annotation["result"], 1):
        at = f"{where}: result {number}"
        if not isinstance(result, dict) or not isinstance(result.get("value"), dict):
            raise InputError(f"{at}: field 'value' is missing. Expected a result of Label Studio.")
        control = result.get("from_name")
        if isinstance(control, str) and control in controls:
            label = _choice(result["value"], at, scheme.label_names)
            set_label(labels, controls[control], label, at)
        elif control == REPORTED:
            row[REPORTED] = _choice(result["value"], at, ("yes", "no")) == "yes"
        elif control == CONFIDENCE:
            row[CONFIDENCE] = result["value"].get("number")
        elif control == COMMENT:
            row[COMMENT] = _text(result["value"], at)
        else:
            raise InputError(f"{at}: unknown control {control!r}: {suggest(str(control), [*controls, *_SHOWN[1:]])}.")
    found = {
        "annotator": _person(annotation, reading),
        "time": annotation.get("updated_at") or annotation.get("created_at"),
    }
    row = {name: value for name, value in {**row, **found}.items() if value not in ("", None)}
    return ({"labels": labels} if labels else {}) | row


def _choice(value: Mapping[str, Any], where: str, known: tuple[str, ...]) -> str:
    chosen = value.get("choices")
    if not isinstance(chosen, list) or not all(isinstance(name, str) for name in chosen) or not chosen:
        raise InputError(f"{where}: field 'choices': expected a list with one name, found {chosen!r:.60}.")
    unknown = next((name for name in chosen if name not in known), None)
    if unknown is not None:
        raise InputError(f"{where}: field 'choices': unknown label {unknown!r}: {suggest(unknown, known)}.")
    if len(set(chosen)) > 1:
        raise InputError(
            f"{where}: field 'choices': two labels where one is asked: {chosen[0]!r} and {chosen[1]!r}. Keep one."
        )
    return str(chosen[0])


def _text(value: Mapping[str, Any], where: str) -> str:
    lines = value.get("text")
    lines = [lines] if isinstance(lines, str) else lines
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise InputError(f"{where}: field 'text': expected a list of texts, found {lines!r:.60}.")
    return "\n".join(lines)


def _person(annotation: Mapping[str, Any], reading: Reading) -> str:
    by = annotation.get("completed_by")
    if isinstance(by, dict):
        by = by.get("email") or by.get("id")
    if by in (None, ""):
        return reading.annotator
    if isinstance(by, int):  # what the export says of users; their numbers stand on the page "Organization"
        return reading.names.get(str(by)) or reading.person(f"label-studio:{by}")
    return reading.person(str(by))
