"""``stance annotate check``: leakage, balance and slips in annotations; which rules of the codebook a model breaks."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stance.cli.annotate.records import (
    LOG,
    Records,
    Subparsers,
    add_codebook_option,
    add_command,
    add_files,
    add_output,
    load_codebook,
    write_json,
)
from stance.errors import InputError

if TYPE_CHECKING:
    from stance.annotation.codebook import Codebook
    from stance.schema import Annotation

__all__ = ["add_parsers"]


def add_parsers(commands: Subparsers) -> None:
    """Add the subcommand."""
    parser = add_command(
        commands,
        "check",
        "Check annotations, or a model against the codebook. Each file is a split: leakage between files (the same "
        "paragraph, near-duplicates, also such as stand in a longer paragraph, the same document), the balance of "
        "labels, and suspicious records are reported. With --model, the model labels the codebook's examples. Exit "
        "status 1 if there is leakage or a bad line.",
        """
        stance annotate check splits/train.jsonl splits/dev.jsonl splits/test.jsonl
        stance annotate check gold.jsonl --format json -o report.json
        stance annotate check --model base
        """,
    )
    add_files(parser, "*")
    add_codebook_option(parser)
    parser.add_argument("--model", metavar="NAME", help="label the codebook's examples with this model")
    parser.add_argument(
        "--threshold", type=float, metavar="X", help="share of the shorter of two near-duplicates (default: 0.5)"
    )
    parser.add_argument(
        "--show", type=int, default=5, metavar="N", help="examples of each kind in the table (default: 5)"
    )
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: table")
    add_output(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from stance.annotation.checks import check_annotations
    from stance.annotation.duplicates import THRESHOLD
    from stance.reporting.annotation_tables import breach_table, check_table
    from stance.reporting.drawing import print_table
    from stance.reporting.outputs import open_output

    if not (arguments.files or arguments.model):
        raise InputError("There is nothing to check. Name files of annotations, or a --model.")
    codebook = load_codebook(arguments)
    records = Records()
    report: dict[str, Any] = {}
    tables: list[Any] = []
    leaks = 0
    if arguments.files:
        splits = _splits(arguments.files, records)
        threshold = THRESHOLD if arguments.threshold is None else arguments.threshold
        checks = check_annotations(splits, codebook, threshold=threshold)
        leaks = len(checks.leaks)
        report["annotations"] = checks.to_dict()
        tables.append(check_table(checks, _texts(splits), arguments.show))
    if arguments.model:
        breaches, asked = _breaches(codebook, arguments.model)
        report["codebook"] = {
            "version": codebook.version,
            "model": arguments.model,
            "labels": asked,
            "breaches": [breach.to_dict() for breach in breaches],
        }
        tables.append(breach_table(breaches, asked, codebook))
    if arguments.format == "json":
        write_json(arguments.output, report)
    else:
        with open_output(arguments.output) as file:
            for table in tables:
                print_table(table, file)
    if leaks:
        LOG.error("%d pairs of paragraphs leak between splits", leaks)
    return 1 if leaks else records.status


def _splits(files: list[str], records: Records) -> dict[str, list[Annotation]]:
    """Read each file as a split, called as the file is."""
    counts = Counter(Path(name).stem for name in files)
    names = {name: Path(name).stem if counts[Path(name).stem] == 1 else name for name in files}
    if len(names) < len(files):
        twice = next(name for name in files if files.count(name) > 1)
        raise InputError(f"{twice}: is named twice. Name each file once.")
    found = {names[name]: records.read([name]) for name in files}
    if not any(found.values()):
        raise InputError(f"{', '.join(files)}: no annotation could be read.")
    return found


def _texts(splits: dict[str, list[Annotation]]) -> dict[tuple[str, str], str]:
    return {(split, record.id): record.text or "" for split, found in splits.items() for record in found}


def _breaches(codebook: Codebook, model: str) -> tuple[Any, int]:
    from stance.annotation.codebook import compare_examples
    from stance.prediction import predict

    targets = [target.target for target in codebook.targets]
    predictions = predict([example.text for example in codebook.examples], targets=targets, model=model)
    judged = [{name: stance.probabilities for name, stance in found.stances.items()} for found in predictions]
    return compare_examples(codebook, judged), len(judged) * len(targets)
