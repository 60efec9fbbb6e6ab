"""Attacks that were thought of, not drawn: each says what may not happen."""

from __future__ import annotations

import contextlib
import csv
import io
import time

import pytest

from stance.cli.app import main
from stance.errors import InputError, ModelError, StanceError, suggest
from stance.model.store import find_model, read_config, write_config
from stance.reporting.drawing import clean, render_table
from stance.reporting.estimate_tables import _line
from stance.reporting.layout import Layout
from stance.reporting.outputs import defuse, encode_head
from stance.reporting.report_markdown import report_markdown
from stance.reporting.report_page import report_html
from stance.reporting.tables import block_table, document_table
from stance.schema import LABELS, Analysis, Document, Paragraph, Prediction, Share, Stance
from stance.targets import Target, builtin_targets, find_mentions, load_targets
from stance.text import decoding, lines, pages, parquet
from stance.text.documents import read_open
from stance.text.reading import Reading
from stance.text.repair import repair
from stance.text.rows import read_rows
from stance.text.segmentation import segment
from stance.text.tables import parse_json
from stance.toml import parse_toml

EVIL = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>[/x]|`]]>\x1b[31m\u202e=1+1"


def read(data: bytes, form: str, **options):
    return list(read_open(io.BytesIO(data), f"x.{form}", Reading(form, **options)))


def analysis(text: str, target: str, name: str) -> Analysis:
    """Make an analysis of one paragraph without a model."""
    shares = dict.fromkeys(LABELS, 0.1) | {"favor": 0.7}
    prediction = Prediction(text, {target: Stance(target, "favor", shares)}, 1, "")
    counts = {target: {label: Share(int(label == "favor"), 1) for label in LABELS}}
    document = Document(text, name, name, source={"outlet": name, "title": name})
    return Analysis(document, (Paragraph(text, 0, len(text), "body", 0),), (prediction,), counts)


# --- names in disguise ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "target"),
    [
        ("NАTO", 0),  # Cyrillic A
        ("ΝATO", 0),  # Greek Nu
        ("N\u200bA\u00adT\u2060O", 0),
        ("NA\u202eTO\u202c", 0),
        ("N\u200dATO", 0),
        ("N" + "\u0301" * 30 + "ATO", 0),
        ("ＮＡＴＯ", 0),
        ("𝐍𝐀𝐓𝐎", 0),
        ("Сhina", 2),
        ("Bеijing", 2),
    ],
)
def test_names_in_disguise_are_found_where_they_stand(written: str, target: int) -> None:
    text = f"So {written} is here."
    repaired = repair(text)
    spans = [repaired.origin(span.start, span.end) for span in find_mentions(repaired.text, builtin_targets()[target])]
    assert [(span.start, text[span.start : span.end]) for span in spans] == [(3, written.rstrip("\u202c"))]


@pytest.mark.parametrize(
    "left", ["НАТО и Москва", "Ελλάδα", "naïve café", "می\u200cخواهم", "e\u0301 a\u0323\u0302", "👩\u200d👧"]
)
def test_other_languages_are_left_as_they_are(left: str) -> None:
    assert repair(left).text == left


def test_texts_of_what_cannot_be_seen_are_empty() -> None:
    with pytest.raises(InputError, match="empty"):
        read("\u202e\u00ad\u200b\u2066".encode() * 30, "text")


def test_an_ampersand_escaped_a_thousand_times_is_one_edit() -> None:
    repaired = repair("AT&" + "amp;" * 1000 + "T")
    assert repaired.text == "AT&T" and len(repaired.pieces) == 1


# --- sizes ------------------------------------------------------------------------------------------------------------


def test_too_much_is_refused(monkeypatch) -> None:
    monkeypatch.setattr(decoding, "LONGEST", 100)
    monkeypatch.setattr("stance.text.tables.LONGEST", 100)
    monkeypatch.setattr(lines, "_MOST", 10)
    with pytest.raises(InputError, match="this file has more"):
        read(b"a" * 101, "text")
    with pytest.raises(InputError, match="line 2 has more"):
        read(b'{"text": "a"}\n{"text": "' + b"a" * 101, "jsonl")
    with pytest.raises(InputError, match=r"x: a document may have 10 lines"):
        segment(Document("a\n" * 11, "x"))


def test_hostile_pages_are_refused(monkeypatch) -> None:
    with pytest.raises(InputError, match="60,001 elements"):
        read(b"<p>" + b"<b>" * 60_000, "html")
    with pytest.raises(InputError, match="more than 500 attributes"):
        read(b"<p " + b" ".join(b"a%d=''" % number for number in range(600)) + b">a</p>", "html")
    with pytest.raises(InputError, match="elements; at most"):  # parsers begin a new tag after a stray quote
        read(b'<p "x>' + b"<p>x" * 70_000 + b'"', "html")
    assert pages._refuse_hostile('<path d="' + "M1 2 " * 9000 + '"/>', "x") is None  # one long value
    monkeypatch.setattr(pages, "_MOST_CHARACTERS", 10)
    with pytest.raises(InputError, match="characters; at most 10"):
        read(b"<p>NATO is here</p>", "html")


def test_counting_tags_takes_linear_time() -> None:
    begun = time.process_time()
    for piece in ("<a", "<a'", '<a"', "<a='", "<", "<a b=\"'"):
        with contextlib.suppress(InputError):
            pages._refuse_hostile(piece * 20_000, "x")
    assert time.process_time() - begun < 2


def test_a_dotted_key_without_end_is_refused_at_once() -> None:
    begun = time.process_time()
    for text in (".".join("a" * 20_000) + " = 1", "x = {" + " . ".join("a" * 20_000) + " = 1}"):
        with pytest.raises(ValueError, match="nested more than 100 deep"):
            parse_toml(text)
    assert parse_toml('a = "' + "It met. " * 500 + '"')["a"].startswith("It met")
    assert time.process_time() - begun < 1


def test_a_page_cannot_name_an_encoding_of_python() -> None:
    page = b"<meta charset=unicode_escape><p>NATO \\ud800 keeps the peace in Europe, as \xe9lites say, for years.</p>"
    assert "for years" in read(page, "html")[0].text
    with pytest.raises(StanceError, match="Unknown encoding 'punycode'"):
        read(b"abc", "text", encoding="punycode")


def test_entities_of_a_page_are_not_expanded() -> None:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(10))
    page = f"<!DOCTYPE html [{entities}]><html><body><article><p>&l9; NATO keeps the peace.</p></article></body></html>"
    for found in read(page.encode(), "html"):
        assert len(found.text) < 1000


def test_parquet_bombs_are_refused(monkeypatch) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet as pq

    file = io.BytesIO()
    pq.write_table(pa.table({"text": ["a" * 4000] * 2000}), file, compression="zstd")
    assert len(read(file.getvalue(), "parquet")) == 2000
    monkeypatch.setattr(parquet, "_MOST_UNPACKED", 1000)
    with pytest.raises(InputError, match="row group 1 unpacks to"):
        read(file.getvalue(), "parquet")
    monkeypatch.setattr(parquet, "_MOST_ROWS", 10)
    monkeypatch.setattr(parquet, "_DENSEST", 0)
    with pytest.raises(InputError, match="says that it has 2,000 rows"):
        read(file.getvalue(), "parquet")


def test_parquet_row_that_is_no_utf8_costs_no_other() -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet as pq

    file, bad = io.BytesIO(), pa.array([b"\xff\xfe", b"NATO keeps"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"text": bad}), file)
    first, second = read(file.getvalue(), "parquet")
    assert "row 1: cannot be read" in str(first) and second.text == "NATO keeps"


def test_a_million_names_take_linear_time() -> None:
    names = [f"c{number}" for number in range(200_000)]
    begun = time.process_time()
    assert len(suggest("text", names)) < 2000
    with pytest.raises(InputError, match="no column 'text'"):
        read(",".join(names).encode(), "csv")
    row = "{" + ", ".join(f'"{name}": 1' for name in names) + ', "c199999": 2}'
    with pytest.raises(ValueError, match="'c199999' stands twice"):
        parse_json(row)
    assert time.process_time() - begun < 4


def test_a_header_that_stands_twice_is_found_in_linear_time(tmp_path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(",".join([*(f"c{number}" for number in range(100_000)), "c99999"]), encoding="utf-8")
    with pytest.raises(InputError, match="'c99999' stands twice"):
        list(read_rows(path))


@pytest.mark.parametrize("deep", ["[" * 101 + "]" * 101, "[" * 10**6, '{"a":' * 10**5])
def test_bottomless_json_is_told(deep: str) -> None:
    with pytest.raises(ValueError, match="nested more than 100 deep"):
        parse_json(deep)


@pytest.mark.parametrize("deep", ["a = " + "[" * 10**5, "a" + ".a" * 200 + " = 1", "a = " + "9" * 5000])
def test_bottomless_toml_is_told(tmp_path, deep: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(deep, encoding="utf-8")
    with pytest.raises(InputError, match=r"x\.toml: cannot be read as"):
        load_targets(path)


@pytest.mark.parametrize(("field", "value"), [("labels", None), ("format", "2"), ("window", 0), ("temperature", 0.0)])
def test_model_config_of_other_types_is_told(tmp_path, field: str, value: object) -> None:
    config = read_config(find_model())
    object.__setattr__(config, field, value)
    write_config(tmp_path, config)
    with pytest.raises(ModelError, match="cannot be read as a model config"):
        read_config(tmp_path)


# --- what is shown ----------------------------------------------------------------------------------------------------


def test_no_terminal_obeys_a_table() -> None:
    text = f"{EVIL} {'Z' + chr(0x301) * 500} [bold]a[/bold] :smile: [/nothing]"
    for terminal in (False, True):
        shown = [
            render_table(document_table(analysis(text, EVIL, EVIL), [EVIL]), terminal=terminal).decode(),
            render_table(block_table(Document(text, EVIL), segment(text)), terminal=terminal).decode(),
        ]
        for table in shown:
            assert "\x1b[31m" not in table.replace("\x1b[31m▼", "") and "\u202e" not in table
            assert "\u0301" * 5 not in table
    assert "[/x]" in clean(EVIL)


def test_a_paragraph_of_megabytes_is_shown_at_once() -> None:
    text = "NATO keeps the peace. " * 200_000
    begun = time.process_time()
    render_table(block_table(Document(text, "x"), segment(text)), terminal=False)
    assert time.process_time() - begun < 2


def test_no_terminal_obeys_an_error(capsys, tmp_path) -> None:
    assert main(["segment", str(tmp_path / "a\x1b[31m\u202eb.txt")]) == 1
    with pytest.raises(SystemExit):
        main(["segment", "--input-format", "\x1b[31m", "x"])
    told = capsys.readouterr().err
    assert "\x1b" not in told and "\\x1b[31m" in told and "\u202e" not in told


def test_pages_and_markdown_are_inert() -> None:
    found = [analysis(EVIL, EVIL, EVIL), analysis("NATO", EVIL, "other")]
    page = report_html(found)
    assert page.count("<script") == 1 and "<img" not in page and "onerror=alert(1)>" not in page
    told = report_markdown(found)
    assert "<img" not in told.replace("\\<img", "") and "<script" not in told.replace("\\<script", "")
    assert "<img" not in _line([EVIL]).replace("\\<img", "")


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", "＝1+1", "\n=1"])
def test_formulas_are_kept_from_spreadsheets_if_asked(cell: str) -> None:
    layouts = Layout("csv", ("NATO",)), Layout("csv", ("NATO",), safe=True)
    rows = [
        next(csv.reader(io.StringIO(one.encode([analysis(cell, "NATO", cell)]).decode(), newline="")))
        for one in layouts
    ]
    assert rows[0][0] == rows[0][5] == cell
    assert rows[1][0] == rows[1][1] == rows[1][5] == f"'{cell}"
    assert rows[1][3:5] == ["0", str(len(cell))]
    assert encode_head("csv", [cell], safe=True).decode().strip('"\r\n').startswith("'")
    assert defuse(-0.5) == -0.5 and defuse("a=b") == "a=b"


def test_a_target_whose_name_looks_like_markup_is_found() -> None:
    assert find_mentions("The [/x] is here.", Target("[/x]"))[0].text == "[/x]"
