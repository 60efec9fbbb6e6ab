"""Files and folders of any size: judged in constant memory, written in order, gone on with after an interruption."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import stat
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from stance import __version__
from stance.errors import InputError, UsageError
from stance.prediction import Judge, Judging
from stance.reporting.layout import Layout
from stance.reporting.outputs import find_place
from stance.scale.journal import Commit, Part, Pipe, errors_place
from stance.scale.progress import progress_bar
from stance.scale.steps import Step, cut_steps, failure_row
from stance.scale.workers import Engine, Work, judge_in_threads
from stance.text.reading import Reading
from stance.text.sources import Listing, list_files, read_items

__all__ = ["ON_ERROR", "Plan", "Summary", "predict_files", "run_plan"]

ON_ERROR = ("report", "record", "stop")
"""What is done about files and rows that cannot be read."""

_LOG = logging.getLogger("stance")


@dataclass(frozen=True, slots=True)
class Plan:
    """A run over files.

    Attributes:
        inputs: Files and folders; ``-`` is stdin.
        output: The file to write; None or ``-`` is stdout.
        form: ``"jsonl"``, ``"csv"``, ``"parquet"`` or ``"table"``.
        reading: How files are read.
        judging: What is asked of the texts.
        resume: Whether to go on with a run that was not finished, if there is one.
        on_error: What is done about files and rows that cannot be read: ``"report"`` logs each, ``"record"`` writes
            them to ``OUTPUT.errors.jsonl``, ``"stop"`` raises the first.
        show_progress: Whether to draw a bar on stderr; None means on a terminal only.
        explain: Whether to look for what the labels rest on.
        safe: Whether cells of CSV that a spreadsheet would compute are kept from it by an apostrophe.
        device: Where the engine judges, if not where `judging` says: on the GPUs of a cluster.

    Raises:
        InputError: If there is no input, `on_error` is unknown, or nothing can be written at the output's place.
        UsageError: If the options do not go together.
    """

    inputs: tuple[str | Path, ...]
    output: str | Path | None
    form: str = "jsonl"
    reading: Reading = field(default_factory=Reading)
    judging: Judging = field(default_factory=Judging)
    resume: bool = False
    on_error: str = "report"
    show_progress: bool | None = None
    explain: bool = False
    safe: bool = False
    device: str | None = None

    def __post_init__(self) -> None:
        if not self.inputs:  # a pattern that met nothing; an empty output would look like a run that is done
            raise InputError("No file to read. Name files or folders.")
        if self.safe and self.form != "csv":
            raise InputError(f"safe is for CSV, and the output is {self.form}. Leave it out.")
        if self.on_error not in ON_ERROR:
            raise InputError(f"on_error: expected one of {', '.join(ON_ERROR)}, found {self.on_error!r}.")
        for name, wanted in (("--resume", self.resume), ("--on-error record", self.on_error == "record")):
            if wanted and self.place() is None:
                raise UsageError(f"{name} needs a file as --output: what goes to stdout or a device cannot be kept.")
        if self.resume and self.is_read_once():
            raise UsageError("--resume cannot go on with stdin or a pipe, which is read once. Give a file.")

    def is_read_once(self) -> bool:
        """Tell whether stdin, a pipe or the like is read, so that nothing can go on with the run."""
        return any(name == "-" or _is_stream(name) for name in map(str, self.inputs))

    def place(self) -> Path | None:
        """Tell where the output is moved to; None if it goes to stdout or a device."""
        return None if self.output in (None, "-") else find_place(str(self.output))


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run over files did.

    Attributes:
        documents: Documents that were judged.
        paragraphs: Paragraphs that were judged.
        failures: Files and rows that could not be read.
        before: How many of the paragraphs an earlier run had judged, that this one went on from.
    """

    documents: int
    paragraphs: int
    failures: int
    before: int = 0


def predict_files(
    inputs: str | Path | Iterable[str | Path],
    output: str | Path,
    *,
    form: str | None = None,
    reading: Reading | None = None,
    judging: Judging | None = None,
    resume: bool = False,
    on_error: Literal["report", "record", "stop"] = "report",
    show_progress: bool | None = None,
) -> Summary:
    """Tell where the paragraphs of files stand, and write a row for each.

    Memory does not grow with the files, but with the largest text or page: tables are read row by row. The output is
    moved to its place when it is whole. If the run is broken off, also by a kill or a loss of power, the same call with
    `resume` goes on after the last rows that are on disk, and the output is the same to the byte.

    Args:
        inputs: Files and folders (see `stance.text.sources.list_files` for what is read of these).
        output: The file to write.
        form: ``"jsonl"``, ``"csv"``, ``"parquet"`` or ``"table"``; None lets the output's name tell.
        reading: How files are read; None means as their names tell.
        judging: Targets, model, device and the like; None means the default model and its targets.
        resume: Whether to go on with a run that was not finished, if there is one.
        on_error: What is done about files and rows that cannot be read: ``"report"`` logs each, ``"record"`` writes
            them to ``OUTPUT.errors.jsonl`` with file, line or row, field and reason, ``"stop"`` raises the first. The
            good ones go on with the first two, and `Summary.failures` counts the bad.
        show_progress: Whether to draw a bar on stderr; None means on a terminal only.

    Returns:
        How many documents and paragraphs were judged, and how many files and rows could not be read.

    Raises:
        InputError: If an option makes no sense, the output cannot be written, or an unfinished run is there and
            `resume` is false or it is another run; with ``"stop"`` what is wrong with a file or row.
        ModelError: If the model is missing, incomplete or altered.
        MissingExtraError: If Parquet is written and pyarrow is not installed.
    """
    given = (inputs,) if isinstance(inputs, str | Path) else tuple(inputs)
    told = form or Path(output).suffix.lower().lstrip(".")
    return run_plan(
        Plan(given, output, told, reading or Reading(), judging or Judging(), resume, on_error, show_progress)
    )


def run_plan(plan: Plan, engine: Engine = judge_in_threads) -> Summary:
    """Carry out a run over files: `predict_files` with every option that the command has.

    Args:
        plan: The run.
        engine: Where steps are judged: in this process, or what `stance.scale.ray.judge_on_ray` gives.

    Returns:
        What was done.

    Raises:
        StanceError: As `predict_files` says.
    """
    judge = Judge.load(plan.judging)
    listing = list_files(plan.inputs, form=plan.reading.form)
    for line in listing.skipped:
        _LOG.info("%s", line)
    place = plan.place()
    sizes, inputs = _weigh(listing.files, place)
    layout = Layout(
        plan.form,
        tuple(target.name for target in judge.targets),
        label_sets=plan.judging.abstain_risk is not None,
        source=bool(plan.reading.source_columns),
        terminal=place is None and plan.output in (None, "-") and _stdout_is_terminal(),
        evidence=plan.explain,
        safe=plan.safe,
    )
    sink: Part | Pipe
    if place is None:
        sink = Pipe(None if plan.output in (None, "-") else str(plan.output), layout)
    else:
        run = _identity(plan, judge) | {"inputs": inputs}
        sink = Part(place, layout, run=run, resume=plan.resume, keep=not plan.is_read_once())
    with closing(sink):
        before = sink.commit
        if before.failures and before.on_error != plan.on_error:
            raise InputError(f"The run that was not finished had --on-error {before.on_error}. Give the same.")
        if before.paragraphs:
            _LOG.info("going on after %d paragraphs", before.paragraphs)
        if not before.done:
            _stream(plan, listing, sizes, sink, engine=engine, layout=layout)
        sink.finish()
        done = sink.commit
    return Summary(done.documents, done.paragraphs, done.failures, before.paragraphs)


def _stream(
    plan: Plan, listing: Listing, sizes: Sequence[int], sink: Part | Pipe, *, engine: Engine, layout: Layout
) -> None:
    at = sink.commit
    items = read_items(listing.files, plan.reading, file=at.file, number=at.number)
    first = [(str(error.place), error) for error in listing.errors] if at == Commit() else []
    steps = cut_steps(items, sizes, first=first, read=at.read)
    total = None if plan.is_read_once() else sum(sizes)
    with (
        progress_bar(total, done=at.read, show=plan.show_progress) as advance,
        closing(engine(steps, Work(plan.judging, layout), advance)) as judged,
    ):
        for done in judged:
            head = b"" if at.documents or not done.step.documents else layout.head()
            at = _counted(at, done.step, plan.on_error)
            sink.append(head + done.data, _settle(done.step, plan.on_error), at)
    if not at.documents and not at.failures:
        sink.append(layout.head(), b"", at)


def _counted(at: Commit, step: Step, on_error: str) -> Commit:
    return replace(
        at,
        file=step.file,
        number=step.number,
        read=step.read,
        documents=at.documents + len(step.documents),
        paragraphs=at.paragraphs + step.paragraphs,
        failures=at.failures + len(step.failures),
        on_error=on_error,
    )


def _settle(step: Step, on_error: str) -> bytes:
    """Log what could not be read, raise it, or give its bytes in the side file."""
    if on_error == "record":
        rows = (json.dumps(failure_row(failure), ensure_ascii=False) for failure in step.failures)
        return b"".join(row.encode("utf-8", "backslashreplace") + b"\n" for row in rows)
    for _, error in step.failures:
        if on_error == "stop":
            raise error
        _LOG.error("%s", error)
    return b""


def _weigh(files: Sequence[str], place: Path | None) -> tuple[list[int], dict[str, Any]]:
    """Give the sizes of files in bytes, and what tells these inputs from others: names, sizes and times of change."""
    sizes = []
    digest = hashlib.sha256()
    written = {_inode(path) for path in (place, place and errors_place(place)) if path} - {None}
    for name in files:
        try:
            found = os.stat(name) if name != "-" else None  # noqa: PTH116 - half the time of Path's, for many files
        except (OSError, ValueError):
            found = None  # reading says what is wrong with it
        if found and (found.st_dev, found.st_ino) in written:
            raise InputError(f"{name}: is to be read and written. Give another --output.")
        sizes.append(found.st_size if found else 0)
        state = (name, found.st_size, found.st_mtime_ns) if found else (name, None, None)
        digest.update(json.dumps(state).encode() + b"\n")
    return sizes, {"files": len(files), "bytes": sum(sizes), "sha256": digest.hexdigest()}


def _is_stream(name: str) -> bool:
    try:
        mode = os.stat(name).st_mode  # noqa: PTH116 - as above
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _identity(plan: Plan, judge: Judge) -> dict[str, Any]:
    """Tell what determines the output beside the inputs."""
    return {
        "stance": __version__,
        **judge.classifier.library,
        "model": judge.classifier.hashes,
        "targets": [asdict(target) for target in judge.targets],
        "device": plan.device or plan.judging.device or "cpu",
        "batch_size": plan.judging.batch_size,
        "abstain_risk": plan.judging.abstain_risk,
        "explain": plan.explain,
        **({"safe": True} if plan.safe else {}),
        "format": plan.form,
        "reading": asdict(plan.reading),
    }


def _stdout_is_terminal() -> bool:
    import sys

    return sys.stdout.isatty()
