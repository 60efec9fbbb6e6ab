"""Many files and folders, read one after the other; a bad file or row costs no other."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stance.errors import InputError, Place, StanceError
from stance.schema import Document
from stance.text.documents import open_input, read_open
from stance.text.reading import SUFFIXES, Reading

__all__ = ["Item", "Listing", "list_files", "read_items"]


@dataclass(frozen=True, slots=True)
class Listing:
    """The files that were found where somebody pointed.

    Attributes:
        files: Their names, in the order in which they are read; about 150 bytes of memory each.
        skipped: One line for each folder of which something was left out, saying what, and for files named twice.
        errors: What is wrong with folders that cannot be read, or hold nothing that is.
    """

    files: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    errors: tuple[InputError, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """What comes next in the files: a document, or what is wrong with a row or a file.

    Attributes:
        found: The document or the error.
        name: Name of the file.
        file: Number of the file, from 0.
        number: Number of this item in its file, from 1.
        offset: Bytes of the file that are read.
    """

    found: Document | StanceError | OSError
    name: str
    file: int
    number: int
    offset: int


def list_files(paths: Iterable[str | Path], *, form: str | None = None) -> Listing:
    """Find the files to read: those named, and those in the folders named, and in their folders.

    A file that is named itself is always read. Of folders, files are read whose names end as one of `SUFFIXES`, or all
    if a format is given; what is hidden (its name begins with a dot) and links to folders are left out.

    Args:
        paths: Files and folders; ``-`` is stdin.
        form: The input format, if one is given.

    Returns:
        The files, those of a folder sorted by name, folder by folder; one that is named again, or lies in a folder
        that is named too, once: counts would be wrong, and ids not unique. A link to a file is another file.
    """
    files: list[str] = []
    lines: list[str] = []
    errors: list[InputError] = []
    for path in map(str, paths):
        if path == "-" or not _is_folder(path):
            files.append(path)
            continue
        left: Counter[str] = Counter()
        wrong: list[InputError] = []
        found = list(_walk(path, left, wrong, everything=form is not None))
        if not found and not wrong:
            told = f"{path}: the folder holds no file that is read ({_counted(left) or 'it is empty'})."
            if form is None:
                known = ", ".join(SUFFIXES)
                told += f" Expected names that end in {known}; with --input-format files of any name are read."
            wrong.append(InputError(told))
        elif left:
            lines.append(f"{path}: left out {_counted(left)}")
        files += found
        errors += wrong
    if again := _drop_repeated(files):
        told = again[0] if len(again) == 1 else f"{again[0]} and {len(again) - 1:,} others"
        lines.append(f"{told}: named more than once, read once")
    return Listing(tuple(files), tuple(lines), tuple(errors))


def _drop_repeated(files: list[str]) -> list[str]:
    """Leave out what stands in a list before, maybe by another name of its folder; give what was left out."""
    folders: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    again: list[str] = []
    for place, name in enumerate(files):
        folder, own = os.path.split(name)
        if folder not in folders:
            folders[folder] = folder if "\0" in folder else os.path.realpath(folder)
        key = folders[folder], own
        if key in seen and name != "-":  # reading says what is wrong with a second stdin
            again.append(name)
        else:
            seen.add(key)
            files[place - len(again)] = name
    del files[len(files) - len(again) :]
    return again


def _is_folder(path: str) -> bool:
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):  # a name that is too long; reading says what is wrong with it
        return False


def _walk(folder: str, left: Counter[str], wrong: list[InputError], *, everything: bool) -> Iterator[str]:
    """Give the files of a folder; calls itself for none within it, which may be nested deeper than Python calls."""
    open_folders = [_entries(folder, wrong)]
    while open_folders:
        entry = next(open_folders[-1], None)
        if entry is None:
            open_folders.pop()
        elif entry.name.startswith("."):
            left["hidden"] += 1
        elif (kind := _kind(entry)) == "folder":
            open_folders.append(_entries(entry.path, wrong))
        elif kind != "file":
            left[kind] += 1
        elif everything or Path(entry.name).suffix.lower() in SUFFIXES:
            yield entry.path
        else:
            left[Path(entry.name).suffix.lower() or "without a suffix"] += 1


def _entries(folder: str, wrong: list[InputError]) -> Iterator[os.DirEntry[str]]:
    """Give what is in a folder, sorted by name."""
    try:
        with os.scandir(folder) as found:
            return iter(sorted(found, key=lambda entry: entry.name))
    except OSError as error:
        wrong.append(InputError(f"{folder}: cannot be read ({error.strerror}).", place=Place(folder)))
        return iter(())


def _kind(entry: os.DirEntry[str]) -> str:
    """Tell what an entry is: a folder, a file, or what is left out."""
    try:
        if entry.is_dir():
            return "link to a folder" if entry.is_symlink() else "folder"
        return "file" if entry.is_file() else "no file"
    except OSError:  # a link to itself, or to where nobody may look
        return "no file"


def _counted(left: Counter[str]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(left.items()))


def read_items(files: Iterable[str], reading: Reading, *, file: int = 0, number: int = 0) -> Iterator[Item]:
    """Read files one after the other.

    Args:
        files: Their names; ``-`` is stdin.
        reading: How they are read.
        file: Number of the file to begin with, from 0.
        number: How many items of that file are left out.

    Yields:
        The documents, and what is wrong with rows and files, in the order in which they stand there.
    """
    for at, name in enumerate(files):
        if at < file:
            continue
        for count, (found, offset) in enumerate(_read_one(name, reading), 1):
            if at > file or count > number:
                yield Item(found, name, at, count, offset)


def _read_one(name: str, reading: Reading) -> Iterator[tuple[Document | StanceError | OSError, int]]:
    """Give what one file holds, and how many bytes of it are read by then."""
    try:
        reading.form_of(name)
        with open_input(name) as file:
            for found in read_open(file, name, reading):
                yield found, file.tell()
    except (StanceError, OSError) as error:
        yield error, 0
