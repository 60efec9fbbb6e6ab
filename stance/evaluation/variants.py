"""Texts changed on purpose, to see what a system's labels do: names hidden or exchanged, noise put in.

The changes themselves are those of `stance.text.substitution` and `stance.text.noise`; here is which are made of a
paragraph. Chance hangs on the text and a seed alone, not on what else is audited or in which order.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from stance.errors import InputError, suggest
from stance.targets import Target, find_mentions
from stance.text.decoding import is_blank
from stance.text.noise import casing_noise, ocr_noise, punctuation_noise, translation_noise
from stance.text.offsets import Edit, apply
from stance.text.substitution import mask_mentions, swap_targets
from stance.text.words import FUNCTION_WORDS

__all__ = [
    "CHANGES",
    "MASK",
    "Exchange",
    "disturb",
    "exchange_targets",
    "mask_other_words",
    "mask_target",
    "mentions_alone",
]

MASK = "X"
"""What stands for a hidden name: a plain word for any system. A tokenizer's own mask would not do: a system that was
trained with masked names has learned that it is the target that is asked for."""

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_MARKS = re.compile(r"[^\w\s]")


def mask_target(text: str, target: Target, *, spare_first: bool = False) -> str:
    """Hide the names of a target behind `MASK`.

    Args:
        text: Any text.
        target: Whose names are hidden.
        spare_first: Whether the first of them stays, so that a reader can still tell who is meant.

    Returns:
        The masked text; the text itself if there is nothing to hide.

    >>> from stance.targets import builtin_targets
    >>> mask_target("Beijing spoke; China listened.", builtin_targets()[2])
    'X spoke; X listened.'
    """
    return mask_mentions(text, target, MASK, spare_first=spare_first)[0]


def mask_other_words(text: str, target: Target, *, seed: int = 0) -> str:
    """Hide as many other words as a text has names of a target: what hiding costs where it hides someone else.

    Args:
        text: Any text.
        target: Whose names stay.
        seed: Seed of the choice among the words that are no names of the target and no function words.

    Returns:
        The text with `MASK` in place of these words, of all of them if there are fewer.
    """
    mentions = find_mentions(text, target)
    words = [
        word
        for word in _WORD.finditer(text)
        if word.group().lower() not in FUNCTION_WORDS
        and not any(word.start() < span.end and span.start < word.end() for span in mentions)
    ]
    generator = _chance(text, seed)
    chosen = generator.permutation(len(words))[: len(mentions)]
    return apply(text, (Edit(words[place].start(), words[place].end(), MASK) for place in sorted(chosen)))[0]


def mentions_alone(text: str, target: Target) -> str:
    """Reduce a text to the names that it has for a target, each once: ``""`` if it has none.

    >>> from stance.targets import builtin_targets
    >>> mentions_alone("China spoke, Beijing listened, and China left.", builtin_targets()[2])
    'China, Beijing'
    """
    return ", ".join(dict.fromkeys(span.text for span in find_mentions(text, target)))


@dataclass(frozen=True, slots=True)
class Exchange:
    """A text in which two targets have exchanged names.

    Attributes:
        place: Number of the text among those given.
        one: A target.
        other: The target whose names it has exchanged with.
        text: The new text. What it says of `one` the old one said of `other`, and the other way round.
        changed: Whether it is another text: "US$" alone names the US, but stays.
    """

    place: int
    one: Target
    other: Target
    text: str
    changed: bool


def exchange_targets(texts: Sequence[str], targets: Sequence[Target]) -> Iterator[Exchange]:
    """Exchange the names of each two targets of which a text names at least one; without a name nothing can move.

    Args:
        texts: The texts.
        targets: The targets.

    Yields:
        The exchanges, by text and then by pair, in the order given.
    """
    for place, text in enumerate(texts):
        named = {target.name for target in targets if find_mentions(text, target)}
        for one, other in combinations(targets, 2):
            if one.name in named or other.name in named:
                new = swap_targets(text, one, other)
                yield Exchange(place, one, other, new, new != text)


# --- robustness -------------------------------------------------------------------------------------------------------

_RATES = (0.05, 0.1, 0.2, 0.4)
_NOISES: dict[str, Callable[[str, float, np.random.Generator], str]] = {
    "machine translation": lambda text, rate, generator: translation_noise(text, rate, generator),
    "scanning": lambda text, rate, generator: ocr_noise(text, rate, generator),
    "casing": lambda text, rate, generator: casing_noise(text, rate, generator),
    "punctuation": lambda text, rate, generator: punctuation_noise(text, rate, generator),
}
_WHOLE: dict[str, Callable[[str], str]] = {
    "all capitals": str.upper,
    "all small letters": str.lower,
    "no punctuation": lambda text: _MARKS.sub("", text),
}
CHANGES: dict[str, tuple[float, ...]] = dict.fromkeys(_NOISES, _RATES) | dict.fromkeys(_WHOLE, (1.0,))
"""Kind of change -> the rates that it is tried at: the share of the words or marks that it changes."""


def disturb(text: str, kind: str, rate: float, *, seed: int = 0) -> str:
    """Put noise into a text, names included.

    The places that a higher rate changes include those of a lower one, so that a curve over rates is smooth.

    Args:
        text: Any text.
        kind: One of `CHANGES`.
        rate: Share in [0, 1] of the words (of the marks, for ``punctuation``) that are changed, on average; changes of
            the whole text know 1 only.
        seed: Seed of the places.

    Returns:
        The noisy text; the text itself if nothing would be left of it.

    Raises:
        InputError: If the kind is unknown, or the rate is not one that it has.
    """
    if kind not in CHANGES:
        raise InputError(f"Unknown kind of noise {kind!r}: {suggest(kind, CHANGES)}.")
    if kind in _WHOLE and rate != 1:
        raise InputError(f"{kind}: expected the rate 1, found {rate}. It changes the whole text.")
    new = _WHOLE[kind](text) if kind in _WHOLE else _NOISES[kind](text, rate, _chance(text, seed))
    return text if is_blank(new) else new


def _chance(text: str, seed: int) -> np.random.Generator:
    """Give a generator that hangs on a text and a seed."""
    return np.random.default_rng((seed, zlib.crc32(text.encode("utf-8", "surrogatepass"))))
