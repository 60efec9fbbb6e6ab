"""Laws of the cutting: nothing is lost, offsets are exact, the work is linear."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.schema import Document
from stance.text.segmentation import segment

WITHOUT_WIDTH = "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060\u00ad"
LETTERS = "aAbBqQzZé中.,:;?!\"'”()[]-–_*|#>=0123456789 \t\u3000\u00a0\n\r\f\x0b\x85\u2028\u2029\ufeff\u200b"


def is_blank(piece: str) -> bool:
    return not piece.translate(dict.fromkeys(map(ord, WITHOUT_WIDTH))).strip()


def assert_lossless(document: str) -> None:
    blocks = segment(document)
    at = 0
    for index, block in enumerate(blocks):
        assert block.index == index
        assert at <= block.start < block.end
        assert document[block.start : block.end] == block.text
        assert is_blank(document[at : block.start])
        assert not block.text[0].isspace()
        assert not block.text[-1].isspace()
        assert block.kind in ("body", "heading", "metadata", "furniture")
        at = block.end
    assert is_blank(document[at:])
    assert not blocks or any(block.kind == "body" for block in blocks)


@given(st.text())
@settings(max_examples=300)
def test_any_text_is_cut_without_loss(document):
    assert_lossless(document)


@given(st.text(LETTERS, max_size=300))
@settings(max_examples=400)
def test_texts_full_of_marks_and_breaks_are_cut_without_loss(document):
    assert_lossless(document)


@given(
    st.lists(
        st.sampled_from(
            [
                "Q: Why?",
                "A: So.",
                "12",
                "- one",
                "> two",
                "# Three",
                "---",
                "===",
                "By Ann Lee",
                "",
                "  ",
                "\t",
                "\f",
                "The council met and",
                "agreed on it.",
                "A | B | C",
                "Related News",
                "(a) that it is",
                "1. It was",
            ]
        ),
        max_size=30,
    ),
    st.sampled_from(["\n", "\r\n", "\r", "\n\n", "\u2029"]),
)
@settings(max_examples=300)
def test_documents_of_every_sort_of_line_are_cut_without_loss(lines, ending):
    assert_lossless(ending.join(lines))


@given(st.text(LETTERS, min_size=1, max_size=200))
@settings(max_examples=200)
def test_line_ends_do_not_change_what_is_cut(document):
    unix = document.replace("\r", "\n")
    windows = unix.replace("\n", "\r\n")
    expected = [(block.kind, block.text) for block in segment(unix)]
    assert [(block.kind, block.text.replace("\r\n", "\n")) for block in segment(windows)] == expected


@pytest.mark.parametrize("document", ["", " ", "\n\n", "\ufeff", "\u3000\t\r\n\f", "\u200b\n\u2060"])
def test_nothing_but_white_space_has_no_blocks(document):
    assert segment(document) == []


@pytest.mark.parametrize("document", ["word", "# word", "12", "By Ann Lee", "---", "Read more", "\ufeff  Tags: NATO\n"])
def test_a_single_block_is_body(document):
    (block,) = segment(document)
    assert block.kind == "body"
    assert document[block.start : block.end] == block.text == document.strip("\ufeff \n")


def test_breaks_are_taken_as_the_document_says():
    text = "The council met and\nagreed on it. Then it\n\nwent home."
    kinds = {breaks: [block.text for block in segment(Document(text, breaks=breaks))] for breaks in ("blocks", "none")}
    assert kinds == {
        "blocks": ["The council met and", "agreed on it. Then it", "went home."],
        "none": [text],
    }


def test_a_document_gives_what_its_text_gives():
    text = "A view\n\nBy Ann Lee\n\nNATO met today. It agreed."
    assert segment(Document(text, name="a.txt")) == segment(text)


def test_a_line_with_room_for_the_next_word_ends_its_paragraph():
    paragraphs = [
        "The bridge was closed at noon, and no one in the town of Ada\nwas told before the evening who had ordered it.",
        "Ministers met at once. They blamed the rain, the road and the\nrail, and then they blamed the men who did it.",
        "A month went by. Nothing was said of it in the papers of Ada,\nand the ferry was full each day but Sunday.",
    ]
    assert [block.text for block in segment("\n".join(paragraphs))] == paragraphs


LONG = 200_000
"""Characters of the long texts below; what is not linear takes minutes for them."""


@pytest.mark.parametrize(
    "document",
    [
        "a" * LONG,
        "word " * (LONG // 5),
        "The council met. " * (LONG // 17),
        "It met.\n" * (LONG // 8),
        "a\n" * (LONG // 2),
        "\n" * LONG,
        " " * LONG,
        "\t \r\n" * (LONG // 4),
        "x" + " " * LONG + "y",
        " " * LONG + "y",
        "x\n" + "\u3000" * LONG,
        ")" * LONG,
        "." * LONG,
        "- " * (LONG // 2),
        "A " * (LONG // 2) + ":",
        "A.B" * (LONG // 3),
        "> " * (LONG // 2),
        "#" * LONG,
        "1." * (LONG // 2),
        "A | B\n" * (LONG // 6),
        "Q: Why?\nA: So.\n" * (LONG // 15),
        "\f1\n" * (LONG // 3),
        "Ann Lee\n" * (LONG // 16) + "It met today.\n" * (LONG // 28),
        "It met today. It met.\nA title\n1\n" * (LONG // 32),
        "A title\nBy Ann Lee\nWhy?\n" * (LONG // 25),
        "\u00ad\u200b" * (LONG // 2) + "a",
    ],
    ids=lambda document: repr(document[:12]),
)
def test_time_grows_with_length_alone(document):
    started = time.perf_counter()
    segment(document)
    assert time.perf_counter() - started < 20
