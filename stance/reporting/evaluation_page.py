"""An evaluation on one page: figures, confusion matrices, calibration, what abstaining would bring, worst errors."""

from __future__ import annotations

from collections.abc import Sequence

from stance import __version__
from stance.evaluation.figures import MEAN, POOLED, Figures
from stance.evaluation.findings import Audit
from stance.evaluation.scoring import Evaluation, Mistake
from stance.reporting.charts import curve, reliability
from stance.reporting.evaluation_tables import EvaluationPart, evaluation_parts
from stance.reporting.page import MARKS, by_target, escape, render_page

__all__ = ["evaluation_html"]

_HEATS = 5
"""Steps in which cells of a confusion matrix are shaded."""
_TEXT = 1200
"""Characters of a paragraph that are shown with an error; files of JSON hold all."""


def evaluation_html(
    evaluation: Evaluation, *, title: str = "How good the labels are", worst: int = 30, audit: Audit | None = None
) -> str:
    """Make one page of an evaluation, which needs nothing else.

    Args:
        evaluation: The evaluation.
        title: Title of the page.
        worst: Most wrong judgements to show.
        audit: An audit of the same system, to show too.

    Returns:
        HTML. Whatever comes from files is escaped.
    """
    names = [name for name in evaluation.figures if name not in (POOLED, MEAN)]
    shown = names if len(names) == 1 else [*names, POOLED]
    first, *parts = evaluation_parts(evaluation, worst, audit)
    body = [_table(first, "Figures")]
    matrices = by_target([_matrix(name, evaluation.figures[name]) for name in shown], "div")
    body.append(f"<h2>Gold and predicted labels</h2>{matrices}")
    if any(evaluation.figures[name].reliability for name in shown):
        curves = by_target([_curves(name, evaluation.figures[name]) for name in shown], "div")
        body.append(f"<h2>Confidence</h2>{curves}")
    body += [_table(part, part.title) for part in parts if part.kind == "table"]
    body.append(_mistakes(evaluation.mistakes, worst))
    foot = f"Made by stance {__version__}. 95 % intervals: {evaluation.draws:,} bootstrap draws of documents."
    return render_page(title, first.title, "\n".join(body), targets=shown, foot=foot)


def _table(part: EvaluationPart, title: str) -> str:
    note = f'<p class="quiet">{escape(part.note)}</p>' if part.note else ""
    if not part.columns:
        return f"<h2>{escape(title)}</h2>{note}"
    kinds = ["" if number < part.words else ' class="num breaks"' for number in range(len(part.columns))]
    heads = "".join(
        f'<th scope="col"{kind}>{escape(name)}</th>' if name else "<td></td>"
        for name, kind in zip(part.columns, kinds, strict=True)
    )
    rows = "".join(
        "<tr>" + "".join(f"<td{kind}>{_broken(cell)}</td>" for cell, kind in zip(row, kinds, strict=True)) + "</tr>"
        for row in part.rows
    )
    return f"<h2>{escape(title)}</h2>{_scroll(title, f'<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody>')}{note}"


def _broken(cell: str) -> str:
    """Let a figure break before its interval, where a table would be wider than the page."""
    value, bracket, ends = escape(cell).partition(" [")
    return f"{value} <span>[{ends}</span>" if bracket and ends.endswith("]") else escape(cell)


def _scroll(name: str, rows: str) -> str:
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(name)}"><table>{rows}</table></div>'


def _matrix(name: str, figures: Figures) -> str:
    """Show gold labels (rows) against predicted ones; a cell is the darker, the larger its share of the row."""
    columns = list(next(iter(figures.counts.values())))
    columns = [
        column for column in columns if column != "failed" or any(row[column] for row in figures.counts.values())
    ]
    heads = "".join(f'<th scope="col" class="num">{escape(column)}</th>' for column in columns)
    rows = []
    for gold, counts in figures.counts.items():
        total = sum(counts.values())
        cells = "".join(_cell(counts[column], total, right=column == gold) for column in columns)
        rows.append(f'<tr><th scope="row">{escape(gold)}</th>{cells}</tr>')
    table = f"<thead><tr><th>gold ↓ predicted →</th>{heads}</tr></thead><tbody>{''.join(rows)}</tbody>"
    note = "Per cent are of the gold label. Bold: right."
    return _scroll(f"Confusion matrix of {name}", table) + f'<p class="quiet">{note}</p>'


def _cell(count: int, total: int, *, right: bool) -> str:
    share = count / total if total else 0.0
    told = f"{count:,} <small>{share:.0%}</small>" if count else "0"
    told = f"<strong>{told}</strong>" if right else told
    return f'<td class="num {"right" if right else "wrong"}{round(share * _HEATS)}">{told}</td>'


def _curves(name: str, figures: Figures) -> str:
    if not figures.reliability:
        return ""
    total = sum(part["judgements"] for part in figures.reliability)
    bins = [(part["confidence"], part["accuracy"], part["judgements"] / total) for part in figures.reliability]
    points = sorted(figures.risk_coverage.items())
    told = (
        "Left: how often labels are right against how sure the system is; above the line it is better than it says, a "
        "larger dot is more judgements. Right: the share of errors among the surest judgements, for each share that "
        "could be kept."
    )
    cells = [(f"{confidence:.2f}", f"{right:.2f}", f"{weight:.1%}") for confidence, right, weight in bins]
    rows = "".join("<tr>" + "".join(f'<td class="num">{cell}</td>' for cell in row) + "</tr>" for row in cells)
    heads = "".join(f'<th class="num">{name}</th>' for name in ("mean confidence", "right", "of judgements"))
    table = f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody>"
    return (
        f'<p class="quiet">{told}</p><div class="pair">{reliability(f"Reliability of {name}", bins)}'
        f"{curve(f'Risk and coverage of {name}', points, x_name='kept', y_name='errors')}</div>"
        f"<details><summary>The figures</summary>{_scroll(f'Reliability of {name} in figures', table)}</details>"
    )


def _mistakes(mistakes: Sequence[Mistake], worst: int) -> str:
    if not mistakes or not worst:
        return ""
    items = "".join(map(_mistake, mistakes[:worst]))
    sure = "The surest errors" if any(item.probability for item in mistakes) else "Errors"
    return f'<h2>{sure}</h2><p class="quiet">{min(worst, len(mistakes)):,} of {len(mistakes):,}.</p>{items}'


def _mistake(item: Mistake) -> str:
    sure = "" if item.probability is None else f" {item.probability:.0%}"
    said = f"{MARKS[item.predicted]} {item.predicted}{sure}" if item.predicted else "failed"
    label = item.predicted or "absent"
    text = item.text if len(item.text) <= _TEXT else f"{item.text[: _TEXT - 1]}…"
    return (
        f'<div class="mistake"><p><strong>{escape(item.target)}</strong>: <span class="is-{label}">{said}</span>, gold '
        f'<span class="is-{item.gold}">{MARKS[item.gold]} {item.gold}</span> '
        f'<span class="quiet">{escape(item.id)}</span></p><p class="block">{escape(text)}</p></div>'
    )
