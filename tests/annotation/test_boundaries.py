"""Evidence for the ends of a paragraph, worked by hand."""

from __future__ import annotations

import pytest

from stance.annotation.alignment import _is_cut
from stance.annotation.boundaries import best_end, bits_of_edges, bits_of_ends

from .harbour import PARAGRAPHS, anchors_of, copy_of, found_text, join


def test_bits_of_words() -> None:
    """Two words of ten bits each are sought among four; another is -4, one lost -6, words put in -5 and -0.6 each."""
    first, second = [10.0, -4.0, -4.0, -4.0], [-4.0, -4.0, -4.0, 10.0]
    both_lost, second_lost, second_another = -6.0 - 6, 10.0 - 6, 10.0 - 4
    one_put_in, two_put_in = 10 - 5.6 - 4, 10 - 5 - 2 * 0.6 + 10
    expected = [both_lost, second_lost, second_another, one_put_in, two_put_in]
    assert bits_of_ends([first, second]) == pytest.approx(expected)


def test_bits_of_layout() -> None:
    """The edge of a block is 4, within 14 words of one 1, that of a line 0, within a line -4; a sentence 2, none -2."""
    lines = ["one two three four five six seven eight nine ten eleven twelve"] * 3
    copy = copy_of(join("\n".join(lines) + ".", "And then it ends."))
    assert (len(copy.words), copy.block_edges[1].keys()) == (40, {36, 40})
    ends = dict(enumerate(bits_of_edges(copy, range(41), side=1)))
    assert ends[36] == ends[40] == 4 + 2
    assert ends[35] == ends[24] == ends[22] == 1 - 2
    assert (ends[12], ends[21]) == (0 - 2, -4 - 2)
    starts = dict(enumerate(bits_of_edges(copy, range(41), side=0)))
    assert (starts[36], starts[0]) == (4 + 2, 4 - 2)  # the first word is written small
    assert starts[14] == starts[1] == 1 - 2
    assert (starts[24], starts[15]) == (0 - 2, -4 - 2)


def test_an_end_leads_by_seven_bits_or_is_left_open() -> None:
    bits = [0.0, 0.0, 20.0, 19.0, 18.0, 0.0, 12.0]
    assert best_end(bits) == 2  # the two places behind it are taken for the same
    assert best_end([*bits[:-1], 14.0]) is None
    assert best_end(bits, more=3.0) is None


def test_words_lost_at_the_end_of_a_copy_leave_an_end_in_it() -> None:
    """More words than are looked at on each side of where counting leads."""
    whole = " ".join(f"word{number}" for number in range(100)).capitalize() + "."
    cut = " ".join(whole.split()[:60]) + "."
    text = join(PARAGRAPHS[0], whole)
    assert found_text(anchors_of(text)[1], join(PARAGRAPHS[0], cut)) in (cut, None)


def test_a_place_that_may_lack_the_end_word_is_cut() -> None:
    words = ["trust", "in", "the", "harbour"]
    lines_put_in = copy_of("Trust in the\nPhoto: a market square\nharbour.\nRead more")
    assert _is_cut(words, lines_put_in, 0, 3)
    assert not _is_cut(words, lines_put_in, 0, 8)  # it has the word
    assert not _is_cut(words, copy_of("Trust in the\nThe harbour master said no."), 0, 3)  # no edge of a line
    assert _is_cut(["trust", "in", "us"], copy_of("Trust\nPhoto: a market\nin us."), 4, 6)
