"""The codebook file holds together: its labels, targets and rules are those of the code, and its examples use them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from stance.schema import LABELS
from stance.targets import builtin_targets

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CODEBOOK = tomllib.loads(
    (Path(__file__).resolve().parents[2] / "annotations" / "codebook.toml").read_text(encoding="utf-8")
)
TARGETS = [target.name for target in builtin_targets()]


def test_labels_and_targets_are_those_of_the_code():
    assert tuple(label["name"] for label in CODEBOOK["label"]) == LABELS
    for ours, target in zip(CODEBOOK["target"], builtin_targets(), strict=True):
        assert (ours["name"], ours["description"]) == (target.name, target.description)
        assert tuple(ours["aliases"]) == target.aliases
        assert tuple(ours["exclude"]) == target.exclude


def test_rules_are_numbered_and_each_has_examples():
    numbers = [rule["number"] for rule in CODEBOOK["rule"]]
    assert numbers == list(range(1, 21))
    shown = [number for example in CODEBOOK["example"] for number in example["rules"]]
    assert set(shown) == set(numbers)
    assert all(shown.count(number) >= 2 for number in numbers)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("label", LABELS)
def test_each_label_of_each_target_has_examples(target, label):
    assert sum(example["labels"][target] == label for example in CODEBOOK["example"]) >= 2


def test_examples_are_whole():
    ids = [example["id"] for example in CODEBOOK["example"]]
    assert len(ids) == len(set(ids)) == 80
    for example in CODEBOOK["example"]:
        assert list(example["labels"]) == TARGETS
        assert example.keys() == {"id", "text", "labels", "reported", "rules", "note"}
        assert 20 <= len(example["text"].split()) <= 130
