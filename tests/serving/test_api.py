"""The JSON API answers what the library says, and refuses what it cannot use."""

from __future__ import annotations

import json
import logging

import pytest

import stance
from stance.prediction import analyze_documents
from stance.reporting.outputs import paragraph_rows
from stance.schema import Document

TEXT = "A view\n\nNATO met on Thursday. It agreed on a plan.\n\nChina was not invited. It said so.\n"


def ask(client, **asked):
    return client.post("/api/predict", json=asked)


def test_the_answer_is_what_predict_writes(client, tiny) -> None:
    answer = ask(client, texts=[TEXT, "Beijing spoke."], targets=["NATO", "Russia"])
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
    documents = [Document(text, id=number) for number, text in enumerate([TEXT, "Beijing spoke."])]
    analyses = analyze_documents(documents, targets=["NATO", "Russia"], model=tiny)
    expected = [row for analysis in analyses for row in paragraph_rows(analysis)]
    assert answer.json() == {"model": "tiny", "paragraphs": expected}
    assert [row["text"] for row in answer.json()["paragraphs"]][:1] == ["NATO met on Thursday. It agreed on a plan."]


def test_a_single_text_whole_with_label_sets_and_evidence(client) -> None:
    answer = ask(client, texts=TEXT, whole=True, abstain_risk=0.1, explain=True)
    (row,) = answer.json()["paragraphs"]
    assert row["text"].startswith("A view") and set(row["stances"]) == {"NATO", "US", "China"}
    for given in row["stances"].values():
        assert given["labels"][0] == given["label"]
        for item in given.get("evidence", []):
            assert TEXT[item["start"] : item["end"]] == item["text"]


def test_models_health_and_openapi(client) -> None:
    models = client.get("/api/models").json()
    assert models["models"][0] == {
        "name": "tiny",
        "default": True,
        "targets": ["NATO", "US", "China"],
        "precision": "fp32",
    }
    assert "base" in [row["name"] for row in models["models"]] and models["targets"] == ["NATO", "US", "China"]
    assert client.get("/health").json() == {"status": "ok", "version": stance.__version__, "working": 0}
    described = client.get("/openapi.json").json()
    assert sorted(described["paths"]) == ["/api/models", "/api/predict", "/health"]
    fields = described["components"]["schemas"]["PredictRequest"]["properties"]
    assert fields["model"]["anyOf"][0]["enum"] == [row["name"] for row in models["models"]]
    assert fields["targets"]["anyOf"][0]["uniqueItems"] is True
    assert client.get("/docs").status_code == client.get("/redoc").status_code == 404
    page = client.get("/api").text
    assert "curl http://127.0.0.1:8000/api/predict" in page and "//cdn" not in page


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "texts: Field required"),
        ({"texts": []}, "at least 1 item"),
        ({"texts": ""}, "texts: expected words, found nothing"),
        ({"texts": "  \n "}, "texts: expected words, found blanks alone"),
        ({"texts": "A.", "targets": ["\x1f"]}, "targets.0: expected words, found blanks alone"),  # to Python it is one
        ({"texts": ["NATO met.", ""]}, "texts.1: expected words, found nothing"),
        ({"texts": ["NATO met.", 5]}, "texts.1: Input should be a valid string"),
        ({"texts": "\u200b\u2060"}, "Text 0 is empty"),
        ({"texts": 5}, "valid string"),
        ({"texts": "x", "target": ["NATO"]}, "target: Extra inputs are not permitted"),
        ({"texts": "x", "targets": []}, "targets"),
        ({"texts": "x", "targets": ["Chnia"]}, "did you mean 'China'"),
        ({"texts": "x", "targets": ["NATO", "nato"]}, "given twice"),
        ({"texts": "x", "targets": [f"T{n}" for n in range(21)]}, "at most 20"),
        ({"texts": "x", "targets": ["x" * 101]}, "at most 100"),
        ({"texts": "x", "model": "../../etc"}, "Unknown model"),
        ({"texts": "x", "model": "/tmp"}, "Unknown model"),
        ({"texts": "x", "abstain_risk": 1}, "less than 1"),
    ],
)
def test_what_cannot_be_used_is_refused(client, asked, message) -> None:
    answer = ask(client, **asked)
    assert answer.status_code == 422 and message in answer.json()["detail"]
    assert "constrained" not in answer.text
    assert "NATO met" not in answer.text


def test_bodies_that_are_no_json(client) -> None:
    def send(body: bytes, kind: str = "application/json"):
        return client.post("/api/predict", content=body, headers={"content-type": kind})

    assert send(b"{").json() == {"detail": "body: not valid JSON"}
    assert send(b'{"texts": "\xff"}').status_code in (400, 422)
    assert send(b"[" * 100_000).status_code in (400, 422)
    assert send(b'{"texts": "\\ud800 NATO"}').status_code == 422  # half of a character
    plain = send(b'{"texts": "NATO"}', "text/plain")  # what a form of another site may send
    assert plain.status_code == 422 and "Content-Type: application/json" in plain.json()["detail"]
    assert client.get("/api/predict").status_code == 405
    assert client.get("/api/nothing").json() == {"detail": "Not Found"}


def test_texts_are_logged_only_if_asked_for(start, caplog) -> None:
    caplog.set_level(logging.INFO, logger="stance")
    secret = "NATO keeps the word xyzzy secret."
    ask(start(), texts=secret)
    assert "POST /api/predict 200" in caplog.text and "xyzzy" not in caplog.text
    ask(start(log_texts=True), texts=secret)
    assert "xyzzy" in caplog.text


def test_targets_of_the_server_come_first(start) -> None:
    own = stance.Target("Harbour", aliases=("the quay",))
    client = start(targets=(own,))
    (row,) = ask(client, texts="The quay is closed, and NATO waits.").json()["paragraphs"]
    assert list(row["stances"]) == ["Harbour"]
    (row,) = ask(client, texts="The quay is closed.", targets=["harbour", "NATO"]).json()["paragraphs"]
    assert list(row["stances"]) == ["Harbour", "NATO"]
    assert json.loads(client.get("/api/models").text)["targets"] == ["Harbour"]
