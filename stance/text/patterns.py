"""Phrases that tell bylines, dates, notes and page furniture from running text."""

from __future__ import annotations

import re

__all__ = ["AUTHOR_NOTE", "BYLINE", "DATE", "FIELD", "FURNITURE", "LIST_HEAD", "PERSON_NOTE"]


def _any(*alternatives: str) -> str:
    return f"(?:{'|'.join(alternatives)})"


_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)[a-z]*\.?"
_WEEKDAY = r"(?:(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?\.?,?\s+)?"
_CLOCK = r"\d{1,2}[:.]\d{2}(?::\d{2})?\s*(?:[AaPp]\.?[Mm]\.?)?\s*(?:\(?[A-Z]{2,5}(?:[+-]\d+)?\)?)?"
_PLACE = r"(?:[A-Z][\w .'’-]{1,30}[,|·—–-]\s*)?"
_DAY = _any(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}",
    r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}",
    rf"{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s+\d{{4}})?",
    rf"\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH}(?:,?\s+\d{{4}})?",
    rf"{_MONTH}\s+\d{{4}}",
    r"\d{4}年\d{1,2}月\d{1,2}日",
)
_STAMP = r"(?:(?:[Ll]ast )?(?:[Uu]pdated|UPDATED|[Pp]ublished|[Pp]osted|[Rr]eleased)(?: (?:on|at|by))?:?\s+)?"
_FIELD_NAMES = _any(
    r"sources?|authors?|(?:our )?reporter|correspondent|(?:responsible )?editors?|edited by|translators?",
    r"translat(?:ed by|ion)|written by|publication date|publish(?:ed)?(?: (?:on|at|by|time|date))?",
    r"posted(?: (?:on|at|by))?",
    r"(?:last )?updated(?: (?:on|at))?|release (?:time|date)|released|date|time|dateline|byline",
    r"photo(?:graph)?(?: by)?",
    r"image|caption|credit|contact|tel|phone|e-?mail|website|location|place|venue|from|to|subject|issue|volume|section",
    r"column|keywords|speaker|delivered(?: (?:at|by|on))?",
)
DATE = re.compile(
    rf"(?:{_PLACE}|{_STAMP}(?:{_CLOCK}[,\s|-]*)?)[(\[]?{_WEEKDAY}{_DAY}(?:[,\s|T-]*(?:at\s+)?{_CLOCK})?[)\]]?\.?"
    rf"(?:\s+by(?: [A-Z][\w.'’-]*){{1,4}}|[\s|·]+(?i:{_FIELD_NAMES})\s*[:：].{{1,60}})?\Z"
)
"""A line that is a date, with or without place, time, writer and source."""

FIELD = re.compile(rf"[(\[【（*_]{{0,3}}{_FIELD_NAMES}\s*[:：]", re.IGNORECASE)
"""The name of a field and a colon, as in ``Source: ...``."""

_WRITERS = _any(
    r"[Bb]y|BY|(?:[Ww]ritten|[Tt]ranslated|[Ee]dited|[Cc]ompiled|[Pp]hoto(?:graph|s)?) by",
    r"[Oo]ur (?:own )?(?:reporters?|correspondents?|staff)|[Ff]rom our (?:own )?correspondent",
    r"[Ss]taff (?:[Rr]eporters?|[Ww]riters?)|(?:Special )?[Cc]orrespondents?|Reporters?|Text",
)
BYLINE = re.compile(rf"{_WRITERS}\b[:,]?\s+(?:[A-Z(\"“*_]|our|the|in\b|a )")
"""Who wrote a text, as in ``By Ann Lee``."""

_OPENING = r"[(\[*_—–-]*\s*"
_WRITER = (
    r"(?:The|This) (?:author|writer|columnist)s?\b.{0,60}?"
    r"\b(?:(?:is|are|was|were)(?: (?:also|both|currently|now))? (?:an?|the|at|with|based)"
    r"|serves?|teach(?:es)?|works?|holds?)\b"
)
_PIECE = r"(?:This|The) (?:article|piece|op-ed|essay|text|commentary|speech|translation)"
_APPEARED = r"(?:first |originally )?(?:published|appeared|translated|adapted|an? (?:excerpt|edited))"
AUTHOR_NOTE = re.compile(
    _OPENING
    + _any(
        _WRITER,
        r"About the authors?\b",
        r"(?:Editor|Author|Translator)[’']?s?[’']? [Nn]ote\b",
        r"(?:The )?(?:views|opinions) expressed\b",
        rf"{_PIECE} (?:was|is|first|originally|has been) ?{_APPEARED}",
        r"(?:Originally|First) published\b",
        r"(?:(?:Additional|Further) )?(?:[Rr]eporting|[Ww]riting|[Ee]diting) by [A-Z]",
    )
)
"""A note about the author or the text."""

_TITLE = r"(?:(?:Dr|Prof|Professor|Sir|Lord|Ambassador|Gen|General|Adm|Admiral)\.? )?"
_NAME = r"[A-Z][\w.'’-]+(?: (?:[A-Z][\w.'’-]*|de|van|von|der|bin|al|el|da|di)){1,4}"
_DOES = r"(?:is|was|are|has been|teaches|serves|writes|heads|holds|works|leads|edits)"
_OFFICE = _any(
    r"professor|fellow|director|researcher|analyst|author|editor|columnist|correspondent|lecturer|scholar|journalist",
    r"commentator|institute|university|chair|ambassador|scientist|historian|advis[eo]r|expert|writer",
)
PERSON_NOTE = re.compile(rf"{_OPENING}{_TITLE}{_NAME},? {_DOES}\b.{{0,200}}\b(?i:{_OFFICE})\b", re.DOTALL)
"""A sentence that says who somebody is, as in ``Ann Lee is a professor at ...``."""

_THINGS = r"(?:news|articles?|stories|content|links?|reading|posts?|topics?|coverage)"
_LISTS = _any(
    rf"related(?: {_THINGS})?",
    r"read (?:more|also|next)",
    r"see also",
    r"more (?:from|on|stories|news)\b[^.!?]{0,60}",
    r"you (?:may|might) (?:also )?like",
    r"recommended(?: for you| reading| articles?)?",
    rf"(?:most )?(?:popular|read|viewed|shared)(?: {_THINGS})?",
    r"trending(?: now)?",
    rf"latest {_THINGS}",
)
LIST_HEAD = re.compile(rf"[\s»›>*•]*{_LISTS}\s*[:：]?\Z", re.IGNORECASE)
"""The head of a list of other articles."""

_BUTTON = _any(
    r"tweet|like|print|save|share|e-?mail|comments?|copy link|whatsapp|facebook|twitter|x|telegram|linkedin|reddit",
    r"pinterest|wechat|weibo",
)
FURNITURE = re.compile(
    r"[\[(*»›>→•▶\s]*"
    + _any(
        rf"related(?: {_THINGS})?\s*(?:[:：]|\Z)",
        r"read (?:more|also|next)\b.{0,120}\Z",
        rf"{_LISTS}\s*[:：]?\Z",
        r"see also\b",
        r"you (?:may|might) (?:also )?(?:like|be interested)\b",
        r"don[’']t miss\b[^.]{0,60}\Z",
        r"(?:tags?|filed under|topics?|categories|category|labels)\s*[:：]",
        r"share(?: (?:this|on|via|to)\b[^.]{0,60}|\s*[:：|/][^.]{0,80})?\Z",
        rf"{_BUTTON}(?:[\s|/·•,]+(?:this|{_BUTTON}|\d+))*\Z",
        r"(?:leave|post|add|write) a (?:comment|reply)\b",
        r"\d+ comments?\Z",
        r"(?:subscribe|sign up|log ?in|register)\b[^.]{0,100}[.!]?\Z",
        r"follow us\b",
        r"download (?:the|our) app\b",
        r"(?:click|tap) here\b",
        r"(?:©|\(c\)|copyright\b)",
        r"all rights reserved\b",
        r"advertisements?\Z",
        r"sponsored\b[^.]{0,40}\Z",
        r"(?:skip to|back to (?:top|home))\b",
        r"home\s*[|>›»/]",
        r"(?:next|previous)(?: (?:article|page|post|story))?\s*[:：»›→]?\Z",
        r"cookies?\b.{0,40}\b(?:policy|settings)\b",
        r"(?:privacy policy|terms of (?:use|service))\b",
        r"contact us\b[^.]{0,40}\Z",
        r"(?:about us|menu|search)\Z",
    ),
    re.IGNORECASE,
)
"""What pages hold around an article."""
