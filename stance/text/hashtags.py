"""The words that a hashtag glues together: "#HandsOffNATO" names NATO."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stance.text.offsets import Edit, Repaired, apply

__all__ = ["find_seams", "part_hashtags"]

_HASHTAGS = re.compile(r"(?<![^\W_])(?<![/&=#＃])(?<!\]\()(?<!=[\"'])(?:[#＃]++(?=\d*[^\W\d_])\w{2,})+")
"""One, or several without a space. What looks like an anchor of a link or an attribute of HTML is none."""
_REACH = 400
"""Code points before a hashtag in which the beginning of an address is looked for."""
_SPACE = re.compile(r"\s")
_ADDRESS = re.compile(r"://|www\.|\.[a-z]{2,9}/", re.IGNORECASE)
_SEAM = re.compile(
    r"(?<=[^\W_])_+(?=[^\W_])|(?<=[^\W_])(?=[#＃])"
    r"|(?<=[a-z])(?<![#＃][a-z])(?<!Mc)(?=[A-Z])"  # not in "iPhone", "McCain"
    r"|(?<=[A-Za-z]{3})(?=\d)|(?<=[A-Z]{2})(?=(?:19|20)\d\d(?!\d))|(?<=\d)(?=[A-Z][A-Za-z])"  # not in "G20"
    r"|(?<![A-Z])(?P<capitals>[A-Z]{2,}+)(?P<small>[a-z]++)"
)
_ABBREVIATIONS = frozenset(
    """
    AI AU CIA EU GOP HK ICC ICJ PLA ROK SCO UAE UK UN US USA WHO
    """.split()  # noqa: SIM905 - easier to read than a list of strings
)
_SURE = frozenset(
    """
    ASEAN AUKUS BBC BRICS CCP CNN CPC CSTO DPRK FBI IAEA IDF IMF IPCC ISAF KFOR LGBT NATO OPEC OSCE OTAN POTUS PRC
    SCOTUS UNSC USSR WTO
    """.split()  # noqa: SIM905
)
"""Abbreviations with which no word begins."""
_KNOWN = _ABBREVIATIONS | _SURE
_WORDS = frozenset(
    """
    and are army as at backed ban base bases bloc by can deal exit first flag for forces from go has helps in is joins
    kills led lies membership military must no not now of on or out policy sanctions should so stop summit talks to
    today troops up us vote vs wants war wars we will with
    """.split()  # noqa: SIM905
)
"""Small words that stand behind an abbreviation ("USvsChina"); else it is a word's beginning ("UKraine")."""


def find_seams(text: str) -> Iterator[Edit]:
    """Put a space between the words of hashtags, as far as capitals, numbers and underscores tell them.

    Args:
        text: Any text.

    Yields:
        The edits, in order. In the text that they make of it there is nothing more to part.
    """
    if "#" not in text and "＃" not in text:
        return
    for tags in _HASHTAGS.finditer(text):
        edits = list(_seams(text, *tags.span()))
        if edits and not _is_in_address(text, tags.start()):
            yield from edits


def _seams(text: str, start: int, end: int) -> Iterator[Edit]:
    for seam in _SEAM.finditer(text, start, end):
        if seam["capitals"] is None:
            yield Edit(*seam.span(), " ")
            continue
        begins = seam.start() == 0 or not text[seam.start() - 1].islower()
        before = _capitals_end(seam["capitals"], seam["small"], begins=begins)
        if before:
            at = seam.start() + before
            yield Edit(at, at, " ")


def _is_in_address(text: str, at: int) -> bool:
    run = _SPACE.split(text[max(0, at - _REACH) : at])[-1]
    return _ADDRESS.search(run) is not None


def _capitals_end(capitals: str, small: str, *, begins: bool) -> int:
    """Tell how many of some capitals before small letters are a word of their own: all, all but the last, or none."""
    first = capitals[:-1]
    if small in _WORDS or (capitals in _SURE and len(small) > 1):
        return len(capitals)  # "USvs", "NATOsummit"; "NATOs" is one word
    if first in _KNOWN and (len(small) > 1 or (capitals[-1] + small).lower() in _WORDS):
        return len(first)  # "USArmy", "NATOIs"
    if capitals in _KNOWN or len(small) == 1:
        return 0  # "UKraine", "CEOs"
    return len(first) if len(first) > 1 or first in "AI" or not begins else 0  # "KGBAgent", "AWar", "PlanBWorks"


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
