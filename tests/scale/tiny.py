"""A network of a few thousand random weights in a model folder: judges tens of thousands of paragraphs a second.

Its labels mean nothing; they depend on every token and on where targets are mentioned. Also a command:
``python tests/scale/tiny.py FOLDER`` (needs the package onnx).
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from stance.model import store
from stance.schema import LABELS

_SIZE, _VOCABULARY = 16, 2000
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def write_tiny_model(folder: Path) -> Path:
    """Write the folder."""
    folder.mkdir(parents=True)
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *".,:", *_LETTERS, *(f"##{letter}" for letter in _LETTERS)]
    pieces += [f"w{number}" for number in range(_VOCABULARY - len(pieces))]  # other words are spelt
    vocabulary = {piece: place for place, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        "[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / store.TOKENIZER_FILE))
    _write_network(folder / store.NETWORK_FILE)
    default = store.read_config(store.find_model())
    config = dataclasses.replace(
        default, name="tiny", window=256, overlap=8, pad_id=0, format=1, precision="fp32", queries={}
    )
    store.write_config(folder, config)
    store.write_hashes(folder)
    return folder


def _write_network(path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(0)
    weights = {
        "table": random.normal(size=(_VOCABULARY, _SIZE)).astype(np.float32),
        "head": random.normal(size=(_SIZE, len(LABELS))).astype(np.float32),
        "one": np.array([1], dtype=np.int64),
        "two": np.array([2], dtype=np.int64),
    }
    steps = [
        ("Gather", ["table", "input_ids"], "tokens"),
        ("Cast", ["attention_mask"], "mask"),
        ("Unsqueeze", ["mask", "two"], "wide"),
        ("Mul", ["tokens", "wide"], "kept"),
        ("ReduceSum", ["kept", "one"], "sum"),
        ("ReduceSum", ["wide", "one"], "count"),
        ("Div", ["sum", "count"], "pooled"),
        ("MatMul", ["mentions", "tokens"], "named"),
        ("Unsqueeze", ["pooled", "one"], "text"),
        ("Mul", ["text", "queries"], "asked"),
        ("Add", ["named", "asked"], "state"),
        ("MatMul", ["state", "head"], "scores"),
    ]
    attributes = {"Cast": {"to": TensorProto.FLOAT}, "ReduceSum": {"keepdims": 0}}
    nodes = [helper.make_node(kind, given, [made], **attributes.get(kind, {})) for kind, given, made in steps]
    shapes = {
        "input_ids": (TensorProto.INT64, ["windows", "length"]),
        "attention_mask": (TensorProto.INT64, ["windows", "length"]),
        "mentions": (TensorProto.FLOAT, ["windows", "targets", "length"]),
        "queries": (TensorProto.FLOAT, ["targets", _SIZE]),
        "scores": (TensorProto.FLOAT, ["windows", "targets", len(LABELS)]),
        "pooled": (TensorProto.FLOAT, ["windows", _SIZE]),
    }
    values = [helper.make_tensor_value_info(name, *shape) for name, shape in shapes.items()]
    constants = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "tiny", values[:4], values[4:], constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))


if __name__ == "__main__":
    write_tiny_model(Path(sys.argv[1]))
