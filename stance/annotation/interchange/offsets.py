"""Offsets in code points, as stance counts, and in UTF-16 units, as programs in JavaScript and Java count.

Prodigy counts the code points of Python strings. What Label Studio and doccano write for marked spans depends on their
version and settings; the interchange here exchanges no spans, so nothing depends on it.
"""

from __future__ import annotations

from stance.errors import InputError

__all__ = ["from_utf16", "to_utf16"]


def to_utf16(text: str, offset: int) -> int:
    """Tell at which UTF-16 unit a code point starts.

    Args:
        text: The text.
        offset: Code point, from 0 to the length of the text.

    Returns:
        The UTF-16 unit, from 0.

    Raises:
        InputError: If the text has no such offset.

    >>> to_utf16("a😀b", 2)
    3
    """
    if not 0 <= offset <= len(text):
        raise InputError(f"Offset {offset} does not stand in a text of {len(text)} code points.")
    return offset + _astral(text[:offset])


def from_utf16(text: str, offset: int) -> int:
    """Tell which code point starts at a UTF-16 unit.

    Args:
        text: The text.
        offset: UTF-16 unit, from 0 to their number in the text.

    Returns:
        The code point, from 0.

    Raises:
        InputError: If the text has no such offset, or it stands inside a code point.

    >>> from_utf16("a😀b", 3)
    2
    """
    units = 0
    for place, letter in enumerate(text):
        if units == offset:
            return place
        units += 1 + _astral(letter)
        if units > offset >= 0:
            raise InputError(
                f"UTF-16 offset {offset} stands inside a character ({letter!r}). Expected {units - 2} or {units}."
            )
    if units != offset:
        raise InputError(f"UTF-16 offset {offset} does not stand in a text of {units} units.")
    return len(text)


def _astral(text: str) -> int:
    return sum(letter > "\uffff" for letter in text)
