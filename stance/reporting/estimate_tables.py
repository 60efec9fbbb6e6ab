"""Estimates of shares as tables: for a terminal, as Markdown, as rows of CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from stance.errors import InputError
from stance.evaluation.estimation import Estimate, Estimates
from stance.evaluation.intervals import Interval
from stance.reporting.drawing import Cell, Column, Grid, Sheet, Text, clean
from stance.reporting.evaluation_tables import escape_markdown
from stance.reporting.outputs import defuse

__all__ = ["estimate_table", "write_estimate_csv", "write_estimate_markdown"]

_NOTE = (
    "count: share of predicted labels, errors and all. labels alone: interval without the model. found: labelled "
    "paragraphs with the label. worth: how many times as many labels it would take without the model."
)


def estimate_table(estimates: Estimates) -> Sheet:
    """Show estimates with their intervals, beside the count of predicted labels and the labels alone.

    Args:
        estimates: What was estimated.

    Returns:
        Lines and a grid: a row for each group, target and label; what has no valid interval says why.
    """
    words = len(estimates.by) + 2
    columns = [
        Column(name, right=number >= words, fit="fold" if number < words else "keep")
        for number, name in enumerate(_header(estimates))
    ]
    rows: list[list[Cell]] = []
    before: tuple[object, ...] = ()
    for row in estimates.rows:
        group = tuple(row.group.values())
        if before and (group, row.target) != before:
            rows.append([])
        first = (group, row.target) != before
        before = (group, row.target)
        names = [clean(value) if first else "" for value in (*group, row.target)]
        rows.append([*names, row.label, *_cells(row)])
    why = [Text(line, "dim") for line in _reasons(estimates)]
    return [_title(estimates), Grid(columns, rows), *why, Text(_NOTE, "dim")]


def _header(estimates: Estimates) -> list[str]:
    level = f"{estimates.level:.0%} interval".replace("%", " %")
    return [*map(clean, estimates.by), "target", "label", "share", level, "count", "labels alone", "found", "worth"]


def _title(estimates: Estimates) -> str:
    what = "among just these paragraphs" if estimates.finite else "in documents like these"
    return (
        f"Shares of labels {what}: {estimates.paragraphs} paragraphs of {estimates.documents} documents, "
        f"{estimates.labelled} labelled"
    )


def _cells(row: Estimate) -> list[str]:
    count, found = _percent(row.naive), f"{row.found} of {row.labelled}"
    if row.share is None or row.labelled_only is None:
        return ["n/a", "", count, "", found, ""]
    worth = "n/a" if row.gain is None else f"x {row.gain:.1f}"
    return [_percent(row.share.value), _ends(row.share), count, _ends(row.labelled_only), found, worth]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _ends(interval: Interval) -> str:
    return f"{100 * interval.low:.1f} to {100 * interval.high:.1f}"


def _reasons(estimates: Estimates) -> Iterator[str]:
    """Say why there is no estimate, the labels of a target together where the reason is the same."""
    found: dict[str, list[str]] = {}
    for row in estimates.rows:
        if row.why:
            name = ", ".join([*row.group.values(), row.target])
            found.setdefault(f"n/a, {name}: {row.why}", []).append(row.label)
    for reason, labels in found.items():
        head, colon, why = reason.rpartition(": ")
        yield clean(f"{head} {', '.join(labels)}{colon}{why}")


def write_estimate_markdown(estimates: Estimates, file: BinaryIO) -> None:
    """Write the table as Markdown.

    Args:
        estimates: What was estimated.
        file: Where to, binary.
    """
    header = _header(estimates)
    left = len(estimates.by) + 2
    lines = [_title(estimates), "", _line(header)]
    lines.append(_line(["---"] * left + ["---:"] * (len(header) - left)))
    lines += [_line([*row.group.values(), row.target, row.label, *_cells(row)]) for row in estimates.rows]
    lines += ["", *(f"- {reason}" for reason in _reasons(estimates))] if any(row.why for row in estimates.rows) else []
    lines += ["", _NOTE, ""]
    file.write("\n".join(lines).encode("utf-8", "backslashreplace"))


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(escape_markdown(clean(cell)) for cell in cells) + " |"


def write_estimate_csv(estimates: Estimates, file: BinaryIO, *, safe: bool = False) -> None:
    """Write a row for each group, target and label; a group's fields are columns of their own.

    Args:
        estimates: What was estimated.
        file: Where to, binary.
        safe: Whether cells that a spreadsheet would compute are kept from it.

    Raises:
        InputError: If a field has the name of a column.
    """
    rows = [row.to_dict() for row in estimates.rows]
    columns = [name for name in rows[0] if name != "group"]
    clash = next((name for name in estimates.by if name in columns), None)
    if clash is not None:
        raise InputError(f"Field {clash!r} has the name of a column. Name it otherwise, or write JSONL.")
    text = io.TextIOWrapper(file, encoding="utf-8", errors="backslashreplace", newline="", write_through=True)
    try:
        writer = csv.DictWriter(text, fieldnames=[*estimates.by, *columns])
        writer.writeheader()
        for row in rows:
            group = row.pop("group")
            cells = {**group, **row}
            writer.writerow({name: defuse(cell) for name, cell in cells.items()} if safe else cells)
    finally:
        text.detach()
