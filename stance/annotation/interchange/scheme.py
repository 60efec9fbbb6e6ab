"""What annotators are asked in a tool: the targets, the labels, the guideline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stance.annotation.codebook import Codebook, CodebookTarget
from stance.annotation.guideline import to_instructions
from stance.errors import InputError, suggest
from stance.schema import LABELS, Annotation, Label

__all__ = ["REPORTED", "Scheme", "Term", "join_labels", "make_scheme", "split_labels"]

REPORTED = "reported"
_YES_NO = {True: "yes", False: "no"}


@dataclass(frozen=True, slots=True)
class Term:
    """A target or a label, and what annotators read of it.

    Attributes:
        name: The name.
        text: What counts as the target, or what the label means; may be empty.
    """

    name: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Scheme:
    """What annotators are asked.

    Attributes:
        targets: The targets, in the order shown.
        labels: The labels, in the order shown.
        instructions: The guideline, as HTML; may be empty.
        codebook: Version of the codebook, noted on what is labelled; may be empty.

    Raises:
        InputError: If there is no target, a name is empty or stands twice, or a label is none of stance's.
    """

    targets: tuple[Term, ...]
    labels: tuple[Term, ...] = tuple(Term(label) for label in LABELS)
    instructions: str = ""
    codebook: str = ""

    def __post_init__(self) -> None:
        for kind, terms in (("target", self.targets), ("label", self.labels)):
            names = [term.name for term in terms]
            if not names or not all(name.strip() for name in names):
                raise InputError(
                    f"The scheme has no {kind}, or one without a name. Give at least one {kind} and name each."
                )
            double = next((name for name in names if names.count(name) > 1), None)
            if double is not None:
                raise InputError(f"The scheme has the {kind} {double!r} twice. Name each {kind} once.")
        for label in self.labels:
            if label.name not in LABELS:
                raise InputError(f"Unknown label {label.name!r} in the scheme: {suggest(label.name, LABELS)}.")

    @property
    def target_names(self) -> tuple[str, ...]:
        """Names of the targets."""
        return tuple(target.name for target in self.targets)

    @property
    def label_names(self) -> tuple[str, ...]:
        """Names of the labels."""
        return tuple(label.name for label in self.labels)

    @property
    def joined_names(self) -> tuple[str, ...]:
        """One name for each target and label (``NATO:favor``), and for whether speech is reported."""
        pairs = [f"{target}:{label}" for target in self.target_names for label in self.label_names]
        return (*pairs, *(f"{REPORTED}:{word}" for word in _YES_NO.values()))


def make_scheme(codebook: Codebook, targets: Sequence[str] | None = None) -> Scheme:
    """Make what annotators are asked of the codebook.

    Args:
        codebook: The codebook.
        targets: Names of the targets to ask for; None means all of the codebook.

    Returns:
        The scheme, its definitions and guideline those of the codebook.

    Raises:
        InputError: If the codebook has no target of a name.
        MissingExtraError: If the packages of ``stance-kit[annotate]`` are not installed.

    >>> from stance.annotation.codebook import read_codebook
    >>> make_scheme(read_codebook(), ["China"]).target_names
    ('China',)
    """
    known = {target.name: target for target in codebook.targets}
    asked = codebook.target_names if targets is None else targets
    unknown = next((name for name in asked if name not in known), None)
    if unknown is not None:
        raise InputError(f"The codebook has no target {unknown!r}: {suggest(unknown, known)}.")
    return Scheme(
        tuple(Term(name, _definition(known[name])) for name in asked),
        tuple(Term(label.name, label.text) for label in codebook.labels),
        to_instructions(codebook),
        codebook.version,
    )


def _definition(target: CodebookTarget) -> str:
    return f"{target.counts} Not by itself: {target.counts_not}" if target.counts_not else target.counts


def join_labels(annotation: Annotation, scheme: Scheme) -> list[str]:
    """Give an annotation as names in one set of labels.

    Args:
        annotation: The annotation; its targets are the scheme's.
        scheme: The scheme.

    Returns:
        ``NATO:favor`` and the like, in the order of the scheme; last ``reported:yes`` or ``reported:no``.

    >>> from stance.schema import Anchor
    >>> join_labels(Annotation("p", Anchor(), {"NATO": "favor"}, "A", reported=True), Scheme((Term("NATO"),)))
    ['NATO:favor', 'reported:yes']
    """
    names = [f"{target}:{annotation.labels[target]}" for target in scheme.target_names if target in annotation.labels]
    return names if annotation.reported is None else [*names, f"{REPORTED}:{_YES_NO[annotation.reported]}"]


def split_labels(names: object, scheme: Scheme, where: str) -> dict[str, object]:
    """Read names of one set of labels.

    Args:
        names: What the tool wrote: a list of names as `join_labels` makes them.
        scheme: The scheme.
        where: Record and field, for messages.

    Returns:
        The fields ``labels`` and ``reported``, where they are given.

    Raises:
        InputError: If it is no list of names, a name is unknown, or a target has two labels.
    """
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputError(f"{where}: expected a list of label names, found {names!r:.60}.")
    labels: dict[str, Label] = {}
    told: dict[str, str] = {}
    for name in dict.fromkeys(names):
        if name not in scheme.joined_names:
            raise InputError(f"{where}: unknown label {name!r}: {suggest(name, scheme.joined_names)}.")
        target, _, label = name.rpartition(":")
        if target in scheme.target_names and label in scheme.label_names:
            set_label(labels, target, label, where)
        elif told.setdefault(target, label) != label:
            raise InputError(f"{where}: both 'reported:yes' and 'reported:no' are given. Keep one.")
    row: dict[str, object] = {"labels": labels} if labels else {}
    for word in told.values():
        row[REPORTED] = word == _YES_NO[True]
    return row


def set_label(labels: dict[str, Label], target: str, label: str, where: str) -> None:
    """Note a label toward a target; two for one target are an error."""
    known: Mapping[str, Label] = {name: name for name in LABELS}
    if labels.setdefault(target, known[label]) != label:
        raise InputError(f"{where}: two labels for target {target!r}: {labels[target]!r} and {label!r}. Keep one.")
