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

torch_runtime = pytest.importorskip("stance.model.torch_runtime") if util.find_spec("torch") else None
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
@pytest.mark.parametrize(("model", "apart"), [("base", 1e-4), ("small", 0.1)])  # small multiplies whole numbers
def test_torch_judges_as_onnx_runtime_does(model: str, apart: float) -> None:
    targets = [*stance.builtin_targets(), stance.Target("The harvest", aliases=("harvest",))]
    by_onnx, by_torch = (
        stance.predict(TEXTS, targets=targets, model=model, device=device) for device in ("cpu", "torch:cpu")
    )
    assert np.abs(numbers(by_onnx) - numbers(by_torch)).max() < apart
    assert [each.windows for each in by_onnx] == [each.windows for each in by_torch]


@needs_torch
def test_batches_of_torch_do_not_change_the_result() -> None:
    classifier = Classifier("small", device="torch:cpu")
    one, many = (classifier.predict(TEXTS, classifier.targets, batch_size=size) for size in (1, 64))
    assert np.abs(numbers(one) - numbers(many)).max() < 1e-4


@needs_torch
def test_a_gpu_gives_the_same_labels() -> None:
    if not torch_runtime.sees_gpu():
        pytest.skip("needs a GPU")
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
        ({"vocab_size": 10**9}, r"word_embeddings.*expected the shape \(1000000000, 384\)"),
        ({"max_position_embeddings": 10**12}, "max_position_embeddings: expected a whole number"),
        ({"num_attention_heads": 0}, "num_attention_heads: expected a whole number"),
        ({"layer_norm_eps": float("nan")}, r"layer_norm_eps: expected a number in \[0, 1\], found nan"),
        ({"model_type": "detr", "use_pretrained_backbone": True}, "model_type: expected one of bert"),
        ({"model_type": "no-such-model"}, "no-such-model"),
        ({"hidden_act": "no such function"}, "no such function"),
    ],
)
def test_a_config_that_does_not_fit_the_weights_is_refused(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        Classifier(altered(tmp_path / "model", config=change), device="torch:cpu")


@needs_torch
@pytest.mark.parametrize(
    ("head", "message"), [({"blocks": 10**7}, "blocks: expected a whole number"), ({"heads": 0}, "heads: expected")]
)
def test_a_head_that_cannot_be_is_refused(tmp_path: Path, head: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        Classifier(altered(tmp_path / "model", head=head), device="torch:cpu")


@needs_torch
def test_of_a_config_only_sizes_count(tmp_path: Path) -> None:
    """Others fetch code from the hub, compile, allocate, or change what the network answers with."""
    harmful = {
        "_attn_implementation": "somebody/kernel",
        "attn_implementation": "flex_attention",
        "auto_map": {"AutoModel": "evil--evil.Evil"},
        "chunk_size_feed_forward": 7,
        "num_labels": 10**9,
        "return_dict": False,
        "quantization_config": {"quant_method": "bitsandbytes"},
    }
    folder = altered(tmp_path / "model", config=harmful)
    built = torch_runtime.build_encoder(store.read_config(folder))
    assert numbers(stance.predict(TEXTS[:1], model=folder, device="torch:cpu")).shape == (1, 3, 4)
    assert not harmful.keys() & {key for key, value in built.config.to_dict().items() if value == harmful.get(key)}


@needs_torch
@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"window": 4000}, "its window has 4000 tokens, the encoder 512 positions"),
        ({"pad_id": 10**6}, "the network knows 30522 tokens"),
    ],
)
def test_a_tokenizer_or_window_that_does_not_fit_is_refused(
    tmp_path: Path, fields: dict[str, Any], message: str
) -> None:
    folder = altered(tmp_path / "model", **fields)
    with pytest.raises(ModelError, match=message):
        stance.predict([TEXTS[0], TEXTS[0] * 2], model=folder, device="torch:cpu")  # the first is padded


@needs_torch
def test_loading_leaves_the_generator_of_torch_as_it_was() -> None:
    import torch

    torch.manual_seed(7)
    before = torch.get_rng_state()
    torch_runtime.load_network(store.find_model("small"), store.read_config(store.find_model("small")))
    assert torch.equal(torch.get_rng_state(), before)


def altered(
    folder: Path, *, config: dict[str, Any] | None = None, head: dict[str, Any] | None = None, **fields: Any
) -> Path:
    """Copy the small model with changes to the encoder's config, the head, and the folder's config."""
    shutil.copytree(store.find_model("small"), folder)
    known = store.read_config(folder)
    encoder = known.encoder | {"config": known.encoder["config"] | (config or {})}
    store.write_config(folder, dataclasses.replace(known, encoder=encoder, head=known.head | (head or {}), **fields))
    store.write_hashes(folder)
    return folder


@needs_torch
def test_a_model_without_weights_is_for_onnx_runtime_only(tmp_path: Path) -> None:
    from ..scale.tiny import write_tiny_model

    with pytest.raises(ModelError, match="it has no weights"):
        Classifier(write_tiny_model(tmp_path / "tiny"), device="torch:cpu")
