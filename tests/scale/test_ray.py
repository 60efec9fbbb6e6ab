"""A Ray cluster gives what one process gives, also when a worker is killed."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from stance.errors import InputError, MissingExtraError
from stance.prediction import Judging
from stance.scale import ColumnPredictor, predict_files
from stance.scale.ray import Workers, judge_on_ray, predict

from .conftest import write_rows

needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs stance-kit[scale]")


@needs_ray
@pytest.mark.ray
def test_two_workers_of_which_one_is_killed_give_what_one_process_gives(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("psutil")
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    rows = write_rows(tmp_path / "rows.jsonl", 1500)
    given = [json.loads(line) for line in rows.read_text(encoding="utf-8").splitlines()]
    pq.write_table(pa.Table.from_pylist([*given, {"id": 1500, "text": None}]), tmp_path / "rows.parquet")
    script = Path(__file__).with_name("ray_runs.py")
    done = subprocess.run(
        [sys.executable, str(script), str(tiny), str(tmp_path)], capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told == {"files": True, "dataset": True}, "no worker was there to be killed"

    monkeypatch.setattr("stance.scale.steps.CHUNK", 100)  # as in the script
    predict_files(rows, tmp_path / "local.csv", judging=Judging(model=tiny))
    assert (tmp_path / "ray.csv").read_bytes() == (tmp_path / "local.csv").read_bytes()

    judged = {row["id"]: row for row in pq.read_table(tmp_path / "judged").to_pylist()}
    assert sorted(judged) == list(range(1501))
    expected = ColumnPredictor(Judging(model=tiny), prefix="stance_")({"text": [row["text"] for row in given]})
    for row in given:
        found = judged[row["id"]]
        assert found["text"] == row["text"]
        for name, values in expected.items():
            assert found[name] == (pytest.approx(values[row["id"]], abs=1e-6) if "_" in name[7:] else values[row["id"]])
    assert all(judged[1500][name] is None for name in expected)


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    for call in (judge_on_ray, lambda: predict(None)):
        with pytest.raises(MissingExtraError, match=r"Working on a Ray cluster .* pip install 'stance-kit\[scale\]'"):
            call()


def test_workers_fill_the_cluster() -> None:
    assert Workers().counted({"CPU": 16.0}) == 16
    assert Workers(cpus=3).counted({"CPU": 16.0}) == 5
    assert Workers(gpus=0.25, cpus=1).counted({"CPU": 16.0, "GPU": 2.0}) == 8
    assert Workers(gpus=0.25, cpus=4).counted({"CPU": 16.0, "GPU": 2.0}) == 4
    assert Workers(gpus=1).counted({"CPU": 16.0}) == 1
    assert Workers(7).counted({}) == 7


def test_workers_with_gpus_use_them() -> None:
    assert Workers(gpus=0.5).place(Judging()).device == "cuda"
    assert Workers(gpus=0.5).place(Judging(device="cpu")).device == "cpu"
    assert Workers().place(Judging()).device is None


def test_workers_that_make_no_sense() -> None:
    with pytest.raises(InputError, match="Workers and rows have to be at least 1, found 0 and 1024"):
        Workers(0)
    with pytest.raises(InputError, match="A worker needs a share of cores or GPUs, found cpus=0, gpus=0"):
        Workers(cpus=0, gpus=0)
