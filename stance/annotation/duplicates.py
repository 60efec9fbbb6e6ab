"""Near-duplicates: paragraphs that share most of their words' order, and such as stand in another, as re-posts do.

Pairs are found by hand rather than with MinHash (datasketch), whose estimates missed pairs that share two thirds.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from stance.annotation.anchors import RUN, STEP, hash_run, run_count, split_words
from stance.errors import InputError
from stance.schema import Anchor

__all__ = ["THRESHOLD", "Pair", "best_anchor", "find_duplicates"]

THRESHOLD = 0.5
"""Share of the shorter paragraph's runs of four words from which it counts as a near-duplicate of the one that has
them: half of what it says was said there. It is what is left when one word in seven is changed. In train, dev and test
(3,631 paragraphs) 9 pairs reach it, 4 of them across documents; read one by one, all are copies. The next has 0.46."""
_LEAST = 16
"""Runs that a pair has to share for that (19 words in a row), else only the Jaccard similarity counts: a formula of a
few words may be half of a short paragraph and stand in many. Without text they are three published runs at least."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two paragraphs that are alike.

    Attributes:
        first: Id of the one that came first.
        second: Id of the other.
        similarity: Jaccard similarity of their runs of four words, in [0, 1]; 1 if the words are the same.
        containment: Share of the shorter one's runs that stand in the longer, in [0, 1]; 1 if it stands there whole.
        estimated: Whether one has no text, so that both are told from the runs that are published of it.
    """

    first: str
    second: str
    similarity: float
    containment: float
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a paragraph: hashes of all its runs or of some, how many it has, and all in order, from text."""

    runs: frozenset[str]
    count: int
    order: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether its text is at hand."""
        return bool(self.order)


def best_anchor(anchors: Iterable[Anchor]) -> Anchor:
    """Choose the anchor that tells most of a paragraph: one with text, else one with a fingerprint, else any.

    Args:
        anchors: One at least.

    Returns:
        The first of the best.
    """
    return max(anchors, key=lambda anchor: (bool(anchor.text), bool(anchor.fingerprint)))


def find_duplicates(paragraphs: Mapping[str, Anchor], *, threshold: float = THRESHOLD) -> list[Pair]:
    """Find pairs of paragraphs that are alike, or of which one stands in the other; case, punctuation, space aside.

    This is the one rule for near-duplicates. Two are a pair if the shorter one's runs of four words stand, to this
    share, in the longer; where fewer than 16 runs are shared, the Jaccard similarity has to reach it. Between two with
    text all pairs are found, and what they share is computed exactly.

    Paragraphs without text are compared by their fingerprints: hashes of four words from every eighth word on. With one
    that has text, all its runs are compared, wherever they start; the shares are right but for chance (one hash more or
    less). Of two without text a passage is found only where the numbers of its first word in both differ by a multiple
    of eight: always if both begin alike, else one time in eight; and it ends where a word was put in or left out. Fewer
    than three hashes in common are never a pair, so paragraphs of fewer than 19 words need text.

    Args:
        paragraphs: Id -> what is known of the paragraph: text, or number of words and fingerprint.
        threshold: Least share, in (0, 1].

    Returns:
        The pairs, in the order of the paragraphs.

    Raises:
        InputError: If the threshold is not in (0, 1].

    >>> texts = {"a": "NATO met in Brussels today.", "b": "NATO met in Brussels today", "c": "It rained."}
    >>> find_duplicates({name: Anchor(text=text) for name, text in texts.items()})
    [Pair(first='a', second='b', similarity=1.0, containment=1.0, estimated=False)]
    """
    if not 0 < threshold <= 1:
        raise InputError(f"Near-duplicates: expected a threshold above 0 and at most 1, found {threshold!r}.")
    known = {name: item for name, anchor in paragraphs.items() if (item := _know(anchor))}
    numbers = {name: number for number, name in enumerate(known)}
    candidates = {
        (one, other) if numbers[one] < numbers[other] else (other, one)
        for one, other in (*_by_runs(known, threshold), *_by_hashes(known))
    }
    ordered = sorted(candidates, key=lambda pair: (numbers[pair[0]], numbers[pair[1]]))
    found = (_compare(pair, known[pair[0]], known[pair[1]], threshold) for pair in ordered)
    return [pair for pair in found if pair]


def _know(anchor: Anchor) -> _Known | None:
    """Bring a paragraph to hashes; None where nothing can be compared."""
    if anchor.text:
        words = split_words(anchor.text)
        order = tuple(hash_run(words[start : start + RUN]) for start in range(max(1, len(words) - RUN + 1)))
        return _Known(frozenset(order), len(set(order)), order) if words else None
    if not anchor.fingerprint or len(anchor.fingerprint) != run_count(anchor.words or 0):
        return None
    return _Known(frozenset(anchor.fingerprint), max(1, (anchor.words or 0) - RUN + 1))


def _compare(names: tuple[str, str], one: _Known, other: _Known, threshold: float) -> Pair | None:
    """Tell what two share, and whether it makes them a pair."""
    shorter, longer = sorted((one, other), key=lambda item: (item.count, len(item.runs)))
    estimated = not (shorter.whole and longer.whole)
    shared = _estimate(shorter, longer) if estimated else len(shorter.runs & longer.runs)
    similarity, containment = shared / (shorter.count + longer.count - shared), shared / shorter.count
    share = containment if shared >= _LEAST else 0.0 if estimated else similarity
    return Pair(*names, similarity, containment, estimated) if share >= threshold else None


def _estimate(shorter: _Known, longer: _Known) -> float:
    """Estimate how many runs two share of which one has no text at least.

    Each run in common stands for those up to the next that is published. But a phrase that one says over and over is
    published in different parts; in the other's text these lie together, so there they are no more than that place.
    """
    common = shorter.runs & longer.runs
    sampled = longer if shorter.whole else shorter
    shared = min(len(common) * sampled.count / len(sampled.runs), shorter.count)
    for item in (shorter, longer):
        if item.whole:
            places = (place for place, run in enumerate(item.order) if run in common)
            near = {place + way for place in places for way in range(-STEP // 2, STEP // 2)}
            shared = min(shared, sum(0 <= place < len(item.order) for place in near))
    return shared


def _by_runs(known: Mapping[str, _Known], threshold: float) -> Iterator[tuple[str, str]]:
    """Find all pairs with text that may be alike, from the shorter one's rarest runs.

    Of a pair that shares k of the shorter's n runs, one is among any n - k + 1 of them (the prefix filter of Chaudhuri,
    Ganti and Kaushik 2006, "A Primitive Operator for Similarity Joins in Data Cleaning"); the rarest have few holders.
    """
    whole = {name: item for name, item in known.items() if item.whole}
    counts = Counter(run for item in whole.values() for run in item.runs)
    holders: dict[str, list[str]] = {}
    for name, item in whole.items():
        for run in item.runs:
            if counts[run] > 1:
                holders.setdefault(run, []).append(name)
    for name, item in whole.items():
        rarest = sorted(item.runs, key=counts.__getitem__)[: item.count - math.ceil(threshold * item.count - 1e-9) + 1]
        near = {other for run in rarest for other in holders.get(run, ())}
        yield from ((name, other) for other in near if other != name and whole[other].count >= item.count)


def _by_hashes(known: Mapping[str, _Known]) -> Iterator[tuple[str, str]]:
    """Find pairs of which one has no text at least, and that share more than one hash."""
    holders: dict[str, list[str]] = {}
    for name, item in known.items():
        if not item.whole:
            for run in item.runs:
                holders.setdefault(run, []).append(name)
    if not holders:
        return
    for name, item in known.items():
        shared = Counter(other for run in item.runs for other in holders.get(run, ()))
        yield from ((name, other) for other, hits in shared.items() if hits > 1 and other != name)
