"""``stance train`` as a user runs it."""

from __future__ import annotations

from importlib import util
from pathlib import Path
from types import SimpleNamespace

import pytest

from stance.cli.app import main
from stance.errors import MissingExtraError
from stance.fitting import entry
from stance.fitting.loop import Step, Watch
from stance.fitting.tracking import TensorBoard

from .conftest import write_recipe

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]


def test_train_then_predict(tmp_path: Path, encoder_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = write_recipe(tmp_path, encoder_folder, epochs=2)
    model = tmp_path / "model"
    assert main(["train", str(recipe), "--out", str(model), "--set", "schedule.epochs=1"]) == 0
    told = capsys.readouterr()
    assert told.out.startswith(f"{model}: mean macro-F1 on dev 0.")
    assert "stance: epoch 1: loss" in told.err and "epoch 2" not in told.err
    card = (model / "README.md").read_text(encoding="utf-8")
    assert "--set schedule.epochs=1" in card and str(tmp_path) not in card.replace(str(encoder_folder), "")
    (tmp_path / "text.txt").write_text("Beijing is a menace.\n", encoding="utf-8")
    assert main(["predict", str(tmp_path / "text.txt"), "--model", str(model), "--abstain-risk", "0.2"]) == 0
    assert "Beijing is a menace" in capsys.readouterr().out


def test_check_tells_what_is_there(tmp_path: Path, encoder_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = write_recipe(tmp_path, encoder_folder)
    assert main(["train", str(recipe), "--check"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "recipe tiny: 96 steps"
    assert lines[1].startswith("train: 64 texts (64 documents), at most ")
    assert lines[2] == "  NATO: favor 16, against 16, neutral 16, absent 16"
    assert "warning: 64 texts stand in both train and dev" in lines


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.toml", "--check"], "none.toml: no such file"),
        (["tiny.toml", "--check", "--set", "schedule.epoch=1"], "did you mean 'epochs'"),
        (["tiny.toml", "--out", "train.jsonl"], "train.jsonl: is there, and no model folder"),
        (["tiny.toml", "--check", "--set", "encoder.source=./nowhere"], "cannot be loaded"),
        (["tiny.toml", "--check", "--set", "train=none.jsonl"], "none.jsonl: no such file"),
        (["tiny.toml", "--check", "--set", "network.heads=5"], "'network.heads' has to divide"),
        (["tiny.toml", "--check", "--set", "network.window=12"], "target 'NATO' has more than 12 tokens"),
        (
            ["tiny.toml", "--check", "--set", "targets=['Mars']"],
            "line 1: labels none of the targets Mars. Leave the row out",
        ),
        (["tiny.toml", "--check", "--set", "network.window=4000"], "but the encoder has 512 positions"),
    ],
)
def test_what_is_wrong_is_one_line_and_exit_status_1(
    tmp_path: Path,
    encoder_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    write_recipe(tmp_path, encoder_folder)
    monkeypatch.chdir(tmp_path)
    assert main(["train", *arguments]) == 1
    assert message in capsys.readouterr().err
    assert not list(tmp_path.glob("*.checkpoints"))


@pytest.mark.parametrize(
    ("metric", "name", "more"), [("macro_f1", "macro-F1", ""), ("f_avg", "F_avg", ", F_avg 0.7500")]
)
def test_several_seeds_are_summed_up(
    metric: str, name: str, more: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    training = {"seeds": {"mean": 0.5, "sd": 0.125, "best": 43}, "recipe": {"schedule": {"metric": metric}}}
    scores = {"dev": {"macro_f1": 0.625, "f_avg": 0.75}, "test": {"macro_f1": 0.5, "f_avg": None}}
    monkeypatch.setattr(entry, "train", lambda *_, **__: SimpleNamespace(training=training, metrics=scores))
    assert main(["train", "a.toml", "--out", "model", "--seeds", "2"]) == 0
    first, second, third = capsys.readouterr().out.splitlines()
    assert first == f"2 seeds: {name} on dev 0.5000 on average, sd 0.1250; seed 43 is the best and is written"
    assert (second, third) == (f"model: mean macro-F1 on dev 0.6250{more}", "model: mean macro-F1 on test 0.5000")
    assert main(["train", "a.toml", "--out", "model"]) == 0
    assert "seeds" not in capsys.readouterr().out


@pytest.mark.parametrize("terminal", [True, False])
def test_it_is_told_whose_steps_they_are(
    terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(*_: object, seeds: int, watch: Watch, **__: object) -> SimpleNamespace:
        for seed in range(42, 42 + seeds):
            for step in (
                Step(seed, 1, 2, 1, 1.5, 1e-4),
                Step(seed, 2, 2, 1, 1.25, 0.0),
                Step(seed, 2, 2, 1, 1.25, 0.0, 0.5, "f_avg"),
            ):
                watch(step)
        training = {"seeds": {"mean": 0.5, "sd": 0.0, "best": 42}, "recipe": {"schedule": {"metric": "f_avg"}}}
        return SimpleNamespace(training=training, metrics={})

    monkeypatch.setattr(entry, "train", told)
    monkeypatch.setattr("stance.cli.train.has_terminal", lambda: terminal)
    assert main(["train", "a.toml", "--out", "model", "--seeds", "2"]) == 0
    error = capsys.readouterr().err
    for seed in (42, 43):
        assert f"stance: seed {seed}: epoch 1: loss 1.2500, F_avg on dev 0.5000" in error
        assert (f"seed {seed}: loss 1.250: 100%" in error) == terminal
    assert main(["train", "a.toml", "--out", "model"]) == 0
    assert "stance: epoch 1: loss 1.2500" in capsys.readouterr().err


def test_an_interrupted_command_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(entry, "train", interrupted)
    assert main(["train", "a.toml", "--out", "model"]) == 130
    assert "the same command with --resume goes on" in capsys.readouterr().err


def test_wrong_usage_is_exit_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["a.toml"], ["a.toml", "--check", "--out", "x"], ["a.toml", "--out", "x", "--seeds", "0"]):
        with pytest.raises(SystemExit, match="2"):
            main(["train", *arguments])
    assert "whole number from 1 on" in capsys.readouterr().err


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = util.find_spec
    monkeypatch.setattr(entry.util, "find_spec", lambda name: None if name == "torch" else find(name))
    with pytest.raises(MissingExtraError, match=r"pip install 'stance-kit\[train\]'"):
        entry.train(tmp_path / "a.toml", tmp_path / "model")
    if find("tensorboard") is None:
        with pytest.raises(MissingExtraError, match=r"stance-kit\[tensorboard\]"):
            TensorBoard(str(tmp_path))
