"""Joining predictions to gold labels on id and target: what does not fit is an error, and nothing is dropped."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stance.errors import InputError, suggest
from stance.evaluation.figures import Judgements
from stance.evaluation.records import Record
from stance.schema import LABELS

__all__ = ["choose_targets", "join_records"]

_SHOWN = 3


def choose_targets(gold: Sequence[Record], targets: Sequence[str] | None) -> tuple[str, ...]:
    """Give the targets to score, and refuse gold labels that are not clear."""
    known = tuple(dict.fromkeys(target for record in gold for target in record.labels))
    missing = next((target for target in targets or () if target not in known), None)
    if missing is not None:
        raise InputError(f"No gold label is toward target {missing!r}: {suggest(missing, known)}.")
    for record in gold:
        empty = next((target for target, label in record.labels.items() if label is None), None)
        if record.failed or empty is not None:
            raise InputError(f"{record.where}: id {record.id!r}: expected a gold label{_of(empty)}, found none.")
    _index(gold)
    return tuple(targets) if targets is not None else known


def _of(target: str | None) -> str:
    return f" toward {target}" if target else ""


def _index(records: Sequence[Record]) -> dict[tuple[str, str], Record]:
    """Find records by id and target (of a paragraph that failed whole: ``""``), each once."""
    found: dict[tuple[str, str], Record] = {}
    for record in records:
        for target in record.labels or ("",):
            before = found.setdefault((record.id, target), record)
            if before is not record:
                raise InputError(
                    f"{record.where}: id {record.id!r} stands{_of(target)} before, at {before.where}. Give each "
                    "paragraph its own id (stance predict --unit row judges a row whole), and one judgement a target."
                )
    return found


def join_records(
    gold: Sequence[Record], predictions: Sequence[Record], targets: Sequence[str], what: str
) -> tuple[Judgements, int]:
    """Bring gold labels and predictions together."""
    index = _index(predictions)
    by_id = {record.id: record for record in predictions}
    names = {record.id for record in gold}
    extra = [record for record in predictions if record.id not in names]
    if extra:
        raise InputError(
            f"{what}: expected the ids of gold paragraphs, found others: {_listed(extra)}. Score "
            "predictions of these very paragraphs."
        )
    rows, missing = [], []
    for record in gold:
        _check_text(record, by_id.get(record.id))
        for target in (target for target in targets if target in record.labels):
            found = index.get((record.id, target)) or index.get((record.id, ""))
            if found is None:
                missing.append(record)
            else:
                rows.append((target, record, found))
    if missing:
        raise InputError(
            f"{what}: expected a prediction for every gold label, found none for {_listed(missing)}. Predict what is "
            "missing; a row with 'error' counts as a failure."
        )
    return _judgements(rows, targets), len(index) - len(rows)


def _listed(records: Sequence[Record]) -> str:
    ids = list(dict.fromkeys(record.id for record in records))
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    return f"{', '.join(map(repr, ids[:_SHOWN]))}{more}"


def _check_text(gold: Record, found: Record | None) -> None:
    if found and gold.text and found.text and gold.text.split() != found.text.split():
        raise InputError(
            f"{found.where}: id {gold.id!r} has another text than the gold paragraph at {gold.where}: the predictions "
            "are of other paragraphs, or their ids were shuffled."
        )


def _judgements(rows: Sequence[tuple[str, Record, Record]], targets: Sequence[str]) -> Judgements:
    if not rows:
        raise InputError("There is nothing to score: no gold label is toward the targets asked for.")
    number = {target: place for place, target in enumerate(targets)}
    failed = len(LABELS)
    labels = [found.labels.get(target) for target, _, found in rows]
    given = any(found.probabilities for _, _, found in rows)
    none = (0.0,) * len(LABELS)
    probabilities = np.array([found.probabilities.get(target, none) for target, _, found in rows]) if given else None
    for target, _, found in rows if given else ():
        if found.labels.get(target) is not None and target not in found.probabilities:
            raise InputError(
                f"{found.where}: id {found.id!r}: {target}: expected probabilities, as other rows have them, "
                "found none."
            )
    return Judgements(
        targets=tuple(targets),
        target=np.array([number[target] for target, _, _ in rows]),
        gold=np.array([LABELS.index(record.labels[target] or LABELS[0]) for target, record, _ in rows]),
        predicted=np.array([failed if label is None else LABELS.index(label) for label in labels]),
        documents=tuple(record.document for _, record, _ in rows),
        probabilities=probabilities,
    )
