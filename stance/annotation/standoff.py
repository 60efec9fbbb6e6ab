"""Finding annotated paragraphs again in one's own copy of their document, also where it was edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Literal

from stance.annotation.alignment import Place, places_by_text
from stance.annotation.anchors import fold, hash_text, normalise, split_words
from stance.annotation.copies import Copy
from stance.annotation.fingerprints import Bounds, places_by_fingerprint
from stance.schema import Anchor, Document, Paragraph

__all__ = ["How", "Match", "find_all", "find_anchor", "find_in_copy"]

How = Literal["offsets", "moved", "fuzzy"]
"""``offsets``: the same document; ``moved``: the same text elsewhere; ``fuzzy``: an edited text."""

_BETWEEN = 4
"""Code points between paragraphs that touch: line breaks."""
_ROUNDS = 4
"""How often paragraphs are sought by those beside them."""
_NEAR = 4
"""How many times as far the second nearest of several equal texts has to be as the nearest."""
_CLEAR = 0.2
"""By how much what stands around one of several equal texts has to be more similar than around the others."""
_SIMILAR = 0.6
"""Similarity that an edited text needs, and what stands around it, too: else a paragraph worded alike (of another year,
say) would be taken for one that was deleted. What stands around edited ones has 0.67 and more (seeds 400-411 of
benchmarks/reanchoring.py)."""
_LEAD = 0.1
"""By how much the best place has to be more similar than the next."""
_TELLING = 16
"""Words that tell a paragraph wherever they stand; fewer may stand in another by chance."""
_SECOND = 0.6
"""Share of what the best place has that no other place may have, where there is no text."""


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


def find_anchor(anchor: Anchor, document: Document, blocks: Sequence[Paragraph]) -> Match | None:
    """Find a paragraph again in a copy of its document.

    Args:
        anchor: What is known of the paragraph.
        document: The copy.
        blocks: Its blocks, as `stance.segment` gives them.

    Returns:
        Where the paragraph stands; None if it is not there, or if several places fit about as well.

    Raises:
        MissingExtraError: If the text was edited and rapidfuzz (``stance-kit[annotate]``) is not installed.
    """
    return find_in_copy(anchor, Copy(document, blocks))


def find_in_copy(anchor: Anchor, copy: Copy) -> Match | None:
    """Find a paragraph again, as `find_anchor`, in a copy made ready once for many anchors.

    Args:
        anchor: What is known of the paragraph.
        copy: The copy.

    Returns:
        Where the paragraph stands, or None.
    """
    if anchor.document_sha256 == copy.sha256 and _stands(anchor, copy.document.text):
        assert anchor.start is not None and anchor.end is not None
        return Match(anchor.start, anchor.end, "offsets")
    exact = _exact(anchor, copy)
    if exact:
        chosen = _choose(anchor, copy.document.text, exact)
        return Match(*chosen, "moved") if chosen else None
    if anchor.text is not None:
        return _best_text(anchor, copy, places_by_text(anchor, copy))
    return _best_print(anchor, copy, places_by_fingerprint(anchor, copy))


def find_all(anchors: Sequence[Anchor], copy: Copy) -> list[Match | None]:
    """Find paragraphs again; those of one document help each other.

    A paragraph without text that is not found alone is sought between those that touched it, if they are found: they
    tell where it starts and ends. Of two edited paragraphs that were apart and overlap now, neither is taken. Of equal
    ones that are left once, that is taken whose order or surroundings fit; if several fit, none.

    Args:
        anchors: What is known of the paragraphs.
        copy: The copy.

    Returns:
        Where each stands, or None.
    """
    found = [find_in_copy(anchor, copy) for anchor in anchors]
    documents: dict[str, list[int]] = {}
    for number, anchor in enumerate(anchors):
        if anchor.document_sha256 and anchor.start is not None:
            documents.setdefault(anchor.document_sha256, []).append(number)
    for numbers in documents.values():
        order = sorted(numbers, key=lambda number: anchors[number].start or 0)
        lost = _settle_claims(order, anchors, copy, found)
        _drop_overlaps(order, anchors, found)
        for _ in range(_ROUNDS):
            missing = [at for at, number in enumerate(order) if found[number] is None and number not in lost]
            for place in missing:
                _seek_between(order, place, anchors, copy, found)
            if all(found[order[place]] is None for place in missing):
                break
        _drop_overlaps(order, anchors, found)
    return found


def _seek_between(
    order: Sequence[int], place: int, anchors: Sequence[Anchor], copy: Copy, found: list[Match | None]
) -> None:
    """Seek a paragraph without text between those that touched it."""
    anchor = anchors[order[place]]
    if anchor.text is not None:
        return
    first = after = None
    before = order[place - 1] if place else None
    behind = order[place + 1] if place + 1 < len(order) else None
    if before is not None and (match := found[before]) and _touch(anchors[before], anchor):
        first = copy.word_at(match.end)
    if behind is not None and (match := found[behind]) and _touch(anchor, anchors[behind]):
        after = copy.word_at(match.start)
    if first is not None or after is not None:
        bounds = Bounds(first, after)
        found[order[place]] = _best_print(anchor, copy, places_by_fingerprint(anchor, copy, bounds))


def _touch(one: Anchor, other: Anchor) -> bool:
    """Tell whether nothing but white space stood between two paragraphs."""
    return 0 <= (other.start or 0) - (one.end or 0) <= _BETWEEN


def _settle_claims(
    order: Sequence[int], anchors: Sequence[Anchor], copy: Copy, found: list[Match | None]
) -> frozenset[int]:
    """Give a place that equal paragraphs claim to the one whose order or surroundings it has; name the others."""
    claims: dict[tuple[int, int], list[int]] = {}
    for place, number in enumerate(order):
        match = found[number]
        if match and match.how != "fuzzy":
            claims.setdefault((match.start, match.end), []).append(place)
    lost: set[int] = set()
    for span, rivals in claims.items():
        if not any(_apart(anchors[order[one]], anchors[order[other]]) for one, other in pairwise(rivals)):
            continue
        fitting = [place for place in rivals if _in_order(place, rivals, span[0], order, found)]
        ranked = sorted(((_context(anchors[order[at]], copy.document.text, span), at) for at in fitting), reverse=True)
        clear = len(ranked) == 1 or (len(ranked) > 1 and ranked[0][0] >= ranked[1][0] + _CLEAR)
        lost |= {order[place] for place in rivals if not clear or place != ranked[0][1]}
    for number in lost:
        found[number] = None
    return frozenset(lost)


def _in_order(
    place: int, rivals: Sequence[int], start: int, order: Sequence[int], found: Sequence[Match | None]
) -> bool:
    """Tell whether the nearest paragraphs found before and behind it, rivals aside, stand before and behind a place."""
    others = [(at, match) for at, number in enumerate(order) if at not in rivals and (match := found[number])]
    before = [match.start for at, match in others if at < place][-1:]
    behind = [match.start for at, match in others if at > place][:1]
    return all(at < start for at in before) and all(at > start for at in behind)


def _apart(one: Anchor, other: Anchor) -> bool:
    """Tell whether one paragraph ended before the other started."""
    return (one.end or 0) <= (other.start or 0)


def _drop_overlaps(order: Sequence[int], anchors: Sequence[Anchor], found: list[Match | None]) -> None:
    """Give up edited paragraphs that overlap, or stand before, one that they stood behind."""
    placed = [number for number in order if found[number]]
    doubtful: set[int] = set()
    for one, other in pairwise(placed):
        first, second = found[one], found[other]
        if first and second and _apart(anchors[one], anchors[other]) and first.end > second.start:
            doubtful |= {number for number in (one, other) if (found[number] or first).how == "fuzzy"}
    for number in doubtful:
        found[number] = None


def _stands(anchor: Anchor, text: str) -> bool:
    """Tell whether what is known of the paragraph agrees with what stands at its offsets."""
    if anchor.start is None or anchor.end is None or not anchor.start < anchor.end <= len(text):
        return False
    there = text[anchor.start : anchor.end]
    if anchor.text is not None and anchor.text != there:
        return False
    return not anchor.text_sha256 or anchor.text_sha256 == hash_text(there)


def _exact(anchor: Anchor, copy: Copy) -> list[tuple[int, int]]:
    """Find where the very text stands; few words within a line of others only where what stands around fits, too."""
    if anchor.text is None:
        return [(block.start, block.end) for block in copy.block_hashes.get(anchor.text_sha256, ())]
    spans = copy.occurrences(anchor.text)
    if len(split_words(anchor.text)) >= _TELLING:
        return spans
    known = sum(map(bool, (anchor.prefix, anchor.suffix)))
    return [
        span
        for span in spans
        if copy.stands_alone(*span) or (known and _context(anchor, copy.document.text, span) >= _SIMILAR * known)
    ]


def _choose(anchor: Anchor, text: str, spans: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """Choose among equal texts by what stands around them, then by nearness; None if neither is clear."""
    if len(spans) == 1:
        return spans[0]
    ranked = sorted(((_context(anchor, text, span), span) for span in spans), reverse=True)
    if ranked[0][0] >= ranked[1][0] + _CLEAR:
        return ranked[0][1]
    if anchor.start is None:
        return None
    near = sorted((abs(span[0] - anchor.start), span) for score, span in ranked if score > ranked[0][0] - _CLEAR)
    return near[0][1] if near[0][0] * _NEAR < near[1][0] else None


def _context(anchor: Anchor, text: str, span: tuple[int, int]) -> float:
    """Tell how similar what stands around a place is to prefix and suffix, in [0, 2]."""
    start, end = span
    before = text[max(0, start - len(anchor.prefix)) : start]
    after = text[end : end + len(anchor.suffix)]
    pairs = ((anchor.prefix, before), (anchor.suffix, after))
    return sum(_ratio(known, there) for known, there in pairs if known)


def _ratio(known: str, there: str) -> float:
    return SequenceMatcher(None, normalise(fold(known)), normalise(fold(there)), autojunk=False).ratio()


def _best_text(anchor: Anchor, copy: Copy, places: Sequence[Place]) -> Match | None:
    if not places:
        return None
    best = places[0]
    known = anchor.prefix or anchor.suffix
    if best.score < _SIMILAR or (known and best.context < _SIMILAR):
        return None
    if not known and len(split_words(anchor.text or "")) < _TELLING and not copy.stands_alone(best.start, best.end):
        return None
    if len(places) > 1 and best.score + best.context / 4 < places[1].score + places[1].context / 4 + _LEAD:
        return None
    return Match(best.start, best.end, "fuzzy", best.score)


def _best_print(anchor: Anchor, copy: Copy, places: Sequence[Place]) -> Match | None:
    if not places:
        return None
    best = places[0]
    if hash_text(copy.document.text[best.start : best.end]) == anchor.text_sha256:
        return Match(best.start, best.end, "moved")
    if len(places) > 1 and places[1].score > best.score * _SECOND:
        return None
    return Match(best.start, best.end, "fuzzy", best.score)
