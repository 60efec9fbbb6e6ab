"""Files that are whole or as they were: held while they are written, on disk before they are moved in.

By hand: packages for atomic writes neither lock nor exchange folders, and packages for locks leave lock files behind.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import shutil
import stat
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from stance.errors import InputError

__all__ = [
    "held",
    "move_in",
    "open_again",
    "open_fresh",
    "open_held",
    "replace_folder",
    "restore_folder",
    "sync_file",
    "sync_folder",
    "write_beside",
]

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_BINARY = getattr(os, "O_BINARY", 0)
_HERE = -100
"""AT_FDCWD of Linux: paths are taken as they are."""
_EXCHANGE = 2
"""RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS."""


def open_held(path: Path) -> tuple[BinaryIO, bool]:
    """Open a file to read and write, make it if it is not there, and hold it; the hold ends with its holder.

    A link is not followed, and what another user or name owns too is replaced: in a folder that others may write to,
    nobody can point the output elsewhere.

    Args:
        path: The file.

    Returns:
        The file, as it was, and whether it is held: some file systems, and Windows, have no locks.

    Raises:
        BlockingIOError: If another process, or another part of this one, holds it.
        OSError: If it cannot be opened.
    """
    fresh = False
    while True:
        try:
            number = os.open(path, os.O_RDWR | os.O_CREAT | (os.O_EXCL if fresh else _NO_LINK) | _BINARY, 0o666)
        except FileExistsError:  # made by another process a moment ago
            fresh = False
            continue
        file = os.fdopen(number, "r+b")
        try:
            locked = _lock(number)
            if not fresh and not _is_own(number):
                path.unlink()  # what is made next is ours, whoever the file system says owns it
                fresh = True
            elif not locked:
                return file, False
            elif _is_at(number, path):
                return file, True
            else:  # whoever held it has just finished and moved or removed it
                fresh = False
        except BaseException:
            file.close()
            raise
        file.close()


def open_fresh(path: Path) -> BinaryIO:
    """Open a new file to write and read; what stood there is removed, not written to, be it a link to elsewhere."""
    path.unlink(missing_ok=True)
    return path.open("x+b")


def open_again(path: Path) -> BinaryIO:
    """Open a file to write on.

    Raises:
        OSError: If it is not there, or a link, or has another name elsewhere.
    """
    file = os.fdopen(os.open(path, os.O_RDWR | _NO_LINK | _BINARY), "r+b")
    found = os.fstat(file.fileno())
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        file.close()
        raise OSError(errno.EMLINK, "is no plain file, or has another name", str(path))
    return file


def _is_own(number: int) -> bool:
    found = os.fstat(number)
    user = os.geteuid() if hasattr(os, "geteuid") else found.st_uid
    return stat.S_ISREG(found.st_mode) and found.st_uid == user and found.st_nlink <= 1


def _lock(number: int) -> bool:
    """Lock an open file; tell whether there are locks.

    Raises:
        BlockingIOError: If it is locked.
    """
    try:
        import fcntl
    except ImportError:
        return False
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:  # some file systems of clusters have no locks
        return False
    return True


def _is_at(number: int, path: Path) -> bool:
    with suppress(FileNotFoundError):
        there, own = path.stat(), os.fstat(number)
        return (there.st_dev, there.st_ino) == (own.st_dev, own.st_ino)
    return False


@contextmanager
def held(path: Path, busy: str) -> Iterator[None]:
    """Hold a file that stands for something that one process at a time may write; removed at the end.

    Args:
        path: The file.
        busy: What is said if another process holds it.

    Raises:
        InputError: If another process holds it.
        OSError: If it cannot be made.
    """
    try:
        file, sure = open_held(path)
    except BlockingIOError:
        raise InputError(busy) from None
    try:
        with file:
            try:
                yield
            finally:
                if sure:
                    path.unlink(missing_ok=True)  # while it is held
    finally:
        if not sure:  # Windows removes no file that is open
            path.unlink(missing_ok=True)


@contextmanager
def write_beside(place: Path) -> Iterator[BinaryIO]:
    """Write a file beside its place, and move it in once it is whole and on disk.

    If anything fails, nothing is left and what stood there stays. What a process left that was killed is used again.

    Args:
        place: Where the file goes to.

    Yields:
        An empty file.

    Raises:
        InputError: If another process writes it.
        OSError: If it cannot be written.
    """
    stem = f".{place.name[:40]}.{hashlib.sha256(os.fsencode(place.name)).hexdigest()[:8]}"
    beside = place.with_name(f"{stem}.part")
    try:
        file, sure = open_held(beside)
    except BlockingIOError:
        raise InputError(f"{place}: another process is writing it. Wait, or give another --output.") from None
    if not sure:  # then two processes must not share a file
        file.close()
        beside.unlink(missing_ok=True)
        beside = place.with_name(f"{stem}.{uuid.uuid4().hex[:8]}.part")
        file = beside.open("xb")
    try:
        with file:
            try:
                file.truncate(0)
                yield file
                file.flush()
                os.fsync(file.fileno())
                if sure:
                    move_in(beside, place)  # while it is held
            except BaseException:
                if sure:
                    beside.unlink(missing_ok=True)
                raise
        if not sure:
            move_in(beside, place)
    except BaseException:
        if not sure:
            beside.unlink(missing_ok=True)
        raise
    sync_folder(place.parent)


def move_in(beside: Path, place: Path) -> None:
    """Move a file that is whole to its place; it gets the mode of what stood there."""
    if place.exists():
        shutil.copymode(place, beside)
    beside.replace(place)


def sync_file(path: Path) -> None:
    """Make sure that a file is on disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make sure that a loss of power does not undo what was made or moved in a folder."""
    if os.name == "nt":  # folders cannot be opened there
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def replace_folder(new: Path, place: Path) -> None:
    """Put a folder that is whole in the place of another, so that at any moment the one or the other is there.

    Where the file system cannot exchange two names, the old folder lies for a moment at `place` with ``.old`` added;
    `restore_folder` puts it back if that moment was the last.

    Args:
        new: The folder, beside `place`.
        place: Where it goes to; may be there.
    """
    for path in new.iterdir():
        if path.is_file():
            sync_file(path)
    sync_folder(new)
    old = _old(place)
    shutil.rmtree(old, ignore_errors=True)
    if not place.exists():
        new.rename(place)
    elif _exchange(new, place):
        new.rename(old)
    else:
        place.rename(old)
        new.rename(place)
    sync_folder(place.parent)
    shutil.rmtree(old, ignore_errors=True)


def restore_folder(place: Path) -> None:
    """Put back what `replace_folder` had moved away when it was broken off."""
    if not place.exists() and _old(place).is_dir():
        _old(place).rename(place)


def _old(place: Path) -> Path:
    return place.with_name(place.name + ".old")


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step; tell whether the system could."""
    if os.name == "nt":
        return False
    library = ctypes.CDLL(None)
    names = os.fsencode(one), os.fsencode(other)
    if sys.platform == "darwin" and hasattr(library, "renamex_np"):
        return bool(library.renamex_np(*names, ctypes.c_uint(_EXCHANGE)) == 0)
    if sys.platform == "linux" and hasattr(library, "renameat2"):
        return bool(library.renameat2(_HERE, names[0], _HERE, names[1], ctypes.c_uint(_EXCHANGE)) == 0)
    return False
