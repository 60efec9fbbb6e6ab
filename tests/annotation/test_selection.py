"""Which paragraphs to label next: uncertain ones, of every target, not alike, the same for the same seed."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from stance.annotation.selection import Judged, choose_next, draw_random, find_unlabelled
from stance.annotation.suggestions import suggest_labels
from stance.errors import InputError
from stance.schema import LABELS, Anchor, Annotation

WORDS = ["harbour", "treaty", "winter", "senate", "rail", "grain", "border", "envoy"]
WORDS += ["copper", "island", "vote", "storm", "ledger", "school", "bridge"]


def shares(first: float) -> dict[str, float]:
    return dict(zip(LABELS, [first, *[(1 - first) / 3] * 3], strict=True))


def pool(count: int = 100) -> list[Judged]:
    generator = random.Random(0)
    return [
        Judged(
            f"p{number}",
            " ".join(generator.choices(WORDS, k=30)) + f" only{number}",
            {"NATO": shares(0.25 + 0.7 * number / count), "US": shares(0.95 - 0.7 * number / count)},
        )
        for number in range(count)
    ]


def test_uncertain_ones_of_both_targets() -> None:
    choices = choose_next(pool(), 10)
    assert [choice.target for choice in choices] == ["NATO", "US"] * 5
    assert all(int(choice.id[1:]) < 30 for choice in choices if choice.target == "NATO")
    assert all(int(choice.id[1:]) > 70 for choice in choices if choice.target == "US")
    assert len({choice.id for choice in choices}) == 10
    assert choices[0].uncertainty == pytest.approx(1.0)


def test_no_two_alike() -> None:
    items = [Judged(f"same{n}", "the very same words again", {"NATO": shares(0.25)}) for n in range(5)]
    items.append(Judged("other", "something else entirely", {"NATO": shares(0.5)}))
    ids = [choice.id for choice in choose_next(items, 2)]
    assert ids[1] == "other"


def test_seed_decides_and_order_does_not() -> None:
    items = [Judged(f"p{n}", f"text{n}", {"NATO": shares(0.25)}) for n in range(50)]
    assert choose_next(items, 5, seed=1) == choose_next(items[::-1], 5, seed=1)
    assert choose_next(items, 5, seed=1) != choose_next(items, 5, seed=2)


def test_small_pools() -> None:
    assert len(choose_next(pool(3), 50)) == 3
    assert choose_next([], 5) == []
    with pytest.raises(InputError, match="from 1 on, found 0"):
        choose_next(pool(3), 0)
    with pytest.raises(InputError, match="same id"):
        choose_next([*pool(2), *pool(2)], 1)


def test_unlabelled_are_those_no_person_labelled() -> None:
    items = [Annotation(name, Anchor(text=name)) for name in "abcd"]
    models = suggest_labels(items, [{"NATO": shares(0.7)}] * 4, "base")
    assert models[0].labels == {"NATO": "favor"}
    done = [Annotation("b", Anchor(), {"NATO": "favor"}, "anna")]
    bare = Annotation("e", Anchor())
    assert [item.id for item in find_unlabelled([*items, *models, bare], done)] == ["a", "c", "d"]
    assert find_unlabelled(models)[0] == items[0]


def test_a_random_draw_does_not_depend_on_the_order_of_the_pool() -> None:
    pool = [Annotation(f"p{number}", Anchor()) for number in range(50)]
    drawn = [item.id for item in draw_random(pool, 10, seed=3)]
    assert len(set(drawn)) == 10
    assert [item.id for item in draw_random(pool[::-1], 10, seed=3)] == drawn
    assert [item.id for item in draw_random(pool, 5, seed=3)] == drawn[:5]
    assert [item.id for item in draw_random(pool, 10, seed=4)] != drawn
    assert len(draw_random(pool, 99)) == 50


def test_each_paragraph_is_drawn_as_often() -> None:
    pool = [Annotation(f"p{number}", Anchor()) for number in range(5)]
    counts = Counter(item.id for seed in range(1000) for item in draw_random(pool, 2, seed=seed))
    assert all(abs(count - 400) < 80 for count in counts.values())  # five standard errors


def test_a_random_draw_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="count from 1 on, found 0"):
        draw_random([], 0)
