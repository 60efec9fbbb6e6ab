"""Reading documents from files of many kinds."""

from __future__ import annotations

import io
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, cast

from stance.errors import InputError
from stance.schema import Document
from stance.text.decoding import decode, is_blank, is_encoding, is_wide, needs_detection, read_bounded
from stance.text.pages import page_text
from stance.text.reading import Reading
from stance.text.tables import Columns, read_csv, read_jsonl, read_parquet

__all__ = ["open_input", "read_documents", "read_open"]

_STREAM_HELD = 1 << 26
"""Bytes of stdin or a pipe that are held in memory; more of them go to a temporary file."""
_CHARSET = re.compile(rb"(?i)(?:charset|encoding)\s*=\s*[\"']?([a-z0-9_-]{3,30})")


def read_documents(
    path: str | Path,
    *,
    form: str | None = None,
    text_column: str = "text",
    id_column: str = "id",
    source_columns: Sequence[str] = (),
    encoding: str | None = None,
    on_error: Callable[[InputError], None] | None = None,
) -> Iterator[Document]:
    """Read the documents of a file: one from a text or page, one a row from a table.

    Offsets into a document count the code points of its text, a byte order mark left out; line ends stay as they are.

    Args:
        path: The file; ``-`` is stdin.
        form: One of `FORMATS`; None lets the file's name tell, and takes what it does not know for text.
        text_column: Field or column with the text, in tables.
        id_column: Field or column with the id, in tables; rows need not have one.
        source_columns: Fields or columns kept as `Document.source`, in tables.
        encoding: The encoding; None means UTF-8 or, for texts and pages that are not, the one detected (a warning of
            the logger ``stance.text`` says which).
        on_error: Called for each bad row, which is then left out; None raises at the first.

    Yields:
        The documents.

    Raises:
        InputError: If the file is missing, a directory, empty, or not what it was taken for; the message names file
            and line.
        EncodingError: If the file is no text, or in another encoding.
        MissingExtraError: If HTML or Parquet is read without the extra that it needs.
    """
    if not isinstance(path, str | os.PathLike):
        raise InputError(f"Expected the path of a file, found {type(path).__name__}. Call read_documents for each.")
    name = str(path)
    reading = Reading(form, text_column, id_column, tuple(source_columns), encoding)
    reading.form_of(name)
    report = on_error or _raise
    with open_input(name) as file:
        for found in read_open(file, name, reading):
            if isinstance(found, InputError):
                report(found)
            else:
                yield found


def read_open(file: BinaryIO, name: str, reading: Reading) -> Iterator[Document | InputError]:
    """Read the documents of an open file.

    Args:
        file: The file, binary and seekable.
        name: What messages and documents call it.
        reading: How it is read.

    Yields:
        The documents; for a bad row of a table what is wrong with it.

    Raises:
        InputError: If the file is not what it was taken for.
        EncodingError: If the file is no text, or in another encoding.
        MissingExtraError: If HTML or Parquet is read without the extra that it needs.
    """
    kind = reading.form_of(name)
    if kind in ("text", "html"):
        document = _read_whole(read_bounded(file, name), name, kind, reading.encoding)
        yield replace(document, breaks="none") if reading.unit == "row" else document
        return
    columns = Columns(reading.text_column, reading.id_column, reading.source_columns)
    for found in _read_table(file, name, kind, columns, reading.encoding):
        if reading.unit == "document" and isinstance(found, Document):
            yield replace(found, breaks="layout")
        else:
            yield found


def open_input(name: str) -> BinaryIO:
    """Open a file to read.

    Args:
        name: The file; ``-`` is stdin. Stdin and pipes are read to their end.

    Returns:
        The file, binary and seekable.

    Raises:
        InputError: If it is missing, a directory or not readable.
    """
    if name == "-":
        return _read_stream(sys.stdin.buffer)
    path = Path(name)
    try:
        if path.is_dir():
            raise InputError(f"{name}: is a directory. Name its files, as in {path / '*.txt'}.")
        file = path.open("rb")
        if file.seekable():
            return file
        with file:  # a pipe, as in <(zcat rows.jsonl.gz)
            return _read_stream(file)
    except FileNotFoundError:
        raise InputError(f"{name}: no such file.") from None
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror}).") from error
    except ValueError as error:  # a NUL in the name, as a recipe may have it
        raise InputError(f"{name}: cannot be read ({error}).") from error


def _read_stream(stream: BinaryIO) -> BinaryIO:
    """Read a stream to its end: into memory, or into a file without a name where it is large."""
    start = stream.read(_STREAM_HELD)
    if len(start) < _STREAM_HELD:
        return io.BytesIO(start)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever reads it closes it
    file.write(start)
    shutil.copyfileobj(stream, file)
    file.seek(0)
    return cast(BinaryIO, file)


def _raise(error: InputError) -> None:
    raise error


def _read_whole(data: bytes, name: str, kind: str, encoding: str | None) -> Document:
    if kind == "html" and encoding is None and needs_detection(data):
        encoding = _declared_encoding(data)
    decoded = decode(data, name, encoding)
    text = page_text(decoded.text, name) if kind == "html" else decoded.text
    if is_blank(text):
        raise InputError(f"{name}: the document is empty. Leave it out.")
    return Document(text, name, None, decoded.encoding, "blocks" if kind == "html" else "layout")


def _declared_encoding(data: bytes) -> str | None:
    """Tell what a page says of its encoding, if it is so; latin-1 means cp1252, as browsers read it."""
    declared = _CHARSET.search(data[:4096])
    name = declared[1].decode("ascii").lower() if declared else "utf-8"
    name = "cp1252" if name in ("iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii") else name
    if not is_encoding(name):
        return None
    try:
        data.decode(name)
    except ValueError:
        return None
    return None if is_wide(name) else name  # whoever could read the declaration was not reading UTF-16


def _read_table(
    file: BinaryIO, name: str, kind: str, columns: Columns, encoding: str | None
) -> Iterator[Document | InputError]:
    if kind == "jsonl":
        return read_jsonl(file, name, columns, encoding=encoding)
    if kind == "parquet":
        return read_parquet(file, name, columns)
    return read_csv(file, name, columns, encoding=encoding, delimiter="\t" if kind == "tsv" else ",")
