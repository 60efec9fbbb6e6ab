"""Paragraphs of one document help each other to be found, and never claim one place."""

from __future__ import annotations

import pytest

from stance.annotation import standoff
from stance.annotation.anchors import make_items, without_text
from stance.annotation.copies import Copy
from stance.annotation.matches import Match
from stance.annotation.standoff import find_all, find_in_copy
from stance.schema import Document
from stance.text.segmentation import segment

from .harbour import EQUAL, PARAGRAPHS, TEXT, anchors_of, bare, found_starts


def test_paragraphs_without_text_are_found_by_those_beside_them() -> None:
    document = Document(TEXT, "harbour.txt")
    anchors = [without_text(item).anchor for item in make_items(document, segment(document))]
    # Of the second paragraph one run of four words is left, too little alone; what stands beside it tells its ends.
    lines = TEXT.split("\n\n")
    place = lines.index(PARAGRAPHS[1])
    kept, *rest = PARAGRAPHS[1].split()[:4], *PARAGRAPHS[1].split()[4:]
    lines[place] = " ".join([*kept, *(f"{word}xx" for word in rest)])
    text = "\n\n".join(lines)
    copy = Copy(Document(text), segment(Document(text)))
    assert find_in_copy(anchors[1], copy) is None
    match = find_all(anchors, copy)[1]
    assert match is not None
    assert text[match.start : match.end] == lines[place]
    assert match.how == "fuzzy"


def test_edited_paragraphs_that_overlap_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    document = Document(TEXT, "harbour.txt")
    anchors = anchors_of(document.text)[:2]
    copy = Copy(document, segment(document))
    matches = iter([Match(0, 50, "fuzzy", 0.8), Match(40, 90, "fuzzy", 0.9)])
    monkeypatch.setattr(standoff, "find_in_copy", lambda *_: next(matches))
    assert find_all(anchors, copy) == [None, None]
    matches = iter([Match(0, 50, "moved"), Match(40, 90, "fuzzy", 0.9)])
    assert find_all(anchors, copy) == [Match(0, 50, "moved"), None]


@pytest.mark.parametrize("strip", [False, True], ids=["text", "bare"])
def test_of_two_equal_paragraphs_the_one_left_is_told_by_those_around_it(strip: bool) -> None:
    parts = [EQUAL, *PARAGRAPHS[1:3], EQUAL, PARAGRAPHS[3]]
    anchors = [bare(anchor) if strip else anchor for anchor in anchors_of("\n\n".join(parts))]
    without_first, without_second = "\n\n".join(parts[1:]), "\n\n".join([*parts[:3], parts[4]])
    starts = found_starts(anchors, without_first)
    assert (starts[0], starts[3]) == (None, without_first.index(EQUAL))
    starts = found_starts(anchors, without_second)
    assert (starts[0], starts[3]) == (0, None)


@pytest.mark.parametrize("strip", [False, True], ids=["text", "bare"])
def test_of_two_equal_paragraphs_beside_each_other_none_is_taken_where_one_is_left(strip: bool) -> None:
    parts = [PARAGRAPHS[1], EQUAL, EQUAL, PARAGRAPHS[2]]
    anchors = [bare(anchor) if strip else anchor for anchor in anchors_of("\n\n".join(parts))]
    text = "\n\n".join([PARAGRAPHS[1], EQUAL, PARAGRAPHS[2]])
    assert found_starts(anchors, text) == [0, None, None, text.index(PARAGRAPHS[2])]


def test_equal_paragraphs_of_one_place_are_no_rivals() -> None:
    """Two people may have written down the same paragraph, one with its text."""
    document = Document("\n\n".join(PARAGRAPHS))
    anchor = anchors_of(document.text)[1]
    text = f"Up front.\n\n{document.text}"
    assert found_starts([anchor, bare(anchor)], text) == [text.index(PARAGRAPHS[1])] * 2


def test_a_paragraph_does_not_start_before_the_end_of_the_one_before_it() -> None:
    """Its first run is broken, and the paragraph before it ends with the words that it started with."""
    before = "Nobody on the island had known of the plan before it was in the paper, said the mayor of the harbour."
    sought = f"The mayor of the harbour did not say more when he was asked on the pier. {EQUAL}"
    anchors = list(map(bare, anchors_of(f"{before}\n\n{sought}\n\n{PARAGRAPHS[2]}")))
    edited = sought.replace("The mayor of", "The mayr fo")
    text = f"{before}\n\n{edited}\n\n{PARAGRAPHS[2]}"
    assert found_starts(anchors[1:2], text) == [None]
    assert found_starts(anchors, text)[1] == text.index(edited)


def test_one_run_of_ten_is_too_little_even_between_those_beside_it() -> None:
    words = [f"word{number}" for number in range(72)]
    sought = " ".join(words).capitalize() + "."
    anchors = list(map(bare, anchors_of(f"{PARAGRAPHS[0]}\n\n{sought}\n\n{PARAGRAPHS[1]}")))
    other = " ".join([*words[:4], *(f"other{number}" for number in range(64)), *words[60:64]]).capitalize() + "."
    text = f"{PARAGRAPHS[0]}\n\n{other}\n\n{PARAGRAPHS[1]}"
    assert found_starts(anchors, text) == [0, None, text.index(PARAGRAPHS[1])]
