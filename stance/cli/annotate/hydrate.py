"""``stance annotate hydrate``: finding annotated paragraphs again in one's own copies."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

from stance.cli.annotate.records import (
    LOG,
    Records,
    Subparsers,
    add_command,
    add_files,
    add_output,
    write_json,
    write_records,
)
from stance.cli.options import refuse_listed
from stance.errors import StanceError
from stance.progress import draw_bar, has_terminal

if TYPE_CHECKING:
    from stance.schema import Document

__all__ = ["add_parsers"]

_SHOWN = 5


def add_parsers(commands: Subparsers) -> None:
    """Add the subcommand."""
    parser = add_command(
        commands,
        "hydrate",
        "Find annotated paragraphs again in one's own copies. At their offsets where the document is the same, else by "
        "the words of the paragraph or their hashes. Says how many were found, moved, edited and missing; exit status "
        "1 if any is missing.",
        """
        stance annotate hydrate annotations/standoff/articles.jsonl --texts ../shared/articles -o labelled.jsonl
        stance annotate hydrate labels.jsonl --texts old/ new/ --report report.json --missing rest.jsonl -o found.jsonl
        """,
    )
    add_files(parser)
    parser.add_argument(
        "--texts",
        nargs="+",
        required=True,
        metavar="DIR",
        help="folders or files: texts, pages, tables, as predict reads",
    )
    parser.add_argument("--text-column", default="text", metavar="NAME", help="column with the text (default: text)")
    parser.add_argument("--id-column", default="id", metavar="NAME", help="column with the id (default: id)")
    parser.add_argument("--report", metavar="FILE", help="write the counts and the ids of what is missing as JSON")
    parser.add_argument("--missing", metavar="FILE", help="write the annotations that were not found")
    add_output(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from stance.annotation.hydration import hydrate

    records = Records()
    given = records.require(arguments.files)
    found = hydrate(given, _documents(arguments, records))
    write_records(arguments.output, found.annotations)
    if arguments.report:
        write_json(arguments.report, found.to_dict())
    if arguments.missing:
        write_records(arguments.missing, found.missing)
    counts = f"found {found.found}, moved {found.moved}, edited {found.fuzzy}, missing {len(found.missing)}"
    LOG.info("%s of %d annotations, in %d documents", counts, len(given), found.documents)
    if found.missing:
        ids = list(dict.fromkeys(record.id for record in found.missing))
        rest = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
        LOG.error("missing: %s%s", ", ".join(ids[:_SHOWN]), rest)
    return 1 if found.missing else records.status


def _documents(arguments: argparse.Namespace, records: Records) -> Iterator[Document]:
    from stance.text.documents import read_documents
    from stance.text.sources import list_files

    listing = list_files(arguments.texts, form="text")  # files of any name: each is read as its name tells
    for error in listing.errors:
        raise error
    refuse_listed(arguments, listing.files)
    for line in listing.skipped:
        LOG.info("%s", line)
    names = listing.files
    with ExitStack() as stack:
        bar = stack.enter_context(draw_bar("Searching", len(names), unit=" files")) if has_terminal() else None
        for name in names:
            try:
                yield from read_documents(
                    name, text_column=arguments.text_column, id_column=arguments.id_column, on_error=records.report
                )
            except (StanceError, OSError) as error:
                records.report(error)
            if bar is not None:
                bar.update()
