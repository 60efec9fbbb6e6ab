"""Sentences: cut where they end, found again in the text as it stands."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.text.sentences import split_sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One thing. Another thing.", ["One thing.", "Another thing."]),
        ("Why? Nobody knows! So be it", ["Why?", "Nobody knows!", "So be it"]),
        ("Gen. Lee met Mr. Xi of the U.S. Navy.", ["Gen. Lee met Mr. Xi of the U.S. Navy."]),
        ("It happened in the U.S. The Navy left.", ["It happened in the U.S.", "The Navy left."]),
        ("Article No. 5 holds. He said no. Then he left.", ["Article No. 5 holds.", "He said no.", "Then he left."]),
        ("On Feb. 3 it rained, i.e. Tuesday. J. Smith came.", ["On Feb. 3 it rained, i.e. Tuesday.", "J. Smith came."]),
        ("It grew by 3.5 percent. 2024 was better.", ["It grew by 3.5 percent.", "2024 was better."]),
        ("“It is over.” She left. (He did not.) Fine.", ["“It is over.”", "She left.", "(He did not.)", "Fine."]),
        ("“Is it?” he asked. Yes.", ["“Is it?” he asked.", "Yes."]),
        ("Ann and I. Nobody else", ["Ann and I. Nobody else"]),  # an initial looks the same
        ("One\n\ntwo", ["One", "two"]),
        ("In all  regions.China grows , too.", ["In all  regions.", "China grows , too."]),
        ("Steel, cloth, wine etc. Then came the tax.", ["Steel, cloth, wine etc.", "Then came the tax."]),
        ("   ", []),
    ],
)
def test_sentences_are_cut(text: str, expected: list[str]) -> None:
    assert [span.text for span in split_sentences(text)] == expected


@settings(max_examples=60)
@given(st.text(alphabet="aB .!?\n”“U.S3-\u200bé&amp;", max_size=60))
def test_only_white_space_lies_between(text: str) -> None:
    spans = split_sentences(text)
    at = 0
    for span in spans:
        assert span.start >= at
        assert text[span.start : span.end] == span.text == span.text.strip()
        at = span.end
    rest = text
    for span in reversed(spans):
        rest = rest[: span.start] + rest[span.end :]
    assert not [sign for sign in rest if sign.isalnum()]


def test_rows_of_marks_take_linear_time() -> None:
    text = f"Contents{'.' * 50_000}7"  # 100 s and more if every mark were tried
    begun = time.process_time()
    assert [span.text for span in split_sentences(text)] == [text]
    assert time.process_time() - begun < 5
