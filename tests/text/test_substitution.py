"""Substitution: the name that fits the place, what stays as it is, and labels that can be exchanged."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.errors import InputError
from stance.schema import Span
from stance.targets import Target, builtin_targets, find_mentions, resolve_targets
from stance.text.substitution import mask_mentions, replace_target, swap_targets

NATO, US, CHINA = builtin_targets()
RUSSIA = Target("Russia", aliases=("Russian", "Russians", "Moscow", "the Kremlin", "Putin"))
EU = Target("EU", aliases=("European Union", "Brussels"))
LEAGUE = Target("Northern League", aliases=("the League",))

US_CHINA = [
    # nouns and articles
    ("The US and China talk.", "China and the United States talk."),
    ("He criticised the U.S. again.", "He criticised China again."),
    ("They went to China.", "They went to the United States."),
    ("China, they say, is rising.", "The United States, they say, is rising."),
    ("“China is strong,” he said.", "“The United States is strong,” he said."),
    ("She sees in America a friend.", "She sees in China a friend."),
    ("a rising China and a tired America", "a rising America and a tired China"),
    ("the People’s Republic of China", "the United States of America"),
    ("The PRC replied.", "The US replied."),
    ("He knows that China has grown.", "He knows that the United States has grown."),
    # before a noun
    ("the US government", "the Chinese government"),
    ("US policy and China policy", "Chinese policy and US policy"),
    ("the United States Navy", "the Chinese Navy"),
    ("the US and Chinese navies", "the Chinese and American navies"),
    # demonyms and people
    ("an American envoy", "a Chinese envoy"),
    ("A Chinese ship, an old Chinese ship", "An American ship, an old American ship"),
    ("Many Americans like it.", "Many Chinese like it."),
    ("The Chinese are calm.", "The Americans are calm."),
    ("The Chinese fleet is calm.", "The American fleet is calm."),
    # possessives
    ("China's plan and the United States' plan", "America's plan and China's plan"),
    ("the US’s debt", "China’s debt"),
    # hyphens and slashes
    ("US-China ties, the US–China ties", "China-US ties, the China–US ties"),
    ("US-led drills, Sino-Russian drills", "China-led drills, US-Russian drills"),
    ("an anti-American mood", "an anti-Chinese mood"),
    ("(US) or (China)", "(China) or (US)"),
    # capitals, leaders, institutions
    ("Washington warned Beijing.", "Beijing warned Washington."),
    ("President Joe Biden met Xi Jinping.", "President Xi Jinping met Biden."),
    ("The Pentagon denied it.", "The Chinese military denied it."),
    ("Congress agreed.", "The Chinese parliament agreed."),
    ("In Congress they agreed.", "In the Chinese parliament they agreed."),
    ("the May 3 White House briefing", "the May 3 Chinese leadership briefing"),
    ("the US Congress", "the Chinese parliament"),
    ("U.S. Secretary of State Antony Blinken", "Chinese foreign minister Wen Jiabao"),
    ("No war! #StandWithChina", "No war! #Stand With the United States"),
    ("#US #UnitedStates", "#China #China"),
    # capital letters
    ("CHINA WARNS AMERICA", "THE UNITED STATES WARNS CHINA"),
    # what is no mention, or no target
    ("The South China Sea and Latin America", "The South China Sea and Latin America"),
    ("It cost US$5.", "It cost US$5."),
    ("NATO and Russia, the war, an end", "NATO and Russia, the war, an end"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "swapped"), US_CHINA)
def test_swaps_us_and_china(text: str, swapped: str) -> None:
    assert swap_targets(text, US, CHINA) == swapped
    assert swap_targets(text, CHINA, US) == swap_targets(text, US, CHINA)


@pytest.mark.parametrize(
    ("text", "swapped"),
    [
        ("NATO troops left; NATO is weak.", "American troops left; the US is weak."),
        ("NATO’s war and the Alliance’s war", "America’s war and America’s war"),
        ("The Alliance must act.", "The United States must act."),
        ("American soldiers and the Americans", "NATO soldiers and the NATO people"),
        ("Stoltenberg thanked Donald Trump.", "Biden thanked Rutte."),
        ("Washington is far.", "NATO is far."),
        ("the North Atlantic Treaty Organization (NATO)", "the United States of America (US)"),
    ],
)
def test_swaps_nato_and_us(text: str, swapped: str) -> None:
    assert swap_targets(text, NATO, US) == swapped


(UNION,) = resolve_targets(["the African Union"])


@pytest.mark.parametrize(
    ("text", "target", "other", "replaced"),
    [
        ("America is wrong; American aid from Washington.", US, RUSSIA, "Russia is wrong; Russian aid from Moscow."),
        ("The White House and Trump", US, RUSSIA, "The Russian leadership and Putin"),
        ("China sent a Chinese ship from Beijing.", CHINA, EU, "The European Union sent an EU ship from Brussels."),
        ("the Trump plan", US, EU, "the EU leader plan"),
        ("The US is wrong; a US ship, an American.", US, LEAGUE, None),
        ("Putin and Moscow", RUSSIA, CHINA, "Xi Jinping and Beijing"),
        ("The US accepts it. #HandsOffUS", US, UNION, "The African Union accepts it. #Hands Off the African Union"),
        ("The Pentagon sent a US ship.", US, UNION, "The African Union military sent an African Union ship."),
        ("The Kremlin says so.", RUSSIA, US, "The American leadership says so."),
    ],
)
def test_replaces_one_way(text: str, target: Target, other: Target, replaced: str | None) -> None:
    new = replace_target(text, target, other)
    assert replaced is None or new == replaced
    assert find_mentions(new, target) == ()
    assert len(find_mentions(new, other)) == len(find_mentions(text, target))


def test_an_institution_after_its_country_shares_its_mention() -> None:
    assert len(find_mentions("The US Congress agreed.", US)) == 2
    assert swap_targets("The US Congress agreed.", US, CHINA) == "The Chinese parliament agreed."


def test_a_target_without_aliases_gets_its_name() -> None:
    new = replace_target("The US is wrong. An American ship left Washington.", US, Target("climate policy"))
    assert new == "Climate policy is wrong. A climate policy ship left climate policy."


def test_one_target_twice_is_refused() -> None:
    with pytest.raises(InputError, match="expected two different targets, found 'US' twice"):
        swap_targets("the US", US, US)
    with pytest.raises(InputError, match="found 'NATO' twice"):
        replace_target("the US", NATO, NATO)


TEMPLATES = [
    "{} rejects what {} wants from the EU.",
    "We thank {}, an ally of {}; nobody else.",
    "It was {} that came; a friend of {} stayed.",
    "On Monday {} and {} met in Paris. The talks failed.",
    "“{} is wrong,” she said of {}’s plan.",
    "To praise {} is to blame {}.\nThe end of the affair.",
]
NAMES = """China|the US|NATO|Beijing|Washington|an American envoy|the Chinese|many Americans|the Pentagon
Xi Jinping|Joe Biden|the Alliance|a Chinese ship|U.S. officials|the People's Republic of China|Congress|Stoltenberg
the PLA|US troops|Russia|the US-led force|Sino-Russian drills|the United States|the American side"""
NAMED = st.sampled_from(NAMES.replace("\n", "|").split("|"))
TEXTS = st.builds(lambda frame, one, other: frame.format(one, other), st.sampled_from(TEMPLATES), NAMED, NAMED)
PAIRS = st.sampled_from([(US, CHINA), (NATO, US), (CHINA, NATO)])


@given(st.lists(TEXTS, min_size=1, max_size=3).map(" ".join), PAIRS)
@settings(max_examples=200)
def test_mentions_are_exchanged(text: str, pair: tuple[Target, Target]) -> None:
    one, other = pair
    swapped = swap_targets(text, one, other)
    for target, partner in ((one, other), (other, one)):
        assert len(find_mentions(swapped, target)) == len(find_mentions(text, partner))
    third = next(target for target in builtin_targets() if target not in pair)
    assert [span.text for span in find_mentions(swapped, third)] == [span.text for span in find_mentions(text, third)]
    back = swap_targets(swapped, one, other)
    for target in pair:
        assert len(find_mentions(back, target)) == len(find_mentions(text, target))


@given(TEXTS, PAIRS)
@settings(max_examples=100)
def test_what_is_no_mention_stays(text: str, pair: tuple[Target, Target]) -> None:
    hidden, swapped = text, swap_targets(text, *pair)
    for target in pair:
        hidden, swapped = mask_mentions(hidden, target, "_")[0], mask_mentions(swapped, target, "_")[0]
    words = re.compile(r"\w+|[^\w\s]")
    kept = [word for word in words.findall(hidden) if word.lower() not in ("_", "a", "an", "the", "joe")]
    new = iter(words.findall(swapped))
    assert all(word in new for word in kept)


def test_masks_and_where_they_stand() -> None:
    text, spans = mask_mentions("China’s fleet left the South China Sea for Beijing.", CHINA, "[X]")
    assert text == "[X]’s fleet left the South China Sea for [X]."
    assert spans == (Span(0, 3, "[X]"), Span(41, 44, "[X]"))
    assert mask_mentions("No war! #HandsOffChina", CHINA, "[X]") == ("No war! #Hands Off [X]", (Span(19, 22, "[X]"),))
    assert mask_mentions("#USChinaTradeWar #StopIt", US, "X")[0] == "#X China Trade War #Stop It"
    assert mask_mentions("No names here.", CHINA) == ("No names here.", ())


@given(TEXTS)
@settings(max_examples=50)
def test_masks_hide_all_and_lose_nothing_else(text: str) -> None:
    masked, spans = mask_mentions(text, US)
    assert find_mentions(masked, US) == ()
    assert all(masked[span.start : span.end] == span.text == "[MASK]" for span in spans)
    mentions = [span.text for span in find_mentions(text, US)]
    assert len(spans) == len(mentions)
    parts = masked.split("[MASK]")
    assert "".join(part + name for part, name in zip(parts, [*mentions, ""], strict=True)) == text
