"""What the subcommands share: files of annotations in and out, codebooks, reports."""

from __future__ import annotations

import argparse
import json
import logging
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from stance.errors import InputError, StanceError

if TYPE_CHECKING:
    from stance.annotation.codebook import Codebook
    from stance.schema import Annotation

__all__ = [
    "Records",
    "Subparsers",
    "add_codebook_option",
    "add_command",
    "add_files",
    "add_output",
    "load_codebook",
    "write_json",
    "write_records",
]

LOG = logging.getLogger("stance")

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_command(commands: Subparsers, name: str, text: str, examples: str) -> argparse.ArgumentParser:
    """Add a subcommand: its name, what it does in a sentence or more, and examples."""
    return commands.add_parser(
        name,
        help=text.partition(". ")[0].rstrip(".").lower().replace("json", "JSON"),
        description=text,
        epilog="examples:\n" + textwrap.indent(textwrap.dedent(examples).strip("\n"), "  "),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_files(parser: argparse.ArgumentParser, nargs: str = "+") -> None:
    """Add the files of annotations to read."""
    parser.add_argument("files", nargs=nargs, metavar="FILE", help="file of annotations (JSON Lines); - is stdin")


def add_output(parser: argparse.ArgumentParser, *, required: bool = False, metavar: str = "FILE") -> None:
    """Add where to write."""
    default = "" if required else " (default: stdout)"
    parser.add_argument(
        "-o", "--output", required=required, metavar=metavar, help=f"where to write, whole or not at all{default}"
    )


def add_codebook_option(parser: argparse.ArgumentParser) -> None:
    """Add the codebook to follow."""
    parser.add_argument("--codebook", metavar="FILE", help="codebook in TOML (default: the project's own)")


def load_codebook(arguments: argparse.Namespace) -> Codebook:
    """Read the codebook that was asked for."""
    from stance.annotation.codebook import read_codebook

    return read_codebook(arguments.codebook)


@dataclass(slots=True)
class Records:
    """The annotations of files; a bad line is reported and costs no other.

    Attributes:
        failures: Number of files and lines that could not be read so far.
    """

    failures: int = field(default=0, init=False)

    def read(self, files: Iterable[str]) -> list[Annotation]:
        """Read files; a second record of an annotator on a paragraph is reported and left out."""
        from stance.annotation.files import keep_distinct

        return list(keep_distinct(self._located(files), self.report))

    def _located(self, files: Iterable[str]) -> Iterator[tuple[str, Annotation]]:
        from stance.annotation.files import read_annotations

        for name in files:
            try:
                yield from ((name, record) for record in read_annotations(name, on_error=self.report))
            except (StanceError, OSError) as error:
                self.report(error)

    def report(self, error: Exception) -> None:
        """Say on stderr what is wrong, and go on."""
        self.failures += 1
        LOG.error("%s", error)

    def require(self, files: Iterable[str]) -> list[Annotation]:
        """Read files that have to hold something."""
        names = list(files)
        records = self.read(names)
        if not records:
            raise InputError(f"{', '.join(names)}: no annotation could be read.")
        return records

    @property
    def status(self) -> int:
        """Exit status: 1 if something could not be read."""
        return 1 if self.failures else 0


def write_records(output: str | None, records: Iterable[Annotation]) -> int:
    """Write annotations to a file or stdout; give how many."""
    from stance.annotation.files import write_annotations
    from stance.reporting.outputs import open_output

    with open_output(output) as file:
        return write_annotations(file, records)


def write_json(output: str | None, value: Mapping[str, Any]) -> None:
    """Write one JSON object to a file or stdout, for people and programs."""
    from stance.reporting.outputs import open_output

    with open_output(output) as file:
        file.write(json.dumps(value, ensure_ascii=False, indent=2).encode("utf-8", "backslashreplace") + b"\n")
