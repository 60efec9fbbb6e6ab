"""What the tests share."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from stance.model import store
from stance.model.calibration import Calibration

collect_ignore = ["label_studio/screenshot.py"]  # run by hand
ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
settings.register_profile("stance", deadline=None)  # a busy machine is no error
settings.load_profile("stance")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs the labelled data where it does not lie beside the project."""
    if SHARED.is_dir():
        return
    skip = pytest.mark.skip(reason="the labelled data (../shared) does not lie beside this checkout")
    for item in items:
        if item.get_closest_marker("shared"):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of the labelled data."""
    return SHARED


def needed_files() -> tuple[str, ...]:
    """Names of the files of the default model that predicting reads."""
    return tuple(store.verify_files(store.find_model()))


def copy_model(folder: Path, **changes: object) -> Path:
    """Copy what predicting needs of the default model, with changes to its config."""
    folder.mkdir()
    for name in needed_files():
        shutil.copy(store.find_model() / name, folder / name)
    store.write_config(folder, dataclasses.replace(store.read_config(folder), **changes))
    store.write_hashes(folder)
    return folder


@pytest.fixture
def altered_model(tmp_path: Path) -> Callable[..., Path]:
    """Makes a copy of the default model with changes to its config."""
    return lambda **changes: copy_model(tmp_path / "altered", **changes)


@pytest.fixture(scope="session")
def calibrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default model with a calibration whose label sets at a risk hold each label of at least that probability."""
    calibration = Calibration(1.5, 1.2, items=99, nonconformity=tuple(number / 100 for number in range(1, 100)))
    return copy_model(tmp_path_factory.mktemp("models") / "calibrated", calibration=calibration.to_dict())


@pytest.fixture(scope="session")
def uncalibrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default model as one from before there were two stages: with one temperature."""
    return copy_model(tmp_path_factory.mktemp("models") / "uncalibrated", calibration={}, temperature=2.0)


SMALL_SET = """
name = "small"
title = "Tweets of our own | <b>bold</b>"
source = "nobody"
metric = "f_avg"
metric_name = "F_avg"
form = "pairs"
part = "new"
annotators = ["A", "B"]
ceiling = "Two of *us*."

[files]
train = "train.jsonl"
dev = "dev.jsonl"
test = "test.jsonl"

[labels]
pro = "favor"
con = "against"
none = ["neutral", "absent"]

[parts.new]
seen = "0"

[[target]]
name = "Trains"
aliases = ["railway"]

[[target]]
name = "Cars"

[[published]]
system = "Somebody's [system](http://x)"
value = 0.5
source = "a paper"
"""
SMALL_ROWS = [
    ("t1", "Trains are a great success.", "Trains", "pro", "none", "0"),
    ("t2", "The railway is a disaster and a menace.", "Trains", "con", "con", "0"),
    ("t3", "It rained.", "Trains", "none", "none", "1"),
    ("t4", "Cars are a threat, and Cars kill.", "Cars", "con", "con", "0"),
    ("t5", "It rained.", "Cars", "none", "none", "0"),
    ("t6", "Cars mean freedom.", "Cars", "pro", "pro", "1"),
]
"""Id, text, target, gold, label of the second annotator (gold is the first one's), seen."""


def write_small_set(folder: Path, name: str = "small") -> Path:
    """Write a small set of our own with two fixed targets, parts and annotators; give its definition's file."""
    rows = [
        {"id": row[0], "text": row[1], "target": row[2], "label": row[3], "seen": row[5]}
        | {"annotators": {"A": {row[2]: OURS[row[3]]}, "B": {row[2]: OURS[row[4]]}}}
        for row in SMALL_ROWS
    ]
    for split in ("train", "dev", "test"):
        lines = [json.dumps(row | {"id": f"{split}-{row['id']}"}) for row in rows * (1 if split == "test" else 2)]
        (folder / f"{split}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    path = folder / f"{name}.toml"
    path.write_text(SMALL_SET.replace('name = "small"', f'name = "{name}"', 1), encoding="utf-8")
    return path


OURS = {"pro": "favor", "con": "against", "none": "absent"}


@pytest.fixture
def small_set(tmp_path: Path) -> Path:
    """The definition of a small set of our own; its files lie beside it."""
    return write_small_set(tmp_path)
