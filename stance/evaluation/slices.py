"""Figures of parts of the judgements: by outlet, genre, year, length and the like."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from stance.errors import InputError, suggest
from stance.evaluation.figures import POOLED, Judgements, measure_judgements
from stance.evaluation.intervals import Interval
from stance.evaluation.records import Record

__all__ = ["SLICES", "Slice", "slice_judgements"]

_LOG = logging.getLogger(__name__)
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
    """Give figures of parts that are large enough, of fields that tell more than one.

    Args:
        judgements: The judgements.
        owners: The gold record of each.
        fields: Fields of the records; None means those of `SLICES` that records have.
        draws: Bootstrap draws.
        seed: Their seed.

    Yields:
        The parts, field by field.

    Raises:
        InputError: If no record has a field that was asked for.
    """
    pooled = replace(judgements.join_targets(), probabilities=None)
    present = Counter({record.id: 0 for record in owners})
    for record in {record.where: record for record in owners}.values():
        present[record.id] += sum(label != "absent" for label in record.labels.values())
    for field in SLICES if fields is None else dict.fromkeys(fields):
        parts: dict[str, list[int]] = {}
        for place, record in enumerate(owners):
            value = str(present[record.id]) if field == "targets_present" else _value(record, field)
            if value is not None:
                parts.setdefault(value, []).append(place)
        if not parts and fields is not None:
            names = dict.fromkeys(name for record in owners for name in record.fields)
            names |= dict.fromkeys(("length",) if any(record.text for record in owners) else ())
            raise InputError(f"No gold row has the field {field!r}: {suggest(field, (*names, 'targets_present'))}.")
        large = {value: places for value, places in sorted(parts.items()) if len(places) >= _FEWEST}
        if fields is not None and len(large) < len(parts):
            small = len(parts) - len(large)
            _LOG.warning("slice %s: parts of fewer than %d judgements are left out: %d", field, _FEWEST, small)
        for value, places in large.items() if len(parts) > 1 or fields is not None else ():
            part = pooled.take(np.array(places))
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
    value = record.fields.get(field)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return None if value is None or value == "" else str(value)
