"""Break in as strangers and accidents do, and see that nothing gives way: "Broken into" in docs/reliability.md.

    python benchmarks/break_ins.py                      # result in results/break_ins.json (part of make faults-rest)
    python benchmarks/break_ins.py --only signals       # one case, or several; writes only with --output

Cases are those of break_ins_commands.py and break_ins_server.py, small and sure; each works in a folder of its own with
the tiny model of tests/scale/tiny.py. Each try counts what was seen; what does not hold is named, and the exit status
is 1. Commands and server are broken into side by side: half of the time a case waits for the server's own limits.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

from break_ins_commands import CASES as COMMAND_CASES
from break_ins_server import CASES as SERVER_CASES
from break_ins_server import ROOT, Told
from streaming import write_tiny

RESULT = ROOT / "benchmarks" / "results" / "break_ins.json"
CASES: dict[str, Callable[[Path], Told]] = {**COMMAND_CASES, **SERVER_CASES}


def processor_seconds() -> float:
    """Give the processor time of this process and all that it started and that ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def run_all(names: list[str]) -> dict[str, Told]:
    """Do what the cases say, each in a folder of its own beside the tiny model; those of one file in turn."""
    stopped = Event()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder).resolve()
        write_tiny(place / "tiny")
        with ThreadPoolExecutor(max_workers=2) as pool:
            lanes = [[name for name in names if name in cases] for cases in (COMMAND_CASES, SERVER_CASES)]
            running = [pool.submit(_run, lane, place, stopped) for lane in lanes]
            try:
                told = dict(pair for lane in running for pair in lane.result())
            except BaseException:
                stopped.set()
                raise
    return {name: told[name] for name in names}


def _run(names: list[str], place: Path, stopped: Event) -> list[tuple[str, Told]]:
    """Do what some cases say, one after the other."""
    pairs: list[tuple[str, Told]] = []
    for name in names:
        if stopped.is_set():
            break
        begun = time.monotonic()
        work = place / f"case{list(CASES).index(name)}"
        work.mkdir()
        told = CASES[name](work)
        lines = [f"{'FAIL' if told.failed else 'ok  '} {name}: {dict(told.found)} ({time.monotonic() - begun:.0f} s)"]
        sys.stdout.write("\n     ".join([*lines, *told.failed]) + "\n")
        sys.stdout.flush()
        pairs.append((name, told))
    return pairs


def main() -> int:
    """Run as the head of this file says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", metavar="NAME", choices=list(CASES), help=", ".join(CASES))
    parser.add_argument("--output", type=Path, help=f"where to write (default: {RESULT.name}, for all cases)")
    given = parser.parse_args()
    os.environ["PYTHONPATH"] = str(ROOT)  # what is started is of this checkout, wherever it works
    for sent in (signal.SIGINT, signal.SIGHUP):  # nohup, or a shell's "&", has what is started ignore them, too
        if signal.getsignal(sent) == signal.SIG_IGN:
            signal.signal(sent, lambda *_: None)
    told = run_all(list(dict.fromkeys(given.only or CASES)))
    failed = sum(len(one.failed) for one in told.values())
    result = {
        "command": "python benchmarks/break_ins.py" + "".join(f" --only '{name}'" for name in given.only or ()),
        "python": platform.python_version(),
        "system": platform.system(),
        "tried": sum(one.found.total() for one in told.values()),
        "failed": failed,
        "cases": {
            name: {"tried": one.found.total(), "found": dict(sorted(one.found.items())), "failed": one.failed}
            for name, one in told.items()
        },
    }
    output = given.output or (None if given.only else RESULT)
    if output:
        output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"{failed} of {result['tried']} did not hold; {processor_seconds():.0f} s of processor time")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
