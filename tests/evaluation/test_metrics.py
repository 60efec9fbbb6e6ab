"""Metrics against scikit-learn and against values worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from stance.errors import InputError
from stance.evaluation import metrics
from stance.evaluation.metrics import count_labels, label_numbers
from stance.schema import LABELS

FAILED = len(LABELS)
pairs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60)


def drawn(items: int = 300, *, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Gold and predicted labels, often the same."""
    generator = np.random.default_rng(seed)
    gold, other = generator.integers(4, size=(2, items))
    return gold, np.where(generator.random(items) < 0.6, gold, other)


@given(pairs)
def test_equals_scikit_learn(items: list[tuple[int, int]]) -> None:
    gold, guess = np.array(items).T
    counts = count_labels(gold, guess)
    known = counts.sum(1) > 0
    expected = sk.precision_recall_fscore_support(gold, guess, labels=range(4), zero_division=0)
    for found, wanted in zip((metrics.precision, metrics.recall, metrics.f1), expected, strict=False):
        assert found(counts)[known] == pytest.approx(wanted[known], abs=1e-12)
    assert metrics.support(counts).tolist() == expected[3].tolist()
    assert metrics.accuracy(counts) == pytest.approx(sk.accuracy_score(gold, guess))
    if len({*gold, *guess}) > 1:  # of one label alone scikit-learn warns
        assert metrics.matthews_correlation(counts) == pytest.approx(sk.matthews_corrcoef(gold, guess), abs=1e-12)
        assert counts[:, :4].tolist() == sk.confusion_matrix(gold, guess, labels=range(4)).tolist()
    assert metrics.macro_f1(counts) == pytest.approx(
        sk.f1_score(gold, guess, labels=np.flatnonzero(known), average="macro", zero_division=0)
    )
    assert metrics.balanced_accuracy(counts) == pytest.approx(expected[1][known].mean())


def test_presence_and_sides_equal_scikit_learn() -> None:
    gold, guess = drawn()
    absent = LABELS.index("absent")
    counts = count_labels(gold, guess)
    assert metrics.presence_f1(counts) == pytest.approx(sk.f1_score(gold != absent, guess != absent))
    assert metrics.side_f_average(counts) == pytest.approx(sk.f1_score(gold, guess, labels=[0, 1], average="macro"))
    present = gold != absent
    assert metrics.side_f1(counts) == pytest.approx(
        sk.f1_score(gold[present], guess[present], labels=[0, 1, 2], average="macro")
    )


def test_a_label_without_gold_has_no_f1_and_is_left_out_of_the_mean() -> None:
    # scikit-learn would put 0 for "against", which is predicted once and has no gold, into the mean
    counts = count_labels(label_numbers(["favor", "absent", "absent"]), label_numbers(["favor", "absent", "against"]))
    np.testing.assert_allclose(metrics.f1(counts), [1, np.nan, np.nan, 2 / 3])
    np.testing.assert_allclose(metrics.recall(counts), [1, np.nan, np.nan, 1 / 2])
    np.testing.assert_allclose(metrics.precision(counts), [1, 0, np.nan, 1])
    assert metrics.macro_f1(counts) == pytest.approx((1 + 2 / 3) / 2)
    assert metrics.side_f_average(counts) == pytest.approx(1)
    assert metrics.balanced_accuracy(counts) == pytest.approx(0.75)
    assert np.isnan(metrics.presence_f1(count_labels(np.array([3]), np.array([3]))))


def test_a_failure_is_an_error_against_every_label() -> None:
    gold, guess = np.array([0, 0, 3, 3]), np.array([0, FAILED, FAILED, 3])
    counts = count_labels(gold, guess)
    assert metrics.accuracy(counts) == 0.5
    np.testing.assert_allclose(metrics.f1(counts), [2 / 3, np.nan, np.nan, 2 / 3])
    assert metrics.presence_f1(counts) == pytest.approx(1 / 2)  # one found, one missed, one false alarm
    assert metrics.matthews_correlation(counts) == pytest.approx(sk.matthews_corrcoef(gold, guess))


@pytest.mark.parametrize(("gold", "guess"), [([], []), ([0], [])])
def test_unequal_lengths_are_refused(gold: list, guess: list) -> None:
    with pytest.raises(InputError, match="as many predicted as gold labels"):
        count_labels(np.array(gold, dtype=int), np.array(guess, dtype=int))


def test_an_unknown_label_is_named() -> None:
    with pytest.raises(InputError, match="Expected labels among favor, against, neutral, absent, found 'pro'"):
        label_numbers(["favor", "pro"])


def test_leading_axes_are_free() -> None:
    tables = np.stack([count_labels(*drawn(seed=seed)) for seed in range(6)]).reshape(2, 3, 4, 5)
    for name, metric in metrics.COUNT_METRICS.items():
        one_by_one = [[float(metric(tables[row, column])) for column in range(3)] for row in range(2)]
        np.testing.assert_allclose(metric(tables), one_by_one, err_msg=name)


def test_a_report_has_the_shape_of_scikit_learns() -> None:
    gold, guess = drawn()
    names = list(LABELS)
    found = metrics.classification_report(count_labels(gold, guess))
    expected = sk.classification_report(gold, guess, labels=range(4), target_names=names, output_dict=True)
    assert found.keys() == expected.keys()
    for name, row in expected.items():
        assert found[name] == pytest.approx(row), name
    partly = metrics.classification_report(count_labels(np.array([0, 3]), np.array([0, 3])))
    assert partly["against"] == {"precision": None, "recall": None, "f1-score": None, "support": 0}
    assert partly["macro avg"]["f1-score"] == 1


def test_draws_that_lost_a_label_have_no_mean() -> None:
    whole = count_labels(np.array([0, 1, 1, 3]), np.array([0, 1, 0, 3]))  # "neutral" has no gold anywhere
    draws = np.stack(
        [
            count_labels(np.array([0, 1, 3]), np.array([0, 1, 3])),
            count_labels(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0])),  # lacks "absent"
            count_labels(np.array([0, 3, 3]), np.array([0, 3, 0])),  # lacks "against"
        ]
    )
    values = np.array([0.1, 0.2, 0.3])
    np.testing.assert_array_equal(metrics.keep_labels(values, draws, whole), [0.1, np.nan, np.nan])
    np.testing.assert_array_equal(metrics.keep_labels(values, draws, whole, (0, 1)), [0.1, 0.2, np.nan])
    np.testing.assert_array_equal(metrics.keep_labels(values, draws, whole, (0, 2)), values)
    two = np.stack([draws, draws], axis=1)  # draws of two targets
    found = metrics.keep_labels(np.stack([values, values], axis=1), two, np.stack([whole, whole]))
    np.testing.assert_array_equal(found, [[0.1, 0.1], [np.nan, np.nan], [np.nan, np.nan]])


def test_labels_may_be_three() -> None:
    counts = count_labels(np.array([0, 1, 2, 2]), np.array([0, 2, 2, 3]), labels=3)
    assert counts.tolist() == [[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 1, 1]]


def test_one_label_alone_has_no_correlation_and_nothing_has_none_at_all() -> None:
    assert metrics.matthews_correlation(count_labels(np.array([3, 3]), np.array([3, 3]))) == 0
    assert metrics.matthews_correlation(count_labels(np.array([0, 3]), np.array([3, 3]))) == 0
    assert metrics.matthews_correlation(count_labels(np.array([0, 3]), np.array([0, 3]))) == 1
    assert metrics.matthews_correlation(count_labels(np.array([0, 3]), np.array([3, 0]))) == -1
    assert np.isnan(metrics.matthews_correlation(np.zeros((4, 5))))


def test_presence_of_a_single_item_counts() -> None:
    assert metrics.presence_f1(count_labels(np.array([0, 3]), np.array([1, 3]))) == 1
    assert np.isnan(metrics.presence_f1(count_labels(np.array([3, 3]), np.array([0, 3]))))


def test_more_predictions_than_gold_are_refused() -> None:
    with pytest.raises(InputError, match="as many predicted as gold labels"):
        count_labels(np.array([0]), np.array([0, 1]))
