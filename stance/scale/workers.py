"""Judging steps in threads: while one step is in the network, the next ones are read, cut and tokenised."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from queue import Full, Queue
from typing import Protocol

from stance.cores import usable_cores
from stance.prediction import Judge, Judging
from stance.reporting.layout import Layout
from stance.scale.steps import Step

__all__ = ["Advance", "Engine", "Judged", "Work", "judge_in_threads"]

Advance = Callable[[Step, float], None]
"""Called with a step and the number of its paragraphs that were judged since the last call."""

_WAIT = 0.1
"""Seconds after which whoever waits for room looks whether it is still wanted."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A step that is done.

    Attributes:
        step: The step.
        data: Its bytes in the output.
    """

    step: Step
    data: bytes


@dataclass(frozen=True, slots=True)
class Work:
    """What is done with every step; it can be sent to other processes, which load the model when first asked.

    Attributes:
        judging: What is asked.
        layout: How the results are laid out; with evidence, what the labels rest on is looked for.
    """

    judging: Judging
    layout: Layout

    def __call__(self, step: Step, progress: Callable[[float], None] | None = None) -> bytes:
        """Judge a step and give its bytes in the output."""
        if not step.documents:
            return b""
        judge = Judge.load(self.judging)
        analyses = judge.analyze(step.documents, progress=progress)
        if not self.layout.evidence:
            return self.layout.encode(analyses)
        from stance.reporting.explanation import explain_analyses

        asked = self.judging
        explained = explain_analyses(
            analyses,
            targets=judge.targets,
            model=asked.model,
            device=asked.device,
            batch_size=asked.batch_size,
            allow_unsigned=asked.allow_unsigned,
        )
        return self.layout.encode(explained)


class Engine(Protocol):
    """Where steps are judged: it takes steps and gives them back in order, done."""

    def __call__(self, steps: Iterator[Step], work: Work, advance: Advance) -> Generator[Judged, None, None]:
        """Judge the steps."""


class _Unwanted(Exception):
    """Nobody waits for the result any more."""


class _Results:
    """Results that are there or under way, in order and not many."""

    def __init__(self, size: int) -> None:
        self.unwanted = threading.Event()
        self._waiting: Queue[tuple[Step | None, Future[bytes]]] = Queue(maxsize=size)

    def put(self, step: Step | None, result: Future[bytes]) -> None:
        """Add one when there is room."""
        while not self.unwanted.is_set():
            try:
                return self._waiting.put((step, result), timeout=_WAIT)
            except Full:
                continue
        raise _Unwanted

    def feed(self, steps: Iterator[Step], submit: Callable[[Step], Future[bytes]]) -> None:
        """Add those of all steps, and None or the error at which the steps ended."""
        end: Future[bytes] = Future()
        with suppress(_Unwanted):
            try:
                for step in steps:
                    self.put(step, submit(step))
                end.set_result(b"")
            except BaseException as error:  # whoever takes the results is told, if anybody does
                end.set_exception(error)
            self.put(None, end)

    def take(self) -> Iterator[Judged]:
        """Give them in order."""
        while True:
            step, result = self._waiting.get()
            data = result.result()
            if step is None:
                return
            yield Judged(step, data)


def judge_in_threads(steps: Iterator[Step], work: Work, advance: Advance) -> Generator[Judged, None, None]:
    """Judge steps in this process, two of them at once where there are cores for it.

    Steps are drawn in a thread of their own. At most six are held at once, whatever there is to read.

    Args:
        steps: The steps.
        work: What is done with each.
        advance: Called as paragraphs are judged, from several threads.

    Yields:
        The steps in order, done.
    """
    workers = min(2, usable_cores())
    results = _Results(workers)

    def judge(step: Step) -> bytes:
        def progress(count: float) -> None:
            if results.unwanted.is_set():
                raise _Unwanted
            advance(step, count)

        return work(step, progress)

    pool = ThreadPoolExecutor(workers, thread_name_prefix="stance-judge")

    def feed() -> None:
        results.feed(steps, lambda step: pool.submit(judge, step))

    feeder = threading.Thread(target=feed, name="stance-read", daemon=True)
    feeder.start()
    try:
        yield from results.take()
    finally:
        results.unwanted.set()
        pool.shutdown(cancel_futures=True)
        feeder.join(timeout=1.0)
