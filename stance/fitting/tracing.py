"""Tracing a network: the graph of what it computes, with its weights inside, and nothing of the machine."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx
import torch
from onnxscript.optimizer import optimize_ir

from stance.model.network import StanceNetwork
from stance.model.store import NETWORK_FILE
from stance.model.weights import SMALL

__all__ = ["trace_network"]

_OPSET = 21


def trace_network(network: StanceNetwork) -> onnx.ModelProto:
    """Make a graph of a network, with its weights inside; takes seconds to minutes.

    Args:
        network: The network; left in evaluation mode.

    Returns:
        The graph, with nothing of the machine that made it.
    """
    with _plain_attention(network):
        model = _export(network.eval())
    _strip(model)
    return model


def _export(network: StanceNetwork) -> onnx.ModelProto:
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
            optimize=False,
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
    optimize_ir(program.model, input_size_limit=SMALL - 1)  # weights are left as they are, to be found again
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / NETWORK_FILE
        program.save(str(path))
        return onnx.load(str(path))


def _strip(model: onnx.ModelProto) -> None:
    """Take out what the exporter notes of the source code, paths of the machine too, and shapes that will not hold."""
    graph = model.graph
    del model.metadata_props[:], graph.metadata_props[:], graph.value_info[:]
    for item in (*graph.node, *graph.initializer, *graph.input, *graph.output):
        del item.metadata_props[:]
        item.doc_string = ""


@contextmanager
def _plain_attention(network: StanceNetwork) -> Iterator[None]:
    """Write attention as its products: what torch's fused one is exported as guards against rows without any token."""
    config = network.encoder.config
    before = config._attn_implementation
    network.encoder.set_attn_implementation("eager")
    try:
        yield
    finally:
        network.encoder.set_attn_implementation(before)


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
