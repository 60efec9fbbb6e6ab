"""Repairs damaged text on a shadow copy: the original stays as it is, and every offset finds its way back.

What is repaired: text decoded in the wrong encoding and HTML entities; invisible characters, and letters that only look
like Latin ones; words hyphenated at a line end; white space; and the spacing that machine translation leaves
("regions.One of", "Asia -Pacific", "peace ,"). Else letters, quotation marks and dashes are never restyled.

Each pass finds small edits in the text as the passes before left it, and the edits of all passes are merged into one
list of pieces, so the offset map is exact. The passes repeat until none finds anything more, so repairing twice
changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from html import unescape
from html.entities import html5

from stance.text.disguise import find_hidden, find_lookalikes
from stance.text.hashtags import find_seams
from stance.text.offsets import Edit, Piece, Repaired, apply, compose

__all__ = ["Piece", "Repaired", "repair"]

# Two rounds do for real text (the second finds nothing); the rest are for entities inside entities and the like.
# Nearly every edit shortens the text, so the rounds end by themselves; the bound keeps crafted input linear.
_MAX_ROUNDS = 64


def repair(text: str, *, hashtags: bool = False) -> Repaired:
    """Repair a paragraph (or a whole text) on a shadow copy.

    White space becomes one space, except that a blank line stays a blank line and a line that opens with a bullet stays
    a line; at both ends it goes. A compound hyphenated at a line end in lower case loses its hyphen ("long-" +
    "term" -> "longterm"): without a dictionary it cannot be told from a divided word.

    Args:
        text: Any text; it is not changed.
        hashtags: Whether the words of hashtags are parted, too, as models read them.

    Returns:
        The repaired copy with its offset map. Repairing ``repair(text).text`` again changes nothing.
    """
    current, pieces = text, ()  # type: str, tuple[Piece, ...]
    passes = (*_PASSES, find_seams) if hashtags else _PASSES
    for _ in range(_MAX_ROUNDS):
        before = current
        for find in passes:
            edits = list(find(current))
            if edits:
                current, step = apply(current, edits)
                pieces = compose(pieces, step)
        if current == before:
            break
    return Repaired(text, current, pieces)


# --- wrong encoding and entities --------------------------------------------------------------------------------------

_TOKEN = re.compile(r"[^ \t\r\n]+")  # not \S: mojibake holds U+0085 and U+00A0, which are white space
_ASCII_RUN = re.compile(r"[!-~]+")
# An ampersand that was escaped again and again is one edit: else each escape would take a round of its own.
_ENTITY = re.compile(
    r"&(?P<more>(?:(?:amp|AMP|#0{0,5}38|#[xX]0{0,4}26);)*)(?:(?P<name>#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});)?"
)


@cache
def _decoder() -> Callable[[str], str | None]:
    """Give the function that undoes a wrong decoding; ftfy is imported when first needed (130 ms)."""
    import ftfy
    from ftfy.badness import is_bad

    config = ftfy.TextFixerConfig(
        unescape_html=False,
        remove_terminal_escapes=False,
        fix_encoding=True,
        restore_byte_a0=True,
        replace_lossy_sequences=True,
        decode_inconsistent_utf8=True,
        fix_c1_controls=False,
        fix_latin_ligatures=False,
        fix_character_width=False,
        uncurl_quotes=False,
        fix_line_breaks=False,
        fix_surrogates=False,
        remove_control_chars=False,
        normalization=None,
        explain=False,
    )

    def decode(token: str) -> str | None:
        if not is_bad(token) and "â€" not in token:
            return None
        # A closing quote (E2 80 9D) often lost its last byte, which has no character in windows-1252.
        return str(ftfy.fix_encoding(token, config)).replace("â€", "”")

    return decode


def _find_mojibake(text: str) -> Iterator[Edit]:
    """Undo wrong decodings, token by token: ftfy knows no offsets, and good text beside bad must not stop it."""
    if text.isascii():
        return
    decode = _decoder()
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token.isascii():
            continue
        if token[-1] == "Ã" and text[match.end() : match.end() + 1] == " ":
            token += " "  # "à" is C3 A0, and A0, a no-break space, has often become a plain one
        fixed = decode(token)
        if fixed is not None and fixed != token:
            yield from _differences(token, fixed, match.start())


def _differences(old: str, new: str, offset: int) -> Iterator[Edit]:
    """Give the edits between two forms of a token; its ASCII runs are expected to survive."""
    edits: list[Edit] = []
    at = new_at = 0
    for run in _ASCII_RUN.finditer(old):
        new_start = new.find(run.group(), new_at)
        if new_start < 0:
            edits, at, new_at = [], 0, 0
            break
        if old[at : run.start()] != new[new_at:new_start]:
            edits.append(Edit(offset + at, offset + run.start(), new[new_at:new_start]))
        at, new_at = run.end(), new_start + len(run.group())
    if old[at:] != new[new_at:]:
        edits.append(Edit(offset + at, offset + len(old), new[new_at:]))
    yield from edits


def _find_entities(text: str) -> Iterator[Edit]:
    """Resolve ``&amp;``, ``&#8217;`` and the like; a name that HTML does not know stays."""
    if "&" not in text:
        return
    for match in _ENTITY.finditer(text):
        name = match["name"] or ""
        new = unescape(f"&{name};") if name.startswith("#") else html5.get(f"{name};")
        if new is not None and new != f"&{name};":
            yield Edit(match.start(), match.end(), new)
        elif match["more"]:
            yield Edit(match.start(), match.start() + 1 + len(match["more"]), "&")


# --- lines and white space --------------------------------------------------------------------------------------------

_LINE_END_HYPHEN = re.compile(r"(?<=[^\W\d_])-[ \t]*(?:\r\n|[\r\n])[ \t]*(?=([^\W\d_]+))")
_SUSPENDED = frozenset({"and", "or", "to"})  # "pre- and post-war"
_SPACE = re.compile(r"\s{2,}|[^\S ]|\A | \Z")
_LINE_BREAK = re.compile(r"\r\n|[\n\r\u2028]|\u2029")
_BULLET = re.compile(r"[-–—•‣▪◦*·]")


def _find_line_ends(text: str) -> Iterator[Edit]:
    """Join words divided at a line end; with a capital on either side the hyphen belongs to the word and stays."""
    for match in _LINE_END_HYPHEN.finditer(text):
        after = match.group(1)
        if after in _SUSPENDED:
            continue
        divided = text[match.start() - 1].islower() and after[0].islower()
        yield Edit(match.start() + (not divided), match.end(), "")


def _find_space(text: str) -> Iterator[Edit]:
    """Make white space one space; blank lines and lines that open with a bullet stay apart."""
    for match in _SPACE.finditer(text):
        run = match.group()
        breaks = len(_LINE_BREAK.findall(run))
        if match.start() == 0 or match.end() == len(text):
            new = ""
        elif breaks > 1 or "\u2029" in run:
            new = "\n\n"
        elif breaks and _BULLET.match(text, match.end()):
            new = "\n"
        else:
            new = " "
        if new != run:
            yield Edit(match.start(), match.end(), new)


# --- spacing of machine translation -----------------------------------------------------------------------------------

_STOP = re.compile(r"[.!?…][”’»)\]]?(?=[“‘«]?[^\W\d_])")
_NEXT_WORD = re.compile(r"[“‘«]?([^\W\d_]+)")
_LAST_WORD = re.compile(r"[\w.'’&%-]+\Z")
_REACH = 80  # code points looked at on each side of a stop; longer "words" are no prose
# What must not be cut: addresses, paths, identifiers, and names that end in a domain or a file suffix.
_ADDRESS = re.compile(r"://|www\.|[@\\_=]|/.*/", re.IGNORECASE)
_SUFFIX = re.compile(
    r"(?:com|org|net|gov|edu|int|mil|info|eu|uk|de|fr|cn|ru|io|html?|php|aspx?|pdf|docx?|xlsx?|pptx?|txt|csv|tsv|json|xml"
    r"|zip|gz|jpe?g|png|gif|mp[34]|exe|py|js|md)\Z",
    re.IGNORECASE,
)
_ABBREVIATION = re.compile(
    r"(?:adm|al|brig|capt|cf|cmdr|co|col|corp|dept|dr|ed|eds|etc|fig|gen|gov|hon|inc|jr|lt|ltd|maj|mr|mrs|ms|mt|nos|op|pp"
    r"|pres|prof|rep|rev|sen|sgt|sr|st|univ|viz|vol|vs|jan|feb|apr|aug|sept|oct|nov|dec)\Z",
    re.IGNORECASE,
)
_SPACED_HYPHEN = re.compile(r"(?:(?<=[^\W\d_])|(?<=[A-Z]\.)) -(?=([^\W\d_]{2,}))")
# A dash, not a hyphen, comes before these ("PARIS -In the aftermath"); none of them is the second part of a compound.
_AFTER_DASH = re.compile(
    r"(?:an?|and|are|as|at|became|because|but|by|for|from|he|if|in|is|it|not|on|or|our|she|so|some|that|the|their|then|there"
    r"|these|they|this|those|to|was|we|were|what|when|where|which|while|who|with|you)\Z",
    re.IGNORECASE,
)
_CLOSING_DASH = re.compile(r"[\w.,”’\"'»)]-(?:[\s,.;:!?]|\Z)")
_SPACE_BEFORE_STOP = re.compile(r"(?<=[\w%”’»)\]\"']) (?!\.\.)(?=[,.;?!:]+(?:[\s”’»\"']|\Z))")


def _find_glue(text: str) -> Iterator[Edit]:
    """Part sentences that were glued together ("regions.One of"), and nothing else that holds a stop."""
    for match in _STOP.finditer(text):
        if _parts_sentences(text, match.start(), match.end()):
            yield Edit(match.end(), match.end(), " ")


def _parts_sentences(text: str, stop: int, after: int) -> bool:
    """Tell whether the stop at ``stop`` ends a sentence and the next one begins at ``after`` without a space."""
    following = _NEXT_WORD.match(text, after, after + _REACH)
    if following is None or not _opens_sentence(following.group(1), text[following.end() : following.end() + 1]):
        return False
    lead = text[max(0, stop - _REACH) : stop]
    if not _closes_sentence(lead):
        return False
    rest = text[stop : after + _REACH].split(maxsplit=1)[0]
    return not _ADDRESS.search(lead.split()[-1] + rest)


def _opens_sentence(word: str, following: str) -> bool:
    """Tell whether a word after a stop can open a sentence; ``following`` is the character after it."""
    if not word[0].isupper() or _SUFFIX.match(word):
        return False
    if len(word) == 1:
        return word in "AI" and following in (" ", "’", "'")
    return word[1].islower() or word.isupper()


def _closes_sentence(lead: str) -> bool:
    """Tell whether what stands before a stop can close a sentence: no initial, no abbreviation, no dotted name."""
    if lead.endswith(("”", "’", "»", ")", "]")):
        return True
    match = _LAST_WORD.search(lead)
    if match is None:
        return False
    word = match.group().rpartition(".")[2].lstrip("'’-&")  # "D" of "Ph.D", "5" of "3.5"
    if word.isdigit() or word.endswith("%"):
        return True
    return len(word) > 1 and word[-1].isalnum() and not _ABBREVIATION.match(word)


def _find_hyphens(text: str) -> Iterator[Edit]:
    """Close the gap in "Asia -Pacific"; a pair of dashes around an aside ("-as it said- ") stays."""
    for match in _SPACED_HYPHEN.finditer(text):
        aside = text[match.end() : match.end() + 2 * _REACH]
        if not _AFTER_DASH.match(match.group(1)) and not _CLOSING_DASH.search(aside.partition("\n\n")[0]):
            yield Edit(match.start(), match.start() + 1, "")


def _find_stops(text: str) -> Iterator[Edit]:
    """Drop the space before a comma, a full stop and their like."""
    for match in _SPACE_BEFORE_STOP.finditer(text):
        yield Edit(match.start(), match.end(), "")


_PASSES: tuple[Callable[[str], Iterator[Edit]], ...] = (
    _find_mojibake,
    _find_entities,
    find_hidden,
    find_lookalikes,
    _find_line_ends,
    _find_space,
    _find_glue,
    _find_hyphens,
    _find_stops,
)
