"""What the tools themselves write is read, and what is wrong with it is said."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.annotation.anchors import hash_text
from stance.annotation.interchange import doccano, label_studio, potato, prodigy, table
from stance.annotation.interchange.formats import FORMATS, find_format, lost
from stance.annotation.interchange.label_studio_interface import control_name, labelling_config
from stance.annotation.interchange.reading import Reading, to_seconds, to_time
from stance.annotation.interchange.scheme import Scheme, Term
from stance.errors import InputError
from stance.schema import LABELS, Anchor, Annotation

TEXT = "The harbour waits 🚢\r\nfor the  fleet.\n"
SCHEME = Scheme((Term("NATO", "The alliance"), Term("the EU")), codebook="1.3")
ANCHOR = Anchor("news.txt", "0f" * 32, 5, 5 + len(TEXT), TEXT, "Before ", " after", hash_text(TEXT))
ITEM = Annotation("p1", ANCHOR, source={"title": "At sea", "outlet": "The Pier", "year": 2021})
ANNA = replace(ITEM, labels={"NATO": "favor", "the EU": "absent"}, annotator="Anna", time="2026-11-24T10:00:00Z")
MODEL = replace(ITEM, annotator="model:base", soft_labels={"NATO": {"against": 0.7, "neutral": 0.3}})

Row = dict[str, Any]


def lines(content: bytes) -> list[Row]:
    return [json.loads(line) for line in content.decode().split("\n") if line]


def pack_lines(rows: list[Row]) -> bytes:
    return "\n".join(map(json.dumps, rows)).encode()


def collect(read: Callable[..., Any], content: bytes, **options: Any) -> tuple[list[Annotation], list[str]]:
    errors: list[InputError] = []
    found = list(read(content, SCHEME, Reading("out", on_error=errors.append, **options)))
    return found, [str(error) for error in errors]


# Label Studio


def ls_task(annotation: Row | None = None, **data: Any) -> Row:
    """A task as the JSON export has it, fields of Label Studio's own included."""
    task: Row = json.loads(label_studio.to_tasks([ITEM, MODEL], SCHEME))[0]
    task["data"] |= data
    whole = {
        "id": 7, "completed_by": 3, "was_cancelled": False, "ground_truth": False, "lead_time": 12.5, "task": 4,
        "created_at": "2026-11-24T09:00:00.100000Z", "updated_at": "2026-11-24T09:30:00.123456Z",
        "prediction": {}, "result_count": 2, "unique_id": "3c0f", "import_id": None, "last_action": None, "project": 1,
    }  # fmt: skip
    task["annotations"] = [] if annotation is None else [whole | annotation]
    more = {"id": 4, "file_upload": "1a-tasks.json", "drafts": [], "meta": {}, "inner_id": 1, "total_annotations": 1}
    return task | more | {"comment_authors": [], "updated_by": 3, "project": 1}


def ls_result(control: str, kind: str, value: Row, name: str = "q1W2e3R4t5") -> Row:
    return {"id": name, "from_name": control, "to_name": "text", "type": kind, "value": value, "origin": "manual"}


def chosen(control: str, *names: str) -> Row:
    return ls_result(control, "choices", {"choices": list(names)})


def from_ls(*tasks: Any, **options: Any) -> tuple[list[Annotation], list[str]]:
    return collect(label_studio.from_tasks, json.dumps(tasks).encode(), **options)


def test_label_studio_own_export() -> None:
    results = [
        chosen("target_NATO", "against"),
        chosen("target_the_20_EU", "neutral"),
        chosen("reported", "no"),
        ls_result("confidence", "number", {"number": 0.85}),
        ls_result("comment", "textarea", {"text": ["one 😀", "two"]}),
    ]
    found, errors = from_ls(ls_task({"result": results}), names={"label-studio:3": "Ben"})
    made = replace(
        ITEM,
        labels={"NATO": "against", "the EU": "neutral"},
        annotator="Ben",
        reported=False,
        time="2026-11-24T09:30:00.123456Z",
        codebook="1.3",
        confidence=0.85,
        comment="one 😀\ntwo",
    )
    assert (found, errors) == ([made], [])


def test_label_studio_names_its_users() -> None:
    labelled = [chosen("target_NATO", "favor")]
    users = [({"id": 3, "email": "c@example.org"}, "c@example.org"), (3, "label-studio:3"), (None, "Dora")]
    for by, name in users:
        (found,), _ = from_ls(ls_task({"result": labelled, "completed_by": by}), annotator="Dora")
        assert found.annotator == name


def test_label_studio_leaves_out_what_nobody_said() -> None:
    found, errors = from_ls(ls_task({"result": [], "was_cancelled": True}))
    assert (found, errors) == ([ITEM], [])
    tasks = json.loads(label_studio.to_tasks([MODEL], SCHEME))
    assert tasks[0]["predictions"][0]["score"] == 0.7
    assert tasks[0]["predictions"][0]["result"][0]["value"] == {"choices": ["against"]}
    assert from_ls(*tasks) == ([], [])


def test_label_studio_changed_record_is_the_tools() -> None:
    task = json.loads(label_studio.to_tasks([ANNA], SCHEME))[0]
    assert from_ls(task) == ([ANNA], [])
    task["annotations"][0] |= {"completed_by": 8, "updated_at": "2026-11-25T10:00:00Z"}
    assert from_ls(task) == ([ANNA], [])  # Label Studio gives what is imported to the user who imports it
    task["annotations"][0]["result"][0]["value"]["choices"] = ["neutral"]
    (found,), _ = from_ls(task)
    assert (found.annotator, found.time) == ("label-studio:8", "2026-11-25T10:00:00Z")
    assert (found.labels["NATO"], found.anchor, found.id) == ("neutral", ANCHOR, "p1")


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (
            chosen("target_NATO", "favour"),
            r"task 1: annotation 1: result 1: .*unknown label 'favour': did you mean 'favor'",
        ),
        (chosen("target_Nato", "favor"), r"result 1: unknown control 'target_Nato': did you mean 'target_NATO'"),
        (chosen("target_NATO", "favor", "against"), r"two labels where one is asked: 'favor' and 'against'"),
        (chosen("target_NATO"), r"expected a list with one name, found \[\]"),
        (ls_result("confidence", "number", {"number": 4}), r"field 'confidence': expected at most 1, found 4"),
        (ls_result("comment", "textarea", {"text": 5}), r"field 'text': expected a list of texts, found 5"),
        ({"id": "x"}, r"result 1: field 'value' is missing"),
    ],
)
def test_label_studio_bad_results(result: Row, message: str) -> None:
    good = ls_task({"result": [chosen("target_NATO", "favor")]})
    good["data"]["stance"]["paragraph"]["id"] = "p2"
    found, errors = from_ls(ls_task({"result": [result]}), good)
    assert [one.id for one in found if one.annotator] == ["p2"]
    assert len(errors) == 1
    with pytest.raises(InputError, match=message):
        list(label_studio.from_tasks(json.dumps([ls_task({"result": [result]})]).encode(), SCHEME, Reading("out")))


def test_label_studio_bad_files() -> None:
    read = label_studio.from_tasks
    for content, message in (
        (b"{", "out: not valid JSON"),
        (b'[{"id": 1, "id": 2}]', "out: not valid JSON .*field 'id' stands twice"),
        (b"{}", "expected a JSON list of tasks, found dict"),
        (
            b'[{"id": 1, "text": "x", "target_NATO": "favor"}]',
            "task 1: field 'data' is missing. Export as JSON, not as",
        ),
        (b'[{"data": {"text": "x"}}]', "task 1: field 'stance' is missing or damaged"),
    ):
        with pytest.raises(InputError, match=message):
            list(read(content, SCHEME, Reading("out")))
    twice = ls_task({"result": [chosen("target_NATO", "favor")]})
    twice["annotations"] *= 2
    found, errors = from_ls(twice)
    assert len(found) == 1
    assert (
        "annotation 2: there is a record of paragraph 'p1' by annotator 'label-studio:3' before, at out: task 1"
        in errors[0]
    )


def test_text_changed_by_a_tool() -> None:
    made = {"result": [chosen("target_NATO", "favor")]}
    (found,), errors = from_ls(ls_task(made, text=TEXT.replace("\r\n", "\n").strip()))
    assert (found.text, errors) == (TEXT, [])
    found, errors = from_ls(ls_task(made, text=TEXT.replace("waits", "weeps")))
    assert found == []
    assert "out: task 1: field 'text': was changed in the tool" in errors[0]
    task = ls_task(made, text="Other")
    task["data"]["stance"]["paragraph"]["text"] = "Other"
    assert "field 'stance.paragraph.text': was changed since it went out" in from_ls(task)[1][0]
    task = ls_task(made)
    del task["data"]["text"]
    assert "field 'text' is missing" in from_ls(task)[1][0]


# doccano


def doccano_line(labels: Any, **more: Any) -> Row:
    (line,) = lines(doccano.to_tasks([ITEM, MODEL], SCHEME))
    return {"id": 12, **line, "label": labels, "Comments": [], **more}


def test_doccano_own_export() -> None:
    line = doccano_line(["NATO:favor", "reported:yes", "the EU:absent"], Comments=["hm"])
    assert line["suggestion"] == "model:base: NATO:against 0.70"
    labels = {"NATO": "favor", "the EU": "absent"}
    made = replace(ITEM, labels=labels, annotator="Eve", reported=True, comment="hm", codebook="1.3")
    assert collect(doccano.from_tasks, pack_lines([line]), annotator="Eve") == ([made], [])
    assert collect(doccano.from_tasks, pack_lines([doccano_line([])]), annotator="Eve") == ([ITEM], [])


def test_doccano_gives_labels_to_the_annotator_named() -> None:
    content = doccano.to_tasks([ANNA], SCHEME)
    assert collect(doccano.from_tasks, content) == ([ANNA], [])
    (found,), _ = collect(doccano.from_tasks, content, annotator="Eve")
    assert (found.annotator, found.labels, found.time) == ("Eve", ANNA.labels, "")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            doccano_line(["NATO:favour"]),
            r"line 1: field 'label': unknown label 'NATO:favour': did you mean 'NATO:favor'",
        ),
        (doccano_line(["Nato"]), r"unknown label 'Nato'"),
        (doccano_line(["NATO:favor", "NATO:absent"]), r"line 1: .*two labels for target 'NATO': 'favor' and 'absent'"),
        (doccano_line(["reported:no", "reported:yes"]), r"both 'reported:yes' and 'reported:no'"),
        (doccano_line([[0, 3, "NATO:favor"]]), r"expected a list of label names"),
        (doccano_line(["NATO:favor"], Comments="x"), r"field 'Comments': expected a list of texts"),
        (doccano_line(["NATO:favor"], stance="{"), r"field 'stance' is missing or damaged"),
    ],
)
def test_doccano_bad_lines(line: Row, message: str) -> None:
    good = doccano_line(["NATO:favor"])
    found, errors = collect(doccano.from_tasks, pack_lines([line, good]), annotator="Eve")
    assert (len(found), len(errors)) == (1, 1)
    with pytest.raises(InputError, match=message):
        list(doccano.from_tasks(pack_lines([line]), SCHEME, Reading("out", annotator="Eve")))


def test_doccano_without_annotator() -> None:
    _, errors = collect(doccano.from_tasks, pack_lines([doccano_line(["NATO:favor"])]))
    assert "does not say by whom. Name the annotator of the file" in errors[0]


# Prodigy


def prodigy_line(**more: Any) -> Row:
    (line,) = lines(prodigy.to_tasks([ITEM, MODEL], SCHEME))
    own = {"_view_id": "choice", "_timestamp": 1764005400, "_annotator_id": "sea-fred", "_session_id": "sea-fred"}
    return {**line, "answer": "accept", **own, **more}


def test_prodigy_own_export() -> None:
    made = replace(ITEM, labels={"NATO": "neutral"}, annotator="Fred", time="2025-11-24T17:30:00Z", codebook="1.3")
    content = pack_lines([prodigy_line(accept=["NATO:neutral"])])
    assert collect(prodigy.from_tasks, content, names={"sea-fred": "Fred"}) == ([made], [])
    for answer in ("reject", "ignore"):
        assert collect(prodigy.from_tasks, pack_lines([prodigy_line(answer=answer)])) == ([], [])


def test_prodigy_preselects_and_keeps_equal_texts_apart() -> None:
    tasks = lines(prodigy.to_tasks([MODEL, replace(MODEL, id="p2")], SCHEME))
    assert [task["accept"] for task in tasks] == [["NATO:against"], ["NATO:against"]]
    assert tasks[0]["_input_hash"] != tasks[1]["_input_hash"]
    assert all(-(2**31) <= task["_task_hash"] < 2**31 for task in tasks)
    assert collect(prodigy.from_tasks, pack_lines(tasks)) == ([], [])


def test_prodigy_same_labels_by_another() -> None:
    (line,) = lines(prodigy.to_tasks([ANNA], SCHEME))
    line |= {"_annotator_id": "Gus", "_timestamp": 0}
    (found,), _ = collect(prodigy.from_tasks, pack_lines([line]))
    assert (found.annotator, found.labels, found.time) == ("Gus", ANNA.labels, "1970-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"answer": "yes"}, "line 1: field 'answer': expected accept, reject or ignore, found 'yes'"),
        ({"accept": ["NATO:faver"]}, "field 'accept': unknown label 'NATO:faver': did you mean 'NATO:favor'"),
        ({"accept": ["NATO:favor", "NATO:against"]}, "two labels for target 'NATO'"),
        ({"accept": None}, "field 'accept': expected a list of label names, found None"),
        ({"_annotator_id": 5}, "field '_annotator_id': expected text, found 5"),
        ({"_annotator_id": ""}, "'labels' is there, but 'annotator' is missing"),
    ],
)
def test_prodigy_bad_lines(more: Row, message: str) -> None:
    with pytest.raises(InputError, match=message):
        list(prodigy.from_tasks(pack_lines([prodigy_line(**more)]), SCHEME, Reading("out")))


# Potato


def test_potato_configuration() -> None:
    configuration = json.loads(potato.to_configuration(SCHEME, data="sea.jsonl"))
    assert configuration["data_files"] == ["sea.jsonl"]
    questions = {one["name"]: one for one in configuration["annotation_schemes"]}
    assert list(questions) == ["NATO", "the EU", "reported", "confidence", "comment"]
    assert questions["NATO"]["labels"] == list(LABELS)
    assert all("description" in one and "annotation_type" in one for one in questions.values())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Nato": {"favor": "true"}}, "line 1: question 'Nato': is not in the scheme: did you mean 'NATO'"),
        ({"NATO": {"favour": "true"}}, "question 'NATO': unknown label 'favour': did you mean 'favor'"),
        ({"NATO": {"favor": "true", "absent": "true"}}, "two labels for target 'NATO'"),
        ({"reported": {"yes": 1, "no": 1}}, "both 'yes' and 'no' are given"),
        ({"confidence": {"number": "high"}}, "expected a number from 0 to 1, found 'high'"),
        ({"confidence": {"number": "7"}}, "field 'confidence': expected at most 1"),
        ({"NATO": "favor"}, "expected an object of answers, found 'favor'"),
        (None, "expected an object of answers, found None"),
        ([["NATO", "favor"]], "expected pairs of label and value"),
    ],
)
def test_potato_bad_answers(given: Any, message: str) -> None:
    content = pack_lines([{"user_id": "Hal", "instance_id": "p1", "label_annotations": given}])
    reading = Reading("out", tasks=potato.to_tasks([ITEM], SCHEME))
    with pytest.raises(InputError, match=message):
        list(potato.from_tasks(content, SCHEME, reading))


def test_potato_bad_files() -> None:
    row = {"user_id": "Hal", "id": "p9", "label_annotations": {"NATO": {"favor": "true", "absent": "false"}}}
    with pytest.raises(InputError, match="Give the data file that Potato was given"):
        list(potato.from_tasks(pack_lines([row]), SCHEME, Reading("out")))
    tasks = potato.to_tasks([ITEM], SCHEME)
    found, errors = collect(potato.from_tasks, pack_lines([row, {**row, "id": "p1"}]), tasks=tasks)
    assert [(one.id, one.annotator, one.labels) for one in found] == [("p1", "Hal", {"NATO": "favor"})]
    assert "line 1: paragraph 'p9' is not in the data file" in errors[0]
    with pytest.raises(InputError, match="'instance_id_to_label_to_value': expected an object"):
        list(potato.from_tasks(b'{"instance_id_to_label_to_value": 3}', SCHEME, Reading("out", tasks=tasks)))
    with pytest.raises(InputError, match="Target 'comment' has the name of another question"):
        potato.to_configuration(Scheme((Term("comment"),)))


# CSV


def test_csv_filled_in_with_a_spreadsheet() -> None:
    content = table.to_tasks([ITEM], SCHEME).decode()
    header, _, rest = content.partition("\r\n")
    assert header.startswith("id,text,NATO,the EU,reported,annotator,time,codebook,confidence,comment,document,")
    filled = rest.replace('",,,,,', '", favor ,,YES,Ida,2026-11-24T10:00Z', 1).replace("\r\n", "\n")
    found, errors = collect(table.from_tasks, f"\ufeff{header}\n{filled}".encode())
    made = replace(ITEM, labels={"NATO": "favor"}, reported=True, annotator="Ida", time="2026-11-24T10:00Z")
    # Line breaks were changed, and are put right by text_check as far as they were all alike.
    assert found == [] and "column 'text': was changed since it went out" in errors[0]
    crlf = replace(ITEM, anchor=Anchor(text="one\r\ntwo\r\n"))
    content = (
        table.to_tasks([crlf], SCHEME)
        .replace(b"\r\n", b"\n")
        .replace(b'",,,,,', b'",favor,,YES,Ida,2026-11-24T10:00Z', 1)
    )
    assert collect(table.from_tasks, content) == ([replace(made, anchor=crlf.anchor)], [])


def test_csv_short_table_with_semicolons() -> None:
    found, errors = collect(table.from_tasks, b"id;NATO;text\np1;against;x;y\np2;absent;x, y\n", annotator="Jo")
    assert found == [Annotation("p2", Anchor(text="x, y"), {"NATO": "absent"}, "Jo")]
    assert "out: line 2: expected 3 cells, found 4" in errors[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "out: the file is empty"),
        ("id,Nato\n", "unknown column 'Nato': did you mean 'NATO'"),
        ("id,NATO,NATO\n", "column 'NATO' stands twice"),
        ("NATO\n", "the column 'id' is missing"),
        ("id,NATO\np,Favor\n", "line 2: column 'NATO': unknown label 'Favor': did you mean 'favor'"),
        ("id,NATO\np,favor\n", "line 2: 'labels' is there, but 'annotator' is missing. .* --annotator NAME"),
        ("id,reported\np,maybe\n", "column 'reported': expected true or false, found 'maybe'"),
        ("id,confidence\np,80%\n", "column 'confidence': expected a number from 0 to 1, found '80%'"),
        ("id,start\np,1.5\n", "column 'start': expected a whole number"),
        ("id,source\np,x\n", "column 'source': expected JSON, found 'x'"),
        ("id,time,annotator\np,24.11.2026,K\n", "line 2: field 'time': found"),
        ('id,text\np,"x\n', "line 2: not valid CSV"),
        ("id,text_check,text\np,ab,\n", "column 'text': was changed"),
    ],
)
def test_csv_bad_tables(content: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        list(table.from_tasks(content.encode(), SCHEME, Reading("out")))
    with pytest.raises(InputError, match="not UTF-8"):
        list(table.from_tasks(b"id,text\np,\xff\n", SCHEME, Reading("out")))


def test_csv_takes_paragraphs_without_text() -> None:
    bare = replace(ANNA, anchor=replace(ANCHOR, text=None))
    assert collect(table.from_tasks, table.to_tasks([bare], SCHEME)) == ([bare], [])
    with pytest.raises(InputError, match="Target 'text' has the name of another column"):
        table.to_tasks([], Scheme((Term("text"),)))


# All formats


@pytest.mark.parametrize("one", FORMATS, ids=lambda one: one.name)
@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        (
            [replace(ANNA, labels={"Nato": "favor"})],
            "Paragraph 'p1': target 'Nato' is not in the scheme: did you mean 'NATO'",
        ),
        ([ANNA, ANNA], "there are two records by annotator 'Anna'"),
        ([ITEM, ITEM], "there are two records without annotator"),
        ([ITEM, replace(ANNA, source={})], "its records differ in field 'source'"),
        ([ITEM, replace(ANNA, anchor=replace(ANCHOR, end=99))], "its records differ in field 'end'"),
    ],
)
def test_records_that_contradict(one: Any, annotations: list[Annotation], message: str) -> None:
    with pytest.raises(InputError, match=message):
        one.write(annotations, SCHEME)


@pytest.mark.parametrize("name", ["label-studio", "doccano", "prodigy", "potato"])
def test_tools_need_text(name: str) -> None:
    with pytest.raises(InputError, match="Paragraph 'p1': has no text to show"):
        find_format(name).write([replace(ITEM, anchor=replace(ANCHOR, text=None))], SCHEME)


def test_lost_says_what_and_why() -> None:
    everything = [ITEM, ANNA, MODEL]
    models = "1 records of models (model:base) {}: no records come back for them."
    assert lost(everything, "csv") == []
    for name in ("label-studio", "doccano", "prodigy"):
        assert lost(everything, name) == [models.format("go out as suggestions only")]
    people = "Potato takes paragraphs only: 1 records of people do not go out (labels, annotator, time)."
    assert lost(everything, "potato") == [people, models.format("do not go out")]
    with pytest.raises(InputError, match="Unknown format 'docano': did you mean 'doccano'"):
        lost([], "docano")


@pytest.mark.parametrize(
    ("targets", "labels", "message"),
    [
        ((), LABELS, "has no target"),
        (("NATO", " "), LABELS, "or one without a name"),
        (("NATO", "NATO"), LABELS, "has the target 'NATO' twice"),
        (("NATO",), ("favour",), "Unknown label 'favour' in the scheme: did you mean 'favor'"),
    ],
)
def test_bad_schemes(targets: tuple[str, ...], labels: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Scheme(tuple(map(Term, targets)), tuple(map(Term, labels)))


def test_labelling_config_asks_everything() -> None:
    hard = 'a "b" <c> & $d 中'
    instructions = "<h2>How &amp; why</h2><p>Read it.<br>Twice.</p><li>$text</li>"
    scheme = Scheme((Term(hard, hard), Term("US")), tuple(Term(label, hard) for label in LABELS), instructions, "1.3")
    view = ET.fromstring(labelling_config(scheme))
    asked = {one.get("name"): one for one in view.iter("Choices")}
    assert list(asked) == [control_name(hard), "target_US", "reported"]
    assert [choice.get("value") for choice in asked["target_US"]] == list(LABELS)
    assert {choice.get("hint") for choice in asked["target_US"]} == {hard}
    assert asked["target_US"].get("required") == "true"
    assert view.find("Number") is not None and view.find("TextArea") is not None
    assert {one.get("value") for one in view.iter("Text")} == {"$text"}
    headers = [one.get("value", "") for one in view.iter("Header")]
    assert f"Stance toward {hard}" in headers and f"Counts: {hard}" in headers
    assert headers[:4] == ["How & why", "Read it.", "Twice.", "\u2060$text"]
    assert [one for one in headers if one.startswith("$")] == ["$context"]
    keys = [one.get("hotkey") for one in view.iter() if one.get("hotkey")]
    assert len(keys) == len(set(keys)) == 10
    with pytest.raises(InputError, match="which XML cannot hold"):
        labelling_config(Scheme((Term("a\x01"),)))


@given(st.lists(st.text(min_size=1), min_size=2, unique=True))
def test_control_names_differ(names: list[str]) -> None:
    made = [control_name(name) for name in names]
    assert len(set(made)) == len(names)
    assert all(name.isascii() and not set(name) & set(" ,.\"'<>&$") for name in made)


def test_times() -> None:
    assert to_seconds("2026-11-24T09:30Z") == to_seconds("2026-11-24T11:30:00.5+02:00") == 1795512600
    assert to_time(1795512600) == to_time(1795512600.9) == "2026-11-24T09:30:00Z"
    assert to_seconds("") is to_seconds("2026-13-24T09:30Z") is None
    assert to_time("x") == to_time(True) == to_time(10**20) == ""
