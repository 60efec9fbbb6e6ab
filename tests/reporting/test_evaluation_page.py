"""The page of an evaluation: figures as in the tables, matrices and curves as in the evaluation, texts inert."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from stance.cli.app import main
from stance.evaluation.scoring import Evaluation, evaluate
from stance.reporting.evaluation_page import evaluation_html
from stance.schema import LABELS

EVIL = "</p><script>alert(1)</script>"


def rows(*, probabilities: bool = True) -> tuple[list[dict], list[dict]]:
    """Twelve paragraphs of six documents; the system says against where two are favor, surely and with evil text."""
    gold, predicted = [], []
    for number in range(12):
        label = LABELS[number % 4]
        said = "against" if number in (0, 4) else label
        shares = {name: 0.94 if name == said else 0.02 for name in LABELS}
        text = EVIL + f"Paragraph {number}"
        gold.append({"id": f"{number}", "text": text, "doc_id": f"d{number % 6}", "labels": {"NATO": label}})
        stance = {"label": said} | ({"probabilities": shares} if probabilities else {})
        predicted.append({"id": f"{number}", "text": text, "stances": {"NATO": stance}})
    return gold, predicted


def evaluated(*, probabilities: bool = True) -> Evaluation:
    gold, predicted = rows(probabilities=probabilities)
    return evaluate(gold, predicted, draws=50)


def test_page_shows_matrix_curves_and_errors() -> None:
    page = evaluation_html(evaluated(), title="A & B")
    assert "<title>A &amp; B</title>" in page
    assert '<td class="num wrong3">2 <small>67%</small></td>' in page  # two of three favor are called against
    assert '<td class="num right5"><strong>3 <small>100%</small></strong></td>' in page
    assert 'aria-label="Reliability of NATO"' in page
    assert 'aria-label="Risk and coverage of NATO"' in page
    assert '<td class="num">0.94</td><td class="num">0.83</td><td class="num">100.0%</td>' in page  # 10 of 12 are right
    assert "2 of 2." in page
    assert page.count("<script") == 1
    assert "&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;Paragraph 4" in page


def test_a_figure_may_break_before_its_interval_alone() -> None:
    page = evaluation_html(evaluated())
    assert re.search(r'<td class="num breaks">0\.\d{3} <span>\[0\.\d{3}, [01]\.\d{3}\]</span></td>', page)
    assert '<th scope="col" class="num breaks">macro-F1</th>' in page


def test_without_probabilities_there_are_no_curves() -> None:
    page = evaluation_html(evaluated(probabilities=False), worst=1)
    assert "Reliability of" not in page
    assert "1 of 2." in page
    assert "The surest errors" not in evaluation_html(evaluated(probabilities=False))


def test_command_writes_the_page_beside_its_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = []
    for name, content in zip(("gold", "pred"), rows(), strict=True):
        path = tmp_path / f"{name}.jsonl"
        path.write_text("\n".join(map(json.dumps, content)), encoding="utf-8")
        names.append(str(path))
    arguments = ["evaluate", "--gold", names[0], "--pred", names[1], "--draws", "50"]
    assert main([*arguments, "--html", str(tmp_path / "e.html")]) == 0
    assert "macro-F1" in capsys.readouterr().out
    assert "Confusion matrix of NATO" in (tmp_path / "e.html").read_text(encoding="utf-8")
    again = str(tmp_path / "." / "x" / ".." / "gold.jsonl")  # the same file by another name
    (tmp_path / "x").mkdir()
    for options, message in (
        (["--html", names[0]], "is to be read and written. Give another --html"),
        (["--html", again], "is to be read and written. Give another --html"),
        (["--html", "-"], "-: the table goes to stdout. Give --html a file."),
        (["--html", str(tmp_path / "r.md"), "-o", str(tmp_path / "r.md")], "--output and --html would be one file"),
    ):
        assert main([*arguments, *options]) == 1
        assert message in capsys.readouterr().err
