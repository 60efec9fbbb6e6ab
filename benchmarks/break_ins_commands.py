"""What benchmarks/break_ins.py does to commands: signals, outputs that are inputs, odd surroundings, markup."""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stderr, suppress
from dataclasses import replace
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from break_ins_server import ROOT, Told
from markdown_it import MarkdownIt

from stance.annotation.anchors import make_items
from stance.annotation.hydration import hydrate
from stance.cli import app
from stance.schema import Document
from stance.targets import find_codebook
from stance.text.segmentation import segment

__all__ = ["CASES"]

STANCE = [sys.executable, "-m", "stance"]
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
OLD = b"what was there before\n"
MARKUP = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> {{7*7}} ]]> --> [a](javascript:alert(1)) `|*_"
LABELLED = '{"id": "p", "text": "NATO met on Thursday.", "labels": {"NATO": "favor"}, "annotator": "Ann"}\n'
LABELLED += '{"id": "q", "text": "It rained in China.", "labels": {"NATO": "absent"}, "annotator": "Ann"}\n'
OVERWRITING = """
predict {own} -o {own}
predict {text} -o {own} --format jsonl --targets-file {own}
segment {own} -o {own}
report {own} -o {own} --format md
report {text} -o {own} --format md --targets-file {own}
estimate {own} --labels {train} -o {own}
estimate {own} --labels {train} -o {train}
estimate {own} --labels {train} -o {text} --groups {text}
evaluate --gold {own} --pred {train} -o {own}
evaluate --gold {own} --pred {train} -o {train}
evaluate --gold {own} --pred {train} -o {text} --against {text}
evaluate --gold {own} --pred {train} --html {own}
evaluate --gold {own} --pred {train} -o {new} --html {new}
annotate codebook --codebook {own} -o {own}
annotate prepare {own} -o {own}
annotate next --pool {own} --random -o {own}
annotate next --pool {own} --labelled {train} --random -o {train}
annotate export {own} --to csv -o {own}
annotate export {own} --to label-studio -o {folder}/tasks.xml
annotate export {own} --to label-studio -o {new} --interface {own}
annotate export {own} --to label-studio -o {new} --interface {new}
annotate export {own} --to csv --codebook {train} -o {train}
annotate import {own} --from csv -o {own}
annotate import {own} --from potato --tasks {train} -o {train}
annotate hydrate {own} --texts {text} -o {own}
annotate hydrate {own} --texts {text} -o {text}
annotate hydrate {own} --texts {text} -o {new} --missing {own}
annotate hydrate {own} --texts {text} -o {new} --missing {new}
annotate hydrate {own} --texts {text} -o {new} --report {own}
annotate hydrate {own} --texts {text} -o {link}
annotate agreement {own} -o {own}
annotate adjudicate {own} --by rule -o {own}
annotate adjudicate {own} --by rule -o {new} --decisions {new}
annotate adjudicate {own} --third {train} -o {train}
annotate check {own} --format json -o {own}
annotate split {train} --shares train=0.5,test=0.5 -o {folder}
""".strip().splitlines()
"""Commands that would write over what they read, or two files to one place."""


def signals(work: Path) -> Told:
    """Signals while outputs are written: the old output stays, and the next run leaves nothing beside its own."""
    told, tiny = Told(), str(work.parent / "tiny")
    for name, rows, moments, command in (
        ("predict jsonl", 10_000, (0.0, 0.3), ["predict", "rows.jsonl", "-o", "out.jsonl", "--model", tiny]),
        ("predict parquet", 10_000, (0.2,), ["predict", "rows.jsonl", "-o", "out.parquet", "--model", tiny]),
        ("segment jsonl", 30_000, (0.0, 0.3), ["segment", "rows.jsonl", "-o", "out.jsonl"]),
    ):
        folder = work / name.replace(" ", "-")
        folder.mkdir()
        texts = (f"NATO met w{number} times on Thursday, and w{number * 7} agreed." for number in range(rows))
        lines = (json.dumps({"id": number, "text": text}) for number, text in enumerate(texts))
        (folder / "rows.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        output = folder / command[3]
        for sent, moment in ((sent, moment) for sent in SIGNALS for moment in moments):
            output.write_bytes(OLD)
            status, said = _stopped([*STANCE, *command], folder, sent, moment)
            wanted = 130 if sent == signal.SIGINT else -sent
            told.hold(status == wanted, f"ended by {sent.name}", f"{name}: status {status}: {said}")
            told.hold("Traceback" not in said, "no traceback", f"{name}, {sent.name}: {said}")
            told.hold(output.read_bytes() == OLD, "old output whole", f"{name}, {sent.name}")
        done = subprocess.run([*STANCE, *command], cwd=folder, capture_output=True, text=True, check=False)
        left = {path.name for path in folder.iterdir()} - {"rows.jsonl", output.name}
        told.hold(done.returncode == 0 and output.read_bytes() != OLD, "next run ends", f"{name}: {done.stderr}")
        told.hold(not left, "next run leaves its output alone", f"{name}: {sorted(left)}")
    return told


def _stopped(command: list[str], folder: Path, sent: signal.Signals, moment: float) -> tuple[int, str]:
    """Send a signal so many seconds after a file was begun, or one taken over; give the status and what was said."""
    before = _seen(folder)
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        end = time.monotonic() + 60
        while _seen(folder) == before and process.poll() is None and time.monotonic() < end:
            time.sleep(0.005)
        time.sleep(moment)
        process.send_signal(sent)
        said = process.communicate(timeout=60)[1]
    return process.returncode, said[-200:]


def _seen(folder: Path) -> set[tuple[str, int, int]]:
    """Give name, size and time of change of all files: a part that another run left is taken over."""
    seen = set()
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            seen.add((path.name, path.stat().st_size, path.stat().st_mtime_ns))
    return seen


def overwriting(work: Path) -> Told:
    """Outputs that are inputs, or each other, in every command that has both: refused, files as they were."""
    told, missing = Told(), _writing_commands()
    for number, line in enumerate(OVERWRITING):
        folder = work / str(number)
        folder.mkdir()
        names = {name: folder / f"{name}.jsonl" for name in ("own", "train", "text", "new", "link")}
        for name in ("own", "train", "text"):
            names[name].write_text(LABELLED, encoding="utf-8")
        names["link"].symlink_to("own.jsonl")
        before = sorted(folder.iterdir())
        words = line.format(**names, folder=folder).split()
        missing.discard(words[1] if words[0] == "annotate" else words[0])
        said = io.StringIO()
        try:
            with redirect_stderr(said):
                status = app.main(words)
        except SystemExit as left:
            status = int(left.code or 0)
        refused = re.search("is to be read and written|would be one file|would take this name", said.getvalue())
        told.hold(status == 1 and bool(refused), "refused", f"{line}: {status}: {said.getvalue()[-150:]}")
        same = all(path.read_text(encoding="utf-8") == LABELLED for path in before)
        told.hold(same and sorted(folder.iterdir()) == before, "files as they were", line)
    told.hold(not missing, "every command that reads and writes files", f"not tried: {sorted(missing)}")
    return told


def _writing_commands() -> set[str]:
    """Name the commands that write files and read some, but those that write folders of their own."""
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    for module in app._COMMANDS.values():
        import_module(module).add_parser(commands)
    found: set[str] = set()

    def look(group: Any) -> None:  # noqa: ANN401
        for name, one in group.choices.items():
            names = {action.dest for action in one._actions}
            inner = [action for action in one._actions if isinstance(action, argparse._SubParsersAction)]
            for some in inner:
                look(some)
            if not inner and "output" in names and names & {"files", "gold", "pool", "codebook"}:
                found.add(name)

    look(commands)
    return found


def surroundings(work: Path) -> Told:
    """Few open files, no home, odd TMPDIR, locale C, a working folder that is gone: done, or an error in one line."""
    told = Told()
    (work / "a.txt").write_text("NATO met on Thursday. It agreed.\n", encoding="utf-8")
    tiny = work.parent / "tiny"
    known = os.environ | {"S": " ".join(STANCE), "M": f"--model {tiny}", "PYTHONPATH": str(ROOT)}
    for line in (
        "ulimit -n 12; $S predict a.txt $M",
        "ulimit -n 32; $S predict a.txt $M -o out.jsonl",
        "env -u HOME $S predict a.txt $M",
        "HOME=/nowhere $S segment a.txt -o out.jsonl",
        "TMPDIR=/nowhere TEMP=/nowhere TMP=/nowhere $S predict a.txt $M -o out.parquet",
        "LC_ALL=C PYTHONUTF8=0 $S predict a.txt $M",
        "mkdir gone; cd gone; rmdir ../gone; $S segment a.txt",
        "$S segment a.txt >/dev/full",
        "$S predict a.txt $M <&- >&-",
    ):
        done = subprocess.run(["bash", "-c", line], cwd=work, env=known, capture_output=True, text=True, check=False)
        errors = [one for one in done.stderr.splitlines() if one.startswith("stance: error: ")]
        seen = {0: "done", 1: "an error in one line"}.get(done.returncode, f"status {done.returncode}")
        holds = "Traceback" not in done.stderr and len(errors) == done.returncode
        told.hold(holds, seen, f"{line}: {done.stderr[-200:]}")
    return told


def many_files(work: Path) -> Told:
    """A folder of 5,000 tiny files, one of which is named again: as many rows, and level memory."""
    told, folder = Told(), work / "texts"
    folder.mkdir()
    for number in range(5000):
        (folder / f"{number}.txt").write_text(f"NATO met w{number} times.\n", encoding="utf-8")
    command = [*STANCE, "predict", "texts", "texts/7.txt", "-o", "out.jsonl", "--model", str(work.parent / "tiny")]
    with (work / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=work, stderr=log)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    told.hold(process.returncode == 0, "done", (work / "log").read_text(encoding="utf-8")[-200:])
    rows = [json.loads(line) for line in (work / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    documents = {row["document"] for row in rows}
    told.hold(len(rows) == len(documents) == 5000, "5,000 rows of 5,000 files", f"{len(rows)} of {len(documents)}")
    kilobytes = used.ru_maxrss if sys.platform == "linux" else used.ru_maxrss / 1024
    told.hold(kilobytes < 300_000, "memory below 300 MB", f"{kilobytes} kB")
    return told


class _Tags(HTMLParser):
    """Counts what is live in a page: tags, names of attributes, addresses."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: Counter[str] = Counter()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Count a tag."""
        self.seen[tag] += 1
        for name, value in attrs:
            self.seen[f"{name}={value}" if name in ("href", "src") else name] += 1

    def handle_comment(self, data: str) -> None:
        """Count a comment."""
        self.seen["comment"] += 1


def markup(work: Path) -> Told:
    """A codebook and annotations full of markup: what is made of them has the tags that it has without it."""
    told = Told()
    plain = tomllib.loads(find_codebook().read_text(encoding="utf-8"))
    names = [target["name"] for target in plain["target"]] + [label["name"] for label in plain["label"]]
    made: dict[str, list[Counter[str]]] = {"html": [], "md": [], "xml": []}
    for kind, added in (("plain", ""), ("marked", MARKUP)):
        book = work / f"{kind}.toml"
        book.write_text("\n".join(_toml(_added(plain, added, names))) + "\n", encoding="utf-8")
        rows = work / f"{kind}.jsonl"
        row = {"id": f"p{added}", "text": f"NATO {added}", "labels": {"US": "favor"}, "annotator": f"Ann{added}"}
        rows.write_text(json.dumps(row | {"document": f"d{added}"}) + "\n", encoding="utf-8")
        for form in ("html", "md"):
            page = _written(["annotate", "codebook", "--codebook", book, "--format", form], work / f"{kind}.{form}")
            shown = page if form == "html" else MarkdownIt("commonmark", {"html": True}).enable("table").render(page)
            made[form].append(_Tags(shown).seen)
        for tool in ("label-studio", "doccano", "prodigy", "potato", "csv"):
            command = ["annotate", "export", rows, "--to", tool, "--codebook", book]
            output = _written(command, work / f"{kind}.{tool}")
            kept = csv.DictReader(io.StringIO(output)) if tool == "csv" else _objects(output)
            told.hold(row["text"] in _strings(list(kept)), "export keeps the text as it is", f"{tool}: {output[:80]}")
        tree = ElementTree.parse(work / f"{kind}.xml").getroot()
        made["xml"].append(Counter(name for one in tree.iter() for name in (one.tag, *one.attrib)))
    for form, (before, after) in made.items():
        added = {*(after - before), *(before - after)}
        told.hold(bool(before) and not added, f"tags in {form} as without markup", f"{form}: {added}")
    return told


def _written(command: list[Any], output: Path) -> str:
    done = app.main([*map(str, command), "-o", str(output)])
    assert done == 0, command
    return output.read_text(encoding="utf-8")


def _objects(text: str) -> list[Any]:
    return json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]


def _strings(value: Any) -> set[str]:  # noqa: ANN401
    """Give all strings in a structure."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return set().union(*map(_strings, value))
    return {value} if isinstance(value, str) else set()


def _added(value: Any, added: str, names: list[str], key: str = "") -> Any:  # noqa: ANN401
    """Add something to every text of a codebook, but not to the names in it."""
    if isinstance(value, dict):
        return {name: _added(inner, added, names, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_added(inner, added, names, key) for inner in value]
    kept = key in ("id", "label", "target", "version") or value in names or len(str(value)) < 13
    return value if kept or not isinstance(value, str) else value + added


def _toml(table: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[str]:
    """Write lines of TOML; hand-written, since the standard library reads TOML alone. JSON's values are TOML's, too."""
    tables = {key: value for key, value in table.items() if isinstance(value, dict)}
    lists = {
        key: value for key, value in table.items() if isinstance(value, list) and value and isinstance(value[0], dict)
    }
    for key, value in table.items():
        if key not in tables and key not in lists:
            yield f"{json.dumps(key)} = {json.dumps(value, ensure_ascii=False)}"
    for key, inner in [*tables.items(), *((key, one) for key, some in lists.items() for one in some)]:
        name = ".".join(json.dumps(part) for part in (*path, key))
        yield f"[{name}]" if key in tables else f"[[{name}]]"
        yield from _toml(inner, (*path, key))


def common_paragraph(work: Path) -> Told:
    """200 documents with one paragraph in common are hydrated: all found, in 10 s of processor time."""
    told, common = Told(), "Subscribe to our letter and get the best of our stories every morning, without advertising."
    documents = [
        Document(
            f"NATO met w{n} ministers on day {n} about p{n}.\n\n{common}\n\nLater China {n} said a{n}.", f"{n}.txt"
        )
        for n in range(200)
    ]
    rows = [
        replace(item, labels={"NATO": "neutral"})
        for document in documents
        for item in make_items(document, segment(document))
    ]
    begun = time.thread_time()
    found = hydrate(rows, documents)
    seconds = time.thread_time() - begun
    told.hold(found.found == len(rows) and not found.missing, f"{len(rows)} found", f"{found.found} of {len(rows)}")
    told.hold(seconds < 10, "below 10 s", f"{seconds:.1f} s")
    return told


CASES = {
    "signals": signals,
    "outputs that are inputs": overwriting,
    "surroundings": surroundings,
    "many files": many_files,
    "markup in codebooks": markup,
    "a paragraph in common": common_paragraph,
}
"""Name -> what is done."""
