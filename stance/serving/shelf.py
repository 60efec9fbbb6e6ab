"""Results in memory, under ids that cannot be guessed; few, and not for long."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from stance.schema import Analysis, Label
from stance.serving.refusals import Refusal

__all__ = ["Entry", "Shelf"]


@dataclass(slots=True)
class Entry:
    """A result.

    Attributes:
        analysis: The document and its labels.
        annotator: Who corrects labels.
        evidence: Whether evidence was asked for.
        labels: Number of a paragraph, from 1 -> target -> the label that it was given by hand.
        made: When, in seconds of `Shelf`'s clock.
        lock: Held while a label is kept.
    """

    analysis: Analysis
    annotator: str
    evidence: bool = False
    labels: dict[int, dict[str, Label]] = field(default_factory=dict)
    made: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)


class Shelf:
    """Keeps results until they are too old, too many or too large together; the oldest go first.

    Args:
        most: Most results.
        judged: Most judgements (paragraphs times targets) in them together, each half a kilobyte.
        characters: Most characters of their texts together; the newest stays however long it is.
        seconds: Most seconds that each is kept.
        clock: Tells the time, in seconds.
    """

    def __init__(
        self,
        most: int = 100,
        characters: int = 20_000_000,
        seconds: float = 3600.0,
        *,
        judged: int = 500_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most, self._characters, self._seconds, self._clock = most, characters, seconds, clock
        self._judged = judged
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, entry: Entry) -> str:
        """Keep a result; give its id."""
        key = secrets.token_urlsafe(18)
        entry.made = self._clock()
        with self._lock:
            self._entries[key] = entry
            self._tidy()
        return key

    def get(self, key: str) -> Entry:
        """Give a result.

        Raises:
            Refusal: If there is none, or none any more.
        """
        with self._lock:
            self._tidy()
            entry = self._entries.get(key)
        if entry is None:
            raise Refusal(404, "There is no such result, or none any more: they are kept for an hour. Judge it again.")
        return entry

    def tidy(self) -> None:
        """Let go what is too old."""
        with self._lock:
            self._tidy()

    def _tidy(self) -> None:
        now = self._clock()
        sizes = [(len(entry.analysis.document.text), _count(entry)) for entry in self._entries.values()]
        characters, judged = (sum(size) for size in zip(*sizes, strict=True)) if sizes else (0, 0)
        for size, count in sizes:
            large = characters > self._characters or judged > self._judged
            many = len(self._entries) > self._most or (large and len(self._entries) > 1)
            if not many and now - next(iter(self._entries.values())).made <= self._seconds:
                break
            characters, judged = characters - size, judged - count
            self._entries.popitem(last=False)


def _count(entry: Entry) -> int:
    """Count judgements; each paragraph of a document has the same targets."""
    predictions = entry.analysis.predictions
    return len(predictions) * len(predictions[0].stances) if predictions else 0
