"""Reading gold labels and predictions for scoring: one paragraph a row, or one paragraph and target a row."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stance.errors import InputError, suggest
from stance.schema import LABELS, Label
from stance.text.rows import TABLES, raise_wrong, read_rows
from stance.text.tables import parse_json

__all__ = ["Record", "Rows", "read_records"]

Rows = str | Path | Iterable[Mapping[str, Any]]
"""A file (JSON Lines, CSV or TSV), or rows as such a file holds them."""

_SCALAR = str | int | float | bool
_MEANT = frozenset(
    {"id", "text", "index", "start", "end", "target", "label", "error", "annotator", "text_sha256", "prefix", "suffix"}
    | {"document", "confidence", "comment", "time", "words", "codebook", *(f"p_{label}" for label in LABELS)}
)
"""Fields that say something of their own; others tell the parts of a corpus."""
_DOCUMENT_FIELDS = ("doc_id", "document_sha256", "path", "document")
"""Fields that tell documents from each other, the surest first."""
_SUM = 0.02
"""How far probabilities may be from summing to 1: files round them."""
_DIGITS = 18
"""Most digits of an offset."""


@dataclass(frozen=True, slots=True)
class Record:
    """What a file says of one paragraph.

    Attributes:
        where: File and line, for messages.
        id: Id of the paragraph.
        labels: Target -> label; None where a system failed.
        probabilities: Target -> label -> probability, where they are given.
        failed: Whether a system failed on the whole paragraph.
        text: The paragraph; empty if the file has no text.
        document: What tells its document from others; the id if nothing does.
        fields: What else is known of it: fields of the row that have no meaning here, and what ``source`` holds.
        path: What the row calls its document; empty if it does not say.
        index: Number of the paragraph there; empty if it is not known.
        start: First code point there; None if it is not known.
        annotator: Who labelled it, where that is said.
        text_sha256: Hash of the normalised paragraph, of labels without text.
    """

    where: str
    id: str
    labels: Mapping[str, Label | None]
    probabilities: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    failed: bool = False
    text: str = ""
    document: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    path: str = ""
    index: str = ""
    start: int | None = None
    annotator: str = ""
    text_sha256: str = ""


def read_records(*sources: Rows, unjudged: bool = False) -> list[Record]:
    """Read what files, or rows, say of paragraphs.

    A row has an ``id`` (or ``document`` and ``index``, as ``stance predict`` writes them for texts; where ids stand for
    documents that were cut, ``id`` and ``index``) and one of:

    - ``labels`` {target: label}, as annotations and this project's corpus have them;
    - ``stances`` {target: {label, probabilities}}, as ``stance predict --format jsonl`` writes them, or the columns of
      its CSV (``NATO``, ``NATO_favor``, ...);
    - ``target`` and ``label``, and ``probabilities`` {label: probability} where there are any;
    - ``error``: the system failed on the paragraph; a label of null: it failed toward the target.

    Documents, which intervals rest on, are told by ``doc_id``, ``document_sha256``, ``path`` or ``document``, within
    ``source`` or beside it; else each id is one.

    Args:
        sources: The files (JSON Lines, CSV or TSV; ``-`` is stdin), or rows.
        unjudged: Whether rows without any label may be there, as annotations are that wait for theirs.

    Returns:
        One record a row, in order.

    Raises:
        InputError: If a file cannot be read, or rows are not usable; it names file, line and field of the first ten.
    """
    wrong: list[str] = []
    records = []
    located = [found for rows in sources for found in _located(rows, wrong)]
    names = _names(located)
    for (where, row), name in zip(located, names, strict=True):
        try:
            records.append(_record(row, where, name, unjudged))
        except InputError as error:
            wrong.append(str(error))
    raise_wrong(wrong)
    if not records:
        name = next((str(rows) for rows in sources if isinstance(rows, str | Path)), "rows")
        raise InputError(f"{name}: there are no rows.")
    return records


def _located(rows: Rows, wrong: list[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(rows, str | Path):
        cells = Path(rows).suffix.lower() in TABLES
        for where, row in read_rows(rows, on_error=lambda error: wrong.append(str(error))):
            try:
                yield where, _unflatten(row, where) if cells else row
            except InputError as error:
                wrong.append(str(error))
        return
    for number, given in enumerate(rows, 1):
        if isinstance(given, Mapping):
            yield f"row {number}", given
        else:
            wrong.append(f"row {number}: expected an object with an id and labels, found {given!r}.")


def _unflatten(row: Mapping[str, str], where: str) -> dict[str, Any]:
    """Put the columns of a target together: ``NATO`` and ``NATO_favor`` become stances; empty cells go.

    The other way round, ``source`` is one column of JSON, as ``stance predict`` writes it.
    """
    columns = {target: {label: f"{target}_{label}" for label in LABELS} for target in row}
    columns = {target: names for target, names in columns.items() if all(name in row for name in names.values())}
    sets = {f"{target}_{end}" for target in columns for end in ("labels", "abstained")}
    taken = {name for target, names in columns.items() for name in (target, *names.values())} | sets
    full: dict[str, Any] = {name: cell for name, cell in row.items() if cell != "" and name not in taken}
    failed_whole = row.get("error") and not any(row[name] for name in taken & row.keys())
    if columns and not failed_whole:
        full["stances"] = {
            target: {
                "label": row[target] or None,
                "probabilities": {label: row[name] for label, name in names.items() if row[name]},
            }
            for target, names in columns.items()
        }
    if row.get("source", "").startswith("{"):
        try:
            full["source"] = parse_json(row["source"])
        except ValueError as error:
            raise InputError(f"{where}: column 'source': not valid JSON ({error}).") from None
    return full


def _names(located: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    """Name each row's paragraph: its id, with its number where an id stands for a document that was cut."""
    numbers: dict[str, set[str]] = {}
    for _, row in located:
        if row.get("index") is not None:
            numbers.setdefault(str(row.get("id")), set()).add(str(row["index"]))
    names = []
    for _, row in located:
        name, index = row.get("id"), row.get("index")
        whole = row.get("document") if name is None else name
        cut = name is None or len(numbers.get(str(name), ())) > 1
        numbered = whole is not None and index is not None and cut
        names.append(f"{whole}#{index}" if numbered else "" if name is None else str(name))
    return names


def _record(row: Mapping[str, Any], where: str, name: str, unjudged: bool) -> Record:
    if not name or isinstance(row.get("id"), bool | list | dict):
        raise InputError(
            f"{where}: field 'id': expected a string or number, or 'document' and 'index', found {row.get('id')!r}."
        )
    fields: dict[str, Any] = {
        key: value for key, value in row.items() if key not in _MEANT and isinstance(value, _SCALAR)
    }
    source = row.get("source")
    if isinstance(source, Mapping):
        fields |= source
    elif not isinstance(source, _SCALAR | None):
        raise InputError(f"{where}: field 'source': expected an object or a name, found {source!r}.")
    labels, probabilities = _judged(row, f"{where}: id {name!r}", unjudged)
    return Record(
        where=where,
        id=name,
        labels=labels,
        probabilities=probabilities,
        failed=row.get("error") is not None,
        text=row["text"] if isinstance(row.get("text"), str) and row["text"].strip() else "",
        document=_document(row, fields) or name,
        fields=fields,
        path=_told(row.get("document")),
        index=_told(row.get("index")),
        start=_offset(row.get("start")),
        annotator=_told(row.get("annotator")),
        text_sha256=_told(row.get("text_sha256")),
    )


def _offset(value: object) -> int | None:
    """Read an offset; None if it is none, as of more digits than any text has."""
    if isinstance(value, str):
        return int(value) if value.isdecimal() and len(value) <= _DIGITS else None
    return int(value) if isinstance(value, int) else None


def _told(value: object) -> str:
    return "" if value is None else str(value)


def _document(row: Mapping[str, Any], fields: Mapping[str, Any]) -> str:
    """Tell the document; empty if nothing does."""
    known = [fields.get(key) for key in _DOCUMENT_FIELDS]
    # A row with id and index is one of a table, whose name is its "document"; or of a document with that id.
    in_table = row.get("id") is not None and row.get("index") is not None
    known.append(row["id"] if in_table else row.get("document"))
    return next((str(value) for value in known if value not in (None, "")), "")


def _judged(
    row: Mapping[str, Any], where: str, unjudged: bool
) -> tuple[dict[str, Label | None], dict[str, tuple[float, ...]]]:
    labels: dict[str, Label | None] = {}
    probabilities: dict[str, tuple[float, ...]] = {}
    for target, label, shares in _given(row, where, unjudged):
        if not target.strip():
            raise InputError(f"{where}: expected the name of a target, found {target!r}.")
        labels[target] = _label(label, f"{where}: {target!r}")
        if shares:
            probabilities[target] = _shares(shares, f"{where}: {target!r}: field 'probabilities'")
    return labels, probabilities


def _given(row: Mapping[str, Any], where: str, unjudged: bool) -> Iterator[tuple[str, Any, Any]]:
    """Give target, label and probabilities of each judgement in a row."""
    forms = [form for form in ("stances", "labels", "target") if row.get(form) is not None]
    if len(forms) > 1:
        raise InputError(f"{where}: expected one of the fields {' and '.join(map(repr, forms))}, found both. Keep one.")
    if row.get("error") is not None:
        if forms:
            raise InputError(f"{where}: found both 'error' and {forms[0]!r}. Keep one.")
    elif not forms or row[forms[0]] == {}:
        if unjudged and "label" not in row:
            return
        raise InputError(
            f"{where}: expected 'labels' {{target: label}}, 'stances', or 'target' and 'label'; "
            f"found {', '.join(map(repr, row))}."
        )
    elif forms == ["target"]:
        if isinstance(row["target"], bool) or not isinstance(row["target"], str | int):
            raise InputError(f"{where}: field 'target': expected a name, found {row['target']!r}.")
        yield str(row["target"]), _there(row, f"{where}: {row['target']!r}"), _beside(row, where)
    else:
        table = row[forms[0]]
        if not isinstance(table, Mapping):
            raise InputError(f"{where}: field {forms[0]!r}: expected an object, found {table!r}.")
        for target, value in table.items():
            if forms == ["labels"] or value is None:
                yield str(target), value, None
            elif isinstance(value, Mapping):
                yield str(target), _there(value, f"{where}: {target!r}"), value.get("probabilities")
            else:
                raise InputError(f"{where}: {target!r}: expected an object with a label, found {value!r}.")


def _there(row: Mapping[str, Any], where: str) -> Any:  # noqa: ANN401 - straight from a row
    if "label" not in row:
        raise InputError(f"{where}: expected a field 'label' (null where the system failed), found {', '.join(row)}.")
    return row["label"]


def _beside(row: Mapping[str, Any], where: str) -> Any:  # noqa: ANN401 - straight from a row
    """Give the probabilities of a row with one target: ``probabilities``, or ``p_favor`` and so on."""
    columns = [label for label in LABELS if row.get(f"p_{label}") is not None]
    if columns and len(columns) < len(LABELS):
        missing = next(label for label in LABELS if label not in columns)
        raise InputError(f"{where}: expected 'p_{missing}' beside 'p_{columns[0]}', found none.")
    return {label: row[f"p_{label}"] for label in columns} if columns else row.get("probabilities")


def _label(label: Any, where: str) -> Label | None:  # noqa: ANN401 - straight from a row
    if label is None:
        return None
    if label not in LABELS:
        raise InputError(f"{where}: unknown label {label!r}: {suggest(str(label), LABELS)}.")
    known: Label = label
    return known


def _shares(given: Any, where: str) -> tuple[float, ...]:  # noqa: ANN401 - straight from a row
    if not isinstance(given, Mapping) or set(given) - set(LABELS):
        raise InputError(f"{where}: expected a probability of each of {', '.join(LABELS)}, found {given!r}.")
    try:
        shares = tuple(float(given.get(label, 0.0)) for label in LABELS)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{where}: expected numbers in [0, 1], found {given!r}.") from None
    if math.isclose(sum(shares), 100, abs_tol=100 * _SUM):
        raise InputError(f"{where}: expected numbers in [0, 1], found per cent: {given!r}. Divide them by 100.")
    if not all(0 <= share <= 1 for share in shares) or not math.isclose(sum(shares), 1, abs_tol=_SUM):
        raise InputError(f"{where}: expected numbers in [0, 1] that sum to 1, found {given!r}.")
    return shares
