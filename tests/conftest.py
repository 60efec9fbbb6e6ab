"""What the tests share."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from stance.model import store
from stance.model.calibration import Calibration

collect_ignore = ["label_studio/screenshot.py"]  # run by hand
ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


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


@pytest.fixture(scope="session")
def calibrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default model with a calibration whose label sets at a risk hold each label of at least that probability."""
    calibration = Calibration(1.5, 1.2, items=99, nonconformity=tuple(number / 100 for number in range(1, 100)))
    return copy_model(tmp_path_factory.mktemp("models") / "calibrated", calibration=calibration.to_dict())


@pytest.fixture(scope="session")
def uncalibrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default model as one from before there were two stages: with one temperature."""
    return copy_model(tmp_path_factory.mktemp("models") / "uncalibrated", calibration={}, temperature=2.0)
