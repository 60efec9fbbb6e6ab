"""``stance segment``: the blocks of documents."""

from __future__ import annotations

import argparse

from stance.cli.inputs import Inputs, begin
from stance.cli.options import add_input_options, add_output_options, output_format

__all__ = ["add_parser"]

_FORMATS = ("table", "jsonl", "csv", "parquet")
_EPILOG = """examples:
  stance segment article.txt
  stance segment news/*.txt --format jsonl > blocks.jsonl

JSONL holds document, index (from 0), kind (body, heading, metadata, furniture), start and end (code points in the
document) and text. Only body blocks are judged by `stance predict`."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "segment",
        help="cut documents into paragraphs, headings, metadata and furniture",
        description="Cut documents into blocks and tell what each is; nothing is lost or changed.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_input_options(parser)
    add_output_options(parser, _FORMATS)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from stance.reporting.drawing import print_table
    from stance.reporting.outputs import BLOCK_COLUMNS, block_rows, open_output, write_rows
    from stance.reporting.tables import block_table

    form = output_format(arguments, _FORMATS)
    inputs = Inputs(arguments, unit="document")
    everything = begin(inputs.cut(), inputs)
    if everything is None:
        return 1
    with open_output(arguments.output) as file:
        if form == "table":
            for document, blocks in everything:
                print_table(block_table(document, blocks), file)
        else:
            rows = (row for document, blocks in everything for row in block_rows(document, blocks))
            write_rows(file, rows, form, BLOCK_COLUMNS, safe=arguments.csv_safe)
    return 1 if inputs.failures else 0
