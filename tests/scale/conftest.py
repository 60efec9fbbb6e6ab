"""A tiny model, and rows of our own."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from .tiny import write_tiny_model


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the tiny model."""
    pytest.importorskip("onnx")
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


def write_rows(path: Path, count: int, *, seed: int = 0) -> Path:
    """Write so many rows of short texts, each another one."""
    draw = random.Random(seed)
    names = ["NATO", "Washington", "Beijing", "the harvest"]
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            words = " ".join(f"w{draw.randrange(1900)}" for _ in range(draw.randrange(3, 20)))
            file.write(json.dumps({"id": number, "text": f"{draw.choice(names)} met {words}."}) + "\n")
    return path
