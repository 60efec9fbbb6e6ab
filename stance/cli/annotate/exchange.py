"""``stance annotate export`` and ``import``: to the tools that people label in, and back."""

from __future__ import annotations

import argparse
from pathlib import Path

from stance.cli.annotate.records import (
    LOG,
    Records,
    Subparsers,
    add_codebook_option,
    add_command,
    add_files,
    add_output,
    load_codebook,
    write_records,
)
from stance.cli.options import split_names
from stance.errors import InputError, StanceError

__all__ = ["add_parsers"]

_TOOLS = ("label-studio", "doccano", "prodigy", "potato", "csv")


def add_parsers(commands: Subparsers) -> None:
    """Add the subcommands."""
    parser = add_command(
        commands,
        "export",
        "Write annotations as the file that a tool imports. What the tool cannot carry is said.",
        """
        stance annotate export items.jsonl --to label-studio -o tasks.json    also writes tasks.xml, the interface
        stance annotate export items.jsonl --to csv -o items.csv
        stance annotate export items.jsonl --to doccano --targets NATO,China -o items-doccano.jsonl
        """,
    )
    add_files(parser)
    parser.add_argument("--to", required=True, choices=_TOOLS, help="the tool")
    _add_scheme(parser)
    parser.add_argument(
        "--interface",
        metavar="FILE",
        help="Label Studio: where to write the labelling interface (default: beside --output, ending in .xml)",
    )
    add_output(parser)
    parser.set_defaults(run=_export)
    parser = add_command(
        commands,
        "import",
        "Read what a tool exported. Ids, anchors, annotators and times are kept.",
        """
        stance annotate import export.json --from label-studio -o labels.jsonl
        stance annotate import anna.csv --from csv --annotator anna -o anna.jsonl
        stance annotate import export.json --from label-studio --names 1=anna,2=ben -o labels.jsonl
        """,
    )
    add_files(parser)
    parser.add_argument("--from", required=True, choices=_TOOLS, dest="tool", help="the tool")
    _add_scheme(parser)
    parser.add_argument("--annotator", default="", metavar="NAME", help="who labelled, where the file does not say")
    parser.add_argument("--names", default="", metavar="A=B,...", help="names or numbers in the tool, and names wanted")
    parser.add_argument("--tasks", metavar="FILE", help="Potato: the data file that it was given")
    add_output(parser)
    parser.set_defaults(run=_import)


def _add_scheme(parser: argparse.ArgumentParser) -> None:
    add_codebook_option(parser)
    parser.add_argument("--targets", metavar="A,B", help="targets to label (default: all of the codebook)")


def _export(arguments: argparse.Namespace) -> int:
    from stance.annotation.interchange.formats import find_format, lost
    from stance.annotation.interchange.label_studio_interface import labelling_config
    from stance.annotation.interchange.scheme import make_scheme
    from stance.reporting.outputs import open_output

    tool = find_format(arguments.to)
    scheme = make_scheme(load_codebook(arguments), split_names(arguments.targets) if arguments.targets else None)
    if Path(arguments.output or "").suffix == ".xml" and tool.name == "label-studio" and not arguments.interface:
        raise InputError(f"{arguments.output}: the interface would take this name. Give --output a name in .json.")
    records = Records()
    found = records.require(arguments.files)
    content = tool.write(found, scheme)
    with open_output(arguments.output) as file:
        file.write(content)
    interface = arguments.interface
    if interface is None and tool.name == "label-studio" and arguments.output not in (None, "-"):
        interface = str(Path(arguments.output).with_suffix(".xml"))
    if interface:
        if tool.name != "label-studio":
            raise InputError(f"--interface: only Label Studio has one, not {tool.title}.")
        with open_output(interface) as file:
            file.write(labelling_config(scheme).encode())
        LOG.info("%s: paste it under Settings > Labeling Interface > Code of the project", interface)
    for loss in lost(found, tool.name):
        LOG.warning("%s", loss)
    return records.status


def _import(arguments: argparse.Namespace) -> int:
    from stance.annotation.files import keep_distinct
    from stance.annotation.interchange.formats import find_format
    from stance.annotation.interchange.reading import Reading
    from stance.annotation.interchange.scheme import make_scheme
    from stance.text.documents import open_input

    tool = find_format(arguments.tool)
    scheme = make_scheme(load_codebook(arguments), split_names(arguments.targets) if arguments.targets else None)
    names = _names(arguments.names)
    tasks = b""
    if arguments.tasks:
        with open_input(arguments.tasks) as file:
            tasks = file.read()
    records = Records()
    found = []
    for name in arguments.files:
        try:
            with open_input(name) as file:
                content = file.read()
            reading = Reading(name, arguments.annotator, names, tasks, records.report)
            found += [(name, record) for record in tool.read(content, scheme, reading)]
        except (StanceError, OSError) as error:
            records.report(error)
    kept = list(keep_distinct(found, records.report))
    numbers = sorted({record.annotator for record in kept if record.annotator.startswith("label-studio:")})
    if numbers:
        LOG.info("%s: users of Label Studio by number; give names with --names 1=anna,2=ben", ", ".join(numbers))
    if not kept:
        if not records.failures:
            LOG.error("%s: no record in it", ", ".join(arguments.files))
        return 1
    write_records(arguments.output, kept)
    return records.status


def _names(text: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in split_names(text)]
    bad = next((name for name, sign, wanted in pairs if not (name and sign and wanted)), None)
    if bad is not None:
        raise InputError(f"--names: expected pairs as in 1=anna,2=ben, found {text!r}.")
    return {name.strip(): wanted.strip() for name, _, wanted in pairs}
