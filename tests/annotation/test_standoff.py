"""Anchors find their paragraph again, or nothing: never another one."""

from __future__ import annotations

import sys
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.annotation.anchors import make_anchor, normalise, split_words
from stance.annotation.copies import Copy
from stance.annotation.matches import Match
from stance.annotation.standoff import find_anchor
from stance.errors import MissingExtraError
from stance.schema import Anchor, Document
from stance.text.segmentation import segment

from .harbour import PARAGRAPHS, TEXT, anchors_of, bare, find, found_text


@given(
    st.text(st.characters(codec="utf-8") | st.sampled_from(" \n\r\t.e\u0301\u00a0😀ﬁİß각\u1100\u1161"), max_size=300)
)
def test_what_is_made_is_found(text: str) -> None:
    document = Document(text)
    blocks = segment(document)
    for block in blocks:
        anchor = make_anchor(document, block)
        for given_anchor in (anchor, bare(anchor)):
            match = find_anchor(given_anchor, document, blocks)
            assert match == Match(block.start, block.end, "offsets")
        moved = find_anchor(replace(anchor, document_sha256=""), document, blocks)
        assert moved is None or normalise(text[moved.start : moved.end]) == normalise(block.text)


@given(
    st.text(st.characters(codec="utf-8") | st.sampled_from(" \n.e\u0301\u0323\u00a0😀ﬁİß각\u1100\u1161ǰ"), max_size=80)
)
def test_words_stand_where_they_are_said_to(text: str) -> None:
    copy = Copy(Document(text), [])
    assert copy.words == split_words(text)
    assert all(0 <= start < end <= len(text) for start, end in zip(copy.starts, copy.ends, strict=True))
    for start, end in copy.occurrences(text):
        assert normalise(text[start:end]) == normalise(text)


@pytest.mark.parametrize("strip", [False, True], ids=["text", "bare"])
@pytest.mark.parametrize(
    "change",
    [
        lambda text: "New first paragraph, put before all the others.\n\n" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace(" ", "  "),
        lambda text: text.replace(", and ", ",\nand "),
        lambda text: "\n\n".join(text.strip().split("\n\n")[::-1]),
    ],
    ids=["inserted", "crlf", "spaces", "wrapped", "reordered"],
)
def test_moved_paragraphs(strip: bool, change) -> None:
    changed = change(TEXT)
    for anchor in anchors_of(TEXT):
        match = find(bare(anchor) if strip else anchor, changed)
        assert match is not None and match.how == "moved"
        assert normalise(changed[match.start : match.end]) == normalise(anchor.text)


def test_accents_and_emoji_do_not_shift_offsets() -> None:
    text = "Ève paid 5€ 😀 at the café in Zürich today. It was fine.\n\nThe naïve élite left 👩‍👩‍👧 early for Åre. It snowed."  # noqa: E501
    for anchor in anchors_of(text):
        for changed in (unicodedata.normalize("NFD", "😀😀 Go.\n\n" + text), "😀 Up.\r\n\r\n" + text):
            for given_anchor in (anchor, bare(anchor)):
                found = found_text(given_anchor, changed)
                assert found is not None and normalise(found) == normalise(anchor.text)


@pytest.mark.parametrize("strip", [False, True], ids=["text", "bare"])
def test_edited_paragraphs_have_the_boundaries_of_the_copy(strip: bool) -> None:
    changed = (
        TEXT.replace("hours", "many hours")
        .replace("What remains", "What remians")
        .replace("blockade costs", "bloc kade costs")
        .replace("northern channel", "northernchannel")
        .replace("in the harbour", "in harbour")
    )
    expected = [block.text for block in segment(Document(changed))]
    assert len(expected) == 4 and not set(expected) & set(PARAGRAPHS)
    for anchor, text in zip(anchors_of(TEXT), expected, strict=True):
        match = find(bare(anchor) if strip else anchor, changed)
        assert match is not None and match.how == "fuzzy"
        assert changed[match.start : match.end] == text


@pytest.mark.parametrize("strip", [False, True], ids=["text", "bare"])
def test_deleted_paragraph_is_missing(strip: bool) -> None:
    for anchor in anchors_of(TEXT):
        assert find(bare(anchor) if strip else anchor, TEXT.replace(anchor.text, "")) is None


@pytest.mark.parametrize("strip", [False, True], ids=["text", "bare"])
def test_equal_paragraphs_are_told_apart_or_left(strip: bool) -> None:
    again = PARAGRAPHS[0]
    text = "\n\n".join([again, *PARAGRAPHS[1:], again, "The last word came from the pilots. They went home by bus."])
    document = Document(text)
    first, *_, second, _ = (bare(anchor) if strip else anchor for anchor in anchors_of(document.text))
    for before in ("", "Put before. It is short.\n\n"):
        for anchor, place in ((first, 0), (second, text.rindex(again))):
            match = find(anchor, before + text)
            assert match is not None and match.start == len(before) + place
    # with the neighbours gone and the place in the middle, nothing tells them apart
    middle = replace(first, document_sha256="", start=80, end=80 + len(again), prefix="", suffix="")
    assert find(middle, again + "\n\n" + again) is None


@pytest.mark.parametrize("strip", [False, True], ids=["text", "bare"])
@pytest.mark.parametrize("typo", [("grew", "grwe"), ("harvest", "harvset"), ("northern", "nothern"), ("2019", "2O19")])
def test_twins_are_never_mistaken(strip: bool, typo: tuple[str, str]) -> None:
    one = (
        "In 2019 the northern ports grew by four percent, since the harvest had been good and the winter mild, while "
        "freight rates fell for the third year. Insurers welcomed it."
    )
    two = one.replace("2019", "2020").replace("four", "five")
    text = "\n\n".join([PARAGRAPHS[0], one, PARAGRAPHS[1], two, PARAGRAPHS[2]])
    document = Document(text)
    anchors = anchors_of(document.text)
    for changed in (text.replace(*typo), text.replace(*typo, 1), "Up front.\n\n" + text.replace(*typo)):
        blocks = [block for block in segment(Document(changed)) if "ports" in block.text]
        for anchor, block in zip((anchors[1], anchors[3]), blocks, strict=True):
            match = find(bare(anchor) if strip else anchor, changed)
            assert match is None or (match.start, match.end) == (block.start, block.end)


def test_offsets_that_disagree_are_not_trusted() -> None:
    document = Document(TEXT)
    blocks = segment(document)
    anchor = make_anchor(document, blocks[2])
    shifted = replace(anchor, start=anchor.start - 3, end=anchor.end - 3)
    expected = Match(blocks[2].start, blocks[2].end, "moved")
    assert find_anchor(shifted, document, blocks) == expected
    assert find_anchor(bare(shifted), document, blocks) == expected
    assert find_anchor(replace(bare(anchor), start=None, end=None), document, blocks) == expected
    beyond = replace(anchor, start=10**6, end=10**6 + len(anchor.text))
    assert find_anchor(beyond, document, blocks) == expected


def test_text_within_longer_words_is_no_find() -> None:
    assert find(Anchor(text="art"), "A party started. Parts of it were smart.") is None
    match = find(Anchor(text="art"), "A party started.\n\nart\n\nParts of it were smart.")
    assert match == Match(18, 21, "moved")


def test_another_paragraph_in_its_place_is_no_find() -> None:
    """Between the same neighbours, with the same first and last words."""
    anchor = anchors_of(TEXT)[1]
    other = (
        "Fishermen had waited outside, it is true, but for the sun and not for news, and did expect to be asked now."
    )
    assert find(anchor, TEXT.replace(PARAGRAPHS[1], other)) is None


@pytest.mark.parametrize("strip", [False, True], ids=["text", "bare"])
def test_of_two_edited_forms_alike_none_is_taken_unless_what_stands_around_tells(strip: bool) -> None:
    text = "\n\n".join([PARAGRAPHS[0], PARAGRAPHS[1].replace("ministry", "minister"), PARAGRAPHS[2]])
    text += "\n\n" + PARAGRAPHS[1].replace("ministry", "ministries") + "\n\n" + PARAGRAPHS[3]
    anchor = anchors_of(TEXT)[1]
    assert find(bare(anchor) if strip else replace(anchor, prefix="", suffix=""), text) is None
    assert strip or found_text(anchor, text) == PARAGRAPHS[1].replace("ministry", "minister")


def test_a_paragraph_worded_alike_is_not_taken_for_one_that_was_deleted() -> None:
    one = "In 2019 the northern ports grew by four percent, since the harvest had been good and the winter mild."
    two = one.replace("2019", "2020").replace("four", "five")
    text = "\n\n".join([PARAGRAPHS[0], one, PARAGRAPHS[1], two, PARAGRAPHS[2]])
    anchor = anchors_of(text)[1]
    assert find(anchor, text.replace(one + "\n\n", "")) is None
    # Without anything that stood around it, it can only be an edited form.
    assert found_text(replace(anchor, prefix="", suffix=""), text.replace(one + "\n\n", "")) == two


def test_anchors_that_know_nothing_find_nothing() -> None:
    assert find(Anchor(), TEXT) is None
    assert find(Anchor(document="x.txt"), "") is None
    assert find(Anchor(text="…"), TEXT) is None


def test_edited_text_needs_rapidfuzz(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidfuzz", None)
    monkeypatch.setitem(sys.modules, "rapidfuzz.distance", None)
    anchor = anchors_of(TEXT)[0]
    assert find(anchor, "Up.\n\n" + TEXT) is not None
    with pytest.raises(MissingExtraError, match=r"Finding edited paragraphs again .*stance-kit\[annotate\]"):
        find(anchor, TEXT.replace("hours", "huors"))


def test_ends_without_text_are_told_by_codes_of_words() -> None:
    """Both outer runs are broken, and lines stand before, within and behind the paragraph."""
    document = Document(TEXT, "harbour.txt")
    anchor = bare(anchors_of(document.text)[1])
    edited = (
        PARAGRAPHS[1].replace("had waited", "have waited").replace("be asked now.", "be\nListen to this\nasked now.")
    )
    changed = TEXT.replace(PARAGRAPHS[1], f"Read more of this\n{edited}\nPhoto of the pier")
    assert found_text(anchor, changed) == edited
    # Without the codes, as in files of before, nothing tells the ends for sure.
    assert find(replace(anchor, edges=()), changed) is None


def test_codes_that_do_not_fit_leave_an_end_open() -> None:
    document = Document(TEXT, "harbour.txt")
    anchor = bare(anchors_of(document.text)[1])
    lost = "Some people of the town waited outside"
    changed = TEXT.replace("Fishermen had waited outside", f"And then a line. Then\n{lost}").replace("\n\nAnd", "\nAnd")
    assert find(anchor, changed) is None


@pytest.mark.parametrize("strip", [False, True], ids=["text", "bare"])
@pytest.mark.parametrize(
    "edit",
    [
        ("the outcome.", "the outcome. outcome."),
        ("the outcome.", "the out-come."),
        ("The alliance", "The The alliance"),
        ("The alliance", "T-he alliance"),
        ("The alliance", "– The alliance"),
    ],
)
def test_a_word_written_twice_or_split_at_an_end_belongs_to_the_paragraph(edit: tuple[str, str], strip: bool) -> None:
    anchor = anchors_of(TEXT)[0]
    edited = PARAGRAPHS[0].replace("for hours", "for huors").replace(*edit)
    changed = TEXT.replace(PARAGRAPHS[0], edited)
    found = found_text(bare(anchor) if strip else anchor, changed)
    assert found == edited or (strip and found is None)


def test_the_next_paragraph_may_start_with_the_last_word() -> None:
    one, two = (
        "The ships of the alliance left for the north on Tuesday, and no one knew why they chose the harbour.",
        ("Harbour towns of the coast had waited for them in vain for nine days and were told nothing."),
    )
    anchor = anchors_of(f"{one}\n\n{two}\n")[0]
    changed = f"{one.replace('Tuesday', 'Tusday')}\n\n{two}\n"
    for given_anchor in (anchor, bare(anchor)):
        assert found_text(given_anchor, changed) == one.replace("Tuesday", "Tusday")


def test_a_run_that_a_paragraph_has_twice_is_one_sign_of_it() -> None:
    words = [f"word{number}" for number in range(40)]
    words[8:12] = words[24:28] = ["the", "asia", "pacific", "region"]
    anchor = bare(anchors_of(" ".join(words).capitalize() + ".")[0])
    other = " ".join(["Other", *(f"thing{number}" for number in range(7)), *words[8:12]] * 3) + "."
    assert find(anchor, other) is None
