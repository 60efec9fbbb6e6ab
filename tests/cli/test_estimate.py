"""The estimate command: formats, groups, errors; compared with the library."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest

import stance
from stance.cli.app import main
from stance.cli.provenance import describe_file
from stance.evaluation.rows import read_labelled, read_predicted
from stance.schema import LABELS


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Predictions of 240 paragraphs of 60 documents, and labels of 120 of them."""
    generator = np.random.default_rng(0)
    predictions, labels = tmp_path / "predictions.jsonl", tmp_path / "gold.jsonl"
    rows, gold = [], []
    for number in range(240):
        truth, guess = (str(label) for label in generator.choice(LABELS, 2))
        guess = truth if generator.random() < 0.7 else guess
        stances = {
            target: {"label": guess, "probabilities": {name: 0.85 if name == guess else 0.05 for name in LABELS}}
            for target in ("NATO", "US")
        }
        source = {"outlet": "Times" if number < 160 else "Post", "date": f"2024-0{1 + number % 2}-03"}
        rows.append(
            {
                "document": f"a{number // 4}.txt",
                "id": None,
                "index": number % 4,
                "start": 9,
                "source": source,
                "stances": stances,
            }
        )
        if number % 2:
            gold.append({"document": f"a{number // 4}.txt", "index": number % 4, "labels": {"US": truth}})
    predictions.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    labels.write_text("".join(json.dumps(row) + "\n" for row in gold), encoding="utf-8")
    return predictions, labels


def test_json_equals_the_library(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    predictions, labels = map(str, files)
    command = ["estimate", predictions, "--labels", labels, "--by", "outlet,month", "--level", "0.9", "--finite"]
    assert main([*command, "--format", "json"]) == 0
    captured = capsys.readouterr()
    rows = read_predicted([predictions])
    expected = stance.estimate(rows, read_labelled(labels, rows), by=["outlet", "month"], level=0.9, finite=True)
    found = json.loads(captured.out)
    provenance = found.pop("provenance")
    assert found == expected.to_dict()
    assert provenance["predictions"] == [describe_file(predictions)] and provenance["groups"] is None
    assert provenance["labels"]["sha256"] == hashlib.sha256(files[1].read_bytes()).hexdigest()
    assert captured.err == ""
    assert main([*command, "--format", "jsonl"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == expected.to_dict()["estimates"]
    assert [line["group"]["month"] for line in lines[::4]] == ["2024-01", "2024-02"] * 2


def test_csv_and_markdown(files: tuple[Path, Path], tmp_path: Path) -> None:
    command = ["estimate", str(files[0]), "--labels", str(files[1]), "--by", "outlet"]
    assert main([*command, "-o", str(tmp_path / "out.csv")]) == 0
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["outlet"] for row in rows] == ["Post"] * 4 + ["Times"] * 4
    assert float(rows[0]["low"]) < float(rows[0]["share"]) < float(rows[0]["high"])
    assert main([*command, "-o", str(tmp_path / "out.md")]) == 0
    lines = (tmp_path / "out.md").read_text(encoding="utf-8").splitlines()
    assert lines[2] == "| outlet | target | label | share | 95 % interval | count | labels alone | found | worth |"
    assert lines[4].startswith(f"| Post | US | favor | {100 * float(rows[0]['share']):.1f} % |")


def test_table(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", str(files[0]), "--labels", str(files[1]), "--targets", "US"]) == 0
    out = capsys.readouterr().out
    assert "in documents like these: 240 paragraphs of 60 documents, 120 labelled" in out
    assert out.count(" of 120") == 4
    assert "\x1b" not in out


def test_groups_from_a_file_and_what_is_not_there(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "articles.csv"
    table.write_text(
        "document,desk\n" + "".join(f"a{n}.txt,{'home' if n < 50 else 'abroad'}\n" for n in range(60)), encoding="utf-8"
    )
    command = ["estimate", str(files[0]), "--labels", str(files[1]), "--by", "desk", "--groups", str(table)]
    assert main(command) == 0
    out = capsys.readouterr().out
    assert "n/a, abroad, US favor, against, neutral, absent: labels in 10 documents, at least 20 are needed" in out
    assert main([*command, "--format", "md"]) == 0
    assert "| abroad | US | favor | n/a |" in capsys.readouterr().out


def test_stdin(files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(files[0].read_bytes())))
    assert main(["estimate", "-", "--labels", str(files[1]), "--format", "jsonl", "-o", "-"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_documents_by_a_field_or_none(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    predictions, labels = files
    rows = [json.loads(line) for line in predictions.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        row["id"] = f"{row['document']}#{row['index']}"
        row["source"]["article"] = row.pop("document")
    predictions.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    gold = [json.loads(line) for line in labels.read_text(encoding="utf-8").splitlines()]
    for row in gold:
        row["id"] = f"{row.pop('document')}#{row.pop('index')}"
    labels.write_text("".join(json.dumps(row) + "\n" for row in gold), encoding="utf-8")
    command = ["estimate", str(predictions), "--labels", str(labels)]
    assert main(command) == 0
    captured = capsys.readouterr()
    assert "240 paragraphs of 240 documents" in captured.out
    assert "each paragraph is taken for a document of its own" in captured.err
    assert main([*command, "--document", "article"]) == 0
    captured = capsys.readouterr()
    assert "240 paragraphs of 60 documents" in captured.out
    assert captured.err == ""


def test_errors(files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    predictions, labels = map(str, files)
    cases = [
        ([predictions, "--labels", "none.jsonl"], "none.jsonl: no such file"),
        (["none.jsonl", "--labels", labels], "none.jsonl: no such file"),
        (["-", "--labels", "-"], "stdin (-) can be read once"),
        ([predictions, "--labels", labels, "--by", "outlt"], "'outlt': did you mean 'outlet'"),
        ([predictions, "--labels", labels, "--targets", "Us"], "There is no prediction toward 'Us'"),
        ([predictions, "--labels", labels, "--targets", "NATO"], "No paragraph is labelled toward 'NATO'"),
        ([predictions, "--labels", labels, "-o", labels], "is to be read and written"),
        ([predictions, "--labels", labels, "-o", "x.parquet"], "its name tells no format. Give --format: table, json"),
        ([predictions, predictions, "--labels", labels], "prediction of paragraph 'a0.txt#0' toward 'NATO' before"),
    ]
    for arguments, message in cases:
        assert main(["estimate", *arguments]) == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        (line,) = captured.err.splitlines()
        assert line.startswith("stance: error: ")
        assert message in line


def test_a_field_named_as_a_column(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "t.csv"
    table.write_text("document,label\na0.txt,x\n", encoding="utf-8")
    command = ["estimate", str(files[0]), "--labels", str(files[1]), "--by", "label", "--groups", str(table)]
    assert main([*command, "-o", str(tmp_path / "o.csv")]) == 1
    assert "Field 'label' has the name of a column" in capsys.readouterr().err
    assert not (tmp_path / "o.csv").exists()


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["estimate", "--help"])
    assert stop.value.code == 0
    assert "examples:" in capsys.readouterr().out


def test_from_texts_to_shares(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way of docs/estimating.md: predict keeps fields, a random sample is drawn, labels find predictions."""
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text(
        "id,text,outlet\n" + "".join(f"r{n},NATO met in town {n}.,{'ab'[n % 2]}\n" for n in range(24)), encoding="utf-8"
    )
    assert main(["predict", "rows.csv", "--source-columns", "outlet", "-o", "predictions.jsonl"]) == 0
    first = json.loads(Path("predictions.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert list(first) == ["document", "id", "index", "start", "end", "text", "source", "stances"]
    assert first["source"] == {"outlet": "a"}
    assert main(["predict", "rows.csv", "--source-columns", "outlet", "-o", "predictions.csv"]) == 0
    with Path("predictions.csv").open(encoding="utf-8", newline="") as file:
        assert json.loads(next(csv.DictReader(file))["source"]) == {"outlet": "a"}
    assert main(["annotate", "prepare", "rows.csv", "-o", "items.jsonl"]) == 0
    assert main(["annotate", "next", "--random", "--pool", "items.jsonl", "-n", "22", "-o", "sample.jsonl"]) == 0
    drawn = [json.loads(line) for line in Path("sample.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len({item["id"] for item in drawn}) == 22
    for number, item in enumerate(drawn):
        item["labels"] = {"NATO": "neutral" if number % 4 else "favor"}
    Path("gold.jsonl").write_text("".join(json.dumps(item) + "\n" for item in drawn), encoding="utf-8")
    capsys.readouterr()
    assert main(["estimate", "predictions.jsonl", "--labels", "gold.jsonl", "--format", "jsonl"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows[0]["labelled"] == 22
    assert rows[0]["found"] == 6
    assert rows[0]["low"] < 6 / 22 < rows[0]["high"]
