"""Measure whether the evidence of `stance.explain` is what the model goes by; write results/faithfulness.json.

Run: python benchmarks/faithfulness.py [--paragraphs 100] [--model base] [--data ../shared/corpus]
     python benchmarks/faithfulness.py --methods occlusion gradients --model small --paragraphs 100

With several methods, the same labels are explained by each: results/faithfulness_methods.json.

Paragraphs of test are drawn at random; each label but absent that the model gives is explained. The words of the
evidence are taken from the text (comprehensiveness: how far the label's probability falls, higher is better) and read
alone (sufficiency: how far it falls then, lower is better), 1, 2, 4 and 8 of them, the heaviest first. Beside it as
many words by chance, and the target's names, wherever they stand, with words by chance: the second tells whether
evidence is more than the name, without which no stance toward the target is there. The heaviest sentence is measured
the same way, beside a run of as many words. Intervals are by document.

A label takes about 60 readings, half of them of a few words: hours for all 451 paragraphs on two cores.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stance.errors import StanceError
from stance.evaluation.faithfulness import COUNTS, Case, measure_faithfulness, summarise
from stance.evaluation.records import read_records
from stance.model.classifier import Classifier
from stance.model.store import hash_file, verify_files
from stance.reporting.attribution import explain_by_gradients
from stance.reporting.evidence import Explanation
from stance.reporting.explanation import explain_stances
from stance.schema import Span, Stance
from stance.targets import builtin_targets

RESULTS = Path(__file__).parent / "results"
METHODS = ("occlusion", "gradients")
AT_ONCE = 8


def main() -> int:
    """Measure, print, write; 1 if something cannot be read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--model", default="base")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=["occlusion"])
    parser.add_argument("--paragraphs", type=int, help="how many to draw (default: all)")
    parser.add_argument("--random", type=int, default=2, help="how often words are drawn by chance (default: 2)")
    parser.add_argument("--draws", type=int, default=1000, help="bootstrap draws (default: 1000)")
    parser.add_argument("--seed", type=int, default=0, help="seed of everything that is drawn (default: 0)")
    parser.add_argument("--out", type=Path, help="default: results/faithfulness.json, or faithfulness_methods.json")
    arguments = parser.parse_args()
    several = len(arguments.methods) > 1
    out = arguments.out or RESULTS / ("faithfulness_methods.json" if several else "faithfulness.json")
    try:
        classifier = Classifier(arguments.model)
        reports = {method: measure(classifier, method, arguments) for method in arguments.methods}
    except (StanceError, OSError) as error:
        print(f"faithfulness.py: error: {error}", file=sys.stderr)
        return 1
    for report in reports.values():
        show(report)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(reports if several else reports[arguments.methods[0]], indent=2) + "\n", encoding="utf-8")
    return 0


def measure(classifier: Classifier, method: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Explain, reduce, judge again, sum up."""
    targets = builtin_targets()
    test = arguments.data / "test.jsonl"
    records = read_records(test)
    if arguments.paragraphs is not None:
        generator = np.random.default_rng(arguments.seed)
        drawn = sorted(generator.permutation(len(records))[: arguments.paragraphs].tolist())
        records = [records[place] for place in drawn]

    def judge(texts: Sequence[str]) -> list[Any]:
        return [item.stances for item in classifier.predict(texts, targets)]

    by_torch = Classifier(arguments.model, device="torch:cpu") if method == "gradients" else None
    known = {target.name: target for target in targets}

    def explain(pairs: list[tuple[str, Stance]]) -> list[Explanation]:
        if by_torch is None:
            return explain_stances(pairs, judge)
        return [explain_by_gradients(text, stance, by_torch, known[stance.target]) for text, stance in pairs]

    cases: list[Case] = []
    asked: list[Explanation] = []
    for first in range(0, len(records), AT_ONCE):
        chunk = records[first : first + AT_ONCE]
        stances = judge([record.text for record in chunk])
        pairs = [
            (record, stance)
            for record, own in zip(chunk, stances, strict=True)
            for stance in own.values()
            if stance.label != "absent"
        ]
        explained = explain([(record.text, stance) for record, stance in pairs])
        asked += explained
        cases += [
            make_case(record.document, item, stance.mentions)
            for (record, stance), item in zip(pairs, explained, strict=True)
        ]
        print(f"\rexplained {first + len(chunk)} of {len(records)} paragraphs", end="", file=sys.stderr)
    print(file=sys.stderr)

    def probabilities(number: int, texts: Sequence[str]) -> list[float]:
        own = asked[number]
        print(f"\rjudged {number + 1} of {len(cases)} labels", end="", file=sys.stderr)
        return [stances[own.target].probabilities[own.label] for stances in judge(texts)]

    falls = measure_faithfulness(cases, probabilities, seed=arguments.seed, draws=arguments.random)
    print(file=sys.stderr)
    documents = [case.document for case in cases]
    return {
        "command": f"python benchmarks/faithfulness.py --methods {' '.join(arguments.methods)} "
        f"--paragraphs {len(records)} --model {arguments.model} --random {arguments.random} "
        f"--draws {arguments.draws} --seed {arguments.seed}",
        "method": method,
        "model": classifier.config.name,
        "model_sha256": verify_files(classifier.folder),
        "test_sha256": hash_file(test),
        "paragraphs": len(records),
        "documents": len(set(documents)),
        "labels": len(cases),
        "by_label": {label: [item.label for item in asked].count(label) for label in classifier.config.labels},
        "words": list(COUNTS),
        "random_draws": arguments.random,
        "bootstrap": {"draws": arguments.draws, "seed": arguments.seed, "level": 0.95, "cluster": "document"},
        "figures": summarise(documents, falls, draws=arguments.draws, seed=arguments.seed),
    }


def make_case(document: str, item: Explanation, mentions: tuple[Span, ...]) -> Case:
    """Turn an explanation into a case: its heaviest sentence, its words in the order of their weights."""
    sentences = [part for part in item.evidence if part.unit == "sentence"] or list(item.sentences)
    best = max(sentences, key=lambda part: part.weight)
    ranked = tuple(Span(part.start, part.end, part.text) for part in item.ranked_words if part.weight > 0)
    return Case(item.text, document, item.probability, ranked, Span(best.start, best.end, best.text), mentions)


def show(report: dict[str, Any]) -> None:
    """Print the figures."""
    print(f"{report['labels']} labels in {report['paragraphs']} paragraphs of {report['documents']} documents")
    for unit, rows in report["figures"].items():
        for name, row in rows.items():
            parts = [f"{figure} {format_interval(row[figure])}" for figure in ("comprehensiveness", "sufficiency")]
            print(f"{unit:9} {name:22} {'  '.join(parts)}")


def format_interval(figure: dict[str, float | None]) -> str:
    """Write a figure with its ends; n/a where it has none."""
    value, low, high = ("n/a" if end is None else f"{end:.3f}" for end in figure.values())
    return f"{value} [{low}, {high}]"


if __name__ == "__main__":
    sys.exit(main())
