"""What is written down of a paragraph: hashes, codes and offsets, and with the text taken out none of it."""

from __future__ import annotations

import hashlib
import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.annotation.anchors import (
    edge_codes,
    fingerprint,
    hash_document,
    hash_text,
    make_anchor,
    make_items,
    normalise,
    run_starts,
    split_words,
    without_text,
)
from stance.annotation.files import annotation_to_row, row_to_annotation
from stance.errors import InputError
from stance.schema import Anchor, Document, Paragraph
from stance.text.segmentation import segment

from .harbour import PARAGRAPHS, TEXT, bare


def digits(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()[:8]


def test_fingerprint_worked_by_hand() -> None:
    text = "One two, THREE four five six seven eight – nine ten eleven ﬁve don't"
    words = [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "five",
        "don",
        "t",
    ]
    assert split_words(text) == words
    assert fingerprint(text) == (
        digits("one two three four"),
        digits("nine ten eleven five"),
        digits("eleven five don t"),
    )
    assert fingerprint("a b c d e f g h i j k l") == (digits("a b c d"), digits("i j k l"))
    assert fingerprint("Yes, we can") == (digits("yes we can"),)
    assert fingerprint("– …") == ()


def test_edge_codes_worked_by_hand() -> None:
    words = PARAGRAPHS[0].replace(",", "").replace(".", "").lower().split()
    expected = tuple("".join(digits(word)[:2] for word in part) for part in (words[:4], words[-4:]))
    assert edge_codes(PARAGRAPHS[0]) == expected
    # Of a paragraph of fewer than 16 words they would give away more than half.
    assert edge_codes(" ".join(words[:15])) == ()
    assert len(edge_codes(" ".join(words[:16]))) == 2


@given(st.integers(0, 200))
def test_runs_never_touch_but_the_last(words: int) -> None:
    starts = run_starts(words)
    assert all(after - start == 8 for start, after in itertools.pairwise(starts[:-1]))
    assert (not starts) == (words == 0)
    assert starts == sorted(set(starts))
    assert not starts or starts[-1] == max(0, words - 4)


def test_hashes() -> None:
    assert normalise("\u2003Cafe\u0301 \r\n\t noir\u00a0") == "Caf\u00e9 noir"
    assert hash_text("NATO") == hashlib.sha256(b"NATO").hexdigest()
    assert hash_document(Document("a\r\nb")) == hashlib.sha256(b"a\r\nb").hexdigest()
    assert len(hash_document(Document("lone \ud800 surrogate"))) == 64
    assert len(hash_text("lone \ud800 surrogate")) == 64


def test_make_anchor_fills_every_field() -> None:
    document = Document(TEXT, "harbour.txt")
    block = segment(document)[1]
    anchor = make_anchor(document, block)
    assert TEXT[anchor.start : anchor.end] == anchor.text == PARAGRAPHS[1]
    assert anchor.prefix == TEXT[block.start - 64 : block.start]
    assert anchor.suffix == TEXT[block.end : block.end + 64]
    assert anchor.words == len(PARAGRAPHS[1].split())
    with pytest.raises(InputError, match=r"does not stand at 0 to 5 of document 'harbour\.txt'"):
        make_anchor(document, Paragraph("other", 0, 5))


def test_items_have_lasting_ids_and_bodies_only() -> None:
    document = Document("A view of the sea\n\nBy Ann Lee\n\n" + TEXT, "harbour.txt")
    blocks = segment(document)
    items = list(make_items(document, blocks))
    assert [item.text for item in items] == list(PARAGRAPHS) and len(blocks) > len(items)
    anchor = items[0].anchor
    name = f"{anchor.document_sha256}:{anchor.start}:{anchor.end}"
    assert items[0].id == hashlib.sha256(name.encode()).hexdigest()[:12]
    assert items[0].source == {} and items[0].labels == {}
    assert items == list(make_items(document, blocks))


def test_without_text_no_text_is_left() -> None:
    document = Document(TEXT, "h")
    for item in make_items(document, segment(document)):
        row = annotation_to_row(without_text(item))
        assert not {"text", "prefix", "suffix"} & set(row)
        known = {"id", "document", "document_sha256", "start", "end", "text_sha256", "words", "fingerprint", "edges"}
        assert set(row) == known
        assert not any(word in json.dumps(row) for word in TEXT.split() if len(word) > 8)
        values = [row["id"], row["document_sha256"], row["text_sha256"], *row["fingerprint"], *row["edges"]]
        assert all(set(value) <= set("0123456789abcdef") for value in values)
        assert row_to_annotation(row, "line 1") == without_text(item)


def test_text_alone_is_enough_to_make_it_bare() -> None:
    anchor = bare(Anchor(text=PARAGRAPHS[0]))
    assert anchor == Anchor(
        text_sha256=hash_text(PARAGRAPHS[0]),
        words=len(PARAGRAPHS[0].split()),
        fingerprint=fingerprint(PARAGRAPHS[0]),
        edges=edge_codes(PARAGRAPHS[0]),
    )
