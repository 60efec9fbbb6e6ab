"""The project's metrics as a module of Hugging Face ``evaluate``, loaded from its folder, without a network.

import evaluate
from stance.evaluation import stance_metric

metric = evaluate.load(stance_metric.__path__[0])
metric.compute(predictions=["favor", "absent"], references=["favor", "neutral"])
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import datasets
import evaluate

from stance.evaluation.metrics import COUNT_METRICS, classification_report, count_labels, label_numbers
from stance.schema import Label

__all__ = ["StanceMetric"]

_DESCRIPTION = """How well labels of stance (favor, against, neutral, absent) are found: macro-F1 over the labels that
have gold, F_avg of favor and against (SemEval-2016 Task 6), accuracy, balanced accuracy, Matthews' correlation,
presence F1 (absent or not), side F1 (favor, against, neutral where the target is there), and a report as that of
scikit-learn."""
_INPUTS = """Args:
    predictions: Labels, as strings. What a system failed on is not taken: stance evaluate counts failures.
    references: Gold labels, in the same order.
Returns:
    Each metric by name, None where it has no value (no gold to measure it by); ``report``: label -> precision, recall,
    f1-score, support.
"""


class StanceMetric(evaluate.Metric):  # type: ignore[misc]  # evaluate has no types
    """Metrics of stance labels."""

    def _info(self) -> evaluate.MetricInfo:
        label = datasets.Value("string")
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation="",
            inputs_description=_INPUTS,
            features=datasets.Features({"predictions": label, "references": label}),
        )

    def _compute(self, predictions: Sequence[Label], references: Sequence[Label]) -> dict[str, Any]:
        counts = count_labels(label_numbers(references), label_numbers(predictions))
        values = {name: float(metric(counts)) for name, metric in COUNT_METRICS.items()}
        known = {name: None if math.isnan(value) else value for name, value in values.items()}
        return known | {"report": classification_report(counts)}
