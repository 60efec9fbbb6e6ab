"""The leaderboard as files: Markdown to read, JSON with everything."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stance import __version__
from stance.evaluation.benchmark.leaderboard import build_leaderboard
from stance.evaluation.benchmark.runner import Plan
from stance.evaluation.benchmark.sets import SetDefinition, list_sets
from stance.evaluation.benchmark.store import Result, Store, write_whole
from stance.reporting.drawing import clean
from stance.reporting.evaluation_tables import escape_markdown

__all__ = ["leaderboard_markdown", "write_leaderboard"]

_NAMES = {"macro_f1": "macro-F1", "mean_macro_f1": "mean macro-F1", "f_avg": "F_avg"}
_HEAD = """# Leaderboard

Each table is sorted by the set's official metric, with its 95 % interval ({draws:,} bootstrap draws of documents).
"to best" is the difference to the first system on the same judgements with its interval; p is that of a permutation
test of documents. n/a: too few labels for a figure. "learned from" tells what a system had seen. Published figures were
not run again here, and others may have scored slightly other rows. docs/benchmarking.md says more; leaderboard.json
holds everything."""


def write_leaderboard(results: Sequence[Result], sets: Sequence[SetDefinition], plan: Plan) -> tuple[Path, Path]:
    """Write ``leaderboard.md`` and ``leaderboard.json`` of all results that the output folder holds.

    Args:
        results: Results of this run.
        sets: Its sets; built-in sets with earlier results in the folder are shown too.
        plan: Where and how it was run.

    Returns:
        The two files.

    Raises:
        InputError: If the folder cannot be written to.
    """
    definitions = {definition.name: definition for definition in sets}
    definitions |= {name: found for name, found in list_sets().items() if name not in definitions}
    board = build_leaderboard(Store(plan.output), definitions, current=results, draws=plan.draws, seed=plan.seed)
    board |= {"command": plan.command, "stance": __version__}
    files = plan.output / "leaderboard.md", plan.output / "leaderboard.json"
    write_whole(files[0], leaderboard_markdown(board))
    write_whole(files[1], json.dumps(board, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
    return files


def leaderboard_markdown(board: Mapping[str, Any]) -> str:
    """Write a leaderboard in Markdown.

    Args:
        board: What `stance.evaluation.benchmark.leaderboard.build_leaderboard` gave.

    Returns:
        The text; what comes from elsewhere is escaped.
    """
    blocks = [_HEAD.format(draws=board["bootstrap"]["draws"])]
    for name, found in board["sets"].items():
        blocks += _set_blocks(name, found)
    blocks += _origin_blocks(board)
    return "\n\n".join(blocks) + "\n"


def _set_blocks(name: str, found: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {_words(name)}: {_words(found['title'])}"
    told = [f"Source: {found['source']}.", f"Licence: {found['licence']}." if found["licence"] else ""]
    told += [f"Official metric: {found['metric_name']}. Labels: {', '.join(found['labels'])}.", found["notes"]]
    yield _words(" ".join(filter(None, told)))
    if found["rows"] or found["ceilings"]:
        yield _systems_table(found)
    if found["ceilings"] and found["ceiling"]:
        yield _words(f"Ceiling: {found['ceiling']}")
    if found["published"]:
        rows = [[item["system"], f"{item['value']:.3f}", item["source"]] for item in found["published"]]
        yield _table([f"published, not run again: {found['metric_name']}", "figure", "source"], rows, right=(1,))
    if found["missing"]:
        lines = [f"- {item['system']}: {item['status']}: {item['reason']}".rstrip(": ") for item in found["missing"]]
        yield "Not in the table:\n\n" + "\n".join(f"- {_words(line[2:])}" for line in lines)


def _systems_table(found: Mapping[str, Any]) -> str:
    every = [*found["rows"], *found["ceilings"]]
    parts = list(dict.fromkeys(part for row in every for part in row["parts"]))
    targets = list(dict.fromkeys(target for row in every for target in row["targets"]))
    ours = [name for name in ("macro_f1", "f_avg") if name != found["metric"]]
    header = [
        "system",
        f"{found['metric_name']} [95 %]",
        *(f"{_NAMES[name]}, as one" for name in ours),
        *targets,
        *parts,
    ]
    header += ["to best [95 %]", "p", "judgements", "failed", "seconds", "learned from"]
    lines = []
    for row in every:
        ceiling = row in found["ceilings"]
        apart = row.get("difference")
        lines.append(
            [
                f"{row['system']} (ceiling)" if ceiling else row["system"],
                _interval(row["official"]),
                *(_value(row["metrics"].get(name)) for name in ours),
                *(_value(row["targets"].get(target)) for target in targets),
                *(_value(row["parts"].get(part)) for part in parts),
                _interval(apart, sign=True) if apart else "",
                "" if not apart else "n/a" if apart["p"] is None else f"{apart['p']:.4f}",
                f"{row['judgements']:,}",
                str(row["failures"]),
                "" if ceiling else f"{row['seconds']:,.0f}",
                row["learned"],
            ]
        )
    return _table(header, lines, right=range(1, len(header) - 1))


def _origin_blocks(board: Mapping[str, Any]) -> Iterator[str]:
    """Tell commands, versions and hashes, each once."""
    yield "## Where the figures come from"
    rows = [row for found in board["sets"].values() for row in found["rows"]]
    commands = dict.fromkeys(row["origin"]["command"] for row in rows if row["origin"]["command"])
    versions = dict.fromkeys(
        ", ".join(f"{name} {number}" for name, number in row["origin"]["versions"].items()) for row in rows
    )
    machines = dict.fromkeys(f"Python {row['origin']['python']}, {row['origin']['platform']}" for row in rows)
    yield "\n".join(f"- {_words(line)}" for line in (*commands, *versions, *machines))
    systems = dict.fromkeys((row["system"], row["identity"][:12]) for row in rows)
    yield _table(["system", "hash of what it is made of"], [list(pair) for pair in systems])
    files = dict.fromkeys(pair for found in board["sets"].values() for pair in found["data_sha256"].items())
    yield _table(["file", "sha256"], [[name, digest[:12]] for name, digest in files])


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    marks = ["---:" if number in right else "---" for number in range(len(header))]
    lines = [list(map(_words, header)), marks, *(list(map(_words, row)) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _words(text: str) -> str:
    return escape_markdown(" ".join(clean(text).split()))


def _value(figure: Mapping[str, float | None] | None) -> str:
    value = figure.get("value") if figure else None
    return "n/a" if value is None else f"{value:.3f}"


def _interval(figure: Mapping[str, Any], *, sign: bool = False) -> str:
    if figure.get("value") is None:
        return "n/a"
    shape = "+.3f" if sign else ".3f"
    ends = figure.get("low"), figure.get("high")
    told = "n/a" if None in ends else ", ".join(format(end, shape) for end in ends)
    return f"{figure['value']:{shape}} [{told}]"
