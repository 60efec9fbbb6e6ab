"""Products of whole numbers: as worked by hand, and what a text gets does not depend on the texts beside it."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from onnx import helper, numpy_helper
from torch import nn

from stance.fitting.arithmetic import Products, _Int8Linear
from stance.model.onnx import ort

pytestmark = pytest.mark.train


def product(matrix: np.ndarray, bias: np.ndarray | None) -> ort.InferenceSession:
    """A product with a matrix whose rows are the outputs."""
    node = helper.make_node("MatMul", ["x", "m", *([] if bias is None else ["b"])], ["y"])
    given = [numpy_helper.from_array(matrix, "m")]
    given += [] if bias is None else [numpy_helper.from_array(bias, "b")]
    shapes = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", None]) for name in ("x", "y")]
    graph = helper.make_graph([], "product", shapes[:1], shapes[1:], given)
    products = Products(graph, "com.microsoft")
    graph.node.extend([*products.weigh("m", "m"), *products.multiply(node)])
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    return ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def test_a_product_is_as_worked_by_hand() -> None:
    matrix = np.array([[0.63, -1.26], [0.314, 0.0]], dtype=np.float32)  # steps 0.01 and 0.02; 0.314 becomes 0.31
    state = np.array([[1.27, 0.504], [0.0, 0.0]], dtype=np.float32)  # step 0.01; 0.504 becomes 0.5
    bias = np.array([1.0, 2.0], dtype=np.float32)
    expected = [[1.27 * 0.63 + 0.5 * 0.31 + 1, 1.27 * -1.26 + 2], [1.0, 2.0]]
    (found,) = product(np.ascontiguousarray(matrix.T), bias).run(None, {"x": state})
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_imitation_computes_what_the_graph_computes() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(96, 40)
    state = torch.randn(50, 96) * torch.rand(50, 1) * 10
    with torch.inference_mode():
        expected = _Int8Linear(layer)(state).numpy()
    session = product(layer.weight.detach().numpy(), layer.bias.detach().numpy())
    (found,) = session.run(None, {"x": state.numpy()})
    step = np.abs(state.numpy()).max(1, keepdims=True) / 127 * 0.2  # of one state that is rounded the other way
    assert (np.abs(found - expected) <= step).all() and np.abs(found - expected).mean() < 1e-4


def test_no_token_sees_another_and_nothing_overflows() -> None:
    random = np.random.default_rng(0)
    matrix = random.choice([-1.0, 1.0], size=(8, 256)).astype(np.float32)  # the largest numbers that there are
    state = np.concatenate([np.ones((1, 256)), random.normal(size=(63, 256)) * 1000]).astype(np.float32)
    session = product(matrix, None)
    (together,) = session.run(None, {"x": state})
    for row in range(64):
        (alone,) = session.run(None, {"x": state[row : row + 1]})
        np.testing.assert_array_equal(alone[0], together[row])
    np.testing.assert_allclose(together[0], matrix.sum(1), rtol=1e-6, atol=1e-4)
