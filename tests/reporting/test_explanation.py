"""Evidence: weights worked by hand with a judge that counts words, and the default model end to end."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stance
from stance.errors import InputError, UnknownTargetError
from stance.reporting.explanation import explain, explain_analyses, explain_stances, take_away
from stance.schema import Document, Label, Span, Stance
from stance.targets import Target, builtin_targets, find_mentions

NATO = builtin_targets()[0]
PRICES = {"splendid": 0.5, "good": 0.3, "not": -0.6}
"""What a word adds to P(favor) where NATO is named."""


def judge_one(text: str, target: Target = NATO) -> Stance:
    """P(favor) = 0.1 + the prices of the words, within [0, 0.9]; absent for sure where the target is not named."""
    mentions = find_mentions(text, target)
    favor = min(max(0.1 + sum(PRICES.get(word, 0.0) for word in re.findall(r"\w+", text)), 0.0), 0.9)
    rest: dict[Label, float] = {"favor": favor, "against": 0.0, "neutral": 1.0 - favor, "absent": 0.0}
    row = rest if mentions else {"favor": 0.0, "against": 0.0, "neutral": 0.0, "absent": 1.0}
    return Stance(target.name, max(row, key=row.__getitem__), row, mentions)


class Judge:
    """Judges, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Sequence[str]] = []

    def __call__(self, texts: Sequence[str]) -> list[Mapping[str, Stance]]:
        self.asked.append(texts)
        return [{"NATO": judge_one(text)} for text in texts]


def test_weights_are_falls_of_the_probability() -> None:
    text = "It rained. NATO is a splendid and good idea. NATO met."
    judge = Judge()
    found = explain_stances([(text, judge_one(text))], judge)[0]
    assert (found.label, found.probability) == ("favor", 0.9)
    assert [round(item.weight, 6) for item in found.sentences] == [0.0, 0.8, 0.0]
    weights = {item.text: round(item.weight, 6) for item in found.words}
    assert weights == {"NATO": 0.9, "splendid": 0.5, "good": 0.3, "idea": 0.0}  # 0.9 - 0.4, 0.9 - 0.6
    assert [(item.text, item.unit) for item in found.evidence] == [
        ("NATO is a splendid and good idea.", "sentence"),
        ("NATO", "mention"),
        ("splendid", "word"),
        ("good", "word"),
    ]
    assert [item.text for item in found.ranked_words[:2]] == ["NATO", "splendid"]
    assert all(text[item.start : item.end] == item.text for item in (*found.evidence, *found.words))


def test_two_calls_and_each_text_once() -> None:
    text = "NATO is good. NATO is splendid."
    judge = Judge()
    found = explain_stances([(text, judge_one(text)), (text, judge_one(text))], judge)
    assert found[0] == found[1]
    assert len(judge.asked) == 2
    assert all(len(texts) == len(set(texts)) for texts in judge.asked)
    assert sorted(judge.asked[0]) == [" NATO is splendid.", "NATO is good.", "NATO is good. ", "NATO is splendid."]


def test_a_sentence_that_can_be_spared_is_found_by_what_it_says_alone() -> None:
    text = "NATO is splendid, good. NATO is splendid, good. It rained."
    judge = Judge()
    found = explain_stances([(text, judge_one(text))], judge)[0]
    assert [round(item.weight, 6) for item in found.sentences] == [0.0, 0.0, 0.0]
    assert [item.start for item in found.evidence if item.unit == "sentence"] == [0, 24]


def test_words_are_tried_in_the_whole_text_where_the_sentence_alone_does_not_bear_the_label() -> None:
    text = "NATO met. The idea was splendid."
    judge = Judge()
    found = explain_stances([(text, judge_one(text))], judge)[0]
    assert "NATO met. The idea was ." in judge.asked[1]
    assert {item.text: round(item.weight, 6) for item in found.words}["splendid"] == 0.5


def test_one_sentence_carries_all_and_what_speaks_against_is_not_shown() -> None:
    text = "NATO is not splendid, good."
    judge = Judge()
    favor = replace(judge_one(text), label="favor")
    found = explain_stances([(text, favor)], judge)[0]
    assert found.sentences[0].weight == pytest.approx(0.3)
    assert {item.text: round(item.weight, 6) for item in found.words}["not"] == -0.6  # 0.3 with, 0.9 without
    assert "not" not in [item.text for item in found.evidence]


@settings(max_examples=40)
@given(st.lists(st.text(alphabet="NATO splendid,.!? \n\u200bé&amp;", min_size=1, max_size=50), min_size=1, max_size=3))
def test_any_text_can_be_explained_alone_or_with_others(texts: list[str]) -> None:
    asked = [(text, judge_one(text)) for text in texts]
    together = explain_stances(asked, Judge())
    assert together == [explain_stances([one], Judge())[0] for one in asked]
    for text, found in zip(texts, together, strict=True):
        assert all(text[item.start : item.end] == item.text for item in (*found.sentences, *found.words))
        assert set(found.evidence) <= {*found.sentences, *found.words}
        assert all(-1 <= item.weight <= 1 for item in found.evidence)


def test_very_long_texts_take_linear_time() -> None:
    rain = "It rained. " * 50
    text = f"{rain}NATO is splendid, good. {rain}".strip()
    judge = Judge()
    found = explain_stances([(text, judge_one(text))], judge)[0]
    assert [item.text for item in found.evidence if item.unit == "sentence"] == ["NATO is splendid, good."]
    assert len(found.sentences) == 24
    assert sum(map(len, judge.asked[:-1])) <= 3 + 2 * 24  # what is said fifty times is read once
    run = "it rained and " * 500 + "NATO is splendid " + "and it rained " * 500  # a transcript: no full stop at all
    judge = Judge()
    found = explain_stances([(run, judge_one(run))], judge)[0]
    assert [item.text for item in found.evidence if item.unit != "sentence"] == ["NATO", "splendid"]
    assert all(run[item.start : item.end] == item.text for item in found.sentences)
    assert all(len(item.text.split()) <= 80 for item in found.sentences)
    read = sum(len(text) for texts in judge.asked for text in texts)
    assert read < (24 + 2 * 80) * len(run)  # 3,003 words by themselves would be as many readings of the whole


def test_absence_loses_nothing_without_its_only_sentence() -> None:
    text = "It rained."
    found = explain_stances([(text, judge_one(text))], Judge())[0]
    assert (found.label, found.sentences[0].weight) == ("absent", 0.0)


def test_stretches_are_taken_away() -> None:
    assert take_away("abcdef", [Span(1, 2, "b"), Span(4, 6, "ef")]) == "acd"


ARTICLE = "A view\n\nThe harbour froze. NATO has kept the peace, and it deserves our thanks.\n\nIt rained all day."


def test_documents_get_evidence_for_what_is_there_and_none_for_what_is_absent() -> None:
    targets = builtin_targets()[:2]
    whole = stance.analyze(Document(ARTICLE, name="a"), targets=targets)
    [found] = explain_analyses([whole], targets=targets)
    first, second = found.predictions
    assert [first["US"].evidence, second["NATO"].evidence, second["US"].evidence] == [(), (), ()]
    evidence = first["NATO"].evidence
    assert [item.text for item in evidence if item.unit == "mention"] == ["NATO"]
    assert evidence[0].text == "NATO has kept the peace, and it deserves our thanks."
    assert all(first.text[item.start : item.end] == item.text for item in evidence)
    assert replace(first["NATO"], evidence=()) == whole.predictions[0]["NATO"]
    assert first.to_dict()["stances"]["NATO"]["evidence"][0] == evidence[0].to_dict()
    assert "evidence" not in first.to_dict()["stances"]["US"]
    assert evidence[0].to_dict(100)["start"] == evidence[0].start + 100


def test_public_function_agrees_with_the_prediction() -> None:
    prediction = stance.predict(ARTICLE.split("\n\n")[1], targets="NATO")
    found = stance.explain(prediction, "nato")
    assert (found.label, found.target) == ("favor", "NATO")
    assert found.probability == pytest.approx(prediction["NATO"].probability, abs=1e-4)
    against = stance.explain(prediction.text, "NATO", label="against")
    assert against.probability == pytest.approx(prediction["NATO"].probabilities["against"], abs=1e-4)


def test_what_cannot_be_explained_is_said() -> None:
    with pytest.raises(InputError, match=r"Unknown label 'favour': did you mean 'favor'\? Known: favor, against"):
        explain("NATO met.", "NATO", label="favour")  # type: ignore[arg-type]
    with pytest.raises(UnknownTargetError, match="Unknown target 'Chnia'"):
        explain("NATO met.", "Chnia")
    with pytest.raises(InputError, match="Text 0 is empty"):
        explain(" ", "NATO")
