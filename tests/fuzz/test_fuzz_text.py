"""Readers of texts and tables, the segmenter, repair, sentences: no crash, and no offset that is not exact."""

from __future__ import annotations

import io
import warnings

import pytest
from hypothesis import strategies as st

from stance.schema import Document
from stance.targets import builtin_targets, find_mentions
from stance.text.documents import read_open
from stance.text.reading import FORMATS, Reading
from stance.text.repair import repair
from stance.text.rows import read_rows
from stance.text.segmentation import segment
from stance.text.sentences import split_sentences

from .driver import ODD_TEXT, SEEDS, fuzzed, mutated, survives

ARTICLE = "A view\n\nBy Ann Lee\n\nNATO has kept the peace in Europe.One of its members is not so sure -\nBeijing is.\n"
ENCODINGS = (None, "utf-8", "utf-16", "utf-7", "cp1252", "gb18030", "unicode_escape", "punycode", "iso2022_jp", "idna")
KEPT = sorted(path for path in SEEDS.iterdir() if path.suffix.lstrip(".") in FORMATS)

GOOD = {
    "text": [
        ARTICLE.encode(),
        ARTICLE.encode("utf-16"),
        "Ein Café in “Köln”.\n".encode("cp1252"),
        "中国的北约。".encode("gb18030"),
    ],
    "html": [
        b"<html><head><meta charset=latin-1><title>A view</title></head><body><article><h1>A view</h1><p>NATO has "
        b"kept the peace in Europe for many years, and will.</p><ul><li>One</li></ul><table><tr><td>a</td></tr>"
        b"</table><blockquote>said\xe9</blockquote><p>And&nbsp;more<br>text &#8217; here.</p></article></body></html>",
        '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html [<!ENTITY a "bb"><!ENTITY b "&a;&a;">]><html><body><p>'
        "&b; NATO keeps the peace in Europe – still.</p></body></html>".encode(),
    ],
    "jsonl": [
        b'{"id": 1, "text": "NATO keeps the peace.", "outlet": "x"}\n{"id": "2", "text": "Caf\\u00e9 \xc3\xa9"}\n'
    ],
    "csv": [b'id,text,outlet\r\n1,"NATO, a bloc",x\r\n2,"a\r\nb",y\r\n'],
    "tsv": [b"id\ttext\n1\tNATO keeps\n"],
    "parquet": [],
}


def parquet() -> bytes:
    """Give a small Parquet file."""
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet as pq

    file = io.BytesIO()
    rows = {"id": [1, 2], "text": ["NATO keeps the peace.", None], "when": [pa.scalar(1, pa.date32()).as_py(), None]}
    pq.write_table(pa.table(rows), file)
    return file.getvalue()


GOOD["parquet"].append(parquet())


def check_blocks(document: Document) -> None:
    """Cut a document and check that nothing is lost: blocks are slices, and only white space lies between."""
    at = 0
    for block in segment(document):
        assert document.text[block.start : block.end] == block.text
        assert block.start >= at and block.text
        at = block.end


def check_text(text: str) -> None:
    """Check repair, its offsets, sentences and mentions on a text."""
    repaired = repair(text)
    for piece in repaired.pieces:
        assert 0 <= piece.start <= piece.end <= len(text)
    assert repair(repaired.text).text == repaired.text
    assert repaired.origin(0, len(repaired.text)).end <= len(text)
    for sentence in split_sentences(text):
        assert text[sentence.start : sentence.end] == sentence.text
    for target in builtin_targets():
        for span in find_mentions(repaired.text, target):
            origin = repaired.origin(span.start, span.end)
            assert text[origin.start : origin.end] == origin.text and origin.text


def read(data: bytes, form: str, encoding: str | None, unit: str | None) -> None:
    """Read a file whole, and check what it gives."""
    reading = Reading(form, "text", "id", ("when",), encoding, unit)  # type: ignore[arg-type]
    for found in survives(lambda: list(read_open(io.BytesIO(data), f"x.{form}", reading))) or ():
        if isinstance(found, Document):
            found.text.encode("utf-8")  # halves of characters never get in
            check_blocks(found)
        else:
            assert str(found)


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.name)
def test_what_once_broke_a_reader(path) -> None:
    for unit in ("document", "row"):
        read(path.read_bytes(), path.suffix.lstrip("."), None, unit)


def reader(form: str, examples: int):
    """Make the test of one reader."""

    @fuzzed(
        st.one_of(mutated(GOOD[form]), st.binary(max_size=60)),
        st.sampled_from(ENCODINGS if form not in ("parquet", "html") else (None,)),
        st.sampled_from((None, "document", "row")),
        examples=examples,
    )
    def check(data: bytes, encoding: str | None, unit: str | None) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            read(data, form, encoding, unit)

    return check


test_reader_of_text = reader("text", 60)
test_reader_of_html = reader("html", 25)
test_reader_of_jsonl = reader("jsonl", 60)
test_reader_of_csv = reader("csv", 60)
test_reader_of_tsv = reader("tsv", 25)
test_reader_of_parquet = reader("parquet", 60)


@fuzzed(ODD_TEXT, st.sampled_from(("layout", "blocks", "none")), examples=80)
def test_segmenter(text: str, breaks: str) -> None:
    check_blocks(Document(text, "x", None, None, breaks))


@fuzzed(ODD_TEXT, examples=80)
def test_repair(text: str) -> None:
    check_text(text)


@fuzzed(st.text(st.characters(), max_size=60), examples=40)
def test_any_characters(text: str) -> None:
    check_text(text)
    check_blocks(Document(text))


@fuzzed(mutated([*GOOD["jsonl"], *GOOD["csv"]]), st.sampled_from((".jsonl", ".csv", ".tsv")), examples=40)
def test_rows(data: bytes, suffix: str) -> None:
    import tempfile

    with tempfile.NamedTemporaryFile(suffix=suffix) as file:
        file.write(data)
        file.flush()
        survives(lambda: list(read_rows(file.name, on_error=lambda error: None)))
