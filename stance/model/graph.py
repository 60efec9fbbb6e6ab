"""What a network's file may hold: looked at before ONNX Runtime opens it, since the file may come from anybody.

By hand, since the package onnx is no dependency of predicting, and ONNX Runtime follows what a file says before it
says what is wrong with it. Read are the few fields of the format (onnx.proto, a protocol buffer) that name tensors and
files.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from stance.errors import ModelError

__all__ = ["check_graph"]

Value: TypeAlias = "int | memoryview"

_MODEL_GRAPH, _MODEL_TRAINING, _MODEL_FUNCTIONS = 7, 20, 25
_GRAPH_NODE, _GRAPH_TENSOR, _GRAPH_SPARSE = 1, 5, 15
_NODE_KIND, _NODE_ATTRIBUTE, _NODE_DOMAIN = 4, 5, 7
_ATTRIBUTE_TENSOR, _ATTRIBUTE_TENSORS = 5, 10
_ATTRIBUTE_INNER = {6: "graph", 11: "graph", 22: "sparse tensor", 23: "sparse tensor"}
_DOMAINS = ("", "ai.onnx", "com.microsoft")
"""Whose operators there may be."""
_SIZES = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 16: 2}
"""Bytes of a number, by its type."""
_EXTERNAL = 1
_PLACES = {"location", "offset", "length", "checksum"}
"""What may be said of a tensor that lies in another file."""
_NUMBERS = 1 << 29
"""Numbers of fields are below this."""
_MOST = 1 << 31
"""Bytes of a network's file: no protocol buffer is larger."""


@dataclass(slots=True)
class _Tensor:
    """What is said of a tensor."""

    dims: list[int] = field(default_factory=list)
    kind: int = 0
    name: str = ""
    location: int = 0
    external: dict[str, str] = field(default_factory=dict)
    size: int = 0


def check_graph(path: Path, weights: Mapping[str, int]) -> None:
    """Refuse a network that reads other files than its weights, or asks for more memory than its files have bytes.

    Args:
        path: The ONNX file.
        weights: Name -> bytes of each file beside it that it may read.

    Raises:
        ModelError: If it is no ONNX file; holds graphs within graphs (loops), functions, or operators of others than
            ONNX and Microsoft; or a tensor lies elsewhere, beyond the end of its file, or is larger than its bytes.
    """
    try:
        if path.stat().st_size > _MOST:
            raise _refused(path, f"it has more than {_MOST} bytes")
        _check_model(path, memoryview(path.read_bytes()), weights)
    except (ValueError, IndexError) as error:
        if isinstance(error, ModelError):
            raise
        raise _refused(path, f"ONNX Runtime cannot load the network: it is no ONNX file ({error})") from error


def _refused(path: Path, why: str) -> ModelError:
    return ModelError(f"{path}: {why}. Such a file was not written by stance; get the model from where you trust it.")


def _check_model(path: Path, data: memoryview, weights: Mapping[str, int]) -> None:
    graphs = 0
    for number, value in _fields(data):
        if number in (_MODEL_TRAINING, _MODEL_FUNCTIONS):
            raise _refused(path, "the network holds functions or graphs for training")
        if number == _MODEL_GRAPH:
            graphs += 1
            _check_main(path, _bytes(value), weights)
    if graphs != 1:
        raise ValueError(f"expected one graph, found {graphs}")


def _check_main(path: Path, graph: memoryview, weights: Mapping[str, int]) -> None:
    for number, value in _fields(graph):
        if number == _GRAPH_SPARSE:
            raise _refused(path, "the network holds a sparse tensor")
        if number == _GRAPH_TENSOR:
            _check_tensor(path, _read_tensor(_bytes(value)), weights)
        elif number == _GRAPH_NODE:
            _check_node(path, _bytes(value), weights)


def _check_node(path: Path, node: memoryview, weights: Mapping[str, int]) -> None:
    kind, domain = "", ""
    attributes = []
    for number, value in _fields(node):
        if number == _NODE_KIND:
            kind = _text(value)
        elif number == _NODE_DOMAIN:
            domain = _text(value)
        elif number == _NODE_ATTRIBUTE:
            attributes.append(_bytes(value))
    if domain not in _DOMAINS:
        raise _refused(path, f"operator {kind!r} is of {domain!r}, expected one of ONNX or Microsoft")
    for attribute in attributes:
        if sum(number == _ATTRIBUTE_TENSOR for number, _ in _fields(attribute)) > 1:
            raise _refused(path, f"operator {kind!r} holds a tensor in parts")
    for number, value in (pair for attribute in attributes for pair in _fields(attribute)):
        if number in _ATTRIBUTE_INNER:
            raise _refused(path, f"operator {kind!r} holds a {_ATTRIBUTE_INNER[number]}")
        if number in (_ATTRIBUTE_TENSOR, _ATTRIBUTE_TENSORS):
            _check_tensor(path, _read_tensor(_bytes(value)), weights)


def _read_tensor(data: memoryview) -> _Tensor:
    found = _Tensor(size=len(data))
    for number, value in _fields(data):
        if number == 1:
            found.dims += [value] if isinstance(value, int) else list(_varints(value))
        elif number == 2:
            found.kind = _number(value)
        elif number == 8:
            found.name = _text(value)
        elif number == 13:
            pair = dict(_fields(_bytes(value)))
            found.external[_text(pair.get(1, memoryview(b"")))] = _text(pair.get(2, memoryview(b"")))
        elif number == 14:
            found.location = _number(value)
    return found


def _check_tensor(path: Path, tensor: _Tensor, weights: Mapping[str, int]) -> None:
    what = f"tensor {tensor.name[:80]!r}"
    numbers = math.prod(tensor.dims)  # a negative dimension reads as more than 2**63
    if tensor.location != _EXTERNAL and not tensor.external:
        if numbers > 2 * tensor.size:  # the narrowest numbers have 4 bits
            raise _refused(path, f"{what}: of {numbers} numbers in {tensor.size} bytes")
        return
    if more := sorted(set(tensor.external) - _PLACES):
        raise _refused(path, f"{what}: says {more[0][:80]!r} of where it lies")
    place = tensor.external.get("location", "")
    if place not in weights:
        known = ", ".join(weights) or "none"
        raise _refused(path, f"{what}: is read from {place!r}, expected a file of weights of the folder ({known})")
    width = _SIZES.get(tensor.kind)
    offset, length = (tensor.external.get(name, "0") for name in ("offset", "length"))
    if width is None or not (offset.isascii() and offset.isdecimal() and length.isascii() and length.isdecimal()):
        raise _refused(path, f"{what}: of type {tensor.kind}, from {offset!r}, {length!r} bytes: not to be read")
    if numbers * width != int(length) or int(offset) + int(length) > weights[place]:
        raise _refused(
            path,
            f"{what}: {numbers} numbers of {width} bytes, expected in {length} bytes from {offset} on in {place} "
            f"of {weights[place]} bytes",
        )


def _fields(data: memoryview) -> Iterator[tuple[int, Value]]:
    """Give the fields of a message: number, and whole number or bytes."""
    at, end = 0, len(data)
    while at < end:
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if not 0 < number < _NUMBERS:  # other readers of the format would take a number modulo 2**29
            raise ValueError(f"a field cannot have number {number}")
        if wire == 0:
            value, at = _varint(data, at)
            yield number, value
            continue
        if wire == 2:
            size, at = _varint(data, at)
        else:
            size = {1: 8, 5: 4}.get(wire, -1)
        if size < 0 or at + size > end:
            raise ValueError(f"field {number} of {end} bytes cannot be read")
        if wire == 2:  # the fields that are read here are no numbers of fixed width: others take those for unknown
            yield number, data[at : at + size]
        at += size


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = data[at]
    if value < 128:  # nearly all
        return value, at + 1
    value = 0
    for place in range(10):
        byte = data[at + place]
        value |= (byte & 127) << (7 * place)
        if byte < 128:
            return value, at + place + 1
    raise ValueError("a number has more than 10 bytes")


def _varints(data: memoryview) -> Iterator[int]:
    at = 0
    while at < len(data):
        value, at = _varint(data, at)
        yield value


def _bytes(value: Value) -> memoryview:
    if isinstance(value, int):
        raise ValueError("expected bytes, found a number")
    return value


def _number(value: Value) -> int:
    if not isinstance(value, int):
        raise ValueError("expected a number, found bytes")
    return value


def _text(value: Value) -> str:
    return os.fsdecode(bytes(_bytes(value)))
