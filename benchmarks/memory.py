"""Measure import time, first call, throughput and peak memory with 1,000 paragraphs; write results/memory.json.

Each figure comes from a process of its own. Run: python benchmarks/memory.py [--data ../shared/corpus]
[--note "on two idle cores"]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

RESULT = Path(__file__).parent / "results" / "memory.json"


def measure(texts: list[str]) -> dict[str, float]:
    """Measure in this process."""
    start = time.perf_counter()
    import stance

    imported = time.perf_counter()
    stance.predict(texts[0])
    first = time.perf_counter()
    stance.predict(texts)
    done = time.perf_counter()
    return {
        "paragraphs": len(texts),
        "import_s": imported - start,
        "first_call_s": first - imported,
        "paragraphs_per_s": len(texts) / (done - first),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    """Run the measurement in a fresh process and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--here", action="store_true", help="measure in this process")
    parser.add_argument("--note", default="", help="what README says of the machine behind the speed")
    arguments = parser.parse_args()
    if arguments.here:
        with (arguments.data / "unlabelled.jsonl").open(encoding="utf-8") as lines:
            texts = [json.loads(line)["text"] for _, line in zip(range(1000), lines, strict=False)]
        print(json.dumps(measure(texts)))
        return
    command = [sys.executable, __file__, "--here", "--data", str(arguments.data)]
    runs = [json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(3)]
    report = {"command": "python benchmarks/memory.py", "note": arguments.note, "runs": runs}
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    for run in runs:
        print({name: round(value, 3) for name, value in run.items()})


if __name__ == "__main__":
    main()
