"""Score the default model and the TF-IDF baseline on the same test paragraphs; write results/first_model.json.

Run: python benchmarks/first_model.py [--data ../shared/corpus] [--model base]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Any

import stance
from stance.evaluation.baselines import predict_tfidf
from stance.evaluation.metrics import TargetScore, score_labels
from stance.fitting.examples import Example, read_examples
from stance.model.store import find_model, hash_file
from stance.schema import LABELS
from stance.targets import builtin_targets

RESULT = Path(__file__).parent / "results" / "first_model.json"


def main() -> None:
    """Score both systems, print a table, write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--model", default="base")
    arguments = parser.parse_args()
    targets = builtin_targets()
    data = {name: read_examples(arguments.data / f"{name}.jsonl", targets) for name in ("train", "open", "dev", "test")}
    texts = [example.text for example in data["test"]]
    predictions = stance.predict(texts, model=arguments.model)
    systems: dict[str, dict[str, TargetScore]] = {arguments.model: {}, "tfidf": {}}
    for target in targets:
        gold = labels_of(data["test"], target.name)
        systems[arguments.model][target.name] = score_labels(gold, [item[target.name].label for item in predictions])
        learned = data["train"] + data["open"]
        guesses = predict_tfidf(
            (texts_of(learned), labels_of(learned, target.name)),
            (texts_of(data["dev"]), labels_of(data["dev"], target.name)),
            texts,
            target,
        )
        systems["tfidf"][target.name] = score_labels(gold, guesses)
    report: dict[str, Any] = {
        "command": "python benchmarks/first_model.py",
        "test_sha256": hash_file(arguments.data / "test.jsonl"),
        "model_sha256": hash_file(find_model(arguments.model) / "model.onnx"),
        "paragraphs": len(texts),
        "systems": {},
    }
    for name, scores in systems.items():
        mean = sum(score.macro_f1 for score in scores.values()) / len(scores)
        report["systems"][name] = {
            "mean_macro_f1": mean,
            "targets": {target: dataclasses.asdict(score) for target, score in scores.items()},
        }
        print(f"{name}: mean macro-F1 {mean:.4f}")
        for target, score in scores.items():
            cells = "  ".join(
                f"{label} {score.labels[label].f1:.3f} (n {score.labels[label].support})" for label in LABELS
            )
            print(f"  {target:6} macro-F1 {score.macro_f1:.4f}  accuracy {score.accuracy:.4f}  F1: {cells}")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def texts_of(examples: list[Example]) -> list[str]:
    """Give the texts of examples."""
    return [example.text for example in examples]


def labels_of(examples: list[Example], target: str) -> list[stance.schema.Label]:
    """Give the labels of examples toward a target."""
    return [example.labels[target] for example in examples]


if __name__ == "__main__":
    main()
