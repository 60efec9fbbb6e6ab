"""Rows of predictions and of labels, matched by paragraph."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real
from pathlib import Path
from typing import Any

from stance.errors import InputError, suggest
from stance.evaluation.records import Record, read_records
from stance.schema import LABELS, Label, Stance

__all__ = ["LabelledRow", "PredictedRow", "check_rows", "field_of", "read_labelled", "read_predicted"]

_DERIVED = {"month": 7, "year": 4}
"""What a date tells, and how many characters of it."""
_ROUNDED = 1e-3
"""By how much a share may be off: files round them."""


@dataclass(frozen=True, slots=True)
class PredictedRow:
    """What a model says of a paragraph.

    Attributes:
        id: Id of the paragraph.
        document: What tells its document from others: paragraphs of one hang together.
        stances: Target -> stance, as in `stance.Prediction.stances`; probabilities may be empty if none are known.
        fields: What else is known of it: outlet, date and the like.
        start: First code point in the document, if known: what labels without a common id are matched by.
    """

    id: str
    document: str
    stances: Mapping[str, Stance]
    fields: Mapping[str, Any] = field(default_factory=dict)
    start: int | None = None


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """What people say of a paragraph.

    Attributes:
        id: Id of the paragraph, as in `PredictedRow`.
        labels: Target -> label; a target that was not labelled is not there.
        weight: One over the probability with which the paragraph was drawn, up to a common factor.
    """

    id: str
    labels: Mapping[str, Label]
    weight: float = 1.0


def field_of(row: PredictedRow, name: str) -> str | None:
    """Give a field of a row as text; ``month`` and ``year`` are also told by the field ``date`` (ISO 8601).

    ``document`` is what tells the row's document, unless a field has that name.

    Args:
        row: The row.
        name: Name of the field; ``source.`` before it makes no difference.

    Returns:
        Its value; None if the row has none.

    Raises:
        InputError: If the date is needed and is none.

    >>> field_of(PredictedRow("p", "d", {}, {"date": "2024-03-09"}), "month")
    '2024-03'
    >>> field_of(PredictedRow("p", "d", {}, {"date": "20240309"}), "month")
    '2024-03'
    """
    name = name.removeprefix("source.")
    found = row.fields.get(name, row.document if name == "document" else None)
    if found in (None, "") and name in _DERIVED and row.fields.get("date") not in (None, ""):
        date = str(row.fields["date"])
        try:
            told = datetime.date.fromisoformat(date[:10] if len(date) > 7 else f"{date}-01")
        except ValueError:
            raise InputError(
                f"Paragraph {row.id!r}: field 'date': expected a date such as 2024-03-09, found {date!r}."
            ) from None
        return told.isoformat()[: _DERIVED[name]]
    return None if found in (None, "") else str(found)


def read_predicted(paths: Iterable[str | Path], *, document: str | None = None) -> list[PredictedRow]:
    """Read predictions, as `stance.evaluation.records.read_records` takes them.

    Args:
        paths: The files; ``-`` is stdin.
        document: Field that tells the documents; None takes ``doc_id``, ``document_sha256``, ``path`` or ``document``;
            the id where several rows have the same; else each row is a document.

    Returns:
        The rows, by paragraph. One without id gets ``document#index``, as do those that share an id (``id#index``).

    Raises:
        InputError: If a row is no prediction, failed, or stands twice; the message names file, line and field.
    """
    files = list(paths)
    if not files:
        raise InputError("There are no predictions. Write some with stance predict.")
    rows: dict[str, PredictedRow] = {}
    seen: dict[tuple[str, str], str] = {}
    for record in read_records(*files):
        stances = _stances(record)
        for target in stances:
            if (record.id, target) in seen:
                raise InputError(
                    f"{record.where}: there is a prediction of paragraph {record.id!r} toward {target!r} before, at "
                    f"{seen[record.id, target]}. Give each once, and rows of a table ids."
                )
            seen[record.id, target] = record.where
        known = rows.get(record.id)
        rows[record.id] = (
            replace(known, stances={**known.stances, **stances})
            if known
            else PredictedRow(record.id, _document(record, document), stances, record.fields, record.start)
        )
    return list(rows.values())


def _document(record: Record, asked: str | None) -> str:
    if asked is None:
        return record.document
    fields = {**({"document": record.path} if record.path else {}), **record.fields}
    found = fields.get(asked.removeprefix("source."))
    if found in (None, ""):
        raise InputError(
            f"{record.where}: no field {asked!r} to tell the document: {suggest(asked, sorted(fields))}. "
            "Keep it with stance predict --source-columns."
        )
    return str(found)


def _stances(record: Record) -> dict[str, Stance]:
    """Give what is said toward each target, but for those that the system failed on."""
    if record.failed:
        raise InputError(
            f"{record.where}: id {record.id!r}: the prediction failed. An estimate needs one of every paragraph: "
            "predict it again."
        )
    return {
        target: Stance(target, label, dict(zip(LABELS, record.probabilities.get(target, ()), strict=False)))
        for target, label in record.labels.items()
        if label is not None
    }


def read_labelled(path: str | Path, predictions: Sequence[PredictedRow]) -> list[LabelledRow]:
    """Read labels of a sample of the paragraphs, and find the predictions that they belong to.

    A row is an annotation as ``stance annotate`` writes it (``id`` and ``labels``), or has ``id``, ``target`` and
    ``label``; ``weight`` may say how many paragraphs a row stands for. A paragraph is found by its id, by ``id`` or
    ``document`` and ``index``, or by ``document`` and ``start``. Rows without labels are left out.

    Args:
        path: The file; ``-`` is stdin.
        predictions: What `read_predicted` gave.

    Returns:
        A row for each labelled paragraph.

    Raises:
        InputError: If a row is no label or a model's, stands twice, belongs to no prediction, or was not drawn at
            random; the message names file, line and field.
    """
    known = {row.id for row in predictions}
    places: dict[tuple[str, int | None], str] = {
        (name, row.start): row.id
        for row in predictions
        for name in (row.document, row.id.rpartition("#")[0])
        if row.start is not None
    }
    labels: dict[str, dict[str, Label]] = {}
    weights: dict[str, float] = {}
    seen: dict[tuple[str, str], str] = {}
    for record in read_records(path, unjudged=True):
        where = record.where
        if not record.labels and not record.failed:
            continue
        given = _gold(record)
        name = _find(record, known, places)
        for target, label in given.items():
            if (name, target) in seen:
                raise InputError(
                    f"{where}: paragraph {name!r} has a label toward {target!r} before, at {seen[name, target]}. "
                    "Settle labels of several annotators first: stance annotate adjudicate."
                )
            seen[name, target] = where
            labels.setdefault(name, {})[target] = label
        weight = _weight(record)
        if weights.setdefault(name, weight) != weight:
            raise InputError(f"{where}: field 'weight': paragraph {name!r} had weight {weights[name]:g} before.")
    if not labels:
        raise InputError(f"{path}: no paragraph has a label. Label some of the predicted paragraphs, drawn at random.")
    return [LabelledRow(name, given, weights[name]) for name, given in labels.items()]


def _gold(record: Record) -> dict[str, Label]:
    """Give the labels of a record, which people gave to a paragraph that was drawn at random."""
    where = f"{record.where}: id {record.id!r}"
    if record.probabilities or record.annotator.startswith("model:"):
        raise InputError(f"{where}: expected a label, found a model's prediction. Give what people said.")
    if isinstance(record.fields.get("chosen"), Mapping):
        raise InputError(
            f"{where}: field 'source.chosen': the paragraph was chosen by a model's uncertainty, not drawn at random; "
            "no valid estimate rests on such labels. Draw with stance annotate next --random."
        )
    given = {target: label for target, label in record.labels.items() if label is not None}
    if record.failed or len(given) < len(record.labels):
        raise InputError(f"{where}: expected a label, found none. Leave the target or the row out.")
    return given


def _find(record: Record, known: set[str], places: Mapping[tuple[str, int | None], str]) -> str:
    """Give the id of the prediction that a label belongs to."""
    tried = [record.id]
    tried += [f"{whole}#{record.index}" for whole in (record.id, record.path) if whole and record.index]
    found = next((one for one in tried if one in known), places.get((record.path, record.start)))
    if found is not None:
        return found
    where = f"{record.where}: field 'id': "
    if any(one.startswith(f"{record.id}#") for one in known):
        raise InputError(f"{where}several predictions have the id {record.id!r}. Give the field 'index', too.")
    raise InputError(
        f"{where}paragraph {record.id!r} is not among the predictions. Predict the whole corpus that the labelled "
        "paragraphs were drawn from."
    )


def _weight(record: Record) -> float:
    given = record.fields.get("weight", 1.0)
    try:
        weight = math.nan if isinstance(given, bool) else float(given)
    except (TypeError, ValueError, OverflowError):
        weight = math.nan
    if not 0 < weight < math.inf:
        raise InputError(f"{record.where}: field 'weight': expected a number above 0, found {given!r}.")
    return weight


def check_rows(rows: Sequence[PredictedRow], sample: Sequence[LabelledRow]) -> None:
    """See that predictions and labels can be estimated from, as files that were read can.

    Args:
        rows: The predictions.
        sample: The labels.

    Raises:
        InputError: If there are none, an id stands twice or is not predicted, or a label, share or weight is none.
    """
    for name, found in (("predictions", rows), ("labelled paragraphs", sample)):
        if not found:
            raise InputError(f"There are no {name}. An estimate needs predictions for all and labels for some.")
        seen: set[str] = set()
        for row in found:
            if row.id in seen:
                raise InputError(f"Id {row.id!r} stands twice among the {name}. Give each paragraph once.")
            seen.add(row.id)
    known = {row.id for row in rows}
    for row in sample:
        if row.id not in known:
            raise InputError(
                f"Labelled paragraph {row.id!r} is not among the predictions. Predict the whole corpus that the "
                "labelled paragraphs were drawn from."
            )
        if not isinstance(row.weight, Real) or not 0 < row.weight < float("inf"):
            raise InputError(f"Labelled paragraph {row.id!r}: expected a weight above 0, found {row.weight!r}.")
        wrong = next((label for label in row.labels.values() if label not in LABELS), None)
        if wrong is not None:
            raise InputError(f"Labelled paragraph {row.id!r}: unknown label {wrong!r}: {suggest(str(wrong), LABELS)}.")
    for predicted in rows:
        _check_stances(predicted)


def _check_stances(row: PredictedRow) -> None:
    for target, stance in row.stances.items():
        if stance.label not in LABELS or not all(map(_is_share, stance.probabilities.values())):
            raise InputError(
                f"Paragraph {row.id!r}: expected a label and its probabilities in [0, 1] toward {target!r}, "
                f"found {stance.label!r} and {dict(stance.probabilities)}."
            )


def _is_share(value: object) -> bool:
    return isinstance(value, Real) and -_ROUNDED <= float(value) <= 1 + _ROUNDED  # not NaN, either
