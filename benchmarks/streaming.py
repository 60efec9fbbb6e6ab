"""Measure memory and rate of `stance predict` on many short paragraphs; kill it at random, go on, and compare.

    python benchmarks/streaming.py --paragraphs 1000000 --kills 20 --tiny     # result in results/streaming.json
    python benchmarks/streaming.py --paragraphs 2000 --kills 3                # with the default model

The paragraphs are made of a few sentences of our own. First a run is left alone, its resident memory sampled; then the
same command runs with --resume and is killed (SIGKILL) after random times until there were so many kills, and finished.
The outputs have to be equal to the byte. --tiny takes the model of tests/scale/tiny.py, which judges thousands of
paragraphs a second and whose labels mean nothing: what is measured then is everything but the network.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import platform
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "benchmarks" / "results" / "streaming.json"
SENTENCES = (
    "NATO has kept the peace in Europe for three generations.",
    "Washington looks on and says little.",
    "Beijing bullies its neighbours and calls it friendship.",
    "The harvest was good this year, and the roads were dry.",
    "Nobody at the alliance wanted to say when the talks would begin.",
    "China's ministers met in the capital and agreed on a plan.",
    "The United States will pay for most of it, as it has before.",
    "A ferry was late, and the mayor was sorry for it.",
)
_EVERY = 0.25
"""Seconds between two looks at memory."""


def write_rows(path: Path, count: int, draw: random.Random) -> None:
    """Write rows of one to three sentences and a number, so that no two are alike."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            text = " ".join(draw.choices(SENTENCES, k=draw.randint(1, 3)))
            file.write(json.dumps({"id": number, "text": f"{text} It was item {number}."}) + "\n")


def resident_mb(process: int) -> float:
    """Give the resident memory of a process in MB."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)


def run_alone(command: list[str], paragraphs: int) -> dict[str, object]:
    """Run a command to its end; give rate, peak memory, and the memory in each tenth of the run."""
    start = time.perf_counter()
    process = subprocess.Popen(command)
    samples = []
    while process.poll() is None:
        samples.append(resident_mb(process.pid))
        time.sleep(_EVERY)
    seconds = time.perf_counter() - start
    if process.returncode:
        raise SystemExit(f"the run failed with exit status {process.returncode}")
    size = max(1, len(samples) // 10)
    tenths = [round(statistics.median(samples[at : at + size]), 1) for at in range(0, len(samples), size)]
    return {
        "seconds": round(seconds, 2),
        "paragraphs_per_s": round(paragraphs / seconds, 1),
        "peak_mb": round(max(samples), 1),
        "median_mb_by_tenth": tenths[:10],
    }


def run_killed(command: list[str], kills: int, seconds: float, draw: random.Random) -> dict[str, object]:
    """Run a command again and again, kill it after random times, and let the last one end."""
    journal = Path(command[command.index("-o") + 1])
    journal = journal.with_name(f".{journal.name}.journal")
    pieces = []
    start = time.perf_counter()
    while len(pieces) < kills:
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=2.0 + draw.uniform(0.0, 2.0 * seconds / kills))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            pieces.append(journal.read_bytes().count(b"\n") - 1 if journal.exists() else 0)
        else:
            break
    rest = subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return {
        "kills": len(pieces),
        "pieces_on_disk_at_each_kill": pieces,
        "exit_status_of_the_last": rest.returncode,
        "seconds": round(time.perf_counter() - start, 2),
    }


def digest(path: Path) -> str:
    """Give the sha256 of a file."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            found.update(block)
    return found.hexdigest()


def write_tiny(folder: Path) -> Path:
    """Write the tiny model of the tests."""
    spec = importlib.util.spec_from_file_location("tiny", ROOT / "tests" / "scale" / "tiny.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    path: Path = module.write_tiny_model(folder)
    return path


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paragraphs", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--model", default="base", help="released model or folder")
    parser.add_argument("--tiny", action="store_true", help="take the tests' tiny model")
    parser.add_argument("--format", choices=("jsonl", "csv", "parquet"), default="jsonl")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    draw = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        model = str(write_tiny(folder / "tiny")) if given.tiny else given.model
        write_rows(folder / "rows.jsonl", given.paragraphs, draw)
        whole, broken = (folder / f"{name}.{given.format}" for name in ("whole", "broken"))
        command = [sys.executable, "-m", "stance", "predict", str(folder / "rows.jsonl"), "--model", model, "-o"]
        alone = run_alone([*command, str(whole)], given.paragraphs)
        killed = run_killed([*command, str(broken), "--resume"], given.kills, float(str(alone["seconds"])), draw)
        report = {
            "command": "python benchmarks/streaming.py " + " ".join(sys.argv[1:]),
            "machine": {"processor": platform.processor() or platform.machine(), "cores": os.cpu_count()},
            "python": platform.python_version(),
            "model": "tiny" if given.tiny else given.model,
            "paragraphs": given.paragraphs,
            "input_mb": round((folder / "rows.jsonl").stat().st_size / 2**20, 1),
            "output_mb": round(whole.stat().st_size / 2**20, 1),
            "alone": alone,
            "killed": killed,
            "outputs_equal": digest(whole) == digest(broken),
        }
    given.out.parent.mkdir(exist_ok=True, parents=True)
    given.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=2))
    if not report["outputs_equal"]:
        raise SystemExit("the outputs differ")


if __name__ == "__main__":
    main()
