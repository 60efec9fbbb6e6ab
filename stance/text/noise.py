"""Controlled noise: what machine translation, careless typing and scanning do to a text, at a rate that is said.

Written by hand, on numpy alone: nlpaug and textattack are no longer kept up and bring torch or more with them, and
neither knows the slips of machine translation into English that the project's texts are full of.

Each function finds the places of a text, draws for each whether it is changed, and carries out one of the changes that
the place allows. Same text, rate and state of the generator: same result.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from stance.errors import InputError
from stance.schema import Span
from stance.text.offsets import Edit, apply
from stance.text.words import FUNCTION_WORDS

__all__ = ["casing_noise", "ocr_noise", "punctuation_noise", "translation_noise"]

_Change = tuple[Edit, ...]
"""Edits of one kind, any of which may be carried out."""


def translation_noise(text: str, rate: float, generator: np.random.Generator, *, keep: Sequence[Span] = ()) -> str:
    """Make the slips of machine translation into English.

    Articles are dropped, added and mistaken; prepositions, number and agreement are wrong; words and phrases come
    twice, are glued or split; spaces stray before marks ("U . S .") and into compounds ("Asia -Pacific"); quotation
    marks are lost or become others.

    Args:
        text: Any text.
        rate: Share in [0, 1] of the words that are changed, on average.
        generator: Where the chance comes from.
        keep: Stretches of the text that stay as they are and stay words of their own, such as mentions.

    Returns:
        The noisy text; the text itself if the rate is 0.

    Raises:
        InputError: The rate is not in [0, 1].

    >>> translation_noise("The talks on the Asia-Pacific have ended.", 0.4, np.random.default_rng(5))
    'The talks on a Asia -Pacific has ended.'
    """
    words = list(_WORD.finditer(text))
    following = [*(match.start() for match in words), len(text)][1:]
    places = [list(_slips(text, match, after)) for match, after in zip(words, following, strict=True)]
    return _disturb(text, places, rate, generator, keep)


def casing_noise(text: str, rate: float, generator: np.random.Generator, *, keep: Sequence[Span] = ()) -> str:
    """Write words in other capitals: all small, all capitals, or the first letter the other way.

    Args:
        text: Any text.
        rate: Share in [0, 1] of the words with letters that are changed, on average.
        generator: Where the chance comes from.
        keep: Stretches of the text that stay as they are.

    Returns:
        The noisy text; the text itself if the rate is 0.

    Raises:
        InputError: The rate is not in [0, 1].

    >>> casing_noise("Both sides met in Paris.", 0.5, np.random.default_rng(1))
    'Both sides Met in PARIS.'
    """
    return _disturb(text, [list(_casings(match)) for match in _LETTERS.finditer(text)], rate, generator, keep)


def punctuation_noise(text: str, rate: float, generator: np.random.Generator, *, keep: Sequence[Span] = ()) -> str:
    """Drop, double, exchange and displace marks; a mark between digits ("3.5") is left alone.

    Args:
        text: Any text.
        rate: Share in [0, 1] of the marks that are changed, on average.
        generator: Where the chance comes from.
        keep: Stretches of the text that stay as they are and stay words of their own.

    Returns:
        The noisy text; the text itself if the rate is 0.

    Raises:
        InputError: The rate is not in [0, 1].

    >>> punctuation_noise("“Stop,” he said; they did.", 0.5, np.random.default_rng(6))
    '“Stop" he said;; they did.'
    """
    return _disturb(text, [list(_remarks(match)) for match in _MARK.finditer(text)], rate, generator, keep)


def ocr_noise(text: str, rate: float, generator: np.random.Generator, *, keep: Sequence[Span] = ()) -> str:
    """Misread letters as scanning does ("rn" as "m", "l" as "1"), lose some, and divide words at line ends.

    Args:
        text: Any text.
        rate: Share in [0, 1] of the words that can be misread that are changed, on average.
        generator: Where the chance comes from.
        keep: Stretches of the text that stay as they are and stay words of their own.

    Returns:
        The noisy text; the text itself if the rate is 0.

    Raises:
        InputError: The rate is not in [0, 1].

    >>> ocr_noise("Their modern government will call.", 0.5, np.random.default_rng(10))
    'Their modem government wjll call.'
    """
    return _disturb(text, [list(_misreadings(match)) for match in _WORD.finditer(text)], rate, generator, keep)


def _disturb(
    text: str, places: Sequence[list[_Change]], rate: float, generator: np.random.Generator, keep: Sequence[Span]
) -> str:
    """Carry out one change at some of the places; changes of different places do not overlap."""
    if not 0 <= rate <= 1:
        raise InputError(f"rate: expected a share in [0, 1], found {rate}. Give 0.1 to change one word in ten.")
    allowed = [_allowed(text, changes, keep) for changes in places]
    open_places = [changes for changes in allowed if changes]
    edits: list[Edit] = []
    for changes, drawn in zip(open_places, generator.random(len(open_places)), strict=True):
        if drawn < rate:
            change = changes[generator.integers(len(changes))]
            edits.append(change[generator.integers(len(change))])
    return apply(text, edits)[0]


def _allowed(text: str, changes: Sequence[_Change], keep: Sequence[Span]) -> list[_Change]:
    """Leave out edits that change nothing and those that touch what is kept."""
    fit = [
        tuple(
            edit
            for edit in change
            if text[edit.start : edit.end] != edit.new
            and not any(edit.start <= span.end and span.start <= edit.end for span in keep)
        )
        for change in changes
    ]
    return [change for change in fit if change]


# --- machine translation ----------------------------------------------------------------------------------------------

_WORD = re.compile(r"\S*\w\S*")
_CORE = re.compile(r"\w(?:\S*\w)?")
_MISTAKEN = {
    "the": "a",
    "a": "the",
    "an": "the a",
    "in": "on at of",
    "on": "in at about",
    "at": "in on",
    "to": "for at",
    "for": "to of",
    "of": "from for in",
    "from": "of",
    "by": "with from",
    "with": "by to",
    "against": "to",
    "toward": "to for",
    "towards": "to for",
    "about": "on of",
    "between": "among of",
    "among": "between",
    "under": "in",
    "over": "on",
    "during": "in",
    "since": "from",
    "into": "in to",
    "is": "are be",
    "are": "is",
    "was": "were is",
    "were": "was are",
    "has": "have",
    "have": "has",
    "does": "do",
    "do": "does",
    "this": "these",
    "these": "this",
    "that": "which",
    "its": "their his",
    "their": "its",
    "it": "this he",
    "much": "many",
    "many": "much",
    "will": "would",
    "must": "should",
}
_QUOTES = {"“": '"«', "”": '"»', '"': "“'", "«": '"', "»": '"', "‘": "'“", "’": "'"}


def _slips(text: str, word: re.Match[str], following: int) -> Iterator[_Change]:
    """Give the slips that a word allows; all lie before ``following``, where the next word starts."""
    core = _CORE.search(word.group())
    if core is None:
        return
    start, end = word.start() + core.start(), word.start() + core.end()
    typical = [*_wrong_words(core.group(), start, end, following), *_stray_spaces(word, end), *_lost_quotes(word)]
    yield from typical
    if core.group().lower() not in FUNCTION_WORDS:
        yield from _broken_words(text, core.group(), start, end)
    elif typical:
        return
    yield (Edit(start, start, core.group() + " "), *_doubled_phrase(text, start, end))
    if text[word.end() : following] == " " and following < len(text):
        yield (Edit(word.end(), following, ""),)


def _wrong_words(word: str, start: int, end: int, following: int) -> Iterator[_Change]:
    """Mistake articles, prepositions, agreement and number; drop an article."""
    small = word.lower()
    if small in _MISTAKEN:
        for other in _MISTAKEN[small].split():
            yield (Edit(start, end, other.capitalize() if word[0].isupper() else other),)
    if small in ("the", "a", "an") and word == small:
        yield (Edit(start, following, ""),)
    if re.fullmatch(r"[a-z]{3,}[^aius\W]s", word):
        yield (Edit(end - 1, end, ""),)


def _stray_spaces(word: re.Match[str], end: int) -> Iterator[_Change]:
    """Put spaces before marks, into abbreviations and beside hyphens."""
    token = word.group()
    if re.match(r"[,.;:!?]", token[end - word.start() :]):
        yield (Edit(end, end, " "),)
    if re.fullmatch(r"(?:[A-Z]\.){2,}", token):
        yield (Edit(word.start(), word.end(), " ".join(token)),)
    hyphens = [word.start() + found.start() for found in re.finditer(r"(?<=\w)-(?=\w)", token)]
    if hyphens:
        yield tuple(Edit(at, at + 1, new) for at in hyphens for new in (" -", " -", "- ", " ", ""))


def _lost_quotes(word: re.Match[str]) -> Iterator[_Change]:
    """Lose a quotation mark, or make it another; an apostrophe only becomes another."""
    for number, letter in enumerate(word.group()):
        if letter in _QUOTES:
            at = word.start() + number
            yield tuple(Edit(at, at + 1, new) for new in _QUOTES[letter])
            if letter != "’":
                yield (Edit(at, at + 1, ""),)


def _broken_words(text: str, word: str, start: int, end: int) -> Iterator[_Change]:
    """Split or hyphenate a long word; put an article before it."""
    if len(word) > 6 and word.isalpha():
        yield tuple(Edit(at, at, new) for at in range(start + 3, end - 2) for new in (" ", "-"))
    before = text[max(0, start - 20) : start].split()
    bare = text[start - 1 : start] == " " and not (before and before[-1].lower() in ("the", "a", "an"))
    if bare and word.isalpha():
        yield (Edit(start, start, "the "),)


def _doubled_phrase(text: str, start: int, end: int) -> Iterator[Edit]:
    """Say a word and the one before it twice."""
    before = re.search(r"\w+ \Z", text[max(0, start - 20) : start])
    if before:
        yield Edit(end, end, f" {before.group()}{text[start:end]}")


# --- capitals ---------------------------------------------------------------------------------------------------------

_LETTERS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def _casings(word: re.Match[str]) -> Iterator[_Change]:
    """Write a word in the capitals that it does not have."""
    token = word.group()
    first = token[0].lower() if token[0].isupper() else token[0].upper()
    for new in (token.lower(), token.upper(), first + token[1:].lower()):
        yield (Edit(word.start(), word.end(), new),)


# --- marks ------------------------------------------------------------------------------------------------------------

_MARK = re.compile(r"(?<!\d)[.,;:!?…\"“”«»‘’'()\-–—]|[.,;:!?…\"“”«»‘’'()\-–—](?!\d)")
_EXCHANGED = {
    ".": ",;!",
    ",": ".;",
    ";": ",:",
    ":": ";.",
    "!": ".?",
    "?": ".!",
    "…": ".",
    "-": "–—",
    "–": "-—",
    "—": "-–",
    "(": "[",
    ")": "]",
    "'": "’`",
    **_QUOTES,
}


def _remarks(mark: re.Match[str]) -> Iterator[_Change]:
    """Drop, exchange or double a mark, or put a space before it."""
    sign, start, end = mark.group(), mark.start(), mark.end()
    yield (Edit(start, end, ""),)
    yield tuple(Edit(start, end, new) for new in _EXCHANGED[sign])
    if sign in ".,;:!?-":
        yield (Edit(start, end, sign * 2),)
        yield (Edit(start, end, " " + sign),)


# --- scanning ---------------------------------------------------------------------------------------------------------

_MISREAD = (
    ("rn", "m"),
    ("m", "rn"),
    ("l", "1"),
    ("l", "I"),
    ("I", "l"),
    ("O", "0"),
    ("o", "0"),
    ("e", "c"),
    ("c", "e"),
    ("cl", "d"),
    ("d", "cl"),
    ("h", "b"),
    ("li", "h"),
    ("i", "j"),
    ("w", "vv"),
    ("t", "f"),
    ("u", "ii"),
    ("S", "5"),
    ("B", "8"),
    ("0", "O"),
    ("1", "l"),
    ("5", "S"),
    ("8", "B"),
    (",", "."),
)


def _misreadings(word: re.Match[str]) -> Iterator[_Change]:
    """Misread or lose a letter of a word, or divide it at a line end."""
    token, start = word.group(), word.start()
    misread = [
        Edit(start + found.start(), start + found.end(), new)
        for old, new in _MISREAD
        for found in re.finditer(re.escape(old), token)
    ]
    yield tuple(misread)
    letters = [start + number for number, letter in enumerate(token) if letter.isalpha()]
    if len(letters) > 3:
        yield tuple(Edit(at, at + 1, "") for at in letters[1:])
    inside = [one + 1 for one, two in pairwise(letters) if two == one + 1]
    if len(letters) > 5 and inside[2:-2]:
        yield tuple(Edit(at, at, "-\n") for at in inside[2:-2])
