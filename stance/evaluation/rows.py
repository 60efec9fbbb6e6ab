"""Rows of predictions and of labels, matched by paragraph."""

from __future__ import annotations

import datetime
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stance.errors import InputError, suggest
from stance.schema import LABELS, Label, Stance
from stance.text.documents import open_input
from stance.text.tables import read_objects

__all__ = ["LabelledRow", "PredictedRow", "field_of", "read_labelled", "read_predicted"]

_DOCUMENT_FIELDS = ("doc_id", "document_sha256", "path", "document")
"""Fields of ``source`` that tell documents from each other, the surest first."""
_DERIVED = {"month": 7, "year": 4}
"""What a date tells, and how many characters of it."""
_SUM = 1e-2
"""How far probabilities may be from summing to 1: files round them."""
_NOT_JSONL = (".csv", ".tsv", ".parquet", ".pq", ".json")


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
    """
    name = name.removeprefix("source.")
    found = row.fields.get(name, row.document if name == "document" else None)
    if found in (None, "") and name in _DERIVED and row.fields.get("date") not in (None, ""):
        date = str(row.fields["date"])
        try:
            datetime.date.fromisoformat(date[:10] if len(date) > 7 else f"{date}-01")
        except ValueError:
            raise InputError(
                f"Paragraph {row.id!r}: field 'date': expected a date such as 2024-03-09, found {date!r}."
            ) from None
        return date[: _DERIVED[name]]
    return None if found in (None, "") else str(found)


def read_predicted(
    paths: Iterable[str | Path], *, document: str | None = None, targets: Sequence[str] | None = None
) -> list[PredictedRow]:
    """Read predictions as ``stance predict --format jsonl`` writes them.

    Args:
        paths: The files; ``-`` is stdin.
        document: Field that tells the documents; None takes ``source.doc_id``, ``source.document_sha256``,
            ``source.path`` or ``source.document``; else the name of the document where rows have no id, the id where
            several rows have the same; else each row is a document.
        targets: The targets to read; None means all.

    Returns:
        The rows. One without id gets ``document#index``, as do those that share an id (``id#index``).

    Raises:
        InputError: If a line is no prediction or stands twice; the message names file, line and field.
    """
    found = [(where, row) for path in paths for where, row in _objects(str(path))]
    if not found:
        raise InputError("There are no predictions. Write some with stance predict --format jsonl.")
    shared = Counter(str(row["id"]) for _, row in found if row.get("id") is not None)
    rows: list[PredictedRow] = []
    seen: dict[str, str] = {}
    for where, row in found:
        name = _row_id(row, where, shared)
        if name in seen:
            cure = "Give each once" if row.get("id") is not None else "Give rows of a table ids, or each file once"
            raise InputError(f"{where}: there is a prediction of paragraph {name!r} before, at {seen[name]}. {cure}.")
        seen[name] = where
        fields = _fields(row, where)
        cluster = _document(row, name, fields, document, shared)
        if cluster is None:
            known = sorted({*fields, *(key for key in ("document", "id") if row.get(key) is not None)})
            raise InputError(
                f"{where}: no field {document!r} to tell the document: {suggest(str(document), known)}. "
                "Keep it with stance predict --source-columns."
            )
        stances = _stances(row, where, targets)
        start = row.get("start") if isinstance(row.get("start"), int) else None
        rows.append(PredictedRow(name, cluster, stances, fields, start))
    return rows


def _objects(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read one JSON object a line; the first bad line stops."""
    if Path(name).suffix.lower() in _NOT_JSONL:
        raise InputError(f"{name}: expected JSON Lines, one object a line. Write it with --format jsonl.")
    with open_input(name) as file:
        yield from read_objects(file, name, on_error=_raise)


def _raise(error: InputError) -> None:
    raise error


def _row_id(row: Mapping[str, Any], where: str, shared: Mapping[str, int]) -> str:
    """Name a paragraph: by its id, or where that is not enough with its number."""
    name, index = row.get("id"), row.get("index")
    if name is not None and shared[str(name)] == 1:
        return str(name)
    if name is None and row.get("document") is None:
        raise InputError(f"{where}: no field 'id', nor 'document' and 'index', to tell the paragraph by.")
    if index is None and name is None:
        raise InputError(f"{where}: the row has no id, and no field 'index' to tell the paragraph in its document.")
    whole = row["document"] if name is None else name
    return str(whole) if index is None else f"{whole}#{index}"


def _fields(row: Mapping[str, Any], where: str) -> dict[str, Any]:
    source = row.get("source") or {}
    if not isinstance(source, Mapping):
        raise InputError(f"{where}: field 'source': expected an object, found {type(source).__name__}.")
    return dict(source)


def _document(
    row: Mapping[str, Any], name: str, fields: Mapping[str, Any], asked: str | None, shared: Mapping[str, int]
) -> str | None:
    if asked is not None:
        found = fields.get(asked.removeprefix("source."), row.get(asked))
        return None if found in (None, "") else str(found)
    told = next((str(fields[key]) for key in _DOCUMENT_FIELDS if fields.get(key)), None)
    if told is not None:
        return told
    if row.get("id") is None:
        return str(row["document"])
    return str(row["id"]) if shared[str(row["id"])] > 1 else name


def _stances(row: Mapping[str, Any], where: str, targets: Sequence[str] | None) -> dict[str, Stance]:
    given = row.get("stances")
    if not isinstance(given, Mapping) or not given:
        raise InputError(
            f"{where}: field 'stances': expected an object with a target or more, found {given!r}. "
            "Predictions are what stance predict --format jsonl writes."
        )
    if targets is not None:
        missing = next((target for target in targets if target not in given), None)
        if missing is not None:
            raise InputError(f"{where}: there is no prediction toward {missing!r}: {suggest(missing, given)}.")
        given = {target: given[target] for target in targets}
    return {str(target): _stance(str(target), value, where) for target, value in given.items()}


def _stance(target: str, value: object, where: str) -> Stance:
    place = f"{where}: field 'stances.{target}"
    if not isinstance(value, Mapping):
        raise InputError(f"{place}': expected an object with a label, found {value!r}.")
    label = _label(value.get("label"), f"{place}.label'")
    shares = value.get("probabilities") or {}
    if not isinstance(shares, Mapping):
        raise InputError(f"{place}.probabilities': expected an object, found {shares!r}.")
    if shares:
        for name, share in shares.items():
            _label(name, f"{place}.probabilities'")
            if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
                raise InputError(f"{place}.probabilities.{name}': expected a number from 0 to 1, found {share!r}.")
        if abs(sum(shares.values()) - 1) > _SUM:
            total = sum(shares.values())
            raise InputError(f"{place}.probabilities': expected numbers that sum to 1, found {total:g}.")
    return Stance(target, label, {name: float(share) for name, share in shares.items()})


def _label(value: object, place: str) -> Label:
    for label in LABELS:
        if value == label:
            return label
    raise InputError(f"{place}: unknown label {value!r}: {suggest(str(value), LABELS)}.")


def read_labelled(path: str | Path, predictions: Sequence[PredictedRow]) -> list[LabelledRow]:
    """Read labels of a sample of the paragraphs, and find the predictions that they belong to.

    A line is an annotation as ``stance annotate`` writes it (``id`` and ``labels``), or has ``id``, ``target`` and
    ``label``; ``weight`` may say how many paragraphs a line stands for. A paragraph is found by its id, by ``id`` or
    ``document`` and ``index``, or by ``document`` and ``start``. Lines without labels are left out.

    Args:
        path: The file; ``-`` is stdin.
        predictions: What `read_predicted` gave.

    Returns:
        A row for each labelled paragraph.

    Raises:
        InputError: If a line is no label, stands twice, belongs to no prediction, or was not drawn at random; the
            message names file, line and field.
    """
    known = {row.id for row in predictions}
    places: dict[tuple[str, int | None], str] = {
        (row.document, row.start): row.id for row in predictions if row.start is not None
    }
    labels: dict[str, dict[str, Label]] = {}
    weights: dict[str, float] = {}
    seen: dict[tuple[str, str], str] = {}
    for where, row in _objects(str(path)):
        given = _given_labels(row, where)
        if not given:
            continue
        name = _find(row, where, known, places)
        for target, label in given.items():
            if (name, target) in seen:
                raise InputError(
                    f"{where}: paragraph {name!r} has a label toward {target!r} before, at {seen[name, target]}. "
                    "Settle labels of several annotators first: stance annotate adjudicate."
                )
            seen[name, target] = where
            labels.setdefault(name, {})[target] = label
        weight = _weight(row, where)
        if weights.setdefault(name, weight) != weight:
            raise InputError(f"{where}: field 'weight': paragraph {name!r} had weight {weights[name]:g} before.")
    if not labels:
        raise InputError(f"{path}: no paragraph has a label. Label some of the predicted paragraphs, drawn at random.")
    return [LabelledRow(name, given, weights[name]) for name, given in labels.items()]


def _given_labels(row: Mapping[str, Any], where: str) -> dict[str, Label]:
    if "target" in row or "label" in row:
        if not isinstance(row.get("target"), str):
            raise InputError(f"{where}: field 'target': expected the name of a target, found {row.get('target')!r}.")
        return {row["target"]: _label(row.get("label"), f"{where}: field 'label'")}
    given = {} if row.get("labels") is None else row["labels"]
    if not isinstance(given, Mapping):
        raise InputError(f"{where}: field 'labels': expected an object, target to label, found {given!r}.")
    source = row.get("source")
    if given and isinstance(source, Mapping) and "chosen" in source:
        raise InputError(
            f"{where}: field 'source.chosen': the paragraph was chosen by a model's uncertainty, not drawn at random; "
            "no valid estimate rests on such labels. Draw with stance annotate next --random."
        )
    return {str(target): _label(label, f"{where}: field 'labels.{target}'") for target, label in given.items()}


def _find(row: Mapping[str, Any], where: str, known: set[str], places: Mapping[tuple[str, int | None], str]) -> str:
    name, index, document = row.get("id"), row.get("index"), row.get("document")
    tried = [str(name)] if name is not None else []
    tried += [f"{whole}#{index}" for whole in (name, document) if whole is not None and index is not None]
    found = next((one for one in tried if one in known), places.get((str(document), row.get("start"))))
    if found is not None:
        return found
    if not tried:
        raise InputError(f"{where}: no field 'id', nor 'document' and 'index', to tell the paragraph by.")
    near = [one for one in known if one.startswith(f"{name}#")]
    if near:
        raise InputError(f"{where}: several predictions have the id {name!r}. Give the field 'index', too.")
    raise InputError(
        f"{where}: field 'id': paragraph {tried[0]!r} is not among the predictions. Predict the whole corpus that the "
        "labelled paragraphs were drawn from."
    )


def _weight(row: Mapping[str, Any], where: str) -> float:
    weight = row.get("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < math.inf:
        raise InputError(f"{where}: field 'weight': expected a number above 0, found {weight!r}.")
    return float(weight)
