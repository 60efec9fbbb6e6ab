"""Sets of the benchmark: definitions, their errors, and what is read of their files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stance.errors import InputError
from stance.evaluation.benchmark.sets import METRICS, SUITES, choose_sets, list_sets, read_set
from stance.evaluation.benchmark.tasks import Task, load_task


def write(path: Path, *rows: dict) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def load(folder: Path, more: str, *rows: dict, limit: int = 0, metric: str = "macro_f1") -> Task:
    """Read rows as the test split of a set."""
    write(folder / "rows.jsonl", *rows)
    head = f'name = "x"\ntitle = "x"\nsource = "x"\nmetric = "{metric}"\nmetric_name = "x"\n'
    (folder / "x.toml").write_text(head + more + '\n[files]\ntest = "rows.jsonl"\n', encoding="utf-8")
    return load_task(read_set(folder / "x.toml"), folder, limit=limit)


def test_built_in_sets_are_whole() -> None:
    sets = list_sets()
    assert {"corpus", "articles", "newsmtsc-rw", "newsmtsc-mt", "semeval2016", "vast"} == set(sets)
    assert all(name in sets for suite in SUITES.values() for name in suite)
    assert all(definition.metric in METRICS and definition.licence for definition in sets.values())
    assert all(item.source for definition in sets.values() for item in definition.published)


def test_labels_that_are_not_told_apart_are_one_group_and_the_sides_come_first() -> None:
    sets = list_sets()
    assert sets["semeval2016"].groups == (("favor",), ("against",), ("neutral", "absent"))
    assert sets["newsmtsc-rw"].groups == (("favor",), ("against",), ("neutral",))
    assert sets["corpus"].groups == (("favor",), ("against",), ("neutral",), ("absent",))
    assert [target.name for target in sets["corpus"].known_targets] == ["NATO", "US", "China"]
    assert len(sets["semeval2016"].known_targets) == 5 and not sets["vast"].known_targets


@pytest.mark.train
def test_splits_that_datasets_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    hub, rows = (
        tmp_path / "hub",
        [{"id": str(n), "text": f"Text {n}.", "target": "Trains", "label": n % 2} for n in (0, 1, 3)],
    )
    hub.mkdir()
    write(hub / "train.jsonl", rows[2])
    write(hub / "test.jsonl", *rows[:2])
    head = 'name = "x"\ntitle = "x"\nsource = "x"\nmetric = "macro_f1"\nmetric_name = "x"\n'
    where = f'\n[files]\ntrain = ["hub:{hub}@train"]\ntest = "hub:{hub}@test"\n'
    (tmp_path / "x.toml").write_text(head + where + '\n[labels]\n0 = "against"\n1 = "favor"\n', encoding="utf-8")
    task = load_task(read_set(tmp_path / "x.toml"), tmp_path)
    assert [(item.id, item.text, item.gold) for item in task.items] == [
        ("0", "Text 0.", ("against",)),
        ("1", "Text 1.", ("favor",)),
    ]
    assert [item.id for item in task.train] == ["3"]
    assert len(set(task.hashes.values())) == 2


def test_a_split_of_the_hub_has_to_be_named(tmp_path: Path) -> None:
    head = 'name = "x"\ntitle = "x"\nsource = "x"\nmetric = "macro_f1"\nmetric_name = "x"\n'
    (tmp_path / "x.toml").write_text(head + '[files]\ntest = "hub:some/set"\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"expected hub:NAME@SPLIT, .* found 'hub:some/set'"):
        read_set(tmp_path / "x.toml")


def test_suites_give_each_set_once() -> None:
    names = [definition.name for definition in choose_sets(["vast", "public", "corpus"])]
    assert names == ["vast", "newsmtsc-rw", "newsmtsc-mt", "semeval2016", "corpus"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("metric_name =", "metric_nam =", "small.toml: unknown field 'metric_nam': did you mean 'metric_name'"),
        ('metric = "f_avg"', 'metric = "f_avrg"', "metric: unknown metric 'f_avrg': did you mean 'f_avg'"),
        ('form = "pairs"', 'form = "pair"', "form: unknown form 'pair': did you mean 'pairs'"),
        ('part = "new"', 'part = "now"', "part: unknown part 'now': did you mean 'new'"),
        ('annotators = ["A", "B"]', 'annotators = ["A"]', r"annotators: expected two names or none, found \['A'\]"),
        ('form = "pairs"', 'form = "articles"', "files.texts: the form 'articles' needs the folder"),
        ('pro = "favor"', 'pro = "favour"', "label map: unknown label 'favour': did you mean 'favor'"),
        ('pro = "favor"', 'pro = ["favor", "neutral"]', "a label here belongs to one there"),
        ('con = "against"', "", "f_avg needs labels that mean favor and against alone"),
        ('title = "Tweets', 'titel = "Tweets', "unknown field 'titel': did you mean 'title'"),
        ('source = "nobody"', "source = 3", "field 'source' has to be a string, found 3"),
        ('test = "test.jsonl"', "", "missing fields: files.test"),
        ("value = 0.5", "value = 50.0", r"value has to lie in \[0, 1\], found 50.0"),
        ('name = "small"', "name = ", "cannot be read as the TOML definition of a data set"),
    ],
)
def test_definitions_that_are_wrong_say_so(small_set: Path, old: str, new: str, message: str) -> None:
    text = small_set.read_text(encoding="utf-8")
    assert old in text
    small_set.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_set(small_set)


def test_names_that_are_unknown_or_not_clear(small_set: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Unknown suite or set 'vats': did you mean 'vast'"):
        choose_sets(["vats"])
    with pytest.raises(InputError, match=r"no such file\. Give the TOML definition"):
        choose_sets([str(tmp_path / "none.toml")])
    other = tmp_path / "other.toml"
    other.write_text(small_set.read_text(encoding="utf-8").replace("nobody", "somebody"), encoding="utf-8")
    with pytest.raises(InputError, match="Two sets have the name 'small'"):
        choose_sets([str(small_set), str(other)])


def test_files_are_hashed_and_have_to_be_there(small_set: Path, tmp_path: Path) -> None:
    task = load_task(read_set(small_set), tmp_path)
    assert set(task.hashes) == {"train.jsonl", "dev.jsonl", "test.jsonl"}
    assert [item.gold for item in task.items[:3]] == [("favor",), ("against",), ("neutral", "absent")]
    assert len(task.train) == len(task.dev) == 12
    (tmp_path / "dev.jsonl").unlink()
    with pytest.raises(InputError, match=r"dev.jsonl: no such file; small needs it. Tell .* --data"):
        load_task(read_set(small_set), tmp_path)


def test_targets_that_a_set_does_not_have(small_set: Path, tmp_path: Path) -> None:
    write(tmp_path / "test.jsonl", {"id": "a", "text": "Boats.", "target": "Boats", "label": "pro"})
    with pytest.raises(InputError, match="id 'a': target 'Boats' is none of the set's: Trains, Cars"):
        load_task(read_set(small_set), tmp_path)


def test_texts_that_are_alike_are_one_document(tmp_path: Path) -> None:
    rows = [{"id": name, "text": text, "target": "rain", "label": "favor"} for name, text in ("ax", "bx", "cy")]
    task = load(tmp_path, "", *rows)
    first, second, third = (item.document for item in task.items)
    assert first == second != third


def test_an_id_may_stand_once_toward_a_target(tmp_path: Path) -> None:
    row = {"id": "a", "text": "x", "target": "rain", "label": "favor"}
    with pytest.raises(InputError, match=r"rows\.jsonl: id 'a' stands twice toward 'rain'"):
        load(tmp_path, "", row, row)


def test_mentions_are_told_apart_by_where_they_stand(tmp_path: Path) -> None:
    marks = [{"from": start, "to": start + 3, "polarity": 6.0} for start in (0, 8, 8, 8)]
    task = load(tmp_path, 'labels = {6 = "favor"}', {"primary_gid": "g", "text": "Ann met Ann.", "targets": marks})
    assert [item.target.name for item in task.items] == ["Ann@0", "Ann@8", "Ann@8#2", "Ann@8#3"]
    assert {item.target.description for item in task.items} == {"Ann"}
    assert [span.text for item in task.items for span in item.spans or ()] == ["Ann"] * 4


def test_articles_are_read_by_offsets(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "one.txt").write_text("Head\n\nNATO met.", encoding="utf-8")
    labels = {"NATO": "neutral", "US": "absent", "China": "absent"}
    blocks = [{"start": 0, "end": 4, "kind": "heading"}, {"start": 6, "end": 15, "id": "b", "labels": labels}]
    write(tmp_path / "rows.jsonl", {"file": "one.txt", "blocks": blocks})
    (tmp_path / "x.toml").write_text(
        'name="x"\ntitle="x"\nsource="x"\nmetric="mean_macro_f1"\nmetric_name="x"\nform="articles"\n'
        'targets=["NATO"]\n[files]\ntest="rows.jsonl"\ntexts="texts"\n'
    )
    task = load_task(read_set(tmp_path / "x.toml"), tmp_path)
    assert [(item.id, item.text, item.gold, item.document) for item in task.items] == [
        ("b", "NATO met.", ("neutral",), "one.txt")
    ]
    assert "texts/one.txt" in task.hashes
    del labels["NATO"]
    write(tmp_path / "rows.jsonl", {"file": "one.txt", "blocks": blocks})
    with pytest.raises(InputError, match=r"line 1: expected 'file' and 'blocks' .* toward NATO; .*KeyError: 'NATO'"):
        load_task(read_set(tmp_path / "x.toml"), tmp_path)
    write(tmp_path / "rows.jsonl", {"file": "two.txt", "blocks": blocks})
    with pytest.raises(InputError, match=r"line 1: expected 'file' .*'two\.txt' is no file of .*texts"):
        load_task(read_set(tmp_path / "x.toml"), tmp_path)


def test_a_try_is_spread_over_the_file(tmp_path: Path) -> None:
    rows = [{"id": str(number), "text": f"x{number}", "target": "rain", "label": "favor"} for number in range(9)]
    assert [item.id for item in load(tmp_path, "", *rows, limit=3).items] == ["0", "4", "8"]
    assert len(load(tmp_path, "", *rows, limit=99).items) == 9


@pytest.mark.shared
def test_the_public_sets_have_the_rows_that_are_said(shared: Path) -> None:
    counts = {
        name: len(load_task(definition, shared).items)
        for name, definition in list_sets().items()
        if all((shared / file).is_file() for file in (definition.files.test, *definition.files.dev))
    }
    known = {
        "corpus": 1353,
        "articles": 189,
        "newsmtsc-rw": 1146,
        "newsmtsc-mt": 1476,
        "semeval2016": 1249,
        "vast": 2953,
    }
    assert counts == {name: known[name] for name in counts}
