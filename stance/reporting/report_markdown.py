"""A corpus in Markdown: the figures of the page, and each document with its labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stance import __version__
from stance.reporting.document_view import is_unsure, name_of, title_of
from stance.reporting.drawing import clean
from stance.reporting.evaluation_tables import escape_markdown
from stance.reporting.page import MARKS
from stance.reporting.report_page import CAVEAT, describe_intervals, format_share, targets_of, without_field
from stance.reporting.shares import SIDES, Group, summarise_corpus
from stance.schema import Analysis, Prediction

__all__ = ["report_markdown"]


def report_markdown(
    analyses: Sequence[Analysis], *, title: str = "Where the texts stand", by: str | None = None
) -> str:
    """Write a report in Markdown.

    Args:
        analyses: The documents.
        title: Its title.
        by: Field of `Document.source` that tells the outlet; None finds it.

    Returns:
        The text. Whatever comes from the documents is escaped.

    Raises:
        InputError: If there is nothing to report, or documents were judged toward different targets.
    """
    targets = targets_of(analyses)
    corpus = summarise_corpus(analyses, targets, by=by)
    blocks = [f"# {_escape(title)}", "## Stance by target", _shares_table("target", _by_target(corpus.whole), targets)]
    blocks.append(describe_intervals([corpus.whole]))
    for field, groups in ((corpus.outlet_field, corpus.outlets), (corpus.date_field, corpus.times)):
        if len(groups) > 1:
            blocks.append(f"## By {_escape(field)}")
            rows = [[group.name, *_sides(group, target)] for group in groups for target in targets]
            blocks.append(_shares_table(field, rows, targets))
            blocks.append(f"{describe_intervals(groups)} {_escape(without_field(corpus, groups, field))}".strip())
    for analysis in analyses:
        blocks += _document(analysis, targets)
    blocks.append(f"Made by stance {__version__}. {CAVEAT}")
    return "\n\n".join(blocks) + "\n"


def _by_target(group: Group) -> list[list[str]]:
    return [["all", *_sides(group, target)] for target in group.targets]


def _sides(group: Group, target: str) -> list[str]:
    own = group.targets[target]
    return [target, *(format_share(own.shares[label]) for label in SIDES), f"{own.present:,}"]


def _shares_table(first: str, rows: Sequence[Sequence[str]], targets: Sequence[str]) -> str:
    whole = first == "target"
    heads = ([] if whole else [first]) + ["target", *SIDES, "paragraphs with target"]
    return _table(heads, [row[1:] if whole else row for row in rows])


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [list(map(_escape, heads)), ["---"] * len(heads), *([_escape(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _document(analysis: Analysis, targets: Sequence[str]) -> Iterator[str]:
    title, name = title_of(analysis), name_of(analysis)
    yield f"## {_escape(title)}"
    if name != title:
        yield _escape(name)
    judged = iter(analysis.predictions)
    for block in analysis.blocks:
        if block.kind == "body":
            prediction = next(judged)
            yield f"**{_labels(prediction, targets)}**\n{_escape(prediction.text)}"
        elif block.kind == "heading" and _escape(block.text) != _escape(title):
            yield f"### {_escape(block.text)}"


def _labels(prediction: Prediction, targets: Sequence[str]) -> str:
    parts = []
    for target in targets:
        stance = prediction[target]
        if stance.label != "absent":
            doubt = " (uncertain)" if is_unsure(stance) else ""
            parts.append(f"{_escape(target)}: {MARKS[stance.label]} {stance.label} {stance.probability:.0%}{doubt}")
    return "; ".join(parts) or "·"


def _escape(text: str) -> str:
    """Make text one line that Markdown takes for text; a line that opens like a list or an image, too."""
    safe = escape_markdown(clean(text)).replace("![", "!\\[")
    return f"\\{safe}" if safe[:1] in ("-", "+", "=", "~") else safe
