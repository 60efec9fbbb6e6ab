"""Tables of what was found about annotations: checks, agreement, examples that a model breaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from stance.annotation.agreement import Agreement, Confusion
from stance.annotation.checks import Checks, Leak
from stance.annotation.codebook import Breach, Codebook, Example
from stance.reporting.drawing import Cell, Column, Grid, Sheet, Text, clean
from stance.schema import LABELS

__all__ = ["agreement_table", "breach_table", "check_table"]

_WIDTH = 90
_KINDS = {
    "absent_but_named": "labelled absent though named",
    "present_but_not_named": "labelled present though not named",
    "unlabelled": "without labels",
    "unknown_target": "targets that the codebook has not",
    "codebook": "after another version of the codebook",
    "length": "of unusual length",
    "twins": "near-duplicates labelled differently",
}


def _table(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Grid:
    return Grid([Column(name, right=number > 0, fit="fold") for number, name in enumerate(columns)], rows)


def check_table(checks: Checks, texts: Mapping[tuple[str, str], str], show: int) -> Sheet:
    """Show what a check of annotations found.

    Args:
        checks: What was found.
        texts: Split and id -> paragraph.
        show: Most examples of each kind.

    Returns:
        Lines and grids: balance of labels, leaks, and suspicious records, each with examples.
    """
    parts: list[Cell | Grid] = [_balance_table(checks)]
    if len(checks.paragraphs) > 1:
        parts.append(Text(f"leakage between splits: {_count(len(checks.leaks), 'pair')}", "bold"))
    for kind, count in Counter(leak.kind for leak in checks.leaks).items():
        parts.append(Text(f"  {kind}: {_count(count, 'pair')}"))
        for leak in [leak for leak in checks.leaks if leak.kind == kind][:show]:
            first, second = f"{leak.first_split} {clean(leak.first)}", f"{leak.second_split} {clean(leak.second)}"
            parts.append(Text(f"    {first} = {second}{_likeness(leak)}"))
            parts += _excerpt(texts.get((leak.first_split, leak.first), ""))
    parts.append(Text(f"suspicious records: {len(checks.findings)}", "bold"))
    for slip, count in Counter(finding.kind for finding in checks.findings).items():
        parts.append(Text(f"  {_KINDS[slip]}: {count}"))
        for finding in [finding for finding in checks.findings if finding.kind == slip][:show]:
            who = f" ({clean(finding.annotator)})" if finding.annotator else ""
            target = f" {clean(finding.target)}:" if finding.target else ""
            parts.append(Text(f"    {finding.split} {clean(finding.id)}{who}:{target} {clean(finding.detail)}"))
            parts += _excerpt(texts.get((finding.split, finding.id), ""))
    if checks.unread:
        parts.append(
            Text(
                f"{checks.unread} paragraphs have no text: they were compared by their hashes, and some "
                "near-duplicates among them are missed. Hydrate them first."
            )
        )
    return parts


def _likeness(leak: Leak) -> str:
    """Say how alike two paragraphs are that are not the same."""
    if leak.containment is None or leak.kind == "same paragraph":
        return ""
    about = "about " if leak.estimated else ""
    return f", {about}{leak.containment:.0%} of the shorter (similarity {leak.similarity:.2f})"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _excerpt(text: str) -> list[Text]:
    shown = clean(" ".join(text.split()))
    shown = shown if len(shown) <= _WIDTH else shown[: _WIDTH - 1] + "…"
    return [Text(f"      {shown}", "dim")] if shown else []


def _balance_table(checks: Checks) -> Grid:
    rows = []
    for split, targets in checks.balance.items():
        for target, counts in targets.items():
            total = checks.paragraphs[split]
            cells = [f"{counts.get(label, 0)} ({counts.get(label, 0) / total:.0%})" for label in LABELS]
            rows.append([clean(split), clean(target), *cells, str(counts.get("", 0)), str(total)])
    return _table(("split", "target", *LABELS, "no label", "paragraphs"), rows)


def agreement_table(agreement: Agreement, *, show: int = 10) -> Sheet:
    """Show how far annotators agree.

    Args:
        agreement: What was measured.
        show: Most disagreements shown.

    Returns:
        Lines and grids: a row for each target and coefficient with n and interval, and what is not defined
        says why; a table of confusion for each target and two annotators; the first disagreements.
    """
    people = ", ".join(map(clean, agreement.annotators))
    head = f"{agreement.paragraphs} paragraphs labelled by {people}"
    cells: list[list[Cell]] = []
    for measured in agreement.measured:
        cells += [[]] if cells else []
        for number, found in enumerate(measured.coefficients):
            name = "" if number else clean(measured.name)
            value = "-" if found.value is None else f"{found.value:.3f}"
            ends = "-" if found.low is None else f"{found.low:.3f} to {found.high:.3f}"
            cells.append([name, found.name.replace("_", " "), value, ends, str(found.n), Text(found.why, "dim")])
    table = _table(("target", "coefficient", "value", f"{agreement.level:.0%} interval", "n", ""), cells)
    note = Text("n: paragraphs (overall: of all targets). Intervals: bootstrap, documents drawn.", "dim")
    differ = Text(f"disagreements: {len(agreement.disagreements)}", "bold")
    rows = [
        Text(f"  {clean(item.id)} {clean(item.target)}: " + ", ".join(f"{clean(k)} {v}" for k, v in item.votes.items()))
        for item in agreement.disagreements[:show]
    ]
    confusions = [part for confusion in agreement.confusions for part in _confusion_table(confusion)]
    return [head, table, note, *confusions, differ, *rows]


def _confusion_table(confusion: Confusion) -> Sheet:
    columns = list(confusion.counts)
    title = f"{clean(confusion.target)}: rows {clean(confusion.first)}, columns {clean(confusion.second)}"
    rows = [[label, *(str(counts[column]) for column in columns)] for label, counts in confusion.counts.items()]
    return [Text(title, "bold"), _table(("", *columns), rows)]


def breach_table(breaches: Sequence[Breach], asked: int, codebook: Codebook) -> Sheet:
    """Show which examples of the codebook a model labels otherwise.

    Args:
        breaches: The labels that differ.
        asked: How many labels were compared.
        codebook: The codebook.

    Returns:
        Lines and grids: a row a rule, and a row a label that differs.
    """
    right = asked - len(breaches)
    head = f"codebook {clean(codebook.version)}: {right} of {asked} labels of {len(codebook.examples)} examples kept"
    if not breaches:
        return [head]
    rules = []
    broken = Counter(number for example in _examples(breaches) for number in example.rules)
    shown = Counter(number for example in codebook.examples for number in example.rules)
    for rule in codebook.rules:
        if broken[rule.number]:
            name = f"{rule.number}. {rule.name}" if rule.name else str(rule.number)
            rules.append([clean(name), str(shown[rule.number]), str(broken[rule.number])])
    labels = []
    for breach in breaches:
        numbers = ", ".join(map(str, breach.example.rules))
        expected = breach.example.labels[breach.target]
        where = (clean(breach.example.id), numbers, clean(breach.target))
        labels.append([*where, expected, breach.found, f"{breach.probability:.2f}"])
    columns = ("example", "rules", "target", "codebook", "model", "probability")
    broken_rules = _table(("rule", "examples", "broken"), rules)
    return [head, Text("rules", "bold"), broken_rules, Text("labels", "bold"), _table(columns, labels)]


def _examples(breaches: Iterable[Breach]) -> list[Example]:
    return list({breach.example.id: breach.example for breach in breaches}.values())
