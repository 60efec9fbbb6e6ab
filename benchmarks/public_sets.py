"""Train on public data sets and score their test sets by their own metrics: results/public_sets.json.

Run: python benchmarks/public_sets.py [SET ...] [--list] [--runs runs/public]

NewsMTSC's devtest_mt and SemEval's val choose the epoch; devtest_rw and test report. A set whose recipe, data, encoder
and torch are those of the result is skipped; an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path
from typing import Any

from architectures import HERE, RECIPES, train

RESULT = HERE / "results" / "public_sets.json"

# Set -> the figure that its papers report.
SETS = {"newsmtsc": "macro_f1", "semeval2016": "f_avg"}


def main() -> None:
    """Train on the sets asked for, or print what is known of all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", metavar="SET", help=f"default: all ({', '.join(SETS)})")
    parser.add_argument("--list", action="store_true", help="print what is known, train nothing")
    parser.add_argument("--runs", type=Path, default=Path("runs/public"))
    parser.add_argument("--set", action="append", default=[], help="changes for every set, as of stance train")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.sets if name not in SETS]
    if unknown:
        parser.error(f"unknown sets {unknown}; known: {', '.join(SETS)}")
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(message)s")
    known: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.is_file() else {}
    for name in [] if arguments.list else arguments.sets or SETS:
        command = f"python benchmarks/public_sets.py {name}"
        recipe = RECIPES / f"{name}.toml"
        found = train(recipe, arguments.set, arguments.runs / name, known=known.get(name), command=command)
        known = {each: known[each] for each in SETS if each in known} | {name: found}
        RESULT.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    for name, found in known.items():
        for split in ("dev", "test"):
            low, high = found[split][f"{SETS[name]}_interval"]
            print(f"{name} {split}: {SETS[name]} {found[split][SETS[name]]:.4f} [{low:.3f}, {high:.3f}]")


if __name__ == "__main__":
    main()
