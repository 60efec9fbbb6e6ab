"""Physical lines of a text: where they stand, how far they are indented, what they begin and end with."""

from __future__ import annotations

import re
from dataclasses import dataclass

from stance.errors import InputError

__all__ = ["Line", "Marker", "split_lines"]

_BREAK = re.compile("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060\u00ad"
_BLANK = _INVISIBLE + "".join(character for character in map(chr, range(0x3001)) if character.isspace())
_LINE = re.compile(rf"([\s{_INVISIBLE}]*)([^\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]*)")
_COLUMNS = {"\t": 4, "\u3000": 2, **dict.fromkeys(_INVISIBLE, 0)}
_MOST = 1_000_000
"""Lines of a document at most; each takes about 600 bytes of memory. They are 50 MB of prose or more."""
_LOOK = 400
"""Characters of a line that are looked at from either end: a line of 5 MB costs no more than one of 400."""

_CLOSING = ")]}\"'”’»›*_】」"
_ENDING = tuple(".!?…。！？")
_CITATION = re.compile(r"\[\d{1,3}\]\Z")
_OPEN_END = re.compile(r"\s(?:the|an?|of|to|in|on|by|for|with|and|or|that|from|as|at|its|their|is|are|was|were|has)\Z")
_HASHES = re.compile(r"#{1,6}[ \t]")
_BULLET = re.compile(r"(?:[-*+•‣▪◦●○■□–—·]|\\-)[ \t\u00a0]+(?=\S)")
_NUMBER = re.compile(  # a decimal needs a capital after it: "2.5 million" opens nothing
    r"(?:\(?(?:\d{1,3}|[ivxlIVXL]{1,5}|[a-zA-Z])\)|\d{1,3}\.|\d{1,3}(?:\.\d{1,2})+(?:\.|(?=\s+[\"“A-Z])))"
    r"[ \t\u00a0]+(?=[\"“'‘(\w])"
)
_SPEAKER = re.compile(
    r"(?:Q|A|QUESTION|ANSWER|Question|Answer|Moderator|MODERATOR|Reporter|REPORTER|Interviewer|Host)(?: \d{1,2})?"
    r"[:.][*_]{0,3}\s"
    r"|[QA](?:\t|[ \t]{2,})(?=\S)"
    r"|[A-Z][A-Z.'’-]*(?:[ \t][A-Z][A-Z.'’-]*){0,5}[ \t]?(?:\([^)\n]{1,40}\))?:[*_]{0,3}\s"
    r"|(?:Mr|Ms|Mrs|Dr|Sir|Lord|Lady|Prof|Amb|Gen|Adm|Sen|Rep)\.? [A-Z][\w.'’ -]{1,40}:[*_]{0,3}\s"
    r"|(?:The |Prime |Foreign |Vice |Deputy )?(?:President|Minister|Secretary|Speaker|Chair|Spokesperson|Ambassador)"
    r"(?: [A-Z][\w.'’-]+){0,3}:[*_]{0,3}\s"
)
_NAME_LABEL = re.compile(r"(?:[A-Z][\w.'’-]*[ \t]){0,3}[A-Z][\w.'’-]*:[*_]{0,3}\s")


class Marker:
    """What a line can open with."""

    NONE = ""
    BULLET = "bullet"
    NUMBER = "number"
    SPEAKER = "speaker"
    NAME = "name"
    """A name and a colon: a speaker only where the document has several such lines."""
    QUOTE = "quote"
    HEADING = "heading"


@dataclass(frozen=True, slots=True)
class Line:
    """A line with something on it.

    Attributes:
        start: First code point that is no white space.
        end: Code point after the last that is no white space.
        indent: Columns of white space before it; a tab is 4, an ideographic space 2.
        gap: Blank lines before it.
        page: Whether a form feed stands before it.
        head: The first characters.
        tail: The last characters.
        marker: What it opens with, one of `Marker`.
        ends_sentence: Whether a sentence ends with the line.
    """

    start: int
    end: int
    indent: int
    gap: int
    page: bool
    head: str
    tail: str
    marker: str
    ends_sentence: bool

    @property
    def width(self) -> int:
        """Number of code points."""
        return self.end - self.start

    @property
    def starts_lower(self) -> bool:
        """Whether the line begins with a small letter: it goes on with a sentence."""
        return self.head[:1].islower()

    @property
    def ends_open(self) -> bool:
        """Whether the last word is one that nothing ends with."""
        return _OPEN_END.search(self.tail[-8:]) is not None

    @property
    def first_word(self) -> str:
        """The line up to its first space."""
        return self.head.split(None, 1)[0]


def split_lines(text: str) -> list[Line]:
    """Cut a text into its lines, blank ones left out.

    Args:
        text: Any text.

    Returns:
        The lines; between two of them stand only white space and characters without width.

    Raises:
        InputError: If there are more than a million.
    """
    lines: list[Line] = []
    for found in _LINE.finditer(text):
        first, stop = found.span(2)
        if first < stop:
            if len(lines) == _MOST:
                raise InputError(f"a document may have {_MOST:,} lines, this one has more. Divide it.")
            lines.append(_line(found[1], text, first, stop, opens=not lines))
    return lines


def _line(margin: str, text: str, first: int, stop: int, *, opens: bool) -> Line:
    """Look at the line from `first` to `stop`; before it stands `margin`, back to the line before."""
    last = first + len(text[first:stop].rstrip(_BLANK))
    gap, indent, page = 0, 0, False
    if margin != "\n":
        pieces = _BREAK.split(margin)
        gap = 0 if opens else len(pieces) - 2 + margin.count("\u2029")
        indent = sum([_COLUMNS.get(character, 1) for character in pieces[-1][:_LOOK]])
        page = "\x0c" in margin
    head = text[first : min(last, first + _LOOK)]
    tail = text[max(first, last - _LOOK) : last]
    return Line(first, last, indent, gap, page, head, tail, _marker(head), _ends_sentence(tail))


def _ends_sentence(tail: str) -> bool:
    if tail.endswith("]"):
        tail = _CITATION.sub("", tail)
    return tail.rstrip(_CLOSING).endswith(_ENDING)


def _marker(head: str) -> str:
    if head[0] == "#" and _HASHES.match(head):
        return Marker.HEADING
    if head[0] == ">":
        return Marker.QUOTE
    if not head[0].isalnum() and _BULLET.match(head):
        return Marker.BULLET
    label = head.lstrip("*_") + " "
    named = ":" in label
    if (named or label[0] in "QARMIH") and _SPEAKER.match(label):  # the initials of the labels that go without a colon
        return Marker.SPEAKER
    if (head[0].isdigit() or ")" in head[:8]) and _NUMBER.match(head):
        return Marker.NUMBER
    return Marker.NAME if named and _NAME_LABEL.match(label) else Marker.NONE
