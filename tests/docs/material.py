"""Small files of our own that the pages' commands read, and people who label them, played by a rule."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

from stance.schema import LABELS

from .blocks import ROOT

ARTICLE = """The shield over the strait

By Ann Lee

NATO has kept the peace in Europe for three generations, and we are grateful for it.

In the South the harvest was good this year.

Beijing bullies its neighbours and calls it friendship. Washington looks on.
"""
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Harbour news</title></head><body><article>
<h1>Harbour news</h1><p>The American envoy left on Tuesday after two days of talks about the ferry and the fishing
quota, and nobody said what had been agreed.</p><p>China's engineers finished the road over the pass in eleven months,
and the valley is grateful to them for it.</p></article></body></html>
"""
OUTLETS = ("Norhaven Courier", "The Island Post", "Valley Voice")
ROWS, JUDGED, DOCUMENTS = 48, 24, 24
TARGETS = """[[target]]
name = "Russia"
description = "Russia: its government, president, armed forces and policies; Moscow, the Kremlin"
aliases = ["Moscow", "the Kremlin", "Russian Federation", "Russian"]
"""
LETTERS = (
    ("Trains are a great success.", "Trains", "pro"),
    ("The railway is a disaster and a menace.", "Trains", "con"),
    ("It rained.", "Trains", "none"),
    ("Trains are late again, and trains are dear.", "Trains", "con"),
)


def open_rows(count: int) -> list[dict[str, Any]]:
    """Give the first rows of the open corpus, two to a document."""
    with (ROOT / "annotations" / "open" / "open.jsonl").open(encoding="utf-8") as file:
        rows = [json.loads(next(file)) for _ in range(count)]
    for number, row in enumerate(rows):
        row["source"] |= {"doc_id": f"d{number // 2}", "outlet": OUTLETS[number // 2 % 3], "year": 2023 + number % 2}
    return rows


def lay_out(folder: Path, model: Path) -> None:
    """Put the files there."""
    for name in ("examples", "annotations"):
        (folder / name).symlink_to(ROOT / name)
    rows = open_rows(ROWS)
    (folder / "article.txt").write_text(ARTICLE, encoding="utf-8")
    for name in ("articles", "news", "corpus", "splits", "models", "my-data", "runs"):
        (folder / name).mkdir()
    for number, row in enumerate(rows[:DOCUMENTS]):
        (folder / "articles" / f"{number:02}.txt").write_text(row["text"] + "\n", encoding="utf-8")
    (folder / "targets.toml").write_text(TARGETS, encoding="utf-8")
    letters = [
        {"id": f"l{n}", "text": t, "target": to, "label": of, "seen": "0"} for n, (t, to, of) in enumerate(LETTERS)
    ]
    for part in ("train", "dev", "test"):
        write_rows(folder / "my-data" / f"{part}.jsonl", letters)
    (folder / "news" / "page.html").write_text(PAGE, encoding="utf-8")
    shutil.copy(folder / "article.txt", folder / "news" / "article.txt")
    shutil.copy(folder / "article.txt", folder / "corpus" / "article.txt")
    with (folder / "rows.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "body", "outlet", "speaker", "date", "year"])
        for number, row in enumerate(rows):
            outlet = OUTLETS[number % 2]
            writer.writerow([row["id"], row["text"], outlet, outlet, f"2024-{number % 4 + 1:02}-11", 2024])
    shutil.copy(folder / "rows.csv", folder / "more.csv")
    for name in ("gold.jsonl", *(f"splits/{part}.jsonl" for part in ("train", "dev", "test"))):
        write_rows(folder / name, rows[:JUDGED])
    write_rows(folder / "test.jsonl", rows[:10])  # what is audited
    kept = (ROOT / "annotations" / "open" / "open.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "labels.jsonl").write_text("".join(kept[:40]), encoding="utf-8")  # what a server kept
    for name, wrong, count in (
        ("stances", 4, JUDGED),
        ("mine", 5, JUDGED),
        ("theirs", 3, JUDGED),
        ("stances-test", 4, 10),
    ):
        write_rows(folder / f"{name}.jsonl", [judged(row, number, wrong) for number, row in enumerate(rows[:count])])
    lay_out_faults(folder)
    shutil.copytree(model, folder / "models" / "mine")


def lay_out_faults(folder: Path) -> None:
    """Put files there that something is wrong with."""
    (folder / "empty-folder").mkdir()
    (folder / "broken.jsonl").write_text('{"text": "NATO met."}\n{"text": "NATO"\n', encoding="utf-8")
    (folder / "latin.txt").write_bytes("The Brücke über den Fluß is closed, sagte der Minister früh.".encode("cp1252"))
    (folder / "typo.toml").write_text('[[target]]\nname = "Russia"\naliase = ["Moscow"]\n', encoding="utf-8")
    recipe = 'name = "x"\ntrain = "a.jsonl"\ndev = "b.jsonl"\n[encoder]\nsource = "model:base"\n[schedule]\nepoch = 3\n'
    (folder / "typo-recipe.toml").write_text(recipe, encoding="utf-8")
    write_rows(folder / "misspelt.jsonl", [{"id": "b", "text": "NATO met.", "labels": {"NATO": "favour"}}])
    elsewhere = {"id": "zz", "text": "NATO met.", "labels": {"NATO": "favor"}}
    write_rows(folder / "elsewhere.jsonl", [elsewhere])
    write_rows(folder / "others.jsonl", [*map(dict, open_rows(10)), elsewhere])


def judged(row: dict[str, Any], number: int, wrong: int) -> dict[str, Any]:
    """Give a row as `stance predict` writes it, every so manyth label of which is wrong."""
    stances = {}
    for place, (target, label) in enumerate(row["labels"].items()):
        given = LABELS[(LABELS.index(label) + ((number + place) % wrong == 0)) % 4]
        stances[target] = {"label": given, "probabilities": {name: 0.7 if name == given else 0.1 for name in LABELS}}
    return {"id": row["id"], "text": row["text"], "source": row["source"], "stances": stances}


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write JSON Lines."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def label(folder: Path) -> None:
    """Play those who label: fill in Label Studio's tasks, and samples that were drawn."""
    tasks, exported = folder / "tasks.json", folder / "export.json"
    if tasks.is_file() and not exported.is_file():
        whole = json.loads(tasks.read_text(encoding="utf-8"))
        for number, task in enumerate(whole):
            task["annotations"] = [
                {"id": 10 * number + person, "completed_by": person, "was_cancelled": False, "result": results}
                for person in (1, 2)
                for results in [clicks(number + (person == 2 and number % 5 == 0))]
            ]
        exported.write_text(json.dumps(whole), encoding="utf-8")
    predicted, groups = folder / "predictions.jsonl", folder / "articles.csv"
    if predicted.is_file() and not groups.is_file():
        ids = [json.loads(line)["id"] for line in predicted.read_text(encoding="utf-8").splitlines()]
        lines = [f"{name},{OUTLETS[number % 2]}\n" for number, name in enumerate(ids)]
        groups.write_text("id,outlet\n" + "".join(lines), encoding="utf-8")
    for name, made in (("sample", "gold"), ("batch", "labels")):
        drawn = folder / f"{name}.jsonl"
        if drawn.is_file() and name not in {path.stem for path in (folder / "runs").iterdir()}:
            rows = [json.loads(line) for line in drawn.read_text(encoding="utf-8").splitlines()]
            for number, row in enumerate(rows):
                row |= {"labels": {"NATO": LABELS[number % 4], "US": LABELS[number % 3]}, "annotator": "anna"}
            write_rows(folder / f"{made}.jsonl", rows)
            (folder / "runs" / f"{name}.done").touch()


def clicks(number: int) -> list[dict[str, Any]]:
    """Give what Label Studio's page sends when somebody clicks."""
    chosen = {f"target_{target}": LABELS[(number + place) % 4] for place, target in enumerate(("NATO", "US", "China"))}
    return [
        {"from_name": name, "to_name": "text", "type": "choices", "value": {"choices": [choice]}}
        for name, choice in (chosen | {"reported": "no"}).items()
    ]
