"""Joining predictions to gold labels: nothing is dropped, what does not fit is said."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

import stance
from stance.annotation.anchors import hash_text
from stance.errors import InputError
from stance.evaluation.figures import MEAN, POOLED
from stance.evaluation.scoring import evaluate
from stance.schema import LABELS

Rows = list[dict[str, Any]]


def gold_rows(count: int = 60) -> Rows:
    """Gold labels of paragraphs, three of a document."""
    chosen = random.Random(5)
    return [
        {
            "id": f"p{number}",
            "text": "Own words. " * (10 + number),
            "labels": {target: chosen.choice(LABELS) for target in ("NATO", "US")},
            "reported": number % 2 == 0,
            "source": {"doc_id": f"d{number // 3}", "outlet": "Echo" if number < 30 else "Post", "year": 2020},
        }
        for number in range(count)
    ]


def predicted_rows(gold: Rows, wrong: float = 0.3) -> Rows:
    """Predictions as ``stance predict`` writes them, some of them wrong."""
    chosen = random.Random(6)
    rows = []
    for row in gold:
        stances = {}
        for target, label in row["labels"].items():
            guess = chosen.choice(LABELS) if chosen.random() < wrong else label
            shares = {name: 0.7 if name == guess else 0.1 for name in LABELS}
            stances[target] = {"label": guess, "probabilities": shares}
        rows.append({"document": "rows.jsonl", "id": row["id"], "index": 0, "text": row["text"], "stances": stances})
    return rows


def test_order_does_not_matter() -> None:
    gold = gold_rows()
    predictions = predicted_rows(gold)
    turned = evaluate(gold, predictions[::-1], draws=20).to_dict()
    assert turned == evaluate(gold, predictions, draws=20).to_dict()
    assert turned["paragraphs"] == 60 and turned["documents"] == 20


def test_files_and_rows_give_the_same(tmp_path: Path) -> None:
    gold = gold_rows()
    predictions = predicted_rows(gold)
    for name, rows in (("gold.jsonl", gold), ("made.jsonl", predictions)):
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    columns = ["id", "NATO", *(f"NATO_{label}" for label in LABELS), "US", *(f"US_{label}" for label in LABELS)]
    lines = [",".join(columns)]
    for row in predictions:
        cells = [row["id"]]
        for target in ("NATO", "US"):
            made = row["stances"][target]
            cells += [made["label"], *(str(made["probabilities"][label]) for label in LABELS)]
        lines.append(",".join(cells))
    (tmp_path / "made.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = evaluate(gold, predictions, draws=20).to_dict()
    assert evaluate(tmp_path / "gold.jsonl", tmp_path / "made.jsonl", draws=20).to_dict() == found
    assert evaluate(gold, tmp_path / "made.csv", draws=20).to_dict() == found
    pairs = [
        {"id": row["id"], "target": target, "label": made["label"], "probabilities": made["probabilities"]}
        for row in predictions
        for target, made in row["stances"].items()
    ]
    assert evaluate(gold, pairs, draws=20).to_dict() == found


def test_failures_count_as_errors() -> None:
    gold = gold_rows()
    predictions = predicted_rows(gold, wrong=0)
    predictions[0] = {"id": "p0", "error": "out of memory"}
    predictions[1]["stances"]["US"] = None
    found = evaluate(gold, predictions, draws=20)
    assert found.failures == 3 and found.unasked == 0
    assert found.figures[POOLED].metrics["accuracy"].value == pytest.approx(117 / 120)
    assert {(item.id, item.predicted, item.probability) for item in found.mistakes} == {
        ("p0", None, 0),
        ("p1", None, 0),
    }


def test_a_row_of_a_table_may_have_failed_whole(tmp_path: Path) -> None:
    file = tmp_path / "made.csv"
    head = "id,error,NATO,NATO_favor,NATO_against,NATO_neutral,NATO_absent\n"
    file.write_text(head + "p0,,favor,1,0,0,0\np1,late,,,,,\n", encoding="utf-8")
    gold = [{"id": f"p{number}", "labels": {"NATO": "favor"}} for number in (0, 1)]
    assert evaluate(gold, file, draws=2).failures == 1
    file.write_text(head + "p0,late,favor,1,0,0,0\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 2: id 'p0': found both 'error' and 'stances'"):
        evaluate(gold[:1], file)


def test_a_target_has_to_have_a_name() -> None:
    """An empty one would be taken for a paragraph that failed whole."""
    with pytest.raises(InputError, match="row 1: id 'p': expected the name of a target, found ''"):
        evaluate([{"id": "p", "labels": {"NATO": "favor"}}], [{"id": "p", "labels": {"": "favor"}}])


def test_what_no_gold_label_asks_for_is_told() -> None:
    gold = gold_rows()
    predictions = predicted_rows(gold)
    for row in gold:
        del row["labels"]["US"]
    found = evaluate(gold, predictions, draws=5)
    assert (found.unasked, found.targets) == (60, ("NATO",))


def test_targets_can_be_chosen() -> None:
    gold = gold_rows()
    assert evaluate(gold, predicted_rows(gold), targets=["US"], draws=5).targets == ("US",)
    with pytest.raises(InputError, match=r"No gold label is toward target 'NATOO'.*NATO"):
        evaluate(gold, predicted_rows(gold), targets=["NATOO"])


def test_a_planted_double_id_is_an_error() -> None:
    gold = gold_rows()
    predictions = predicted_rows(gold)
    with pytest.raises(InputError, match=r"row 61: id 'p3' stands toward 'NATO' before, at row 4"):
        evaluate(gold, [*predictions, predictions[3]])
    with pytest.raises(InputError, match=r"row 61: id 'p3' stands toward 'NATO' before, at row 4"):
        evaluate([*gold, gold[3]], predictions)


def test_a_dropped_prediction_is_an_error() -> None:
    gold = gold_rows()
    predictions = predicted_rows(gold)
    with pytest.raises(InputError, match="found none for 'p7'"):
        evaluate(gold, predictions[:7] + predictions[8:])
    del predictions[9]["stances"]["US"]
    with pytest.raises(InputError, match="found none for 'p9' toward 'US'"):
        evaluate(gold, predictions)
    with pytest.raises(InputError, match="found others: 'p0', 'p1', 'p2' and 57 more"):
        evaluate([{**row, "id": f"x{row['id']}"} for row in gold], predicted_rows(gold))


def test_shuffled_ids_are_an_error() -> None:
    gold = gold_rows()
    predictions = predicted_rows(gold)
    names = [row["id"] for row in predictions]
    random.Random(1).shuffle(names)
    shuffled = [{**row, "id": name} for row, name in zip(predictions, names, strict=True)]
    with pytest.raises(InputError, match="has another text than the gold paragraph at row 1"):
        evaluate(gold, shuffled)


def test_a_label_outside_the_set_is_an_error() -> None:
    gold = gold_rows()
    predictions = predicted_rows(gold)
    predictions[4]["stances"]["US"]["label"] = "favour"
    with pytest.raises(InputError, match=r"row 5: id 'p4': 'US': unknown label 'favour'.*favor"):
        evaluate(gold, predictions)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": None}, "row 1: field 'id': expected a string or number"),
        ({"stances": {"NATO": 3}}, "row 1: id 'p0': 'NATO': expected an object with a label, found 3"),
        ({"stances": None}, "row 1: id 'p0': expected 'labels'"),
        (
            {"stances": {"NATO": {"label": "favor", "probabilities": {"favor": 2}}}},
            "numbers in \\[0, 1\\] that sum to 1",
        ),
        ({"stances": {"NATO": {"label": "favor", "probabilities": {"pro": 1}}}}, "expected a probability of each of"),
        ({"stances": {"NATO": {"label": "favor", "probabilities": {"favor": "x"}}}}, "expected numbers in"),
        (
            {"stances": {"NATO": {"label": "favor"}, "US": {"label": "favor"}}},
            "id 'p0': 'NATO': expected probabilities, as other rows have them",
        ),
    ],
)
def test_bad_rows_are_named(change: dict[str, Any], message: str) -> None:
    gold = gold_rows()
    predictions = predicted_rows(gold)
    predictions[0] |= change
    if change.get("id", "") is None:
        del predictions[0]["document"]
    with pytest.raises(InputError, match=message):
        evaluate(gold, predictions)


def test_gold_without_a_label_is_an_error() -> None:
    gold = gold_rows()
    predictions = predicted_rows(gold)
    gold[2]["labels"]["US"] = None
    with pytest.raises(InputError, match="row 3: id 'p2': expected a gold label toward 'US', found none"):
        evaluate(gold, predictions)


def test_slices_of_what_rows_know() -> None:
    gold = gold_rows()
    found = evaluate(gold, predicted_rows(gold), draws=20)
    parts = {(part.field, part.value): part.judgements for part in found.slices}
    assert parts[("outlet", "Echo")] == parts[("outlet", "Post")] == 60
    assert parts[("reported", "yes")] == parts[("reported", "no")] == 60
    assert not any(field == "year" for field, _ in parts)  # one year tells nothing apart
    assert sum(count for (field, _), count in parts.items() if field == "length") == 120
    assert {value for field, value in parts if field == "targets_present"} == {"1", "2"}  # no target: 8 judgements
    asked = evaluate(gold, predicted_rows(gold), slices=["year"], draws=20)
    assert [(part.value, part.judgements, part.documents) for part in asked.slices] == [("2020", 120, 20)]
    assert asked.slices[0].metrics["accuracy"].value == asked.figures[POOLED].metrics["accuracy"].value
    twice = evaluate(gold, predicted_rows(gold), slices=["outlet", "outlet"], draws=2).slices
    assert [part.value for part in twice] == ["Echo", "Post"]
    known = "Known: reported, doc_id, outlet, year, length, targets_present"
    with pytest.raises(InputError, match=f"No gold row has the field 'outlett': did you mean 'outlet'. {known}"):
        evaluate(gold, predicted_rows(gold), slices=["outlett"])


def test_the_surest_errors_come_first() -> None:
    gold = gold_rows()
    predictions = predicted_rows(gold, wrong=0)
    wrong = "against" if gold[5]["labels"]["NATO"] != "against" else "favor"
    for place, sure in ((5, 0.55), (6, 0.97)):
        label = wrong if gold[place]["labels"]["NATO"] != wrong else "neutral"
        shares = {name: sure if name == label else (1 - sure) / 3 for name in LABELS}
        predictions[place]["stances"]["NATO"] = {"label": label, "probabilities": shares}
    found = evaluate(gold, predictions, draws=5).mistakes
    assert [(item.id, item.target, item.probability) for item in found] == [("p6", "NATO", 0.97), ("p5", "NATO", 0.55)]
    assert found[0].text == gold[6]["text"]


def test_many_targets_are_judged_as_one() -> None:
    gold = [{"id": n, "target": f"topic {n % 50}", "label": LABELS[n % 4], "text": "t"} for n in range(200)]
    made = [{"id": n, "target": f"topic {n % 50}", "label": LABELS[(n + (n % 5 == 0)) % 4]} for n in range(200)]
    found = evaluate(gold, made, against=made, draws=20)
    assert len(found.targets) == 50
    assert list(found.figures) == ["all targets", POOLED] and MEAN not in found.figures
    assert found.overall.metrics["accuracy"].value == pytest.approx(0.8)
    assert found.comparison is not None and found.comparison.mcnemar_p == 1


def test_it_is_part_of_the_public_interface() -> None:
    gold = gold_rows()
    assert isinstance(stance.evaluate(gold, predicted_rows(gold), draws=5), stance.Evaluation)


def test_labels_of_a_model_are_no_gold() -> None:
    gold = gold_rows()
    gold[3]["annotator"] = "model: base"
    with pytest.raises(InputError, match="row 4: id 'p3': expected a gold label, found one of 'model: base'"):
        evaluate(gold, predicted_rows(gold))


def test_gold_that_looks_like_predictions_is_told(caplog: pytest.LogCaptureFixture) -> None:
    gold = gold_rows(6)
    evaluate(gold, predicted_rows(gold), draws=2)
    assert caplog.text == ""
    evaluate(predicted_rows(gold), gold, draws=2)
    assert "are gold labels and predictions exchanged?" in caplog.text


def test_annotators_have_to_be_settled() -> None:
    gold = [{**row, "annotator": "ann"} for row in gold_rows()]
    with pytest.raises(InputError, match="Annotators 'ann' and 'ben' have to be settled first"):
        evaluate([*gold, {**gold[0], "annotator": "ben"}], predicted_rows(gold))


def test_two_answers_in_a_row_are_refused() -> None:
    gold = gold_rows()
    both = [{**row, "stances": predicted_rows(gold)[0]["stances"]} for row in gold]
    with pytest.raises(InputError, match="expected one of the fields 'stances' and 'labels', found both"):
        evaluate(both, predicted_rows(gold))
    predictions = predicted_rows(gold)
    with pytest.raises(InputError, match="found both 'error' and 'stances'"):
        evaluate(gold, [{**predictions[0], "error": "late"}, *predictions[1:]])
    with pytest.raises(InputError, match="id 'p0' stands toward 'NATO' before"):
        evaluate(gold, [{"id": "p0", "error": "late"}, *predictions])


def test_a_label_that_is_not_said_is_no_failure() -> None:
    gold = gold_rows()
    predictions = predicted_rows(gold)
    predictions[0]["stances"]["US"] = {"stance": "favor"}
    with pytest.raises(InputError, match="id 'p0': 'US': expected a field 'label'"):
        evaluate(gold, predictions)
    with pytest.raises(InputError, match="expected 'labels'"):
        evaluate(gold, [{"id": row["id"], "labels": {}} for row in gold])


def test_shuffled_ids_are_found_by_hashes_too() -> None:
    gold = gold_rows()
    predictions = predicted_rows(gold)
    for row in gold:
        row["text_sha256"] = hash_text(row.pop("text"))
    assert evaluate(gold, predictions, draws=2).paragraphs == 60
    predictions[0]["id"], predictions[1]["id"] = predictions[1]["id"], predictions[0]["id"]
    with pytest.raises(InputError, match="has another text than the gold paragraph"):
        evaluate(gold, predictions)


def test_documents_and_parts_are_told_beside_source_too(tmp_path: Path) -> None:
    lines = ["id,doc_id,outlet,target,label", *(f"{n},d{n // 3},o{n % 2},NATO,{LABELS[n % 4]}" for n in range(60))]
    (tmp_path / "gold.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = evaluate(tmp_path / "gold.csv", tmp_path / "gold.csv", slices=["outlet"], draws=2)
    assert found.documents == 20
    assert [(part.value, part.judgements) for part in found.slices] == [("o0", 30), ("o1", 30)]


def test_corrected_predictions_of_a_table_are_many_documents() -> None:
    rows = predicted_rows(gold_rows())  # all say that they are of rows.jsonl
    assert evaluate(rows, rows, draws=2).documents == 60


def test_paragraphs_of_documents_that_were_cut_have_numbers() -> None:
    rows = [{**row, "id": f"d{n // 3}", "index": n % 3} for n, row in enumerate(predicted_rows(gold_rows()))]
    found = evaluate(rows, rows, draws=2)
    assert (found.paragraphs, found.documents) == (60, 20)


def test_an_offset_of_thousands_of_digits_is_none(tmp_path: Path) -> None:
    gold = [{"id": "1", "target": "NATO", "label": "favor"}]
    (tmp_path / "p.csv").write_text(f"id,target,label,start\n1,NATO,favor,{'9' * 5000}\n", encoding="utf-8")
    assert evaluate(gold, tmp_path / "p.csv", draws=2).paragraphs == 1


def test_tables_with_slips_are_refused(tmp_path: Path) -> None:
    gold = [{"id": "1", "target": "NATO", "label": "favor"}]
    for name, text, message in (
        ("twice.csv", "id,target,label,label\n1,NATO,favor,against\n", "column 'label' stands twice"),
        ("signs.csv", "id;target;label\n1;NATO;favor\n", "divided by ';'"),
        ("part.csv", "id,target,label,p_favor\n1,NATO,favor,0.9\n", "expected 'p_against' beside 'p_favor'"),
        ("cent.csv", "id,target,label,p_favor,p_against,p_neutral,p_absent\n1,NATO,favor,90,4,3,3\n", "found per cent"),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=message):
            evaluate(gold, tmp_path / name)
    with pytest.raises(InputError, match="row 1: expected an object with an id and labels, found 1"):
        evaluate([1], [2])  # type: ignore[list-item]


def test_names_of_summaries_are_no_targets() -> None:
    gold = [{"id": "1", "target": "mean", "label": "favor"}]
    with pytest.raises(InputError, match="Target 'mean' has the name of a summary"):
        evaluate(gold, gold)
    other = [{"id": "1", "target": "NATO", "label": "favor"}]
    assert evaluate(other, other, targets=["NATO", "NATO"], draws=2).figures[POOLED].judgements == 1


def test_small_parts_that_were_asked_for_are_told(caplog: pytest.LogCaptureFixture) -> None:
    gold = gold_rows(6)
    assert evaluate(gold, predicted_rows(gold), slices=["outlet"], draws=2).slices == ()
    assert "slice outlet: parts of fewer than 20 judgements are left out: 1" in caplog.text
