"""Finding a run of words of which only the hash is known where edits broke it: they are undone by trying."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from hashlib import sha256

from stance.annotation.anchors import RUN

__all__ = ["recover_run"]

_INSERTED = 10
"""Words that may have been put into a run at one place."""
_ABOUT = 3
"""Words by which a run with a typo or a lost word may stand away from where it is expected."""
_ALPHABET = 48
"""Most letters that are tried; writing systems with more are not tried letter by letter."""
_ALIKE = 0.65
"""Similarity from which on a word is an edited form of another."""


def recover_run(
    digits: str, words: Sequence[str], expected: Sequence[int], *, vocabulary: Sequence[str]
) -> tuple[int, int] | None:
    """Find a run of four words that others were put into, or in which a letter or word was changed or lost.

    Args:
        digits: The hash of the run.
        words: Words of the document about it.
        expected: Numbers of the words that it may start at, the most probable first.
        vocabulary: Words that may have been lost from it.

    Returns:
        Number of its first word and of the word after its last; None if it is not there, or if it is not sure whether
        its first or last word was lost or stands apart.
    """
    wanted = bytes.fromhex(digits)
    letters = sorted(set("".join(words)))
    letters = letters if len(letters) <= _ALPHABET else []
    about = sorted(range(-_ABOUT, _ABOUT + 1), key=abs)
    near = [place + shift for place in expected[:1] for shift in about]
    near += [place + shift for place in expected[1:] for shift in (0, 1, -1)]
    near = [place for place in dict.fromkeys(near) if 0 <= place < len(words)]
    for place in near:
        size = _undo(wanted, words[place : place + RUN + 1], letters)
        if size:
            return place, place + size
    spread = _spread(wanted, words, expected[0])
    if spread:
        return spread
    for place in near:
        rest = list(words[place : place + RUN - 1])
        for word in vocabulary if len(rest) == RUN - 1 else ():
            for lost in range(RUN):
                if _is(" ".join([*rest[:lost], word, *rest[lost:]]), wanted):
                    before, after = words[max(0, place - _INSERTED) : place], words[place + RUN - 1 :][:_INSERTED]
                    beyond = before if lost == 0 else after if lost == RUN - 1 else ()
                    return None if any(_alike(word, other) for other in beyond) else (place, place + RUN - 1)
    return None


def _alike(word: str, other: str) -> bool:
    return SequenceMatcher(None, word, other).ratio() >= _ALIKE


def _is(run: str, wanted: bytes) -> bool:
    return sha256(run.encode("utf-8", "surrogatepass")).digest()[: len(wanted)] == wanted


def _undo(wanted: bytes, words: Sequence[str], letters: Iterable[str]) -> int:
    """Undo one typo in the run that these words start with; give how many of them it has now, 0 if it is another."""
    for size, runs in (
        (RUN, _changed(" ".join(words[:RUN]), letters)),
        (RUN - 1, _split(" ".join(words[: RUN - 1]))),
        (RUN + 1, _merged(words)),
    ):
        if size <= len(words) and any(_is(run, wanted) for run in runs):
            return size
    return 0


def _spread(wanted: bytes, words: Sequence[str], expected: int) -> tuple[int, int] | None:
    """Find a run into which words were put at one place."""
    for place in sorted(range(len(words) - RUN), key=lambda place: abs(place - expected)):
        for inserted in range(1, min(_INSERTED, len(words) - place - RUN) + 1):
            for inner in range(1, RUN):
                rest = place + inner + inserted
                end = rest + RUN - inner
                if _is(" ".join([*words[place : place + inner], *words[rest:end]]), wanted):
                    return place, end
    return None


def _changed(run: str, letters: Iterable[str]) -> Iterator[str]:
    """Undo a typo that left the number of words: a letter changed, added, lost or exchanged with the next."""
    yield run
    for place in range(len(run) + 1):
        head, tail = run[:place], run[place:]
        if tail:
            yield head + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        for letter in letters:
            yield head + letter + tail
            if tail:
                yield head + letter + tail[1:]


def _split(run: str) -> Iterator[str]:
    """Undo a typo that joined two words: a space lost, or changed into a letter."""
    for place in range(1, len(run)):
        yield run[:place] + " " + run[place:]
        yield run[:place] + " " + run[place + 1 :]


def _merged(words: Sequence[str]) -> Iterator[str]:
    """Undo a typo that split a word."""
    for place in range(1, len(words)):
        yield " ".join([*words[: place - 1], words[place - 1] + words[place], *words[place + 1 :]])
