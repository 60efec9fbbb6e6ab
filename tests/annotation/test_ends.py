"""Where an edited paragraph starts, without text, where words like its first ones stand just before it."""

from __future__ import annotations

from stance.annotation.anchors import make_anchor, without_text
from stance.annotation.copies import Copy
from stance.annotation.standoff import Match, find_in_copy
from stance.schema import Anchor, Annotation, Document
from stance.text.segmentation import segment

REST = "Ports are crowded, crews are tired and the price of grain has risen since the spring. What they want is calm."
LAST = "Fishermen had waited outside for nine days. They were told nothing and went home."


def anchor_of(text: str, document: Document) -> Anchor:
    """Give the anchor of a block, without its text."""
    (block,) = [block for block in segment(document) if block.text == text]
    return without_text(Annotation("a", make_anchor(document, block))).anchor


def find(anchor: Anchor, text: str) -> Match | None:
    document = Document(text)
    return find_in_copy(anchor, Copy(document, segment(document)))


def test_a_heading_that_begins_as_the_paragraph_does_is_not_taken_in() -> None:
    sought = f"The United States and its allies fear that Beijing will close the strait, as it said in spring. {REST}"
    heading = "Why the United States and its allies fear China"
    text = "\n\n".join([f"{LAST} {LAST}", heading, sought, LAST])
    edited = text.replace("crowded", "crowdde")
    found = find(anchor_of(sought, Document(text)), edited)
    assert found is not None
    assert edited[found.start : found.end] == sought.replace("crowded", "crowdde")


def test_words_at_the_end_of_the_paragraph_before_are_not_taken_in() -> None:
    before = "Ministers met on Monday to speak of trade. No state in the Indo Pacific region has a treaty, they said."
    sought = f"In the Indo Pacific region nobody waits for the alliance to come and settle old quarrels. {REST}"
    text = "\n\n".join([before, sought, LAST])
    anchor = anchor_of(sought, Document(text))
    edited = text.replace("crowded", "crowdde")
    found = find(anchor, edited)
    assert found is not None
    assert edited[found.start : found.end] == sought.replace("crowded", "crowdde")
    broken = text.replace("In the Indo Pacific", "In the Indo Pacfic")  # only the run before it is left
    found = find(anchor, broken)
    assert found is None or broken[found.start :].startswith("In the Indo Pacfic")
