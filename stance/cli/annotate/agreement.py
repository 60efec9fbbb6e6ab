"""``stance annotate agreement``: how far annotators agree."""

from __future__ import annotations

import argparse

from stance.cli.annotate.records import Records, Subparsers, add_command, add_files, add_output, write_json
from stance.cli.options import positive_number

__all__ = ["add_parsers"]


def add_parsers(commands: Subparsers) -> None:
    """Add the subcommand."""
    parser = add_command(
        commands,
        "agreement",
        "Measure how far annotators agree. Per target and overall: percent, Cohen's and Fleiss' kappa, Krippendorff's "
        "alpha, Gwet's AC1, each with n and a bootstrap interval by document; and who confuses what with whom. "
        "Adjudicated records are taken apart into the votes that they hold.",
        """
        stance annotate agreement anna.jsonl ben.jsonl
        stance annotate agreement labels.jsonl --format json -o agreement.json
        """,
    )
    add_files(parser)
    parser.add_argument(
        "--draws", type=positive_number, default=1000, metavar="N", help="bootstrap samples (default: 1000)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the bootstrap (default: 0)")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: table")
    add_output(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from stance.annotation.adjudication import spread_votes
    from stance.annotation.agreement import measure_agreement
    from stance.reporting.annotation_tables import agreement_table
    from stance.reporting.drawing import print_table
    from stance.reporting.outputs import open_output

    records = Records()
    found = spread_votes(records.require(arguments.files))
    agreement = measure_agreement(found, draws=arguments.draws, seed=arguments.seed)
    if arguments.format == "json":
        write_json(arguments.output, agreement.to_dict())
    else:
        with open_output(arguments.output) as file:
            print_table(agreement_table(agreement), file)
    return records.status
