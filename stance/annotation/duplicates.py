"""Near-duplicates: paragraphs that share most of their words' order, as wire copy and re-posts do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stance.annotation.anchors import split_words
from stance.errors import InputError, MissingExtraError

__all__ = ["THRESHOLD", "Pair", "find_duplicates"]

THRESHOLD = 0.5
"""Jaccard similarity of runs of three words from which two paragraphs count as near-duplicates; what is left when about
one word in eight is changed."""
_RUN = 3
_PERMUTATIONS = 128
_RECALL = 0.8
"""Candidates are sought at this part of the threshold, since MinHash estimates; the similarity is then computed."""
_SEED = 1


@dataclass(frozen=True, slots=True)
class Pair:
    """Two paragraphs that are alike.

    Attributes:
        first: Id of the one that came first.
        second: Id of the other.
        similarity: Jaccard similarity of their runs of three words, in [0, 1]; 1 if the words are the same.
    """

    first: str
    second: str
    similarity: float


def find_duplicates(texts: Mapping[str, str], *, threshold: float = THRESHOLD) -> list[Pair]:
    """Find pairs of paragraphs that are alike, case, punctuation and white space aside.

    Candidates come from MinHash with locality-sensitive hashing (Broder 1997, "On the resemblance and containment of
    documents"; datasketch), so a pair just above the threshold can be missed; the similarity of each is exact.

    Args:
        texts: Id -> paragraph.
        threshold: Least similarity, in (0, 1].

    Returns:
        The pairs, in the order of the texts.

    Raises:
        InputError: If the threshold is not in (0, 1].
        MissingExtraError: If datasketch is not installed.

    >>> find_duplicates({"a": "NATO met in Brussels today.", "b": "NATO met in Brussels today", "c": "It rained."})
    [Pair(first='a', second='b', similarity=1.0)]
    """
    if not 0 < threshold <= 1:
        raise InputError(f"Near-duplicates: expected a threshold above 0 and at most 1, found {threshold!r}.")
    runs = {name: _runs(text) for name, text in texts.items()}
    found = (Pair(first, second, _jaccard(runs[first], runs[second])) for first, second in _candidates(runs, threshold))
    return [pair for pair in found if pair.similarity >= threshold]


def _runs(text: str) -> frozenset[str]:
    words = split_words(text)
    return frozenset(" ".join(words[start : start + _RUN]) for start in range(max(1, len(words) - _RUN + 1)))


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)


def _candidates(runs: Mapping[str, frozenset[str]], threshold: float) -> Iterator[tuple[str, str]]:
    try:
        from datasketch import MinHash, MinHashLSH
    except ImportError:
        raise MissingExtraError("Finding near-duplicates", "annotate") from None
    index = MinHashLSH(threshold=threshold * _RECALL, num_perm=_PERMUTATIONS)
    numbers = {name: number for number, name in enumerate(runs)}
    for name, known in runs.items():
        if not any(known):  # no words: nothing to compare
            continue
        sketch = MinHash(num_perm=_PERMUTATIONS, seed=_SEED)
        sketch.update_batch([run.encode("utf-8", "surrogatepass") for run in known])
        for other in sorted(index.query(sketch), key=numbers.__getitem__):
            yield other, name
        index.insert(name, sketch)
