"""Labelled rows in the forms that data sets have, read into one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stance.errors import InputError, suggest
from stance.fitting.config import DataFile
from stance.fitting.rows import read_rows
from stance.schema import LABELS, Label, Span
from stance.targets import Target
from stance.text.rows import raise_wrong

__all__ = ["Example", "Judgement", "label_groups", "read_examples"]

_DOUBT = re.compile(r"([^\s:,]+):(\w+)")


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
    raise_wrong(wrong)
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
    name = next((str(row[key]) for key in ("id", "primary_gid") if row.get(key) is not None), where)
    return Example(name, text, judgements, data.weight, _document(row) or name)


def _document(row: Mapping[str, Any]) -> str:
    source = row.get("source")
    known = source if isinstance(source, Mapping) else {}
    found = (known.get("doc_id"), row.get("document_sha256"), row.get("document"))
    return next((str(name) for name in found if name not in (None, "")), "")


def _form(row: Mapping[str, Any], where: str) -> str:
    if row.get("labels") is not None or row.get("stances") is not None:
        return "paragraphs"
    if "target" in row and "label" in row:
        return "pairs"
    if "targets" in row:
        return "mentions"
    raise InputError(
        f"{where}: expected 'labels' {{target: label}}, 'target' and 'label', or 'targets' with mentions; "
        f"found the fields {', '.join(map(str, row))}."
    )


def _paragraph(row: Mapping[str, Any], where: str, data: DataFile, targets: Sequence[Target]) -> Iterator[Judgement]:
    stances = {name: _table(one, f"{where}: field 'stances'") for name, one in _table_of(row, "stances", where).items()}
    labels = _table_of(row, "labels", where) or {name: stance.get("label") for name, stance in stances.items()}
    softs = _table_of(row, "soft_labels", where) or {name: one.get("probabilities") for name, one in stances.items()}
    doubts = _doubts(row.get("doubt"), f"{where}: field 'doubt'")
    for target in targets:
        if labels.get(target.name) is not None:
            gold = _gold(labels[target.name], f"{where}: field 'labels': {target.name}", data)
            soft = _soft(softs.get(target.name), f"{where}: soft labels: {target.name}")
            yield Judgement(target, gold, doubts.get(target.name, ()), soft)


def _pair(row: Mapping[str, Any], where: str, data: DataFile, targets: Sequence[Target]) -> Judgement:
    name = row.get("target")
    if not isinstance(name, str) or not name.strip():
        raise InputError(f"{where}: field 'target': expected a name, found {name!r}.")
    known = {target.name: target for target in targets}
    target = known.get(name) or Target(name, description=name)
    soft = _soft(row.get("soft_labels"), f"{where}: field 'soft_labels'")
    return Judgement(target, _gold(row.get("label"), f"{where}: field 'label'", data), soft=soft)


def _table_of(row: Mapping[str, Any], field: str, where: str) -> Mapping[str, Any]:
    return {} if row.get(field) is None else _table(row[field], f"{where}: field {field!r}")


def _table(value: Any, where: str) -> Mapping[str, Any]:  # noqa: ANN401 - straight from a row
    if not isinstance(value, Mapping):
        raise InputError(f"{where}: expected an object, found {value!r}.")
    return value


def _mentions(row: Mapping[str, Any], text: str, where: str, data: DataFile) -> Iterator[Judgement]:
    given = row.get("targets")
    if not isinstance(given, list):
        raise InputError(f"{where}: field 'targets': expected a list of mentions, found {given!r}.")
    for item in given:
        mention = _table(item, f"{where}: field 'targets'")
        start, end = mention.get("from"), mention.get("to")
        if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end <= len(text):
            raise InputError(f"{where}: field 'targets': expected offsets within the text, found {start!r} to {end!r}.")
        span = Span(start, end, text[start:end])
        if not span.text.strip():
            raise InputError(f"{where}: field 'targets': expected a name at {start} to {end}, found {span.text!r:.60}.")
        gold = _gold(mention.get("label", mention.get("polarity")), f"{where}: field 'targets': {span.text}", data)
        yield Judgement(Target(span.text, description=span.text), gold, spans=(span,))


def _gold(label: Any, where: str, data: DataFile) -> tuple[Label, ...]:  # noqa: ANN401 - straight from a row
    """Read a label, through the file's label map if it has one."""
    if label is None:
        raise InputError(f"{where}: expected a label, found none.")
    name = str(int(label)) if isinstance(label, float) and label.is_integer() else str(label)
    known = data.labels or {label: (label,) for label in LABELS}
    if name not in known:
        raise InputError(f"{where}: unknown label {label!r}: {suggest(name, known)}.")
    return tuple(one for one in LABELS if one in known[name])


def _soft(given: Any, where: str) -> dict[Label, float] | None:  # noqa: ANN401 - straight from a row
    if given is None or given == {}:
        return None
    shares: dict[Label, float] = dict.fromkeys(LABELS, 0.0)
    for label, share in _table(given, where).items():
        if label not in LABELS:
            raise InputError(f"{where}: unknown label {label!r}: {suggest(str(label), LABELS)}.")
        if share is not None and (not isinstance(share, (int, float)) or not 0 <= share < 2):
            raise InputError(f"{where}: {label}: expected a share in [0, 1], found {share!r:.60}.")
        shares[label] = float(share or 0.0)
    total = sum(shares.values())
    if min(shares.values()) < 0 or not 0.98 <= total <= 1.02:
        raise InputError(f"{where}: expected shares that sum to 1, found {total:.3f}.")
    return {label: share / total for label, share in shares.items()}


def _doubts(given: Any, where: str) -> dict[str, tuple[Label, ...]]:  # noqa: ANN401 - straight from a row
    """Read ``{"US": ["neutral"]}`` of annotations, or ``"US:neutral China:neutral"``."""
    if given is None:
        return {}
    if isinstance(given, str):
        pairs = _DOUBT.findall(given)
        if len(pairs) != len(given.replace(",", " ").split()):
            raise InputError(f"{where}: expected target:label, found {given!r}.")
    else:
        table = _table(given, where).items()
        lists = [(target, names if isinstance(names, list) else [names]) for target, names in table]
        pairs = [(target, name) for target, names in lists for name in names if name is not None]
    doubts: dict[str, tuple[Label, ...]] = {}
    for target, name in pairs:
        if name not in LABELS:
            raise InputError(f"{where}: {target}: unknown label {name!r}: {suggest(str(name), LABELS)}.")
        doubts[target] = (*doubts.get(target, ()), *(label for label in LABELS if label == name))
    return doubts
