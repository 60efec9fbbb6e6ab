"""Does a system look at the target: names are hidden, left alone, exchanged, and the labels followed.

Source of the ideas: see `stance.evaluation.audits.audit`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from stance.evaluation.asking import Case
from stance.evaluation.figures import POOLED
from stance.evaluation.findings import BOTH_PRESENT, Finding, Part, Verdict, worst_verdict
from stance.evaluation.intervals import Interval
from stance.evaluation.probes import Probe, has_enough, paired_macro_f1
from stance.evaluation.variants import Exchange
from stance.schema import Label

__all__ = ["Texts", "follow_exchange", "hide_names", "leave_names"]

Places = npt.NDArray[np.int64]
Texts = Mapping[str, tuple[str, ...]]
"""Variant -> its text for each judgement."""

_LOSS = 0.25
"""Share of its macro-F1 that a system should lose with the names. Systems that were found to look away lose far less:
BERTweet 2.5 % of its own on SemEval-2016 (64.23 -> 62.63; Garg and Caragea 2024, "Stanceformer")."""
_SIDES = (0.1, 0.3)
"""Share of names that alone are given a side: up to the first passes, beyond the second fails."""
_MOVED = 0.5
"""Share of labels that should move, interval and all: then more move than do not."""


def hide_names(probe: Probe, texts: Texts) -> Part:
    """Compare macro-F1 on paragraphs as they are, with names of the target hidden, and with others.

    Args:
        probe: The judgements, and the labels of all texts.
        texts: Variants ``plain``, ``masked``, ``other words`` and ``one name left``.

    Returns:
        The part ``masked``: a row for each target, then pooled.
    """
    made = [probe.judge(texts[name]) for name in ("plain", "masked", "other words", "one name left")]
    changed = np.array([one != two for one, two in zip(texts["plain"], texts["masked"], strict=True)])

    def find(name: str, places: Places) -> Finding:
        plain, masked, others, one_left = (judgements.take(places) for judgements in made)
        lost = paired_macro_f1(plain, masked, draws=probe.draws, seed=probe.seed)
        more = paired_macro_f1(others, masked, draws=probe.draws, seed=probe.seed)
        partly = paired_macro_f1(plain, one_left, draws=probe.draws, seed=probe.seed)
        figures = {
            "plain": lost.first,
            "masked": lost.second,
            "lost": lost.difference,
            "other_words_masked": more.first,
            "lost_more": more.difference,
            "one_name_left": partly.second,
        }
        hidden = places[changed[places]]
        enough = has_enough(probe.documents[place] for place in hidden)
        return Finding(name, len(places), len(hidden), figures, _judge_masked(figures) if enough else "n/a")

    rows = tuple(find(name, places) for name, places in probe.groups())
    return Part(
        "masked",
        "Every name of the target is hidden: what do the labels lose?",
        f"Macro-F1 should fall by at least {_LOSS * 100:.0f} % of itself (pass), and by more than with as many other "
        "words hidden: with nobody named, a paragraph cannot be for or against the target. A system that goes by the "
        "mood of the text alone loses nothing (fail: an interval of lost or lost more reaches 0). "
        "With the first name left, a reader still knows who is meant, so little should be lost; this is only shown.",
        rows,
        rows[-1].verdict or "n/a",
    )


def _judge_masked(figures: Mapping[str, Interval]) -> Verdict:
    lost, more = figures["lost"], figures["lost_more"]
    if np.isnan(lost.low) or np.isnan(more.low):
        return "n/a"
    if lost.low <= 0 or more.low <= 0:
        return "fail"
    return "pass" if lost.value >= _LOSS * figures["plain"].value else "warn"


def leave_names(probe: Probe, texts: Texts) -> Part:
    """See what labels the target's names get by themselves.

    Args:
        probe: The judgements, and the labels of all texts.
        texts: The variant ``name only``, ``""`` where a paragraph names the target nowhere: such do not count.

    Returns:
        The part ``name only``: a row for each target, then pooled.
    """
    named = np.flatnonzero([bool(text) for text in texts["name only"]])

    def find(name: str, places: Places) -> Finding:
        kept = np.intersect1d(places, named)
        items = [probe.items[place] for place in kept]
        labels = [probe.answers[texts["name only"][place], probe.items[place][1].name] for place in kept]
        documents = [case.document for case, _ in items]
        right = [label == case.gold[target.name] for label, (case, target) in zip(labels, items, strict=True)]
        hits = {
            "favor": [label == "favor" for label in labels],
            "against": [label == "against" for label in labels],
            "side": [label in ("favor", "against") for label in labels],
            "right": right,
        }
        figures = {key: probe.share(found, documents) for key, found in hits.items()}
        verdict = _judge_sides(figures["side"].value) if has_enough(documents) else "n/a"
        return Finding(name, len(kept), len(kept), figures, verdict)

    rows = tuple(find(name, places) for name, places in probe.groups())
    return Part(
        "name only",
        "The paragraph is reduced to its names of the target: what does the name alone bring?",
        f"A name says nothing for or against its bearer, so few should get a side: up to {_SIDES[0] * 100:.0f} % "
        f"passes, more than {_SIDES[1] * 100:.0f} % fails. A higher share is an opinion that the system brings along; "
        "it will colour what it reads. Of the targets the worst counts.",
        rows,
        worst_verdict(row.verdict for row in rows[:-1]),
    )


def _judge_sides(share: float) -> Verdict:
    return "pass" if share <= _SIDES[0] else "fail" if share > _SIDES[1] else "warn"


def follow_exchange(probe: Probe, cases: Sequence[Case], exchanges: Sequence[Exchange]) -> Part:
    """Follow labels when names are exchanged; a judgement stands once for each other target.

    Args:
        probe: The labels of all texts.
        cases: The paragraphs.
        exchanges: What was exchanged in them.

    Returns:
        The part ``exchanged``: a row for each target, pooled, those that name both, and the system's own.
    """
    moves = list(_moves(probe, cases, exchanges))

    def find(name: str, counts: Callable[[_Moved], bool], judged: bool = True) -> Finding:
        kept = [item for item in moves if counts(item)]
        hits = {
            "sensitivity": [item.after is not None and item.after == item.should != item.before for item in kept],
            "stayed": [item.after == item.before for item in kept],
            "right_before": [item.should == item.gold for item in kept],
            "right_after": [item.after == item.gold for item in kept],
        }
        documents = [item.document for item in kept]
        figures = {key: probe.share(found, documents) for key, found in hits.items()}
        verdict = _judge_moved(figures["sensitivity"]) if has_enough(documents) else "n/a"
        return Finding(name, len(kept), len(kept), figures, verdict if judged else None)

    rows = [find(target.name, partial(_is_toward, target.name)) for target in probe.targets]
    rows += [find(POOLED, lambda item: item.differs), find(BOTH_PRESENT, lambda item: item.differs and item.present)]
    rows += [find("own labels differ", lambda item: item.before != item.should, judged=False)]
    return Part(
        "exchanged",
        "Two targets exchange names, where gold labels toward them differ: do the labels go along?",
        "Sensitivity is the share of labels that become what the system said of the other target before; what was said "
        f"of one is now said of the other. Its interval should lie above {_MOVED} (pass); below (fail), labels hang on "
        "the mood of the text or on what was learned of a name. Two rows count: pooled, and both present (neither gold "
        "label is absent), which a system that only notices who is named, and then goes by the mood, does not pass. "
        "Sensitivity cannot be 1 where the system took the two for alike before: the row on labels of its own that "
        "differ leaves these out.",
        tuple(rows),
        worst_verdict(row.verdict for row in rows[-3:]),
    )


@dataclass(frozen=True, slots=True)
class _Moved:
    """A judgement before and after its target has exchanged names with another.

    Attributes:
        target: The target's name.
        document: Document of the paragraph.
        gold: Gold label toward the other target, which is now this one's.
        differs: Whether the gold labels toward the two differ.
        present: Whether neither is absent.
        before: The label before.
        should: The label that the other target had before.
        after: The label now.
    """

    target: str
    document: str
    gold: Label
    differs: bool
    present: bool
    before: Label | None
    should: Label | None
    after: Label | None


def _is_toward(name: str, item: _Moved) -> bool:
    return item.differs and item.target == name


def _moves(probe: Probe, cases: Sequence[Case], exchanges: Sequence[Exchange]) -> Iterator[_Moved]:
    for item in exchanges:
        case = cases[item.place]
        gold = case.gold[item.one.name], case.gold[item.other.name]
        for asked, source in ((item.one.name, item.other.name), (item.other.name, item.one.name)):
            yield _Moved(
                target=asked,
                document=case.document,
                gold=case.gold[source],
                differs=gold[0] != gold[1],
                present="absent" not in gold,
                before=probe.answers[case.text, asked],
                should=probe.answers[case.text, source],
                after=probe.answers[item.text, asked],
            )


def _judge_moved(share: Interval) -> Verdict:
    return "pass" if share.low > _MOVED else "fail" if share.high < _MOVED else "warn"
