"""Reading documents from files of many kinds."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from stance.errors import InputError, MissingExtraError, suggest
from stance.schema import Document
from stance.text.decoding import decode
from stance.text.tables import Columns, read_csv, read_jsonl, read_parquet

__all__ = ["FORMATS", "read_documents"]

FORMATS = ("text", "html", "jsonl", "csv", "tsv", "parquet")
"""What can be read; Markdown is text."""

_SUFFIXES = {
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_BLOCK_TAGS = frozenset({"p", "head", "quote", "item", "row", "cell", "code", "ab"})


def read_documents(
    path: str | Path,
    *,
    form: str | None = None,
    text_column: str = "text",
    id_column: str = "id",
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
    name = str(path)
    if form is not None and form not in FORMATS:
        raise InputError(f"Unknown input format {form!r}: {suggest(form, FORMATS)}.")
    kind = form or _SUFFIXES.get(Path(name).suffix.lower(), "text")
    with _open(name) as file:
        if kind in ("text", "html"):
            yield _read_whole(file.read(), name, kind, encoding)
            return
        yield from _read_table(file, name, kind, Columns(text_column, id_column), encoding, on_error or _raise)


def _open(name: str) -> BinaryIO:
    if name == "-":
        return io.BytesIO(sys.stdin.buffer.read())
    path = Path(name)
    if path.is_dir():
        raise InputError(f"{name}: is a directory. Name its files, as in {path / '*.txt'}.")
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise InputError(f"{name}: no such file.") from None
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror}).") from error


def _raise(error: InputError) -> None:
    raise error


def _read_whole(data: bytes, name: str, kind: str, encoding: str | None) -> Document:
    decoded = decode(data, name, encoding)
    text = _page_text(decoded.text, name) if kind == "html" else decoded.text
    if not text.strip("\ufeff\u200b \t\r\n\x0b\x0c") or text.isspace():
        raise InputError(f"{name}: the document is empty. Leave it out.")
    return Document(text, name, None, decoded.encoding, "blocks" if kind == "html" else "layout")


def _read_table(
    file: BinaryIO, name: str, kind: str, columns: Columns, encoding: str | None, on_error: Callable[[InputError], None]
) -> Iterator[Document]:
    if kind == "jsonl":
        return read_jsonl(file, name, columns, encoding=encoding, on_error=on_error)
    if kind == "parquet":
        return read_parquet(file, name, columns, on_error=on_error)
    delimiter = "\t" if kind == "tsv" else ","
    return read_csv(file, name, columns, encoding=encoding, on_error=on_error, delimiter=delimiter)


def _page_text(page: str, name: str) -> str:
    """Take the article from an HTML page, a block a line. trafilatura's XML keeps blocks apart; its text does not."""
    try:
        import trafilatura
        from lxml import etree
    except ImportError:
        raise MissingExtraError("Reading HTML", "html") from None
    xml = trafilatura.extract(page, output_format="xml", include_comments=False, include_tables=True, favor_recall=True)
    if not xml:
        raise InputError(f"{name}: no article found in the page. Save its text as .txt.")
    tree = etree.fromstring(xml.encode("utf-8"), etree.XMLParser(resolve_entities=False, no_network=True))
    main = tree.find("main")
    blocks: list[str] = []
    title = tree.get("title")
    if title:
        blocks.append(title)
    for element in (tree if main is None else main).iter():
        if element.tag in _BLOCK_TAGS and not any(parent.tag in _BLOCK_TAGS for parent in element.iterancestors()):
            blocks += _element_lines(element)
    lines = [" ".join(block.split()) for block in blocks]
    kept = [line for place, line in enumerate(lines) if line and (place == 0 or line != lines[place - 1])]
    return "\n".join(kept)


def _element_lines(element: object) -> list[str]:
    """Give the text of an element; line breaks and blocks inside it divide it."""
    from lxml import etree

    parts: list[str] = [""]
    for event, node in etree.iterwalk(element, events=("start", "end")):
        inner = node is not element and (node.tag in _BLOCK_TAGS or node.tag == "lb")
        if inner:
            parts.append("")
        if event == "start":
            parts[-1] += node.text or ""
        elif node is not element:
            parts[-1] += node.tail or ""
    return parts
