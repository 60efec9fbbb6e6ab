"""Labelled paragraphs, and what the network reads of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from stance.errors import InputError, suggest
from stance.model.tokens import Window, cut_windows, mark_mentions
from stance.schema import LABELS, Label
from stance.targets import Target, find_mentions
from stance.text.repair import repair

__all__ = ["Example", "Reading", "prepare", "read_examples"]

_DOUBT = re.compile(r"(\w+):(\w+)")


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled paragraph.

    Attributes:
        id: Its id.
        text: Its text.
        labels: Target name -> label.
        doubts: Target name -> labels that the annotator nearly gave.
    """

    id: str
    text: str
    labels: dict[str, Label]
    doubts: dict[str, tuple[Label, ...]]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the network reads of an example.

    Attributes:
        window: The only window of the paragraph.
        marks: Which tokens are mentions of which target, shape (targets, length).
        weights: Weight of each label, shape (targets, labels); each row sums to 1.
        gold: Number of the label, shape (targets,).
    """

    window: Window
    marks: npt.NDArray[np.bool_]
    weights: npt.NDArray[np.float32]
    gold: npt.NDArray[np.int64]


def read_examples(path: str | Path, targets: Sequence[Target]) -> list[Example]:
    """Read labelled paragraphs, one JSON object a line: ``id``, ``text``, ``labels``, optional ``doubt``.

    Args:
        path: The file; one of annotations, as ``stance annotate split`` writes them, is such a file.
        targets: The targets whose labels have to be there.

    Returns:
        The examples in the order of the file.

    Raises:
        InputError: If a line is no JSON, a field is missing or a label unknown; it names file, line and field.
    """
    with Path(path).open(encoding="utf-8") as lines:
        return [_example(f"{path}: line {number}", line, targets) for number, line in enumerate(lines, 1)]


def _example(where: str, line: str, targets: Sequence[Target]) -> Example:
    try:
        row = json.loads(line)
        text, labels = row["text"], row["labels"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{where}: expected a JSON object with 'text' and 'labels' ({error!r}).") from error
    for target in targets:
        if labels.get(target.name) not in LABELS:
            found = labels.get(target.name)
            raise InputError(
                f"{where}: field 'labels': {target.name}: unknown label {found!r}: {suggest(str(found), LABELS)}."
            )
    return Example(str(row.get("id", where)), text, labels, _doubts(row.get("doubt") or {}))


def _doubts(given: Mapping[str, Sequence[str]] | str) -> dict[str, tuple[Label, ...]]:
    """Read ``{"US": ["neutral"]}`` of annotations, or ``"US:neutral China:neutral"``."""
    doubts: dict[str, tuple[Label, ...]] = {}
    pairs = (
        _DOUBT.findall(given)
        if isinstance(given, str)
        else [(target, name) for target, names in given.items() for name in names]
    )
    for target, name in pairs:
        doubts[target] = (*doubts.get(target, ()), *(label for label in LABELS if label == name))
    return doubts


def prepare(
    examples: Sequence[Example], tokenizer: Tokenizer, targets: Sequence[Target], *, doubt: float, window: int
) -> list[Reading]:
    """Tokenise examples and mark the mentions.

    Args:
        examples: The examples.
        tokenizer: The encoder's tokenizer, without truncation and padding.
        targets: The targets.
        doubt: Share of the label's weight that goes to runner-up labels.
        window: Most tokens of a paragraph.

    Returns:
        One reading an example.

    Raises:
        InputError: If a paragraph is longer than a window: it has one label, so no part of it may be learned alone.
    """
    texts = [repair(example.text).text for example in examples]
    readings = []
    for example, text, windows in zip(
        examples, texts, cut_windows(tokenizer, texts, size=window, overlap=0), strict=True
    ):
        if len(windows) > 1:
            raise InputError(
                f"Paragraph {example.id!r} has more than the {window} tokens of a window. Raise 'window' or split it."
            )
        marks = np.stack([mark_mentions(windows[0], find_mentions(text, target)) for target in targets])
        weights = np.zeros((len(targets), len(LABELS)), dtype=np.float32)
        gold = np.array([LABELS.index(example.labels[target.name]) for target in targets], dtype=np.int64)
        for row, target in enumerate(targets):
            runners = [
                LABELS.index(label)
                for label in example.doubts.get(target.name, ())
                if label != example.labels[target.name]
            ]
            weights[row, gold[row]] = 1.0 - (doubt if runners else 0.0)
            for runner in runners:
                weights[row, runner] += doubt / len(runners)
        readings.append(Reading(windows[0], marks, weights, gold))
    return readings
