"""Faithfulness: reductions and falls worked by hand with a system that counts words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from stance.evaluation.faithfulness import COUNTS, Case, measure_faithfulness, reduce_case, split_words, summarise
from stance.schema import Span

TEXT = "The old pact is a truly splendid, fine pact of ours. It rained in the night."


def span(words: str) -> Span:
    start = TEXT.index(words)
    return Span(start, start + len(words), words)


SENTENCE = span("The old pact is a truly splendid, fine pact of ours.")
CASE = Case(TEXT, "d1", 0.8, (span("splendid"), span("old pact"), span("fine")), SENTENCE, (span("old pact"),))


def probability(text: str) -> float:
    """0.4 for each of two words."""
    return 0.4 * sum(word.text in ("splendid", "fine") for word in split_words(text))


def judge(number: int, texts: Sequence[str]) -> list[float]:
    return [probability(text) for text in texts]


def test_words_of_the_evidence_are_taken_away_and_read_alone() -> None:
    made = {item.count: item for item in reduce_case(CASE, np.random.default_rng(0)) if item.order == "evidence"}
    assert tuple(made) == COUNTS
    assert made[1].alone == "splendid"
    assert made[2].alone == "old splendid"  # a name of two words counts as two
    assert made[4].alone == made[8].alone == "old pact splendid fine"
    assert split_words(made[8].without) == split_words("The   is a truly ,  pact of ours. It rained in the night.")


def test_chance_takes_as_many_words_and_the_name_first_where_it_should() -> None:
    made = reduce_case(CASE, np.random.default_rng(0), draws=3)
    for item in made:
        words = len(split_words(item.alone))
        assert words + len(split_words(item.without)) == len(split_words(TEXT))
        assert words == (min(item.count, 4) if item.count else 11)
        if item.order == "name_and_random" and item.count >= 2:
            assert "old pact" in item.alone
    assert len([item for item in made if item.order == "random"]) == 3 * len(COUNTS)
    assert next(item for item in made if item.order == "sentence").without.split()[-5:] == TEXT.split()[-5:]


def test_falls_are_those_of_the_probability() -> None:
    falls = measure_faithfulness([CASE], judge, seed=0)
    # without splendid 0.4 is left, without all four words nothing; alone: splendid 0.4, old splendid 0.4, all 0.8
    assert falls["evidence"][0].tolist() == [
        [pytest.approx(0.4), pytest.approx(0.4)],
        [pytest.approx(0.4), pytest.approx(0.4)],
        [pytest.approx(0.8), pytest.approx(0.0)],
        [pytest.approx(0.8), pytest.approx(0.0)],
    ]
    assert falls["sentence"][0].tolist() == [[pytest.approx(0.8), pytest.approx(0.0)]]
    assert falls["random"].shape == (1, 4, 2)
    again = measure_faithfulness([CASE], judge, seed=0)
    assert all((falls[order] == again[order]).all() for order in falls)


def test_means_and_differences_have_intervals() -> None:
    falls = measure_faithfulness([CASE] * 6, judge, seed=0)
    figures = summarise(["a", "a", "b", "c", "d", "e"], falls, draws=200)
    found = figures["words"]["evidence"]
    assert found["comprehensiveness"]["value"] == pytest.approx(0.6)
    assert found["sufficiency"]["value"] == pytest.approx(0.2)
    assert found["by_words"]["1"] == [pytest.approx(0.4), pytest.approx(0.4)]
    chance = falls["random"].mean(axis=1)[:, 0]
    difference = figures["words"]["minus_random"]["comprehensiveness"]
    assert difference["value"] == pytest.approx(0.6 - chance.mean(), abs=1e-6)
    assert difference["low"] <= difference["value"] <= difference["high"]
    assert difference["low"] > 0
