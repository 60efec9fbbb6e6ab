"""An output that is written piece by piece, on a disk that fills up."""

from __future__ import annotations

import errno
import io
import os
from contextlib import closing
from pathlib import Path

import pytest

from stance.errors import InputError
from stance.reporting.layout import Layout
from stance.scale import journal
from stance.scale.journal import Commit, Part, Pipe

LAYOUT = Layout("jsonl", ("NATO",))


def part(place: Path, *, resume: bool = True) -> Part:
    return Part(place, LAYOUT, run={"what": "this"}, resume=resume)


def no_room(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_piece_without_room_costs_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "out.jsonl"
    sink = part(place)
    sink.append(b"first\n", b"", Commit(documents=1))
    monkeypatch.setattr(journal.os, "fsync", no_room)
    with pytest.raises(
        InputError, match=r"out\.jsonl: cannot be written \(No space left on device\)\. Make room there"
    ):
        sink.append(b"second\n", b"", Commit(documents=2))
    sink.close()
    monkeypatch.undo()
    again = part(place)
    assert again.commit.documents == 1
    again.append(b"2nd\n", b"", Commit(documents=2))
    again.finish()
    assert place.read_bytes() == b"first\n2nd\n"
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]


def test_an_end_without_room_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "out.jsonl"
    sink = part(place)
    sink.append(b"all\n", b"", Commit(documents=1))
    monkeypatch.setattr(journal, "move_in", no_room)
    with pytest.raises(InputError, match="cannot be written"):
        sink.finish()
    sink.close()
    monkeypatch.undo()
    edited = tmp_path / ".out.jsonl.part"
    for data in (b"al", b"all\nmore\n", b"any\n"):  # all is read, and only has to be moved: edits count still
        edited.write_bytes(data)
        with pytest.raises(InputError, match="was changed since it was written"):
            part(place)
    edited.write_bytes(b"all\n")
    part(place).finish()
    assert place.read_bytes() == b"all\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_a_device_without_room_is_named(form: str) -> None:
    layout = Layout(form, ("NATO",))
    with (
        closing(Pipe("/dev/full", layout)) as sink,
        pytest.raises(InputError, match=r"^/dev/full: cannot be written \(No space left on device\)\. Make room there"),
    ):
        sink.append(b"{}\n", b"", Commit(documents=1))
        sink.finish()


def test_of_long_values_is_shown_where_they_part(tmp_path: Path) -> None:
    names = [f"target {number}" for number in range(40)]
    with closing(Part(tmp_path / "out", LAYOUT, run={"targets": names}, resume=True)) as sink:
        sink.append(b"first\n", b"", Commit(documents=1))
    with pytest.raises(InputError, match=r'targets was ….*"target 20".*, is ….*"NATO".*…\. Give what was given then'):
        Part(tmp_path / "out", LAYOUT, run={"targets": [*names[:20], "NATO", *names[21:]]}, resume=True)


def test_one_output_has_one_writer(tmp_path: Path) -> None:
    sink = part(tmp_path / "out.jsonl")
    with pytest.raises(InputError, match=r"out\.jsonl: another process is writing it"):
        part(tmp_path / "out.jsonl")
    sink.close()
    assert list(tmp_path.iterdir()) == []


def test_a_link_beside_the_output_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious", encoding="utf-8")
    (tmp_path / ".out.jsonl.journal").symlink_to(victim)
    with pytest.raises(InputError, match="cannot be written"):
        part(tmp_path / "out.jsonl")
    assert victim.read_text(encoding="utf-8") == "precious"


@pytest.mark.parametrize("ending", ["part", "errors.part"])
def test_links_beside_the_output_are_replaced(tmp_path: Path, ending: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious", encoding="utf-8")
    (tmp_path / f".out.jsonl.{ending}").symlink_to(victim)
    part(tmp_path / "out.jsonl").close()
    assert victim.read_text(encoding="utf-8") == "precious"


class Full(io.BytesIO):
    """A file on a full disk: what was written cannot be flushed, nor when it is closed."""

    def flush(self) -> None:
        no_room()

    def close(self) -> None:
        super().close()
        no_room()


def test_a_journal_without_room_names_the_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "open_held", lambda path: (Full(), True))
    with pytest.raises(InputError, match=r"out\.jsonl: cannot be written \(No space left on device\)"):
        part(tmp_path / "out.jsonl")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # what is collected so deep fails, too
@pytest.mark.parametrize("line", [b"[" * 200_000 + b"\n", b'{"run":' * 100_000 + b"\n"])
def test_a_line_that_is_nested_deep_does_not_count(tmp_path: Path, line: bytes) -> None:
    sink = part(tmp_path / "out.jsonl")
    sink.append(b"row\n", b"", Commit(documents=1, paragraphs=1))
    sink.close()
    path = tmp_path / ".out.jsonl.journal"
    path.write_bytes(path.read_bytes() + line)
    with path.open("rb") as file:
        assert [commit.paragraphs for commit in journal._read_journal(file)[1]] == [1]


def test_an_output_that_was_removed_meanwhile_is_said(tmp_path: Path) -> None:
    sink = part(tmp_path / "out.jsonl")
    sink.append(b"row\n", b"", Commit(documents=1, paragraphs=1))
    (tmp_path / ".out.jsonl.part").unlink()
    with pytest.raises(InputError, match=r"out\.jsonl: cannot be written \(what was written beside it was removed"):
        sink.finish()
    sink.close()
