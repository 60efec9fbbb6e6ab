"""``stance annotate split``: training, development and test sets without leakage."""

from __future__ import annotations

import argparse
import hashlib
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from stance.cli.annotate.records import LOG, Records, Subparsers, add_command, add_files, write_json
from stance.cli.options import is_same_file, split_names
from stance.errors import InputError

if TYPE_CHECKING:
    from stance.annotation.splits import Splits

__all__ = ["add_parsers"]


def add_parsers(commands: Subparsers) -> None:
    """Add the subcommand."""
    parser = add_command(
        commands,
        "split",
        "Split annotations into training, development and test sets. Paragraphs of one document, and near-duplicates "
        "(also such as stand in a longer paragraph), always lie on one side. Writes a file for each split, and "
        "splits.json: how, counts, hashes, ids.",
        """
        stance annotate split gold.jsonl -o splits
        stance annotate split gold.jsonl --by source --field outlet -o splits
        stance annotate split gold.jsonl --by time --field year --shares train=0.7,test=0.3 --undated train -o splits
        """,
    )
    add_files(parser)
    parser.add_argument(
        "--by",
        choices=("document", "source", "time"),
        default="document",
        help="what is kept together; time: what is later comes later (default: document)",
    )
    parser.add_argument(
        "--field", default="", metavar="NAME", help="field of 'source' with the source, the year or the date"
    )
    parser.add_argument(
        "--shares", default="train=0.8,dev=0.1,test=0.1", metavar="A=X,...", help="default: %(default)s"
    )
    parser.add_argument("--undated", default="", metavar="SPLIT", help="by time: the split that takes what has no date")
    parser.add_argument(
        "--threshold", type=float, metavar="X", help="share of the shorter of two near-duplicates (default: 0.5)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed (default: 0)")
    parser.add_argument(
        "-o", "--output", required=True, metavar="DIR", help="folder to write to; made if it is not there"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from stance.annotation.duplicates import THRESHOLD
    from stance.annotation.splits import Plan, split_annotations

    plan = Plan(
        _shares(arguments.shares),
        arguments.by,
        arguments.field,
        THRESHOLD if arguments.threshold is None else arguments.threshold,
        arguments.seed,
        arguments.undated,
    )
    records = Records()
    splits = split_annotations(records.require(arguments.files), plan)
    folder = Path(arguments.output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise InputError(f"{folder}: is no folder. Give another --output.") from None
    for split in splits.splits:
        if any(is_same_file(str(folder / f"{split.name}.jsonl"), file) for file in arguments.files):
            raise InputError(f"{folder / split.name}.jsonl: is to be read and written. Give another --output.")
    _write(folder, splits)
    if splits.unread:
        LOG.warning(
            "%d paragraphs have no text: they were compared by their hashes, and some near-duplicates among them are "
            "missed. Hydrate them first.",
            splits.unread,
        )
    if splits.unlabelled:
        LOG.warning("%d paragraphs have no label; they were split with the others.", splits.unlabelled)
    return records.status


def _write(folder: Path, splits: Splits) -> None:
    """Write the splits, and last ``splits.json``: without it, a folder may hold files of two ways to split."""
    from stance.annotation.files import write_annotations
    from stance.reporting.outputs import open_output

    manifest = splits.to_dict()
    with ExitStack() as stack:  # all are written before the first is moved in
        for split in splits.splits:
            path = folder / f"{split.name}.jsonl"
            file = stack.enter_context(open_output(str(path)))
            write_annotations(file, split.records)
            file.seek(0)
            manifest["splits"][split.name] = {
                "file": path.name,
                "sha256": hashlib.sha256(file.read()).hexdigest(),
                **manifest["splits"][split.name],
            }
            found = manifest["splits"][split.name]
            LOG.info("%s: %d paragraphs of %d documents", path, found["paragraphs"], found["documents"])
        (folder / "splits.json").unlink(missing_ok=True)
    write_json(str(folder / "splits.json"), {"format": 1, **manifest})


def _shares(text: str) -> dict[str, float]:
    shares: dict[str, float] = {}
    for pair in split_names(text):
        name, _, value = pair.partition("=")
        try:
            shares[name.strip()] = float(value)
        except ValueError:
            raise InputError(f"--shares: expected names and shares as in train=0.8,test=0.2, found {pair!r}.") from None
    return shares
