"""What benchmarks/trials.py keeps of a run."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("torch")

from stance.model.calibration import Calibration

pytestmark = pytest.mark.train
PLACE = Path(__file__).resolve().parents[2] / "benchmarks" / "trials.py"


@pytest.fixture(scope="module")
def trials() -> ModuleType:
    spec = importlib.util.spec_from_file_location("trials", PLACE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_labels_that_are_kept_are_those_that_the_figures_are_of(trials: ModuleType) -> None:
    """Sides 1, 1, 1 and absent 1.5: P(absent) is 1 / (1 + 3 e^-0.5) = 0.355, and 0.0025 at a temperature of 0.1."""
    scores, readings = [np.array([[1, 1, 1, 1.5]] * 2, dtype=np.float32)], [SimpleNamespace(names=("NATO", "US"))]
    own = Calibration(1.0, 1.0, targets={"US": (0.1, 1.0)})
    assert trials.label_letters(scores, readings, own) == "XF"


def test_variants_of_other_rows_are_not_compared(trials: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "test.jsonl"
    file.write_text("{}", encoding="utf-8")
    test = SimpleNamespace(data=SimpleNamespace(file=str(file)))
    known = {"data": {"test": {"test.jsonl": trials.hash_file(file)}}, "seeds": []}
    assert trials.compare(test, known, known) == []
    with pytest.raises(ValueError, match="scored on other test rows"):
        trials.compare(test, known, {"data": {"test": {"test.jsonl": "ab"}}, "seeds": []})
