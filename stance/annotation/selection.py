"""Active learning: which paragraphs to label next, by a model's uncertainty, spread over targets and contents."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.annotation.anchors import split_words
from stance.annotation.suggestions import is_model
from stance.errors import InputError
from stance.schema import LABELS, Annotation, Label

__all__ = ["Choice", "Judged", "choose_next", "draw_random", "find_unlabelled"]

_SIZE = 2048
"""Length of the hashed word vectors; a power of two."""
_POOL = 20
"""Candidates a paragraph wanted: the most uncertain ones of each target."""
_SIMILAR = 0.5
"""Weight of likeness to what is chosen already, against uncertainty."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A paragraph that a model judged.

    Attributes:
        id: Its id.
        text: The paragraph.
        probabilities: Target -> label -> probability in [0, 1].
    """

    id: str
    text: str
    probabilities: Mapping[str, Mapping[Label, float]]


@dataclass(frozen=True, slots=True)
class Choice:
    """A paragraph to label next.

    Attributes:
        id: Its id.
        target: The target for whose sake it was chosen.
        uncertainty: Entropy of the model's labels toward that target, in [0, 1] of the most there can be.
        similarity: Cosine of its words to the likest of those chosen before, in [0, 1].
    """

    id: str
    target: str
    uncertainty: float
    similarity: float

    def to_dict(self) -> dict[str, Any]:
        """Give plain JSON types."""
        return {
            "target": self.target,
            "uncertainty": round(self.uncertainty, 4),
            "similarity": round(self.similarity, 4),
        }


def find_unlabelled(pool: Iterable[Annotation], labelled: Iterable[Annotation] = ()) -> list[Annotation]:
    """Find the paragraphs that no person labelled yet.

    Args:
        pool: Paragraphs, waiting or labelled, by people or models.
        labelled: Records of paragraphs to leave out.

    Returns:
        The paragraphs with text that have no record of a person, each once, without labels.
    """
    records = list(pool)
    done = {record.id for record in (*records, *labelled) if record.annotator and not is_model(record)}
    waiting = (record for record in records if record.text and record.id not in done)
    return list({record.id: Annotation(record.id, record.anchor, source=record.source) for record in waiting}.values())


def draw_random(pool: Sequence[Annotation], count: int, *, seed: int = 0) -> list[Annotation]:
    """Draw paragraphs to label, each with the same probability: a sample that estimates can rest on.

    Args:
        pool: The paragraphs.
        count: How many to draw; all, if the pool has fewer.
        seed: Seed of the draw.

    Returns:
        The paragraphs drawn, in the order of the draw: any first part of them is a random sample, too. The same
        paragraphs, count and seed give the same, whatever the pool's order.

    Raises:
        InputError: If the count is below 1.
    """
    if count < 1:
        raise InputError(f"Random paragraphs: expected a count from 1 on, found {count}.")
    ordered = sorted(pool, key=lambda item: item.id)
    return [ordered[place] for place in np.random.default_rng(seed).permutation(len(ordered))[:count]]


def choose_next(pool: Iterable[Judged], count: int, *, seed: int = 0) -> list[Choice]:
    """Choose paragraphs to label next.

    The targets take turns. Each takes, of its most uncertain paragraphs, the one with the highest uncertainty less half
    of its likeness to those taken before (maximal marginal relevance, Carbonell & Goldstein 1998). Uncertainty is the
    entropy of the model's labels (Settles 2009, "Active Learning Literature Survey", section 3.1); likeness is the
    cosine of hashed word counts, square roots taken.

    Args:
        pool: The paragraphs, judged by a model.
        count: How many to choose; all, if the pool has fewer.
        seed: Seed of the order of equals.

    Returns:
        The choices, the most useful first. The same pool, count and seed give the same, whatever the pool's order.

    Raises:
        InputError: If the count is below 1, or an id stands twice in the pool.
    """
    if count < 1:
        raise InputError(f"Next paragraphs: expected a count from 1 on, found {count}.")
    items = sorted(pool, key=lambda item: (zlib.crc32(f"{seed} {item.id}".encode("utf-8", "replace")), item.id))
    if len({item.id for item in items}) < len(items):
        raise InputError("Two paragraphs of the pool have the same id. Give each its own.")
    targets = list(dict.fromkeys(target for item in items for target in item.probabilities))
    doubts = {target: np.array([_entropy(item.probabilities.get(target, {})) for item in items]) for target in targets}
    ranked = {target: np.argsort(-doubts[target], kind="stable")[: count * _POOL] for target in targets}
    numbers = np.unique(np.concatenate(list(ranked.values()))) if targets else np.array([], dtype=np.int64)
    vectors = _vectors([items[number].text for number in numbers])
    likeness = np.zeros(len(items))
    free = np.ones(len(items), dtype=bool)
    choices: list[Choice] = []
    while targets and len(choices) < min(count, len(items)):
        target = targets[len(choices) % len(targets)]
        order = ranked[target][free[ranked[target]]]
        if not len(order):
            targets.remove(target)
            continue
        best = int(order[np.argmax(doubts[target][order] - _SIMILAR * likeness[order])])
        choices.append(Choice(items[best].id, target, float(doubts[target][best]), float(likeness[best])))
        free[best] = False
        near = vectors @ vectors[np.searchsorted(numbers, best)]
        likeness[numbers] = np.maximum(likeness[numbers], near)
    return choices


def _entropy(probabilities: Mapping[Label, float]) -> float:
    """Entropy of the labels, as a share of that of equal ones."""
    shares = np.array([probabilities.get(label, 0.0) for label in LABELS])
    positive = shares[shares > 0]
    return float(-(positive * np.log(positive)).sum() / np.log(len(LABELS)))


def _vectors(texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """Hashed word counts, square roots taken, of length 1; shape (texts, 2048)."""
    vectors = np.zeros((len(texts), _SIZE), dtype=np.float32)
    for row, text in enumerate(texts):
        for word in split_words(text):
            vectors[row, zlib.crc32(word.encode("utf-8", "replace")) % _SIZE] += 1
    vectors = np.sqrt(vectors)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: npt.NDArray[np.float32] = vectors / np.maximum(lengths, 1e-9)
    return scaled
