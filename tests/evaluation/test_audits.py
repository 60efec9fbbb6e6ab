"""Audits: systems with a fault that was planted are caught by the part that is about it, and a sound one is not."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from itertools import permutations, product
from typing import Any

import pytest

from stance.errors import InputError, UnknownTargetError
from stance.evaluation.asking import Predict, ask, draw_cases, read_cases
from stance.evaluation.audits import audit
from stance.evaluation.findings import Audit
from stance.evaluation.variants import CHANGES, MASK
from stance.schema import LABELS, Label, Prediction, Stance
from stance.targets import Target, builtin_targets, find_mentions

NATO = builtin_targets()[0]
TEXT = "NATO and its allies met in Paris; the Alliance praised Washington."
Answer = list[dict[str, Label | None]]

PRAISE = ("keeps the peace and deserves praise", "helped the victims and earns our thanks", "has been generous to us")
BLAME = ("bullies its neighbours", "broke every promise and spreads hatred", "is a reckless warmonger")
TALK = ("will send a delegation in March", "published its figures for the spring", "opened an office by the harbour")
NAMES = {"NATO": "NATO", "US": "America", "China": "China"}
_FAVOR = re.compile(r"peace|praise|helped|thanks|generous")
_AGAINST = re.compile(r"bullies|broke|hatred|reckless|warmonger")
_SENTENCE = re.compile(r"[^.]+\.?")


def gold_rows() -> list[dict[str, Any]]:
    """Give paragraphs about one target, about two on which they differ, and about none; two to a document."""
    rows: list[tuple[str, dict[str, str]]] = []
    for target, name in NAMES.items():
        for label, ways in (("favor", PRAISE), ("against", BLAME), ("neutral", TALK)):
            rows += [(f"{name} {said}.", {target: label}) for said in ways]
    for one, other in permutations(NAMES, 2):
        for good, bad in zip(PRAISE, BLAME, strict=True):
            text = f"{NAMES[one]} {good}. {NAMES[other]} {bad}."
            rows.append((text, {one: "favor", other: "against"}))
    for place in ("South", "North", "valley", "delta"):
        rows.append((f"The harvest in the {place} was large.", {}))
    return [
        {
            "id": f"p{number}",
            "text": text,
            "labels": dict.fromkeys(NAMES, "absent") | labels,
            "source": {"doc_id": f"d{number // 2}"},
        }
        for number, (text, labels) in enumerate(rows)
    ]


def mood(text: str) -> Label:
    """Give what the cue words say."""
    favor, against = (len(cues.findall(text.lower())) for cues in (_FAVOR, _AGAINST))
    return "favor" if favor > against else "against" if against > favor else "neutral"


def attentive(texts: Sequence[str], targets: Sequence[Target]) -> Answer:
    """Read the cue words of the sentences that name the target."""
    return [{target.name: _attend(text, target) for target in targets} for text in texts]


def _attend(text: str, target: Target) -> Label:
    own = [sentence for sentence in _SENTENCE.findall(text) if find_mentions(sentence.strip(), target)]
    return mood(" ".join(own)) if own else "absent"


def blind(texts: Sequence[str], targets: Sequence[Target]) -> Answer:
    """Read the cue words of the whole text, whatever the target."""
    return [dict.fromkeys((target.name for target in targets), mood(text)) for text in texts]


def gated(texts: Sequence[str], targets: Sequence[Target]) -> Answer:
    """See who is named, and give them all the mood of the whole text."""
    return [
        {target.name: mood(text) if find_mentions(text, target) else "absent" for target in targets} for text in texts
    ]


def one_sided(texts: Sequence[str], targets: Sequence[Target]) -> Answer:
    """Take most blame for neutral."""
    rows = attentive(texts, targets)
    return [
        {name: "neutral" if label == "against" and "hatred" not in text else label for name, label in row.items()}
        for text, row in zip(texts, rows, strict=True)
    ]


def opinionated(texts: Sequence[str], targets: Sequence[Target]) -> Answer:
    """Read as the attentive one, but hold NATO dear where nothing is said of it."""
    rows = attentive(texts, targets)
    return [
        {name: "favor" if name == "NATO" and label == "neutral" else label for name, label in row.items()}
        for row in rows
    ]


def brittle(texts: Sequence[str], targets: Sequence[Target]) -> Answer:
    """Read nothing in capitals."""
    rows = attentive(texts, targets)
    return [dict.fromkeys(row, "absent") if text.isupper() else row for text, row in zip(texts, rows, strict=True)]


def run(predict: Predict, **options: Any) -> Audit:
    return audit(gold_rows(), predict, **({"draws": 200} | options))


@pytest.fixture(scope="module")
def sound() -> Audit:
    return run(attentive)


def test_a_system_that_looks_at_the_target_passes(sound: Audit) -> None:
    assert sound.looks_at_target is True and sound.summary == "It looks at the target"
    verdicts = {part.name: part.verdict for part in sound.parts}
    assert {verdicts.pop("masked"), verdicts.pop("name only"), verdicts.pop("exchanged"), verdicts.pop("parity")} == {
        "pass"
    }
    masked = sound["masked"]["pooled"]
    assert masked.figures["plain"].value == 1 and masked.figures["lost"].low > 0.7
    # all are called absent where all names are hidden: 84 of 147 are, so F1 is 2 * 84 / (84 + 147), and 0 of the others
    assert masked.figures["masked"].value == pytest.approx(2 * 84 / (84 + 147) / 4)
    assert (masked.n, masked.changed) == (147, 63)
    assert masked.figures["one_name_left"].value == 1
    assert sound["exchanged"]["both present"].n == 36
    assert sound["exchanged"]["both present"].figures["sensitivity"].value == 1


def test_a_system_that_does_not_look_at_the_target_is_caught() -> None:
    found = run(blind)
    assert found.looks_at_target is False
    assert found["masked"].verdict == found["exchanged"].verdict == "fail"
    assert found["masked"]["pooled"].figures["lost"].value == 0
    assert found["exchanged"]["pooled"].figures["sensitivity"].value == 0
    assert found["exchanged"]["pooled"].figures["stayed"].value == 1


def test_a_system_that_sees_who_is_named_and_goes_by_the_mood_is_caught() -> None:
    found = run(gated)
    assert found["masked"].verdict == "pass"  # it needs the name to see that somebody is there
    assert found["exchanged"]["pooled"].verdict == "pass"
    assert found["exchanged"]["both present"].verdict == found["exchanged"].verdict == "fail"
    assert found.looks_at_target is False


def test_a_system_that_breaks_at_any_hidden_word_does_not_pass_for_one_that_looks() -> None:
    def shy(texts: Sequence[str], targets: Sequence[Target]) -> list[dict[str, Any]]:
        rows = blind(texts, targets)
        return [dict.fromkeys(row, "absent") if MASK in text else row for text, row in zip(texts, rows, strict=True)]

    masked = run(shy)["masked"]["pooled"]
    assert masked.figures["lost"].low > 0 and masked.verdict == "fail"
    assert masked.figures["lost_more"].value == 0


def test_a_system_that_misses_one_side_fails_parity() -> None:
    found = run(one_sided)
    assert found.looks_at_target and found["parity"].verdict == "fail"
    gap = found["parity"]["NATO"].figures
    # of nine paragraphs against NATO six hold no hatred
    assert gap["errors_favor"].value == 0 and gap["errors_against"].value == pytest.approx(6 / 9)
    assert gap["gap"].value == pytest.approx(-6 / 9) and gap["gap"].high < 0


def test_an_opinion_of_a_name_shows_in_the_name_alone() -> None:
    part = run(opinionated)["name only"]
    assert part.verdict == part["NATO"].verdict == "fail" and part["US"].verdict == "pass"
    assert part["NATO"].figures["favor"].value == 1 and part["NATO"].n == 21


def test_a_brittle_system_shows_in_the_curve(sound: Audit) -> None:
    part = run(brittle)["robustness"]
    assert part["all capitals"].verdict == "fail" and part["all capitals"].figures["lost"].value > 0.7
    assert sound["robustness"]["all capitals"].verdict == "pass"
    rates = [(row.name, row.rate) for row in part.rows]
    assert rates == [("plain", 0.0), *((kind, rate) for kind, rates in CHANGES.items() for rate in rates)]
    scanned = [row.figures["macro_f1"].value for row in part.rows if row.name == "scanning"]
    assert scanned == sorted(scanned, reverse=True) and scanned[-1] < 0.8
    assert all(row.verdict is None for row in part.rows if row.rate in (0.0, 0.2, 0.4))


def test_seed_decides_and_order_does_not(sound: Audit) -> None:
    rows = gold_rows()
    random.Random(3).shuffle(rows)
    assert audit(rows, attentive, draws=200).to_dict() == sound.to_dict()
    assert run(attentive, seed=1).to_dict() != sound.to_dict()


def test_rows_of_one_judgement_are_taken_together(sound: Audit) -> None:
    rows = [
        {**{key: row[key] for key in ("id", "text", "source")}, "target": target, "label": label}
        for row in gold_rows()
        for target, label in row["labels"].items()
    ]
    assert audit(rows, attentive, draws=200).to_dict() == sound.to_dict()


def test_a_part_of_the_documents_is_drawn() -> None:
    cases, _ = read_cases(gold_rows())
    for count in (1, 7, 20):
        drawn = draw_cases(cases, count, seed=4)
        assert len(drawn) == count
        split = {case.document for case in drawn} & {case.document for case in cases if case not in drawn}
        assert len(split) <= 1  # the last one
    found = run(attentive, sample=20)
    assert (found.paragraphs, found.available) == (20, 49) and found.documents in (10, 11)
    assert draw_cases(cases, None) == draw_cases(cases, 500) == cases


def test_too_few_documents_for_a_verdict() -> None:
    found = run(attentive, sample=4)
    assert found.looks_at_target is None and "Too few paragraphs name a target" in found.summary
    assert {row.verdict for part in found.parts for row in part.rows} <= {None, "n/a"}


def test_failures_are_errors_and_do_not_move() -> None:
    found = run(lambda texts, targets: [dict.fromkeys(target.name for target in targets) for _ in texts])
    assert found["masked"]["pooled"].figures["plain"].value == 0
    assert found["exchanged"]["pooled"].figures["sensitivity"].value == 0 and found.looks_at_target is False


def test_one_target_alone(sound: Audit) -> None:
    found = run(attentive, targets=["NATO"])
    assert found.targets == ("NATO",) and found["exchanged"].verdict == "n/a"
    assert found.looks_at_target is True and found.summary.startswith("It looks for the target's name; whether")
    assert found["masked"]["NATO"] == sound["masked"]["NATO"]


def test_predictions_will_do_as_answers(sound: Audit) -> None:
    def predict(texts: Sequence[str], targets: Sequence[Target]) -> list[Prediction]:
        sure = dict.fromkeys(LABELS, 0.25)
        return [
            Prediction(text, {name: Stance(name, label, sure) for name, label in row.items() if label}, 1, "made up")
            for text, row in zip(texts, attentive(texts, targets), strict=True)
        ]

    assert run(predict).to_dict() == sound.to_dict()


def test_each_text_is_asked_once_for_all_targets() -> None:
    asked: list[tuple[str, str]] = []

    def predict(texts: Sequence[str], targets: Sequence[Target]) -> list[dict[str, Any]]:
        asked.extend(product(texts, (target.name for target in targets)))
        return attentive(texts, targets)

    run(predict)
    assert len(asked) == len(set(asked))


def test_it_goes_to_json_and_says_what_is_good(sound: Audit) -> None:
    found = json.loads(json.dumps(sound.to_dict(), allow_nan=False))
    assert set(found["parts"]) == {"masked", "name only", "exchanged", "parity", "robustness"}
    for part in found["parts"].values():
        assert len(part["good"]) > 80 and part["question"].endswith("?")
        for row in part["rows"]:
            assert row["n"] >= 0 and all(set(figure) == {"value", "low", "high"} for figure in row["figures"].values())


@pytest.mark.parametrize(
    ("predict", "message"),
    [
        (lambda texts, targets: attentive(texts[1:], targets), "predict: expected 1 answers, one a text, found 0"),
        (lambda texts, targets: [{"EU": "favor"}], "expected a label toward 'NATO', found answers toward EU only"),
        (lambda texts, targets: [{"NATO": "favour"}], "NATO: unknown label 'favour': did you mean 'favor'"),
    ],
)
def test_answers_that_are_none(predict: Callable[..., Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        ask(predict, [(TEXT, (NATO,))])


def test_gold_rows_that_cannot_be_used() -> None:
    row = {"id": "a", "text": TEXT, "labels": {"NATO": "neutral"}}
    with pytest.raises(InputError, match="id 'a' has no text to change and ask about"):
        audit([row | {"text": " "}], attentive)
    with pytest.raises(InputError, match="id 'a' has another text than before"):
        audit([row, {"id": "a", "text": "Other.", "labels": {"US": "neutral"}}], attentive)
    with pytest.raises(InputError, match="sample: expected at least 1 paragraph, found 0"):
        audit([row], attentive, sample=0)
    with pytest.raises(InputError, match="No gold label is toward target 'China'"):
        audit([row], attentive, targets=["China"])
    with pytest.raises(UnknownTargetError, match="Unknown target 'Natto'"):
        audit([row | {"labels": {"Natto": "neutral"}}], attentive)
    own = Target("Russia", aliases=("Moscow",))
    assert audit([row | {"labels": {"Russia": "absent"}}], attentive, targets=[own]).targets == ("Russia",)


def test_parts_and_rows_that_are_not_there(sound: Audit) -> None:
    with pytest.raises(InputError, match="no part 'mask': did you mean 'masked'"):
        sound["mask"]
    with pytest.raises(InputError, match="has no row 'Nato': did you mean 'NATO'"):
        sound["masked"]["Nato"]
