"""A data set as a task: judgements to make, what may be learned from, and hashes of it all."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from stance.errors import InputError, SkippedError
from stance.evaluation.benchmark.sets import SetDefinition, is_hub
from stance.fitting.config import DataFile
from stance.fitting.examples import Example, Judgement, read_examples
from stance.fitting.rows import read_rows
from stance.model.store import hash_file
from stance.schema import LABELS, Label, Span
from stance.targets import Target
from stance.text.rows import read_rows as read_file_rows

__all__ = ["Item", "Task", "load_task"]


@dataclass(frozen=True, slots=True)
class Item:
    """One judgement to make: a text and a target.

    Attributes:
        id: Id of the text.
        text: The text.
        target: The target; of a marked mention its name ends in ``@`` and where it begins, and in ``#2`` if
            it is marked twice.
        gold: The label; several where the set does not tell which of them it is.
        document: What it is from; judgements of one document are not independent. Texts that are alike are one.
        spans: Where the target is mentioned, in code points; None if that is told by its names.
        fields: What else the row holds that the set's parts and annotators ask for.
    """

    id: str
    text: str
    target: Target
    gold: tuple[Label, ...]
    document: str
    spans: tuple[Span, ...] | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        """Id of the text and name of the target: what tells the judgement from others."""
        return self.id, self.target.name


@dataclass(frozen=True)
class Task:
    """A data set, read.

    Attributes:
        definition: What it is.
        folder: Where its files lie.
        items: The judgements to make, in the order of the file.
        hashes: File -> sha256 of every file of the set; of a split of the hub that of its rows as JSON.
        limit: Texts that were kept of the test split for a try; 0 means all.
    """

    definition: SetDefinition
    folder: Path
    items: tuple[Item, ...]
    hashes: Mapping[str, str]
    limit: int = 0

    @cached_property
    def train(self) -> tuple[Item, ...]:
        """What may be learned from; empty if there is none."""
        return self._split(self.definition.files.train)

    @cached_property
    def dev(self) -> tuple[Item, ...]:
        """What may be chosen by; empty if there is none."""
        return self._split(self.definition.files.dev)

    def require_train(self) -> tuple[Item, ...]:
        """Give what may be learned from.

        Raises:
            SkippedError: If there is none.
        """
        if not self.train:
            raise SkippedError(f"{self.definition.name} has no train split to learn from")
        return self.train

    def source(self, file: str) -> DataFile:
        """Say what a file of the set is, as recipes do."""
        form = "paragraphs" if self.definition.form == "articles" else self.definition.form
        if is_hub(file):
            name, _, split = file.partition("@")
            return DataFile(name, form=form, split=split, labels=self.definition.labels)
        return DataFile(str(self.folder / file), form=form, labels=self.definition.labels)

    def _split(self, files: Sequence[str]) -> tuple[Item, ...]:
        return tuple(item for file in files for item in _items(self.definition, self.source(file)))


def load_task(definition: SetDefinition, folder: Path, *, limit: int = 0) -> Task:
    """Read a set's test split, and hash its files.

    Args:
        definition: The set.
        folder: Folder that its file names are relative to.
        limit: Texts to keep, for a try: spread evenly over the file; 0 keeps all.

    Returns:
        The task.

    Raises:
        InputError: If a file is missing or a row is not usable.
    """
    files = definition.files
    names = [*files.train, *files.dev, files.test]
    texts = _list_texts(folder / files.texts) if files.texts else []
    for name in names:
        if not is_hub(name) and not (folder / name).is_file():
            raise InputError(
                f"{folder / name}: no such file; {definition.name} needs it. Tell where the data lie with --data."
            )
    bare = Task(definition, folder, (), {})
    hashes = {name: _hash_rows(bare.source(name)) if is_hub(name) else hash_file(folder / name) for name in names}
    hashes |= {f"{files.texts}/{path.name}": hash_file(path) for path in texts}
    if definition.form == "articles":
        items = tuple(_unique(_article_items(definition, folder), files.test))
    else:
        items = tuple(_unique(bare._split((files.test,)), files.test))
    return Task(definition, folder, _spread(items, limit), hashes, limit)


def _list_texts(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder of texts. Tell where the data lie with --data.")
    return sorted(path for path in folder.iterdir() if path.is_file())


def _hash_rows(data: DataFile) -> str:
    found = hashlib.sha256()
    for _, row in read_rows(data):
        found.update(json.dumps(row, sort_keys=True, default=str).encode() + b"\n")
    return found.hexdigest()


def _spread(items: tuple[Item, ...], limit: int) -> tuple[Item, ...]:
    """Keep the items of some texts, spread evenly."""
    ids = list(dict.fromkeys(item.id for item in items))
    if not 0 < limit < len(ids):
        return items
    kept = {ids[place] for place in np.linspace(0, len(ids) - 1, limit).round().astype(int)}
    return tuple(item for item in items if item.id in kept)


def _items(definition: SetDefinition, data: DataFile) -> list[Item]:
    examples = read_examples(data, definition.known_targets)
    rows = [row for _, row in read_rows(data) if isinstance(row, Mapping)]
    known = [target.name for target in definition.known_targets]
    found: list[Item] = []
    marked: Counter[tuple[str, str]] = Counter()
    for example, row in zip(examples, rows, strict=True):
        for judgement in example.judgements:
            if known and judgement.target.name not in known:
                raise InputError(
                    f"{data.file}: id {example.id!r}: target {judgement.target.name!r} is none of the set's: "
                    f"{', '.join(known)}."
                )
            item = _item(example, judgement, _kept(definition, row))
            marked[item.key] += bool(judgement.spans)  # some rows of NewsMTSC mark one mention twice, and both count
            found.append(_repeated(item, marked[item.key]))
    return found


def _repeated(item: Item, times: int) -> Item:
    if times < 2:
        return item
    return replace(item, target=replace(item.target, name=f"{item.target.name}#{times}"))


def _kept(definition: SetDefinition, row: Mapping[str, Any]) -> dict[str, Any]:
    """Keep of a row what parts and annotators ask for."""
    wanted = {name for part in definition.parts.values() for name in part}
    wanted |= {"annotators"} if definition.annotators else set()
    return {name: row[name] for name in sorted(wanted) if name in row}


def _item(example: Example, judgement: Judgement, fields: Mapping[str, Any]) -> Item:
    target, spans = judgement.target, judgement.spans
    if spans:
        target = Target(f"{target.name}@{spans[0].start}", (target.name,), target.description)
    document = example.document
    if document == example.id:  # unknown; texts that are alike hang together whatever their ids
        document = "text:" + hashlib.sha256(example.text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return Item(example.id, example.text, target, judgement.gold, document, spans, fields)


def _article_items(definition: SetDefinition, folder: Path) -> Iterator[Item]:
    """Read labelled blocks whose offsets count in a text file."""
    targets = definition.known_targets
    for where, article in read_file_rows(folder / definition.files.test):
        try:
            text = _read_article(folder / definition.files.texts, article["file"])
            for block in (block for block in article["blocks"] if "labels" in block):
                own, fields = _cut(text, block["start"], block["end"]), _kept(definition, block)
                for target in targets:
                    gold = LABELS[LABELS.index(block["labels"][target.name])]
                    yield Item(_name(block["id"]), own, target, (gold,), article["file"], fields=fields)
        except (KeyError, TypeError, ValueError, OSError) as error:
            raise InputError(
                f"{where}: expected 'file' and 'blocks' with 'id', 'start', 'end' and 'labels' toward "
                f"{', '.join(target.name for target in targets)}; found a mistake ({type(error).__name__}: {error})."
            ) from error


def _read_article(folder: Path, name: str) -> str:
    """Read a text that a row names; one that lies elsewhere, or is no file, is not read, whatever the row says."""
    if Path(name).name != name or not (folder / name).is_file():
        raise ValueError(f"{name[:80]!r} is no file of {folder}")
    return (folder / name).read_bytes().decode("utf-8")


def _name(given: object) -> str:
    if not isinstance(given, str | int):
        raise TypeError(f"an id has to be a text or a number, found {given!r:.80}")
    return str(given)


def _cut(text: str, start: int, end: int) -> str:
    if type(start) is not int or type(end) is not int or not 0 <= start < end <= len(text):
        raise ValueError(f"{start!r} to {end!r} is no part of a text of {len(text)} code points")
    return text[start:end]


def _unique(items: Iterable[Item], where: str) -> list[Item]:
    """Make sure that every judgement is told apart."""
    found: dict[tuple[str, str], Item] = {}
    for item in items:
        if found.setdefault(item.key, item) is not item:
            raise InputError(
                f"{where}: id {item.id!r} stands twice toward {item.target.name!r}. Give every text its own id."
            )
    return list(found.values())
