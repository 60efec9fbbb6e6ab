"""Targets: aliases, mentions, files of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.errors import InputError, UnknownTargetError
from stance.targets import Target, builtin_targets, find_mentions, load_targets, resolve_targets

NATO, US, CHINA = builtin_targets()


def mentions(text: str, target: Target) -> list[str]:
    return [span.text for span in find_mentions(text, target)]


@pytest.mark.parametrize(
    ("target", "text", "expected"),
    [
        (NATO, "NATO's flank; the Alliance met, Nato said.", ["NATO", "the Alliance", "Nato"]),
        (
            NATO,
            "the Euro-Atlantic alliance and the North Atlantic Treaty",
            ["Euro-Atlantic alliance", "North Atlantic Treaty"],
        ),
        (NATO, "SENATOR DONATO", []),
        (US, "The U.S. and the US, not us; USA.", ["U.S.", "US", "USA"]),
        (US, "WASHINGTON said so. The White House too.", ["WASHINGTON", "White House"]),
        (US, "The Washington Post on Latin America", []),
        (US, "US-led forces and the United\nStates", ["US-led", "United\nStates"]),
        (
            CHINA,
            "the PLA; Beijing’s fleet; People’s Republic of China",
            ["PLA", "Beijing", "People’s Republic of China"],
        ),
        (CHINA, "in the South China Sea", []),
        (CHINA, "Chinese ships, Xi said; XI. Indochina", ["Chinese", "Xi"]),
        (CHINA, "the Democratic People's Republic of Korea", []),
        (
            US,
            "they told us that the u.s. and america trump all; biden",
            ["u.s.", "america", "biden"],
        ),
        (NATO, "nato has lost its shape, the alliance too", ["nato", "the alliance"]),
        (CHINA, "One capital is enough: china is porcelain", []),
        (NATO, "#HandsOffNATO #NATO2024 #Nato_Summit #NATOsummit2023 #NATOs", ["NATO", "NATO", "Nato", "NATO"]),
        (US, "#UnitedStates #NoUSBases, #USvsChina, #USArmy #FOCUSed", ["UnitedStates", "US", "US", "US"]),
        (CHINA, "#SouthChinaSea, HandsOffChina", []),
    ],
)
def test_mentions(target: Target, text: str, expected: list[str]) -> None:
    assert mentions(text, target) == expected


def test_mentions_in_hashtags_of_names_that_have_seams_themselves() -> None:
    names = Target("TikTok", aliases=("TikTok", "AfD", "Agenda2030", "Milk_Tea"))
    assert mentions("#TikTok #BanTikTok #StopAfD #Agenda2030 #Milk_Tea, TikTok", names) == [
        "TikTok", "TikTok", "AfD", "Agenda2030", "Milk_Tea", "TikTok",
    ]  # fmt: skip
    assert mentions("We tik tok. TIK TOK", names) == []
    for text in ("#agenda2030", "#AGENDA2030 NOW", "#AfDVerbot", "#milk_tea", "#Milk_Tea"):
        assert len(mentions(text, names)) == 1
    assert mentions("#Covid19 #COVID19 #covid19", Target("covid19")) == ["Covid19", "COVID19", "covid19"]
    (eu,) = resolve_targets(["the EU"])
    assert mentions("un vol en europe, eu", resolve_targets(["the UN"])[0]) == []
    assert mentions("#LeaveEU #EUvsDisinfo The EU and EU ministers; UE", eu) == ["EU", "EU", "The EU", "EU"]
    assert mentions("European Union ministers", eu) == ["European Union"]
    assert mentions("WHO IS NEXT? a Board of ours", Target("the WHO", aliases=("the Board",))) == []


@given(st.text() | st.lists(st.sampled_from(["#", "Stop", "US", "China", "NATO", "_", "is", "7", " "])).map("".join))
def test_mentions_are_slices_in_order(text: str) -> None:
    for target in (NATO, US, CHINA):
        end = 0
        for span in find_mentions(text + " NATO US China", target):
            assert end <= span.start < span.end
            assert (text + " NATO US China")[span.start : span.end] == span.text
            end = span.end


def test_small_letter_alias_matches_any_case() -> None:
    bloc = Target("EU", aliases=("the bloc",))
    assert mentions("The Bloc and the bloc and EU, not eu", bloc) == ["The Bloc", "the bloc", "EU"]


def test_pattern_characters_in_aliases_are_literal() -> None:
    assert mentions("C++ (a|b) [x]", Target("t", aliases=("(a|b)", "[x]"))) == ["(a|b)", "[x]"]


def test_description_is_made_from_names() -> None:
    assert Target("Iran", aliases=("Tehran",)).description == "Iran; Tehran"
    assert Target("Iran").aliases == ("Iran",)


def test_empty_name_is_refused() -> None:
    with pytest.raises(InputError, match="needs a name"):
        Target(" ")


def test_lists_have_to_be_lists_of_strings() -> None:
    with pytest.raises(InputError, match="aliases has to be a list of strings, found 'Moscow'"):
        Target("Russia", aliases="Moscow")
    assert hash(Target("Russia", exclude=["Moscow, Idaho"])) is not None


def test_resolve_keeps_order_and_ignores_case() -> None:
    assert [target.name for target in resolve_targets(["china", "nato"])] == ["China", "NATO"]
    assert resolve_targets(None) == builtin_targets()
    assert resolve_targets("US") == (US,)


def test_unknown_target_is_refused_with_a_suggestion() -> None:
    with pytest.raises(UnknownTargetError, match=r"Unknown target 'Chnia': did you mean 'China'\?"):
        resolve_targets(["Chnia"])


def test_other_names_of_known_targets_do_not_become_targets_of_their_own() -> None:
    """As a target of its own "United States" would find nothing else, and be asked about in two words."""
    assert resolve_targets(["the US", "The NATO"]) == (US, NATO)
    with pytest.raises(InputError, match="'US' is given twice"):
        resolve_targets(["US", "the US"])
    for name, owner in (("United States", "US"), ("the United States", "US"), ("beijing", "China"), ("OTAN", "NATO")):
        with pytest.raises(UnknownTargetError, match=f"'{name}': it is one of the names of '{owner}'. Ask for that"):
            resolve_targets([name])
    bloc = Target("Mercosur", aliases=("the Southern Common Market",))
    with pytest.raises(UnknownTargetError, match="it is one of the names of 'Mercosur'"):
        resolve_targets(["Southern Common Market"], [bloc])
    assert resolve_targets([Target("Trump")])[0].name == "Trump"


def test_a_name_that_is_not_known_is_a_target() -> None:
    russia, union, chile = resolve_targets(["russia", "European Union", "Chile"])
    assert (russia.name, russia.aliases) == ("russia", ("russia", "Russia", "Moscow", "the Kremlin", "Russian"))
    assert union.name == "European Union" and "Brussels" in union.aliases
    assert union.description.startswith("the EU: the European Union, its commission")
    assert (chile.aliases, chile.description) == (("Chile",), "Chile")
    with pytest.raises(InputError, match="has to be a name or a Target, found 7"):
        resolve_targets([7])


def test_no_and_double_targets_are_refused() -> None:
    with pytest.raises(InputError, match="No target given"):
        resolve_targets([])
    with pytest.raises(InputError, match="'NATO' is given twice"):
        resolve_targets(["NATO", "nato"])


def test_load_targets(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        '[[target]]\nname = "Russia"\naliases = ["Moscow"]\nexclude = ["Moscow, Idaho"]\n', encoding="utf-8"
    )
    (russia,) = load_targets(path)
    assert mentions("Russia; Moscow; Moscow, Idaho", russia) == ["Russia", "Moscow"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name = 'x'", "unknown table 'name'"),
        ("", r"at least one \[\[target\]\] table"),
        ("[[target]]\nalias = ['x']", "target 1: unknown field 'alias': did you mean 'aliases'"),
        ("[[target]]\naliases = ['x']", "target 1: field 'name' is missing"),
        ("[[target]]\nname = 'a'\n[[target]]\nname = 'b'\naliases = 'x'", "target 2: field 'aliases' has to be a list"),
        ("[[target]]\nname = 'a'\naliases = [1]", "has to be a list of strings"),
        ("[[target", "not valid TOML"),
        ("target = ['a']", r"target 1: expected a \[\[target\]\] table, found 'a'"),
    ],
)
def test_bad_target_files(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        load_targets(path)


def test_missing_target_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        load_targets(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not valid TOML in UTF-8"):
        load_targets(tmp_path / "bytes.toml")


def test_an_exclusion_holds_for_names_with_an_article() -> None:
    board = Target("Harbour Board", aliases=("the Board",), exclude=("Board of Health",))
    assert find_mentions("The Board of Health met; the Board  of Health left.", board) == ()
    assert [span.text for span in find_mentions("The Board of Norhaven met.", board)] == ["The Board"]
