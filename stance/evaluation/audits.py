"""Auditing a system: does it look at the target, does it err more on one side, does noise break it.

A figure on a test set cannot tell a system that reads who is meant from one that reads the mood of a text: texts mostly
take one side, toward what they name. So the texts are changed in ways whose right consequence is known. Only what a
system answers counts, so any can be audited that takes texts and targets.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from stance.evaluation.asking import Case, Predict, ask, draw_cases, read_cases
from stance.evaluation.figures import Judgements
from stance.evaluation.findings import Audit, Finding, Part, Verdict, worst_verdict
from stance.evaluation.intervals import Interval
from stance.evaluation.probes import Probe, difference_of_shares, has_enough, paired_macro_f1
from stance.evaluation.records import Rows
from stance.evaluation.reliance import Texts, follow_exchange, hide_names, leave_names
from stance.evaluation.variants import (
    CHANGES,
    disturb,
    exchange_targets,
    mask_other_words,
    mask_target,
    mentions_alone,
)
from stance.schema import LABELS
from stance.targets import Target

__all__ = ["audit"]

_GAP = 0.15
"""Difference of the error rates of the two sides that fails, if chance alone does not explain it."""
_LOST = (0.05, 0.15)
"""Macro-F1 lost to noise: up to the first passes, from the second on fails, if chance alone does not explain it."""
_COMMON_RATE = 0.1
"""Noise beyond this share of the words is shown, not judged; changes of the whole text are judged."""
_FAVOR, _AGAINST = LABELS.index("favor"), LABELS.index("against")

Places = npt.NDArray[np.int64]


def audit(
    gold: Rows,
    predict: Predict,
    *,
    targets: Sequence[str | Target] | None = None,
    sample: int | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> Audit:
    """Audit a system on paragraphs with gold labels.

    Args:
        gold: Gold labels with texts: a file, or rows, as `stance.evaluation.records.read_records` takes them.
        predict: The system: takes texts and targets, gives for each text its labels {target name: label}, None where it
            failed, or a `stance.schema.Prediction`. A label must not depend on the other texts.
        targets: Targets to audit, names or `Target` objects; None means all that have gold labels.
        sample: Most paragraphs to ask about, drawn document by document; None means all. Each is asked about some 30
            times.
        draws: How often documents are drawn for the intervals.
        seed: Seed of these draws, of the paragraphs and of the noise.

    Returns:
        The audit. Its parts are ``masked``, ``name only``, ``exchanged``, ``parity`` and ``robustness``; the order of
        the gold rows makes no difference.

    Raises:
        InputError: If the gold rows cannot be used, or the system's answers are no labels or not one a text.
        UnknownTargetError: If a target's name must be a slip of a built-in one.

    Source: hidden targets: Kaushal et al. 2021, "tWT-WT: A Dataset to Assert the Role of Target Entities for Detecting
    Stance of Tweets"; names alone: Poliak et al. 2018, "Hypothesis Only Baselines in Natural Language Inference";
    exchanged names: Kaushik et al. 2020, "Learning the Difference that Makes a Difference with
    Counterfactually-Augmented Data", and Prabhakaran et al. 2019, "Perturbation Sensitivity Analysis to Detect
    Unintended Model Biases"; parity: Hardt et al. 2016, "Equality of Opportunity in Supervised Learning"; noise:
    Belinkov and Bisk 2018, "Synthetic and Natural Noise Both Break Neural Machine Translation".
    """
    everything, wanted = read_cases(gold, targets)
    cases = draw_cases(everything, sample, seed=seed)
    wanted = tuple(target for target in wanted if any(target.name in case.gold for case in cases))
    items = tuple((case, target) for case in cases for target in wanted if target.name in case.gold)
    texts = _vary(items, seed)
    exchanges = [item for item in exchange_targets([case.text for case in cases], wanted) if item.changed]
    exchanges = [item for item in exchanges if {item.one.name, item.other.name} <= cases[item.place].gold.keys()]
    questions = [
        (text, (target,)) for own in texts.values() for text, (_, target) in zip(own, items, strict=True) if text
    ]
    answers = ask(predict, [*questions, *((item.text, (item.one, item.other)) for item in exchanges)])
    probe = Probe(items, wanted, answers, draws, seed)
    masked, exchanged = hide_names(probe, texts), follow_exchange(probe, cases, exchanges)
    return Audit(
        targets=tuple(target.name for target in wanted),
        paragraphs=len(cases),
        available=len(everything),
        documents=len({case.document for case in cases}),
        looks_at_target=_looks(masked, exchanged),
        parts=(masked, leave_names(probe, texts), exchanged, _parity(probe), _robustness(probe, texts)),
        draws=draws,
        seed=seed,
    )


def _vary(items: Sequence[tuple[Case, Target]], seed: int) -> Texts:
    """Make the variants of each judgement's text; ``""`` where there is nothing to ask about."""
    texts = {case.text for case, _ in items}
    noisy = {
        _noise(kind, rate): {text: disturb(text, kind, rate, seed=seed) for text in texts}
        for kind, rates in CHANGES.items()
        for rate in rates
    }
    return {
        "plain": tuple(case.text for case, _ in items),
        "masked": tuple(mask_target(case.text, target) for case, target in items),
        "one name left": tuple(mask_target(case.text, target, spare_first=True) for case, target in items),
        "other words": tuple(mask_other_words(case.text, target, seed=seed) for case, target in items),
        "name only": tuple(mentions_alone(case.text, target) for case, target in items),
        **{name: tuple(made[case.text] for case, _ in items) for name, made in noisy.items()},
    }


def _noise(kind: str, rate: float) -> str:
    return f"{kind} {rate:g}"


def _looks(masked: Part, exchanged: Part) -> bool | None:
    """Tell whether a system was shown to look at the target; None where nothing can show it."""
    if masked.verdict == "n/a":
        return None
    return masked.verdict != "fail" and exchanged.verdict != "fail"


# --- does it err more on one side, does noise break it ----------------------------------------------------------------


def _parity(probe: Probe) -> Part:
    judgements = probe.judge(probe.plain)
    sided = np.flatnonzero(np.isin(judgements.gold, (_FAVOR, _AGAINST)))

    def find(name: str, places: Places) -> Finding:
        kept = np.intersect1d(places, sided)
        wrong, favor = ~judgements.right[kept], judgements.gold[kept] == _FAVOR
        documents = np.array([judgements.documents[place] for place in kept])
        gap = difference_of_shares(wrong, favor, documents.tolist(), draws=probe.draws, seed=probe.seed)
        figures = {
            "errors_favor": probe.share(wrong[favor], documents[favor].tolist()),
            "errors_against": probe.share(wrong[~favor], documents[~favor].tolist()),
            "gap": gap,
        }
        enough = has_enough(documents[favor]) and has_enough(documents[~favor])
        return Finding(name, len(kept), 0, figures, _judge_gap(gap) if enough else "n/a")

    rows = tuple(find(name, places) for name, places in probe.groups())
    return Part(
        "parity",
        "Is it wrong more often on paragraphs for the target, or on those against it?",
        "The error rates should be alike (pass: the interval of their gap reaches 0), or counts of labels lean to the "
        f"side that is found better. A gap that chance does not explain warns, from {_GAP} on fails. Of the targets "
        "the worst counts; with few paragraphs of a side a pass says little: see the interval.",
        rows,
        worst_verdict(row.verdict for row in rows[:-1]),
    )


def _judge_gap(gap: Interval) -> Verdict:
    if np.isnan(gap.low):
        return "n/a"
    if gap.low <= 0 <= gap.high:
        return "pass"
    return "fail" if abs(gap.value) >= _GAP else "warn"


def _robustness(probe: Probe, texts: Texts) -> Part:
    plain, size = probe.judge(texts["plain"]), len(probe.items)
    first = paired_macro_f1(plain, plain, draws=probe.draws, seed=probe.seed)
    rows = [Finding("plain", size, 0, {"macro_f1": first.first, "lost": first.difference}, None, 0.0)]
    for kind, rate in ((kind, rate) for kind, rates in CHANGES.items() for rate in rates):
        made = texts[_noise(kind, rate)]
        rows.append(_disturbed(probe, kind, rate, plain, made))
    return Part(
        "robustness",
        "Noise at several rates: how fast do the labels get worse?",
        "People read through such noise, so little should be lost where it is common: up to "
        f"{_LOST[0]} of macro-F1 passes, {_LOST[1]} or more fails, if chance does not explain it. Judged are rates up "
        f"to {_COMMON_RATE} and changes of the whole text; higher rates show where the system breaks. Names are not "
        "spared.",
        tuple(rows),
        worst_verdict(row.verdict for row in rows),
    )


def _disturbed(probe: Probe, kind: str, rate: float, plain: Judgements, made: tuple[str, ...]) -> Finding:
    found = paired_macro_f1(plain, probe.judge(made), draws=probe.draws, seed=probe.seed)
    changed = sum(one != two for one, two in zip(probe.plain, made, strict=True))
    judged = rate <= _COMMON_RATE or rate == 1
    verdict = _judge_lost(found.difference) if has_enough(probe.documents) else "n/a"
    figures = {"macro_f1": found.second, "lost": found.difference}
    return Finding(kind, len(made), changed, figures, verdict if judged else None, rate)


def _judge_lost(lost: Interval) -> Verdict:
    if np.isnan(lost.low):
        return "n/a"
    if lost.low <= 0 or lost.value <= _LOST[0]:
        return "pass"
    return "fail" if lost.value >= _LOST[1] else "warn"
