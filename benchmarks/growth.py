"""How time and memory of `stance predict` grow with paragraphs, and with targets: results/growth.json.

Run: python benchmarks/growth.py [--paragraphs 1000 10000 100000] [--targets 1 3 10 30] [--model small]

Each figure is a process of its own that reads a file of short paragraphs (one to three sentences of our own) and writes
JSON Lines; times hold the start, too. Targets are measured on the smallest number of paragraphs, in three rounds.
"""

from __future__ import annotations

import argparse
import json
import random
import shlex
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from speed import describe_machine
from streaming import run_alone, write_rows

import stance
from stance.targets import FURTHER_TARGETS

HERE = Path(__file__).resolve().parent
RESULT = HERE / "results" / "growth.json"


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paragraphs", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--targets", type=int, nargs="+", default=[1, 3, 10, 30])
    parser.add_argument("--model", default="small")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for count in given.paragraphs:
            write_rows(folder / f"{count}.jsonl", count, random.Random(0))
        least = min(given.paragraphs)
        rounds = [{count: run(folder, least, given.model, count) for count in given.targets} for _ in range(3)]
        report: dict[str, Any] = {
            "command": shlex.join(["python", "benchmarks/growth.py", *sys.argv[1:]]),
            "machine": describe_machine(),
            "model": given.model,
            "by_paragraphs": {count: run(folder, count, given.model, 3) for count in given.paragraphs},
            "by_targets": {
                "paragraphs": least,
                "seconds": {count: [found[count]["seconds"] for found in rounds] for count in given.targets},
            },
        }
    if 3 in given.targets:
        report["by_targets"]["times_three"] = {
            count: round(median(found[count]["seconds"] / found[3]["seconds"] for found in rounds), 2)
            for count in given.targets
        }
    RESULT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


def run(folder: Path, paragraphs: int, model: str, targets: int) -> dict[str, Any]:
    """Judge a file of rows for some targets; give seconds, rate, and memory."""
    command = [sys.executable, "-m", "stance", "predict", str(folder / f"{paragraphs}.jsonl"), "--model", model]
    command += ["--targets", ",".join(name_targets(targets)), "-o", str(folder / "out.jsonl")]
    found = run_alone(command, paragraphs)
    print(f"{paragraphs} paragraphs, {targets} targets: {found['paragraphs_per_s']} a second", file=sys.stderr)
    return found


def name_targets(count: int) -> list[str]:
    """Name targets: the built-in ones, further ones, and made-up ones after these."""
    known = [target.name for target in (*stance.builtin_targets(), *FURTHER_TARGETS)]
    return [*known, *(f"Quarvania {number}" for number in range(count))][:count]


if __name__ == "__main__":
    main()
