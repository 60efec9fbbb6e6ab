"""Score the released models, as shipped, on test and on the articles, beside words alone: results/released_models.json.

Run: python benchmarks/released_models.py [MODEL ...] [--data ../shared/corpus] [--articles ../shared/articles]

Nothing is fitted or chosen here but the baseline's C, on dev. Models that are not asked for keep the figures they have.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from stance.evaluation.baselines import predict_tfidf
from stance.fitting.examples import Example, Judgement, read_examples
from stance.fitting.measures import Judged, measure
from stance.model.classifier import Classifier
from stance.model.store import hash_file, verify_files
from stance.schema import LABELS
from stance.targets import Target, builtin_targets

RESULT = Path(__file__).parent / "results" / "released_models.json"
MODELS = ("base", "small")
TFIDF = "tfidf"


def main() -> None:
    """Score what is asked for, print a table, write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"default: {', '.join((*MODELS, TFIDF))}")
    parser.add_argument("--data", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--articles", type=Path, default=Path("../shared/articles"))
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    targets = builtin_targets()
    sets = {"test": read_examples(arguments.data / "test.jsonl", targets)}
    sets["articles"] = read_articles(arguments.data / "articles.jsonl", arguments.articles, targets)
    report: dict[str, Any] = json.loads(arguments.out.read_text(encoding="utf-8")) if arguments.out.is_file() else {}
    report |= {
        "command": "python benchmarks/released_models.py",
        "data_sha256": {f"{name}.jsonl": hash_file(arguments.data / f"{name}.jsonl") for name in sets},
    }
    systems = report.setdefault("systems", {})
    for name in arguments.models or (*MODELS, TFIDF):
        systems[name] = baseline(arguments.data, sets, targets) if name == TFIDF else released(name, sets, targets)
        arguments.out.parent.mkdir(exist_ok=True)
        arguments.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        show(name, systems[name])


def read_articles(labels: Path, texts: Path, targets: tuple[Target, ...]) -> list[Example]:
    """Read the labelled paragraphs of the whole articles."""
    examples = []
    for line in labels.read_text(encoding="utf-8").splitlines():
        article = json.loads(line)
        text = (texts / article["file"]).read_bytes().decode("utf-8")
        for block in article["blocks"]:
            if "labels" in block:
                own = text[block["start"] : block["end"]]
                judgements = tuple(Judgement(target, (block["labels"][target.name],)) for target in targets)
                examples.append(Example(block["id"], own, judgements, document=article["file"]))
    return examples


def released(name: str, sets: dict[str, list[Example]], targets: tuple[Target, ...]) -> dict[str, Any]:
    """Score a released model as a user gets it."""
    classifier = Classifier(name)
    result: dict[str, Any] = {"sha256": verify_files(classifier.folder)}
    for split, examples in sets.items():
        start = time.perf_counter()
        predictions = classifier.predict([example.text for example in examples], targets)
        seconds = time.perf_counter() - start
        judged = []
        for target in targets:
            rows = [[item[target.name].probabilities[label] for label in LABELS] for item in predictions]
            judged.append(judged_as(target.name, examples, np.array(rows)))
        result[split] = measure(judged) | {"seconds": round(seconds, 1)}
    return result


def baseline(data: Path, sets: dict[str, list[Example]], targets: tuple[Target, ...]) -> dict[str, Any]:
    """Score TF-IDF of words and word pairs with logistic regression, the target's names masked; no probabilities."""
    learned = [example for name in ("train", "open") for example in read_examples(data / f"{name}.jsonl", targets)]
    dev = read_examples(data / "dev.jsonl", targets)
    result = {}
    for split, examples in sets.items():
        judged = []
        for target in targets:
            guesses = predict_tfidf(
                ([example.text for example in learned], [example.labels[target.name] for example in learned]),
                ([example.text for example in dev], [example.labels[target.name] for example in dev]),
                [example.text for example in examples],
                target,
            )
            judged.append(judged_as(target.name, examples, np.eye(len(LABELS))[[LABELS.index(one) for one in guesses]]))
        result[split] = measure(judged)
        for row in result[split]["targets"].values():
            del row["ece"]
    return result


def judged_as(target: str, examples: list[Example], probabilities: np.ndarray[Any, np.dtype[np.float64]]) -> Judged:
    """Put gold and probabilities together."""
    gold = np.array([LABELS.index(example.labels[target]) for example in examples])
    return Judged(target, gold, probabilities, tuple(example.document for example in examples))


def told(value: float | None) -> str:
    """Write a figure; n/a where there is no gold to measure it by."""
    return "n/a" if value is None else f"{value:.3f}"


def show(name: str, scores: dict[str, Any]) -> None:
    """Print the figures of a system."""
    for split in ("test", "articles"):
        found = scores[split]
        low, high = found["mean_macro_f1_interval"]
        sides = "{:.4f} [{:.3f}, {:.3f}]".format(found["f_avg"], *found["f_avg_interval"])
        print(f"{name} on {split}: mean macro-F1 {found['mean_macro_f1']:.4f} [{low:.3f}, {high:.3f}]", end="  ")
        print(f"presence F1 {found['presence_f1']:.4f}  F_avg {sides}")
        for target, row in found["targets"].items():
            cells = "  ".join(f"{label} {told(own['f1'])} ({own['support']})" for label, own in row["labels"].items())
            error = f"  ECE {row['ece']:.3f}" if "ece" in row else ""
            print(f"  {target:6} macro-F1 {row['macro_f1']:.4f}{error}  F1: {cells}")


if __name__ == "__main__":
    main()
