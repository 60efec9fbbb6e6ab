"""Adjudication: who decides what, and what is kept of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.annotation.adjudication import ADJUDICATED, adjudicate, spread_votes
from stance.annotation.files import annotation_to_row, row_to_annotation
from stance.annotation.validation import check_value
from stance.errors import InputError
from stance.schema import LABELS, Anchor, Annotation


def votes(*labels: str, paragraph: str = "p") -> list[Annotation]:
    anchor = Anchor(text="A paragraph.")
    return [Annotation(paragraph, anchor, {"NATO": label}, "abcdef"[n]) for n, label in enumerate(labels)]


@pytest.mark.parametrize(
    ("labels", "by", "label", "how"),
    [
        (["favor"], "majority", "favor", "single"),
        (["favor", "favor"], "majority", "favor", "unanimous"),
        (["favor", "favor", "neutral"], "majority", "favor", "majority"),
        (["favor", "neutral"], "majority", None, "undecided"),
        (["favor", "neutral"], "rule", "neutral", "rule"),
        (["against", "neutral", "neutral", "against"], "rule", "neutral", "rule"),
        (["favor", "against"], "rule", None, "undecided"),
        (["neutral", "absent"], "rule", None, "undecided"),
        (["favor", "against", "neutral"], "rule", None, "undecided"),
        (["favor", "favor", "against", "neutral"], "majority", None, "undecided"),
    ],
)
def test_how_labels_are_settled(labels: list[str], by: str, label: str | None, how: str) -> None:
    found = adjudicate(votes(*labels), by=by)
    (record,), (decision,) = found.annotations, found.decisions
    assert (decision.label, decision.how) == (label, how)
    assert record.labels == ({} if label is None else {"NATO": label})
    assert record.annotator == ADJUDICATED
    assert record.soft_labels["NATO"] == {name: labels.count(name) / len(labels) for name in LABELS if name in labels}
    assert {name: given["NATO"] for name, given in record.votes.items()} == dict(zip("abcdef", labels, strict=False))
    assert found.undecided == (() if label else (decision,))
    check_value(decision.to_dict(), "decision", "decision")


def test_third_annotator_decides_what_is_open_only() -> None:
    given = [
        *votes("favor", "absent"),
        *votes("favor", "favor", paragraph="q"),
        *votes("favor", "neutral", paragraph="r"),
    ]
    third = [Annotation(name, Anchor(), {"NATO": "against"}, "cleo") for name in "pq"]
    found = adjudicate(given, by="rule", third=third)
    assert [(item.label, item.how, item.third) for item in found.decisions] == [
        ("against", "third", "cleo"),
        ("favor", "unanimous", ""),
        ("neutral", "rule", ""),
    ]
    assert found.annotations[0].soft_labels["NATO"] == {"favor": 0.5, "absent": 0.5}
    with pytest.raises(InputError, match="two records of paragraph 'p', by 'cleo' and 'dan'"):
        adjudicate(given, third=[*third, Annotation("p", Anchor(), {}, "dan")])


def test_the_flag() -> None:
    def flagged(*flags: bool | None) -> list[Annotation]:
        return [Annotation("p", Anchor(), {}, "abc"[n], reported=flag) for n, flag in enumerate(flags)]

    assert adjudicate(flagged(True, True, False)).annotations[0].reported is True
    assert adjudicate(flagged(True, False)).annotations[0].reported is None
    assert adjudicate(flagged(True, False), by="rule").annotations[0].reported is False
    third = [Annotation("p", Anchor(), {}, "z", reported=True)]
    assert adjudicate(flagged(True, False), third=third).decisions[0].how == "third"


def test_one_id_for_two_paragraphs() -> None:
    same = Annotation("p", Anchor(text=" A\nparagraph. "), {"NATO": "favor"}, "b")
    assert len(adjudicate([*votes("favor"), same]).annotations) == 1
    other = Annotation("p", Anchor(text="Another paragraph."), {"NATO": "favor"}, "b")
    with pytest.raises(InputError, match="Paragraph 'p': the record of annotator 'b' has another text"):
        adjudicate([*votes("favor"), other])


def test_models_and_nobody_have_no_vote() -> None:
    given = [Annotation("p", Anchor(), {"NATO": "against"}, "model:base"), *votes("favor"), Annotation("p", Anchor())]
    assert adjudicate(given).annotations[0].labels == {"NATO": "favor"}
    with pytest.raises(InputError, match="nothing to adjudicate"):
        adjudicate(given[:1])
    with pytest.raises(InputError, match="expected majority or rule, found 'coin'"):
        adjudicate(given, by="coin")


@given(st.lists(st.lists(st.sampled_from(LABELS), min_size=1, max_size=5), min_size=1, max_size=5))
def test_votes_come_back(paragraphs: list[list[str]]) -> None:
    given = [record for n, labels in enumerate(paragraphs) for record in votes(*labels, paragraph=f"p{n}")]
    records = adjudicate(given, by="rule").annotations
    for record in records:
        assert row_to_annotation(annotation_to_row(record), "row") == record
    again = spread_votes(records)
    assert [(one.id, one.annotator, one.labels) for one in again] == [
        (one.id, one.annotator, one.labels) for one in given
    ]


def test_a_target_that_is_called_as_the_flag_is_refused_not_lost() -> None:
    records = [Annotation("p", Anchor(text="x"), {"reported": "favor"}, name, reported=False) for name in "ab"]
    with pytest.raises(InputError, match="target 'reported' has the name of the flag"):
        adjudicate(records)
