"""Models that stance wrote, as systems of the benchmark: those released, or folders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from stance.evaluation.benchmark.systems import Advance, Answers
from stance.evaluation.benchmark.tasks import Item, Task
from stance.model.store import find_model, read_config, verify_files
from stance.prediction import load_classifier
from stance.schema import LABELS, Stance

__all__ = ["Released"]

_TEXTS, _TARGETS = 64, 64
"""Most texts, and most targets of all of them, that are judged at once: texts are sorted by length within, and a target
costs little beside reading a text, so texts with targets of their own are read together too."""


class Released:
    """A model as a user gets it; marked mentions are used where the set has them.

    Args:
        model: Name of a released model, or a folder.

    Raises:
        ModelError: If there is no such model.
    """

    def __init__(self, model: str) -> None:
        self.model = model
        self.name = model
        self.folder = find_model(model)

    def identity(self) -> Mapping[str, Any]:
        """Give what determines the answers: the hashes of the model's files."""
        return {"system": "model", "name": read_config(self.folder).name, "sha256": verify_files(self.folder)}

    def predict(self, task: Task, advance: Advance) -> Answers:
        """Answer as the model does; every text is read once, long ones in windows."""
        classifier = load_classifier(self.folder)
        asked: dict[str, dict[str, Item]] = {}
        for item in task.items:
            asked.setdefault(item.text, {}).setdefault(item.target.name, item)
        found: dict[tuple[str, str], Stance] = {}
        for chunk in _chunks(asked):
            targets = list({name: item.target for own in chunk.values() for name, item in own.items()}.values())
            # a target that is not asked for of a text is nowhere in it, which costs no search for its names
            places = [[own[t.name].spans if t.name in own else () for t in targets] for own in chunk.values()]
            for prediction in classifier.predict(list(chunk), targets, mentions=places):
                found |= {(prediction.text, name): prediction[name] for name in chunk[prediction.text]}
            advance(len(chunk) / len(asked))
        stances = [found[item.text, item.target.name] for item in task.items]
        probabilities = np.array([[stance.probabilities[label] for label in LABELS] for stance in stances])
        return Answers(tuple(stance.label for stance in stances), probabilities, learned=self._learned(task))

    def _learned(self, task: Task) -> str:
        """Tell by hashes whether the model has learned from the set's files."""
        data: Mapping[str, Mapping[str, str]] = read_config(self.folder).training.get("data", {})
        seen = {sha: split for split, files in data.items() for sha in files.values()}
        files = task.definition.files
        if seen.get(task.hashes[files.test]) in ("train", "dev"):
            return "ITS TEST SPLIT: no fair score"
        if any(seen.get(task.hashes[name]) == "train" for name in files.train):
            return "its train"
        if any(task.hashes[name] in seen for name in files.dev):
            return "other data, chosen on its dev"
        return "other data (zero-shot)"


def _chunks(asked: Mapping[str, dict[str, Item]]) -> Iterator[dict[str, dict[str, Item]]]:
    """Put texts together, in order, until they or their targets are many."""
    chunk: dict[str, dict[str, Item]] = {}
    names: set[str] = set()
    for text, own in asked.items():
        if chunk and (len(chunk) == _TEXTS or len(names | set(own)) > _TARGETS):
            yield chunk
            chunk, names = {}, set()
        chunk[text] = own
        names |= set(own)
    if chunk:
        yield chunk
