"""The layout holds: imports point one way, modules stay small, importing costs little."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import stance

PACKAGE = Path(stance.__file__).parent

# A module may import from rows above its own (and from its own folder); the first prefix that fits decides.
ROWS = {
    "cores": 0,
    "display": 0,
    "errors": 0,
    "progress": 0,
    "files": 0,
    "schema": 0,
    "targets": 2,
    "toml": 0,
    "text.offsets": 1,
    "text.hashtags": 1,
    "text": 3,
    "annotation": 4,
    "annotation.interchange": 5,
    "evaluation.confidence": 3,
    "evaluation.intervals": 3,
    "evaluation.metrics": 3,
    "evaluation.figures": 4,
    "fitting.config": 3,
    "model.graph": 3,
    "model.onnx": 3,
    "model.store": 3,
    "model.tokens": 3,
    "model.calibration": 3,
    "model.runtime": 4,
    "model.network": 4,
    "model.weights": 4,
    "model.torch_runtime": 4,
    "model.gradients": 4,
    "model.backends": 4,
    "model.classifier": 5,
    "prediction": 6,
    "fitting": 6,
    "evaluation": 6,
    "reporting": 7,
    "scale": 8,
    "serving": 8,
    "evaluation.benchmark": 8,  # the one place that brings systems and data together
    "cli": 9,
    "cli.annotate": 10,
    "__main__": 11,
}
HEAVY = {"torch", "transformers", "datasets", "sklearn", "evaluate", "accelerate", "onnx", "safetensors", "onnxscript"}
BENCHMARKED = ("evaluation.benchmark.fewshot", "evaluation.benchmark.entailment")  # systems to compare with
MODULES = sorted(PACKAGE.rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def row_of(name: str) -> int:
    return ROWS[max((prefix for prefix in ROWS if name == prefix or name.startswith(prefix + ".")), key=len)]


def imported(path: Path) -> set[str]:
    """Names of all modules that a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            if (PACKAGE.parent / node.module.replace(".", "/")).is_dir():
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def own(names: set[str]) -> set[str]:
    """The modules of the package among names, without its prefix."""
    inner = {name.removeprefix("stance.") for name in names if name.startswith("stance.")}
    return {name for name in inner if (PACKAGE / (name.replace(".", "/") + ".py")).is_file()}


@pytest.mark.parametrize("path", [path for path in MODULES if module_name(path)], ids=module_name)
def test_imports_point_one_way(path: Path) -> None:
    name = module_name(path)
    folder = name.rpartition(".")[0] or name
    for other in own(imported(path)):
        beside = other.startswith(folder + ".") or row_of(other) == row_of(name) == 0
        assert beside or row_of(other) < row_of(name), f"{name} (row {row_of(name)}) imports {other}"


def test_no_import_cycles() -> None:
    graph = {module_name(path): own(imported(path)) for path in MODULES}
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, f"cycle: {' -> '.join((*above, name))}"
        if name not in done:
            for other in graph.get(name, ()):
                visit(other, (*above, name))
            done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_only_training_needs_training_packages(path: Path) -> None:
    name = module_name(path)
    trained = (
        "model.network",
        "model.weights",
        "model.torch_runtime",
        "model.gradients",
        "evaluation.baselines",
        *BENCHMARKED,
    )
    if name.startswith(("fitting.", "evaluation.stance_metric")) or name in trained:
        return
    assert not {other.partition(".")[0] for other in imported(path)} & HEAVY


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_only_the_cluster_adaptor_needs_ray(path: Path) -> None:
    assert module_name(path) == "scale.ray" or "ray" not in {name.partition(".")[0] for name in imported(path)}


def test_predicting_carries_no_training_code() -> None:
    reached, waiting = set(), ["prediction"]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += own(imported(PACKAGE / (name.replace(".", "/") + ".py")))
    assert not {name for name in reached if name.startswith(("fitting", "evaluation", "annotation", "cli"))}


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_modules_and_functions_stay_small(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 400
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= 80, f"{node.name} has {length} lines"
            assert len(node.args.args) + len(node.args.kwonlyargs) <= 8, f"{node.name} has too many parameters"


def test_public_names_are_sorted_and_there() -> None:
    names = [name for name in stance.__all__ if name != "__version__"]
    assert sorted(stance.__all__) == stance.__dir__()
    for name in names:
        assert getattr(stance, name).__doc__ or name in ("KINDS", "LABELS")
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        stance.nothing  # noqa: B018


def test_no_public_function_shares_a_modules_name() -> None:
    modules = {module_name(path).partition(".")[0] for path in MODULES}
    assert not modules & set(stance.__all__)


def test_import_is_light() -> None:
    code = "import sys, stance; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "onnxruntime", "tokenizers", "torch", "tqdm", "wcwidth", "ftfy", "argparse"} & set(loaded)


def test_import_has_no_side_effects() -> None:
    code = (
        "import logging, os, warnings\n"
        "import numpy, tokenizers  # what these do is not ours\n"
        "before = dict(os.environ), list(warnings.filters), list(logging.root.handlers)\n"
        "import stance.prediction, stance.cli.app\n"
        "assert before == (dict(os.environ), list(warnings.filters), list(logging.root.handlers))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
