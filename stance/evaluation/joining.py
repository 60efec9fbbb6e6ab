"""Joining predictions to gold labels on id and target: what does not fit is an error, and nothing is dropped."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stance.annotation.anchors import hash_text
from stance.errors import InputError, suggest
from stance.evaluation.figures import MEAN, POOLED, Judgements
from stance.evaluation.records import Record
from stance.schema import LABELS

__all__ = ["check_probabilities", "check_text", "choose_targets", "index_records", "join_records"]

_SHOWN = 3


def choose_targets(gold: Sequence[Record], targets: Sequence[str] | None) -> tuple[str, ...]:
    """Give the targets to score, and refuse gold labels that are not clear.

    Args:
        gold: Gold labels.
        targets: Names of targets; None means all that have gold labels.

    Returns:
        The targets, each once.

    Raises:
        InputError: If a target has no gold label; or a gold label is missing, doubled, a model's, or toward a target
            that is named as a summary is.
    """
    known = tuple(dict.fromkeys(target for record in gold for target in record.labels))
    missing = next((target for target in targets or () if target not in known), None)
    if missing is not None:
        raise InputError(f"No gold label is toward target {missing!r}: {suggest(missing, known)}.")
    taken = next((target for target in known if target in (POOLED, MEAN)), None)
    if taken is not None:
        raise InputError(f"Target {taken!r} has the name of a summary. Name it otherwise.")
    for record in gold:
        empty = next((target for target, label in record.labels.items() if label is None), None)
        if record.failed or empty is not None:
            raise InputError(f"{record.where}: id {record.id!r}: expected a gold label{_of(empty)}, found none.")
        if record.annotator.startswith("model:"):
            raise InputError(
                f"{record.where}: id {record.id!r}: expected a gold label, found one of {record.annotator!r}. "
                "Predictions are no gold: keep the records of annotators."
            )
    index_records(gold)
    return tuple(dict.fromkeys(known if targets is None else targets))


def _of(target: str | None) -> str:
    return f" toward {target!r}" if target else ""


def index_records(records: Sequence[Record]) -> dict[tuple[str, str], Record]:
    """Find records by id and target (of a paragraph that failed whole: ``""``).

    Args:
        records: What a system says.

    Returns:
        Id and target -> record.

    Raises:
        InputError: If an id stands twice toward a target.
    """
    found: dict[tuple[str, str], Record] = {}
    whole = {record.id: record for record in records if not record.labels}
    for record in records:
        for target in record.labels or ("",):
            before = found.setdefault((record.id, target), record)
            before = whole.get(record.id, before) if before is record else before
            if before is not record:
                cure = "Give each paragraph its own id, and one judgement a target."
                if record.annotator != before.annotator:
                    cure = (
                        f"Annotators {before.annotator!r} and {record.annotator!r} have to be settled first: stance "
                        "annotate adjudicate."
                    )
                raise InputError(
                    f"{record.where}: id {record.id!r} stands{_of(target)} before, at {before.where}. {cure}"
                )
    return found


def join_records(
    gold: Sequence[Record], predictions: Sequence[Record], targets: Sequence[str], what: str
) -> tuple[Judgements, int]:
    """Bring gold labels and predictions together.

    Args:
        gold: Gold labels, as `choose_targets` let them pass.
        predictions: What a system says, in any order.
        targets: The targets to score.
        what: What messages call the predictions.

    Returns:
        The judgements, in the order of the gold labels, and how many predictions no gold label asks for.

    Raises:
        InputError: If ids are missing, extra or double, or a text is not that of the gold paragraph.
    """
    index = index_records(predictions)
    asked: dict[str, set[str]] = {}
    for record in gold:
        asked.setdefault(record.id, set()).update(record.labels)
    extra = [repr(record.id) for record in predictions if record.id not in asked]
    if extra:
        raise InputError(
            f"{what}: expected the ids of gold paragraphs, found others: {_listed(extra)}. Score predictions of these "
            "very paragraphs."
        )
    rows, missing = [], []
    for record in gold:
        for target in (target for target in targets if target in record.labels):
            found = index.get((record.id, target)) or index.get((record.id, ""))
            if found is None:
                missing.append(f"{record.id!r}{_of(target)}")
            else:
                where = f"the gold paragraph at {record.where}"
                check_text(found, record.text, where=where, sha256=record.text_sha256)
                rows.append((target, record, found))
    if missing:
        raise InputError(
            f"{what}: expected a prediction for every gold label, found none for {_listed(missing)}. Predict what is "
            "missing; a row with 'error' counts as a failure."
        )
    return _judgements(rows, targets), sum(bool(target) and target not in asked[name] for name, target in index)


def _listed(names: Sequence[str]) -> str:
    known = list(dict.fromkeys(names))
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return f"{', '.join(known[:_SHOWN])}{more}"


def check_text(found: Record, text: str, *, where: str, sha256: str = "") -> None:
    """Refuse a prediction that was made of another text: its id was shuffled.

    Args:
        found: The prediction; nothing is told if it has no text.
        text: The text that it should be of; empty if that is not known.
        where: What messages call that text.
        sha256: Its hash, where the text is not known.

    Raises:
        InputError: If the texts differ by more than white space.
    """
    if not found.text or not (text or sha256):
        return
    if not (text.split() == found.text.split() if text else sha256 == hash_text(found.text)):
        raise InputError(
            f"{found.where}: id {found.id!r} has another text than {where}: the predictions are of other paragraphs, "
            "or their ids were shuffled."
        )


def check_probabilities(found: Sequence[tuple[str, Record]]) -> bool:
    """Tell whether a system gives probabilities.

    Args:
        found: Target and record of each judgement.

    Returns:
        Whether there are any.

    Raises:
        InputError: If some judgements have them and others not; failures need none.
    """
    given = any(target in record.probabilities for target, record in found)
    for target, record in found if given else ():
        if record.labels.get(target) is not None and target not in record.probabilities:
            raise InputError(
                f"{record.where}: id {record.id!r}: {target!r}: expected probabilities, as other rows have them, found "
                "none."
            )
    return given


def _judgements(rows: Sequence[tuple[str, Record, Record]], targets: Sequence[str]) -> Judgements:
    if not rows:
        raise InputError("There is nothing to score: no gold label is toward the targets asked for.")
    number = {target: place for place, target in enumerate(targets)}
    failed = len(LABELS)
    labels = [found.labels.get(target) for target, _, found in rows]
    given = check_probabilities([(target, found) for target, _, found in rows])
    none = (0.0,) * len(LABELS)
    probabilities = np.array([found.probabilities.get(target, none) for target, _, found in rows]) if given else None
    return Judgements(
        targets=tuple(targets),
        target=np.array([number[target] for target, _, _ in rows]),
        gold=np.array([LABELS.index(record.labels[target] or LABELS[0]) for target, record, _ in rows]),
        predicted=np.array([failed if label is None else LABELS.index(label) for label in labels]),
        documents=tuple(record.document for _, record, _ in rows),
        probabilities=probabilities,
    )
