"""Two systems side by side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar

from stance.errors import InputError
from stance.evaluation.comparison import compare_judgements, mcnemar_test
from stance.evaluation.figures import Judgements

from .test_figures import drawn


@pytest.mark.parametrize(("first", "second"), [(1, 9), (0, 0), (5, 5), (40, 61), (700, 810)])
def test_mcnemar_equals_statsmodels(first: int, second: int) -> None:
    expected = mcnemar([[10, first], [second, 10]], exact=True).pvalue if first + second else 1.0
    assert mcnemar_test(first, second) == pytest.approx(expected)


def test_a_system_is_no_better_than_itself() -> None:
    judgements = drawn()
    found = compare_judgements(judgements, judgements, draws=200)
    for item in found.differences.values():
        assert (item.interval.value, item.interval.low, item.interval.high, item.p) == (0, 0, 0, 1)
    assert (found.only_first, found.only_second, found.mcnemar_p) == (0, 0, 1)


def test_a_better_system_is_told_from_a_worse_one() -> None:
    better = drawn(600, documents=150, wrong=0.1)
    worse = replace(better, predicted=drawn(600, documents=150, wrong=0.4).predicted)
    found = compare_judgements(better, worse, draws=400)
    ahead = found.differences["mean_macro_f1"]
    assert ahead.interval.low > 0.1 and ahead.p == pytest.approx(1 / 401)
    assert found.differences["accuracy"].interval.value == pytest.approx(better.right.mean() - worse.right.mean())
    back = compare_judgements(worse, better, draws=400)
    assert back.differences["mean_macro_f1"].interval.value == pytest.approx(-ahead.interval.value)
    assert back.only_first == found.only_second


def test_draws_that_lack_a_label_do_not_hide_a_difference() -> None:
    gold = np.array([0, *[3] * 19])  # "favor" stands in one document of twenty; only the first system finds it
    documents = tuple(map(str, range(20)))
    one = Judgements(("NATO",), np.zeros(20, dtype=int), gold, gold, documents)
    found = compare_judgements(one, replace(one, predicted=np.full(20, 3)), draws=300).differences
    assert found["mean_macro_f1"].interval.low > 0.4 and found["f_avg"].interval.low == 1
    assert found["accuracy"].interval.low == 0


def test_the_permutation_test_counts_the_ways_to_exchange_documents() -> None:
    # Eight documents; the first system has one more right in six of them. Of the 256 exchanges those set the systems as
    # far apart whose six signs agree: 2 / 64.
    gold = np.zeros(8, dtype=int)
    one = Judgements(("NATO",), gold, gold, gold, tuple(map(str, range(8))))
    other = replace(one, predicted=np.array([3] * 6 + [0] * 2))
    assert compare_judgements(one, other, draws=20_000).differences["accuracy"].p == pytest.approx(2 / 64, abs=0.005)


def test_what_has_no_value_has_no_p() -> None:
    quiet = drawn()
    quiet = replace(quiet, gold=np.where(quiet.gold < 2, 2, quiet.gold))
    found = compare_judgements(quiet, drawn_like(quiet), draws=20)
    assert np.isnan(found.differences["f_avg"].p) and found.to_dict()["differences"]["f_avg"]["p"] is None
    assert 0 < found.differences["accuracy"].p <= 1


def drawn_like(judgements: Judgements) -> Judgements:
    """Another system on the same judgements."""
    return replace(judgements, predicted=judgements.predicted[::-1].copy())


def test_failures_of_the_other_are_told() -> None:
    judgements = drawn()
    failing = replace(judgements, predicted=np.full(len(judgements), 4), probabilities=None)
    assert compare_judgements(judgements, failing, draws=5).failures == len(judgements)


def test_different_judgements_are_refused() -> None:
    with pytest.raises(InputError, match="scored on the same judgements"):
        compare_judgements(drawn(seed=1), drawn(seed=2))
