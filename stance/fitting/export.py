"""Exporting a network: ONNX with 8-bit or fp16 weights for prediction, safetensors for further training."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import save_file

from stance.model.network import StanceNetwork
from stance.model.store import NETWORK_FILE, WEIGHTS_FILE

__all__ = ["PRECISIONS", "export_network", "save_weights"]

PRECISIONS = ("int8", "fp16", "fp32")
"""How the weights of ``model.onnx`` can be stored, the smallest first; they are multiplied in fp32 in any case."""

_OPSET = 20
_BLOCK = 32
"""Weights that share a scale."""
_SMALL = 1024
"""Weights with fewer numbers than this are not worth storing in fp16."""
_TABLE = 4096
"""A lookup table with more rows than this is quantised too; position embeddings are too few to matter."""


def export_network(network: StanceNetwork, folder: Path, *, precision: str = "int8") -> None:
    """Write ``model.onnx`` and ``model.safetensors`` (fp16).

    Args:
        network: The network.
        folder: Where to write; has to exist.
        precision: One of `PRECISIONS`. Weights of 8 bits are multiplied in fp32, too: dynamic int8, which takes a scale
            from each batch, makes a text's scores depend on its neighbours (docs/decisions/0002).
    """
    path = folder / NETWORK_FILE
    _export(network.eval(), path)
    if precision == "int8":
        _quantise(path)
    elif precision == "fp16":
        _halve(path)
    save_weights(network, folder)


def save_weights(network: StanceNetwork, folder: Path) -> None:
    """Write ``model.safetensors``, in fp16."""
    path = folder / WEIGHTS_FILE
    weights = {name: value.half().contiguous() for name, value in network.state_dict().items()}
    path.touch()
    mode = path.stat().st_mode
    save_file(weights, path, metadata={"format": "pt"})
    path.chmod(mode)  # safetensors writes a file that only its owner may read


def _export(network: StanceNetwork, path: Path) -> None:
    batch, length, targets = (torch.export.Dim(name, min=1, max=4096) for name in ("batch", "length", "targets"))
    mentions = torch.zeros(2, 3, 24)
    mentions[0, 1, 3:5] = 1
    example = (
        torch.full((2, 24), 2000),
        torch.ones(2, 24, dtype=torch.long),
        mentions,
        torch.zeros(3, network.config.hidden),
    )
    with warnings.catch_warnings(), _only_errors("torch.onnx"):
        warnings.simplefilter("ignore")  # torch's exporter warns about names of axes and its own deprecations
        program = torch.onnx.export(
            network,
            example,
            dynamo=True,
            verbose=False,
            opset_version=_OPSET,
            input_names=["input_ids", "attention_mask", "mentions", "queries"],
            output_names=["scores", "pooled"],
            dynamic_shapes=(
                {0: batch, 1: length},
                {0: batch, 1: length},
                {0: batch, 1: targets, 2: length},
                {0: targets},
            ),
        )
    if program is None:
        raise RuntimeError("torch.onnx.export gave no program")
    program.save(str(path))
    model = onnx.load(str(path))
    _strip(model)
    onnx.save(model, str(path))


def _strip(model: onnx.ModelProto) -> None:
    """Take out what the exporter notes of the source code, paths of the machine too, and shapes that will not hold."""
    graph = model.graph
    del model.metadata_props[:], graph.metadata_props[:], graph.value_info[:]
    for item in (*graph.node, *graph.initializer, *graph.input, *graph.output):
        del item.metadata_props[:]
        item.doc_string = ""


def _halve(path: Path) -> None:
    """Store large weights in fp16 and widen them when the model is loaded."""
    model = onnx.load(str(path))
    graph = model.graph
    for item in list(graph.initializer):
        if item.data_type == TensorProto.FLOAT and np.prod(item.dims) >= _SMALL:
            graph.initializer.remove(item)
            half = numpy_helper.to_array(item).astype(np.float16)
            graph.initializer.append(numpy_helper.from_array(half, item.name + "_half"))
            graph.node.insert(0, helper.make_node("Cast", [item.name + "_half"], [item.name], to=TensorProto.FLOAT))
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


@contextmanager
def _only_errors(name: str) -> Iterator[None]:
    """Keep a logger from anything below errors: torch's exporter warns that torchvision is absent."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


@contextmanager
def _logging_as_it_was() -> Iterator[None]:
    """Undo what an import does to the root logger: onnxruntime's quantiser gives it a handler and a level."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


def _quantise(path: Path) -> None:
    model = onnx.load(str(path))
    with _logging_as_it_was():
        from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
    logging.getLogger("onnxruntime.quantization.matmul_nbits_quantizer").setLevel(logging.WARNING)
    quantiser = MatMulNBitsQuantizer(model, bits=8, block_size=_BLOCK, is_symmetric=True, accuracy_level=0)
    quantiser.process()
    model = quantiser.model.model
    for node in [node for node in model.graph.node if node.op_type == "Gather"]:
        _quantise_table(model.graph, node)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _quantise_table(graph: onnx.GraphProto, node: onnx.NodeProto) -> None:
    """Store a large lookup table in 8 bits with a scale a row: look up rows, then multiply by their scales."""
    table = next((item for item in graph.initializer if item.name == node.input[0]), None)
    if table is None or len(table.dims) != 2 or table.dims[0] <= _TABLE:
        return
    values = numpy_helper.to_array(table)
    scales = np.maximum(np.abs(values).max(axis=1, keepdims=True), 1e-12) / 127
    small = np.rint(values / scales).astype(np.int8)
    graph.initializer.remove(table)
    graph.initializer.append(numpy_helper.from_array(small, table.name + "_int8"))
    graph.initializer.append(numpy_helper.from_array(scales.astype(np.float32), table.name + "_scale"))
    rows, output = node.input[1], node.output[0]
    nodes = [
        helper.make_node("Gather", [table.name + "_int8", rows], [output + "_int8"], axis=0),
        helper.make_node("Cast", [output + "_int8"], [output + "_float"], to=TensorProto.FLOAT),
        helper.make_node("Gather", [table.name + "_scale", rows], [output + "_scale"], axis=0),
        helper.make_node("Mul", [output + "_float", output + "_scale"], [output]),
    ]
    place = list(graph.node).index(node)
    graph.node.remove(node)
    for offset, new in enumerate(nodes):
        graph.node.insert(place + offset, new)
