"""A document as it was written, its paragraphs tinted by the label toward the chosen target, evidence underlined."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from stance.reporting.page import MARKS, by_target, escape, target_classes
from stance.schema import Analysis, Paragraph, Prediction, Stance

__all__ = ["UNSURE", "document_html", "is_unsure", "name_of", "title_of"]

UNSURE = 0.6
"""A label of less probability is marked as uncertain where no risk was asked for: by its own account, four in ten or
more of such are wrong."""
_HEADING = re.compile(r"^#{1,6}(?: |$)| #+$")
_EDGES = {"sentence": "s", "word": "w", "mention": "m"}


def title_of(analysis: Analysis) -> str:
    """Give the title of a document: its first heading, without Markdown's signs for one, else its name."""
    heading = next((block.text for block in analysis.blocks if block.kind == "heading"), "")
    return _HEADING.sub("", " ".join(heading.split())).strip() or name_of(analysis)


def name_of(analysis: Analysis) -> str:
    """Give the name of a document, with the id of its row where it has one."""
    parts = [analysis.document.name, "" if analysis.document.id is None else str(analysis.document.id)]
    return " ".join(part for part in parts if part) or "document"


def is_unsure(stance: Stance) -> bool:
    """Tell whether a label is marked as uncertain: more are left at the risk asked for, or it is below `UNSURE`."""
    return stance.abstained if stance.labels else stance.probability < UNSURE


def document_html(
    analysis: Analysis,
    number: int,
    targets: Sequence[str],
    *,
    ways: str = "",
    below: Callable[[int], str] | None = None,
) -> str:
    """Show a document.

    Args:
        analysis: The document.
        number: Its number on the page, from 0.
        targets: Names of the targets.
        ways: Links to other parts of the page, HTML.
        below: Gives what stands below a paragraph, HTML; called with its number, from 1.

    Returns:
        An ``article``; what differs between targets bears their classes.
    """
    key = f"d{number}"
    title = title_of(analysis)
    source = [f"{name}: {value}" for name, value in analysis.document.source.items() if value not in (None, "")]
    told = [part for part in (name_of(analysis), *source) if part != title]
    judged = iter(analysis.predictions)
    blocks, strip, count = [], [], 0
    for block in analysis.blocks:
        if block.kind == "body":
            prediction = next(judged)
            count += 1
            anchor = f"{key}p{count}"
            strip.append(_step(prediction, targets, anchor, count))
            blocks.append(_paragraph(prediction, targets, anchor))
            if below:
                blocks.append(below(count))
        else:
            blocks.append(_other(block))
    return (
        f'<article id="{key}" aria-labelledby="{key}t">{ways}<h2 id="{key}t">{escape(title)}</h2>'
        f'<p class="quiet">{escape(" · ".join(told))}</p>'
        f"{by_target([_summary(analysis, target) for target in targets], 'p')}"
        f'<nav aria-label="Paragraphs of {escape(title)}"><ol class="strip">{"".join(strip)}</ol></nav>'
        f"{''.join(blocks)}</article>"
    )


def _summary(analysis: Analysis, target: str) -> str:
    counts = [(label, sum(item[target].label == label for item in analysis.predictions)) for label in MARKS]
    told = ", ".join(
        f'<span class="is-{label}">{MARKS[label]} {label} {count}</span>' for label, count in counts if count
    )
    number = len(analysis.predictions)
    return f"Toward {escape(target)}, of {number} paragraph{'' if number == 1 else 's'}: {told or 'none'}"


def _classes(prediction: Prediction, targets: Sequence[str]) -> str:
    unsure = "".join(f" u{place}" for place, target in enumerate(targets) if is_unsure(prediction[target]))
    return target_classes([prediction[target].label for target in targets]) + unsure


def _step(prediction: Prediction, targets: Sequence[str], anchor: str, count: int) -> str:
    labels = by_target([f" {prediction[target].label}" for target in targets], extra="vh")
    return (
        f'<li><a class="{_classes(prediction, targets)}" href="#{anchor}">'
        f'<span class="vh">Paragraph </span>{count}{labels}</a></li>'
    )


def _paragraph(prediction: Prediction, targets: Sequence[str], anchor: str) -> str:
    badges = by_target([_badge(prediction[target]) for target in targets], extra="badge")
    text = "".join(_marked(prediction, targets))
    return f'<p class="block body {_classes(prediction, targets)}" id="{anchor}">{badges}{text}</p>'


def _badge(stance: Stance) -> str:
    unsure = ""
    if is_unsure(stance):
        unsure = f" uncertain: {' or '.join(stance.labels)}" if stance.abstained else " uncertain"
    return f"{MARKS[stance.label]} {stance.label} {stance.probability:.0%}{unsure}"


def _marked(prediction: Prediction, targets: Sequence[str]) -> Iterator[str]:
    """Give the text, escaped, with the evidence of all targets marked; stretches overlap, so it is cut at every end."""
    spans = [
        (item.start, item.end, f"{_EDGES[item.unit]}{place}")
        for place, target in enumerate(targets)
        for item in prediction[target].evidence
    ]
    ends = sorted({0, len(prediction.text), *(start for start, _, _ in spans), *(end for _, end, _ in spans)})
    for start, end in pairwise(ends):
        classes = " ".join(name for first, last, name in spans if first <= start and end <= last)
        text = escape(prediction.text[start:end])
        yield f'<mark class="{classes}">{text}</mark>' if classes else text


def _other(block: Paragraph) -> str:
    tag = "h3" if block.kind == "heading" else "p"
    return f'<{tag} class="block {block.kind}">{escape(block.text)}</{tag}>'
