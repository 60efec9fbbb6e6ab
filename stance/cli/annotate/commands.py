"""The subcommands of ``stance annotate``, in the order of the work."""

from __future__ import annotations

import argparse

from stance.cli.annotate import adjudicate, agreement, check, codebook, exchange, hydrate, prepare, split

__all__ = ["add_parser"]

_EPILOG = """the whole way:
  stance annotate prepare articles/*.txt -o items.jsonl
  stance annotate export items.jsonl --to label-studio -o tasks.json
      (people label in the tool, and export)
  stance annotate import export.json --from label-studio -o labels.jsonl
  stance annotate agreement labels.jsonl
  stance annotate adjudicate labels.jsonl --by rule -o gold.jsonl
  stance annotate check gold.jsonl
  stance annotate split gold.jsonl -o splits

A file of annotations holds one JSON object a line; 'stance annotate schema annotation' says which fields."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its subcommands."""
    parser = commands.add_parser(
        "annotate",
        help="label paragraphs: codebook, annotation tools, agreement, splits",
        description="Bring articles into an annotation tool and labels out of it; measure agreement, settle labels, "
        "check and split them.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subcommands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in (codebook, prepare, exchange, hydrate, agreement, adjudicate, check, split):
        module.add_parsers(subcommands)
