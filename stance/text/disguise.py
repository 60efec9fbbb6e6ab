"""Letters and names in disguise: characters that look like Latin letters, or that hide between them.

A table of our own: the Unicode table of confusables holds six thousand characters, most of which look like a Latin
letter to nobody; these are the letters that keyboards, scanners and those who dodge filters put for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import normalize

from stance.text.offsets import Edit

__all__ = ["FLOOD", "find_hidden", "find_lookalikes"]

_LOOKALIKES = dict(
    zip(
        "АВЕЗІЅЈКМНОРСТУХҮԚԜаеіјѕорсухһԁԛԝ" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοανι",
        "ABE3ISJKMHOPCTYXYQWaeijsopcyxhdqw" + "ABEZHIKMNOPTYXoavi",
        strict=True,
    )
)
"""Cyrillic letters, then Greek ones -> the Latin letter that each looks like."""
_SOME = re.compile(f"[{''.join(_LOOKALIKES)}]")
_WORD = re.compile(r"[^\W\d_]+")
_STYLED = re.compile("[\ufb00-\ufb06\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d7ff]")
"""Letters and digits of full width, as Chinese text has them, mathematical ones, which pages take for bold, and
signs for two or three ("ﬁ"), which texts out of PDF files have: tokenizers know no word with them."""

_FLOOD = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{5,}"
FLOOD = re.compile(_FLOOD)
"""Combining marks that pile up on a letter: no word has five."""
_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\x00-\x08\x0e-\x1b\x7f]+"
    "|(?<=[A-Za-z0-9.])[\u200c\u200d]+(?=[A-Za-z0-9.])"
    f"|{_FLOOD}"
    "|[\x80-\x9f]+"
)
"""What cannot be seen: soft hyphens, spaces of no width, marks of direction, tags, controls that are no white space;
joiners, but only between Latin letters, since they change how other words are written; floods of combining marks; and
C1 controls, which are windows-1252 punctuation read as Latin-1."""


def find_hidden(text: str) -> Iterator[Edit]:
    """Drop what cannot be seen, and read C1 controls as what they were.

    Args:
        text: Any text.

    Yields:
        The edits, in order.
    """
    for match in _HIDDEN.finditer(text):
        run = match.group()
        new = run.encode("latin-1").decode("windows-1252", errors="ignore") if "\x80" <= run[0] <= "\x9f" else ""
        yield Edit(match.start(), match.end(), new)


def find_lookalikes(text: str) -> Iterator[Edit]:
    """Write Latin letters for those that only look like them, within words that have Latin letters besides.

    A word that is Cyrillic or Greek throughout is left as it is: it is one of another language.

    Args:
        text: Any text.

    Yields:
        The edits, in order, a letter each.
    """
    if text.isascii():
        return
    edits = [Edit(match.start(), match.end(), normalize("NFKC", match.group())) for match in _STYLED.finditer(text)]
    if _SOME.search(text):
        for word in _WORD.finditer(text):
            letters = [place for place, letter in enumerate(word.group()) if not letter.isascii()]
            if not letters or len(letters) == len(word.group()):
                continue
            if all(word.group()[place] in _LOOKALIKES for place in letters):
                start = word.start()
                edits += (Edit(start + at, start + at + 1, _LOOKALIKES[word.group()[at]]) for at in letters)
    yield from sorted(edits, key=lambda edit: edit.start)
