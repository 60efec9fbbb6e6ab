"""Every code block of README and the documentation runs, or says why not."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from stance.evaluation.benchmark.sets import read_set
from stance.evaluation.records import read_records
from stance.fitting.recipes import read_recipe
from stance.model import store
from stance.targets import load_targets

from .blocks import ROOT, Block, Reader, parse, read_blocks
from .material import label, lay_out

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
REAL = {"README.md", "index.md", "getting-started.md", "targets.md"}
"""Pages whose Python blocks say what the released model gives: they run with it."""
LANGUAGES = {"sh", "console", "python", "toml", "json", "jsonl", "text"}
BLOCKS = {path.name: read_blocks(path) for path in PAGES}
MOST_NOT_RUN = 14
QUICK = ("encoder.source={}", "schedule.epochs=1", "schedule.precision=fp32", "network.heads=4")
"""What is changed in recipes: a network of two small layers learns, not one of twelve."""


@pytest.mark.parametrize("name", BLOCKS)
def test_blocks_do_what_they_say(
    name: str,
    tmp_path: Path,
    released: Path,
    encoder_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lay_out(tmp_path, released / "base")
    monkeypatch.chdir(tmp_path)
    changes = [word for change in QUICK for word in ("--set", change.format(encoder_folder))]
    reader = Reader(tmp_path, label, {"train": tuple(changes), "evaluate": ("--draws", "50"), "serve": ("--port", "0")})
    monkeypatch.setattr("uvicorn.Server.run", lambda self, sockets: [each.close() for each in sockets])  # else no end
    for block in BLOCKS[name]:
        with monkeypatch.context() as patch:
            if name not in REAL or block.language != "python":
                patch.setattr(store, "_release_folders", lambda: [released])
            if block.reason is None:
                reader.run(block)
            check_data(block, tmp_path)


def check_data(block: Block, folder: Path) -> None:
    """Parse a block of data, and read it as what it is."""
    if block.language in ("json", "jsonl"):
        rows = parse(block)
        if block.language == "jsonl" and any({"labels", "label", "stances"} & row.keys() for row in rows):
            assert read_records(rows)
    elif block.language == "toml":
        place = folder / "block.toml"
        place.write_text(block.code, encoding="utf-8")
        fields = tomllib.loads(block.code).keys()
        if "encoder" in fields:
            read_recipe(place)
        elif "metric" in fields:
            read_set(place)
        elif fields == {"target"}:
            load_targets(place)


def test_every_block_says_what_it_is_and_those_that_do_not_run_say_why() -> None:
    blocks = [block for found in BLOCKS.values() for block in found]
    assert [block.place for block in blocks if block.language not in LANGUAGES] == []
    left_out = [block for block in blocks if block.reason is not None]
    assert [block.place for block in left_out if len(block.reason or "") < 20] == []
    assert len(left_out) <= MOST_NOT_RUN
    marks = sum(path.read_text(encoding="utf-8").count("<!-- not run:") for path in PAGES)
    assert marks == len(left_out), "a mark has to stand right before a block"
