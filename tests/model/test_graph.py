"""Networks from strangers: no file but the weights is read, nothing is larger than its bytes, no loops."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stance.errors import ModelError
from stance.model import store
from stance.model.graph import check_graph

onnx = pytest.importorskip("onnx")
WEIGHTS = {name: (store.find_model() / name).stat().st_size for name in store.list_weights(store.find_model())}


@pytest.fixture
def changed(tmp_path: Path) -> Callable[..., Path]:
    """Writes the default network after a change."""

    def write(change: Callable[[object], None]) -> Path:
        model = onnx.load(store.find_model() / store.NETWORK_FILE, load_external_data=False)
        change(model)
        path = tmp_path / store.NETWORK_FILE
        path.write_bytes(model.SerializeToString())
        return path

    return write


def external(model: object, key: str, value: str) -> None:
    """Change where the first tensor outside of the file is read from."""
    tensor = next(item for item in model.graph.initializer if item.external_data)
    next(entry for entry in tensor.external_data if entry.key == key).value = value


@pytest.mark.parametrize("name", ["base", "small"])
def test_released_networks_pass(name: str) -> None:
    folder = store.find_model(name)
    check_graph(
        folder / store.NETWORK_FILE, {part: (folder / part).stat().st_size for part in store.list_weights(folder)}
    )


@pytest.mark.parametrize(
    "place", ["/etc/passwd", "../secret", "C:\\secret", "tokenizer.json", "", "./" + next(iter(WEIGHTS))]
)
def test_other_files_are_not_read(changed: Callable, place: str) -> None:
    path = changed(lambda model: external(model, "location", place))
    with pytest.raises(ModelError, match=r"tensor .* is read from .*expected a file of weights"):
        check_graph(path, WEIGHTS)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("offset", str(1 << 62), "bytes from 4611686018427387904 on"),
        ("offset", "-1", "not to be read"),
        ("offset", "٣", "not to be read"),
        ("length", "16", "expected in 16 bytes"),
    ],
)
def test_places_beyond_a_file(changed: Callable, key: str, value: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        check_graph(changed(lambda model: external(model, key, value)), WEIGHTS)


def grow(model: object) -> None:
    next(item for item in model.graph.initializer if item.external_data).dims[0] = 1 << 40


def inline(model: object) -> None:
    model.graph.initializer.append(onnx.TensorProto(name="huge", data_type=1, dims=[1 << 20, 1 << 20]))


def negative(model: object) -> None:
    model.graph.initializer.append(onnx.TensorProto(name="less", data_type=1, dims=[-1]))


def constant(model: object) -> None:
    tensor = onnx.TensorProto(name="there", data_type=1, dims=[1], data_location=1)
    tensor.external_data.add(key="location", value="/etc/shadow")
    model.graph.node.append(onnx.helper.make_node("Constant", [], ["x"], value=tensor))


def loop(model: object) -> None:
    inner = onnx.helper.make_graph([], "inner", [], [])
    model.graph.node.append(onnx.helper.make_node("Loop", [], ["x"], body=inner))


def foreign(model: object) -> None:
    model.graph.node.append(onnx.helper.make_node("Run", [], ["x"], domain="com.example"))


def function(model: object) -> None:
    model.functions.add(name="f", domain="d")


def sparse(model: object) -> None:
    model.graph.sparse_initializer.add(dims=[1 << 40])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (grow, "numbers of . bytes, expected in"),
        (inline, r"'huge': of 1099511627776 numbers in \d+ bytes"),
        (negative, "'less': of 18446744073709551615 numbers"),
        (constant, "is read from '/etc/shadow'"),
        (loop, "operator 'Loop' holds a graph"),
        (foreign, "operator 'Run' is of 'com.example'"),
        (function, "holds functions"),
        (sparse, "holds a sparse tensor"),
    ],
)
def test_what_stance_never_writes_is_refused(changed: Callable, change: Callable, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        check_graph(changed(change), WEIGHTS)


@pytest.mark.parametrize(
    "data", [b"", b"no network", b"\x3a\xff\xff\xff\xff\x0f", b"\x38\x01", b"\xff" * 30, b"\x3a\x02\x2a\x7f"]
)
def test_bytes_that_are_no_network(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(data)
    with pytest.raises(ModelError, match="it is no ONNX file"):
        check_graph(path, {})


def test_a_cut_or_flipped_network_never_crashes(tmp_path: Path) -> None:
    whole = (store.find_model("small") / store.NETWORK_FILE).read_bytes()
    path = tmp_path / "model.onnx"
    for at in range(1, 60):
        data = bytearray(whole)
        data[at * 1237 % len(whole)] ^= 1 << at % 8
        path.write_bytes(bytes(data[: len(data) - at % 3]))
        try:
            check_graph(path, {"model.safetensors": 1 << 25})
        except ModelError as error:
            assert "get the model from where you trust it" in str(error)


def test_numbers_of_fields_are_not_taken_modulo(tmp_path: Path) -> None:
    """Readers of protocol buffers cut numbers to 32 bits, so 2**29 + 7 would be a second graph for them alone."""
    data = (store.find_model() / store.NETWORK_FILE).read_bytes()
    key, field = (7 << 3 | 2) | 1 << 32, bytearray()
    while key:
        field.append(key & 127 | (128 if key > 127 else 0))
        key >>= 7
    path = tmp_path / store.NETWORK_FILE
    path.write_bytes(data + bytes(field) + b"\x00")
    with pytest.raises(ModelError, match="a field cannot have number"):
        check_graph(path, WEIGHTS)
