"""A text of four paragraphs to find again, and what the tests of that share."""

from __future__ import annotations

from stance.annotation.anchors import make_items, without_text
from stance.annotation.copies import Copy
from stance.annotation.matches import Match
from stance.annotation.standoff import find_all, find_in_copy
from stance.schema import Anchor, Annotation, Document
from stance.text.segmentation import segment

PARAGRAPHS = (
    "The alliance met in the harbour town on Tuesday, and its members spoke for hours about ships, grain and the price "
    "of insurance. Nobody was content with the outcome.",
    "Fishermen had waited outside since dawn. They said that no ministry had ever asked them what a blockade costs, and "  # noqa: E501
    "that they did not expect to be asked now.",
    "A spokeswoman answered that talks would go on in spring. Until then the two lighthouses stay dark, and the pilots "
    "keep to the northern channel as they have done for years.",
    "What remains is a question of trust: who watches the watchers, and who pays them? The treaty says nothing of it, "
    "so every captain will answer for himself.",
)
TEXT = "\n\n".join(PARAGRAPHS) + "\n"
YEAR = (
    "In 2019 the northern ports grew by four percent, since the harvest had been good and the winter mild, while "
    "freight rates fell for the third year. Insurers welcomed it."
)
TWIN = YEAR.replace("2019", "2020").replace("four", "five")
"""Another paragraph that is worded as `YEAR` is."""
EQUAL = "The vote is in May, the ferry sails until then, and what comes after it nobody on the island can say today."


def join(*paragraphs: str) -> str:
    """Make a text of paragraphs."""
    return "\n\n".join(paragraphs)


def anchors_of(text: str) -> list[Anchor]:
    """Make the anchors of the body paragraphs of a text."""
    document = Document(text, "harbour.txt")
    return [item.anchor for item in make_items(document, segment(document))]


def anchor_of(paragraph: str, text: str) -> Anchor:
    """Make the anchor of one paragraph of a text."""
    (found,) = [anchor for anchor in anchors_of(text) if anchor.text == paragraph]
    return found


def bare(anchor: Anchor) -> Anchor:
    """Take the text out of an anchor."""
    return without_text(Annotation("x", anchor)).anchor


def copy_of(text: str) -> Copy:
    """Make a text ready for searching."""
    document = Document(text)
    return Copy(document, segment(document))


def find(anchor: Anchor, text: str) -> Match | None:
    """Find a paragraph in a text."""
    return find_in_copy(anchor, copy_of(text))


def found_text(anchor: Anchor, text: str) -> str | None:
    """Give what is found of a paragraph in a text."""
    match = find(anchor, text)
    return text[match.start : match.end] if match else None


def found_texts(anchors: list[Anchor], text: str) -> list[str | None]:
    """Give what is found of paragraphs in a text, sought together."""
    return [match and text[match.start : match.end] for match in find_all(anchors, copy_of(text))]


def found_starts(anchors: list[Anchor], text: str) -> list[int | None]:
    """Give where paragraphs start in a text, sought together."""
    return [match and match.start for match in find_all(anchors, copy_of(text))]
