"""Cutting a paragraph into sentences, lossless: every sentence is a slice of the text, only white space lies between.

Rules of our own, since what is asked for is small (evidence for a label, in English) and the libraries cost more than
they bring here: sentencex and wtpsplit are another dependency or need weights, nltk's punkt a download, pysbd takes
quadratic time. A sentence cut too short or too long shifts which words are read together, never an offset.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stance.schema import Span
from stance.text.repair import repair
from stance.text.words import FUNCTION_WORDS

__all__ = ["split_sentences"]

_END = re.compile(r"(?<![.!?…])[.!?…]+[\"'”’»)\]]*(?=\s)|[。！？]+[”’」』）]*|\n[ \t]*\n")
"""What may end a sentence; a blank line ends one whatever stands before it. A row of marks
is tried from its first one only, so that dot leaders take linear time."""
_NEXT = re.compile(r"\s*[\"'“‘«(\[—–-]*\s*(\w+)")
_LAST = re.compile(r"(?:^|[\s(\[\"'“‘—–-])([\w.]+)\.[\"'”’»)\]]*$")
_TITLES = """
adm amb brig capt cmdr col cpl dr fr gen gov hon lt maj mme mr mrs ms mt prof rep rev sen sgt st supt
approx ca cf e.g i.e viz vs
"""
_NUMBERS = "no nos fig figs art arts para sec ch p pp vol jan feb mar apr jun jul aug sept sep oct nov dec"
_ENDINGS = "al bros co corp dept est etc inc jr ltd sr"
_CAPITALS = re.compile(r"[^\W\d_](?:\.[^\W\d_])*")

_NEVER = frozenset(_TITLES.split())
"""Abbreviations before a name or a clause: they end no sentence."""
_NUMBERED = frozenset(_NUMBERS.split())
"""Abbreviations that end no sentence before a number."""
_EITHER = frozenset(_ENDINGS.split())
"""Abbreviations that end a sentence where the next word tells so."""


def split_sentences(text: str) -> tuple[Span, ...]:
    """Cut a text into sentences.

    What machine translation glued together ("in all regions.One of them") is parted, too: the repaired copy of the text
    is cut, and the sentences are found again in the text.

    Args:
        text: Any text, as a rule a paragraph.

    Returns:
        The sentences in order, in code points of the text, without overlap and without white space at their ends; empty
        for a text without words.

    >>> [span.text for span in split_sentences("Gen. Lee met the U.S. Navy at 9 a.m. on Monday. Why? Nobody knows.")]
    ['Gen. Lee met the U.S. Navy at 9 a.m. on Monday.', 'Why?', 'Nobody knows.']
    """
    repaired = repair(text)
    found: list[Span] = []
    for start, end in _pieces(repaired.text):
        span = repaired.origin(start, end)
        first = max(span.start, found[-1].end if found else 0)
        inside = text[first : span.end]
        first += len(inside) - len(inside.lstrip())
        last = span.end - (len(inside) - len(inside.rstrip()))
        if first < last:
            found.append(Span(first, last, text[first:last]))
    return tuple(found)


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _END.finditer(text):
        if match.group().isspace() or _ends(text, start, match.end()):
            if text[start : match.end()].strip():
                yield start, match.end()
            start = match.end()
    if text[start:].strip():
        yield start, len(text)


def _ends(text: str, start: int, end: int) -> bool:
    """Tell whether a sentence ends after a mark."""
    following = _NEXT.match(text, end)
    if following is None:
        return True
    word = following[1]
    if word[0].islower():
        return False
    before = _LAST.search(text[max(start, end - 24) : end])
    if before is None:
        return True
    last = before[1].casefold()
    if last in _NEVER or (last in _NUMBERED and word[0].isdigit()):
        return False
    if last in _EITHER or _CAPITALS.fullmatch(before[1]):  # "the U.S. Navy", "J. Smith"; "in the U.S. The Navy"
        return word.casefold() in FUNCTION_WORDS and not (len(last) == 1 and last != "i")
    return True
