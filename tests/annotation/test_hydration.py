"""Stand-off annotations are filled from the copy that fits, and what is missing is named."""

from __future__ import annotations

from dataclasses import replace

from stance.annotation.anchors import hash_document, make_items, without_text
from stance.annotation.hydration import hydrate
from stance.schema import Anchor, Annotation, Document
from stance.text.segmentation import segment

from .harbour import PARAGRAPHS, TEXT


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
