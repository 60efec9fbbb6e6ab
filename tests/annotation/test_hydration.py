"""Stand-off annotations are filled from the copy that fits, and what is missing is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stance.annotation import hydration
from stance.annotation.anchors import hash_document, make_items, without_text
from stance.annotation.hydration import hydrate
from stance.schema import Anchor, Annotation, Document
from stance.text.segmentation import segment

from .harbour import PARAGRAPHS, TEXT, TWIN, YEAR, anchors_of, bare, join

PARTS = (*PARAGRAPHS[:2], YEAR, PARAGRAPHS[2])


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
        # The very text goes before an edited form in a file that happens to be called the same.
        places = [item.anchor.document for item in result.annotations]
        assert places == ["quotes.txt"] * 2 + ["harbour.txt"] * 6
    result = hydrate(given_rows, [quoting, edited, Document(TEXT, "same.txt")])
    assert {item.anchor.document for item in result.annotations} == {"same.txt"}


def test_hydrate_does_not_depend_on_the_order_of_annotations() -> None:
    given_rows = labelled(Document(TEXT, "harbour.txt"))
    documents = [Document("Up.\n\n" + TEXT, "a.txt"), Document(TEXT.replace("dawn", "noon"), "b.txt")]
    forward, backward = hydrate(given_rows, documents), hydrate(given_rows[::-1], documents)
    assert forward.annotations == backward.annotations[::-1]
    assert hydrate([], documents).to_dict()["documents"] == 2
    assert hydrate(given_rows, []).missing == tuple(given_rows)


def test_short_paragraphs_known_by_text_only_are_found() -> None:
    texts = ["The ferry left.", "Nobody waved at the ferry.", "It came back at night, and the pier was dark."]
    rows = [Annotation(str(number), Anchor(text=text)) for number, text in enumerate(texts)]
    result = hydrate(rows, [Document(TEXT), Document("\n\n".join([PARAGRAPHS[0], *texts]))])
    assert [item.text for item in result.annotations] == texts
    assert result.how == ("moved",) * 3


def test_records_of_unknown_documents_do_not_vote_for_each_other() -> None:
    """One stands in both copies alike, the other in the second only, which tells nothing of the first."""
    rows = [Annotation(str(number), Anchor(text=PARAGRAPHS[number])) for number in (0, 1)]
    one, two = PARAGRAPHS[0], "\n\n".join(PARAGRAPHS[:2])
    result = hydrate(rows, [Document(one, "one.txt"), Document(two, "two.txt")])
    assert [item.anchor.document for item in result.annotations] == ["one.txt", "two.txt"]
    named = [replace(row, source={"doc_id": "harbour"}) for row in rows]
    result = hydrate(named, [Document(one, "one.txt"), Document(two, "two.txt")])
    assert [item.anchor.document for item in result.annotations] == ["two.txt", "two.txt"]


def test_edited_paragraphs_known_by_text_only_are_found() -> None:
    result = hydrate([Annotation("x", Anchor(text=PARAGRAPHS[0]))], [Document(TEXT.replace("hours", "days"))])
    assert result.how == ("fuzzy",)
    assert result.annotations[0].text == PARAGRAPHS[0].replace("hours", "days")


def test_paragraphs_of_a_document_bring_each_other_where_alone_they_share_too_little() -> None:
    rows = list(map(without_text, make_items(Document(TEXT, "harbour.txt"), segment(Document(TEXT)))))
    kept, *rest = PARAGRAPHS[1].split()[:4], *PARAGRAPHS[1].split()[4:]
    text = TEXT.replace(PARAGRAPHS[1], " ".join([*kept, *(f"{word}xx" for word in rest)]))
    result = hydrate(rows, [Document(text, "copy.txt")])
    assert result.how == ("moved", "fuzzy", "moved", "moved")


@pytest.mark.parametrize("strip", [False, True], ids=["text", "bare"])
def test_the_very_text_goes_before_a_file_of_the_same_name(strip: bool) -> None:
    anchor = anchors_of(YEAR)[0]
    row = Annotation("x", bare(anchor) if strip else anchor, source={"path": "2019/report.txt"})
    documents = [Document(f"Up.\n\n{YEAR}", "r2019.txt"), Document(f"Up.\n\n{TWIN}", "2020/report.txt")]
    for given_documents in (documents, documents[::-1]):
        assert [item.text for item in hydrate([row], given_documents).annotations] == [YEAR]


def test_a_more_similar_form_goes_before_a_document_that_holds_one_paragraph_more() -> None:
    rows = [Annotation(str(number), bare(anchor)) for number, anchor in enumerate(anchors_of(join(*PARTS)))]
    edited = YEAR.replace("good", "godo")
    right = Document(join(PARTS[0], PARTS[1], edited), "right.txt")
    wrong = Document(join(*PARTS[:2], "Now for this year.", TWIN, PARTS[3]), "wrong.txt")
    for documents in ([right, wrong], [wrong, right]):
        result = hydrate(rows, documents)
        assert [item.text for item in result.annotations if item.id == "2"] == [edited]


@pytest.mark.parametrize("named", [False, True])
def test_neither_is_taken_where_document_and_similarity_contradict_each_other(named: bool) -> None:
    """The document holds more than twice as many of the other paragraphs, or is called the same."""
    rows = [Annotation(str(number), bare(anchor)) for number, anchor in enumerate(anchors_of(join(*PARTS)))]
    right = Document(YEAR.replace("good", "godo"), "right.txt")
    wrong = Document(TWIN if named else join(*PARTS[:2], TWIN, PARTS[3]), "harbour.txt" if named else "wrong.txt")
    for documents in ([right, wrong], [wrong, right]):
        result = hydrate(rows[2:3] if named else rows, documents)
        assert [item.id for item in result.missing] == ["2"]


def test_only_endings_of_files_are_cut_from_names() -> None:
    named = {"UN.2.txt": "days", "UN.1.txt": "weeks"}
    one, two = (Document(TEXT.replace("hours", word), name) for name, word in named.items())
    for name, expected in (("UN.1", "weeks"), ("UN.2", "days")):
        row = Annotation("x", Anchor(text=PARAGRAPHS[0]), source={"doc_id": name})
        (found,) = hydrate([row], [one, two]).annotations
        assert found.text == PARAGRAPHS[0].replace("hours", expected)


def test_one_paragraph_more_does_not_decide_between_two_that_are_as_similar() -> None:
    """Of either one hash of four is broken."""
    rows = [Annotation(str(number), bare(anchor)) for number, anchor in enumerate(anchors_of(join(*PARTS)))]
    right = Document(join(PARTS[0], YEAR.replace("welcomed", "welcmed")), "right.txt")
    wrong = Document(join(*PARTS[:2], TWIN, PARTS[3]), "wrong.txt")
    for documents in ([right, wrong], [wrong, right]):
        assert [item.id for item in hydrate(rows, documents).missing] == ["2"]
    alone = Document(YEAR.replace("welcomed", "welcmed"), "alone.txt")  # one paragraph against four
    assert [item.text for item in hydrate(rows, [alone, wrong]).annotations if item.id == "2"] == [TWIN]


def test_a_document_is_searched_for_paragraphs_of_which_it_shares_two_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """One run may be shared by chance, and one paragraph of a document does not bring the others."""
    sought: list[list[Anchor]] = []
    monkeypatch.setattr(hydration, "find_all", lambda anchors, copy: sought.append(anchors) or [None] * len(anchors))
    rows = [replace(row, anchor=bare(row.anchor)) for row in make_items(Document(TEXT), segment(Document(TEXT)))]
    first = PARAGRAPHS[0].split()
    one, two = " ".join(first[:4]), " ".join(first[:12])
    hydrate(rows, [Document(f"{text} is what it said.") for text in (one, two)])
    assert [[anchor.start for anchor in anchors] for anchors in sought] == [[], [0]]
    hydrate(rows, [Document(join(two, " ".join(PARAGRAPHS[1].split()[:12])))])
    assert len(sought[-1]) == len(rows)
