"""The words that a hashtag glues together: "#HandsOffNATO" names NATO."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stance.text.offsets import Edit, Repaired, apply

__all__ = ["find_seams", "part_hashtags"]

_HASHTAG = re.compile(r"(?<![\w/#&.?=])#[^\W\d_]\w+")  # not the anchor of an address, nor a number's sign
# A capital after a small letter (not in "iPhone", "McCain"), a number after a word (not in "G20") and a word after it,
# underscores; capitals before small letters ("NATOsummit", "USBases", not "NATOs"), which may end in the next word's.
_SEAM = re.compile(
    r"(?<=[a-z])(?<!#[a-z])(?<!Mc)(?=[A-Z])|(?<=[A-Za-z]{3})(?=\d)|(?<=\d)(?=[A-Z][a-z])|(?<=[^\W_])_+(?=[^\W_])"
    r"|(?P<capitals>[A-Z]{2,})(?=[a-z]{2})"
)
_ABBREVIATIONS = """
ASEAN AUKUS BBC BRICS CCP CIA CNN CPC CSTO DPRK EU FBI GOP IAEA ICC ICJ IDF IMF ISAF KFOR NATO OPEC OSCE OTAN PLA POTUS
PRC QUAD ROK SCO SCOTUS SHAPE UAE UK UN UNSC US USA USSR WHO WTO
"""
_KNOWN = frozenset(_ABBREVIATIONS.split())


def find_seams(text: str) -> Iterator[Edit]:
    """Put a space between the words of hashtags, as far as capitals, numbers and underscores tell them.

    Args:
        text: Any text.

    Yields:
        The edits, in order. In the text that they make of it there is nothing more to part.
    """
    if "#" not in text:
        return
    for tag in _HASHTAG.finditer(text):
        for seam in _SEAM.finditer(text, *tag.span()):
            start, end = seam.span()
            capitals = seam["capitals"]
            if capitals:
                whole = capitals in _KNOWN and capitals[:-1] not in _KNOWN  # else "US Army"
                start = end = end - (not whole)
            yield Edit(start, end, " ")


def part_hashtags(text: str) -> Repaired:
    """Part the words of hashtags, and nothing else, on a copy.

    Args:
        text: Any text; it is not changed.

    Returns:
        The copy with its offset map.

    >>> part_hashtags("Out now: #HandsOffNATO.").text
    'Out now: #Hands Off NATO.'
    """
    return Repaired(text, *apply(text, find_seams(text)))
