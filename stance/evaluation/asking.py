"""Asking a system about texts: paragraphs with gold labels, a part of them drawn, each text asked once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stance.errors import InputError, suggest
from stance.evaluation.joining import choose_targets
from stance.evaluation.records import Rows, read_records
from stance.schema import LABELS, Label, Prediction
from stance.targets import Target, resolve_targets

__all__ = ["Answers", "Case", "Predict", "ask", "draw_cases", "read_cases"]

Predict = Callable[[Sequence[str], Sequence[Target]], Sequence[Mapping[str, Label | None] | Prediction]]
"""A system: texts and targets in; for each text its labels {target name: label}, None where it failed, or a
`stance.schema.Prediction`, in the same order."""
Answers = Mapping[tuple[str, str], Label | None]
"""Text and target name -> the system's label; None where it failed."""


@dataclass(frozen=True, slots=True)
class Case:
    """A paragraph with gold labels.

    Attributes:
        id: Its id.
        text: Its text.
        document: What tells its document from others.
        gold: Target name -> gold label.
    """

    id: str
    text: str
    document: str
    gold: Mapping[str, Label]


def read_cases(
    gold: Rows, targets: Sequence[str | Target] | None = None
) -> tuple[tuple[Case, ...], tuple[Target, ...]]:
    """Read paragraphs with gold labels and text.

    Args:
        gold: A file, or rows, as `stance.evaluation.records.read_records` takes them.
        targets: The targets: names of built-in ones or `Target` objects; None means all that have gold labels.

    Returns:
        The paragraphs that have a gold label toward one of the targets, by id, and the targets.

    Raises:
        InputError: If the rows cannot be used: no text, two texts for one id, a gold label twice or missing.
        UnknownTargetError: If a target's name must be a slip of a built-in one.
    """
    records = read_records(gold)
    asked = None if targets is None else [item.name if isinstance(item, Target) else item for item in targets]
    names = choose_targets(records, asked)
    wanted = resolve_targets(names if targets is None else list(targets))
    known = {target.name for target in wanted}
    found: dict[str, Case] = {}
    for record in records:
        own = {name: label for name, label in record.labels.items() if name in known and label is not None}
        before = found.get(record.id)
        if not own:
            continue
        if not record.text.strip():
            raise InputError(
                f"{record.where}: id {record.id!r} has no text to change and ask about. "
                "stance annotate hydrate finds it again."
            )
        if before and before.text != record.text:
            raise InputError(f"{record.where}: id {record.id!r} has another text than before. Give each text its id.")
        found[record.id] = Case(record.id, record.text, record.document, {**(before.gold if before else {}), **own})
    return tuple(sorted(found.values(), key=lambda case: case.id)), wanted


def draw_cases(cases: Sequence[Case], count: int | None, *, seed: int = 0) -> tuple[Case, ...]:
    """Draw paragraphs, document by document, so that those of one stay together.

    Args:
        cases: The paragraphs.
        count: How many to draw; None, or more than there are, means all. Of the last document drawn only so many are
            taken as are still wanted.
        seed: Seed of the draw.

    Returns:
        The paragraphs drawn, by id.

    Raises:
        InputError: If less than one is asked for.
    """
    if count is not None and count < 1:
        raise InputError(f"sample: expected at least 1 paragraph, found {count}. Leave it out for all.")
    if count is None or count >= len(cases):
        return tuple(cases)
    names = sorted({case.document for case in cases})
    rank = {names[place]: number for number, place in enumerate(np.random.default_rng(seed).permutation(len(names)))}
    drawn = sorted(cases, key=lambda case: (rank[case.document], case.id))[:count]
    return tuple(sorted(drawn, key=lambda case: case.id))


def ask(predict: Predict, questions: Iterable[tuple[str, Sequence[Target]]]) -> Answers:
    """Ask a system, each text once for all targets that are wanted of it.

    Args:
        predict: The system. It is called once for each set of targets.
        questions: Texts, and which targets are wanted of each.

    Returns:
        Its labels.

    Raises:
        InputError: If it gives another number of answers than it was given texts, leaves a target out, or gives what is
            no label.
    """
    wanted: dict[str, dict[str, Target]] = {}
    for text, targets in questions:
        wanted.setdefault(text, {}).update((target.name, target) for target in targets)
    groups: dict[tuple[str, ...], list[str]] = {}
    for text, named in wanted.items():
        groups.setdefault(tuple(sorted(named)), []).append(text)
    answers: dict[tuple[str, str], Label | None] = {}
    for names, texts in groups.items():
        given = predict(texts, [wanted[texts[0]][name] for name in names])
        if len(given) != len(texts):
            raise InputError(f"predict: expected {len(texts)} answers, one a text, found {len(given)}.")
        answers |= {
            (text, name): _label(answer, name) for text, answer in zip(texts, given, strict=True) for name in names
        }
    return answers


def _label(answer: Mapping[str, Label | None] | Prediction, name: str) -> Label | None:
    if name not in answer:
        raise InputError(f"predict: expected a label toward {name!r}, found answers toward {', '.join(answer)} only.")
    if isinstance(answer, Prediction):
        return answer[name].label
    label = answer[name]
    if label is not None and label not in LABELS:
        raise InputError(f"predict: {name}: unknown label {label!r}: {suggest(str(label), LABELS)}.")
    return label
