"""What blocks are: titles, bylines, notes, teasers, transcripts and Markdown in documents of my own."""

from __future__ import annotations

import pytest

from stance.text.segmentation import segment

BODY = (
    "The defence ministers of the alliance met in Riga on Tuesday to settle a quarrel that has gone on since March. "
    "Nobody left the room before midnight.",
    '"We have asked our partners for patience, not for charity," said the Estonian minister. The U.S. kept silent.',
    "Few expect the promise of Riga to be kept in full, but fewer still expect it to be withdrawn. We shall see.",
)


def kinds(*blocks: str, separator: str = "\n") -> list[str]:
    found = segment(separator.join(blocks))
    assert [block.text for block in found] == list(blocks)
    return [block.kind for block in found]


def heads(*lines: str) -> list[str]:
    """Kinds of lines that stand above an article."""
    assert kinds(*lines, *BODY) == kinds(*lines, *BODY, separator="\n\n")
    found = kinds(*lines, *BODY)
    assert found[len(lines) :] == ["body"] * len(BODY)
    return found[: len(lines)]


def tails(*lines: str) -> list[str]:
    """Kinds of lines that stand below an article."""
    found = kinds("The Quarrel of Riga", *BODY, *lines)
    assert found[: len(BODY) + 1] == ["heading", *["body"] * len(BODY)]
    return found[len(BODY) + 1 :]


@pytest.mark.parametrize(
    "line",
    [
        "By Ann Lee",
        "By Ann Lee and Jan de Vries",
        "BY ANN LEE",
        "By Ann Lee, Senior Correspondent",
        "Written by Ann Lee",
        "Source: Baltic Observer",
        "Author: Ann Lee",
        "Our reporter Ann Lee",
        "Staff Reporter Ann Lee",
        "Editor: Bo Xu",
        "March 3, 2024",
        "3 March 2024",
        "2024-03-03",
        "2024-03-03 14:05",
        "Tuesday, March 3, 2024",
        "03/03/2024",
        "Riga, 3 March 2024",
        "Published: March 3, 2024",
        "Updated at 14:05 GMT, 3 March 2024",
        "March 3, 2024, 2:05 pm",
        "Posted on March 3, 2024 by Ann Lee",
        "2024年3月3日",
        "Photo: Ann Lee",
        "Translated by Ann Lee",
        "Date: 3 March 2024",
    ],
)
def test_bylines_dates_and_sources_are_metadata(line):
    assert heads("The Quarrel of Riga", line) == ["heading", "metadata"]
    assert heads(line, "The Quarrel of Riga") == ["metadata", "heading"]


def test_the_whole_head_of_an_article():
    lines = ["The Quarrel of Riga", "How a promise divided the alliance", "Baltic Observer", "Ann Lee", "3 March 2024"]
    assert heads(*lines) == ["heading", "heading", "metadata", "metadata", "metadata"]


@pytest.mark.parametrize(
    "title",
    [
        "The Quarrel of Riga",
        "Can the alliance hold?",
        "“A relic of the Cold War”",
        "Riga 2024: who pays, and who waits",
        "U.S.-China ties after the summit | Opinion | Ann Lee",
        "THE QUARREL OF RIGA",
        "Why NATO needs Riga (and Tallinn)",
        "Trump, Xi and the price of peace",
        "5 things to know about the summit",
        "**The Quarrel of Riga**",
    ],
)
def test_titles_are_headings(title):
    assert heads(title) == ["heading"]


def test_headings_between_paragraphs():
    found = kinds("The Quarrel of Riga", BODY[0], "A long night", BODY[1], "What comes next?", BODY[2])
    assert found == ["heading", "body", "heading", "body", "heading", "body"]


@pytest.mark.parametrize(
    "line",
    [
        "Washington kept silent.",
        "“You will see.”",
        "“Never!” he said.",
        "And then, nothing…",
        "He paused:",
        "By then two governments had fallen.",
        "From the start, it was about money.",
        "Share prices fell.",
        "12 voted no.",
        "Related to this is the question of cost.",
        "Comments like these do not help.",
        "Like it or not, they stay.",
        "Source: nobody will say who it was, but everybody in Riga that night knew his name.",
        "March was quiet.",
        "Subscribe to that view and you will have to defend its consequences in Riga and beyond.",
        "More on that in June.",
        "The author of the text is unknown to everybody who was asked about it in Riga.",
        "Why?",
        "Who knew?",
        "Reporting by the ministers was late.",
    ],
)
def test_short_sentences_are_body(line):
    assert kinds("The Quarrel of Riga", BODY[0], line, BODY[1], BODY[2]) == ["heading", *["body"] * 4]


def test_what_a_review_says_of_an_author_is_body():
    about = "The author is a gifted teller of tales."
    assert kinds("The Quarrel of Riga", *BODY[:2], about, *BODY[1:]) == ["heading", *["body"] * 5]


@pytest.mark.parametrize(
    "note",
    [
        "The author is a professor of politics at the University of Tartu.",
        "Ann Lee is a fellow at the Riga Institute.",
        "About the author: Ann Lee teaches history in Riga.",
        "(The writer is a former ambassador to Latvia.)",
        "The views expressed here are those of the author and do not reflect those of the Baltic Observer.",
        "Editor's note: This article first appeared in the Baltic Observer.",
        "Originally published in May 2024.",
        "(Reporting by Ann Lee in Riga; Editing by Bo Xu)",
        "Additional reporting by Bo Xu",
        "Dr. Ann Lee is the director of the Centre for Baltic Studies and the author of “The Long Night”.",
    ],
)
def test_notes_on_the_author_are_metadata(note):
    assert tails(note) == ["metadata"]


@pytest.mark.parametrize(
    "line",
    [
        "Tags: NATO, Riga, defence",
        "Filed under: World",
        "Share",
        "Share this article",
        "Facebook Twitter WhatsApp",
        "Read more: Who pays for the promise",
        "Related News",
        "Related articles:",
        "Leave a comment",
        "12 comments",
        "© 2024 Baltic Observer. All rights reserved.",
        "Advertisement",
        "Subscribe to our newsletter",
        "Follow us on X",
        "Next article",
        "Back to top",
        "Print",
        "Share on Facebook | Tweet | Email",
        "Topics: NATO | Riga",
        "* * *",
        "12",
    ],
)
def test_what_pages_hold_around_articles_is_furniture(line):
    assert tails(line) == ["furniture"]
    assert kinds("The Quarrel of Riga", BODY[0], line, BODY[1]) == ["heading", "body", "furniture", "body"]


def test_lists_of_other_articles_are_furniture():
    titles = ["Tallinn opens a new port", "The price of gas", "Vilnius votes in May"]
    assert tails("Related News", *titles) == ["furniture"] * 4
    assert tails("Read more", *[f"- {title}" for title in titles]) == ["furniture"] * 4
    assert tails("You may also like", *titles, "© 2024 Baltic Observer") == ["furniture"] * 5


@pytest.mark.parametrize("times", [1, 2])
def test_teasers_of_other_articles_are_furniture(times):
    teasers = []
    for title in ["The price of gas | Economy | Bo Xu", "Vilnius votes in May | Politics | Ann Lee"]:
        teasers += [title] * times
        teasers += [
            "Gas has not been so dear since 2022. Nobody expects it to fall.",
            "It may rise.",
        ]
    article = ["The quarrel of Riga | Opinion | Ann Lee", *BODY]
    assert kinds(*article, *teasers) == ["heading", *["body"] * 3, *["furniture"] * len(teasers)]
    assert kinds(*article, *teasers, separator="\n\n") == ["heading", *["body"] * 3, *["furniture"] * len(teasers)]


def test_running_heads_with_bars_begin_no_teasers():
    article = ["The Quarrel of Riga", BODY[0], "The Quarrel of Riga | 3", BODY[1], "4 | Baltic Observer", BODY[2]]
    assert kinds(*article) == ["heading", "body", "furniture", "body", "furniture", "body"]
    heads = ["Baltic Observer | Spring", BODY[0], "Baltic Observer | Spring", BODY[1], BODY[2]]
    assert kinds("The Quarrel of Riga", BODY[2], *heads)[-2:] == ["body", "body"]


def test_sections_with_a_bar_begin_no_teasers():
    article = ["The Quarrel of Riga", BODY[0], "Part 1 | Money", BODY[1], "Part 2 | Ships", BODY[2]]
    assert kinds(*article) == ["heading", "body"] * 3


@pytest.mark.parametrize("line", ["So be it", "“Never again”", "Who pays?", "And so it goes on"])
def test_a_last_line_without_a_full_stop_is_body(line):
    assert tails(line) == ["body"]


def test_an_article_with_its_own_title_twice_is_kept():
    title = "The quarrel of Riga | Opinion | Ann Lee"
    assert kinds(title, title, *BODY) == ["heading", "heading", *["body"] * 3]


def test_markdown():
    text = (
        f"# The Quarrel of Riga\n\nA long night\n------------\n\n{BODY[0]}\n\n---\n\n"
        f"> {BODY[1]}\n\n## Next steps ##\n\n"
        f"- Meet again in June.\n- Count the votes.\n\n{BODY[2]}\n\nAfterwards\n==========\n\n{BODY[0]}\n"
    )
    found = [(block.kind, block.text) for block in segment(text)]
    assert found == [
        ("heading", "# The Quarrel of Riga"),
        ("heading", "A long night\n------------"),
        ("body", BODY[0]),
        ("furniture", "---"),
        ("body", "> " + BODY[1]),
        ("heading", "## Next steps ##"),
        ("body", "- Meet again in June."),
        ("body", "- Count the votes."),
        ("body", BODY[2]),
        ("heading", "Afterwards\n=========="),
        ("body", BODY[0]),
    ]


def test_wrapped_quotes_of_markdown_are_apart_from_what_stands_around():
    text = (
        "The minister spoke first, and what he said was short enough to\nbe given in full:\n"
        "> We have asked our partners for patience, not for charity, and\n"
        "> we shall ask again in June when they meet.\n"
        "Nobody answered him, since nobody in the room had been told that\nhe would speak."
    )
    first, quote, last = segment(text)
    assert first.text.endswith("given in full:")
    assert quote.text.startswith("> We have") and quote.text.endswith("they meet.")
    assert last.text.startswith("Nobody answered")
    assert [first.kind, quote.kind, last.kind] == ["body"] * 3


def test_quoted_lines_that_are_sentences_stay_apart():
    assert kinds(BODY[0], "> " + BODY[0], "> " + BODY[2], BODY[1]) == ["body"] * 4


def test_sections_of_paragraphs_that_are_lines_stay_apart():
    sections = ["\n".join(["The Quarrel of Riga", *BODY]), "\n".join(["A long night", *BODY])]
    found = segment("\n\n".join(sections))
    assert [block.kind for block in found] == ["heading", *["body"] * 3] * 2
    assert [block.text for block in found if block.kind == "body"] == [*BODY, *BODY]


def test_a_transcript_with_stage_directions_keeps_turns_apart():
    turns = [
        "MR. PRICE: Good afternoon. First, Riga.",
        "QUESTION: Will the Secretary go?",
        "MR. PRICE: He will.",
    ]
    assert kinds("Department Press Briefing", "March 3, 2024", *turns) == ["heading", "metadata", *["body"] * 3]
    assert kinds(*turns) == ["body"] * 3


def test_documents_without_full_stops_are_body():
    lines = ["NATO is a threat", "They should leave", "China keeps the peace", "No more bases", "The people decide"]
    found = kinds(*lines)
    assert found == ["heading", *["body"] * 4]


def test_a_title_alone_with_one_paragraph():
    assert kinds("The Quarrel of Riga", BODY[0]) == ["heading", "body"]
    assert kinds(BODY[0], "Ann Lee") in (["body", "metadata"], ["body", "furniture"])


@pytest.mark.parametrize(
    "title", ["ANALYSIS: the quarrel of Riga", "NATO: an alliance in doubt", "Opinion: Who pays for Riga"]
)
def test_a_label_before_a_title_is_no_speaker(title):
    assert heads(title) == ["heading"]


def test_numbered_headings_below_a_date_are_no_names():
    assert heads("The Quarrel of Riga", "3 March 2024", "1. Introduction") == ["heading", "metadata", "heading"]
