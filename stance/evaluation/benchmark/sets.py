"""Data sets of the benchmark, one TOML file each: where the rows lie, what their labels mean, what is published."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stance.errors import InputError, suggest
from stance.fitting.config import FORMS, DataFile
from stance.fitting.examples import label_groups
from stance.fitting.recipes import build_table
from stance.schema import LABELS, Label
from stance.targets import Target, resolve_targets
from stance.toml import read_toml

__all__ = ["METRICS", "SUITES", "Files", "Published", "SetDefinition", "choose_sets", "is_hub", "list_sets", "read_set"]

METRICS = ("macro_f1", "mean_macro_f1", "f_avg")
"""Official metrics: macro-F1 of all judgements as one, its mean over the targets, F_avg(favor, against) as one."""
SUITES: Mapping[str, tuple[str, ...]] = {
    "public": ("newsmtsc-rw", "newsmtsc-mt", "semeval2016", "vast"),
    "all": ("corpus", "articles", "newsmtsc-rw", "newsmtsc-mt", "semeval2016", "vast"),
}
"""Suite -> its sets; the name of a set is a suite of one."""
_FORMS = (*FORMS, "articles")
_HUB = "hub:"
_NAME = re.compile(r"\w[\w .+-]{0,79}")
"""Names of sets are names of folders and files, too."""
_FOLDER = Path(__file__).parent / "definitions"


@dataclass(frozen=True, slots=True)
class Files:
    """Where the rows lie: files, relative to the folder of the data, or ``hub:NAME@SPLIT``, ``hub:NAME:CONFIG@SPLIT``.

    Attributes:
        test: What is scored.
        train: What systems may learn from; empty if there is none.
        dev: What they may choose by.
        texts: Folder of the texts that offsets count in, of the form ``articles``.
    """

    test: str
    train: tuple[str, ...] = ()
    dev: tuple[str, ...] = ()
    texts: str = ""


@dataclass(frozen=True, slots=True)
class Published:
    """A figure that others have published; it was not run again here.

    Attributes:
        system: Name of the system.
        value: The set's official metric, in [0, 1].
        source: Where it is published.
    """

    system: str
    value: float
    source: str

    def __post_init__(self) -> None:
        if not 0 <= self.value <= 1:
            raise InputError(f"published: {self.system}: value has to lie in [0, 1], found {self.value!r}.")


@dataclass(frozen=True, slots=True)
class SetDefinition:
    """A data set.

    Attributes:
        name: Its name: letters, digits, "_", "-", ".", "+" and spaces, at most 80, the first a letter or digit.
        title: What it is, in a line.
        source: Whom to cite.
        metric: Official metric, one of `METRICS`.
        metric_name: The same in words.
        files: Where the rows lie.
        form: What a row holds: one of `stance.fitting.config.FORMS`, or ``"articles"``: ``file`` and ``blocks`` with
            ``start``, ``end``, ``id`` and ``labels``.
        licence: As it is stated.
        hub: Id of the data set on the Hugging Face hub, for reference: rows are read from where `files` says.
        labels: Label there -> label here, or several where it does not tell them apart; empty means the codebook's.
        targets: Names of built-in targets that rows are read for.
        target: Targets with names of their own. With neither the set is open: each row names its target.
        parts: Name of a part of the test rows -> field -> value that its rows have.
        part: The part that the official metric is of; empty means all.
        annotators: Two annotators of the test rows' field ``annotators``, whose agreement is the ceiling.
        ceiling: What to know of that ceiling.
        notes: What to know of the set.
        published: What others report.
    """

    name: str
    title: str
    source: str
    metric: str
    metric_name: str
    files: Files
    form: str = "auto"
    licence: str = ""
    hub: str = ""
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    target: tuple[Target, ...] = ()
    parts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    part: str = ""
    annotators: tuple[str, ...] = ()
    ceiling: str = ""
    notes: str = ""
    published: tuple[Published, ...] = ()

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise InputError(
                f"name: expected at most 80 letters, digits, '-', '_' and '.', a letter first, found {self.name!r:.90}."
            )
        if self.metric not in METRICS:
            raise InputError(f"metric: unknown metric {self.metric!r}: {suggest(self.metric, METRICS)}.")
        if self.form not in _FORMS:
            raise InputError(f"form: unknown form {self.form!r}: {suggest(self.form, _FORMS)}.")
        if self.part and self.part not in self.parts:
            raise InputError(f"part: unknown part {self.part!r}: {suggest(self.part, self.parts)}.")
        if len(self.annotators) not in (0, 2):
            raise InputError(f"annotators: expected two names or none, found {list(self.annotators)}.")
        for name in (*self.files.train, *self.files.dev, self.files.test):
            if is_hub(name) and (self.form == "articles" or not name.partition("@")[2]):
                raise InputError(f"files: expected hub:NAME@SPLIT, of a form other than 'articles', found {name!r}.")
        if self.form == "articles" and not self.files.texts:
            raise InputError("files.texts: the form 'articles' needs the folder of the texts.")
        if self.metric == "f_avg" and not {("favor",), ("against",)} <= set(self.groups):
            raise InputError("metric: f_avg needs labels that mean favor and against alone.")
        DataFile(self.files.test, labels=self.labels)  # refuses maps that make no sense

    @property
    def groups(self) -> tuple[tuple[Label, ...], ...]:
        """The labels that the set tells apart, each a group of ours; favor and against first."""
        known = label_groups(DataFile(self.files.test, labels=self.labels))
        return tuple(sorted(known, key=lambda group: [LABELS.index(label) for label in group]))

    @property
    def known_targets(self) -> tuple[Target, ...]:
        """The targets that rows are read for; none where each row names its own."""
        built_in = resolve_targets(self.targets) if self.targets else ()
        return (*built_in, *self.target)


def is_hub(file: str) -> bool:
    """Tell whether a file of a set is a split of a data set of the Hugging Face hub."""
    return file.startswith(_HUB)


def read_set(path: Path) -> SetDefinition:
    """Read the definition of a set.

    Args:
        path: The TOML file.

    Returns:
        The definition.

    Raises:
        InputError: If it cannot be read, or a field is unknown, missing, of another type or makes no sense.
    """
    values = read_toml(path, "the TOML definition of a data set")
    definition: SetDefinition = build_table(SetDefinition, values, str(path), "")
    return definition


def list_sets() -> dict[str, SetDefinition]:
    """Give the sets that are built in, by name."""
    found = (read_set(path) for path in sorted(_FOLDER.glob("*.toml")))
    return {definition.name: definition for definition in found}


def choose_sets(names: Iterable[str]) -> tuple[SetDefinition, ...]:
    """Give the sets of suites.

    Args:
        names: Suites, names of sets, or TOML files that define one.

    Returns:
        Each set once, in the order asked for.

    Raises:
        InputError: If a name is not known, a file cannot be read, or two sets share a name.
    """
    built_in = list_sets()
    chosen: dict[str, SetDefinition] = {}
    for name in names:
        if name.endswith(".toml"):
            found = [read_set(Path(name))]
        elif name in SUITES or name in built_in:
            found = [built_in[one] for one in SUITES.get(name, (name,))]
        else:
            raise InputError(f"Unknown suite or set {name!r}: {suggest(name, (*SUITES, *built_in))}.")
        for definition in found:
            if chosen.setdefault(definition.name, definition) != definition:
                raise InputError(f"Two sets have the name {definition.name!r}. Name them apart.")
    return tuple(chosen.values())
