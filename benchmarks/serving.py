"""Load on the server: many requests in flight, each answered, memory bounded.

    python benchmarks/serving.py --in-flight 200 --seconds 60     # result in results/serving.json

`stance serve` runs with the tiny model of tests/scale/tiny.py. So many clients ask it as fast as they can, each on a
connection of its own, most of them one text, some a page's worth; who is told to come again later (503 with
Retry-After) asks again after a tenth of a second, which is harder on the server than waiting as long as it says. What
is answered with neither 200 nor such a 503, and what is not answered, is lost.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from streaming import write_tiny

import stance
from stance.cores import usable_cores

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "benchmarks" / "results" / "serving.json"
SHORT = "NATO met on Thursday. It agreed on a plan."
LONG = "\n\n".join(f"{SHORT} China was not invited to meeting {number}; Washington was." for number in range(40))


@dataclass
class Count:
    """What came back."""

    statuses: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


async def ask(port: int, text: str) -> tuple[int, bool]:
    """Send one request; give its status and whether it says when to come again."""
    body = json.dumps({"texts": text}).encode()
    head = (
        f"POST /api/predict HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(head.encode() + body)
        await writer.drain()
        answer = await reader.read()
    finally:
        writer.close()
    lines, _, content = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", lines)
    if length is None or int(length[1]) != len(content):
        raise ConnectionError(f"the answer broke off: {lines[:60]!r}")
    return int(lines.split(b" ", 2)[1]), b"retry-after:" in lines.lower()


async def client(port: int, number: int, end: float, count: Count) -> None:
    """Ask again and again until the time is up."""
    asked = number
    while time.monotonic() < end:
        asked += 1
        begun = time.monotonic()
        try:
            status, again = await asyncio.wait_for(ask(port, LONG if asked % 10 == 0 else SHORT), 150)
        except (TimeoutError, OSError, ValueError) as error:
            count.lost.append(repr(error)[:100])
            continue
        if status == 200:
            count.statuses["200"] += 1
            count.seconds.append(time.monotonic() - begun)
        elif status == 503 and again:
            count.statuses["503 with Retry-After"] += 1
            await asyncio.sleep(0.1)
        else:
            count.lost.append(f"status {status}")


async def load(port: int, process: psutil.Process, in_flight: int, seconds: float) -> dict[str, Any]:
    """Ask with so many clients; give what came back and how much memory the server had."""
    count, end = Count(), time.monotonic() + seconds
    before, memory = process.memory_info().rss, []

    async def watch() -> None:
        while time.monotonic() < end:
            memory.append(process.memory_info().rss)
            await asyncio.sleep(0.5)

    await asyncio.gather(watch(), *(client(port, number, end, count) for number in range(in_flight)))
    waited = sorted(count.seconds)
    half = len(memory) // 2
    return {
        "in_flight": in_flight,
        "seconds": seconds,
        "answered": dict(count.statuses),
        "lost": len(count.lost),
        "lost_examples": sorted(set(count.lost))[:5],
        "seconds_to_200": {
            "median": round(waited[len(waited) // 2], 3) if waited else None,
            "most": round(waited[-1], 3) if waited else None,
        },
        "memory_mb": {
            "before": round(before / 1e6, 1),
            "most_in_first_half": round(max(memory[:half]) / 1e6, 1),
            "most_in_second_half": round(max(memory[half:]) / 1e6, 1),
        },
    }


def main() -> int:
    """Run the load, write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--in-flight", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--output", default=str(RESULT))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = write_tiny(Path(folder) / "tiny")
        command = [sys.executable, "-m", "stance", "serve", "--port", "0", "--model", str(model)]
        log = Path(folder) / "log"
        with log.open("w") as file, subprocess.Popen(command, stderr=file, cwd=ROOT) as server:
            try:
                found = None
                while found is None and server.poll() is None:
                    time.sleep(0.1)
                    found = re.search(r"http://127\.0\.0\.1:(\d+)", log.read_text())
                assert found is not None, log.read_text()
                port = int(found[1])
                asyncio.run(ask(port, SHORT))
                result = asyncio.run(load(port, psutil.Process(server.pid), given.in_flight, given.seconds))
            finally:
                server.terminate()
        told = log.read_text()
    result["tracebacks"] = told.count("Traceback")
    result |= {
        "command": f"python benchmarks/serving.py --in-flight {given.in_flight} --seconds {given.seconds:g}",
        "versions": {"stance": stance.__version__, "python": platform.python_version()},
        "cores": usable_cores(),
        "load": round(psutil.getloadavg()[0], 1),
    }
    Path(given.output).write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))
    return 1 if result["lost"] else 0


if __name__ == "__main__":
    sys.exit(main())
