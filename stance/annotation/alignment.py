"""Where an edited paragraph may stand: places that share runs of words with it, with its words or only their hashes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log2

from stance.annotation.anchors import split_words
from stance.annotation.boundaries import OTHER, best_end, bits_of_edges, bits_of_ends
from stance.annotation.copies import Copy
from stance.annotation.surroundings import Surroundings
from stance.errors import MissingExtraError
from stance.schema import Anchor

__all__ = ["FREQUENT", "Place", "apart", "places_by_text", "regions_of"]

_SEEDS = (3, 2)
"""Words of the runs that candidates share; shorter ones only where there is none."""
FREQUENT = 40
"""Runs that a document has more often tell nothing of the place."""
_CANDIDATES = 4
"""Places of a document that are aligned."""
_MARGIN = 8
"""Words by which the part of the document that is aligned reaches beyond what is expected."""
_EDGE = 12
"""Words at a paragraph's ends, and around it, by which its ends are settled."""
_REACH = 32
"""Words around a guessed end among which the end is sought."""
_ALIKE = 0.6
"""Similarity from which on a word can be an edited form of another."""
_MOST = 10.0
"""Most bits that one word is worth."""
_MORE = 3.0
"""Bits by which an end has to lead more than without text: there is so much evidence that little is lost."""
_ELSEWHERE = -8.0
"""Fewest bits of what stood around the paragraph: where that was edited, too, it must not outweigh the paragraph itself
(one wrong of 2,520 without this bound, seed 411 of benchmarks/reanchoring.py)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a paragraph may stand.

    Attributes:
        start: First code point.
        end: Code point after the last.
        score: How similar it is, in [0, 1].
        context: How much of what stood around stands there, in [0, 1]; None if nothing is known of it.
    """

    start: int
    end: int
    score: float
    context: float | None = None


def places_by_text(anchor: Anchor, copy: Copy) -> list[Place]:
    """Find where the words of a paragraph may stand in an edited copy of its document.

    Args:
        anchor: The anchor, with text.
        copy: The copy.

    Returns:
        Places that do not overlap, the most similar first.

    Raises:
        MissingExtraError: If rapidfuzz is not installed.
    """
    words = split_words(anchor.text or "")
    known = Surroundings.of(anchor)
    found = [_align(words, known, copy, region) for region in regions_of(words, copy)]
    return apart([place for place in found if place is not None])


def apart(places: list[Place]) -> list[Place]:
    """Leave out places that overlap one given before, and sort the others by score."""
    kept: list[Place] = []
    for place in places:
        if all(place.end <= other.start or place.start >= other.end for other in kept):
            kept.append(place)
    return sorted(kept, key=lambda place: -(place.score + (place.context or 0.0)))


def regions_of(words: Sequence[str], copy: Copy) -> Iterator[tuple[int, int]]:
    """Find parts of a document that share runs of words with a paragraph in the same order.

    Runs that lie in a part make no other: what follows lines put in would be taken for a place of its own.

    Args:
        words: The words of the paragraph.
        copy: The document.

    Yields:
        Number of the first word of a part and of the word after it; the part that shares most comes first.
    """
    hits: list[tuple[int, int]] = []
    for length in _SEEDS:
        runs = copy.runs(length)
        for inner in range(len(words) - length + 1):
            places = runs.get(" ".join(words[inner : inner + length]), [])
            if len(places) <= FREQUENT:
                hits += [(place - inner, inner) for place in places]
        if hits:
            break
    hits.sort()
    width = max(_MARGIN, len(words) // 4)
    for _ in range(_CANDIDATES):
        low, high = _densest(hits, width)
        if low == high:
            return
        first, after = max(0, hits[low][0] - _MARGIN), hits[high - 1][0] + len(words) + _MARGIN
        yield first, min(len(copy.words), after)
        hits = [(start, inner) for start, inner in hits if not first <= start + inner < after]


def _densest(hits: Sequence[tuple[int, int]], width: int) -> tuple[int, int]:
    """Find the slice of hits, sorted by where the paragraph would start, that covers most of it within a width."""
    best, low, counts = (0, 0, 0), 0, dict[int, int]()
    for high, (start, inner) in enumerate(hits):
        counts[inner] = counts.get(inner, 0) + 1
        while hits[low][0] < start - width:
            counts[hits[low][1]] -= 1
            if not counts[hits[low][1]]:
                del counts[hits[low][1]]
            low += 1
        if len(counts) > best[0]:
            best = len(counts), low, high + 1
    return best[1:]


def _align(words: Sequence[str], known: Surroundings, copy: Copy, region: tuple[int, int]) -> Place | None:
    """Align a paragraph and what stood around it with a part of the document, to find its ends."""
    try:
        from rapidfuzz.distance import Levenshtein
    except ImportError:
        raise MissingExtraError("Finding edited paragraphs again", "annotate") from None
    before, behind = known.before, known.behind
    low, high = max(0, region[0] - len(before)), min(len(copy.words), region[1] + len(behind))
    target = copy.words[low:high]
    codes = Levenshtein.opcodes([*before, *words, *behind], target)
    first, last = len(before), len(before) + len(words)
    start = end = 0
    for code in codes:
        drift = code.dest_start - code.src_start
        if code.src_start <= first < code.src_end:
            start = min(first + drift, code.dest_end)
        if code.src_start < last <= code.src_end:
            end = min(last + drift, code.dest_end)
    start, end = start + low, end + low
    if start >= end:
        return None
    first_word = _settle(copy, start, words, before, side=0)
    after_word = _settle(copy, end, words, behind, side=1)
    if first_word is None or after_word is None or first_word >= after_word:
        return None
    start, end = first_word, after_word
    if _is_cut(words, copy, start, end):
        return None
    span = copy.span(start, end)
    score = Levenshtein.normalized_similarity(" ".join(words), " ".join(copy.words[start:end]))
    context = known.similarity(*copy.around(*span)) if known else None
    return Place(*span, score, context)


def _is_cut(words: Sequence[str], copy: Copy, start: int, end: int) -> bool:
    """Tell whether a place lacks a paragraph's end word, which stands at the edge of a line a little further outside.

    Lines put in before the word are then taken for what follows the paragraph (seed 487 of benchmarks/reanchoring.py).
    """
    found, (firsts, lasts) = copy.words, copy.line_edges
    before, behind = range(max(0, start - _EDGE), start), range(end, min(len(found), end + _EDGE))
    return (found[start] != words[0] and any(found[at] == words[0] and at in firsts for at in before)) or (
        found[end - 1] != words[-1] and any(found[at] == words[-1] and at + 1 in lasts for at in behind)
    )


def _settle(copy: Copy, guess: int, words: Sequence[str], outside: Sequence[str], *, side: int) -> int | None:
    """Find the word near a guess that the paragraph starts with (side 0) or that follows it (side 1)."""
    low, high = max(0, guess - _REACH), min(len(copy.words), guess + _REACH)
    part, turn = copy.words[low:high], 1 if side else -1
    inner = words[-_EDGE:] if side else words[:_EDGE]
    outer = outside[:_EDGE] if side else outside[-_EDGE:]
    ends = bits_of_ends(_alike(inner[::turn], part[::turn], copy))[::turn]
    edges = bits_of_edges(copy, range(low, high + 1), side=side)
    bits = [end + edge for end, edge in zip(ends, edges, strict=True)]
    if outer:
        around = bits_of_ends(_alike(outer[::-turn], part[::-turn], copy), loose=True)[::-turn]
        bits = [bit + max(other, _ELSEWHERE) for bit, other in zip(bits, around, strict=True)]
    found = best_end(bits, more=_MORE)
    return None if found is None else low + found


def _alike(words: Sequence[str], others: Sequence[str], copy: Copy) -> list[list[float]]:
    """Tell how much speaks for each word to be each of the document: rare words tell more."""
    from rapidfuzz.distance import OSA

    rows = []
    for word in words:
        bits = min(_MOST, log2(len(copy.words) / max(1, copy.counts[word])))
        same = (
            1.0 if other == word else OSA.normalized_similarity(other, word, score_cutoff=_ALIKE) / 2
            for other in others
        )
        rows.append([bits * share if share else OTHER for share in same])
    return rows
