"""Files of annotations, tools, recipes, targets, sets, predictions, journals, models: what is wrong there is told."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from stance.annotation.anchors import make_items, without_text
from stance.annotation.codebook import read_codebook
from stance.annotation.files import annotation_to_row, read_annotations, row_to_annotation, write_annotations
from stance.annotation.hydration import hydrate
from stance.annotation.interchange.formats import FORMATS, find_format
from stance.annotation.interchange.reading import Reading
from stance.annotation.interchange.scheme import Scheme, Term
from stance.errors import InputError
from stance.evaluation.benchmark.sets import read_set
from stance.evaluation.benchmark.store import Store
from stance.evaluation.records import read_records
from stance.evaluation.rows import read_labelled, read_predicted
from stance.fitting.recipes import read_recipe
from stance.model.store import CONFIG_FILE, HASHES_FILE, find_model, read_config, verify_files
from stance.reporting.layout import Layout
from stance.reporting.predictions import holds_predictions, read_predictions
from stance.reporting.report_markdown import report_markdown
from stance.reporting.report_page import report_html
from stance.scale.journal import Part
from stance.schema import Annotation, Document
from stance.targets import find_codebook, load_targets
from stance.text.segmentation import segment

from ..conftest import SMALL_SET
from .driver import ODD_TEXT, dump, fuzzed, json_edits, mutated, survives

TEXT = "A view\n\nNATO has kept the peace in Europe for many years, and it deserves our thanks for that.\n\n" + (
    "Beijing threatens its neighbours across the sea, and nobody who lives there doubts that it will go on.\n"
)
SCHEME = Scheme((Term("NATO", "the bloc"), Term("China", "its state")))
FULL = {
    "labels": {"NATO": "favor", "China": "absent"},
    "reported": False,
    "annotator": "ann",
    "time": "2026-11-24T09:30:00Z",
    "confidence": 0.5,
    "comment": "so",
    "soft_labels": {"NATO": {"favor": 0.5, "neutral": 0.5}},
    "source": {"outlet": "x", "year": 2020},
}
_ITEMS = make_items(Document(TEXT, "a.txt"), segment(TEXT))
ITEMS = [row_to_annotation(annotation_to_row(item) | FULL, "row") for item in _ITEMS]


def with_file(data: bytes, suffix: str, call: Callable[[str], Any]) -> Any:
    """Write a file, call with its name, and take errors made on purpose for an answer."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x{suffix}"
        path.write_bytes(data)
        return survives(lambda: call(str(path)))


def annotations(data: bytes, suffix: str = ".jsonl") -> list[Annotation]:
    """Read annotations, bad lines left out."""
    told: list[InputError] = []
    found = with_file(data, suffix, lambda name: list(read_annotations(name, on_error=told.append)))
    return found or []


def lines(*rows: Any) -> bytes:
    """Write one JSON value a line."""
    return b"\n".join(map(dump, rows)) + b"\n"


ROWS = [annotation_to_row(item) for item in ITEMS]


@fuzzed(json_edits(ROWS), examples=60)
def test_annotations(row: Any) -> None:
    found = annotations(lines(row, ROWS[0]))
    write_annotations(io.BytesIO(), found)


@fuzzed(json_edits([annotation_to_row(without_text(item)) for item in ITEMS]), st.one_of(st.just(TEXT), ODD_TEXT))
def test_hydration(row: Any, text: str) -> None:
    found = annotations(lines(row))
    documents = [Document(text, "a.txt")] if text.strip() else []
    for item in (survives(lambda: hydrate(found, documents)) or hydrate([], [])).annotations:
        start, end = item.anchor.start, item.anchor.end
        assert start is None or text[start:end] == item.text


def tool(name: str, examples: int):
    """Make the test of the reader of one tool's export: of bytes that are damaged, and of JSON that is another."""
    form = find_format(name)
    sent = form.write(ITEMS, SCHEME)
    tasks = sent if name == "potato" else b""
    if name == "potato":
        given = {item.id: {"NATO": {"favor": "1"}, "comment": {"text_box": "so"}} for item in ITEMS}
        state = {"user_id": "ann", "instance_id_to_label_to_value": given, "instance_id_to_behavioral_data": {}}
        pairs = [[{"schema": "NATO", "name": "favor"}, True]]
        values: list[Any] = [state, {"instance_id": ITEMS[0].id, "user_id": "ann", "label_annotations": pairs}]
    else:
        values = [json.loads(line) for line in sent.splitlines()] if form.suffix == ".jsonl" else []
        values += [json.loads(sent)] if form.suffix == ".json" else []
    originals = [sent, *map(dump, values)]
    edited = json_edits(values).map(dump) if values else st.nothing()

    @fuzzed(st.one_of(edited, edited, mutated(originals)), examples=examples)
    def check(data: bytes) -> None:
        told: list[InputError] = []
        reading = Reading("x", "ann", {"1": "ann"}, tasks, told.append)
        found = survives(lambda: list(form.read(data, SCHEME, reading)))
        write_annotations(io.BytesIO(), found or [])
        assert all(str(error) for error in told)

    return check


test_label_studio = tool("label-studio", 50)
test_doccano = tool("doccano", 50)
test_prodigy = tool("prodigy", 50)
test_potato = tool("potato", 50)
test_csv = tool("csv", 50)
assert len(FORMATS) == 5

RECIPE = b"""name = "mine"
train = ["a.jsonl", {file = "b.csv", weight = 0.5, labels = {pro = "favor"}}]
dev = "b.jsonl"
targets = ["NATO"]
[encoder]
source = "model:base"
layers = 2
[schedule]
epochs = 3
head_rate = 1e-3
[network]
blocks = 2
"""
TARGETS = (
    b'[[target]]\nname = "Russia"\naliases = ["Moscow", "the Kremlin"]\nexclude = ["Moscow Mule"]\ndescription = "x"\n'
)
DEEP = [b"a = " + b"[" * 5000, b"a" + b".a" * 5000 + b" = 1", b"x = " + b"9" * 5000, b"a = " + b"{a = " * 3000]
OVERRIDES = st.sampled_from(
    ("", "schedule.epochs=2", "train.0.weight=x", "a.b.c", "train.9=1", "seed=" + "[" * 3000, "=1", "name.x.y=1")
)


@fuzzed(mutated([RECIPE, *DEEP]), OVERRIDES, examples=60)
def test_recipes(data: bytes, override: str) -> None:
    with_file(data, ".toml", lambda name: read_recipe(Path(name), [override] if override else []))


@fuzzed(mutated([TARGETS, *DEEP]), examples=60)
def test_targets(data: bytes) -> None:
    with_file(data, ".toml", load_targets)


@fuzzed(mutated([SMALL_SET.encode(), *DEEP]), examples=40)
def test_sets(data: bytes) -> None:
    with_file(data, ".toml", lambda name: read_set(Path(name)))


@fuzzed(mutated([find_codebook().read_bytes(), *DEEP]), examples=10)
def test_codebooks(data: bytes) -> None:
    with_file(data, ".toml", read_codebook)


SHARES = {"favor": 0.7, "against": 0.1, "neutral": 0.1, "absent": 0.1}
EVIDENCE = [{"start": 8, "end": 12, "text": "NATO", "unit": "mention", "weight": 0.2}]
STANCE = {"label": "favor", "probabilities": SHARES, "labels": ["favor"], "abstained": False, "evidence": EVIDENCE}
PREDICTED = [
    {
        "document": "a.txt",
        "id": None,
        "index": 1,
        "start": 8,
        "end": 20,
        "text": "NATO is here",
        "stances": {"NATO": STANCE},
    },
    {
        "document": "b",
        "id": 3,
        "index": 0,
        "start": 0,
        "end": 2,
        "text": "No",
        "source": {"outlet": "x"},
        "stances": {"NATO": STANCE},
    },
]
JUDGED = [
    *PREDICTED,
    {"id": 1, "target": "NATO", "label": "favor", "p_favor": 0.5, "weight": 2},
    {"id": "x", "labels": {"NATO": None}},
]
FLAT = b'id,text,NATO,NATO_favor,NATO_against,NATO_neutral,NATO_absent,source\n1,a,favor,1,0,0,0,"{""a"": 1}"\n'


@fuzzed(json_edits(PREDICTED), examples=60)
def test_predictions(row: Any) -> None:
    def show(name: str) -> None:
        holds_predictions(name)
        analyses = read_predictions(name)
        assert "<script>alert" not in report_html(analyses)
        report_markdown(analyses)

    with_file(lines(row, PREDICTED[0]), ".jsonl", show)


@fuzzed(st.one_of(json_edits(JUDGED).map(lines), mutated([lines(*JUDGED)])), examples=60)
def test_records(data: bytes) -> None:
    with_file(data, ".jsonl", read_records)
    with_file(data, ".jsonl", lambda name: read_labelled(name, read_predicted([name])))


@fuzzed(mutated([FLAT]), examples=40)
def test_records_of_tables(data: bytes) -> None:
    with_file(data, ".csv", read_records)


LAYOUT = Layout("jsonl", ("NATO",))
HEAD = {"format": 1, "keep": True, "run": {"files": ["a"]}}
COMMIT = {"file": 0, "number": 1, "read": 5, "output": 3, "errors": 0, "documents": 1, "paragraphs": 1}
COMMIT |= {"failures": 0, "on_error": "report", "done": False}


@fuzzed(json_edits([[HEAD, COMMIT, COMMIT]]), st.booleans(), st.binary(max_size=3), examples=60)
def test_journals(rows: Any, resume: bool, tail: bytes) -> None:
    journal = lines(*rows) + tail if isinstance(rows, list) else dump(rows)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "o.jsonl"
        (Path(folder) / ".o.jsonl.journal").write_bytes(journal)
        (Path(folder) / ".o.jsonl.part").write_bytes(b"{}\n")

        def go_on() -> None:
            part = Part(place, LAYOUT, run={"files": ["a"]}, resume=resume)
            part.close()

        survives(go_on)


CONFIG = json.loads((find_model() / CONFIG_FILE).read_text(encoding="utf-8"))
CONFIG |= {"queries": {}, "encoder": {}, "training": {}, "metrics": {}}
HASHES = json.loads((find_model() / HASHES_FILE).read_text(encoding="utf-8"))


@fuzzed(st.one_of(json_edits([CONFIG]).map(dump), mutated([dump(CONFIG)])), examples=60)
def test_model_configs(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / CONFIG_FILE).write_bytes(data)
        survives(lambda: read_config(Path(folder)))


@fuzzed(st.one_of(json_edits([HASHES]).map(dump), mutated([dump(HASHES)])), examples=30)
def test_model_hashes(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / CONFIG_FILE).write_bytes(dump(CONFIG))
        (Path(folder) / HASHES_FILE).write_bytes(data)
        survives(lambda: verify_files(Path(folder)))


RESULT = {"set": "s", "system": "x", "status": "done", "key": "k", "seconds": 1.0, "answers_sha256": "0"}


@fuzzed(st.one_of(json_edits([RESULT]).map(dump), mutated([dump(RESULT)])), examples=20)
def test_results_of_benchmarks(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        path = store.place("s", "x")
        path.parent.mkdir()
        path.write_bytes(data)
        survives(lambda: store.read("s", "x"))
        survives(lambda: store.read_set("s"))
