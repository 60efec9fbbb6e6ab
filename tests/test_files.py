"""Files are whole or as they were; one process at a time writes them; nobody points them elsewhere."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stance import files
from stance.errors import InputError
from stance.evaluation.benchmark.store import write_whole
from stance.files import held, open_held, replace_folder, restore_folder, write_beside
from stance.reporting.outputs import open_output


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_file_is_moved_in_when_it_is_whole(tmp_path: Path) -> None:
    place = tmp_path / "out.csv"
    place.write_text("old", encoding="utf-8")
    place.chmod(0o640)
    with write_beside(place) as file:
        file.write(b"new")
        assert place.read_text(encoding="utf-8") == "old"
    assert place.read_text(encoding="utf-8") == "new"
    assert place.stat().st_mode & 0o777 == 0o640
    assert names(tmp_path) == {"out.csv"}


def test_what_fails_leaves_what_was_there(tmp_path: Path) -> None:
    place = tmp_path / "out.csv"
    place.write_text("old", encoding="utf-8")
    with pytest.raises(KeyError), write_beside(place) as file:
        file.write(b"half")
        raise KeyError
    assert place.read_text(encoding="utf-8") == "old"
    assert names(tmp_path) == {"out.csv"}


def test_two_writers_of_one_output(tmp_path: Path) -> None:
    place = tmp_path / "out.csv"
    with write_beside(place) as file:
        file.write(b"first")
        with pytest.raises(InputError, match=r"out\.csv: another process is writing it"), write_beside(place):
            pass
        with write_beside(tmp_path / "other.csv"):
            pass
    assert place.read_bytes() == b"first"


def test_long_names_with_the_same_beginning_are_two_outputs(tmp_path: Path) -> None:
    one, other = (tmp_path / ("n" * 60 + end) for end in "ab")
    with write_beside(one) as first, write_beside(other) as second:
        first.write(b"1")
        second.write(b"2")
    assert (one.read_bytes(), other.read_bytes()) == (b"1", b"2")


def test_what_a_killed_process_left_is_used_again(tmp_path: Path) -> None:
    place = tmp_path / "out"
    code = (
        "import os, pathlib, signal, sys; from stance.files import write_beside\n"
        "with write_beside(pathlib.Path(sys.argv[1])) as file:\n"
        "    file.write(b'h' * 100000); file.flush(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    for _ in range(2):
        assert subprocess.run([sys.executable, "-c", code, str(place)], check=False).returncode == -9
    assert not place.exists()
    assert len(names(tmp_path)) == 1
    with write_beside(place) as file:
        file.write(b"whole")
    assert place.read_bytes() == b"whole"
    assert names(tmp_path) == {"out"}


@pytest.mark.parametrize("make", [Path.symlink_to, Path.hardlink_to])
def test_what_others_laid_beside_an_output_is_not_written_to(tmp_path: Path, make: object) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious", encoding="utf-8")
    beside = next(iter(_parts(tmp_path)))
    make(beside, victim)
    if make is Path.symlink_to:
        with pytest.raises(InputError, match="cannot be written"), open_output(str(tmp_path / "out")):
            pass
    else:
        with open_output(str(tmp_path / "out")) as file:
            file.write(b"mine")
    assert victim.read_text(encoding="utf-8") == "precious"


def _parts(folder: Path) -> set[Path]:
    """What lies beside the output ``out`` while it is written."""
    with write_beside(folder / "out"):
        return set(folder.glob(".out.*.part"))


def test_without_locks_each_writer_has_a_file_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_lock", lambda number: False)
    place = tmp_path / "out"
    with write_beside(place) as first, write_beside(place) as second:
        first.write(b"1")
        second.write(b"2")
    assert place.read_bytes() == b"1"  # whoever is done last
    assert names(tmp_path) == {"out"}


def test_a_hold_ends_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    with held(path, "busy"):
        with pytest.raises(InputError, match="busy"), held(path, "busy"):
            pass
        assert path.exists()
    assert names(tmp_path) == set()


def test_a_file_that_was_moved_meanwhile_is_not_the_one_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "part"
    lock = files._lock
    calls = []

    def move_first(number: int) -> bool:
        calls.append(number)
        if len(calls) == 1:  # another process finishes between opening and locking
            path.rename(tmp_path / "out")
        return lock(number)

    monkeypatch.setattr(files, "_lock", move_first)
    file, sure = open_held(path)
    with file:
        file.write(b"new")
    assert sure and len(calls) == 2
    assert (tmp_path / "out").read_bytes() == b""
    assert path.read_bytes() == b"new"


def make_folder(path: Path, text: str) -> Path:
    path.mkdir()
    (path / "file").write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("exchange", [True, False])
def test_a_folder_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchange: bool) -> None:
    if not exchange:
        monkeypatch.setattr(files, "_exchange", lambda one, other: False)
    place = make_folder(tmp_path / "model", "old")
    replace_folder(make_folder(tmp_path / "model.new", "new"), place)
    assert (place / "file").read_text(encoding="utf-8") == "new"
    assert names(tmp_path) == {"model"}
    replace_folder(make_folder(tmp_path / "model.new", "first"), tmp_path / "other")
    assert (tmp_path / "other" / "file").read_text(encoding="utf-8") == "first"


@pytest.mark.skipif(sys.platform != "linux", reason="the exchange of two names is tried on Linux")
def test_a_folder_is_there_at_every_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = make_folder(tmp_path / "model", "old")
    seen = []
    rename = Path.rename
    monkeypatch.setattr(Path, "rename", lambda own, to: (seen.append(place.is_dir()), rename(own, to))[1])
    replace_folder(make_folder(tmp_path / "model.new", "new"), place)
    assert seen == [True]
    assert files._exchange(place, tmp_path / "missing") is False


def test_a_folder_that_was_moved_away_is_put_back(tmp_path: Path) -> None:
    make_folder(tmp_path / "model.old", "old")
    restore_folder(tmp_path / "model")
    assert (tmp_path / "model" / "file").read_text(encoding="utf-8") == "old"
    make_folder(tmp_path / "model.old", "older")
    restore_folder(tmp_path / "model")
    assert (tmp_path / "model" / "file").read_text(encoding="utf-8") == "old"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EFBIG])
def test_a_full_disk_is_named_with_the_output(tmp_path: Path, number: int) -> None:
    place = tmp_path / "out"
    place.write_text("old", encoding="utf-8")
    with pytest.raises(InputError, match=r"out: cannot be written \(.*\)\. Make room there"), open_output(str(place)):
        raise OSError(number, os.strerror(number))
    assert place.read_text(encoding="utf-8") == "old"
    with pytest.raises(FileNotFoundError, match="input"), open_output(str(place)):  # no error of the output
        raise FileNotFoundError(errno.ENOENT, "no such input")


def test_a_result_of_a_benchmark_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "result.json"
    write_whole(place, "old\ud800")
    assert place.read_bytes() == b"old\\ud800"

    def no_room(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", no_room)
    with pytest.raises(InputError, match=r"result\.json: cannot be written \(No space left on device\)"):
        write_whole(place, "new")
    assert place.read_bytes() == b"old\\ud800"
    assert names(tmp_path) == {"result.json"}


def test_a_new_file_is_ours_whoever_the_file_system_says_owns_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_is_own", lambda number: False)  # a share that maps users, say
    (tmp_path / "x").write_bytes(b"theirs")
    file, _ = open_held(tmp_path / "x")
    with file:
        assert file.read() == b""


def test_what_another_user_holds_is_not_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, sure = open_held(tmp_path / "x")
    with file:
        assert sure
        monkeypatch.setattr(files, "_is_own", lambda number: False)
        with pytest.raises(BlockingIOError):
            open_held(tmp_path / "x")
    assert names(tmp_path) == {"x"}


def test_links_in_a_circle_are_no_output(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises((InputError, OSError)), open_output(str(tmp_path / "a")) as file:
        file.write(b"x")
