"""Tell where a text stands toward NATO, the US, China, or targets of your own.

    import stance

    stance.predict("NATO has kept the peace.")["NATO"].label

Names are loaded when first used: importing stance loads neither a model nor the packages that run one.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stance.errors import (
        EncodingError,
        InputError,
        MissingExtraError,
        ModelError,
        StanceError,
        UnknownTargetError,
    )
    from stance.evaluation.estimation import Estimate, Estimates, estimate
    from stance.evaluation.rows import LabelledRow, PredictedRow
    from stance.evaluation.scoring import Evaluation, evaluate
    from stance.fitting.entry import train
    from stance.prediction import analyze, analyze_documents, predict
    from stance.reporting.evidence import Explanation
    from stance.reporting.explanation import explain
    from stance.schema import KINDS, LABELS, Analysis, Document, Evidence, Paragraph, Prediction, Share, Span, Stance
    from stance.targets import Target, builtin_targets, load_targets
    from stance.text.documents import read_documents
    from stance.text.segmentation import segment

__version__ = "0.1.0"

_HOMES = {
    "stance.errors": (
        "EncodingError",
        "InputError",
        "MissingExtraError",
        "ModelError",
        "StanceError",
        "UnknownTargetError",
    ),
    "stance.evaluation.scoring": ("Evaluation", "evaluate"),
    "stance.evaluation.estimation": ("Estimate", "Estimates", "estimate"),
    "stance.evaluation.rows": ("LabelledRow", "PredictedRow"),
    "stance.fitting.entry": ("train",),
    "stance.prediction": ("analyze", "analyze_documents", "predict"),
    "stance.reporting.evidence": ("Explanation",),
    "stance.reporting.explanation": ("explain",),
    "stance.schema": (
        "KINDS",
        "LABELS",
        "Analysis",
        "Document",
        "Evidence",
        "Paragraph",
        "Prediction",
        "Share",
        "Span",
        "Stance",
    ),
    "stance.targets": ("Target", "builtin_targets", "load_targets"),
    "stance.text.documents": ("read_documents",),
    "stance.text.segmentation": ("segment",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "KINDS",
    "LABELS",
    "Analysis",
    "Document",
    "EncodingError",
    "Estimate",
    "Estimates",
    "Evaluation",
    "Evidence",
    "Explanation",
    "InputError",
    "LabelledRow",
    "MissingExtraError",
    "ModelError",
    "Paragraph",
    "PredictedRow",
    "Prediction",
    "Share",
    "Span",
    "Stance",
    "StanceError",
    "Target",
    "UnknownTargetError",
    "__version__",
    "analyze",
    "analyze_documents",
    "builtin_targets",
    "estimate",
    "evaluate",
    "explain",
    "load_targets",
    "predict",
    "read_documents",
    "segment",
    "train",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    if name not in _HOME:
        raise AttributeError(f"module 'stance' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
