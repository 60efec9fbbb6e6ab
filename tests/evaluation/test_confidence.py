"""Metrics of probabilities against scikit-learn and against values worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from stance.evaluation import confidence


def test_calibration_error_by_hand() -> None:
    # Two bins: confidence 0.95 with 1 of 2 right, 0.65 with 1 of 1 right.
    probabilities = np.array([[0.95, 0.05], [0.95, 0.05], [0.35, 0.65]])
    gold = np.array([0, 1, 1])
    assert confidence.expected_calibration_error(probabilities, gold) == pytest.approx(2 / 3 * 0.45 + 1 / 3 * 0.35)
    assert np.isnan(confidence.calibration_error(np.zeros((10, 3))))


def test_brier_score_equals_scikit_learn() -> None:
    generator = np.random.default_rng(5)
    probabilities, gold = generator.dirichlet([1] * 4, size=50), generator.integers(4, size=50)
    expected = sk.brier_score_loss(gold, probabilities, labels=range(4), scale_by_half=False)
    assert confidence.brier_score(probabilities, gold).mean() == pytest.approx(expected)


def test_risk_and_coverage_by_hand() -> None:
    sure, right = np.array([0.5, 0.9, 0.7, 0.6]), np.array([False, True, False, True])
    coverage, risk = confidence.risk_coverage(sure, right)
    assert coverage.tolist() == [0.25, 0.5, 0.75, 1]
    assert risk == pytest.approx([0, 1 / 2, 1 / 3, 1 / 2])
    assert confidence.area_under_risk_coverage(sure, right) == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)


def test_equal_confidence_comes_in_no_order() -> None:
    right = np.array([True, False, True, False])
    same = confidence.area_under_risk_coverage(np.full(4, 0.7), right)
    assert same == confidence.area_under_risk_coverage(np.full(4, 0.7), right[::-1]) == pytest.approx(0.5)


def test_weights_are_repeats() -> None:
    generator = np.random.default_rng(2)
    sure, right, often = generator.random(30), generator.random(30) < 0.7, generator.integers(4, size=30)
    repeated = confidence.area_under_risk_coverage(np.repeat(sure, often), np.repeat(right, often))
    weighted = confidence.area_under_risk_coverage(sure, right, often.astype(float)[None])[0]
    assert weighted == pytest.approx(
        repeated, abs=0.02
    )  # repeats share their errors evenly, weights do so at their end
