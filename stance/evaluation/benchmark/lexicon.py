"""A lexicon of cue words: what counting approving and disapproving words near a target's name can tell.

The words were chosen for this project by hand, from general English; no published lexicon was used.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from stance.schema import Label, Span

__all__ = ["AGAINST", "FAVOR", "judge_by_words"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FAVOR = _words(
    """
    achieve achieved achievement achievements admirable admire admired agree ally allies applaud benefit benefits best
    better brave capable commend commendable committed constructive cooperation courage credible defend defended
    defends deserve deserves effective empower encourage equal essential excellent fair faithful favor favour free
    freedom friend friends friendship generous good grateful great hail hero hope hopeful important improve improved
    indispensable inspire just leadership liberty love loyal necessary outstanding partner partners partnership peace
    peaceful positive praise praised progress promising prosperity protect protected protects proud reliable respect
    respected right rights safe security solidarity stability stable strengthen strong succeed success successful
    support supported supporters supports thank thanks triumph true trust trusted vital welcome welcomed wise wonderful
    """
)
AGAINST = _words(
    """
    abuse abused abuses accuse accused aggression aggressive aggressor arrogant attack attacks bad betray betrayal
    blame bully bullying chaos cheat coerce coercion condemn condemned corrupt corruption crime crimes criminal crisis
    cruel cynical damage danger dangerous deceit deceive deny destabilise destabilize destroy destroyed disaster
    dishonest distort dominate doomed double-standard enemy evil exploit fail failed failing fails failure fake false
    fear greed guilty harm harmful hate hatred hegemon hegemonic hegemony hostile hypocrisy hypocrite hypocritical
    illegal illegitimate immoral imperialism imperialist incompetent inhumane injustice interfere interference
    invade invaded invasion irresponsible kill killed lie lied lies lying menace meddle meddling murder obsolete
    oppose opposed oppress oppression outrage outrageous provocation provocative provoke provokes punish reckless
    reject relic shame shameful slander so-called steal stole suffer suffering terror threat threaten threatening
    threatens threats tyranny unfair unilateral unjust useless victim violate violated violation violence weak
    worse worst wreck wrong
    """
)
_TURN = _words(
    "not no never nor neither cannot without hardly nothing don't doesn't didn't isn't aren't wasn't won't can't"
)
_WORD = re.compile(r"[\w]+(?:[-'’][\w]+)*")
_NEAR = 12
"""Words on each side of a mention in which cues count."""
_REACH = 3
"""Words before a cue in which a negation turns it round."""


def judge_by_words(text: str, mentions: Sequence[Span]) -> Label:
    """Label a text by cue words near the mentions of a target.

    Args:
        text: The text.
        mentions: Where it mentions the target.

    Returns:
        ``absent`` without mentions; else the side with more cues within 12 words of a mention, each counted once and
        turned round by a negation up to 3 words before it; ``neutral`` if neither has more.

    >>> judge_by_words("NATO deserves our thanks.", [Span(0, 4, "NATO")])
    'favor'
    >>> judge_by_words("NATO does not deserve it.", [Span(0, 4, "NATO")])
    'against'
    """
    if not mentions:
        return "absent"
    words = [(match.start(), match.end(), match[0].lower().replace("’", "'")) for match in _WORD.finditer(text)]
    near: set[int] = set()
    for span in mentions:
        inside = [at for at, (start, end, _) in enumerate(words) if start < span.end and end > span.start]
        if inside:
            near |= set(range(max(0, inside[0] - _NEAR), min(len(words), inside[-1] + _NEAR + 1))) - set(inside)
    balance = 0
    for at in near:
        value = (words[at][2] in FAVOR) - (words[at][2] in AGAINST)
        before = {word for _, _, word in words[max(0, at - _REACH) : at]}
        balance += -value if before & _TURN else value
    return "favor" if balance > 0 else "against" if balance < 0 else "neutral"
