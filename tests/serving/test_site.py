"""The pages: a text goes in, its labels are seen, corrected and downloaded; nothing of it needs a script."""

from __future__ import annotations

import csv
import io
import json
import re
import threading
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from stance.annotation.files import read_annotations
from stance.reporting.page import page_policy
from stance.serving import app
from stance.serving.refusals import Refusal
from stance.serving.shelf import Entry, Shelf

from .conftest import TEXT, judge

EVIL = '<script>window.hacked = 1</script><img src=x onerror="1"> NATO & "China" said so.'


def test_the_start_page_offers_targets_and_models(client: TestClient) -> None:
    answer = client.get("/")
    assert re.findall(r'name="target" value="(\w+)" checked', answer.text) == ["NATO", "US", "China"]
    assert "<option>tiny</option>" in answer.text and "<option>base</option>" in answer.text
    policy = answer.headers["content-security-policy"]
    assert policy == f"{page_policy(0, served=True)}; frame-ancestors 'none'" and "form-action 'self'" in policy
    assert "unsafe" not in policy and policy.startswith("default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff" and "access-control-allow-origin" not in answer.headers


def test_a_text_is_judged_shown_and_downloaded(client: TestClient) -> None:
    place = judge(client, TEXT.replace("\n", "\r\n"), further="Red Cross", model="tiny")
    page = client.get(place)
    assert page.status_code == 200 and page.headers["content-security-policy"].startswith(page_policy(3, served=True))
    assert page.text.count('class="block body') == 2 and "A view of the harbour</h1>" in page.text
    lines = [json.loads(line) for line in client.get(f"{place}/stances.jsonl").text.splitlines()]
    assert [(row["document"], row["start"], list(row["stances"])) for row in lines] == [
        ("pasted text", 23, ["NATO", "China", "Red Cross"]),
        ("pasted text", 67, ["NATO", "China", "Red Cross"]),
    ]
    table = client.get(f"{place}/stances.csv")
    assert [row["NATO"] for row in csv.DictReader(io.StringIO(table.text))] == [
        row["stances"]["NATO"]["label"] for row in lines
    ]
    assert table.headers["content-disposition"] == 'attachment; filename="stances.csv"'
    report = client.get(f"{place}/report.html").text
    assert "form-action 'none'" in report and "<form" not in report and "NATO met on Thursday" in report
    assert client.get(f"{place}/labels.jsonl").text == ""


def test_evidence_is_shown_and_downloaded_if_asked_for(client: TestClient) -> None:
    place = judge(client, "NATO met on Thursday. It agreed on a plan.", explain="yes")
    rows = list(csv.DictReader(io.StringIO(client.get(f"{place}/stances.csv").text)))
    assert "NATO_evidence" in rows[0]


def test_a_hostile_text_and_name_stay_text(client: TestClient) -> None:
    file = {"file": ('"><script>evil.txt', f"{EVIL}\n\n{EVIL}".encode(), "text/plain")}
    answer = client.post("/documents", files=file, data={"target": ["NATO"], "further": "<b>x</b>", "annotator": EVIL})
    page = client.get(answer.headers["location"]).text
    assert page.count("<script>") == 1 and "<img" not in page and "<b>x" not in page
    assert "&lt;script&gt;window.hacked" in page


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"text": ""}, "Neither a text nor a file"),
        ({"text": " \u200b\n"}, "Neither a text nor a file"),
        ({"target": []}, "No target was chosen"),
        ({"further": "Chnia"}, "did you mean &#x27;China&#x27;"),
        ({"model": "/etc/passwd"}, "Unknown model"),
        ({"annotator": "model:base"}, "cannot begin with"),
    ],
)
def test_what_cannot_be_judged_is_said(client: TestClient, fields, message) -> None:
    answer = client.post("/documents", data={"text": TEXT, "target": ["NATO"], **fields})
    assert answer.status_code == 422 and message in answer.text and 'role="alert"' in answer.text


@pytest.mark.parametrize(("charset", "status"), [("punycode", 415), ("unicode_escape", 415), ("UTF-8", 303)])
def test_forms_are_utf8(client: TestClient, charset, status) -> None:
    part = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    body = part.format("text", TEXT) + part.format("target", "NATO") + "--x--\r\n"
    headers = {"content-type": f"multipart/form-data; boundary=x; charset={charset}"}
    assert client.post("/documents", content=body, headers=headers).status_code == status


def test_the_table_is_safe_for_spreadsheets(client: TestClient) -> None:
    place = judge(client, "=HYPERLINK(0) is what NATO said on Thursday.")
    (row,) = csv.DictReader(io.StringIO(client.get(f"{place}/stances.csv").text))
    assert row["text"].startswith("'=HYPERLINK")


def test_the_name_of_a_person_is_no_file_name(start, tmp_path) -> None:
    client = start(annotations=tmp_path / "labels.jsonl")
    place = judge(client, annotator=" J. Rodriguez-\u202eMontenegro ")
    assert client.post(f"{place}/labels", data={"paragraph": "1", "target": "0", "label0": "favor"}).status_code == 303
    (found,) = read_annotations(tmp_path / "labels.jsonl")
    assert found.annotator == "J. Rodriguez-Montenegro"


def test_a_label_that_cannot_be_saved_is_said(start, tmp_path, monkeypatch) -> None:
    def full(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    client = start(annotations=tmp_path / "labels.jsonl")
    place = judge(client)
    monkeypatch.setattr("stance.serving.labels.LabelFile.save", full)
    answer = client.post(f"{place}/labels", data={"paragraph": "1", "target": "0", "label0": "favor"})
    assert answer.status_code == 507 and "The label was not saved: No space left" in answer.text
    assert client.get(f"{place}/labels.jsonl").text == ""


def test_text_and_file_at_once(client: TestClient) -> None:
    files = {"file": ("a.txt", b"NATO met.", "text/plain")}
    answer = client.post("/documents", files=files, data={"text": TEXT, "target": ["NATO"]})
    assert answer.status_code == 422 and "Both a text and a file" in answer.text


def test_labels_are_corrected_and_load_as_annotations(start, tmp_path) -> None:
    path = tmp_path / "labels.jsonl"
    client = start(annotations=path)
    place = judge(client, annotator="Ann")

    def correct(paragraph: int, target: int, label: str):
        fields = {"paragraph": str(paragraph), "target": str(target), f"label{target}": label}
        return client.post(f"{place}/labels", data=fields)

    answer = correct(1, 0, "against")
    assert answer.status_code == 303 and answer.headers["location"] == f"{place}?saved=1&target=0"
    page = client.get(f"{place}?saved=1&target=1").text
    assert (
        'Your label: <b class="is-against">▼ against</b>' in page and "1 label by “Ann”, added to labels.jsonl" in page
    )
    assert 'id="t1" checked' in page and page.count('<details class="fix" open>') == 1
    correct(1, 1, "absent")
    correct(2, 1, "favor")
    correct(2, 1, "neutral")  # a change of mind
    found = list(read_annotations(path))
    assert [(item.annotator, dict(item.labels), item.anchor.start) for item in found] == [
        ("Ann", {"NATO": "against", "China": "absent"}, 23),
        ("Ann", {"China": "neutral"}, 67),
    ]
    assert found[0].text == "NATO met on Thursday. It agreed on a plan." and found[0].time.endswith("Z")
    download = client.get(f"{place}/labels.jsonl").content
    (tmp_path / "download.jsonl").write_bytes(download)
    assert [dict(item.labels) for item in read_annotations(tmp_path / "download.jsonl")] == [
        dict(item.labels) for item in found
    ]
    correct(2, 1, "")  # taken back
    assert len(list(read_annotations(path))) == 1 and correct(2, 1, "").status_code == 303
    for wrong in ((3, 0, "favor"), (0, 0, "favor"), (1, 7, "favor"), (1, 0, "good"), (1, -1, "favor")):
        assert correct(*wrong).status_code == 422
    assert path.read_bytes().count(b"\n") == 1


def test_results_are_found_under_their_ids_alone(client: TestClient) -> None:
    place = judge(client)
    assert len(place.rpartition("/")[2]) == 24
    for path in (
        f"{place}/../../etc/passwd",
        f"{place}/..%2f..%2fetc%2fpasswd",
        f"{place}/hashes.json",
        f"{place[:-1]}",
        "/documents/none/report.html",
        "/documents/%00",
    ):
        assert client.get(path).status_code == 404, path


def test_the_shelf_keeps_few_and_not_for_long() -> None:
    from stance.schema import Analysis, Document

    now = [0.0]
    shelf = Shelf(3, 100, 60.0, clock=lambda: now[0])

    def put(size: int) -> str:
        return shelf.put(Entry(Analysis(Document("x" * size), (), ()), "me"))

    keys = [put(10) for _ in range(4)]
    assert len(shelf) == 3 and shelf.get(keys[1])
    with pytest.raises(Refusal, match="no such result"):
        shelf.get(keys[0])
    big = put(95)
    assert len(shelf) == 1 and shelf.get(big) and len({*keys, big}) == 5
    now[0] = 61.0
    with pytest.raises(Refusal, match="kept for an hour"):
        shelf.get(big)
    assert shelf.get(put(500)) and len(shelf) == 1  # the newest stays, however long
    now[0] += 61.0
    shelf.tidy()
    assert not len(shelf)


def test_what_makes_pages_of_gigabytes_is_refused_before_it_is_judged(client: TestClient) -> None:
    text = "NATO met.\n\n" * 2501
    for answer in (
        client.post("/api/predict", json={"texts": text, "targets": [f"T{number}" for number in range(20)]}),
        client.post(
            "/documents", data={"target": [f"T{number}" for number in range(20)]}, files={"file": ("a.txt", text)}
        ),
    ):
        assert answer.status_code == 413 and "2,501 times 20" in answer.text


def test_the_shelf_counts_what_was_judged() -> None:
    from stance.schema import Analysis, Document, Paragraph, Prediction, Stance

    predictions = (Prediction("x", {"NATO": Stance("NATO", "absent", {})}, 1, "m"),) * 10
    shelf = Shelf(judged=25)
    for _ in range(4):
        shelf.put(Entry(Analysis(Document("x" * 10), (Paragraph("x", 0, 1),) * 10, predictions), "me"))
    assert len(shelf) == 2


def test_results_go_when_their_time_is_over_though_nobody_asks(
    start: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = threading.Event()
    monkeypatch.setattr(app, "_TIDYING", 0.01)
    monkeypatch.setattr(Shelf, "tidy", lambda self: looked.set())
    start()
    assert looked.wait(10)
