"""Estimates of shares: values worked by hand, invariances, coverage, messages."""

from __future__ import annotations

import dataclasses
import json
import logging
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import stance
from stance.errors import InputError
from stance.evaluation.estimation import FEWEST_DOCUMENTS, NOT_GIVEN, Estimates, estimate
from stance.evaluation.groups import add_fields
from stance.evaluation.inference import Totals, infer_shares, t_quantiles
from stance.evaluation.rows import LabelledRow, PredictedRow, field_of, read_labelled, read_predicted
from stance.schema import LABELS, Stance


def totals(labelled: list, found: list, believed: list, paragraphs: list, expected: list) -> Totals:
    """Sums of one label, by document."""
    arrays = [np.array([values], dtype=float) for values in (labelled, found, believed, paragraphs, expected)]
    return Totals(*arrays, size=np.array([float(sum(labelled))]))


def corpus(
    *,
    documents: int = 60,
    length: int = 4,
    labelled: int = 80,
    errors: float = 0.2,
    seed: int = 0,
    rare: float = 0.2,
) -> tuple[list[PredictedRow], list[LabelledRow]]:
    """Predictions of paragraphs, and labels of some; some of the predictions are wrong."""
    generator = np.random.default_rng(seed)
    gold = generator.choice(LABELS, size=documents * length, p=[rare, 0.2, 0.2, 0.6 - rare])
    rows = []
    for number, label in enumerate(gold):
        guess = generator.choice(LABELS) if generator.random() < errors else label
        shares = {name: 0.7 if name == guess else 0.1 for name in LABELS}
        place = number // length
        fields = {"outlet": "ab"[place % 2], "date": f"2024-0{1 + place % 3}-05"}
        rows.append(PredictedRow(f"p{number}", f"d{place}", {"US": Stance("US", str(guess), shares)}, fields))
    chosen = generator.choice(len(rows), labelled, replace=False)
    return rows, [LabelledRow(f"p{number}", {"US": str(gold[number])}) for number in chosen]


def figures(found: Estimates) -> list[float | None]:
    return [
        value
        for row in found.rows
        for value in (row.share and row.share.value, row.share and row.share.low, row.share and row.share.high)
    ]


def test_by_hand() -> None:
    """Four documents of two paragraphs, one of each labelled; the model expects 0.5 everywhere but in the last."""
    sums = totals([1, 1, 1, 1], [1, 0, 0, 1], [0.5, 0.5, 0.5, 1.0], [2, 2, 2, 2], [1.0, 1.0, 1.0, 1.5])
    # mean of gold 2/4, of what is believed 2.5/4, of what is expected of all 4.5/8
    assert infer_shares(sums, power=0.0).value == pytest.approx([0.5])
    assert infer_shares(sums, power=1.0).value == pytest.approx([0.5 + 4.5 / 8 - 2.5 / 4])
    # gold deviates by (1/2, -1/2, -1/2, 1/2)/4, guesses by (-1/8, -1/8, -1/8, 3/8)/4 less (-1/8, -1/8, -1/8, 3/8)/8
    truth = np.array([0.5, -0.5, -0.5, 0.5]) / 4
    guess = np.array([-1, -1, -1, 3]) / 8 / 8
    assert infer_shares(sums).power == pytest.approx(min(1.0, truth @ guess / (guess @ guess)))


def test_without_power_it_is_the_jackknife_of_the_labelled_share() -> None:
    sums = totals([2, 1, 3, 2], [1, 0, 2, 2], [0.3, 0.9, 1.0, 0.2], [5, 4, 3, 6], [2, 1, 1, 3])
    found = infer_shares(sums, power=0.0)
    assert found.value == pytest.approx([5 / 8])
    without = np.array([4 / 6, 5 / 7, 3 / 5, 3 / 6])
    assert found.variance == pytest.approx([((without - 5 / 8) ** 2).sum()])


def test_what_the_model_knows_is_left_out_of_the_correction() -> None:
    """Perfect predictions: nothing to correct, and no more error than one in the sample can hide."""
    rows, sample = corpus(errors=0.0)
    sure = [dataclasses.replace(row, stances={"US": Stance("US", row.stances["US"].label, {})}) for row in rows]
    found = estimate(sure, sample, finite=True)
    for row in found.rows:
        assert row.share is not None
        assert row.power == pytest.approx(1.0)
        assert row.share.value == pytest.approx(row.naive)
        assert row.share.low < row.naive < row.share.high
    one, none = [1.0] * 5 + [0.0] * 15, [0.0] * 20
    sums = totals([1] * 20 + [0] * 20, one + none, one + none, [1] * 40, one + one)
    assert infer_shares(sums, power=1.0, finite=True).variance == pytest.approx([(1 / 20) ** 2 * (1 - 20 / 40)])


def test_useless_predictions_leave_the_classical_estimate() -> None:
    rows, sample = corpus()
    flat = [dataclasses.replace(row, stances={"US": Stance("US", "favor", {"favor": 1.0})}) for row in rows]
    for row in estimate(flat, sample).rows:
        assert row.share == row.labelled_only
        assert row.power == 0.0
        assert row.gain == pytest.approx(1.0)
        assert row.naive == (row.label == "favor")


def test_shares_sum_to_one() -> None:
    for seed in range(5):
        rows, sample = corpus(seed=seed)
        assert sum(row.share.value for row in estimate(rows, sample).rows if row.share) == pytest.approx(1.0)


def test_the_order_of_rows_and_names_of_documents_make_no_difference() -> None:
    rows, sample = corpus()
    expected = figures(estimate(rows, sample, by=["outlet"]))
    mixed = [rows[place] for place in np.random.default_rng(5).permutation(len(rows))]
    renamed = [dataclasses.replace(row, document=f"{row.document[::-1]}x") for row in mixed]
    assert figures(estimate(renamed, sample[::-1], by=["outlet"])) == pytest.approx(expected)


def test_equal_weights_are_no_weights() -> None:
    rows, sample = corpus()
    heavy = [dataclasses.replace(row, weight=7.0) for row in sample]
    assert figures(estimate(rows, heavy)) == pytest.approx(figures(estimate(rows, sample)))
    for factor in (1e308, 1e200, 1e-200):  # they count up to a factor: no square overflows
        huge = [dataclasses.replace(row, weight=factor) for row in sample]
        assert figures(estimate(rows, huge)) == pytest.approx(figures(estimate(rows, sample)))
    odd = [dataclasses.replace(row, weight=5.0 if row.labels["US"] == "favor" else 1.0) for row in sample]
    assert estimate(rows, odd).rows[0].share.value > estimate(rows, sample).rows[0].share.value


def test_paragraphs_of_one_document_widen_the_interval() -> None:
    rows, sample = corpus(errors=0.9, documents=40, length=10, labelled=200)
    alike = {f"d{place}": LABELS[place % 4] for place in range(40)}  # documents that say one thing
    documents = {row.id: row.document for row in rows}
    same = [LabelledRow(row.id, {"US": alike[documents[row.id]]}) for row in sample]
    apart = [dataclasses.replace(row, document=row.id) for row in rows]

    def width(found: Estimates) -> float:
        interval = found.rows[0].share
        return interval.high - interval.low

    assert width(estimate(rows, same)) > 1.5 * width(estimate(apart, same))


def test_a_group_rests_on_its_own_labels() -> None:
    rows, sample = corpus(documents=120, labelled=200)
    found = estimate(rows, sample, by=["outlet"])
    kept = [row for row in rows if row.fields["outlet"] == "b"]
    names = {row.id for row in kept}
    alone = estimate(kept, [row for row in sample if row.id in names])
    assert [row.group for row in found.rows] == [{"outlet": "a"}] * 4 + [{"outlet": "b"}] * 4
    assert figures(found)[12:] == figures(alone)


def test_groups_by_month_and_of_what_has_no_field() -> None:
    rows, sample = corpus(documents=120, labelled=200)
    rows[0] = dataclasses.replace(rows[0], fields={})
    found = estimate(rows, sample, by=["source.month"])
    assert list(dict.fromkeys(row.group["source.month"] for row in found.rows)) == [
        NOT_GIVEN,
        "2024-01",
        "2024-02",
        "2024-03",
    ]
    assert found.rows[0].why == "no paragraph is labelled" or found.rows[0].labelled_documents == 1


def test_too_few_documents_have_no_interval() -> None:
    rows, sample = corpus(documents=FEWEST_DOCUMENTS - 1, length=10, labelled=150)
    for row in estimate(rows, sample).rows:
        assert row.share is row.labelled_only is row.gain is None
        assert row.why == "labels in 19 documents, at least 20 are needed"
    rows, sample = corpus(documents=FEWEST_DOCUMENTS, length=10, labelled=150)
    assert not any(row.why for row in estimate(rows, sample).rows)


def test_where_nothing_is_found_chance_is_told() -> None:
    """Clopper and Pearson with 0 of 40: the share at which 40 documents have none in 2.5 % of samples."""
    rows, sample = corpus(documents=60, length=10, labelled=40)
    absent = [LabelledRow(row.id, {"US": "absent"}) for row in sample]
    found = estimate(rows, absent).rows
    documents = found[0].labelled_documents
    assert found[0].why == found[3].why == "" and found[0].gain is found[3].gain is None
    assert found[0].found == 0 and found[3].found == 40 and 20 <= documents < 40
    high = float(stats.beta.ppf(0.975, 1, documents))  # as scipy has it
    for row in found[:3]:
        assert row.labelled_only is not None and row.share is not None
        assert (row.labelled_only.value, row.labelled_only.low) == (0.0, 0.0)
        assert row.labelled_only.high == pytest.approx(high)
        assert row.share.low == 0.0 and row.share.high == pytest.approx(max(high, row.share.value))
    assert found[3].labelled_only is not None
    assert (found[3].labelled_only.low, found[3].labelled_only.high) == (pytest.approx(1 - high), 1.0)
    finite = estimate(rows, absent, finite=True).rows[0].labelled_only
    assert finite is not None  # 560 of 600 paragraphs may have it
    assert finite.high == pytest.approx(float(stats.beta.ppf(0.975, 1, 40)) * 560 / 600)


def test_what_one_document_alone_has_may_be_as_rare_as_can_be() -> None:
    rows, sample = corpus()
    one = [LabelledRow(row.id, {"US": "favor" if number == 0 else "absent"}) for number, row in enumerate(sample)]
    found = estimate(rows, one).rows
    assert found[0].share.low == 0.0 < found[0].share.high < 0.3
    assert found[3].share.high == 1.0


def test_estimates_beyond_the_bounds_are_set_to_them() -> None:
    sums = totals([1] * 30, [1] * 2 + [0] * 28, [1] * 20 + [0] * 10, [9] * 30, [0.0] * 30)
    found = infer_shares(sums, power=1.0)
    assert found.value == found.low == 0.0
    assert 0 < found.high < 1


def test_quantiles_against_scipy() -> None:
    degrees = np.array([1.0, 2.0, 2.7, 5.0, 17.3, 80.0, 600.0])
    for level in (0.8, 0.95, 0.99):
        assert t_quantiles(degrees, level) == pytest.approx(stats.t.ppf(0.5 + level / 2, degrees), rel=2e-3)


def test_a_wider_level_is_wider() -> None:
    rows, sample = corpus()
    narrow, wide = estimate(rows, sample, level=0.8).rows[1].share, estimate(rows, sample, level=0.99).rows[1].share
    assert wide.low < narrow.low < narrow.value == wide.value < narrow.high < wide.high


def test_coverage_where_the_count_fails() -> None:
    """400 corpora of 80 documents that hang together, a classifier that calls too much against, 120 labels each."""
    generator = np.random.default_rng(1)
    corpora, documents, length, drawn, share = 400, 80, 8, 120, 0.2
    rate = generator.beta(share * 4, (1 - share) * 4, (corpora, documents, 1))  # intraclass correlation 1/5
    gold = generator.random((corpora, documents, length)) < rate
    believed = np.clip(np.where(gold, 0.75, 0.35) + generator.normal(0, 0.15, gold.shape), 0, 1)
    key = generator.random((corpora, documents * length))
    chosen = (key <= np.partition(key, drawn - 1)[:, drawn - 1 : drawn]).reshape(gold.shape)

    def add(values: np.ndarray) -> np.ndarray:
        return values.sum(axis=-1, dtype=float)[:, None]

    sums = Totals(
        add(chosen),
        add(chosen & gold),
        add(chosen * believed),
        np.full((corpora, 1, documents), float(length)),
        add(believed),
        np.full((corpora, 1), float(drawn)),
    )

    def covers(low: np.ndarray, high: np.ndarray) -> float:
        return float(((low <= share) & (share <= high)).mean())

    ours, alone = infer_shares(sums), infer_shares(sums, power=0.0)
    counts = (believed > 0.5).mean(axis=-1)
    half = 1.96 * counts.std(axis=-1, ddof=1) / np.sqrt(documents)
    assert covers(counts.mean(axis=-1) - half, counts.mean(axis=-1) + half) < 0.5
    assert 0.92 <= covers(ours.low, ours.high) <= 0.985
    assert 0.92 <= covers(alone.low, alone.high) <= 0.985
    assert (ours.high - ours.low).mean() < 0.85 * (alone.high - alone.low).mean()


def test_a_sample_that_is_not_random_is_said(caplog: pytest.LogCaptureFixture) -> None:
    rows, sample = corpus(documents=200, labelled=150)
    with caplog.at_level(logging.WARNING, logger="stance.estimate"):
        estimate(rows, sample)
        assert not caplog.records
        for seed in range(20):  # rare, and a few labels: easily none of the paragraphs that the model thinks it of
            estimate(*corpus(documents=300, labelled=25, errors=0.0, seed=seed, rare=0.01))
        assert not caplog.records
        favor = [row for row in rows if row.stances["US"].label == "favor"][:100]
        estimate(rows, [LabelledRow(row.id, {"US": "favor"}) for row in favor])
    assert "do not look drawn at random: toward US the model expects 70 % favor" in caplog.text


def test_what_is_asked_for_twice_is_given_once() -> None:
    rows, sample = corpus()
    twice = estimate(rows, sample, by=["outlet", "outlet"], targets=["US", "US"])
    assert twice == estimate(rows, sample, by=["outlet"], targets=["US"])
    assert twice.by == ("outlet",) and len(twice.rows) == 8


def test_predictions_of_the_library_go_in() -> None:
    assert stance.estimate is estimate
    rows, sample = corpus()
    found = stance.estimate(rows, sample).to_dict()
    assert json.loads(json.dumps(found)) == found
    assert found["estimates"][0]["label"] == "favor"
    assert found["population"] == "documents like these"


def test_messages_of_the_library() -> None:
    rows, sample = corpus()
    cases = [
        ((rows, sample[:0]), {}, "There are no labelled paragraphs"),
        ((rows[:0], sample), {}, "There are no predictions"),
        (([*rows, rows[0]], sample), {}, "Id 'p0' stands twice among the predictions"),
        ((rows, [*sample, sample[0]]), {}, f"Id '{sample[0].id}' stands twice among the labelled"),
        ((rows, [LabelledRow("q", {"US": "favor"})]), {}, "'q' is not among the predictions"),
        ((rows, [dataclasses.replace(sample[0], weight=0.0)]), {}, "expected a weight above 0, found 0"),
        ((rows, sample), {"level": 1.0}, "level between 0 and 1"),
        ((rows, sample), {"targets": ["Us"]}, "no prediction toward 'Us': did you mean 'US'"),
        ((rows, [LabelledRow("p0", {"China": "favor"})]), {}, "predictions are toward US, labels toward China"),
        ((rows, [LabelledRow("p0", {"China": "favor"})]), {"targets": ["US"]}, "No paragraph is labelled toward 'US'"),
        ((rows, sample), {"by": ["outlt"]}, "has the field 'outlt': did you mean 'outlet'"),
        (([*rows, PredictedRow("q", "q", {})], sample), {}, "'q' has no prediction toward 'US'"),
        (([dataclasses.replace(rows[0], fields={"date": "May"}), *rows[1:]], sample), {"by": ["month"]}, "found 'May'"),
    ]
    for given, options, message in cases:
        with pytest.raises(InputError, match=message):
            estimate(*given, **options)
    with pytest.raises(InputError, match="level between 0 and 1"):
        infer_shares(totals([1, 1], [1, 0], [0, 0], [1, 1], [0, 0]), level=0.0)


def test_fields() -> None:
    row = PredictedRow("p", "d", {}, {"outlet": "Times", "date": "2024-03", "empty": ""})
    assert [field_of(row, name) for name in ("outlet", "source.outlet", "month", "year", "empty", "none")] == [
        "Times",
        "Times",
        "2024-03",
        "2024",
        None,
        None,
    ]
    assert field_of(row, "document") == "d"
    assert field_of(PredictedRow("p", "d", {}, {"month": "May", "date": "2024-03-09T10:00:00Z"}), "month") == "May"
    assert field_of(PredictedRow("p", "d", {}, {"date": "2024-03-09T10:00:00Z"}), "month") == "2024-03"
    assert field_of(PredictedRow("p", "d", {}, {"date": "20240309"}), "month") == "2024-03"
    assert field_of(PredictedRow("p", "d", {}, {"date": "2024-W52-1"}), "month") == "2024-12"


STANCES = {"US": {"label": "favor", "probabilities": {"favor": 0.9, "against": 0.1, "neutral": 0.0, "absent": 0.0}}}


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_paragraphs_and_documents_are_told(tmp_path: Path) -> None:
    path = write(
        tmp_path / "p.jsonl",
        {"document": "a.txt", "id": None, "index": 2, "start": 40, "stances": STANCES},
        {"document": "r.jsonl", "id": 7, "index": 0, "stances": STANCES},
        {"document": "r.jsonl", "id": "x", "index": 0, "stances": STANCES},
        {"document": "r.jsonl", "id": "x", "index": 1, "stances": STANCES},
        {"id": "y", "source": {"doc_id": "D", "outlet": "T"}, "stances": {"US": {"label": "absent"}}},
    )
    rows = read_predicted([path])
    assert [(row.id, row.document) for row in rows] == [
        ("a.txt#2", "a.txt"),
        ("7", "7"),
        ("x#0", "x"),
        ("x#1", "x"),
        ("y", "D"),
    ]
    assert rows[4].stances["US"] == Stance("US", "absent", {})
    assert [
        row.document
        for row in read_predicted(
            [write(tmp_path / "q.jsonl", {"id": "y", "source": {"o": "T"}, "stances": STANCES})], document="source.o"
        )
    ] == ["T"]
    labels = write(
        tmp_path / "l.jsonl",
        {"document": "a.txt", "id": "abc", "start": 40, "labels": {"US": "favor"}},
        {"id": 7, "target": "US", "label": "absent", "weight": 2},
        {"id": "x", "index": 1, "labels": {"US": "against"}},
        {"id": "y"},
    )
    assert read_labelled(labels, rows) == [
        LabelledRow("a.txt#2", {"US": "favor"}),
        LabelledRow("7", {"US": "absent"}, 2.0),
        LabelledRow("x#1", {"US": "against"}),
    ]


GOOD = {"id": "p", "stances": STANCES}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([GOOD, GOOD], "line 2: there is a prediction of paragraph 'p' toward 'US' before, at .*line 1"),
        ([{"stances": STANCES}], "line 1: field 'id': expected a string or number, or 'document' and 'index'"),
        ([{"document": "d", "stances": STANCES}], "line 1: field 'id': expected a string or number, or 'document' and"),
        ([{"id": "p", "error": "late"}], "line 1: id 'p': the prediction failed. An estimate needs one of every"),
        ([{"id": "p", "stances": {"US": "favor"}}], r"'p': 'US': expected an object with a label, found 'favor'"),
        ([{"id": "p", "stances": {"US": {"label": "favour"}}}], r"'p': 'US': unknown label 'favour': did you"),
        (
            [{"id": "p", "stances": {"US": {"label": "favor", "probabilities": {"pro": 1}}}}],
            r"'US': field 'probabilities': expected a probability of each of favor, .*, found {'pro': 1}",
        ),
        (
            [{"id": "p", "stances": {"US": {"label": "favor", "probabilities": {"favor": 2}}}}],
            r"'probabilities': expected numbers in \[0, 1\] that sum to 1, found {'favor': 2}",
        ),
        (
            [{"id": "p", "stances": {"US": {"label": "favor", "probabilities": {"favor": 0.5}}}}],
            r"expected numbers in \[0, 1\] that sum to 1, found {'favor': 0.5}",
        ),
        (
            [{"id": "p", "stances": {"US": {"label": "favor", "probabilities": [1]}}}],
            r"probabilities': expected a probability of each of .*, found \[1\]",
        ),
        ([{**GOOD, "source": ["Times"]}], r"field 'source': expected an object or a name, found \['Times'\]"),
    ],
)
def test_messages_about_predictions(rows: list, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        read_predicted([write(tmp_path / "p.jsonl", *rows)])


def test_messages_about_files_and_options(tmp_path: Path) -> None:
    path = write(tmp_path / "p.jsonl", GOOD)
    with pytest.raises(InputError, match=r"p.parquet: expected JSON Lines .*, CSV or TSV, found Parquet"):
        read_predicted([tmp_path / "p.parquet"])
    with pytest.raises(InputError, match="There are no predictions"):
        read_predicted([])
    with pytest.raises(InputError, match="line 1: no field 'doc' to tell the document"):
        read_predicted([path], document="doc")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"id": "q", "labels": {"US": "favor"}}], "line 1: field 'id': paragraph 'q' is not among the predictions"),
        ([{"labels": {"US": "favor"}}], "line 1: field 'id': expected a string or number, or 'document'"),
        ([{"id": "x", "labels": {"US": "favor"}}], "several predictions have the id 'x'. Give the field 'index'"),
        ([{"id": "p", "labels": {"US": "pro"}}], r"line 1: id 'p': 'US': unknown label 'pro'"),
        ([{"id": "p", "labels": ["favor"]}], r"field 'labels': expected an object, found \['favor'\]"),
        ([{"id": "p", "target": True, "label": "favor"}], "field 'target': expected a name, found True"),
        ([{"id": "p", "label": "favor"}], "line 1: id 'p': expected 'labels' {target: label}"),
        ([{"id": "p", "target": "US"}], "line 1: id 'p': 'US': expected a field 'label'"),
        ([{"id": "p", "labels": {"US": None}}], "line 1: id 'p': expected a label, found none"),
        ([{"id": "p", "error": "late"}], "line 1: id 'p': expected a label, found none"),
        ([{"id": "p", "stances": STANCES}], "line 1: id 'p': expected a label, found a model's prediction"),
        (
            [{"id": "p", "labels": {"US": "favor"}, "annotator": "model:base"}],
            "line 1: id 'p': expected a label, found a model's prediction",
        ),
        ([{"id": "p", "labels": {"US": "favor"}}] * 2, "line 2: paragraph 'p' has a label toward 'US' before, at .*1"),
        ([{"id": "p", "labels": {"US": "favor"}, "weight": 0}], "field 'weight': expected a number above 0, found 0"),
        (
            [
                {"id": "p", "target": "US", "label": "favor", "weight": 2},
                {"id": "p", "target": "China", "label": "favor"},
            ],
            "line 2: field 'weight': paragraph 'p' had weight 2 before",
        ),
        (
            [{"id": "p", "labels": {"US": "favor"}, "source": {"chosen": {"target": "US"}}}],
            "chosen by a model's uncertainty, not drawn at random",
        ),
        ([{"id": "p"}], "no paragraph has a label"),
    ],
)
def test_messages_about_labels(rows: list, message: str, tmp_path: Path) -> None:
    known = [PredictedRow(name, "d", {}) for name in ("p", "x#0", "x#1")]
    with pytest.raises(InputError, match=message):
        read_labelled(write(tmp_path / "l.jsonl", *rows), known)


def test_predictions_of_many_forms_are_the_same(tmp_path: Path) -> None:
    """One reader: what evaluate takes for predictions, estimate takes too."""
    targets = ("NATO", "US")
    made = {target: {"label": "favor", "probabilities": dict.fromkeys(LABELS, 0.25)} for target in targets}
    whole = read_predicted([write(tmp_path / "a.jsonl", {"id": "p", "stances": made, "source": {"doc_id": "D"}})])
    columns = ",".join(name for target in targets for name in (target, *(f"{target}_{label}" for label in LABELS)))
    cells = ",".join(["favor", "0.25", "0.25", "0.25", "0.25"] * 2)
    (tmp_path / "b.csv").write_text(f"id,doc_id,{columns}\np,D,{cells}\n", encoding="utf-8")
    pairs = [{"id": "p", "doc_id": "D", "target": target, **made[target]} for target in targets]
    assert read_predicted([tmp_path / "b.csv"]) == whole == read_predicted([write(tmp_path / "c.jsonl", *pairs)])
    assert read_predicted([write(tmp_path / f"{pair['target']}.jsonl", pair) for pair in pairs]) == whole


def test_tables_that_predict_writes_keep_their_sources(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    head = "document,id,index,source,US,US_favor,US_against,US_neutral,US_absent,US_labels,US_abstained\n"
    source = '"{""doc_id"": ""D"", ""outlet"": ""T""}"'
    path.write_text(f"{head}r.csv,p,0,{source},favor,1,0,0,0,favor,false\n", encoding="utf-8")
    (row,) = read_predicted([path])
    assert (row.id, row.document, dict(row.fields)) == ("p", "D", {"doc_id": "D", "outlet": "T"})
    path.write_text(f'{head}r.csv,p,0,{source[:-2]}",favor,1,0,0,0,favor,false\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"p\.csv: line 2: column 'source': not valid JSON"):
        read_predicted([path])


def test_labels_of_articles_are_found_where_the_predictions_say_more(tmp_path: Path) -> None:
    """`stance predict a.txt` against annotations, which know the hash of the article beside its name."""
    rows = read_predicted(
        [write(tmp_path / "p.jsonl", {"document": "a.txt", "id": None, "index": 2, "start": 40, "stances": STANCES})]
    )
    gold = {"id": "abc", "document": "a.txt", "document_sha256": "f00", "start": 40, "labels": {"US": "favor"}}
    assert read_labelled(write(tmp_path / "l.jsonl", gold), rows) == [LabelledRow("a.txt#2", {"US": "favor"})]


def test_weights_in_tables(tmp_path: Path) -> None:
    known = [PredictedRow("p", "d", {})]
    path = tmp_path / "l.csv"
    path.write_text("id,target,label,weight\np,US,favor,2.5\n", encoding="utf-8")
    assert read_labelled(path, known) == [LabelledRow("p", {"US": "favor"}, 2.5)]
    path.write_text("id,target,label,weight\np,US,favor,much\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 2: field 'weight': expected a number above 0, found 'much'"):
        read_labelled(path, known)


def test_fields_from_a_table(tmp_path: Path) -> None:
    rows = [PredictedRow(f"{name}#{n}", name, {}, {"year": 1}) for name in ("a.txt", "b.txt") for n in (0, 1)]
    table = tmp_path / "t.csv"
    table.write_text("document,outlet\na.txt,Times\n\nc.txt,Post\n", encoding="utf-8-sig")
    assert [row.fields for row in add_fields(rows, table)] == [{"year": 1, "outlet": "Times"}] * 2 + [{"year": 1}] * 2
    lines = write(tmp_path / "t.jsonl", {"id": "b.txt#1", "outlet": "Sun", "year": 2})
    assert add_fields(rows, lines)[3].fields == {"outlet": "Sun", "year": 2}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("outlet,year\nTimes,2\n", "line 2: expected a field 'id' or 'document', found outlet, year"),
        ("id,outlet\np,Times\np,Post\n", "line 3: id 'p' stands before, at .*line 2"),
        ("id,outlet\nq,Times\n", "none is among the predictions, whose first is 'p'"),
        ("id,outlet\np\n", "line 2: expected 2 cells, found 1"),
        ('id,outlet\np,"Ti\n', "line 2: not valid CSV"),
        ("id,outlet\n", "expected a header and rows"),
        ("id,id\np,q\n", "the column 'id' stands twice"),
    ],
)
def test_messages_about_tables(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(InputError, match=message):
        add_fields([PredictedRow("p", "d", {})], path)
