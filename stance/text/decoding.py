"""From bytes to text: the encoding is found out and reported, never guessed into garbage."""

from __future__ import annotations

import codecs
import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from stance.errors import EncodingError, InputError

if TYPE_CHECKING:
    from charset_normalizer import CharsetMatch

__all__ = [
    "LONGEST",
    "SAMPLE",
    "Decoded",
    "check_encoding",
    "decode",
    "detect_encoding",
    "is_blank",
    "is_encoding",
    "is_wide",
    "marked_encoding",
    "refuse_binary",
]

_LOG = logging.getLogger("stance.text")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MAGIC = (
    (b"%PDF", "a PDF", "Extract its text first (pdftotext -layout)"),
    (b"PK\x03\x04", "a ZIP archive or an Office document", "Save it as plain text"),
    (b"\xd0\xcf\x11\xe0", "an old Office document", "Save it as plain text"),
    (b"{\\rtf", "an RTF document", "Save it as plain text"),
    (b"\x1f\x8b", "gzip-compressed", "Unpack it first (gunzip)"),
    (b"BZh", "bzip2-compressed", "Unpack it first (bunzip2)"),
    (b"\x28\xb5\x2f\xfd", "Zstandard-compressed", "Unpack it first (unzstd)"),
    (b"\xfd7zXZ", "xz-compressed", "Unpack it first (unxz)"),
    (b"\x89PNG", "a PNG image", "Give a text file"),
    (b"\xff\xd8\xff", "a JPEG image", "Give a text file"),
    (b"GIF8", "a GIF image", "Give a text file"),
    (b"PAR1", "a Parquet file", "Name it *.parquet or give --input-format parquet"),
)
LONGEST = 1 << 28
"""Bytes of a text, of a page, of a line of a table at most: what is longer is no article, and would not fit memory."""
_PIECE = 1 << 20
"""Bytes that are read at once."""
SAMPLE = 1 << 20
"""Bytes by which an encoding is found out."""
_FEW = 0.03
"""Share of bytes beyond ASCII in English text at most: quotes, dashes, names. Languages with accents have more."""
_LONG_RUN = re.compile(rb"[\x80-\xff]{4}")
"""So many letters beyond ASCII in a row are another script."""
_STRAY = re.compile(r"(?<=[^\W\d_])[\x80-\xac\xae-\xb6\xb8-\xbf\xd7\xf7](?=[^\W\d_])|(?<=[a-z])[\xc0-\xde](?=[a-z])")
"""What hardly stands within a word: signs, and capitals between small letters."""
_ICELANDIC = re.compile(r"[\xd0\xdd\xde\xf0\xfe]")
"""Letters that only Icelandic has, of the languages written in cp1252; in Turkish they are others misread."""
_NO_FILES = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"})
"""Encodings of Python that no file of text is in: some give halves of characters, some take quadratic time."""
_VISIBLE = re.compile(r"[^\s\xad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\x00-\x1f\x7f]")
_CONTROLS = frozenset(range(32)) - set(b"\t\n\x0b\x0c\r\x1a\x1b\x1c\x1d\x1e\x1f")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text and the encoding that it was in.

    Attributes:
        text: The text without byte order mark, line ends as they were.
        encoding: Name of the encoding.
    """

    text: str
    encoding: str


def is_blank(text: str) -> bool:
    """Tell whether a text holds nothing that can be seen: only white space and characters without width."""
    return _VISIBLE.search(text) is None


def read_bounded(file: BinaryIO, name: str) -> bytes:
    """Read a file to its end.

    Args:
        file: The file, binary.
        name: What the error calls it.

    Raises:
        InputError: If it has more than `LONGEST` bytes.
    """
    pieces, size = [], 0
    while size <= LONGEST and (piece := file.read(_PIECE)):  # Python sets aside as much as it is asked to read
        pieces.append(piece)
        size += len(piece)
    if size > LONGEST:
        raise InputError(
            f"{name}: a text may have {LONGEST >> 20} MiB, this file has more. Divide it, or give a table (JSONL, CSV)."
        )
    return b"".join(pieces)


def check_encoding(name: str | None) -> None:
    """Refuse the name of an encoding that Python does not know, or that is none of text (base64).

    Raises:
        EncodingError: If it is not known.
    """
    if not is_encoding(name or "utf-8"):
        raise EncodingError(f"Unknown encoding {name!r}. Give a name as in utf-8, windows-1252, gb18030.")


def is_encoding(name: str) -> bool:
    """Tell whether a name is that of an encoding that files of text are in."""
    try:
        b"a".decode(name, "ignore")
    except (LookupError, ValueError):
        return False
    return codecs.lookup(name).name.replace("_", "-") not in _NO_FILES


def marked_encoding(data: bytes) -> str | None:
    """Tell the encoding that a byte order mark names, None if there is no mark."""
    return next((found for bom, found in _BOMS if data.startswith(bom)), None)


def is_wide(encoding: str) -> bool:
    """Tell whether a line end is more than one byte in an encoding."""
    return codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))


def refuse_binary(data: bytes, name: str) -> None:
    """Refuse bytes that are no text.

    Args:
        data: The first bytes of a file.
        name: What the error calls the file.

    Raises:
        EncodingError: If they are no text; it says what they are, if that can be told.
    """
    for magic, kind, cure in _MAGIC:
        if data.startswith(magic):
            raise EncodingError(f"{name}: expected text, found {kind}. {cure}.")
    if marked_encoding(data):
        return
    if b"\x00" in data or sum(byte in _CONTROLS for byte in data[:4096]) > 0.02 * len(data[:4096]):
        raise EncodingError(f"{name}: expected text, found binary data. Give a text file, or its --encoding.")


def decode(data: bytes, name: str, encoding: str | None = None) -> Decoded:
    """Decode the bytes of a document.

    Args:
        data: All bytes of the file.
        name: What messages call the file.
        encoding: The encoding, if it is known; None means UTF-8 (or what a byte order mark says), else it is detected
            and reported as a warning.

    Returns:
        The text and its encoding.

    Raises:
        EncodingError: If the bytes are no text, are not in the encoding named, or no encoding fits well.
    """
    check_encoding(encoding)
    if not encoding:
        refuse_binary(data[:SAMPLE], name)
        encoding = marked_encoding(data)
    elif is_wide(encoding) and b"\x00" not in data and data:
        raise EncodingError(f"{name}: not {encoding}: no byte is 0, as half of a space would be. Give its --encoding.")
    try:
        return Decoded(data.decode(encoding or "utf-8").removeprefix("\ufeff"), encoding or "utf-8")
    except UnicodeDecodeError as error:
        found = f"byte {error.start} begins {data[error.start : error.start + 4].hex(' ')}"
        if encoding:
            raise EncodingError(f"{name}: not {encoding}: {found}. Give the right --encoding.") from error
        if _is_damaged(data):
            raise EncodingError(
                f"{name}: UTF-8 with damage: {found}. Mend it (iconv -c -f UTF-8 -t UTF-8), or give its --encoding."
            ) from error
    return _detect(data, name)


def needs_detection(sample: bytes) -> bool:
    """Tell whether the first bytes of a file are text in another encoding than UTF-8 (not: UTF-8 with damage)."""
    if marked_encoding(sample):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)  # the last character may be cut
    except UnicodeDecodeError:
        return not _is_damaged(sample)
    return False


def _is_damaged(data: bytes) -> bool:
    """Tell whether bytes are UTF-8 but for a few: other encodings hardly ever form its sequences by chance."""
    text = data[:SAMPLE].decode("utf-8", "replace")
    beyond = sum(not character.isascii() for character in text)
    return beyond > 2 * text.count("\ufffd")


def _detect(data: bytes, name: str) -> Decoded:
    sample = data if len(data) <= SAMPLE else data[: data.rfind(b"\n", 0, SAMPLE) + 1] or data[:SAMPLE]
    encoding = detect_encoding(sample, name)
    try:
        return Decoded(data.decode(encoding), encoding)
    except UnicodeDecodeError as error:
        raise EncodingError(
            f"{name}: begins as {encoding}, but byte {error.start} does not fit. Give its --encoding."
        ) from error


def detect_encoding(sample: bytes, name: str) -> str:
    """Find out the encoding of bytes that are not UTF-8, and report it as a warning.

    Args:
        sample: The bytes, or the first of them, cut at the end of a line.
        name: What messages call the file.

    Returns:
        Name of the encoding.

    Raises:
        EncodingError: If no encoding fits well.
    """
    found = _western(sample) or _most_plausible(sample)
    if found is None:
        raise EncodingError(f"{name}: not UTF-8, and no other encoding fits. Give its --encoding, as in windows-1252.")
    _LOG.warning("%s: not UTF-8; read as %s. If letters look wrong, give its --encoding.", name, found)
    return found


def _western(sample: bytes) -> str | None:
    """Take mostly English text for cp1252 if it reads well so: a few quotes, dashes and names tell no more."""
    if sum(byte > 127 for byte in sample) > _FEW * len(sample) or _LONG_RUN.search(sample):
        return None
    text = sample.decode("cp1252", "replace")
    return None if "\ufffd" in text or _STRAY.search(text) else "cp1252"


def _most_plausible(sample: bytes) -> str | None:
    from charset_normalizer import from_bytes  # 60 ms, and hardly ever needed

    matches = [(match, str(match)) for match in from_bytes(sample, threshold=0.15)]
    if not matches:
        return None
    # Several encodings often fit a text equally well ("à" is "ŕ" in cp1250). Signs within words give the wrong one away
    # (Polish "że" is "¿e" in cp1252); of those left the commonest is taken.
    best, text = min(matches, key=lambda pair: _rank(*pair))
    # Where only quotation marks and dashes tell, several encodings read the same; the commonest is named.
    return "cp1252" if text == sample.decode("cp1252", "ignore") else str(best.encoding)


def _rank(match: CharsetMatch, text: str) -> tuple[int, float, float, bool]:
    odd = len(_STRAY.findall(text)) + len(_ICELANDIC.findall(text))
    return odd, match.chaos, -match.coherence, match.encoding != "cp1252"
