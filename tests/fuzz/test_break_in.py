"""Attacks on what commands stand on: folders, streams, models that change, sets and annotations of strangers."""

from __future__ import annotations

import io
import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import stance
from stance.annotation import hydration
from stance.annotation.anchors import hash_document, run_count, run_starts
from stance.annotation.files import row_to_annotation, write_annotations
from stance.annotation.hydration import hydrate
from stance.cli.app import main
from stance.cores import usable_cores
from stance.errors import InputError, ModelError, StanceError
from stance.evaluation.benchmark.sets import read_set
from stance.evaluation.benchmark.tasks import load_task
from stance.evaluation.estimation import estimate
from stance.evaluation.rows import LabelledRow, PredictedRow
from stance.model import backends, store
from stance.model.classifier import Classifier
from stance.model.tokens import open_tokenizer
from stance.schema import Anchor, Annotation, Document, Stance
from stance.text.decoding import read_bounded
from stance.text.sources import list_files

from ..conftest import ROOT, write_small_set
from ..scale.tiny import write_tiny_model

unix = pytest.mark.skipif(os.name == "nt", reason="pipes, links and descriptors are others there")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("onnx")
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


def command(line: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a line of a shell in a folder, $S being the command."""
    known = os.environ | {"S": f"{sys.executable} -m stance", "PYTHONPATH": str(ROOT)} | more
    return subprocess.run(["bash", "-c", line], cwd=folder, env=known, capture_output=True, text=True, timeout=60)


# --- folders ----------------------------------------------------------------------------------------------------------


@unix
def test_a_folder_nested_deeper_than_python_calls_is_read(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(os.open("a.txt", os.O_WRONLY | os.O_CREAT, dir_fd=here))
    os.close(here)
    try:
        (found,) = list_files([tmp_path]).files
        assert found.endswith("/d/d/a.txt") and found.count("/d") >= 1200
    finally:
        subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)  # shutil calls itself


@unix
def test_a_link_to_itself_costs_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("NATO met.", encoding="utf-8")
    (tmp_path / "loop.txt").symlink_to("loop.txt")
    assert [Path(name).name for name in list_files([tmp_path]).files] == ["a.txt"]
    assert list_files([str(tmp_path / "loop.txt"), "x" * 5000]).files[1] == "x" * 5000  # reading says what is wrong


@unix
def test_hydrate_does_not_wait_for_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "a.txt").write_text("NATO met.\n", encoding="utf-8")
    (tmp_path / "rows.jsonl").write_text('{"id": "p", "document": "a.txt", "text": "NATO met."}\n', encoding="utf-8")
    found = command("$S annotate hydrate rows.jsonl --texts . -o found.jsonl", tmp_path)
    assert found.returncode == 0, found.stderr
    assert '"start": 0' in (tmp_path / "found.jsonl").read_text(encoding="utf-8")


def test_a_small_file_is_read_with_little_memory() -> None:
    class Asked(io.BytesIO):
        most = 0

        def read(self, size: int | None = -1) -> bytes:
            self.most = max(self.most, size or 0)
            return super().read(size)

    file = Asked(b"NATO met.")
    assert read_bounded(file, "x") == b"NATO met." and file.most <= 1 << 20


# --- streams and environment ------------------------------------------------------------------------------------------


@unix
def test_closed_streams_are_told_and_take_in_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("NATO met on Thursday. It agreed.\n", encoding="utf-8")
    found = command("$S segment a.txt >&-; echo $?; $S segment - <&-; echo $?", tmp_path)
    assert found.stdout == "1\n1\n" and found.stderr.count("stance: error: ") == 2
    assert "Traceback" not in found.stderr and "Exception" not in found.stderr
    # nobody's words go into the output, which would have the number of one of them
    found = command("$S segment a.txt none.txt -o out.jsonl <&- >&- 2>&-; echo $?", tmp_path)
    assert found.stdout == "1\n"
    rows = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(row)["document"] for row in rows] == ["a.txt"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has it")
def test_a_full_stdout_is_told(tmp_path: Path) -> None:
    for line in ("$S benchmark --list >/dev/full", "$S --help >/dev/full", "$S predict --help >&-"):
        found = command(f"{line}; echo $?", tmp_path)
        assert found.stdout == "1\n" and found.stderr.startswith("stance: error: ") and "Exception" not in found.stderr


@unix
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_command_that_is_stopped_leaves_nothing_half_written(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.txt").write_text("NATO met.\n", encoding="utf-8")
    # what runs in the background may have been started to ignore it
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    line = [sys.executable, "-c", f"{heard}; from stance.cli.app import run; run()"]
    line += ["segment", "a.txt", "-", "-o", "out.jsonl"]
    known = os.environ | {"PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    with subprocess.Popen(line, cwd=tmp_path, env=known, stdin=pipe, stderr=pipe, text=True) as process:
        end = time.monotonic() + 20
        while not list(tmp_path.glob(".out.jsonl*")) and time.monotonic() < end:
            time.sleep(0.02)
        time.sleep(0.3)  # a file whose making is broken off stays, as after kill -9, and the next run takes it
        number = signal.Signals[name]
        process.send_signal(number)
        if name == "SIGHUP":  # a terminal that is closed sends both
            process.send_signal(signal.SIGTERM)
        told = process.communicate(timeout=20)[1]
        number = -process.returncode if name == "SIGHUP" and process.returncode == -signal.SIGTERM else number
    assert process.returncode == (130 if name == "SIGINT" else -number) and "Traceback" not in told
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_too_little_memory_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("stance.cli.segment.begin", lambda *_: (_ for _ in ()).throw(MemoryError))
    assert main(["segment", "-"]) == 1
    assert "not enough memory" in capsys.readouterr().err


def test_no_number_of_cores_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "9" * 5000)
    assert usable_cores() >= 1


@unix
def test_onnx_runtime_tells_nobody(tmp_path: Path) -> None:
    code = "import os, stance.model.runtime; print(os.environ.get('ORT_DISABLE_TELEMETRY'))"
    found = command(f'{sys.executable} -c "{code}"', tmp_path, HOME=str(tmp_path))
    assert found.stdout == "None\n", found.stderr  # the environment is as it was
    assert list(tmp_path.rglob("*")) == []  # 1.31 else leaves an id of the machine


# --- models -----------------------------------------------------------------------------------------------------------


def test_a_model_that_is_replaced_while_it_is_loaded_is_refused(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny, folder)
    graph = backends.check_graph

    def replace(*given: object) -> None:  # by one whose hashes are right, as stance train does
        config = (folder / store.CONFIG_FILE).read_text(encoding="utf-8")
        (folder / store.CONFIG_FILE).write_text(config.replace("\n", " \n", 1), encoding="utf-8")
        store.write_hashes(folder)
        graph(*given)

    monkeypatch.setattr(backends, "check_graph", replace)
    monkeypatch.setattr(backends, "ThreadPoolExecutor", _Late)
    with pytest.raises(ModelError, match="was replaced while it was loaded"):
        Classifier(folder)
    with pytest.raises(ModelError, match="was replaced while it was loaded"):
        open_tokenizer(folder / store.TOKENIZER_FILE, "0" * 64)


class _Late:
    """Does what it is given when it is asked for."""

    def __init__(self, *_: object, **__: object) -> None: ...

    def __enter__(self) -> _Late:
        return self

    def __exit__(self, *_: object) -> None: ...

    def submit(self, work, *given, **more) -> _Late:
        self.result = lambda: work(*given, **more)
        return self


def test_a_tokenizer_that_fails_on_a_text_is_told(tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny, folder)
    values = json.loads((folder / store.TOKENIZER_FILE).read_text(encoding="utf-8"))
    values["model"]["unk_token"] = "[NONE]"
    (folder / store.TOKENIZER_FILE).write_text(json.dumps(values), encoding="utf-8")
    store.write_hashes(folder)
    with pytest.raises(ModelError, match="tokenizer"):
        Classifier(folder).predict(["zyxwvut \u4e2d"], stance.builtin_targets())


@pytest.mark.parametrize("temperature", [1e-320, 1e-300])
def test_a_temperature_that_makes_no_numbers_is_refused(tiny: Path, tmp_path: Path, temperature: float) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny, folder)
    values = json.loads((folder / store.CONFIG_FILE).read_text(encoding="utf-8"))
    stages = {"presence_temperature": 1.0, "side_temperature": temperature, "items": 0, "nonconformity": []}
    for change in ({"temperature": temperature}, {"calibration": stages}):
        (folder / store.CONFIG_FILE).write_text(json.dumps(values | change), encoding="utf-8")
        with pytest.raises(ModelError, match="a number from 1e-06 on"):
            store.read_config(folder)


# --- sets and annotations of strangers --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["../../out", "/tmp/out", "a\\u0000b", "", ".", "a/b", "x" * 300, "a\\nb"])
def test_a_set_whose_name_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    path = write_small_set(tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('name = "small"', f'name = "{name}"', 1), encoding="utf-8")
    with pytest.raises(InputError, match="name: expected"):
        read_set(path)


@pytest.mark.parametrize(
    "change",
    [
        {"file": "../secret.txt"},
        {"file": "/etc/passwd"},
        {"file": "pipe"},
        {"start": -9, "end": -1},
        {"start": 9, "end": 2},
        {"end": 10**9},
        {"start": 0.5},
        {"id": ["p"]},
    ],
)
@unix
def test_rows_of_a_set_name_no_other_file_and_no_odd_part(tmp_path: Path, change: dict) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("NATO met on Thursday.", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("NATO met in secret, they say.", encoding="utf-8")
    os.mkfifo(tmp_path / "texts" / "pipe")
    block = {"id": "p", "start": 0, "end": 9, "labels": {"NATO": "neutral"}}
    row = {"file": "a.txt"} | {key: value for key, value in change.items() if key == "file"}
    row["blocks"] = [block | {key: value for key, value in change.items() if key != "file"}]
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    head = 'name = "own"\ntitle = "x"\nsource = "x"\nmetric = "macro_f1"\nmetric_name = "x"\nform = "articles"\n'
    (tmp_path / "own.toml").write_text(
        head + 'targets = ["NATO"]\n[files]\ntest = "rows.jsonl"\ntexts = "texts"\n', encoding="utf-8"
    )
    with pytest.raises(InputError, match=r"rows\.jsonl: line 1: expected"):
        load_task(read_set(tmp_path / "own.toml"), tmp_path)


def test_a_count_of_words_without_end_takes_no_memory() -> None:
    assert all(run_count(words) == len(run_starts(words)) for words in range(60))
    row = {"id": "p", "words": 10**15, "fingerprint": ["0" * 8, "1" * 8], "document": "a.txt"}
    assert len(hydrate([row_to_annotation(row, "row")], [Document("NATO met today. " * 9, "a.txt")]).missing) == 1


def test_hydrating_takes_linear_time() -> None:
    begun = time.process_time()
    row = {"id": "p", "document": "a.txt", "text": "é"}
    hydrate([row_to_annotation(row, "row")], [Document("é-" * 20_000, "a.txt")])  # found 20,000 times in one token
    document = Document(" ".join(f"w{number}" for number in range(1500)), "a.txt")
    known = {"document_sha256": hash_document(document), "start": 0}
    rows = [known | {"id": f"p{end}", "end": end} for end in range(1, 1500)]  # each overlaps each other
    found = hydrate([row_to_annotation(row, "row") for row in rows], [document])
    assert found.found == 1499 and time.process_time() - begun < 5


def test_a_line_that_all_documents_have_is_written_down_once_in_each(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    make = hydration.make_anchor
    monkeypatch.setattr(hydration, "make_anchor", lambda *given: made.append(given[1].text) or make(*given))
    texts = [f"NATO met on day {number}, and it agreed.\n\nRead our letter every morning." for number in range(12)]
    documents = [Document(text, f"{number}.txt", breaks="blocks") for number, text in enumerate(texts)]
    rows = []
    for number, text in enumerate(texts):
        for start, end in ((0, text.index("\n")), (text.rindex("\n") + 1, len(text))):
            known = {"document_sha256": hash_document(documents[number]), "text": text[start:end]}
            rows.append(known | {"id": f"{number}-{start}", "start": start, "end": end})
    found = hydrate([row_to_annotation(row, "row") for row in rows], documents)
    assert found.found == 24 and made.count("Read our letter every morning.") == 12  # not 144 times


@pytest.mark.parametrize("value", [math.nan, math.inf, np.int64(3), {1, 2}, b"x"])
def test_annotations_that_json_cannot_hold_are_refused(value: object) -> None:
    file = io.BytesIO()
    with pytest.raises(InputError, match="Annotation 'p': cannot be written as JSON"):
        write_annotations(file, [Annotation("p", Anchor(text="x"), {"NATO": "favor"}, source={"score": value})])
    assert file.getvalue() == b""


LABELLED = '{"id": "p", "text": "NATO met on Thursday.", "labels": {"NATO": "favor"}, "annotator": "Ann"}\n'
LABELLED += '{"id": "q", "text": "It rained in China.", "labels": {"NATO": "absent"}, "annotator": "Ann"}\n'


@pytest.mark.parametrize(
    "line",
    [
        "annotate hydrate {own} --texts {texts} -o {own}",  # what is not found would be gone
        "annotate hydrate {own} --texts {texts} -o {new} --missing {own}",
        "annotate hydrate {own} --texts {texts} -o {new} --missing {new}",
        "annotate adjudicate {own} --by rule -o {own}",
        "annotate split {train} --shares train=0.5,test=0.5 -o {folder}",
        "annotate next --pool {own} --random -o {own}",
        "annotate export {own} --to label-studio -o {folder}/tasks.xml",  # the interface has this name
        "evaluate --gold {own} --pred {train} -o {own} --format json",
    ],
)
def test_no_command_writes_over_what_it_reads_or_writes(
    line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own, train, text = tmp_path / "own.jsonl", tmp_path / "train.jsonl", tmp_path / "a.txt"
    text.write_text("It rained.", encoding="utf-8")
    for path in (own, train):
        path.write_text(LABELLED, encoding="utf-8")
    names = {"own": own, "train": train, "texts": text, "new": tmp_path / "new.jsonl", "folder": tmp_path}
    assert main(line.format(**names).split()) == 1
    assert re.search("is to be read and written|would be one file|would take this name", capsys.readouterr().err)
    assert own.read_text(encoding="utf-8") == train.read_text(encoding="utf-8") == LABELLED
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "own.jsonl", "train.jsonl"]


# --- serve and estimate -----------------------------------------------------------------------------------------------


def test_requests_made_to_keep_the_server_busy_are_refused_at_once(tiny: Path, tmp_path: Path) -> None:
    client_of = pytest.importorskip("starlette.testclient").TestClient
    from stance.serving.app import make_app
    from stance.serving.settings import Settings

    app = make_app(Settings(model=tiny, annotations=tmp_path / "labels.jsonl"))
    with client_of(app, base_url="http://127.0.0.1:8000") as client:
        begun = time.process_time()
        body = '{"texts": "NATO",' + ",".join(f'"a{number}": 0' for number in range(100_000)) + "}"
        answer = client.post("/api/predict", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 422 and "100,001 fields" in answer.text
        kind = {"content-type": "application/x-www-form-urlencoded"}
        answer = client.post("/documents", content="target=NATO&text=" + "%" * 1_000_000, headers=kind)
        assert answer.status_code == 413 and "multipart/form-data" in answer.text
        assert time.process_time() - begun < 1.5


@unix
def test_labels_go_through_a_link_and_to_no_pipe(tmp_path: Path) -> None:
    pytest.importorskip("fastapi")
    from stance.serving.labels import LabelFile

    (tmp_path / "link.jsonl").symlink_to("real.jsonl")
    assert LabelFile(tmp_path / "link.jsonl").path == LabelFile(tmp_path / "real.jsonl").path  # and so has one lock
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="is no plain file"):
        LabelFile(tmp_path / "pipe")


def test_shares_and_weights_that_are_none_are_told() -> None:
    def rows(**shares: float) -> list[PredictedRow]:
        return [PredictedRow(f"p{n}", f"d{n}", {"US": Stance("US", "favor", shares)}) for n in range(40)]

    sample = [LabelledRow(f"p{n}", {"US": "favor" if n % 3 else "against"}) for n in range(30)]
    for share in (math.nan, math.inf, -1.0, "0.5"):
        with pytest.raises(InputError, match="Paragraph 'p0': expected a label and its probabilities"):
            estimate(rows(favor=share), sample)
    with pytest.raises(InputError, match="unknown label 'pro'"):
        estimate(rows(favor=1.0), [LabelledRow("p1", {"US": "pro"})])
    wanted = estimate(rows(favor=1.0), sample).rows[0].share
    tiny = [LabelledRow(row.id, row.labels, 1e-320) for row in sample]  # they count up to a factor
    found = estimate(rows(favor=1.0), tiny).rows[0].share
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high))


# --- the Python API ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda: list(stance.analyze_documents("NATO met.")),
        lambda: list(stance.analyze_documents(["NATO met."])),
        lambda: list(stance.analyze_documents(3)),
        lambda: stance.analyze(b"NATO met."),
        lambda: stance.Document(1),
        lambda: stance.explain(["NATO met."], "NATO"),
        lambda: stance.predict("NATO met.", targets=3),
        lambda: stance.predict("NATO met.", model=b"base"),
        lambda: stance.predict("NATO met.", batch_size="4"),
        lambda: stance.predict("NATO met.", batch_size=math.inf),
        lambda: stance.Target("X", description=None),
        lambda: stance.Target("X", aliases=None),
    ],
)
def test_what_is_of_another_type_is_told(call) -> None:
    with pytest.raises(StanceError):
        call()


@pytest.mark.parametrize(
    "line",
    [
        "segment texts -o texts/out.jsonl",
        "report texts -o texts/out.md",
        "annotate prepare texts -o texts/out.jsonl",
        "annotate hydrate labels.jsonl --texts texts -o texts/out.jsonl",
    ],
)
def test_what_an_earlier_run_wrote_into_the_folder_is_not_read_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str, tiny: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("NATO met.\n", encoding="utf-8")
    row = {"id": "a", "text": "NATO met.", "labels": {"NATO": "favor"}, "annotator": "me"}
    (tmp_path / "labels.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    written = tmp_path / line.split()[-1]
    written.write_text("of an earlier run\n", encoding="utf-8")
    assert main([*line.split(), *(["--model", str(tiny)] if line.startswith("report") else [])]) == 1
    assert f"{written.relative_to(tmp_path)}: is to be read and written" in capsys.readouterr().err
    assert written.read_text(encoding="utf-8") == "of an earlier run\n"
