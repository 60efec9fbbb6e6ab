"""The formats of other tools, and what each cannot carry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from stance.annotation.interchange import doccano, label_studio, potato, prodigy, table
from stance.annotation.interchange.carriage import record_row
from stance.annotation.interchange.reading import Reading
from stance.annotation.interchange.scheme import Scheme
from stance.annotation.suggestions import is_model
from stance.errors import InputError, suggest
from stance.schema import Annotation

__all__ = ["FORMATS", "Format", "find_format", "lost"]


@dataclass(frozen=True, slots=True)
class Format:
    """A format of another tool.

    Attributes:
        name: Short name.
        title: The tool's name.
        suffix: What names of its files end with.
        write: Records and scheme to the file that the tool imports.
        read: The file that the tool exports to records.
        asks: The fields that annotators can fill in there.
        keeps_people: Whether records of people go out and come back.
        models: What becomes of records of models: ``"kept"``, ``"suggested"`` (they go out, and do not come back as
            records), or ``"dropped"``.
    """

    name: str
    title: str
    suffix: str
    write: Callable[[Iterable[Annotation], Scheme], bytes]
    read: Callable[[bytes, Scheme, Reading], Iterator[Annotation]]
    asks: tuple[str, ...] = ("labels", "reported", "confidence", "comment")
    keeps_people: bool = True
    models: str = "suggested"


FORMATS: tuple[Format, ...] = (
    Format("label-studio", "Label Studio", ".json", label_studio.to_tasks, label_studio.from_tasks),
    Format("doccano", "doccano", ".jsonl", doccano.to_tasks, doccano.from_tasks, ("labels", "reported", "comment")),
    Format("prodigy", "Prodigy", ".jsonl", prodigy.to_tasks, prodigy.from_tasks, ("labels", "reported")),
    Format("potato", "Potato", ".jsonl", potato.to_tasks, potato.from_tasks, keeps_people=False, models="dropped"),
    Format("csv", "CSV", ".csv", table.to_tasks, table.from_tasks, models="kept"),
)
"""Every format, as the command line lists them."""


def find_format(name: str) -> Format:
    """Give the format of a name.

    Args:
        name: The short name.

    Returns:
        The format.

    Raises:
        InputError: If there is none of that name.

    >>> find_format("doccano").suffix
    '.jsonl'
    """
    for known in FORMATS:
        if known.name == name:
            return known
    raise InputError(f"Unknown format {name!r}: {suggest(name, [known.name for known in FORMATS])}.")


def lost(annotations: Iterable[Annotation], name: str) -> list[str]:
    """Tell what of these records does not come back from a format, even if nobody changes anything there.

    Args:
        annotations: The records.
        name: Name of the format.

    Returns:
        A sentence for each loss; empty if all comes back.

    Raises:
        InputError: If there is no format of that name.
    """
    chosen = find_format(name)
    records = list(annotations)
    losses = []
    people = [record for record in records if record.annotator and not is_model(record)]
    if people and not chosen.keeps_people:
        fields = ", ".join(dict.fromkeys(field for record in people for field in record_row(record)))
        losses.append(
            f"{chosen.title} takes paragraphs only: {len(people)} records of people do not go out ({fields})."
        )
    models = [record.annotator for record in records if is_model(record)]
    if models and chosen.models != "kept":
        names = ", ".join(dict.fromkeys(models))
        fate = "go out as suggestions only" if chosen.models == "suggested" else "do not go out"
        losses.append(f"{len(models)} records of models ({names}) {fate}: no records come back for them.")
    return losses
