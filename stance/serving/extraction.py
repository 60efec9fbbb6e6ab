"""Takes the text from a file in a process of its own: ``python -m stance.serving.extraction KIND NAME SECONDS MOST``.

Readers of Word, PDF and HTML are large, and whoever sends a file chooses what they do; here they can be stopped, and
their memory is bounded. The file comes on stdin, the text goes to stdout as JSON.
"""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from xml.parsers import expat

from stance.errors import InputError, StanceError
from stance.text.documents import read_open
from stance.text.reading import Reading

__all__ = ["MOST_PAGES", "docx_text", "main", "pdf_text"]

MOST_PAGES = 500
"""Most pages of a PDF."""
_UNPACKED = 50
"""Most bytes that a Word document unpacks to, for each character that its text may have: most are markup, pictures."""
_MOST_PARTS = 5000
_MEMORY = 2 << 30
"""Bytes of memory that reading a file may take."""
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


def main(arguments: list[str]) -> int:
    """Read a file from stdin and write its text to stdout.

    Args:
        arguments: What the file is (``"html"``, ``"docx"`` or ``"pdf"``), its name, the most seconds of processor
            time, the most characters of its text.

    Returns:
        Exit status, 0: also where the file cannot be used, which the JSON says.
    """
    kind, name, seconds, most = arguments
    _bound_process(max(1, int(float(seconds)) + 1))
    data = sys.stdin.buffer.read()
    try:
        text, breaks = _READERS[kind](data, name, int(most))
        answer = {"text": text, "breaks": breaks}
    except StanceError as error:
        answer = {"error": str(error)}
    sys.stdout.buffer.write(json.dumps(answer).encode())
    return 0


def docx_text(data: bytes, name: str, most: int) -> tuple[str, str]:
    """Take the text from a Word document, a block a line; what was deleted under revision is left out.

    Args:
        data: The file.
        name: What messages call it.
        most: Most characters of the text; the parts of the file may unpack to fifty times as many bytes.

    Returns:
        The text, and what its line breaks mean.

    Raises:
        InputError: If it is no Word document, has no text, or would unpack to too much.
    """
    from docx import Document as open_docx  # each reader is loaded where it is needed: every file starts a process
    from docx.oxml.ns import qn

    _check_package(data, name, most * _UNPACKED)
    body = open_docx(io.BytesIO(data)).element.body
    blocks: list[str] = []
    size = 0
    for paragraph in body.iter(qn("w:p")):
        if any(above.tag == _FALLBACK for above in paragraph.iterancestors()):
            continue  # the same once more, for old readers
        for line in "".join(_pieces(paragraph)).split("\n"):
            if block := " ".join(line.split()):
                size += len(block) + 1
                blocks.append(block)
        _check_size(size, name, most)
    if not blocks:
        raise InputError(f"{name}: no text was found in the document.")
    return "\n".join(blocks), "blocks"


def pdf_text(data: bytes, name: str, most: int) -> tuple[str, str]:
    """Take the text from a PDF, line by line as it is printed.

    Args:
        data: The file.
        name: What messages call it.
        most: Most characters of the text.

    Returns:
        The text, and what its line breaks mean.

    Raises:
        InputError: If it is protected, has too many pages, or holds no text.
    """
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted:
        raise InputError(f"{name}: the PDF is protected by a password. Save it without one.")
    pages = len(reader.pages)
    if pages > MOST_PAGES:
        raise InputError(f"{name}: expected at most {MOST_PAGES} pages, found {pages}. Give a part of it.")
    texts: list[str] = []
    size = 0
    for page in reader.pages:
        texts.append(page.extract_text())
        size += len(texts[-1])
        _check_size(size, name, most)
    if not "".join(texts).strip():
        raise InputError(f"{name}: the PDF holds no text; its pages may be pictures. Have their text recognised first.")
    return "\f".join(texts), "layout"


def _html_text(data: bytes, name: str, most: int) -> tuple[str, str]:
    (document,) = read_open(io.BytesIO(data), name, Reading("html"))
    if isinstance(document, InputError):
        raise document
    _check_size(len(document.text), name, most)
    return document.text, document.breaks


_READERS: dict[str, Callable[[bytes, str, int], tuple[str, str]]] = {
    "docx": docx_text,
    "html": _html_text,
    "pdf": pdf_text,
}


def _check_size(size: int, name: str, most: int) -> None:
    if size > most:
        raise InputError(f"{name}: holds more than {most:,} characters of text. Give a part of it.")


def _check_package(data: bytes, name: str, most: int) -> None:
    """Look at a package's list of parts, and at the first tag of each, before anything is unpacked whole."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = package.infolist()
            names = {part.filename for part in parts}
            if "[Content_Types].xml" not in names or not any(part.startswith("word/") for part in names):
                raise InputError(f"{name}: is no Word document. Give a .docx file.")
            size = sum(part.file_size for part in parts)
            if size > most or len(parts) > _MOST_PARTS:
                raise InputError(
                    f"{name}: unpacks to {size:,} bytes in {len(parts):,} parts, more than is allowed ({most:,}; "
                    f"{_MOST_PARTS:,}). Save its text alone."
                )
            for part in parts:  # a relation may name any of them as the text
                with package.open(part) as file:
                    _refuse_declarations(file.read(), name, strict=part.filename.endswith((".xml", ".rels")))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise InputError(f"{name}: cannot be unpacked ({error}). Save the document again as .docx.") from error


def _refuse_declarations(xml: bytes, name: str, *, strict: bool) -> None:
    """Refuse XML with a document type: Word writes none, and entities are declared there.

    Args:
        xml: A part of the document; pictures and the like end at their first byte.
        name: What messages call the document.
        strict: Whether the part has to be XML.
    """

    def declared(*_told: object) -> None:
        raise InputError(f"{name}: declares a document type or entities, which no Word document does.")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = declared
    parser.EntityDeclHandler = declared
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as error:
        if not strict:
            return
        raise InputError(f"{name}: a part of the document is damaged ({error}). Save it again as .docx.") from error


def _pieces(paragraph: object) -> Iterator[str]:
    """Give the text of a paragraph; python-docx's own passes over insertions and content controls."""
    from docx.oxml.ns import qn

    for node in paragraph.iter(qn("w:t"), qn("w:tab"), qn("w:br"), qn("w:cr"), qn("w:noBreakHyphen")):  # type: ignore[attr-defined]
        if next(node.iterancestors(qn("w:p"))) is not paragraph:
            continue  # of a text box within it, which is a block of its own
        if node.tag == qn("w:t"):
            yield node.text or ""
        elif node.tag == qn("w:noBreakHyphen"):
            yield "-"
        elif node.getparent().tag == qn("w:r"):  # not the tab stops of a style
            yield " " if node.tag == qn("w:tab") else "\n"


def _bound_process(seconds: int) -> None:
    """Bound the memory and the processor time of this process, where the system can."""
    if sys.platform == "win32":
        return
    import resource

    for what, most in ((resource.RLIMIT_AS, _MEMORY), (resource.RLIMIT_CPU, seconds)):
        _, hard = resource.getrlimit(what)
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (limit, hard))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
