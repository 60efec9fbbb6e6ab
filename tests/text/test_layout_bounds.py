"""Which lines belong together at each bound: the last layout that is still taken for one, the first that is not.

Lines of ``x`` have the width that a test is about; a cut is given as the number of lines of each block.
"""

from __future__ import annotations

import pytest

from stance.text.layout import group_lines, is_page_furniture, running_heads
from stance.text.lines import split_lines

OPEN = "The ministers met in the old town"
GOES_ON = "and left it before midnight came."
WHOLE = "They met again in the month of May."


def cut(*lines, **options):
    return [len(group) for group in group_lines(split_lines("\n".join(lines)), **options)]


def wide(width, first="Words", last=""):
    return f"{first} {'x' * (width - len(first) - len(last) - 1)}{last}"


def furniture(text, *heads):
    (line,) = split_lines(text)
    return is_page_furniture(line, frozenset(heads))


def heads(*lines):
    return sorted(running_heads(split_lines("\n".join(lines))))


def test_line_breaks_can_be_told():
    lines = split_lines(f"{OPEN}\n{GOES_ON}\n\n{WHOLE}")
    assert group_lines(lines, breaks="blocks") == [[line] for line in lines]
    assert group_lines(lines, breaks="none") == [lines]
    assert group_lines(lines, breaks="layout") == group_lines(lines) == [lines[:2], lines[2:]]
    assert group_lines([]) == group_lines([], breaks="none") == []


@pytest.mark.parametrize("text", ["12", "[12]", "(12)", "- 12 -", "– 12 –", "Page 3 of 12", "p. 3", "3 / 12", "|12|"])
def test_page_numbers(text):
    assert furniture(text)
    assert not furniture(f"{text} votes")


def test_furniture_has_90_characters():
    assert furniture("-" * 90)
    assert not furniture("-" * 91)
    assert furniture(wide(90), wide(90))
    assert not furniture(wide(91), wide(91))


def test_running_heads_are_no_speakers_nor_items():
    assert furniture("The Ada Post 12", "The Ada Post")
    assert furniture("The Ada Post | 12")
    assert not furniture("The Ada Post | 2024")  # a year
    assert not furniture("The Ada Post")
    assert not furniture("- The Ada Post", "- The Ada Post")
    assert not furniture("MS. LEE: We", "MS. LEE: We")


def test_running_heads_come_three_times_or_twice_at_the_top_of_pages():
    assert heads("The Post 1", "Ada.", "The Post 2", "Bern.", "The Post 3", "Cork.") == ["The Post"]
    assert heads("The Post 1", "Ada.", "The Post 2", "Bern.") == []
    assert heads("\fThe Post 1", "Ada.", "\fThe Post 2", "Bern.") == ["The Post"]
    assert heads("\fThe Post 1", "Ada.") == []
    assert heads() == []


def test_running_heads_have_other_lines_around_them_each_time():
    assert heads("Ada.", "The Post", "Bern.", "The Post", "Bern.", "The Post", "Cork.") == []  # below it: Bern twice
    assert heads("Ada.", "The Post", "Bern.", "Ada.", "The Post", "Cork.", "Rome.", "The Post", "Oslo.") == []
    found = heads("Ada.", "The Post", "Bern.", "Bonn.", "The Post", "Cork.", "Rome.", "The Post", "Oslo.")
    assert found == ["The Post"]
    # page numbers stand beside a head, and are none of its neighbours
    assert heads("Ada.", "The Post", "1", "Bern.", "The Post", "2", "Bern.", "The Post", "3", "Cork.") == []


def test_running_heads_have_90_characters_and_end_no_sentence():
    def of(line):
        return heads(line, "Ada.", line, "Bern.", line, "Cork.")

    assert of(wide(90)) == [wide(90)]
    assert of(wide(91)) == of("The Post.") == of("The Post:") == []
    assert heads("The Post", "met.", "The Post", "went.", "The Post", "came.") == []  # begins three sentences


def test_underlines_belong_to_titles_of_90_characters():
    assert cut(wide(90), "-----", WHOLE) == [2, 1]
    assert cut(wide(91), "-----", WHOLE) == [1, 1, 1]
    assert cut(wide(90), "--", WHOLE) == [1, 1, 1]
    assert cut(wide(90), "", "-----", WHOLE) == [1, 1, 1]


def test_lines_are_wrapped_from_28_to_120_characters():
    assert cut(wide(28), "and on.") == [2]
    assert cut(wide(27), "and on.") == [1, 1]
    assert cut(wide(120), wide(120, "and"), "and on.") == [3]
    assert cut(wide(121), wide(121, "and"), "and on.") == [1, 1, 1]


def test_lines_are_wrapped_if_one_of_seven_surely_goes_on():
    assert cut(*[OPEN, GOES_ON] * 3, *[WHOLE] * 15) == [21]  # 3 of 20 pairs are 15 %
    assert cut(*[OPEN, GOES_ON] * 3, *[WHOLE] * 16) == [1] * 22


MET = "They met in the town."
MET_TWICE = "They met in the town. They left."


def test_lines_stand_in_by_two_columns():
    assert cut(f"  {MET}", MET, f"  {MET}", MET) == [2, 2]
    assert cut(f" {MET}", MET, f" {MET}", MET) == [1] * 4


def test_indentation_marks_paragraphs_where_one_line_of_four_is_followed_by_one_at_the_margin():
    inset = f"  {MET}"
    assert cut(MET, *[inset] * 4, MET) == [1, 1, 1, 1, 2]
    assert cut(MET, *[inset] * 5, MET) == [1] * 7
    assert cut(inset, MET, MET) == [3]
    assert cut(inset, MET) == [1, 1]  # two lines are too few to tell


def test_lines_are_sentences_where_two_chunks_hold_several_and_half_of_the_lines():
    assert cut(MET, MET, "", MET, MET) == [2, 2]
    assert cut(MET, MET, "", MET) == [1] * 3
    assert cut(MET, "", MET, MET, "", MET, MET, "", MET, "", MET, "", MET) == [1, 2, 2, 1, 1, 1]  # 4 of 8
    assert cut(MET, "", MET, MET, "", MET, MET, "", MET, "", MET, "", MET, "", MET) == [1] * 9


def test_lines_are_sentences_where_seven_of_ten_are_single_ones():
    assert cut(*[MET] * 7, "", *[MET_TWICE] * 3) == [7, 3]
    assert cut(*[MET] * 6, "", *[MET_TWICE] * 4) == [1] * 10


def test_labels_above_turns_have_60_characters():
    assert cut(wide(60, "MS.", ":").upper(), MET, "", "MR. PRICE:", MET) == [2, 2]
    assert cut(wide(61, "MS.", ":").upper(), MET, "", "MR. PRICE:", MET) == [1, 1, 2]


def test_names_are_labels_from_three_on():
    assert cut(*["Ann Lee:", MET] * 3) == [2] * 3
    assert cut(*["Ann Lee:", MET] * 2) == [1] * 4


def test_double_spaced_lines_have_no_two_lines_without_a_blank_one():
    lines = [wide(40), *[wide(40, "and")] * 9, "and on."]
    spaced = "\n\n".join(lines).split("\n")
    assert cut(*lines) == cut(*spaced) == [11]
    assert cut(*spaced[:9], *spaced[10:]) == [1, 1, 1, 1, 2, 1, 1, 1, 1, 1]


def test_a_label_that_a_wrapped_sentence_reaches_is_no_speaker():
    rest = (
        "Minister: no, he said, and the others went on with the talks of",
        "the day before, which had been held in the dark of the old town",
        "and had come to nothing at all.",
    )
    assert cut("The ministers met in the old town and talked with the Prime", *rest) == [4]
    assert cut("Q: Have the ministers met, and have they talked with the Prime", *rest) == [1, 3]
    assert cut("The ministers met in the old town.", *rest) == [1, 3]


def test_a_narrow_quotation_does_not_tell_how_wide_the_rest_is():
    paragraph = [wide(70, "When"), *[wide(70, "and")] * 3, wide(60, "and", "so.")]
    quotation = [f"        {line}" for line in (wide(46, "When"), *[wide(46, "and")] * 4, wide(30, "and", "so."))]
    assert cut(*paragraph, *paragraph) == [5, 5]
    assert cut(*paragraph, *paragraph, *quotation, *paragraph, *paragraph) == [5, 5, 6, 5, 5]
    assert cut(*quotation) == [6]
