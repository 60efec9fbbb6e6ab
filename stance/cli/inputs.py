"""The documents that a command was given."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeVar

from stance.cli.options import reading_of, refuse_listed
from stance.errors import InputError
from stance.schema import Document, Paragraph
from stance.text.segmentation import segment
from stance.text.sources import list_files, read_items

__all__ = ["Inputs", "begin"]

T = TypeVar("T")

_LOG = logging.getLogger("stance")


@dataclass(slots=True)
class Inputs:
    """The documents that a command was given; a bad one is reported and costs no other.

    Attributes:
        arguments: The command's arguments.
        unit: ``"row"`` to take every text as one paragraph, ``"document"`` to cut every text; None leaves it to the
            kind of file.
        failures: Number of files and rows that could not be read so far.
    """

    arguments: argparse.Namespace
    unit: str | None = None
    failures: int = field(default=0, init=False)

    def __iter__(self) -> Iterator[Document]:
        listing = list_files(self.arguments.files, form=self.arguments.input_format)
        refuse_listed(self.arguments, listing.files)
        for line in listing.skipped:
            _LOG.info("%s", line)
        for error in listing.errors:
            self.report(error)
        for item in read_items(listing.files, reading_of(self.arguments, unit=self.unit)):
            if isinstance(item.found, Document):
                yield item.found
            else:
                self.report(item.found)

    def cut(self) -> Iterator[tuple[Document, list[Paragraph]]]:
        """Give each document with its blocks; one that cannot be cut is reported and costs no other."""
        for document in self:
            try:
                yield document, segment(document)
            except InputError as error:
                self.report(error)

    def report(self, error: Exception) -> None:
        """Say on stderr what is wrong, and go on."""
        self.failures += 1
        _LOG.error("%s", error)


def begin(results: Iterator[T], inputs: Inputs) -> Iterator[T] | None:
    """Draw the first result before any output is opened; None if every input failed, so that no output is touched."""
    first = next(results, None)
    if first is None:
        return None if inputs.failures else results
    return chain([first], results)
