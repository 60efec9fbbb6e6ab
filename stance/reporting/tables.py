"""Results as tables for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stance.reporting.drawing import Cell, Column, Grid, Sheet, Text, clean
from stance.schema import LABELS, Analysis, Document, Label, Paragraph, Share, Stance

__all__ = ["block_table", "document_table"]

_MARKS: Mapping[Label, str] = {"favor": "▲", "against": "▼", "neutral": "●", "absent": "·"}
_STYLES: Mapping[Label, str] = {"favor": "bold green", "against": "bold red", "neutral": "yellow", "absent": "dim"}
_KIND_STYLES = {"body": "", "heading": "bold", "metadata": "cyan", "furniture": "dim"}
_UNDECIDED = "~"
"""Mark of a judgement that leaves more than one label at the risk that was asked for."""
_BAR = 20
"""Width of a summary bar in characters."""
_OPENING = 1000
"""Characters of a text that a line of a table is made of: a paragraph may have millions."""


def document_table(analysis: Analysis, targets: Sequence[str]) -> Sheet:
    """Show where the paragraphs of a document stand, and the document as a whole below.

    Args:
        analysis: The document.
        targets: Names of the targets, a column each.

    Returns:
        Lines and a grid: a row a paragraph with its number, first words and a mark a target; headings stand
        between them, other blocks are counted in a line. Where a risk was asked for, judgements that it leaves
        undecided bear the mark ``~``. Where evidence was looked for, the heaviest words stand below.
    """
    columns = [Column("#", right=True), Column("paragraph", fit="cut"), *(Column(name, least=14) for name in targets)]
    rows: list[list[Cell]] = []
    empty = [""] * len(targets)
    judged = iter(analysis.predictions)
    for block in analysis.blocks:
        if block.kind == "body":
            prediction = next(judged)
            marks = [_mark(prediction[target]) for target in targets]
            rows.append([_number(block), _opening(block.text), *marks])
            for target in targets:
                if prediction[target].evidence:
                    rows.append(["", _evidence(prediction[target]), *empty])
        elif block.kind == "heading":
            rows.append([_number(block), Text(_opening(block.text), "bold"), *empty])
    return [_title(analysis.document), Grid(columns, rows), *_summary(analysis, targets), ""]


def block_table(document: Document, blocks: Sequence[Paragraph]) -> Sheet:
    """Show the blocks of a document: number, kind, offsets, first words."""
    columns = [
        Column("#", right=True),
        Column("kind"),
        Column("start", right=True),
        Column("end", right=True),
        Column("text", fit="cut"),
    ]
    rows: list[list[Cell]] = []
    for block in blocks:
        style = _KIND_STYLES[block.kind]
        kind, text = Text(block.kind, style), Text(_opening(block.text), style)
        rows.append([_number(block), kind, str(block.start), str(block.end), text])
    return [_title(document), Grid(columns, rows)]


def _number(block: Paragraph) -> Text:
    return Text(str(block.index), "dim")


def _title(document: Document) -> Cell:
    title = Text(clean(document.name or "document"), "bold underline")
    return title if document.id is None else (title, Text(f"  {clean(str(document.id))}", "dim"))


def _mark(stance: Stance) -> Text:
    if stance.abstained:
        return Text(f"{_UNDECIDED} {stance.label} {stance.probability:.0%}", "dim")
    text = f"{_MARKS[stance.label]} {stance.label}"
    return Text(text if stance.label == "absent" else f"{text} {stance.probability:.0%}", _STYLES[stance.label])


def _evidence(stance: Stance) -> Text:
    """Tell what a label rests on: the heaviest words, and by how much its probability falls without each."""
    words = sorted((item for item in stance.evidence if item.unit != "sentence"), key=lambda item: -item.weight)
    shown = words or sorted(stance.evidence, key=lambda item: -item.weight)
    told = ", ".join(f"{clean(item.text)}{_fall(item.weight)}" for item in shown)
    return Text(f"  {clean(stance.target)} rests on: {told}", "dim")


def _fall(weight: float) -> str:
    return f" −{weight:.2f}" if weight >= 0.005 else ""


def _summary(analysis: Analysis, targets: Sequence[str]) -> Sheet:
    total = len(analysis.predictions)
    others = [
        f"{count} {kind}"
        for kind in ("heading", "metadata", "furniture")
        if (count := sum(block.kind == kind for block in analysis.blocks))
    ]
    line = f"{total} paragraph{'' if total == 1 else 's'}" + (f"; not judged: {', '.join(others)}" if others else "")
    rows: list[list[Cell]] = []
    for target in targets:
        shares = analysis.summary[target]
        counts = [Text(f"{_MARKS[label]} {label} {_count(shares[label])}", _STYLES[label]) for label in LABELS]
        rows.append([Text(clean(target), "bold"), _bar(shares), *counts])
    columns = [Column(), Column(), *(Column(fit="fold") for _ in LABELS)]
    return [Text(line, "dim"), *_legend(analysis, targets), Grid(columns, rows, head=False)]


def _legend(analysis: Analysis, targets: Sequence[str]) -> list[Text]:
    """Say what the mark of the undecided means and how many there are, if a risk was asked for."""
    stances = [prediction[target] for prediction in analysis.predictions for target in targets]
    if not any(stance.labels for stance in stances):
        return []
    undecided = sum(stance.abstained for stance in stances)
    line = f"{_UNDECIDED} undecided at the risk asked for, most probable label shown and counted: "
    return [Text(f"{line}{undecided} of {len(stances)}", "dim")]


def _count(share: Share) -> str:
    return f"{share.count} ({share.share:.0%})" if share.count else "0"


def _bar(shares: Mapping[Label, Share]) -> Cell:
    """Draw the shares of the labels; each gets the cells between its rounded cumulative ends, so they fill the bar."""
    bar, done = [], 0.0
    for label in LABELS:
        start, done = round(done * _BAR), done + shares[label].share
        bar.append(Text(("░" if label == "absent" else "█") * (round(done * _BAR) - start), _STYLES[label]))
    return tuple(bar)


def _opening(text: str) -> str:
    """Give the first characters of a text, of which a line of a table shows no more."""
    return clean(text[:_OPENING])
