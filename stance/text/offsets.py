"""An edited copy of a text and the exact map between the two: edits, the pieces they leave, and spans both ways."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import itemgetter

from stance.errors import InputError
from stance.schema import Span

__all__ = ["Edit", "Piece", "Repaired", "apply", "compose"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch that differs between the original and the repaired text.

    Attributes:
        start: First code point in the original.
        end: Code point after the last in the original; equal to ``start`` where something was inserted.
        new_start: First code point in the repaired text.
        new_end: Code point after the last in the repaired text; equal to ``new_start`` where something was deleted.
    """

    start: int
    end: int
    new_start: int
    new_end: int


@dataclass(frozen=True, slots=True)
class Repaired:
    """A repaired copy of a text, and the way back.

    Attributes:
        original: The text as it was given.
        text: The repaired text.
        pieces: Where the two differ, in order; between two pieces they agree code point for code point.

    >>> from stance.text.repair import repair
    >>> repaired = repair("In all  regions.One of them is the Asia -Pacific.")
    >>> repaired.text
    'In all regions. One of them is the Asia-Pacific.'
    >>> repaired.origin(35, 47)
    Span(start=35, end=48, text='Asia -Pacific')
    """

    original: str
    text: str
    pieces: tuple[Piece, ...] = ()
    _starts: tuple[list[int], list[int]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        starts = [piece.start for piece in self.pieces], [piece.new_start for piece in self.pieces]
        object.__setattr__(self, "_starts", starts)

    def origin(self, start: int, end: int) -> Span:
        """Map a span of the repaired text back to the original.

        Args:
            start: First code point in the repaired text.
            end: Code point after the last in the repaired text.

        Returns:
            The span of the original. It is exact where the span lies in unchanged text; a span that overlaps a changed
            piece covers the whole piece.

        Raises:
            InputError: The span does not lie in the repaired text.
        """
        _check_span(start, end, len(self.text), "repaired text")
        low, high = self._backward_start(start), self._backward_end(end)
        low, high = min(low, high), max(low, high)
        return Span(low, high, self.original[low:high])

    def locate(self, start: int, end: int) -> Span:
        """Map a span of the original to the repaired text; the other direction of :meth:`origin`.

        Args:
            start: First code point in the original.
            end: Code point after the last in the original.

        Returns:
            The span of the repaired text; empty where all of it was deleted.

        Raises:
            InputError: The span does not lie in the original.
        """
        _check_span(start, end, len(self.original), "original")
        low, high = self._forward_start(start), self._forward_end(end)
        low, high = min(low, high), max(low, high)
        return Span(low, high, self.text[low:high])

    def _backward_start(self, at: int) -> int:
        index = bisect_right(self._starts[1], at) - 1
        if index < 0:
            return at
        piece = self.pieces[index]
        return piece.start if at < piece.new_end else piece.end + at - piece.new_end

    def _backward_end(self, at: int) -> int:
        index = bisect_left(self._starts[1], at) - 1
        return at if index < 0 else self.pieces[index].end + max(0, at - self.pieces[index].new_end)

    def _forward_start(self, at: int) -> int:
        index = bisect_right(self._starts[0], at) - 1
        if index < 0:
            return at
        piece = self.pieces[index]
        return piece.new_start if at < piece.end else piece.new_end + at - piece.end

    def _forward_end(self, at: int) -> int:
        index = bisect_left(self._starts[0], at) - 1
        return at if index < 0 else self.pieces[index].new_end + max(0, at - self.pieces[index].end)


@dataclass(frozen=True, slots=True)
class Edit:
    """``text[start:end]`` becomes ``new``."""

    start: int
    end: int
    new: str


def _check_span(start: int, end: int, length: int, name: str) -> None:
    if not 0 <= start <= end <= length:
        raise InputError(f"span ({start}, {end}): expected 0 <= start <= end <= {length}, the length of the {name}")


def apply(text: str, edits: Iterable[Edit]) -> tuple[str, tuple[Piece, ...]]:
    """Carry out edits.

    Args:
        text: The text to edit.
        edits: In order, not overlapping.

    Returns:
        The edited text, and where it differs.
    """
    parts: list[str] = []
    pieces: list[Piece] = []
    at = shift = 0
    for edit in edits:
        parts += (text[at : edit.start], edit.new)
        new_start = edit.start + shift
        new_end = new_start + len(edit.new)
        pieces.append(Piece(edit.start, edit.end, new_start, new_end))
        at, shift = edit.end, new_end - edit.end
    parts.append(text[at:])
    return "".join(parts), tuple(pieces)


def compose(first: tuple[Piece, ...], second: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Merge the pieces of two steps.

    Args:
        first: From the original to a middle text.
        second: From the middle text to the new one.

    Returns:
        From the original to the new text; pieces that touch in the middle text become one.
    """
    # Each piece in middle coordinates, with how much longer its step made the text.
    changes = [(p.new_start, p.new_end, p.new_end - p.new_start - p.end + p.start, 0) for p in first]
    changes += [(p.start, p.end, 0, p.new_end - p.new_start - p.end + p.start) for p in second]
    changes.sort(key=itemgetter(0, 1))
    merged: list[Piece] = []
    grown_first = grown_second = 0
    index = 0
    while index < len(changes):
        low, high, _, _ = changes[index]
        start, new_start = low - grown_first, low + grown_second
        while index < len(changes) and changes[index][0] <= high:
            high = max(high, changes[index][1])
            grown_first += changes[index][2]
            grown_second += changes[index][3]
            index += 1
        merged.append(Piece(start, high - grown_first, new_start, high + grown_second))
    return tuple(merged)
