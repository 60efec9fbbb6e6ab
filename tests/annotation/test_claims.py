"""Two different paragraphs never have one place, whatever is known of their documents."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stance.annotation.hydration import hydrate
from stance.schema import Anchor, Annotation, Document

from .harbour import EQUAL, PARAGRAPHS, TWIN, YEAR, anchors_of, bare, found_starts, found_texts, join


def alone(anchor: Anchor) -> Anchor:
    """As in train, dev and test: nothing is known of the document."""
    return replace(anchor, document="", document_sha256="", start=None, end=None)


def both(anchors: list[Anchor], *, strip: bool) -> list[Anchor]:
    return [bare(anchor) if strip else anchor for anchor in anchors]


def places(rows: list[Annotation], *texts: str) -> dict[str, tuple[str, int | None]]:
    """Id -> copy and place of what is found of rows in copies."""
    result = hydrate(rows, [Document(text, f"copy {number}") for number, text in enumerate(texts)])
    return {item.id: (item.anchor.document, item.anchor.start) for item in result.annotations}


def rows_of(*anchors: Anchor, **source: str) -> list[Annotation]:
    return [Annotation(str(number), anchor, source=source) for number, anchor in enumerate(anchors, 1)]


@pytest.mark.parametrize("strip", [False, True], ids=["text", "bare"])
def test_an_edited_paragraph_gives_way_to_another_that_stands_there(strip: bool) -> None:
    """Of the twins only the second is left; nothing is known of their document."""
    anchors = both([Anchor(text=YEAR), Anchor(text=TWIN)], strip=strip)
    text = join(PARAGRAPHS[0], TWIN, PARAGRAPHS[1])
    assert found_texts(anchors, text) == [None, TWIN]
    assert places(rows_of(*anchors), text) == {"2": ("copy 0", text.index(TWIN))}


@pytest.mark.parametrize("strip", [False, True], ids=["text", "bare"])
def test_of_two_edited_paragraphs_of_unknown_documents_at_one_place_none_is_taken(strip: bool) -> None:
    anchors = both([Anchor(text=YEAR), Anchor(text=TWIN)], strip=strip)
    assert found_texts(anchors, join(PARAGRAPHS[0], TWIN.replace("welcomed", "welcmed"))) == [None, None]


@pytest.mark.parametrize("found_first", [False, True])
def test_a_paragraph_that_was_found_at_its_offsets_keeps_others_from_its_place_in_other_copies(
    found_first: bool,
) -> None:
    text = join(PARAGRAPHS[0], TWIN, PARAGRAPHS[1])
    twin = anchors_of(text)[1]
    copies = [text, f"Up front.\n\n{text}"] if found_first else [f"Up front.\n\n{text}", text]
    found = places(rows_of(twin, bare(Anchor(text=YEAR))), *copies)
    assert found == {"1": (f"copy {1 - found_first}", text.index(TWIN))}


@pytest.mark.parametrize("source", [{}, {"doc_id": "harbour"}])
def test_equal_paragraphs_of_unknown_order_are_missing_where_nothing_tells_them_apart(source: dict[str, str]) -> None:
    rows = rows_of(Anchor(text=EQUAL), Anchor(text=EQUAL), **source)
    once, twice = join(PARAGRAPHS[0], EQUAL), join(EQUAL, PARAGRAPHS[0], EQUAL)
    assert places(rows, once) == places(rows, twice) == places(rows, once, twice) == {}
    # One is no rival of itself.
    assert places([rows[0], replace(rows[0], annotator="B"), replace(rows[0], anchor=bare(rows[0].anchor))], once) == {
        "1": ("copy 0", once.index(EQUAL))
    }


def test_equal_paragraphs_are_told_apart_by_the_names_of_their_documents() -> None:
    rows = [replace(row, source={"doc_id": f"copy {row.id}"}) for row in rows_of(*[Anchor(text=EQUAL)] * 2)]
    one, two = join(PARAGRAPHS[0], EQUAL), join(PARAGRAPHS[1], EQUAL)
    found = places(rows, PARAGRAPHS[2], one, two)
    assert found == {"1": ("copy 1", one.index(EQUAL)), "2": ("copy 2", two.index(EQUAL))}
    # The name of the first speaks for its copy; the other is left to the second, which fits it less badly.
    rows[1] = replace(rows[1], source={})
    assert places(rows, PARAGRAPHS[2], one, two) == found


def test_equal_paragraphs_of_unknown_order_are_told_apart_by_what_stood_around() -> None:
    text = join(EQUAL, *PARAGRAPHS[1:3], EQUAL, PARAGRAPHS[3])
    first, *_, second, _ = map(alone, anchors_of(text))
    left = join(*PARAGRAPHS[1:3], EQUAL, PARAGRAPHS[3])
    assert places(rows_of(first, second), left) == {"2": ("copy 0", left.index(EQUAL))}


@pytest.mark.parametrize("strip", [False, True], ids=["text", "bare"])
def test_equal_paragraphs_get_their_places_in_order_if_all_are_left(strip: bool) -> None:
    """What stood around them is alike, too, and the text before them so long that no place is near."""
    parts = [PARAGRAPHS[0], *[EQUAL] * 4, PARAGRAPHS[1]]
    anchors = both(anchors_of(join(*parts)), strip=strip)
    text = join(*[PARAGRAPHS[2]] * 9, *parts)
    starts = found_starts(anchors, text)[1:5]
    step = len(EQUAL) + 2
    first = text.index(EQUAL)
    assert starts == [first, first + step, first + 2 * step, first + 3 * step]


def test_records_of_one_paragraph_win_or_lose_together() -> None:
    parts = [EQUAL, *PARAGRAPHS[1:3], EQUAL, PARAGRAPHS[3]]
    anchors = anchors_of(join(*parts))
    left = join(*parts[:3], parts[4])
    for record in (bare(anchors[0]), replace(anchors[0], prefix="", suffix="")):
        assert found_starts([anchors[0], record, *anchors[1:]], left)[:2] == [0, 0]


def test_a_deleted_paragraph_is_not_found_within_another_that_holds_its_words() -> None:
    holding = f"{PARAGRAPHS[0]} {PARAGRAPHS[1]}"
    anchors = anchors_of(join(PARAGRAPHS[0], PARAGRAPHS[2], holding, PARAGRAPHS[3]))
    left = join(PARAGRAPHS[2], holding, PARAGRAPHS[3])
    assert found_texts(anchors, left) == [None, PARAGRAPHS[2], holding, PARAGRAPHS[3]]
    # Of different documents both may have been paragraphs.
    assert found_texts([alone(anchor) for anchor in anchors], left)[0] == PARAGRAPHS[0]
