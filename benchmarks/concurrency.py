"""One classifier in many threads and processes: equal results, no deadlock, no memory that grows.

    python benchmarks/concurrency.py              # result in results/concurrency.json (make faults-files)

With the tiny model of tests/scale/tiny.py: one classifier judges the same texts from 16 threads at once, from processes
that were forked while it was loaded and had been used (tokenizers keep threads of their own, which a fork does not
copy), and from spawned processes; every probability has to equal that of one thread. A process that hangs is found by a
time limit. Then it is called 10,000 times with texts of changing lengths, and the resident memory is fitted by a line
over the second half of the calls.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import multiprocessing
import os
import platform
import random
import tempfile
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil

import stance
from stance.model.classifier import Classifier
from stance.prediction import load_classifier
from stance.targets import builtin_targets

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "benchmarks" / "results" / "concurrency.json"
_LIMIT = 120
"""Seconds after which a process that has not answered hangs."""


def texts_of(seed: int, count: int = 40) -> list[str]:
    """Make texts of changing lengths."""
    draw = random.Random(seed)
    names = ["NATO", "Washington", "Beijing", "the harvest"]
    return [
        f"{draw.choice(names)} met " + " ".join(f"w{draw.randrange(1900)}" for _ in range(draw.randrange(2, 60))) + "."
        for _ in range(count)
    ]


def judge(folder: str, seed: int) -> list[list[float]]:
    """Judge texts in whatever process and thread this is."""
    found = stance.predict(texts_of(seed), model=folder)
    return [list(row.probabilities.values()) for item in found for row in item.stances.values()]


def in_threads(folder: str, seeds: list[int]) -> list[list[list[float]]]:
    """Judge from 16 threads with one classifier."""
    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(lambda seed: judge(folder, seed), seeds))


def in_processes(folder: str, seeds: list[int], method: str) -> list[list[list[float]]]:
    """Judge from four processes; a time limit finds those that hang."""
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(4, mp_context=context) as pool:
        waiting = [pool.submit(judge, folder, seed) for seed in seeds]
        return [item.result(timeout=_LIMIT) for item in waiting]


def compare(name: str, made: Callable[[], list], wanted: list) -> dict[str, object]:
    """Run a way to judge, and compare with one thread."""
    begun = time.monotonic()
    try:
        found = made()
    except TimeoutError:
        return {"way": name, "ok": False, "why": f"no answer after {_LIMIT} s"}
    far = max(float(np.abs(np.array(one) - np.array(other)).max()) for one, other in zip(found, wanted, strict=True))
    return {"way": name, "ok": far == 0.0, "largest_difference": far, "seconds": round(time.monotonic() - begun, 1)}


def memory_slope(classifier: Classifier, calls: int) -> dict[str, object]:
    """Call again and again; give how many bytes of resident memory a call leaves behind."""
    targets = builtin_targets()
    process = psutil.Process()
    seen = []
    for number in range(calls):
        classifier.predict(texts_of(number % 500, 1 + number % 8), targets)
        if number % 50 == 49:
            seen.append((number, process.memory_info().rss))
    late = np.array(seen[len(seen) // 2 :], dtype=float)
    slope = float(np.polyfit(late[:, 0], late[:, 1], 1)[0])
    return {
        "calls": calls,
        "bytes_a_call": round(slope, 1),
        "mb_at_half": round(late[0, 1] / 2**20, 1),
        "mb_at_end": round(late[-1, 1] / 2**20, 1),
        "ok": slope < 200,
    }


def main() -> int:
    """Run as the head of this file says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--output", type=Path, default=RESULT)
    given = parser.parse_args()
    spec = importlib.util.spec_from_file_location("tiny", ROOT / "tests" / "scale" / "tiny.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    warnings.simplefilter("ignore")  # Python 3.12 warns of forks beside threads, which is what is tried here
    with tempfile.TemporaryDirectory() as work:
        folder = str(module.write_tiny_model(Path(work) / "tiny"))
        seeds = list(range(32))
        wanted = [judge(folder, seed) for seed in seeds]
        found: dict[str, object] = {
            "ways": [
                compare("16 threads", lambda: in_threads(folder, seeds), wanted),
                compare("forked processes", lambda: in_processes(folder, seeds, "fork"), wanted),
                compare("spawned processes", lambda: in_processes(folder, seeds, "spawn"), wanted),
            ],
            "memory": memory_slope(load_classifier(folder), given.calls),
        }
    ok = all(way["ok"] for way in found["ways"]) and found["memory"]["ok"]
    summary = {
        "command": f"python benchmarks/concurrency.py --calls {given.calls}",
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        **found,
        "ok": ok,
    }
    given.output.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))
    return 0 if ok else 1


if __name__ == "__main__":
    raise SystemExit(main())
