"""The codebook: what annotators follow, read from one file that also gives the targets, the tools and the tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stance.annotation.validation import check_value
from stance.errors import InputError, suggest
from stance.schema import LABELS, Label
from stance.targets import Target, find_codebook
from stance.toml import read_toml

__all__ = [
    "Breach",
    "Codebook",
    "CodebookTarget",
    "Example",
    "Flag",
    "Rule",
    "Section",
    "compare_examples",
    "read_codebook",
]


@dataclass(frozen=True, slots=True)
class Section:
    """A named passage: a case of whose voice counts, or the definition of a label.

    Attributes:
        name: Its name.
        text: What it says.
    """

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule for close cases.

    Attributes:
        number: Its number, by which examples name it.
        name: Its name; may be empty.
        text: What it says.
    """

    number: int
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Flag:
    """A yes-no question asked beside the labels.

    Attributes:
        name: Its name.
        definition: When it is true.
    """

    name: str
    definition: str


@dataclass(frozen=True, slots=True)
class CodebookTarget:
    """A target as the codebook defines it.

    Attributes:
        target: Name, description, aliases and phrases that are none.
        counts: What counts as the target.
        counts_not: What does not count by itself.
    """

    target: Target
    counts: str
    counts_not: str

    @property
    def name(self) -> str:
        """Name of the target."""
        return self.target.name


@dataclass(frozen=True, slots=True)
class Example:
    """A paragraph labelled after the codebook.

    Attributes:
        id: Its id.
        text: The paragraph.
        labels: Target -> label, every target of the codebook.
        reported: The flag.
        rules: Numbers of the rules that it shows.
        note: Why it is labelled so.
    """

    id: str
    text: str
    labels: Mapping[str, Label]
    reported: bool
    rules: tuple[int, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Codebook:
    """What annotators follow.

    Attributes:
        version: Version, noted on every annotation.
        title: Title.
        intro: One sentence on what is labelled.
        unit: What a unit is.
        voice: Whose stance counts.
        cases: Cases of it.
        presence: When a target is present.
        targets: The targets.
        labels: The labels and their definitions, in the order of `stance.LABELS`.
        rules: The rules for close cases.
        flag: The flag beside the labels.
        examples: Labelled paragraphs.
    """

    version: str
    title: str
    intro: str
    unit: str
    voice: str
    cases: tuple[Section, ...]
    presence: str
    targets: tuple[CodebookTarget, ...]
    labels: tuple[Section, ...]
    rules: tuple[Rule, ...]
    flag: Flag
    examples: tuple[Example, ...]

    @property
    def target_names(self) -> tuple[str, ...]:
        """Names of the targets."""
        return tuple(target.name for target in self.targets)


@dataclass(frozen=True, slots=True)
class Breach:
    """An example that a model labels otherwise than the codebook.

    Attributes:
        example: The example.
        target: The target.
        found: The model's label.
        probability: The model's probability of its label, in [0, 1].
    """

    example: Example
    target: str
    found: Label
    probability: float

    def to_dict(self) -> dict[str, Any]:
        """Give plain JSON types."""
        return {
            "id": self.example.id,
            "rules": list(self.example.rules),
            "target": self.target,
            "expected": self.example.labels[self.target],
            "found": self.found,
            "probability": round(self.probability, 4),
            "note": self.example.note,
        }


def read_codebook(path: str | Path | None = None) -> Codebook:
    """Read a codebook (`stance.annotation.validation.load_schema` gives its schema).

    Args:
        path: The TOML file; None means the project's own.

    Returns:
        The codebook.

    Raises:
        InputError: If the file cannot be read, does not follow the schema, or contradicts itself: labels that are none
            of stance's, a name, number or id that stands twice, an example without a target's label or with a rule
            that is not there.
        MissingExtraError: If the packages of ``stance-kit[annotate]`` are not installed.

    >>> book = read_codebook()
    >>> book.version, book.target_names, len(book.rules)
    ('1.3', ('NATO', 'US', 'China'), 20)
    """
    name = str(path or find_codebook())
    tables = read_toml(name, "TOML of a codebook")
    check_value(tables, "codebook", name)
    _check_labels(tables, name)
    for key, field in (("target", "name"), ("rule", "number"), ("example", "id")):
        double = next((value for value, n in Counter(row[field] for row in tables[key]).items() if n > 1), None)
        if double is not None:
            raise InputError(f"{name}: two [[{key}]] tables have the {field} {double!r}. Give each its own.")
    _check_examples(tables, name)
    return _make(tables)


def _check_labels(tables: Mapping[str, Any], where: str) -> None:
    names = [row["name"] for row in tables["label"]]
    if sorted(names) != sorted(LABELS):
        raise InputError(
            f"{where}: expected one [[label]] each of {', '.join(LABELS)}; found {', '.join(names)}. "
            "Definitions are yours to change, names are not."
        )


def _check_examples(tables: Mapping[str, Any], where: str) -> None:
    targets = [row["name"] for row in tables["target"]]
    numbers = {row["number"] for row in tables["rule"]}
    for row in tables["example"]:
        at = f"{where}: example {row['id']!r}"
        for target in row["labels"]:
            if target not in targets:
                raise InputError(f"{at}: unknown target {target!r}: {suggest(target, targets)}.")
        missing = [target for target in targets if target not in row["labels"]]
        if missing:
            raise InputError(f"{at}: no label for {missing[0]!r}. Label every target.")
        unknown = next((number for number in row.get("rules", ()) if number not in numbers), None)
        if unknown is not None:
            raise InputError(f"{at}: rule {unknown} is not there. Name rules by the number of a [[rule]].")


def _make(tables: Mapping[str, Any]) -> Codebook:
    labels = {row["name"]: Section(row["name"], row["definition"]) for row in tables["label"]}
    return Codebook(
        version=tables["version"],
        title=tables["title"],
        intro=tables.get("intro", ""),
        unit=tables["unit"]["text"],
        voice=tables["voice"]["text"],
        cases=tuple(Section(row["name"], row["text"]) for row in tables["voice"].get("case", ())),
        presence=tables["presence"]["text"],
        targets=tuple(map(_make_target, tables["target"])),
        labels=tuple(labels[name] for name in LABELS),
        rules=tuple(Rule(row["number"], row.get("name", ""), row["text"]) for row in tables["rule"]),
        flag=Flag(tables["flag"]["name"], tables["flag"]["definition"]),
        examples=tuple(_make_example(row) for row in tables["example"]),
    )


def _make_target(row: Mapping[str, Any]) -> CodebookTarget:
    target = Target(row["name"], tuple(row["aliases"]), row.get("description", ""), tuple(row.get("exclude", ())))
    return CodebookTarget(target, row["counts"], row.get("counts_not", ""))


def _make_example(row: Mapping[str, Any]) -> Example:
    rules = tuple(row.get("rules", ()))
    return Example(row["id"], row["text"], row["labels"], row["reported"], rules, row.get("note", ""))


def compare_examples(
    codebook: Codebook, probabilities: Iterable[Mapping[str, Mapping[Label, float]]]
) -> tuple[Breach, ...]:
    """Tell which examples a model labels otherwise than the codebook.

    Args:
        codebook: The codebook.
        probabilities: For each example, in order: target -> label -> probability in [0, 1].

    Returns:
        The breaches, in the order of the codebook.
    """
    breaches = []
    for example, found in zip(codebook.examples, probabilities, strict=True):
        for target, shares in found.items():
            label = max(LABELS, key=lambda name: shares[name])
            if label != example.labels[target]:
                breaches.append(Breach(example, target, label, shares[label]))
    return tuple(breaches)
