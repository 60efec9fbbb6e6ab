"""Bad inputs and outputs of the ``stance`` command: an exit status and one clear line each, the rest still done."""

from __future__ import annotations

import csv
import io
import json
import logging
import os
import stat
import subprocess
import sys
from types import SimpleNamespace

import pytest

from stance.cli.app import main

TEXT = "A view\n\nNATO met on Thursday. It agreed on a plan.\n\nChina was not invited. It said so.\n"
BODY = ["NATO met on Thursday. It agreed on a plan.", "China was not invited. It said so."]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Run in an empty folder; a command leaves logging as it found it."""
    monkeypatch.chdir(tmp_path)
    loggers = logging.getLogger(), logging.getLogger("stance")
    before = [(logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    yield tmp_path
    assert before == [(logger.handlers, logger.level, logger.propagate) for logger in loggers]


@pytest.fixture
def run(capsys):
    """Run the command; give its exit status, what it wrote to stdout, and the lines it wrote to stderr."""

    def call(*arguments):
        capsys.readouterr()
        status = main(list(arguments))
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return status, captured.out, captured.err.splitlines()

    return call


def write(folder, name, content=TEXT):
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return name


def rows(out):
    return [json.loads(line) for line in out.splitlines()]


def body(out):
    return [row["text"] for row in rows(out) if row["kind"] == "body"]


# --- inputs ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("b.txt", b"%PDF-1.7\n", "b.txt: expected text, found a PDF. Extract its text first (pdftotext -layout)."),
        ("b.png", b"\x89PNG\r\n\x1a\n\x00", "b.png: expected text, found a PNG image. Give a text file."),
        ("b.txt", b"a\x00b", "b.txt: expected text, found binary data. Give a text file, or its --encoding."),
        ("b.txt", b"", "b.txt: the document is empty. Leave it out."),
        ("b.txt", b" \r\n", "b.txt: the document is empty. Leave it out."),
        ("b.jsonl", b"", "b.jsonl: the file is empty. Expected one JSON object a line."),
        ("b.csv", b"", "b.csv: the file is empty. Expected a header and rows."),
        (
            "b.csv",
            b"id,body\n1,a\n",
            "b.csv: no column 'text' for the text: Known: id, body. Name it with --text-column.",
        ),
        ("b.html", b"<p></p>", "b.html: no article found in the page. Save its text as .txt."),
    ],
)
def test_bad_file(folder, run, name, content, message):
    status, out, err = run("segment", write(folder, name, content))
    assert (status, out, err) == (1, "", [f"stance: error: {message}"])


def test_missing_file_and_empty_folder(run):
    assert run("segment", "no.txt") == (1, "", ["stance: error: no.txt: no such file."])
    status, out, (line,) = run("segment", ".")
    assert (status, out) == (1, "")
    assert line.startswith("stance: error: .: the folder holds no file that is read (it is empty). Expected names that")


def test_a_folder_is_read_file_by_file(folder, run):
    for name in ("b.txt", "a.md", "in/c.txt", "in/.hidden.txt", "in/picture.png"):
        (folder / "news" / name).parent.mkdir(parents=True, exist_ok=True)
        write(folder, f"news/{name}")
    status, out, err = run("segment", "news", "--format", "jsonl")
    assert (status, err) == (0, ["stance: news: left out 1 .png, 1 hidden"])
    assert list(dict.fromkeys(row["document"] for row in rows(out))) == ["news/a.md", "news/b.txt", "news/in/c.txt"]


def test_encoding(folder, run):
    name = write(folder, "a.txt", TEXT.replace("view", "vièw").encode("windows-1252"))
    message = "a.txt: not utf-8: byte 4 begins e8 77 0a 0a. Give the right --encoding."
    assert run("segment", name, "--encoding", "utf-8") == (1, "", [f"stance: error: {message}"])
    message = "Unknown encoding 'utf-99'. Give a name as in utf-8, windows-1252, gb18030."
    assert run("segment", name, "--encoding", "utf-99") == (1, "", [f"stance: error: {message}"])
    status, out, err = run("segment", name, "--encoding", "windows-1252", "--format", "jsonl")
    assert (status, err, rows(out)[0]["text"]) == (0, [], "A vièw")


def test_detected_encoding_is_a_warning_and_no_failure(folder, run):
    name = write(folder, "a.txt", TEXT.replace("It", "“It”").encode("windows-1252"))
    status, out, err = run("segment", name, "--format", "jsonl")
    assert (status, len(body(out))) == (0, 2)
    assert err == ["stance: warning: a.txt: not UTF-8; read as cp1252. If letters look wrong, give its --encoding."]


def test_malformed_line_17_costs_no_other(folder, run):
    lines = [json.dumps({"text": f"Row {number}."}) for number in range(1, 21)]
    lines[16] = lines[16][:-1]
    status, out, err = run("segment", write(folder, "a.jsonl", "\n".join(lines)), "--format", "jsonl")
    assert status == 1
    assert [row["text"] for row in rows(out)] == [f"Row {number}." for number in range(1, 21) if number != 17]
    assert len(err) == 1
    assert err[0].startswith("stance: error: a.jsonl: line 17: not valid JSON (")


def test_bad_file_costs_no_other(folder, run):
    names = [write(folder, "a.txt"), "no.txt", write(folder, "b.txt", b"%PDF"), write(folder, "c.md")]
    status, out, err = run("segment", *names, "--format", "jsonl", "-o", "x.jsonl")
    assert (status, out, len(err)) == (1, "", 2)
    text = (folder / "x.jsonl").read_text("utf-8")
    assert {row["document"] for row in rows(text)} == {"a.txt", "c.md"}
    assert body(text) == BODY * 2


def test_stdin(run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(TEXT.encode())))
    status, out, err = run("segment", "-", "--format", "jsonl")
    assert (status, body(out), err) == (0, BODY, [])
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"")))
    assert run("segment", "-") == (1, "", ["stance: error: -: the document is empty. Leave it out."])


# --- usage -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["segmnt", "a.txt"],
        ["segment"],
        ["segment", "a.txt", "--no-such-option"],
        ["segment", "a.txt", "--format", "xml"],
        ["segment", "a.txt", "--input-format", "json"],
        ["segment", "a.txt", "--encoding"],
    ],
)
def test_wrong_usage(folder, capsys, arguments):
    write(folder, "a.txt")
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("usage: stance")


# --- outputs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("no/x.csv", "no/x.csv: cannot be written (No such file or directory). Give another --output."),
        ("a.txt/x.csv", "a.txt/x.csv: cannot be written (Not a directory). Give another --output."),
        (".", ".: is a directory. Give the name of a file to write."),
        ("a.txt", "a.txt: is to be read and written. Give another --output."),
        ("./a.txt", "./a.txt: is to be read and written. Give another --output."),
        ("x" * 300, f"{'x' * 300}: cannot be written (File name too long). Give another --output."),
    ],
)
def test_bad_output(folder, run, output, message):
    write(folder, "a.txt")
    assert run("segment", "a.txt", "-o", output) == (1, "", [f"stance: error: {message}"])
    assert [path.name for path in folder.iterdir()] == ["a.txt"]
    assert (folder / "a.txt").read_text("utf-8") == TEXT


def test_output_is_kept_when_every_input_fails(folder, run):
    write(folder, "x.csv", "what stood there")
    status, out, err = run("segment", "no.txt", write(folder, "b.txt", b""), "-o", "x.csv")
    assert (status, out, len(err)) == (1, "", 2)
    assert (folder / "x.csv").read_text() == "what stood there"
    assert sorted(path.name for path in folder.iterdir()) == ["b.txt", "x.csv"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_output_is_kept_and_nothing_left_when_the_work_breaks_off(folder, run, monkeypatch, error):
    write(folder, "x.jsonl", "what stood there")
    names = [write(folder, "a.txt"), write(folder, "b.txt")]
    calls = iter([[]])

    def segment(document):
        try:
            return next(calls)
        except StopIteration:
            raise error from None

    monkeypatch.setattr("stance.cli.inputs.segment", segment)
    if error is KeyboardInterrupt:
        expected = (130, "", ["stance: error: interrupted; nothing was written to --output"])
        assert run("segment", *names, "-o", "x.jsonl") == expected
    else:  # a bug keeps its traceback
        with pytest.raises(RuntimeError):
            main(["segment", *names, "-o", "x.jsonl"])
    assert (folder / "x.jsonl").read_text() == "what stood there"
    assert sorted(path.name for path in folder.iterdir()) == ["a.txt", "b.txt", "x.jsonl"]


@pytest.mark.skipif(os.name == "nt", reason="no file modes on Windows")
def test_output_has_the_mode_that_files_get_or_had(folder, run):
    name = write(folder, "a.txt")
    before = os.umask(0o027)
    try:
        run("segment", name, "-o", "x.jsonl")
    finally:
        os.umask(before)
    assert stat.S_IMODE((folder / "x.jsonl").stat().st_mode) == 0o640
    (folder / "x.jsonl").chmod(0o604)
    run("segment", name, "-o", "x.jsonl")
    assert stat.S_IMODE((folder / "x.jsonl").stat().st_mode) == 0o604


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_output_through_a_link_keeps_the_link(folder, run):
    write(folder, "x.jsonl", "old")
    (folder / "link.jsonl").symlink_to("x.jsonl")
    assert run("segment", write(folder, "a.txt"), "-o", "link.jsonl")[0] == 0
    assert (folder / "link.jsonl").is_symlink()
    assert body((folder / "x.jsonl").read_text("utf-8")) == BODY


@pytest.mark.parametrize("name", ["x.csv", "x.CSV"])
def test_output_name_tells_the_format(folder, run, name):
    assert run("segment", write(folder, "a.txt"), "-o", name) == (0, "", [])
    with (folder / name).open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["text"] for row in table] == ["A view", *BODY]
    assert [TEXT[int(row["start"]) : int(row["end"])] for row in table] == ["A view", *BODY]
    assert {row["document"] for row in table} == {"a.txt"}


def test_format_counts_more_than_the_name(folder, run):
    run("segment", write(folder, "a.txt"), "-o", "x.csv", "--format", "jsonl")
    assert body((folder / "x.csv").read_text("utf-8")) == BODY


def test_parquet_round_trip(folder, run):
    parquet = pytest.importorskip("pyarrow.parquet")
    name = write(folder, "a.txt")
    _, out, _ = run("segment", name, "--format", "jsonl")
    assert run("segment", name, "-o", "x", "--format", "parquet") == (0, "", [])
    assert parquet.read_table(folder / "x").to_pylist() == rows(out)
    status, out, err = run("segment", "x", "--input-format", "parquet", "--id-column", "index", "--format", "jsonl")
    assert (status, [row["text"] for row in rows(out)], err) == (0, ["A view", *BODY], [])


def test_parquet_is_not_written_to_a_terminal(folder, run, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    message = "stance: error: Parquet is no text for a terminal. Name a file with --output."
    assert run("segment", write(folder, "a.txt"), "--format", "parquet") == (1, "", [message])


def test_missing_extra_leaves_no_output(folder, run, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    status, out, err = run("segment", write(folder, "a.txt"), "-o", "x.parquet")
    assert (status, out) == (1, "")
    assert err == [
        "stance: error: Writing Parquet needs packages that are not installed: pip install 'stance-kit[parquet]' "
        "(in a checkout: pip install -c constraints.txt -e '.[parquet]')"
    ]
    assert [path.name for path in folder.iterdir()] == ["a.txt"]


def test_output_to_a_pipe_by_its_device(folder):
    write(folder, "a.txt")
    code = "from stance.cli.app import run; run()"
    command = [sys.executable, "-c", code, "segment", "a.txt", "--format", "jsonl", "-o", "/dev/stdout"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    assert body(result.stdout) == BODY
