"""Adjudication: from the labels of several annotators to one, each decision written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from stance.annotation.suggestions import is_model
from stance.annotation.units import Unit, make_units
from stance.errors import InputError
from stance.schema import LABELS, Annotation, Label

__all__ = ["ADJUDICATED", "Adjudicated", "Decision", "adjudicate", "spread_votes"]

By = Literal["majority", "rule"]
How = Literal["single", "unanimous", "majority", "rule", "third", "undecided"]

ADJUDICATED = "adjudicated"
"""Annotator of records that were settled."""
_FLAG = "reported"
"""What a decision calls the flag, where others name a target."""
_SIDES: frozenset[Label] = frozenset({"favor", "against"})


@dataclass(frozen=True, slots=True)
class Decision:
    """How a label was settled.

    Attributes:
        id: Id of the paragraph.
        target: The target, or ``reported``.
        votes: Annotator -> what was given: a label, or ``yes`` or ``no``.
        label: What was settled; None if it stays open.
        how: ``single``: one annotator only; ``unanimous``; ``majority``: more than half; ``rule``: the codebook's rule
            for what is undecidable; ``third``: another annotator decided; ``undecided``.
        third: Who the third annotator was, where one decided.
    """

    id: str
    target: str
    votes: Mapping[str, str]
    label: str | None
    how: How
    third: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Give plain JSON types."""
        return {
            "id": self.id,
            "target": self.target,
            "votes": dict(self.votes),
            "label": self.label,
            "how": self.how,
            **({"third": self.third} if self.third else {}),
        }


@dataclass(frozen=True, slots=True)
class Adjudicated:
    """Labels settled.

    Attributes:
        annotations: One record a paragraph, with what was settled, all votes, and soft labels.
        decisions: One for each paragraph and target, and for the flag.
    """

    annotations: tuple[Annotation, ...]
    decisions: tuple[Decision, ...]

    @property
    def undecided(self) -> tuple[Decision, ...]:
        """What stays open: these labels are in no record."""
        return tuple(decision for decision in self.decisions if decision.how == "undecided")


def adjudicate(
    annotations: Iterable[Annotation], *, by: By = "majority", third: Iterable[Annotation] = ()
) -> Adjudicated:
    """Settle the labels of several annotators into one record a paragraph.

    Where all agree, or more than half do, that is the label. What is left goes to the third annotator, where one
    labelled the paragraph, and else by the method: ``majority`` leaves it open; ``rule`` makes a side against
    ``neutral`` neutral, as rule 20 of the codebook says, and the flag false on a tie, and leaves open what involves
    ``absent`` or both sides: people have to look at it.

    Args:
        annotations: The records of the annotators. Records without annotator, and of models, have no vote.
        by: The method.
        third: Records of another annotator, asked only where the others do not settle it.

    Returns:
        The records, in the order of their first votes, and the decisions. Soft labels are shares of the votes, the
        third's not counted. Labels that stay open are left out of the record, never guessed.

    Raises:
        InputError: If nobody labelled, the method is unknown, a target is called ``reported``, or the third has two
            records of a paragraph.

    >>> from stance.schema import Anchor
    >>> one = Annotation("p", Anchor(), {"NATO": "favor"}, "A")
    >>> two = Annotation("p", Anchor(), {"NATO": "neutral"}, "B")
    >>> adjudicate([one, two], by="rule").annotations[0].labels
    {'NATO': 'neutral'}
    """
    if by not in ("majority", "rule"):
        raise InputError(f"Adjudicate by: expected majority or rule, found {by!r}.")
    referees = _referees(third)
    units = [unit for unit in make_units(annotations) if _voters(unit)]
    if not units:
        raise InputError("There is nothing to adjudicate: no record has an annotator and labels.")
    records, decisions = [], []
    for unit in units:
        settled = _settle(unit, by, referees.get(unit.id))
        decisions += settled
        records.append(_record(unit, settled))
    return Adjudicated(tuple(records), tuple(decisions))


def spread_votes(annotations: Iterable[Annotation]) -> list[Annotation]:
    """Give adjudicated records back as one record for each voter, so that agreement can be measured on them.

    Args:
        annotations: The records.

    Returns:
        The records; each one with votes is replaced by one a voter, with that voter's labels alone.
    """
    found: list[Annotation] = []
    for record in annotations:
        bare = replace(record, votes={}, soft_labels={}, doubt={}, comment="", confidence=None, reported=None, time="")
        votes = [replace(bare, annotator=name, labels=labels) for name, labels in record.votes.items()]
        found += votes or [record]
    return found


def _voters(unit: Unit) -> list[Annotation]:
    """Give the records that have a vote: those of people."""
    records = (record for record in unit.records if record.annotator and not is_model(record))
    return [record for record in records if record.labels or record.reported is not None]


def _referees(third: Iterable[Annotation]) -> dict[str, Annotation]:
    found: dict[str, Annotation] = {}
    for record in third:
        other = found.setdefault(record.id, record)
        if other is not record:
            raise InputError(
                f"The third annotator's file has two records of paragraph {record.id!r}, by {other.annotator!r} and "
                f"{record.annotator!r}. Give a file of one annotator."
            )
    return found


def _settle(unit: Unit, by: By, referee: Annotation | None) -> list[Decision]:
    voters = _voters(unit)
    targets = dict.fromkeys(target for record in voters for target in record.labels)
    if _FLAG in targets:
        raise InputError(f"Paragraph {unit.id!r}: target {_FLAG!r} has the name of the flag. Rename the target.")
    decisions = []
    for target in targets:
        votes: dict[str, str] = {
            record.annotator: record.labels[target] for record in voters if target in record.labels
        }
        final = referee.labels.get(target) if referee else None
        decisions.append(_decide(unit.id, target, votes, by=by, third=(referee, final)))
    flags = {record.annotator: _flag(record.reported) for record in voters if record.reported is not None}
    if flags:
        answer = _flag(referee.reported) if referee and referee.reported is not None else None
        decisions.append(_decide(unit.id, _FLAG, flags, by=by, third=(referee, answer)))
    return decisions


def _flag(value: bool | None) -> str:
    return "yes" if value else "no"


def _decide(
    paragraph: str, target: str, votes: Mapping[str, str], *, by: By, third: tuple[Annotation | None, str | None]
) -> Decision:
    (label, count), *others = Counter(votes.values()).most_common()
    if not others:
        return Decision(paragraph, target, votes, label, "unanimous" if count > 1 else "single")
    if 2 * count > len(votes):
        return Decision(paragraph, target, votes, label, "majority")
    referee, final = third
    if referee and final:
        return Decision(paragraph, target, votes, final, "third", referee.annotator)
    ruled = _rule(votes.values()) if by == "rule" else None
    return Decision(paragraph, target, votes, ruled, "rule" if ruled else "undecided")


def _rule(votes: Iterable[str]) -> str | None:
    """Settle what is undecidable between a side and neutral (rule 20), and a tie on the flag."""
    found = set(votes)
    if found <= {"yes", "no"}:
        return "no"
    sides = found & _SIDES
    return "neutral" if len(sides) == 1 and found - sides == {"neutral"} else None


def _record(unit: Unit, decisions: Sequence[Decision]) -> Annotation:
    voters = _voters(unit)
    labels: dict[str, Label] = {}
    soft: dict[str, Mapping[Label, float]] = {}
    reported: bool | None = None
    for decision in decisions:
        if decision.target == _FLAG:
            reported = None if decision.label is None else decision.label == "yes"
            continue
        counts = Counter(decision.votes.values())
        soft[decision.target] = {name: counts[name] / len(decision.votes) for name in LABELS if counts[name]}
        label = next((name for name in LABELS if name == decision.label), None)
        if label is not None:
            labels[decision.target] = label
    books = {record.codebook for record in voters}
    return Annotation(
        unit.id,
        next((record.anchor for record in unit.records if record.text), unit.records[0].anchor),
        labels,
        ADJUDICATED,
        reported=reported,
        time=max(record.time for record in voters),
        codebook=books.pop() if len(books) == 1 else "",
        soft_labels=soft,
        votes={record.annotator: dict(record.labels) for record in voters},
        source=next((record.source for record in unit.records if record.source), {}),
    )
