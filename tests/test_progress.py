"""Bars: on stderr, gone at the end, and no message stands in them."""

from __future__ import annotations

import logging
import sys
import threading

import pytest

from stance.cli.app import main
from stance.progress import above_bars, draw_bar
from stance.reporting.layout import Layout
from stance.scale.journal import Commit, Pipe


@pytest.fixture(autouse=True)
def width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")


def test_a_bar_tells_count_rate_and_time_and_is_taken_away(capsys: pytest.CaptureFixture[str]) -> None:
    threads = threading.active_count()
    with draw_bar("Judging", 4, unit=" texts") as bar:
        bar.update(2)
        bar.update(2)
        assert threading.active_count() == threads
    told = capsys.readouterr().err
    drawn = told.split("\r")
    assert any(part.startswith("Judging:   0% |") for part in drawn)
    assert "100% |" in told and "4/4 texts" in told and "left" in told and "/s" in told
    assert not drawn[-1].strip() and not drawn[-2].strip()  # blank where it stood


def test_a_bar_without_a_known_end_draws_none(capsys: pytest.CaptureFixture[str]) -> None:
    with draw_bar("Judging", None, told="{elapsed}{postfix}") as bar:
        bar.set_postfix_str("7 paragraphs")
    told = capsys.readouterr().err
    assert "Judging: 00:00, 7 paragraphs" in told
    assert "%" not in told and "|" not in told


def test_a_message_stands_above_the_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with draw_bar("Judging", 4) as bar:
        bar.update()
        with above_bars(sys.stderr):
            sys.stderr.write("stance: error: bad\n")
    before, after = capsys.readouterr().err.split("stance: error: bad\n")
    assert not before.split("\r")[-1].strip()  # the line was blank
    assert "Judging:" in after


def test_tables_on_the_same_terminal_go_above_the_bar(capsys: pytest.CaptureFixture[str]) -> None:
    pipe = Pipe(None, Layout("table", ("NATO",)))
    with draw_bar("Judging", 4):
        capsys.readouterr()
        pipe.append(b"a table\n", b"", Commit())
        told = capsys.readouterr()
    assert told.out == "a table\n"
    _, blank, _, again, *_ = [*told.err.split("\r"), ""]
    assert blank and not blank.strip() and again.startswith("Judging:")


def test_the_commands_messages_go_above_the_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(arguments: object) -> int:
        with draw_bar("Judging", 4):
            logging.getLogger("stance").error("bad \x1b[2J")
        return 0

    monkeypatch.setattr("stance.cli.info._run", run)
    assert main(["info"]) == 0
    before, after = capsys.readouterr().err.split("stance: error: bad \\x1b[2J\n")
    assert not before.split("\r")[-1].strip()
    assert "Judging:" in after
