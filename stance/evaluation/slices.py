"""Figures of parts of the judgements: by outlet, genre, year, length and the like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stance.errors import InputError, suggest
from stance.evaluation.figures import POOLED, Judgements, measure_judgements
from stance.evaluation.intervals import Interval
from stance.evaluation.records import Record

__all__ = ["SLICES", "Slice", "slice_judgements"]

_FEWEST = 20
"""Judgements that a slice needs to be shown by itself: with fewer, an interval spans most of what is possible."""
_LENGTHS = (50, 100, 200)
"""Words at which slices by length begin."""
SLICES = ("source", "genre", "speaker", "year", "outlet", "length", "reported", "translated", "targets_present")
"""Slices that are made where there is something to make them of."""
_SLICED = ("macro_f1", "f_avg", "accuracy")


@dataclass(frozen=True, slots=True)
class Slice:
    """Figures of a part of the judgements, all targets as one.

    Attributes:
        field: What the parts are made by.
        value: The part.
        judgements: How many there are.
        documents: From how many documents.
        metrics: Name -> figure.
    """

    field: str
    value: str
    judgements: int
    documents: int
    metrics: Mapping[str, Interval]


def slice_judgements(
    judgements: Judgements, owners: Sequence[Record], fields: Sequence[str] | None, *, draws: int, seed: int
) -> Iterator[Slice]:
    """Give figures of parts that are large enough, of fields that tell more than one."""
    pooled = judgements.join_targets()
    for field in SLICES if fields is None else fields:
        values = [_value(record, field) for record in owners]
        known = sorted({value for value in values if value is not None})
        if not known and fields is not None:
            names = dict.fromkeys(name for record in owners for name in record.fields)
            raise InputError(f"No gold row has the field {field!r}: {suggest(field, (*names, *SLICES))}.")
        for value in known if len(known) > 1 or fields is not None else ():
            places = np.array([place for place, own in enumerate(values) if own == value])
            if len(places) >= _FEWEST:
                part = pooled.take(places)
                found = measure_judgements(part, draws=draws, seed=seed)[POOLED].metrics
                kept = {name: found[name] for name in _SLICED}
                yield Slice(field, value, len(part), len(set(part.documents)), kept)


def _value(record: Record, field: str) -> str | None:
    """Tell which part a paragraph belongs to; None if that is not known."""
    if field == "length":
        words = len(record.text.split())
        below = sum(words >= length for length in _LENGTHS)
        bounds = (0, *_LENGTHS)
        told = f"{bounds[below]}-{bounds[below + 1] - 1}" if below < len(_LENGTHS) else f"{bounds[below]}+"
        return f"{told} words" if record.text else None
    if field == "targets_present":
        return str(sum(label != "absent" for label in record.labels.values()))
    value = record.fields.get(field)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return None if value is None or value == "" else str(value)
