"""So many at once, so many waiting, so long each: what is beyond is told when to come again."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from stance.errors import StanceError
from stance.serving.refusals import Refusal

__all__ = ["Deadline", "Gate", "TimeUpError"]

T = TypeVar("T")
_PATIENCE = 60
"""Most seconds after which whoever is turned away is asked to come again."""


class TimeUpError(StanceError):
    """The work took longer than it may, or the server stops."""


class Deadline:
    """Until when work may go on.

    Args:
        seconds: Seconds from now.
        stopped: Set when the server stops.
    """

    def __init__(self, seconds: float, stopped: threading.Event) -> None:
        self._end = time.monotonic() + seconds
        self._stopped = stopped

    def pass_now(self) -> None:
        """Let the time be up: nobody waits for the work any more."""
        self._end = 0.0

    @property
    def left(self) -> float:
        """Seconds that are left, at least a little above 0."""
        return max(0.01, self._end - time.monotonic())

    def check(self, _done: float = 0.0) -> None:
        """Break the work off if its time is up; fit to be called with progress.

        Raises:
            TimeUpError: If it is.
        """
        if self._stopped.is_set() or time.monotonic() >= self._end:
            raise TimeUpError


class Gate:
    """Lets work through, some at once, in the order in which it came.

    Args:
        slots: Most at once, each in a thread of its own.
        waiting: Most that wait.
        seconds: Most seconds from coming to being done.
    """

    def __init__(self, slots: int, waiting: int, seconds: float) -> None:
        self._slots, self._most, self._seconds = slots, slots + waiting, seconds
        self._pool = ThreadPoolExecutor(slots, thread_name_prefix="stance-serve")
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._inside = 0
        self._lasted = 1.0

    @property
    def inside(self) -> int:
        """How many are worked on or wait."""
        return self._inside

    async def run(self, work: Callable[[Deadline], T], gone: asyncio.Future[Any] | None = None) -> T:
        """Do work in its turn.

        Args:
            work: What to do; it asks the deadline from time to time and is broken off by it.
            gone: Done when whoever asked has gone, which breaks the work off; None if that cannot be told.

        Returns:
            What it gave.

        Raises:
            Refusal: If too many wait, the time is up, or whoever asked has gone.
        """
        with self._lock:
            if self._inside >= self._most:
                raise Refusal(503, "Too many requests are waiting. Try again later.", self._patience())
            self._inside += 1
        deadline = Deadline(self._seconds, self._stopped)
        future = self._pool.submit(self._timed, work, deadline)
        future.add_done_callback(self._leave)
        answer = asyncio.wrap_future(future)
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())  # it may come when nobody waits
        ends: list[asyncio.Future[Any]] = [answer] if gone is None else [answer, gone]
        await asyncio.wait(ends, timeout=self._seconds, return_when=asyncio.FIRST_COMPLETED)
        try:
            if answer.done():
                return answer.result()
        except TimeUpError:
            pass
        left = not answer.done() and ends[-1].done()
        deadline.pass_now()
        if future.cancel():
            raise Refusal(503, "Nobody got round to this request in time. Try again.", self._patience())
        if left:
            raise Refusal(400, "The request broke off.")
        raise Refusal(504, f"This took longer than {self._seconds:g} seconds. Give less text at once.")

    def close(self) -> None:
        """Break off what is worked on, and let nothing more in."""
        self._stopped.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _timed(self, work: Callable[[Deadline], T], deadline: Deadline) -> T:
        begun = time.monotonic()
        try:
            deadline.check()
            return work(deadline)
        finally:
            self._lasted = time.monotonic() - begun

    def _leave(self, _future: Future[T]) -> None:
        with self._lock:
            self._inside -= 1

    def _patience(self) -> int:
        """Guess after how many seconds there is room: what waits takes as long as the last did."""
        return max(1, min(_PATIENCE, math.ceil(self._lasted * self._inside / self._slots)))
