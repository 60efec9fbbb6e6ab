"""What looks like the paragraph sought and is another is no find; the paragraph in strange surroundings is one."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from stance.annotation.anchors import make_anchor
from stance.schema import Anchor, Document, Paragraph

from .harbour import PARAGRAPHS, TEXT, TWIN, YEAR, anchor_of, anchors_of, bare, find, found_text, join

CLOSING = (
    "The ferry has sailed since nineteen eleven and its captain who lives on the small green island of many birds now "
    "fears for every pupil there with the council of the town."
)
"""32 words: the run before the last ends where the last starts."""
SHORT = "It was a good day."
HOLDING = PARAGRAPHS[2].replace("Until then", f"{SHORT} Until then")


def short_anchor() -> Anchor:
    text = join(PARAGRAPHS[0], SHORT, PARAGRAPHS[1])
    place = text.index(SHORT)
    return make_anchor(Document(text), Paragraph(SHORT, place, place + len(SHORT)))


@pytest.mark.parametrize("following", ["Council for the town.", "Council at the town."])
def test_an_end_is_not_sought_beyond_a_blank_line_right_behind_the_last_run(following: str) -> None:
    anchor = bare(anchor_of(CLOSING, join(PARAGRAPHS[0], CLOSING, PARAGRAPHS[3])))
    cut = CLOSING.replace(" council of the town.", ".")
    assert found_text(anchor, join(PARAGRAPHS[0], cut, following, PARAGRAPHS[3])) in (cut, None)


def test_a_start_is_not_sought_beyond_a_blank_line() -> None:
    anchor = bare(anchor_of(CLOSING, join(PARAGRAPHS[0], CLOSING, PARAGRAPHS[3])))
    cut = CLOSING.replace("The ferry has sailed since nineteen eleven and its", "Its")
    assert found_text(
        anchor, join(PARAGRAPHS[0], "The ferry had sailed since nineteen eleven.", cut, PARAGRAPHS[3])
    ) in (cut, None)


@pytest.mark.parametrize("following", ["He told the council of the town.", "No one asks the council of the town."])
def test_the_last_run_beyond_a_blank_line_is_another_paragraphs(following: str) -> None:
    """The paragraph lost its last words, and the next ends with them: the way to that run is hardly longer."""
    anchor = bare(anchor_of(CLOSING, join(PARAGRAPHS[0], CLOSING, PARAGRAPHS[3])))
    cut = CLOSING.replace(" the council of the town.", ".")
    assert found_text(anchor, join(PARAGRAPHS[0], cut, following, PARAGRAPHS[3])) in (cut, None)


@pytest.mark.parametrize("strip", [False, True], ids=["text", "bare"])
def test_few_words_within_another_paragraph_are_no_find(strip: bool) -> None:
    """A short paragraph that was deleted does not move into one that holds its words."""
    anchor = bare(short_anchor()) if strip else short_anchor()
    assert find(anchor, HOLDING) is None
    assert find(anchor, join(PARAGRAPHS[0], PARAGRAPHS[1], HOLDING)) is None
    assert found_text(anchor, join(PARAGRAPHS[2], SHORT, PARAGRAPHS[1])) == SHORT


def test_few_words_on_a_line_of_a_wrapped_paragraph_are_no_find() -> None:
    wrapped = (
        f"Others wrote that they love the ferry, and that the mayor should sail\n{SHORT}\n"
        "The rest of the paragraph is of other things, and more follows it here\nthan anyone had asked for."
    )
    assert find(Anchor(text=SHORT), wrapped) is None


def made_up(generator: random.Random, words: int) -> str:
    heads, middles, ends = "bcdfglmnprst", ("ara", "eno", "il", "ost", "ud"), ("", "ek", "in", "os")
    return " ".join(generator.choice(heads) + generator.choice(middles) + generator.choice(ends) for _ in range(words))


def test_a_paragraph_with_the_same_quotation_is_no_find() -> None:
    """Layout alone speaks for its ends; the codes of the words there all speak against them."""
    for seed in range(60):
        generator = random.Random(seed)
        quotation = made_up(generator, generator.randint(20, 40))
        ahead, behind = generator.randint(6, 16), generator.randint(6, 16)
        one, two = (
            f"{made_up(generator, ahead + more)} {quotation} {made_up(generator, behind + more)}".capitalize() + "."
            for more in (0, generator.randint(-2, 2))
        )
        for anchor in (Anchor(text=one), bare(Anchor(text=one))):
            assert find(anchor, join(PARAGRAPHS[0], two, PARAGRAPHS[1])) is None


@pytest.mark.parametrize("around", ["{}\n", "{}", "\n{}", "News\n\n{}\n", "The latest news\n\n{}\n"])
def test_where_next_to_nothing_stood_around_it_the_paragraph_alone_decides(around: str) -> None:
    anchor = anchor_of(PARAGRAPHS[0], around.format(PARAGRAPHS[0]))
    edited = PARAGRAPHS[0].replace("hours", "days")
    for text in (around.format(edited), f"Home\n\n{edited}\n"):
        for given_anchor in (anchor, bare(anchor)):
            assert found_text(given_anchor, text) == edited


def test_one_word_is_not_what_stood_around_a_paragraph() -> None:
    anchor = anchor_of(YEAR, join(f"{PARAGRAPHS[0]} It was a trade fair.", YEAR))
    assert find(anchor, join("Trade", TWIN)) is None
    assert find(anchor, join(PARAGRAPHS[3], TWIN)) is None


def test_an_edited_paragraph_that_a_copy_starts_or_ends_with_is_told_by_the_other_side() -> None:
    anchor = anchors_of(TEXT)[1]
    edited = PARAGRAPHS[1].replace("dawn", "noon")
    assert found_text(anchor, join(edited, *PARAGRAPHS[2:])) == edited
    assert found_text(anchor, join(PARAGRAPHS[0], edited)) == edited
    assert find(anchor_of(YEAR, join(PARAGRAPHS[0], YEAR, PARAGRAPHS[1])), TWIN) is None


def test_few_words_within_a_line_need_what_stood_around_them() -> None:
    anchor = short_anchor()
    again = f"{PARAGRAPHS[0]} {SHORT} {PARAGRAPHS[1]}"
    assert found_text(anchor, again) == SHORT
    assert find(replace(anchor, prefix="", suffix=""), again) is None


def test_four_words_whose_punctuation_changed_are_found_where_they_stand_alone() -> None:
    said = "It was fine today!"
    anchor = bare(Anchor(text=said))
    assert len(anchor.fingerprint) == 1
    assert found_text(anchor, join(PARAGRAPHS[0], "It was fine, today.", PARAGRAPHS[1])) == "It was fine, today."
    assert find(anchor, join(PARAGRAPHS[0].replace("Nobody", "It was fine today. Nobody"))) is None


def test_a_fingerprint_that_does_not_fit_the_number_of_words_finds_nothing() -> None:
    anchor = bare(anchors_of(TEXT)[0])
    edited = TEXT.replace("hours", "days")
    assert find(anchor, edited) is not None
    assert find(replace(anchor, words=90), edited) is None


def test_runs_that_a_copy_has_often_tell_no_place() -> None:
    zeros = "0 " * 60
    anchor = bare(Anchor(text=f"The table of the harbour follows. {zeros}That is all of it."))
    assert find(anchor, join(PARAGRAPHS[0], f"Other figures. {'0 ' * 500}End of the table.")) is None
