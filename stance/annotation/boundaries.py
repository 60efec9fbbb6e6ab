"""Where an edited paragraph ends (or, read backwards, starts): the place for which most evidence speaks, in bits.

Bits are the logarithm to base 2 of how much likelier a sign is where the paragraph ends than elsewhere; those of
independent signs add up. The constants are rounded from how often the edits of benchmarks/reanchoring.py leave a sign,
and were tried as a set on its seeds 0-199, 300-309 and 400-489: do not set one alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from stance.annotation.copies import Copy

__all__ = ["OTHER", "best_end", "bits_of_edges", "bits_of_ends", "closes"]

OTHER = -4.0
"""A word of the paragraph is another now: one in 16 is."""
_LOST = -6.0
"""A word of the paragraph is lost."""
_ADDED = -5.0
"""Words were put in between two of them: a line, or a word doubled or split."""
_EACH = -0.6
"""Each word put in: long insertions are rarer, and leave more places at which something fits by chance."""
_BLOCK = 4.0
"""A block starts or ends there."""
_BEHIND = 1.0
"""A block starts before it, or ends behind it, so near that lines may have been put in between."""
_LINES = 14
"""Words that such lines have: two of them."""
_LINE = 0.0
"""A line starts or ends there, far from the edges of a block."""
_INSIDE = -4.0
"""It is within a line, far from the edges of a block."""
_SENTENCE = 2.0
"""A sentence ends there, or may start; as much speaks against a place where none does."""
_LEAD = 7.0
"""Bits that the best place has ahead of the next."""
_NEAR = 2
"""Places so many words from the best are taken for the same."""
_FINAL = frozenset(".?!…")


def bits_of_ends(alike: Sequence[Sequence[float]], *, fixed: bool = False, loose: bool = False) -> list[float]:
    """Align words of a paragraph with those of a document, for every place where they may end.

    Args:
        alike: For each word of the paragraph, in order, the bits for it being each word of the document.
        fixed: Whether they start with the first word of the document; else anywhere.
        loose: Whether other words may stand between their end and the place.

    Returns:
        For each number of words of the document the bits of the best alignment that ends with them.
    """
    width = len(alike[0]) + 1
    best = [0.0 if not place or not fixed else _ADDED + _EACH * place for place in range(width)]
    ends = best
    for row in alike:
        ends = [best[0] + _LOST, *(max(best[at] + row[at], best[at + 1] + _LOST) for at in range(width - 1))]
        best, added = [], float("-inf")
        for bits in ends:
            best.append(max(bits, added))
            added = max(added, bits + _ADDED) + _EACH
    return list(accumulate(ends, max)) if loose else ends


def bits_of_edges(copy: Copy, places: Sequence[int], *, side: int) -> list[float]:
    """Tell how much the layout speaks for a paragraph to start (side 0) or end (side 1) before each of these words.

    Args:
        copy: The copy.
        places: Numbers of words, in order.
        side: Which end.

    Returns:
        The bits of each.
    """
    blocks, lines = copy.block_edges[side], copy.line_edges[side]
    bits = []
    for place in places:
        beyond = range(place, place + _LINES + 1) if side else range(place - _LINES, place + 1)
        if place in blocks:
            layout = _BLOCK
        elif any(at in blocks for at in beyond):
            layout = _BEHIND
        else:
            layout = _LINE if place in lines else _INSIDE
        bits.append(layout + (_SENTENCE if (closes if side else _opens)(copy, place) else -_SENTENCE))
    return bits


def closes(copy: Copy, place: int) -> bool:
    """Tell whether a sentence ends before a word."""
    text = copy.document.text
    stop = copy.starts[place] if place < len(copy.starts) else len(text)
    return place > 0 and any(sign in _FINAL for sign in text[copy.ends[place - 1] : stop])


def _opens(copy: Copy, place: int) -> bool:
    """Tell whether a sentence may start with a word: it is not written small."""
    return place < len(copy.starts) and not copy.document.text[copy.starts[place]].islower()


def best_end(bits: Sequence[float], *, more: float = 0.0) -> int | None:
    """Choose the place of most bits.

    Args:
        bits: The bits of each place.
        more: Bits by which it has to lead more than usual.

    Returns:
        Its number; None if another, not beside it, has nearly as many.
    """
    best = max(range(len(bits)), key=bits.__getitem__)
    others = [*bits[: max(0, best - _NEAR)], *bits[best + _NEAR + 1 :]]
    return best if bits[best] >= max(others, default=float("-inf")) + _LEAD + more else None
