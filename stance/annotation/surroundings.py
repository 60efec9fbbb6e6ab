"""What stood around a paragraph, and how much of it stands around a place of a copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stance.annotation.anchors import RUN, split_words
from stance.annotation.copies import Copy
from stance.schema import Anchor

__all__ = ["Surroundings"]

_REACH = 32
"""Words beside a place among which those known are looked for: lines may have been put in between."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Words that stood before and behind a paragraph; fewer than four of a side do not tell a place.

    Attributes:
        before: The words before it, in order.
        behind: The words behind it.
    """

    before: tuple[str, ...]
    behind: tuple[str, ...]

    @classmethod
    def of(cls, anchor: Anchor) -> Surroundings:
        """Take them from prefix and suffix, without the outermost word of each: it may be part of a longer one."""
        return cls(tuple(split_words(anchor.prefix)[1:]), tuple(split_words(anchor.suffix)[:-1]))

    def __bool__(self) -> bool:
        """Tell whether enough is known to tell a place."""
        return max(len(self.before), len(self.behind)) >= RUN

    def similarity(self, before: Sequence[str], behind: Sequence[str]) -> float:
        """Tell how much of them is among other words.

        Args:
            before: Words before a place.
            behind: Words behind it.

        Returns:
            Share of the words known, in [0, 1], the mean of both sides. A side of which too little is known, or where
            the copy starts or ends, does not count; 0 if none is left.
        """
        sides = [(known, set(there)) for known, there in ((self.before, before), (self.behind, behind))]
        sides = [(known, there) for known, there in sides if len(known) >= RUN and there]
        shares = [sum(word in there for word in known) / len(known) for known, there in sides]
        return sum(shares) / len(shares) if shares else 0.0

    def similarity_at(self, copy: Copy, first: int, after: int) -> float:
        """Tell how much of them stands around words of a copy.

        Args:
            copy: The copy.
            first: Number of the first word of the place.
            after: Number of the word after its last.

        Returns:
            As `similarity`.
        """
        return self.similarity(copy.words[max(0, first - _REACH) : first], copy.words[after : after + _REACH])
