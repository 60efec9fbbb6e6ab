"""Baselines to stand beside a model: what can be had from words alone; needs ``stance[train]``."""

from __future__ import annotations

from collections.abc import Sequence

from sklearn.base import ClassifierMixin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import LinearSVC

from stance.errors import InputError, suggest
from stance.evaluation.metrics import count_labels, label_numbers, macro_f1
from stance.schema import Label

__all__ = ["predict_words"]

_STRENGTHS = {"lr": (0.3, 1.0, 3.0, 10.0, 30.0), "svm": (0.03, 0.1, 0.3, 1.0, 3.0)}
"""Classifier -> inverse regularisation strengths to choose from on dev."""


def predict_words(
    train: tuple[Sequence[str], Sequence[Label]],
    dev: tuple[Sequence[str], Sequence[Label]],
    texts: Sequence[str],
    *,
    classifier: str = "lr",
) -> list[Label]:
    """Label texts with TF-IDF of words and word pairs and a linear classifier.

    Args:
        train: Texts and their labels, to learn from.
        dev: Texts and labels to choose the regularisation by, by macro-F1.
        texts: Texts to label.
        classifier: ``"lr"`` (logistic regression) or ``"svm"`` (linear support vector machine), classes balanced.

    Returns:
        One label a text; the label of train if it has one alone.

    Raises:
        InputError: If the classifier is not known.
    """
    if classifier not in _STRENGTHS:
        raise InputError(f"Unknown classifier {classifier!r}: {suggest(classifier, _STRENGTHS)}.")
    if len(set(train[1])) == 1:
        return [train[1][0]] * len(texts)
    best: tuple[float, Pipeline] | None = None
    for strength in _STRENGTHS[classifier]:
        model = make_pipeline(
            TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True), _linear(classifier, strength)
        )
        model.fit(train[0], train[1])
        guesses = model.predict(dev[0]).tolist()
        score = float(macro_f1(count_labels(label_numbers(dev[1]), label_numbers(guesses))))
        if best is None or score > best[0]:
            best = (score, model)
    labels: list[Label] = best[1].predict(texts).tolist() if best else []
    return labels


def _linear(classifier: str, strength: float) -> ClassifierMixin:
    if classifier == "svm":
        return LinearSVC(C=strength, class_weight="balanced", random_state=0)
    return LogisticRegression(C=strength, class_weight="balanced", max_iter=2000)
