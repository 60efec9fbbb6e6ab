"""Changed texts that systems are asked about, and the shares that are counted of their labels."""

from __future__ import annotations

import numpy as np
import pytest

from stance.errors import InputError
from stance.evaluation.probes import difference_of_shares, share_by_document
from stance.evaluation.variants import (
    CHANGES,
    MASK,
    disturb,
    exchange_targets,
    mask_other_words,
    mask_target,
    mentions_alone,
)
from stance.targets import builtin_targets, find_mentions

NATO, US, CHINA = builtin_targets()
TEXT = "NATO and its allies met in Paris; the Alliance praised Washington."


def test_names_are_hidden_left_alone_and_spared() -> None:
    assert mask_target(TEXT, NATO) == "X and its allies met in Paris; X praised Washington."
    assert mask_target(TEXT, NATO, spare_first=True) == "NATO and its allies met in Paris; X praised Washington."
    assert mask_target(TEXT, CHINA) == mask_target(TEXT, CHINA, spare_first=True) == TEXT
    assert mask_target("#NATOIsDead, NATO lives", NATO, spare_first=True) == "#NATO Is Dead, X lives"
    assert mask_target("#NoUnitedStatesWars, America", US, spare_first=True) == "#No United States Wars, X"
    assert mentions_alone(TEXT, NATO) == "NATO, the Alliance" and mentions_alone(TEXT, CHINA) == ""
    other = mask_other_words(TEXT, NATO, seed=2)
    assert other.count(MASK) == 2 and [span.text for span in find_mentions(other, NATO)] == ["NATO", "the Alliance"]
    assert mask_other_words("NATO.", NATO) == "NATO." and mask_other_words(TEXT, CHINA) == TEXT


def test_who_exchanges_names() -> None:
    found = list(exchange_targets([TEXT, "The harvest was large.", "They paid US$5."], (NATO, US, CHINA)))
    assert [(item.place, item.one.name, item.other.name) for item in found[:3]] == [
        (0, "NATO", "US"),
        (0, "NATO", "China"),
        (0, "US", "China"),
    ]
    assert found[2].text == "NATO and its allies met in Paris; the Alliance praised Beijing."
    assert {item.place for item in found} == {0, 2} and not any(item.changed for item in found[3:])


@pytest.mark.parametrize("kind", CHANGES)
def test_noise_hangs_on_text_and_seed_alone(kind: str) -> None:
    rate = CHANGES[kind][-1]
    new = disturb(TEXT * 3, kind, rate, seed=1)
    assert new != TEXT * 3 and new == disturb(TEXT * 3, kind, rate, seed=1)
    if rate < 1:
        assert disturb(TEXT, kind, 0.0) == TEXT
        assert new != disturb(TEXT * 3, kind, rate, seed=2)


def test_noise_that_is_none() -> None:
    with pytest.raises(InputError, match="Unknown kind of noise 'scaning': did you mean 'scanning'"):
        disturb(TEXT, "scaning", 0.1)
    with pytest.raises(InputError, match=r"all capitals: expected the rate 1, found 0\.5"):
        disturb(TEXT, "all capitals", 0.5)
    assert disturb("...", "no punctuation", 1.0) == "..."


def test_shares_are_drawn_by_document() -> None:
    hits = [True] * 5 + [False] * 5
    apart, together = ([f"{number}" for number in range(10)], ["a"] * 5 + ["b"] * 5)
    assert share_by_document(hits, apart).value == share_by_document(hits, together).value == 0.5
    assert (share_by_document(hits, together).low, share_by_document(hits, together).high) == (0, 1)
    assert share_by_document(hits, apart).low == pytest.approx(0.2, abs=0.1)
    assert np.isnan(share_by_document([], []).value)


def test_a_difference_needs_two_sides() -> None:
    first = np.array([True, True, False, False])
    found = difference_of_shares([True, False, False, False], first, ["a", "b", "c", "d"])
    assert found.value == 0.5
    assert np.isnan(difference_of_shares([True, False], np.array([True, True]), ["a", "b"]).value)
