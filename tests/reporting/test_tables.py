"""Tables for terminals: readable, and nothing in a text steers the terminal."""

from __future__ import annotations

import io

from stance.reporting.drawing import print_table
from stance.reporting.tables import block_table, document_table
from stance.schema import LABELS, Analysis, Document, Label, Paragraph, Prediction, Share, Stance

HOSTILE = "\x1b[31mNATO\x07 \x9b2J[bold]grins[/bold]\r\n\u202egnorw " + "word " * 60


def rendered(*, text: str = HOSTILE, labels: tuple[Label, ...] = ()) -> str:
    shares: dict[Label, float] = {"favor": 0.1, "against": 0.7, "neutral": 0.1, "absent": 0.1}
    stance = Stance("NATO", "against", shares, labels=labels)
    analysis = Analysis(
        Document(text, name="\x1b]0;title\x07name"),
        (Paragraph("Head", 0, 4, "heading", 0), Paragraph(text, 5, 5 + len(text), "body", 1)),
        (Prediction(text, {"NATO": stance}, 1, "base"),),
        {"NATO": {label: Share(int(label == "against"), 1) for label in LABELS}},
    )
    file = io.BytesIO()
    print_table(document_table(analysis, ["NATO"]), file)
    print_table(block_table(analysis.document, analysis.blocks), file)
    return file.getvalue().decode()


def test_control_characters_are_neutralised() -> None:
    out = rendered()
    assert not {character for character in out if not character.isprintable() and character != "\n"}
    assert "[bold]grins[/bold]" in out


def test_rows_are_single_lines_of_the_tables_width() -> None:
    out = rendered()
    assert max(map(len, out.splitlines())) <= 110
    (row,) = [line for line in out.splitlines() if "▼ against 70%" in line]
    assert row.split()[0] == "1"
    assert "▼ against 1 (100%)" in out


def test_lone_surrogates_do_not_stop_it() -> None:
    assert "NATO" in rendered(text="\ud800 NATO")


def test_undecided_judgements_are_marked_and_explained() -> None:
    assert "~" not in rendered()
    decided = rendered(labels=("against",))
    assert "▼ against 70%" in decided
    assert "~ undecided at the risk asked for, most probable label shown and counted: 0 of 1" in decided
    undecided = rendered(labels=("against", "neutral"))
    assert "~ against 70%" in undecided
    assert "counted: 1 of 1" in undecided
    assert "▼ against 1 (100%)" in undecided
