"""English words: what one is, what follows a name that stands alone, and what a name stands before."""

from __future__ import annotations

import re

__all__ = ["ATTRIBUTED", "FUNCTION_WORDS", "VERBS", "WORD"]

WORD = re.compile(r"[^\W_]+(?:[-‐‑'’.][^\W_]+)*")
"""A word as a reader sees it: "pro-NATO", "it's" and "U.S" are one."""

_FUNCTION = """
a about above across after again against ago all along alongside already also although always am amid among an and
any are around as at away back be because been before being below between both but by can cannot could despite did
do does doing done down during each either even ever every except far few first for from further had has have having
he her here him his how however if in including instead into is it its itself just later least less like likely many
may me might more most much must my near neither never next no nor not nothing now of off often on once one only
onto or our out outside over own per perhaps rather regarding shall she should simply since so some something soon
still such than that the their them themselves then there these they this those though through throughout thus to
today together too toward towards under unless until up upon versus very via vs was we well were what when where
whereas whether which while who whom whose why will with within without would yet you your
"""
"""Words of closed classes, as in "NATO is" and "NATO with"."""
_VERBS = """
accepts act acting acts adopts agree agrees allow allows announces appear appears argue argues ask asks backs bears
become becomes becoming began begins believe believes belongs benefits blames bombs bore breaks brings broke brought
builds built buys called calling came carries ceases chooses chose come comes commits considers continue continues
contributes controls creates decides declares defends depends deploys deserves disagree disagrees drives drove ends
engages enjoys enters established establishes exerts exists expands expects face faces fail failed fails falls fear
feel feels fell fights finds follows fought found gains gave get gets give gives go goes got grew grows held help
helps holds hope hopes ignores imposes increases insisted insists intends invades invests join joins keep keeps kept
knew know knows lacks launches lead leads learns leaves led left lets lies likes live lives looks lose loses lost
loves made maintains make makes manages means meets met need needs offers openly opposes owns pays plays poses
prefers prepares presents promises protects proves provides pulls pursues pushes put puts raises ran reaches reacted
reacts recognises recognizes refuses regards rejects relies remains removes represents respond responds retains
returns rises rose runs said sat saw say says see seek seeks seems sees sells sends sent serves sets shares shifts
shows sold sought speaks spends spent spoke spreads stand stands stays stood stopped stops strengthens struck
submits succeeds suffers supports surrounds take takes tells tends think thinks thought threatens thrives told took
treat treats tries trusts try turns understands understood use uses using violates wages want wants warns welcomes
went win wins wishes withdraws withdrew won works writes wrote
"""
"""Verbs that often follow a name; forms that are as often nouns ("forces", "claims", "talks") are left out."""
_ATTRIBUTED = """
card expert experts hawks market policies policy relations scholars shock strategy studies ties trade watchers
"""
"""Nouns that even a country's plain name stands before, as in "China policy"."""

FUNCTION_WORDS = frozenset(_FUNCTION.split())
VERBS = frozenset(_VERBS.split())
ATTRIBUTED = frozenset(_ATTRIBUTED.split())
