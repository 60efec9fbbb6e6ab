"""Where an edited paragraph starts and ends: told by its first and last words, and by those around it."""

from __future__ import annotations

from collections.abc import Container, Sequence

__all__ = ["align_words", "find_end"]

_ALIKE = 0.6
"""Similarity from which on a word can be an edited form of another."""
_LONG = 5
"""Letters from which on a word counts in full; shorter ones stand everywhere."""
_GAP = 0.7
"""What it costs to leave words out before a word: one short word alone is then no sign of the place."""
_FAR = 0.03
"""What each word of the document that is left out costs beside: nor is a common word behind an inserted line."""


def align_words(pattern: Sequence[str], words: Sequence[str]) -> list[tuple[int, int]]:
    """Align two runs of words, edited words with those they were made of; words may be left out of both.

    Args:
        pattern: The words sought.
        words: The words of the document.

    Returns:
        Pairs of a place in the pattern and one in the words, in order.
    """
    from rapidfuzz.distance import OSA

    width = len(words) + 1
    best = [[0.0] * width for _ in range(len(pattern) + 1)]
    met = [[-1.0] * width for _ in range(len(pattern) + 1)]
    for row, sought in enumerate(pattern, 1):
        weight = min(1.0, len(sought) / _LONG)
        above, here, met_above, met_here = best[row - 1], best[row], met[row - 1], met[row]
        for column, word in enumerate(words, 1):
            alike = 1.0 if word == sought else OSA.normalized_similarity(word, sought, score_cutoff=_ALIKE)
            if alike:
                met_here[column] = alike * alike * weight + max(above[column - 1] - _GAP, met_above[column - 1])
            here[column] = max(above[column], here[column - 1] - _FAR, met_here[column])
    return _trace(best, met)


def _trace(best: Sequence[Sequence[float]], met: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """Follow the best alignment back from its end."""
    pairs: list[tuple[int, int]] = []
    row = len(best) - 1
    column = max(range(len(best[0])), key=best[row].__getitem__)
    bound = False
    while row and column:
        if bound or (met[row][column] >= best[row][column] > 0):
            pairs.append((row - 1, column - 1))
            bound = met[row - 1][column - 1] > best[row - 1][column - 1] - _GAP
            row, column = row - 1, column - 1
        elif best[row - 1][column] >= best[row][column]:
            row -= 1
        else:
            column -= 1
    return pairs[::-1]


def find_end(inner: Sequence[str], outer: Sequence[str], words: Sequence[str], edges: Container[int]) -> int | None:
    """Find where a paragraph ends among words of a document.

    Args:
        inner: The last words of the paragraph.
        outer: The words that followed it.
        words: Words of the document about its end.
        edges: Places among these words at which a line or block ends.

    Returns:
        Number of words up to the end; None if none of the last words is there.
    """
    pairs = align_words([*inner, *outer], words)
    within = [pair for pair in pairs if pair[0] < len(inner)]
    if not within:
        return None
    last, place = within[-1]
    lost, ceiling = len(inner) - 1 - last, len(words)
    if len(pairs) > len(within):
        first, there = pairs[len(within)]
        ceiling = max(place + 1, there - (first - len(inner)))
    if not lost:
        return place + 1
    guess = min(place + 1 + lost, ceiling)
    if inner[-1] in words[place + 1 : guess + 1]:
        return place + 2 + words[place + 1 : guess + 1].index(inner[-1])
    near = [at for at in range(place + 1, min(guess + 2, ceiling) + 1) if at in edges]
    return min(near, key=lambda at: abs(at - guess), default=guess)
