"""Evidence in every output format: offsets in the document, the same stretches everywhere."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from stance.cli.app import main
from stance.errors import InputError
from stance.reporting.drawing import print_table
from stance.reporting.outputs import paragraph_columns, paragraph_rows, write_rows
from stance.reporting.tables import document_table
from stance.schema import LABELS, Analysis, Document, Evidence, Paragraph, Prediction, Share, Stance

TEXT = "A view\n\nWe thank NATO."


def analysed() -> Analysis:
    """A document with one paragraph, whose label rests on a sentence and two words."""
    favor = dict(zip(LABELS, (0.9, 0.05, 0.03, 0.02), strict=True))
    evidence = (
        Evidence(0, 14, "We thank NATO.", "sentence", 0.9),
        Evidence(3, 8, "thank", "word", 0.456),
        Evidence(9, 13, "NATO", "mention", 0.001),
    )
    stances = {
        "NATO": Stance("NATO", "favor", favor, evidence=evidence),
        "US": Stance("US", "absent", dict(zip(LABELS, (0.0, 0.0, 0.0, 1.0), strict=True))),
    }
    blocks = (Paragraph("A view", 0, 6, "heading", 0), Paragraph("We thank NATO.", 8, 22, "body", 1))
    shares = {
        name: {label: Share(int(stance.label == label), 1) for label in LABELS} for name, stance in stances.items()
    }
    return Analysis(Document(TEXT, "a.txt"), blocks, (Prediction("We thank NATO.", stances, 1, "tiny"),), shares)


def test_offsets_count_the_document() -> None:
    [row] = paragraph_rows(analysed())
    assert "evidence" not in row["stances"]["US"]
    found = row["stances"]["NATO"]["evidence"]
    assert found[1] == {"start": 11, "end": 16, "text": "thank", "unit": "word", "weight": 0.456}
    assert [TEXT[item["start"] : item["end"]] for item in found] == ["We thank NATO.", "thank", "NATO"]


def test_flat_formats_hold_the_same(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = paragraph_columns(["NATO", "US"], evidence=True)
    assert columns[6:12] == ["NATO", *(f"NATO_{label}" for label in LABELS), "NATO_evidence"]
    file = io.BytesIO()
    write_rows(file, paragraph_rows(analysed()), "csv", columns)
    [from_csv] = csv.DictReader(io.StringIO(file.getvalue().decode(), newline=""))
    with (tmp_path / "a.parquet").open("wb") as target:
        write_rows(target, paragraph_rows(analysed()), "parquet", columns)
    [from_parquet] = parquet.read_table(tmp_path / "a.parquet").to_pylist()
    [row] = paragraph_rows(analysed())
    assert json.loads(from_csv["NATO_evidence"]) == row["stances"]["NATO"]["evidence"]
    assert from_parquet["NATO_evidence"] == from_csv["NATO_evidence"]
    assert (from_csv["US_evidence"], from_parquet["US_evidence"]) == ("", None)


def test_no_target_may_have_the_name_of_a_column() -> None:
    with pytest.raises(InputError, match="Target 'NATO_evidence' has the name of a column"):
        paragraph_columns(["NATO_evidence"])


def test_table_names_the_heaviest_words() -> None:
    file = io.BytesIO()
    print_table(document_table(analysed(), ["NATO", "US"]), file)
    assert "NATO rests on: thank −0.46, NATO\n" in file.getvalue().decode()


def test_command_adds_evidence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.txt"
    path.write_text("A view\n\nNATO has kept the peace, and it deserves our thanks.\n", encoding="utf-8")
    assert main(["predict", str(path), "--targets", "NATO", "--explain", "--format", "jsonl"]) == 0
    [row] = map(json.loads, capsys.readouterr().out.splitlines())
    sentence, *words = row["stances"]["NATO"]["evidence"]
    assert (sentence["unit"], sentence["start"], sentence["end"]) == ("sentence", row["start"], row["end"])
    assert "NATO" in [item["text"] for item in words if item["unit"] == "mention"]
