"""What stood around a paragraph, and how much of it stands around a place of a copy."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from stance.annotation.anchors import RUN, split_words
from stance.schema import Anchor

__all__ = ["Surroundings"]


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

    def shares(self, before: AbstractSet[str], behind: AbstractSet[str]) -> list[float]:
        """Tell how much of them is among other words, on each side.

        Args:
            before: Words near a place, before it.
            behind: Words behind it.

        Returns:
            Share of the words known, in [0, 1], of both sides. A side of which too little is known, or where the copy
            starts or ends, is left out.
        """
        return [
            sum(word in there for word in known) / len(known)
            for known, there in ((self.before, before), (self.behind, behind))
            if len(known) >= RUN and there
        ]

    def similarity(self, before: AbstractSet[str], behind: AbstractSet[str]) -> float:
        """Give the mean of the shares, in [0, 1]; 0 if there is none."""
        shares = self.shares(before, behind)
        return sum(shares) / len(shares) if shares else 0.0
