"""The notebooks of examples/ run, and show what stands in them.

Their code is run here in one namespace, without a kernel; ``make notebooks`` runs them in one and writes outputs.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from .blocks import ROOT

NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
_NUMBER = re.compile(r"\d+(\.\d+)?")


def joined(source: str | list[str]) -> str:
    return "".join(source)


def plain(text: str) -> str:
    """Leave out how lines are broken, and figures, whose last digits differ from machine to machine."""
    return _NUMBER.sub("0", " ".join(text.split()))


def run_cell(source: str, names: dict[str, Any]) -> tuple[str, object]:
    """Run a cell; give what it printed, and the value of its last line."""
    tree, last = ast.parse(source), None
    if isinstance(tree.body[-1], ast.Expr):
        last = ast.Expression(tree.body.pop().value)  # type: ignore[attr-defined]
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(tree, "cell", "exec"), names)
        value = eval(compile(last, "cell", "eval"), names) if last else None
    return printed.getvalue(), value


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_shows_what_it_gives(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    names: dict[str, Any] = {}
    cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1)), "run make notebooks"
    for cell in cells:
        printed, value = run_cell(joined(cell["source"]), names)
        shown = {output["output_type"]: output for output in cell["outputs"]}
        assert plain(printed) == plain(joined(shown["stream"]["text"]) if "stream" in shown else "")
        if value is not None:
            data = shown["execute_result"]["data"]
            assert plain(repr(value)) == plain(joined(data["text/plain"]))
            assert ("text/html" in data) == hasattr(value, "_repr_html_")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_tells_nothing_of_the_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert json.loads(text)["metadata"].keys() == {"kernelspec"}
    assert not re.search(r"/(work|home|root|tmp|Users)/|iopub|Traceback", text)


def test_intervals_of_the_made_up_outlets_hold_the_truth() -> None:
    (table,) = [
        joined(output["text"])
        for cell in json.loads((ROOT / "examples" / "outlets.ipynb").read_text(encoding="utf-8"))["cells"]
        for output in cell.get("outputs", ())
        if output["output_type"] == "stream" and "written" in joined(output["text"])
    ]
    rows = [[int(figure) for figure in re.findall(r"(\d+)%", line)] for line in table.splitlines()[1:]]
    assert len(rows) == 8
    assert sum(low <= written <= high for _, _, low, high, written in rows) >= 7
