"""Two different paragraphs never have one place, whatever is known of their documents."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest

from stance.annotation.hydration import hydrate
from stance.annotation.standoff import find_all
from stance.annotation.surroundings import Surroundings
from stance.schema import Anchor, Annotation, Document

from .harbour import EQUAL, PARAGRAPHS, TWIN, YEAR, anchors_of, bare, copy_of, found_starts, found_texts, join


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


def test_a_paragraph_at_its_offsets_has_its_place() -> None:
    text = join(PARAGRAPHS[0], EQUAL)
    rows = [*rows_of(bare(anchors_of(text)[1])), Annotation("2", Anchor(text=EQUAL))]
    assert places(rows, text) == {"1": ("copy 0", text.index(EQUAL))}
    # So has one of a document of which far more stands there.
    others = [Annotation(f"3{number}", anchor) for number, anchor in enumerate(anchors_of(text))]
    moved = f"Up front.\n\n{text}"
    assert "2" not in places([*others, rows[1]], moved)


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


@pytest.mark.parametrize("strip", [False, True], ids=["text", "bare"])
def test_a_twin_that_stands_in_another_order_is_given_up(strip: bool) -> None:
    """The paragraph was deleted; the others keep their places."""
    parts = [YEAR, *PARAGRAPHS]
    anchors = both(anchors_of(join(*parts)), strip=strip)
    edited = [part.replace("hours", "days").replace("spring", "autumn") for part in PARAGRAPHS]
    assert found_texts(anchors, join(*edited, TWIN)) == [None, *edited]
    # Nor is it sought once more between those beside it.
    assert found_texts(anchors[:2], join(edited[0], TWIN)) == [None, None]


@pytest.mark.parametrize("strip", [False, True], ids=["text", "bare"])
def test_many_equal_paragraphs_take_no_longer_for_each(strip: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands around is compared once for each, not with every place."""
    compared = []
    shares = Surroundings.shares
    monkeypatch.setattr(Surroundings, "shares", lambda *args: compared.append(1) or shares(*args))
    said = [
        part for number in range(200) for part in (f"Point {number} was made, and that was all of it.", "Applause.")
    ]
    anchors = both([anchor for anchor in anchors_of(join(*said)) if anchor.text == "Applause."], strip=strip)
    assert len(anchors) == 200
    text = join("Up front.", *said)
    assert found_starts(anchors, text) == [place.start() for place in re.finditer(r"Applause\.", text)]
    assert len(compared) <= 4 * len(anchors)


def test_many_claims_of_one_place_are_settled_in_no_time() -> None:
    """Comparing the order of each with that of all others takes seconds, looking up the nearest hundredths."""
    said = [
        f"Speaker {number} said that point {number + 7} of {number * 3} was made on this day." for number in range(600)
    ]
    text = join(*[EQUAL] * 600, *said)
    anchors = anchors_of(text)
    copy = copy_of(join(EQUAL, *said))
    begun = time.process_time()
    found = find_all(list(map(bare, anchors)), copy)
    assert time.process_time() - begun < 2.5
    assert [match is not None for match in found] == [False] * 600 + [True] * 600
