"""Evidence by gradients: what each token adds to a label's probability, summed over words, names and sentences.

Unlike occlusion (`stance.reporting.explanation`) it needs a network in torch, but weighs all words at once, and two
that say the same both have weight. Weights are counted from a text of masks (`stance.model.gradients`).
"""

from __future__ import annotations

from bisect import bisect_left

from stance.model.classifier import Classifier
from stance.reporting.evidence import (
    Explanation,
    Weighed,
    ask,
    choose_carrying,
    conclude,
    cut_sentences,
    name_unit,
    tell_units,
)
from stance.schema import Evidence, Span, Stance
from stance.targets import Target

__all__ = ["explain_by_gradients"]


def explain_by_gradients(text: str, stance: Stance, classifier: Classifier, target: Target) -> Explanation:
    """Tell what a label of a text rests on, by gradients.

    Args:
        text: The text.
        stance: The stance to explain.
        classifier: A model that was loaded with a device of torch.
        target: The stance's target.

    Returns:
        The explanation; all sentences, and all their words that can tell something, have weights.

    Raises:
        InputError: If the model was loaded with another device.
        MissingExtraError: If captum is not installed.
        ModelError: If the model has no calibration.
    """
    question = ask(text, stance)
    tokens = classifier.attribute_tokens(text, target, stance.label)
    starts = [span.start for span, _ in tokens]

    def added(span: Span) -> float:
        return sum(weight for _, weight in tokens[bisect_left(starts, span.start) : bisect_left(starts, span.end)])

    sentences = tuple(
        Evidence(span.start, span.end, span.text, "sentence", added(span)) for span in cut_sentences(text)
    )
    words = [
        Evidence(unit.start, unit.end, unit.text, name_unit(question, unit), added(unit))
        for sentence in sentences
        for unit in tell_units(question, sentence)
    ]
    carrying = choose_carrying({sentence: sentence.weight for sentence in sentences})
    return conclude(question, Weighed(sentences, carrying, {}), words)
