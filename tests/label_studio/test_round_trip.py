"""Round trip through a real Label Studio server: tasks in, two people label, the export back in, nothing lost."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from stance.annotation.anchors import make_items
from stance.annotation.codebook import read_codebook
from stance.annotation.interchange import label_studio
from stance.annotation.interchange.label_studio_interface import labelling_config
from stance.annotation.interchange.reading import Reading
from stance.annotation.interchange.scheme import make_scheme
from stance.annotation.suggestions import suggest_labels
from stance.schema import LABELS, Annotation, Document
from stance.text.segmentation import segment

COMMAND = os.environ.get("STANCE_LABEL_STUDIO", "")
REPORT = os.environ.get("STANCE_LABEL_STUDIO_REPORT", "")
TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z")
SCHEME = make_scheme(read_codebook())

pytestmark = [
    pytest.mark.labelstudio,
    pytest.mark.skipif(not COMMAND, reason="STANCE_LABEL_STUDIO names no server (make labelstudio)"),
]

TEXTS = (
    "NATO \U0001f680 held its exercise \U0001f468‍\U0001f469‍\U0001f467 off the coast, and the coast was glad of it.",
    "The first line of the treaty was read aloud.\r\nThe second line named China,\r\nand nobody clapped.",
    "Le\u0301on Dupre\u0301 wrote that Washington bullies whom it calls a friend; e\u0301galite\u0301 it is not.",
    "\u0642\u0627\u0644 \u0627\u0644\u0648\u0632\u064a\u0631 \u0625\u0646 NATO \u0633\u064a\u063a\u0627\u062f\u0631.",
    "\u05d4\u05e9\u05e8 \u05d0\u05de\u05e8: China \u05d4\u05d2\u05d9\u05e2\u05d4.",
    'He said: "<b>America</b> & its \\ friends" cost $5 a day; {{data}} and $text are not names of fields.',
    "  A paragraph with\ttabs and  two spaces, about the storm that closed the harbour.",
    "NATO \U00020000\U0001f1fa\U0001f1f3 met. " * 60,
)


def load_server() -> Any:
    """Load the module beside this one: the tests are no package."""
    spec = spec_from_file_location("label_studio_server", Path(__file__).with_name("server.py"))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def items() -> list[Annotation]:
    """Make the paragraphs: rows of a table, each with its own id and what is known of it."""
    documents = [
        Document(text, "rows.jsonl", f"row/{number}", None, "none", {"outlet": "The Ferry Post", "year": 2026})
        for number, text in enumerate(TEXTS)
    ]
    return [item for document in documents for item in make_items(document, segment(document))]


def wanted(number: int, person: int) -> dict[str, Any]:
    """Say what a person labels a paragraph."""
    return {
        "labels": {target: LABELS[(number + person + n) % 4] for n, target in enumerate(SCHEME.target_names)},
        "reported": (number + person) % 2 == 0,
        "confidence": round(0.1 * (number + 1), 2),
        "comment": f"{TEXTS[number][:20].strip()} \U0001f914 \u05d4 ({person})\nsecond line",
    }


def clicked(given: dict[str, Any]) -> list[dict[str, Any]]:
    """Make the results that the page sends when somebody clicks and types."""
    choices = {f"target_{target}": label for target, label in given["labels"].items()}
    choices["reported"] = "yes" if given["reported"] else "no"
    values: list[tuple[str, str, dict[str, Any]]] = [
        (name, "choices", {"choices": [choice]}) for name, choice in choices.items()
    ]
    values.append(("confidence", "number", {"number": given["confidence"]}))
    values.append(("comment", "textarea", {"text": [given["comment"]]}))
    return [{"from_name": name, "to_name": "text", "type": kind, "value": value} for name, kind, value in values]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with load_server().Server(COMMAND, tmp_path_factory.mktemp("label_studio")) as server:
        yield server


def test_everything_survives(served: Any) -> None:
    paragraphs = items()
    assert [item.text for item in paragraphs] == [text.strip() for text in TEXTS]
    shares = [{target: dict(zip(LABELS, (0.1, 0.2, 0.3, 0.4), strict=True)) for target in SCHEME.target_names}]
    models = suggest_labels(paragraphs[:4], shares * 4, "base")
    before = replace(paragraphs[5], annotator="zoe", time="2026-01-02T03:04:05Z", codebook="1.2", **wanted(5, 7))
    owner = served.owner()
    people = [owner, served.invite(owner, "ben@example.org")]
    settings = {"title": "Round trip", "label_config": labelling_config(SCHEME)}
    project = owner.call("POST", "/api/projects", settings)["id"]
    tasks = json.loads(label_studio.to_tasks([*paragraphs, *models, before], SCHEME))
    owner.call("POST", f"/api/projects/{project}/import", tasks)

    there = owner.call("GET", f"/api/tasks?project={project}&page_size=100&fields=all")["tasks"]
    assert len(there) == len(TEXTS)
    ids = {task["data"]["stance"]["paragraph"]["id"]: task for task in there}
    assert sum(task["total_predictions"] for task in there) == len(models)
    for n, person in enumerate(people):
        for number, item in enumerate(paragraphs):
            path = f"/api/tasks/{ids[item.id]['id']}/annotations/"
            person.call("POST", path, {"result": clicked(wanted(number, n)), "lead_time": 4.5})

    content = owner.ask("GET", f"/api/projects/{project}/export?exportType=JSON&download_all_tasks=true")
    names = {str(person.id): person.email for person in people}
    found = list(label_studio.from_tasks(content, SCHEME, Reading("export.json", names=names)))
    got = {(record.id, record.annotator): record for record in found}
    assert len(found) == len(got) == 2 * len(TEXTS) + 1
    for n, person in enumerate(people):
        for number, item in enumerate(paragraphs):
            record = got[item.id, person.email]
            assert record.anchor == item.anchor
            assert record.source == item.source
            assert {name: getattr(record, name) for name in wanted(number, n)} == wanted(number, n)
            assert TIME.fullmatch(record.time)
            assert record.codebook == SCHEME.codebook
    assert got[before.id, "zoe"] == before
    if REPORT:
        lines = [
            f"Label Studio {served.version()}",
            f"{len(TEXTS)} paragraphs, {len(people)} people, {len(models)} predictions",
            f"records back: {len(found)} of {2 * len(TEXTS) + 1}",
            "equal: ids, anchors, labels, flags, confidences, comments, annotators, codebook; times are there",
        ]
        Path(REPORT).write_text("\n".join(lines) + "\n", encoding="utf-8")
