"""Change modules in small ways, and see whether their tests notice.

    python benchmarks/mutation.py --tools .venv-tools/bin                       # make mutation
    python benchmarks/mutation.py --tools .venv-tools/bin --only offsets --sample 50
    python benchmarks/mutation.py --tools .venv-tools/bin --only metrics --again  # survivors alone, with new tests

cosmic-ray's operators make the mutants; its own runner starts an interpreter for each, which takes ten times as long as
the tests. Here every mutant is run in a fork of a process that has imported the tests' packages, but not `stance`: the
mutated module is found in memory, so that no file of the project is ever changed. A mutant counts as noticed if a test
fails or it runs ten times as long as the tests do (or 60 s). Scores and survivors go to results/mutation.json.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "benchmarks" / "results" / "mutation.json"
_CUTS = ("tests/text/test_cuts.py", "tests/text/test_layouts.py", "tests/text/test_kinds.py")
MODULES = {
    "offsets": ("stance/text/offsets.py", ("tests/text/test_offsets.py",)),
    "segmentation": ("stance/text/segmentation.py", ("tests/text/test_segmentation.py",)),
    "lines": ("stance/text/lines.py", ("tests/text/test_lines.py",)),
    "layout": ("stance/text/layout.py", ("tests/text/test_layout_bounds.py", *_CUTS)),  # the quickest first
    "kinds": ("stance/text/kinds.py", ("tests/text/test_kind_bounds.py", *_CUTS)),
    "metrics": ("stance/evaluation/metrics.py", ("tests/evaluation/test_metrics.py",)),
}
"""Name -> the module, and the tests that have to notice (not its doctests: pytest reads those from the file)."""
_IMPORTED = ("pytest", "_pytest.doctest", "hypothesis", "numpy", "scipy.stats", "sklearn.metrics", "ftfy", "tokenizers")


class Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds one module in memory."""

    def __init__(self, name: str, path: Path, source: str) -> None:
        self.name, self.path, self.source = name, path, source

    def find_spec(self, name: str, path: object = None, target: object = None) -> importlib.machinery.ModuleSpec | None:
        """Find the module, and no other."""
        if name != self.name:
            return None
        return importlib.util.spec_from_file_location(name, self.path, loader=self)

    def exec_module(self, module: object) -> None:
        """Run the mutant in the module."""
        exec(compile(self.source, str(self.path), "exec"), module.__dict__)


def run(name: str, path: Path, source: str, tests: tuple[str, ...], limit: float) -> str:
    """Run tests on a source of a module; tell what became of it."""
    process = os.fork()
    if not process:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        signal.alarm(int(limit) + 1)
        sys.meta_path.insert(0, Mutated(name, path, source))
        import pytest

        quiet = ("-x", "-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")
        os._exit(int(pytest.main([*tests, *quiet])))
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    return "survived" if status == 0 else "timed out" if status == -signal.SIGALRM else "killed"


def measure(name: str, tools: Path, sample: int, before: dict | None) -> dict[str, object]:
    """Run all mutants of a module, or those alone that survived before."""
    file, tests = MODULES[name]
    path = ROOT / file
    tests = tuple(test for test in tests if (ROOT / test).exists())
    module = file.removesuffix(".py").replace("/", ".")
    whole = path.read_text(encoding="utf-8")
    made = subprocess.run([tools / "python", "benchmarks/mutants.py", file], capture_output=True, check=True, cwd=ROOT)
    mutants = [json.loads(line) for line in made.stdout.splitlines()]
    total = len(mutants)
    if sample and sample < total:
        mutants = random.Random(0).sample(mutants, sample)
    wanted = mutants if before is None else [item for item in mutants if _change(whole, item) in before["survivors"]]
    begun = time.monotonic()
    assert run(module, path, whole, tests, 600) == "survived", f"the tests of {file} fail as it is"
    limit = max(10 * (time.monotonic() - begun), 60.0)
    counts = {"killed": 0, "timed out": 0, "survived": 0}
    if before is not None:
        assert before["mutants"] == total, f"{file} has changed since: run all of its mutants"
        counts |= {told: before[told] for told in ("killed", "timed out")}
    survivors = []
    for mutant in wanted:
        told = run(module, path, mutant["source"], tests, limit)
        counts[told] += 1
        if told == "survived":
            survivors.append(_change(whole, mutant))
            print(name, mutant["operator"], *survivors[-1], sep="\n  ", flush=True)
    score = round(1 - counts["survived"] / max(1, len(mutants)), 4)
    print(f"{name}: {len(mutants)} mutants, {counts}, score {score}", flush=True)
    return {
        "module": file,
        "mutants": len(mutants),
        "drawn_from": total,
        **counts,
        "score": score,
        "survivors": survivors,
    }


def _change(whole: str, mutant: dict[str, str]) -> list[str]:
    lines = difflib.unified_diff(whole.splitlines(), mutant["source"].splitlines(), n=0, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++"))]


def main() -> int:
    """Run as the head of this file says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tools", type=Path, required=True, help="folder of the python that has cosmic-ray")
    parser.add_argument("--only", choices=sorted(MODULES), action="append")
    parser.add_argument("--sample", type=int, default=0, help="mutants of a module to draw (default: all)")
    parser.add_argument("--again", action="store_true", help="those alone that survived the last time")
    parser.add_argument("--output", type=Path, default=RESULT)
    given = parser.parse_args()
    os.chdir(ROOT)
    sys.dont_write_bytecode = True
    for name in _IMPORTED:
        importlib.import_module(name)
    before = json.loads(given.output.read_text(encoding="utf-8")) if given.output.exists() else {}
    for name in given.only or MODULES:
        before[name] = measure(name, given.tools.absolute(), given.sample, before[name] if given.again else None)
        given.output.write_text(json.dumps(before, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
