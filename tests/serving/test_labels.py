"""The file of labels: whole lines, nothing lost, whatever else stands there."""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path

import pytest

from stance.annotation.files import read_annotations
from stance.errors import InputError
from stance.schema import Anchor, Annotation
from stance.serving import labels
from stance.serving.labels import LabelFile


def item(name: str = "p1", annotator: str = "Ann") -> Annotation:
    return Annotation(
        name, Anchor(document="a.txt", text="NATO met."), annotator=annotator, time="2026-01-02T03:04:05Z"
    )


def given(path: Path) -> list[tuple[str, str, dict[str, str]]]:
    return [(found.id, found.annotator, dict(found.labels)) for found in read_annotations(path)]


def test_what_others_wrote_stays(tmp_path) -> None:
    path = tmp_path / "labels.jsonl"
    first = {"id": "p1", "labels": {"NATO": "favor"}, "annotator": "Bob", "comment": "é"}
    mine = {"id": "p1", "labels": {"US": "neutral"}, "annotator": "Ann", "comment": "kept", "confidence": 0.5}
    path.write_text("\n".join(map(json.dumps, (first, mine))), encoding="utf-8")  # without an end of line
    file = LabelFile(path)
    file.save(item("p2"), "NATO", "absent")
    file.save(item(), "NATO", "against")
    assert given(path) == [
        ("p1", "Bob", {"NATO": "favor"}),
        ("p1", "Ann", {"US": "neutral", "NATO": "against"}),
        ("p2", "Ann", {"NATO": "absent"}),
    ]
    records = list(read_annotations(path))
    assert (records[1].comment, records[1].confidence, records[1].time) == ("kept", 0.5, "2026-01-02T03:04:05Z")
    assert path.read_text(encoding="utf-8").splitlines()[0] == json.dumps(first)


def test_a_torn_line_stays_its_own(tmp_path) -> None:
    path = tmp_path / "labels.jsonl"
    file = LabelFile(path)
    path.write_bytes(b'{"id": "p9", "lab')
    file.save(item(), "NATO", "favor")
    assert path.read_bytes().splitlines()[0] == b'{"id": "p9", "lab' and path.read_bytes().endswith(b"}\n")
    bad = []
    assert [found.id for found in read_annotations(path, on_error=bad.append)] == ["p1"] and len(bad) == 1


def test_a_disk_that_is_full_leaves_the_file_as_it_was(tmp_path, monkeypatch) -> None:
    path = tmp_path / "labels.jsonl"
    file = LabelFile(path)
    file.save(item(), "NATO", "favor")
    before = path.read_bytes()

    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        file.save(item("p2"), "NATO", "favor")
    assert path.read_bytes() == before


def test_many_at_once(tmp_path) -> None:
    path = tmp_path / "labels.jsonl"
    files = [LabelFile(path), LabelFile(path)]  # as two servers have it

    def work(number: int) -> None:
        for place in range(10):
            files[number % 2].save(item(f"p{place % 3}", f"A{number}"), f"T{place}", "favor")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = given(path)
    assert len(found) == 12 and sum(len(labels) for _, _, labels in found) == 40


@pytest.mark.skipif(sys.platform == "win32", reason="there it is the system that waits")
def test_a_lock_that_stays_held_or_is_none_is_told(tmp_path, monkeypatch) -> None:
    import fcntl

    monkeypatch.setattr(labels, "_PATIENCE", 0.05)
    file, lock = LabelFile(tmp_path / "labels.jsonl"), tmp_path / ".labels.jsonl.lock"
    with lock.open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(OSError, match=r"another process holds \.labels\.jsonl\.lock"):
            file.save(item(), "NATO", "favor")
    file.save(item(), "NATO", "favor")
    lock.unlink()
    lock.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic link"):
        file.save(item(), "NATO", "against")
    assert not (tmp_path / "elsewhere").exists() and "favor" in file.path.read_text()


def test_another_file_is_refused(tmp_path) -> None:
    path = tmp_path / "stances.jsonl"
    path.write_text('{"document": "a", "text": "NATO", "stances": {}}\n')
    with pytest.raises(InputError, match="unknown field"):
        LabelFile(path)
    with pytest.raises(InputError, match="cannot be written"):
        LabelFile(tmp_path / "nowhere" / "labels.jsonl")
    with pytest.raises(InputError):
        LabelFile(tmp_path)


def test_a_record_that_cannot_be_read_is_left_alone(tmp_path) -> None:
    path = tmp_path / "labels.jsonl"
    file = LabelFile(path)
    path.write_text('{"id": "p1", "annotator": "Ann", "labels": {"NATO": "good"}}\n')
    with pytest.raises(InputError, match="line 1"):
        file.save(item(), "NATO", "favor")
    assert "good" in path.read_text()
