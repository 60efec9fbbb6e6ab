"""Random edits of a text, as copies have them: typos, words lost or doubled, lines wrapped or put in, CRLF, quotes.

And paragraphs that look like another: twins that are worded alike, and such that quote it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

EDITS = 200
LONGEST = 12
"""Words of the longest of short paragraphs."""
LETTERS = "abcdefghijklmnopqrstuvwxyz"
WIDTHS = (50, 60, 72, 90)
QUOTES = str.maketrans("“”„«»‘’‚", '"""""\'\'\'')
TEASERS = (
    "Read more: What the harbour towns want",
    "Advertisement",
    "Also of interest: Ten walks along the river",
    "Subscribe to our evening letter",
    "Listen to this article (6 minutes)",
    "Photo: a market square in spring",
)

Sign = tuple[str, int | None]
"""A character, and its place in the article before editing; None if it was added."""
Edit = Callable[[list[Sign], random.Random, int], bool]


def text_of(signs: Sequence[Sign]) -> str:
    """Give the text."""
    return "".join(sign for sign, _ in signs)


def _pick(signs: Sequence[Sign], generator: random.Random) -> int:
    """Choose a character that breaks no line."""
    while True:
        place = generator.randrange(len(signs) - 1)
        if signs[place][0] not in "\r\n":
            return place


def substitute(signs: list[Sign], generator: random.Random, _width: int) -> bool:
    """Put another letter for a character."""
    place = _pick(signs, generator)
    signs[place] = (generator.choice(LETTERS), signs[place][1])
    return True


def delete(signs: list[Sign], generator: random.Random, _width: int) -> bool:
    """Leave out a character."""
    del signs[_pick(signs, generator)]
    return True


def insert(signs: list[Sign], generator: random.Random, _width: int) -> bool:
    """Put in a letter."""
    place = _pick(signs, generator)
    signs.insert(place, (generator.choice(LETTERS), signs[place][1]))
    return True


def transpose(signs: list[Sign], generator: random.Random, _width: int) -> bool:
    """Exchange two characters."""
    place = _pick(signs, generator)
    if signs[place + 1][0] in "\r\n":
        return False
    (one, first), (other, second) = signs[place], signs[place + 1]
    signs[place], signs[place + 1] = (other, first), (one, second)
    return True


def _pick_word(signs: Sequence[Sign], generator: random.Random) -> tuple[int, int]:
    return generator.choice([match.span() for match in re.finditer(r"\S+", text_of(signs))])


def drop_word(signs: list[Sign], generator: random.Random, _width: int) -> bool:
    """Leave out a word and the space after it."""
    start, end = _pick_word(signs, generator)
    del signs[start : end + (end < len(signs) and signs[end][0] == " ")]
    return True


def double_word(signs: list[Sign], generator: random.Random, _width: int) -> bool:
    """Write a word twice."""
    start, end = _pick_word(signs, generator)
    signs[end:end] = [(" ", signs[end - 1][1]), *signs[start:end]]
    return True


def wrap(signs: list[Sign], generator: random.Random, width: int) -> bool:
    """Wrap lines that stand together to another width."""
    text = text_of(signs)
    parts = [match.span() for match in re.finditer(r"[^\r\n]+(?:\r?\n[^\r\n]+)*", text)]
    long = [span for span in parts if any(len(line) > width for line in text[slice(*span)].splitlines())]
    if not long:
        return False
    start, end = generator.choice(long)
    part = [(" " if sign == "\n" else sign, origin) for sign, origin in signs[start:end] if sign != "\r"]
    line = 0
    for place, (sign, origin) in enumerate(part):
        line += 1
        rest = "".join(sign for sign, _ in part[place + 1 : place + 1 + width]).partition(" ")[0]
        if sign == " " and line + len(rest) > width:
            part[place] = ("\n", origin)
            line = 0
    signs[start:end] = part
    return True


def insert_line(signs: list[Sign], generator: random.Random, _width: int) -> bool:
    """Put a teaser after a line."""
    ends = [place for place, (sign, _) in enumerate(signs) if sign == "\n"]
    place = generator.choice(ends)
    signs[place:place] = [(sign, None) for sign in "\n" + generator.choice(TEASERS)]
    return True


def carriage_returns(signs: list[Sign], _generator: random.Random, _width: int) -> bool:
    """End every line with CRLF."""
    changed: list[Sign] = []
    for sign, origin in signs:
        if sign == "\n" and (not changed or changed[-1][0] != "\r"):
            changed.append(("\r", origin))
        changed.append((sign, origin))
    done = len(changed) > len(signs)
    signs[:] = changed
    return done


def double_space(signs: list[Sign], generator: random.Random, _width: int) -> bool:
    """Write a space twice."""
    place = generator.choice([place for place, (sign, _) in enumerate(signs) if sign == " "])
    signs.insert(place, signs[place])
    return True


def straighten_quotes(signs: list[Sign], _generator: random.Random, _width: int) -> bool:
    """Make every quotation mark straight."""
    before = text_of(signs)
    signs[:] = [(sign.translate(QUOTES), origin) for sign, origin in signs]
    return before != text_of(signs)


def change_case(signs: list[Sign], generator: random.Random, _width: int) -> bool:
    """Write a word in capitals, or small."""
    start, end = _pick_word(signs, generator)
    change = generator.choice((str.upper, str.lower, str.title))
    signs[start:end] = [(change(sign) if len(change(sign)) == 1 else sign, origin) for sign, origin in signs[start:end]]
    return True


KINDS: tuple[Edit, ...] = (
    substitute,
    delete,
    insert,
    transpose,
    drop_word,
    double_word,
    wrap,
    insert_line,
    carriage_returns,
    double_space,
    straighten_quotes,
    change_case,
)


def edit_text(text: str, generator: random.Random, edits: int = EDITS) -> list[Sign]:
    """Make random edits; one that changes nothing is drawn again."""
    signs: list[Sign] = [(sign, place) for place, sign in enumerate(text)]
    width, done = generator.choice(WIDTHS), 0
    while done < edits:
        done += generator.choice(KINDS)(signs, generator, width)
    return signs


def twin_of(paragraph: str, words: Sequence[str], generator: random.Random) -> str:
    """Put other words for one in ten of a paragraph, two at least, as in the same report of another year."""
    parts = re.split(r"(\w+)", paragraph)
    places = range(1, len(parts), 2)
    for place in generator.sample(places, min(len(places), max(2, len(places) // 10))):
        parts[place] = generator.choice([word for word in words if word != parts[place]])
    return "".join(parts)


def quote(paragraph: str, other: str, generator: random.Random) -> str:
    """Make a paragraph of another's words around 20 to 40 words of the first, three quarters of it at most.

    About as many words stand before and behind them as there.
    """
    words, foreign = paragraph.split(), other.split()
    length = min(generator.randint(20, 40), len(words) * 3 // 4)
    first = generator.randrange(len(words) - length + 1)
    ahead, behind = (
        max(0, number + generator.randint(-2, 2)) if number else 0 for number in (first, len(words) - length - first)
    )
    around = foreign * (1 + (ahead + behind) // len(foreign))
    return " ".join([*around[:ahead], *words[first : first + length], *around[ahead : ahead + behind]])


def shorten(paragraph: str, generator: random.Random) -> str:
    """Give the first 5 to 12 words of a paragraph, as a sentence."""
    return " ".join(paragraph.split()[: generator.randint(5, LONGEST)]).rstrip(",;:–—.!?") + "."
