"""The example scripts run, and what they write is whole."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

from stance.annotation.files import read_annotations
from stance.annotation.validation import check_value

SCRIPT = Path(__file__).resolve().parent.parent / "examples" / "annotation_walk.py"


def test_annotation_walk(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, SCRIPT, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "splits" / "splits.json").read_text(encoding="utf-8"))
    check_value(manifest, "splits", "splits.json")
    items = {item.id: item for item in read_annotations(tmp_path / "items.jsonl")}
    ids: list[str] = []
    for split in manifest["splits"].values():
        path = tmp_path / "splits" / split["file"]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == split["sha256"]
        for record in read_annotations(path):
            assert record.anchor == items[record.id].anchor
            assert record.votes.keys() == {"anna", "ben"}
            ids.append(record.id)
    assert sorted(ids) == sorted(items)
    agreement = json.loads((tmp_path / "agreement.json").read_text(encoding="utf-8"))
    check_value(agreement, "agreement", "agreement.json")
    assert 0 < agreement["agreement"]["overall"]["krippendorff_alpha"]["value"] < 1
    for line in (tmp_path / "decisions.jsonl").read_text(encoding="utf-8").splitlines():
        check_value(json.loads(line), "decision", "decisions.jsonl")
    assert f"{manifest['splits']['train']['paragraphs']} paragraphs to train on" in done.stdout
