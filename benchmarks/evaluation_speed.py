"""Time and memory of evaluating many predictions with intervals: results/evaluation_speed.json.

Run: python benchmarks/evaluation_speed.py [--judgements 10000] [--draws 1000]

Side by side in one run, each in a process of its own: all figures of `stance.evaluate`, slices and a comparison with
a second system included; and one figure alone, macro-F1 with its interval, by scikit-learn in a loop over the draws.
The judgements are drawn at random, four paragraphs a document.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

RESULT = Path(__file__).parent / "results" / "evaluation_speed.json"
LABELS = ("favor", "against", "neutral", "absent")
TARGETS = ("NATO", "US", "China")


def main() -> None:
    """Run both ways, or one of them if asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judgements", type=int, default=10_000)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--way", choices=("stance", "scikit-learn"), help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    if arguments.way:
        print(json.dumps(measure(arguments.way, arguments.judgements, arguments.draws)))
        return
    report: dict[str, Any] = {
        "command": " ".join(["python", "benchmarks/evaluation_speed.py", *sys.argv[1:]]),
        "judgements": arguments.judgements,
        "draws": arguments.draws,
        "python": platform.python_version(),
    }
    for way in ("stance", "scikit-learn"):
        command = [sys.executable, __file__, "--way", way]
        command += ["--judgements", str(arguments.judgements), "--draws", str(arguments.draws)]
        report[way] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print(f"{way}: {report[way]['seconds']:.1f} s, {report[way]['peak_mb']} MB: {report[way]['what']}")
    arguments.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def measure(way: str, judgements: int, draws: int) -> dict[str, Any]:
    """Evaluate one way; give seconds and peak memory of this process."""
    gold, made, other = rows(judgements // len(TARGETS))
    start = time.perf_counter()
    what = by_stance(gold, made, other, draws) if way == "stance" else by_scikit_learn(gold, made, draws)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000
    return {"seconds": round(seconds, 2), "peak_mb": peak, "what": what}


def rows(paragraphs: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Gold labels, and predictions of two systems, as rows of files."""
    generator = np.random.default_rng(0)
    gold, made, other = [], [], []
    for number in range(paragraphs):
        labels = {target: LABELS[generator.integers(4)] for target in TARGETS}
        source = {"doc_id": f"d{number // 4}", "outlet": f"outlet {number % 7}", "year": 2010 + number % 12}
        gold.append({"id": number, "labels": labels, "source": source})
        for rows, rate in ((made, 0.2), (other, 0.25)):
            stances = {}
            for target, label in labels.items():
                shares = generator.dirichlet([1] * 4)
                if generator.random() > rate:
                    shares[LABELS.index(label)] += 1
                shares /= shares.sum()
                guess = LABELS[int(shares.argmax())]
                stances[target] = {"label": guess, "probabilities": dict(zip(LABELS, shares.tolist(), strict=True))}
            rows.append({"id": number, "stances": stances})
    return gold, made, other


def by_stance(gold: list[dict[str, Any]], made: list[dict[str, Any]], other: list[dict[str, Any]], draws: int) -> str:
    """Everything that `stance.evaluate` gives."""
    import stance

    found = stance.evaluate(gold, made, against=other, draws=draws)
    figures = sum(len(part.metrics) + 3 * len(part.labels) for part in found.figures.values())
    sliced = sum(len(part.metrics) for part in found.slices)
    return f"{figures} figures, {sliced} of {len(found.slices)} slices, a comparison; all with intervals"


def by_scikit_learn(gold: list[dict[str, Any]], made: list[dict[str, Any]], draws: int) -> str:
    """Mean macro-F1 with its interval, one draw after the other."""
    from sklearn.metrics import f1_score

    truth = np.array([[LABELS.index(row["labels"][target]) for target in TARGETS] for row in gold])
    guess = np.array([[LABELS.index(row["stances"][target]["label"]) for target in TARGETS] for row in made])
    documents = np.unique([row["source"]["doc_id"] for row in gold], return_inverse=True)[1]
    members = [np.flatnonzero(documents == number) for number in range(documents.max() + 1)]
    generator = np.random.default_rng(0)
    values = []
    for _ in range(draws):
        places = np.concatenate([members[at] for at in generator.integers(len(members), size=len(members))])
        values.append(
            np.mean([f1_score(truth[places, at], guess[places, at], average="macro") for at in range(len(TARGETS))])
        )
    low, high = np.percentile(values, [2.5, 97.5])
    return f"1 figure with its interval [{low:.3f}, {high:.3f}]"


if __name__ == "__main__":
    main()
