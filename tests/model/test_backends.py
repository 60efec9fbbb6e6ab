"""The same model run by torch: the same results, and a model that is not what its config says is refused."""

from __future__ import annotations

import dataclasses
import shutil
from importlib import util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import stance
from stance.errors import InputError, MissingExtraError, ModelError
from stance.model import backends, store
from stance.model.classifier import Classifier
from stance.schema import LABELS

TEXTS = [
    "NATO has kept the peace in Europe for three generations, and we are the better for it.",
    "Beijing bullies its neighbours and calls it friendship. " * 30,
    "...",
    "The harvest was good.",
]
needs_torch = pytest.mark.skipif(
    not all(util.find_spec(name) for name in ("torch", "transformers", "safetensors")), reason="needs stance-kit[train]"
)


def numbers(found: list[stance.Prediction]) -> np.ndarray:
    return np.array(
        [[[one.probabilities[label] for label in LABELS] for one in each.stances.values()] for each in found]
    )


@needs_torch
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_torch_judges_as_onnx_runtime_does() -> None:
    targets = [*stance.builtin_targets(), stance.Target("The harvest", aliases=("harvest",))]
    by_onnx, by_torch = (
        stance.predict(TEXTS, targets=targets, model="small", device=device) for device in ("cpu", "torch:cpu")
    )
    assert np.abs(numbers(by_onnx) - numbers(by_torch)).max() < 1e-4
    assert [each.windows for each in by_onnx] == [each.windows for each in by_torch]


@needs_torch
def test_batches_of_torch_do_not_change_the_result() -> None:
    classifier = Classifier("small", device="torch:cpu")
    one, many = (classifier.predict(TEXTS, classifier.targets, batch_size=size) for size in (1, 64))
    assert np.abs(numbers(one) - numbers(many)).max() < 1e-4


@needs_torch
@pytest.mark.skipif("not __import__('torch').cuda.is_available()", reason="needs a GPU")
def test_a_gpu_gives_the_same_labels() -> None:
    there, here = (stance.predict(TEXTS, model="small", device=device) for device in ("torch:cuda", "torch:cpu"))
    assert np.abs(numbers(there) - numbers(here)).max() < 0.05


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cuda:x", "cpu:0", "torch", "torch:", "torch:mps", "onnx:cpu", ""])
def test_an_unknown_device_is_named(device: str) -> None:
    with pytest.raises(InputError, match="Unknown device"):
        stance.predict("NATO", model="small", device=device)


def test_what_is_missing_for_a_device_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "has_cuda", lambda: False)
    monkeypatch.setattr(backends.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="no torch that sees a GPU"):
        Classifier("small", device="cuda")
    with pytest.raises(MissingExtraError, match=r"stance-kit\[train\]"):
        Classifier("small", device="torch:cpu")


@needs_torch
def test_without_cuda_in_onnx_runtime_a_gpu_is_left_to_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(backends, "has_cuda", lambda: False)
    monkeypatch.setattr(backends, "_sees_gpu", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(InputError, match=r"Device 'cuda:7': torch .* sees 1 GPUs"):
        Classifier("small", device="cuda:7")


@needs_torch
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_hidden_layers": 10**9}, "num_hidden_layers"),
        ({"num_hidden_layers": 2}, r"expected the shape None"),
        ({"vocab_size": 10**12}, r"word_embeddings.*expected the shape \(1000000000000, 384\)"),
        ({"model_type": "no-such-model"}, "no-such-model"),
        ({"hidden_act": "no such function"}, "no such function"),
    ],
)
def test_a_config_that_does_not_fit_the_weights_is_refused(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(store.find_model("small"), folder)
    config = store.read_config(folder)
    values = config.encoder["config"] | change
    store.write_config(folder, dataclasses.replace(config, encoder=config.encoder | {"config": values}))
    store.write_hashes(folder)
    with pytest.raises(ModelError, match=message):
        Classifier(folder, device="torch:cpu")


@needs_torch
def test_a_model_without_weights_is_for_onnx_runtime_only(tmp_path: Path) -> None:
    from ..scale.tiny import write_tiny_model

    with pytest.raises(ModelError, match="it has no weights"):
        Classifier(write_tiny_model(tmp_path / "tiny"), device="torch:cpu")
