"""The site is whole: every page has its place, every public name is told, every figure comes from a result."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

import stance

from .blocks import ROOT

DOCS = ROOT / "docs"
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def figures() -> ModuleType:
    """The script that fills figures."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        spec = importlib.util.spec_from_file_location("docs_figures", ROOT / "benchmarks" / "docs_figures.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))
    return module


def test_navigation_has_every_page() -> None:
    named = set(re.findall(r"([\w/-]+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE))
    assert {path.name for path in DOCS.glob("*.md")} - named == set()


def test_api_page_tells_every_public_name() -> None:
    told = re.findall(r"^::: stance\.(\w+)$", (DOCS / "api.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(told) == sorted(set(stance.__all__) - {"__version__"})


def test_links_of_pages_lead_somewhere() -> None:
    broken = []
    for path in [ROOT / "README.md", *DOCS.glob("*.md")]:
        for target in _LINK.findall(_FENCE.sub("", path.read_text(encoding="utf-8"))):
            if not re.match(r"[a-z]+:|#", target) and not (path.parent / target.partition("#")[0]).exists():
                broken.append(f"{path.name}: {target}")
    assert broken == []


def test_figures_of_pages_come_from_results(figures: ModuleType) -> None:
    for path in DOCS.glob("*.md"):
        page = path.read_text(encoding="utf-8")
        made = figures.fill_blocks(page)
        assert ("<!-- figures:" in page) == (made != page)
        assert re.findall(r"\*(In the built|The built site)", made) == []


def test_no_score_stands_in_the_page_of_benchmarks() -> None:
    page = (DOCS / "benchmarks.md").read_text(encoding="utf-8")
    assert re.findall(r"\b0\.\d{2,}\b|\d %", page) == []


def test_processors_are_compared_as_far_as_they_are_measured(figures: ModuleType, tmp_path: Path) -> None:
    machine = {"processor": "Old", "cores": 2, "flags": ["avx2"]}
    slow = {"command": "one", "machine": machine, "paragraphs_per_s": {"stance": [1.0, 2.0, 9.0]}}
    fast = {"command": "two", "machine": machine | {"processor": "New", "flags": ["avx512_vnni"]}}
    fast["paragraphs_per_s"] = {"stance": [8.0], "stance, torch in bf16": [4.0]}
    (tmp_path / "speed.json").write_text(json.dumps({"minilm": slow, "mpnet": slow}), encoding="utf-8")
    (tmp_path / "speed_new.json").write_text(json.dumps({"minilm": fast}), encoding="utf-8")
    table = figures.processors(tmp_path)
    assert "| model | by | 2 cores of Old, avx2 | 2 cores of New, avx512_vnni |" in table
    assert "| `small` | ONNX Runtime, as shipped | 2.0 | 8.0 |" in table
    assert "| `small` | torch, bf16 |  | 4.0 |" in table
    assert "| `base` | ONNX Runtime, as shipped | 2.0 |  |" in table
    assert "`one`, `two`; results in `benchmarks/results/speed.json`, `benchmarks/results/speed_new.json`." in table
    costs = figures.cost(tmp_path)
    assert "| `small` | core | 2.0 | 3,600 | 277,778 |" in costs
    assert "| `small` | core with VNNI | 8.0 | 14,400 | 69,444 |" in costs


def test_faithfulness_is_shown_when_it_is_measured(figures: ModuleType, tmp_path: Path) -> None:
    results = Path(shutil.copytree(ROOT / "benchmarks" / "results", tmp_path / "results"))
    (results / "faithfulness.json").unlink(missing_ok=True)
    assert "Not measured yet" in figures.faithfulness(results)
    figure = {"comprehensiveness": {"value": 0.5, "low": 0.4, "high": 0.6}, "sufficiency": {"value": -0.1}}
    figure["sufficiency"] |= {"low": None, "high": None}
    weights = json.loads((results / "sides.json").read_text(encoding="utf-8"))["model_sha256"]
    report = {
        "command": "python benchmarks/faithfulness.py", "model": "base", "labels": 1200, "paragraphs": 451,
        "documents": 333, "model_sha256": weights,
        "figures": {"words": {"evidence": figure}, "sentence": {"minus_random_run": figure}},
    }  # fmt: skip
    (results / "faithfulness.json").write_text(json.dumps(report), encoding="utf-8")
    told = figures.faithfulness(results)
    assert "| words of the evidence | 0.500 [0.400, 0.600] | -0.100 |" in told
    assert "| sentence less chance | 0.500 [0.400, 0.600] | -0.100 |" in told
    assert "1,200 labels in 451 test paragraphs of 333 documents" in told


def test_results_of_other_weights_are_refused(figures: ModuleType, tmp_path: Path) -> None:
    results = Path(shutil.copytree(ROOT / "benchmarks" / "results", tmp_path / "results"))
    whole = json.loads((results / "sides.json").read_text(encoding="utf-8"))
    (results / "sides.json").write_text(json.dumps(whole | {"model_sha256": {}}), encoding="utf-8")
    with pytest.raises(ValueError, match=r"sides\.json is of other weights: run python benchmarks/sides\.py"):
        figures.sides(results)


def test_unknown_figures_are_refused(figures: ModuleType) -> None:
    with pytest.raises(ValueError, match="no figures 'quantity'"):
        figures.fill_blocks("<!-- figures: quantity -->\n<!-- end of figures -->\n")
