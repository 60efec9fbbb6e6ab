"""Measure calibration and label sets of a model on test; write results/uncertainty.json.

Run: python benchmarks/uncertainty.py [--data ../shared/corpus] [--model base]

Nothing is fitted or chosen here: temperatures and nonconformity scores are those that the model's folder holds.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.errors import StanceError
from stance.evaluation.confidence import expected_calibration_error
from stance.model.calibration import Calibration
from stance.model.classifier import Classifier
from stance.model.store import hash_file, verify_files
from stance.schema import LABELS
from stance.targets import builtin_targets

RESULT = Path(__file__).parent / "results" / "uncertainty.json"
RISKS = (0.05, 0.1, 0.2)
ABSENT = LABELS.index("absent")


def main() -> int:
    """Measure, print, write; 1 if the model has no label sets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--model", default="base")
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    try:
        classifier = Classifier(arguments.model)
        classifier.check_abstention(RISKS[0])
    except StanceError as error:
        print(f"uncertainty.py: error: {error}", file=sys.stderr)
        return 1
    calibration = classifier.calibration or Calibration(1.0, 1.0)  # never the latter: checked above
    targets = builtin_targets()
    names = [target.name for target in targets]
    lines = (arguments.data / "test.jsonl").read_text(encoding="utf-8").splitlines()
    examples = [json.loads(line) for line in lines]
    gold = np.array([[LABELS.index(example["labels"][name]) for name in names] for example in examples])
    predictions = classifier.predict([example["text"] for example in examples], targets)
    probabilities = np.array([[list(item[name].probabilities.values()) for name in names] for item in predictions])
    report: dict[str, Any] = {
        "command": "python benchmarks/uncertainty.py",
        "model": classifier.config.name,
        "model_sha256": verify_files(classifier.folder),
        "test_sha256": hash_file(arguments.data / "test.jsonl"),
        "paragraphs": len(examples),
        "calibration": {
            "presence_temperature": calibration.presence_temperature,
            "side_temperature": calibration.side_temperature,
            "targets": dict(calibration.targets),
            "items": calibration.items,
        },
        "expected_calibration_error": calibration_errors(probabilities, gold, names),
        "risks": {str(risk): measure(calibration, probabilities, gold, names, risk) for risk in RISKS},
    }
    show(report)
    arguments.out.parent.mkdir(exist_ok=True)
    arguments.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


def calibration_errors(
    probabilities: npt.NDArray[np.float64], gold: npt.NDArray[np.int64], names: list[str]
) -> dict[str, float]:
    """Give the expected calibration error of each target, of all, and of each stage.

    Args:
        probabilities: Shape (paragraphs, targets, labels).
        gold: Numbers of the gold labels, shape (paragraphs, targets).
        names: Names of the targets.

    Returns:
        Target or ``"all"``, ``"presence"`` (is the target there?), ``"side"`` (which, where gold says that it is) ->
        error in [0, 1].
    """
    errors = {
        name: expected_calibration_error(probabilities[:, number], gold[:, number]) for number, name in enumerate(names)
    }
    flat, truth = probabilities.reshape(-1, len(LABELS)), gold.reshape(-1)
    absent, present = flat[:, ABSENT], truth != ABSENT
    sides = np.delete(flat, ABSENT, axis=-1)[present]
    errors["all"] = expected_calibration_error(flat, truth)
    errors["presence"] = expected_calibration_error(np.stack([absent, 1 - absent], axis=-1), present.astype(np.int64))
    errors["side"] = expected_calibration_error(
        sides / sides.sum(axis=-1, keepdims=True), truth[present] - (truth[present] > ABSENT)
    )
    return errors


def measure(
    calibration: Calibration,
    probabilities: npt.NDArray[np.float64],
    gold: npt.NDArray[np.int64],
    names: list[str],
    risk: float,
) -> dict[str, Any]:
    """Measure the label sets at a risk.

    Args:
        calibration: What gives the sets.
        probabilities: Shape (paragraphs, targets, labels).
        gold: Numbers of the gold labels, shape (paragraphs, targets).
        names: Names of the targets.
        risk: In (0, 1).

    Returns:
        Least probability of a label in a set; coverage (share of sets that hold the gold label) over all, with its
        standard error over paragraphs, by target and by gold label; mean size; share of abstentions; accuracy of all,
        and of what is not abstained from.
    """
    sets = calibration.label_sets(probabilities, risk)
    held = np.take_along_axis(sets, gold[..., None], axis=-1)[..., 0]
    sizes = sets.sum(axis=-1)
    right = probabilities.argmax(axis=-1) == gold
    return {
        "least_probability": 1.0 - calibration.threshold(risk),
        "coverage": float(held.mean()),
        "coverage_standard_error": float(held.mean(axis=1).std(ddof=1) / np.sqrt(len(held))),
        "coverage_by_target": dict(zip(names, held.mean(axis=0).tolist(), strict=True)),
        "coverage_by_label": {label: float(held[gold == number].mean()) for number, label in enumerate(LABELS)},
        "mean_size": float(sizes.mean()),
        "abstention": float((sizes > 1).mean()),
        "accuracy": float(right.mean()),
        "accuracy_decided": float(right[sizes == 1].mean()) if (sizes == 1).any() else None,
    }


def show(report: dict[str, Any]) -> None:
    """Print the figures."""
    errors = report["expected_calibration_error"]
    print("expected calibration error: " + "  ".join(f"{name} {error:.4f}" for name, error in errors.items()))
    for risk, row in report["risks"].items():
        parts = row["coverage_by_target"] | row["coverage_by_label"]
        print(
            f"risk {risk}: coverage {row['coverage']:.4f} ± {row['coverage_standard_error']:.4f} "
            f"({'  '.join(f'{name} {part:.3f}' for name, part in parts.items())})\n"
            f"  labels a set {row['mean_size']:.3f}  abstained {row['abstention']:.3f}  "
            f"right {row['accuracy']:.3f}, where decided {row['accuracy_decided']:.3f}"
        )


if __name__ == "__main__":
    sys.exit(main())
