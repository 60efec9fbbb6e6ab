"""Corpora of any size: files larger than memory, interrupted runs that go on, data sets, clusters.

from stance.scale import Judging, Reading, predict_files

predict_files(["news/"], "stances.jsonl", resume=True)

Names are loaded when first used, as those of `stance` are.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stance.prediction import Judging
    from stance.scale.columns import ColumnPredictor
    from stance.scale.stream import Plan, Summary, predict_files, run_plan
    from stance.text.reading import Reading

_HOMES = {
    "ColumnPredictor": "stance.scale.columns",
    "Judging": "stance.prediction",
    "Plan": "stance.scale.stream",
    "Reading": "stance.text.reading",
    "Summary": "stance.scale.stream",
    "predict_files": "stance.scale.stream",
    "run_plan": "stance.scale.stream",
}

__all__ = ["ColumnPredictor", "Judging", "Plan", "Reading", "Summary", "predict_files", "run_plan"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    if name not in _HOMES:
        raise AttributeError(f"module 'stance.scale' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
