"""One classifier for 16 threads, and for processes that were forked after it was used."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

import stance
from stance.errors import ModelError
from stance.model import store
from stance.model.classifier import Classifier

from ..scale.tiny import write_tiny_model

TEXTS = [f"{name} met w{number} w{number * 7 % 90}." for number, name in enumerate(["NATO", "Beijing", "The US"] * 9)]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    pytest.importorskip("onnx")
    return str(write_tiny_model(tmp_path_factory.mktemp("models") / "tiny"))


def judge(folder: str) -> list[dict]:
    return [prediction.to_dict() for prediction in stance.predict(TEXTS, model=folder)]


def test_threads_and_forked_processes_judge_alike(tiny: str) -> None:
    wanted = judge(tiny)
    with ThreadPoolExecutor(16) as pool:
        assert all(found == wanted for found in pool.map(judge, [tiny] * 32))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system has no forks")
def test_a_process_that_was_forked_judges_alike(tiny: str) -> None:
    wanted = judge(tiny)  # the tokenizer and the network have threads now, which a fork does not copy
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
        for found in [pool.submit(judge, tiny) for _ in range(4)]:
            assert found.result(timeout=60) == wanted


def test_a_network_of_another_shape_is_refused(tiny: str, tmp_path: Path) -> None:
    import onnx

    folder = tmp_path / "other"
    folder.mkdir()
    for path in Path(tiny).iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    model = onnx.load(folder / store.NETWORK_FILE)
    model.graph.input[3].name = "asked for"
    for node in model.graph.node:
        node.input[:] = ["asked for" if name == "queries" else name for name in node.input]
    onnx.save(model, folder / store.NETWORK_FILE)
    store.write_hashes(folder)
    with pytest.raises(ModelError, match=r"expected a network from input_ids, .* to scores, pooled"):
        judge(str(folder))


@pytest.mark.parametrize(
    ("change", "message"),
    [(float("nan"), "gives scores that are no numbers"), (None, "the network cannot be run")],
)
def test_a_network_that_fails_while_it_judges(tiny: str, tmp_path: Path, change: float | None, message: str) -> None:
    import onnx
    from onnx import numpy_helper

    folder = tmp_path / "other"
    folder.mkdir()
    for path in Path(tiny).iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    model = onnx.load(folder / store.NETWORK_FILE)
    table = next(item for item in model.graph.initializer if item.name == "table")
    values = numpy_helper.to_array(table)
    values = values[:5] if change is None else values * change  # five words alone: others are looked up beyond the end
    table.CopyFrom(numpy_helper.from_array(values, "table"))
    onnx.save(model, folder / store.NETWORK_FILE)
    store.write_hashes(folder)
    with pytest.raises(ModelError, match=message):
        judge(str(folder))


def test_a_model_that_was_replaced_is_not_mixed_with_the_one_in_use(tmp_path: Path) -> None:
    shutil.copytree(store.find_model(), tmp_path / "model")
    classifier = Classifier(tmp_path / "model")
    network = classifier._network
    network._at_once = 2
    os.utime(tmp_path / "model" / "model.onnx", ns=(1, 1))
    with pytest.raises(ModelError, match="replaced while it was in use"):
        classifier.predict(["NATO met. " * 90] * 8, classifier.targets)


def test_batches_are_left_when_progress_raises(tiny: Path) -> None:
    classifier = Classifier(tiny)
    begun = []
    real = classifier._network._run
    classifier._network._run = lambda *given: (begun.append(1), time.sleep(0.02), real(*given))[2]
    classifier._network._at_once = 2

    def stop(share: float) -> None:
        raise KeyError(share)

    with pytest.raises(KeyError):
        classifier.predict(["NATO met."] * 40, classifier.targets, batch_size=1, progress=stop)
    count = len(begun)
    time.sleep(0.1)
    assert len(begun) == count < 40
