"""Own paragraphs, rendered in many layouts: the blocks that have to come out are known exactly."""

from __future__ import annotations

import re
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.schema import Paragraph
from stance.text.segmentation import segment

PARAGRAPHS = (
    "The defence ministers of the alliance met in Riga on Tuesday to settle a quarrel that has gone on since March. "
    "Nobody left the room before midnight. The text they signed runs to 14 pages and promises 2.5 percent of national "
    "output for arms by 2030.",
    '"We have asked our partners for patience, not for charity," said the Estonian minister, who had threatened to '
    "stay away. She added that the U.S. offer was fair, although it came late. Her counterpart from Madrid disagreed.",
    "Washington kept silent.",
    "In Beijing the foreign ministry called the plan a relic of the Cold War. A spokesman said that the bloc was "
    "looking for enemies where there were none, and that China would respond to any step that harmed its interests. "
    'He did not say how. "You will see it in due course," he told reporters.',
    "Trade tells another story. Exports from the region to China rose by 11.4 percent last year, to $38 billion, and "
    "the ports of Gdansk and Klaipeda are building new terminals. Prof. Anneli Tamm of the University of Tartu says "
    "that governments cannot have it both ways. They buy the ships, she says, and then complain about the cargo.",
    "What does the public think? A poll of 3,012 adults in six countries found that 58 percent want closer ties with "
    "the United States, while only 12 percent trust the Chinese government. Of those under 30, 44 "
    "and 21 percent.",
    "Dr. Lind, who led the survey, warns against reading too much into it. Answers shift with the news, and the "
    "questions were put in the week after the cyberattack on the Lithuanian parliament. Next spring she'll ask again.",
    "The ministers will meet again in June. By then two of the governments at the table will have faced elections, "
    "and a third may have fallen. Few expect the promise of Riga to be kept in full, but fewer still expect it to be "
    "withdrawn.",
)

WIDTHS = (60, 72, 80, 90)


def wrapped(paragraph: str, width: int, *, first: str = "", hyphens: bool = False) -> list[str]:
    """Wrap a paragraph; with hyphens, long words are divided at the end of lines as a typesetter does."""
    lines = textwrap.wrap(paragraph, width, initial_indent=first, break_on_hyphens=False)
    if not hyphens:
        return lines
    done, rest = [], paragraph
    while len(rest) > width:
        cut = rest.rfind(" ", 0, width + 1)
        word = re.match(r"[a-z]+", rest[cut + 1 :])
        room = width - cut - 2
        if word and len(word.group()) >= 7 and room >= 3 and len(word.group()) - room >= 3:
            done.append(rest[: cut + 1 + room] + "-")
            rest = rest[cut + 1 + room :]
        else:
            done.append(rest[:cut])
            rest = rest[cut + 1 :]
    return [*done, rest]


def sentences(paragraph: str) -> list[str]:
    """Cut a paragraph of this file into sentences."""
    return re.split(r"(?<=[.?])(?<!U\.S\.)(?<!Prof\.)(?<!Dr\.) (?=[\"A-Z])", paragraph)


def plain(text: str) -> str:
    """Bring white space and hyphens at the end of lines to one form."""
    return re.sub(r"\s+", " ", re.sub(r"(?<=[a-z])-[\r\n]+", "", text.replace("\u3000", " "))).strip()


def check(text: str, expected: list[tuple[str, str]] | list[str], *, kinds: bool = True) -> list[Paragraph]:
    """Assert the slices and, white space aside, kinds and texts."""
    blocks = segment(text)
    assert all(text[block.start : block.end] == block.text for block in blocks)
    wanted = [("body", entry) if isinstance(entry, str) else entry for entry in expected]
    assert [plain(block.text) for block in blocks] == [entry for _, entry in wanted]
    if kinds:
        assert [block.kind for block in blocks] == [kind for kind, _ in wanted]
    return blocks


def test_sentences_are_what_the_layouts_below_take_them_for():
    assert [len(sentences(paragraph)) for paragraph in PARAGRAPHS] == [3, 3, 1, 4, 4, 3, 3, 3]


@pytest.mark.parametrize("separator", ["\n", "\n\n", "\n\n\n", "\r\n", "\r", "\r\n\r\n", "\u2029", "\u2028", "\x85"])
def test_a_line_is_a_paragraph(separator):
    check(separator.join(PARAGRAPHS), list(PARAGRAPHS))


@pytest.mark.parametrize("indent", ["  ", "\t", "\u3000\u3000", "    "])
@pytest.mark.parametrize("separator", ["\n", "\n\n"])
def test_a_line_is_a_paragraph_and_all_are_indented(indent, separator):
    check(separator.join(indent + paragraph for paragraph in PARAGRAPHS), list(PARAGRAPHS))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("hyphens", [False, True])
@pytest.mark.parametrize("indent", ["", "  ", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_wrapped_lines_with_blank_lines_between_paragraphs(width, hyphens, indent, ending):
    text = "\n\n".join(indent + "\n".join(wrapped(each, width, hyphens=hyphens)) for each in PARAGRAPHS)
    blocks = check(text, list(PARAGRAPHS))
    if ending != "\n":
        other = segment(text.replace("\n", ending))
        assert [block.text.replace(ending, "\n") for block in other] == [block.text for block in blocks]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("hyphens", [False, True])
@pytest.mark.parametrize("indent", ["", "  ", "\t", "\u3000\u3000"])
def test_wrapped_lines_with_single_newlines_between_paragraphs(width, hyphens, indent):
    text = "\n".join(indent + "\n".join(wrapped(each, width, hyphens=hyphens)) for each in PARAGRAPHS)
    check(text, list(PARAGRAPHS))


@pytest.mark.parametrize("width", WIDTHS)
def test_wrapped_lines_that_all_stand_in(width):
    text = "\n\n".join("\n".join("    " + line for line in wrapped(each, width)) for each in PARAGRAPHS)
    check(text, list(PARAGRAPHS))


@pytest.mark.parametrize("indent", ["  ", "\t", "\u3000\u3000", "    "])
@pytest.mark.parametrize("separator", ["\n", "\n\n", "\r\n", "\r\n\r\n"])
def test_a_sentence_a_line_with_indentation_at_paragraphs(indent, separator):
    text = separator.join(indent + separator.join(sentences(paragraph)) for paragraph in PARAGRAPHS)
    check(text, list(PARAGRAPHS))


def test_a_sentence_a_line_with_blank_lines_between_paragraphs():
    text = "\n\n".join("\n".join(sentences(paragraph)) for paragraph in PARAGRAPHS)
    check(text, list(PARAGRAPHS))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("indent", ["    ", "\t"])
def test_double_spaced_lines_with_indentation(width, indent):
    text = "\n\n".join(indent + "\n\n".join(wrapped(paragraph, width)) for paragraph in PARAGRAPHS)
    check(text, list(PARAGRAPHS))


@pytest.mark.parametrize("width", [*WIDTHS, 66])
@pytest.mark.parametrize("indent", ["  ", "     ", " " * 8])
@pytest.mark.parametrize("separator", ["\n", "\n\n"])
def test_first_lines_are_full_though_indentation_shortens_them(width, indent, separator):
    lines = [line for each in PARAGRAPHS for line in wrapped(each, width, first=indent)]
    check(separator.join(lines), list(PARAGRAPHS))


@pytest.mark.parametrize("number", ["12.59 million", "2.5 percent", "1 January", "300 ships"])
def test_a_number_at_the_start_of_a_line_opens_no_paragraph(number):
    lines = [
        "The survey counted the boats in each port of the sea, and it says",
        "that there were 9 in Ada, 30 in Vis, and",
    ]
    lines += [
        f"{number} more than anyone had thought, in the two ports of the",
        "north. Nobody had counted them before.",
    ]
    check("\n".join(lines), [" ".join(lines)])


@pytest.mark.parametrize("number", ["2.1 ", "2.1. ", "12.\t", "3.10.2 "])
def test_numbers_of_sections_open_paragraphs(number):
    paragraphs = [PARAGRAPHS[0], number + PARAGRAPHS[3], PARAGRAPHS[4]]
    lines = [line for each in paragraphs for line in textwrap.wrap(each, 72, break_on_hyphens=False)]
    check("\n".join(lines), [plain(each) for each in paragraphs])


@pytest.mark.parametrize("separator", ["\n", "\n\n"])
def test_a_speaker_among_indented_sentences_keeps_them(separator):
    turns = [f"{name}: {each}" for name, each in zip("QAQA", PARAGRAPHS[3:7], strict=True)]
    text = separator.join("  " + separator.join(sentences(turn)) for turn in turns)
    check(text, turns)


def test_a_few_lines_of_two_sentences_are_no_paragraphs():
    first = [PARAGRAPHS[0], PARAGRAPHS[3], PARAGRAPHS[4], PARAGRAPHS[7]]
    lines = [sentences(each) for each in first]
    lines[1] = [" ".join(lines[1][:2]), *lines[1][2:]]
    check("\n\n".join("\n".join(each) for each in lines), first)


@pytest.mark.parametrize("width", WIDTHS)
def test_wrapped_quotes_are_one_block_each(width):
    def quote(paragraph: str) -> str:
        return "\n".join("> " + line for line in wrapped(paragraph, width))

    first, second = PARAGRAPHS[3], PARAGRAPHS[4]
    text = "\n".join([*wrapped(PARAGRAPHS[0], width), "", quote(first), ">", quote(second), "", PARAGRAPHS[2]])
    found = [(block.kind, plain(block.text.replace("\n> ", "\n"))) for block in segment(text)]
    assert found == [
        ("body", PARAGRAPHS[0]),
        ("body", "> " + first),
        ("furniture", ">"),
        ("body", "> " + second),
        ("body", PARAGRAPHS[2]),
    ]


@pytest.mark.parametrize("width", WIDTHS)
def test_a_first_page_that_breaks_off_is_body(width):
    first, *rest = wrapped(PARAGRAPHS[5][len("What does the public think? ") :], width)
    after = [line for each in PARAGRAPHS[3:5] for line in ["", *wrapped(each, width)]]
    text = "\n".join([first, "", "3", "", *rest, *after])
    check(text, [first, ("furniture", "3"), " ".join(rest), *PARAGRAPHS[3:5]])


@pytest.mark.parametrize("width", WIDTHS)
def test_double_spaced_lines_with_an_extra_blank_line(width):
    text = "\n\n\n".join("\n\n".join(wrapped(paragraph, width)) for paragraph in PARAGRAPHS)
    check(text, list(PARAGRAPHS))


@pytest.mark.parametrize("width", WIDTHS)
def test_double_spaced_lines_where_short_last_lines_end_paragraphs(width):
    text = "\n\n".join("\n\n".join(wrapped(paragraph, width)) for paragraph in PARAGRAPHS)
    check(text, list(PARAGRAPHS))


def paged(width: int, furniture: list[str], per_page: int = 11) -> tuple[str, list[tuple[str, str]]]:
    """Set wrapped paragraphs on pages, each ending with furniture (a ``#`` stands for the page's number)."""
    out: list[str] = []
    expected: list[tuple[str, str]] = []
    page, used = 1, 0
    for paragraph in PARAGRAPHS:
        piece: list[str] = []
        for line in wrapped(paragraph, width):
            if used == per_page:
                if piece:
                    expected.append(("body", " ".join(piece)))
                    piece = []
                for entry in furniture:
                    out.append(entry.replace("#", str(page)))
                    if entry.strip():
                        expected.append(("furniture", plain(out[-1])))
                page, used = page + 1, 0
            out.append(line)
            piece.append(line)
            used += 1
        expected.append(("body", " ".join(piece)))
        out.append("")
    return "\n".join(out), expected


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "furniture",
    [
        ["", "#", ""],
        ["#"],
        ["", "- # -", "", "The Riga Quarrel", ""],
        ["Page # of 9", "\fThe Riga Quarrel | Annual Report"],
        ["", "\f#   The Riga Quarrel", ""],
        ["\fTHE RIGA QUARREL   #"],
        ["", "[#]", "", ""],
        ["The Riga Quarrel | #"],
    ],
)
def test_page_numbers_and_running_heads_stand_apart(width, furniture):
    text, expected = paged(width, furniture, per_page=8 if width < 80 else 6)
    check(text, expected)


def test_form_feeds_alone_only_break_the_page():
    text = "\f".join(PARAGRAPHS[:3])
    check(text, list(PARAGRAPHS[:3]))


def test_glued_sentences_do_not_confuse():
    glued = [
        re.sub(r"\. (?=[A-Z])", ".", paragraph, count=1).replace("Cold War", "Cold -War") for paragraph in PARAGRAPHS
    ]
    for width in WIDTHS:
        text = "\n\n".join("\n".join(wrapped(paragraph, width)) for paragraph in glued)
        check(text, glued)
    check("\n".join(glued), glued)


ITEMS = ("Notes that the talks have stalled since the spring of last year, and that no date has been set for another "
         "round between the two capitals;", "Urges both sides to return to the table;",
         "Asks the Secretary-General to report by 1 June on the steps that have been taken, on their cost, and on "
         "what remains to be done.")  # fmt: skip


@pytest.mark.parametrize("separator", ["\n", "\n\n"])
@pytest.mark.parametrize("mark", ["{}. ", "{}.\t", "({}) ", "{}) "])
@pytest.mark.parametrize("width", [0, 72])
def test_numbered_paragraphs_are_apart(separator, mark, width):
    items = [mark.format(number) + item for number, item in enumerate(ITEMS, 9)]
    lines = ["\n".join(textwrap.wrap(item, width)) if width else item for item in items]
    check(separator.join(lines), [plain(item) for item in items])


@pytest.mark.parametrize("mark", ["- ", "* ", "• ", "(a) ", "(iv) "])
@pytest.mark.parametrize("hanging", ["", "  "])
@pytest.mark.parametrize("width", [0, 72])
def test_list_items_are_apart(mark, hanging, width):
    items = [mark + item for item in ITEMS]
    lines = [
        "\n".join(textwrap.wrap(item, width, subsequent_indent=hanging, break_on_hyphens=False)) if width else item
        for item in items
    ]
    check(PARAGRAPHS[2] + "\n\n" + "\n".join(lines), [PARAGRAPHS[2], *items])


SPEAKERS = [
    ("Q", "A"),
    ("QUESTION", "MR. PRICE"),
    ("QUESTION", "THE PRESIDENT"),
    ("Moderator", "Minister Aalto"),
    ("Reporter", "The President"),
    ("Anna Lind", "Jens Stoltenberg"),
    ("Q", "SECRETARY O’NEILL-BROWN (through interpreter)"),
]


@pytest.mark.parametrize("speakers", SPEAKERS)
@pytest.mark.parametrize("width", [0, 60, 72, 90])
@pytest.mark.parametrize("separator", ["\n", "\n\n"])
def test_questions_and_answers_are_apart(speakers, width, separator):
    turns = [f"{speakers[place % 2]}: {text}" for place, text in enumerate(PARAGRAPHS)]
    lines = ["\n".join(textwrap.wrap(turn, width, break_on_hyphens=False)) if width else turn for turn in turns]
    check(separator.join(lines), turns)


def test_short_questions_and_answers_are_apart():
    turns = [
        "Q: Will you go?",
        "A: Yes.",
        "Q: When?",
        "A: In May, if we are asked.",
        "Q: And then?",
        "A: We shall see.",
    ]
    check("\n".join(turns), turns)
    check("\n\n".join(turns), turns)


@pytest.mark.parametrize("ending", ["\r\n", "\r", "\x85", "\u2028", "\u2029"])
def test_line_ends_of_every_kind_wrap(ending):
    text = "\n\n".join("\n".join(wrapped(paragraph, 72)) for paragraph in PARAGRAPHS)
    expected = [block.text for block in check("\ufeff" + text, list(PARAGRAPHS))]
    if ending == "\u2029":  # it ends paragraphs by itself
        check(text.replace("\n\n", ending), list(PARAGRAPHS))
    else:
        assert [block.text.replace(ending, "\n") for block in segment(text.replace("\n", ending))] == expected


def test_turns_that_open_with_a_letter_and_white_space():
    turns = ["THE PRESIDENT:  " + PARAGRAPHS[0], "Q    " + PARAGRAPHS[5], "THE PRESIDENT:  We'll see.", "Q    But --"]
    check("\n".join("\n".join(textwrap.wrap(turn, 65)) for turn in turns), [plain(turn) for turn in turns])
    check("\n\n".join(turns), [plain(turn) for turn in turns])


@pytest.mark.parametrize("label", ["{}:", "**{}:**"])
@pytest.mark.parametrize("width", [0, 72])
def test_a_name_above_its_turn_belongs_to_it(label, width):
    names = [label.format(name) for name in ("MR. PRICE", "QUESTION", "MR. PRICE")]
    turns = [
        "\n".join(wrapped(each, width)) if width else each for each in (PARAGRAPHS[0], PARAGRAPHS[5], PARAGRAPHS[2])
    ]
    lines = [f"{name}\n{turn}" for name, turn in zip(names, turns, strict=True)]
    check("\n\n".join(lines), [plain(line) for line in lines])
    check("\n".join(lines), [plain(line) for line in lines])


def test_a_refrain_is_no_running_head():
    refrain = "In Beijing the foreign ministry called the plan a relic of the Cold\nWar. It did not say more than that."
    text = "\n\n".join(part for each in PARAGRAPHS[4:8] for part in ("\n".join(wrapped(each, 72)), refrain))
    expected = [part for each in PARAGRAPHS[4:8] for part in (each, plain(refrain))]
    check(text, expected)


def test_titles_wider_than_the_lines_below_stand_alone():
    title = "How a promise made in a single night divided the alliance for a year"
    text = "\n".join([title, "By Ann Lee", *(line for each in PARAGRAPHS for line in wrapped(each, 60))])
    check(text, [("heading", title), ("metadata", "By Ann Lee"), *[("body", each) for each in PARAGRAPHS]])


RENDER = {
    "lines": lambda paragraphs, width: "\n".join(paragraphs),
    "blank lines": lambda paragraphs, width: "\n\n".join(paragraphs),
    "wrapped": lambda paragraphs, width: "\n\n".join("\n".join(wrapped(each, width)) for each in paragraphs),
    "indented": lambda paragraphs, width: "\n".join("   " + "\n".join(wrapped(each, width)) for each in paragraphs),
    "double": lambda paragraphs, width: "\n\n\n".join("\n\n".join(wrapped(each, width)) for each in paragraphs),
    "sentences": lambda paragraphs, width: "\n".join(
        "\u3000\u3000" + "\n".join(sentences(each)) for each in paragraphs
    ),
}


@given(st.permutations(PARAGRAPHS), st.integers(3, 8), st.integers(50, 110), st.sampled_from(sorted(RENDER)))
@settings(max_examples=200)
def test_any_order_and_width_give_the_paragraphs(paragraphs, count, width, layout):
    check(RENDER[layout](paragraphs[:count], width), paragraphs[:count])
