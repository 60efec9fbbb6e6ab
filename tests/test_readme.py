"""Every figure in README is one of benchmarks/results."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("readme_figures", ROOT / "benchmarks" / "readme_figures.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A copy of the results, to change."""
    return Path(shutil.copytree(ROOT / "benchmarks" / "results", tmp_path / "results"))


def change(path: Path, *keys: str | int, value: Any) -> None:
    whole = json.loads(path.read_text(encoding="utf-8"))
    place = whole
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    path.write_text(json.dumps(whole), encoding="utf-8")


def test_readme_says_what_the_results_say(script: ModuleType) -> None:
    assert script.fill(README) == README, "run python benchmarks/readme_figures.py --write"


def test_no_score_stands_outside_of_the_blocks() -> None:
    """Probabilities in examples have two digits; scores have three."""
    bare = re.sub(r"<!-- figures: .*?<!-- end of figures -->", "", README, flags=re.DOTALL)
    assert re.findall(r"\b0\.\d{3}\b", bare) == []


def test_another_figure_is_noticed(script: ModuleType, results: Path) -> None:
    board = results / "leaderboard" / "leaderboard.json"
    row = next(row for row in json.loads(board.read_text())["sets"]["corpus"]["rows"] if row["system"] == "base")
    place = json.loads(board.read_text())["sets"]["corpus"]["rows"].index(row)
    change(board, "sets", "corpus", "rows", place, "labels", "NATO", "against", "f1", "value", value=0.12345)
    assert "| NATO: `base` |" in README
    (line,) = [line for line in script.fill(README, results).splitlines() if line.startswith("| NATO: `base` |")]
    assert line.split(" | ")[3] == "0.123"


def test_several_models_have_a_line_each_and_the_best_is_bold(script: ModuleType, results: Path) -> None:
    board = results / "leaderboard" / "leaderboard.json"
    rows = json.loads(board.read_text())["sets"]["corpus"]["rows"]
    base = next(row for row in rows if row["system"] == "base")
    others = [row for row in rows if row["origin"]["system"].get("system") != "model"]
    mine = json.loads(json.dumps(base)) | {"system": "mine"}
    mine["targets"]["US"] = {"value": 0.9, "low": 0.8, "high": 0.95}
    mine["metrics"]["f_avg"] = {"value": 0.6, "low": 0.5, "high": 0.7}
    change(board, "sets", "corpus", "rows", value=[base, *others, mine])
    articles = json.loads(board.read_text())["sets"]["articles"]["rows"]
    whole = next(row for row in articles if row["system"] == "base") | {"system": "mine"}
    change(board, "sets", "articles", "rows", value=[*articles, whole])
    lines = script.fill(README, results).splitlines()
    us = base["targets"]["US"]
    assert [line.split(" |")[1] for line in lines if line.startswith("| US: `")] == [
        f" {us['value']:.3f} [{us['low']:.3f}, {us['high']:.3f}]",
        " **0.900** [0.800, 0.950]",
    ]
    told = [line for line in lines if line.startswith("Of `")]
    assert [line.split(":")[0] for line in told] == ["Of `base`", "Of `mine`"]
    assert "over all targets is 0.600 [0.500, 0.700] (TF-IDF" in told[1]


def test_what_no_longer_holds_is_refused(script: ModuleType, results: Path) -> None:
    change(results / "reliance.json", "models", "base", "sha256", value={})
    with pytest.raises(
        ValueError, match=r"reliance\.json is of other weights: run python benchmarks/reliance\.py base"
    ):
        script.fill(README, results)
    with pytest.raises(ValueError, match=r"expected the blocks .*, found reliance"):
        script.fill("<!-- figures: reliance -->\n<!-- end of figures -->\n", results)
    board = results / "leaderboard" / "leaderboard.json"
    rows = json.loads(board.read_text())["sets"]["vast"]["rows"]
    place = next(place for place, row in enumerate(rows) if row["system"] == "base")
    change(board, "sets", "vast", "rows", place, "learned", value="its train")
    with pytest.raises(ValueError, match="vast: base learned from its train: README says it was not trained on it"):
        script.fill(README, results)
