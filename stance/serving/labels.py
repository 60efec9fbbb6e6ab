"""Labels that people correct, added to a file of annotations: whole lines, one record of each annotator a paragraph."""

from __future__ import annotations

import errno
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from stance.annotation.anchors import make_items
from stance.annotation.files import read_annotations, row_to_annotation, write_annotations
from stance.errors import InputError
from stance.reporting.outputs import find_place, open_output
from stance.schema import Analysis, Annotation, Label

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["LabelFile", "annotation_of", "annotations_of"]

_PATIENCE = 10.0
"""Seconds to wait for another server that writes; as long as Windows waits."""


def annotations_of(analysis: Analysis, labels: dict[int, dict[str, Label]], annotator: str) -> list[Annotation]:
    """Make annotations of labels that were given by hand.

    Args:
        analysis: The document.
        labels: Number of a paragraph, from 1 -> target -> label.
        annotator: Who gave them.

    Returns:
        One annotation a paragraph that has a label, in the order of the document.
    """
    items = list(make_items(analysis.document, analysis.blocks))
    return [
        replace(items[number - 1], labels=dict(own), annotator=annotator, time=_now())
        for number, own in sorted(labels.items())
        if own
    ]


def annotation_of(analysis: Analysis, number: int, annotator: str) -> Annotation:
    """Make the annotation of a paragraph, without labels yet.

    Args:
        analysis: The document.
        number: Number of the paragraph, from 1.
        annotator: Who labels.
    """
    (item,) = make_items(analysis.document, [analysis.paragraphs[number - 1]])
    return replace(item, annotator=annotator, time=_now())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


class LabelFile:
    """A file of annotations that labels are added to.

    A new record is one line at the end; a record that is there gets the new label, and the file is written beside its
    place and moved in. A lock keeps other servers out meanwhile.

    Args:
        path: The file; it need not be there yet.

    Raises:
        InputError: If it holds something else than annotations, or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        place = find_place(str(path))
        if place is None:
            raise InputError(f"{path}: is no plain file. Give another --annotations.")
        self.path = path = place  # of two servers one may name a link to the other's file
        self._lock = threading.Lock()
        if path.exists() and path.stat().st_size:
            for _ in read_annotations(path):
                pass
        try:
            with path.open("ab"):
                pass
        except OSError as error:
            raise InputError(f"{path}: cannot be written ({error.strerror}). Give another --annotations.") from error

    def save(self, annotation: Annotation, target: str, label: Label | None) -> None:
        """Add the label toward one target, in place of an earlier one by the same annotator.

        Args:
            annotation: The paragraph, without labels.
            target: Name of the target.
            label: The label; None takes back what was given.

        Raises:
            InputError: If the record that is there cannot be read.
            OSError: If the file cannot be written; then it is as it was.
        """
        with _locked(self._lock, self.path.with_name(f".{self.path.name}.lock")):
            lines = BytesIO(self.path.read_bytes()).readlines() if self.path.exists() else []
            place = _find(lines, annotation)
            if place is None:
                if label:
                    self._append(_line(replace(annotation, labels={target: label})), lines)
                return
            there = row_to_annotation(json.loads(lines[place]), f"{self.path}: line {place + 1}")
            labels = {name: given for name, given in there.labels.items() if name != target}
            labels |= {target: label} if label else {}
            changed = replace(there, labels=labels, time=annotation.time)
            lines[place] = _line(changed) if labels else b""
            with open_output(str(self.path)) as file:
                file.writelines(lines)

    def _append(self, line: bytes, lines: list[bytes]) -> None:
        """Write one line at the end, or nothing; what stands there without an end of line gets one."""
        if lines and not lines[-1].endswith(b"\n"):
            line = b"\n" + line
        with self.path.open("ab", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            try:
                written = file.write(line)
                if written != len(line):
                    raise OSError(28, "the line was cut short")
                os.fsync(file.fileno())
            except OSError:
                file.truncate(size)
                raise


def _line(annotation: Annotation) -> bytes:
    file = BytesIO()
    write_annotations(file, [annotation])
    return file.getvalue()


def _find(lines: list[bytes], annotation: Annotation) -> int | None:
    """Give the place of the annotator's record of the paragraph; lines that are no records are passed over."""
    for place, line in enumerate(lines):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict) and (row.get("id"), row.get("annotator")) == (annotation.id, annotation.annotator):
            return place
    return None


@contextmanager
def _locked(own: threading.Lock, path: Path) -> Iterator[None]:
    """Hold a lock of this process, and one that other processes wait for; that goes when its file is closed."""
    end = time.monotonic() + _PATIENCE
    if not own.acquire(timeout=_PATIENCE):
        raise OSError(errno.EAGAIN, f"another process holds {path.name}, and corrections wait for it")
    try:
        # a link that others laid there is not followed, and a pipe not waited for
        more = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        number = os.open(path, os.O_RDWR | os.O_CREAT | more, 0o666)
        with os.fdopen(number, "wb"):
            if sys.platform == "win32":
                msvcrt.locking(number, msvcrt.LK_LOCK, 1)
            else:
                while not _taken(number):
                    if time.monotonic() >= end:
                        raise OSError(errno.EAGAIN, f"another process holds {path.name}")
                    time.sleep(0.01)
            yield
    finally:
        own.release()


def _taken(number: int) -> bool:
    """Take the lock of an open file; tell whether it was to be had."""
    with suppress(BlockingIOError):
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
