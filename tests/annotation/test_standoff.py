"""Anchors find their paragraph again, or nothing: never another one."""

from __future__ import annotations

import hashlib
import itertools
import json
import sys
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.annotation import standoff
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
from stance.annotation.copies import Copy
from stance.annotation.files import annotation_to_row, row_to_annotation
from stance.annotation.hydration import hydrate
from stance.annotation.standoff import Match, find_all, find_anchor, find_in_copy
from stance.errors import InputError, MissingExtraError
from stance.schema import Anchor, Annotation, Document, Paragraph
from stance.text.segmentation import segment

PARAGRAPHS = (
    "The alliance met in the harbour town on Tuesday, and its members spoke for hours about ships, grain and the price "
    "of insurance. Nobody was content with the outcome.",
    "Fishermen had waited outside since dawn. They said that no ministry had ever asked them what a blockade costs, and "  # noqa: E501
    "that they did not expect to be asked now.",
    "A spokeswoman answered that talks would go on in spring. Until then the two lighthouses stay dark, and the pilots "
    "keep to the northern channel as they have done for years.",
    "What remains is a question of trust: who watches the watchers, and who pays them? The treaty says nothing of it, "
    "so every captain will answer for himself.",
)
TEXT = "\n\n".join(PARAGRAPHS) + "\n"


def anchors_of(document: Document) -> list[Anchor]:
    return [item.anchor for item in make_items(document, segment(document))]


def bare(anchor: Anchor) -> Anchor:
    return without_text(Annotation("x", anchor)).anchor


def find(anchor: Anchor, text: str) -> Match | None:
    document = Document(text)
    return find_anchor(anchor, document, segment(document))


def found_text(anchor: Anchor, text: str) -> str | None:
    match = find(anchor, text)
    return text[match.start : match.end] if match else None


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


@settings(deadline=None)
@given(
    st.text(st.characters(codec="utf-8") | st.sampled_from(" \n\r\t.e\u0301\u00a0😀ﬁİß각\u1100\u1161"), max_size=300)
)
def test_what_is_made_is_found(text: str) -> None:
    document = Document(text)
    blocks = segment(document)
    for block in blocks:
        anchor = make_anchor(document, block)
        for given_anchor in (anchor, bare(anchor)):
            match = find_anchor(given_anchor, document, blocks)
            assert match == Match(block.start, block.end, "offsets")
        moved = find_anchor(replace(anchor, document_sha256=""), document, blocks)
        assert moved is None or normalise(text[moved.start : moved.end]) == normalise(block.text)


@settings(deadline=None)
@given(
    st.text(st.characters(codec="utf-8") | st.sampled_from(" \n.e\u0301\u0323\u00a0😀ﬁİß각\u1100\u1161ǰ"), max_size=80)
)
def test_words_stand_where_they_are_said_to(text: str) -> None:
    copy = Copy(Document(text), [])
    assert copy.words == split_words(text)
    assert all(0 <= start < end <= len(text) for start, end in zip(copy.starts, copy.ends, strict=True))
    for start, end in copy.occurrences(text):
        assert normalise(text[start:end]) == normalise(text)


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


@pytest.mark.parametrize("strip", [False, True], ids=["text", "bare"])
@pytest.mark.parametrize(
    "change",
    [
        lambda text: "New first paragraph, put before all the others.\n\n" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace(" ", "  "),
        lambda text: text.replace(", and ", ",\nand "),
        lambda text: "\n\n".join(text.strip().split("\n\n")[::-1]),
    ],
    ids=["inserted", "crlf", "spaces", "wrapped", "reordered"],
)
def test_moved_paragraphs(strip: bool, change) -> None:
    changed = change(TEXT)
    for anchor in anchors_of(Document(TEXT)):
        match = find(bare(anchor) if strip else anchor, changed)
        assert match is not None and match.how == "moved"
        assert normalise(changed[match.start : match.end]) == normalise(anchor.text)


def test_accents_and_emoji_do_not_shift_offsets() -> None:
    text = "Ève paid 5€ 😀 at the café in Zürich today. It was fine.\n\nThe naïve élite left 👩‍👩‍👧 early for Åre. It snowed."  # noqa: E501
    for anchor in anchors_of(Document(text)):
        for changed in (unicodedata.normalize("NFD", "😀😀 Go.\n\n" + text), "😀 Up.\r\n\r\n" + text):
            for given_anchor in (anchor, bare(anchor)):
                found = found_text(given_anchor, changed)
                assert found is not None and normalise(found) == normalise(anchor.text)


@pytest.mark.parametrize("strip", [False, True], ids=["text", "bare"])
def test_edited_paragraphs_have_the_boundaries_of_the_copy(strip: bool) -> None:
    changed = (
        TEXT.replace("hours", "many hours")
        .replace("What remains", "What remians")
        .replace("blockade costs", "bloc kade costs")
        .replace("northern channel", "northernchannel")
        .replace("in the harbour", "in harbour")
    )
    expected = [block.text for block in segment(Document(changed))]
    assert len(expected) == 4 and not set(expected) & set(PARAGRAPHS)
    for anchor, text in zip(anchors_of(Document(TEXT)), expected, strict=True):
        match = find(bare(anchor) if strip else anchor, changed)
        assert match is not None and match.how == "fuzzy"
        assert changed[match.start : match.end] == text


@pytest.mark.parametrize("strip", [False, True], ids=["text", "bare"])
def test_deleted_paragraph_is_missing(strip: bool) -> None:
    for anchor in anchors_of(Document(TEXT)):
        assert find(bare(anchor) if strip else anchor, TEXT.replace(anchor.text, "")) is None


@pytest.mark.parametrize("strip", [False, True], ids=["text", "bare"])
def test_equal_paragraphs_are_told_apart_or_left(strip: bool) -> None:
    again = PARAGRAPHS[0]
    text = "\n\n".join([again, *PARAGRAPHS[1:], again, "The last word came from the pilots. They went home by bus."])
    document = Document(text)
    first, *_, second, _ = (bare(anchor) if strip else anchor for anchor in anchors_of(document))
    for before in ("", "Put before. It is short.\n\n"):
        for anchor, place in ((first, 0), (second, text.rindex(again))):
            match = find(anchor, before + text)
            assert match is not None and match.start == len(before) + place
    # with the neighbours gone and the place in the middle, nothing tells them apart
    middle = replace(first, document_sha256="", start=80, end=80 + len(again), prefix="", suffix="")
    assert find(middle, again + "\n\n" + again) is None


@pytest.mark.parametrize("strip", [False, True], ids=["text", "bare"])
@pytest.mark.parametrize("typo", [("grew", "grwe"), ("harvest", "harvset"), ("northern", "nothern"), ("2019", "2O19")])
def test_twins_are_never_mistaken(strip: bool, typo: tuple[str, str]) -> None:
    one = (
        "In 2019 the northern ports grew by four percent, since the harvest had been good and the winter mild, while "
        "freight rates fell for the third year. Insurers welcomed it."
    )
    two = one.replace("2019", "2020").replace("four", "five")
    text = "\n\n".join([PARAGRAPHS[0], one, PARAGRAPHS[1], two, PARAGRAPHS[2]])
    document = Document(text)
    anchors = anchors_of(document)
    for changed in (text.replace(*typo), text.replace(*typo, 1), "Up front.\n\n" + text.replace(*typo)):
        blocks = [block for block in segment(Document(changed)) if "ports" in block.text]
        for anchor, block in zip((anchors[1], anchors[3]), blocks, strict=True):
            match = find(bare(anchor) if strip else anchor, changed)
            assert match is None or (match.start, match.end) == (block.start, block.end)


def test_offsets_that_disagree_are_not_trusted() -> None:
    document = Document(TEXT)
    blocks = segment(document)
    anchor = make_anchor(document, blocks[2])
    shifted = replace(anchor, start=anchor.start - 3, end=anchor.end - 3)
    expected = Match(blocks[2].start, blocks[2].end, "moved")
    assert find_anchor(shifted, document, blocks) == expected
    assert find_anchor(bare(shifted), document, blocks) == expected
    assert find_anchor(replace(bare(anchor), start=None, end=None), document, blocks) == expected
    beyond = replace(anchor, start=10**6, end=10**6 + len(anchor.text))
    assert find_anchor(beyond, document, blocks) == expected


def test_text_within_longer_words_is_no_find() -> None:
    assert find(Anchor(text="art"), "A party started. Parts of it were smart.") is None
    match = find(Anchor(text="art"), "A party for art, started late.")
    assert match == Match(12, 15, "moved")


def test_anchors_that_know_nothing_find_nothing() -> None:
    assert find(Anchor(), TEXT) is None
    assert find(Anchor(document="x.txt"), "") is None
    assert find(Anchor(text="…"), TEXT) is None


def test_edited_text_needs_rapidfuzz(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidfuzz", None)
    monkeypatch.setitem(sys.modules, "rapidfuzz.distance", None)
    anchor = anchors_of(Document(TEXT))[0]
    assert find(anchor, "Up.\n\n" + TEXT) is not None
    with pytest.raises(MissingExtraError, match=r"Finding edited paragraphs again .*stance-kit\[annotate\]"):
        find(anchor, TEXT.replace("hours", "huors"))


def labelled(document: Document) -> list[Annotation]:
    return [
        replace(item, labels={"NATO": "neutral"}, annotator=name)
        for item in make_items(document, segment(document))
        for name in ("A", "B")
    ]


def test_hydrate_fills_in_text_and_keeps_labels() -> None:
    given_rows = labelled(Document(TEXT, "harbour.txt"))
    other = Document("Nothing of this is known. It is another text.", "other.txt")
    result = hydrate(map(without_text, given_rows), iter([other, Document(TEXT, "copy.txt")]))
    assert [
        replace(item, anchor=replace(item.anchor, document="harbour.txt")) for item in result.annotations
    ] == given_rows
    assert (result.found, result.moved, result.fuzzy, result.missing, result.documents) == (8, 0, 0, (), 2)


def test_hydrate_counts_and_names_what_is_missing() -> None:
    given_rows = labelled(Document(TEXT, "harbour.txt"))
    changed = TEXT.replace(PARAGRAPHS[1], "").replace("lighthouses", "light houses")
    result = hydrate(map(without_text, given_rows), [Document(changed, "copy.txt")])
    assert result.how == ("moved", "moved", "fuzzy", "fuzzy", "moved", "moved")
    assert result.to_dict() == {
        "found": 0,
        "moved": 4,
        "fuzzy": 2,
        "missing": 2,
        "documents": 1,
        "missing_ids": [given_rows[2].id],
    }
    assert all(item.anchor.document_sha256 == hash_document(Document(changed)) for item in result.annotations)
    assert [item.text for item in result.missing] == [None, None]


def test_hydrate_prefers_the_document_that_fits() -> None:
    given_rows = [replace(item, source={"path": "talks/harbour.md"}) for item in labelled(Document(TEXT))]
    edited = Document(TEXT.replace("hours", "days"), "harbour.txt")
    quoting = Document("We quote in full.\n\n" + TEXT, "quotes.txt")
    for documents in ([edited, quoting], [quoting, edited]):
        result = hydrate(given_rows, documents)
        assert {item.anchor.document for item in result.annotations} == {"harbour.txt"}
    result = hydrate(given_rows, [quoting, edited, Document(TEXT, "same.txt")])
    assert {item.anchor.document for item in result.annotations} == {"same.txt"}


def test_hydrate_does_not_depend_on_the_order_of_annotations() -> None:
    given_rows = labelled(Document(TEXT, "harbour.txt"))
    documents = [Document("Up.\n\n" + TEXT, "a.txt"), Document(TEXT.replace("dawn", "noon"), "b.txt")]
    forward, backward = hydrate(given_rows, documents), hydrate(given_rows[::-1], documents)
    assert forward.annotations == backward.annotations[::-1]
    assert hydrate([], documents).to_dict()["documents"] == 2
    assert hydrate(given_rows, []).missing == tuple(given_rows)


def test_paragraphs_without_text_are_found_by_those_beside_them() -> None:
    document = Document(TEXT, "harbour.txt")
    anchors = [without_text(item).anchor for item in make_items(document, segment(document))]
    # Of the second paragraph one run of four words is left, too little alone; what stands beside it tells its ends.
    lines = TEXT.split("\n\n")
    place = lines.index(PARAGRAPHS[1])
    kept, *rest = PARAGRAPHS[1].split()[:4], *PARAGRAPHS[1].split()[4:]
    lines[place] = " ".join([*kept, *(f"{word}xx" for word in rest)])
    text = "\n\n".join(lines)
    copy = Copy(Document(text), segment(Document(text)))
    assert find_in_copy(anchors[1], copy) is None
    match = find_all(anchors, copy)[1]
    assert match is not None
    assert text[match.start : match.end] == lines[place]
    assert match.how == "fuzzy"


def test_edited_paragraphs_that_overlap_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    document = Document(TEXT, "harbour.txt")
    anchors = anchors_of(document)[:2]
    copy = Copy(document, segment(document))
    matches = iter([Match(0, 50, "fuzzy", 0.8), Match(40, 90, "fuzzy", 0.9)])
    monkeypatch.setattr(standoff, "find_in_copy", lambda *_: next(matches))
    assert find_all(anchors, copy) == [None, None]
    matches = iter([Match(0, 50, "moved"), Match(40, 90, "fuzzy", 0.9)])
    assert find_all(anchors, copy) == [Match(0, 50, "moved"), None]


def test_ends_without_text_are_told_by_codes_of_words() -> None:
    """Both outer runs are broken, and lines stand before, within and behind the paragraph."""
    document = Document(TEXT, "harbour.txt")
    anchor = bare(anchors_of(document)[1])
    edited = (
        PARAGRAPHS[1].replace("had waited", "have waited").replace("be asked now.", "be\nListen to this\nasked now.")
    )
    changed = TEXT.replace(PARAGRAPHS[1], f"Read more of this\n{edited}\nPhoto of the pier")
    assert found_text(anchor, changed) == edited
    # Without the codes, as in files of before, nothing tells the ends for sure.
    assert find(replace(anchor, edges=()), changed) is None


def test_codes_that_do_not_fit_leave_an_end_open() -> None:
    document = Document(TEXT, "harbour.txt")
    anchor = bare(anchors_of(document)[1])
    lost = "Some people of the town waited outside"
    changed = TEXT.replace("Fishermen had waited outside", f"And then a line. Then\n{lost}").replace("\n\nAnd", "\nAnd")
    assert find(anchor, changed) is None


def test_a_word_written_twice_at_an_end_belongs_to_the_paragraph() -> None:
    document = Document(TEXT, "harbour.txt")
    anchor = anchors_of(document)[0]
    changed = TEXT.replace("for hours", "for huors").replace("the outcome.", "the outcome. outcome.")
    for given_anchor in (anchor, bare(anchor)):
        found = found_text(given_anchor, changed)
        assert found is not None
        assert found.endswith("content with the outcome. outcome.")


def test_the_next_paragraph_may_start_with_the_last_word() -> None:
    one, two = (
        "The ships of the alliance left for the north on Tuesday, and no one knew why they chose the harbour.",
        ("Harbour towns of the coast had waited for them in vain for nine days and were told nothing."),
    )
    anchor = anchors_of(Document(f"{one}\n\n{two}\n"))[0]
    changed = f"{one.replace('Tuesday', 'Tusday')}\n\n{two}\n"
    for given_anchor in (anchor, bare(anchor)):
        assert found_text(given_anchor, changed) == one.replace("Tuesday", "Tusday")


def test_a_run_that_a_paragraph_has_twice_is_one_sign_of_it() -> None:
    words = [f"word{number}" for number in range(40)]
    words[8:12] = words[24:28] = ["the", "asia", "pacific", "region"]
    anchor = bare(anchors_of(Document(" ".join(words).capitalize() + "."))[0])
    other = " ".join(["Other", *(f"thing{number}" for number in range(7)), *words[8:12]] * 3) + "."
    assert find(anchor, other) is None
