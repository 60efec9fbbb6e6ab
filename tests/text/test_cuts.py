"""Cuts stay as they are: labels, ids and counts of paragraphs rest on them. The changelog tells what changes them."""

from __future__ import annotations

import difflib
import importlib.util
import json
from pathlib import Path

import pytest


def test_documents_are_cut_as_they_were() -> None:
    place = Path(__file__).with_name("cuts.py")
    spec = importlib.util.spec_from_file_location("cuts", place)
    assert spec
    assert spec.loader
    cuts = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(cuts)
    texts, before = cuts.documents(), json.loads(cuts.FILE.read_text(encoding="utf-8"))
    assert len(texts) == len(before)
    changed = [(text, was.split()) for text, was in zip(texts, before, strict=True) if cuts.cut(text) != was.split()]
    if changed:
        text, was = changed[0]
        lines = "\n".join(difflib.unified_diff(was, cuts.cut(text), "before", "now", lineterm="", n=1))
        pytest.fail(
            f"{len(changed)} of {len(texts)} documents are cut in another way. If it is meant, tell it in CHANGELOG.md "
            f"and run: python tests/text/cuts.py\nThe first of them:\n{text}\n\n{lines}"
        )
