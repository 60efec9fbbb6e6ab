"""Finding annotated paragraphs again in one's own copy of their document, also where it was edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stance.annotation.alignment import Place, places_by_text
from stance.annotation.anchors import hash_text, split_words
from stance.annotation.boundaries import closes
from stance.annotation.copies import Copy
from stance.annotation.fingerprints import Bounds, places_by_fingerprint
from stance.annotation.matches import CLEAR, Match, drop_misplaced, drop_overlaps, orders_of, settle_equal, text_key
from stance.annotation.surroundings import Surroundings
from stance.schema import Anchor, Document, Paragraph

__all__ = ["find_all", "find_anchor", "find_in_copy"]

_BETWEEN = 4
"""Code points between paragraphs that touch: line breaks."""
_NEAR = 4
"""How many times as far the second nearest of several equal texts has to be as the nearest."""
_SIMILAR = 0.6
"""Similarity that an edited text needs."""
_SIMILAR_ALONE = 0.75
"""The same where nothing is known of what stood around: one that quotes three quarters of a paragraph may have 0.7; two
of 315 that were edited have less (seeds 0-4 of benchmarks/reanchoring.py)."""
_AROUND = 0.65
"""Share of what stood around a paragraph that has to stand there: else a paragraph worded alike (of another year, say)
would be taken for one that was deleted. Around edited ones are 0.69 and more (all but one in 200), around another
paragraph of the article 0.58 and less (all but one in 100; seeds 0-5 of benchmarks/reanchoring.py)."""
_LEAD = 0.1
"""By how much the best place has to be more similar than the next."""
_TELLING = 16
"""Words that tell a paragraph wherever they stand; fewer may stand in another by chance."""
_SECOND = 0.6
"""Share of what the best place has that no other place may have, where there is no text."""


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
        chosen = _choose(anchor, copy, exact)
        return Match(*chosen, "moved") if chosen else None
    if anchor.text is not None:
        return _best_text(anchor, copy, places_by_text(anchor, copy))
    return _best_print(anchor, copy, places_by_fingerprint(anchor, copy))


def find_all(anchors: Sequence[Anchor], copy: Copy) -> list[Match | None]:
    """Find paragraphs again; they help each other, and no two different ones are found at one place.

    A paragraph without text that is not found alone is sought between those that touched it, if they are found: they
    tell where it starts and ends. Equal paragraphs of a document get their places in order if all are left; of one that
    is left once, that is taken whose order or surroundings fit; if several fit, none. An edited paragraph is not taken
    where another stands exactly, or is found edited, too. Only equal paragraphs of unknown or different documents may
    be found at one place: the copy may be of either.

    Args:
        anchors: What is known of the paragraphs.
        copy: The copy.

    Returns:
        Where each stands, or None.
    """
    orders = [order for order in orders_of(anchors) if len(order) > 1]  # one alone helps none, and none helps it
    given = {number: match for order in orders for number, match in _in_order(order, anchors, copy).items()}
    found = [given.get(number) or find_in_copy(anchor, copy) for number, anchor in enumerate(anchors)]
    lost = {number for order in orders for number in settle_equal(order, anchors, copy, found)}
    for order in orders:
        lost |= drop_misplaced(order, anchors, found)
    lost |= drop_overlaps(anchors, found)
    for order in orders:
        for at in [at for at, number in enumerate(order) if found[number] is None and number not in lost]:
            _seek_between(order, at, anchors, copy, found)
        drop_misplaced(order, anchors, found)
    drop_overlaps(anchors, found)
    return found


def _in_order(order: Sequence[int], anchors: Sequence[Anchor], copy: Copy) -> dict[int, Match]:
    """Give equal paragraphs of a document their places in order, if all are left and what is around fits each."""
    given: dict[int, Match] = {}
    equal: dict[str, list[int]] = {}
    for number in order:
        equal.setdefault(text_key(anchors[number]), []).append(number)
    for numbers in equal.values():
        starts = sorted({anchors[number].start or 0 for number in numbers})
        if len(starts) < 2 or anchors[numbers[0]].document_sha256 == copy.sha256:
            continue
        known = max((anchors[number] for number in numbers), key=lambda anchor: anchor.text is not None)
        spans = sorted(_exact(replace(known, prefix="", suffix=""), copy))
        if len(spans) == len(starts):
            places = dict(zip(starts, spans, strict=True))
            matches = {number: Match(*places[anchors[number].start or 0], "moved") for number in numbers}
            if all(_fits(Surroundings.of(anchors[number]), copy, match) for number, match in matches.items()):
                given |= matches
    return given


def _fits(known: Surroundings, copy: Copy, match: Match) -> bool:
    return not known or known.similarity(*copy.around(match.start, match.end)) >= _AROUND


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
    if not _is_short(anchor):
        return spans
    return [span for span in spans if _is_told(anchor, copy, *span)]


def _is_told(anchor: Anchor, copy: Copy, start: int, end: int) -> bool:
    """Tell whether few words are a paragraph: they stand alone, or what stood around them does on both sides."""
    if copy.stands_alone(start, end):
        return True
    shares = Surroundings.of(anchor).shares(*copy.around(start, end))
    return len(shares) == 2 and min(shares) >= _AROUND


def _is_sentence(anchor: Anchor, copy: Copy, place: Place) -> bool:
    """Tell whether few words that were edited are a paragraph: a sentence ends there, too, not just a line."""
    return _is_told(anchor, copy, place.start, place.end) and closes(copy, copy.word_at(place.end))


def _is_short(anchor: Anchor) -> bool:
    """Tell whether a paragraph has so few words that they may stand in another by chance."""
    return (len(split_words(anchor.text)) if anchor.text is not None else anchor.words or 0) < _TELLING


def _choose(anchor: Anchor, copy: Copy, spans: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """Choose among equal texts by what stands around them, then by nearness; None if neither is clear."""
    if len(spans) == 1:
        return spans[0]
    known = Surroundings.of(anchor)
    contexts = [known.similarity(*copy.around(*span)) if known else 0.0 for span in spans]
    most = max(contexts)
    alike = [span for context, span in zip(contexts, spans, strict=True) if context > most - CLEAR]
    if len(alike) == 1:
        return alike[0]
    if anchor.start is None:
        return None
    near = sorted((abs(span[0] - anchor.start), span) for span in alike)
    return near[0][1] if near[0][0] * _NEAR < near[1][0] else None


def _best_text(anchor: Anchor, copy: Copy, places: Sequence[Place]) -> Match | None:
    if not places:
        return None
    best = places[0]
    if best.score < (_SIMILAR_ALONE if best.context is None else _SIMILAR):
        return None
    if best.context is not None and best.context < _AROUND:
        return None
    if _is_short(anchor) and not _is_sentence(anchor, copy, best):
        return None
    if len(places) > 1 and _weight(best) < _weight(places[1]) + _LEAD:
        return None
    return Match(best.start, best.end, "fuzzy", best.score)


def _weight(place: Place) -> float:
    return place.score + (place.context or 0.0) / 4


def _best_print(anchor: Anchor, copy: Copy, places: Sequence[Place]) -> Match | None:
    if not places or (_is_short(anchor) and not _is_sentence(anchor, copy, places[0])):
        return None
    best = places[0]
    if hash_text(copy.document.text[best.start : best.end]) == anchor.text_sha256:
        return Match(best.start, best.end, "moved")
    if len(places) > 1 and places[1].score > best.score * _SECOND:
        return None
    return Match(best.start, best.end, "fuzzy", best.score)
