"""The predict command over files: going on, the side file, wrong usage, what is imported."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stance.cli.app import main
from stance.scale import Judging, Summary, predict_files
from stance.scale.workers import judge_in_threads

from .conftest import write_rows


def test_the_command_equals_the_library(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    write_rows(folder / "a.jsonl", 30)
    (folder / "b.pdf").write_bytes(b"%PDF-1.7")
    command = ["predict", str(folder), "--model", str(tiny), "-o", str(tmp_path / "one.csv")]
    assert main(command) == 0
    assert capsys.readouterr().err == f"stance: {folder}: left out 1 .pdf\n"
    predict_files(folder, tmp_path / "other.csv", judging=Judging(model=tiny))
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "other.csv").read_bytes()


def test_an_interrupted_command_says_how_to_go_on(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("stance.scale.steps.CHUNK", 16)
    rows, out = write_rows(tmp_path / "a.jsonl", 40), tmp_path / "out.jsonl"
    command = ["predict", str(rows), "--model", str(tiny), "-o", str(out)]

    def interrupted(steps, work, advance):
        yield next(judge_in_threads(steps, work, advance))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("stance.scale.workers.judge_in_threads", interrupted)
        assert main(command) == 130
    assert "interrupted; the same command with --resume goes on where it was" in capsys.readouterr().err
    assert main(command) == 1
    assert "a run that was not finished lies beside it, with 16 paragraphs judged. Go on with --resume" in (
        capsys.readouterr().err
    )
    assert main([*command, "--resume"]) == 0
    assert capsys.readouterr().err == "stance: going on after 16 paragraphs\n"
    assert [json.loads(line)["id"] for line in out.read_text(encoding="utf-8").splitlines()] == list(range(40))


def test_an_interrupted_command_over_stdin_promises_nothing(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(steps, work, advance):
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr("stance.scale.workers.judge_in_threads", interrupted)
    out = tmp_path / "out.jsonl"
    assert main(["predict", "-", "--model", str(tiny), "-o", str(out)]) == 130
    assert capsys.readouterr().err == "stance: error: interrupted; nothing was written to --output\n"
    assert not list(tmp_path.iterdir())


def test_recorded_errors_are_counted_and_the_exit_status_tells(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, out = tmp_path / "rows.jsonl", tmp_path / "out.jsonl"
    rows.write_text('{"text": "NATO met."}\n{}\n{"text": 3}\n', encoding="utf-8")
    command = ["predict", str(rows), "--model", str(tiny), "-o", str(out), "--on-error"]
    assert main([*command, "record"]) == 1
    message = f"stance: error: 2 files or rows could not be read; {out}.errors.jsonl says why\n"
    assert capsys.readouterr().err == message
    found = [json.loads(line) for line in Path(f"{out}.errors.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(row["line"], row["field"]) for row in found] == [(2, "text"), (3, "text")]
    out.unlink()
    assert main([*command, "stop"]) == 1
    assert "rows.jsonl: line 2: no field 'text': the object is empty" in capsys.readouterr().err
    assert not out.exists()


def test_the_gpus_of_workers_tell_one_run_from_another(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices = []

    def run(plan, engine):
        devices.append(plan.device)
        return Summary(0, 0, 0)

    monkeypatch.setattr("stance.scale.ray._import_ray", lambda: None)
    monkeypatch.setattr("stance.scale.stream.run_plan", run)
    command = ["predict", str(tmp_path), "--model", str(tiny), "-o", str(tmp_path / "o.csv"), "--engine", "ray"]
    for more in ([], ["--worker-gpus", "0.25"], ["--worker-gpus", "1", "--device", "cpu"]):
        assert main([*command, *more]) == 0
    assert devices == [None, "cuda", "cpu"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--resume"], "--resume needs a file as --output"),
        (["--on-error", "record"], "--on-error record needs a file as --output"),
        (["--workers", "2"], "--workers, --worker-cpus and --worker-gpus are for --engine ray"),
    ],
)
def test_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], message: str) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["predict", str(tmp_path), *more])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_nothing_heavy_is_imported_before_it_is_asked_for(tiny: Path, tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "a.jsonl", 3)
    code = (
        "import sys\nfrom stance.cli.app import main\n"
        f"main(['predict', {str(rows)!r}, '--model', {str(tiny)!r}, '-o', {str(tmp_path / 'o.jsonl')!r}])\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "ray", "pyarrow", "datasets", "pandas", "tqdm", "trafilatura"} & set(loaded)
