"""Reading gold labels and predictions for scoring: one paragraph a row, or one paragraph and target a row."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from stance.errors import InputError, suggest
from stance.schema import LABELS, Label
from stance.text.documents import open_input
from stance.text.tables import read_cells, read_objects

__all__ = ["Record", "Rows", "read_records"]

Rows = str | Path | Iterable[Mapping[str, Any]]
"""A file (JSON Lines, CSV or TSV), or rows as such a file holds them."""

_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_SHOWN = 10
_SCALAR = str | int | float | bool
_MEANT = frozenset(
    {"id", "text", "index", "start", "end", "target", "label", "error", "annotator", "text_sha256", "prefix", "suffix"}
    | {"document", "confidence", "comment", "time", "words", "codebook", *(f"p_{label}" for label in LABELS)}
)
"""Fields that say something of their own; others tell the parts of a corpus."""
_SUM = 0.02
"""How far probabilities may be from summing to 1: files round them."""


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
    annotator: str = ""
    text_sha256: str = ""


def read_records(rows: Rows) -> list[Record]:
    """Read what a file, or rows, say of paragraphs.

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
        rows: The file, or the rows.

    Returns:
        One record a row, in order.

    Raises:
        InputError: If the file cannot be read, or rows are not usable; it names file, line and field of the first ten.
    """
    wrong: list[str] = []
    records = []
    located = list(_located(rows, wrong))
    names = _names(located)
    for (where, row), name in zip(located, names, strict=True):
        try:
            records.append(_record(row, where, name))
        except InputError as error:
            wrong.append(str(error))
    if wrong:
        more = f"\n... and {len(wrong) - _SHOWN} more bad rows" if len(wrong) > _SHOWN else ""
        raise InputError("\n".join(wrong[:_SHOWN]) + more)
    if not records:
        raise InputError(f"{rows if isinstance(rows, str | Path) else 'rows'}: there are no rows.")
    return records


def _located(rows: Rows, wrong: list[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if not isinstance(rows, str | Path):
        for number, row in enumerate(rows, 1):
            if isinstance(row, Mapping):
                yield f"row {number}", row
            else:
                wrong.append(f"row {number}: expected an object with an id and labels, found {row!r}.")
        return
    name, suffix = str(rows), Path(rows).suffix.lower()
    with open_input(name) as file:
        if suffix in _DELIMITERS:
            cells = read_cells(
                file,
                name,
                delimiter=_DELIMITERS[suffix],
                on_error=lambda error: wrong.append(str(error)),
                check=partial(_check_header, name),
            )
            yield from ((where, _unflatten(row)) for where, row in cells)
        else:
            yield from read_objects(file, name, on_error=lambda error: wrong.append(str(error)))


def _unflatten(row: Mapping[str, str]) -> dict[str, Any]:
    """Put the columns of a target together: ``NATO`` and ``NATO_favor`` become stances; empty cells go."""
    full: dict[str, Any] = {name: cell for name, cell in row.items() if cell != ""}
    targets = [name for name in row if all(f"{name}_{label}" in row for label in LABELS)]
    if targets:
        full["stances"] = {
            target: {
                "label": row[target] or None,
                "probabilities": {label: row[f"{target}_{label}"] for label in LABELS if row[f"{target}_{label}"]},
            }
            for target in targets
        }
    return full


def _check_header(name: str, header: Sequence[str]) -> None:
    twice = next((column for column in header if header.count(column) > 1), None)
    if twice is not None:
        raise InputError(f"{name}: the column {twice!r} stands twice in the header. Name each column once.")
    if len(header) == 1 and (other := next((sign for sign in ";\t|" if sign in header[0]), None)):
        raise InputError(f"{name}: cells seem to be divided by {other!r}. Save the table with commas, or as JSONL.")


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


def _record(row: Mapping[str, Any], where: str, name: str) -> Record:
    if not name or isinstance(row.get("id"), bool | list | dict):
        raise InputError(f"{where}: field 'id': expected a string or number, found {row.get('id')!r}.")
    fields = {key: value for key, value in row.items() if key not in _MEANT and isinstance(value, _SCALAR)}
    fields |= row["source"] if isinstance(row.get("source"), Mapping) else {}
    known = [fields.get(key) for key in ("doc_id", "document_sha256", "path")]
    if row.get("id") is None or row.get("index") is None:  # else a row of a table, which is named there
        known.append(row.get("document"))
    else:
        known.append(row["id"])
    labels, probabilities = _judged(row, f"{where}: id {name!r}")
    return Record(
        where=where,
        id=name,
        labels=labels,
        probabilities=probabilities,
        failed=not labels,
        text=row["text"] if isinstance(row.get("text"), str) and row["text"].strip() else "",
        document=next((str(value) for value in known if value not in (None, "")), name),
        fields=fields,
        annotator=str(row.get("annotator") or ""),
        text_sha256=str(row.get("text_sha256") or ""),
    )


def _judged(row: Mapping[str, Any], where: str) -> tuple[dict[str, Label | None], dict[str, tuple[float, ...]]]:
    labels: dict[str, Label | None] = {}
    probabilities: dict[str, tuple[float, ...]] = {}
    for target, label, shares in _given(row, where):
        labels[target] = _label(label, f"{where}: {target!r}")
        if shares:
            probabilities[target] = _shares(shares, f"{where}: {target!r}: field 'probabilities'")
    return labels, probabilities


def _given(row: Mapping[str, Any], where: str) -> Iterator[tuple[str, Any, Any]]:
    """Give target, label and probabilities of each judgement in a row."""
    forms = [form for form in ("stances", "labels", "target") if row.get(form) is not None]
    if len(forms) > 1:
        raise InputError(f"{where}: expected one of the fields {' and '.join(map(repr, forms))}, found both. Keep one.")
    if row.get("error") is not None:
        if forms:
            raise InputError(f"{where}: found both 'error' and {forms[0]!r}. Keep one.")
    elif not forms or row[forms[0]] == {}:
        raise InputError(
            f"{where}: expected 'labels' {{target: label}}, 'stances', or 'target' and 'label'; "
            f"found {', '.join(map(repr, row))}."
        )
    elif forms == ["target"]:
        if not isinstance(row["target"], str | int):
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
    except (TypeError, ValueError):
        raise InputError(f"{where}: expected numbers in [0, 1], found {given!r}.") from None
    if math.isclose(sum(shares), 100, abs_tol=100 * _SUM):
        raise InputError(f"{where}: expected numbers in [0, 1], found per cent: {given!r}. Divide them by 100.")
    if not all(0 <= share <= 1 for share in shares) or not math.isclose(sum(shares), 1, abs_tol=_SUM):
        raise InputError(f"{where}: expected numbers in [0, 1] that sum to 1, found {given!r}.")
    return shares
