"""Grids and lines: widths, wrapping, colours; nothing in a text steers the terminal."""

from __future__ import annotations

import unicodedata

import pytest
import wcwidth

from stance.reporting.drawing import Cell, Column, Grid, Sheet, Text, clean, render_table

COLUMNS = [Column("name", fit="fold"), Column("n", right=True)]


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


def shown(sheet: Sheet, *, terminal: bool = False) -> str:
    return render_table(sheet, terminal=terminal).decode()


def test_a_grid_is_drawn_as_worked_by_hand() -> None:
    grid = Grid(COLUMNS, [["a", "10"], [], ["中文", "7"]])
    assert shown(["Title", grid]) == (
        "Title\n"
        "\n"
        " name    n\n"
        " ─────────\n"
        " a      10\n"
        "\n"
        " 中文    7\n"  # two signs that take four columns
        "\n"
    )


@pytest.mark.parametrize("width", [30, 50, 200])
def test_a_terminal_gets_its_width_and_a_file_another(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    grid = Grid(
        [*COLUMNS, Column("text", fit="cut")], [["北约 " * 30, "1", "word " * 99], ["e\u0301" * 99, "22", "short"]]
    )
    lines = shown([grid, "many words " * 30], terminal=True).splitlines()
    assert max(map(wcwidth.width, lines)) <= width
    assert max(map(wcwidth.width, shown([grid]).splitlines())) == 109  # and a space


def test_words_are_folded_whole_and_what_is_cut_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    text = "one two three four five six seven"
    out = shown([Grid([Column("a", fit="fold"), Column("b", fit="cut")], [[text, text]])], terminal=True)
    plain = wcwidth.strip_sequences(out)
    assert "…" in plain and plain.count("three") == 1
    left = " ".join(line[:13] for line in plain.splitlines()[3:])
    assert " ".join(left.split()) == text


def test_a_grid_without_rows_or_head_is_empty() -> None:
    assert render_table([Grid([Column(), Column()], [], head=False)], terminal=False) == b""


def test_a_grid_too_wide_for_the_terminal_still_shows_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "5")
    out = shown([Grid(COLUMNS, [["abcdef", "123456"]])], terminal=True)
    assert "".join(sorted("".join(out.split("─")[-1].split()))) == "123456abcdef"


def test_colours_are_for_terminals_whose_user_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = [(Text("a", "bold red"), Text("b"))]
    assert shown(sheet) == "ab\n"
    assert shown(sheet, terminal=True) == "\x1b[1;31ma\x1b[0mb\n"
    monkeypatch.setenv("NO_COLOR", "1")
    assert shown(sheet, terminal=True) == "ab\n"
    monkeypatch.setenv("NO_COLOR", "")
    monkeypatch.setenv("TERM", "dumb")
    assert shown(sheet, terminal=True) == "ab\n"


HOSTILE = "a" + "".join(chr(code) for code in [*range(0x20), *range(0x7F, 0xA0), 0x200B, 0x202E, 0x2028, 0x2066]) + "z"
PLACES: list[Sheet] = [
    [HOSTILE],
    [Text(HOSTILE, "dim")],
    [(Text("x"), Text(HOSTILE))],
    [Grid([Column(HOSTILE, fit="fold")], [["x"]])],
    [Grid([Column("x", fit="cut")], [[HOSTILE]])],
    [Grid([Column("x"), Column()], [[Text(HOSTILE, "red"), (Text(HOSTILE),)]])],
]


@pytest.mark.parametrize("sheet", PLACES)
@pytest.mark.parametrize("terminal", [False, True])
def test_no_text_steers_the_terminal_wherever_it_stands(sheet: Sheet, terminal: bool) -> None:
    out = shown(sheet, terminal=terminal)
    for code in ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m"):  # ours: those of styles
        out = out.replace(code, "") if terminal else out
    assert not {sign for sign in out if unicodedata.category(sign)[0] == "C" or sign in "\u2028\u2029"} - {"\n"}


@pytest.mark.parametrize("cell", ["[bold]a[/bold] :smile: **b** `c` | d", Text("[red]x[/] \\[y]", "bold")])
def test_markup_stays_text(cell: Cell) -> None:
    words = cell if isinstance(cell, str) else cell.text
    assert words in shown([cell])
    assert words in shown([Grid([Column("x", fit="fold")], [[cell]])])


def test_escapes_that_would_reach_the_terminal_lose_what_starts_them() -> None:
    assert clean("\x1b]0;title\x07 \x9b2J\r\nx") == "]0;title 2J x"
