"""Figures with intervals: against the plain bootstrap, and what holds whatever the data are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stance.errors import InputError
from stance.evaluation import confidence, metrics
from stance.evaluation.figures import MEAN, POOLED, Judgements, figures_to_dict, measure_judgements
from stance.evaluation.intervals import bootstrap_by_document
from stance.evaluation.metrics import count_labels

TARGETS = ("NATO", "US", "China")


def drawn(items: int = 240, *, seed: int = 1, documents: int = 60, wrong: float = 0.3) -> Judgements:
    """Judgements that are wrong now and then, with probabilities."""
    generator = np.random.default_rng(seed)
    gold = generator.integers(4, size=items)
    predicted = np.where(generator.random(items) < wrong, generator.integers(4, size=items), gold)
    probabilities = generator.dirichlet([1] * 4, size=items)
    probabilities[np.arange(items), predicted] += 1.5
    return Judgements(
        targets=TARGETS,
        target=np.arange(items) % 3,
        gold=gold,
        predicted=predicted,
        documents=tuple(f"d{number}" for number in generator.integers(documents, size=items)),
        probabilities=probabilities / probabilities.sum(1, keepdims=True),
    )


def test_figures_are_those_of_the_metrics() -> None:
    judgements = drawn()
    found = measure_judgements(judgements, draws=20)
    assert list(found) == [*TARGETS, POOLED, MEAN]
    for number, target in enumerate(TARGETS):
        own = judgements.take(np.flatnonzero(judgements.target == number))
        counts = count_labels(own.gold, own.predicted)
        for name, metric in metrics.COUNT_METRICS.items():
            assert found[target].metrics[name].value == pytest.approx(float(metric(counts)))
        assert own.probabilities is not None and own.confidence is not None
        expected = confidence.expected_calibration_error(own.probabilities, own.gold)
        assert found[target].metrics["ece"].value == pytest.approx(expected)
        assert found[target].metrics["brier"].value == pytest.approx(
            confidence.brier_score(own.probabilities, own.gold).mean()
        )
        assert found[target].metrics["aurc"].value == pytest.approx(
            float(confidence.area_under_risk_coverage(own.confidence, own.right))
        )
        assert found[target].labels["favor"].f1.value == pytest.approx(metrics.f1(counts)[0])
        assert list(found[target].counts["favor"].values()) == counts[0].astype(int).tolist()
    mean = np.mean([found[target].metrics["macro_f1"].value for target in TARGETS])
    assert found[MEAN].metrics["macro_f1"].value == pytest.approx(mean)
    assert found[POOLED].metrics["accuracy"].value == pytest.approx(judgements.right.mean())


@pytest.mark.parametrize("name", ["macro_f1", "f_avg", "mcc", "presence_f1"])
def test_intervals_are_those_of_the_plain_bootstrap(name: str) -> None:
    judgements = drawn()
    metric = metrics.COUNT_METRICS[name]

    def plain(places: np.ndarray) -> float:
        return float(metric(count_labels(judgements.gold[places], judgements.predicted[places])))

    expected = bootstrap_by_document(judgements.documents, plain, draws=300, seed=4)
    found = measure_judgements(judgements, draws=300, seed=4)[POOLED].metrics[name]
    assert (found.value, found.low, found.high) == pytest.approx((expected.value, expected.low, expected.high))


def test_intervals_of_confidence_are_those_of_the_plain_bootstrap() -> None:
    judgements = drawn()
    probabilities = np.round(judgements.probabilities, 1)  # many are equally sure
    judgements = replace(judgements, probabilities=probabilities)
    sure, right = judgements.confidence, judgements.right
    assert sure is not None

    def area(places: np.ndarray) -> float:
        return float(confidence.area_under_risk_coverage(sure[places], right[places]))

    def brier(places: np.ndarray) -> float:
        return float(confidence.brier_score(probabilities[places], judgements.gold[places]).mean())

    found = measure_judgements(judgements, draws=300, seed=4)[POOLED].metrics
    for name, plain in (("aurc", area), ("brier", brier)):
        expected = bootstrap_by_document(judgements.documents, plain, draws=300, seed=4)
        ends = found[name].value, found[name].low, found[name].high
        assert ends == pytest.approx((expected.value, expected.low, expected.high), rel=0.02), name
    assert np.isnan(found["ece"].low)  # its bootstrap would be too high


def test_curves() -> None:
    found = measure_judgements(drawn(), draws=2)[POOLED]
    assert sum(part["judgements"] for part in found.reliability) == 240
    gap = sum(part["judgements"] * abs(part["confidence"] - part["accuracy"]) for part in found.reliability) / 240
    assert gap == pytest.approx(found.metrics["ece"].value, abs=1e-5)
    assert len(found.risk_coverage) == 20
    assert found.risk_coverage[1.0] == pytest.approx(1 - found.metrics["accuracy"].value, abs=1e-6)


def test_few_documents_have_no_intervals() -> None:
    few = measure_judgements(drawn(documents=4), draws=20)
    assert all(np.isnan(item.low) for figures in few.values() for item in figures.metrics.values())
    assert few[POOLED].metrics["accuracy"].value > 0


def test_the_order_of_judgements_does_not_matter() -> None:
    judgements = drawn()
    shuffled = judgements.take(np.random.default_rng(0).permutation(len(judgements)))
    one, other = (figures_to_dict(measure_judgements(item, draws=50)[MEAN]) for item in (judgements, shuffled))
    for name, row in one["metrics"].items():
        assert row == pytest.approx(other["metrics"][name]), name


def test_failures_are_errors_and_never_confident() -> None:
    judgements = drawn()
    assert judgements.probabilities is not None
    failed = np.arange(len(judgements)) % 10 == 0
    broken = replace(
        judgements,
        predicted=np.where(failed, 4, judgements.predicted),
        probabilities=np.where(failed[:, None], 0.0, judgements.probabilities),
    )
    assert broken.confidence is not None and not broken.confidence[failed].any()
    found = measure_judgements(broken, draws=20)[POOLED]
    kept = measure_judgements(broken.take(np.flatnonzero(~failed)), draws=2)[POOLED].metrics
    for name in ("ece", "brier"):  # a failure has no probabilities to be calibrated
        assert found.metrics[name].value == pytest.approx(kept[name].value)
    assert found.metrics["aurc"].value > kept["aurc"].value
    assert found.judgements == len(judgements)
    assert found.metrics["accuracy"].value == pytest.approx((judgements.right & ~failed).mean())
    assert sum(row["failed"] for row in found.counts.values()) == failed.sum()


def test_a_target_without_a_side_leaves_the_mean_to_the_others() -> None:
    judgements = drawn()
    sided = (judgements.gold < 2) & (judgements.target == 0)
    quiet = replace(judgements, gold=np.where(sided, 2, judgements.gold))
    found = measure_judgements(quiet, draws=50)
    assert np.isnan(found["NATO"].metrics["f_avg"].value) and np.isnan(found["NATO"].labels["favor"].f1.value)
    others = [found[target].metrics["f_avg"].value for target in TARGETS[1:]]
    assert found[MEAN].metrics["f_avg"].value == pytest.approx(np.mean(others))
    assert found[MEAN].metrics["f_avg"].low < found[MEAN].metrics["f_avg"].high
    assert figures_to_dict(found["NATO"])["metrics"]["f_avg"] == {"value": None, "low": None, "high": None}


def test_draws_that_lack_a_label_do_not_make_another_mean() -> None:
    # "favor" stands in one document of forty, always found; the others are right in half of the cases.
    gold = np.array([0, *[3] * 39])
    predicted = np.array([0, *[3, 2] * 19, 3])
    judgements = Judgements(("NATO",), np.zeros(40, dtype=int), gold, predicted, tuple(map(str, range(40))))
    found = measure_judgements(judgements, draws=500)["NATO"].metrics["macro_f1"]
    assert found.low > 0.6  # a draw without "favor" has the F1 of "absent" alone, about 0.67, and at times below 0.6


def test_what_is_in_few_draws_has_no_interval() -> None:
    gold = np.array([0, 1, *[3] * 38])
    judgements = Judgements(("NATO",), np.zeros(40, dtype=int), gold, gold, tuple(map(str, range(40))))
    found = measure_judgements(judgements, draws=400)["NATO"].metrics["macro_f1"]  # both sides: in 40 % of the draws
    assert found.value == 1 and np.isnan(found.low) and np.isnan(found.high)


def test_one_target_has_no_mean() -> None:
    judgements = drawn().join_targets()
    assert list(measure_judgements(judgements, draws=5)) == ["all targets", POOLED]


def test_nothing_is_refused() -> None:
    nothing = np.zeros(0, dtype=int)
    with pytest.raises(InputError, match="at least one item"):
        measure_judgements(Judgements(("NATO",), nothing, nothing, nothing, ()))
