"""An audit in the report of an evaluation: what it found, and what is good."""

from __future__ import annotations

import io

import numpy as np

from stance.evaluation.findings import Audit, Finding, Part
from stance.evaluation.intervals import Interval
from stance.evaluation.scoring import Evaluation, evaluate
from stance.reporting.drawing import print_table
from stance.reporting.evaluation_tables import evaluation_markdown, evaluation_table

AUDIT = Audit(
    targets=("NATO",),
    paragraphs=20,
    available=90,
    documents=11,
    looks_at_target=False,
    parts=(
        Part(
            "masked",
            "Every name is hidden: what is lost?",
            "A quarter or more.",
            (Finding("NATO", 20, 8, {"lost_more": Interval(0.025, -0.1, 0.2)}, "fail"),),
            "fail",
        ),
        Part(
            "robustness",
            "How fast does it get worse?",
            "Little should be lost.",
            (
                Finding("plain", 20, 0, {"macro_f1": Interval(0.75, 0.5, 0.9)}, None, 0.0),
                Finding("scanning", 20, 9, {"macro_f1": Interval(np.nan, np.nan, np.nan)}, "n/a", 0.05),
                Finding("all capitals", 20, 20, {"macro_f1": Interval(0.25, 0.1, 0.3)}, "warn", 1.0),
            ),
            "warn",
        ),
    ),
    draws=10,
    seed=0,
)


def evaluation() -> Evaluation:
    rows = [{"id": "a", "labels": {"NATO": "favor"}}]
    return evaluate(rows, rows, draws=10)


def test_markdown_has_each_part_and_its_verdict() -> None:
    text = evaluation_markdown(evaluation(), audit=AUDIT)
    assert "## Audit: It was not shown to look at the target" in text
    assert "Asked about 20 of 90 paragraphs, from 11 documents, as they are and changed. masked fail, robust" in text
    assert "## Audit, masked: fail. Every name is hidden: what is lost?" in text
    assert "| NATO | fail | 0.025 [-0.100, 0.200] | 20 |" in text
    assert "| plain |  | 0.750 [0.500, 0.900] | 20 |" in text and "| scanning 0.05 | n/a | n/a | 20 |" in text
    assert "| all capitals | warn | 0.250 [0.100, 0.300] | 20 |" in text
    assert "What is good: Little should be lost." in text
    assert "Audit" not in evaluation_markdown(evaluation())


def test_the_table_has_them_too() -> None:
    file = io.BytesIO()
    print_table(evaluation_table(evaluation(), audit=AUDIT), file)
    out = file.getvalue().decode()
    assert "Audit: It was not shown to look at the target" in out and "What is good: A quarter or more." in out
