"""What blocks are at each bound: the last that is still inside, the first that is not.

Every test gives blocks and the first letters of their kinds: body, furniture, heading, metadata.
"""

from __future__ import annotations

import pytest

from stance.text.kinds import classify_blocks
from stance.text.lines import split_lines

BODY = "The ministers met in Riga on Tuesday, and nobody left the room before midnight."
TITLE = "The Quarrel of Riga"
LINKS = "Related News"
SHORT = "They met."


def told(*blocks, heads=()):
    """Kinds of blocks, whatever their lines: blank lines stand between them."""
    groups = []
    for line in split_lines("\n\n".join(blocks)):
        if line.gap or not groups:
            groups.append([])
        groups[-1].append(line)
    assert len(groups) == len(blocks)
    return "".join(kind[0] for kind in classify_blocks(groups, frozenset(heads)))


def wide(text, width):
    """The text with one more word, which makes it as wide as asked for."""
    return f"{text} {'x' * (width - len(text) - 1)}"


def test_documents_of_no_block_and_of_one():
    assert told() == ""
    assert told(TITLE) == told("Share") == told("By Ann Lee") == "b"
    assert told(TITLE, BODY) == "hb"


def test_the_longest_block_is_body_where_none_is():
    assert told("By Ann Lee", TITLE) == "mb"
    assert told("Riga", "By Ann Lee") == "hb"
    assert told(f"{TITLE} and of Tallinn", "By Ann Lee") == "bm"  # what is told by its form stays so
    assert told("Riga", "© 2024 Baltic Observer") == "bf"  # furniture is it last
    assert told("Share", "Advertisement") == "fb"
    assert told(f"{TITLE} and", "Tallinn") == "bb"  # titles below it are
    assert told("Riga", "Ada", "A Port of Tallinn") == "hhb"


def test_a_running_head_below_furniture_is_no_name_in_a_document_without_body():
    found = told("3 March 2024", "By Ann Lee", "Share", "Baltic Observer", heads=["Baltic Observer"])
    assert found == "bmff"


def test_two_speakers_make_a_transcript():
    assert told("MR. PRICE: The quarrel", BODY, BODY) == "hbb"
    assert told("MR. PRICE: The quarrel", BODY, "MS. LEE: The promise", BODY) == "bbbb"
    assert told("MR. PRICE: The quarrel\nof Riga", "MS. LEE: The promise\nof Riga", BODY) == "bbb"


def test_headings_have_140_characters_and_three_lines():
    assert told(wide(TITLE, 140), BODY) == "hb"
    assert told(wide(TITLE, 141), BODY) == "bb"
    assert told("The\nquarrel of\nRiga", BODY) == "hb"
    assert told("The\nquarrel\nof\nRiga", BODY) == "bb"
    assert told(TITLE, BODY, "The quarrel of\nthe allies", BODY) == "hbhb"  # the first line alone has to begin large
    assert told("The votes\nof Riga\nand Ada:", BODY) == "bb"  # all three lines are read


def test_underlined_titles_are_headings_whatever_they_are():
    assert told("what came next\n--------------", BODY) == "hb"


@pytest.mark.parametrize("end", [",", ";", ":", "…", ",)", ":”", ".[3]", "."])
def test_marks_at_the_end_make_body(end):
    assert told(TITLE + end, BODY) == "bb"


def test_numbered_headings_have_ten_words():
    ten = "1. One two three four five six seven eight nine"
    assert told(ten, BODY) == "hb"
    assert told(f"{ten} ten", BODY) == "bb"
    assert told(f"{ten.removeprefix('1. ')} ten eleven", BODY) == "hb"  # without a number, any


def test_questions_have_80_characters_and_one_line():
    assert told(f"{wide('Who pays', 79)}?", BODY) == "hb"
    assert told(f"{wide('Who pays', 80)}?", BODY) == "bb"
    assert told("Who pays\nfor Riga?", BODY) == "bb"
    assert told("Riga fell. Who pays for it?", BODY) == "bb"


def test_furniture_has_140_characters():
    assert told(BODY, wide("© 2024 Baltic Observer", 140), BODY) == "bfb"
    assert told(BODY, wide("© 2024 Baltic Observer", 141), BODY) == "bbb"


def test_furniture_that_is_a_sentence_has_12_words():
    twelve = "Subscribe to that view and you will have to defend it often."
    assert told(BODY, twelve, BODY) == "bfb"
    assert told(BODY, twelve.replace("often", "very often"), BODY) == "bbb"
    assert told(BODY, twelve.replace("often.", "very often"), BODY) == "bfb"  # no sentence
    rights = "© 2024 Baltic Observer of Riga, Tallinn and Vilnius, whose lawyers are many and good."
    assert told(BODY, rights, BODY) == "bfb"


def test_bylines_have_100_characters_two_lines_and_six_words_of_a_name():
    assert told(TITLE, wide("By Ann Lee,", 100), BODY) == "hmb"
    assert told(TITLE, wide("By Ann Lee,", 101), BODY) == "hhb"
    assert told(TITLE, "By Ann Lee\nand Bo Xu", BODY) == "hmb"
    assert told(TITLE, "By Ann Lee,\nBo Xu and\nJan de Vries", BODY) == "hhb"
    assert told(TITLE, "By Ann Bo Cy Di Ed Flo", BODY) == "hmb"
    assert told(TITLE, "By Ann Bo Cy Di Ed Flo Guy", BODY) == "hhb"
    assert told(TITLE, "By Ann Lee, who has written on the Baltic since 2004", BODY) == "hmb"
    assert told(TITLE, "By Ann Lee.", BODY) == "hbb"


def test_items_of_lists_are_no_metadata():
    assert told(TITLE, "* Source: Baltic Observer", BODY) == "hbb"
    assert told(TITLE, "2.10 March 2024", BODY) == "hhb"  # a numbered heading; without its number 2, a time and a date


def test_a_field_that_is_a_sentence_has_nine_words():
    nine = "Source: the Baltic Observer of Riga and of Tallinn."
    assert told(TITLE, nine, BODY) == "hmb"
    assert told(TITLE, nine.replace("and", "and also"), BODY) == "hbb"
    assert told(TITLE, nine.replace("and", "and also").rstrip("."), BODY) == "hmb"  # no sentence


def test_a_field_that_is_a_speaker_is_no_sentence():
    assert told("Speaker: Ann Lee", "Reporter: Bo Xu", BODY) == "mmb"
    assert told("Speaker: Welcome.", "Reporter: Thanks.", BODY) == "bbb"


def test_notes_have_600_characters():
    note = "The author is a fellow at the Riga Institute"
    assert told(BODY, BODY, wide(note, 600)) == "bbm"
    assert told(BODY, BODY, wide(note, 601)) == "bbb"
    assert told(BODY, BODY, "The author\nof this\ntext is a fellow") == "bbm"  # three lines are read
    assert told(BODY, BODY, "The author\nof this\ntext\nis a fellow") == "bbb"


def test_notes_on_persons_have_600_characters_eight_lines_and_three_paragraphs():
    note = "Ann Lee is a fellow of Riga"
    assert told(BODY, BODY, wide(note, 600)) == "bbm"
    assert told(BODY, BODY, wide(note, 601)) == "bbb"
    assert told(BODY, BODY, note + "\nand\nso\non\nto\nthe\nvery\nend.") == "bbm"
    assert told(BODY, BODY, note + "\nand\nso\non\nto\nthe\nvery\nvery\nend.") == "bbb"
    assert told(TITLE, BODY, f"{note}.") == "hbb"
    assert told(BODY, BODY, f"- {note}.") == "bbb"
    assert told(BODY, f"{note}.", BODY, BODY) == "bbbb"


def test_notes_within_a_text_are_body_with_two_paragraphs_on_both_sides():
    note = "The author is a fellow at the Riga Institute."
    assert told(BODY, BODY, note, BODY, BODY) == "bbbbb"
    assert told(BODY, BODY, BODY, note, BODY, BODY) == "bbbbbb"
    assert told(BODY, BODY, note, BODY, BODY, BODY) == "bbbbbb"
    assert told(BODY, note, BODY, BODY, BODY) == "bmbbb"
    assert told(BODY, BODY, BODY, note, BODY) == "bbbmb"
    assert told(BODY, BODY, note, BODY) == "bbmb"
    assert told(BODY, BODY, "3 March 2024", BODY, BODY) == "bbmbb"  # dates are no such notes
    assert told(BODY, note) == "bm"


def test_lists_of_links_stand_below_text_and_end_with_what_is_none():
    assert told(TITLE, BODY, LINKS, "Tallinn opens a port", BODY) == "hbffb"
    assert told(TITLE, "By Ann Lee", BODY, LINKS, "Tallinn opens a port", BODY) == "hmbffb"
    assert told(TITLE, BODY, LINKS, "Tallinn opens a port", "3 March 2024", "Vilnius votes", BODY) == "hbffmfb"
    assert told(TITLE, BODY, LINKS, BODY, "Tallinn opens a port", BODY) == "hbfbhb"
    assert told(TITLE, BODY, LINKS, "- Tallinn opens a port", BODY) == "hbffb"
    assert told(TITLE, BODY, LINKS, "- It rose.", BODY) == "hbfbb"
    assert told(TITLE, BODY, LINKS, "1. Tallinn opens a port", BODY) == "hbffb"
    assert told(TITLE, BODY, LINKS, "# Tallinn opens a port", BODY) == "hbfhb"
    assert told(TITLE, BODY, "Share", "Tallinn opens a port", BODY) == "hbfhb"
    assert told(TITLE, BODY, "More on Riga\n------------", "Tallinn opens a port", BODY) == "hbhhb"
    assert told(LINKS, "- Tallinn opens a port", BODY) == "fbb"
    assert told(TITLE, LINKS, "- Tallinn opens a port", BODY) == "hfbb"


GAS = "The price of gas | Economy | Bo Xu"
PORTS = "Tallinn opens a port | Economy | Ann Lee"


def test_two_titles_with_two_tags_begin_teasers():
    assert told(TITLE, BODY, GAS, SHORT, PORTS, SHORT) == "hbffff"
    assert told(TITLE, BODY, GAS, SHORT, f"{PORTS} | Baltic Observer", SHORT) == "hbffff"  # three tags
    assert told(TITLE, BODY, GAS, SHORT, "Tallinn | Economy", SHORT) == "hbhbhb"  # one tag
    assert told(TITLE, BODY, GAS, SHORT, GAS, SHORT) == "hbhbhb"  # one title
    assert told(TITLE, BODY, "Home | World | Riga", BODY, "Home | Europe | Ada", BODY) == "hbfbfb"  # no titles
    assert told(PORTS, BODY, BODY, GAS, BODY) == "hbbhb"  # the text's own title is no teaser
    assert told(TITLE, PORTS, BODY, BODY, GAS, BODY) == "hhbbhb"


@pytest.mark.parametrize("above", [(), (TITLE,), (TITLE, "By Ann Lee")])
def test_what_a_text_begins_with_is_no_teaser(above):
    first = wide("what came | of Riga | and", 150)
    before = told(*above, BODY)[:-1]
    assert told(*above, first, BODY, GAS, BODY) == before + "bbhb"
    assert told(*above, BODY, first, BODY, GAS, BODY) == before + "bffff"


def test_titles_of_teasers_have_280_characters_one_line_and_no_full_stop():
    def teaser(title):
        return told(BODY, title, SHORT, GAS, SHORT)

    assert teaser(wide("Ports | Trade | Riga", 280)) == "bffff"
    assert teaser(wide("Ports | Trade | Riga", 281)) == "bbbhb"
    assert teaser("Ports | Trade | Riga\nand Ada") == "bhbhb"
    assert teaser("Ports | Trade | Riga stays.") == "bbbhb"


def test_a_title_with_a_tag_given_twice_on_end_begins_teasers():
    assert told(TITLE, BODY, "Ports grow | Trade", "Ports grow | Trade", SHORT, SHORT) == "hbffff"
    assert told(TITLE, BODY, "Ports grow | Trade", SHORT, "Ports grow | Trade", SHORT) == "hbhbhb"
    assert told(TITLE, BODY, "Ports grow | Trade", "Anew", SHORT, SHORT) == "hbhhbb"
    assert told(TITLE, BODY, "Ports grow", "Ports grow", SHORT, SHORT) == "hbhhbb"
    last = "Why the ministers who met in Riga on Tuesday paid so much | Economy"
    assert told(TITLE, BODY, last) == "hbb"
    assert told(TITLE, BODY, last, last) == "hbff"


def test_more_than_three_headings_and_twice_the_paragraphs_are_body():
    names = ("Riga", "Ada", "Oslo", "Bonn", "Rome", "Bern", "Cork")

    def of(headings, bodies):
        return told(*names[:headings], *[BODY] * bodies)

    assert of(3, 1) == "hhhb"
    assert of(4, 1) == "hbbbb"
    assert of(4, 2) == "hhhhbb"
    assert of(5, 2) == "hbbbbbb"
    assert of(6, 3) == "hhhhhhbbb"
    assert of(7, 3) == "hbbbbbbbbb"
    assert told(*[f"# {name}" for name in names], BODY) == "hhhhhhhb"  # marked as headings
    assert told(*[f"{place}. {name}" for place, name in enumerate(names, 1)], BODY) == "hbbbbbbb"


def test_a_line_at_the_end_is_body_with_eleven_words_or_alone_without_capitals():
    ten = "How one two three four five six seven Eight Nine"
    assert told(BODY, ten) == "bf"
    assert told(BODY, f"{ten} ten") == "bb"
    assert told(BODY, "Why?") == "bb"
    assert told(BODY, "NATO stays on") == "bb"
    assert told(BODY, "NATO stays On") == told(BODY, "NATO Stays on") == "bf"
    assert told(BODY, "Silence") == "bm"  # one word may be a name
    assert told(BODY, "So be it", "Share") == "bff"
    assert told(BODY, "So be it", "And so it goes on") == "bff"
    assert told(TITLE, BODY, "So be it", BODY) == "hbhb"
    assert told(BODY, "# So be it") == "bh"


def test_questions_within_a_text_are_headings_with_three_words_over_text_thrice_as_long():
    text = "What do they say in Riga about it, then? 60 characters long."
    assert len(text) == 3 * len("Who of them has paid")
    assert told(TITLE, BODY, "Who of them has paid?", f"{text} So.", BODY) == "hbhbb"
    assert told(TITLE, BODY, "Who of them had pay?", text, BODY) == "hbhbb"
    assert told(TITLE, BODY, "Who of them has paid?", text, BODY) == "hbbbb"
    assert told(TITLE, BODY, "Who paid?", BODY, BODY) == "hbbbb"
    assert told(TITLE, BODY, "Who has paid?", BODY, BODY) == "hbhbb"
    assert told(TITLE, BODY, "Who paid now?", "Not Riga", BODY, BODY) == "hbhhbb"
    assert told(TITLE, "Who has paid?", SHORT, BODY) == "hbbb"
    assert told("Who has paid?", SHORT, BODY) == "hbb"
    assert told("Why?", BODY, BODY) == "hbb"
    assert told("By Ann Lee", "Who pays?") == told("By Ann Lee", "Who pays now?") == "mb"  # over nothing
    assert told(TITLE, BODY, "Who has paid?", f"Q: {BODY}", f"A: {BODY}") == "hbbbb"


def test_what_a_page_ends_with_is_body_where_the_text_goes_on():
    assert told(TITLE, BODY, "Money and", "12", "ships.", BODY) == "hbbfbb"
    assert told(TITLE, BODY, "Money", "12", BODY) == "hbbfb"  # within a text, no page ends with a heading
    assert told(TITLE, "12", BODY, BODY) == "hfbb"
    assert told(TITLE, "12", "went on.", BODY) == "bfbb"
    assert told(f"{TITLE} and of", "12", "Ada met.", BODY) == "bfbb"
    assert told(f"{TITLE} and of", "12", "13", "Ada met.", BODY) == "bffbb"
    assert told(f"{TITLE}\nand of", "12", "Ada met.\nIt went on.", BODY) == "bfbb"
    assert told(f"{TITLE} and of", "***", "Ada met.", BODY) == "hfbb"  # a rule ends no page
    assert told(f"{TITLE} and of", "Ada met.", BODY) == "hbb"
    assert told(BODY, "Tallinn Opens a Port", "12") == "bbf"
    assert told("By Ann Lee", f"{TITLE} and of", "12") == "mbf"


def test_names_below_a_title_are_metadata_beside_other_metadata():
    assert told(TITLE, "Ann Lee", "3 March 2024", BODY) == "hmmb"
    assert told(TITLE, "By Ann Lee", "Baltic Observer", BODY) == "hmmb"
    assert told(TITLE, "Baltic Observer", "Ann Lee", "3 March 2024", BODY) == "hmmmb"
    assert told(TITLE, "Baltic Observer", BODY) == "hhb"
    assert told("Baltic Observer", "3 March 2024", "How the allies met", BODY) == "hmhb"
    assert told(TITLE, "How the allies met", "3 March 2024", BODY) == "hhmb"
    assert told(TITLE, "Baltic Observer", "Advertisement", "3 March 2024", BODY) == "hhfmb"
    assert told(TITLE, BODY, "Ann Lee", "3 March 2024", BODY) == "hbhmb"  # in the head alone


def test_names_have_five_words_and_no_number():
    assert told(TITLE, "The Baltic Observer of Riga", "3 March 2024", BODY) == "hmmb"
    assert told(TITLE, "The New Baltic Observer of Riga", "3 March 2024", BODY) == "hhmb"
    assert told(TITLE, "A) Riga", "3 March 2024", BODY) == "hhmb"
    assert told(TITLE, "# Riga", "3 March 2024", BODY) == "hhmb"


def test_names_at_the_end_are_metadata_below_the_text_or_other_metadata():
    assert told(BODY, "Ann Lee") == "bm"
    assert told(BODY, "Ann Lee", "Baltic Observer") == "bmm"
    assert told(BODY, "3 March 2024", "Baltic Observer") == "bmm"
    assert told(BODY, "Tallinn opens a port", "Ann Lee") == "bff"
    assert told(BODY, "Share") == "bf"
    assert told(TITLE, BODY, "3 March 2024", "Baltic Observer", BODY, heads=["Baltic Observer"]) == "hbmfb"
