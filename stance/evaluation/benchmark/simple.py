"""Systems without a network: the most frequent label, cue words, TF-IDF, and predictions from a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata, util
from pathlib import Path
from typing import Any

import numpy as np

from stance.errors import InputError, SkippedError
from stance.evaluation.benchmark.lexicon import AGAINST, FAVOR, judge_by_words
from stance.evaluation.benchmark.systems import Advance, Answers
from stance.evaluation.benchmark.tasks import Item, Task
from stance.evaluation.joining import check_probabilities, check_text, index_records
from stance.evaluation.records import Record, read_records
from stance.model.store import hash_file
from stance.schema import LABELS, Label, Span
from stance.targets import find_mentions
from stance.text.offsets import Edit, apply

__all__ = ["FilePredictions", "Lexicon", "Majority", "Tfidf"]

_MASK = "targetmention"


class Majority:
    """The most frequent label of train, of each target where the set's targets are fixed; of dev if there is no train.

    The interface is that of `stance.evaluation.benchmark.systems.System`.
    """

    name = "majority"

    def identity(self) -> Mapping[str, Any]:
        """Give what determines the answers: nothing but the task."""
        return {"system": "majority"}

    def predict(self, task: Task, advance: Advance) -> Answers:
        """Answer with the most frequent label; on a tie, the first of `LABELS`."""
        split = "train" if task.train else "dev"
        known = getattr(task, split)
        if not known:
            raise SkippedError(f"{task.definition.name} has neither train nor dev to count labels in")
        counts = {target: Counter(item.gold[0] for item in items) for target, items in _by_target(task, known)}
        most = {target: max(LABELS, key=own.__getitem__) for target, own in counts.items()}
        advance(1.0)
        labels = tuple(most[_target_key(task, item)] for item in task.items)
        return Answers(labels, learned=f"labels of its {split}")


class Lexicon:
    """Cue words near the target's name; ``absent`` where it is not named. See `lexicon.judge_by_words`."""

    name = "lexicon"

    def identity(self) -> Mapping[str, Any]:
        """Give what determines the answers: the words."""
        return {"system": "lexicon", "favor": sorted(FAVOR), "against": sorted(AGAINST)}

    def predict(self, task: Task, advance: Advance) -> Answers:
        """Answer by counting words."""
        labels = tuple(judge_by_words(item.text, _mentions(item)) for item in task.items)
        advance(1.0)
        return Answers(labels)


class Tfidf:
    """TF-IDF of words and word pairs, target's names masked; a classifier a target, or one for a set with open targets.

    Args:
        classifier: ``"lr"`` (logistic regression) or ``"svm"`` (linear); their strength is chosen on dev.
    """

    def __init__(self, classifier: str) -> None:
        self.classifier = classifier
        self.name = f"tfidf-{classifier}"

    def identity(self) -> Mapping[str, Any]:
        """Give what determines the answers: kind and version of scikit-learn."""
        if util.find_spec("sklearn") is None:
            raise SkippedError("scikit-learn is not installed: pip install 'stance-kit[train]'")
        return {"system": self.name, "scikit-learn": metadata.version("scikit-learn")}

    def predict(self, task: Task, advance: Advance) -> Answers:
        """Answer with classifiers fitted on train."""
        from stance.evaluation.baselines import predict_words

        train = dict(_by_target(task, task.require_train()))
        dev, asked = dict(_by_target(task, task.dev or task.train)), dict(_by_target(task, task.items))
        found: dict[tuple[str, str], Label] = {}
        for target, items in asked.items():
            learn, choose = train.get(target, []), dev.get(target) or train.get(target, [])
            if not learn:
                raise SkippedError(f"{task.definition.name} has no train row toward {target}")
            labels = predict_words(
                (_masked(learn), [item.gold[0] for item in learn]),
                (_masked(choose), [item.gold[0] for item in choose]),
                _masked(items),
                classifier=self.classifier,
            )
            found |= {item.key: label for item, label in zip(items, labels, strict=True)}
            advance(1 / len(asked))
        return Answers(tuple(found[item.key] for item in task.items), learned="its train, chosen on its dev")


class FilePredictions:
    """Predictions of any system from a file, or of each set from ``SET.jsonl`` (or ``.csv``) in a folder.

    Rows are as `stance.evaluation.records.read_records` takes them; ids and targets are those of the set.

    Args:
        path: The file or folder.

    Raises:
        InputError: If there is neither.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.name = f"predictions:{self.path.name}"
        if not self.path.exists():
            raise InputError(f"predictions:{path}: no such file or folder.")

    def identity(self) -> Mapping[str, Any]:
        """Give what determines the answers: the files' hashes."""
        files = sorted(self.path.glob("*.*")) if self.path.is_dir() else [self.path]
        return {"system": "predictions", "sha256": {file.name: hash_file(file) for file in files if file.is_file()}}

    def predict(self, task: Task, advance: Advance) -> Answers:
        """Answer as the file says; joining is as strict as in ``stance evaluate``."""
        records = read_records(self._file(task))
        known = {item.id for item in task.items}
        extra = next((record for record in records if record.id not in known), None)
        if not any(record.id in known for record in records):
            raise SkippedError(f"{self.path} has no judgement of {task.definition.name}")
        if extra and self.path.is_dir() and not task.limit:  # a file alone may hold several sets, a try asks for less
            raise InputError(f"{extra.where}: id {extra.id!r} is none of {task.definition.name}'s.")
        found = index_records([record for record in records if record.id in known])
        rows = [found.get(item.key) or found.get((item.id, "")) for item in task.items]
        missing = [item for item, row in zip(task.items, rows, strict=True) if row is None]
        if missing:
            raise InputError(
                f"{self.path}: expected a prediction for every judgement, found none for {len(missing)}: first id "
                f"{missing[0].id!r} toward {missing[0].target.name!r}. A row with 'error' counts as a failure."
            )
        advance(1.0)
        return _answers(task.items, [row for row in rows if row is not None])

    def _file(self, task: Task) -> Path:
        if not self.path.is_dir():
            return self.path
        named = [self.path / f"{task.definition.name}{suffix}" for suffix in (".jsonl", ".csv", ".tsv")]
        file = next((path for path in named if path.is_file()), None)
        if file is None:
            raise SkippedError(f"{self.path} has no {task.definition.name}.jsonl")
        return file


def _answers(items: Sequence[Item], rows: Sequence[Record]) -> Answers:
    for item, row in zip(items, rows, strict=True):
        check_text(row, item.text, where="the set's")
    labels = tuple(row.labels.get(item.target.name) for item, row in zip(items, rows, strict=True))
    given = check_probabilities([(item.target.name, row) for item, row in zip(items, rows, strict=True)])
    none = (0.0,) * len(LABELS)
    shares = [row.probabilities.get(item.target.name, none) for item, row in zip(items, rows, strict=True)]
    return Answers(labels, np.array(shares) if given else None, learned="not known")


def _target_key(task: Task, item: Item) -> str:
    """Name the target where the set's targets are fixed; else all are one."""
    return item.target.name if task.definition.known_targets else ""


def _by_target(task: Task, items: Sequence[Item]) -> Iterator[tuple[str, list[Item]]]:
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(_target_key(task, item), []).append(item)
    yield from groups.items()


def _mentions(item: Item) -> tuple[Span, ...]:
    return find_mentions(item.text, item.target) if item.spans is None else item.spans


def _masked(items: Sequence[Item]) -> list[str]:
    """Put a mask in place of each text's target."""
    return [apply(item.text, (Edit(span.start, span.end, _MASK) for span in _mentions(item)))[0] for item in items]
