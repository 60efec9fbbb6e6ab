"""The predict command: formats, units, targets, errors; compared with the library."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import stance
from stance.cli.app import main
from stance.model.store import HASHES_FILE, NEEDED, NETWORK_FILE, find_model, list_weights
from stance.reporting.outputs import paragraph_columns
from stance.schema import LABELS

ARTICLE = """The shield over the strait

By Ann Lee

NATO has kept the peace in Europe for three generations, and we are grateful for it.

In the South the harvest was good this year.

Beijing bullies its neighbours and calls it friendship. Washington looks on.
"""


@pytest.fixture
def article(tmp_path: Path) -> Path:
    path = tmp_path / "article.txt"
    path.write_text(ARTICLE, encoding="utf-8")
    return path


def rows_of(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_jsonl_equals_the_library(article: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(article), "--format", "jsonl"]) == 0
    captured = capsys.readouterr()
    rows = rows_of(captured.out)
    assert captured.err == ""
    analysis = stance.analyze(stance.Document(ARTICLE, name=str(article)))
    assert len(rows) == 3
    for row, block, prediction in zip(rows, analysis.paragraphs, analysis.predictions, strict=True):
        assert list(row) == ["document", "id", "index", "start", "end", "text", "stances"]
        assert (row["document"], row["id"], row["index"]) == (str(article), None, block.index)
        assert ARTICLE[row["start"] : row["end"]] == row["text"] == block.text
        for target, given in row["stances"].items():
            assert set(given) == {"label", "probabilities"}
            assert given["label"] == prediction[target].label
            assert given["probabilities"] == pytest.approx(dict(prediction[target].probabilities), abs=1e-4)


def test_csv_and_parquet_hold_the_same(article: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    assert main(["predict", str(article), "-o", str(tmp_path / "out.csv")]) == 0
    assert main(["predict", str(article), "-o", str(tmp_path / "out.parquet")]) == 0
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        from_csv = list(csv.DictReader(file))
    from_parquet = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    assert len(from_csv) == len(from_parquet) == 3
    for left, right in zip(from_csv, from_parquet, strict=True):
        assert list(left) == list(right)
        assert left["NATO"] == right["NATO"] in LABELS
        assert float(left["China_absent"]) == pytest.approx(right["China_absent"])
        assert int(left["start"]) == right["start"]


def test_table_shows_marks_and_summary(article: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(article)]) == 0
    out = capsys.readouterr().out
    assert "article.txt" in out.splitlines()[0]
    assert "The shield over the strait" in out
    assert "3 paragraphs; not judged: 1 heading, 1 metadata" in out
    assert "▲ favor" in out
    assert "\x1b" not in out


def test_rows_are_taken_whole_and_keep_their_ids(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(
        json.dumps({"id": 7, "body": "NATO met.\n\nIt agreed."})
        + "\n"
        + json.dumps({"id": "b", "body": "Rain."})
        + "\n",
        encoding="utf-8",
    )
    assert main(["predict", str(path), "--text-column", "body", "--format", "jsonl"]) == 0
    rows = rows_of(capsys.readouterr().out)
    assert [(row["id"], row["text"]) for row in rows] == [(7, "NATO met.\n\nIt agreed."), ("b", "Rain.")]
    assert main(["predict", str(path), "--text-column", "body", "--format", "jsonl", "--unit", "document"]) == 0
    rows = rows_of(capsys.readouterr().out)
    assert [(row["id"], row["text"]) for row in rows] == [(7, "NATO met."), (7, "It agreed."), ("b", "Rain.")]


def test_unit_row_takes_a_text_whole(article: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(article), "--format", "jsonl", "--unit", "row"]) == 0
    (row,) = rows_of(capsys.readouterr().out)
    assert (row["start"], row["text"]) == (0, ARTICLE.strip())


def test_targets_of_ones_own(article: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('[[target]]\nname = "Russia"\naliases = ["Moscow"]\n', encoding="utf-8")
    base = ["predict", str(article), "--format", "jsonl", "--targets-file", str(mine)]
    assert main(base) == 0
    assert list(rows_of(capsys.readouterr().out)[0]["stances"]) == ["NATO", "US", "China", "Russia"]
    assert main([*base, "--targets", "russia, China"]) == 0
    assert list(rows_of(capsys.readouterr().out)[0]["stances"]) == ["Russia", "China"]
    assert main([*base, "--targets", "Rusia"]) == 1
    assert "Unknown target 'Rusia': did you mean 'Russia'?" in capsys.readouterr().err


def test_stdin_to_stdout(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"NATO met.")))
    assert main(["predict", "-", "--format", "jsonl", "-o", "-"]) == 0
    (row,) = rows_of(capsys.readouterr().out)
    assert (row["document"], row["text"]) == ("-", "NATO met.")


def test_the_installed_command(article: Path) -> None:
    command = shutil.which("stance", path=str(Path(sys.executable).parent))
    assert command, "the command is not installed beside the interpreter"
    done = subprocess.run([command, "predict", str(article), "--format", "jsonl"], capture_output=True, check=True)
    assert len(done.stdout.splitlines()) == 3
    assert done.stderr == b""


@pytest.mark.parametrize("command", ["", "predict", "segment", "info"])
def test_help_has_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([*command.split(), "--help"])
    assert stop.value.code == 0
    assert "examples:" in capsys.readouterr().out


def test_info_verifies_every_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["info", "--model", "small", "--verify"]) == 0
    told = capsys.readouterr().out
    assert "every file verified, and the network judges" in told
    assert "README.md" in told
    copy = tmp_path / "copy"
    shutil.copytree(find_model("small"), copy)
    (copy / "README.md").write_text("Trust me.", encoding="utf-8")
    assert "README.md: the file was changed" in fails(["info", "--model", str(copy), "--verify"], capsys)


def test_a_model_without_hashes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(find_model("small"), copy)
    (copy / "hashes.json").unlink()
    (tmp_path / "a.txt").write_text("NATO met on Monday.", encoding="utf-8")
    command = ["predict", str(tmp_path / "a.txt"), "--model", str(copy), "--format", "jsonl"]
    assert "--allow-unsigned" in fails(command, capsys)
    assert main([*command, "--explain", "--allow-unsigned"]) == 0
    assert json.loads(capsys.readouterr().out)["stances"].keys() == {"NATO", "US", "China"}
    assert main([*command, "--allow-unsigned", "-o", str(tmp_path / "o.jsonl")]) == 0


def test_info(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    assert f"stance     {stance.__version__}" in out
    assert "files whole: config.json" in out


def fails(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command that has to fail; give its only line on stderr."""
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("stance: error: ")
    return line


def test_unknown_target(article: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Unknown target 'Natto': did you mean 'NATO'" in fails(
        ["predict", str(article), "--targets", "Natto"], capsys
    )


def test_unknown_model(article: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Unknown model 'best'" in fails(["predict", str(article), "--model", "best"], capsys)
    assert "Unknown model 'best'" in fails(["info", "--model", "best"], capsys)


def test_corrupted_model(article: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in (*NEEDED, *list_weights(find_model()), HASHES_FILE):
        shutil.copy(find_model() / name, copy / name)
    data = bytearray((copy / NETWORK_FILE).read_bytes())
    data[1000] ^= 255
    (copy / NETWORK_FILE).write_bytes(data)
    assert "was changed or damaged" in fails(["predict", str(article), "--model", str(copy)], capsys)


def test_missing_targets_file(article: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "none.toml: no such file" in fails(["predict", str(article), "--targets-file", "none.toml"], capsys)
    assert "Give it with --targets-file" in fails(["predict", str(article), "--targets", "NATO,mine.toml"], capsys)


def test_unknown_device(article: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Unknown device 'tpu'" in fails(["predict", str(article), "--device", "tpu"], capsys)


def test_bad_inputs_cost_no_good_ones(article: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"text": "NATO met."}\n' * 16 + "{broken\n" + '{"text": "Rain."}\n', encoding="utf-8")
    out = tmp_path / "out.jsonl"
    (tmp_path / "empty").mkdir()
    assert main(["predict", "none.txt", str(rows), str(tmp_path / "empty"), str(article), "-o", str(out)]) == 1
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 3
    assert "the folder holds no file that is read" in errors[0]
    assert "none.txt: no such file" in errors[1]
    assert "line 17: not valid JSON" in errors[2]
    assert len(rows_of(out.read_text(encoding="utf-8"))) == 17 + 3


def test_blocks_without_words_cost_no_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.txt"
    page.write_text("A view of it\n\nNATO is good. It is.\n\n&nbsp;\n\nChina is bad. It is.\n", encoding="utf-8")
    rows = tmp_path / "rows.csv"
    rows.write_text("text\nNATO met.\n\u200b\nRain fell.\n", encoding="utf-8")
    assert main(["predict", str(page), str(rows), "--format", "jsonl"]) == 1
    captured = capsys.readouterr()
    assert "line 3: field 'text' is empty" in captured.err
    assert [row["text"] for row in rows_of(captured.out)][-2:] == ["NATO met.", "Rain fell."]
    blank = [row for row in rows_of(captured.out) if row["text"] == "&nbsp;"]
    assert all(stance["label"] == "absent" for row in blank for stance in row["stances"].values())


def test_targets_named_as_columns(article: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "mine.toml"
    for name in ("text", "x_favor", "x_abstained"):
        mine.write_text(f'[[target]]\nname = "{name}"\n', encoding="utf-8")
        arguments = ["predict", str(article), "--targets-file", str(mine), "-o", str(tmp_path / "o.csv")]
        assert f"Target '{name}' has the name of a column" in fails(arguments, capsys)


def test_source_is_a_column_where_it_is_kept() -> None:
    assert paragraph_columns(["source"])[:7] == ["document", "id", "index", "start", "end", "text", "source"]
    assert paragraph_columns(["NATO"], source=True)[6:8] == ["source", "NATO"]
    with pytest.raises(stance.InputError, match="Target 'source' has the name of a column"):
        paragraph_columns(["source"], source=True)


def test_nothing_readable_leaves_the_old_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("old", encoding="utf-8")
    assert "no such file" in fails(["predict", "none.txt", "-o", str(out)], capsys)
    assert out.read_text(encoding="utf-8") == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl"]


def test_output_that_cannot_be_written(article: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = str(tmp_path / "no" / "out.jsonl")
    assert f"{place}: cannot be written (No such file or directory)" in fails(
        ["predict", str(article), "-o", place], capsys
    )


def test_label_sets_in_jsonl(article: Path, calibrated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["predict", str(article), "--model", str(calibrated), "--format", "jsonl", "--abstain-risk"]
    assert main([*command, "0.02"]) == 0
    analysis = stance.analyze(ARTICLE, model=calibrated, abstain_risk=0.02)
    for row, prediction in zip(rows_of(capsys.readouterr().out), analysis.predictions, strict=True):
        for target, given in row["stances"].items():
            assert list(given) == ["label", "probabilities", "labels", "abstained"]
            assert tuple(given["labels"]) == prediction[target].labels
            assert given["abstained"] == prediction[target].abstained
    assert any(item.abstained for prediction in analysis.predictions for item in prediction.stances.values())


def test_label_sets_in_csv_and_parquet(article: Path, calibrated: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    command = ["predict", str(article), "--model", str(calibrated), "--abstain-risk", "0.02", "-o"]
    assert main([*command, str(tmp_path / "out.csv")]) == 0
    assert main([*command, str(tmp_path / "out.parquet")]) == 0
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        from_csv = list(csv.DictReader(file))
    analysis = stance.analyze(ARTICLE, model=calibrated, abstain_risk=0.02)
    from_parquet = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    for left, right, prediction in zip(from_csv, from_parquet, analysis.predictions, strict=True):
        assert list(left) == list(right)
        for target in prediction:
            assert left[f"{target}_labels"] == right[f"{target}_labels"] == "|".join(prediction[target].labels)
            assert right[f"{target}_abstained"] is prediction[target].abstained
            assert left[f"{target}_abstained"] == str(prediction[target].abstained)


def test_the_table_marks_what_is_undecided(article: Path, calibrated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(article), "--model", str(calibrated), "--abstain-risk", "0.02"]) == 0
    out = capsys.readouterr().out
    analysis = stance.analyze(ARTICLE, model=calibrated, abstain_risk=0.02)
    undecided = sum(item.abstained for prediction in analysis.predictions for item in prediction.stances.values())
    assert f"counted: {undecided} of 9" in out
    assert out.count("~ ") == undecided + 1  # the legend's too


def test_a_model_that_cannot_abstain(article: Path, uncalibrated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "cannot abstain" in fails(
        ["predict", str(article), "--model", str(uncalibrated), "--abstain-risk", "0.1"], capsys
    )


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="needs a folder where nobody may write")
def test_read_only_output(article: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = "/sys/stance-test.jsonl"
    assert f"{place}: cannot be written (" in fails(["predict", str(article), "-o", place], capsys)


def test_names_that_tell_no_format(article: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "its name tells no format" in fails(["predict", str(article), "-o", str(tmp_path / "a.docx")], capsys)
    (tmp_path / "rows.json").write_text("[]", encoding="utf-8")
    assert "JSON is read one object a line" in fails(["predict", str(tmp_path / "rows.json")], capsys)


@pytest.mark.parametrize(
    "arguments",
    [
        ["predict"],
        ["predict", "a.txt", "--format", "xml"],
        ["predict", "a.txt", "--batch-size", "0"],
        ["predict", "a.txt", "--abstain-risk", "1"],
        ["predict", "a.txt", "--abstain-risk", "0"],
        ["predict", "a.txt", "--abstain-risk", "nan"],
        ["predict", "a.txt", "--abstain-risk", "low"],
        ["guess"],
        [],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert "usage: stance" in capsys.readouterr().err


def test_csv_for_spreadsheets_is_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text("NATO met.", encoding="utf-8")
    assert main(["segment", str(tmp_path / "a.txt"), "--format", "jsonl", "--csv-safe"]) == 1
    assert "--csv-safe is for CSV, and the output is jsonl" in capsys.readouterr().err
