"""``stance estimate``: shares of labels, with intervals that stay valid though the classifier errs."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stance.cli.options import add_csv_safe, output_format, share, split_names
from stance.cli.provenance import describe_file, describe_run
from stance.errors import InputError

if TYPE_CHECKING:
    from stance.evaluation.estimation import Estimates
    from stance.evaluation.rows import PredictedRow

__all__ = ["add_parser"]

_LOG = logging.getLogger("stance")
_FORMATS = ("table", "json", "jsonl", "csv", "md")
_EPILOG = """examples:
  stance predict items.jsonl --source-columns outlet,date,doc_id -o predictions.jsonl
  stance annotate next --random --pool items.jsonl -n 200 -o sample.jsonl      draw what to label
  stance estimate predictions.jsonl --labels gold.jsonl                        shares of the whole
  stance estimate predictions.jsonl --labels gold.jsonl --by outlet,month --format csv -o shares.csv
  stance estimate predictions.jsonl --labels gold.jsonl --by outlet --groups articles.csv
  stance estimate predictions.jsonl --labels gold.jsonl --finite               of just these paragraphs

The labelled paragraphs have to be drawn at random from the predicted ones, and the model not be trained on them.
PREDICTIONS are as stance predict writes them (JSONL or CSV), labels as stance annotate does, one label a paragraph and
target, or rows of id, target, label; weight may say how many paragraphs a row stands for. A group without labels in 20
documents is n/a. docs/estimating.md says how to draw, and what the figures mean."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "estimate",
        help="estimate shares of labels with valid intervals, from predictions and a labelled sample",
        description="Estimate the share of paragraphs with each label, toward each target and in each group, from "
        "predictions for all paragraphs and labels for a random sample of them (prediction-powered inference).",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="+", metavar="PREDICTIONS", help="predictions (JSONL, CSV); - is stdin, JSONL")
    parser.add_argument("--labels", required=True, metavar="FILE", help="labels of a random sample; - is stdin")
    parser.add_argument("--targets", metavar="A,B", help="targets (default: all that are predicted and labelled)")
    parser.add_argument(
        "--by",
        action="append",
        default=[],
        metavar="FIELD",
        help="make groups by a field of source (outlet, ...), or several: outlet,month; month and year are told by "
        "the field date, too",
    )
    parser.add_argument(
        "--groups", metavar="FILE", help="CSV or JSONL with id or document, and fields to make groups by"
    )
    parser.add_argument(
        "--document",
        metavar="FIELD",
        help="field that tells documents from each other (default: doc_id, document_sha256, path or document of "
        "source; else what the predictions say)",
    )
    parser.add_argument(
        "--finite",
        action="store_true",
        help="the shares among just these paragraphs, labelled one by one, instead of in documents like these",
    )
    parser.add_argument(
        "--level", type=share, default=0.95, metavar="SHARE", help="how often intervals cover (default: 0.95)"
    )
    group = parser.add_argument_group("output")
    group.add_argument("--format", choices=_FORMATS, help="default: told by the name of --output, else table")
    group.add_argument("-o", "--output", metavar="FILE", help="write to a file, whole or not at all (default: stdout)")
    add_csv_safe(group)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from stance.evaluation.estimation import estimate
    from stance.evaluation.groups import add_fields
    from stance.evaluation.rows import read_labelled, read_predicted

    read = [name for name in (*arguments.files, arguments.labels, arguments.groups) if name is not None]
    if read.count("-") > 1:
        raise InputError("stdin (-) can be read once. Name the other as a file.")
    form = output_format(arguments, _FORMATS)
    targets = None if arguments.targets is None else split_names(arguments.targets)
    rows = read_predicted(arguments.files, document=arguments.document)
    labelled = read_labelled(arguments.labels, rows)
    if arguments.groups is not None:
        rows = add_fields(rows, arguments.groups)
    _warn_of_documents(rows)
    by = [name for names in arguments.by for name in split_names(names)]
    found = estimate(rows, labelled, targets=targets, by=by, level=arguments.level, finite=arguments.finite)
    origin = {
        "predictions": [describe_file(name) for name in arguments.files],
        "labels": describe_file(arguments.labels),
        "groups": None if arguments.groups is None else describe_file(arguments.groups),
        **describe_run(),
    }
    _write(found, form, arguments, origin)
    return 0


def _warn_of_documents(rows: list[PredictedRow]) -> None:
    if len({row.document for row in rows}) == len(rows) > 1:
        _LOG.warning(
            "each paragraph is taken for a document of its own, since nothing tells otherwise. If several are from "
            "one, keep a field that says so (stance predict --source-columns) and name it with --document."
        )


def _write(found: Estimates, form: str, arguments: argparse.Namespace, origin: Mapping[str, Any]) -> None:
    from stance.reporting.drawing import print_table
    from stance.reporting.estimate_tables import estimate_table, write_estimate_csv, write_estimate_markdown
    from stance.reporting.outputs import open_output, write_rows

    with open_output(arguments.output) as file:
        if form == "json":
            text = json.dumps(found.to_dict() | {"provenance": origin}, ensure_ascii=False, indent=2)
            file.write(text.encode("utf-8", "backslashreplace") + b"\n")
        elif form == "jsonl":
            write_rows(file, (row.to_dict() for row in found.rows), "jsonl", ())
        elif form == "csv":
            write_estimate_csv(found, file, safe=arguments.csv_safe)
        elif form == "md":
            write_estimate_markdown(found, file)
        else:
            print_table(estimate_table(found), file)
