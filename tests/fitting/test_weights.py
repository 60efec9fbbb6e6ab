"""Weights are stored once: what is read back is what was meant, and the graph reads the same."""

from __future__ import annotations

import copy
import zlib
from functools import lru_cache
from pathlib import Path

import onnx
import pytest
import torch
from onnx import numpy_helper
from safetensors.torch import save_file

from stance.errors import ModelError
from stance.fitting.config import EncoderChoice
from stance.fitting.encoders import load_encoder
from stance.fitting.export import export_network
from stance.fitting.tracing import trace_network
from stance.model import weights
from stance.model.network import HeadConfig, StanceNetwork
from stance.model.runtime import OnnxNetwork
from stance.model.store import list_weights
from stance.model.tokens import Batch
from stance.model.weights import SCALE, block_size, load_weights, place_weights, save_weights

pytestmark = [
    pytest.mark.train,
    pytest.mark.filterwarnings("ignore"),  # torch's exporter deprecates parts of itself
]


def test_bytes_mean_what_they_are_said_to_mean(tmp_path: Path) -> None:
    matrix = torch.zeros(2, 32)
    matrix[0, :3] = torch.tensor([12.7, -12.7, 0.1])
    matrix[1, 16] = 127.0
    state = {"matrix": matrix, "table": torch.tensor([[1.0, -0.5], [0.0, 0.0]]), "small": torch.tensor([1 / 3])}
    save_weights(state, tmp_path, quantised={"matrix": "matrix", "table": "table"})
    stored = {name: (place.dtype, place.shape) for name, place in place_weights(tmp_path).items()}
    assert stored == {
        "matrix": ("U8", (2, 32)),
        "matrix" + SCALE: ("F16", (2, 1)),
        "table": ("I8", (2, 2)),
        "table" + SCALE: ("F16", (2, 1)),
        "small": ("F32", (1,)),
    }
    read = load_weights(tmp_path)
    assert set(read) == set(state)
    assert read["small"] == state["small"]  # what is small stays exact
    torch.testing.assert_close(read["matrix"], matrix, atol=0.1 / 2, rtol=1e-3)
    torch.testing.assert_close(read["table"], state["table"], atol=0.004, rtol=1e-3)
    place = place_weights(tmp_path)["matrix"]
    raw = (tmp_path / "model.safetensors").read_bytes()[place.offset : place.offset + place.length]
    assert list(raw[:4]) == [255, 1, 129, 128]  # 127, -127, 1 and 0, with 128 for 0


@pytest.mark.parametrize("bits", [8, 6, 4])
def test_error_is_half_a_step_at_most(tmp_path: Path, bits: int) -> None:
    matrix = torch.randn(64, 128, generator=torch.Generator().manual_seed(1))
    save_weights({"m": matrix}, tmp_path, quantised={"m": "matrix"}, bits=bits)
    steps = matrix.reshape(64, 2, 64).abs().amax(-1) / (2 ** (bits - 1) - 1)
    error = (load_weights(tmp_path)["m"] - matrix).abs().reshape(64, 2, 64).amax(-1)
    assert bool((error <= steps * 0.5 * 1.01 + 1e-3 * matrix.abs().max()).all())


def test_fewer_bits_compress_better(tmp_path: Path) -> None:
    matrix = torch.randn(256, 256, generator=torch.Generator().manual_seed(1))
    sizes = []
    for bits in (8, 7, 6):
        save_weights({"m": matrix}, tmp_path, quantised={"m": "matrix"}, bits=bits)
        sizes.append(len(zlib.compress((tmp_path / "model.safetensors").read_bytes(), 9)))
    assert sizes[1] < 0.92 * sizes[0]
    assert sizes[2] < 0.80 * sizes[0]


def test_large_weights_lie_in_parts(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(1)
    state = {name: torch.randn(64, 64, generator=generator) for name in "abcde"}
    save_weights(state, tmp_path, precision="fp32", most=2 * 64 * 64 * 4)
    names = [f"model-0000{number}-of-00003.safetensors" for number in (1, 2, 3)]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert [place.file for _, place in sorted(place_weights(tmp_path).items())] == [
        names[number] for number in (0, 0, 1, 1, 2)
    ]
    read = load_weights(tmp_path)
    assert set(read) == set(state)
    assert all(torch.equal(read[name], state[name]) for name in state)
    (tmp_path / names[1]).unlink()
    with pytest.raises(ModelError, match=r"model-00002-of-00003\.safetensors: the file is missing"):
        load_weights(tmp_path)


@pytest.mark.parametrize(
    ("value", "scale"),
    [((0, 10**12), (0, 1)), ((1, 100_000), (100_000, 1)), ((4, 6), (4, 4)), ((4, 6), (4, 0)), ((10,), (1,))],
)
def test_scales_that_do_not_fit_are_refused_before_anything_grows(
    tmp_path: Path, value: tuple[int, ...], scale: tuple[int, ...]
) -> None:
    state = {"m": torch.zeros(value, dtype=torch.uint8), "m" + SCALE: torch.zeros(scale, dtype=torch.float16)}
    save_file(state, tmp_path / "model.safetensors")
    if value[0]:
        with pytest.raises(ModelError, match=r"weight 'm': expected scales for blocks of its rows"):
            load_weights(tmp_path)
    else:
        assert load_weights(tmp_path)["m"].shape == value


@pytest.mark.parametrize("content", [b"", b"\xff" * 8, (2**40).to_bytes(8, "little") + b"{}"])
def test_a_damaged_file_of_weights_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(ModelError, match=r"model\.safetensors: cannot be read"):
        load_weights(tmp_path)


def test_blocks_divide_the_row() -> None:
    assert [block_size(columns) for columns in (768, 96, 48, 50)] == [64, 32, 16, 0]


@lru_cache
def traced(encoder_folder: Path, width: int) -> tuple[StanceNetwork, onnx.ModelProto]:
    """A network and its graph, which takes seconds to make."""
    encoder = load_encoder(EncoderChoice(str(encoder_folder))).network
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        network = StanceNetwork(encoder, HeadConfig(hidden=48, heads=4, width=width)).eval()
    return network, trace_network(network)


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
@pytest.mark.parametrize("width", [0, 24])
def test_the_graph_reads_what_further_training_reads(
    tmp_path: Path, encoder_folder: Path, precision: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, whole = traced(encoder_folder, width)
    network = copy.deepcopy(made)
    monkeypatch.setattr(weights.save_weights, "__kwdefaults__", weights.save_weights.__kwdefaults__ | {"most": 40_000})
    export_network(network, tmp_path, precision=precision, graph=whole)
    assert len(list_weights(tmp_path)) > 1
    graph = onnx.load(str(tmp_path / "model.onnx"), load_external_data=False).graph
    inside = [item for item in graph.initializer if item.data_location != onnx.TensorProto.EXTERNAL]
    assert all(numpy_helper.to_array(item).size < 1024 for item in inside)
    small = {value.numpy().tobytes() for value in made.state_dict().values() if 40 < value.numel() < 1024}
    assert not small & {numpy_helper.to_array(item).tobytes() for item in inside}, "a weight lies in the folder twice"
    kinds = {place.dtype for place in place_weights(tmp_path).values()}
    assert ("U8" in kinds) == (precision == "int8")
    network.load_state_dict(load_weights(tmp_path))
    ids, mask = torch.randint(4, 14, (2, 9)), torch.ones(2, 9, dtype=torch.long)
    mentions, queries = torch.zeros(2, 3, 9), torch.randn(3, 48)
    mentions[0, 1, 2:4] = 1
    with torch.inference_mode():
        expected, pooled = network(ids, mask, mentions, queries)
    batch = Batch(ids.numpy(), mask.numpy(), mentions.numpy())
    found = OnnxNetwork(tmp_path / "model.onnx").run(batch, queries.numpy())
    torch.testing.assert_close(torch.from_numpy(found.scores), expected, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(torch.from_numpy(found.pooled), pooled, atol=1e-4, rtol=1e-4)


def test_a_graph_may_not_read_outside_its_folder(tmp_path: Path, encoder_folder: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    network, whole = traced(encoder_folder, 0)
    export_network(network, folder, graph=whole)
    OnnxNetwork(folder / "model.onnx")
    (folder / "model.safetensors").rename(tmp_path / "model.safetensors")
    model = onnx.load(str(folder / "model.onnx"), load_external_data=False)
    for item in model.graph.initializer:
        for entry in item.external_data:
            if entry.key == "location":
                entry.value = "../model.safetensors"
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="cannot load the network"):
        OnnxNetwork(folder / "model.onnx")
