"""Outputs that are written piece by piece: to stdout as they come, or beside their place with a journal to go on from.

Beside an output ``o.jsonl`` lie, while it is written, ``.o.jsonl.part`` (what is written so far),
``.o.jsonl.errors.part`` (what could not be read, if that is recorded) and ``.o.jsonl.journal``: a line that says what
run it is, then a line for each piece that is on disk. A piece counts once its line is whole; what stands behind it is
cut off when the run goes on.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from io import BytesIO
from itertools import takewhile
from pathlib import Path
from typing import Any, BinaryIO, cast

from stance.errors import InputError, StanceError
from stance.files import move_in, open_again, open_fresh, open_held, sync_folder
from stance.progress import above_bars
from stance.reporting.layout import Layout
from stance.reporting.outputs import not_written

__all__ = ["Commit", "Part", "Pipe", "errors_place"]

_FORMAT = 2
"""Number of the journal's format; a run of another one does not go on."""
_SHOWN = 80
"""Characters that are shown of a value that is not what it was."""


@dataclass(frozen=True, slots=True)
class Commit:
    """How far a run is.

    Attributes:
        file: Number of the file that is being read, from 0.
        number: How many items of that file are done.
        read: Bytes of the input that are done.
        output: Bytes of the output.
        errors: Bytes of the side file of errors.
        documents: Documents that were judged.
        paragraphs: Paragraphs that were judged.
        failures: Files and rows that could not be read.
        on_error: What was done about those.
        done: Whether everything is read, and the output only has to be moved to its place.
        seal: Hash of the run, the other fields and all that is written: it tells an edit by hand, not a forger.
    """

    file: int = 0
    number: int = 0
    read: int = 0
    output: int = 0
    errors: int = 0
    documents: int = 0
    paragraphs: int = 0
    failures: int = 0
    on_error: str = ""
    done: bool = False
    seal: str = ""


def errors_place(place: Path) -> Path:
    """Tell where the side file of errors lies.

    >>> errors_place(Path("o.jsonl")).name
    'o.jsonl.errors.jsonl'
    """
    return place.with_name(f"{place.name}.errors.jsonl")


class Pipe:
    """An output that goes to stdout or a device; nothing can go on from it.

    Args:
        path: The device; None is stdout.
        layout: How it is laid out.

    Raises:
        InputError: If it cannot be written to.
    """

    def __init__(self, path: str | None, layout: Layout) -> None:
        self.commit = Commit()
        self._name = path or "stdout"
        self._layout = layout
        self._stack = ExitStack()
        try:
            self._file: BinaryIO = sys.stdout.buffer
            if path:
                self._file = self._stack.enter_context(Path(path).open("wb"))  # noqa: SIM115 - the stack closes it
        except OSError as error:
            raise not_written(path, error) from error
        self._spool = self._file
        if not layout.finished:
            spool = tempfile.TemporaryFile()  # noqa: SIM115 - the stack closes it
            self._spool = cast(BinaryIO, self._stack.enter_context(spool))

    def append(self, data: bytes, errors: bytes, commit: Commit) -> None:
        """Write a piece; `errors` has to be empty.

        Raises:
            InputError: If there is no room for it.
            BrokenPipeError: If whoever read it has gone.
        """
        with self._explained(), above_bars(sys.stdout):
            self._spool.write(data)
            self._spool.flush()
        self.commit = replace(commit, output=self.commit.output + len(data))

    def finish(self) -> None:
        """Write what can be written only when all is there; raises as `append`."""
        with self._explained():
            if not self._layout.finished and (self.commit.documents or not self.commit.failures):
                self._spool.seek(0)
                self._layout.finish(self._spool, self._file)
            self._file.flush()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if isinstance(error, BrokenPipeError | StanceError):
                raise
            raise not_written(self._name, error) from error

    def close(self) -> None:
        """Close what was opened here."""
        with suppress(OSError):  # a piece for which there was no room
            self._stack.close()


class Part:
    """An output that is written beside its place, piece by piece, and moved there when it is whole.

    Args:
        place: Where the output goes to.
        layout: How it is laid out.
        run: What determines the output, as JSON: a run of another one does not go on.
        resume: Whether to go on with an unfinished run, if there is one.
        keep: Whether to keep what is there if the run is broken off, so that another can go on.

    Raises:
        InputError: If the output cannot be written, another process writes it, an unfinished run is there and `resume`
            is false, or it is another run.
    """

    def __init__(self, place: Path, layout: Layout, *, run: Mapping[str, Any], resume: bool, keep: bool = True) -> None:
        self.place = place
        self.commit = Commit()
        self._layout = layout
        self._keep = keep
        self._part, self._errors, self._journal, self._whole = (
            place.with_name(f".{place.name}.{ending}") for ending in ("part", "errors.part", "journal", "whole")
        )
        self._stack, self._hold = ExitStack(), ExitStack()  # what is written; the journal, which is held to the end
        self._fresh = False
        self._hashes = hashlib.sha256(), hashlib.sha256()  # of the output and of the side file
        self._run = ""
        try:
            self._open({"format": _FORMAT, "keep": keep, "run": json.loads(json.dumps(run))}, resume)
        except BaseException as error:
            with suppress(OSError):  # a journal for which there is no room
                self._stack.close()
            self._let_go(remove=self._fresh)
            if isinstance(error, OSError):
                raise not_written(place, error) from error
            raise

    def _open(self, header: dict[str, Any], resume: bool) -> None:
        self._log = self._hold.enter_context(_locked(self._journal, self.place))
        found, commits, end = _read_journal(self._log)
        going_on = bool(commits) and found.get("keep", True)
        if going_on:
            self._check(found, header, commits[-1], resume)
            self.commit = commits[-1]
        self._run = json.dumps(header["run"], sort_keys=True)
        if going_on:
            self._check_seal()
        self._log.seek(end if going_on else 0)
        self._log.truncate()
        if not going_on:
            self._fresh = True
            self._write_line(header)
        done = self.commit.done
        self._file = None if done else self._open_part(self._part, self.commit.output)
        self._side = None if done else self._open_part(self._errors, self.commit.errors)
        sync_folder(self.place.parent)

    def _open_part(self, path: Path, size: int) -> BinaryIO:
        """Open a part to write on after so many bytes."""
        found = path.stat().st_size if path.exists() else 0
        if found < size:
            raise InputError(
                f"{path}: expected {size} bytes at least, as the journal says, found {found}: the run cannot go on. "
                f"Remove {self._journal} to begin anew."
            )
        file = self._stack.enter_context(open_again(path) if size else open_fresh(path))
        file.seek(size)
        file.truncate()
        return file

    def _check_seal(self) -> None:
        """Make sure that journal and parts are as they were written."""
        sizes = self.commit.output, self.commit.errors
        for path, size, digest in zip((self._part, self._errors), sizes, self._hashes, strict=True):
            with path.open("rb") if size and path.is_file() else BytesIO() as file:
                while size > 0 and (piece := file.read(min(size, 1 << 20))):
                    digest.update(piece)
                    size -= len(piece)
            if size and not (self.commit.done and path.exists()):
                return  # in its place, or too short, which is said where it is opened
        longer = self.commit.done and self._part.exists() and self._part.stat().st_size != self.commit.output
        if longer or self._seal(self.commit) != self.commit.seal:
            told = f"{self._journal}: it, or what it tells of, was changed since it was written: the run cannot go on. "
            raise InputError(f"{told}Remove {self._journal} to begin anew.")

    def _seal(self, commit: Commit) -> str:
        told = [self._run, asdict(replace(commit, seal="")), *(one.hexdigest() for one in self._hashes)]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()

    def _check(self, found: Mapping[str, Any], header: Mapping[str, Any], last: Commit, resume: bool) -> None:
        """Make sure that the unfinished run that was found may go on here."""
        cure = f"remove {self._journal} to begin anew"
        if not resume:
            raise InputError(
                f"{self.place}: a run that was not finished lies beside it, with {last.paragraphs} paragraphs judged. "
                f"Go on with --resume, or {cure}."
            )
        if found.get("format") != _FORMAT:
            raise InputError(
                f"{self._journal}: expected a journal of format {_FORMAT}, found {found.get('format')}: another "
                f"version of stance wrote it. Finish with that one, or {cure}."
            )
        before, now = found.get("run"), header["run"]
        if not isinstance(before, dict):
            raise InputError(f"{self._journal}: expected a journal, found a damaged one. To go on, {cure}.")
        changed = [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]
        if changed:
            told = "; ".join(_apart(name, before.get(name), now.get(name)) for name in changed)
            raise InputError(
                f"{self.place}: the run that was not finished is another one: {told}. Give what was given then, or "
                f"{cure}."
            )

    def append(self, data: bytes, errors: bytes, commit: Commit) -> None:
        """Write a piece.

        Args:
            data: Bytes of the output.
            errors: Bytes of the side file.
            commit: How far the run is then; the sizes are filled in here.

        Raises:
            InputError: If there is no room for it; what was written before is kept.
        """
        sizes = (self.commit.output + len(data), self.commit.errors + len(errors))
        try:
            for file, piece, digest in zip((self._file, self._side), (data, errors), self._hashes, strict=True):
                digest.update(piece)
                if file is not None and piece:
                    file.write(piece)
                    file.flush()
                    os.fsync(file.fileno())
            self._settle(replace(commit, output=sizes[0], errors=sizes[1]))
        except OSError as error:
            raise not_written(self.place, error) from error

    def _settle(self, commit: Commit) -> None:
        sealed = replace(commit, seal=self._seal(commit))
        self._write_line(asdict(sealed))
        self.commit = sealed

    def _write_line(self, row: Mapping[str, Any]) -> None:
        self._log.write(json.dumps(row).encode() + b"\n")
        self._log.flush()
        os.fsync(self._log.fileno())

    def finish(self) -> None:
        """Move everything to its place; whoever is broken off in this goes on with it.

        Where nothing but failures came, what stood at the output's place stays.

        Raises:
            InputError: If there is no room for it; what was written before is kept.
        """
        try:
            self._finish()
        except OSError as error:
            raise not_written(self.place, error) from error

    def _finish(self) -> None:
        if not self.commit.done:
            if not self._part.exists():
                raise FileNotFoundError(errno.ENOENT, "what was written beside it was removed meanwhile")
            self._settle(replace(self.commit, done=True))
        self._stack.close()
        side = errors_place(self.place)
        if self.commit.errors and self._errors.exists():
            move_in(self._errors, side)
        elif not self.commit.errors:
            self._errors.unlink(missing_ok=True)
            if self.commit.on_error == "record":
                side.unlink(missing_ok=True)  # of a run before
        if self._part.exists() and (self.commit.documents or not self.commit.failures):
            self._move_output()
        sync_folder(self.place.parent)
        self._let_go(remove=True)

    def _move_output(self) -> None:
        if self._layout.finished:
            move_in(self._part, self.place)
            return
        with self._part.open("rb") as spool, open_fresh(self._whole) as file:
            self._layout.finish(spool, file)
            file.flush()
            os.fsync(file.fileno())
        move_in(self._whole, self.place)

    def close(self) -> None:
        """Close what was opened; what cannot be gone on from is removed."""
        unfinished = self._journal.exists() and (self.commit == Commit() or not self._keep)
        with suppress(OSError):  # a piece for which there was no room; it does not count
            self._stack.close()
        self._let_go(remove=unfinished)

    def _let_go(self, *, remove: bool) -> None:
        """Close the journal, and remove what lies beside the output before another run can hold it."""
        if os.name == "nt":  # no file that is open is removed there
            self._close_journal()
        try:
            if remove:
                self._remove()
        finally:
            self._close_journal()

    def _close_journal(self) -> None:
        with suppress(OSError):  # a line for which there was no room
            self._hold.close()

    def _remove(self) -> None:
        for path in (self._part, self._errors, self._whole, self._journal):
            with suppress(OSError):  # a name that is too long, for one
                path.unlink()


def _locked(path: Path, place: Path) -> BinaryIO:
    """Open a journal and hold it, so that no two processes write one output; the lock ends with its holder."""
    try:
        file, _ = open_held(path)
    except BlockingIOError:
        raise InputError(f"{place}: another process is writing it. Wait, or give another --output.") from None
    return file


def _read_journal(file: BinaryIO) -> tuple[dict[str, Any], list[Commit], int]:
    """Give the first line, the last commit that is whole in a list, and where it ends."""
    file.seek(0)
    header: dict[str, Any] = {}
    last: list[Commit] = []
    end = 0
    for number, line in enumerate(file):
        try:
            row = json.loads(line) if line.endswith(b"\n") else None
            if not isinstance(row, dict):
                break
            if number:
                last = [_commit(row)]
            else:
                header = row
        except (ValueError, TypeError, RecursionError):
            break
        end += len(line)
    return header, last, end


def _commit(row: Mapping[str, Any]) -> Commit:
    """Make a commit of a line; a ValueError or TypeError if it is none."""
    commit = Commit(**row)
    for name, value in asdict(commit).items():
        if type(value) is not type(getattr(Commit(), name)) or (isinstance(value, int) and value < 0):
            raise ValueError(name)
    return commit


def _apart(name: str, before: object, now: object) -> str:
    """Say what a value was and is; of long ones what stands where they part."""
    texts = [json.dumps(value, ensure_ascii=False) for value in (before, now)]
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(*texts, strict=False)))
    start = 0 if max(map(len, texts)) <= _SHOWN else max(0, alike - _SHOWN // 2)
    shown = ["…" * (start > 0) + text[start : start + _SHOWN] + "…" * (len(text) > start + _SHOWN) for text in texts]
    return f"{name} was {shown[0]}, is {shown[1]}"
