"""Files of annotations: what is written is read again, and each bad line costs no other."""

from __future__ import annotations

import io
import json

import pytest

from stance.annotation.files import read_annotations, row_to_annotation, write_annotations
from stance.annotation.validation import load_schema
from stance.errors import InputError
from stance.schema import LABELS

ROW = {
    "id": "p1",
    "document": "a.txt",
    "document_sha256": "0" * 64,
    "start": 3,
    "end": 12,
    "text": "NATO met.",
    "labels": {"NATO": "neutral"},
    "soft_labels": {"NATO": {"neutral": 0.75, "favor": 0.25}},
    "reported": False,
    "annotator": "A",
    "time": "2026-11-24T09:30:00Z",
    "codebook": "1.3",
    "confidence": 0.5,
    "doubt": {"NATO": ["favor"]},
    "votes": {"A": {"NATO": "neutral"}},
    "source": {"outlet": "Harbour Post", "year": 2024},
}


def read(tmp_path, *rows):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    errors = []
    return list(read_annotations(path, on_error=errors.append)), [str(error) for error in errors]


def test_what_is_written_is_read_again(tmp_path):
    annotations, errors = read(tmp_path, ROW, {"id": "p2", "text": "It waits for labels."})
    assert not errors
    file = io.BytesIO()
    assert write_annotations(file, annotations) == 2
    assert [json.loads(line) for line in file.getvalue().splitlines()] == [
        ROW,
        {"id": "p2", "text": annotations[1].text},
    ]


def test_labels_of_the_schema_are_those_of_the_code():
    assert load_schema("annotation")["$defs"]["label"]["enum"] == list(LABELS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"labels": {"NATO": "favour"}},
            "field 'labels.NATO': expected one of favor, .*found \"favour\"; did you mean 'favor'",
        ),
        ({"lables": {}}, "unknown field 'lables': did you mean 'labels'"),
        ({"id": 7}, "field 'id': expected a string, found 7"),
        ({"end": 2}, "field 'end': expected more than start \\(3\\), found 2"),
        ({"text": "NATO"}, "field 'text': has 4 code points, but start and end say 9"),
        ({"time": "yesterday"}, "field 'time': found \"yesterday\". Expected: When, in ISO 8601"),
        ({"confidence": 2}, "field 'confidence': expected at most 1, found 2"),
        (
            {"soft_labels": {"NATO": {"favor": 0.5}}},
            "field 'soft_labels.NATO': expected shares that sum to 1, found 0.5",
        ),
        ({"document_sha256": "abc"}, "field 'document_sha256': found \"abc\""),
    ],
)
def test_bad_field(tmp_path, change, message):
    annotations, errors = read(tmp_path, ROW | {"id": "p0"}, ROW | change, ROW | {"id": "p2"})
    assert [annotation.id for annotation in annotations] == ["p0", "p2"]
    assert len(errors) == 1
    with pytest.raises(InputError, match=f"rows.jsonl: line 2: {message}"):
        row_to_annotation(ROW | change, "rows.jsonl: line 2")


def test_missing_fields():
    with pytest.raises(InputError, match="line 1: the field 'id' is missing"):
        row_to_annotation({}, "line 1")
    with pytest.raises(InputError, match="line 1: 'labels' is there, but 'annotator' is missing"):
        row_to_annotation({"id": "a", "labels": {}}, "line 1")
    with pytest.raises(InputError, match="line 1: 'start' is there, but 'end' is missing"):
        row_to_annotation({"id": "a", "start": 1}, "line 1")


def test_an_annotator_says_one_thing_of_a_paragraph(tmp_path):
    annotations, errors = read(tmp_path, ROW, ROW | {"annotator": "B"}, ROW)
    assert [annotation.annotator for annotation in annotations] == ["A", "B"]
    assert errors == [
        f"{tmp_path}/rows.jsonl: line 3: there is a record of paragraph 'p1' by annotator 'A' before, "
        f"at {tmp_path}/rows.jsonl: line 1. Keep one record of each annotator."
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"confidence": float("nan")}, "field 'confidence': expected a number, found NaN"),
        ({"start": 3.0}, "field 'start': expected a whole number, found 3.0"),
        ({"soft_labels": {"NATO": {"favor": float("inf")}}}, "expected a number, found Infinity"),
    ],
)
def test_numbers_are_numbers_and_offsets_are_whole(change, message):
    with pytest.raises(InputError, match=message):
        row_to_annotation(ROW | change, "line 1")
