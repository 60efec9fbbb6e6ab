"""Noise: what each kind can do, at the rate asked for, and what it leaves alone."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.errors import InputError
from stance.schema import Span
from stance.targets import builtin_targets, find_mentions
from stance.text.noise import casing_noise, ocr_noise, punctuation_noise, translation_noise

NOISES = [translation_noise, casing_noise, punctuation_noise, ocr_noise]
Noise = Callable[..., str]
TEXT = (
    "The talks on the Asia-Pacific have ended. “We want peace,” said a minister of the U.S. state, “and it depends on"
    " others.” NATO is moving towards the East; this has alarmed China’s neighbours and many countries: will it last?"
)


def outcomes(noise: Noise, text: str, rate: float = 1.0, draws: int = 400) -> set[str]:
    """Everything that a text becomes in many draws."""
    return {noise(text, rate, np.random.default_rng(seed)) for seed in range(draws)}


@pytest.mark.parametrize(
    ("noise", "text", "expected"),
    [
        # One word is changed at a rate of 1; the whole set is worked by hand where it is short.
        (casing_noise, "peace", {"PEACE", "Peace"}),
        (casing_noise, "NATO", {"nato"}),
        (casing_noise, "Peace", {"peace", "PEACE"}),
        (casing_noise, "5 % 北约", {"5 % 北约"}),
        (punctuation_noise, "a;", {"a", "a,", "a:", "a;;", "a ;"}),
        (punctuation_noise, "“a", {"a", '"a', "«a"}),
        (punctuation_noise, "3.5", {"3.5"}),
        (punctuation_noise, "no marks", {"no marks"}),
        (ocr_noise, "rn", {"m"}),
        (ocr_noise, "l", {"1", "I"}),
        (ocr_noise, "O", {"0"}),
        (ocr_noise, "ran", {"ran"}),
        (ocr_noise, "call", {"eall", "ca1l", "caIl", "cal1", "calI", "cll", "cal"}),
        (translation_noise, "is", {"are", "be"}),
        (translation_noise, "U.S.", {"U . S .", "U.S U.S.", "U.S ."}),
        (translation_noise, "- —", {"- —"}),
    ],
)
def test_all_that_a_word_becomes(noise: Noise, text: str, expected: set[str]) -> None:
    assert outcomes(noise, text) == expected


@pytest.mark.parametrize(
    ("noise", "text", "slip"),
    [
        (translation_noise, "on the talks", "on talks"),
        (translation_noise, "on the talks", "on a talks"),
        (translation_noise, "on talks", "on the talks"),
        (translation_noise, "on the talks", "at the talks"),
        (translation_noise, "on the talks", "on the talk"),
        (translation_noise, "The war", "A war"),
        (translation_noise, "it has ended", "it have ended"),
        (translation_noise, "the war goes on", "the wargoes on"),
        (translation_noise, "it has ended", "it has ended ended"),
        (translation_noise, "of mutual trust", "of mutual trust mutual trust"),
        (translation_noise, "a strategic aim", "a stra tegic aim"),
        (translation_noise, "a strategic aim", "a stra-tegic aim"),
        (translation_noise, "the Asia-Pacific", "the Asia -Pacific"),
        (translation_noise, "the Asia-Pacific", "the Asia- Pacific"),
        (translation_noise, "the end.", "the end ."),
        (translation_noise, "of the U.S.", "of the U . S ."),
        (translation_noise, "said “no”", "said no”"),
        (translation_noise, "said “no”", 'said “no"'),
        (translation_noise, "its end.One", "its end.One its end.One"),
        (translation_noise, "it ended. One", "it ended.One"),
        (ocr_noise, "a modern idea", "a modem idea"),
        (ocr_noise, "a government", "a govern-\nment"),
        (ocr_noise, "a government", "a goverment"),
        (ocr_noise, "in 2010", "in 201O"),
        (punctuation_noise, "yes, no", "yes , no"),
        (punctuation_noise, "China’s", "Chinas"),
    ],
)
def test_slips_that_happen(noise: Noise, text: str, slip: str) -> None:
    assert slip in outcomes(noise, text, 0.4, 1500)


@pytest.mark.parametrize("noise", NOISES)
def test_rate_zero_changes_nothing_and_chance_is_the_generators(noise: Noise) -> None:
    assert noise(TEXT, 0.0, np.random.default_rng(0)) == TEXT
    assert noise("", 1.0, np.random.default_rng(0)) == ""
    once, again = (noise(TEXT, 0.5, np.random.default_rng(7)) for _ in range(2))
    assert once == again != TEXT
    generator = np.random.default_rng(7)
    assert noise(TEXT, 0.5, generator) == once
    assert noise(TEXT, 0.5, generator) != once


@pytest.mark.parametrize("rate", [-0.1, 1.5, float("nan")])
@pytest.mark.parametrize("noise", NOISES)
def test_a_rate_that_is_no_share_is_refused(noise: Noise, rate: float) -> None:
    with pytest.raises(InputError, match=r"rate: expected a share in \[0, 1\], found"):
        noise(TEXT, rate, np.random.default_rng(0))


# Lines of one place each, so the lines that differ count the places that were changed.
LINES = {translation_noise: "war\n", casing_noise: "War\n", punctuation_noise: "war,\n", ocr_noise: "rowel\n"}


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.8, 1.0])
@pytest.mark.parametrize("noise", NOISES)
def test_the_share_changed_is_the_rate(noise: Noise, rate: float) -> None:
    line, count = LINES[noise], 2000
    noisy = noise(line * count, rate, np.random.default_rng(11)).replace("-\n", "-").splitlines()
    assert len(noisy) == count
    changed = sum(given != line.strip() for given in noisy)
    assert changed / count == pytest.approx(rate, abs=4 * (rate * (1 - rate) / count) ** 0.5 + 1e-9)


@pytest.mark.parametrize("noise", NOISES)
def test_more_noise_changes_more(noise: Noise) -> None:
    def letters_lost(rate: float) -> int:
        noisy = noise(TEXT * 5, rate, np.random.default_rng(2))
        return len(set(_pieces(TEXT * 5)) - set(_pieces(noisy)))

    assert letters_lost(0.0) == 0 < letters_lost(0.05) < letters_lost(0.4) <= letters_lost(1.0)


def _pieces(text: str) -> list[str]:
    return [f"{number} {piece}" for number, piece in enumerate(re.split(r"(?<=[.!?;:]) ", text))] + text.split(" ")


TARGETS = builtin_targets()
FRAMES = "the {} said so|of {}, a neighbour|({})|“{}” and others; more|an un-{} idea|{}’s policy|{}-led war"
SENTENCES = st.builds(
    lambda frame, name: frame.format(name),
    st.sampled_from(FRAMES.split("|")),
    st.sampled_from(["NATO", "U.S.", "China", "People’s Republic of China", "North Atlantic Treaty", "Beijing"]),
)


@given(
    st.lists(SENTENCES, min_size=1, max_size=4).map(" ".join),
    st.sampled_from(NOISES),
    st.integers(0, 2**32),
    st.sampled_from([0.2, 1.0]),
)
@settings(max_examples=300)
def test_what_is_kept_can_still_be_found(text: str, noise: Noise, seed: int, rate: float) -> None:
    keep = [span for target in TARGETS for span in find_mentions(text, target)]
    noisy = noise(text, rate, np.random.default_rng(seed), keep=keep)
    for target in TARGETS:
        found = iter(span.text for span in find_mentions(noisy, target))
        assert all(span.text in found for span in find_mentions(text, target))


def test_only_what_is_kept_stays() -> None:
    text = "China and China"
    first = [Span(0, 5, "China")]
    results = {casing_noise(text, 1.0, np.random.default_rng(seed), keep=first) for seed in range(100)}
    assert results == {f"China {link} {name}" for link in ("AND", "And") for name in ("china", "CHINA")}


@given(st.text(max_size=60), st.sampled_from(NOISES), st.integers(0, 2**32))
@settings(max_examples=200)
def test_any_text_will_do(text: str, noise: Noise, seed: int) -> None:
    noisy = noise(text, 1.0, np.random.default_rng(seed))
    assert noise(text, 0.0, np.random.default_rng(seed)) == text
    whole = Span(0, len(text), text)
    assert noise(text, 1.0, np.random.default_rng(seed), keep=[whole]) == text
    if noise is casing_noise:
        assert noisy.casefold() == text.casefold() or len(noisy) != len(text)
