"""Where an edited paragraph may stand of which only hashes of runs of words are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stance.annotation.alignment import Place, apart
from stance.annotation.anchors import CODE, RUN, hash_word, run_starts
from stance.annotation.boundaries import OTHER, best_end, bits_of_edges, bits_of_ends, closes, opens
from stance.annotation.copies import Copy
from stance.schema import Anchor

__all__ = ["Bounds", "places_by_fingerprint"]

_CANDIDATES = 3
"""Places of a document that are looked at."""
_PACE = 10
"""Words by which the way between two runs may be longer than it was: what an inserted line has."""
_LOST = 3
"""Words by which it may be shorter, and one more for every so many words of it: few words get lost."""
_SHRINK = 8
_REACH = 30
"""Words beyond where counting leads among which an end is sought."""
_SAME = 4.0 * CODE
"""Bits of a word whose code is that of the word sought."""
_BESIDE = 6.0
"""Bits of a place at which a paragraph ends that touched this one."""
_UNCODED = 6.0
"""Bits by which an end has to lead more where there are no codes: layout alone misleads."""
_SURE = 12.0
"""Bits from which on the codes of an end count as much as a run of words: two of them fit at least."""


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
    """Find the longest chain of hits, sorted by place, in which places and runs rise at about the same pace.

    Of chains of one length the one that keeps the pace best: an equal run may stand just before the paragraph.
    """
    best: list[tuple[int, int]] = []
    drift = [0] * len(hits)
    longest = [1] * len(hits)
    previous = [-1] * len(hits)
    for number, (place, start) in enumerate(hits):
        for other in range(max(0, number - 100), number):
            there, before = hits[other]
            grown, way = (place - there) - (start - before), start - before
            pace = -_LOST - way // _SHRINK <= grown <= max(_PACE, way // 2)
            if before < start and there < place and pace:
                length, strayed = longest[other] + 1, drift[other] + abs(grown)
                if (length, -strayed) > (longest[number], -drift[number]):
                    longest[number], previous[number], drift[number] = length, other, strayed
    if longest:
        number = longest.index(max(longest))
        while number >= 0:
            best.append(hits[number])
            number = previous[number]
    return best[::-1]


def _outline(chain: Sequence[tuple[int, int]], anchor: Anchor, copy: Copy, bounds: Bounds) -> Place | None:
    """Find the ends of a paragraph by its first and last run, or by the codes of its first and last words."""
    words, prints = anchor.words or 0, anchor.fingerprint
    (first, ahead), (last, behind) = chain[0], chain[-1]
    left = words - RUN - behind
    runs = dict(zip(run_starts(words), prints, strict=True))
    count = len({runs[start] for _, start in chain})  # one that a paragraph has twice may be frequent everywhere
    ends: list[int] = []
    for side, place, way, bound in ((0, first, ahead, bounds.first), (1, last + RUN, left, bounds.after)):
        found = _settle(_codes(anchor, way, side), copy, place, bound, side=side) if way else (place, 0.0)
        if found is None:
            return None
        ends.append(found[0])
        count += found[1] >= _SURE
    start, after = ends
    if start >= after or count < _least(prints, bounds) or after - start < words - _LOST - words // _SHRINK:
        return None
    edges = start in copy.line_edges[0] or start in copy.block_edges[0]
    if not (edges or opens(copy, start) or closes(copy, start)):
        return None  # an equal run stands before the one that starts it
    if not (after in copy.line_edges[1] or after in copy.block_edges[1] or closes(copy, after)):
        return None  # an equal run stands before the one that ends it
    return Place(*copy.span(start, after), count / len(prints))


def _codes(anchor: Anchor, way: int, side: int) -> list[str]:
    """Give the codes of the words from an end up to a run so many words away, outwards; empty where none is known."""
    text = anchor.edges[side] if anchor.edges else ""
    codes = [text[at : at + CODE] for at in range(0, len(text), CODE)][:: 1 if side else -1]
    return [*[""] * (way - len(codes)), *codes][-way:]


def _settle(codes: Sequence[str], copy: Copy, place: int, bound: int | None, *, side: int) -> tuple[int, float] | None:
    """Find where a paragraph starts (side 0) or ends, from a place outwards, and the bits of its codes there."""
    reach, turn = len(codes) + _REACH, 1 if side else -1
    low, high = (place, min(len(copy.words), place + reach)) if side else (max(0, place - reach), place)
    words = [hash_word(word) for word in copy.words[low:high]][::turn]
    rows = [[(_SAME if code == word else OTHER) if code else 0.0 for word in words] for code in codes]
    ends = bits_of_ends(rows, fixed=True)[::turn]
    edges = bits_of_edges(copy, range(low, high + 1), side=side)
    near = (_BESIDE if at == bound else 0.0 for at in range(low, high + 1))
    more = 0.0 if any(codes) else _UNCODED
    found = best_end([sum(bits) for bits in zip(ends, edges, near, strict=True)], more=more)
    return None if found is None else (low + found, ends[found])
