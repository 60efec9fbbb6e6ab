"""How the results of documents are laid out in an output: as bytes that can be made anywhere and joined in order."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from stance.errors import InputError, MissingExtraError, suggest
from stance.reporting.outputs import encode_head, encode_row, paragraph_columns, paragraph_rows, write_rows
from stance.schema import Analysis

__all__ = ["LAYOUTS", "Layout"]

LAYOUTS = ("table", "jsonl", "csv", "parquet")
"""In what results can be written."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How results are written.

    Parquet has an end that tells where everything stands, so it cannot be written piece by piece and gone on with: rows
    are kept as JSON Lines, and made into Parquet when all are there.

    Attributes:
        form: One of `LAYOUTS`.
        targets: Names of the targets, in order.
        label_sets: Whether a risk was asked for, so that there are labels that are left.
        source: Whether there is a column of what is known of the documents.
        terminal: Whether a terminal reads tables.
        evidence: Whether there are columns of what the labels rest on.
        safe: Whether cells of CSV that a spreadsheet would compute are kept from it.

    Raises:
        InputError: If the form is unknown, or a target has the name of a column.
        MissingExtraError: If Parquet is asked for and pyarrow is not installed.
    """

    form: str
    targets: tuple[str, ...]
    label_sets: bool = False
    source: bool = False
    terminal: bool = False
    evidence: bool = False
    safe: bool = False

    def __post_init__(self) -> None:
        if self.form not in LAYOUTS:
            raise InputError(f"Unknown output format {self.form!r}: {suggest(self.form, LAYOUTS)}.")
        if self.form == "parquet" and _missing("pyarrow"):
            raise MissingExtraError("Writing Parquet", "parquet")
        self.columns()

    def columns(self) -> list[str]:
        """Name the columns of the flat formats, in order; none for the others."""
        if self.form in ("table", "jsonl"):
            return []
        return paragraph_columns(self.targets, label_sets=self.label_sets, source=self.source, evidence=self.evidence)

    @property
    def finished(self) -> bool:
        """Whether the bytes are the output as they come; else `finish` makes it of them."""
        return self.form != "parquet"

    def head(self) -> bytes:
        """Give what stands before the results."""
        return encode_head(self.form, self.columns(), safe=self.safe)

    def encode(self, analyses: Iterable[Analysis]) -> bytes:
        """Give the bytes of results; those of several, one after the other, are the output."""
        if self.form == "table":
            from stance.reporting.drawing import render_table
            from stance.reporting.tables import document_table

            tables = (document_table(analysis, self.targets) for analysis in analyses)
            return b"".join(render_table(table, terminal=self.terminal) for table in tables)
        form, columns = ("csv" if self.form == "csv" else "jsonl"), self.columns()
        rows = (row for analysis in analyses for row in paragraph_rows(analysis))
        return b"".join(encode_row(row, form, columns, safe=self.safe) for row in rows)

    def finish(self, spool: BinaryIO, file: BinaryIO) -> None:
        """Make Parquet of the bytes of all results.

        Args:
            spool: Where they are, from the start.
            file: Where the output goes to.
        """
        write_rows(file, _rows(spool), self.form, self.columns())


def _rows(spool: BinaryIO) -> Iterator[dict[str, Any]]:
    for line in spool:
        yield json.loads(line)


def _missing(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is None
    except ValueError:  # it was taken out of sys.modules, or never was a whole module
        return True
