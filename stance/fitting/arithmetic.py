"""Products of whole numbers: how an exported network multiplies token states with the encoder's matrices in 8 bits.

Each token's state is divided by a step of its own (its largest number / 127) and rounded; each output's weights by
theirs (/ 63: seven bits, so that two products fit the 16 bits in which processors without VNNI add them). Rounding
sees one token at a time, so what a text gets does not depend on the texts beside it (docs/decisions/0018).

The graph is written by hand, since ONNX Runtime's own dynamic quantiser takes one step for all tokens of a batch.
"""

from __future__ import annotations

import copy

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from stance.model.network import StanceNetwork

__all__ = ["ARITHMETIC", "Products", "imitate_int8"]

ARITHMETIC = ("fp32", "int8")
"""What a network's large matrices are multiplied in."""

_STEPS, _WEIGHT_STEPS, _LEAST = 127, 63, 1e-12
_ZERO = 128
_CONSTANTS = {
    "int8 last": np.array([-1]),
    "int8 steps": np.float32(1 / _STEPS),
    "int8 weight steps": np.float32(1 / _WEIGHT_STEPS),
    "int8 least": np.float32(_LEAST),
    "int8 one": np.float32(1.0),
    "int8 zero": np.uint8(_ZERO),
}


class Products:
    """Writes a graph's products with constant matrices as products of whole numbers.

    Args:
        graph: The graph; gets the constants that are needed.
        domain: Domain of ONNX Runtime's own operators.
    """

    def __init__(self, graph: onnx.GraphProto, domain: str) -> None:
        self._domain = domain
        self._rounded: dict[str, str] = {}
        graph.initializer.extend(numpy_helper.from_array(np.asarray(value), name) for name, value in _CONSTANTS.items())

    def weigh(self, matrix: str, name: str) -> list[onnx.NodeProto]:
        """Round a matrix; all of it is constant, so it is done once, when the graph is loaded.

        Bytes are turned, not numbers, and rows are rounded, not columns: it takes a tenth of the time.

        Args:
            matrix: Its name in the graph, in fp32, rows being outputs.
            name: What products know it by.
        """
        return [
            helper.make_node("Abs", [matrix], [f"{name} int8 size"]),
            helper.make_node("ReduceMax", [f"{name} int8 size", "int8 last"], [f"{name} int8 most"], keepdims=0),
            helper.make_node("Mul", [f"{name} int8 most", "int8 weight steps"], [f"{name} int8 raw step"]),
            helper.make_node("Max", [f"{name} int8 raw step", "int8 least"], [f"{name} int8 step"]),
            helper.make_node(
                "QuantizeLinear",
                [matrix, f"{name} int8 step"],
                [f"{name} int8 rows"],
                axis=0,
                output_dtype=TensorProto.INT8,
            ),
            helper.make_node("Transpose", [f"{name} int8 rows"], [f"{name} int8"], perm=[1, 0]),
        ]

    def multiply(self, node: onnx.NodeProto) -> list[onnx.NodeProto]:
        """Give the nodes in place of a product with a matrix that was given to `weigh`, and perhaps a bias."""
        state, matrix, *bias = node.input
        output = node.output[0]
        nodes = [] if state in self._rounded else self._round(state)
        self._rounded[state] = f"{state} int8"
        product = f"{output} int8 product"
        scaled = f"{output} int8 scaled" if bias else output
        return [
            *nodes,
            helper.make_node(
                "MatMulIntegerToFloat",
                [f"{state} int8", f"{matrix} int8", "int8 one", f"{matrix} int8 step", "int8 zero"],
                [product],
                domain=self._domain,
            ),
            helper.make_node("Mul", [product, f"{state} int8 step"], [scaled]),
            *([helper.make_node("Add", [scaled, *bias], [output])] if bias else []),
        ]

    def _round(self, state: str) -> list[onnx.NodeProto]:
        """Round states, each token by a step of its own; once for all products with them."""
        return [
            helper.make_node("Abs", [state], [f"{state} int8 size"]),
            helper.make_node("ReduceMax", [f"{state} int8 size", "int8 last"], [f"{state} int8 most"], keepdims=1),
            helper.make_node("Mul", [f"{state} int8 most", "int8 steps"], [f"{state} int8 raw step"]),
            helper.make_node("Max", [f"{state} int8 raw step", "int8 least"], [f"{state} int8 step"]),
            helper.make_node("Div", [state, f"{state} int8 step"], [f"{state} int8 parts"]),
            helper.make_node("QuantizeLinear", [f"{state} int8 parts", "int8 one", "int8 zero"], [f"{state} int8"]),
        ]


class _Int8Linear(nn.Module):
    """A linear layer as the graph computes it, in torch."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        step = (layer.weight.detach().abs().amax(1, keepdim=True) / _WEIGHT_STEPS).clamp(min=_LEAST)
        self.weight = nn.Parameter((layer.weight.detach() / step).round() * step, requires_grad=False)
        self.bias = layer.bias

    def forward(self, state: Tensor) -> Tensor:
        """Multiply."""
        step = (state.abs().amax(-1, keepdim=True) / _STEPS).clamp(min=_LEAST)
        return nn.functional.linear((state / step).round() * step, self.weight, self.bias)


def imitate_int8(network: StanceNetwork) -> StanceNetwork:
    """Give a copy that computes in torch what the exported network computes in whole numbers, but for the last bits.

    Args:
        network: The network, left as it is.

    Returns:
        The copy, for measuring; it cannot be trained.
    """
    copied = copy.deepcopy(network)
    encoder: nn.Module = copied.encoder
    for name, layer in list(encoder.named_modules()):
        if isinstance(layer, nn.Linear):
            around, _, last = name.rpartition(".")
            setattr(encoder.get_submodule(around), last, _Int8Linear(layer))
    return copied.eval()
