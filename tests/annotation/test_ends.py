"""Where an edited paragraph starts, without text, where words like its first ones stand just before it."""

from __future__ import annotations

from .harbour import anchor_of, bare, found_text, join

REST = "Ports are crowded, crews are tired and the price of grain has risen since the spring. What they want is calm."
LAST = "Fishermen had waited outside for nine days. They were told nothing and went home."


def test_a_heading_that_begins_as_the_paragraph_does_is_not_taken_in() -> None:
    sought = f"The United States and its allies fear that Beijing will close the strait, as it said in spring. {REST}"
    heading = "Why the United States and its allies fear China"
    text = join(f"{LAST} {LAST}", heading, sought, LAST)
    edited = text.replace("crowded", "crowdde")
    assert found_text(bare(anchor_of(sought, text)), edited) == sought.replace("crowded", "crowdde")


def test_words_at_the_end_of_the_paragraph_before_are_not_taken_in() -> None:
    before = "Ministers met on Monday to speak of trade. No state in the Indo Pacific region has a treaty, they said."
    sought = f"In the Indo Pacific region nobody waits for the alliance to come and settle old quarrels. {REST}"
    text = join(before, sought, LAST)
    anchor = bare(anchor_of(sought, text))
    edited = text.replace("crowded", "crowdde")
    assert found_text(anchor, edited) == sought.replace("crowded", "crowdde")
    broken = text.replace("In the Indo Pacific", "In the Indo Pacfic")  # only the run before it is left
    found = found_text(anchor, broken)
    assert found is None or found.startswith("In the Indo Pacfic")
