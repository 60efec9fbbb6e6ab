"""What audits count: a system's labels on changed texts, and differences of its figures, with intervals by document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.evaluation.asking import Answers, Case
from stance.evaluation.figures import POOLED, Judgements, tally
from stance.evaluation.intervals import Interval, draw_documents, enclose, number_documents
from stance.evaluation.metrics import keep_labels, macro_f1
from stance.schema import LABELS
from stance.targets import Target

__all__ = ["Paired", "Probe", "difference_of_shares", "has_enough", "paired_macro_f1", "share_by_document"]

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
_FEWEST_DOCUMENTS = 5
"""Documents that a verdict needs: draws of fewer are too much alike for their interval to mean anything."""
_NONE = Interval(np.nan, np.nan, np.nan)


@dataclass(frozen=True, slots=True)
class Probe:
    """What a system was asked, and what it said.

    Attributes:
        items: The judgements: a paragraph and a target that it has a gold label toward.
        targets: The targets.
        answers: The system's labels, of all texts that it was asked about.
        draws: How often documents are drawn for the intervals.
        seed: Seed of the draws.
    """

    items: tuple[tuple[Case, Target], ...]
    targets: tuple[Target, ...]
    answers: Answers
    draws: int
    seed: int

    @property
    def documents(self) -> tuple[str, ...]:
        """The document of each judgement."""
        return tuple(case.document for case, _ in self.items)

    @property
    def plain(self) -> tuple[str, ...]:
        """The text of each judgement, as it is."""
        return tuple(case.text for case, _ in self.items)

    def judge(self, texts: Sequence[str]) -> Judgements:
        """Give what the system said of other texts in the place of the paragraphs, one a judgement."""
        number = {target.name: place for place, target in enumerate(self.targets)}
        labels = [self.answers[text, target.name] for text, (_, target) in zip(texts, self.items, strict=True)]
        return Judgements(
            targets=tuple(number),
            target=np.array([number[target.name] for _, target in self.items]),
            gold=np.array([LABELS.index(case.gold[target.name]) for case, target in self.items]),
            predicted=np.array([len(LABELS) if label is None else LABELS.index(label) for label in labels]),
            documents=self.documents,
        )

    def groups(self) -> Iterator[tuple[str, npt.NDArray[np.int64]]]:
        """Give the places of the judgements toward each target, and then those of all."""
        for target in self.targets:
            places = [place for place, (_, own) in enumerate(self.items) if own.name == target.name]
            yield target.name, np.array(places, dtype=np.int64)
        yield POOLED, np.arange(len(self.items))

    def share(self, hits: Sequence[bool] | Mask, documents: Sequence[str]) -> Interval:
        """Give a share with this audit's draws."""
        return share_by_document(hits, documents, draws=self.draws, seed=self.seed)


@dataclass(frozen=True, slots=True)
class Paired:
    """A figure of two systems, or of one on two texts, on the same judgements.

    Attributes:
        first: The one's figure.
        second: The other's.
        difference: The first less the second.
    """

    first: Interval
    second: Interval
    difference: Interval


def has_enough(documents: Iterable[str]) -> bool:
    """Tell whether items come from enough documents for a verdict."""
    return len(set(documents)) >= _FEWEST_DOCUMENTS


def paired_macro_f1(first: Judgements, second: Judgements, *, draws: int = 1000, seed: int = 0) -> Paired:
    """Compare the macro-F1 of all judgements as one, on the same draws of documents.

    Args:
        first: What was said of some paragraphs.
        second: What was said of the same, in the same order.
        draws: How often documents are drawn.
        seed: Seed of the draws.

    Returns:
        Both figures and their difference, in [-1, 1]. Draws that lack a gold label are left out: a mean over fewer
        labels is another figure.

    Source: Davison and Hinkley 1997, "Bootstrap Methods and their Application", section 3.8 (clusters drawn whole).
    """
    one, other = (tally(judgements.join_targets()) for judgements in (first, second))
    whole = one.counts.sum((0, 1))
    values = [float(macro_f1(whole)), float(macro_f1(other.counts.sum((0, 1))))]
    drawn = []
    for often in draw_documents(len(one.counts), draws=draws, seed=seed):
        both = [added.draw(often).counts[:, 0] for added in (one, other)]
        drawn.append(np.stack([keep_labels(macro_f1(counts), counts, whole) for counts in both], axis=-1))
    spread = np.concatenate(drawn)
    return Paired(
        enclose(values[0], spread[:, 0]),
        enclose(values[1], spread[:, 1]),
        enclose(values[0] - values[1], spread[:, 0] - spread[:, 1]),
    )


def share_by_document(
    hits: Sequence[bool] | Mask, documents: Sequence[str], *, draws: int = 1000, seed: int = 0
) -> Interval:
    """Give the share of some items that are hits.

    Args:
        hits: Whether each item is one.
        documents: The document of each.
        draws: How often documents are drawn.
        seed: Seed of the draws.

    Returns:
        The share in [0, 1]; NaN without items.
    """
    if not len(hits):
        return _NONE
    return _enclosed(_sums([np.asarray(hits), np.ones(len(hits))], documents), _ratio, draws=draws, seed=seed)


def difference_of_shares(
    hits: Sequence[bool] | Mask, first: Mask, documents: Sequence[str], *, draws: int = 1000, seed: int = 0
) -> Interval:
    """Give the share of hits among some items less that among the others.

    Args:
        hits: Whether each item is a hit.
        first: Whether it is one of those that come first.
        documents: The document of each item.
        draws: How often documents are drawn.
        seed: Seed of the draws.

    Returns:
        The difference in [-1, 1]; NaN if there are no items on one of the sides.
    """
    if first.all() or not first.any():
        return _NONE
    given = np.asarray(hits)
    table = _sums([first & given, first, ~first & given, ~first], documents)
    return _enclosed(table, lambda sums: _ratio(sums[:, :2]) - _ratio(sums[:, 2:]), draws=draws, seed=seed)


def _sums(columns: Sequence[npt.NDArray[Any]], documents: Sequence[str]) -> Floats:
    """Add columns up by document: shape (documents, columns)."""
    number = number_documents(documents)
    return np.stack([np.bincount(number, weights=column) for column in columns], axis=-1)


def _ratio(sums: Floats) -> Floats:
    """Divide the first of two columns by the second, NaN where that is 0."""
    share: Floats = np.full(len(sums), np.nan)
    return np.divide(sums[:, 0], sums[:, 1], out=share, where=sums[:, 1] > 0)


def _enclosed(table: Floats, measure: Callable[[Floats], Floats], *, draws: int, seed: int) -> Interval:
    drawn = [measure(often @ table) for often in draw_documents(len(table), draws=draws, seed=seed)]
    return enclose(float(measure(table.sum(0, keepdims=True))[0]), np.concatenate(drawn))
