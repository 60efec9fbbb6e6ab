"""How long it takes until the first result is there: results/cold_start.json.

`import stance`, and `stance predict` on a file of one paragraph, each in processes of their own, in turn. Files are in
the system's cache after the first round, which is not counted.

Run on a machine that does nothing else: python benchmarks/cold_start.py [--rounds 20]
"""

from __future__ import annotations

import argparse
import json
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from speed import describe_machine

HERE = Path(__file__).parent
RESULT = HERE / "results" / "cold_start.json"
TEXT = "NATO has long kept the peace in Europe, and its critics have never offered anything that could replace it.\n"


def main() -> None:
    """Measure, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "one.txt"
        file.write_text(TEXT, encoding="utf-8")
        commands = {"import stance": [sys.executable, "-c", "import stance"]}
        for model in ("base", "small"):
            commands[model] = [sys.executable, "-m", "stance", "predict", str(file), "--model", model]
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        for number in range(arguments.rounds + 1):
            for name, command in commands.items():
                start = time.perf_counter()
                subprocess.run(command, check=True, capture_output=True, cwd=HERE.parent)
                if number:
                    seconds[name].append(time.perf_counter() - start)
    report = {
        "command": shlex.join(["python", "benchmarks/cold_start.py", *sys.argv[1:]]),
        "machine": describe_machine(),
        "rounds": arguments.rounds,
        "seconds": {name: summary(found) for name, found in seconds.items()},
    }
    RESULT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


def summary(seconds: list[float]) -> dict[str, float]:
    """Give the least, the median, the ninth tenth and the most."""
    tenths = statistics.quantiles(seconds, n=10)
    found = {
        "least": min(seconds),
        "median": statistics.median(seconds),
        "ninth tenth": tenths[-1],
        "most": max(seconds),
    }
    return {name: round(value, 3) for name, value in found.items()}


if __name__ == "__main__":
    main()
