"""Tell how often a model finds each side, in texts of whom; write results/sides.json.

Run: python benchmarks/sides.py [--pred FILE] [--model base] [--data ../shared/corpus]

Test paragraphs are grouped by where their texts come from (`GROUPS`: a choice of ours, by repository and genre). In
each group all targets are taken together: the share of judgements `favor` by gold that are found, of `against`, their
difference, and the share of `neutral` that is called one or the other; 95 % intervals by document. Groups are small:
read the intervals. ``--pred`` takes what ``stance predict test.jsonl -o FILE`` wrote: nothing is judged again then.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.errors import StanceError
from stance.evaluation.figures import interval_to_dict
from stance.evaluation.intervals import bootstrap_by_document
from stance.model.classifier import Classifier
from stance.model.store import hash_file, verify_files
from stance.schema import LABELS
from stance.targets import builtin_targets

RESULT = Path(__file__).parent / "results" / "sides.json"
GROUPS = {
    "the US government, US think tanks": (
        "brian14708/wh-briefings",
        "kfogel/presidential-speeches",
        "pantrypoints/sp think_tank",
    ),
    "other governments of US allies": ("wragge/pm-transcripts", "Amice13/resistinua"),
    "the Russian government": ("iandennismiller/valdai-transcripts",),
    "Chinese writers, media and reports": (
        "hiddentao/reading-the-china-dream",
        "wmt-conference/wmt21-news-systems",
        "wmt-conference/wmt22-news-systems",
        "way4you/real-truth",
        "pantrypoints/sp official_report",
    ),
    "speeches in the UN": ("SarahFranzen/Emotions_in_the_United_Nations_General_Debates",),
    "western and Asian media, op-eds": (
        "a-rios/CorefMT",
        "OliverCWY/News",
        "launchnlp/SEESAW",
        "networkdynamics/PolNeAR",
        "aschern/semeval2020_task11",
    ),
    "alternative media and blogs": ("positiveinspiring/bibp-archive", "sisihagen/website"),
}
_FAVOR, _AGAINST, _NEUTRAL, _ABSENT = (LABELS.index(name) for name in ("favor", "against", "neutral", "absent"))
Numbers = npt.NDArray[np.int64]


def main() -> int:
    """Measure, print, write; 1 if something cannot be read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--model", default="base")
    parser.add_argument("--pred", type=Path, help="what stance predict wrote of test.jsonl")
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    try:
        report = measure(arguments)
    except (StanceError, OSError) as error:
        print(f"sides.py: error: {error}", file=sys.stderr)
        return 1
    for name, row in report["groups"].items():
        shown = ", ".join(f"{key} {row[key]['value']}" for key in FIGURES)
        print(f"{name}: {row['paragraphs']} paragraphs, {shown}")
    arguments.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 0


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Join gold labels and predictions, group, count."""
    test = arguments.data / "test.jsonl"
    rows = [json.loads(line) for line in test.read_text(encoding="utf-8").splitlines()]
    targets = builtin_targets()
    classifier = Classifier(arguments.model)
    if arguments.pred:
        lines = [json.loads(line) for line in arguments.pred.read_text(encoding="utf-8").splitlines()]
        found = {line["id"]: {name: own["label"] for name, own in line["stances"].items()} for line in lines}
    else:
        judged = classifier.predict([row["text"] for row in rows], targets)
        found = {
            row["id"]: {name: own.label for name, own in item.stances.items()}
            for row, item in zip(rows, judged, strict=True)
        }
    groups = {name: [row for row in rows if belongs(row, names)] for name, names in GROUPS.items()}
    if sum(map(len, groups.values())) != len(rows):
        raise StanceError("test.jsonl has repositories that GROUPS does not name. Add them.")
    return {
        "command": f"python benchmarks/sides.py --model {arguments.model}",
        "model": classifier.config.name,
        "model_sha256": verify_files(classifier.folder),
        "test_sha256": hash_file(test),
        "repositories": {name: list(names) for name, names in GROUPS.items()},
        "bootstrap": {"draws": 1000, "seed": 0, "level": 0.95, "cluster": "document"},
        "groups": {name: count(own, found) for name, own in {**groups, "all": rows}.items()},
    }


def belongs(row: dict[str, Any], names: tuple[str, ...]) -> bool:
    """Tell whether a row's repository, or its repository and genre, is among names."""
    source = row["source"]
    return source["source"] in names or f"{source['source']} {source['genre']}" in names


def count(rows: list[dict[str, Any]], found: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Give the figures of a group."""
    pairs = [(row, target, label) for row in rows for target, label in row["labels"].items()]
    gold = np.array([LABELS.index(label) for _, _, label in pairs])
    own = np.array([LABELS.index(found[row["id"]][target]) for row, target, _ in pairs])
    documents = [row["source"]["doc_id"] for row, _, _ in pairs]
    counts = {name: int((gold == LABELS.index(name)).sum()) for name in ("favor", "against", "neutral")}
    told: dict[str, Any] = {"paragraphs": len(rows), "documents": len(set(documents)), **counts}
    for name, figure in FIGURES.items():
        told[name] = interval_to_dict(bootstrap_by_document(documents, bound(figure, gold, own)))
    return told


def bound(figure: Callable[[Numbers, Numbers], float], gold: Numbers, own: Numbers) -> Callable[[Numbers], float]:
    """Make a statistic of the judgements that are drawn."""
    return lambda places: figure(gold[places], own[places])


def share(gold: Numbers, own: Numbers, label: int, called: int) -> float:
    """Give the share of a label's judgements that are called something; NaN where there are none."""
    there = own[gold == label]
    return float((there == called).mean()) if len(there) else float("nan")


FIGURES: dict[str, Callable[[Numbers, Numbers], float]] = {
    "favor_found": lambda gold, own: share(gold, own, _FAVOR, _FAVOR),
    "against_found": lambda gold, own: share(gold, own, _AGAINST, _AGAINST),
    "gap": lambda gold, own: share(gold, own, _FAVOR, _FAVOR) - share(gold, own, _AGAINST, _AGAINST),
    "neutral_as_favor": lambda gold, own: share(gold, own, _NEUTRAL, _FAVOR),
    "neutral_as_against": lambda gold, own: share(gold, own, _NEUTRAL, _AGAINST),
}

if __name__ == "__main__":
    sys.exit(main())
