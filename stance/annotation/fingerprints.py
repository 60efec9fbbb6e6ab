"""Where an edited paragraph may stand of which only hashes of runs of words are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stance.annotation.alignment import FREQUENT, Place, apart
from stance.annotation.anchors import CODE, RUN, hash_word, run_count, run_starts
from stance.annotation.boundaries import OTHER, best_end, bits_of_edges, bits_of_ends, closes
from stance.annotation.copies import Copy
from stance.schema import Anchor

__all__ = ["Bounds", "places_by_fingerprint"]

_CANDIDATES = 3
"""Places of a document that are looked at."""
_PACE = 10
"""Words by which the way between two runs may be longer than it was: what an inserted line has."""
_LOST = 3
"""Words by which it may be shorter: few words get lost."""
_BACK = 100
"""Hits before one that are looked at: the nearest; runs that stand often would take long."""
_REACH = 30
"""Words beyond where counting leads among which an end is sought."""
_SAME = 4.0 * CODE
"""Bits of a word whose code is that of the word sought."""
_CONTRADICTED = OTHER
"""Bits that the codes of an end need at least: one of four fits, or only one is known. Else it is the end of another
paragraph that shares a run, as two do that quote the same sentences."""
_UNCODED = 6.0
"""Bits by which an end has to lead more where there are no codes: layout alone misleads."""
_SHARE = 0.22
"""Share of its runs that a place needs: in other articles 0.2 is met by chance (seeds 400-439 of
benchmarks/reanchoring.py)."""
_HELD = 0.2
"""The same where paragraphs found on both sides hold it: 0.12 left an end wrong (seeds 160 and 172)."""


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
    if run_count(words) != len(prints):
        return []
    runs = ((start, copy.hashes.get(run, ())) for start, run in zip(run_starts(words), prints, strict=True))
    found = ((place, start) for start, places in runs if len(places) <= FREQUENT for place in places)
    hits = sorted((place, start) for place, start in found if bounds.hold(place))
    held = None not in (bounds.first, bounds.after)
    least = 1 if held else min(2, len(prints))
    places = []
    for _ in range(_CANDIDATES):
        if not hits:
            break
        chain = _chain(hits)
        used = {place for place, _ in chain}
        hits = [hit for hit in hits if hit[0] not in used]
        if len(chain) < least:
            break
        place = _outline(chain, anchor, copy, bounds)
        if place is not None:
            places.append(place)
    places = apart(places)
    return [] if places and places[0].score < (_HELD if held else _SHARE) else places


def _chain(hits: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Find the longest chain of hits, sorted by place, in which places and runs rise at about the same pace.

    Of chains of one length the one that keeps the pace best: an equal run may stand just before the paragraph.
    """
    best: list[tuple[int, int]] = []
    drift = [0] * len(hits)
    longest = [1] * len(hits)
    previous = [-1] * len(hits)
    for number, (place, start) in enumerate(hits):
        for other in range(max(0, number - _BACK), number):
            there, before = hits[other]
            grown, way = (place - there) - (start - before), start - before
            pace = -_LOST <= grown <= max(_PACE, way // 2)
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
    if (not ahead and _strays(chain[:2], copy)) or (not left and _strays(chain[-2:], copy)):
        return None
    ends: list[int] = []
    for side, place, way, bound in ((0, first, ahead, bounds.first), (1, last + RUN, left, bounds.after)):
        found = _settle(_codes(anchor, way, side), copy, place, bound, side=side) if way else place
        if found is None:
            return None
        ends.append(found)
    start, after = ends
    if not (after in copy.line_edges[1] or after in copy.block_edges[1] or closes(copy, after)):
        return None  # its last words, or equal ones, within a sentence: else 2 of 6,300 wrong (seeds 29, 90)
    return Place(*copy.span(start, after), count / len(prints))


def _strays(step: Sequence[tuple[int, int]], copy: Copy) -> bool:
    """Tell whether the way from a run to the next grew, and over a blank line: the outer may be another paragraph's."""
    (there, before), (place, start) = step[0], step[-1]
    return place - there > start - before and any(at in copy.breaks for at in range(there + 1, place + 1))


def _codes(anchor: Anchor, way: int, side: int) -> list[str]:
    """Give the codes of the words from an end up to a run so many words away, outwards; empty where none is known."""
    text = anchor.edges[side] if anchor.edges else ""
    codes = [text[at : at + CODE] for at in range(0, len(text), CODE)][:: 1 if side else -1]
    return [*[""] * (way - len(codes)), *codes][-way:]


def _settle(codes: Sequence[str], copy: Copy, place: int, bound: int | None, *, side: int) -> int | None:
    """Find where a paragraph starts (side 0) or ends, from a place outwards, by the codes of its words there.

    One beyond a blank line is not taken: the paragraph there may end with the same words.
    """
    reach, turn = len(codes) + _REACH, 1 if side else -1
    free = bound is None
    if bound is None:
        bound = len(copy.words) if side else 0
    low, high = (place, min(bound, place + reach)) if side else (max(bound, place - reach), place)
    words = [hash_word(word) for word in copy.words[low:high]][::turn]
    rows = [[(_SAME if code == word else OTHER) if code else 0.0 for word in words] for code in codes]
    ends = bits_of_ends(rows, fixed=True)[::turn]
    edges = bits_of_edges(copy, range(low, high + 1), side=side)
    more = 0.0 if any(codes) else _UNCODED
    found = best_end([sum(bits) for bits in zip(ends, edges, strict=True)], more=more)
    if found is None:
        return None
    if free and any(codes) and ends[found] < _CONTRADICTED:
        return None
    end = low + found
    beyond = range(place, end) if side else range(end + 1, place + 1)
    return None if any(at in copy.breaks for at in beyond) else end
