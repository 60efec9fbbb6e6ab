"""The map between a text and its edited copy: exact, in both directions, over several steps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.errors import InputError
from stance.schema import Span
from stance.text.offsets import Edit, Piece, Repaired, apply, compose

#          0123456789
TEXT = "abcdefghij"
EDITS = [Edit(1, 3, "X"), Edit(5, 5, "YY"), Edit(7, 9, "")]
#          0123456789
EDITED = "aXdeYYfgj"


def edited() -> Repaired:
    text, pieces = apply(TEXT, EDITS)
    return Repaired(TEXT, text, pieces)


def test_edits_and_the_pieces_they_leave() -> None:
    text, pieces = apply(TEXT, EDITS)
    assert text == EDITED
    assert pieces == (Piece(1, 3, 1, 2), Piece(5, 5, 4, 6), Piece(7, 9, 8, 8))
    assert apply(TEXT, []) == (TEXT, ())


@pytest.mark.parametrize(
    ("span", "found"),
    [
        ((0, 1), (0, 1)),  # before any piece
        ((1, 2), (1, 3)),  # a replaced piece, whole
        ((0, 2), (0, 3)),
        ((2, 4), (3, 5)),  # between two pieces
        ((2, 3), (3, 4)),
        ((4, 6), (5, 5)),  # inserted: nothing of the original
        ((4, 5), (5, 5)),
        ((5, 7), (5, 6)),  # half of what was inserted, and what follows
        ((6, 8), (5, 7)),
        ((8, 9), (9, 10)),  # after what was deleted
        ((7, 9), (6, 10)),
        ((0, 9), (0, 10)),
        ((9, 9), (10, 10)),
    ],
)
def test_back_to_the_original(span: tuple[int, int], found: tuple[int, int]) -> None:
    start, end = found
    result = edited().origin(*span)
    assert result.text == TEXT[result.start : result.end]
    assert (result.start <= start, result.end >= end) == (True, True)
    assert result == Span(*_covering(edited().pieces, *span), TEXT[slice(*_covering(edited().pieces, *span))])


@pytest.mark.parametrize(
    ("span", "text"),
    [((0, 1), "a"), ((1, 3), "X"), ((2, 3), "X"), ((0, 2), "aX"), ((3, 5), "de"), ((7, 9), ""), ((9, 10), "j"),
     ((8, 10), "j"), ((6, 8), "g"), ((3, 7), "deYYfg"), ((0, 10), EDITED)],
)  # fmt: skip
def test_on_to_the_edited_text(span: tuple[int, int], text: str) -> None:
    found = edited().locate(*span)
    assert found.text == text == EDITED[found.start : found.end]


@pytest.mark.parametrize("span", [(-1, 2), (3, 2), (0, 10), (10, 10)])
def test_spans_outside_of_the_edited_text(span: tuple[int, int]) -> None:
    with pytest.raises(
        InputError, match=rf"span \({span[0]}, {span[1]}\): expected 0 <= start <= end <= 9, .*repaired"
    ):
        edited().origin(*span)


@pytest.mark.parametrize("span", [(-1, 2), (3, 2), (0, 11), (11, 11)])
def test_spans_outside_of_the_original(span: tuple[int, int]) -> None:
    with pytest.raises(InputError, match=r"expected 0 <= start <= end <= 10, the length of the original"):
        edited().locate(*span)


def test_the_ends_of_the_texts_are_within() -> None:
    assert edited().origin(9, 9) == Span(10, 10, "")
    assert edited().locate(10, 10) == Span(9, 9, "")
    assert Repaired("ab", "ab").origin(0, 2) == Span(0, 2, "ab")
    assert Repaired("ab", "ab").locate(1, 2) == Span(1, 2, "b")


def test_two_steps_as_one() -> None:
    middle, first = apply("abcdef", [Edit(1, 2, "BBB"), Edit(4, 5, "")])  # aBBBcdf
    final, second = apply(middle, [Edit(3, 4, ""), Edit(6, 6, "!")])  # aBBcd!f
    assert (middle, final) == ("aBBBcdf", "aBBcd!f")
    assert compose(first, second) == (Piece(1, 2, 1, 3), Piece(4, 5, 5, 6))
    assert compose((), second) == second
    assert compose(first, ()) == first


def test_pieces_that_touch_become_one_and_others_stay_apart() -> None:
    first = (Piece(2, 4, 2, 3),)  # "cd" became one code point at 2
    assert compose(first, (Piece(3, 4, 3, 5),)) == (Piece(2, 5, 2, 5),)
    assert compose(first, (Piece(4, 5, 4, 4),)) == (Piece(2, 4, 2, 3), Piece(5, 6, 4, 4))
    assert compose(first, (Piece(0, 2, 0, 1),)) == (Piece(0, 4, 0, 2),)
    assert compose(first, (Piece(0, 1, 0, 3),)) == (Piece(0, 1, 0, 3), Piece(2, 4, 4, 5))
    # a long piece covers two short ones
    assert compose((Piece(1, 2, 1, 2), Piece(3, 4, 3, 4)), (Piece(0, 6, 0, 1),)) == (Piece(0, 6, 0, 1),)


def _covering(pieces: tuple[Piece, ...], start: int, end: int) -> tuple[int, int]:
    """Where a span of the edited text comes from, by going through it one code point at a time."""
    origin: list[tuple[int, int]] = []
    at = shift = 0
    for piece in (*pieces, None):
        stop = piece.new_start if piece else at + 1000
        origin += [(place + shift, place + shift + 1) for place in range(at, stop)]
        if piece:
            origin += [(piece.start, piece.end)] * (piece.new_end - piece.new_start)
            at, shift = piece.new_end, piece.end - piece.new_end
    if start == end:
        return origin[start][0], origin[start][0]
    low = min(one for one, _ in origin[start:end])
    return low, max(other for _, other in origin[start:end])


@st.composite
def texts_and_edits(draw: st.DrawFn, text: str | None = None) -> tuple[str, list[Edit]]:
    """A text and edits of it, in order, none touching another."""
    text = draw(st.text("abc", max_size=12)) if text is None else text
    places = sorted(draw(st.lists(st.integers(0, len(text)), unique=True, max_size=6)))
    pairs = zip(places[::2], places[1::2], strict=False)
    return text, [Edit(start, end, draw(st.text("xyz", max_size=3))) for start, end in pairs]


@given(texts_and_edits(), st.data())
def test_any_span_comes_from_where_its_code_points_do(made: tuple[str, list[Edit]], data: st.DataObject) -> None:
    text, edits = made
    new, pieces = apply(text, edits)
    end = data.draw(st.integers(0, len(new)))
    start = data.draw(st.integers(0, end))
    found = Repaired(text, new, pieces).origin(start, end)
    assert found.text == text[found.start : found.end]
    if start < end:
        assert (found.start, found.end) == _covering(pieces, start, end)


@given(texts_and_edits(), st.data())
def test_both_directions_are_each_other_turned_round(made: tuple[str, list[Edit]], data: st.DataObject) -> None:
    text, edits = made
    new, pieces = apply(text, edits)
    turned = tuple(Piece(piece.new_start, piece.new_end, piece.start, piece.end) for piece in pieces)
    end = data.draw(st.integers(0, len(text)))
    start = data.draw(st.integers(0, end))
    assert Repaired(text, new, pieces).locate(start, end) == Repaired(new, text, turned).origin(start, end)


@given(st.data())
def test_composed_steps_agree_outside_of_their_pieces(data: st.DataObject) -> None:
    text, edits = data.draw(texts_and_edits())
    middle, first = apply(text, edits)
    _, more = data.draw(texts_and_edits(middle))
    final, second = apply(middle, more)
    joined = compose(first, second)
    parts, at, new_at = [], 0, 0
    for piece in joined:
        assert text[at : piece.start] == final[new_at : piece.new_start]
        assert piece.start >= at and piece.new_start >= new_at
        parts.append(final[piece.new_start : piece.new_end])
        at, new_at = piece.end, piece.new_end
    assert text[at:] == final[new_at:]
    assert apply(text, [Edit(p.start, p.end, part) for p, part in zip(joined, parts, strict=True)])[0] == final
