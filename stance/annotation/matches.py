"""Where paragraphs were found in a copy, and which of them holds a place that several claim."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from stance.annotation.anchors import hash_text
from stance.annotation.copies import Copy
from stance.annotation.surroundings import Surroundings
from stance.schema import Anchor

__all__ = ["CLEAR", "How", "Match", "apart", "drop_misplaced", "drop_overlaps", "orders_of", "settle_equal", "text_key"]

How = Literal["offsets", "moved", "fuzzy"]
"""``offsets``: the same document; ``moved``: the same text elsewhere; ``fuzzy``: an edited text."""

Span = tuple[int, int]
"""First code point, and the one after the last."""
CLEAR = 0.2
"""By how much more of what stood around one of several equal texts has to stand there than of the others."""


@dataclass(frozen=True, slots=True)
class Match:
    """Where a paragraph was found again.

    Attributes:
        start: First code point in the copy.
        end: Code point after the last.
        how: By what it was found.
        score: Similarity in [0, 1]: of the text, or without text the share of its hashes; 1 unless ``fuzzy``.
    """

    start: int
    end: int
    how: How
    score: float = 1.0


def text_key(anchor: Anchor) -> str:
    """Give what is the same for paragraphs of equal text: the hash of the text, else its fingerprint."""
    if anchor.text is not None:
        return anchor.text_sha256 or hash_text(anchor.text)
    return anchor.text_sha256 or " ".join(anchor.fingerprint)


def orders_of(anchors: Sequence[Anchor]) -> list[list[int]]:
    """Give the paragraphs of each document whose hash is known, numbers of them, in the order they stood there."""
    documents: dict[str, list[int]] = {}
    for number, anchor in enumerate(anchors):
        if anchor.document_sha256 and anchor.start is not None:
            documents.setdefault(anchor.document_sha256, []).append(number)
    return [sorted(numbers, key=lambda number: anchors[number].start or 0) for numbers in documents.values()]


def apart(one: Anchor, other: Anchor) -> bool:
    """Tell whether one of two paragraphs of a document ended before the other started."""
    if not one.document_sha256 or one.document_sha256 != other.document_sha256:
        return False
    if one.start is None or other.start is None:
        return False
    return (one.end or 0) <= other.start or (other.end or 0) <= one.start


def settle_equal(
    order: Sequence[int], anchors: Sequence[Anchor], copy: Copy, found: list[Match | None]
) -> frozenset[int]:
    """Give a place that equal paragraphs of a document claim to the one whose order or surroundings it has.

    Records of one paragraph are no rivals.

    Args:
        order: Numbers of the paragraphs of a document, in order.
        anchors: What is known of them.
        copy: The copy.
        found: Where each was found; those that lose are None then.

    Returns:
        Numbers of those that lost.
    """
    claims: dict[tuple[int, int], list[int]] = {}
    for at, number in enumerate(order):
        match = found[number]
        if match and match.how != "fuzzy":
            claims.setdefault((match.start, match.end), []).append(at)
    lost: set[int] = set()
    for span, rivals in claims.items():
        starts = {at: anchors[order[at]].start for at in rivals}
        if len(set(starts.values())) < 2:
            continue
        best: dict[int | None, float] = {}
        for at in _fitting(rivals, span[0], order, found):
            context = Surroundings.of(anchors[order[at]]).similarity(*copy.around(*span))
            best[starts[at]] = max(context, best.get(starts[at], 0.0))
        winner = _leader(best)
        lost |= {order[at] for at in rivals if winner is None or starts[at] != winner}
    for number in lost:
        found[number] = None
    return frozenset(lost)


def _leader(scores: dict[int | None, float]) -> int | None:
    """Give the key whose score leads clearly."""
    ranked = sorted(scores, key=scores.__getitem__, reverse=True)
    if not ranked or (len(ranked) > 1 and scores[ranked[0]] < scores[ranked[1]] + CLEAR):
        return None
    return ranked[0]


def _fitting(rivals: Sequence[int], start: int, order: Sequence[int], found: Sequence[Match | None]) -> Iterator[int]:
    """Find the rivals for which the nearest found before and behind them, rivals aside, stand before and behind."""
    aside = set(rivals)
    others = [(at, match.start) for at, number in enumerate(order) if at not in aside and (match := found[number])]
    places = [at for at, _ in others]
    for at in rivals:
        behind = bisect_left(places, at)
        if (not behind or others[behind - 1][1] < start) and (behind == len(others) or others[behind][1] > start):
            yield at


def drop_misplaced(order: Sequence[int], anchors: Sequence[Anchor], found: list[Match | None]) -> set[int]:
    """Give up edited paragraphs of a document that stand in another order than most: a twin may stand there.

    Args:
        order: Numbers of the paragraphs of a document, in order.
        anchors: What is known of them.
        found: Where each was found; those that are given up are None then.

    Returns:
        Numbers of those that were given up.
    """
    dropped: set[int] = set()
    records: dict[int | None, list[tuple[int, Match]]] = {}
    for number in order:
        if match := found[number]:
            records.setdefault(anchors[number].start, []).append((number, match))
    kept = _rising([placed[0][1].start for placed in records.values()])
    for in_order, placed in zip(kept, records.values(), strict=True):
        for number, match in placed:
            if not in_order and match.how == "fuzzy":
                found[number] = None
                dropped.add(number)
    return dropped


def _rising(values: Sequence[int]) -> list[bool]:
    """Tell which of values are in every longest part of them that rises."""
    ahead, behind = _ranks(values), _ranks([-value for value in reversed(values)])[::-1]
    longest = max(ahead, default=0)
    ranks = [one if one + other == longest + 1 else 0 for one, other in zip(ahead, behind, strict=True)]
    counts = Counter(ranks)
    return [rank > 0 and counts[rank] == 1 for rank in ranks]


def _ranks(values: Sequence[int]) -> list[int]:
    """Give for each value the length of the longest part that rises up to it (Fredman 1975, by bisection)."""
    least: list[int] = []
    ranks = []
    for value in values:
        rank = bisect_right(least, value)
        least[rank : rank + 1] = [value]
        ranks.append(rank + 1)
    return ranks


def drop_overlaps(anchors: Sequence[Anchor], found: list[Match | None]) -> set[int]:
    """Give up claims on what another paragraph claims with more right, whatever their documents.

    An edited paragraph gives way to one of other text that stands there exactly; of two edited ones neither is taken.
    Of two that stood apart and stand there exactly the inner one is given up: its words are part of the other now.

    Args:
        anchors: What is known of the paragraphs.
        found: Where each was found; those that are given up are None then.

    Returns:
        Numbers of those that were given up.
    """
    claims: dict[tuple[int, int], list[int]] = {}
    for number, match in enumerate(found):
        if match:
            claims.setdefault((match.start, match.end), []).append(number)
    keys = {number: text_key(anchors[number]) for numbers in claims.values() for number in numbers}
    doubtful: set[int] = set()
    certain = {span for span, numbers in claims.items() if all(_is_certain(found[number]) for number in numbers)}
    for outer, inner in _overlapping(sorted(claims, key=lambda span: (span[0], -span[1])), certain):
        if len({keys[number] for number in (*claims[outer], *claims[inner])}) == 1:
            continue
        for one in claims[outer]:
            for other in claims[inner]:
                if keys[one] == keys[other]:
                    continue
                edited = {number for number in (one, other) if (match := found[number]) and match.how == "fuzzy"}
                if edited:
                    doubtful |= edited
                elif apart(anchors[one], anchors[other]):
                    doubtful |= {other} if inner[1] <= outer[1] else {one, other}
    for number in doubtful:
        found[number] = None
    return doubtful


def _is_certain(match: Match | None) -> bool:
    """Tell whether a paragraph stands where it stood: those of it that overlap now did so then."""
    return match is not None and match.how == "offsets"


def _overlapping(spans: Sequence[Span], certain: AbstractSet[Span]) -> Iterator[tuple[Span, Span]]:
    """Find the pairs of spans that overlap, each also with itself, but for pairs of certain ones, which may be many.

    Args:
        spans: Sorted by start, the longest first.
        certain: Those of which no pair is wanted.
    """
    active: list[Span] = []
    sure: list[Span] = []
    for span in spans:
        active = [other for other in active if other[1] > span[0]]
        if span in certain:
            sure.append(span)
        else:
            sure = [other for other in sure if other[1] > span[0]]
            active.append(span)
            yield from ((other, span) for other in sure)
        yield from ((other, span) for other in active)
