"""The codebook: the project's own holds together, others are checked; guideline, scheme and targets are made of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from stance.annotation.codebook import compare_examples, read_codebook
from stance.annotation.guideline import to_html, to_instructions, to_markdown
from stance.annotation.interchange.scheme import make_scheme
from stance.errors import InputError
from stance.schema import LABELS
from stance.targets import builtin_targets, find_codebook

BOOK = read_codebook()
TARGETS = [target.name for target in builtin_targets()]

SMALL = """
version = "0.1"
title = "A *small* codebook <of one>"
unit = { text = "A paragraph." }
voice = { text = "The text's own." }
presence = { text = "Named." }
flag = { name = "reported", definition = "Relayed." }
target = [{ name = "Atlantis", aliases = ["Atlantis"], counts = "The island.", counts_not = "The aquarium." }]
label = [
  { name = "absent", definition = "Not there." }, { name = "favor", definition = "For." },
  { name = "against", definition = "Against." }, { name = "neutral", definition = "Neither." },
]
rule = [{ number = 1, name = "Waves", text = "Count for nothing." }]
example = [{ id = "e1", text = "Atlantis sank.", labels = { Atlantis = "neutral" }, reported = false, rules = [1] }]
"""


def test_labels_and_targets_are_those_of_the_code() -> None:
    assert tuple(label.name for label in BOOK.labels) == LABELS
    assert [target.target for target in BOOK.targets] == list(builtin_targets())


def test_rules_are_numbered_and_each_has_examples() -> None:
    numbers = [rule.number for rule in BOOK.rules]
    assert numbers == list(range(1, 21))
    shown = [number for example in BOOK.examples for number in example.rules]
    assert all(shown.count(number) >= 2 for number in numbers)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("label", LABELS)
def test_each_label_of_each_target_has_examples(target: str, label: str) -> None:
    assert sum(example.labels[target] == label for example in BOOK.examples) >= 2


def test_examples_are_whole() -> None:
    assert len({example.id for example in BOOK.examples}) == len(BOOK.examples) == 80
    for example in BOOK.examples:
        assert list(example.labels) == TARGETS
        assert 20 <= len(example.text.split()) <= 130
        assert example.note


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write the small codebook with something replaced."""

    def call(old: str = "", new: str = "") -> Path:
        assert old in SMALL
        path = tmp_path / "small.toml"
        path.write_text(SMALL.replace(old, new, 1), encoding="utf-8")
        return path

    return call


def test_own_codebooks(write: Callable[..., Path]) -> None:
    book = read_codebook(write())
    assert book.target_names == ("Atlantis",)
    assert tuple(label.name for label in book.labels) == LABELS
    assert book.targets[0].target.aliases == ("Atlantis",)
    scheme = make_scheme(book)
    assert scheme.codebook == "0.1"
    assert scheme.targets[0].text == "The island. Not by itself: The aquarium."
    assert [term.text for term in scheme.labels] == ["For.", "Against.", "Neither.", "Not there."]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('version = "0.1"', "", "the field 'version' is missing"),
        ('title = "A', 'titel = "A', r"unknown field 'titel': did you mean 'title'\?"),
        ('"favor", definition = "For."', '"against", definition = "For."', "expected one .* each of favor, against"),
        ("number = 1", 'number = "1"', r"field 'rule\[0\].number': expected a whole number, found \"1\""),
        ('Atlantis = "neutral"', 'Atlantis = "neutrl"', r"did you mean 'neutral'\?"),
        ('Atlantis = "neutral"', 'Atlants = "neutral"', r"example 'e1': unknown target 'Atlants': did you mean"),
        ('labels = { Atlantis = "neutral" }', "labels = {}", "example 'e1': no label for 'Atlantis'"),
        ("rules = [1]", "rules = [2]", "example 'e1': rule 2 is not there"),
        (
            'rule = [{ number = 1, name = "Waves"',
            'rule = [{ number = 1, text = "" }, { number = 1, name = "W"',
            "is empty",
        ),
        ("rule = [{", 'rule = [{ number = 1, text = "Again." }, {', "two .*rule.* tables have the number 1"),
        ('version = "0.1"', "version = ", "cannot be read as TOML"),
    ],
)
def test_codebooks_with_faults(write: Callable[..., Path], old: str, new: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_codebook(write(old, new))


def test_missing_codebook_and_unknown_target() -> None:
    with pytest.raises(InputError, match=r"nowhere\.toml: no such file"):
        read_codebook("nowhere.toml")
    with pytest.raises(InputError, match=r"The codebook has no target 'Nato': did you mean 'NATO'\?"):
        make_scheme(BOOK, ["Nato"])


def test_guideline_has_every_word_of_the_codebook(write: Callable[..., Path]) -> None:
    for book in (BOOK, read_codebook(write())):
        tokens = MarkdownIt("commonmark", {"html": False}).enable("table").parse(to_markdown(book))
        shown = " ".join(
            "".join("\n" if part.type.endswith("break") else part.content for part in token.children or ())
            for token in tokens
        )
        shown = " ".join(shown.split())
        passages = [book.title, book.unit, book.voice, book.presence, book.flag.definition]
        passages += [part for rule in book.rules for part in (rule.name, rule.text)]
        passages += [label.text for label in book.labels]
        passages += [part for target in book.targets for part in (target.counts, target.counts_not)]
        passages += [part for example in book.examples for part in (example.text, example.note)]
        for passage in passages:
            assert " ".join(passage.split()) in shown


def test_pages_hold_no_markup_of_the_codebook(write: Callable[..., Path]) -> None:
    page = to_html(read_codebook(write("Count for nothing.", "<script>alert(1)</script> & <b>bold</b>")))
    assert "<script" not in page
    assert "<b>" not in page
    assert "<title>A *small* codebook &lt;of one&gt;</title>" in page
    assert "<h1>A *small* codebook &lt;of one&gt;</h1>" in page
    assert BOOK.examples[0].text[:60] not in to_instructions(BOOK)


def test_breaches() -> None:
    def shares(label: str) -> dict[str, float]:
        return {name: 0.7 if name == label else 0.1 for name in LABELS}

    judged = [{name: shares(label) for name, label in example.labels.items()} for example in BOOK.examples]
    assert compare_examples(BOOK, judged) == ()
    example = BOOK.examples[0]
    wrong = next(label for label in LABELS if label != example.labels["US"])
    judged[0]["US"] = shares(wrong)
    (breach,) = compare_examples(BOOK, judged)
    assert (breach.example, breach.target, breach.found, breach.probability) == (example, "US", wrong, 0.7)
    assert json.loads(json.dumps(breach.to_dict()))["expected"] == example.labels["US"]


def test_the_file_is_where_the_targets_come_from() -> None:
    assert find_codebook().name == "codebook.toml"
    assert 'name = "NATO"' in find_codebook().read_text(encoding="utf-8")
