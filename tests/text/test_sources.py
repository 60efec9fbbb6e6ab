"""Folders and files one after the other: order, what is left out, errors in their place."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from stance.errors import InputError, Place
from stance.schema import Document
from stance.text.documents import read_documents
from stance.text.reading import Reading
from stance.text.sources import list_files, read_items


def fill(folder: Path, *names: str, content: str = "NATO met.") -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")


def test_a_folder_is_walked_in_order_of_names(tmp_path: Path) -> None:
    fill(tmp_path, "b.txt", "a/z.MD", "a/b/c.html", "c.jsonl", ".git/d.txt", "a/.e.txt", "x.pdf", "y.PDF", "README")
    listing = list_files([tmp_path])
    assert [str(Path(name).relative_to(tmp_path)) for name in listing.files] == [
        "a/b/c.html",
        "a/z.MD",
        "b.txt",
        "c.jsonl",
    ]
    assert listing.skipped == (f"{tmp_path}: left out 2 .pdf, 2 hidden, 1 without a suffix",)
    assert listing.errors == ()


def test_what_is_named_itself_is_always_read(tmp_path: Path) -> None:
    fill(tmp_path, ".hidden", "x.pdf")
    given = [tmp_path / ".hidden", tmp_path / "x.pdf", tmp_path / "none.txt", "-"]
    assert list_files(given).files == tuple(map(str, given))


def test_a_file_that_is_named_again_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    for name in ("x.txt", "y.txt", "z.txt"):
        (folder / name).write_text("NATO met.", encoding="utf-8")
    (tmp_path / "b").symlink_to(folder, target_is_directory=True)
    (folder / "link.txt").symlink_to("x.txt")
    monkeypatch.chdir(tmp_path)
    listing = list_files(["a/y.txt", "-", "a", "./a/../b/x.txt", "-", "a/y.txt", "no\0/x.txt"])
    assert listing.files == ("a/y.txt", "-", "a/link.txt", "a/x.txt", "a/z.txt", "-", "no\0/x.txt")
    assert listing.skipped == ("a/y.txt and 2 others: named more than once, read once",)
    assert list_files(["a/x.txt", "a/x.txt"]).skipped == ("a/x.txt: named more than once, read once",)


def test_a_format_that_is_given_takes_all_files_of_a_folder(tmp_path: Path) -> None:
    fill(tmp_path, "page", "other.aspx", ".hidden")
    listing = list_files([tmp_path], form="html")
    assert [Path(name).name for name in listing.files] == ["other.aspx", "page"]
    assert listing.skipped == (f"{tmp_path}: left out 1 hidden",)


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows, and it has no pipes in folders")
def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    fill(tmp_path, "a/b.txt")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "a" / "pipe.txt")
    listing = list_files([tmp_path])
    assert [Path(name).name for name in listing.files] == ["b.txt"]
    assert listing.skipped == (f"{tmp_path}: left out 1 link to a folder, 1 no file",)


def test_a_folder_without_anything_to_read_is_an_error(tmp_path: Path) -> None:
    fill(tmp_path, "x.pdf")
    (error,) = list_files([tmp_path]).errors
    assert f"{tmp_path}: the folder holds no file that is read (1 .pdf). Expected names that end in .txt" in str(error)


def test_items_come_in_order_with_errors_in_their_place(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"text": "One."}\n{broken\n{"text": ""}\n{"text": "Four."}\n', "utf-8")
    fill(tmp_path, "a.txt")
    files = [str(tmp_path / name) for name in ("none.txt", "rows.jsonl", "a.txt")]
    items = list(read_items(files, Reading()))
    assert [(item.file, item.number) for item in items] == [(0, 1), (1, 1), (1, 2), (1, 3), (1, 4), (2, 1)]
    texts = [item.found.text if isinstance(item.found, Document) else None for item in items]
    assert texts == [None, "One.", None, None, "Four.", "NATO met."]
    broken, empty = items[2].found, items[3].found
    assert isinstance(broken, InputError) and isinstance(empty, InputError)
    assert (broken.place, broken.field) == (Place(files[1], line=2), None)
    assert (empty.place, empty.field) == (Place(files[1], line=3), "text")
    assert [item.offset for item in items[1:5]] == [17, 25, 38, 56]  # bytes up to the end of each line


@pytest.mark.parametrize("at", range(7))
def test_reading_goes_on_from_any_item(tmp_path: Path, at: int) -> None:
    (tmp_path / "rows.csv").write_text('id,text\n1,One.\n2,"Two\nlines."\n3\n4,Four.\n', "utf-8")
    fill(tmp_path, "a.txt")
    files = [str(tmp_path / name) for name in ("rows.csv", "none.txt", "a.txt")]
    whole = list(read_items(files, Reading()))
    assert len(whole) == 6
    start = (whole[at - 1].file, whole[at - 1].number) if at else (0, 0)
    rest = list(read_items(files, Reading(), file=start[0], number=start[1]))
    assert [(item.name, item.file, item.number, str(item.found)) for item in rest] == [
        (item.name, item.file, item.number, str(item.found)) for item in whole[at:]
    ]


def test_units(tmp_path: Path) -> None:
    fill(tmp_path, "a.txt", "rows.csv", content="text\nNATO met.\n")
    files = list_files([tmp_path]).files
    breaks = {
        unit: [item.found.breaks for item in read_items(files, Reading(unit=unit)) if isinstance(item.found, Document)]
        for unit in (None, "row", "document")
    }
    assert breaks == {None: ["layout", "none"], "row": ["none", "none"], "document": ["layout", "layout"]}


def test_options_that_make_no_sense() -> None:
    with pytest.raises(InputError, match="Unknown input format 'cvs': did you mean 'csv'"):
        Reading(form="cvs")
    with pytest.raises(InputError, match="Unknown unit 'line': expected 'document', 'row' or None"):
        Reading(unit="line")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
@pytest.mark.parametrize("held", [64, 4096])
def test_a_pipe_is_read_as_a_file_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int) -> None:
    monkeypatch.setattr("stance.text.documents._STREAM_HELD", held)
    pipe = tmp_path / "rows.csv"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("text\n" + "NATO met.\n" * 50,))
    writer.start()
    found = list(read_items([str(pipe)], Reading()))
    writer.join()
    assert [item.found.text for item in found] == ["NATO met."] * 50
    assert found[-1].offset == 505


def test_stdin_that_is_large_goes_to_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import io
    import sys
    from types import SimpleNamespace

    content = "text\n" + "NATO met.\n" * 50
    monkeypatch.setattr("stance.text.documents._STREAM_HELD", 64)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content.encode())))
    assert [document.text for document in read_documents("-", form="csv")] == ["NATO met."] * 50
