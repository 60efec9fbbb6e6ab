"""What a notebook shows: everything is there, and nothing of it is markup."""

from __future__ import annotations

from stance.display import Row, table_html
from stance.schema import LABELS, Analysis, Document, Paragraph, Prediction, Share, Stance

TEXT = "<script>alert(1)</script> NATO \ud800"


def analysed() -> Analysis:
    shares = dict(zip(LABELS, (0.9, 0.1, 0.0, 0.0), strict=True))
    stances = {"<b>": Stance("<b>", "favor", shares)}
    blocks = (Paragraph("A <view>", 0, 8, "heading", 0), Paragraph(TEXT, 10, 10 + len(TEXT), "body", 1))
    summary = {"<b>": {label: Share(int(label == "favor"), 1) for label in LABELS}}
    return Analysis(Document("", "a&b.txt"), blocks, (Prediction(TEXT, stances, 1, ""),), summary)


def test_notebook_shows_a_table() -> None:
    shown = analysed()._repr_html_()
    for part in (
        '<caption style="background:#fff;color:#1c1d1f">a&amp;b.txt</caption>',  # else dark on a dark notebook
        "&lt;b&gt;</th>",
        "A &lt;view&gt;</td>",
        ">favor 90%</td>",
        ">favor 1</td>",
    ):
        assert part in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt; NATO ?" in shown
    assert "<script" not in shown
    assert "<b>" not in shown


def test_long_documents_are_cut_and_say_so() -> None:
    shown = table_html("a", ["NATO"], [Row("text", ("absent 99%",), ("absent",))] * 130, ["absent 130"])
    assert shown.count(">text</td>") == 100
    assert "… 30 more blocks" in shown
