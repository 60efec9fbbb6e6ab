"""What is judged at once: documents that together have enough paragraphs, and how far the files are read by then.

Where steps end depends on the files alone, so that a run that goes on after one judges the same paragraphs together and
gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from stance.errors import InputError, StanceError
from stance.prediction import CHUNK, CutDocument, cut_document
from stance.schema import Document
from stance.text.sources import Item

__all__ = ["Failure", "Step", "cut_steps", "failure_row"]

Failure = tuple[str, StanceError | OSError]
"""Name of a file, and what is wrong with it or with a row of it."""


@dataclass(frozen=True, slots=True)
class Step:
    """Some documents, and the errors that came with them.

    Attributes:
        documents: The documents, in order.
        failures: What could not be read, in order.
        file: Number of the file that is being read, from 0.
        number: How many items of that file are read, errors counted.
        start: Bytes of all files that were read before.
        read: Bytes of all files that are read with it.
    """

    documents: tuple[CutDocument, ...]
    failures: tuple[Failure, ...]
    file: int
    number: int
    start: int
    read: int

    @property
    def paragraphs(self) -> int:
        """How many paragraphs there are to judge."""
        return sum(block.kind == "body" for cut in self.documents for block in cut.blocks)


def cut_steps(
    items: Iterable[Item], sizes: Sequence[int], *, first: Sequence[Failure] = (), read: int = 0
) -> Iterator[Step]:
    """Divide what is read into steps of `CHUNK` blocks and errors or a few more, and cut documents into blocks.

    Args:
        items: What is read, in order.
        sizes: Bytes of each file.
        first: What could not be read before the first item.
        read: Bytes that were read before.

    Yields:
        The steps, in order.
    """
    before = [0, *accumulate(sizes)]
    documents: list[CutDocument] = []
    failures = list(first)
    count, start, item = len(failures), read, None
    for item in items:
        found = _cut(item)
        if isinstance(found, CutDocument):
            documents.append(found)
            count += len(found.blocks)
        else:
            failures.append((item.name, found))
            count += 1
        if count >= CHUNK:
            read = max(start, before[item.file] + item.offset)
            yield Step(tuple(documents), tuple(failures), item.file, item.number, start, read)
            documents, failures, count, start = [], [], 0, read
    if documents or failures:
        place = (item.file, item.number) if item else (0, 0)
        yield Step(tuple(documents), tuple(failures), *place, start, before[-1])


def _cut(item: Item) -> CutDocument | StanceError | OSError:
    if not isinstance(item.found, Document):
        return item.found
    try:
        return cut_document(item.found)
    except InputError as error:
        return error


def failure_row(failure: Failure) -> dict[str, Any]:
    """Give a failure as a JSON object: ``{"file", "line", "row", "field", "reason"}``; what is not known is None.

    >>> failure_row(("a.txt", InputError("a.txt: no such file.")))
    {'file': 'a.txt', 'line': None, 'row': None, 'field': None, 'reason': 'no such file.'}
    """
    name, error = failure
    place = error.place if isinstance(error, InputError) else None
    return {
        "file": name,
        "line": place.line if place else None,
        "row": place.row if place else None,
        "field": error.field if isinstance(error, InputError) else None,
        "reason": str(error).removeprefix(f"{place or name}: "),
    }
