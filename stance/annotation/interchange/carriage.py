"""What travels through a tool beside the text: the paragraph's id and anchor, and the records that went out.

Tools keep fields that they do not know. In one of them, ``stance``, all travels that the tool has no place for. So a
paragraph comes back with the same id and anchor, and a record that nobody changed comes back as it went out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stance.annotation.anchors import hash_text, normalise
from stance.annotation.files import annotation_to_row, row_to_annotation
from stance.annotation.interchange.scheme import Scheme
from stance.annotation.suggestions import is_model
from stance.errors import InputError, suggest
from stance.schema import LABELS, Annotation, Label

__all__ = ["Carried", "Item", "check_sum", "describe", "group", "model_labels", "pack", "settle", "unpack"]

_CONTEXT = ("title", "outlet", "speaker", "year")


@dataclass(frozen=True, slots=True)
class Item:
    """A paragraph and all that was said of it.

    Attributes:
        paragraph: Id, anchor and source, without any labels.
        waiting: The record without annotator, if there is one.
        people: The records of people, in the order given.
        models: The records of models (annotator ``model:...``), in the order given.
    """

    paragraph: Annotation
    waiting: Annotation | None
    people: tuple[Annotation, ...]
    models: tuple[Annotation, ...]

    @property
    def text(self) -> str:
        """The paragraph's text."""
        return self.paragraph.text or ""


@dataclass(frozen=True, slots=True)
class Carried:
    """What came back of what had travelled along.

    Attributes:
        paragraph: The fields of id, anchor and source; empty if nothing had travelled along.
        codebook: Version of the codebook that the tool's annotators followed.
        waiting: Fields of the record without annotator; None if there was none.
        records: Fields of the records of people that went out.
    """

    paragraph: Mapping[str, Any]
    codebook: str
    waiting: Mapping[str, Any] | None
    records: Sequence[Mapping[str, Any]]

    def annotation(self, record: Mapping[str, Any], where: str) -> Annotation:
        """Make an annotation of this paragraph.

        Args:
            record: The record's own fields.
            where: Where it stands, for messages.

        Returns:
            The annotation.

        Raises:
            InputError: If it does not follow the schema.
        """
        return row_to_annotation({**self.paragraph, **record}, where)


def model_labels(annotation: Annotation, scheme: Scheme) -> dict[str, tuple[Label, float | None]]:
    """Give what a model found: target -> label and its probability, where known.

    Args:
        annotation: The model's record.
        scheme: The scheme; targets in its order.

    Returns:
        The label given, or else the most probable one; of equal ones the first of `stance.LABELS`.
    """
    found: dict[str, tuple[Label, float | None]] = {}
    for target in scheme.target_names:
        shares = annotation.soft_labels.get(target, {})
        best = sorted((name for name in LABELS if name in shares), key=lambda name: -shares[name])
        label = annotation.labels.get(target, best[0] if best else None)
        if label is not None and label in scheme.label_names:
            found[target] = (label, shares.get(label))
    return found


def describe(annotation: Annotation) -> dict[str, str]:
    """Give what annotators may know of the document: title, outlet, speaker, year, where known."""
    return {name: str(annotation.source[name]) for name in _CONTEXT if annotation.source.get(name) not in (None, "")}


def group(annotations: Iterable[Annotation], scheme: Scheme, *, needs_text: bool = True) -> list[Item]:
    """Bring the records of each paragraph together.

    Args:
        annotations: The records; those of one paragraph need not stand together.
        scheme: The scheme.
        needs_text: Whether paragraphs without text are refused.

    Returns:
        The paragraphs, in the order of their first records.

    Raises:
        InputError: If records of one paragraph contradict each other, an annotator has two, a text is missing, or a
            target or label is not in the scheme.
    """
    found: dict[str, list[Annotation]] = {}
    for annotation in annotations:
        records = found.setdefault(annotation.id, [])
        _check(annotation, records, scheme, needs_text)
        records.append(annotation)
    return [_item(records) for records in found.values()]


def _check(annotation: Annotation, before: Sequence[Annotation], scheme: Scheme, needs_text: bool) -> None:
    where = f"Paragraph {annotation.id!r}"
    if needs_text and not annotation.text:
        raise InputError(
            f"{where}: has no text to show. Fill it in from your copy of the document "
            "(stance.annotation.hydration.hydrate)."
        )
    for other in before[:1]:
        old, new = _paragraph_row(other), _paragraph_row(annotation)
        unlike = next((name for name in {**old, **new} if old.get(name) != new.get(name)), None)
        if unlike:
            raise InputError(
                f"{where}: its records differ in field {unlike!r}. Records of one id are of one paragraph."
            )
    if any(other.annotator == annotation.annotator for other in before):
        by = f" by annotator {annotation.annotator!r}" if annotation.annotator else " without annotator"
        raise InputError(f"{where}: there are two records{by}. Keep one.")
    for target, label in annotation.labels.items():
        if target not in scheme.target_names:
            raise InputError(
                f"{where}: target {target!r} is not in the scheme: {suggest(target, scheme.target_names)}."
            )
        if label not in scheme.label_names:
            raise InputError(f"{where}: label {label!r} is not in the scheme: {suggest(label, scheme.label_names)}.")


def _item(records: Sequence[Annotation]) -> Item:
    first = records[0]
    return Item(
        paragraph=Annotation(first.id, first.anchor, source=first.source),
        waiting=next((record for record in records if not record.annotator), None),
        people=tuple(record for record in records if record.annotator and not is_model(record)),
        models=tuple(record for record in records if is_model(record)),
    )


def _paragraph_row(annotation: Annotation) -> dict[str, Any]:
    return annotation_to_row(Annotation(annotation.id, annotation.anchor, source=annotation.source))


def record_row(annotation: Annotation) -> dict[str, Any]:
    """Give the fields of a record that are not its paragraph's."""
    paragraph = _paragraph_row(annotation)
    return {name: value for name, value in annotation_to_row(annotation).items() if name not in paragraph}


def check_sum(text: str) -> str:
    """Give 16 hexadecimal digits that change whenever a text does."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def pack(item: Item, records: Iterable[Annotation], scheme: Scheme, *, waits: bool) -> dict[str, Any]:
    """Make what travels along with a paragraph.

    Args:
        item: The paragraph.
        records: The records of people that go out with it.
        scheme: The scheme.
        waits: Whether its record without annotator goes out with it.

    Returns:
        Plain JSON types.
    """
    packed: dict[str, Any] = {"paragraph": _paragraph_row(item.paragraph), "check": check_sum(item.text)}
    codebook = scheme.codebook or (item.waiting.codebook if item.waiting else "")
    if codebook:
        packed["codebook"] = codebook
    if waits and item.waiting:
        packed["waiting"] = record_row(item.waiting)
    rows = [record_row(record) for record in records]
    return packed | ({"records": rows} if rows else {})


def unpack(packed: object, text: object, where: str) -> Carried:
    """Read what had travelled along, and check the text against it.

    Args:
        packed: What `pack` made.
        text: The paragraph as the tool has it.
        where: Where it stands, for messages.

    Returns:
        What had travelled along, with the text as it went out, even if the tool changed its white space or composed
        its accents.

    Raises:
        InputError: If it is missing or damaged, or the tool's text is another one.
    """
    if not isinstance(packed, dict) or not isinstance(packed.get("paragraph"), dict):
        raise InputError(f"{where}: field 'stance' is missing or damaged. Expected what the file held that went out.")
    records, waiting = packed.get("records", []), packed.get("waiting")
    if not isinstance(records, list) or not all(isinstance(row, dict) for row in records):
        raise InputError(f"{where}: field 'stance.records': expected a list of objects, found {records!r:.60}.")
    if waiting is not None and not isinstance(waiting, dict):
        raise InputError(f"{where}: field 'stance.waiting': expected an object, found {waiting!r:.60}.")
    paragraph = packed["paragraph"]
    _check_text(text, paragraph, packed.get("check"), where)
    return Carried(paragraph, str(packed.get("codebook", "")), waiting, records)


def _check_text(text: object, paragraph: Mapping[str, Any], check: object, where: str) -> None:
    original, known = paragraph.get("text"), paragraph.get("text_sha256")
    if not isinstance(text, str) or not isinstance(original, str):
        raise InputError(f"{where}: field 'text' is missing. Expected the paragraph as it went out.")
    if check != check_sum(original) or (known and known != hash_text(original)):
        raise InputError(
            f"{where}: field 'stance.paragraph.text': was changed since it went out. Export the paragraph anew."
        )
    if text != original and normalise(text) != normalise(original):
        raise InputError(
            f"{where}: field 'text': was changed in the tool: expected {original!r:.40}, found {text!r:.40}. "
            "Labels hold for the text that was read; export the paragraph anew and label it again."
        )


def settle(made: Mapping[str, Any], sent: Mapping[str, Any] | None, shown: Sequence[str]) -> Mapping[str, Any]:
    """Choose between a record that went out and what the tool says now.

    Args:
        made: Fields of the record as the tool has it.
        sent: Fields of the record that went out in its place; None if none did.
        shown: The fields that the tool can change.

    Returns:
        The record that went out, if the tool changed none of them; else the tool's.
    """
    if sent is not None and all(made.get(name) == sent.get(name) for name in shown):
        return sent
    return made
