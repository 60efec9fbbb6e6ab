"""Documents of many layouts, drawn from a seed, and their cuts: cuts.json, which ``python tests/text/cuts.py`` makes.

The texts are our own. What is drawn stays the same whatever the version of Python: only whole numbers are.
"""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from random import Random

from stance.text.segmentation import segment

FILE = Path(__file__).with_name("cuts.json")
DOCUMENTS = 480
SENTENCES = (
    "The ministers met in Riga on Tuesday.",
    "Nobody left the room before midnight, and the text that they signed runs to fourteen pages.",
    "What does the public think of it?",
    "She added that the offer was fair, although it came late.",
    '"We have asked for patience, not for charity," said the minister of Ada.',
    "Exports rose by 11.4 percent last year, to $38 billion, and the ports are building new terminals for them.",
    "Dr. Lind, who led the survey, warns against reading too much into it.",
    "Washington kept silent.",
    "Few expect the promise to be kept in full (as in 2.5 percent of output), but fewer expect it to be broken.",
)
HEADS = (
    "A Quarrel in Riga",
    "What Ada wants",
    "# The plan",
    "Why now?",
    "THE PLAN",
    "II. The answer",
    "1.2 The Offer",
    "Analysis:",
)
META = (
    "By Ann Lee",
    "3 March 2024",
    "Riga, 3 March 2024",
    "Source: The Ada Post",
    "The Ada Post",
    "Ann Lee",
    "Ann Lee is a reporter at The Ada Post.",
    "Lee teaches law at the University of Ada.",
    "Updated: 4 March 2024, 10:05",
)
FURNITURE = (
    "Share this article",
    "Read more",
    "Related News",
    "Advertisement",
    "© 2024 The Ada Post. All rights reserved.",
    "***",
    "Ports grow again | The Ada Post | Trade",
    "Rain in Riga | The Ada Post | Weather",
)
SPEAKERS = ("Q: ", "A: ", "MS. LEE: ", "Ann Lee: ", "Moderator: ")
ITEMS = ("- ", "* ", "1. ", "2) ", "(a) ", "> ", "• ")


def _paragraph(draw: Random) -> str:
    return " ".join(SENTENCES[draw.randrange(len(SENTENCES))] for _ in range(1 + draw.randrange(5)))


def _block(draw: Random) -> str:
    """Draw a block, mostly a paragraph."""
    kind = draw.randrange(16)
    if kind < 7:
        return _paragraph(draw)
    if kind == 7:
        return HEADS[draw.randrange(len(HEADS))]
    if kind == 8:
        return META[draw.randrange(len(META))]
    if kind == 9:
        return FURNITURE[draw.randrange(len(FURNITURE))]
    if kind == 10:
        return SPEAKERS[draw.randrange(len(SPEAKERS))] + _paragraph(draw)
    if kind == 11:
        return SPEAKERS[draw.randrange(len(SPEAKERS))].strip() + "\n" + _paragraph(draw)
    if kind == 12:
        return "The plan of Riga" + " and of Ada" * draw.randrange(12) + "x" * draw.randrange(4)  # about 90 characters
    if kind == 13:
        return HEADS[draw.randrange(2)] + "\n" + "=-"[draw.randrange(2)] * (2 + draw.randrange(12))
    if kind == 14:
        return "\n".join("> " + SENTENCES[draw.randrange(len(SENTENCES))] for _ in range(1 + draw.randrange(3)))
    return ITEMS[draw.randrange(len(ITEMS))] + SENTENCES[draw.randrange(len(SENTENCES))]


def documents() -> list[str]:
    """Draw the documents: blocks of each, laid out in one of many ways."""
    return [_document(Random(number)) for number in range(DOCUMENTS)]


def _document(draw: Random) -> str:
    width = (0, 0, 0, 27, 28, 29, 32, 48, 66, 72, 90, 110, 119, 120, 121)[draw.randrange(15)]
    first = ("", "", "", "  ", "    ", "\t", " " * 12)[draw.randrange(7)]
    margin = ("", "", "", "  ", "      ")[draw.randrange(5)]
    ending = ("\n\n", "\n\n", "\n", "\n\n\n")[draw.randrange(4)]
    inner = ("\n", "\n", "\n", "\n\n")[draw.randrange(4)] if ending != "\n" else "\n"
    split = draw.randrange(6) == 0  # each sentence on a line of its own
    head = ("THE ADA POST", "The Ada Post   %d", "Page %d", "- %d -", "%d | The Ada Post")[draw.randrange(5)]
    paged = draw.randrange(3) == 0
    pieces = [HEADS[draw.randrange(3)], *(META[draw.randrange(4)] for _ in range(draw.randrange(3)))]
    pieces = [*pieces, *(_block(draw) for _ in range(4 + draw.randrange(14)))]
    done = []
    for number, piece in enumerate(pieces):
        lines = piece.split("\n")
        if split:
            lines = piece.replace(". ", ".\n").split("\n")
        elif width:
            hanging = "   " if piece.startswith(ITEMS) and draw.randrange(2) else ""
            wrapped = [textwrap.wrap(line, width, subsequent_indent=hanging, break_on_hyphens=False) for line in lines]
            lines = [line for part in wrapped for line in part]
        opening = first if len(piece) > 60 else ""
        done.append(inner.join(margin + (opening if not place else "") + line for place, line in enumerate(lines)))
        if paged and number % 4 == 3:
            mark = head % (number // 4 + 1) if "%" in head else head
            done[-1] += ("\n\f" if draw.randrange(2) else "\n\n") + mark
    return ending.join(done)


def cut(document: str) -> list[str]:
    """Give the blocks of a document, each as start, end and the first letter of its kind."""
    return [f"{block.start}-{block.end}{block.kind[0]}" for block in segment(document)]


if __name__ == "__main__":
    FILE.write_text(
        "[\n" + ",\n".join(json.dumps(" ".join(cut(text))) for text in documents()) + "\n]\n", encoding="utf-8"
    )
