"""Paragraphs with all records of them, and the documents that they come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from stance.annotation.anchors import hash_text
from stance.errors import InputError
from stance.schema import Annotation, Label

__all__ = ["Unit", "document_of", "make_units"]


@dataclass(frozen=True, slots=True)
class Unit:
    """A paragraph, with all records of it.

    Attributes:
        id: Its id.
        document: What tells its document from others.
        records: One record of each annotator.
    """

    id: str
    document: str
    records: tuple[Annotation, ...]

    @property
    def text(self) -> str | None:
        """The paragraph, where it is at hand."""
        return next((record.text for record in self.records if record.text), None)

    @property
    def hash(self) -> str:
        """Hash of the normalised paragraph: of its text, or where there is none as it was published."""
        text = self.text
        return (
            hash_text(text)
            if text
            else next((record.anchor.text_sha256 for record in self.records if record.anchor.text_sha256), "")
        )

    def source(self, field: str) -> Any:  # noqa: ANN401 -- any JSON
        """Give a field of ``source``; None where no record has it."""
        return next((record.source[field] for record in self.records if record.source.get(field) is not None), None)

    @property
    def labels(self) -> Mapping[str, Label]:
        """Target -> label of the first record that has labels."""
        return next((record.labels for record in self.records if record.labels), {})


def make_units(annotations: Iterable[Annotation]) -> list[Unit]:
    """Bring the records of each paragraph together.

    Args:
        annotations: The records.

    Returns:
        The paragraphs, in the order of their first records.

    Raises:
        InputError: If records of one id have different texts.
    """
    found: dict[str, list[Annotation]] = {}
    hashes: dict[str, str] = {}
    for annotation in annotations:
        found.setdefault(annotation.id, []).append(annotation)
        digest = hash_text(annotation.text) if annotation.text else annotation.anchor.text_sha256
        if digest and hashes.setdefault(annotation.id, digest) != digest:
            raise InputError(
                f"Paragraph {annotation.id!r}: the record of annotator {annotation.annotator!r} has another text than "
                "those before. Give each paragraph its own id."
            )
    return [Unit(name, document_of(records[0]), tuple(records)) for name, records in found.items()]


def document_of(annotation: Annotation) -> str:
    """Tell the document of a paragraph from others: by ``source.doc_id``, its hash, ``source.path`` or its name.

    Args:
        annotation: A record of the paragraph.

    Returns:
        What tells the document; the paragraph's own id where nothing is known.
    """
    anchor, source = annotation.anchor, annotation.source
    known = (source.get("doc_id"), anchor.document_sha256, source.get("path"), anchor.document)
    return next((str(value) for value in known if value), annotation.id)
