"""Reading documents: every kind of file, every encoding, and one clear error for each that cannot be read."""

from __future__ import annotations

import csv
import io
import json
import logging
import sys
from types import SimpleNamespace

import pytest

from stance.errors import EncodingError, InputError, MissingExtraError
from stance.schema import Document
from stance.text.decoding import decode
from stance.text.documents import read_documents

FRENCH = "L’été dernier, les ministres se sont réunis à Évian pour évoquer l’élargissement de l’alliance.\n"
CHINESE = "各国应当坚持对话协商，和平解决争端。北约不应成为对抗的工具。\n"


@pytest.fixture
def write(tmp_path):
    """Write a file, text in UTF-8, and give its path."""

    def make(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return make


def read(path, **options):
    return list(read_documents(path, **options))


def read_with_errors(path, **options):
    errors = []
    return list(read_documents(path, on_error=errors.append, **options)), [str(error) for error in errors]


def jsonl(*rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


# --- texts -----------------------------------------------------------------------------------------------------------


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
        (CHINESE, "gb18030", "gb18030"),
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


# --- tables ----------------------------------------------------------------------------------------------------------


def test_jsonl(write):
    path = write("a.jsonl", jsonl({"text": "One.\n\nTwo.", "id": 7}, {"id": "x", "text": "三"}, {"text": "No id."}))
    assert read(path) == [
        Document("One.\n\nTwo.", str(path), 7, "utf-8", "none"),
        Document("三", str(path), "x", "utf-8", "none"),
        Document("No id.", str(path), None, "utf-8", "none"),
    ]


def test_columns_given(write):
    path = write("a.ndjson", jsonl({"body": "One.", "key": 1.5, "text": 3}))
    (document,) = read(path, text_column="body", id_column="key")
    assert (document.text, document.id) == ("One.", 1.5)
    path = write("a.csv", "body,key,text\nOne.,07,3\n")
    (document,) = read(path, text_column="body", id_column="key")
    assert (document.text, document.id) == ("One.", "07")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_jsonl_blank_lines_and_no_last_line_end(write, end):
    path = write("a.jsonl", end.join(["", '{"text": "a\\r\\nb"}', " ", '{"text": "c"}']))
    assert [document.text for document in read(path)] == ["a\r\nb", "c"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize(("name", "content"), [("a.jsonl", jsonl({"text": FRENCH})), ("a.csv", f'text\n"{FRENCH}"\n')])
def test_table_with_byte_order_mark(write, encoding, name, content):
    path = write(name, content.encode(encoding))
    assert [document.text for document in read(path)] == [FRENCH]
    assert [document.text for document in read(path, encoding=encoding)] == [FRENCH]


@pytest.mark.parametrize("encoding", ["utf16", "UTF_16_LE", "gb18030"])
def test_table_in_encoding_given(write, encoding):
    path = write("a.jsonl", jsonl({"text": CHINESE}, {"text": CHINESE}).encode(encoding))
    assert [document.text for document in read(path, encoding=encoding)] == [CHINESE, CHINESE]


def test_csv_quoted_cells(write):
    content = 'id,"text",x\r\n1,"One, ""two"",\r\n\r\nthree.",\r\n\r\n2,Four.,5\r\n'
    path = write("a.csv", content)
    assert read(path) == [
        Document('One, "two",\r\n\r\nthree.', str(path), "1", "utf-8", "none"),
        Document("Four.", str(path), "2", "utf-8", "none"),
    ]


def test_csv_cell_longer_than_the_csv_modules_limit(write):
    limit = csv.field_size_limit(131_072)
    try:
        long = "word, " * 100_000
        path = write("a.csv", f'text\n"{long}"\nshort\n')
        assert [document.text for document in read(path)] == [long, "short"]
    finally:
        csv.field_size_limit(limit)


def test_tsv(write):
    path = write("a.tsv", 'text\tid\nOne, two.\t1\n"Tab\there"\t2\n')
    assert [(document.text, document.id) for document in read(path)] == [("One, two.", "1"), ("Tab\there", "2")]


def test_parquet(tmp_path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "a.parquet"
    texts = [f"Text {number}\r\n" for number in range(3000)]
    parquet.write_table(pa.table({"other": texts, "id": range(3000), "text": texts}), path)
    documents = read(path)
    assert documents[2999] == Document("Text 2999\r\n", str(path), 2999, None, "none")
    assert [document.text for document in documents] == texts


@pytest.mark.parametrize("kind", ["large_string", "dictionary"])
def test_parquet_string_types(tmp_path, kind):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    column = pa.array(["One.", "Two.", "One."])
    column = column.dictionary_encode() if kind == "dictionary" else column.cast(pa.large_string())
    parquet.write_table(pa.table({"text": column}), tmp_path / "a.pq")
    assert [document.text for document in read(tmp_path / "a.pq")] == ["One.", "Two.", "One."]


@pytest.mark.parametrize(
    ("form", "content", "texts"),
    [
        (None, b"NATO met.\n", ["NATO met.\n"]),
        ("text", FRENCH.encode("utf-16"), [FRENCH]),
        ("jsonl", jsonl({"text": "One."}, {"text": "Two."}).encode(), ["One.", "Two."]),
        ("csv", b"text\nOne.\nTwo.\n", ["One.", "Two."]),
    ],
)
def test_stdin(monkeypatch, form, content, texts):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    documents = read("-", form=form)
    assert [document.text for document in documents] == texts
    assert {document.name for document in documents} == {"-"}


def test_format_given_counts_more_than_the_name(write):
    assert [document.text for document in read(write("a.txt", "text\nOne.\n"), form="csv")] == ["One."]


def test_tables_are_read_as_they_are_asked_for(write):
    path = write("a.jsonl", jsonl({"text": "One."}) + "no JSON\n")
    documents = read_documents(path)
    assert next(documents).text == "One."
    with pytest.raises(InputError, match="line 2"):
        next(documents)


# --- bad rows --------------------------------------------------------------------------------------------------------


def test_malformed_jsonl_line_17(write):
    rows = [json.dumps({"text": f"Row {number}."}) for number in range(1, 31)]
    rows[16] = '{"text": "Row 17.'
    path = write("a.jsonl", "\n".join(rows))
    documents, errors = read_with_errors(path)
    assert [document.text for document in documents] == [f"Row {n}." for n in range(1, 31) if n != 17]
    assert errors == [
        f"{path}: line 17: not valid JSON (Unterminated string starting at column 10). Expected one object a line."
    ]
    with pytest.raises(InputError, match=r"a\.jsonl: line 17: not valid JSON"):
        read(path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[1, 2]", "expected a JSON object, found list."),
        ('"text"', "expected a JSON object, found str."),
        ("null", "expected a JSON object, found NoneType."),
        ("{}", "no field 'text': the object is empty. Name it with --text-column."),
        ('{"txet": "a", "id": 1}', "no field 'text': did you mean 'txet'? Known: txet, id. Name it with"),
        ('{"text": null}', "field 'text' has to be a string, found nothing."),
        ('{"text": 3}', "field 'text' has to be a string, found int."),
        ('{"text": ["a"]}', "field 'text' has to be a string, found list."),
        ('{"text": ""}', "field 'text' is empty."),
        ('{"text": " \\n\\u00a0"}', "field 'text' is empty."),
        ('{"text": "a", "id": [1]}', "field 'id' has to be a string or number, found list."),
        ('{"text": "a \\ud83d b"}', "field 'text' holds half of a character (\\ud83d) at character 2."),
        ('{"text": "a", "id": ' + "9" * 5000 + "}", "not valid JSON (Exceeds the limit"),
        ("[" * 100_000, "not valid JSON (maximum recursion depth exceeded"),
    ],
)
def test_bad_jsonl_line_costs_no_other(write, line, message):
    path = write("a.jsonl", f'{{"text": "One."}}\n{line}\n{{"text": "Three."}}\n')
    documents, errors = read_with_errors(path)
    assert [document.text for document in documents] == ["One.", "Three."]
    assert len(errors) == 1
    assert errors[0].startswith(f"{path}: line 2: {message}")


def test_surrogate_pair_in_json_is_a_character(write):
    assert read(write("a.jsonl", '{"text": "\\ud83d\\ude00"}'))[0].text == "😀"


@pytest.mark.parametrize("encoding", [None, "utf-8"])
def test_undecodable_byte_in_line_5(write, encoding):
    rows = [jsonl({"text": f"Rów {number}."}).encode() for number in range(1, 8)]
    rows[4] = jsonl({"text": "Rów 5."}).encode("cp1250")
    path = write("a.jsonl", b"".join(rows))
    documents, errors = read_with_errors(path, encoding=encoding)
    assert [document.text for document in documents] == [f"Rów {n}." for n in (1, 2, 3, 4, 6, 7)]
    assert errors == [f"{path}: line 5: not utf-8: byte 11 begins f3 77 20 35. Give the right --encoding."]


def test_undecodable_byte_within_a_quoted_cell_costs_the_row(write):
    path = write("a.csv", b'text,id\n"one\n\xff two\nthree",1\nFour.,2\n"Five.\n",x,y\nSix.,3\n')
    documents, errors = read_with_errors(path)
    assert [document.id for document in documents] == ["2", "3"]
    assert errors[0] == f"{path}: line 3: not utf-8: byte 0 begins ff 20 74 77. Give the right --encoding."
    assert errors[1].startswith(f"{path}: line 6: expected 2 cells, found 3.")


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_missing_column(tmp_path, write, name):
    if name == "a.csv":
        path = write(name, "id,Txet\n1,a\n")
    else:
        pa = pytest.importorskip("pyarrow")
        path = tmp_path / name
        pa.parquet.write_table(pa.table({"id": [1], "Txet": ["a"]}), path)
    message = r"no column 'text' for the text: did you mean 'Txet'\? Known: id, Txet\. Name it with --text-column"
    with pytest.raises(InputError, match=message):
        read(path)
    with pytest.raises(InputError, match=r"no column 'key' for the id: .*Known: id, Txet\. Name it with --id-column"):
        read(path, text_column="Txet", id_column="key")


def test_csv_without_header_does_not_fill_the_screen(write):
    with pytest.raises(InputError) as caught:
        read(write("a.csv", '"' + "A long paragraph.\n" * 1000 + '",1\n'))
    assert len(str(caught.value)) < 400
    assert "\n" not in str(caught.value)


def test_column_that_stands_twice(write):
    with pytest.raises(InputError, match=r"the column 'text' stands twice in the header\. Name each column once"):
        read(write("a.csv", "text,id,text\na,1,b\n"))
    assert [document.text for document in read(write("b.csv", "text,,\na,,\n"))] == ["a"]  # as spreadsheets leave


def test_csv_rows_with_too_few_or_many_cells(write):
    path = write("a.csv", "id,text\n1,One.\n2\n3,Three, and more.\n4,Four.\n,\n")
    documents, errors = read_with_errors(path)
    assert [document.id for document in documents] == ["1", "4"]
    cure = "Quote cells that hold the delimiter, a quote or a line break, and double the quotes in them."
    assert errors == [
        f"{path}: line 3: expected 2 cells, found 1. {cure}",
        f"{path}: line 4: expected 2 cells, found 3. {cure}",
        f"{path}: line 6: field 'text' is empty.",
    ]


def test_csv_quotes_that_are_wrong_are_never_guessed(write):
    path = write("a.csv", 'id,text\n1,"He said "yes" to it."\n2,Two.\n3,"Three.\n4,Four.\n')
    documents, errors = read_with_errors(path)
    assert [document.text for document in documents] == ["Two."]
    assert [error.partition("Quote")[0] for error in errors] == [
        f"{path}: line 2: not valid CSV (',' expected after '\"'). ",
        f"{path}: line 4: not valid CSV (a quote is never closed). ",
    ]


def test_csv_with_the_line_ends_of_old_is_refused(write):
    with pytest.raises(InputError, match="line 1: not valid CSV"):
        read(write("a.csv", "id,text\r1,One.\r2,Two.\r"))


@pytest.mark.parametrize("content", [b"", b"PAR1", b"id,text\n1,a\n", b"PAR1" + b"\x00" * 64 + b"PAR1"])
def test_not_a_parquet_file(write, content):
    pytest.importorskip("pyarrow")
    with pytest.raises(InputError, match=r"a\.parquet: cannot be read as Parquet \("):
        read(write("a.parquet", content))


def test_bad_parquet_rows(tmp_path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"text": ["One.", None, " ", "Four."]}), path)
    documents, errors = read_with_errors(path)
    assert [document.text for document in documents] == ["One.", "Four."]
    assert errors == [
        f"{path}: row 2: field 'text' has to be a string, found nothing.",
        f"{path}: row 3: field 'text' is empty.",
    ]


# --- pages -----------------------------------------------------------------------------------------------------------

PAGE = """<!DOCTYPE html>
<html><head><title>The long winter of the alliance | Herald</title>
<script>var secret = "script text";</script><style>.hidden {color: red}</style></head>
<body><nav><a href="/">Home</a> <a href="/world">World</a></nav>
<article><h1>The long winter of the alliance</h1>
<p>The first paragraph tells of the <b>ministers</b> who met on <a href="/t">Thursday</a> for the talks.</p>
<h2>A second heading</h2>
<p>Twice.</p>
<p>The second one is wrapped
   in the source &amp; has a break<br>where a line ends, as in a poem.</p>
<blockquote>A quotation that stands alone in the page.</blockquote>
<blockquote><p>Quoted paragraph one.</p><p>Quoted paragraph two.</p></blockquote>
<ul><li>First item of the list</li><li>Second item, <em>stressed</em> twice</li></ul>
<script>document.write("more script text")</script>
<table><tr><td>Left cell</td><td>Right cell</td></tr></table>
<p>The last paragraph says goodbye to its readers, and it does so at some length.</p>
</article><footer>Copyright 2025 Herald</footer></body></html>
"""
LINES = [
    "The long winter of the alliance",
    "The first paragraph tells of the ministers who met on Thursday for the talks.",
    "A second heading",
    "Twice.",
    "The second one is wrapped in the source & has a break",
    "where a line ends, as in a poem.",
    "A quotation that stands alone in the page.",
    "Quoted paragraph one.",
    "Quoted paragraph two.",
    "First item of the list",
    "Second item, stressed twice",
    "Left cell",
    "Right cell",
    "The last paragraph says goodbye to its readers, and it does so at some length.",
]
PARAGRAPHS = "".join(
    f"<p>Paragraph {number} of the article speaks of the alliance, of its members and of what they owe.</p>"
    for number in ("one", "two", "three")
)


@pytest.fixture
def page(write):
    """Write an HTML page and give the lines of its text."""
    pytest.importorskip("trafilatura")

    def lines(html):
        (document,) = read(write("a.html", html))
        return document.text.split("\n")

    return lines


@pytest.mark.parametrize("name", ["a.html", "a.HTM", "a.xhtml"])
def test_page_is_a_line_a_block_in_order(write, name):
    pytest.importorskip("trafilatura")
    path = write(name, PAGE)
    assert read(path) == [Document("\n".join(LINES), str(path), None, "utf-8", "blocks")]


def test_page_title_comes_first_where_the_article_has_none(page):
    html = f"<html><head><title>A title | Herald</title></head><body><article>{PARAGRAPHS}</article></body></html>"
    lines = page(html)
    assert lines[0] == "A title"
    assert [line.split()[1] for line in lines[1:]] == ["one", "two", "three"]


def test_page_title_is_not_repeated(page):
    html = f"<title>A title</title><article><h2>A Title</h2>{PARAGRAPHS}</article>"
    assert [line.casefold() for line in page(f"<html><body>{html}</body></html>")].count("a title") == 1


def test_page_whose_paragraphs_are_divided_by_breaks_loses_none(page):
    texts = [f"Text {number} of this page has no element of its own, but it is long enough. " * 2 for number in "123"]
    lines = page(f"<html><body><div class='article-body'><h1>Head</h1>{'<br><br>'.join(texts)}</div></body></html>")
    assert lines == ["Head", *(text.strip() for text in texts)]


@pytest.mark.parametrize("reference", ["&#11;", "&#x1;", "&#0;", "\x0b", "\x01"])
def test_page_with_control_characters_is_read(page, reference):
    lines = page(
        f"<html><body><article>{PARAGRAPHS}<p>Before{reference} it &#8212; and after.</p></article></body></html>"
    )
    assert lines[-1].replace(" ", "") == "Beforeit—andafter."


@pytest.mark.parametrize("declaration", ["", '<?xml version="1.0" encoding="utf-8"?>\n'])
def test_entities_of_a_page_are_not_expanded(page, tmp_path, declaration):
    (tmp_path / "secret").write_text("the secret")
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE html [<!ENTITY e0 "boom">{levels}<!ENTITY s SYSTEM "file://{tmp_path}/secret">]>'
    lines = page(f"{declaration}{bomb}<html><body><article>{PARAGRAPHS}<p>See &e9; &s;</p></article></body></html>")
    assert [line.split()[1] for line in lines[:3]] == ["one", "two", "three"]
    assert "boom" not in "".join(lines)
    assert "the secret" not in "".join(lines)
    assert len("".join(lines)) < 500


def test_page_in_another_encoding(write, caplog):
    pytest.importorskip("trafilatura")
    body = f"<html><head><meta charset='gb2312'></head><body><article><p>{CHINESE * 4}</p></article></body></html>"
    (document,) = read(write("a.html", body.encode("gb18030")))
    assert document.text == " ".join([CHINESE.strip()] * 4)
    assert document.encoding in ("gb18030", "gb2312")
    assert len(caplog.messages) == 1


@pytest.mark.parametrize("html", ["<html><body></body></html>", "no page at all", "<html>", "<p></p>"])
def test_page_without_article(write, caplog, html):
    pytest.importorskip("trafilatura")
    with pytest.raises(InputError, match=r"a\.html: no article found in the page\. Save its text as \.txt"):
        read(write("a.html", html))
    assert not caplog.records  # the error says it all


# --- extras ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "package", "message"),
    [
        (
            "a.html",
            "trafilatura",
            r"Reading HTML needs packages that are not installed: pip install 'stance-kit\[html\]'",
        ),
        ("a.html", "lxml", r"pip install 'stance-kit\[html\]'"),
        ("a.parquet", "pyarrow", r"Reading Parquet needs .*: pip install 'stance-kit\[parquet\]'"),
    ],
)
def test_missing_extra(write, monkeypatch, name, package, message):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=message):
        read(write(name, PAGE))
