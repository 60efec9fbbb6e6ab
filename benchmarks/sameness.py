"""The same paragraphs judged in every way there is: how far apart are the probabilities? results/sameness.json.

Run: python benchmarks/sameness.py [--paragraphs 200] [--models small base] [--no-ray]
Needs: stance-kit[train,scale] and ../shared/corpus.

Each way is a process of its own. Compared with batches of 32 on all cores: other batch sizes, one thread and two, texts
in another order, one at a time, a Ray cluster of two workers on this machine (Ray Data, and files), torch in place of
ONNX Runtime. Exit status 1 if ONNX Runtime differs from itself by more than 1e-4 anywhere.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.schema import LABELS

HERE = Path(__file__).resolve().parent
RESULT = HERE / "results" / "sameness.json"
MOST = 1e-4
WAYS: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "batches of 32": ("plain", {}, {}),
    "batches of 1": ("plain", {"batch_size": 1}, {}),
    "batches of 64": ("plain", {"batch_size": 64}, {}),
    "batches of 512": ("plain", {"batch_size": 512}, {}),
    "1 thread": ("plain", {}, {"OMP_NUM_THREADS": "1"}),
    "2 threads": ("plain", {}, {"OMP_NUM_THREADS": "2"}),
    "in another order": ("shuffled", {}, {}),
    "one text a call": ("single", {}, {}),
    "files": ("files", {}, {}),
    "Ray, files": ("ray files", {}, {}),
    "Ray, data set": ("ray data", {}, {}),
    "torch": ("plain", {"device": "torch:cpu"}, {}),
}
"""Name -> how it is judged, options of `stance.predict`, the environment's variables."""


def main() -> int:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=HERE.parent.parent / "shared" / "corpus")
    parser.add_argument("--paragraphs", type=int, default=200)
    parser.add_argument("--models", nargs="+", default=["small", "base"])
    parser.add_argument("--no-ray", action="store_true")
    parser.add_argument("--way", help="judge one way, in this process, to --out")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    with (given.data / "unlabelled.jsonl").open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for _, line in zip(range(given.paragraphs), lines, strict=False)]
    if given.way:
        np.save(given.out, judge(given.way, texts, given.models[0]))
        return 0
    ways = [way for way in WAYS if not (given.no_ray and way.startswith("Ray"))]
    report: dict[str, Any] = {
        "command": shlex.join(["python", "benchmarks/sameness.py", *sys.argv[1:]]),
        "paragraphs": len(texts),
        "targets": 3,
        "models": {model: compare(model, ways, given) for model in given.models},
    }
    RESULT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))
    own = [each for found in report["models"].values() for way, each in found.items() if way != "torch"]
    return int(any(each["largest_difference"] > MOST for each in own))


def compare(model: str, ways: list[str], given: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Judge in every way, and compare with the first.

    Args:
        model: Name or folder.
        ways: Names of `WAYS`.
        given: What the command was given.

    Returns:
        Way -> the largest difference of a probability, and the share of labels that are the same.
    """
    found = {}
    with tempfile.TemporaryDirectory() as place:
        for number, way in enumerate(ways):
            out = Path(place) / f"{number}.npy"
            command = [sys.executable, __file__, "--way", way, "--out", str(out), "--models", model]
            command += ["--data", str(given.data), "--paragraphs", str(given.paragraphs)]
            subprocess.run(command, check=True, env=os.environ | WAYS[way][2], stdout=subprocess.DEVNULL)
            found[way] = np.load(out)
            print(f"{model}: {way}", file=sys.stderr)
    first = found[ways[0]]
    return {
        way: {
            "largest_difference": float(f"{np.abs(each - first).max():.2g}"),
            "same_labels": float((each.argmax(-1) == first.argmax(-1)).mean()),
        }
        for way, each in found.items()
    }


def judge(way: str, texts: list[str], model: str) -> npt.NDArray[np.float64]:
    """Judge texts one way.

    Args:
        way: A name of `WAYS`.
        texts: The texts.
        model: Name or folder.

    Returns:
        Probabilities, shape (texts, targets, labels).
    """
    import stance

    kind, options, _ = WAYS[way]
    if kind == "single":
        return table(stance.predict(text, model=model) for text in texts)
    if kind == "shuffled":
        order = list(range(len(texts)))
        random.Random(0).shuffle(order)
        mixed = table(stance.predict([texts[at] for at in order], model=model))
        return mixed[np.argsort(order)]
    if kind == "ray data":
        return on_ray_data(texts, model)
    if kind.endswith("files"):
        return in_files(texts, model, ray=kind.startswith("ray"))
    return table(stance.predict(texts, model=model, **options))


def table(predictions: Iterator[Any] | list[Any]) -> npt.NDArray[np.float64]:
    """Give probabilities, shape (texts, targets, labels)."""
    rows = [[[one.probabilities[label] for label in LABELS] for one in each.stances.values()] for each in predictions]
    return np.array(rows)


def in_files(texts: list[str], model: str, *, ray: bool) -> npt.NDArray[np.float64]:
    """Write the texts to a file, run `stance predict`, and read its output."""
    with tempfile.TemporaryDirectory() as place:
        rows, out = Path(place) / "rows.jsonl", Path(place) / "out.jsonl"
        rows.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
        command = [sys.executable, "-m", "stance", "predict", str(rows), "-o", str(out), "--model", model]
        command += ["--engine", "ray", "--workers", "2"] if ray else []
        subprocess.run(command, check=True, cwd=HERE.parent)
        judged = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    stances = [row["stances"].values() for row in judged]
    return np.array([[[one["probabilities"][label] for label in LABELS] for one in each] for each in stances])


def on_ray_data(texts: list[str], model: str) -> npt.NDArray[np.float64]:
    """Judge a data set of Ray Data with two workers, in batches of 50 rows."""
    import ray

    from stance.scale import Judging
    from stance.scale.ray import Workers, predict

    ray.init(num_cpus=3, include_dashboard=False, log_to_driver=False)  # one core more, to read with
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.execution_options.preserve_order = True
    dataset = ray.data.from_items([{"text": text} for text in texts])
    judged = predict(dataset, judging=Judging(model=model), workers=Workers(2, rows=50)).take_all()
    ray.shutdown()
    names = ["NATO", "US", "China"]
    return np.array([[[row[f"{name}_{label}"] for label in LABELS] for name in names] for row in judged])


if __name__ == "__main__":
    raise SystemExit(main())
