"""Metrics against scikit-learn and against values worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, precision_recall_fscore_support

from stance.errors import InputError
from stance.evaluation.metrics import presence_f1, score_labels, side_f_average
from stance.schema import LABELS

pairs = st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1, max_size=60)


@given(pairs)
def test_equals_scikit_learn(items: list[tuple[str, str]]) -> None:
    gold, guess = zip(*items, strict=True)
    score = score_labels(gold, guess)
    expected = precision_recall_fscore_support(gold, guess, labels=list(LABELS), zero_division=0)
    for place, label in enumerate(LABELS):
        own = score.labels[label]
        assert (own.precision, own.recall, own.f1) == pytest.approx([expected[i][place] for i in range(3)], abs=1e-12)
        assert own.support == expected[3][place]


def test_labels_without_gold_are_left_out_of_the_mean() -> None:
    score = score_labels(["favor", "absent", "absent"], ["favor", "absent", "against"])
    assert score.labels["against"].f1 == 0
    assert score.macro_f1 == pytest.approx((1 + 2 / 3) / 2)
    assert score.accuracy == pytest.approx(2 / 3)


@pytest.mark.parametrize(("gold", "guess"), [([], []), (["favor"], [])])
def test_unequal_lengths_are_refused(gold: list, guess: list) -> None:
    with pytest.raises(InputError, match="as many predicted as gold labels"):
        score_labels(gold, guess)


def test_presence_and_sides_against_scikit_learn() -> None:
    generator = np.random.default_rng(3)
    gold, guesses = (generator.choice(LABELS, size=200).tolist() for _ in range(2))
    present = [[label != "absent" for label in labels] for labels in (gold, guesses)]
    assert presence_f1(gold, guesses) == pytest.approx(f1_score(*present))
    sides = f1_score(gold, guesses, labels=["favor", "against"], average="macro")
    assert side_f_average(gold, guesses) == pytest.approx(sides)
    assert presence_f1(["absent"], ["absent"]) == 0.0
