"""Lines of a text: where they stand, what stands before them, what they open and end with. Worked by hand."""

from __future__ import annotations

import pytest

from stance.errors import InputError
from stance.text import lines
from stance.text.lines import Line, Marker, split_lines

LOOK = 400


def only(text: str) -> Line:
    (line,) = split_lines(text)
    return line


def test_lines_stand_where_they_stand() -> None:
    text = "  One line. \n\n\tTwo\u200b\r\n\u2029\n Three\u3000"
    assert [(line.start, line.end, text[line.start : line.end]) for line in split_lines(text)] == [
        (2, 11, "One line."),
        (15, 18, "Two"),
        (24, 29, "Three"),
    ]
    assert [line.width for line in split_lines(text)] == [9, 3, 5]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b", "\x1c", "\x1d", "\x1e", "\x85", "\u2028"])
def test_every_sort_of_line_end_leaves_no_gap_alone_and_one_when_doubled(end: str) -> None:
    assert [line.gap for line in split_lines(f"a{end}b{end}{end}c{end}{end}{end}d")] == [0, 0, 1, 2]


def test_an_end_of_paragraph_is_a_blank_line() -> None:
    assert [line.gap for line in split_lines("a\u2029b\u2029\u2029c\n\u2029d")] == [0, 1, 3, 2]


def test_what_stands_before_the_first_line_is_no_gap() -> None:
    assert [line.gap for line in split_lines("\n\n\na\n \t\nb")] == [0, 1]


def test_blank_lines_may_hold_what_has_no_width() -> None:
    assert [line.gap for line in split_lines("a\n\u200b \ufeff\nb\u2060\n\nc")] == [0, 1, 1]


@pytest.mark.parametrize(
    ("margin", "columns"),
    [
        ("", 0),
        (" ", 1),
        ("\t", 4),
        ("\u3000", 2),
        ("\u00a0 ", 2),
        ("\ufeff\u200b\u200c\u200d\u200e\u200f\u2060\u00ad", 0),
        (" \t\u3000\u200b", 7),
        (" " * (LOOK + 9), LOOK),
    ],
    ids=repr,
)
def test_columns_before_a_line(margin: str, columns: int) -> None:
    assert only(margin + "a").indent == columns
    assert split_lines(f"b\n{margin}a")[1].indent == columns
    assert split_lines(f"b\n\n   \n{margin}a")[1].indent == columns  # of its own line alone


def test_a_form_feed_begins_a_page() -> None:
    assert [line.page for line in split_lines("a\n\fb\fc\n\n \f\nd\ne")] == [False, True, True, True, False]
    assert only("\fa").page


def test_long_lines_are_looked_at_from_both_ends() -> None:
    line = only("a" * LOOK + "b" + "c" * LOOK)
    assert (line.head, line.tail) == ("a" * LOOK, "c" * LOOK)
    short = only(" One. ")
    assert (short.head, short.tail) == ("One.", "One.")
    first, second = split_lines("a\nbc  \n")
    assert (first.tail, second.head, second.tail) == ("a", "bc", "bc")


def test_no_more_lines_than_a_million(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lines._MOST == 1_000_000
    monkeypatch.setattr(lines, "_MOST", 3)
    assert len(split_lines("a\nb\n\nc\n")) == 3
    with pytest.raises(InputError, match=r"a document may have 3 lines, this one has more\. Divide it\."):
        split_lines("a\nb\nc\nd")


@pytest.mark.parametrize(
    ("text", "marker"),
    [
        ("# Title", Marker.HEADING),
        ("######\tTitle", Marker.HEADING),
        ("####### Title", Marker.NONE),
        ("#tag", Marker.NONE),
        (">quoted", Marker.QUOTE),
        ("> quoted", Marker.QUOTE),
        ("- one", Marker.BULLET),
        ("\\- one", Marker.BULLET),
        ("•\u00a0one", Marker.BULLET),
        ("— one", Marker.BULLET),
        ("-one", Marker.NONE),
        ("- ", Marker.NONE),
        ("1. One", Marker.NUMBER),
        ("123. One", Marker.NUMBER),
        ("1234. One", Marker.NONE),
        ("1) one", Marker.NUMBER),
        ("(iv) one", Marker.NUMBER),
        ("xviii) one", Marker.NUMBER),
        ("a) one", Marker.NUMBER),
        ("(1234) one", Marker.NONE),
        ("ab) one", Marker.NONE),
        ("1.2. one", Marker.NUMBER),
        ("1.2 One", Marker.NUMBER),
        ("2.5 million", Marker.NONE),
        ("12 One", Marker.NONE),
        ("Q: Why?", Marker.SPEAKER),
        ("A. So.", Marker.SPEAKER),
        ("Q\tWhy?", Marker.SPEAKER),
        ("A  So.", Marker.SPEAKER),
        ("A so", Marker.NONE),
        ("Reporter 2: Why?", Marker.SPEAKER),
        ("Moderator. Why?", Marker.SPEAKER),
        ("Interviewer. Why?", Marker.SPEAKER),
        ("Host: Why?", Marker.SPEAKER),
        ("**Q:** Why?", Marker.SPEAKER),
        ("_MS. LEE_: Why?", Marker.NAME),
        ("MS. LEE: Why?", Marker.SPEAKER),
        ("MS. LEE (Ada): Why?", Marker.SPEAKER),
        ("MS. LEE:", Marker.SPEAKER),
        ("Mr. Lee of Ada: Why?", Marker.SPEAKER),
        ("Prime Minister Ann Lee: Why?", Marker.SPEAKER),
        ("President: Why?", Marker.SPEAKER),
        ("Ann Lee: Why?", Marker.NAME),
        ("Ann Lee of Ada: Why?", Marker.NONE),
        ("Ann Mary Jane Lee: Why?", Marker.NAME),
        ("Ann Mary Jane Sue Lee: Why?", Marker.NONE),
        ("It met: twice", Marker.NONE),
        ("It met today.", Marker.NONE),
        ("(It met today.)", Marker.NONE),
        ("(It met) today.", Marker.NONE),
        ("***", Marker.NONE),
    ],
)
def test_what_a_line_opens_with(text: str, marker: str) -> None:
    assert only(text).marker == marker


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("It met.", True),
        ("It met", False),
        ("Did it meet?", True),
        ("It met!", True),
        ("It met…", True),
        ("会见。", True),
        ("“It met.”", True),
        ("(It met.)", True),
        ("**It met.**", True),
        ("It met.[12]", True),
        ("It met.[1234]", False),
        ("It met.[12", False),
        ("It met [12]", False),
        ("[It met.]", True),
        ("It met,", False),
    ],
)
def test_whether_a_sentence_ends(text: str, ends: bool) -> None:
    assert only(text).ends_sentence is ends


@pytest.mark.parametrize(
    ("text", "opens"),
    [
        ("It met the", True),
        ("It met, and", True),
        ("They were", True),
        ("the", False),
        ("It breathe", False),
        ("It met the.", False),
        ("A lathe", False),
        ("It is theirs and it is their", True),
    ],
)
def test_whether_the_last_word_is_one_that_nothing_ends_with(text: str, opens: bool) -> None:
    assert only(text).ends_open is opens


def test_the_first_word_and_its_letter() -> None:
    line = only("  and\tthen it met")
    assert (line.first_word, line.starts_lower) == ("and", True)
    assert (only("And then").first_word, only("And then").starts_lower) == ("And", False)
    assert not only("1 and").starts_lower
    assert only("eU law").starts_lower
    assert only("word").first_word == "word"
