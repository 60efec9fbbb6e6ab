"""What kind of name an alias is, and which names of a target fit which place in a sentence.

Everything is read off a target's own aliases: demonyms by their endings and a few irregular ones, capitals, leaders and
institutions by the tables here. A target that lacks a form gets its plain name in that place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from stance.targets import Target, find_mentions

__all__ = [
    "DEMONYM",
    "GIVEN_NAMES",
    "NameKind",
    "Names",
    "classify",
    "leader_index",
    "name_forms",
    "role_of",
    "takes_the",
]

NameKind = Literal["noun", "long", "adjective", "people", "prefix", "led", "capital", "leader", "role", "title"]
"""``noun`` China, the US; ``long`` United States of America; ``adjective`` Chinese; ``people`` Americans;
``prefix`` Sino; ``led`` US-led; ``capital`` Beijing; ``leader`` Xi; ``role`` an institution; ``title`` an
office before a name."""

DEMONYM = r"[A-Z][a-z]+(?:ese|ish|ian|ean|ican|aeli)|German|French|Dutch|Greek|Thai|Czech|Iraqi|Pakistani|Saudi|Soviet"
"""Pattern of adjectives of nations."""

_CAPITALS = """
ankara, beijing, berlin, brussels, canberra, caracas, damascus, delhi, havana, islamabad, jerusalem, kiev, kyiv, london,
moscow, new delhi, ottawa, paris, peking, pyongyang, riyadh, seoul, taipei, tehran, tel aviv, tokyo, washington
"""
_TITLES = {
    "secretary of state": "foreign minister",
    "secretary of defense": "defence minister",
    "supreme allied commander": "commander",
    "saceur": "commander",
}
_ROLES = {
    "white house": "leadership",
    "oval office": "leadership",
    "zhongnanhai": "leadership",
    "the kremlin": "leadership",
    "kremlin": "leadership",
    "capitol hill": "parliament",
    "congress": "parliament",
    "senate": "parliament",
    "house of representatives": "parliament",
    "national people's congress": "parliament",
    "north atlantic council": "council",
    "pentagon": "military",
    "department of defense": "defence ministry",
    "joint chiefs": "generals",
    "pla": "military",
    "people's liberation army": "military",
    "shape": "headquarters",
    "kfor": "force",
    "isaf": "force",
    "state department": "foreign ministry",
    "department of state": "foreign ministry",
    "treasury department": "finance ministry",
    "commerce department": "trade ministry",
    "federal reserve": "central bank",
    "the fed": "central bank",
    "cia": "intelligence service",
    "fbi": "police",
    "usaid": "aid agency",
    "supreme court of the united states": "supreme court",
    "communist party of china": "ruling party",
    "chinese communist party": "ruling party",
    "cpc": "ruling party",
    "ccp": "ruling party",
    "north atlantic treaty": "treaty",
    "washington treaty": "treaty",
}
_LEADERS = """
biden, trump, obama, clinton, bush, reagan, carter, nixon, blinken, pompeo, kerry, harris, pence, lloyd austin, jake
sullivan, pelosi, yellen, rubio, hegseth, rumsfeld, condoleezza rice, kissinger, eisenhower, kennedy, roosevelt, truman,
xi jinping, xi, hu jintao, jiang zemin, deng xiaoping, mao zedong, mao tse-tung, mao, li keqiang, li qiang, wen jiabao,
zhou enlai, wang yi, qin gang, yang jiechi, zhao lijian, wang wenbin, hua chunying, mao ning,
stoltenberg, rutte, rasmussen,
vladimir putin, putin, medvedev, sergei lavrov, lavrov, narendra modi, modi, jaishankar, von der leyen, macron, merkel,
scholz, zelensky, erdogan
"""
GIVEN_NAMES = (
    r"(?:Joseph|Joe|Donald|Barack|Hussein|Hillary|Rodham|William|Bill|George|Ronald|Jimmy|Richard|Antony|Anthony|Tony|Mike"
    r"|Michael|John|Kamala|Nancy|Janet|Marco|Pete|Henry|Dwight|Franklin|Delano|Theodore|Teddy|Harry|Jens|Mark|Anders|Fogh"
    r"|Vladimir|Dmitry|Sergei|Sergey|Narendra|Subrahmanyam|Ursula|Emmanuel|Angela|Olaf|Volodymyr|Recep|Tayyip)"
)
"""Pattern of given names that stand before the leaders whose alias is a surname."""

_WITH_ARTICLE = re.compile(
    r"\b(?:United|Union|States|Kingdom|Republic|Federation|Organi[sz]ation|Alliance|alliance|bloc|Emirates|Netherlands"
    r"|Philippines|Nations|West|USSR)\b"
)


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a target, by the place they fit.

    Attributes:
        short: The plain name ("US", "China", "NATO").
        noun: The name spelled out, if that takes two words ("United States"); else the plain one.
        bare: A name that takes no article ("America", "China"); empty if there is none.
        long: The official name ("United States of America"), or the plain one.
        adjective: The demonym ("American"), or the plain name, as in "NATO troops".
        people: The demonym's plural ("Americans"); empty if there is none.
        capital: The seat of government by its city; empty if there is none.
        leaders: Leaders, each once.
    """

    short: str
    noun: str
    bare: str
    long: str
    adjective: str
    people: str
    capital: str
    leaders: tuple[str, ...]


def classify(alias: str) -> NameKind:
    """Tell what kind of name an alias is, as it stands in a text or in a target.

    Args:
        alias: The name, in any spacing, capitals and apostrophes that `stance.targets.find_mentions` allows.

    Returns:
        The kind; ``noun`` for whatever is no other.

    >>> [classify(alias) for alias in ("Beijing", "AMERICAN", "Americans", "the US", "State Department")]
    ['capital', 'adjective', 'people', 'noun', 'role']
    """
    key = _key(alias)
    for kind, known in _TABLES:
        if key in known:
            return kind
    title = key.title()
    if re.fullmatch(DEMONYM, title):
        return "adjective"
    if title.endswith("ns") and re.fullmatch(DEMONYM, title[:-1]):
        return "people"
    if key.endswith("-led"):
        return "led"
    return "long" if len(key.split()) > 2 else "noun"


def role_of(alias: str) -> str:
    """Give what an institution or office is, in words that fit any target ("parliament"); "leader" for the rest."""
    key = _key(alias)
    return _TITLES.get(key) or _ROLES.get(key, "leader")


def takes_the(name: str) -> bool:
    """Tell whether a name, as a noun, wants "the" before it; short abbreviations do, those read as a word do not.

    >>> [takes_the(name) for name in ("US", "United States", "EU", "NATO", "China", "the African Union")]
    [True, True, True, False, False, False]
    """
    if name.startswith("the "):
        return False
    letters = name.replace(".", "").replace(" ", "")
    return bool(_WITH_ARTICLE.search(name)) or (len(letters) <= 3 and letters.isupper())


@lru_cache(maxsize=256)
def name_forms(target: Target) -> Names:
    """Sort a target's aliases by the place they fit.

    Args:
        target: The target.

    Returns:
        Its names; the first alias of a kind stands for the kind.

    >>> from stance.targets import builtin_targets
    >>> names = name_forms(builtin_targets()[1])
    >>> names.noun, names.bare, names.adjective, names.people, names.capital
    ('United States', 'America', 'American', 'Americans', 'Washington')
    """
    first: dict[NameKind, str] = {}
    for alias in target.aliases:
        first.setdefault(classify(alias), alias)
    short = target.name
    if short.startswith("the ") and find_mentions(short[4:], target):
        short = short[4:]
    pairs = [(alias, alias.split()) for alias in target.aliases if " " in alias and "." not in alias]
    spelled = (alias for alias, words in pairs if len(words) == 2 and words[0][0] + words[1][0] == short)
    adjective = first.get("adjective", "")
    bare = next((alias for alias in target.aliases if alias + "n" == adjective), "")
    if not bare and not takes_the(short):
        bare = short
    invariable = adjective if not adjective.endswith("n") else ""
    return Names(
        short=short,
        noun=next(spelled, short),
        bare=bare,
        long=first.get("long", short),
        adjective=adjective or short.removeprefix("the "),
        people=first.get("people", invariable),
        capital=first.get("capital", ""),
        leaders=_leaders(target),
    )


def leader_index(alias: str, target: Target) -> int:
    """Give a leader's number among the target's leaders, from 0; a surname alone is the first who bears it."""
    key = _key(alias)
    for number, leader in enumerate(name_forms(target).leaders):
        words = _key(leader).split()
        if key == " ".join(words) or (" " not in key and key in (words[0], words[-1])):
            return number
    return 0


def _leaders(target: Target) -> tuple[str, ...]:
    """List the leaders, leaving out a surname that is part of a fuller name."""
    known = [alias for alias in target.aliases if classify(alias) == "leader"]
    parts = {word for alias in known if " " in alias for word in alias.split()}
    return tuple(alias for alias in known if alias not in parts)


def _key(alias: str) -> str:
    return re.sub(r"[‐‑–]", "-", " ".join(alias.replace("’", "'").split())).casefold()


def _listed(names: str) -> frozenset[str]:
    return frozenset(" ".join(name.split()) for name in names.split(","))


_TABLES: tuple[tuple[NameKind, frozenset[str]], ...] = (
    ("capital", _listed(_CAPITALS)),
    ("leader", _listed(_LEADERS)),
    ("title", frozenset(_TITLES)),
    ("role", frozenset(_ROLES)),
    ("prefix", frozenset({"sino"})),
    ("adjective", frozenset({"belt and road"})),
)
