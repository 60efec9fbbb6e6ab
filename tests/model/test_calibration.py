"""Calibration: probabilities, temperature, calibration error."""

from __future__ import annotations

import numpy as np
import pytest

from stance.model.calibration import expected_calibration_error, fit_temperature, softmax


def test_softmax_sums_to_one_and_stands_large_scores() -> None:
    probabilities = softmax(np.array([[1e4, 0.0, -1e4, 0.0], [0.0, 0.0, 0.0, 0.0]]))
    assert probabilities.sum(-1) == pytest.approx([1.0, 1.0])
    assert probabilities[0, 0] == pytest.approx(1.0)


def test_temperature_flattens() -> None:
    scores = np.array([2.0, 0.0])
    assert softmax(scores, 2.0)[0] == pytest.approx(1 / (1 + np.exp(-1.0)))


def test_temperature_of_overconfident_scores_is_found() -> None:
    generator = np.random.default_rng(0)
    scores = generator.normal(size=(20_000, 4)) * 2
    gold = np.array([generator.choice(4, p=row) for row in softmax(scores)])
    assert fit_temperature(scores, gold) == pytest.approx(1.0, rel=0.05)
    assert fit_temperature(scores * 3, gold) == pytest.approx(3.0, rel=0.05)


def test_calibration_error_by_hand() -> None:
    # Two bins: confidence 0.95 with 1 of 2 right, 0.65 with 1 of 1 right.
    probabilities = np.array([[0.95, 0.05], [0.95, 0.05], [0.35, 0.65]])
    gold = np.array([0, 1, 1])
    assert expected_calibration_error(probabilities, gold) == pytest.approx(2 / 3 * 0.45 + 1 / 3 * 0.35)
