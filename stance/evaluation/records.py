"""Reading gold labels and predictions for scoring: one paragraph a row, or one paragraph and target a row."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
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
        fields: What else is known of it: `reported`, and what ``source`` holds.
    """

    where: str
    id: str
    labels: Mapping[str, Label | None]
    probabilities: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    failed: bool = False
    text: str = ""
    document: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)


def read_records(rows: Rows) -> list[Record]:
    """Read what a file, or rows, say of paragraphs.

    A row has an ``id`` (or ``document`` and ``index``, as ``stance predict`` writes them for texts) and one of:

    - ``labels`` {target: label}, as annotations and this project's corpus have them;
    - ``stances`` {target: {label, probabilities}}, as ``stance predict --format jsonl`` writes them, or the columns of
      its CSV (``NATO``, ``NATO_favor``, ...);
    - ``target`` and ``label``, and ``probabilities`` {label: probability} where there are any;
    - ``error``: the system failed; so does a label of null.

    Args:
        rows: The file, or the rows.

    Returns:
        One record a row, in order.

    Raises:
        InputError: If the file cannot be read, or rows are not usable; it names file, line and field of the first ten.
    """
    wrong: list[str] = []
    records = []
    for where, row in _located(rows, wrong):
        try:
            records.append(_record(row, where))
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
        yield from ((f"row {number}", row) for number, row in enumerate(rows, 1))
        return
    name, suffix = str(rows), Path(rows).suffix.lower()
    with open_input(name) as file:
        if suffix in _DELIMITERS:
            cells = read_cells(
                file, name, delimiter=_DELIMITERS[suffix], on_error=lambda error: wrong.append(str(error))
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
    elif all(f"p_{label}" in full for label in LABELS):
        full["probabilities"] = {label: full[f"p_{label}"] for label in LABELS}
    return full


def _record(row: Mapping[str, Any], where: str) -> Record:
    name = _identity(row, where)
    source = row["source"] if isinstance(row.get("source"), Mapping) else {}
    known = (source.get("doc_id"), row.get("document_sha256"), source.get("path"), row.get("document"))
    labels, probabilities = _judged(row, f"{where}: id {name!r}")
    return Record(
        where=where,
        id=name,
        labels=labels,
        probabilities=probabilities,
        failed=not labels,
        text=row["text"] if isinstance(row.get("text"), str) else "",
        document=next((str(value) for value in known if value not in (None, "")), name),
        fields={"reported": row["reported"]} | dict(source) if "reported" in row else dict(source),
    )


def _identity(row: Mapping[str, Any], where: str) -> str:
    name = row.get("id")
    if name is None and row.get("document") is not None and row.get("index") is not None:
        return f"{row['document']}#{row['index']}"
    if isinstance(name, bool) or not isinstance(name, str | int | float) or name == "":
        raise InputError(f"{where}: field 'id': expected a string or number, found {name!r}.")
    return str(name)


def _judged(row: Mapping[str, Any], where: str) -> tuple[dict[str, Label | None], dict[str, tuple[float, ...]]]:
    labels: dict[str, Label | None] = {}
    probabilities: dict[str, tuple[float, ...]] = {}
    for target, label, shares in _given(row, where):
        labels[target] = _label(label, f"{where}: {target}")
        if shares:
            probabilities[target] = _shares(shares, f"{where}: {target}: field 'probabilities'")
    return labels, probabilities


def _given(row: Mapping[str, Any], where: str) -> Iterator[tuple[str, Any, Any]]:
    """Give target, label and probabilities of each judgement in a row."""
    if isinstance(row.get("stances"), Mapping):
        for target, stance in row["stances"].items():
            if stance is not None and not isinstance(stance, Mapping):
                raise InputError(f"{where}: {target}: expected an object with a label, found {stance!r}.")
            yield target, (stance or {}).get("label"), (stance or {}).get("probabilities")
    elif isinstance(row.get("labels"), Mapping):
        yield from ((str(target), label, None) for target, label in row["labels"].items())
    elif isinstance(row.get("target"), str):
        yield row["target"], row.get("label"), row.get("probabilities")
    elif row.get("error") is None:
        raise InputError(
            f"{where}: expected 'labels' {{target: label}}, 'stances', or 'target' and 'label'; "
            f"found the fields {', '.join(map(str, row))}."
        )


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
    if not all(0 <= share <= 1 for share in shares) or not math.isclose(sum(shares), 1, abs_tol=_SUM):
        raise InputError(f"{where}: expected numbers in [0, 1] that sum to 1, found {given!r}.")
    return shares
