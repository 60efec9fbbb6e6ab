"""Results as tables for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import BinaryIO

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from stance.schema import LABELS, Analysis, Document, Label, Paragraph, Share, Stance
from stance.text.disguise import FLOOD

__all__ = ["block_table", "clean", "document_table", "print_table", "render_table"]

_MARKS: Mapping[Label, str] = {"favor": "▲", "against": "▼", "neutral": "●", "absent": "·"}
_STYLES: Mapping[Label, str] = {"favor": "bold green", "against": "bold red", "neutral": "yellow", "absent": "dim"}
_KIND_STYLES = {"body": "", "heading": "bold", "metadata": "cyan", "furniture": "dim"}
_UNDECIDED = "~"
"""Mark of a judgement that leaves more than one label at the risk that was asked for."""
_BAR = 20
"""Width of a summary bar in characters."""
_OPENING = 1000
"""Characters of a text that a line of a table is made of: a paragraph may have millions."""
_PLAIN_WIDTH = 110
"""Width of tables that do not go to a terminal."""


def print_table(renderable: RenderableType, file: BinaryIO) -> None:
    """Write a table as text: in colour and in its width if a terminal reads it, else plain and of a fixed width.

    Args:
        renderable: What to write.
        file: Where to.
    """
    file.write(render_table(renderable, terminal=file.isatty()))
    file.flush()


def render_table(renderable: RenderableType, *, terminal: bool) -> bytes:
    """Make the text of a table.

    Args:
        renderable: What to write.
        terminal: Whether a terminal reads it, which gets colour and its own width.

    Returns:
        The text in UTF-8.
    """
    console = Console(
        width=None if terminal else _PLAIN_WIDTH,
        force_terminal=terminal,
        color_system="auto" if terminal else None,
        highlight=False,
        markup=False,  # names and texts come from elsewhere: "[/x]" is no markup
        emoji=False,
    )
    with console.capture() as capture:
        console.print(renderable)
    return capture.get().encode("utf-8", "backslashreplace")


def document_table(analysis: Analysis, targets: Sequence[str]) -> RenderableType:
    """Show where the paragraphs of a document stand, and the document as a whole below.

    Args:
        analysis: The document.
        targets: Names of the targets, a column each.

    Returns:
        Something that rich prints: a row a paragraph with its number, first words and a mark a target; headings stand
        between them, other blocks are counted in a line. Where a risk was asked for, judgements that it leaves
        undecided bear the mark ``~``. Where evidence was looked for, the heaviest words stand below.
    """
    table = Table(box=box.SIMPLE_HEAD, expand=True, pad_edge=False)
    table.add_column("#", justify="right", style="dim", no_wrap=True)
    table.add_column("paragraph", ratio=1, no_wrap=True, overflow="ellipsis")
    for target in targets:
        table.add_column(clean(target), no_wrap=True, min_width=14)
    judged = iter(analysis.predictions)
    for block in analysis.blocks:
        if block.kind == "body":
            prediction = next(judged)
            marks = [_mark(prediction[target]) for target in targets]
            table.add_row(str(block.index), Text(_opening(block.text)), *marks)
            for target in targets:
                if prediction[target].evidence:
                    table.add_row("", _evidence(prediction[target]), *("" for _ in targets))
        elif block.kind == "heading":
            table.add_row(str(block.index), Text(_opening(block.text), style="bold"))
    return Group(_title(analysis.document), table, Padding(_summary(analysis, targets), (0, 0, 1, 0)))


def block_table(document: Document, blocks: Sequence[Paragraph]) -> RenderableType:
    """Show the blocks of a document: number, kind, offsets, first words."""
    table = Table(box=box.SIMPLE_HEAD, expand=True, pad_edge=False)
    table.add_column("#", justify="right", style="dim", no_wrap=True)
    table.add_column("kind", no_wrap=True)
    table.add_column("start", justify="right", no_wrap=True)
    table.add_column("end", justify="right", no_wrap=True)
    table.add_column("text", ratio=1, no_wrap=True, overflow="ellipsis")
    for block in blocks:
        style = _KIND_STYLES[block.kind]
        offsets = (str(block.start), str(block.end))
        table.add_row(
            str(block.index), Text(block.kind, style=style), *offsets, Text(_opening(block.text), style=style)
        )
    return Group(_title(document), table)


def _title(document: Document) -> Text:
    title = Text(clean(document.name or "document"), style="bold underline")
    return title if document.id is None else title.append(f"  {clean(str(document.id))}", style="dim")


def _mark(stance: Stance) -> Text:
    if stance.abstained:
        return Text(f"{_UNDECIDED} {stance.label} {stance.probability:.0%}", style="dim")
    text = f"{_MARKS[stance.label]} {stance.label}"
    return Text(text if stance.label == "absent" else f"{text} {stance.probability:.0%}", style=_STYLES[stance.label])


def _evidence(stance: Stance) -> Text:
    """Tell what a label rests on: the heaviest words, and by how much its probability falls without each."""
    words = sorted((item for item in stance.evidence if item.unit != "sentence"), key=lambda item: -item.weight)
    shown = words or sorted(stance.evidence, key=lambda item: -item.weight)
    told = ", ".join(f"{clean(item.text)}{_fall(item.weight)}" for item in shown)
    return Text(f"  {clean(stance.target)} rests on: {told}", style="dim")


def _fall(weight: float) -> str:
    return f" −{weight:.2f}" if weight >= 0.005 else ""


def _summary(analysis: Analysis, targets: Sequence[str]) -> RenderableType:
    total = len(analysis.predictions)
    others = [
        f"{count} {kind}"
        for kind in ("heading", "metadata", "furniture")
        if (count := sum(block.kind == kind for block in analysis.blocks))
    ]
    line = f"{total} paragraph{'' if total == 1 else 's'}" + (f"; not judged: {', '.join(others)}" if others else "")
    grid = Table.grid(padding=(0, 2))
    for target in targets:
        shares = analysis.summary[target]
        counts = [Text(f"{_MARKS[label]} {label} {_count(shares[label])}", style=_STYLES[label]) for label in LABELS]
        grid.add_row(Text(clean(target), style="bold"), _bar(shares), *counts)
    return Group(Text(line, style="dim"), *_legend(analysis, targets), grid)


def _legend(analysis: Analysis, targets: Sequence[str]) -> list[Text]:
    """Say what the mark of the undecided means and how many there are, if a risk was asked for."""
    stances = [prediction[target] for prediction in analysis.predictions for target in targets]
    if not any(stance.labels for stance in stances):
        return []
    undecided = sum(stance.abstained for stance in stances)
    line = f"{_UNDECIDED} undecided at the risk asked for, most probable label shown and counted: "
    return [Text(f"{line}{undecided} of {len(stances)}", style="dim")]


def _count(share: Share) -> str:
    return f"{share.count} ({share.share:.0%})" if share.count else "0"


def _bar(shares: Mapping[Label, Share]) -> Text:
    """Draw the shares of the labels; each gets the cells between its rounded cumulative ends, so they fill the bar."""
    bar, done = Text(), 0.0
    for label in LABELS:
        start, done = round(done * _BAR), done + shares[label].share
        bar.append(("░" if label == "absent" else "█") * (round(done * _BAR) - start), style=_STYLES[label])
    return bar


def _opening(text: str) -> str:
    """Give the first characters of a text, of which a line of a table shows no more."""
    return clean(text[:_OPENING])


def clean(text: str) -> str:
    """Make one line without characters that a terminal would obey, and without floods of marks on a letter."""
    text = FLOOD.sub("", text)
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())
