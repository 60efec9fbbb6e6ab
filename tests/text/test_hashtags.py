"""Hashtags: what is parted, what is left alone, and the way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.schema import Span
from stance.text.hashtags import part_hashtags
from stance.text.repair import repair
from stance.text.sentences import split_sentences

PARTED = [
    ("#HandsOffNATO now", "#Hands Off NATO now"),
    ("(#NoToUSWars) #StopTheWar2024", "(#No To US Wars) #Stop The War 2024"),
    ("#Stand_with_China, #US__China", "#Stand with China, #US China"),
    ("#NATOsummit2023 #NATOisDead #NATOIsDead", "#NATO summit 2023 #NATO is Dead #NATO Is Dead"),
    ("#USArmy #USInAfrica #USVsChina #EUvsDisinfo", "#US Army #US In Africa #US Vs China #EU vs Disinfo"),
    ("#LGBTrights #CCPvirus #PlanBWorks", "#LGBT rights #CCP virus #Plan B Works"),
    ("#LGBTRights #NoHKnow #FreeHK", "#LGBT Rights #No HK now #Free HK"),
    ("#WhatAWar #ITrustNATO #AIsafety", "#What A War #I Trust NATO #AIsafety"),
    ("#US2024 #Vilnius2023NATOSummit #75YearsOfNATO", "#US 2024 #Vilnius 2023 NATO Summit #75 Years Of NATO"),
    ("#FreePalestine#StopNATO", "#Free Palestine #Stop NATO"),
    ('Why?#StopNATO end.#StopNATO ##StopNATO "#StopNATO"', 'Why?#Stop NATO end.#Stop NATO ##Stop NATO "#Stop NATO"'),
    ("＃StopNATO", "＃Stop NATO"),
    ("www.example.org #StopNATO", "www.example.org #Stop NATO"),
]
LEFT = [
    "#NATO #NATOs #G20 #F35 #iPhone #McCain #china_ #_China #1949 #1 C#Sharp &#8217; # # ## #",
    "#CEOs #UKraine #UNited #EUropean #USeful #WHOle #handsoffnato",
    "see https://example.org/a_(b)#PartTwo www.example.org/a#PartTwo example.org/#PartTwo ?a=#PartTwo",
    "en.example.org/b_(c)#PartTwo and WWW.EXAMPLE.ORG/(A)#PartTwo",
    "[a title](#PartTwo) <a href=\"#PartTwo\"> <a href='#PartTwo'>",
    "StopNATO and Stop_NATO",
    "",
]


@pytest.mark.parametrize(("text", "parted"), PARTED)
def test_words_are_parted(text: str, parted: str) -> None:
    assert part_hashtags(text).text == repair(text, hashtags=True).text == parted
    assert part_hashtags(parted).text == parted
    assert repair(text).text == text


def test_an_address_ends_with_its_line() -> None:
    assert part_hashtags("www.example.org\n#StopNATO").text == "www.example.org\n#Stop NATO"


@pytest.mark.parametrize("text", LEFT)
def test_the_rest_is_left_alone(text: str) -> None:
    assert part_hashtags(text).text == text


PARTS = ["#", "＃", "_", "NATO", "US", "USA", "Stop", "is", "led", "2024", "75", " ", ".", "a", "B", "é", "://", '"']


@given(st.lists(st.sampled_from(PARTS), max_size=12).map("".join))
def test_only_spaces_come_and_underscores_go(text: str) -> None:
    parted = part_hashtags(text)
    assert part_hashtags(parted.text).text == parted.text
    assert parted.text.translate({32: None, 95: None}) == text.translate({32: None, 95: None})
    for at, letter in enumerate(parted.text):
        assert letter in (parted.origin(at, at + 1).text, " ")


def test_where_words_stand() -> None:
    text = "No war. #Stop_US_Wars now"
    parted = part_hashtags(text)
    at = parted.text.index("US")
    assert parted.origin(at, at + 2) == Span(14, 16, "US")


def test_a_hashtag_ends_a_sentence() -> None:
    assert [span.text for span in split_sentences("We back #PlanB. China said no.")] == [
        "We back #PlanB.",
        "China said no.",
    ]


@pytest.mark.parametrize(
    "unit", ["A", "aB", "a_", "#", "#a", "#AAa", "＃1", "_", "a1", "aaa1", " #aB", "://#aB", "#aB#"]
)
def test_long_hashtags_take_linear_time(unit: str) -> None:
    text = "#" + unit * (200_000 // len(unit))
    assert len(part_hashtags(text).text) <= 2 * len(text)  # quadratic time would be minutes
