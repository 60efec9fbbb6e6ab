"""Filling stand-off annotations from one's own copies: every paragraph found again, and its text beside its labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any

from stance.annotation.anchors import fingerprint, hash_text, make_anchor
from stance.annotation.copies import Copy
from stance.annotation.standoff import How, Match, find_all
from stance.schema import Anchor, Annotation, Document, Paragraph
from stance.text.segmentation import segment

__all__ = ["Hydrated", "hydrate"]

_EVIDENCE = 2
"""Runs of a paragraph that a document has to share to be searched for it, where nothing else says that it fits."""
_KIN = 2
"""Paragraphs of one document that speak for another to be its copy: the others are then sought in it, too."""
_LEAD = 0.05
"""By how much an edited paragraph has to be more similar in one document than in the next."""


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
        names: What its document may be called.
        kin: What tells its document from others; its own id where nothing does.
    """

    anchor: Anchor
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
        is the same document goes before one whose name fits, that before any other; where two others fit about as
        well, the paragraph is missing.

    Raises:
        MissingExtraError: If a paragraph was edited and rapidfuzz (``stance-kit[annotate]``) is not installed.
    """
    given = list(annotations)
    sought = list(dict.fromkeys(map(_seek, given)))
    index = _make_index(sought)
    finds: list[list[_Find]] = [[] for _ in sought]
    count = 0
    for count, document in enumerate(documents, 1):
        copy = Copy(document, segment(document))
        named = _named(index, document)
        candidates = _candidates(index, sought, copy, named)
        unfound = [number for number in candidates if not any(find.match.how == "offsets" for find in finds[number])]
        matches = find_all([sought[number].anchor for number in unfound], copy)
        for number, match in zip(unfound, matches, strict=True):
            if match:
                finds[number].append(_Find(count, match, number in named, _anchor_at(copy, match)))
    chosen = dict(zip(sought, _settle(sought, finds), strict=True))
    return _collect(given, chosen, count)


def _seek(annotation: Annotation) -> _Sought:
    anchor, source = annotation.anchor, annotation.source
    if anchor.text is not None:
        anchor = replace(
            anchor,
            text_sha256=anchor.text_sha256 or hash_text(anchor.text),
            fingerprint=anchor.fingerprint or fingerprint(anchor.text),
        )
    names = {anchor.document, *(str(source[key]) for key in ("path", "doc_id") if source.get(key) is not None)}
    kin = anchor.document_sha256 or "|".join(sorted(names)) or annotation.id
    return _Sought(anchor, frozenset(_name(name) for name in names if name), kin)


def _name(name: str) -> str:
    """Give a file's name without folders and ending, so that copies in other folders and formats fit."""
    return PurePath(name.replace("\\", "/")).stem.casefold()


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
    names = {_name(str(name)) for name in (document.name, document.id) if name not in (None, "")}
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
    """Choose among the documents that a paragraph was found in."""
    votes = Counter((item.kin, find.document) for item, found in zip(sought, finds, strict=True) for find in found)
    return [_choose(item, found, votes) for item, found in zip(sought, finds, strict=True)]


def _choose(item: _Sought, found: Sequence[_Find], votes: Mapping[tuple[str, int], int]) -> _Find | None:
    ranked = sorted(found, key=lambda find: (_rank(find, item, votes), find.match.score, -find.document), reverse=True)
    if not ranked:
        return None
    best = ranked[0]
    for other in ranked[1:]:
        even = _rank(other, item, votes) == _rank(best, item, votes)
        close = best.match.score < other.match.score + _LEAD
        if even and close and other.anchor.text_sha256 != best.anchor.text_sha256:
            return None
    return best


def _rank(find: _Find, item: _Sought, votes: Mapping[tuple[str, int], int]) -> tuple[bool, bool, bool, int]:
    exact = find.match.how != "fuzzy"
    return find.match.how == "offsets", find.fits, exact, votes[item.kin, find.document]


def _collect(given: Sequence[Annotation], chosen: Mapping[_Sought, _Find | None], documents: int) -> Hydrated:
    annotations, how, missing = [], [], []
    for annotation in given:
        find = chosen[_seek(annotation)]
        if find is None:
            missing.append(annotation)
        else:
            annotations.append(replace(annotation, anchor=find.anchor))
            how.append(find.match.how)
    return Hydrated(tuple(annotations), tuple(how), tuple(missing), documents)
