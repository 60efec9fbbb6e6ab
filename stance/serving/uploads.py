"""From a file that somebody sent to a document."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import PurePosixPath

from stance.errors import InputError
from stance.schema import Document
from stance.serving.gate import Deadline, TimeUpError
from stance.serving.refusals import Refusal
from stance.text.documents import read_open
from stance.text.reading import Reading

__all__ = ["ACCEPTED", "clean_name", "read_upload", "strip_signs"]

ACCEPTED = (".txt", ".text", ".md", ".markdown", ".html", ".htm", ".xhtml", ".docx", ".pdf")
"""Ends of the names of files that are read."""
_PAGES = (".html", ".htm", ".xhtml")
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_LONGEST, _ENDING = 100, 10
"""Most characters of a name that is shown, and of its end."""
_LOOK = 0.2
"""Seconds after which it is looked again whether anybody still waits for what a file holds."""
_WORDS = {"docx": "a Word document", "html": "an HTML page", "pdf": "a PDF"}


def clean_name(name: str) -> str:
    r"""Make the name of a file fit to be shown: its last part, without signs that steer anything.

    >>> clean_name("C:\\texts\\..\\a\nview.txt"), clean_name("../../etc/passwd"), clean_name("")
    ('aview.txt', 'passwd', 'file')
    """
    last = strip_signs(name.replace("\\", "/").rstrip("/").rpartition("/")[2])
    path = PurePosixPath(last)
    return f"{path.stem[:_LONGEST]}{path.suffix[:_ENDING]}" or "file"


def strip_signs(text: str) -> str:
    r"""Take out of a text that is shown what steers, and the space around it.

    >>> strip_signs(" J. R.\u202e Rodriguez\n")
    'J. R. Rodriguez'
    """
    return _UNFIT.sub("", text).strip()


def read_upload(data: bytes, name: str, *, most: int, deadline: Deadline) -> Document:
    """Read a file.

    Args:
        data: What it holds.
        name: Its name, as its sender gave it.
        most: Most characters of its text.
        deadline: Until when it has to be read.

    Returns:
        The document.

    Raises:
        Refusal: If it is of a kind that is not read, too long, or reading it takes too long.
        InputError: If it holds no text, is damaged or asks for too much.
    """
    shown = clean_name(name)
    kind = _kind(data, shown)
    if kind == "text":
        (document,) = read_open(io.BytesIO(data), shown, Reading("text"))
        if isinstance(document, InputError):
            raise document
        if len(document.text) > most:
            raise Refusal(413, f"{shown}: holds more than {most:,} characters of text. Give a part of it.")
        return document
    told = _extract(data, [kind, shown, f"{deadline.left:.1f}", str(most)], deadline)
    if told is None:
        raise InputError(f"{shown}: cannot be read as {_WORDS[kind]}: it is damaged, or takes too much to read.")
    answer = json.loads(told)
    if "error" in answer:
        raise InputError(answer["error"])
    return Document(answer["text"], shown, None, None, answer["breaks"])


def _extract(data: bytes, arguments: list[str], deadline: Deadline) -> bytes | None:
    """Run `stance.serving.extraction` until the deadline; give what it says, None if it broke off."""
    # -P: no module is taken from the working directory, where anybody's files may lie
    command = [sys.executable, "-P", "-m", "stance.serving.extraction", *arguments]
    known = {name: value for name, value in os.environ.items() if name != "STANCE_SERVE_TOKEN"}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=known) as process:
        given: bytes | None = data
        try:
            while True:
                try:
                    told, _ = process.communicate(given, timeout=min(_LOOK, deadline.left))
                    return None if process.returncode else told
                except subprocess.TimeoutExpired:
                    given = None  # it was handed over
                    deadline.check()
        except TimeUpError as error:
            raise Refusal(504, f"{arguments[1]}: reading it takes too long. Give its text alone.") from error
        finally:
            process.kill()


def _kind(data: bytes, name: str) -> str:
    """Tell what a file is: by its first bytes, then by its name."""
    suffix = PurePosixPath(name).suffix.lower()
    if data.startswith(b"%PDF-"):
        return "pdf"
    if data.startswith(b"PK\x03\x04"):
        if suffix != ".docx":
            raise Refusal(415, f"{name}: is a ZIP archive or an Office document. Give .docx, or the files in it.")
        return "docx"
    if suffix in (".docx", ".pdf"):
        raise Refusal(415, f"{name}: is no {suffix} file, whatever its name says. Save it again.")
    if suffix not in ACCEPTED:
        raise Refusal(415, f"{name}: expected a file named {', '.join(ACCEPTED)}. Save it as one of these.")
    return "html" if suffix in _PAGES else "text"
