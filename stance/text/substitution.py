"""Puts other names, or a mask, where a text names a target: texts about another target, and texts that name none.

Each mention is replaced by the name of the other target that fits its place: a demonym for a demonym, a capital for a
capital, a leader for a leader, "the Chinese military" for "the Pentagon". Around it only what the new name demands is
changed: "a" and "an", "the", and a leader's given names. There is no parser: whether "NATO" is a noun or stands before
one is told from the word that follows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stance.errors import InputError
from stance.schema import Span
from stance.targets import Target, find_mentions
from stance.text.hashtags import part_hashtags
from stance.text.names import DEMONYM, GIVEN_NAMES, classify, leader_index, name_forms, role_of, takes_the
from stance.text.offsets import Edit, apply
from stance.text.words import ATTRIBUTED, FUNCTION_WORDS, VERBS

__all__ = ["mask_mentions", "replace_target", "swap_targets"]


def mask_mentions(
    text: str, target: Target, mask: str = "[MASK]", *, spare_first: bool = False
) -> tuple[str, tuple[Span, ...]]:
    """Put a mask in place of every mention of a target; nothing else changes but the hashtags that it is taken out of.

    Args:
        text: Any text.
        target: Whose names are hidden.
        mask: What stands in their place.
        spare_first: Whether the first of them stays, so that a reader can still tell who is meant.

    Returns:
        The masked text, and where in it the masks stand.

    >>> from stance.targets import builtin_targets
    >>> mask_mentions("Beijing spoke.", builtin_targets()[2])
    ('[MASK] spoke.', (Span(start=0, end=6, text='[MASK]'),))
    """
    text = _open_hashtags(text, (target,))
    mentions = find_mentions(text, target)[spare_first:]
    masked, pieces = apply(text, (Edit(span.start, span.end, mask) for span in mentions))
    return masked, tuple(Span(piece.new_start, piece.new_end, mask) for piece in pieces)


def swap_targets(text: str, one: Target, other: Target) -> str:
    """Exchange two targets: what the text said of either it now says of the other, so labels can be exchanged too.

    Args:
        text: Any text.
        one: A target.
        other: Another target.

    Returns:
        The new text. Where mentions of both overlap, the longer one counts; "US$" stays, being a currency.

    Raises:
        InputError: The two targets have the same name.

    >>> from stance.targets import builtin_targets
    >>> _, us, china = builtin_targets()
    >>> swap_targets("An American envoy left Beijing: China and the US disagree.", us, china)
    'A Chinese envoy left Washington: The United States and China disagree.'
    """
    return _rewrite(text, ((one, other), (other, one)))


def replace_target(text: str, target: Target, other: Target) -> str:
    """Make a text about another target: every mention of the one becomes a name of the other.

    Args:
        text: Any text.
        target: The target to replace; where it shares a name with the other, that name stays a mention of both.
        other: The target to put in its place.

    Returns:
        The new text.

    Raises:
        InputError: The two targets have the same name.

    >>> from stance.targets import builtin_targets
    >>> russia = Target("Russia", aliases=("Russian", "Moscow"))
    >>> replace_target("The US accepts it. American troops left.", builtin_targets()[1], russia)
    'Russia accepts it. Russian troops left.'
    """
    return _rewrite(text, ((target, other),))


def _rewrite(text: str, pairs: tuple[tuple[Target, Target], ...]) -> str:
    for old, new in pairs:
        if old.name == new.name:
            raise InputError(f"expected two different targets, found {old.name!r} twice. Give another target.")
    text = _open_hashtags(text, [old for old, _ in pairs])
    return apply(text, _edits(text, pairs))[0]


def _open_hashtags(text: str, targets: Sequence[Target]) -> str:
    """Part the words of hashtags where one among several names a target; else leave the text as it is."""
    spans = (span for target in targets for span in find_mentions(text, target))
    glued = any(_LETTER.match(text, span.end) or _LETTER.match(text[span.start - 1 : span.start]) for span in spans)
    return part_hashtags(text).text if glued else text


@dataclass(frozen=True, slots=True)
class _Place:
    """A mention in its text: what is said, of whom, who shall be named instead, and where the last mention ended."""

    text: str
    start: int
    end: int
    old: Target
    new: Target
    floor: int
    follows: bool

    @property
    def mention(self) -> str:
        return self.text[self.start : self.end]

    @property
    def abbreviated(self) -> bool:
        """Whether the alias itself is in capitals ("US"), not only this mention of it ("CHINA")."""
        return self.mention.isupper() and self.mention in self.old.aliases

    @property
    def before(self) -> str:
        return self.text[max(self.floor, self.start - _REACH) : self.start]

    @property
    def after(self) -> str:
        return self.text[self.end : self.end + _REACH]


@dataclass(frozen=True, slots=True)
class _Name:
    """A name to put, and how it stands: as a noun it needs "the" or refuses it, otherwise the article stays."""

    text: str
    noun: bool = False
    article: bool = False


_REACH = 60  # code points looked at on each side of a mention
_LETTER = re.compile(r"\w")
_GAP = re.compile(r"(?:['’]s?)?\s+\Z")


def _edits(text: str, pairs: tuple[tuple[Target, Target], ...]) -> Iterator[Edit]:
    """Give one edit a mention, in order."""
    found = [(span, old, new) for old, new in pairs for span in find_mentions(text, old)]
    found.sort(key=lambda item: (item[0].start, item[0].start - item[0].end))
    floor, last = 0, None
    for span, old, new in found:
        if span.start < floor or text.startswith("$", span.end):
            continue
        follows = last == old.name and _GAP.fullmatch(text, floor, span.start) is not None
        edit = _rename(_Place(text, span.start, span.end, old, new, floor, follows))
        yield edit
        floor, last = edit.end, old.name


def _rename(place: _Place) -> Edit:
    """Replace one mention, with the article before it and the possessive mark after it, plainly after "#"."""
    plain = name_forms(place.new).short
    if place.text[place.start - 1 : place.start] in ("#", "＃") and plain.isalpha():
        return Edit(place.start, place.end, plain)
    place = _without_determiner(place)
    name = _choose(place)
    start, lead = _article(place, name)
    new = lead + name.text
    opens = place.text[start].isupper() and not place.follows
    if place.mention.isupper() and (not place.abbreviated or _line_around(place).isupper()):
        new = new.upper()
    elif opens and _opens_sentence(place.text[max(0, start - _REACH) : start]):
        new = new[0].upper() + new[1:]
    end = place.end
    if place.mention[-1] in "sS" and _LONE_POSSESSIVE.match(place.after) and not new.endswith(("s", "S")):
        new += place.text[end] + "s"
        end += 1
    return Edit(start, end, new)


def _line_around(place: _Place) -> str:
    """Give what else stands in a mention's line, as far as it is looked at."""
    before = place.text[max(0, place.start - _REACH) : place.start]
    return before.rpartition("\n")[2] + place.after.partition("\n")[0]


_LONE_POSSESSIVE = re.compile(r"['’](?=\s+[a-z])")
_OWN_DETERMINER = re.compile(r"(?:the|our|this)\s+", re.IGNORECASE)


def _without_determiner(place: _Place) -> _Place:
    """Leave a determiner that is part of the alias ("the Alliance") outside, as if it stood before it."""
    own = _OWN_DETERMINER.match(place.mention)
    shift = own.end() if own else 0
    return _Place(place.text, place.start + shift, place.end, place.old, place.new, place.floor, place.follows)


# --- which name -------------------------------------------------------------------------------------------------------


def _choose(place: _Place) -> _Name:
    """Choose the new target's name for a place."""
    names = name_forms(place.new)
    kind = classify(place.text[place.start : place.end])
    if kind == "capital" and names.capital:
        return _Name(names.capital)
    if kind == "leader" and names.leaders:
        return _Name(names.leaders[leader_index(place.mention, place.old) % len(names.leaders)])
    if kind in ("role", "title", "leader"):
        role = role_of(place.mention)
        return _Name(role if place.follows else f"{names.adjective} {role}", kind != "title", True)
    if kind in ("adjective", "people"):
        return _choose_people(place, kind == "people")
    if kind == "led":
        return _Name(f"{names.short}-led")
    return _choose_noun(place, kind == "long")


def _choose_people(place: _Place, plural: bool) -> _Name:
    """Choose a name for "American" or "Americans"; "Chinese" is the latter after "the" and before no noun."""
    names = name_forms(place.new)
    if not plural and _COLLECTIVE.search(place.before) and not _stands_before_noun(place.after, True):
        plural = not place.after.startswith(("-", "–"))
    if plural:
        return _Name(names.people or f"{names.adjective} people")
    return _Name(names.adjective)


def _choose_noun(place: _Place, long: bool) -> _Name:
    """Choose a name for "China", "the US" or "NATO", by what stands around it."""
    names = name_forms(place.new)
    bracketed = place.before.endswith("(") and place.after.startswith(")")
    if bracketed or place.before.endswith(_JOINTS) or place.after.startswith(_JOINTS):
        return _Name(names.short)
    mention = place.mention
    abbreviated = place.abbreviated
    if not long and _stands_before_noun(place.after, abbreviated or takes_the(mention)):
        bare = not takes_the(mention) and not abbreviated
        return _Name(names.short if bare else names.adjective)
    possessive = place.after.startswith(("'s", "’s")) or bool(_LONE_POSSESSIVE.match(place.after))
    described = not takes_the(mention) and bool(_ADJECTIVE.search(place.before))
    if names.bare and (possessive or described) and not long:
        return _Name(names.bare, True, takes_the(names.bare))
    form = names.long if long else names.short if abbreviated else names.noun
    return _Name(form, True, takes_the(form) and not described)


_JOINTS = ("-", "‐", "‑", "–", "/")
_COLLECTIVE = re.compile(r"\b(?:the|most|many|some|all|few|more|million|other|ordinary|young|we)\s+\Z", re.IGNORECASE)
_ADJECTIVE = re.compile(
    r"\b(?:[a-z]+(?:ing|ist|ful|ive|al|ous|ic|ern|ant|ent)|mainland|strong|weak|new|modern|old|rich|poor|today['’]s|red|free"
    r"|whole|entire|like|within)\s+\Z",
    re.IGNORECASE,
)
_NEXT_WORD = re.compile(r"\s+([^\W\d_](?:[\w’'-]*\w)?)")
_JOINED_DEMONYM = re.compile(rf"\s+(?:and|or)\s+(?:{DEMONYM})\s+[a-z]")


def _stands_before_noun(after: str, likely: bool) -> bool:
    """Tell whether a name belongs to a noun that follows ("NATO troops"), not to a verb ("NATO says").

    Args:
        after: What follows the name.
        likely: Whether names like it often do; if not, only known nouns and capitals count.
    """
    following = _NEXT_WORD.match(after)
    if following is None:
        return False
    word = following.group(1)
    if word.isupper() and len(word) > 4:  # in a headline a capital tells nothing
        word = word.lower()
    if likely and _JOINED_DEMONYM.match(after):
        return True
    if word[0].isupper():
        return True
    if word in ATTRIBUTED:
        return True
    return likely and word not in _NO_NOUN and not _NO_NOUN_ENDING.search(word)


_NO_NOUN = FUNCTION_WORDS | VERBS
_NO_NOUN_ENDING = re.compile(
    r"(?:(?<!arm)(?<!ne)(?<!spe)ed|ly|n['’]t"
    r"|[nlt]i[sz]es|ifies|..[lrn]ates|jects|cepts|tains|ishes|ceeds|lieves|quires|cides|duces|vokes|serts)\Z"
)


# --- articles ---------------------------------------------------------------------------------------------------------

_DETERMINER = re.compile(r"\b(the|our|this)\s+\Z", re.IGNORECASE)
_INDEFINITE = re.compile(r"\b(an?)(\s+)\Z", re.IGNORECASE)
_DETERMINED = re.compile(
    r"(?:['’]s?|\b(?:its|his|her|their|my|your|every|each|any|another|former))\s+\Z",
    re.IGNORECASE,
)
_PROPER = re.compile(r"\b([A-Z]\w*|\d+)\s+\Z")
_GIVEN = re.compile(rf"\b(?:{GIVEN_NAMES}\s+|[A-Z]\.\s*)+\Z")
_CONSONANT_U = re.compile(r"(?:[Uu]ni|UNI|U\.?\s?[A-Z](?![a-z])|[Ee]u|EU[A-Z]|U[krzg])")
_VOWEL = re.compile(r"[AEIOUaeiou]|[FHLMNRSX](?:\.|[A-Z]{1,2}\b)")


def _article(place: _Place, name: _Name) -> tuple[int, str]:
    """Tell from where to replace, and what stands before the name."""
    before = place.before
    indefinite = _INDEFINITE.search(before)
    if indefinite:
        return place.start - len(indefinite.group()), _agree(indefinite, name.text)
    determiner = _DETERMINER.search(before)
    if classify(place.mention) == "leader":
        given = _GIVEN.search(before)
        start = place.start - len(given.group()) if given else place.start
        needed = name.noun and not determiner and not place.follows
        return start, "the " if needed else ""
    if not name.noun:
        return place.start, ""
    if determiner:
        kept = name.article and determiner.group(1).lower() == "the"
        return (place.start, "") if kept else (place.start - len(determiner.group()), "the " if name.article else "")
    proper = (
        _PROPER.search(before) if classify(place.mention) == "role" else None
    )  # "the April 13 White House briefing"
    if place.follows or _DETERMINED.search(before) or (proper and proper.group(1).lower() not in FUNCTION_WORDS):
        return place.start, ""
    return place.start, "the " if name.article else ""


def _agree(article: re.Match[str], name: str) -> str:
    """Write "a" or "an", as the name's first sound asks for."""
    form = "a" if _CONSONANT_U.match(name) or not _VOWEL.match(name) else "an"
    return (form.capitalize() if article.group(1)[0] == "A" else form) + article.group(2)


_OPENING = re.compile(r"(?:\A|[.!?:…][”’\"')\]]*\s+|\n)[\s“‘\"'(\[]*\Z|[“‘]\Z")


def _opens_sentence(before: str) -> bool:
    return _OPENING.search(before) is not None
