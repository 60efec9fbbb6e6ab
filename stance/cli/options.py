"""Options that several commands share, and what they mean."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from stance.errors import InputError
from stance.text.reading import FORMATS, Reading

__all__ = [
    "add_csv_safe",
    "add_draw_options",
    "add_input_options",
    "add_output_options",
    "is_same_file",
    "output_format",
    "positive_number",
    "reading_of",
    "refuse_listed",
    "refuse_overwriting",
    "share",
    "split_names",
    "target_names",
    "whole_number",
]


def add_input_options(parser: argparse.ArgumentParser) -> None:
    """Add the files to read and how to read them."""
    group = parser.add_argument_group("input")
    group.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="text, Markdown, HTML, JSONL, CSV, TSV, Parquet, or folders of them; - is stdin",
    )
    group.add_argument(
        "--input-format", choices=sorted(FORMATS), help="what the files are (default: told by their names)"
    )
    group.add_argument(
        "--text-column", default="text", metavar="NAME", help="field or column with the text (default: text)"
    )
    group.add_argument("--id-column", default="id", metavar="NAME", help="field or column with the id (default: id)")
    group.add_argument(
        "--encoding",
        metavar="NAME",
        help="encoding of the files (default: UTF-8; if it is another, it is detected and reported)",
    )


def add_output_options(parser: argparse.ArgumentParser, formats: tuple[str, ...]) -> None:
    """Add where to write and in which format."""
    group = parser.add_argument_group("output")
    group.add_argument("--format", choices=formats, help="default: told by the name of --output, else table")
    group.add_argument("-o", "--output", metavar="FILE", help="write to a file, whole or not at all (default: stdout)")
    add_csv_safe(group)


def add_csv_safe(group: argparse._ActionsContainer) -> None:
    """Add whether cells of CSV are kept from being computed by a spreadsheet."""
    group.add_argument(
        "--csv-safe",
        action="store_true",
        help="CSV for spreadsheets: an apostrophe before cells that begin like a formula (default: texts as they are)",
    )


def add_draw_options(parser: argparse.ArgumentParser) -> None:
    """Add how often is drawn for intervals and tests, and from which seed."""
    parser.add_argument(
        "--draws",
        type=positive_number,
        default=1000,
        metavar="N",
        help="bootstrap draws and permutations (default: 1000)",
    )
    parser.add_argument("--seed", type=whole_number, default=0, metavar="N", help="their seed (default: 0)")


def split_names(text: str) -> list[str]:
    """Read names with commas between them."""
    return [name.strip() for name in text.split(",") if name.strip()]


def target_names(text: str) -> list[str]:
    """Read the names of ``--targets``; a file among them is a slip."""
    names = split_names(text)
    file = next((name for name in names if name.endswith(".toml")), None)
    if file is not None:
        raise InputError(f"--targets takes names, found the file {file!r}. Give it with --targets-file.")
    return names


def positive_number(text: str) -> int:
    """Read a whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"has to be a whole number from 1 on, found {text!r}")
    return int(text)


def whole_number(text: str) -> int:
    """Read a whole number from 0 on."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"has to be a whole number from 0 on, found {text!r}")
    return int(text)


def share(text: str) -> float:
    """Read a number between 0 and 1, both left out."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0.0 < number < 1.0:
        raise argparse.ArgumentTypeError(f"has to be a number between 0 and 1, such as 0.1; found {text!r}")
    return number


def output_format(arguments: argparse.Namespace, formats: tuple[str, ...]) -> str:
    """Settle the output format."""
    name = arguments.output or ""
    form: str = arguments.format or _format_of(name, formats)
    if form == "parquet" and name in ("", "-") and sys.stdout.isatty():
        raise InputError("Parquet is no text for a terminal. Name a file with --output.")
    if getattr(arguments, "csv_safe", False) and form != "csv":
        raise InputError(f"--csv-safe is for CSV, and the output is {form}. Give --format csv, or leave it out.")
    return form


def _format_of(name: str, formats: tuple[str, ...]) -> str:
    """Tell the format from the name of the output; a table goes to names as of texts."""
    suffix = Path(name).suffix.lower().lstrip(".")
    if suffix in formats:
        return suffix
    if suffix in ("", "txt", "md", "log") or (Path(name).exists() and not Path(name).is_file()):
        return "table"
    raise InputError(f"{name}: its name tells no format. Give --format: {', '.join(formats)}.")


_READ = ("files", "texts", "pred", "gold", "labels", "against", "groups", "pool", "labelled", "third", "tasks")
"""Names of arguments that name files to read ..."""
_WRITTEN = ("output", "missing", "report", "decisions", "html", "interface")
"""... and to write."""


def refuse_overwriting(arguments: argparse.Namespace) -> None:
    """Refuse to write over what is to be read, and to write two files to one place: the labels of months may be there.

    Raises:
        InputError: If a command is asked to.
    """
    outputs = _outputs(arguments)
    given = [getattr(arguments, kind, None) for kind in (*_READ, "codebook", "targets_file")]
    inputs = [name for value in given for name in ([value] if isinstance(value, str) else value or ())]
    places: dict[str, str] = {}
    for kind, name in outputs.items():
        if any(is_same_file(name, file) for file in inputs):
            raise InputError(f"{name}: is to be read and written. Give another --{kind}.")
        place = os.path.realpath(name)
        other = places.setdefault(place, kind)
        if other != kind and not place.startswith("/dev/"):
            raise InputError(f"{name}: --{other} and --{kind} would be one file. Give another --{kind}.")


def refuse_listed(arguments: argparse.Namespace, files: Iterable[str]) -> None:
    """Refuse to write over what lies in a folder that is to be read, as what an earlier run wrote there does.

    Raises:
        InputError: If a command is asked to.
    """
    there = {kind: name for kind, name in _outputs(arguments).items() if is_same_file(name, name)}
    if not there:
        return
    for file in files:
        for kind, name in there.items():
            if is_same_file(name, file):
                raise InputError(f"{name}: is to be read and written. Give another --{kind}.")


def _outputs(arguments: argparse.Namespace) -> dict[str, str]:
    """Give the files that a command is to write, by the names of their options."""
    return {kind: name for kind in _WRITTEN if (name := getattr(arguments, kind, None)) not in (None, "", "-")}


def is_same_file(one: str, other: str) -> bool:
    """Tell whether two names are of one file that is there."""
    try:
        return Path(one).is_file() and Path(one).samefile(other)
    except OSError:
        return False


def reading_of(arguments: argparse.Namespace, *, unit: str | None = None) -> Reading:
    """Tell how the files of a command are read."""
    return Reading(
        arguments.input_format,
        arguments.text_column,
        arguments.id_column,
        tuple(split_names(getattr(arguments, "source_columns", ""))),
        arguments.encoding,
        unit,  # type: ignore[arg-type]  # Reading refuses others
    )
