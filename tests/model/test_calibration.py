"""Calibration: probabilities in two stages, temperatures, label sets and their coverage, calibration error."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.errors import InputError, ModelError
from stance.model.calibration import (
    MINIMUM_ITEMS,
    Calibration,
    fit_calibration,
    fit_temperature,
    softmax,
)
from stance.schema import LABELS

FOUR_SCORES = st.lists(st.floats(-50, 50), min_size=4, max_size=4).map(np.array)
FOUR_SHARES = FOUR_SCORES.map(softmax)


def drawn(generator: np.random.Generator, items: int, *, spread: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """Draw scores, and gold labels as softmax says that they are distributed."""
    scores = generator.normal(size=(items, 4)) * spread
    heights = softmax(scores).cumsum(axis=-1)
    return scores, (generator.random((items, 1)) > heights[:, :-1]).sum(axis=-1)


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


def test_two_stages_by_hand() -> None:
    # Sides in the ratio 4 : 1 : 1 at temperature 1, so 2 : 1 : 1 at 2; absent against present 6 : 6, at 3 the same.
    scores = np.log([4.0, 1.0, 1.0, 6.0])
    assert Calibration(3.0, 2.0).probabilities(scores) == pytest.approx([0.25, 0.125, 0.125, 0.5])
    # Absent against present 24 : 6 = 4 : 1, at temperature 2 it is 2 : 1.
    scores = np.log([2.0, 2.0, 2.0, 24.0])
    assert Calibration(2.0, 1.0).probabilities(scores) == pytest.approx([1 / 9, 1 / 9, 1 / 9, 2 / 3])


@given(FOUR_SCORES)
def test_temperatures_of_1_are_plain_softmax(scores: np.ndarray) -> None:
    assert Calibration(1.0, 1.0).probabilities(scores) == pytest.approx(softmax(scores), abs=1e-12)


@given(FOUR_SCORES, st.floats(0.25, 8), st.floats(0.25, 8))
def test_probabilities_sum_to_one_in_any_shape(scores: np.ndarray, presence: float, side: float) -> None:
    calibration = Calibration(presence, side)
    stacked = np.stack([scores, scores[::-1]])[:, None].astype(np.float32)
    probabilities = calibration.probabilities(stacked)
    assert probabilities.shape == (2, 1, 4)
    assert probabilities.sum(-1) == pytest.approx(np.ones((2, 1)))
    assert probabilities[0, 0] == pytest.approx(calibration.probabilities(stacked[0, 0]))
    sides = [number for number, label in enumerate(LABELS) if label != "absent"]
    given_present = probabilities[0, 0, sides] / max(probabilities[0, 0, sides].sum(), 1e-300)
    if probabilities[0, 0, sides].sum() > 1e-9:
        assert given_present == pytest.approx(softmax(stacked[0, 0, sides], side), abs=1e-9)


def test_probabilities_stand_large_scores() -> None:
    for place, row in enumerate(np.eye(4) * 2e4 - 1e4):
        assert Calibration(0.25, 0.25).probabilities(row)[place] == pytest.approx(1.0)


def test_temperature_of_each_stage_is_found() -> None:
    generator = np.random.default_rng(1)
    scores = generator.normal(size=(20_000, 4)) * 2
    heights = Calibration(3.0, 0.5).probabilities(scores).cumsum(axis=-1)
    gold = (generator.random((20_000, 1)) > heights[:, :-1]).sum(axis=-1)
    fitted = fit_calibration(scores, gold)
    assert fitted.presence_temperature == pytest.approx(3.0, rel=0.06)
    assert fitted.side_temperature == pytest.approx(0.5, rel=0.06)


def test_targets_have_temperatures_of_their_own_drawn_toward_those_of_all() -> None:
    generator = np.random.default_rng(3)
    scores, gold = drawn(generator, 6000)
    names = np.array(["sure", "unsure", "rare"], dtype=object)[np.repeat([0, 1, 2], [2990, 2990, 20])]
    scores[names == "sure"] *= 2.0  # overstates what it knows
    fitted = fit_calibration(scores, gold, list(names))
    assert fitted.targets["sure"] == pytest.approx((2.0, 2.0), rel=0.1)
    assert fitted.targets["unsure"] == pytest.approx((1.0, 1.0), rel=0.1)
    pooled = fitted.presence_temperature
    assert 1.1 < pooled < 1.9
    # twenty items say little, so the rare one stays near all
    assert abs(np.log(fitted.targets["rare"][0] / pooled)) < 0.3
    assert fitted.of("sure").probabilities(scores[0]) == pytest.approx(
        Calibration(2.0, 2.0).probabilities(scores[0]), abs=0.05
    )
    other = fitted.of("never seen")
    assert (other.presence_temperature, other.side_temperature) == (pooled, fitted.side_temperature)
    assert Calibration.from_dict(json.loads(json.dumps(fitted.to_dict()))) == fitted
    before = {key: value for key, value in fitted.to_dict().items() if key != "targets"}
    assert Calibration.from_dict(before).targets == {}
    shuffled = generator.permutation(len(gold))
    again = fit_calibration(scores[shuffled], gold[shuffled], list(names[shuffled]))
    assert again.targets == fitted.targets
    with pytest.raises(InputError, match="one target an item, found 2 targets and 6000 items"):
        fit_calibration(scores, gold, ["sure", "unsure"])


def test_a_stage_with_few_items_keeps_its_temperature() -> None:
    scores, _ = drawn(np.random.default_rng(2), MINIMUM_ITEMS)
    gold = np.full(MINIMUM_ITEMS, LABELS.index("absent"))
    gold[0] = 0
    assert fit_calibration(scores, gold).side_temperature == 1.0
    assert fit_calibration(scores, gold).presence_temperature != 1.0
    assert fit_calibration(scores[1:], gold[1:]).presence_temperature == 1.0


def test_label_sets_by_hand() -> None:
    nine = Calibration(1.0, 1.0, items=9, nonconformity=(0.0, 0.1, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9))
    assert nine.threshold(0.1) == 0.9  # rank ceil(10 * 0.9) = 9
    assert nine.threshold(0.15) == 0.9  # rank ceil(8.5)
    assert nine.threshold(0.2) == 0.7
    assert nine.threshold(0.5) == 0.3
    assert nine.threshold(0.95) == 0.0
    rows = np.array([[0.5, 0.3, 0.12, 0.08], [0.25, 0.25, 0.25, 0.25]])
    assert nine.label_sets(rows, 0.1).tolist() == [[True, True, True, False], [True, True, True, True]]
    assert nine.label_sets(rows, 0.2).tolist() == [[True, True, False, False], [True, False, False, False]]
    assert nine.label_sets(rows[0], 0.2).tolist() == [True, True, False, False]


def test_a_risk_that_the_items_cannot_show_gives_every_label() -> None:
    four = Calibration(1.0, 1.0, items=4, nonconformity=(0.0, 0.0, 0.0, 0.0))
    sure = np.array([1.0, 0.0, 0.0, 0.0])
    assert four.label_sets(sure, 0.19).all()
    assert four.label_sets(sure, 0.2).tolist() == [True, False, False, False]  # 1 / (items + 1)
    assert Calibration(1.0, 1.0).label_sets(sure, 0.9).all()


@given(FOUR_SHARES, st.lists(st.floats(0, 1), min_size=1, max_size=60).map(sorted), st.floats(0.01, 0.98))
def test_a_smaller_risk_gives_a_larger_set_and_none_is_empty(
    probabilities: np.ndarray, nonconformity: list[float], risk: float
) -> None:
    calibration = Calibration(1.0, 1.0, items=len(nonconformity), nonconformity=tuple(nonconformity))
    small, large = (calibration.label_sets(probabilities, value) for value in (risk + 0.01, risk))
    assert not (small & ~large).any()
    assert small[probabilities.argmax()]
    inside = probabilities[large]
    assert inside.min() >= probabilities[~large].max(initial=0.0)  # no label is left out for a less probable one


@pytest.mark.parametrize("risk", [0.05, 0.1, 0.3])
def test_sets_hold_the_true_label_as_often_as_promised(risk: float) -> None:
    generator = np.random.default_rng(3)
    held = []
    for _ in range(200):
        scores, gold = drawn(generator, 600, spread=1.0)
        calibration = fit_calibration(3 * scores[:300], gold[:300])  # scores that overstate what they know
        sets = calibration.label_sets(calibration.probabilities(3 * scores[300:]), risk)
        held.append(sets[np.arange(300), gold[300:]].mean())
    error = np.std(held) / np.sqrt(len(held))
    assert error < 0.003
    assert np.mean(held) == pytest.approx(1 - risk, abs=3 * error + 0.002)  # 0.002: temperatures from the same items


def test_many_scores_are_thinned_to_the_safe_side() -> None:
    scores, gold = drawn(np.random.default_rng(4), 1234)
    fitted = fit_calibration(scores, gold)
    assert (fitted.items, len(fitted.nonconformity)) == (1234, 500)
    probabilities = fitted.probabilities(scores)
    exact = np.sort(1 - probabilities[np.arange(1234), gold])
    for risk in (0.001, 0.01, 0.05, 0.1, 0.2, 0.5, 0.9):
        rank = int(np.ceil(1235 * (1 - risk) - 1e-9))
        assert exact[rank - 1] <= fitted.threshold(risk) <= exact[min(rank + 2, 1233)] + 1e-4
        held = fitted.label_sets(probabilities, risk)[np.arange(1234), gold].mean()
        assert held >= 1 - risk


def test_a_calibration_is_the_same_after_a_round_trip() -> None:
    scores, gold = drawn(np.random.default_rng(5), 900)
    fitted = fit_calibration(scores.astype(np.float32), gold)
    text = json.dumps(fitted.to_dict())
    assert Calibration.from_dict(json.loads(text)) == fitted
    assert len(text) < 5000


@pytest.mark.parametrize("risk", [0, 1, 0.0, 1.0, -0.1, 2, float("nan"), True, "0.1", None])
def test_risks_that_are_none(risk: object) -> None:
    with pytest.raises(InputError, match=r"The risk has to be a number between 0 and 1, such as 0\.1; found"):
        Calibration(1.0, 1.0).threshold(risk)


@pytest.mark.parametrize(
    ("scores", "gold", "message"),
    [
        (np.zeros((0, 4)), np.zeros(0, int), r"Expected scores of shape \(items, 4\) .* found \(0, 4\) and \(0,\)"),
        (np.zeros((2, 3)), np.zeros(2, int), r"found \(2, 3\)"),
        (np.zeros((2, 3, 4)), np.zeros((2, 3), int), r"found \(2, 3, 4\)"),
        (np.zeros((2, 4)), np.zeros(3, int), r"found \(2, 4\) and \(3,\)"),
        (np.zeros((2, 4)), np.array([0, 4]), "numbers from 0 to 3"),
    ],
)
def test_items_that_nothing_can_be_fitted_on(scores: np.ndarray, gold: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        fit_calibration(scores, gold)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"side_temperature": 0.0}, "A temperature has to be a number from 1e-06 on, found 0.0"),
        ({"presence_temperature": float("nan")}, "found nan"),
        ({"nonconformity": [0.2, 0.1]}, "ascending numbers in"),
        ({"nonconformity": [0.2, 1.1]}, "ascending numbers in"),
        ({"nonconformity": [0.1, 0.2, 0.3]}, "Found 3 nonconformity scores of 2 items"),
        ({"nonconformity": []}, "Found 0 nonconformity scores of 2 items"),
        ({"nonconformity": None}, "NoneType"),
        ({"temperature": 1.0}, "unexpected keyword"),
    ],
)
def test_calibrations_that_cannot_be_read(change: dict, message: str) -> None:
    values = Calibration(1.0, 1.0, items=2, nonconformity=(0.1, 0.2)).to_dict()
    with pytest.raises(ModelError, match=rf"The calibration cannot be read \(.*{message}.*Install or train"):
        Calibration.from_dict(values | change)
