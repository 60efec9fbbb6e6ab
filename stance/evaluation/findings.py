"""What an audit finds: figures with intervals, verdicts, and what a good value is and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from stance.errors import InputError, suggest
from stance.evaluation.figures import interval_to_dict
from stance.evaluation.intervals import Interval

__all__ = ["BOTH_PRESENT", "VERDICTS", "Audit", "Finding", "Part", "Verdict", "worst_verdict"]

Verdict = Literal["n/a", "pass", "warn", "fail"]
"""``n/a`` where there is nothing to judge by, or less than five documents."""
BOTH_PRESENT = "both present"
"""Name of the row of exchanges in paragraphs where both targets are present: they tell a reader from a mood."""
VERDICTS: tuple[Verdict, ...] = ("n/a", "pass", "warn", "fail")
"""The verdicts, from the one that says least to the worst."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of a part.

    Attributes:
        name: What it is about: a target, all judgements as one (``pooled``), or a kind of noise.
        n: Judgements that it counts.
        changed: Those of them whose text was changed; 0 where the part changes none.
        figures: Name -> figure with its 95 % interval by document; NaN where it has no value.
        verdict: What it says of the system; None where it is only shown.
        rate: Share of the words or marks that were changed, of a kind of noise; else None.
    """

    name: str
    n: int
    changed: int
    figures: Mapping[str, Interval]
    verdict: Verdict | None = None
    rate: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain JSON types; what has no value is null."""
        return {
            "name": self.name,
            **({} if self.rate is None else {"rate": self.rate}),
            "n": self.n,
            "changed": self.changed,
            "figures": {name: interval_to_dict(item) for name, item in self.figures.items()},
            "verdict": self.verdict,
        }


@dataclass(frozen=True, slots=True)
class Part:
    """One question to a system.

    Attributes:
        name: Its short name.
        question: What is asked.
        good: What a good value is, and why.
        rows: What was found.
        verdict: What it says of the system.
    """

    name: str
    question: str
    good: str
    rows: tuple[Finding, ...]
    verdict: Verdict

    def __getitem__(self, name: str) -> Finding:
        """Give the first row of a name."""
        found = next((row for row in self.rows if row.name == name), None)
        if found is None:
            known = dict.fromkeys(row.name for row in self.rows)
            raise InputError(f"The part {self.name} has no row {name!r}: {suggest(name, known)}.")
        return found

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain JSON types."""
        return {
            "question": self.question,
            "good": self.good,
            "verdict": self.verdict,
            "rows": [row.to_dict() for row in self.rows],
        }


@dataclass(frozen=True, slots=True)
class Audit:
    """What a system goes by.

    Attributes:
        targets: Names of the targets.
        paragraphs: How many it was asked about.
        available: How many there were to draw them from.
        documents: How many documents those asked about come from.
        looks_at_target: Whether it was shown to look at the target: hiding the names costs it macro-F1, and more than
            hiding other words does, and its labels go along when names are exchanged (where any can be); None if too
            few paragraphs name one.
        parts: The parts, in order.
        draws: Bootstrap draws of each interval.
        seed: Their seed, and that of the paragraphs drawn and of the noise.
    """

    targets: tuple[str, ...]
    paragraphs: int
    available: int
    documents: int
    looks_at_target: bool | None
    parts: tuple[Part, ...]
    draws: int
    seed: int

    def __getitem__(self, name: str) -> Part:
        """Give the part of a name."""
        found = next((part for part in self.parts if part.name == name), None)
        if found is None:
            raise InputError(f"The audit has no part {name!r}: {suggest(name, [part.name for part in self.parts])}.")
        return found

    @property
    def summary(self) -> str:
        """What `looks_at_target` says, in words, and what it leaves open."""
        if self.looks_at_target is None:
            return "Too few paragraphs name a target to tell whether it looks at it"
        if not self.looks_at_target:
            return "It was not shown to look at the target"
        if self["exchanged"][BOTH_PRESENT].verdict == "n/a":
            return "It looks for the target's name; whether it then goes by the mood, too few paragraphs can tell"
        return "It looks at the target"

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain JSON types; what has no value is null."""
        return {
            "targets": list(self.targets),
            "paragraphs": self.paragraphs,
            "available": self.available,
            "documents": self.documents,
            "looks_at_target": self.looks_at_target,
            "summary": self.summary,
            "parts": {part.name: part.to_dict() for part in self.parts},
            "bootstrap": {"draws": self.draws, "seed": self.seed, "level": 0.95, "cluster": "document"},
        }


def worst_verdict(verdicts: Iterable[Verdict | None]) -> Verdict:
    """Give the worst of some verdicts; ``n/a`` if there is none."""
    return max((verdict for verdict in verdicts if verdict is not None), key=VERDICTS.index, default="n/a")
