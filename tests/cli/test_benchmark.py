"""The benchmark command: what it lists, writes and refuses."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from stance.cli.app import main


def test_a_list_of_sets_suites_and_systems(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", "--list"]) == 0
    out = capsys.readouterr().out
    assert "semeval2016" in out and "public" in out and "tfidf-svm" in out and "nli:ID" in out


def test_a_run_writes_the_leaderboard_and_goes_on(small_set: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = small_set.parent / "out"
    command = ["benchmark", str(small_set), "--data", str(small_set.parent), "-o", str(out), "--draws", "20"]
    assert main([*command, "--systems", "majority,lexicon"]) == 0
    told = capsys.readouterr()
    assert "lexicon" in told.out and "ceiling" in told.out and "leaderboard.md" in told.err
    assert "%" not in told.err  # no progress where there is no terminal
    written = (out / "results" / "small" / "lexicon.json").read_bytes()
    assert main([*command, "--systems", "lexicon"]) == 0
    assert (out / "results" / "small" / "lexicon.json").read_bytes() == written
    values = json.loads((out / "leaderboard.json").read_text(encoding="utf-8"))
    assert [row["system"] for row in values["sets"]["small"]["rows"]] == ["lexicon", "majority"]  # earlier ones stay


def test_a_try_is_told_and_stays_out_of_the_leaderboard(small_set: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = small_set.parent / "out"
    command = ["benchmark", str(small_set), "--data", str(small_set.parent), "-o", str(out), "--draws", "20"]
    assert main([*command, "--systems", "lexicon", "--limit", "2"]) == 0
    assert "a try on 2 texts" in " ".join(capsys.readouterr().out.split())
    assert not (out / "leaderboard.md").exists()


def test_a_system_that_fails_is_told_by_the_exit_status(small_set: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, bad = small_set.parent / "out", small_set.parent / "bad.jsonl"
    bad.write_text('{"id": "test-t1", "target": "Trains", "label": "favor"}\n')
    command = ["benchmark", str(small_set), "--data", str(small_set.parent), "-o", str(out), "--draws", "20"]
    assert main([*command, "--systems", f"lexicon,predictions:{bad}"]) == 1
    told = capsys.readouterr()
    assert "predictions:bad.jsonl failed on small: InputError" in told.err and "lexicon" in told.out
    assert "lexicon" in (out / "leaderboard.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["vats", "--output", "x"], "did you mean 'vast'"),
        (["vast", "--output", "x", "--systems", "lexikon"], "did you mean 'lexicon'"),
        (["vast", "--output", "x", "--systems", "lexicon", "--data", "nowhere"], "no such file; vast needs it"),
    ],
)
def test_what_is_wrong_is_a_line(
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["benchmark", *arguments]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--output", "x"], ["vast"]])
def test_what_is_left_out_is_a_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["benchmark", *arguments])
    assert "name at least one suite and the folder for the results" in capsys.readouterr().err


def test_progress_is_drawn_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from stance.cli.benchmark import _watching

    with _watching(2) as watch:
        assert watch is None
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with _watching(2) as watch:
        assert watch is not None
        watch("small\x1b[2J", "lexicon", 1.0)
        watch("small", "lexicon", 1.0)
    told = capsys.readouterr().err
    assert "100%" in told and "small: lexicon" in told and "\x1b[2J" not in told


def test_an_interrupted_run_says_how_to_go_on(
    small_set: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from stance.evaluation.benchmark.simple import Majority

    def interrupt(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Majority, "predict", interrupt)
    out = small_set.parent / "out"
    command = ["benchmark", str(small_set), "--data", str(small_set.parent), "-o", str(out), "--draws", "20"]
    assert main([*command, "--systems", "lexicon,majority"]) == 130
    assert "results that were done are kept, and the same command goes on" in capsys.readouterr().err
    assert (out / "results" / "small" / "lexicon.json").is_file()
