"""How the line breaks of a document are meant: which lines belong to one block."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from stance.text.lines import Line, Marker

__all__ = ["group_lines", "is_page_furniture", "running_heads"]

_WIDEST_WRAP = 120
"""Wrapped lines are not wider: 60 to 90 columns are usual, 120 leaves room for wide pages."""
_NARROWEST_WRAP = 28
"""Nor narrower, which are lists and verse: columns of newspapers have 30 and more."""
_SURE = 0.15
"""From this share of pairs on that surely run on, the lines are wrapped. Lines that are paragraphs or
sentences have next to none; wrapped English has 0.6 and more, documents with many headings half of that."""
_STRAY = 0.1
"""Share of sure pairs that may reach less far than the wrap width tells: lines broken by hand, proportional fonts."""
_INDENT = 2
"""Columns that a line has to stand in further than another to be indented against it."""
_SINGLE = 0.7
"""Share of lines with one sentence that makes sentences, not paragraphs, of the lines between blank ones; what looks
like two sentences is often one (initials, quotations)."""
_FIRST_LINE = 10
"""Columns by which the first line of a paragraph stands in at most; what stands in further is centred or set right."""
_SHORT = 0.5
"""A line below this share of the wrap width ends a paragraph, also where blank lines divide them (addresses)."""
_LABEL_WIDTH = 60
"""Longest name or heading that stands alone on its line."""
_RULE = re.compile(r"(?:(?:[-*_=~—–]\s?){3,}|(?:>\s?)+)\Z")
_PAGE_NUMBER = re.compile(
    r"(?:[-–—\[|(]?\s*\d{1,4}\s*[-–—\]|)]?|(?:Page|PAGE|page|p\.)\s*\d{1,4}(?:\s*(?:of|/)\s*\d{1,4})?|\d{1,4}\s*/\s*\d{1,4})\Z"
)
_PAGE_SIGNS = frozenset("-*_=~—–[|(Pp>")
"""What rules and page numbers begin with, digits aside; few other lines do, so few are looked at closely."""
_BARRED = re.compile(r"\A\d{1,3}\s+\||\|\s+\d{1,3}\Z")
"""A page number beside a running head, which so needs not come often to be known; four digits may be a year."""
_DIGITS = re.compile(r"[\d\s|·•–—-]+")
_UNDERLINE = re.compile(r"(?:={3,}|-{3,})\Z")
_INNER_END = re.compile(
    r"(?<!\b[A-Z])(?<!\b(?:Dr|Mr|Ms|St))(?<!\b(?:Mrs|Gen|Sen|Rep|Gov|Col))(?<!\bProf)"
    r"[.!?…][)\"'”’]*\s+[\"“'‘(]?[A-Z]"
)
"""A sentence that ends within a line; a point after an initial or a title ends none."""
_REPEATS = 3
"""Times that a short line has to stand in a document to be a running head."""
_HEAD_WIDTH = 90
"""Longest running head."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """What the line breaks of a document mean.

    Attributes:
        wrapped: Whether lines were broken to fit a width.
        reach: How far a line has to reach, with the next line's first word, to have been full.
        margin: Column at which lines begin.
        limit: Width above which a line was not broken to fit: titles above narrower text.
        gap: Blank lines that stand between any two lines (1 in double-spaced text).
        divided: Whether blank lines divide the paragraphs.
        indented: Whether indentation marks the first line of a paragraph.
        inset: Column from which on a line opens a paragraph, whatever stands before it; None if passages stand in too.
        sentences: Whether every sentence stands on a line of its own.
        names: Whether a name and a colon open a speaker's turn.
    """

    wrapped: bool
    reach: float
    margin: int
    limit: float
    gap: int
    divided: bool
    indented: bool
    inset: int | None
    sentences: bool
    names: bool


def group_lines(
    lines: Sequence[Line], *, breaks: str = "layout", heads: frozenset[str] = frozenset()
) -> list[list[Line]]:
    """Put the lines that belong together into groups.

    Args:
        lines: The lines of a document.
        heads: Its running heads, as `running_heads` gives them.
        breaks: ``"layout"``, ``"blocks"`` or ``"none"``, as in `Document.breaks`.

    Returns:
        The groups, in order; every line is in one.
    """
    if not lines:
        return []
    if breaks == "none":
        return [list(lines)]
    if breaks == "blocks":
        return [[line] for line in lines]
    apart = [is_page_furniture(line, heads) for line in lines]
    layout = _layout([line for line, alone in zip(lines, apart, strict=True) if not alone])
    groups = [[lines[0]]]
    for place in range(1, len(lines)):
        line, group = lines[place], groups[-1]
        alone = apart[place] or apart[place - 1]
        if _underlines(group, line) or (not alone and _joins(group, line, layout)):
            group.append(line)
        else:
            groups.append([line])
    return groups


def running_heads(lines: Sequence[Line]) -> frozenset[str]:
    """Find short lines that come again and again, page numbers in them aside, with other text around them each time.

    Lines of a passage that is quoted several times have the same neighbours again, so they are none.
    """
    if not lines:
        return frozenset()
    around = zip(lines, (None, *lines[:-1]), (*lines[1:], None), strict=True)
    texts = [_without_digits(line) if _could_run(line, before, after) else "" for line, before, after in around]
    counts = Counter(texts)
    paged = {text for line, text in zip(lines, texts, strict=True) if line.page}
    needs = {text: _REPEATS - (text in paged) for text in counts if text}
    needs = {text: need for text, need in needs.items() if counts[text] >= need}
    if not needs:
        return frozenset()
    before = _neighbours(lines, texts, needs)
    after = _neighbours(lines[::-1], texts[::-1], needs)
    return frozenset(text for text, need in needs.items() if min(len(before[text]), len(after[text])) >= need)


def _could_run(line: Line, before: Line | None, after: Line | None) -> bool:
    """Tell a short line that is no sentence, nor the first line of one that the next line goes on with."""
    if line.width > _HEAD_WIDTH or line.ends_sentence or line.tail.endswith(":"):
        return False
    begins = before is None or before.ends_sentence
    return not (begins and after is not None and after.starts_lower)


def _neighbours(lines: Sequence[Line], texts: Sequence[str], wanted: Collection[str]) -> dict[str, set[str]]:
    """Collect for each wanted text what stands before it, page numbers and other wanted texts aside."""
    found: dict[str, set[str]] = {text: set() for text in wanted}
    last = ""
    for line, text in zip(lines, texts, strict=True):
        if text in found:
            found[text].add(last)
        elif not _PAGE_NUMBER.match(line.head):
            last = line.head
    return found


def _without_digits(line: Line) -> str:
    return _DIGITS.sub(" ", line.head).strip()


def is_page_furniture(line: Line, heads: frozenset[str]) -> bool:
    """Tell page numbers, rules and running heads."""
    if line.width > _HEAD_WIDTH:
        return False
    first = line.head[0]
    if (first in _PAGE_SIGNS or first.isdigit()) and (_RULE.match(line.head) or _PAGE_NUMBER.match(line.head)):
        return True
    if "|" in line.head and _BARRED.search(line.head):
        return True
    return bool(heads) and line.marker not in (Marker.SPEAKER, Marker.BULLET) and _without_digits(line) in heads


def _underlines(group: Sequence[Line], line: Line) -> bool:
    """Tell a Markdown underline, which belongs to the title above it."""
    if line.gap or len(group) > 1 or group[0].width > _HEAD_WIDTH:
        return False
    return line.head[0] in "=-" and _UNDERLINE.match(line.head) is not None


def _layout(lines: Sequence[Line]) -> _Layout:
    pairs = list(pairwise(lines))
    gap = min((after.gap for _, after in pairs), default=0)
    near = [(before, after) for before, after in pairs if after.gap == gap]
    margin = min((line.indent for line in lines), default=0)
    widths = sorted(line.width for line in lines)
    widest = widths[int(0.98 * (len(widths) - 1))] if widths else 0
    sure = [(before, after) for before, after in near if _goes_on(before, after) and after.marker == Marker.NONE]
    broad = max((max(before.width, after.width) for before, after in sure), default=0)
    wrapped = len(sure) >= max(1, _SURE * len(near)) and broad >= _NARROWEST_WRAP and widest <= _WIDEST_WRAP
    inner = [pair for pair in sure if pair[0].indent < margin + _INDENT] or sure
    reaches = sorted(_reach(before, after, margin) for before, after in inner)
    usual = reaches[int(_STRAY * len(reaches))] if wrapped else 0
    greedy = bool(reaches) and reaches[0] > max(broad, widest)  # no line had room for the next word
    reach = max(broad, widest) + 1 if greedy and wrapped else min(widest, usual)
    indented = _is_indented(lines)
    if not wrapped and not indented:
        gap = 0
    chunks = _chunks(lines, gap)
    several = sum(len(chunk) > 1 for chunk in chunks)
    return _Layout(
        wrapped=wrapped,
        reach=reach,
        margin=margin,
        gap=gap,
        limit=max(usual, broad),
        divided=_are_divided(chunks, reach, margin),
        indented=indented,
        inset=_inset(lines, sure) if indented else None,
        sentences=not wrapped and several >= 2 and _are_sentences(chunks),
        names=sum(line.marker == Marker.NAME for line in lines) >= _REPEATS,
    )


def _goes_on(before: Line, after: Line) -> bool:
    """Tell whether a sentence surely goes over from one line to the next."""
    return not before.ends_sentence and (after.starts_lower or before.ends_open)


def _column(line: Line, margin: int) -> int:
    """Column at which a line ends, counted from the margin."""
    return line.width + min(line.indent - margin, _FIRST_LINE)


def _reach(before: Line, after: Line, margin: int) -> int:
    """How far a line would have reached with the next line's first word."""
    return _column(before, margin) + 1 + len(after.first_word)


def _chunks(lines: Sequence[Line], gap: int) -> list[list[Line]]:
    """Group lines between which stand no more than the usual blank lines."""
    chunks: list[list[Line]] = []
    for line in lines:
        if chunks and line.gap <= gap:
            chunks[-1].append(line)
        else:
            chunks.append([line])
    return chunks


def _are_divided(chunks: Sequence[Sequence[Line]], reach: float, margin: int) -> bool:
    """Tell whether blank lines divide paragraphs: fewer lines end early with a sentence than chunks end."""
    several = [chunk for chunk in chunks if len(chunk) > 1]
    early = sum(
        before.ends_sentence and not after.starts_lower and _reach(before, after, margin) < reach
        for chunk in several
        for before, after in pairwise(chunk)
    )
    return len(chunks) > 1 and len(several) > early


def _is_indented(lines: Sequence[Line]) -> bool:
    """Tell whether some lines are indented against the rest, and lines at the margin go on after them."""
    plain = [line for line in lines if line.marker in (Marker.NONE, Marker.NAME, Marker.SPEAKER)]
    if len(plain) < 3:
        return False
    margin = min(line.indent for line in plain)
    inner = [line.indent >= margin + _INDENT for line in plain]
    follows = sum(first and not second for first, second in pairwise(inner))
    return follows >= 1 and follows >= 0.25 * sum(inner)


def _inset(lines: Sequence[Line], sure: Sequence[tuple[Line, Line]]) -> int | None:
    """Find the column of first lines; none where lines that surely go on stand in as far."""
    column = min(line.indent for line in lines) + _INDENT
    return None if any(after.indent >= column for _, after in sure) else column


def _are_sentences(chunks: Sequence[Sequence[Line]]) -> bool:
    """Tell whether the lines of most chunks are single sentences."""
    several = [line for chunk in chunks if len(chunk) > 1 for line in chunk]
    single = sum(line.ends_sentence and not _INNER_END.search(line.head) for line in several)
    return single >= _SINGLE * len(several) and len(several) >= 0.5 * sum(len(chunk) for chunk in chunks)


def _joins(group: Sequence[Line], line: Line, layout: _Layout) -> bool:
    """Tell whether a line goes on with the block of the lines before it."""
    before, first = group[-1], group[0]
    if line.gap > layout.gap or before.marker == Marker.HEADING or line.marker == Marker.HEADING:
        return False
    if _is_label(before, layout) and line.gap == 0 and not _is_label(line, layout):
        return True
    quotes = (before.marker == Marker.QUOTE) + (line.marker == Marker.QUOTE)
    if quotes == 2 and line.gap == 0:  # one paragraph of Markdown, unless every paragraph is a line
        return layout.wrapped or not before.ends_sentence
    if quotes == 1 or _opens(before, line, layout):
        return False
    deeper = line.indent >= before.indent + _INDENT or (layout.inset is not None and line.indent >= layout.inset)
    hanging = first.marker in (Marker.BULLET, Marker.NUMBER, Marker.SPEAKER)
    if layout.indented and not (hanging and deeper):
        if deeper:
            return False
        if not layout.wrapped:
            return _goes_on_unindented(group, line)
    elif deeper and not hanging and layout.wrapped and before.ends_sentence:
        return False
    if layout.wrapped:
        return _runs_on(before, line, layout)
    return layout.sentences and before.ends_sentence and line.ends_sentence


def _opens(before: Line, line: Line, layout: _Layout) -> bool:
    """Tell whether a line opens a list item, a numbered paragraph or a speaker's turn."""
    if line.marker == Marker.SPEAKER:
        return not (
            layout.wrapped
            and not before.ends_sentence
            and before.marker == Marker.NONE
            and _is_full(before, line, layout)
        )
    if line.marker == Marker.NAME:
        return layout.names and before.ends_sentence
    if line.marker in (Marker.BULLET, Marker.NUMBER):
        broken = (
            layout.wrapped
            and _is_full(before, line, layout)
            and not re.search(r"[.:;!?,][)\"'”’]*\Z|\b(?:and|or)\Z", before.tail)
        )
        return not broken
    return False


def _is_label(line: Line, layout: _Layout) -> bool:
    """Tell a speaker's name that stands alone above the turn."""
    named = line.marker == Marker.SPEAKER or (layout.names and line.marker == Marker.NAME)
    return named and line.width <= _LABEL_WIDTH and line.tail.rstrip("*_").endswith(":")


def _is_full(before: Line, line: Line, layout: _Layout) -> bool:
    return _reach(before, line, layout.margin) >= layout.reach


def _runs_on(before: Line, line: Line, layout: _Layout) -> bool:
    """Tell in wrapped text whether a line goes on with the paragraph of the line before it."""
    if _is_full(before, line, layout) and max(before.width, line.width) <= layout.limit:
        return True
    if layout.divided and layout.gap == 0:
        return _SHORT * layout.reach <= before.width <= layout.limit or line.starts_lower
    return _goes_on(before, line)


def _goes_on_unindented(group: Sequence[Line], line: Line) -> bool:
    """Tell where indentation marks paragraphs and lines are sentences whether a line at the margin goes on."""
    margin = line.indent
    opened = group[0].indent >= margin + _INDENT
    if line.width <= _LABEL_WIDTH and not (
        line.ends_sentence or line.starts_lower or line.tail.endswith((":", ";", ","))
    ):
        return False  # a heading or an editor's name
    return opened and (len(group) > 1 or group[0].ends_sentence or line.starts_lower)
