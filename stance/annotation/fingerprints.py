"""Where an edited paragraph may stand of which only hashes of runs of words are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stance.annotation.alignment import Place, apart
from stance.annotation.anchors import RUN, run_starts
from stance.annotation.copies import Copy
from stance.annotation.recovery import recover_run
from stance.schema import Anchor

__all__ = ["Bounds", "places_by_fingerprint"]

_CANDIDATES = 3
"""Places of a document that are looked at."""
_PACE = 10
"""Words by which the way between two runs may be longer than it was: what an inserted line has."""
_LOST = 3
"""Words by which it may be shorter, and one more for every so many words of it: few words get lost."""
_SHRINK = 8
_VOCABULARY = 250
"""Frequent words of the document that are tried where a word may have been lost."""
_COUNTED = 12
"""Most words from a run to an end of which nothing else is known: those between the last run but one and the end."""
_CLOSING = frozenset(".?!…:;\"'”’»)]")
"""Signs that a paragraph ends with, where no line ends there."""
_SLACK = 14
"""Words by which a run may stand away from where counting puts it: what an inserted line has."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a paragraph starts or ends, as paragraphs that touched it tell.

    Attributes:
        first: Number of the word after the paragraph before it; None if that is not known.
        after: Number of the first word of the paragraph after it; None if that is not known.
    """

    first: int | None = None
    after: int | None = None

    def hold(self, place: int) -> bool:
        """Tell whether a run of words lies between."""
        return (self.first is None or self.first <= place) and (self.after is None or place + RUN <= self.after)


def places_by_fingerprint(anchor: Anchor, copy: Copy, bounds: Bounds | None = None) -> list[Place]:
    """Find where a paragraph may stand of which only hashes of runs of words are known.

    Args:
        anchor: The anchor, with fingerprint and number of words.
        copy: The copy.
        bounds: Where it starts or ends, if that is known.

    Returns:
        Places that do not overlap, the most similar first; the score is the share of the runs found in order.
    """
    words, prints, bounds = anchor.words or 0, anchor.fingerprint, bounds or Bounds()
    starts = run_starts(words)
    if len(starts) != len(prints) or words < RUN:
        return []
    found = ((place, start) for start, run in zip(starts, prints, strict=True) for place in copy.hashes.get(run, ()))
    hits = sorted((place, start) for place, start in found if bounds.hold(place))
    places = []
    for _ in range(_CANDIDATES):
        if not hits:
            break
        chain = _chain(hits)
        used = {place for place, _ in chain}
        hits = [hit for hit in hits if hit[0] not in used]
        if len(chain) < _least(prints, bounds):
            break
        place = _outline(chain, anchor, copy, bounds)
        if place is not None:
            places.append(place)
    return apart(places)


def _least(prints: Sequence[str], bounds: Bounds) -> int:
    """Tell how many runs have to be there; one, where both ends are known otherwise."""
    return 1 if len(prints) == 1 or None not in (bounds.first, bounds.after) else 2


def _chain(hits: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Find the longest chain of hits, sorted by place, in which places and runs rise at about the same pace."""
    best: list[tuple[int, int]] = []
    longest = [1] * len(hits)
    previous = [-1] * len(hits)
    for number, (place, start) in enumerate(hits):
        for other in range(max(0, number - 100), number):
            there, before = hits[other]
            grown, way = (place - there) - (start - before), start - before
            pace = -_LOST - way // _SHRINK <= grown <= max(_PACE, way // 2)
            if before < start and there < place and pace and longest[other] + 1 > longest[number]:
                longest[number], previous[number] = longest[other] + 1, other
    if longest:
        number = longest.index(max(longest))
        while number >= 0:
            best.append(hits[number])
            number = previous[number]
    return best[::-1]


def _outline(chain: Sequence[tuple[int, int]], anchor: Anchor, copy: Copy, bounds: Bounds) -> Place | None:
    """Find the ends of a paragraph by its first and last run, or by counting words to the end of a block."""
    words, prints = anchor.words or 0, anchor.fingerprint
    (first, ahead), (last, behind) = chain[0], chain[-1]
    left = words - RUN - behind
    start, after, count = first, last + RUN, len(chain)
    if ahead:
        low = max(0, first - ahead - _SLACK)
        places = [first - ahead, *copy.block_edges[0]]
        run = _recover(prints[0], copy, places, bounds=(low, first + max(0, RUN - ahead)))
        found = run[0] if run else _count(first - ahead, ahead, copy.block_edges[0], bounds.first)
        if found is None:
            return None
        start, count = found, count + (run is not None)
    if left:
        low = after - max(0, RUN - left)
        places = [last + left, *(place - RUN for place in copy.block_edges[1])]
        run = _recover(prints[-1], copy, places, bounds=(low, after + left + _SLACK))
        found = run[1] if run else _count(after + left, left, copy.block_edges[1], bounds.after)
        if found is None:
            return None
        after, count = found, count + (run is not None)
    if start >= after or count < _least(prints, bounds) or after - start < words - _LOST - words // _SHRINK:
        return None
    place = Place(*copy.span(start, after), count / len(prints))
    inside = after not in copy.line_edges[1] and after not in copy.block_edges[1]
    if inside and copy.document.text[place.end - 1] not in _CLOSING:  # an equal run stands before the one that ends it
        return None
    return place


def _recover(digits: str, copy: Copy, places: Sequence[int], *, bounds: tuple[int, int]) -> tuple[int, int] | None:
    low, high = bounds[0], min(bounds[1], len(copy.words))
    expected = [places[0] - low, *(place - low for place in places[1:] if low <= place < high)]
    run = recover_run(digits, copy.words[low:high], expected, vocabulary=copy.vocabulary[:_VOCABULARY])
    return (run[0] + low, run[1] + low) if run else None


def _count(guess: int, counted: int, edges: Mapping[int, int], bound: int | None) -> int | None:
    """Give the end of a block where counting words from a run leads, or the bound; None if that is not clear."""
    slack = 3 + counted // 5
    if bound is not None and abs(bound - guess) <= slack + _SLACK:
        return bound
    if counted > _COUNTED:
        return None
    near = [place for place in range(guess - slack, guess + slack + 1) if place in edges]
    about = [place for place in range(guess - _SLACK, guess + _SLACK + 1) if place in edges]
    return near[0] if len(near) == len(about) == 1 else None
