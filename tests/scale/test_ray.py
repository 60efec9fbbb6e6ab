"""A Ray cluster gives what one process gives, also when a worker is killed."""

from __future__ import annotations

import importlib.util
import json
import math
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from stance.errors import InputError, MissingExtraError, ModelError, StanceError
from stance.prediction import Judging
from stance.scale import ColumnPredictor, predict_files
from stance.scale.ray import Workers, _in_order, _Pool, judge_on_ray, predict
from stance.scale.steps import Step

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


class FakeError(Exception):
    """Stands for what Ray raises for an error in a worker."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


class FakeDeath(Exception):
    """Stands for what Ray raises where an actor died once more than it may."""


MODEL = {"model.onnx": "12ab"}


class FakeRay:
    """What is used of Ray; of results that are waited for, the last is there first, and what is stuck never."""

    exceptions = SimpleNamespace(RayTaskError=FakeError, RayActorError=FakeDeath)

    def get(self, result):
        if isinstance(result.value, FakeDeath):
            raise result.value
        if isinstance(result.value, Exception):
            raise FakeError(result.value)
        return result.value

    def wait(self, results, *, num_returns=1, timeout=None):
        there = [result for result in results if result.value != "stuck"]
        return there[-1:], [result for result in results if result not in there[-1:]]

    def cluster_resources(self):
        return {"CPU": 2.0}


class Ref:
    """A result under way."""

    def __init__(self, value: object) -> None:
        self.value = value


class FakeWorker:
    """A worker that judges at once, or fails with an error."""

    def __init__(self, loaded=MODEL, error=None) -> None:
        self.done: list[int] = []
        self._error = error
        self.load = SimpleNamespace(remote=lambda: Ref(loaded))
        self.judge = SimpleNamespace(remote=self._judge)

    def _judge(self, step):
        self.done.append(step.number)
        return Ref(self._error or str(step.number).encode())


def steps(count: int) -> list[Step]:
    return [Step((), (), 0, number, 0, 0) for number in range(count)]


def test_results_come_in_order_and_who_has_not_loaded_gets_nothing() -> None:
    workers = [FakeWorker(), FakeWorker(loaded="stuck"), FakeWorker()]
    advanced = []
    found = _in_order(_Pool(FakeRay(), workers, MODEL), steps(20), lambda step, count: advanced.append(step.number))
    assert [(judged.step.number, judged.data) for judged in found] == [
        (number, str(number).encode()) for number in range(20)
    ]
    assert sorted(workers[0].done + workers[2].done) == advanced == list(range(20))
    assert workers[1].done == []


def test_what_stance_raises_in_a_worker_is_raised_as_it_is() -> None:
    for worker in (FakeWorker(loaded=InputError("no model")), FakeWorker(error=InputError("no model"))):
        with pytest.raises(InputError, match=r"^no model$"):
            list(_in_order(_Pool(FakeRay(), [worker], MODEL), steps(3), lambda step, count: None))
    with pytest.raises(FakeError, match="a bug"):
        list(
            _in_order(
                _Pool(FakeRay(), [FakeWorker(error=KeyError("a bug"))], MODEL), steps(3), lambda step, count: None
            )
        )


def test_a_cluster_without_room_is_not_waited_for_for_ever() -> None:
    with pytest.raises(
        StanceError, match=r"No worker of the cluster was ready within 600 seconds. It has \{'CPU': 2.0\}"
    ):
        list(_in_order(_Pool(FakeRay(), [FakeWorker(loaded="stuck")], MODEL), steps(1), lambda step, count: None))


def test_a_step_that_kills_its_workers_ends_the_run() -> None:
    killed = FakeWorker(error=FakeDeath("The actor died.\nA long story"))
    with pytest.raises(StanceError, match=r"died 5 times over one step: .* Ray says: The actor died\.$"):
        list(_in_order(_Pool(FakeRay(), [killed], MODEL), steps(3), lambda step, count: None))


def test_workers_have_the_model_of_whoever_asks() -> None:
    with pytest.raises(ModelError, match="another model than this machine under the same name"):
        list(_in_order(_Pool(FakeRay(), [FakeWorker(loaded={"model.onnx": "0"})], MODEL), steps(1), lambda *_: None))


class SlowRay(FakeRay):
    """Models are loaded at once; a step takes longer than whoever counts seconds waits."""

    def wait(self, results, *, num_returns=1, timeout=None):
        there = [result for result in results if result.value is MODEL or timeout is None][:num_returns]
        return there, [result for result in results if result not in there]


def test_a_step_may_take_as_long_as_it_takes() -> None:
    found = _in_order(_Pool(SlowRay(), [FakeWorker()], MODEL), steps(5), lambda step, count: None)
    assert [judged.step.number for judged in found] == list(range(5))


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


def test_workers_find_the_folder_of_a_model_from_where_they_are(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tiny.parent)
    for model in ("tiny", "./tiny", Path("tiny"), tiny):
        assert Workers().place(Judging(model=model)).model == tiny
    for model in (None, "base"):
        assert Workers().place(Judging(model=model)).model == model


def test_workers_that_make_no_sense() -> None:
    with pytest.raises(InputError, match="Workers and rows have to be at least 1, found 0 and 1024"):
        Workers(0)
    with pytest.raises(InputError, match="A worker needs a share of cores or GPUs, found cpus=0, gpus=0"):
        Workers(cpus=0, gpus=0)
    for share in (-1.0, math.nan, math.inf):
        with pytest.raises(InputError, match="A worker needs a share of cores or GPUs"):
            Workers(cpus=share)
        with pytest.raises(InputError, match="A worker needs a share of cores or GPUs"):
            Workers(gpus=share)
