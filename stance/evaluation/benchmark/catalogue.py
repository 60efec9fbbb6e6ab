"""The systems by name, as the command line gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from stance.errors import InputError, ModelError, suggest
from stance.evaluation.benchmark.entailment import Entailment
from stance.evaluation.benchmark.fewshot import FewShot
from stance.evaluation.benchmark.pair import Pair
from stance.evaluation.benchmark.released import Released
from stance.evaluation.benchmark.simple import FilePredictions, Lexicon, Majority, Tfidf
from stance.evaluation.benchmark.systems import System

__all__ = ["DEFAULT_SYSTEMS", "SYSTEMS", "make_systems"]

_NAMED: dict[str, Callable[[], System]] = {
    "majority": Majority,
    "lexicon": Lexicon,
    "tfidf-lr": lambda: Tfidf("lr"),
    "tfidf-svm": lambda: Tfidf("svm"),
    "setfit": FewShot,
}
_GIVEN: dict[str, Callable[[str], System]] = {"predictions": FilePredictions, "nli": Entailment}

SYSTEMS = {
    "majority": "the most frequent label of train (of dev, if there is no train), for each of the set's targets",
    "lexicon": "cue words near the target's name; absent where it is not named",
    "tfidf-lr": "TF-IDF of words and word pairs with logistic regression, names masked; learns from train",
    "tfidf-svm": "the same with a linear support vector machine",
    "pair": "MiniLM that reads text and target as a pair, fine-tuned on train (stance train; hours on two cores)",
    "setfit": "SetFit of MiniLM, from at most 64 train rows a label (needs setfit)",
    "nli:ID": "zero-shot entailment by a model of the Hugging Face hub or a folder (needs stance-kit[train])",
    "predictions:FILE": "predictions of any system, from a file, or SET.jsonl in a folder",
    "NAME": "a released model (base), or the folder of a model",
}
"""Name -> what it is."""
DEFAULT_SYSTEMS = ("majority", "lexicon", "tfidf-lr", "tfidf-svm", "base")


def make_systems(names: Iterable[str], *, work: Path | None = None) -> tuple[System, ...]:
    """Make systems of their names.

    Args:
        names: Names as in `SYSTEMS`.
        work: Folder where long training keeps its state until it is done; None keeps none.

    Returns:
        The systems, in order.

    Raises:
        InputError: If a name is not known, or two systems have one name.
    """
    systems: dict[str, System] = {}
    for name in names:
        system = _make(name, work)
        if system.name in systems:
            raise InputError(
                f"Two systems have the name {system.name!r}. Give each once, files with names of their own."
            )
        systems[system.name] = system
    if not systems:
        raise InputError(f"No system given: {suggest('', SYSTEMS)}.")
    return tuple(systems.values())


def _make(name: str, work: Path | None) -> System:
    if name == Pair.name:
        return Pair(work=work)
    if name in _NAMED:
        return _NAMED[name]()
    kind, colon, given = name.partition(":")
    if colon and kind in _GIVEN and given:
        return _GIVEN[kind](given)
    try:
        return Released(name)
    except ModelError as error:
        raise InputError(f"Unknown system {name!r}: {suggest(name, SYSTEMS)}. As a model: {error}") from None
