"""The report: shares worked by hand, everything escaped, predictions read back, the command."""

from __future__ import annotations

import importlib.util
import io
import json
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt
import pytest
from statsmodels.stats.proportion import proportion_confint

from stance.cli.app import main
from stance.errors import InputError
from stance.evaluation.intervals import bootstrap_by_document, draw_documents
from stance.reporting import shares
from stance.reporting.charts import curve, share_bar, time_chart
from stance.reporting.document_view import is_unsure, title_of
from stance.reporting.outputs import paragraph_rows, write_rows
from stance.reporting.page import escape, render_page
from stance.reporting.predictions import holds_predictions, read_predictions
from stance.reporting.report_markdown import report_markdown
from stance.reporting.report_page import format_share, report_html, targets_of
from stance.reporting.shares import month_of, summarise_corpus, wilson
from stance.schema import LABELS, Analysis, Document, Paragraph, Prediction, Stance


def load_demo() -> ModuleType:
    """The corpus of the browser tests."""
    path = Path(__file__).resolve().parent.parent / "browser" / "demo.py"
    spec = importlib.util.spec_from_file_location("browser_demo", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


demo = load_demo()


class Tags(HTMLParser):
    """Counts elements and keeps attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]
        self.ids += [value or "" for name, value in attrs if name == "id"]


def test_shares_are_of_the_paragraphs_where_the_target_is_there() -> None:
    analyses = demo.demo_corpus()
    whole = summarise_corpus(analyses, demo.TARGETS).whole.targets["NATO"]
    assert whole.counts == {"favor": 4, "against": 4, "neutral": 2, "absent": 27}  # counted by hand in demo.ARTICLES
    assert (whole.present, whole.shares["favor"].value, whole.by_document) == (10, 0.4, True)
    labels = [(item.document.name, row["NATO"].label) for item in analyses for row in item.predictions]
    there = [(name, label == "favor") for name, label in labels if label != "absent"]
    again = bootstrap_by_document(
        [name for name, _ in there], lambda items: sum(there[place][1] for place in items) / len(items)
    )
    assert (whole.shares["favor"].low, whole.shares["favor"].high) == pytest.approx((again.low, again.high))


def test_few_documents_get_wilsons_interval() -> None:
    corpus = summarise_corpus(demo.demo_corpus(), demo.TARGETS)
    courier = next(group for group in corpus.outlets if group.name == "Norhaven Courier").targets["NATO"]
    assert not courier.by_document
    low, high = proportion_confint(4, 6, method="wilson")
    assert (courier.shares["favor"].low, courier.shares["favor"].high) == pytest.approx((low, high))
    assert math.isnan(wilson(0, 0).value)
    assert [group.name for group in corpus.times] == ["2024-01", "2024-02", "2024-03", "2024-04", "2024-05"]
    assert (corpus.outlet_field, corpus.date_field) == ("outlet", "date")


def test_draws_are_kept_for_groups_of_one_size(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def count_draws(count: int, *, draws: int, seed: int) -> Iterator[npt.NDArray[np.float64]]:
        asked.append(count)
        yield from draw_documents(count, draws=draws, seed=seed)

    shares._draw_few.cache_clear()
    monkeypatch.setattr(shares, "draw_documents", count_draws)
    [first, *_] = demo.demo_corpus()
    analyses = [
        replace(first, document=Document("", f"{number}", source={"speaker": f"S{number % 20}"}))
        for number in range(140)
    ]
    outlets = summarise_corpus(analyses, ["NATO"]).outlets
    assert len(outlets) == 20
    assert sorted(asked) == [7, 140]  # twenty speakers of seven documents, and all


def test_a_share_of_none_or_all_is_not_sure() -> None:
    analyses = [next(iter(demo.demo_corpus()))] * 6  # favor, absent, absent, neutral toward NATO in each
    shares = summarise_corpus(analyses, demo.TARGETS).whole.targets["NATO"].shares
    assert shares["against"] == wilson(0, 6)
    assert shares["against"].high == pytest.approx(proportion_confint(0, 6, method="wilson")[1])
    assert shares["favor"].value == 0.5


@pytest.mark.parametrize(
    ("date", "month"),
    [
        (1700000000, ""),
        ("20240314080000", "2024-03"),
        ("12345", ""),
        ("2024-3-1", "2024-03"),
        ("2024/11", "2024-11"),
        (2024.0, "2024"),
        ("2024-13-01", "2024"),
        (None, ""),
        ("", ""),
    ],
)
def test_months_are_read(date: object, month: str) -> None:
    assert month_of(date) == month


def test_long_times_go_by_year() -> None:
    [first, *_] = demo.demo_corpus()
    analyses = [
        Analysis(
            Document("", f"{year}-{month}", source={"year": f"{year}-{month:02}"}), first.blocks, first.predictions
        )
        for year in range(2000, 2004)
        for month in range(1, 13)
    ]
    corpus = summarise_corpus(analyses, demo.TARGETS)
    assert [(group.name, group.documents) for group in corpus.times] == [(str(year), 12) for year in range(2000, 2004)]


def test_page_holds_what_was_judged_and_asks_for_nothing() -> None:
    analyses = demo.demo_corpus()
    page = report_html(analyses, title="A & B")
    tags = Tags(page)
    assert page.startswith("<!doctype html>")
    assert "<title>A &amp; B</title>" in page
    assert tags.tags.count("article") == 12
    assert tags.tags.count("script") == tags.tags.count("style") == 1
    assert len(set(tags.ids)) == len(tags.ids)
    assert all(link.startswith("#") and link[1:] in tags.ids for link in tags.links)
    assert not {name for name in tags.attributes if name.startswith("on") or name == "style"}
    unmarked = re.sub(r"</?mark[^>]*>", "", page)
    for analysis in analyses:
        for block in analysis.blocks:
            assert f"{escape(block.text)}</" in unmarked
    assert "http" not in re.sub(r"http-equiv", "", page)
    assert report_html(analyses, title="A & B") == page


def test_policy_names_the_pages_own_style_and_script() -> None:
    import base64
    import hashlib

    page = render_page("t", "", "<p>x</p>", targets=["A"])
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    for tag in ("script", "style"):
        content = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_hostile_texts_stay_text() -> None:
    page = report_html(demo.hostile_corpus(), title="</title><script>alert(1)</script>")
    tags = Tags(page)
    assert tags.tags.count("script") == tags.tags.count("style") == 1
    assert tags.tags.count("article") == 2
    assert not {"img", "iframe"} & set(tags.tags)
    assert not any(name.startswith("on") for name in tags.attributes)
    assert "\0" not in page
    assert "&lt;script&gt;window.hacked = 1&lt;/script&gt;" in re.sub(r"</?mark[^>]*>", "", page)
    assert "<h1>\ufffd</h1>" in report_html(demo.hostile_corpus(), title="\ud800")


def test_evidence_of_overlapping_targets_is_marked() -> None:
    text = "abcdef"
    shares = dict(zip(LABELS, (0.9, 0.1, 0.0, 0.0), strict=True))
    stances = {
        name: Stance(name, "favor", shares, evidence=(demo.Evidence(start, end, text[start:end], unit, 0.5),))
        for name, start, end, unit in (("A", 0, 4, "sentence"), ("B", 2, 6, "word"))
    }
    block = Paragraph(text, 0, 6)
    page = report_html([Analysis(Document(text), (block,), (Prediction(text, stances, 1, "m"),))])
    assert '<mark class="s0">ab</mark><mark class="s0 w1">cd</mark><mark class="w1">ef</mark>' in page


@pytest.mark.parametrize(
    ("heading", "title"),
    [("# In the Debate", "In the Debate"), ("## Two ##", "Two"), ("C# and\n #1", "C# and #1"), ("#", "a.md")],
)
def test_titles_come_without_the_signs_of_markdown(heading: str, title: str) -> None:
    block = Paragraph(heading, 0, len(heading), kind="heading")
    assert title_of(Analysis(Document(heading, "a.md"), (block,), ())) == title


def test_the_title_of_a_heading_of_blanks_takes_no_time() -> None:
    heading = f"# a{' ' * 300_000}b"  # by a pattern that looks for the end from every blank: hours
    block = Paragraph(heading, 0, len(heading), kind="heading")
    assert title_of(Analysis(Document(heading, "a.md"), (block,), ())) == "a b"


def test_what_is_uncertain() -> None:
    def stance(probability: float, *labels: str) -> Stance:
        row = {"favor": probability, "against": 1 - probability, "neutral": 0.0, "absent": 0.0}
        return Stance("A", "favor", row, labels=labels)

    assert is_unsure(stance(0.59))
    assert not is_unsure(stance(0.6))
    assert is_unsure(stance(0.9, "favor", "against"))
    assert not is_unsure(stance(0.5, "favor"))


def test_nothing_and_mixed_targets_are_refused() -> None:
    with pytest.raises(InputError, match="There is no paragraph to report on"):
        report_html([])
    [first, second, *_] = demo.demo_corpus()
    other = Prediction("x", {"Narnia": Stance("Narnia", "absent", dict.fromkeys(LABELS, 0.25))}, 1, "")
    mixed = [first, Analysis(second.document, (Paragraph("x", 0, 1),), (other,))]
    with pytest.raises(InputError, match="same targets, found: NATO, US, China; Narnia"):
        targets_of(mixed)


def test_charts() -> None:
    assert 'width="25.00"' in share_bar({"favor": 1, "against": 0, "neutral": 0, "absent": 3})
    assert "<rect" not in share_bar(dict.fromkeys(LABELS, 0))
    chart = time_chart("a < b", ["x", "y"], {"favor": [wilson(1, 2), wilson(0, 0)], "against": [wilson(0, 0)] * 2})
    assert 'aria-label="a &lt; b"' in chart
    assert chart.count("<circle") == 1
    assert "20%" in curve("c", [(0.5, 0.1), (1.0, 0.2)], x_name="x", y_name="y")
    assert format_share(wilson(1, 4)) == "25% [5, 70]"


def write_predictions(path: Path, analyses: list[Analysis]) -> Path:
    with path.open("wb") as file:
        write_rows(file, (row for item in analyses for row in paragraph_rows(item)), "jsonl", ())
    return path


def test_predictions_come_back_as_they_were(tmp_path: Path) -> None:
    analyses = demo.demo_corpus()
    path = write_predictions(tmp_path / "p.jsonl", analyses)
    assert holds_predictions(str(path))
    assert not holds_predictions(str(tmp_path / "missing.jsonl"))
    again = read_predictions(str(path))
    assert [item.document.name for item in again] == [item.document.name for item in analyses]
    for old, new in zip(analyses, again, strict=True):
        assert new.document.source == old.document.source
        assert new.blocks == old.paragraphs
        for one, other in zip(old.predictions, new.predictions, strict=True):
            assert (one.text, dict(one.stances)) == (other.text, dict(other.stances))


def test_rows_of_one_article_are_one_document(tmp_path: Path) -> None:
    rows = [next(paragraph_rows(item)) | {"source": {"doc_id": "same"}} for item in demo.demo_corpus()[:3]]
    path = tmp_path / "p.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert [len(item.predictions) for item in read_predictions(str(path))] == [3]


def test_rows_of_a_table_without_ids_are_documents_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    rows = [next(paragraph_rows(item)) | {"document": "t.csv"} for item in demo.demo_corpus()[:3]]
    path.write_text("\n".join(json.dumps(row | {"index": number % 2}) for number, row in enumerate(rows)), "utf-8")
    assert [len(item.predictions) for item in read_predictions(str(path))] == [2, 1]
    path.write_text("\n".join(json.dumps(row | {"id": 7}) for row in rows), "utf-8")
    assert [len(item.predictions) for item in read_predictions(str(path))] == [3]


def test_predictions_are_known_with_a_byte_order_mark_and_from_stdin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_predictions(tmp_path / "p.jsonl", demo.demo_corpus())
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert holds_predictions(str(path))
    with path.open("rb") as file:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(file))
        assert main(["report", "-", "-o", str(tmp_path / "r.html")]) == 0
    assert (tmp_path / "r.html").read_text(encoding="utf-8").count("<article") == 12
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(b"NATO met."))))
    assert not holds_predictions("-")
    path.write_text('{"a":' + "[" * 100_000, encoding="utf-8")
    assert not holds_predictions(str(path))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--by", "outlets"], "No document has the field 'outlets' that is to tell the outlet: did you mean 'outlet'?"),
        (["--text-column", "body"], "holds predictions, so --text-column has no effect"),
        (["--input-format", "csv"], "holds predictions, so --input-format has no effect"),
        (["-o", "r.csv"], "r.csv: its name tells no format. Give --format: html, md."),
    ],
)
def test_options_that_would_do_nothing_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    path = write_predictions(tmp_path / "p.jsonl", demo.demo_corpus()[:2])
    assert main(["report", str(path), *options]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"text": 1}, r"p.jsonl: line 1: field 'text': expected a string, found 1. Give what stance predict"),
        ({"index": None}, "field 'index': expected a whole number, found None"),
        ({"source": "x"}, "field 'source': expected an object, found 'x'"),
        ({"stances": {}}, "field 'stances': expected a stance a target, found none"),
        ({"stances": {"A": {"label": "good"}}}, "'A': expected an object with a label of favor, against"),
        ({"stances": {"A": {"label": "favor"}}}, "'A': field 'probabilities': expected a number in"),
        ({"stances": {"A": {"label": "favor", "probabilities": dict.fromkeys(LABELS, 0.25), "labels": 1}}}, "'labels'"),
        ({"evidence": 1}, "field 'evidence': expected a list, found 1"),
        ({"evidence": [{"start": 1}]}, "field 'evidence': expected start, end, text, unit and weight"),
        (
            {"evidence": [{"start": 900, "end": 901, "text": "x", "unit": "word", "weight": 1}]},
            "expected a sentence, word, mention within the paragraph",
        ),
    ],
)
def test_bad_predictions_are_refused(tmp_path: Path, change: dict, message: str) -> None:
    row = next(paragraph_rows(demo.demo_corpus()[0]))
    if "evidence" in change:
        row["stances"]["NATO"]["evidence"] = change["evidence"]
    else:
        row |= change
    path = tmp_path / "p.jsonl"
    path.write_text(json.dumps(row), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_predictions(str(path))


def test_markdown_has_the_figures_and_no_markup_of_the_texts() -> None:
    told = report_markdown(demo.demo_corpus())
    assert "| NATO | 40% [10, 73] | 40% [9, 80] | 20% [0, 40] | 10 |" in told
    assert "| Norhaven Courier | NATO | 67% [30, 90] |" in told
    assert "**NATO: ● neutral 47% (uncertain)**" in told
    hostile = report_markdown(demo.hostile_corpus())
    assert "<script>" not in hostile.replace("\\<script\\>", "")


def test_how_intervals_were_made_and_what_is_left_out_is_said() -> None:
    analyses = demo.demo_corpus()
    plain = replace(analyses[0], document=Document("x", "plain.txt"))
    page, told = (make([*analyses, plain]) for make in (report_html, report_markdown))
    for text in (page, told):
        assert "Left out: 1 document whose outlet cannot be told." in text
        assert "Left out: 1 document whose date cannot be told." in text
        assert "Labels are a model's and err" in text.replace("&#x27;", "'")
    overall, outlets = told.split("## By outlet")
    assert "intervals: bootstrap, documents drawn." in overall
    assert "intervals: Wilson's, which take paragraphs for independent and so are too narrow." in outlets
    sure = report_markdown([analyses[0]] * 5)  # nowhere against NATO
    assert "documents drawn (of 0 and 100 %, Wilson’s of the documents)." in sure


def test_outlets_that_differ_in_white_space_are_one() -> None:
    names = ("The  Post ", " The Post", 0, "", None)
    analyses = [
        replace(item, document=replace(item.document, source={"outlet": name}))
        for item, name in zip(demo.demo_corpus(), names, strict=False)
    ]
    outlets = summarise_corpus(analyses, demo.TARGETS).outlets
    assert [(group.name, group.documents) for group in outlets] == [("The Post", 2), ("0", 1)]
    page = report_html(analyses)
    assert '<option value="The Post">' in page
    assert [page.count(f'data-part="{name}"') for name in ("The Post", "0", "")] == [2, 1, 2]


def test_command_reports_on_predictions_and_on_texts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_predictions(tmp_path / "p.jsonl", demo.demo_corpus())
    assert main(["report", str(path), "-o", str(tmp_path / "r.html"), "--title", "T"]) == 0
    assert (tmp_path / "r.html").read_text(encoding="utf-8").count("<article") == 12
    article = tmp_path / "a.txt"
    article.write_text("A view\n\nNATO has kept the peace, and it deserves our thanks.\n", encoding="utf-8")
    assert main(["report", str(article), "-o", str(tmp_path / "r.md"), "--targets", "NATO"]) == 0
    assert "**NATO: ▲ favor" in (tmp_path / "r.md").read_text(encoding="utf-8")
    assert main(["report", str(article), str(path)]) == 1
    assert "found both" in capsys.readouterr().err
    assert main(["report", str(path), "--explain"]) == 1
    assert "holds predictions, so --explain has no effect" in capsys.readouterr().err
    assert main(["report", str(tmp_path / "none.txt"), "-o", str(tmp_path / "n.html")]) == 1
    assert not (tmp_path / "n.html").exists()
