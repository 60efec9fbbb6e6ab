"""An evaluation as tables: for a terminal, or in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from stance.evaluation.comparison import Comparison
from stance.evaluation.figures import MEAN, POOLED
from stance.evaluation.findings import Audit
from stance.evaluation.intervals import Interval
from stance.evaluation.scoring import Evaluation, Mistake
from stance.reporting.drawing import Cell, Column, Grid, Sheet, Text, clean

__all__ = ["EvaluationPart", "escape_markdown", "evaluation_markdown", "evaluation_parts", "evaluation_table"]

_EXCERPT = 240
"""Characters of a paragraph that are shown; files of JSON hold all."""
_NAMES = {
    "macro_f1": "macro-F1",
    "mean_macro_f1": "mean macro-F1",
    "f_avg": "F_avg",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced acc.",
    "mcc": "MCC",
    "presence_f1": "presence F1",
    "side_f1": "side F1",
    "ece": "ECE",
    "brier": "Brier",
    "aurc": "AURC",
}
_WITH_ENDS = ("macro_f1", "f_avg", "presence_f1", "side_f1")
_VALUES = ("accuracy", "balanced_accuracy", "mcc", "ece", "brier", "aurc")
_SLICES = 8
"""Most slices of a field that are shown: the largest. Files of JSON hold all."""


@dataclass(frozen=True, slots=True)
class EvaluationPart:
    """A table with its title, or text alone.

    Attributes:
        title: What it shows.
        columns: Names of the columns.
        rows: Cells, as many as columns.
        note: What stands below.
        words: How many columns hold words, from the left; the others hold figures.
        kind: ``"counts"`` for gold against predicted labels, ``"mistakes"`` for errors; else ``"table"``.
    """

    title: str
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    note: str = ""
    words: int = 1
    kind: Literal["table", "counts", "mistakes"] = "table"


def evaluation_table(evaluation: Evaluation, *, worst: int = 5, audit: Audit | None = None) -> Sheet:
    """Show an evaluation on a terminal.

    Args:
        evaluation: The evaluation.
        worst: Most wrong judgements to show.
        audit: An audit of the same system, to show too.

    Returns:
        Lines and grids.
    """
    shown: list[Cell | Grid] = []
    for part in evaluation_parts(evaluation, worst, audit):
        shown.append(Text(part.title, "bold"))
        if part.columns:
            columns = [Column(name, right=number >= part.words, fit="fold") for number, name in enumerate(part.columns)]
            shown.append(Grid(columns, part.rows))
        if part.note:
            shown += [part.note, ""]
    return shown


def evaluation_markdown(evaluation: Evaluation, *, worst: int = 5, audit: Audit | None = None) -> str:
    """Write an evaluation in Markdown.

    Args:
        evaluation: The evaluation.
        worst: Most wrong judgements to show.
        audit: An audit of the same system, to show too.

    Returns:
        The text.
    """
    blocks = []
    for part in evaluation_parts(evaluation, worst, audit):
        blocks.append(f"## {escape_markdown(part.title)}")
        if part.columns:
            marks = ["---" if number < part.words else "---:" for number in range(len(part.columns))]
            lines = (part.columns, marks, *(list(map(escape_markdown, row)) for row in part.rows))
            blocks.append("\n".join(f"| {' | '.join(line)} |" for line in lines))
        if part.note:
            blocks.append(escape_markdown(part.note))
    return "\n\n".join(blocks) + "\n"


def escape_markdown(text: str) -> str:
    r"""Keep what comes from elsewhere from being read as Markdown or HTML.

    >>> print(escape_markdown("a|b <i>"))
    a\|b \<i\>
    """
    for sign in "\\|*_`<>#":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("](", "]\\(")


def evaluation_parts(evaluation: Evaluation, worst: int, audit: Audit | None) -> Iterator[EvaluationPart]:
    """Give the tables of an evaluation, in order.

    Args:
        evaluation: The evaluation.
        worst: Most wrong judgements to show.
        audit: An audit of the same system, to show too.

    Yields:
        The tables, cells as plain text.
    """
    judgements = evaluation.figures[POOLED].judgements
    told = (
        f"{_count(evaluation.paragraphs, 'paragraph')} of {_count(evaluation.documents, 'document')}, "
        f"{_count(judgements, 'judgement')} toward {_count(len(evaluation.targets), 'target')}"
    )
    if evaluation.failures:
        told += f"; {_count(evaluation.failures, 'failure')}, counted as errors"
    if evaluation.unasked:
        told += f"; {_count(evaluation.unasked, 'judgement')} that no gold label asks for"
    rows = [name for name in (*evaluation.figures, MEAN) if name != MEAN]
    rows += [MEAN] if MEAN in evaluation.figures else []
    yield EvaluationPart(
        told,
        ("target", *(_NAMES[name] for name in _WITH_ENDS)),
        [
            [clean(name), *(_interval(evaluation.figures[name].metrics[metric]) for metric in _WITH_ENDS)]
            for name in rows
        ],
        "macro-F1: mean F1 of the labels. F_avg: mean F1 of favor and against. presence F1: is the target there, "
        "whatever its label. side F1: favor, against, neutral where it is there. mean: of the targets; pooled: all "
        f"judgements as one. 95 % intervals: {evaluation.draws:,} bootstrap draws of documents. n/a: no gold label to "
        "measure it by, or too few documents for an interval.",
    )
    values = [name for name in _VALUES if name in evaluation.figures[POOLED].metrics]
    yield EvaluationPart(
        "Balance, calibration, confidence",
        ("target", *(_NAMES[name] for name in values)),
        [
            [clean(name), *(_value(evaluation.figures[name].metrics[metric].value) for metric in values)]
            for name in rows
        ],
        "balanced acc.: mean recall of the labels. MCC: agreement beyond chance. "
        + (
            "ECE, Brier: error of the probabilities; AURC: errors among the surest; lower is better. "
            if "ece" in values
            else "The predictions give no probabilities. "
        )
        + "All of them: docs/evaluating.md.",
    )
    yield _label_part(evaluation)
    yield from _counts_parts(evaluation)
    if evaluation.slices:
        yield _slice_part(evaluation)
    if evaluation.comparison:
        yield _comparison_part(evaluation.comparison)
    if audit:
        yield from _audit_parts(audit)
    if evaluation.mistakes and worst:
        yield _mistake_part(evaluation.mistakes, worst)


def _label_part(evaluation: Evaluation) -> EvaluationPart:
    rows = [
        [
            clean(target),
            label,
            _value(found.precision.value),
            _value(found.recall.value),
            _interval(found.f1),
            str(found.support),
            str(found.predicted),
        ]
        for target, figures in evaluation.figures.items()
        if target not in (POOLED, MEAN)
        for label, found in figures.labels.items()
    ]
    return EvaluationPart(
        "Labels", ("target", "label", "precision", "recall", "F1", "gold", "predicted"), rows, words=2
    )


def _counts_parts(evaluation: Evaluation) -> Iterator[EvaluationPart]:
    for target, figures in evaluation.figures.items():
        if target not in (POOLED, MEAN):
            names = next(iter(figures.counts.values()))
            shown = [name for name in names if name != "failed" or evaluation.failures]
            rows = [[gold, *(str(row[name]) for name in shown)] for gold, row in figures.counts.items()]
            yield EvaluationPart(
                f"{clean(target)}: gold (rows) and predicted labels", ("", *shown), rows, kind="counts"
            )


def _slice_part(evaluation: Evaluation) -> EvaluationPart:
    rows, hidden = [], 0
    for field in dict.fromkeys(part.field for part in evaluation.slices):
        parts = [part for part in evaluation.slices if part.field == field]
        least = sorted((part.judgements for part in parts), reverse=True)[:_SLICES][-1]
        shown = [part for part in parts if part.judgements >= least]
        hidden += len(parts) - len(shown)
        for part in shown:
            metrics = [_interval(part.metrics[name]) for name in ("macro_f1", "f_avg")]
            rows.append(
                [f"{clean(field)}: {clean(part.value)}", *metrics, f"{part.judgements:,}", f"{part.documents:,}"]
            )
    note = "Parts of fewer than 20 judgements are left out."
    note += f" {hidden} smaller parts are in --format json." if hidden else ""
    return EvaluationPart(
        "Slices, all targets as one", ("part", "macro-F1", "F_avg", "judgements", "documents"), rows, note
    )


def _comparison_part(comparison: Comparison) -> EvaluationPart:
    rows = [
        [_NAMES[name], _interval(item.interval), "n/a" if np.isnan(item.p) else _chance(item.p)]
        for name, item in comparison.differences.items()
    ]
    failed = f" The other failed on {_count(comparison.failures, 'judgement')}." if comparison.failures else ""
    return EvaluationPart(
        "Against the other system",
        ("figure", "difference", "permutation p"),
        rows,
        f"Right alone: {comparison.only_first:,} judgements against {comparison.only_second:,} of the other; McNemar's "
        f"exact p {_chance(comparison.mcnemar_p)} (it takes judgements for independent).{failed}",
    )


def _audit_parts(audit: Audit) -> Iterator[EvaluationPart]:
    verdicts = ", ".join(f"{part.name} {part.verdict}" for part in audit.parts)
    yield EvaluationPart(
        f"Audit: {audit.summary}",
        note=f"Asked about {audit.paragraphs:,} of {_count(audit.available, 'paragraph')}, from "
        f"{_count(audit.documents, 'document')}, as they are and changed. {verdicts}. Macro-F1 is that of all "
        "judgements as one. How to read each part: docs/auditing.md.",
    )
    for part in audit.parts:
        names = tuple(dict.fromkeys(name for row in part.rows for name in row.figures))
        rows = [
            [
                clean(row.name) + (f" {row.rate:g}" if row.rate and row.rate < 1 else ""),
                row.verdict or "",
                *(_interval(row.figures[name]) if name in row.figures else "" for name in names),
                f"{row.n:,}",
            ]
            for row in part.rows
        ]
        columns = ("", "verdict", *(_NAMES.get(name, name.replace("_", " ")) for name in names), "judgements")
        title = f"Audit, {part.name}: {part.verdict}. {part.question}"
        yield EvaluationPart(title, columns, rows, f"What is good: {part.good}", words=2)


def _mistake_part(mistakes: Sequence[Mistake], worst: int) -> EvaluationPart:
    rows = []
    for item in mistakes[:worst]:
        sure = "" if item.probability is None else f" {item.probability:.2f}"
        words = " ".join(clean(item.text).split())
        rows.append(
            [
                f"{clean(item.id)}: {clean(item.target)}: {item.predicted or 'failed'}{sure}, gold {item.gold}",
                words if len(words) <= _EXCERPT else words[: _EXCERPT - 1] + "…",
            ]
        )
    sure = "The surest" if any(item.probability for item in mistakes) else "Some"
    return EvaluationPart(
        f"{sure} of {_count(len(mistakes), 'error')}", ("judgement", "paragraph"), rows, words=2, kind="mistakes"
    )


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _interval(interval: Interval) -> str:
    if np.isnan(interval.value):
        return "n/a"
    ends = "n/a" if np.isnan(interval.low) else f"{_figure(interval.low)}, {_figure(interval.high)}"
    return f"{_figure(interval.value)} [{ends}]"


def _value(value: float) -> str:
    return "n/a" if np.isnan(value) else _figure(value)


def _figure(value: float) -> str:
    return f"{round(value, 3) + 0.0:.3f}"  # not -0.000


def _chance(p: float) -> str:
    return f"{p:.4f}" if p >= 0.0001 else "below 0.0001"
