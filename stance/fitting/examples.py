"""Labelled rows in the forms that data sets have, read into one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stance.errors import InputError, suggest
from stance.fitting.config import DataFile
from stance.fitting.rows import read_rows
from stance.schema import LABELS, Label, Span
from stance.targets import Target

__all__ = ["Example", "Judgement", "label_groups", "read_examples"]

_DOUBT = re.compile(r"(\w+):(\w+)")
_SHOWN = 10
"""Bad rows that one message lists."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is known of a text's stance toward one target.

    Attributes:
        target: The target.
        gold: The label; several where the data set does not tell which of them it is.
        doubt: Labels that the annotator nearly gave.
        soft: Label -> share or probability, summing to 1; None if there are none.
        spans: Where the target is mentioned; None if that is told by its names.
    """

    target: Target
    gold: tuple[Label, ...]
    doubt: tuple[Label, ...] = ()
    soft: Mapping[Label, float] | None = None
    spans: tuple[Span, ...] | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled text.

    Attributes:
        id: Its id.
        text: The text.
        judgements: One for each target that it was labelled for, at least one.
        weight: What its loss is multiplied by.
        document: The document that it is from; texts of one document are not independent. Its own id if not known.
    """

    id: str
    text: str
    judgements: tuple[Judgement, ...]
    weight: float = 1.0
    document: str = ""

    @property
    def labels(self) -> dict[str, Label]:
        """Target name -> label; the first where it may be any of several."""
        return {judgement.target.name: judgement.gold[0] for judgement in self.judgements}


def label_groups(data: DataFile) -> tuple[tuple[Label, ...], ...]:
    """Tell which labels a file tells apart: each group is one label of the file.

    >>> label_groups(DataFile("a.jsonl", labels={"none": ("neutral", "absent"), "pro": ("favor",)}))
    (('neutral', 'absent'), ('favor',))
    """
    if not data.labels:
        return tuple((label,) for label in LABELS)
    groups = dict.fromkeys(tuple(label for label in LABELS if label in known) for known in data.labels.values())
    return tuple(groups)


def read_examples(data: DataFile | str | Path, targets: Sequence[Target], *, seed: int = 0) -> list[Example]:
    """Read labelled rows.

    A row holds one of these (`stance.fitting.config.FORMS`):

    - ``paragraphs``: ``text`` and ``labels`` {target: label}, as annotations and the corpus have them; or ``stances``
      {target: {label, probabilities}}, as ``stance predict`` writes them. ``soft_labels`` {target: {label: share}} and
      ``doubt`` {target: [label]} are read where they are there.
    - ``pairs``: ``text``, ``target``, ``label``.
    - ``mentions``: ``text`` (or ``sentence_normalized``) and ``targets``, a list of ``from``, ``to`` (code points),
      ``mention`` and ``label`` (or ``polarity``), as in NewsMTSC.

    Args:
        data: The file, or what a recipe says of it.
        targets: The targets that rows of ``paragraphs`` are read for; what else they label is left out.
        seed: Seed by which a share of the rows is chosen.

    Returns:
        The examples in the order of the file.

    Raises:
        InputError: If the file cannot be read or rows are not usable; it names file, row and field of the first ten.
    """
    data = data if isinstance(data, DataFile) else DataFile(str(data))
    examples, wrong = [], []
    for where, row in read_rows(data):
        if isinstance(row, InputError):
            wrong.append(str(row))
            continue
        try:
            examples.append(_example(row, where, data, targets))
        except InputError as error:
            wrong.append(str(error))
    if wrong:
        more = f"\n... and {len(wrong) - _SHOWN} more bad rows" if len(wrong) > _SHOWN else ""
        raise InputError("\n".join(wrong[:_SHOWN]) + more)
    if not examples:
        raise InputError(f"{data.file}: no rows. Give a file with labelled texts.")
    if data.share < 1:
        kept = np.random.default_rng(seed).permutation(len(examples))[: max(1, round(data.share * len(examples)))]
        examples = [examples[place] for place in sorted(kept)]
    return examples


def _example(row: Mapping[str, Any], where: str, data: DataFile, targets: Sequence[Target]) -> Example:
    form = data.form if data.form != "auto" else _form(row, where)
    text = row.get("text", row.get("sentence_normalized"))
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"{where}: field 'text': expected a text that is not empty, found {text!r}.")
    if form == "mentions":
        judgements = tuple(_mentions(row, text, where, data))
    elif form == "pairs":
        judgements = (_pair(row, where, data, targets),)
    else:
        judgements = tuple(_paragraph(row, where, data, targets))
    if not judgements:
        names = ", ".join(target.name for target in targets)
        raise InputError(f"{where}: labels none of the targets {names}. Leave the row out, or name its targets.")
    name = str(row.get("id", row.get("primary_gid", where)))
    return Example(name, text, judgements, data.weight, _document(row) or name)


def _document(row: Mapping[str, Any]) -> str:
    source = row.get("source")
    known = source if isinstance(source, Mapping) else {}
    found = (known.get("doc_id"), row.get("document_sha256"), row.get("document"))
    return next((str(name) for name in found if name not in (None, "")), "")


def _form(row: Mapping[str, Any], where: str) -> str:
    if isinstance(row.get("labels"), Mapping) or isinstance(row.get("stances"), Mapping):
        return "paragraphs"
    if "target" in row and "label" in row:
        return "pairs"
    if isinstance(row.get("targets"), list):
        return "mentions"
    raise InputError(
        f"{where}: expected 'labels' {{target: label}}, 'target' and 'label', or 'targets' with mentions; "
        f"found the fields {', '.join(map(str, row))}."
    )


def _paragraph(row: Mapping[str, Any], where: str, data: DataFile, targets: Sequence[Target]) -> Iterator[Judgement]:
    stances = row.get("stances") or {}
    labels = row.get("labels") or {name: stance.get("label") for name, stance in stances.items()}
    softs = row.get("soft_labels") or {name: stance.get("probabilities") for name, stance in stances.items()}
    doubts = _doubts(row.get("doubt") or {})
    for target in targets:
        if target.name in labels:
            gold = _gold(labels[target.name], f"{where}: field 'labels': {target.name}", data)
            soft = _soft(softs.get(target.name), f"{where}: soft labels: {target.name}")
            yield Judgement(target, gold, doubts.get(target.name, ()), soft)


def _pair(row: Mapping[str, Any], where: str, data: DataFile, targets: Sequence[Target]) -> Judgement:
    name = row.get("target")
    if not isinstance(name, str) or not name.strip():
        raise InputError(f"{where}: field 'target': expected a name, found {name!r}.")
    known = {target.name: target for target in targets}
    target = known.get(name) or Target(name, description=name)
    return Judgement(target, _gold(row.get("label"), f"{where}: field 'label'", data))


def _mentions(row: Mapping[str, Any], text: str, where: str, data: DataFile) -> Iterator[Judgement]:
    given = row.get("targets")
    for item in given if isinstance(given, Iterable) else ():
        start, end = item.get("from"), item.get("to")
        if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end <= len(text):
            raise InputError(f"{where}: field 'targets': expected offsets within the text, found {start!r} to {end!r}.")
        span = Span(start, end, text[start:end])
        gold = _gold(item.get("label", item.get("polarity")), f"{where}: field 'targets': {span.text}", data)
        yield Judgement(Target(span.text, description=span.text), gold, spans=(span,))


def _gold(label: Any, where: str, data: DataFile) -> tuple[Label, ...]:  # noqa: ANN401 - straight from a row
    """Read a label, through the file's label map if it has one."""
    name = str(int(label)) if isinstance(label, float) and label.is_integer() else str(label)
    known = data.labels or {label: (label,) for label in LABELS}
    if name not in known:
        raise InputError(f"{where}: unknown label {label!r}: {suggest(name, known)}.")
    return tuple(one for one in LABELS if one in known[name])


def _soft(given: Any, where: str) -> dict[Label, float] | None:  # noqa: ANN401 - straight from a row
    if not given:
        return None
    for label in given:
        if label not in LABELS:
            raise InputError(f"{where}: unknown label {label!r}: {suggest(str(label), LABELS)}.")
    shares: dict[Label, float] = {label: float(given.get(label, 0.0)) for label in LABELS}
    total = sum(shares.values())
    if min(shares.values()) < 0 or not 0.98 <= total <= 1.02:
        raise InputError(f"{where}: expected shares that sum to 1, found {total:.3f}.")
    return {label: share / total for label, share in shares.items()}


def _doubts(given: Mapping[str, Sequence[str]] | str) -> dict[str, tuple[Label, ...]]:
    """Read ``{"US": ["neutral"]}`` of annotations, or ``"US:neutral China:neutral"``."""
    doubts: dict[str, tuple[Label, ...]] = {}
    pairs = (
        _DOUBT.findall(given)
        if isinstance(given, str)
        else [(target, name) for target, names in given.items() for name in names]
    )
    for target, name in pairs:
        doubts[target] = (*doubts.get(target, ()), *(label for label in LABELS if label == name))
    return doubts
