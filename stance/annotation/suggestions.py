"""What a model says of paragraphs, as records that tools show as suggestions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stance.schema import LABELS, Annotation, Label

__all__ = ["MODEL", "is_model", "suggest_labels"]

MODEL = "model:"
"""What the annotator's name of a model begins with."""
_DIGITS = 4


def is_model(annotation: Annotation) -> bool:
    """Tell whether a model made the record."""
    return annotation.annotator.startswith(MODEL)


def suggest_labels(
    items: Iterable[Annotation], probabilities: Iterable[Mapping[str, Mapping[Label, float]]], model: str
) -> list[Annotation]:
    """Make the record of a model for each paragraph.

    Args:
        items: The paragraphs.
        probabilities: For each: target -> label -> probability in [0, 1].
        model: Name of the model.

    Returns:
        One record a paragraph by annotator ``model:NAME``: the most probable labels, and all as soft labels.

    >>> from stance.schema import Anchor
    >>> shares = {"favor": 0.7, "against": 0.1, "neutral": 0.1, "absent": 0.1}
    >>> suggest_labels([Annotation("p", Anchor())], [{"NATO": shares}], "base")[0].labels
    {'NATO': 'favor'}
    """
    records = []
    for item, found in zip(items, probabilities, strict=True):
        soft = {target: {label: round(shares[label], _DIGITS) for label in LABELS} for target, shares in found.items()}
        labels = {target: max(LABELS, key=lambda label: shares[label]) for target, shares in found.items()}
        records.append(Annotation(item.id, item.anchor, labels, MODEL + model, soft_labels=soft, source=item.source))
    return records
