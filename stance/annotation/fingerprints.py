"""Where an edited paragraph may stand of which only hashes of runs of words are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stance.annotation.alignment import Place, apart
from stance.annotation.anchors import RUN, run_starts
from stance.annotation.copies import Copy
from stance.annotation.recovery import recover_run
from stance.schema import Anchor

__all__ = ["places_by_fingerprint"]

_CANDIDATES = 3
"""Places of a document that are looked at."""
_PACE = 10
"""Words by which the way between two runs may differ from what it was: what an inserted line has."""
_VOCABULARY = 250
"""Frequent words of the document that are tried where a word may have been lost."""
_SLACK = 14
"""Words by which a run may stand away from where counting puts it: what an inserted line has."""


def places_by_fingerprint(anchor: Anchor, copy: Copy) -> list[Place]:
    """Find where a paragraph may stand of which only hashes of runs of words are known.

    Args:
        anchor: The anchor, with fingerprint and number of words.
        copy: The copy.

    Returns:
        Places that do not overlap, the most similar first; the score is the share of the runs found in order.
    """
    words, prints = anchor.words or 0, anchor.fingerprint
    starts = run_starts(words)
    if len(starts) != len(prints) or words < RUN:
        return []
    hits = sorted(
        (place, start) for start, digits in zip(starts, prints, strict=True) for place in copy.hashes.get(digits, ())
    )
    places = []
    for _ in range(_CANDIDATES):
        if not hits:
            break
        chain = _chain(hits)
        used = {place for place, _ in chain}
        hits = [hit for hit in hits if hit[0] not in used]
        if len(chain) < 2 and len(prints) > 1:
            break
        place = _outline(chain, anchor, copy)
        if place is not None:
            places.append(place)
    return apart(places)


def _chain(hits: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Find the longest chain of hits, sorted by place, in which places and runs rise at about the same pace."""
    best: list[tuple[int, int]] = []
    longest = [1] * len(hits)
    previous = [-1] * len(hits)
    for number, (place, start) in enumerate(hits):
        for other in range(max(0, number - 100), number):
            there, before = hits[other]
            pace = abs((place - there) - (start - before)) <= max(_PACE, (start - before) // 2)
            if before < start and there < place and pace and longest[other] + 1 > longest[number]:
                longest[number], previous[number] = longest[other] + 1, other
    if longest:
        number = longest.index(max(longest))
        while number >= 0:
            best.append(hits[number])
            number = previous[number]
    return best[::-1]


def _outline(chain: Sequence[tuple[int, int]], anchor: Anchor, copy: Copy) -> Place | None:
    """Find the ends of a paragraph by its first and last run, or by counting words to the end of a block."""
    words, prints = anchor.words or 0, anchor.fingerprint
    (first, ahead), (last, behind) = chain[0], chain[-1]
    left = words - RUN - behind
    start, after, count = first, last + RUN, len(chain)
    if ahead:
        low = max(0, first - ahead - _SLACK)
        places = [first - ahead, *copy.block_edges[0]]
        run = _recover(prints[0], copy, places, bounds=(low, first + max(0, RUN - ahead)))
        found = run[0] if run else _count(first - ahead, ahead, copy.block_edges[0])
        if found is None:
            return None
        start, count = found, count + (run is not None)
    if left:
        low = after - max(0, RUN - left)
        places = [last + left, *(place - RUN for place in copy.block_edges[1])]
        run = _recover(prints[-1], copy, places, bounds=(low, after + left + _SLACK))
        found = run[1] if run else _count(after + left, left, copy.block_edges[1])
        if found is None:
            return None
        after, count = found, count + (run is not None)
    if start >= after or (count < 2 and len(prints) > 1):
        return None
    return Place(*copy.span(start, after), count / len(prints))


def _recover(digits: str, copy: Copy, places: Sequence[int], *, bounds: tuple[int, int]) -> tuple[int, int] | None:
    low, high = bounds[0], min(bounds[1], len(copy.words))
    expected = [places[0] - low, *(place - low for place in places[1:] if low <= place < high)]
    run = recover_run(digits, copy.words[low:high], expected, vocabulary=copy.vocabulary[:_VOCABULARY])
    return (run[0] + low, run[1] + low) if run else None


def _count(guess: int, counted: int, edges: Mapping[int, int]) -> int | None:
    """Give the end of a block where counting words from a run leads; None if there is none or more than one."""
    slack = 3 + counted // 5
    near = [place for place in range(guess - slack, guess + slack + 1) if place in edges]
    about = [place for place in range(guess - _SLACK, guess + _SLACK + 1) if place in edges]
    return near[0] if len(near) == len(about) == 1 else None
