"""Labelled rows in every form become examples."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from stance.errors import InputError
from stance.fitting.config import DataFile
from stance.fitting.examples import label_groups, read_examples
from stance.schema import Span
from stance.targets import builtin_targets

pytestmark = pytest.mark.train
TARGETS = builtin_targets()


def write(folder: Path, *rows: object) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_paragraphs_with_labels_doubts_and_soft_labels(tmp_path: Path) -> None:
    row = {
        "id": "a",
        "text": "NATO met.",
        "labels": {"NATO": "neutral", "US": "absent", "Mars": "favor"},
        "doubt": "NATO:favor",
        "soft_labels": {"NATO": {"favor": 0.25, "neutral": 0.75}},
        "source": {"doc_id": "d1"},
    }
    (example,) = read_examples(write(tmp_path, row), TARGETS)
    assert example.labels == {"NATO": "neutral", "US": "absent"}  # what is not labelled, or no target, is left out
    assert example.document == "d1"
    nato, us = example.judgements
    assert nato.doubt == ("favor",)
    assert nato.soft == {"favor": 0.25, "against": 0.0, "neutral": 0.75, "absent": 0.0}
    assert us.soft is None


def test_predictions_are_labelled_rows(tmp_path: Path) -> None:
    probabilities = {"favor": 0.1, "against": 0.6, "neutral": 0.3, "absent": 0.0}
    row = {"id": 7, "text": "NATO met.", "stances": {"NATO": {"label": "against", "probabilities": probabilities}}}
    (example,) = read_examples(write(tmp_path, row), TARGETS)
    assert example.id == "7"
    assert example.judgements[0].gold == ("against",)
    assert example.judgements[0].soft == probabilities


def test_pairs_name_targets_of_their_own(tmp_path: Path) -> None:
    data = DataFile(
        str(write(tmp_path, {"text": "Down with it", "target": "Whaling", "label": "none"})),
        labels={"none": ("neutral", "absent"), "contra": ("against",)},
    )
    (example,) = read_examples(data, TARGETS)
    assert example.judgements[0].target.name == example.judgements[0].target.description == "Whaling"
    assert example.judgements[0].gold == ("neutral", "absent")
    assert label_groups(data) == (("neutral", "absent"), ("against",))


def test_mentions_are_marked_by_offsets(tmp_path: Path) -> None:
    row = {
        "primary_gid": "g1",
        "sentence_normalized": "Ann blamed Bob.",
        "targets": [{"from": 0, "to": 3, "mention": "Ann", "polarity": 4.0}, {"from": 11, "to": 14, "polarity": 2.0}],
    }
    data = DataFile(str(write(tmp_path, row)), labels={"2": ("against",), "4": ("neutral",)}, weight=0.5)
    (example,) = read_examples(data, TARGETS)
    assert [judgement.spans for judgement in example.judgements] == [(Span(0, 3, "Ann"),), (Span(11, 14, "Bob"),)]
    assert [judgement.gold for judgement in example.judgements] == [("neutral",), ("against",)]
    assert (example.id, example.weight) == ("g1", 0.5)


def test_what_is_null_is_not_known(tmp_path: Path) -> None:
    row = {"id": None, "text": "NATO met.", "labels": {"NATO": "neutral", "US": None}, "doubt": None}
    one, other = read_examples(write(tmp_path, row, row), TARGETS)
    assert one.labels == {"NATO": "neutral"}
    assert one.document != other.document


def test_tables_are_read_too(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("id,text,target,label\n1,NATO met.,NATO,neutral\n", encoding="utf-8")
    (tmp_path / "rows.tsv").write_text("id\ttext\ttarget\tlabel\n1\tNATO met.\tNATO\tneutral\n", encoding="utf-8")
    table = {"id": ["1"], "text": ["NATO met."], "labels": [{"NATO": "neutral", "US": None}]}
    parquet.write_table(pyarrow.table(table), tmp_path / "rows.parquet")
    for name in ("rows.parquet", "rows.csv", "rows.tsv"):
        (example,) = read_examples(tmp_path / name, TARGETS)
        assert example.judgements[0].target == TARGETS[0]
        assert example.labels == {"NATO": "neutral"}
        assert example.id == "1"


def test_a_share_of_the_rows_is_chosen_by_the_seed(tmp_path: Path) -> None:
    rows = [{"id": number, "text": "NATO met.", "labels": {"NATO": "neutral"}} for number in range(40)]
    data = DataFile(str(write(tmp_path, *rows)), share=0.25)
    chosen = [example.id for example in read_examples(data, TARGETS, seed=1)]
    assert len(chosen) == 10
    assert chosen == [example.id for example in read_examples(data, TARGETS, seed=1)]
    assert chosen != [example.id for example in read_examples(data, TARGETS, seed=2)]


GOOD = {"text": "a", "labels": {"NATO": "absent"}}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("{", "line 2: not valid JSON"),
        ({"text": "a"}, "line 2: expected 'labels' {target: label}"),
        ({"text": " ", "labels": {}}, "line 2: field 'text': expected a text that is not empty"),
        ({"text": "a", "labels": {"NATO": "favour"}}, "NATO: unknown label 'favour': did you mean 'favor'"),
        ({"text": "a", "labels": {"Mars": "favor"}}, "line 2: labels none of the targets NATO, US, China"),
        ({"text": "a", "target": "", "label": "favor"}, "field 'target': expected a name, found ''"),
        ({"text": "a", "targets": [{"from": 0, "to": 9, "label": "favor"}]}, "offsets within the text, found 0 to 9"),
        ({**GOOD, "soft_labels": {"NATO": {"favor": 0.4}}}, "expected shares that sum to 1, found 0.400"),
        ({**GOOD, "soft_labels": {"NATO": {"pro": 1}}}, "soft labels: NATO: unknown label 'pro'"),
        ({**GOOD, "soft_labels": {"NATO": {"favor": 10**400}}}, "favor: expected a share in .*, found 1000"),
        ({"text": " x", "targets": [{"from": 0, "to": 1, "label": "favor"}]}, "expected a name at 0 to 1, found ' '"),
        ({**GOOD, "soft_labels": {"NATO": {"favor": "1"}}}, "favor: expected a share in .*, found '1'"),
        ({**GOOD, "soft_labels": 3}, "field 'soft_labels': expected an object, found 3"),
        ({**GOOD, "soft_labels": {"NATO": [1]}}, r"soft labels: NATO: expected an object, found \[1\]"),
        ({**GOOD, "doubt": "NATO favor"}, "field 'doubt': expected target:label, found 'NATO favor'"),
        ({**GOOD, "doubt": {"NATO": ["favour"]}}, "field 'doubt': NATO: unknown label 'favour'"),
        ({**GOOD, "doubt": 3}, "field 'doubt': expected an object, found 3"),
        ({"text": "a", "labels": ["favor"]}, r"field 'labels': expected an object, found \['favor'\]"),
        ({"text": "a", "stances": {"NATO": "favor"}}, "field 'stances': expected an object, found 'favor'"),
        ({"text": "a", "targets": ["NATO"]}, "field 'targets': expected an object, found 'NATO'"),
        ({"text": "a", "targets": 3}, "field 'targets': expected a list of mentions, found 3"),
        ({"text": "a", "target": "NATO", "label": None}, "field 'label': expected a label, found none"),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, row: object, message: str) -> None:
    text = row if isinstance(row, str) else json.dumps(row)
    (tmp_path / "a.jsonl").write_text(f"{json.dumps(GOOD)}\n{text}\n", encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_examples(tmp_path / "a.jsonl", TARGETS)


def test_all_bad_rows_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"(?s)line 1: .*line 10: .*and 5 more bad rows"):
        read_examples(write(tmp_path, *[{"text": "a"}] * 15), TARGETS)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", None, "no such file"),
        ("a.csv", None, "no such file"),
        ("a.jsonl", "", "the file is empty"),
        ("a.docx", "x", "unknown format '.docx'"),
        ("a.parquet", "no parquet", "cannot be read as Parquet"),
        ("a.csv", "text,target,label\na,NATO\n", "line 2: expected 3 cells, found 2"),
        ("a.csv", "text,target,label,label\na,NATO,favor,against\n", "the column 'label' stands twice in the header"),
        ("a.jsonl", '{"text": "a", "label": "favor", "label": "against"}', "line 1: field 'label' stands twice"),
        ("a.csv", "text,target,label\na,NATO,\n", "line 2: field 'label': expected a label, found none"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_examples(tmp_path / name, TARGETS)
