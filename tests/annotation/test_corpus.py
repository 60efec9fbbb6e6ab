"""The published annotations: whole, without the text of others, and found again in the labelled data."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

from stance.annotation.checks import check_annotations
from stance.annotation.codebook import read_codebook
from stance.annotation.files import read_annotations
from stance.annotation.hydration import hydrate
from stance.schema import Annotation
from stance.text.documents import read_documents

FOLDER = Path(__file__).resolve().parents[2] / "annotations"
COUNTS = {"open/open": 1450, "standoff/articles": 63, "standoff/train": 2880, "standoff/dev": 300, "standoff/test": 451}

pytestmark = pytest.mark.skipif(not (FOLDER / "open").is_dir(), reason="the published annotations are not here")


def records(name: str) -> list[Annotation]:
    return list(read_annotations(FOLDER / f"{name}.jsonl"))


@pytest.mark.parametrize("name", COUNTS)
def test_files_are_whole(name: str) -> None:
    found = records(name)
    assert len(found) == len({record.id for record in found}) == COUNTS[name]
    codebook = read_codebook()
    for record in found:
        assert record.labels.keys() == set(codebook.target_names)
        assert record.reported is not None
        assert record.codebook == codebook.version
        assert record.anchor.text_sha256
        assert (record.text is None) == name.startswith("standoff")


@pytest.mark.parametrize("name", [*(name for name in COUNTS if name.startswith("standoff")), "standoff/unlabelled"])
def test_nothing_but_locators_hashes_and_labels(name: str) -> None:
    locators = {"repository", "path", "commit", "doc_id", "speaker", "year", "genre", "licence"}
    known = {"id", "document", "document_sha256", "start", "end", "text_sha256", "words", "fingerprint", "edges"}
    known |= {"labels", "reported", "annotator", "codebook", "doubt", "votes", "soft_labels", "source"}
    for line in (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        assert row.keys() <= known
        assert row.get("source", {}).keys() <= locators


def test_soft_labels_are_a_models_and_say_so() -> None:
    found = records("standoff/unlabelled")
    assert len(found) == len({record.id for record in found}) == 6000
    for record in found:
        assert record.annotator.startswith("model:")
        assert record.text is None
        for target, shares in record.soft_labels.items():
            assert sum(shares.values()) == pytest.approx(1, abs=1e-3)
            assert record.labels[target] == max(shares, key=shares.__getitem__)
    labelled = {record.anchor.text_sha256 for name in ("dev", "test") for record in records(f"standoff/{name}")}
    assert not labelled & {record.anchor.text_sha256 for record in found}


def test_leakage_between_the_splits_is_what_the_data_card_says() -> None:
    splits = {name: records(f"standoff/{name}") for name in ("train", "dev", "test")}
    found = [(leak.kind, leak.first, leak.second) for leak in check_annotations(splits, read_codebook()).leaks]
    assert found == [  # and one more that needs the text: test_what_the_splits_share
        ("near-duplicate", "bp-e908d72b31", "bp-29dbbe1ef0"),
        ("near-duplicate", "bp-89abf5f50c", "bp-05a99e880a"),
    ]
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in card for name in ("bp-29dbbe1ef0", "bp-5d6cd87ac1", "bp-05a99e880a"))


def test_counts_of_the_data_card_are_those_of_the_files() -> None:
    build = runpy.run_path(str(FOLDER / "build.py"))
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert build["BLOCK"].sub(lambda block: block[1] + build["counts"]() + block[2], card) == card


@pytest.mark.shared
def test_articles_are_found_at_their_offsets(shared: Path) -> None:
    documents = (document for path in sorted((shared / "articles").iterdir()) for document in read_documents(path))
    found = hydrate(records("standoff/articles"), documents)
    assert (found.found, found.moved, found.fuzzy, found.missing) == (63, 0, 0, ())


@pytest.mark.shared
@pytest.mark.parametrize("name", ["dev", "test"])
def test_paragraphs_are_found_in_the_labelled_data(shared: Path, name: str) -> None:
    path = shared / "corpus" / f"{name}.jsonl"
    rows = {row["id"]: row for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())}
    found = hydrate(records(f"standoff/{name}"), read_documents(path))
    assert found.missing == ()
    for record in found.annotations:
        assert record.text == rows[record.id]["text"].strip()
        assert record.labels == rows[record.id]["labels"]
