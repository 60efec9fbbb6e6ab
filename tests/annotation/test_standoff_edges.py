"""An end that is not clearly settled is given up: never a line too many, never another paragraph's last words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stance.annotation.alignment import Place, apart, regions_of
from stance.annotation.anchors import split_words
from stance.annotation.copies import Copy
from stance.schema import Document
from stance.text.segmentation import segment

from .harbour import anchors_of, bare, found_text

PARAGRAPHS = (
    "Asked about the ferry, the mayor of the small harbour town said that the council would decide in May, and that "
    "the costs of the new pier were known to nobody on the council of the town.",
    "The ferry has sailed since 1911. Its captain, who has lived in the small harbour town for forty years, fears for "
    "the crew and for the school on the island of birds.",
    "Trade and tourism both need the ferry, the council was told by the merchants, who said that no island can live "
    "from the council of the town.",
    "Readers wrote that the ferry is loud. Others wrote that they love it, and that the mayor of the small harbour "
    "town should sail with it once before the vote and before the summer season.",
    "What the island wants is simple enough: a ferry in the morning, another at night, and a school that stays open on "
    "the island of birds.",
)
TEXT = "\n\n".join(PARAGRAPHS) + "\n"


def test_of_places_that_overlap_the_one_with_most_evidence_stays() -> None:
    """It comes first; a part of it may look more similar, since it was cut short where a line was put in."""
    whole, part, other = Place(0, 100, 0.6), Place(0, 60, 0.9), Place(100, 150, 0.8)
    assert apart([whole, part, other]) == [other, whole]


def test_lines_put_in_do_not_make_two_places_of_one() -> None:
    """The words behind them would be aligned again, by themselves, and settle the end otherwise."""
    words = PARAGRAPHS[1].split()
    lines = "Read more: What the towns want\nSubscribe to our letter"
    text = " ".join([*words[:22], lines, *words[22:]])
    document = Document(text)
    assert len(list(regions_of(split_words(PARAGRAPHS[1]), Copy(document, segment(document))))) == 1


@pytest.mark.parametrize(
    ("before", "edited"),
    [
        (
            "the town.\n\nSubscribe to our evening letter\n",
            "The ferry sailed since 1911. Its captain, who has lived in the small harbour town for forty years, fears "
            "for the and for schol on the island of birds.",
        ),
        (
            "the otwn.\nListen to this article (6 minutes)\n\n",
            "The ferry has sailed 1911. Its captain, who has lived in the small harbour town for  forty years, fears "
            "for the crew and for the school on the island of birds.",
        ),
    ],
)
def test_a_line_put_in_before_a_paragraph_is_not_taken_in(before: str, edited: str) -> None:
    text = TEXT.replace(f"the town.\n\n{PARAGRAPHS[1]}", before + edited)
    anchor = anchors_of(TEXT)[1]
    assert found_text(anchor, text) in (edited, None)
    assert found_text(bare(anchor), text) in (edited, None)


def test_words_beyond_a_blank_line_do_not_end_a_paragraph() -> None:
    """The next one ends with the same words, of which the paragraph lost its own."""
    one = PARAGRAPHS[1].replace("the island of birds.", "the council of the town.")
    for two in ("No island can live from the council of the town.", "No island can live from the ships of the town."):
        anchor = bare(anchors_of(f"{PARAGRAPHS[0]}\n\n{one}\n\n{two}\n\n{PARAGRAPHS[4]}")[1])
        for cut in ("council o teh twn.", "cuoncil.", "c ouncil fothe twon."):
            edited = one.replace("council of the town.", cut)
            assert found_text(anchor, f"{PARAGRAPHS[0]}\n\n{edited}\n\n{two}\n\n{PARAGRAPHS[4]}") in (edited, None)


def test_two_runs_of_ten_are_met_by_chance() -> None:
    words = [f"word{number}" for number in range(72)]
    anchor = bare(anchors_of(" ".join(words).capitalize() + ".")[0])
    assert len(anchor.fingerprint) == 10
    inner = [f"other{number}" for number in range(64)]
    text = " ".join([*words[:4], *inner, *words[-4:]]).capitalize() + "."
    assert found_text(anchor, text) is None
    text = " ".join([*words[:12], *inner[8:], *words[-4:]]).capitalize() + "."
    assert found_text(anchor, text) == text


def test_layout_alone_does_not_tell_where_a_paragraph_ends() -> None:
    """As in files of before that have no codes: a line put in ends with a block, too."""
    edited = PARAGRAPHS[1].replace("on the island of birds.", "no teh island of birsd.")
    text = TEXT.replace(PARAGRAPHS[1], f"{edited}\nListen to this article")
    anchor = bare(anchors_of(TEXT)[1])
    assert found_text(anchor, text) == edited
    assert found_text(replace(anchor, edges=()), text) is None


def test_one_run_and_codes_of_an_end_are_too_little() -> None:
    one = "The ferry has sailed since 1911, in every summer and most winters, to the harbour of the small town."
    two = "The ferry has sailed away and the children of the island learn at home, as people did in the small town."
    anchor = bare(anchors_of(f"{one}\n\n{PARAGRAPHS[2]}")[0])
    assert len(anchor.fingerprint) == 3
    assert found_text(anchor, f"{two}\n\n{PARAGRAPHS[2]}") is None


def test_with_text_an_end_leads_by_more() -> None:
    """The first words are edited, what was put in behind them begins as they did."""
    teaser = "Listen to this article (6 minutes) Read more: What the harbour towns want Advertisement"
    edited = PARAGRAPHS[4].replace("What the island", f"Waht hte {teaser} island").replace("simple", "ismple")
    found = found_text(anchors_of(TEXT)[4], TEXT.replace(PARAGRAPHS[4], edited))
    assert found in (edited, None)
