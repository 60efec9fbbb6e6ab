"""Exchange two targets' names and see whether a model's labels go along; write results/reliance.json.

Run: python benchmarks/reliance.py [MODEL ...] [--data ../shared/corpus]

For each test paragraph and each two targets of which it names at least one, the names are exchanged
(`stance.text.substitution.swap_targets`). A model that reads who is meant exchanges the two labels; one that goes by
the paragraph's mood, or by what it learned of a name, does not. Label pairs that differ count: equal ones tell nothing.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from stance.evaluation.intervals import bootstrap_by_document
from stance.evaluation.metrics import count_labels, label_numbers, macro_f1
from stance.evaluation.variants import exchange_targets
from stance.fitting.examples import Example, read_examples
from stance.model.classifier import Classifier
from stance.model.store import hash_file, verify_files
from stance.targets import Target, builtin_targets

RESULT = Path(__file__).parent / "results" / "reliance.json"


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=["base"], metavar="MODEL")
    parser.add_argument("--data", type=Path, default=Path("../shared/corpus"))
    arguments = parser.parse_args()
    examples = read_examples(arguments.data / "test.jsonl", builtin_targets())
    report: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.is_file() else {}
    report["command"] = "python benchmarks/reliance.py"
    report["test_sha256"] = hash_file(arguments.data / "test.jsonl")
    for name in arguments.models:
        report.setdefault("models", {})[name] = found = measure(Classifier(name), examples)
        print(
            f"{name}: of {found['labels']} labels that differ between two targets {found['followed']:.1%} "
            f"[{found['followed_interval'][0]:.1%}, {found['followed_interval'][1]:.1%}] go along when the names are "
            f"exchanged, {found['stayed']:.1%} stay; mean macro-F1 against exchanged gold labels "
            f"{found['macro_f1_exchanged']:.3f}, before {found['macro_f1_before']:.3f}"
        )
        RESULT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def measure(classifier: Classifier, examples: list[Example]) -> dict[str, Any]:
    """Exchange names and count."""
    targets = builtin_targets()
    before = classifier.predict([example.text for example in examples], targets)
    items = list(exchange_targets([example.text for example in examples], targets))
    after = classifier.predict([item.text for item in items], targets)
    followed: list[bool] = []
    stayed: list[bool] = []
    documents: list[str] = []
    gold: dict[str, list[Any]] = {target.name: [] for target in targets}
    guesses: dict[str, list[Any]] = {target.name: [] for target in targets}
    plain: dict[str, list[Any]] = {target.name: [] for target in targets}
    for item, prediction in zip(items, after, strict=True):
        number = item.place
        for target, source in ((item.one, item.other), (item.other, item.one)):
            old, wanted = before[number][target.name].label, before[number][source.name].label
            if old != wanted:
                followed.append(prediction[target.name].label == wanted)
                stayed.append(prediction[target.name].label == old)
                documents.append(examples[number].document)
            gold[target.name].append(examples[number].labels[source.name])
            guesses[target.name].append(prediction[target.name].label)
            plain[target.name].append(wanted)
    kept = np.array(followed)
    interval = bootstrap_by_document(documents, lambda places: float(kept[places].mean()))
    return {
        "sha256": verify_files(classifier.folder),
        "exchanges": len(items),
        "labels": len(followed),
        "followed": float(kept.mean()),
        "followed_interval": [round(interval.low, 4), round(interval.high, 4)],
        "stayed": float(np.mean(stayed)),
        "macro_f1_exchanged": mean_f1(targets, gold, guesses),
        "macro_f1_before": mean_f1(targets, gold, plain),
    }


def mean_f1(targets: tuple[Target, ...], gold: dict[str, list[Any]], guesses: dict[str, list[Any]]) -> float:
    """Give the mean macro-F1 over the targets."""
    counts = [count_labels(label_numbers(gold[item.name]), label_numbers(guesses[item.name])) for item in targets]
    return float(np.mean([macro_f1(table) for table in counts]))


if __name__ == "__main__":
    main()
