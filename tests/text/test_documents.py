"""Reading documents: every kind of file, every encoding, and one clear error for each that cannot be read."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from stance.errors import EncodingError, InputError, MissingExtraError
from stance.schema import Document
from stance.text.decoding import decode
from stance.text.documents import read_documents

FRENCH = "L’été dernier, les ministres se sont réunis à Évian pour évoquer l’élargissement de l’alliance.\n"
CHINESE = "各国应当坚持对话协商，和平解决争端。北约不应成为对抗的工具。\n"
POLISH = "Minister powiedział, że sojusz będzie wzmacniał wschodnią flankę, a żołnierzy będzie więcej.\n"


def read(path, **options):
    return list(read_documents(path, **options))


def jsonl(*rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a", "a.log", "A.TXT"])
def test_text_is_one_document_with_its_lines(write, name):
    path = write(name, "# A view\r\n\r\nNATO met.\r\nIt agreed — “fully”.\r\n")
    assert read(path) == [
        Document("# A view\r\n\r\nNATO met.\r\nIt agreed — “fully”.\r\n", str(path), None, "utf-8", "layout")
    ]


def test_path_may_be_a_string(write):
    path = write("a.txt", "NATO met.")
    assert read(str(path)) == read(path)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_mark_tells_the_encoding_and_is_no_text(write, encoding):
    (document,) = read(write("a.txt", FRENCH.encode(encoding)))
    assert (document.text, document.encoding) == (FRENCH, encoding)


def test_big_endian_mark(write):
    (document,) = read(write("a.txt", b"\xfe\xff" + FRENCH.encode("utf-16-be")))
    assert (document.text, document.encoding) == (FRENCH, "utf-16")


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        (FRENCH, "windows-1252", "cp1252"),
        ("The ministers met. “We won’t leave,” said one — and meant it.\n", "windows-1252", "cp1252"),
        (POLISH, "cp1250", "cp1250"),
        (CHINESE, "gb18030", "gb18030"),
        ("The ministers met in the city for two days. " * 30 + "Größe zählt.", "cp1252", "cp1252"),
    ],
)
def test_other_encoding_is_detected_and_reported(write, caplog, text, encoding, found):
    path = write("a.txt", text.encode(encoding))
    with caplog.at_level(logging.WARNING, "stance.text"):
        (document,) = read(path)
    assert (document.text, document.encoding) == (text, found)
    assert caplog.messages == [f"{path}: not UTF-8; read as {found}. If letters look wrong, give its --encoding."]


@pytest.mark.parametrize("shift", [0, 1])
def test_detection_does_not_cut_a_long_text_within_a_character(write, shift):
    text = "x" * shift + CHINESE * 18_000  # more than a sample of 1 MiB
    assert decode(text.encode("gb18030"), "a").text == text


def test_utf8_raises_no_warning(write, caplog):
    read(write("a.txt", CHINESE))
    assert not caplog.records


def test_encoding_given(write, caplog):
    path = write("a.txt", FRENCH.encode("windows-1252"))
    (document,) = read(path, encoding="windows-1252")
    assert (document.text, document.encoding) == (FRENCH, "windows-1252")
    assert not caplog.records


def test_encoding_given_without_mark(write):
    path = write("a.txt", FRENCH.encode("utf-16-le"))
    with pytest.raises(EncodingError, match=r"found binary data\. Give a text file, or its --encoding"):
        read(path)
    assert read(path, encoding="utf-16-le")[0].text == FRENCH


def test_encoding_given_is_wrong(write):
    path = write("a.txt", FRENCH.encode("windows-1252"))
    with pytest.raises(EncodingError, match=r"a\.txt: not utf-8: byte 1 begins 92 e9 74 e9\. Give the right"):
        read(path, encoding="utf-8")


@pytest.mark.parametrize("file", ["a.txt", "a.jsonl"])
def test_wide_encoding_given_for_narrow_text(write, file):
    path = write(file, jsonl({"text": "NATO met."}))
    with pytest.raises(EncodingError, match=r"not utf-16: no byte is 0, as half of a space would be"):
        read(path, encoding="utf-16")


@pytest.mark.parametrize("name", ["latin-12", "base64", "rot13", "undefined", "utf\0"])
@pytest.mark.parametrize("file", ["a.txt", "a.jsonl"])
def test_encoding_given_is_none(write, file, name):
    with pytest.raises(EncodingError, match=r"Unknown encoding .* as in utf-8, windows-1252, gb18030"):
        read(write(file, jsonl({"text": "NATO met."})), encoding=name)


@pytest.mark.parametrize("text", [FRENCH * 3, CHINESE * 3, "“We won’t leave” — he said. " * 3])
@pytest.mark.parametrize("damage", [b"\xff", b"\xe4\xbd"])
def test_damaged_utf8_is_not_taken_for_another_encoding(write, text, damage):
    path = write("a.txt", text.encode() + damage + b"\n")
    with pytest.raises(EncodingError, match=f"UTF-8 with damage: byte {len(text.encode())} begins {damage.hex(' ')}"):
        read(path)


# --- no texts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.txt", "a.html", "a.jsonl", "a.csv", "a.parquet"])
def test_missing_file(tmp_path, name):
    with pytest.raises(InputError, match=rf"{name}: no such file\."):
        read(tmp_path / name)


def test_several_files_where_one_is_read():
    with pytest.raises(InputError, match=r"Expected the path of a file, found list\. Call read_documents for each"):
        read(["a.txt", "b.txt"])


def test_name_longer_than_the_system_allows(tmp_path):
    with pytest.raises(InputError, match=r"cannot be read \(File name too long\)"):
        read(tmp_path / ("a" * 300))


def test_directory(tmp_path):
    with pytest.raises(InputError, match=r"is a directory\. Name its files, as in .*\*\.txt"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", r"expected text, found a PDF\. Extract its text first \(pdftotext"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "found a PNG image"),
        (b"PK\x03\x04\x14\x00", "found a ZIP archive or an Office document. Save it as plain text"),
        (b"\x1f\x8b\x08\x00\x00", r"found gzip-compressed\. Unpack it first \(gunzip\)"),
        (b"PAR1\x15\x04", "found a Parquet file. Name it "),
        (b"some text\x00\x00 and more", "found binary data"),
        (bytes(range(1, 9)) * 8, "found binary data"),
    ],
)
@pytest.mark.parametrize("name", ["a.txt", "a.html", "a.jsonl", "a.csv"])
def test_bytes_that_are_no_text(write, name, content, message):
    with pytest.raises(EncodingError, match=message):
        read(write(name, content))


@pytest.mark.parametrize("content", [b"", b" \t\r\n\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf \n"])
@pytest.mark.parametrize("name", ["a.txt", "a.html", "a.jsonl", "a.csv"])
def test_empty(write, name, content):
    with pytest.raises(InputError, match=f"{name}: .*(?:is empty|no article found)"):
        read(write(name, content))


def test_text_of_characters_without_ink_is_empty(write):
    with pytest.raises(InputError, match=r"a\.txt: the document is empty\. Leave it out\."):
        read(write("a.txt", "\u200b\u3000\u2060\n"))


def test_unknown_format(write):
    with pytest.raises(InputError, match="Unknown input format 'json': did you mean 'jsonl'"):
        read(write("a.txt", "NATO met."), form="json")


# --- extras ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "package", "message"),
    [
        (
            "a.html",
            "trafilatura",
            r"a\.html: reading HTML needs packages that are not installed: pip install 'stance-kit\[html\]'",
        ),
        ("a.html", "lxml", r"pip install 'stance-kit\[html\]'"),
        ("a.parquet", "pyarrow", r"a\.parquet: reading Parquet needs .*: pip install 'stance-kit\[parquet\]'"),
    ],
)
def test_missing_extra(write, monkeypatch, name, package, message):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=message):
        read(write(name, "<p>NATO met.</p>"))


def test_a_name_that_no_file_can_have_is_an_error():
    with pytest.raises(InputError, match=r"cannot be read .*null byte"):
        list(read_documents("a\0b.txt"))
