"""What an explanation is made of, however weights are come by: sentences, words, names, and which are shown."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Literal

from stance.schema import Evidence, Label, Span, Stance
from stance.text.sentences import split_sentences
from stance.text.words import FUNCTION_WORDS, WORD

__all__ = [
    "SHARE",
    "Explanation",
    "Question",
    "Weighed",
    "ask",
    "choose_carrying",
    "conclude",
    "cut_sentences",
    "name_unit",
    "tell_units",
]

_SENTENCES = 2
"""Most sentences that are shown and whose words are tried."""
_LONGEST = 80
"""Most words of a sentence: what has no full stop for longer (a transcript, a list) is tried in even pieces."""
SHARE = 0.5
"""A second sentence is shown if it carries at least this share of what the first one carries."""
_WORDS = 6
"""Most words and mentions that are shown: more is no longer a reason but the sentence again."""
_FEWEST = 3
"""Words and mentions that are shown however light: of two that say the same, each can be spared."""
_LEAST = 0.01
"""Least weight of further ones: what rounds to no change of a per cent is none."""
_TURNS = "against cannot few less more must neither never no nor not nothing only should too without"
_TELLING = frozenset(_TURNS.split())
"""Function words that can turn a stance round; the others are not tried."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a label rests on.

    Attributes:
        text: The text, unchanged; all offsets are its code points.
        target: Name of the target.
        label: The label that is explained.
        probability: Its probability in [0, 1].
        sentences: The sentences that were tried, with their weights, in order: all unless there are more than 24.
        words: The words and mentions that were tried, with their weights, in order.
        evidence: Those sentences, words and mentions that carry the label, in order: what is shown.
    """

    text: str
    target: str
    label: Label
    probability: float
    sentences: tuple[Evidence, ...]
    words: tuple[Evidence, ...]
    evidence: tuple[Evidence, ...]

    @property
    def ranked_words(self) -> tuple[Evidence, ...]:
        """The words and mentions that were tried, the heaviest first."""
        return tuple(sorted(self.words, key=lambda item: -item.weight))


@dataclass(frozen=True, slots=True)
class Question:
    """A label of a text that is to be explained."""

    text: str
    target: str
    label: Label
    probability: float
    mentions: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Weighed:
    """Sentences with their weights, which of them carry the label, and what each bears alone, where that is known."""

    sentences: tuple[Evidence, ...]
    carrying: tuple[Evidence, ...]
    alone: Mapping[Evidence, float]


def ask(text: str, stance: Stance) -> Question:
    """Make a question of a text and a stance toward a target in it."""
    return Question(text, stance.target, stance.label, stance.probabilities[stance.label], stance.mentions)


def cut_sentences(text: str) -> tuple[Span, ...]:
    """Give the sentences of a text, the longest of them in pieces."""
    return tuple(chain.from_iterable(map(_cut, split_sentences(text))))


def _cut(sentence: Span) -> Iterator[Span]:
    """Cut what is too long for a sentence into even pieces, before words."""
    words = [match.start() for match in WORD.finditer(sentence.text)]
    pieces = max(1, math.ceil(len(words) / _LONGEST))
    cuts = [words[place * len(words) // pieces] for place in range(1, pieces)]
    for start, end in pairwise((0, *cuts, len(sentence.text))):
        text = sentence.text[start:end].rstrip()
        yield Span(sentence.start + start, sentence.start + start + len(text), text)


def choose_carrying(carried: Mapping[Evidence, float]) -> tuple[Evidence, ...]:
    """Choose, of sentences and what each carries of the label, those that are shown, in order."""
    ranked = sorted(carried, key=lambda item: -carried[item])[:_SENTENCES]
    chosen = [item for item in ranked if carried[item] > 0 and carried[item] >= SHARE * carried[ranked[0]]]
    return tuple(sorted(chosen, key=lambda item: item.start))


def tell_units(question: Question, sentence: Evidence) -> Iterator[Span]:
    """Give the stretches of a sentence that are tried: names of the target as wholes, and words that can tell."""
    mentions = [span for span in question.mentions if sentence.start <= span.start and span.end <= sentence.end]
    units = list(mentions)
    for match in WORD.finditer(question.text, sentence.start, sentence.end):
        start, end = match.span()
        word = match.group().casefold()
        named = any(start < span.end and span.start < end for span in mentions)
        if not named and (word not in FUNCTION_WORDS or word in _TELLING):
            units.append(Span(start, end, match.group()))
    yield from sorted(units, key=lambda span: span.start)


def name_unit(question: Question, span: Span) -> Literal["mention", "word"]:
    """Tell whether a unit is a name of the target or another word."""
    named = any((span.start, span.end) == (mention.start, mention.end) for mention in question.mentions)
    return "mention" if named else "word"


def conclude(question: Question, found: Weighed, words: Sequence[Evidence]) -> Explanation:
    """Choose what is shown of the words: the heaviest in the sentences that carry the label."""
    heaviest = sorted((item for item in words if item.weight > 0), key=lambda item: -item.weight)
    carrying = [(item.start, item.end) for item in found.carrying]
    ranked = [item for item in heaviest if any(start <= item.start < end for start, end in carrying)][:_WORDS]
    telling = [item for place, item in enumerate(ranked) if place < _FEWEST or item.weight >= _LEAST]
    shown = sorted([*found.carrying, *telling], key=lambda item: (item.start, -item.end))
    return Explanation(
        question.text,
        question.target,
        question.label,
        question.probability,
        found.sentences,
        tuple(words),
        tuple(shown),
    )
