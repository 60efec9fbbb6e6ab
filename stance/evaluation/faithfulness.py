"""Whether evidence is what a system goes by: its words are taken from the text, and read alone, beside words by chance.

Source: DeYoung et al. 2020, "ERASER: A Benchmark to Evaluate Rationalized NLP Models", section 4 (comprehensiveness,
sufficiency, and their mean over several sizes, after Samek et al. 2017).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.evaluation.figures import interval_to_dict
from stance.evaluation.intervals import bootstrap_by_document
from stance.schema import Span
from stance.text.words import WORD

__all__ = ["COUNTS", "ORDERS", "Case", "Reduction", "measure_faithfulness", "reduce_case", "split_words", "summarise"]

COUNTS = (1, 2, 4, 8)
"""How many words are taken, or kept: a name alone at first, half a sentence at last."""
ORDERS = ("evidence", "name_and_random", "random")
"""Whose words come first: the heaviest evidence; the target's names, then any; any. The second tells whether evidence
is more than the name, without which no stance toward the target is there."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Case:
    """A label whose evidence is measured.

    Attributes:
        text: The text.
        document: Its document, by which intervals are drawn.
        probability: Probability of the label on the whole text.
        ranked: The evidence, the heaviest first: words and names.
        sentence: The sentence that carries the label.
        names: Where the target is named.
    """

    text: str
    document: str
    probability: float
    ranked: tuple[Span, ...]
    sentence: Span
    names: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Reduction:
    """A text without some words, and those words alone.

    Attributes:
        order: One of `ORDERS`, or ``"sentence"`` and ``"random_run"`` for whole stretches.
        count: How many words were asked for; 0 for stretches.
        without: The text without them.
        alone: They alone, in the order of the text.
    """

    order: str
    count: int
    without: str
    alone: str


def split_words(text: str) -> list[Span]:
    """Find the words of a text.

    >>> [span.text for span in split_words("It's NATO's, so.")]
    ["It's", "NATO's", 'so']
    """
    return [Span(*match.span(), match.group()) for match in WORD.finditer(text)]


def reduce_case(case: Case, generator: np.random.Generator, *, draws: int = 2) -> list[Reduction]:
    """Make the texts that are judged for a case.

    Args:
        case: The case.
        generator: Draws the words taken by chance.
        draws: How often words are drawn by chance.

    Returns:
        For each order and each of `COUNTS` a reduction (several by chance); the heaviest sentence; runs of as many
        words anywhere by chance, which in a text of one sentence are that sentence. Every order takes as many words as
        the evidence has, at most.
    """
    words = split_words(case.text)
    evidence = list(chain.from_iterable(_inside(words, span) for span in case.ranked))
    named = list(dict.fromkeys(chain.from_iterable(_inside(words, span) for span in case.names)))
    made = [_reduce(case.text, "evidence", count, evidence[:count]) for count in COUNTS]
    run = len(_inside(words, case.sentence))
    made.append(_reduce(case.text, "sentence", 0, _inside(words, case.sentence)))
    for _ in range(draws):
        shuffled = [words[place] for place in generator.permutation(len(words))]
        after = [*named, *(word for word in shuffled if word not in named)]
        start = int(generator.integers(max(len(words) - run, 0) + 1))
        made.append(_reduce(case.text, "random_run", 0, words[start : start + run]))
        for count in COUNTS:
            size = min(count, len(evidence))
            made.append(_reduce(case.text, "random", count, shuffled[:size]))
            made.append(_reduce(case.text, "name_and_random", count, after[:size]))
    return made


def _inside(words: Sequence[Span], span: Span) -> list[Span]:
    return [word for word in words if word.start < span.end and span.start < word.end]


def _reduce(text: str, order: str, count: int, words: Sequence[Span]) -> Reduction:
    ordered = sorted(dict.fromkeys(words), key=lambda word: word.start)
    without = text
    for word in reversed(ordered):
        without = without[: word.start] + without[word.end :]
    return Reduction(order, count, without, " ".join(word.text for word in ordered))


def measure_faithfulness(
    cases: Sequence[Case], probabilities: Callable[[int, Sequence[str]], Sequence[float]], *, seed: int, draws: int = 2
) -> dict[str, Floats]:
    """Judge the reductions of all cases.

    Args:
        cases: The cases.
        probabilities: Gives, for the number of a case, the probability of its label in each of some texts.
        seed: Seed of what is drawn by chance.
        draws: How often.

    Returns:
        Name of an order -> its falls of probability, shape (cases, sizes, 2): first without the words
        (comprehensiveness, higher is better), then with them alone (sufficiency, lower is better). ``"sentence"`` and
        ``"random_run"`` have one size, the others those of `COUNTS`.
    """
    generator = np.random.default_rng(seed)
    found: dict[str, list[Floats]] = {}
    for number, case in enumerate(cases):
        made = reduce_case(case, generator, draws=draws)
        texts = list(dict.fromkeys(chain.from_iterable((item.without, item.alone) for item in made)))
        known = dict(zip(texts, probabilities(number, texts), strict=True))
        falls: dict[str, dict[int, list[tuple[float, float]]]] = {}
        for item in made:
            fall = case.probability - known[item.without], case.probability - known[item.alone]
            falls.setdefault(item.order, {}).setdefault(item.count, []).append(fall)
        for order, sizes in falls.items():
            found.setdefault(order, []).append(np.array([np.mean(rows, axis=0) for rows in sizes.values()]))
    return {order: np.stack(rows) for order, rows in found.items()}


def summarise(
    documents: Sequence[str], falls: Mapping[str, Floats], *, draws: int = 1000, seed: int = 0
) -> dict[str, Any]:
    """Give means with 95 % intervals by document, and the differences of evidence to chance.

    Args:
        documents: The document of each case.
        falls: As `measure_faithfulness` gives them.
        draws: Bootstrap draws of documents.
        seed: Their seed.

    Returns:
        ``{"words" | "sentence": {order or "minus_" order: {"comprehensiveness", "sufficiency"}}}``, each with value and
        interval, and for orders of words the means by size.
    """

    def figures(rows: Floats) -> dict[str, Any]:
        means = rows.mean(axis=1)  # over the sizes
        names = ("comprehensiveness", "sufficiency")
        return {name: _figure(documents, means[:, place], draws, seed) for place, name in enumerate(names)}

    words: dict[str, Any] = {}
    for order in ORDERS:
        sizes = dict(zip(map(str, COUNTS), falls[order].mean(axis=0).tolist(), strict=True))
        words[order] = figures(falls[order]) | {"by_words": sizes}
    words |= {f"minus_{order}": figures(falls["evidence"] - falls[order]) for order in ORDERS[1:]}
    sentence = {order: figures(falls[order]) for order in ("sentence", "random_run")}
    sentence["minus_random_run"] = figures(falls["sentence"] - falls["random_run"])
    return {"words": words, "sentence": sentence}


def _figure(documents: Sequence[str], values: Floats, draws: int, seed: int) -> dict[str, float | None]:
    mean = bootstrap_by_document(documents, lambda items: float(values[items].mean()), draws=draws, seed=seed)
    return interval_to_dict(mean)
