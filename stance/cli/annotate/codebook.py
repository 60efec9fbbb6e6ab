"""``stance annotate codebook`` and ``schema``: what annotators follow, and what files look like."""

from __future__ import annotations

import argparse

from stance.cli.annotate.records import (
    Subparsers,
    add_codebook_option,
    add_command,
    add_output,
    load_codebook,
    write_json,
)

__all__ = ["add_parsers"]


def add_parsers(commands: Subparsers) -> None:
    """Add the subcommands."""
    parser = add_command(
        commands,
        "codebook",
        "Print the guideline that annotators follow. It is made of the codebook, as the tools' instructions are.",
        """
        stance annotate codebook
        stance annotate codebook --format html -o guideline.html
        stance annotate codebook --codebook mine.toml --format toml
        """,
    )
    add_codebook_option(parser)
    parser.add_argument(
        "--format",
        choices=("md", "html", "toml"),
        default="md",
        help="Markdown, a page, or the file itself, to start one's own from (default: md)",
    )
    add_output(parser)
    parser.set_defaults(run=_codebook)
    parser = add_command(
        commands,
        "schema",
        "Print the JSON Schema of a file format. Without a name the formats are listed.",
        """
        stance annotate schema annotation
        """,
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="name of the format")
    add_output(parser)
    parser.set_defaults(run=_schema)


def _codebook(arguments: argparse.Namespace) -> int:
    from pathlib import Path

    from stance.annotation.guideline import to_html, to_markdown
    from stance.reporting.outputs import open_output
    from stance.targets import find_codebook

    codebook = load_codebook(arguments)
    if arguments.format == "toml":
        text = Path(arguments.codebook or find_codebook()).read_text(encoding="utf-8")
    else:
        text = to_html(codebook) if arguments.format == "html" else to_markdown(codebook)
    with open_output(arguments.output) as file:
        file.write(text.encode("utf-8"))
    return 0


def _schema(arguments: argparse.Namespace) -> int:
    from stance.annotation.validation import SCHEMAS, load_schema
    from stance.reporting.outputs import open_output

    if arguments.name:
        write_json(arguments.output, load_schema(arguments.name))
        return 0
    with open_output(arguments.output) as file:
        for name in SCHEMAS:
            first = load_schema(name)["description"].partition(". ")[0].partition(":")[0].rstrip(".")
            file.write(f"{name:<12} {first}\n".encode())
    return 0
