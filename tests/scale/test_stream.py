"""Runs over files: the same as the library, in constant steps, errors in their place, gone on with to the byte."""

from __future__ import annotations

import csv
import io
import json
import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

import stance
from stance.errors import InputError, StanceError, UsageError
from stance.reporting.layout import Layout
from stance.scale import Judging, Plan, Reading, Summary, predict_files, run_plan
from stance.scale.steps import cut_steps
from stance.scale.workers import Work, judge_in_threads
from stance.text.sources import read_items

from .conftest import write_rows


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps of 16 blocks, so that small files have many."""
    monkeypatch.setattr("stance.scale.steps.CHUNK", 16)


class Broken(Exception):
    """Stands for a kill within a process."""


def broken_off(plan: Plan, steps: int) -> None:
    """Carry out a plan, and break off when some steps are written."""

    def engine(given, work, advance):
        for number, done in enumerate(judge_in_threads(given, work, advance)):
            if number == steps:
                raise Broken
            yield done

    with pytest.raises(Broken):
        run_plan(plan, engine)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def rows_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_rows_equal_the_library_and_come_in_order(tiny: Path, tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "rows.jsonl", 100)
    out = tmp_path / "out.jsonl"
    assert predict_files(rows, out, judging=Judging(model=tiny)) == Summary(100, 100, 0, 0)
    found = rows_of(out)
    assert [row["id"] for row in found] == list(range(100))
    texts = [row["text"] for row in rows_of(rows)]
    for row, prediction in zip(found, stance.predict(texts, model=tiny), strict=True):
        assert row["text"] == prediction.text
        for target, given in row["stances"].items():
            assert given["label"] == prediction[target].label
            assert given["probabilities"] == pytest.approx(dict(prediction[target].probabilities), abs=1e-5)
    assert names(tmp_path) == ["out.jsonl", "rows.jsonl"]
    labels = {given["label"] for row in found for given in row["stances"].values()}
    assert len(labels) == 4, "a model that always says the same would hide mistakes"


def test_evidence_and_safe_cells_are_asked_for_from_python_too(tiny: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"text": "=NATO met in Beijing. The US did not."}\n', "utf-8")
    asked = Plan((rows,), tmp_path / "out.jsonl", judging=Judging(model=tiny))
    run_plan(replace(asked, explain=True))
    stances = rows_of(tmp_path / "out.jsonl")[0]["stances"].values()
    assert all("evidence" in given for given in stances if given["label"] != "absent")
    assert any(given.get("evidence") for given in stances)
    run_plan(replace(asked, output=tmp_path / "out.csv", form="csv", safe=True))
    assert "'=NATO met" in (tmp_path / "out.csv").read_text("utf-8")
    with pytest.raises(InputError, match="safe is for CSV, and the output is jsonl"):
        replace(asked, safe=True)


def test_folders_pages_texts_and_tables_together(tiny: Path, tmp_path: Path) -> None:
    pytest.importorskip("trafilatura")
    corpus = tmp_path / "corpus"
    (corpus / "in").mkdir(parents=True)
    (corpus / "b.txt").write_text("A view\n\nNATO met. It agreed.\n\nBeijing did not come. It said so.\n", "utf-8")
    page = "<html><body><article><p>NATO met on Thursday, and it agreed on a plan.</p></article></body></html>"
    (corpus / "a.html").write_text(page, "utf-8")
    (corpus / "in" / "c.csv").write_text("id,text\nx,Washington met.\n", "utf-8")
    out = tmp_path / "out.jsonl"
    assert predict_files([corpus], out, judging=Judging(model=tiny, targets=("US",))) == Summary(3, 4, 0)
    assert [(Path(row["document"]).name, row["id"], row["index"]) for row in rows_of(out)] == [
        ("a.html", None, 0),
        ("b.txt", None, 1),
        ("b.txt", None, 2),
        ("c.csv", "x", 0),
    ]
    assert list(rows_of(out)[0]["stances"]) == ["US"]


@pytest.mark.parametrize(
    ("form", "steps"), [("jsonl", 0), ("jsonl", 1), ("jsonl", 3), ("csv", 1), ("parquet", 2), ("table", 1)]
)
def test_a_run_that_was_broken_off_goes_on_to_the_same_bytes(tiny: Path, tmp_path: Path, form: str, steps: int) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow")
    files = tuple(write_rows(tmp_path / f"{name}.jsonl", 30, seed=seed) for seed, name in enumerate("ab"))
    plan = Plan(files, tmp_path / "whole", form, judging=Judging(model=tiny))
    whole = run_plan(plan, judge_in_threads)
    assert whole == Summary(60, 60, 0)
    plan = replace(plan, output=tmp_path / "out")
    broken_off(plan, steps)
    assert not (tmp_path / "out").exists()
    left = [name for name in names(tmp_path) if name.startswith(".out")]
    assert left == ([".out.errors.part", ".out.journal", ".out.part"] if steps else [])
    assert run_plan(replace(plan, resume=True), judge_in_threads) == replace(whole, before=16 * steps)
    assert (tmp_path / "out").read_bytes() == (tmp_path / "whole").read_bytes()
    assert names(tmp_path) == ["a.jsonl", "b.jsonl", "out", "whole"]


def test_a_run_over_stdin_leaves_nothing_to_go_on_from(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = write_rows(tmp_path / "a.jsonl", 40).read_bytes()
    plan = Plan(("-",), tmp_path / "out", reading=Reading(form="jsonl"), judging=Judging(model=tiny))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    broken_off(plan, 1)
    assert names(tmp_path) == ["a.jsonl"]
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    assert run_plan(plan, judge_in_threads) == Summary(40, 40, 0)
    assert [row["id"] for row in rows_of(tmp_path / "out")] == list(range(40))


def test_csv_that_went_on_has_one_header(tiny: Path, tmp_path: Path) -> None:
    plan = Plan((write_rows(tmp_path / "a.jsonl", 40),), tmp_path / "out.csv", "csv", judging=Judging(model=tiny))
    broken_off(plan, 1)
    run_plan(replace(plan, resume=True), judge_in_threads)
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        assert [row["id"] for row in csv.DictReader(file)] == [str(number) for number in range(40)]


@pytest.mark.parametrize("tail", [b"", b'{"file": 0, "numb', b"\n", b"garbage\n"])
def test_what_stands_behind_the_last_whole_piece_is_cut_off(tiny: Path, tmp_path: Path, tail: bytes) -> None:
    plan = Plan((write_rows(tmp_path / "a.jsonl", 60),), tmp_path / "out", judging=Judging(model=tiny))
    run_plan(replace(plan, output=tmp_path / "whole"), judge_in_threads)
    broken_off(plan, 2)
    with (tmp_path / ".out.part").open("ab") as part, (tmp_path / ".out.journal").open("ab") as journal:
        part.write(b'{"half a row')
        journal.write(tail)
    run_plan(replace(plan, resume=True), judge_in_threads)
    assert (tmp_path / "out").read_bytes() == (tmp_path / "whole").read_bytes()


@pytest.mark.parametrize(
    ("form", "calls"), [*(("jsonl", calls) for calls in range(5)), ("parquet", 1), ("parquet", 2), ("parquet", 3)]
)
def test_whoever_is_broken_off_in_the_end_ends_it(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, calls: int
) -> None:
    """Break off before each of the moves and removals that end a run, then go on."""
    rows = write_rows(tmp_path / "a.jsonl", 20)
    with rows.open("a", encoding="utf-8") as file:
        file.write("{broken\n")
    plan = Plan((rows,), tmp_path / "whole", form, judging=Judging(model=tiny), on_error="record", resume=True)
    run_plan(plan, judge_in_threads)
    plan = replace(plan, output=tmp_path / "out")
    left = [calls]

    def counted(real: Callable[..., None]) -> Callable[..., None]:
        def call(path: Path, *given: object, **more: object) -> None:
            if path.name.startswith((".out", "out")):
                left[0] -= 1
                if left[0] < 0:
                    raise Broken
            real(path, *given, **more)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", counted(Path.unlink))
        patch.setattr(Path, "replace", counted(Path.replace))
        try:
            run_plan(plan, judge_in_threads)
        except Broken:
            pass
        else:
            assert calls >= 4
    summary = run_plan(plan, judge_in_threads)
    assert (summary.paragraphs, summary.failures) == (20, 1)
    for ending in ("", ".errors.jsonl"):
        assert (tmp_path / f"out{ending}").read_bytes() == (tmp_path / f"whole{ending}").read_bytes()
    assert names(tmp_path) == ["a.jsonl", "out", "out.errors.jsonl", "whole", "whole.errors.jsonl"]


KILLED = """
import sys
import stance.scale.steps
stance.scale.steps.CHUNK = 32
from stance.cli.app import main
sys.exit(main(sys.argv[1:]))
"""


def test_kills_at_any_moment_cost_and_double_nothing(tiny: Path, tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "rows.jsonl", 1500)
    lines = rows.read_text(encoding="utf-8").splitlines(keepends=True)
    for number in range(0, 1500, 125):
        lines[number] = '{"id": 0}\n'
    rows.write_text("".join(lines), encoding="utf-8")
    command = [sys.executable, "-c", KILLED, "predict", str(rows), "--model", str(tiny), "--on-error", "record"]
    start = time.monotonic()
    assert subprocess.run([*command, "-o", str(tmp_path / "whole.csv")], capture_output=True).returncode == 1
    seconds = time.monotonic() - start
    command += ["-o", str(tmp_path / "out.csv"), "--resume"]
    draw, kills, pieces = random.Random(7), 0, set()
    while kills < 3:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            assert process.wait(timeout=seconds * draw.uniform(0.5, 0.8)) == 1
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
            if (tmp_path / ".out.csv.journal").exists():
                pieces.add(len((tmp_path / ".out.csv.journal").read_bytes().splitlines()))
    assert kills >= 1
    assert max(pieces) > 2, "no kill hit a run that had written something"
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "12 files or rows could not be read" in done.stderr
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    side = tmp_path / "out.csv.errors.jsonl"
    assert side.read_bytes() == (tmp_path / "whole.csv.errors.jsonl").read_bytes()
    assert [row["line"] for row in rows_of(side)] == list(range(1, 1501, 125))


def test_an_unfinished_run_is_not_begun_anew_by_accident(tiny: Path, tmp_path: Path) -> None:
    plan = Plan((write_rows(tmp_path / "a.jsonl", 40),), tmp_path / "out", judging=Judging(model=tiny))
    broken_off(plan, 1)
    before = (tmp_path / ".out.part").read_bytes()
    with pytest.raises(InputError, match=r"out: a run that was not finished lies beside it, with 16 paragraphs"):
        run_plan(plan, judge_in_threads)
    assert (tmp_path / ".out.part").read_bytes() == before
    (tmp_path / ".out.journal").unlink()
    assert run_plan(plan, judge_in_threads) == Summary(40, 40, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"form": "csv"}, 'format was "jsonl", is "csv"'),
        ({"judging": {"batch_size": 8}}, "batch_size was 32, is 8"),
        ({"judging": {"targets": ("NATO",)}}, "targets was "),
        ({"judging": {"abstain_risk": 0.1}}, "abstain_risk was null, is 0.1"),
        ({"device": "cuda"}, 'device was "cpu", is "cuda"'),
        ({"reading": Reading(unit="document")}, "reading was "),
    ],
)
def test_another_run_does_not_go_on(tiny: Path, tmp_path: Path, change: dict, message: str) -> None:
    plan = Plan((write_rows(tmp_path / "a.jsonl", 40),), tmp_path / "out", judging=Judging(model=tiny))
    broken_off(plan, 1)
    if "judging" in change:
        change = {"judging": replace(plan.judging, **change["judging"])}
    with pytest.raises(InputError, match=f"the run that was not finished is another one: {message}"):
        run_plan(replace(plan, resume=True, **change), judge_in_threads)
    assert run_plan(replace(plan, resume=True), judge_in_threads).before == 16


def test_inputs_that_changed_do_not_go_on(tiny: Path, tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "a.jsonl", 40)
    plan = Plan((rows,), tmp_path / "out", judging=Judging(model=tiny))
    broken_off(plan, 1)
    with rows.open("a", encoding="utf-8") as file:
        file.write('{"text": "NATO met."}\n')
    with pytest.raises(InputError, match="another one: inputs was"):
        run_plan(replace(plan, resume=True), judge_in_threads)


def test_a_part_that_lost_bytes_is_not_gone_on_from(tiny: Path, tmp_path: Path) -> None:
    plan = Plan((write_rows(tmp_path / "a.jsonl", 40),), tmp_path / "out", judging=Judging(model=tiny))
    broken_off(plan, 1)
    os.truncate(tmp_path / ".out.part", 10)
    with pytest.raises(InputError, match=r"\.out\.part: expected \d+ bytes at least, as the journal says, found 10"):
        run_plan(replace(plan, resume=True), judge_in_threads)
    (tmp_path / ".out.part").unlink()
    with pytest.raises(InputError, match=r"\.out\.part: expected \d+ bytes at least, as the journal says, found 0"):
        run_plan(replace(plan, resume=True), judge_in_threads)
    assert (tmp_path / ".out.journal").exists()


def test_a_place_where_not_all_can_be_made_is_left_as_it_was(tiny: Path, tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "a.jsonl", 4)
    place = tmp_path / ("o" * 244)  # the journal's name has 253 characters, that of the side file's part too many
    with pytest.raises(InputError, match=r"cannot be written \(File name too long\)"):
        run_plan(Plan((rows,), place, judging=Judging(model=tiny)), judge_in_threads)
    assert names(tmp_path) == ["a.jsonl"]


def test_a_file_system_without_locks_is_written_to(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fcntl = pytest.importorskip("fcntl")

    def no_locks(*given):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    rows = write_rows(tmp_path / "a.jsonl", 4)
    assert predict_files(rows, tmp_path / "out.jsonl", judging=Judging(model=tiny)) == Summary(4, 4, 0)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (".out.journal", b'"number": 16', b'"number": 15'),  # a row twice
        (".out.journal", b'"paragraphs": 16', b'"paragraphs": 17'),
        (".out.part", b'"favor"', b'"xavor"'),
        (".out.part", b'"id"', b'"ix"'),
    ],
)
def test_what_was_edited_by_hand_is_not_believed(tmp_path: Path, tiny: Path, file: str, old: bytes, new: bytes) -> None:
    plan = Plan((write_rows(tmp_path / "a.jsonl", 40),), tmp_path / "out", judging=Judging(model=tiny))
    broken_off(plan, 1)
    path = tmp_path / file
    assert old in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(old, new))
    with pytest.raises(InputError, match=r"was changed since it was written.*Remove .*\.journal"):
        run_plan(replace(plan, resume=True), judge_in_threads)


def test_a_journal_of_another_format(tiny: Path, tmp_path: Path) -> None:
    plan = Plan((write_rows(tmp_path / "a.jsonl", 40),), tmp_path / "out", judging=Judging(model=tiny))
    broken_off(plan, 1)
    journal = tmp_path / ".out.journal"
    journal.write_bytes(journal.read_bytes().replace(b'"format": 2', b'"format": 9', 1))
    with pytest.raises(InputError, match=r"expected a journal of format 2, found 9: another version of stance"):
        run_plan(replace(plan, resume=True), judge_in_threads)


def test_two_processes_do_not_write_one_output(tiny: Path, tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    plan = Plan((write_rows(tmp_path / "a.jsonl", 20),), tmp_path / "out", judging=Judging(model=tiny))

    def engine(steps, work, advance):
        with pytest.raises(InputError, match="out: another process is writing it"):
            run_plan(plan, judge_in_threads)
        yield from judge_in_threads(steps, work, advance)

    assert run_plan(plan, engine) == Summary(20, 20, 0)


def bad_corpus(folder: Path) -> list[Path]:
    rows = write_rows(folder / "rows.jsonl", 20)
    lines = rows.read_text(encoding="utf-8").splitlines()
    lines[3], lines[17] = '{"id": 3, "text": " "}', "{broken"
    rows.write_text("\n".join(lines), encoding="utf-8")
    (folder / "table.csv").write_text("id,text\n1,NATO met.\n2\n", encoding="utf-8")
    return [folder / "none.txt", rows, folder / "table.csv"]


def test_bad_rows_are_recorded_with_place_field_and_reason(tiny: Path, tmp_path: Path) -> None:
    files, out = bad_corpus(tmp_path), tmp_path / "out.jsonl"
    (tmp_path / "out.jsonl.errors.jsonl").write_text("of a run before", encoding="utf-8")
    assert predict_files(files, out, judging=Judging(model=tiny), on_error="record") == Summary(19, 19, 4)
    found = rows_of(tmp_path / "out.jsonl.errors.jsonl")
    assert [tuple(row) for row in found] == [("file", "line", "row", "field", "reason")] * 4
    assert [(Path(row["file"]).name, row["line"], row["row"], row["field"]) for row in found] == [
        ("none.txt", None, None, None),
        ("rows.jsonl", 4, None, "text"),
        ("rows.jsonl", 18, None, None),
        ("table.csv", 3, None, None),
    ]
    assert found[0]["reason"] == "no such file."
    assert found[1]["reason"] == "field 'text' is empty."
    assert found[3]["reason"].startswith("expected 2 cells, found 1. ")
    good = [row["id"] for row in rows_of(out)]
    assert good == [number for number in range(20) if number not in (3, 17)] + ["1"]


def test_rows_of_parquet_are_recorded_by_their_number(tiny: Path, tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table({"text": ["NATO met.", None]}), tmp_path / "rows.parquet")
    out = tmp_path / "out.jsonl"
    assert predict_files(tmp_path / "rows.parquet", out, judging=Judging(model=tiny), on_error="record").failures == 1
    (row,) = rows_of(tmp_path / "out.jsonl.errors.jsonl")
    assert (row["line"], row["row"], row["field"]) == (None, 2, "text")
    assert row["reason"] == "field 'text' has to be a string, found nothing."


def test_reporting_is_the_default(tiny: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    files, out = bad_corpus(tmp_path), tmp_path / "out.jsonl"
    with caplog.at_level(logging.ERROR, "stance"):
        assert predict_files(files, out, judging=Judging(model=tiny)).failures == 4
    assert [message.rpartition("/")[2].split(":")[0] for message in caplog.messages] == [
        "none.txt",
        "rows.jsonl",
        "rows.jsonl",
        "table.csv",
    ]
    assert names(tmp_path) == ["out.jsonl", "rows.jsonl", "table.csv"]


def test_stopping_at_the_first_keeps_the_old_output(tiny: Path, tmp_path: Path) -> None:
    files, out = bad_corpus(tmp_path), tmp_path / "out.jsonl"
    out.write_text("old", encoding="utf-8")
    with pytest.raises(StanceError, match=r"rows.jsonl: line 4: field 'text' is empty"):
        predict_files(files[1:], out, judging=Judging(model=tiny), on_error="stop")
    assert out.read_text(encoding="utf-8") == "old"
    assert names(tmp_path) == ["out.jsonl", "rows.jsonl", "table.csv"]


def test_where_all_is_bad_the_old_output_stays_and_the_errors_are_there(tiny: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("old", encoding="utf-8")
    summary = predict_files(tmp_path / "none.txt", out, judging=Judging(model=tiny), on_error="record")
    assert summary == Summary(0, 0, 1)
    assert out.read_text(encoding="utf-8") == "old"
    assert len(rows_of(tmp_path / "out.jsonl.errors.jsonl")) == 1
    assert names(tmp_path) == ["out.jsonl", "out.jsonl.errors.jsonl"]


def test_bad_rows_alone_make_steps_too(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"body": "x"}\n' * 50, encoding="utf-8")
    sizes = []

    def engine(steps, work, advance):
        for done in judge_in_threads(steps, work, advance):
            sizes.append((len(done.step.documents), len(done.step.failures)))
            yield done

    plan = Plan((tmp_path / "rows.jsonl",), tmp_path / "out", judging=Judging(model=tiny), on_error="record")
    assert run_plan(plan, engine) == Summary(0, 0, 50)
    assert sizes == [(0, 16), (0, 16), (0, 16), (0, 2)]


def test_few_steps_are_held_at_once(tiny: Path, tmp_path: Path) -> None:
    drawn, most = [0], [0]

    def engine(steps, work, advance):
        def counted():
            for step in steps:
                drawn[0] += 1
                yield step

        for number, done in enumerate(judge_in_threads(counted(), work, advance)):
            time.sleep(0.01)  # as a slow disk
            most[0] = max(most[0], drawn[0] - number)
            yield done

    plan = Plan((write_rows(tmp_path / "a.jsonl", 480),), tmp_path / "out", judging=Judging(model=tiny))
    assert run_plan(plan, engine).paragraphs == 480
    assert drawn[0] == 30
    assert 1 < most[0] <= 6


def test_whoever_stops_taking_leaves_no_thread_behind(tiny: Path, tmp_path: Path) -> None:
    write_rows(tmp_path / "a.jsonl", 400)
    items = read_items([str(tmp_path / "a.jsonl")], Reading())
    work = Work(Judging(model=tiny), Layout("jsonl", ("NATO", "US", "China")))
    before = threading.active_count()
    for _ in range(5):  # an exception in a thread is a warning, which is an error here
        judged = judge_in_threads(cut_steps(items, [1]), work, lambda step, count: None)
        assert next(judged).step.number == 16
        judged.close()
        items = read_items([str(tmp_path / "a.jsonl")], Reading())
    assert threading.active_count() == before


def test_what_goes_wrong_while_reading_or_judging_is_raised(tiny: Path, tmp_path: Path, monkeypatch) -> None:
    plan = Plan((write_rows(tmp_path / "a.jsonl", 100),), tmp_path / "out", judging=Judging(model=tiny))

    def broken(*given, **more):
        raise Broken

    for place in ("stance.scale.steps.cut_document", "stance.prediction.Judge.analyze"):
        with monkeypatch.context() as patch:
            patch.setattr(place, broken)
            with pytest.raises(Broken):
                run_plan(plan, judge_in_threads)
        assert names(tmp_path) == ["a.jsonl"]


def test_the_output_is_not_read(tiny: Path, tmp_path: Path) -> None:
    write_rows(tmp_path / "a.jsonl", 3)
    out = tmp_path / "out.jsonl"
    assert predict_files(tmp_path, out, judging=Judging(model=tiny)).paragraphs == 3
    with pytest.raises(InputError, match=r"out.jsonl: is to be read and written. Give another --output"):
        predict_files(tmp_path, out, judging=Judging(model=tiny))


def test_options_that_do_not_go_together(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--resume needs a file as --output"):
        Plan(("a.txt",), None, resume=True)
    with pytest.raises(UsageError, match="--on-error record needs a file as --output"):
        Plan(("a.txt",), "-", on_error="record")
    reading, writing = os.pipe()
    for stream in ("-", f"/dev/fd/{reading}"):
        with pytest.raises(UsageError, match="--resume cannot go on with stdin or a pipe"):
            Plan((stream,), tmp_path / "out", resume=True)
    os.close(reading)
    os.close(writing)
    with pytest.raises(InputError, match=r"No file to read\. Name files or folders"):
        Plan((), tmp_path / "out")
    with pytest.raises(InputError, match="on_error: expected one of report, record, stop, found 'skip'"):
        Plan(("a.txt",), None, on_error="skip")


def test_a_name_that_tells_no_format(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Unknown output format 'jsnl': did you mean 'jsonl'"):
        predict_files(write_rows(tmp_path / "a.jsonl", 1), tmp_path / "out.jsnl", judging=Judging(model=tiny))


def test_a_run_with_another_way_with_errors_does_not_go_on(tiny: Path, tmp_path: Path) -> None:
    plan = Plan(tuple(bad_corpus(tmp_path)), tmp_path / "out", judging=Judging(model=tiny), on_error="record")
    broken_off(plan, 1)
    with pytest.raises(InputError, match="The run that was not finished had --on-error record"):
        run_plan(replace(plan, resume=True, on_error="report"), judge_in_threads)
    assert run_plan(replace(plan, resume=True), judge_in_threads).failures == 4


def test_the_bar_tells_rate_and_time(tiny: Path, tmp_path: Path, capfd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    rows = write_rows(tmp_path / "a.jsonl", 100)
    predict_files(rows, tmp_path / "out.jsonl", judging=Judging(model=tiny), show_progress=True)
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "100 paragraphs, " in captured.err
    assert "100%" in captured.err
    predict_files(rows, tmp_path / "out.jsonl", judging=Judging(model=tiny))
    assert capfd.readouterr().err == ""
