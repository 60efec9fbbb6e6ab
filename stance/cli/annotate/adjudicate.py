"""``stance annotate adjudicate``: from several annotators' labels to one."""

from __future__ import annotations

import argparse
import json
from collections import Counter

from stance.cli.annotate.records import LOG, Records, Subparsers, add_command, add_files, add_output, write_records

__all__ = ["add_parsers"]


def add_parsers(commands: Subparsers) -> None:
    """Add the subcommand."""
    parser = add_command(
        commands,
        "adjudicate",
        "Settle the labels of several annotators. Votes and soft labels are kept, every decision can be written down. "
        "What more than half say holds; the rest goes to the third annotator, then to the rule, and else stays open.",
        """
        stance annotate adjudicate anna.jsonl ben.jsonl -o gold.jsonl
        stance annotate adjudicate labels.jsonl --by rule --decisions decisions.jsonl -o gold.jsonl
        stance annotate adjudicate labels.jsonl --third cleo.jsonl -o gold.jsonl
        """,
    )
    add_files(parser)
    parser.add_argument(
        "--by",
        choices=("majority", "rule"),
        default="majority",
        help="rule: a side against neutral is neutral, as rule 20 of the codebook says (default: majority)",
    )
    parser.add_argument("--third", metavar="FILE", help="annotations of another, for what stays open")
    parser.add_argument("--decisions", metavar="FILE", help="write each decision as JSON Lines")
    add_output(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from stance.annotation.adjudication import adjudicate
    from stance.reporting.outputs import open_output

    records = Records()
    found = records.require(arguments.files)
    third = records.require([arguments.third]) if arguments.third else []
    settled = adjudicate(found, by=arguments.by, third=third)
    write_records(arguments.output, settled.annotations)
    if arguments.decisions:
        with open_output(arguments.decisions) as file:
            for decision in settled.decisions:
                line = json.dumps(decision.to_dict(), ensure_ascii=False)
                file.write(line.encode("utf-8", "backslashreplace") + b"\n")
    counts = Counter(decision.how for decision in settled.decisions)
    LOG.info("%s", ", ".join(f"{how} {count}" for how, count in counts.most_common()))
    for decision in settled.undecided[:5]:
        votes = ", ".join(f"{name} {label}" for name, label in decision.votes.items())
        LOG.warning("undecided: paragraph %s, %s: %s", decision.id, decision.target, votes)
    if settled.undecided:
        LOG.warning("%d decisions stay open and are in no record. Give --third or --by rule.", len(settled.undecided))
    return records.status
