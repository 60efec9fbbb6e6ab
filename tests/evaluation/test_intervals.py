"""Intervals by drawing documents."""

from __future__ import annotations

import numpy as np
import pytest

from stance.errors import InputError
from stance.evaluation.intervals import bootstrap_by_document


def test_what_does_not_vary_has_no_width() -> None:
    found = bootstrap_by_document(["a", "b", "c"], lambda places: float(len(places) > 0))
    assert (found.low, found.value, found.high) == (1.0, 1.0, 1.0)


def test_the_width_is_that_of_the_mean_of_independent_items() -> None:
    values = np.random.default_rng(1).normal(size=400)
    found = bootstrap_by_document(
        [str(at) for at in range(400)], lambda places: float(values[places].mean()), draws=2000
    )
    error = values.std() / 20
    assert found.value == pytest.approx(values.mean())
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_paragraphs_of_one_document_are_drawn_together() -> None:
    values = np.repeat(np.random.default_rng(1).normal(size=40), 10)  # ten paragraphs that say the same
    apart = [str(at) for at in range(400)]
    together = [str(at // 10) for at in range(400)]

    def width(documents: list[str]) -> float:
        found = bootstrap_by_document(documents, lambda places: float(values[places].mean()), draws=1000)
        return found.high - found.low

    assert width(together) / width(apart) == pytest.approx(np.sqrt(10), rel=0.15)


def test_documents_of_unlike_size_are_drawn_whole() -> None:
    documents = ["a", "b", "a", "c", "a"]
    seen = set()
    bootstrap_by_document(documents, lambda places: seen.add(tuple(np.bincount(places, minlength=5))) or 0.0, draws=200)
    assert all(counts[0] == counts[2] == counts[4] for counts in seen)


def test_nothing_has_no_interval() -> None:
    with pytest.raises(InputError, match="at least one item"):
        bootstrap_by_document([], lambda _: 0.0)
