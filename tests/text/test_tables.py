"""Reading tables: JSON Lines, CSV, Parquet; each bad row is reported and costs no other."""

from __future__ import annotations

import csv
import datetime
import io
import json
import sys
from types import SimpleNamespace

import pytest

from stance.errors import InputError
from stance.schema import Document
from stance.text.documents import read_documents

FRENCH = "L’été dernier, les ministres se sont réunis à Évian pour évoquer l’élargissement de l’alliance.\n"
CHINESE = "各国应当坚持对话协商，和平解决争端。北约不应成为对抗的工具。\n"
POLISH = "Minister powiedział, że sojusz będzie wzmacniał wschodnią flankę, a żołnierzy będzie więcej.\n"


def read(path, **options):
    return list(read_documents(path, **options))


def read_with_errors(path, **options):
    errors = []
    return list(read_documents(path, on_error=errors.append, **options)), [str(error) for error in errors]


def jsonl(*rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


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


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(FRENCH, "cp1252"), ("“We won’t leave,” said one.", "cp1252"), (POLISH, "cp1250"), (CHINESE, "gb18030")],
)
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_encoding_of_a_table_is_detected_and_reported(write, caplog, name, text, encoding):
    rows = [{"text": text.strip(), "id": str(number)} for number in range(30)]
    table = "".join(["text,id\n", *(f'"{row["text"]}",{row["id"]}\n' for row in rows)])
    path = write(name, (table if name == "a.csv" else jsonl(*rows)).encode(encoding))
    documents = read(path)
    assert {(document.text, document.encoding) for document in documents} == {(text.strip(), encoding)}
    assert caplog.messages == [f"{path}: not UTF-8; read as {encoding}. If letters look wrong, give its --encoding."]


def test_table_in_an_encoding_that_shows_late_is_no_reason_to_lose_rows(write):
    path = write("a.jsonl", jsonl({"text": "x" * 2**20}).encode() + jsonl({"text": FRENCH}).encode("cp1252") * 2)
    documents, errors = read_with_errors(path)
    assert (len(documents), len(errors)) == (1, 2)


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
        (
            '{"text": "a", "id": 1, "id": 1}',
            "field 'id' stands twice in one object. Keep the value that is meant",
        ),
        ('{"text": "a", "x": [{"b": 1, "\\u0062": 2}]}', "field 'b' stands twice in one object"),
        ("[" * 100_000, "not valid JSON (nested more than 100 deep"),
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
    path = write(
        "a.csv", b'text,id\n"one\n\xff two\nthree",1\nFo\xc3\xb4r\xe2\x80\xa6,2\n"Five.\n",x,y\nSi\xc3\x97.,3\n'
    )
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


@pytest.mark.parametrize(("sign", "cure"), [(";", "save the table with commas"), ("\t", "give --input-format tsv")])
def test_csv_divided_by_something_else(write, sign, cure):
    path = write("a.csv", f"id{sign}text\n1{sign}NATO met.\n")
    with pytest.raises(InputError, match=f"Cells seem to be divided by .*: {cure}"):
        read(path)


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


def test_what_json_cannot_hold_is_missing_or_text(tmp_path):
    """NaN is how pandas writes what is missing; a line of JSON with NaN is none, and no reader takes it."""
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    nan, inf = float("nan"), float("inf")
    about = [{"day": datetime.date(2024, 1, 2), "score": nan, "raw": b"x"}, {"day": None, "score": inf, "raw": None}]
    columns = {"text": ["One.", "Two."], "id": [nan, 2.0], "year": [nan, 2024.0], "about": about}
    parquet.write_table(pa.table(columns), tmp_path / "a.parquet")
    found = list(read_documents(tmp_path / "a.parquet", source_columns=["year", "about"]))
    assert [document.id for document in found] == [None, 2.0]
    assert [document.source for document in found] == [
        {"day": "2024-01-02", "score": None, "raw": "b'x'"},
        {"year": 2024.0, "day": None, "score": "inf", "raw": None},
    ]
    parquet.write_table(pa.table({"text": ["One."], "id": [inf]}), tmp_path / "b.parquet")
    with pytest.raises(InputError, match="row 1: field 'id' has to be a string or number, found inf"):
        list(read_documents(tmp_path / "b.parquet"))
