"""Filling stand-off annotations from one's own copies: every paragraph found again, and its text beside its labels."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any

from stance.annotation.anchors import fingerprint, hash_text, make_anchor
from stance.annotation.copies import Copy
from stance.annotation.matches import CLEAR, How, Match
from stance.annotation.standoff import find_all
from stance.annotation.surroundings import Surroundings
from stance.schema import Anchor, Annotation, Document, Paragraph
from stance.text.segmentation import segment

__all__ = ["Hydrated", "hydrate"]

_EVIDENCE = 2
"""Runs of a paragraph that a document has to share to be searched for it, where nothing else says that it fits."""
_KIN = 2
"""Paragraphs of one document that speak for another to be its copy: the others are then sought in it, too."""
_LEAD = 0.05
"""By how much an edited paragraph has to be more similar in one document than in the next."""
_TIMES = 2
"""More than so many times as many paragraphs of one document as another has a document that is the copy more likely."""
_ENDING = re.compile(r"\.[a-z][a-z0-9]{0,4}$")
"""The ending of a file's name: ``.txt``, not the ``.1`` of ``UN.2019.1``."""

Votes = Mapping[tuple[str, int], int]
"""What tells a document, and number of a copy -> how many paragraphs of the document were found in the copy."""


@dataclass(frozen=True, slots=True)
class Hydrated:
    """What was found again.

    Attributes:
        annotations: The annotations found again, in the order given, with what stands in the user's copy.
        how: How each was found.
        missing: Those not found, as they were given.
        documents: How many documents were searched.
    """

    annotations: tuple[Annotation, ...]
    how: tuple[How, ...]
    missing: tuple[Annotation, ...]
    documents: int

    @property
    def found(self) -> int:
        """How many stand at their offsets in the same document."""
        return self.how.count("offsets")

    @property
    def moved(self) -> int:
        """How many stand unchanged at another place, or in a document that was changed elsewhere."""
        return self.how.count("moved")

    @property
    def fuzzy(self) -> int:
        """How many were edited since."""
        return self.how.count("fuzzy")

    def to_dict(self) -> dict[str, Any]:
        """Give the counts, and the ids of what is missing, as plain JSON types."""
        return {
            "found": self.found,
            "moved": self.moved,
            "fuzzy": self.fuzzy,
            "missing": len(self.missing),
            "documents": self.documents,
            "missing_ids": list(dict.fromkeys(item.id for item in self.missing)),
        }


@dataclass(frozen=True, slots=True)
class _Sought:
    """A paragraph that is sought, once for all its annotators.

    Attributes:
        anchor: What is known of it; hashes made of its text where they are not given.
        paragraph: What tells the paragraph from others: its id, or that of the first with the same offsets.
        names: What its document may be called.
        kin: What tells its document from others; its own id where nothing does.
    """

    anchor: Anchor
    paragraph: str
    names: frozenset[str]
    kin: str


@dataclass(frozen=True, slots=True)
class _Find:
    """Where a paragraph was found."""

    document: int
    match: Match
    fits: bool
    anchor: Anchor


@dataclass(frozen=True, slots=True)
class _Index:
    """What leads from a document to the paragraphs that may stand in it: numbers of them, by hashes and names."""

    documents: dict[str, list[int]] = field(default_factory=dict)
    texts: dict[str, list[int]] = field(default_factory=dict)
    runs: dict[str, list[int]] = field(default_factory=dict)
    names: dict[str, list[int]] = field(default_factory=dict)
    kin: dict[str, list[int]] = field(default_factory=dict)


def hydrate(annotations: Iterable[Annotation], documents: Iterable[Document]) -> Hydrated:
    """Find annotated paragraphs again in one's own copies of their documents.

    Each document is read and cut once and then forgotten, so `documents` may be a generator over any number. It is
    searched only for paragraphs that it shares hashes with, or whose document its name or id fits.

    Args:
        annotations: The annotations, with text or without.
        documents: The copies.

    Returns:
        The annotations with text, offsets, name, hash and context of the copy, and those that are missing. A copy that
        is the same document goes before one that has the very text, that before any other. Of edited forms the most
        similar is taken, of such that are about as similar the one in a document whose name fits or that holds far
        more of the others; where these contradict, or nothing tells two apart, the paragraph is missing. So are
        paragraphs of equal text and different ids where nothing tells which of them has a place.

    Raises:
        MissingExtraError: If a paragraph was edited and rapidfuzz (``stance-kit[annotate]``) is not installed.
    """
    given = list(annotations)
    items = _seek_all(given)
    sought = list(dict.fromkeys(items))
    index = _make_index(sought)
    finds: list[list[_Find]] = [[] for _ in sought]
    count = 0
    for count, document in enumerate(documents, 1):
        copy = Copy(document, segment(document))
        named = _named(index, document)
        candidates = _candidates(index, sought, copy, named)
        matches = find_all([sought[number].anchor for number in candidates], copy)
        anchors: dict[tuple[int, int], Anchor] = {}  # a line that hundreds of documents have is found as often in each
        for number, match in zip(candidates, matches, strict=True):
            if match:
                span = match.start, match.end
                anchors[span] = anchors.get(span) or _anchor_at(copy, match)
                finds[number].append(_Find(count, match, number in named, anchors[span]))
    chosen = dict(zip(sought, _settle(sought, finds), strict=True))
    return _collect(given, [chosen[item] for item in items], count)


def _seek_all(annotations: Sequence[Annotation]) -> list[_Sought]:
    """Make ready what is sought of each annotation; records of one paragraph may have different ids."""
    located: dict[tuple[str, int, int], str] = {}
    items = []
    for annotation in annotations:
        anchor, paragraph = annotation.anchor, annotation.id
        if anchor.document_sha256 and anchor.start is not None and anchor.end is not None:
            paragraph = located.setdefault((anchor.document_sha256, anchor.start, anchor.end), paragraph)
        items.append(_seek(annotation, paragraph))
    return items


def _seek(annotation: Annotation, paragraph: str) -> _Sought:
    anchor, source = annotation.anchor, annotation.source
    if anchor.text is not None:
        anchor = replace(
            anchor,
            text_sha256=anchor.text_sha256 or hash_text(anchor.text),
            fingerprint=anchor.fingerprint or fingerprint(anchor.text),
        )
    path, doc_id = (str(source.get(key) or "") for key in ("path", "doc_id"))
    kin = anchor.document_sha256 or "|".join(sorted({anchor.document, path, doc_id})) or annotation.id
    names = {_stem(anchor.document), _stem(path), doc_id.casefold()} - {""}
    return _Sought(anchor, paragraph, frozenset(names), kin)


def _stem(name: str) -> str:
    """Give a file's name without folders and ending, so that copies in other folders and formats fit."""
    return _ENDING.sub("", PurePath(name.replace("\\", "/")).name.casefold())


def _make_index(sought: Sequence[_Sought]) -> _Index:
    index = _Index()
    for number, item in enumerate(sought):
        anchor = item.anchor
        for table, keys in (
            (index.documents, [anchor.document_sha256] if anchor.document_sha256 else []),
            (index.texts, [anchor.text_sha256] if anchor.text_sha256 else []),
            (index.runs, set(anchor.fingerprint)),
            (index.names, item.names),
            (index.kin, [item.kin]),
        ):
            for key in keys:
                table.setdefault(key, []).append(number)
    return index


def _named(index: _Index, document: Document) -> frozenset[int]:
    """Find the paragraphs whose document is called as this one."""
    names = {_stem(document.name), PurePath(document.name).name.casefold()}
    if document.id is not None:
        names.add(str(document.id).casefold())
    return frozenset(number for name in names for number in index.names.get(name, ()))


def _candidates(index: _Index, sought: Sequence[_Sought], copy: Copy, named: frozenset[int]) -> list[int]:
    """Find the paragraphs that may stand in a document."""
    sure = {*named, *index.documents.get(copy.sha256, ())}
    for sha256 in copy.block_hashes:
        sure.update(index.texts.get(sha256, ()))
    shared: Counter[int] = Counter()
    for digits in copy.hashes:
        shared.update(index.runs.get(digits, ()))
    for number, count in shared.items():
        if count >= min(_EVIDENCE, len(set(sought[number].anchor.fingerprint))):
            sure.add(number)
    kin = Counter(sought[number].kin for number in sure)
    for name, count in kin.items():
        if count >= _KIN:
            sure.update(index.kin[name])
    return sorted(sure)


def _anchor_at(copy: Copy, match: Match) -> Anchor:
    text = copy.document.text[match.start : match.end]
    return make_anchor(copy.document, Paragraph(text, match.start, match.end))


def _settle(sought: Sequence[_Sought], finds: Sequence[Sequence[_Find]]) -> list[_Find | None]:
    """Choose among the documents that a paragraph was found in, so that no two paragraphs have one place."""
    votes = Counter((item.kin, find.document) for item, found in zip(sought, finds, strict=True) for find in found)
    left = [list(found) for found in finds]
    chosen = [_choose(item, found, votes) for item, found in zip(sought, left, strict=True)]
    while lost := _lost(sought, chosen, votes):
        for number in lost:
            left[number] = [find for find in left[number] if find is not chosen[number]]
            chosen[number] = _choose(sought[number], left[number], votes)
    return chosen


def _choose(item: _Sought, found: Sequence[_Find], votes: Votes) -> _Find | None:
    """Choose among documents: the same one, else one with the very text, else one whose edited form beats all."""
    ranked = sorted(
        found, key=lambda find: (*_support(item, find, votes), find.match.score, -find.document), reverse=True
    )
    for how in ("offsets", "moved"):
        for find in ranked:
            if find.match.how == how:
                return find
    return next((find for find in ranked if all(_beats(item, find, other, votes) for other in ranked)), None)


def _beats(item: _Sought, one: _Find, other: _Find, votes: Votes) -> bool:
    """Tell whether an edited form goes before another: as the more similar one, or if neither is, by its document.

    Not if the document of the other speaks against it.
    """
    if one.anchor.text_sha256 == other.anchor.text_sha256:
        return True
    if one.match.score >= other.match.score + _LEAD:
        return not _favoured(item, other, one, votes)
    return one.match.score > other.match.score - _LEAD and _favoured(item, one, other, votes)


def _favoured(item: _Sought, one: _Find, other: _Find, votes: Votes) -> bool:
    """Tell whether a document is the copy more likely than another: by its name, else by what else it holds."""
    (fits, count), (fits_too, others) = _support(item, one, votes), _support(item, other, votes)
    return fits > fits_too or (fits == fits_too and count > _TIMES * others)


def _support(item: _Sought, find: _Find, votes: Votes) -> tuple[bool, int]:
    """Tell what speaks for a document: its name, and how many paragraphs of the same document were found in it."""
    return find.fits, votes[item.kin, find.document]


def _lost(sought: Sequence[_Sought], chosen: Sequence[_Find | None], votes: Votes) -> list[int]:
    """Find those that claim the place of another paragraph, which the document or what stands around speaks for.

    If neither tells them apart, all of them.
    """
    claims: dict[tuple[int, int, int], list[int]] = {}
    for number, find in enumerate(chosen):
        if find:
            claims.setdefault((find.document, find.match.start, find.match.end), []).append(number)
    lost = []
    for rivals in claims.values():
        if len({sought[number].paragraph for number in rivals}) > 1:
            winner = _winner(rivals, sought, chosen, votes)
            lost += [number for number in rivals if sought[number].paragraph != winner]
    return lost


def _winner(
    rivals: Sequence[int], sought: Sequence[_Sought], chosen: Sequence[_Find | None], votes: Votes
) -> str | None:
    """Tell which paragraph has a place that several claim; None if nothing tells."""
    best: dict[str, tuple[bool, bool, int, float]] = {}
    for number in rivals:
        item, find = sought[number], chosen[number]
        if find:
            there = Surroundings.of(find.anchor)
            context = Surroundings.of(item.anchor).similarity(set(there.before), set(there.behind))
            rank = find.match.how == "offsets", *_support(item, find, votes), context
            best[item.paragraph] = max(rank, best.get(item.paragraph, rank))
    first, second = sorted(best, key=best.__getitem__, reverse=True)[:2]
    (*sure, count, context), (*sure_too, others, other) = best[first], best[second]
    return first if sure > sure_too or count > _TIMES * others or context >= other + CLEAR else None


def _collect(given: Sequence[Annotation], chosen: Sequence[_Find | None], documents: int) -> Hydrated:
    annotations, how, missing = [], [], []
    for annotation, find in zip(given, chosen, strict=True):
        if find is None:
            missing.append(annotation)
        else:
            annotations.append(replace(annotation, anchor=find.anchor))
            how.append(find.match.how)
    return Hydrated(tuple(annotations), tuple(how), tuple(missing), documents)
