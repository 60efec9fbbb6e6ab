"""Physical lines of a text: where they stand, how far they are indented, what they begin and end with."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Line", "Marker", "split_lines"]

_BREAK = re.compile("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_INVISIBLE = "\ufeff\u200b\u200e\u200f\u2060\u00ad"
_MARGIN = re.compile(rf"[\s{_INVISIBLE}]*")
_TRAILING = re.compile(rf"[\s{_INVISIBLE}]+\Z")
_COLUMNS = {"\t": 4, "\u3000": 2, **dict.fromkeys("\ufeff\u200b\u200e\u200f\u2060\u00ad", 0)}
_LOOK = 400
"""Characters of a line that are looked at from either end: a line of 5 MB costs no more than one of 400."""

_SENTENCE_END = re.compile(r"(?:[.!?…。！？]|\.\.\.)[)\]}\"'”’»›*_】」]*(?:\[\d{1,3}\])?\Z")
_BULLET = re.compile(r"(?:[-*+•‣▪◦●○■□–—·]|\\-)[ \t\u00a0]+(?=\S)")
_NUMBER = re.compile(
    r"(?:\(?(?:\d{1,3}|[ivxlIVXL]{1,5}|[a-zA-Z])\)|\d{1,3}\.(?:\d{1,2}\.?)*)[ \t\u00a0]+(?=[\"“'‘(\w])"
)
_SPEAKER = re.compile(
    r"(?:Q|A|QUESTION|ANSWER|Question|Answer|Moderator|MODERATOR|Reporter|REPORTER|Interviewer|Host)(?: \d{1,2})?[:.]\s"
    r"|(?:[A-Z][A-Z.'’-]*[ \t]?){1,6}(?:\([^)\n]{1,40}\))?:\s"
    r"|(?:Mr|Ms|Mrs|Dr|Sir|Lord|Lady|Prof|Amb|Gen|Adm|Sen|Rep)\.? [A-Z][\w.'’ -]{1,40}:\s"
    r"|(?:The |Prime |Foreign |Vice |Deputy )?(?:President|Minister|Secretary|Speaker|Chair|Spokesperson|Ambassador)"
    r"(?: [A-Z][\w.'’-]+){0,3}:\s"
)
_NAME_LABEL = re.compile(r"(?:[A-Z][\w.'’-]*[ \t]){0,3}[A-Z][\w.'’-]*:\s")


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
    """

    start: int
    end: int
    indent: int
    gap: int
    page: bool
    head: str
    tail: str
    marker: str

    @property
    def width(self) -> int:
        """Number of code points."""
        return self.end - self.start

    @property
    def ends_sentence(self) -> bool:
        """Whether a sentence ends with the line."""
        return _SENTENCE_END.search(self.tail) is not None

    @property
    def starts_lower(self) -> bool:
        """Whether the line begins with a small letter: it goes on with a sentence."""
        return self.head[:1].islower()

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
    """
    lines: list[Line] = []
    at, gap, page = 0, 0, False
    breaks = [(match.start(), match.end(), match.group()) for match in _BREAK.finditer(text)]
    for stop, after, character in [*breaks, (len(text), len(text), "")]:
        first = _after_margin(text, at, stop)
        if first == stop:
            gap += bool(lines)
        else:
            lines.append(_line(text, at, first, stop, gap=gap, page=page))
            gap, page = 0, False
        gap += character == "\u2029" and bool(lines)
        page = page or character == "\x0c"
        at = after
    return lines


def _after_margin(text: str, start: int, stop: int) -> int:
    match = _MARGIN.match(text, start, stop)
    return match.end() if match else start


def _line(text: str, at: int, first: int, stop: int, *, gap: int, page: bool) -> Line:
    last = stop
    while last > first:  # white space at the end, in steps: a regex would try every position of a long line
        piece = text[max(first, last - _LOOK) : last]
        match = _TRAILING.search(piece)
        if not match:
            break
        last -= len(match.group())
        if match.start() > 0:
            break
    head = text[first : min(last, first + _LOOK)]
    indent = sum(_COLUMNS.get(character, 1) for character in text[at : min(first, at + _LOOK)])
    return Line(first, last, indent, gap, page, head, text[max(first, last - _LOOK) : last], _marker(head))


def _marker(head: str) -> str:
    if head.startswith("#") and re.match(r"#{1,6}[ \t]", head):
        return Marker.HEADING
    if head.startswith(">"):
        return Marker.QUOTE
    if _BULLET.match(head):
        return Marker.BULLET
    if _SPEAKER.match(head + " "):
        return Marker.SPEAKER
    if _NUMBER.match(head):
        return Marker.NUMBER
    return Marker.NAME if _NAME_LABEL.match(head + " ") else Marker.NONE
