"""Making anchors: what is written down of a paragraph so that it is found again, with its text or without."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from stance.errors import InputError
from stance.schema import Anchor, Annotation, Document, Paragraph

__all__ = [
    "edge_codes",
    "fingerprint",
    "fold",
    "hash_document",
    "hash_run",
    "hash_text",
    "hash_word",
    "make_anchor",
    "make_items",
    "normalise",
    "run_count",
    "run_starts",
    "split_words",
    "without_text",
]

_CONTEXT = 64
"""Code points of prefix and suffix."""
RUN = 4
"""Words of a run in a fingerprint."""
STEP = 8
"""Words from one run of a fingerprint to the next. Every second run is left out on purpose: hashes of runs that overlap
or touch could be turned back into text one word at a time, by trying which word fits after those known."""
_DIGITS = 8
"""Hexadecimal digits of a run's hash; 32 bits, so a run of 10,000 words' text hits one by chance once in 400,000."""
EDGE = RUN
"""Words at each end of a paragraph of which there are codes: those of the first and of the last run."""
CODE = 2
"""Hexadecimal digits of a word's code; 8 bits, so some 200 words of a dictionary of 50,000 share one."""
_CODED = 4 * EDGE
"""Words that a paragraph needs to have codes. A code alone tells no word, but with the hash of their run (32 bits) the
four words at an end can be found by trying 200 ** 4 runs, and up to three before the last four where the last run but
one overlaps the last: whoever takes the trouble learns these, never more than half of a paragraph. The other words have
no codes, and the gaps between runs keep them from being guessed one after another."""
_ID_DIGITS = 12
_WORD = re.compile(r"\w+")


def normalise(text: str) -> str:
    r"""Bring a paragraph to the form that is hashed: NFC, every run of white space one space, none at the ends.

    Args:
        text: The paragraph.

    Returns:
        The normalised paragraph.

    >>> normalise(" NATO\r\n  met\u00a0today. ")
    'NATO met today.'
    """
    return " ".join(unicodedata.normalize("NFC", text).split())


def hash_text(text: str) -> str:
    r"""Hash a paragraph so that line breaks, doubled spaces and composed accents make no difference.

    Args:
        text: The paragraph.

    Returns:
        SHA-256 of the normalised paragraph as UTF-8, in hexadecimal.

    >>> hash_text("NATO met.") == hash_text("NATO\nmet.\n")
    True
    """
    return _sha256(normalise(text))


def hash_document(document: Document) -> str:
    """Hash a document's text as it stands.

    Args:
        document: The document.

    Returns:
        SHA-256 of its text as UTF-8, in hexadecimal.
    """
    return _sha256(document.text)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def fold(text: str) -> str:
    """Make a text indifferent to case, ligatures, width and the like: casefolded NFKC."""
    return unicodedata.normalize("NFKC", text).casefold()


def split_words(text: str) -> list[str]:
    """Give the words of a text: runs of letters, digits and underscores of the folded text."""
    return _WORD.findall(fold(text))


def hash_run(words: Sequence[str]) -> str:
    """Hash a run of words, as fingerprints do."""
    return _sha256(" ".join(words))[:_DIGITS]


def run_starts(words: int) -> list[int]:
    """Tell at which words the runs of a fingerprint start.

    Args:
        words: How many words the paragraph has.

    Returns:
        0, 8, 16, ... as long as four words follow, and last the fourth word from the end.

    >>> run_starts(14)
    [0, 8, 10]
    """
    if words <= RUN:
        return [0] if words else []
    last = words - RUN
    return [*range(0, last, STEP), last]


def run_count(words: int) -> int:
    """Tell how many runs `run_starts` gives, without making them: a file may say any number of words.

    >>> run_count(14), run_count(10**12)
    (3, 125000000001)
    """
    return -(-(words - RUN) // STEP) + 1 if words > RUN else min(words, 1)


def fingerprint(text: str) -> tuple[str, ...]:
    """Hash some of a paragraph's runs of words, to find it by where its text may not be given away.

    Args:
        text: The paragraph.

    Returns:
        The first 8 hex digits of the SHA-256 of the four words from word 0, 8, 16, ... on, joined by spaces, and
        last those of the last four words. One hash of all words if they are fewer than four; empty without words.

    >>> fingerprint("NATO met today. It agreed.") == (
    ...     hash_run(["nato", "met", "today", "it"]),
    ...     hash_run(["met", "today", "it", "agreed"]),
    ... )
    True
    """
    words = split_words(text)
    return tuple(hash_run(words[start : start + RUN]) for start in run_starts(len(words)))


def hash_word(word: str) -> str:
    """Hash a word, as edge codes do."""
    return _sha256(word)[:CODE]


def edge_codes(text: str) -> tuple[str, ...]:
    """Hash a paragraph's first and last words to few bits each, to tell where it starts and ends once it was edited.

    Args:
        text: The paragraph.

    Returns:
        The first two hex digits of the SHA-256 of each of the first four words, joined, and of the last four; empty
        for a paragraph of fewer than 16 words.

    >>> edge_codes("NATO met today. It agreed.")
    ()
    """
    words = split_words(text)
    if len(words) < _CODED:
        return ()
    return tuple("".join(map(hash_word, part)) for part in (words[:EDGE], words[-EDGE:]))


def make_anchor(document: Document, paragraph: Paragraph) -> Anchor:
    """Write down all by which a paragraph is found again.

    Args:
        document: The document.
        paragraph: A block of it.

    Returns:
        The anchor, every field filled.

    Raises:
        InputError: If the paragraph does not stand in the document.
    """
    return _make(document, hash_document(document), paragraph)


def _make(document: Document, sha256: str, paragraph: Paragraph) -> Anchor:
    start, end, text = paragraph.start, paragraph.end, paragraph.text
    if not 0 <= start < end or document.text[start:end] != text:
        raise InputError(
            f"The paragraph does not stand at {start} to {end} of document {document.name!r}. "
            "Give a block that stance.segment made of this very document."
        )
    return Anchor(
        document=document.name,
        document_sha256=sha256,
        start=start,
        end=end,
        text=text,
        prefix=document.text[max(0, start - _CONTEXT) : start],
        suffix=document.text[end : end + _CONTEXT],
        text_sha256=hash_text(text),
        words=len(split_words(text)),
        fingerprint=fingerprint(text),
        edges=edge_codes(text),
    )


def make_items(document: Document, blocks: Iterable[Paragraph]) -> Iterator[Annotation]:
    """Make the items to annotate of a document: one without labels for each body block.

    Args:
        document: The document.
        blocks: Its blocks; those that are no body are left out.

    Yields:
        Annotations without labels. The id of a table's row that is one paragraph is the row's own; else it is made of
        the document's hash and the offsets. So it is the same each time.

    Raises:
        InputError: If a block does not stand in the document.
    """
    sha256 = hash_document(document)
    whole = document.breaks == "none" and document.id is not None
    for block in blocks:
        if block.kind == "body":
            name = str(document.id) if whole else _sha256(f"{sha256}:{block.start}:{block.end}")[:_ID_DIGITS]
            yield Annotation(name, _make(document, sha256, block), source=document.source)


def without_text(annotation: Annotation) -> Annotation:
    """Take the text out of an annotation; hashes, offsets, word count, fingerprint and edges stay.

    Args:
        annotation: The annotation, with text. Comment and source are kept as they are: they must not quote it.

    Returns:
        The stand-off annotation, which finds the paragraph again in one's own copy of the document.
    """
    anchor = annotation.anchor
    if anchor.text is not None:
        anchor = replace(
            anchor,
            text_sha256=anchor.text_sha256 or hash_text(anchor.text),
            words=len(split_words(anchor.text)),
            fingerprint=anchor.fingerprint or fingerprint(anchor.text),
            edges=anchor.edges or edge_codes(anchor.text),
        )
    return replace(annotation, anchor=replace(anchor, text=None, prefix="", suffix=""))
