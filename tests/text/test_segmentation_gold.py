"""Articles that were cut by hand: how many blocks come out as they should."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stance.text.segmentation import segment

BODY_F1 = 0.97
"""Floor for exact spans of body blocks; 1.0 when this was written."""
KINDS = 0.95
"""Floor for the share of blocks that come out with exact span and right kind; 1.0 when this was written."""


def articles(shared: Path) -> list[tuple[str, dict[tuple[int, int], str]]]:
    with (shared / "corpus" / "articles.jsonl").open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    found = []
    for row in rows:
        with (shared / "articles" / row["file"]).open(encoding="utf-8", newline="") as file:
            text = file.read()
        found.append((text, {(block["start"], block["end"]): block["kind"] for block in row["blocks"]}))
    return found


@pytest.mark.shared
def test_articles_are_cut_as_by_hand(shared):
    hits = found = expected = right = blocks = 0
    for text, gold in articles(shared):
        cut = {(block.start, block.end): block.kind for block in segment(text)}
        ours = {span for span, kind in cut.items() if kind == "body"}
        theirs = {span for span, kind in gold.items() if kind == "body"}
        hits, found, expected = hits + len(ours & theirs), found + len(ours), expected + len(theirs)
        right += sum(cut.get(span) == kind for span, kind in gold.items())
        blocks += len(gold)
    assert expected > 50
    assert 2 * hits / (found + expected) >= BODY_F1
    assert right / blocks >= KINDS


@pytest.mark.shared
@pytest.mark.parametrize("ending", ["\r\n", "\r", "\u2028"])
def test_other_line_ends_do_not_change_the_cut(shared, ending):
    for text, _ in articles(shared):
        unix = text.replace("\r\n", "\n").replace("\r", "\n")
        expected = [(block.kind, block.text) for block in segment(unix)]
        other = segment(unix.replace("\n", ending))
        assert [(block.kind, block.text.replace(ending, "\n")) for block in other] == expected
