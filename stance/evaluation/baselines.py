"""Baselines to stand beside a model: what can be had from words alone; needs ``stance[train]``."""

from __future__ import annotations

from collections.abc import Sequence

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from stance.evaluation.metrics import count_labels, label_numbers, macro_f1
from stance.schema import Label
from stance.targets import Target
from stance.text.substitution import mask_mentions

__all__ = ["predict_tfidf"]

_MASK = "targetmention"
_STRENGTHS = (0.3, 1.0, 3.0, 10.0, 30.0)
"""Inverse regularisation strengths to choose from on dev."""


def predict_tfidf(
    train: tuple[Sequence[str], Sequence[Label]],
    dev: tuple[Sequence[str], Sequence[Label]],
    texts: Sequence[str],
    target: Target,
) -> list[Label]:
    """Label texts with TF-IDF of words and word pairs and logistic regression, the target's names masked.

    Args:
        train: Texts and their labels toward the target, to learn from.
        dev: Texts and labels to choose the regularisation by.
        texts: Texts to label.
        target: The target.

    Returns:
        One label a text.
    """
    masked = [mask_mentions(text, target, _MASK)[0] for text in train[0]]
    best: tuple[float, Pipeline] | None = None
    for strength in _STRENGTHS:
        model = make_pipeline(
            TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
            LogisticRegression(C=strength, class_weight="balanced", max_iter=2000),
        )
        model.fit(masked, train[1])
        guesses = model.predict([mask_mentions(text, target, _MASK)[0] for text in dev[0]]).tolist()
        score = float(macro_f1(count_labels(label_numbers(dev[1]), label_numbers(guesses))))
        if best is None or score > best[0]:
            best = (score, model)
    labels: list[Label] = (
        best[1].predict([mask_mentions(text, target, _MASK)[0] for text in texts]).tolist() if best else []
    )
    return labels
