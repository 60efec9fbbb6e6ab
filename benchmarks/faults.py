"""Kill, fill, block and confuse the commands that write files, and look at what they leave.

    python benchmarks/faults.py --kills 200 --trainings 20      # result in results/faults.json (make faults-files)

Each command runs with a tiny model in a process that is forked from this one, so that it begins at once. It is killed
(SIGKILL) half the times after a random time, half the times at a random event of the file system (a file opened, moved,
removed, a folder made), which finds the short moments in which files are moved. After each kill (whoever had ended
before is no kill) every output has to be the old file or the whole new one; then the command is run to its end, with
--resume where it has that, and its outputs have to equal those of a run that was left alone, byte by byte. Then: a full
disk (a small tmpfs, for root; and a limit on the size of files), a folder that cannot be written to (a read-only
tmpfs), inputs that vanish, two processes on one output, a clock that stands at 1970 and files from the future.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import platform
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from faults_cases import Case, make_cases

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "benchmarks" / "results" / "faults.json"
_OLD = b"what was there before\n"
_EVENTS = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.chmod", "shutil.rmtree"}


@dataclass
class Hooks:
    """What happens to a command from within: told to its process before it starts."""

    die_at: int = 0
    before: Callable[[], None] = lambda: None
    on_event: Callable[[str, tuple], None] = lambda event, args: None
    seen: int = field(default=0, init=False)

    def install(self) -> None:
        """Listen to what the process does; count what happens to files."""

        def hook(event: str, args: tuple) -> None:
            if event not in _EVENTS or (event == "open" and str(args[0]).endswith((".py", ".pyc", ".so"))):
                return
            self.seen += 1
            if self.seen == self.die_at:
                os.kill(os.getpid(), signal.SIGKILL)
            self.on_event(event, args)

        sys.addaudithook(hook)
        self.before()


def start(command: list[str], log: Path, hooks: Hooks | None = None, count: Path | None = None) -> int:
    """Start a command in a forked process; give its number."""
    process = os.fork()
    if process:
        return process
    status = 70
    try:
        with log.open("wb", buffering=0) as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        sys.stdout, sys.stderr = (open(number, "w", closefd=False, encoding="utf-8") for number in (1, 2))  # noqa: SIM115
        hooks = hooks or Hooks()
        hooks.install()
        from stance.cli.app import main

        status = main(command)
        if count:
            count.write_text(str(hooks.seen), encoding="ascii")
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(status)


def wait(process: int) -> int:
    """Give the exit status of a process, negative if a signal ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def finish(command: list[str], log: Path, hooks: Hooks | None = None) -> tuple[int, str]:
    """Run a command to its end; give its status and what it said."""
    status = wait(start(command, log, hooks))
    return status, log.read_text(encoding="utf-8", errors="replace")


def state(path: Path) -> str:
    """Hash a file, or a folder with all that is in it; empty if there is none."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    if not path.is_dir():
        return ""
    found = [(str(item.relative_to(path)), state(item)) for item in sorted(path.rglob("*")) if item.is_file()]
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()


def lay_old(case: Case) -> dict[Path, str]:
    """Lay something at the outputs' places; give its hashes."""
    case.clear()
    for path in case.outputs:
        if case.old_folder:
            shutil.copytree(case.old_folder, path)
        elif case.lays_old:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_OLD)
    return {path: state(path) for path in case.outputs}


def kill_case(case: Case, kills: int, draw: random.Random, log: Path) -> dict[str, object]:
    """Kill a command again and again."""
    count = log.with_suffix(".count")
    lay_old(case)
    begun = time.monotonic()
    assert wait(start(case.command, log, count=count)) == 0, log.read_text(encoding="utf-8")[-500:]
    seconds = time.monotonic() - begun
    events = int(count.read_text(encoding="ascii"))
    new = {path: case.state(path) for path in case.outputs}
    told = {
        "kills": 0,
        "ended_before": 0,
        "old": 0,
        "new": 0,
        "unfinished": 0,
        "torn": 0,
        "resumed_to_other_bytes": 0,
        "errors": [],
    }
    old = lay_old(case)
    for number in range(3 * kills):
        if told["kills"] == kills:
            break
        command = case.resumed if case.in_a_row and number else case.command
        by_event = number % 2 == 1
        process = start(command, log, Hooks(die_at=draw.randint(1, events)) if by_event else None)
        if not by_event:
            time.sleep(draw.uniform(0, seconds))
            os.kill(process, signal.SIGKILL)
        status = wait(process)
        told["kills" if status == -signal.SIGKILL else "ended_before"] += 1
        for path in case.outputs:
            found = state(path)
            kind = "old" if found == old[path] else "new" if case.state(path) == new[path] else "torn"
            if kind == "torn" and path == case.last and not path.exists():
                kind = "unfinished"
            told[kind] += 1
            if kind == "torn":
                told["errors"].append(f"kill {number}: {path.name} is neither")
        if not case.in_a_row or told["kills"] == kills or status == 0:
            status, said = finish(case.resumed, log)
            if status or any(case.state(path) != new[path] for path in case.outputs):
                told["resumed_to_other_bytes"] += 1
                told["errors"].append(f"after kill {number}: status {status}: {said[-300:]}")
            case.clear()
            old = lay_old(case)
    case.clear()
    told["left_over"] = sorted(path.name for path in case.folder.glob(".*") if path.is_file())
    told["ok"] = not told["errors"]
    return told


@contextmanager
def tmpfs(place: Path, options: str) -> Iterator[Path | None]:
    """Mount a small file system; None where that is not allowed."""
    place.mkdir(exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], capture_output=True, check=False
    )
    try:
        yield place if done.returncode == 0 else None
    finally:
        if done.returncode == 0:
            subprocess.run(["umount", str(place)], check=True)


def refused(case: Case, log: Path, hooks: Hooks | None, wanted: str) -> dict[str, object]:
    """Run a command that cannot write; it has to say so in one line and leave what was there."""
    before = {path: state(path) for path in case.outputs}
    status, said = finish(case.command, log, hooks)
    kept = all(state(path) == before[path] for path in case.outputs)
    clear = status == 1 and wanted in said and "Traceback" not in said
    return {"ok": kept and clear, "status": status, "kept": kept, "said": _short(said)}


def _short(said: str) -> str:
    lines = [line for line in said.splitlines() if line.startswith("stance: error")]
    text = lines[-1] if lines else said.strip()[-200:]
    return text.replace(tempfile.gettempdir(), "TMP")[:200]


def fill_disk(case: Case, log: Path, work: Path) -> Iterator[tuple[str, dict[str, object]]]:
    """Let the disk be full, by a limit on files and on a tmpfs."""
    lay_old(case)
    limit = min(case.size() // 2, 1 << 20) if not case.old_folder else 20_000

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    yield "limit on files", refused(case, log, Hooks(before=limited), "cannot be ")
    with tmpfs(work / "small", "size=16k") as place:
        if place is None:
            yield "full tmpfs", {"ok": True, "skipped": "mount is not allowed"}
            return
        moved = case.at(place)
        if case.lays_old and not case.old_folder:
            moved.outputs[0].parent.mkdir(exist_ok=True)
            moved.outputs[0].write_bytes(b"old")
        (place / "filler").write_bytes(b"")
        fill = os.open(place / "filler", os.O_WRONLY)
        try:
            while True:
                os.write(fill, b"x" * 512)
        except OSError:
            pass
        os.close(fill)
        yield "full tmpfs", refused(moved, log, None, "cannot be ")


def block(case: Case, log: Path, work: Path) -> dict[str, object]:
    """Write to a folder that cannot be written to."""
    with tmpfs(work / "fixed", "size=16k") as place:
        if place is None:
            return {"ok": True, "skipped": "mount is not allowed"}
        moved = case.at(place)
        if case.lays_old and not case.old_folder:
            moved.outputs[0].parent.mkdir(exist_ok=True)
            moved.outputs[0].write_bytes(b"old")
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        return refused(moved, log, None, "cannot be ")


def share(case: Case, log: Path) -> dict[str, object]:
    """Let two processes write one output: the second is refused, the first is whole."""
    lay_old(case)
    seen: list[str] = []

    def stop(event: str, args: tuple) -> None:
        seen.extend([event] * (bool(seen) or str(args[0]).endswith((".part", ".journal", ".lock"))))
        if len(seen) == 3:  # opened, made a file object of, locked
            os.kill(os.getpid(), signal.SIGSTOP)

    first = start(case.command, log.with_suffix(".first"), Hooks(on_event=stop))
    if not os.WIFSTOPPED(os.waitpid(first, os.WUNTRACED)[1]):
        return {"ok": False, "said": "the first ended before it could be stopped"}
    status, said = finish(case.command, log)
    os.kill(first, signal.SIGCONT)
    ended = wait(first)
    ok = status == 1 and "writing it" in said and "Traceback" not in said and ended == 0
    return {"ok": ok, "first": ended, "second": status, "said": _short(said)}


def vanish(case: Case, log: Path) -> dict[str, object]:
    """Remove an input when the first one is opened; the others are judged, and the exit status tells."""
    lay_old(case)
    gone = case.inputs[1]
    kept = gone.read_bytes()

    def remove(event: str, args: tuple) -> None:
        if event == "open" and str(args[0]) == str(case.inputs[0]):
            gone.unlink(missing_ok=True)

    status, said = finish(case.command, log, Hooks(on_event=remove))
    gone.write_bytes(kept)
    clear = gone.name in said and "Traceback" not in said
    return {"ok": status == 1 and clear, "status": status, "said": _short(said)}


def turn_clock(case: Case, log: Path) -> dict[str, object]:
    """Kill under a clock that stands in 1970, with inputs from 2100, and go on under the right one."""
    for path in case.inputs:
        os.utime(path, (4_102_444_800, 4_102_444_800))
    case.clear()
    assert finish(case.command, log)[0] == 0
    new = {path: case.state(path) for path in case.outputs}
    count = log.with_suffix(".count")
    wait(start(case.command, log, count=count))
    events = int(count.read_text(encoding="ascii"))
    tries = same = 0
    for part in (0.3, 0.6, 0.8, 0.95):
        case.clear()

        def stand() -> None:
            time.time = lambda: 0.0

        wait(start(case.command, log, Hooks(die_at=max(1, int(events * part)), before=stand)))
        tries += 1
        same += finish(case.resumed, log)[0] == 0 and all(case.state(path) == new[path] for path in case.outputs)
    case.clear()
    return {"ok": tries == same, "tries": tries, "same_bytes": same}


def measure(given: argparse.Namespace, work: Path) -> dict[str, dict[str, object]]:
    """Do all of it."""
    draw = random.Random(given.seed)
    kills, trainings = given.kills, given.trainings
    cases = make_cases(work, load_tiny(), given.only)
    small = [case for case in cases if not case.old_folder]
    log = work / "log"
    found: dict[str, dict[str, object]] = {}
    for case in cases:
        for name, told in fill_disk(case, log, work):
            report(given, found, f"{name}: {case.name}", told)
        report(given, found, f"read-only folder: {case.name}", block(case, log, work))
        if case.locks:
            report(given, found, f"two processes: {case.name}", share(case, log))
    if small and small[0].resume:
        report(given, found, "vanished input: predict", vanish(small[0], log))
        report(given, found, "clock: predict", turn_clock(small[0], log))
    for case in cases:
        share_of = trainings if case.old_folder else max(1, round((kills - trainings) * case.weight))
        report(given, found, f"kill {case.name}", kill_case(case, share_of, draw, log))
    return found


def report(given: argparse.Namespace, found: dict[str, dict[str, object]], name: str, told: dict[str, object]) -> None:
    """Keep a result, write all there are so far, and say it."""
    found[name] = told
    print(f"{'ok  ' if told['ok'] else 'FAIL'} {name}: {json.dumps(told)[:300]}", flush=True)
    summary = {
        "command": f"python benchmarks/faults.py --kills {given.kills} --trainings {given.trainings}",
        "seed": given.seed,
        "python": platform.python_version(),
        "system": platform.system(),
        "seconds": round(time.monotonic() - given.begun),
        "killed": sum(one["kills"] for name, one in found.items() if name.startswith("kill ")),
        "failed": [name for name, one in found.items() if not one["ok"]],
        "faults": found,
    }
    given.output.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")


def load_tiny() -> Callable[[Path], Path]:
    """Give the function that writes the tiny model of the tests."""
    spec = importlib.util.spec_from_file_location("tiny", ROOT / "tests" / "scale" / "tiny.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.write_tiny_model


def main() -> int:
    """Run as the head of this file says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--trainings", type=int, default=20, help="how many of the kills are of trainings")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", action="append", metavar="CASE", help="train, split, 'predict jsonl', ...")
    parser.add_argument("--output", type=Path, default=RESULT)
    given = parser.parse_args()
    given.begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(given, Path(folder).resolve())
    failed = [name for name, told in found.items() if not told["ok"]]
    print(f"{len(failed)} of {len(found)} checks failed, {time.monotonic() - given.begun:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
