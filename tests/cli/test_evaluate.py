"""The evaluate command: what it prints, formats, models, errors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

import stance
from stance.cli.app import main
from stance.cli.provenance import describe_run, provenance_markdown
from stance.evaluation.audits import audit
from stance.model.store import find_model, hash_file, verify_files
from stance.reporting.evaluation_tables import escape_markdown
from stance.targets import Target

TEXTS = {
    "a": "NATO has kept the peace in Europe, and it deserves our thanks.",
    "b": "In the South the harvest was good this year, and the mills are busy.",
    "c": "NATO is a relic that drags us into wars. <script>alert(1)</script> | *so* [what](http://x)",
}
GOLD = {"a": "favor", "b": "absent", "c": "neutral"}


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    path = tmp_path / "gold.jsonl"
    rows = ({"id": name, "text": text, "labels": {"NATO": GOLD[name]}} for name, text in TEXTS.items())
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def made(tmp_path: Path) -> Path:
    path = tmp_path / "made.jsonl"
    rows = [
        {"id": "c", "labels": {"NATO": "against"}},
        {"id": "a", "labels": {"NATO": "favor"}},
        {"id": "b", "labels": {"NATO": "absent"}},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_json_equals_the_library_and_says_where_it_comes_from(
    gold: Path, made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["evaluate", "--gold", str(gold), "--pred", str(made), "--draws", "50", "--format", "json"]
    assert main(command) == 0
    found = json.loads(capsys.readouterr().out)
    provenance = found.pop("provenance")
    assert found == json.loads(json.dumps(stance.evaluate(gold, made, draws=50).to_dict()))
    assert provenance["gold"]["file"] == str(gold) and len(provenance["gold"]["sha256"]) == 64
    assert provenance["predictions"]["file"] == str(made) and provenance["versions"]["stance"] == stance.__version__


def test_a_table_for_reading(gold: Path, made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--gold", str(gold), "--pred", str(made), "--draws", "50"]) == 0
    out = capsys.readouterr().out
    assert "3 paragraphs of 3 documents, 3 judgements toward 1 target\n" in out.replace(" \n", "\n")
    assert "NATO     0.667 [n/a]" in out  # two labels of three are found; few draws have all three
    assert "The predictions give no probabilities." in out
    assert all(told in out for told in ("F_avg: mean F1 of favor and against.", "MCC: agreement beyond chance."))
    assert "c: NATO: against, gold neutral" in out


def test_markdown_keeps_what_comes_from_elsewhere_inert(gold: Path, made: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.md"
    assert main(["evaluate", "--gold", str(gold), "--pred", str(made), "--draws", "20", "-o", str(out)]) == 0
    text = out.read_text(encoding="utf-8")
    assert "\\<script\\>" in text and "<script>" not in text
    assert "\\| \\*so\\*" in text and "[what](" not in text
    told = text.partition("## Where the figures come from")[2]
    for name, file in (("gold", gold), ("predictions", made)):
        assert f"- {name}: {escape_markdown(str(file))}, sha256 {hash_file(file)}\n" in told
    assert f"stance {stance.__version__}" in told


def test_small_chances_and_zeros_are_written_as_such(tmp_path: Path) -> None:
    rows = {"gold": "favor", "made": "favor", "theirs": "against"}
    for name, label in rows.items():
        lines = [json.dumps({"id": n, "labels": {"NATO": label if n % 2 else "absent"}}) + "\n" for n in range(60)]
        (tmp_path / name).write_text("".join(lines), encoding="utf-8")
    gold, made, theirs = (str(tmp_path / name) for name in rows)
    out = tmp_path / "report.md"
    options = ["--draws", "20", "-o", str(out)]
    assert main(["evaluate", "--gold", gold, "--pred", made, "--against", theirs, *options]) == 0
    text = out.read_text(encoding="utf-8")
    assert "McNemar's exact p below 0.0001" in text and "-0.000" not in text


def test_a_model_is_told_in_markdown_by_its_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["stance", "evaluate", "--gold", "-"])
    origin = {"predictions": {"model": "base", "sha256": {"config.json": "ab"}}, "gold": {"file": "-", "sha256": None}}
    told = provenance_markdown({**origin, "against": None, **describe_run()})
    lines = told.splitlines()
    assert "- predictions: model base, sha256 ab" in lines
    assert "- gold: -, sha256 not known, read from stdin" in lines
    assert "- stance evaluate --gold -" in lines


def test_a_model_predicts_first_and_is_named(gold: Path, made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["evaluate", "--gold", str(gold), "--model", "base", "--against", str(made), "--draws", "20"]
    assert main([*command, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["provenance"]["predictions"] == {"model": "base", "sha256": verify_files(find_model("base"))}
    labels = {name: stance.predict(text)["NATO"].label for name, text in TEXTS.items()}
    right = sum(labels[name] == label for name, label in GOLD.items())
    assert found["figures"]["pooled"]["metrics"]["accuracy"]["value"] == pytest.approx(right / 3, abs=1e-6)
    assert found["figures"]["pooled"]["metrics"]["ece"]["value"] is not None
    assert found["comparison"]["differences"]["accuracy"]["value"] == pytest.approx(right / 3 - 2 / 3, abs=1e-6)


def test_targets_of_ones_own_are_judged_and_audited(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gold, mine = tmp_path / "gold.jsonl", tmp_path / "mine.toml"
    text = "Natto robs its neighbours, and its threats must end."
    gold.write_text(json.dumps({"id": 1, "text": text, "labels": {"Natto": "against"}}) + "\n", encoding="utf-8")
    mine.write_text('[[target]]\nname = "Natto"\ndescription = "Natto, a kingdom beside Ruritania"\n', encoding="utf-8")
    command = ["evaluate", "--gold", str(gold), "--model", "base", "--draws", "5", "--format", "json"]
    assert main(command) == 1
    assert "Unknown target 'Natto': did you mean" in capsys.readouterr().err
    assert main([*command, "--targets-file", str(mine), "--audit"]) == 0
    found = json.loads(capsys.readouterr().out)
    (target,) = stance.load_targets(mine)
    judged = stance.predict(text, targets=[target])["Natto"]
    assert found["figures"]["Natto"]["counts"]["against"][judged.label] == 1
    assert found["audit"]["targets"] == ["Natto"]


def test_an_audit_asks_the_model_again(gold: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["evaluate", "--gold", str(gold), "--model", "base", "--draws", "20", "--format", "json"]
    assert main([*command, "--audit", "--audit-sample", "2", "--seed", "3"]) == 0
    out, err = capsys.readouterr()
    assert "stance: audited on 2 of 3 paragraphs" in err and "Predicting" not in err
    found = json.loads(out)["audit"]
    assert found == audit(gold, ask_base, sample=2, draws=20, seed=3).to_dict()
    assert found["looks_at_target"] is None  # two documents are too few


def ask_base(texts: Sequence[str], targets: Sequence[Target]) -> list[stance.Prediction]:
    return stance.predict(list(texts), targets=targets, model="base")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--pred", "a", "--targets-file", "mine.toml"], "tells a model what targets are, and there is none"),
        (["--pred", "a", "--audit"], "a predictions file cannot be asked again. Give --model NAME"),
        (
            ["--model", "base", "--audit-sample", "9"],
            "says on how many paragraphs to audit. Give --audit too",
        ),
        (["--model", "base", "--audit", "--audit-sample", "0"], "has to be a whole number from 1 on, found '0'"),
    ],
)
def test_wrong_usage_of_an_audit(options: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["evaluate", "--gold", "gold.jsonl", *options])
    assert left.value.code == 2
    assert message in " ".join(capsys.readouterr().err.split())


def test_a_model_needs_texts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bare = tmp_path / "bare.jsonl"
    bare.write_text('{"id": "a", "labels": {"NATO": "favor"}}\n', encoding="utf-8")
    assert main(["evaluate", "--gold", str(bare), "--model", "base"]) == 1
    assert "id 'a' has no text for the model to judge" in capsys.readouterr().err
    assert main(["evaluate", "--gold", "-", "--model", "base"]) == 1
    assert "stdin can be read once" in capsys.readouterr().err


def test_nothing_is_written_where_something_is_wrong(
    gold: Path, made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made.write_text('{"id": "a", "labels": {"NATO": "favour"}}\n{"id": "a"\n', encoding="utf-8")
    out = tmp_path / "report.json"
    assert main(["evaluate", "--gold", str(gold), "--pred", str(made), "-o", str(out)]) == 1
    error = capsys.readouterr().err
    assert f"{made}: line 2: not valid JSON" in error
    assert f"{made}: line 1: id 'a': 'NATO': unknown label 'favour'" in error
    assert not out.exists()


def test_messages_do_not_steer_the_terminal(gold: Path, made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made.write_text(json.dumps({"id": "a", "labels": {"NATO": "\x1b[31mfavor"}}) + "\n", encoding="utf-8")
    assert main(["evaluate", "--gold", str(gold), "--pred", str(made)]) == 1
    error = capsys.readouterr().err
    assert "\x1b" not in error and "\\x1b[31mfavor" in error


def test_a_file_is_not_read_and_written(gold: Path, made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--gold", str(gold), "--pred", str(made), "--format", "json", "-o", str(made)]) == 1
    assert "is to be read and written" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--pred", "a", "--model", "b"],
        ["--pred", "a", "--worst", "-1"],
        ["--pred", "a", "--against", "b", "--against-model", "c"],
    ],
)
def test_wrong_usage(options: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["evaluate", "--gold", "gold.jsonl", *options])
    assert left.value.code == 2
