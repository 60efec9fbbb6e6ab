"""The annotate commands: what each writes, what it says, and how it refuses."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path

import pytest

import stance
from stance.annotation.anchors import without_text
from stance.annotation.files import read_annotations, write_annotations
from stance.annotation.validation import SCHEMAS, check_value, load_schema
from stance.cli.app import main
from stance.model.classifier import Classifier
from stance.schema import Anchor, Annotation
from stance.targets import find_codebook

ARTICLE = """The shield over the strait

NATO has kept the peace in Europe for three generations, and we are grateful for it.

In the South the harvest was good this year, and the price of rice fell again.

Beijing bullies its neighbours and calls it friendship. Washington looks on.
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a subcommand in an empty folder; give exit status, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "article.txt").write_text(ARTICLE, encoding="utf-8")

    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main(["annotate", *arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def save(name: str, *records: Annotation) -> str:
    with Path(name).open("wb") as file:
        write_annotations(file, records)
    return name


def labelled(paragraph: str, annotator: str, **labels: str) -> Annotation:
    text = f"Paragraph {paragraph}: " + " ".join(f"{word}{paragraph}" for word in ("NATO", "met", "ate", "left"))
    return Annotation(paragraph, Anchor(document=f"{paragraph}.txt", text=text), labels, annotator)


def test_prepare(run: Run) -> None:
    assert run("prepare", "article.txt", "-o", "items.jsonl") == (0, "", "")
    items = list(read_annotations("items.jsonl"))
    assert [item.text for item in items] == ARTICLE.strip().split("\n\n")[1:]
    assert all(ARTICLE[item.anchor.start : item.anchor.end] == item.text for item in items)
    assert run("prepare", "article.txt")[1] == Path("items.jsonl").read_text(encoding="utf-8")


def test_prepare_rows_with_what_is_known_of_them(run: Run) -> None:
    Path("rows.csv").write_text(
        "id,text,outlet,year\nr1,NATO met.,The Post,2024\nr2,It rained.,,2025\n", encoding="utf-8"
    )
    assert run("prepare", "rows.csv", "--source-columns", "outlet,year", "-o", "items.jsonl")[0] == 0
    assert [(item.id, item.source) for item in read_annotations("items.jsonl")] == [
        ("r1", {"outlet": "The Post", "year": "2024"}),
        ("r2", {"year": "2025"}),
    ]
    status, _, err = run("prepare", "rows.csv", "--source-columns", "outlt")
    assert (status, err.count("\n")) == (1, 1)
    assert "no column 'outlt': did you mean 'outlet'?" in err


def test_prepare_with_suggestions_and_next(run: Run) -> None:
    run("prepare", "article.txt", "--model", "base", "-o", "items.jsonl")
    items = list(read_annotations("items.jsonl"))
    assert [item.annotator for item in items] == ["", "model:base"] * 3
    assert items[1].labels["NATO"] == "favor"
    assert sum(items[1].soft_labels["NATO"].values()) == pytest.approx(1, abs=1e-3)
    status, out, err = run("next", "--pool", "items.jsonl", "-n", "2", "--seed", "3")
    assert (status, err) == (0, "")
    assert run("next", "--pool", "items.jsonl", "-n", "2", "--seed", "3")[1] == out
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row.get("annotator", "") for row in rows] == ["", "model:base"] * 2
    assert rows[0]["source"]["chosen"].keys() == {"target", "uncertainty", "similarity"}
    done = save("done.jsonl", *(Annotation(item.id, item.anchor, {"NATO": "favor"}, "anna") for item in items[::2]))
    status, out, err = run("next", "--pool", "items.jsonl", "--labelled", done)
    assert (status, out) == (1, "")
    assert err == "stance: error: items.jsonl: no paragraph with text is left to label\n"


@pytest.mark.parametrize("tool", ["label-studio", "doccano", "prodigy", "csv"])
def test_export_and_import(run: Run, tool: str) -> None:
    run("prepare", "article.txt", "-o", "items.jsonl")
    given = [
        Annotation(item.id, item.anchor, {"NATO": "favor", "US": "absent", "China": "absent"}, "anna", reported=False)
        for item in read_annotations("items.jsonl")
    ]
    save("anna.jsonl", *given)
    assert run("export", "anna.jsonl", "--to", tool, "-o", "tasks.json")[0] == 0
    assert Path("tasks.xml").is_file() == (tool == "label-studio")
    status, _, err = run("import", "tasks.json", "--from", tool, "-o", "back.jsonl")
    assert (status, err) == (0, "")
    back = list(read_annotations("back.jsonl"))
    assert [(one.id, one.annotator, one.labels, one.anchor) for one in back] == [
        (one.id, one.annotator, one.labels, one.anchor) for one in given
    ]


def test_export_says_what_is_lost(run: Run) -> None:
    save("people.jsonl", labelled("p", "anna", NATO="favor"))
    status, out, err = run("export", "people.jsonl", "--to", "potato")
    assert status == 0
    assert json.loads(out)["text"].startswith("Paragraph p")
    assert "1 records of people do not go out" in err


def test_agreement_adjudicate_split_check(run: Run) -> None:
    anna = [labelled(f"p{n}", "anna", NATO="favor" if n % 2 else "neutral") for n in range(20)]
    ben = [labelled(f"p{n}", "ben", NATO="favor" if n % 4 else "neutral") for n in range(20)]
    files = [save("anna.jsonl", *anna), save("ben.jsonl", *ben)]
    status, out, _ = run("agreement", *files, "--draws", "20", "--format", "json")
    assert status == 0
    check_value(json.loads(out), "agreement", "stdout")
    assert json.loads(out)["agreement"]["NATO"]["percent"]["value"] == 0.75
    table = run("agreement", *files, "--draws", "20")[1]
    assert "krippendorff alpha" in table
    assert "disagreements: 5" in table

    status, _, err = run("adjudicate", *files, "-o", "open.jsonl")
    assert status == 0
    assert "5 decisions stay open" in err
    assert "undecided: paragraph p2, NATO: anna neutral, ben favor" in err
    assert run("adjudicate", *files, "--by", "rule", "--decisions", "d.jsonl", "-o", "gold.jsonl")[0] == 0
    how = [json.loads(line)["how"] for line in Path("d.jsonl").read_text(encoding="utf-8").splitlines()]
    assert (how.count("rule"), how.count("unanimous")) == (5, 15)
    assert run("agreement", "gold.jsonl", "--draws", "20")[1] == table  # the votes are in the record

    assert run("split", "gold.jsonl", "-o", "splits", "--seed", "1")[0] == 0
    manifest = json.loads(Path("splits/splits.json").read_text(encoding="utf-8"))
    check_value(manifest, "splits", "splits.json")
    names = [f"splits/{name}.jsonl" for name in ("train", "dev", "test")]
    status, out, err = run("check", *names, "--format", "json")
    assert (status, err) == (0, "")
    check_value(json.loads(out), "checks", "stdout")

    save("leak.jsonl", anna[0])
    status, out, err = run("check", "gold.jsonl", "leak.jsonl")
    assert status == 1
    assert "same paragraph: 1 pair" in out
    assert err == "stance: error: 1 pairs of paragraphs leak between splits\n"


def test_a_split_that_is_broken_off_is_not_taken_for_whole(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    save("gold.jsonl", *(labelled(f"p{number}", "A", NATO="favor") for number in range(20)))
    assert run("split", "gold.jsonl", "-o", "splits", "--seed", "1")[0] == 0
    files = [Path(f"splits/{name}") for name in ("train.jsonl", "dev.jsonl", "test.jsonl", "splits.json")]
    before = [path.read_bytes() for path in files]
    write = write_annotations
    calls: list[int] = []

    def full(*given: object) -> int:
        calls.append(1)
        if len(calls) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(*given)

    with monkeypatch.context() as patch:
        patch.setattr("stance.annotation.files.write_annotations", full)
        assert "Make room there" in run("split", "gold.jsonl", "-o", "splits", "--seed", "2")[2]
    assert [path.read_bytes() for path in files] == before  # none is of the other seed

    def once(beside: Path, place: Path) -> None:
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt
        beside.replace(place)

    with monkeypatch.context() as patch:
        patch.setattr("stance.files.move_in", once)
        assert run("split", "gold.jsonl", "-o", "splits", "--seed", "2")[0] == 130
    assert [path.exists() for path in files] == [True, True, True, False]


def test_check_and_split_without_text(run: Run) -> None:
    words = [f"word{n}" for n in range(90)]
    texts = {"whole": " ".join(words), "part": " ".join(words[16:56])}
    texts |= {f"o{n}": " ".join(f"other{n}x{word}" for word in words) for n in range(4)}
    records = {
        name: Annotation(name, Anchor(document=f"{name}.txt", text=text), {"NATO": "absent"}, "anna")
        for name, text in texts.items()
    }
    test = save("test.jsonl", records["part"])
    train = save("train.jsonl", records["whole"])
    assert "train whole = test part, 100% of the shorter (similarity 0.43)" in run("check", train, test)[1]
    bare = {name: without_text(record) for name, record in records.items()}
    test = save("test.jsonl", bare["part"])
    status, out, _ = run("check", train, test)
    assert (status, "train whole = test part, about 100% of the shorter" in out) == (1, True)
    assert "1 paragraphs have no text: they were compared by their hashes" in out
    (leak,) = json.loads(run("check", train, test, "--format", "json")[1])["annotations"]["leaks"]
    assert (leak["containment"], leak["estimated"]) == (1.0, True)
    assert run("check", train, test, "--threshold", "1")[0] == 1

    status, _, err = run("split", save("all.jsonl", *bare.values()), "--shares", "train=0.5,test=0.5", "-o", "splits")
    assert (status, "6 paragraphs have no text" in err) == (0, True)
    manifest = json.loads(Path("splits/splits.json").read_text(encoding="utf-8"))
    check_value(manifest, "splits", "splits.json")
    (pair,) = manifest["near_duplicates_across_documents"]
    assert (pair["first"], pair["second"], pair["estimated"]) == ("whole", "part", True)
    assert any({"whole", "part"} <= set(split["ids"]) for split in manifest["splits"].values())


def test_hydrate(run: Run) -> None:
    run("prepare", "article.txt", "-o", "items.jsonl")
    Path("texts/inner").mkdir(parents=True)
    Path("texts/.hidden").write_bytes(b"\x00\x01")
    Path("texts/inner/copy.txt").write_text(
        "Added on top, in a line.\n\n" + ARTICLE.replace("kept", "kpet"), encoding="utf-8"
    )
    status, out, err = run("hydrate", "items.jsonl", "--texts", "texts", "--report", "report.json")
    assert (status, len(out.splitlines())) == (0, 3)
    counts = "stance: found 0, moved 2, edited 1, missing 0 of 3 annotations, in 1 documents\n"
    assert err == f"stance: texts: left out 1 hidden\n{counts}"
    check_value(json.loads(Path("report.json").read_text(encoding="utf-8")), "hydration", "report.json")
    Path("texts/inner/copy.txt").write_text("Nothing of it is here.", encoding="utf-8")
    status, out, err = run("hydrate", "items.jsonl", "--texts", "texts", "--missing", "rest.jsonl")
    assert (status, out) == (1, "")
    assert "missing 3 of 3" in err
    assert Path("rest.jsonl").read_text(encoding="utf-8") == Path("items.jsonl").read_text(encoding="utf-8")
    Path("empty").mkdir()
    assert run("hydrate", "items.jsonl", "--texts", "empty")[2].startswith(
        "stance: error: empty: the folder holds no file that is read (it is empty).\n"
    )


def test_codebook_and_schemas(run: Run) -> None:
    assert run("codebook")[1].startswith("# Stance of a paragraph toward NATO, the US and China\n")
    page = run("codebook", "--format", "html")[1]
    assert page.startswith("<!doctype html>")
    assert "<script" not in page
    assert run("codebook", "--format", "toml")[1] == find_codebook().read_text(encoding="utf-8")
    listed = run("schema")[1]
    for name in SCHEMAS:
        assert json.loads(run("schema", name)[1]) == load_schema(name)
        assert f"\n{name} " in f"\n{listed}"
    assert "Unknown schema 'anotation': did you mean 'annotation'?" in run("schema", "anotation")[2]


def test_own_codebook(run: Run) -> None:
    text = find_codebook().read_text(encoding="utf-8")
    Path("mine.toml").write_text(text.replace('name = "absent"', 'name = "abscent"', 1), encoding="utf-8")
    status, _, err = run("codebook", "--codebook", "mine.toml")
    assert status == 1
    assert "mine.toml: field 'label[3].name': expected one of favor, against, neutral, absent" in err
    assert "did you mean 'absent'?" in err
    Path("mine.toml").write_text("version = ", encoding="utf-8")
    assert "mine.toml: cannot be read as TOML" in run("codebook", "--codebook", "mine.toml")[2]
    assert run("codebook", "--codebook", "none.toml")[2] == (
        "stance: error: none.toml: no such file. Give TOML of a codebook.\n"
    )


def test_model_against_the_codebook(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    judge, known = Classifier.predict, {}

    def once(self: Classifier, texts: list[str], *rest: object, **options: object) -> list[stance.Prediction]:
        if tuple(texts) not in known:
            known[tuple(texts)] = judge(self, texts, *rest, **options)
        return known[tuple(texts)]

    monkeypatch.setattr(Classifier, "predict", once)  # the model takes half a minute for the examples
    status, out, err = run("check", "--model", "base", "--format", "json")
    assert (status, err) == (0, "")
    report = json.loads(out)
    check_value(report, "checks", "stdout")
    found = report["codebook"]
    assert found["labels"] == 240
    assert 0 < len(found["breaches"]) < 80
    table = run("check", "--model", "base")[1]
    assert f"{240 - len(found['breaches'])} of 240 labels of 80 examples kept" in table


def test_bad_lines_cost_no_good_ones(run: Run) -> None:
    good = save("labels.jsonl", labelled("p", "anna", NATO="favor"), labelled("q", "anna", NATO="favor"))
    with Path(good).open("a", encoding="utf-8") as file:
        file.write('{"id": "r", "labels": {"NATO": "favour"}, "annotator": "anna"}\n{"id": \n')
    status, out, err = run("adjudicate", good)
    assert (status, len(out.splitlines())) == (1, 2)
    assert "labels.jsonl: line 3: field 'labels.NATO'" in err
    assert "did you mean 'favor'?" in err
    assert "labels.jsonl: line 4: not valid JSON" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["agreement", "none.jsonl"], "none.jsonl: no such file"),
        (["check"], "There is nothing to check. Name files of annotations, or a --model."),
        (["check", "a.jsonl", "a.jsonl"], "a.jsonl: is named twice"),
        (["split", "a.jsonl", "--shares", "train", "-o", "s"], "--shares: expected names and shares"),
        (["split", "a.jsonl", "--by", "time", "-o", "s"], "Split by time: name the field of 'source'"),
        (["import", "a.jsonl", "--from", "csv", "--names", "1"], "--names: expected pairs as in 1=anna,2=ben"),
        (["export", "a.jsonl", "--to", "csv", "--targets", "Chnia"], "no target 'Chnia': did you mean 'China'?"),
        (["export", "a.jsonl", "--to", "csv", "--interface", "i.xml"], "--interface: only Label Studio has one"),
        (["check", "--model", "bsae"], "Unknown model 'bsae'"),
        (["prepare", "none.txt"], "none.txt: no such file"),
    ],
)
def test_refusals(run: Run, arguments: list[str], message: str) -> None:
    save("a.jsonl", labelled("p", "anna", NATO="favor"))
    status, _, err = run(*arguments)
    assert status == 1
    assert message in err
    assert "Traceback" not in err
