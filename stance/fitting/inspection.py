"""What ``stance train --check`` says of a recipe's data before anything is trained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from stance.fitting.examples import Example
from stance.fitting.readings import Reading, prepare
from stance.fitting.training import Workshop
from stance.schema import LABELS
from stance.targets import find_mentions

__all__ = ["count_shared", "inspect_workshop"]


def inspect_workshop(workshop: Workshop) -> dict[str, Any]:
    """Count texts, labels and tokens of each split, and find texts that stand in two.

    Args:
        workshop: What a recipe names.

    Returns:
        Plain JSON types, as `stance.fitting.entry.check_recipe` says.
    """
    recipe = workshop.recipe
    own = prepare(workshop.train, workshop.encoder.tokenizer, network=recipe.network)
    known = [target.name for target in workshop.targets]
    splits = {"train": _split(workshop.train, own, known)}
    for name, split in workshop.splits.items():
        splits[name] = _split(split.examples, split.readings, known)
    batches = -(-len(own) // recipe.schedule.batch_size)
    steps = -(-batches // recipe.schedule.accumulate) * recipe.schedule.epochs
    return {"name": recipe.name, "splits": splits, "shared": count_shared(workshop), "steps": steps}


def count_shared(workshop: Workshop) -> dict[str, int]:
    """Count the texts that stand in two splits.

    Args:
        workshop: What a recipe names.

    Returns:
        "train and dev" -> how many, for each two splits.
    """
    texts = {"train": {example.text for example in workshop.train}}
    texts |= {name: {example.text for example in split.examples} for name, split in workshop.splits.items()}
    return {f"{one} and {other}": len(texts[one] & texts[other]) for one, other in combinations(texts, 2)}


def _split(examples: Sequence[Example], readings: Sequence[Reading], known: Sequence[str]) -> dict[str, Any]:
    labels: dict[str, Counter[str]] = {}
    unnamed: Counter[str] = Counter()
    for example in examples:
        for judgement in example.judgements:
            name = judgement.target.name if judgement.target.name in known else "other targets"
            labels.setdefault(name, Counter())["/".join(judgement.gold)] += 1
            named = judgement.spans or find_mentions(example.text, judgement.target)
            if judgement.gold != ("absent",) and not named:
                unnamed[name] += 1
    order: dict[str, int] = {label: place for place, label in enumerate(LABELS)}
    return {
        "texts": len(examples),
        "documents": len({example.document for example in examples}),
        "longest": max(len(reading.window) for reading in readings),
        "labels": {
            name: dict(sorted(counts.items(), key=lambda item: order.get(item[0], len(order))))
            for name, counts in labels.items()
        },
        "unnamed": {name: unnamed[name] for name in labels},
    }
