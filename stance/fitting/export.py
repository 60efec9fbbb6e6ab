"""Exporting a network: its weights in safetensors, once, and a graph in ONNX that reads them from there."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from stance.fitting.arithmetic import Products
from stance.fitting.tracing import trace_network
from stance.model.network import StanceNetwork
from stance.model.store import NETWORK_FILE, list_weights
from stance.model.weights import SCALE, SMALL, ZERO, Place, block_size, place_weights, save_weights

__all__ = ["PRECISIONS", "export_network", "write_graph"]

PRECISIONS = ("int8", "fp16", "fp32")
"""How the weights can be stored, the smallest first; what they are multiplied in is `ARITHMETIC`'s to say."""

_MICROSOFT = "com.microsoft"
_TABLE = 4096
"""A lookup table with more rows than this is quantised too; position embeddings are too few to matter."""
_WIDENED = 16_000_000
"""Numbers in matrices up to which they become fp32 when a network is loaded: products are then 10 to 20 % faster (they
were packed before), at 4 bytes a number; with more, bytes stay bytes in memory (docs/decisions/0016)."""
_TYPES = {"F32": TensorProto.FLOAT, "F16": TensorProto.FLOAT16, "U8": TensorProto.UINT8, "I8": TensorProto.INT8}
"""Number types: what safetensors and what ONNX call them."""


@dataclass(frozen=True, slots=True)
class _Use:
    """What a large weight is in the graph.

    Attributes:
        initializer: Its name there, which the exporter may have changed.
        weight: Its name in the network.
        turned: Whether the graph holds it transposed.
        kind: ``"matrix"`` if it is only multiplied with, ``"shaped"`` if it is multiplied with in another shape,
            ``"table"`` if rows are looked up in it; else empty.
    """

    initializer: str
    weight: str
    turned: bool
    kind: str


def export_network(
    network: StanceNetwork,
    folder: Path,
    *,
    precision: str = "int8",
    bits: int = 8,
    arithmetic: str = "fp32",
    graph: onnx.ModelProto | None = None,
) -> None:
    """Write ``model.safetensors`` or its parts, and ``model.onnx``, which reads its large weights from there.

    Args:
        network: The network.
        folder: Where to write; has to exist.
        precision: One of `PRECISIONS`.
        bits: How many bits of a byte ``"int8"`` uses, 4 to 8.
        arithmetic: One of `stance.fitting.arithmetic.ARITHMETIC`: what the encoder's matrices are multiplied in.
        graph: What `trace_network` gave of the network, which is left as it is; None traces it anew.
    """
    model = _copy(graph or trace_network(network))
    state = network.state_dict()
    uses = _find_uses(model.graph, {name: value.numpy() for name, value in state.items() if value.numel() >= SMALL})
    for name in list_weights(folder):  # of an attempt with another precision
        (folder / name).unlink()
    save_weights(
        state,
        folder,
        precision="fp32" if precision == "fp32" else "fp16",
        quantised=_agreed(uses) if precision == "int8" else {},
        bits=bits,
    )
    _write(model, uses, folder, arithmetic)


def write_graph(network: StanceNetwork, folder: Path, *, arithmetic: str = "fp32") -> None:
    """Write ``model.onnx`` alone, for weights that lie in the folder: what a newer version makes of the same numbers.

    Args:
        network: The network with the folder's own weights, as `stance.model.weights.load_weights` gives them.
        folder: The folder; its weights are left as they are.
        arithmetic: As of `export_network`.
    """
    model = _copy(trace_network(network))
    state = {name: value.numpy() for name, value in network.state_dict().items() if value.numel() >= SMALL}
    _write(model, _find_uses(model.graph, state), folder, arithmetic)


def _copy(graph: onnx.ModelProto) -> onnx.ModelProto:
    model = onnx.ModelProto()
    model.CopyFrom(graph)
    return model


def _write(model: onnx.ModelProto, uses: list[_Use], folder: Path, arithmetic: str) -> None:
    places = place_weights(folder)
    whole = [use for use in uses if _is_whole(use, arithmetic)]
    _point(model.graph, uses, places, {use.weight for use in whole})
    if whole:
        _make_whole(model.graph, whole)
    _share(model.graph, folder, places)
    if any(node.domain == _MICROSOFT for node in model.graph.node):
        model.opset_import.append(helper.make_opsetid(_MICROSOFT, 1))
    path = folder / NETWORK_FILE
    path.write_bytes(model.SerializeToString())
    onnx.checker.check_model(str(path))


def _find_uses(graph: onnx.GraphProto, weights: Mapping[str, npt.NDArray[np.float32]]) -> list[_Use]:
    """Find out which weight each large initializer is, and how it is used: the exporter renames and turns them."""
    known = {_key(value): (name, False) for name, value in weights.items()}
    for name, value in weights.items():
        if value.ndim == 2:
            known.setdefault(_key(value.T), (name, True))
    uses = []
    for item in graph.initializer:
        if item.data_type == TensorProto.FLOAT and np.prod(item.dims) >= SMALL:
            name, turned = known[_key(numpy_helper.to_array(item))]
            uses.append(_Use(item.name, name, turned, _kind(graph, item.name, turned, weights[name])))
    return uses


def _agreed(uses: list[_Use]) -> dict[str, str]:
    """Give the kind of each weight that is of one kind wherever it is used."""
    kinds: dict[str, set[str]] = {}
    for use in uses:
        kinds.setdefault(use.weight, set()).add(use.kind)
    stored = {"matrix": "matrix", "shaped": "matrix", "table": "table"}
    return {name: stored[kind] for name, (kind, *others) in kinds.items() if kind and not others}


def _kind(graph: onnx.GraphProto, name: str, turned: bool, weight: npt.NDArray[np.float32]) -> str:
    users = [node for node in graph.node if name in node.input]
    if all(_multiplies(node, name, turned) for node in users):
        return "matrix" if block_size(weight.shape[1]) else ""
    if all(node.op_type == "Reshape" for node in users) and weight.ndim == 2 and not turned:
        return "shaped" if block_size(weight.shape[1]) else ""
    looked_up = all(node.op_type == "Gather" and node.input[0] == name for node in users)
    return "table" if looked_up and not turned and weight.ndim == 2 and len(weight) > _TABLE else ""


def _multiplies(node: onnx.NodeProto, name: str, turned: bool) -> bool:
    """Tell whether a node is a product with a weight, and perhaps a bias."""
    if list(node.input).index(name) != 1:
        return False
    given = {item.name: helper.get_attribute_value(item) for item in node.attribute}
    plain = given == {"alpha": 1.0, "beta": 1.0, "transA": 0, "transB": 1}
    return turned if node.op_type == "MatMul" else node.op_type == "Gemm" and plain and not turned


def _key(value: npt.NDArray[np.float32]) -> tuple[tuple[int, ...], bytes]:
    return value.shape, hashlib.sha256(np.ascontiguousarray(value).tobytes()).digest()


def _is_whole(use: _Use, arithmetic: str) -> bool:
    """Tell whether a weight is multiplied in whole numbers: the encoder's matrices, which every token is."""
    return arithmetic == "int8" and use.kind == "matrix" and use.weight.startswith("encoder.")


def _make_whole(graph: onnx.GraphProto, uses: list[_Use]) -> None:
    """Multiply with matrices, which are there in fp32 as constants, in whole numbers."""
    products = Products(graph, _MICROSOFT)
    for node in list(graph.node):
        use = next((use for use in uses if use.initializer in list(node.input)[1:2]), None)
        if use and node.op_type in ("MatMul", "Gemm"):
            _replace(graph, node, products.multiply(node))
    for node in [node for node in graph.node if node.output[0] in {use.initializer for use in uses if use.turned}]:
        graph.node.remove(node)  # a transposed matrix that nothing takes any more
    first = next(at for at, node in enumerate(graph.node) if node.op_type == "MatMulIntegerToFloat")
    weighed = [new for use in uses for new in products.weigh(_wide(use), use.initializer)]
    _put(graph, _constant_end(graph, first, {_wide(use) for use in uses}), weighed)


def _point(graph: onnx.GraphProto, uses: list[_Use], places: Mapping[str, Place], unpacked_too: set[str]) -> None:
    """Take large weights out of a graph and let it read them from the files of weights.

    Args:
        graph: The graph; changed in place.
        uses: Its large weights.
        places: Where each stored tensor lies in the files.
        unpacked_too: Weights that are needed in fp32, however many numbers there are.
    """
    for item in [item for item in graph.initializer if item.name in {use.initializer for use in uses}]:
        graph.initializer.remove(item)
    packed = {use.weight for use in uses if use.kind in ("matrix", "shaped") and use.weight + SCALE in places}
    wide = sum(math.prod(places[name].shape) for name in packed) <= _WIDENED
    for use in {use.weight: use for use in uses}.values():
        scaled = use.weight + SCALE in places
        unpacked = wide or use.kind == "shaped" or use.weight in unpacked_too
        shape = places[use.weight].shape
        if scaled:
            scales = places[use.weight + SCALE].shape
            if use.weight in packed:
                shape = shape if unpacked else (*scales, shape[1] // scales[1])
                graph.node.insert(0, _cast(_stored(use.weight + SCALE), _scales(use)))
            graph.initializer.append(_external(use.weight + SCALE, places, scales))
        graph.initializer.append(_external(use.weight, places, shape))
    for use in uses:
        if use.weight + SCALE not in places:
            _insert(graph, _widened(use))
        elif use.kind == "shaped" or (use.kind == "matrix" and (wide or use.weight in unpacked_too)):
            scales = places[use.weight + SCALE].shape
            _insert(graph, _unpacked(graph, use, scales, places[use.weight].shape[1]))
        elif not use.kind:
            raise ValueError(f"{use.weight} is stored in bytes, and this graph needs it as it is: train it again")
        else:
            for node in [node for node in graph.node if use.initializer in node.input]:
                _replace(graph, node, _multiplied(node, use, places) if use.kind == "matrix" else _looked_up(node, use))


def _share(graph: onnx.GraphProto, folder: Path, places: Mapping[str, Place]) -> None:
    """Let a graph read its small weights from the files, too, where they are stored as they are."""
    stored = {}
    for place in (place for place in places.values() if place.dtype == "F32"):
        with (folder / place.file).open("rb") as file:
            file.seek(place.offset)
            stored[place.shape, file.read(place.length)] = place
    for item in graph.initializer:
        if item.data_type == TensorProto.FLOAT and item.data_location != TensorProto.EXTERNAL:
            same = stored.get((tuple(item.dims), numpy_helper.to_array(item).tobytes()))
            if same:
                item.CopyFrom(_located(item.name, same, same.shape))


def _external(name: str, places: Mapping[str, Place], shape: tuple[int, ...]) -> onnx.TensorProto:
    return _located(_stored(name), places[name], shape)


def _located(name: str, place: Place, shape: tuple[int, ...]) -> onnx.TensorProto:
    tensor = onnx.TensorProto(name=name, data_type=_TYPES[place.dtype], dims=shape)
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", place.file), ("offset", place.offset), ("length", place.length)):
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def _stored(name: str) -> str:
    return f"stored {name}"  # the exporter keeps some weights' names, so ours have to differ


def _scales(use: _Use) -> str:
    return _stored(use.weight + SCALE) + " wide"


def _wide(use: _Use) -> str:
    """Name a weight in fp32 with its rows as the network has them."""
    return use.initializer + " wide" if use.turned else use.initializer


def _cast(given: str, wide: str) -> onnx.NodeProto:
    return helper.make_node("Cast", [given], [wide], to=TensorProto.FLOAT)


def _widened(use: _Use) -> list[onnx.NodeProto]:
    """Make fp32 of a weight as it is stored, and turn it as the graph wants it."""
    turn = [helper.make_node("Transpose", [_wide(use)], [use.initializer])] if use.turned else []
    return [_cast(_stored(use.weight), _wide(use)), *turn]


def _unpacked(graph: onnx.GraphProto, use: _Use, scales: tuple[int, ...], columns: int) -> list[onnx.NodeProto]:
    """Make fp32 of a matrix of bytes; all of it is constant, so it is done once, when the graph is loaded."""
    name = use.initializer
    zero = "zeros of " + " ".join(map(str, scales))
    if all(item.name != zero for item in graph.initializer):
        graph.initializer.append(numpy_helper.from_array(np.full(scales, ZERO, dtype=np.uint8), zero))
    return [
        helper.make_node(
            "DequantizeLinear",
            [_stored(use.weight), _scales(use), zero],
            [_wide(use)],
            axis=1,
            block_size=columns // scales[1],
        ),
        *([helper.make_node("Transpose", [_wide(use)], [name])] if use.turned else []),
    ]


def _multiplied(node: onnx.NodeProto, use: _Use, places: Mapping[str, Place]) -> list[onnx.NodeProto]:
    """Multiply with a matrix of bytes."""
    (rows, columns), blocks = places[use.weight].shape, places[use.weight + SCALE].shape[1]
    output, bias = node.output[0], list(node.input[2:])
    product = output + "_product" if bias else output
    return [
        helper.make_node(
            "MatMulNBits",
            [node.input[0], _stored(use.weight), _scales(use)],
            [product],
            domain=_MICROSOFT,
            K=columns,
            N=rows,
            bits=8,
            block_size=columns // blocks,
        ),
        *([helper.make_node("Add", [product, *bias], [output])] if bias else []),
    ]


def _looked_up(node: onnx.NodeProto, use: _Use) -> list[onnx.NodeProto]:
    """Look up rows of bytes, then multiply by their scales."""
    rows, output = node.input[1], node.output[0]
    return [
        helper.make_node("Gather", [_stored(use.weight), rows], [output + "_int8"], axis=0),
        _cast(output + "_int8", output + "_float"),
        helper.make_node("Gather", [_stored(use.weight + SCALE), rows], [output + "_half"], axis=0),
        _cast(output + "_half", output + "_scale"),
        helper.make_node("Mul", [output + "_float", output + "_scale"], [output]),
    ]


def _insert(graph: onnx.GraphProto, nodes: list[onnx.NodeProto]) -> None:
    """Put nodes before all others but casts of scales, which they may need."""
    _put(graph, next((at for at, node in enumerate(graph.node) if not node.input[0].startswith(_stored(""))), 0), nodes)


def _constant_end(graph: onnx.GraphProto, before: int, names: set[str]) -> int:
    """Give the place after the last of the nodes before another that make tensors of some names."""
    return max((at + 1 for at, node in enumerate(graph.node) if at < before and names & set(node.output)), default=0)


def _put(graph: onnx.GraphProto, place: int, nodes: list[onnx.NodeProto]) -> None:
    for offset, new in enumerate(nodes):
        graph.node.insert(place + offset, new)


def _replace(graph: onnx.GraphProto, node: onnx.NodeProto, by: list[onnx.NodeProto]) -> None:
    place = list(graph.node).index(node)
    graph.node.remove(node)
    _put(graph, place, by)
