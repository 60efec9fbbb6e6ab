"""Varying training texts, anew each epoch: targets change names, names are masked, translation slips are put in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from stance.fitting.config import Augmentation
from stance.fitting.examples import Example, Judgement
from stance.targets import FURTHER_TARGETS, Target, find_mentions
from stance.text.noise import translation_noise
from stance.text.substitution import mask_mentions, replace_target, swap_targets

__all__ = ["vary"]

_MOST_NOISE = 0.2
"""Highest rate of noise in a varied text; the rate is drawn evenly from 0 to this."""


def vary(
    examples: Sequence[Example],
    augment: Augmentation,
    generator: np.random.Generator,
    *,
    targets: Sequence[Target],
    strangers: Sequence[Target] = FURTHER_TARGETS,
    mask: str = "[MASK]",
) -> list[Example]:
    """Vary some of the examples, each in at most one way beside noise.

    Args:
        examples: The examples; none is changed in place.
        augment: Which share of them is varied how.
        generator: What chance is drawn from.
        targets: The targets that may change names. Examples about others, or with marked mentions, only get noise.
        strangers: Targets whose names may be put in.
        mask: The tokenizer's mask.

    Returns:
        As many examples, in order.
    """
    known = {target.name for target in targets}
    varied = []
    for example in examples:
        chance, noisy = generator.random(2)
        ours = all(item.spans is None and item.target.name in known for item in example.judgements)
        if ours and chance < augment.swap:
            example = _swapped(example, generator)
        elif ours and chance < augment.swap + augment.replace:
            example = _replaced(example, generator, strangers)
        elif ours and chance < augment.swap + augment.replace + augment.mask:
            example = _masked(example, generator, mask)
        if noisy < augment.noise and all(item.spans is None for item in example.judgements):
            example = _noisy(example, generator)
        varied.append(example)
    return varied


def _named(example: Example) -> list[int]:
    """Numbers of the judgements whose target the text names."""
    return [at for at, item in enumerate(example.judgements) if find_mentions(example.text, item.target)]


def _swapped(example: Example, generator: np.random.Generator) -> Example:
    """Let two targets, at least one of them named, change names and labels."""
    named = _named(example)
    if not named or len(example.judgements) < 2:
        return example
    one = int(generator.choice(named))
    other = int(generator.choice([at for at in range(len(example.judgements)) if at != one]))
    first, second = example.judgements[one], example.judgements[other]
    judgements = list(example.judgements)
    judgements[one] = replace(second, target=first.target)
    judgements[other] = replace(first, target=second.target)
    text = swap_targets(example.text, first.target, second.target)
    return replace(example, text=text, judgements=tuple(judgements))


def _replaced(example: Example, generator: np.random.Generator, strangers: Sequence[Target]) -> Example:
    """Give a named target the name of a stranger, which takes its labels; the target itself is absent then."""
    named = [at for at in _named(example) if example.judgements[at].gold != ("absent",)]
    free = [target for target in strangers if not find_mentions(example.text, target)]
    if not named or not free:
        return example
    at = int(generator.choice(named))
    stranger = free[int(generator.integers(len(free)))]
    judgement = example.judgements[at]
    judgements = list(example.judgements)
    judgements[at] = Judgement(judgement.target, ("absent",))
    judgements.append(replace(judgement, target=stranger))
    text = replace_target(example.text, judgement.target, stranger)
    return replace(example, text=text, judgements=tuple(judgements))


def _masked(example: Example, generator: np.random.Generator, mask: str) -> Example:
    """Mask the names of one target, and say where they stood."""
    named = _named(example)
    if not named:
        return example
    at = int(generator.choice(named))
    text, spans = mask_mentions(example.text, example.judgements[at].target, mask)
    judgements = list(example.judgements)
    judgements[at] = replace(judgements[at], spans=spans)
    return replace(example, text=text, judgements=tuple(judgements))


def _noisy(example: Example, generator: np.random.Generator) -> Example:
    """Put the slips of machine translation in, but not into the names of targets."""
    keep = [span for item in example.judgements for span in find_mentions(example.text, item.target)]
    rate = float(generator.uniform(0, _MOST_NOISE))
    return replace(example, text=translation_noise(example.text, rate, generator, keep=keep))
