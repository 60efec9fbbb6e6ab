"""Targets: whom a stance is about, by which names the target goes, and where a text names it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from stance.errors import InputError, UnknownTargetError, suggest
from stance.schema import Span
from stance.text.hashtags import part_hashtags
from stance.toml import read_toml

__all__ = [
    "FURTHER_TARGETS",
    "Target",
    "builtin_targets",
    "find_codebook",
    "find_mentions",
    "load_targets",
    "resolve_targets",
]

_FIELDS = {"name": str, "description": str, "aliases": list, "exclude": list}
_SHORT = 3
"""Aliases of up to this many letters get no form in capitals of their own: "Xi" is a name, "XI" a numeral."""
_SLIP = 0.8
"""Similarity (`difflib`) from which on a name is taken for a slip: "Chnia" has 0.8, "Natto" 0.9, "Chile" 0.6."""
_WORDS = frozenset({"bush", "is", "it", "pence", "shape", "trump", "turkey", "us", "who"})
"""Names (US, WHO, SHAPE, Bush) that are common words in small letters: in texts without capitals they name nobody."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whom or what a stance is about.

    Attributes:
        name: Short name, the key of results.
        aliases: Names that make the target present in a text, its own name included. One with a capital in it is
            matched as written, as the first word of a sentence, and in full capitals; one in small letters in any case.
            In a text without any capital letter all are matched in small letters, but for words such as "us". "EU" and
            "European Union" count for "the EU" and "the European Union".
        description: One sentence that says what is meant; the model reads it.
        exclude: Phrases inside which an alias does not count ("South China Sea").

    Raises:
        InputError: If the name is empty.

    >>> Target("Russia", aliases=("Moscow", "the Kremlin")).description
    'Russia; Moscow, the Kremlin'
    """

    name: str
    aliases: tuple[str, ...] = ()
    description: str = ""
    exclude: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for field in ("aliases", "exclude"):
            given = getattr(self, field)
            if (
                isinstance(given, str)
                or not isinstance(given, Iterable)
                or not all(isinstance(item, str) for item in given)
            ):
                raise InputError(f"Target {self.name!r}: {field} has to be a list of strings, found {given!r}.")
            object.__setattr__(self, field, tuple(given))
        if not isinstance(self.description, str):
            raise InputError(f"Target {self.name!r}: description has to be a string, found {self.description!r}.")
        if not isinstance(self.name, str) or not self.name.strip():
            raise InputError("A target needs a name, but found an empty one. Give it one word or two, as in 'Russia'.")
        named = tuple(alias for alias in self.aliases if alias.strip())
        if self.name not in named:
            named = (self.name, *named)
        object.__setattr__(self, "aliases", named)
        if not self.description.strip():
            others = ", ".join(named[1:6])
            object.__setattr__(self, "description", f"{self.name}; {others}" if others else self.name)


FURTHER_TARGETS: tuple[Target, ...] = tuple(
    Target(name, aliases=tuple(aliases), description=f"{name}: {said}")
    for name, said, *aliases in (
        ("Russia", "its government, president, armed forces and policies", "Moscow", "the Kremlin", "Russian"),
        (
            "the EU",
            "the European Union, its commission, council and policies",
            "the European Union",
            "Brussels",
            "E.U.",
        ),
        ("India", "its government, prime minister, armed forces and policies", "New Delhi", "Indian"),
        ("Japan", "its government, prime minister, armed forces and policies", "Tokyo", "Japanese"),
        ("Iran", "the Islamic Republic, its leaders, armed forces and policies", "Tehran", "Iranian"),
        ("Israel", "its government, prime minister, armed forces and policies", "Jerusalem", "Israeli"),
        ("Turkey", "its government, president, armed forces and policies", "Ankara", "Turkish"),
        ("Ukraine", "its government, president, armed forces and policies", "Kyiv", "Ukrainian"),
        ("the UN", "the United Nations, its Security Council, bodies and operations", "the United Nations"),
        (
            "Britain",
            "the United Kingdom, its government and policies",
            "London",
            "the United Kingdom",
            "British",
            "UK",
            "U.K.",
        ),
        ("France", "its government, president, armed forces and policies", "Paris", "French"),
        ("Germany", "its government, chancellor, armed forces and policies", "Berlin", "German"),
        ("North Korea", "the DPRK, its leaders, armed forces and policies", "Pyongyang", "North Korean"),
        ("Saudi Arabia", "the kingdom, its rulers and policies", "Riyadh", "Saudi"),
        ("the African Union", "the AU, its bodies and operations", "the AU"),
        ("ASEAN", "the Association of Southeast Asian Nations, its members together"),
    )
)
"""Targets that are known by name beside the built-in ones; models learn from texts that are rewritten for them."""


def builtin_targets() -> tuple[Target, ...]:
    """Give the built-in targets: NATO, the US, China, defined after the project's codebook.

    >>> [target.name for target in builtin_targets()]
    ['NATO', 'US', 'China']
    """
    return _builtin()


@lru_cache(maxsize=1)
def _builtin() -> tuple[Target, ...]:
    path = find_codebook()
    tables = read_toml(path, "the codebook")
    entries = [{key: entry[key] for key in _FIELDS if key in entry} for entry in tables["target"]]
    return tuple(_target(entry, f"{path.name}: target {number}") for number, entry in enumerate(entries, 1))


def find_codebook() -> Path:
    """Find the project's codebook: in the package, or in the checkout that an editable install runs from.

    Returns:
        The file, ``codebook.toml``.
    """
    package = Path(__file__).resolve().parent
    released = package / "released" / "codebook.toml"
    return released if released.is_file() else package.parent / "annotations" / "codebook.toml"


def load_targets(path: str | Path) -> tuple[Target, ...]:
    """Read targets from a TOML file.

    The file holds one table a target: ``[[target]]`` with ``name`` and, optional, ``aliases`` (list of strings),
    ``description``, ``exclude`` (list of strings); what they mean is said at `Target`.

    Args:
        path: The file.

    Returns:
        The targets, in the order of the file.

    Raises:
        InputError: If the file cannot be read, is no TOML, or a field is unknown or of another type.
    """
    return _make(read_toml(path, "a TOML file with [[target]] tables"), str(path))


def resolve_targets(
    targets: str | Target | Iterable[str | Target] | None, own: Sequence[Target] = ()
) -> tuple[Target, ...]:
    """Turn what a user asked for into targets.

    Args:
        targets: Names (in any case, "the US" or "US"), `Target` objects, or a mix; None means all of `own`, or the
            built-in ones. A name that is not known (`FURTHER_TARGETS` are, "Russia", "the EU") makes a target that goes
            by that name alone.
        own: Targets that are known by name beside the built-in ones, and before them: those of a model.

    Returns:
        The targets in the order asked for.

    Raises:
        UnknownTargetError: If a name is so like that of a built-in or own target that it must be a slip, or is another
            name of one: "Beijing" alone would find less than "China" does.
        InputError: If no target is given, or one twice.

    >>> [target.name for target in resolve_targets(["china", "NATO"])]
    ['China', 'NATO']
    >>> [target.aliases[:3] for target in resolve_targets(["EU", "Red Cross"])]
    [('EU', 'the EU', 'the European Union'), ('Red Cross',)]
    """
    if targets is None:
        return tuple(own) or builtin_targets()
    asked: Sequence[str | Target] = [targets] if isinstance(targets, (str, Target)) else list(targets)
    if not asked:
        raise InputError("No target given. Leave targets out for NATO, US, China, or name at least one.")
    named = any(isinstance(item, str) for item in asked)  # else the codebook need not be read: 25 ms
    known = {target.name.casefold(): target for target in (*builtin_targets(), *own)} if named else {}
    found: dict[str, Target] = {}
    for item in asked:
        if isinstance(item, Target):
            target = item
        elif not isinstance(item, str):
            raise InputError(f"A target has to be a name or a Target, found {item!r}.")
        else:
            target = known.get(item.strip().casefold()) or _named(item, known)
        if target.name in found:
            raise InputError(f"Target {target.name!r} is given twice. Name each target once.")
        found[target.name] = target
    return tuple(found.values())


def _named(name: str, known: Mapping[str, Target]) -> Target:
    """Make a target of a name that is neither built in nor a model's."""
    bare = _bare(name)
    same = next((target for key, target in known.items() if _bare(key) == bare), None)
    if same:
        return same
    owner = next((target for target in known.values() if bare in map(_bare, target.aliases)), None)
    if owner or difflib.get_close_matches(name.strip().casefold(), known, n=1, cutoff=_SLIP):
        names = [target.name for target in known.values()]
        told = f"it is one of the names of {owner.name!r}. Ask for that" if owner else suggest(name, names)
        raise UnknownTargetError(
            f"Unknown target {name!r}: {told}. If another one is meant, define it (stance.Target, --targets-file)."
        )
    further = {_bare(alias): target for target in reversed(FURTHER_TARGETS) for alias in target.aliases}
    there = further.get(bare)
    return replace(there, name=name.strip(), aliases=(name.strip(), *there.aliases)) if there else Target(name.strip())


def _bare(name: str) -> str:
    """Give a name without its article, in small letters."""
    return name.strip().casefold().removeprefix("the ")


def find_mentions(text: str, target: Target) -> tuple[Span, ...]:
    """Find where a text names a target.

    Names are looked for as they are written, so that "us" is not the US, nor "turkey" a country; in a text without a
    single capital letter their small letters do, but for names that are common words then. Words that a hashtag glues
    together ("#HandsOffNATO") are looked at one by one.

    Args:
        text: Any text.
        target: Whom to look for.

    Returns:
        The mentions in the order of the text, in code points, without overlap; the longest alias wins.

    >>> china = builtin_targets()[2]
    >>> [span.text for span in find_mentions("China's fleet left the South China Sea for Beijing.", china)]
    ['China', 'Beijing']
    >>> [span.text for span in find_mentions("china told us what beijing thinks.", china)]
    ['china', 'beijing']
    """
    parted = part_hashtags(text)
    matches = _pattern(target, text == text.lower()).finditer(parted.text)
    return tuple(parted.origin(*match.span("alias")) for match in matches if match["alias"])


@lru_cache(maxsize=512)
def _pattern(target: Target, small: bool) -> re.Pattern[str]:
    """Make the pattern of a target's names, in texts of small letters alone or in others."""
    forms: list[str] = []
    bare = set() if small else _without_article(target.aliases)
    for alias in sorted({*target.aliases, *bare}, key=lambda alias: (-len(alias), alias)):
        if alias in bare:
            forms.append(_literal(alias))
        elif alias == alias.lower() or (small and alias.lower() not in _WORDS):
            forms.extend(f"(?i:{_literal(form)})" for form in _as_hashtag(alias.lower()))
        else:
            written = [alias]
            if alias[0].islower():  # "the Alliance" begins a sentence as "The Alliance"
                written.append(alias[0].upper() + alias[1:])
            if len(alias) > _SHORT and alias != alias.upper():
                written.append(alias.upper())
            forms.extend(_literal(form) for word in written for form in _as_hashtag(word))
    excluded = [f"(?i:{_literal(phrase)})" for phrase in sorted(target.exclude, key=len, reverse=True)]
    # with the article: "the Board" is not to be found in "the Board of Health", whose exclusion names no article
    skipped = rf"(?:(?i:the)\s+)?(?:{'|'.join(excluded)})|" if excluded else ""
    return re.compile(rf"(?<!\w)(?:{skipped}(?P<alias>{'|'.join(forms)}))(?!\w)")


def _without_article(aliases: Sequence[str]) -> set[str]:
    """Give names that count without their article, as they are written: "EU ministers", "European Union ministers"."""
    names = {alias[4:] for alias in aliases if alias.startswith("the ") and alias[4:].lower() not in _WORDS}
    long = {name for name in names if " " in name and all(word[:1].isupper() for word in name.split())}
    return ({name for name in names if name.isupper()} | long) - set(aliases)


def _as_hashtag(word: str) -> list[str]:
    """Give a name, and how it reads where a hashtag of it was parted ("Tik Tok", "covid 19")."""
    parted = part_hashtags(f"#{word}").text[1:] if word.isidentifier() else word
    return [word] if parted == word else [word, parted]


def _literal(phrase: str) -> str:
    """Match a phrase letter by letter, but any space, apostrophe and hyphen for one."""
    escaped = re.escape(phrase)
    return re.sub(r"(?:\\ )+", r"\\s+", escaped).replace("'", "['’]").replace(r"\-", "[-‐‑–]")


def _make(tables: Mapping[str, Any], where: str) -> tuple[Target, ...]:
    unknown = next((key for key in tables if key != "target"), None)
    if unknown is not None:
        raise InputError(f"{where}: unknown table {unknown!r}: {suggest(unknown, ['target'])}. Write [[target]].")
    entries = tables.get("target")
    if not isinstance(entries, list) or not entries:
        raise InputError(f"{where}: expected at least one [[target]] table, found none.")
    return tuple(_target(entry, f"{where}: target {number}") for number, entry in enumerate(entries, 1))


def _target(entry: Any, where: str) -> Target:  # noqa: ANN401 - straight from TOML
    if not isinstance(entry, dict):
        raise InputError(f"{where}: expected a [[target]] table, found {entry!r}.")
    for key, value in entry.items():
        if key not in _FIELDS:
            raise InputError(f"{where}: unknown field {key!r}: {suggest(key, _FIELDS)}.")
        strings = not isinstance(value, list) or all(isinstance(item, str) for item in value)
        if not isinstance(value, _FIELDS[key]) or not strings:
            wanted = "a list of strings" if _FIELDS[key] is list else "a string"
            raise InputError(f"{where}: field {key!r} has to be {wanted}, found {value!r}.")
    if "name" not in entry:
        raise InputError(f"{where}: field 'name' is missing. Every [[target]] needs one.")
    return Target(
        name=entry["name"],
        aliases=tuple(entry.get("aliases", ())),
        description=entry.get("description", ""),
        exclude=tuple(entry.get("exclude", ())),
    )
