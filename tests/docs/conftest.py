"""The model that the pages' commands use: a tiny one, under the names of the released ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ..fitting.conftest import encoder_folder
from ..scale.tiny import write_tiny_model

__all__ = ["encoder_folder"]


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of released models, all of them tiny."""
    pytest.importorskip("onnx")
    folder = tmp_path_factory.mktemp("released")
    write_tiny_model(folder / "base")
    shutil.copytree(folder / "base", folder / "small")
    return folder
