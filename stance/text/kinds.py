"""What a block is: body, heading, metadata or furniture; told by its form and by where it stands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from stance.schema import Kind
from stance.text.layout import is_page_furniture
from stance.text.lines import Line, Marker
from stance.text.patterns import AUTHOR_NOTE, BYLINE, DATE, FIELD, FURNITURE, LIST_HEAD, PERSON_NOTE

__all__ = ["classify_blocks"]

_HEADING_WIDTH = 140
"""Longest heading in characters; headlines with tags behind them come to 120."""
_META_WIDTH = 100
"""Longest byline, dateline or source line."""
_NOTE_WIDTH = 600
"""Longest note on the author."""
_LABEL_WORDS = 5
"""Most words of an outlet's or reporter's name that stands alone on a line."""
_TEASERS = 2
"""From this many titles with several tags on, what follows an article is a list of other articles."""
_TAGS = 2
"""Tags of such a title: one may be a section's (``Part 2 | Money``)."""

_ENDS = 2
"""Paragraphs on both sides of what speaks of an author that make it part of the text (a review of a book)."""

_TAG = re.compile(r"(?<=\S)\s+\|\s+(?=\S)")
_CLOSING_MARK = re.compile(r"[.,;:!?…。！？]\)?[\"'”’]?\Z")
_QUESTION_WIDTH = 80
"""Longest question that can be a heading."""
_UNDERLINE = re.compile(r"(?:={3,}|-{3,})\Z")
_RIGHTS = re.compile(r"[\W_]*(?:©|\(c\)|copyright|all rights)", re.IGNORECASE)
_INNER_STOP = re.compile(r"[.?!]\s")
_NUMERAL = re.compile(r"\d")
_COLON = re.compile("[:：]")
_BY = re.compile(r"^\S+(?: by| reporters?| correspondents?)?\s+")
_NAME_END = re.compile(r"[,|–—-]|\band\b")
_QUESTION_WORDS = 3
"""Fewest words of a question that is a heading within a text: a bare ``Why?`` is asked by the text itself."""
_NAME_WORD = re.compile(r"(?:[A-Z][\w.&'’-]*|of|the|and|for|de|van|von|al|bin|\|)\Z")


@dataclass(frozen=True, slots=True)
class _Block:
    """What can be seen of a block without its neighbours."""

    group: Sequence[Line]
    text: str
    width: int
    ends: bool
    marker: str
    apart: bool
    """Whether it is a rule, page number or running head."""

    @property
    def paged(self) -> bool:
        """Whether it is a page number or running head."""
        return self.apart and any(map(str.isalnum, self.group[0].head))

    @property
    def short(self) -> bool:
        """Whether it has no more than a heading's lines and width."""
        return len(self.group) <= 3 and self.width <= _HEADING_WIDTH

    @property
    def words(self) -> list[str]:
        """Its words, as far as they have been looked at."""
        return self.text.split()


def classify_blocks(groups: Sequence[Sequence[Line]], heads: frozenset[str] = frozenset()) -> list[Kind]:
    """Tell what each block is.

    Args:
        groups: The lines of each block, in order.
        heads: The running heads of the document, as `stance.text.layout.running_heads` gives them.

    Returns:
        One kind a block. A document with words always has a body block.
    """
    if len(groups) < 2:
        return ["body" for _ in groups]
    spoken = sum(group[0].marker == Marker.SPEAKER for group in groups) > 1
    blocks = [_block(group, heads, spoken) for group in groups]
    kinds = [_own_kind(block) for block in blocks]
    _mark_tail(blocks, kinds)
    _settle_headings(blocks, kinds)
    _mark_names(blocks, kinds)
    _mark_notes(blocks, kinds)
    if "body" not in kinds:
        longest = max(range(len(blocks)), key=lambda place: (kinds[place] != "furniture", blocks[place].width))
        kinds[longest:] = ["body" if kind == "heading" else kind for kind in kinds[longest:]]
        kinds[longest] = "body"
    return kinds


def _block(group: Sequence[Line], heads: frozenset[str], spoken: bool) -> _Block:
    first, last = group[0], group[-1]
    single = first is last
    text = first.head if single else " ".join(line.head for line in group[:3])
    apart = single and is_page_furniture(first, heads)
    marker = first.marker if spoken or first.marker != Marker.SPEAKER else Marker.NAME  # "ANALYSIS: ..." is no speaker
    return _Block(group, text, last.end - first.start, last.ends_sentence, marker, apart)


def _own_kind(block: _Block) -> Kind:
    """Tell by its form alone; what could be a heading is called one."""
    if block.apart:
        return "furniture"
    if block.marker == Marker.HEADING or _UNDERLINE.match(block.group[-1].head):
        return "heading"
    if block.width > _NOTE_WIDTH:
        return "body"
    text = block.text.strip("*_ ")
    if block.width <= _HEADING_WIDTH and FURNITURE.match(text) and not _is_sentence_like(block):
        return "furniture"
    if block.width <= _META_WIDTH and _is_metadata(block, text):
        return "metadata"
    if AUTHOR_NOTE.match(block.text):
        return "metadata"
    return "heading" if _could_head(block) else "body"


def _is_sentence_like(block: _Block) -> bool:
    return block.ends and len(block.words) > 12 and not _RIGHTS.match(block.text)


def _is_metadata(block: _Block, text: str) -> bool:
    if len(block.group) > 2 or block.marker in (Marker.BULLET, Marker.NUMBER):
        return False
    if _NUMERAL.search(text) and DATE.match(text):
        return True
    if _COLON.search(text) and FIELD.match(text):
        return not (block.ends and (len(block.words) > 9 or block.marker == Marker.SPEAKER))
    if block.ends or not BYLINE.match(text):
        return False
    named = _NAME_END.split(_BY.sub("", text))[0].split()
    return len(named) <= 6


def _could_head(block: _Block) -> bool:
    if not block.short or block.marker in (Marker.BULLET, Marker.QUOTE, Marker.SPEAKER):
        return False
    if block.group[0].starts_lower:
        return False
    question = block.text.rstrip("\"'”’*_ ").endswith(("?", "!"))
    if question:
        return block.width <= _QUESTION_WIDTH and len(block.group) == 1 and not _INNER_STOP.search(block.text)
    if block.marker == Marker.NUMBER and len(block.words) > 10:
        return False
    return not block.ends and not _CLOSING_MARK.search(block.text.rstrip("*_ "))


def _first_body(kinds: Sequence[Kind]) -> int:
    """Place of the first body block; the number of blocks if there is none."""
    return kinds.index("body") if "body" in kinds else len(kinds)


def _after_body(kinds: Sequence[Kind]) -> int:
    """Place after the last body block; 0 if there is none."""
    return max((place + 1 for place, kind in enumerate(kinds) if kind == "body"), default=0)


def _mark_tail(blocks: Sequence[_Block], kinds: list[Kind]) -> None:
    """Call furniture what follows the article: a list of links under its head, or teasers of other articles."""
    first_body = _first_body(kinds)
    start = _teaser_start(blocks, kinds, first_body)
    for place in range(start, len(blocks)):
        kinds[place] = "furniture"
    listing = False
    for place in range(first_body, start):
        if kinds[place] == "furniture" and LIST_HEAD.match(blocks[place].text):
            listing = True
        title = kinds[place] == "heading" and blocks[place].marker != Marker.HEADING
        item = blocks[place].marker == Marker.BULLET and not blocks[place].ends
        if listing and (title or item):
            kinds[place] = "furniture"
        listing = listing and kinds[place] in ("furniture", "metadata")


def _teaser_start(blocks: Sequence[_Block], kinds: Sequence[Kind], first_body: int) -> int:
    """Find where teasers begin: at a tagged title that is given twice on end, or at the first of several titles."""
    titles = [
        place
        for place in range(first_body + 1, len(blocks))
        if kinds[place] in ("heading", "body") and _is_teaser_title(blocks[place])
    ]
    twice = [place for place in titles if place + 1 < len(blocks) and blocks[place].text == blocks[place + 1].text]
    tagged = [place for place in titles if len(_TAG.findall(blocks[place].text)) >= _TAGS]
    several = len({blocks[place].text for place in tagged}) >= _TEASERS
    return min(twice + (tagged if several else []), default=len(blocks))


def _is_teaser_title(block: _Block) -> bool:
    if len(block.group) > 1 or block.width > 2 * _HEADING_WIDTH or block.ends:
        return False
    return _TAG.search(block.text) is not None


def _settle_headings(blocks: Sequence[_Block], kinds: list[Kind]) -> None:
    """Keep as headings those that something follows; a document of lines without full stops is body."""
    text = [place for place, kind in enumerate(kinds) if kind in ("body", "heading")]
    headings = [place for place in text if kinds[place] == "heading" and blocks[place].marker != Marker.HEADING]
    bodies = len(text) - len(headings)
    if len(headings) > max(3, 2 * bodies):
        for place in headings[1:]:
            kinds[place] = "body"
        return
    first_body, after_body = _first_body(kinds), _after_body(kinds)
    for place in headings:
        if _breaks_off(blocks, place, inner=place > first_body):
            kinds[place] = "body"  # the last lines of a page, which go on below its number: no page ends with a heading
            continue
        asks = blocks[place].text.rstrip("\"'”’*_ ").endswith(("?", "!"))
        if 0 < after_body <= place:
            kinds[place] = "body" if asks or _closes(blocks, headings, place) else "furniture"
        elif asks and not _introduces(blocks, kinds, place):
            kinds[place] = "body"


def _breaks_off(blocks: Sequence[_Block], place: int, *, inner: bool) -> bool:
    """Tell whether a page ends after a block: within a text, or where a sentence goes on."""
    below = place + 1
    while below < len(blocks) and blocks[below].paged:
        below += 1
    if below == place + 1:
        return False
    if inner or below == len(blocks):
        return inner
    return blocks[below].group[0].starts_lower or blocks[place].group[-1].ends_open


def _closes(blocks: Sequence[_Block], headings: Sequence[int], place: int) -> bool:
    """Tell whether what has a title's form at the end is a last paragraph: long, or alone and not in title case."""
    words = blocks[place].words
    if len(words) > 2 * _LABEL_WORDS:
        return True
    alone = headings[-1] == place and place - 1 not in headings
    return alone and place + 1 == len(blocks) and len(words) > 1 and not any(word[:1].isupper() for word in words[1:])


def _introduces(blocks: Sequence[_Block], kinds: Sequence[Kind], place: int) -> bool:
    """Tell whether a question stands over a long paragraph, with nothing of its own length before it."""
    if place + 1 == len(blocks) or (place > 0 and len(blocks[place].words) < _QUESTION_WORDS):
        return False
    after = blocks[place + 1]
    longer = after.width >= 3 * blocks[place].width and after.marker != Marker.SPEAKER
    return place == 0 or longer or kinds[place + 1] != "body"


def _mark_names(blocks: Sequence[_Block], kinds: list[Kind]) -> None:
    """Call metadata the names of outlets and reporters that stand in the head of a document beside other metadata."""
    first_body = _first_body(kinds)
    titled = False
    above_metadata = _above_metadata(kinds, first_body)
    for place in range(first_body):
        if kinds[place] != "heading":
            continue
        if titled and _is_name(blocks[place]) and (above_metadata[place] or kinds[place - 1] == "metadata"):
            kinds[place] = "metadata"
        titled = True
    above: Kind = "body"
    for place in range(_after_body(kinds), len(blocks)):
        named = _is_name(blocks[place]) and not FURNITURE.match(blocks[place].text)
        if named and kinds[place] == "furniture" and above in ("body", "metadata"):
            kinds[place] = "metadata"
        above = kinds[place]


def _is_name(block: _Block) -> bool:
    words = block.words
    if len(words) > _LABEL_WORDS or block.marker == Marker.NUMBER or block.ends:
        return False
    return all(_NAME_WORD.match(word.strip(",()")) for word in words)


def _above_metadata(kinds: Sequence[Kind], stop: int) -> list[bool]:
    """Tell of the places before `stop` whether metadata stands below, with only headings between."""
    found = [False] * stop
    below: Kind = "body"
    for place in reversed(range(stop)):
        found[place] = below == "metadata"
        if kinds[place] != "heading":
            below = kinds[place]
    return found


def _mark_notes(blocks: Sequence[_Block], kinds: list[Kind]) -> None:
    """Keep notes on the author at the ends of a document, and call one a last paragraph that says who somebody is."""
    bodies = [place for place, kind in enumerate(kinds) if kind == "body"]
    if len(bodies) < 3:
        return
    for place in range(bodies[_ENDS - 1], bodies[-_ENDS]):
        if kinds[place] == "metadata" and AUTHOR_NOTE.match(blocks[place].text):
            kinds[place] = "body"
    block = blocks[bodies[-1]]
    if (
        block.width <= _NOTE_WIDTH
        and len(block.group) <= 8
        and PERSON_NOTE.match(block.text)
        and block.marker == Marker.NONE
    ):
        kinds[bodies[-1]] = "metadata"
