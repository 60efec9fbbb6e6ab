"""A corpus on one page: shares by target, outlet and time, a table of its documents, and each document."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stance import __version__
from stance.errors import InputError
from stance.evaluation.intervals import Interval
from stance.reporting.charts import share_bar, time_chart, whisker
from stance.reporting.document_view import UNSURE, document_html, is_unsure, name_of, title_of
from stance.reporting.page import CODES, MARKS, by_target, escape, render_page
from stance.reporting.shares import SIDES, Corpus, Group, field_text, summarise_corpus
from stance.schema import LABELS, Analysis, Label

__all__ = [
    "CAVEAT",
    "Parts",
    "describe_intervals",
    "format_share",
    "report_html",
    "report_parts",
    "targets_of",
    "without_field",
]

_OUTLETS = 40
"""Most outlets in the table of outlets; the filter has all."""
CAVEAT = (
    "Labels are a model's and err; shares do not correct for that (stance estimate does). They say where a text's own "
    "voice stands, not what its author or outlet thinks."
)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a page of documents is put together from.

    Attributes:
        targets: Names of the targets.
        told: What stands below the title, plain text.
        body: The content, HTML.
        foot: What stands at the end, plain text.
    """

    targets: tuple[str, ...]
    told: str
    body: str
    foot: str


def targets_of(analyses: Sequence[Analysis]) -> tuple[str, ...]:
    """Name the targets that documents were judged toward.

    Raises:
        InputError: If there are no documents, or they were judged toward different targets.
    """
    found = {tuple(item) for analysis in analyses for item in analysis.predictions}
    if not found:
        raise InputError("There is no paragraph to report on. Give texts with paragraphs of running text.")
    if len({frozenset(item) for item in found}) > 1:
        told = "; ".join(sorted(", ".join(item) for item in found))
        raise InputError(f"Expected all paragraphs to be judged toward the same targets, found: {told}.")
    return next(tuple(item) for analysis in analyses for item in analysis.predictions)


def report_html(analyses: Sequence[Analysis], *, title: str = "Where the texts stand", by: str | None = None) -> str:
    """Make one page of analysed documents, which needs nothing else.

    Args:
        analyses: The documents.
        title: Title of the page.
        by: Field of `Document.source` that tells the outlet; None finds it.

    Returns:
        HTML. Whatever comes from the documents is escaped.

    Raises:
        InputError: If there is nothing to report, or documents were judged toward different targets.
    """
    parts = report_parts(analyses, by=by)
    return render_page(title, parts.told, parts.body, targets=parts.targets, foot=parts.foot)


def report_parts(
    analyses: Sequence[Analysis], *, by: str | None = None, below: Callable[[int], str] | None = None
) -> Parts:
    """Make what the page of documents shows, for whoever puts a page together.

    Args:
        analyses: The documents.
        by: Field of `Document.source` that tells the outlet; None finds it.
        below: Gives what stands below a paragraph, HTML; called with its number in its document, from 1.

    Returns:
        The parts. Whatever comes from the documents is escaped.

    Raises:
        InputError: If there is nothing to report, or documents were judged toward different targets.
    """
    targets = targets_of(analyses)
    corpus = summarise_corpus(analyses, targets, by=by)
    paragraphs = sum(len(analysis.predictions) for analysis in analyses)
    told = f"{_count(len(analyses), 'document')}, {_count(paragraphs, 'paragraph')}"
    models = sorted({item.model for analysis in analyses for item in analysis.predictions if item.model})
    told += f", judged by {', '.join(models)}" if models else ""
    single = len(analyses) == 1
    body = [f'<section id="corpus" aria-label="Corpus">{_key(analyses)}{_cards(corpus, targets)}']
    if not single:
        body += [_groups(corpus, targets), _times(corpus, targets), _table(analyses, targets, corpus)]
    body.append("</section>")
    for number, analysis in enumerate(analyses):
        ways = "" if single else _ways(number, len(analyses))
        body.append(document_html(analysis, number, targets, ways=ways, below=below))
    foot = f"Made by stance {__version__}. {CAVEAT}"
    return Parts(targets, told, "\n".join(body), foot)


def format_share(interval: Interval) -> str:
    """Write a share with its interval in per cent.

    >>> format_share(Interval(0.25, 0.1, 0.456))
    '25% [10, 46]'
    """
    if math.isnan(interval.value):
        return "n/a"
    ends = "" if math.isnan(interval.low) else f" [{interval.low * 100:.0f}, {interval.high * 100:.0f}]"
    return f"{interval.value:.0%}{ends}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _key(analyses: Sequence[Analysis]) -> str:
    stances = [stance for item in analyses for prediction in item.predictions for stance in prediction.stances.values()]
    signs = "".join(f'<li class="is-{label}">{MARKS[label]} {label}</li>' for label in LABELS)
    unsure = (
        "more than one label is left at the risk asked for"
        if any(item.labels for item in stances)
        else (f"the label's probability is below {UNSURE:.0%}")
    )
    notes = f"<p>Dashed edge, “uncertain”: {unsure}.</p>"
    if any(item.evidence for item in stances):
        notes += (
            "<p>Underlined: dotted the sentences that carry the label, solid the words, double the names of the target."
            "</p>"
        )
    return f'<div class="key quiet"><ul class="key">{signs}</ul>{notes}</div>'


def _cards(corpus: Corpus, targets: Sequence[str]) -> str:
    cards = []
    for target in targets:
        own = corpus.whole.targets[target]
        shares = "".join(
            f'<dt class="is-{label}">{MARKS[label]} {label}</dt><dd>{format_share(own.shares[label])}</dd>'
            for label in SIDES
        )
        total = sum(own.counts.values())
        cards.append(
            f"<li><h3>{escape(target)}</h3>{share_bar(own.counts)}<dl>{shares}</dl>"
            f'<p class="quiet">There in {own.present:,} of {_count(total, "paragraph")}.</p></li>'
        )
    return (
        f'<h2>Stance by target</h2><ul class="cards">{"".join(cards)}</ul>'
        f'<p class="quiet">{describe_intervals([corpus.whole])}</p>'
    )


def describe_intervals(groups: Sequence[Group]) -> str:
    """Tell how the intervals of shares were made; where a target is nowhere there are none."""
    shares = [item for group in groups for item in group.targets.values() if item.present]
    told = "Shares of the paragraphs in which the target is there, with 95 % intervals: "
    kinds = {item.by_document for item in shares}
    sure = any(item.by_document and {0.0, 1.0} & {share.value for share in item.shares.values()} for item in shares)
    drawn = f"bootstrap, documents drawn{' (of 0 and 100 %, Wilson’s of the documents)' if sure else ''}"
    wilson = "Wilson's, which take paragraphs for independent and so are too narrow"
    if False not in kinds:
        return f"{told}{drawn}."
    return f"{told}{wilson}." if kinds == {False} else f"{told}{drawn}; below five documents {wilson}."


def without_field(corpus: Corpus, groups: Sequence[Group], field: str) -> str:
    """Tell how many documents are in none of the groups, since they lack the field that parts them; empty if none."""
    missing = corpus.whole.documents - sum(group.documents for group in groups)
    return f"Left out: {_count(missing, 'document')} whose {field} cannot be told." if missing else ""


def _groups(corpus: Corpus, targets: Sequence[str]) -> str:
    if len(corpus.outlets) < 2:
        return ""
    rows = "".join(_group_row(group, targets) for group in corpus.outlets[:_OUTLETS])
    hidden = len(corpus.outlets) - _OUTLETS
    more = f'<p class="quiet">{hidden} smaller ones are left out.</p>' if hidden > 0 else ""
    method = describe_intervals(corpus.outlets)
    missing = escape(without_field(corpus, corpus.outlets, corpus.outlet_field))
    return (
        f'<h2>By {escape(corpus.outlet_field)}</h2><p class="quiet">{method} {missing}</p>'
        '<div class="scroll" tabindex="0" role="region" aria-label="Shares by outlet"><table>'
        f"<thead><tr><th>{escape(corpus.outlet_field)}</th>"
        '<th class="num wide">Documents</th><th class="num">Paragraphs with target</th><th>▲ favor</th>'
        f"<th>▼ against</th></tr></thead><tbody>{rows}</tbody></table></div>{more}"
    )


def _group_row(group: Group, targets: Sequence[str]) -> str:
    own = [group.targets[target] for target in targets]
    sides: tuple[Label, Label] = ("favor", "against")
    cells = "".join(
        "<td>"
        + by_target([f"{whisker(item.shares[side], side)}{format_share(item.shares[side])}" for item in own], "div")
        + "</td>"
        for side in sides
    )
    present = by_target([f"{item.present:,}" for item in own])
    return (
        f'<tr><th scope="row">{escape(group.name)}</th><td class="num wide">{group.documents:,}</td>'
        f'<td class="num">{present}</td>{cells}</tr>'
    )


def _times(corpus: Corpus, targets: Sequence[str]) -> str:
    if len(corpus.times) < 2:
        return ""
    names = [group.name for group in corpus.times]
    charts = []
    for target in targets:
        own = [group.targets[target] for group in corpus.times]
        sides: tuple[Label, Label] = ("favor", "against")
        series = {side: [item.shares[side] for item in own] for side in sides}
        rows = "".join(
            f'<tr><th scope="row">{escape(name)}</th><td class="num">{item.present:,}</td>'
            f"<td>{format_share(item.shares['favor'])}</td><td>{format_share(item.shares['against'])}</td></tr>"
            for name, item in zip(names, own, strict=True)
        )
        chart = time_chart(f"Shares of favor and against toward {target} over time", names, series)
        charts.append(
            f"{chart}<details><summary>The figures</summary><table><thead><tr><th>Time</th>"
            '<th class="num">Paragraphs with target</th><th>▲ favor</th><th>▼ against</th></tr></thead>'
            f"<tbody>{rows}</tbody></table></details>"
        )
    legend = (
        '<span class="is-favor">● favor, solid line</span>; <span class="is-against">■ against, dashed line</span>; '
    )
    legend += "what no document is of is left out"
    method = f"{describe_intervals(corpus.times)} Times without documents are not on the axis. "
    method += escape(without_field(corpus, corpus.times, corpus.date_field))
    return f'<h2>Over time</h2><p class="quiet">{legend}. {method}</p>{by_target(charts, "div")}'


def _table(analyses: Sequence[Analysis], targets: Sequence[str], corpus: Corpus) -> str:
    heads = [("Document", False, "")]
    heads += [(corpus.outlet_field, False, "wide")] if corpus.outlet_field else []
    heads += [(corpus.date_field, False, "wide")] if corpus.date_field else []
    heads += [("¶", True, "wide"), ("▲ favor", True, ""), ("▼ against", True, ""), ("● neutral", True, "wide")]
    heads += [("uncertain", True, "wide"), ("balance", True, "")]
    titles = "".join(
        f'<th scope="col" aria-sort="none" class="{"num " if number else ""}{extra}">'
        f'<button type="button">{escape(name)}</button></th>'
        for name, number, extra in heads
    )
    rows = "".join(_row(analysis, number, targets, corpus) for number, analysis in enumerate(analyses))
    return (
        f'<h2 id="table">Documents</h2>{_filters(analyses, corpus)}<p id="found" role="status" class="quiet"></p>'
        '<p class="quiet">Paragraphs by label toward the chosen target; balance: favor less against, per paragraph in '
        'which it is there.</p><div class="scroll" tabindex="0" role="region" aria-label="Table of documents">'
        f'<table id="documents"><thead><tr>{titles}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _filters(analyses: Sequence[Analysis], corpus: Corpus) -> str:
    parts = ""
    if corpus.outlet_field:
        names = sorted(group.name for group in corpus.outlets)
        options = "".join(f'<option value="{escape(name)}">{escape(name)}</option>' for name in names)
        choice = f'<select id="part"><option value="">all</option>{options}</select>'
        parts = f"<label>{escape(corpus.outlet_field)}{choice}</label>"
    holds = "".join(f'<option value="{CODES[label]}">{label} somewhere</option>' for label in SIDES)
    return (
        '<div class="filters"><label>Search titles and texts<input type="search" id="find"></label>'
        f'{parts}<label>Stance<select id="holds"><option value="">any</option>{holds}'
        '<option value="u">uncertain somewhere</option></select></label></div>'
    )


def _row(analysis: Analysis, number: int, targets: Sequence[str], corpus: Corpus) -> str:
    own = [[prediction[target] for prediction in analysis.predictions] for target in targets]
    counts = [{label: sum(item.label == label for item in stances) for label in LABELS} for stances in own]
    unsure = [sum(map(is_unsure, stances)) for stances in own]
    labels = [
        "".join(CODES[label] for label in SIDES if count[label]) + ("u" if doubt else "")
        for count, doubt in zip(counts, unsure, strict=True)
    ]
    title, name = title_of(analysis), name_of(analysis)
    below = f'<br><span class="quiet">{escape(name)}</span>' if name != title else ""
    source = analysis.document.source
    part = field_text(source, corpus.outlet_field)
    cells = [f'<td class="words" data-v="{escape(_one(title))}"><a href="#d{number}">{escape(title)}</a>{below}</td>']
    if corpus.outlet_field:
        cells.append(f'<td class="wide" data-v="{escape(_one(part))}">{escape(part)}</td>')
    if corpus.date_field:
        date = field_text(source, corpus.date_field)
        cells.append(f'<td class="date wide" data-v="{escape(_one(date))}">{escape(date)}</td>')
    cells.append(f'<td class="num wide" data-v="{len(analysis.predictions)}">{len(analysis.predictions)}</td>')
    cells += [
        _figures([str(count[label]) for count in counts], "wide" if label == "neutral" else "") for label in SIDES
    ]
    cells.append(_figures([str(count) for count in unsure], "wide"))
    balances = [_balance(count) for count in counts]
    shown = by_target([f"{value:+.2f}".replace("-", "−") if value is not None else "–" for value in balances])
    bars = by_target([share_bar(count) for count in counts], "div")
    values = "|".join("-9" if value is None else f"{value:.4f}" for value in balances)
    cells.append(f'<td class="num" data-v="{values}">{shown}{bars}</td>')
    told = f'data-document="d{number}" data-part="{escape(part)}" data-labels="{"|".join(labels)}"'
    return f"<tr {told}>{''.join(cells)}</tr>"


def _one(text: str) -> str:
    """Make text one value to sort by: a bar parts the values of targets."""
    return text.replace("|", " ")


def _figures(values: Sequence[str], extra: str) -> str:
    return f'<td class="num {extra}" data-v="{"|".join(values)}">{by_target(values)}</td>'


def _balance(counts: dict[Label, int]) -> float | None:
    present = sum(counts[label] for label in SIDES)
    return (counts["favor"] - counts["against"]) / present if present else None


def _ways(number: int, count: int) -> str:
    links = ['<a href="#table">All documents</a>']
    links += [f'<a href="#d{number - 1}">Previous document</a>'] if number else []
    links += [f'<a href="#d{number + 1}">Next document</a>'] if number + 1 < count else []
    return f'<nav class="ways" aria-label="Between documents">{"".join(links)}</nav>'
