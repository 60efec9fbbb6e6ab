"""Agreement: equal to nltk and statsmodels; what is undefined says why; documents are drawn whole."""

from __future__ import annotations

import warnings
from itertools import combinations

import numpy as np
import pytest

from stance.annotation.agreement import OVERALL, measure_agreement
from stance.annotation.coefficients import Ratings, measure_coefficients
from stance.annotation.validation import check_value
from stance.errors import InputError
from stance.schema import LABELS, Anchor, Annotation

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from nltk.metrics.agreement import AnnotationTask
    from statsmodels.stats.inter_rater import cohens_kappa, fleiss_kappa


def ratings_of(values: np.ndarray, categories: int = 4, clusters: np.ndarray | None = None) -> Ratings:
    names = tuple(LABELS[number] if number < 4 else str(number) for number in range(categories))
    return Ratings(np.asarray(values), names, np.arange(len(values)) if clusters is None else clusters)


def measured(values: np.ndarray, categories: int = 4) -> dict[str, float | None]:
    found = measure_coefficients(ratings_of(values, categories), draws=1)
    return {coefficient.name: coefficient.value for coefficient in found}


def random_values(seed: int, *, missing: float) -> np.ndarray:
    generator = np.random.default_rng(seed)
    units, raters = int(generator.integers(8, 60)), int(generator.integers(2, 6))
    truth = generator.choice(4, size=(units, 1), p=[0.1, 0.2, 0.3, 0.4])
    noise = generator.integers(0, 4, size=(units, raters))
    values = np.where(generator.random((units, raters)) < 0.6, truth, noise)
    return np.where(generator.random((units, raters)) < missing, -1, values)


def ac1_by_hand(values: np.ndarray, categories: int) -> float:
    """Gwet 2014, chapter 5, paragraph by paragraph."""
    agreement, prevalence, pairs, rated = 0.0, [0.0] * categories, 0, 0
    for row in values:
        given = [int(value) for value in row if value >= 0]
        if given:
            rated += 1
            for category in range(categories):
                prevalence[category] += given.count(category) / len(given)
        if len(given) >= 2:
            pairs += 1
            same = sum(one == other for one, other in combinations(given, 2))
            agreement += same / (len(given) * (len(given) - 1) / 2)
    shares = [value / rated for value in prevalence]
    chance = sum(share * (1 - share) for share in shares) / (categories - 1)
    return (agreement / pairs - chance) / (1 - chance)


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_equal_to_the_oracles(seed: int, missing: float) -> None:
    values = random_values(seed, missing=missing)
    found = measured(values)
    rows = [(str(rater), str(unit), str(values[unit, rater])) for unit, rater in np.argwhere(values >= 0)]
    shared = {unit for unit in range(len(values)) if (values[unit] >= 0).sum() >= 2}
    task = AnnotationTask(data=[row for row in rows if int(row[1]) in shared])
    assert found["krippendorff_alpha"] == pytest.approx(task.alpha(), abs=1e-9)
    full = values[(values >= 0).all(axis=1)]
    if len(full) > 1:
        counts = np.array([[(row == category).sum() for category in range(4)] for row in full])
        assert found["fleiss_kappa"] == pytest.approx(fleiss_kappa(counts), abs=1e-9)
    kappas = []
    for first, second in combinations(range(values.shape[1]), 2):
        both = values[(values[:, first] >= 0) & (values[:, second] >= 0)]
        table = np.array([[((both[:, first] == a) & (both[:, second] == b)).sum() for b in range(4)] for a in range(4)])
        kappas.append(float(cohens_kappa(table, return_results=False)))
    assert found["cohen_kappa"] == pytest.approx(np.mean(kappas), abs=1e-9)
    assert found["gwet_ac1"] == pytest.approx(ac1_by_hand(values, 4), abs=1e-9)


def test_worked_by_hand() -> None:
    # Two raters, ten paragraphs: 6 agree on "favor", 2 on "against", 2 differ.
    values = np.array([[0, 0]] * 6 + [[1, 1]] * 2 + [[0, 1], [1, 0]])
    found = measured(values, 2)
    assert found["percent"] == pytest.approx(0.8)
    assert found["cohen_kappa"] == pytest.approx((0.8 - 0.58) / 0.42)  # each gives favor 7 of 10: 0.49 + 0.09
    assert found["fleiss_kappa"] == pytest.approx((0.8 - 0.58) / 0.42)
    assert found["gwet_ac1"] == pytest.approx((0.8 - 0.42) / 0.58)  # 2 * 0.7 * 0.3
    assert found["krippendorff_alpha"] == pytest.approx(1 - 0.2 / (2 * 14 * 6 / (20 * 19)))


@pytest.mark.parametrize("seed", range(5))
def test_order_and_names_play_no_part(seed: int) -> None:
    values = random_values(seed, missing=0.2)
    generator = np.random.default_rng(seed)
    before = measured(values)
    renamed = np.append(generator.permutation(4), -1)[values]
    for changed in (generator.permutation(values), values[:, generator.permutation(values.shape[1])], renamed):
        assert measured(changed) == pytest.approx(before, abs=1e-12)


def test_unanimous_labels() -> None:
    for coefficient in measure_coefficients(ratings_of(np.full((9, 3), 3)), draws=10):
        if coefficient.name in ("percent", "gwet_ac1"):
            assert (coefficient.value, coefficient.low, coefficient.high) == (1.0, 1.0, 1.0)
        else:
            assert coefficient.value is None
            assert coefficient.why == "everybody gave 'absent' only: by chance alone all would agree, so it is 0/0"
    two = measured(np.repeat([[0], [3]], 4, axis=0).repeat(2, axis=1))
    assert set(two.values()) == {1.0}


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (np.zeros((0, 0), dtype=int), "nobody labelled"),
        (np.zeros((3, 1), dtype=int), "only one annotator labelled"),
        (np.array([[0, -1], [-1, 1]]), "no paragraph was labelled by two annotators"),
    ],
)
def test_nothing_to_compare(values: np.ndarray, why: str) -> None:
    for coefficient in measure_coefficients(ratings_of(values), draws=3):
        assert (coefficient.value, coefficient.n, coefficient.why) == (None, 0, why)


def test_one_paragraph_and_one_document() -> None:
    found = {one.name: one for one in measure_coefficients(ratings_of(np.array([[0, 1]])), draws=3)}
    assert found["percent"].value == 0.0
    assert found["percent"].why == "no interval: all paragraphs are of one document"
    assert found["krippendorff_alpha"].value == pytest.approx(0.0)


def test_fleiss_wants_paragraphs_that_all_labelled() -> None:
    found = {one.name: one for one in measure_coefficients(ratings_of(np.array([[0, 0, -1], [-1, 1, 1]])), draws=3)}
    assert found["fleiss_kappa"].why == "no paragraph was labelled by all annotators"
    assert found["percent"].value == 1.0


def test_intervals_hold_the_value_and_follow_documents() -> None:
    values = random_values(3, missing=0.1)
    alone = measure_coefficients(ratings_of(values), seed=1)
    assert alone == measure_coefficients(ratings_of(values), seed=1)
    assert all(one.low <= one.value <= one.high for one in alone)
    four = np.repeat(values, 4, axis=0)
    clusters = np.repeat(np.arange(len(values)), 4)
    grouped = measure_coefficients(ratings_of(four, clusters=clusters), seed=1)
    loose = measure_coefficients(ratings_of(four), seed=1)
    for one, other in zip(grouped, loose, strict=True):
        assert one.value == other.value
        assert one.high - one.low > 1.5 * (other.high - other.low)


def record(paragraph: str, annotator: str, reported: bool | None = None, **labels: str) -> Annotation:
    return Annotation(paragraph, Anchor(document=paragraph[0]), labels, annotator, reported=reported)


def test_report_of_records() -> None:
    records = [
        record("a1", "anna", True, NATO="favor", US="absent"),
        record("a1", "ben", False, NATO="favor", US="neutral"),
        record("b1", "anna", None, NATO="against"),
        record("b1", "ben", None, NATO="neutral"),
        record("b2", ""),
    ]
    found = measure_agreement(records, draws=20)
    assert found.annotators == ("anna", "ben")
    assert found.paragraphs == 2
    assert [measured.name for measured in found.measured] == [OVERALL, "NATO", "US", "reported"]
    percent = {measured.name: measured.coefficients[0] for measured in found.measured}
    assert {name: (one.value, one.n) for name, one in percent.items()} == {
        OVERALL: (pytest.approx(1 / 3), 3),
        "NATO": (0.5, 2),
        "US": (0.0, 1),
        "reported": (0.0, 1),
    }
    table = next(table for table in found.confusions if table.target == "NATO")
    assert (table.first, table.second) == ("anna", "ben")
    assert table.counts["favor"]["favor"] == table.counts["against"]["neutral"] == 1
    assert [(item.id, item.target) for item in found.disagreements] == [
        ("b1", "NATO"),
        ("a1", "US"),
        ("a1", "reported"),
    ]
    assert found.to_dict()["agreement"]["NATO"]["percent"]["n"] == 2
    check_value(found.to_dict(), "agreement", "report")


def test_nobody_labelled() -> None:
    with pytest.raises(InputError, match="no record has an annotator"):
        measure_agreement([record("a1", "")])
    with pytest.raises(InputError, match=r"Nobody labelled target 'Chnia': did you mean 'China'\?"):
        measure_agreement([record("a1", "anna", None, China="favor")], targets=["Chnia"])
    with pytest.raises(InputError, match="level between 0 and 1"):
        measure_coefficients(ratings_of(np.zeros((2, 2), dtype=int)), level=1)
