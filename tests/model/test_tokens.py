"""Windows and batches: every token is read, every window is in one batch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from stance.model.store import TOKENIZER_FILE, find_model
from stance.model.tokens import cut_windows, make_batch, mark_mentions, plan_batches
from stance.schema import Span


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    loaded = Tokenizer.from_file(str(find_model() / TOKENIZER_FILE))
    loaded.no_truncation()
    loaded.no_padding()
    return loaded


@pytest.mark.parametrize("words", [0, 1, 5, 6, 7, 30, 100])
@pytest.mark.parametrize(("size", "overlap"), [(8, 2), (9, 0), (12, 9)])
def test_windows_hold_every_token(tokenizer: Tokenizer, words: int, size: int, overlap: int) -> None:
    text = " ".join(f"word{number}" for number in range(words))
    (windows,) = cut_windows(tokenizer, [text], size=size, overlap=overlap)
    whole = tokenizer.encode(text)
    assert all(len(window) <= size for window in windows)
    inner = [list(window.ids[1:-1]) for window in windows]
    joined = inner[0] + [token for piece in inner[1:] for token in piece[overlap:]]
    assert joined == whole.ids[1:-1]
    for window in windows:
        assert (window.ids[0], window.ids[-1]) == (whole.ids[0], whole.ids[-1])
        assert (window.starts[0], window.ends[-1]) == (-1, -1)


def test_offsets_are_code_points(tokenizer: Tokenizer) -> None:
    text = "🙂🙂 NATO 中国 naïve"
    ((window,),) = cut_windows(tokenizer, [text], size=64, overlap=0)
    assert text[window.starts[3] : window.ends[3]] in text
    marked = mark_mentions(window, [Span(3, 7, "NATO")])
    assert "".join(text[s:e] for s, e in zip(window.starts[marked], window.ends[marked], strict=True)) == "NATO"


def test_mentions_outside_a_window_are_not_marked(tokenizer: Tokenizer) -> None:
    text = "NATO one two three four five six seven eight NATO"
    (windows,) = cut_windows(tokenizer, [text], size=7, overlap=1)
    spans = [Span(0, 4, "NATO"), Span(len(text) - 4, len(text), "NATO")]
    found = [mark_mentions(window, spans).sum() for window in windows]
    assert found[0] > 0
    assert found[-1] > 0
    assert sum(found[1:-1]) == 0


@given(st.lists(st.integers(1, 500)), st.integers(1, 40), st.integers(1, 4000))
def test_batches_hold_each_window_once(lengths: list[int], batch_size: int, budget: int) -> None:
    batches = list(plan_batches(lengths, batch_size=batch_size, token_budget=budget))
    assert sorted(place for batch in batches for place in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) <= batch_size
        assert len(batch) == 1 or max(lengths[place] for place in batch) * len(batch) <= budget


def test_batch_is_padded_with_zeros(tokenizer: Tokenizer) -> None:
    (short,), (long,) = cut_windows(tokenizer, ["a", "a b c d e f g h i"], size=64, overlap=0)
    marks = [np.ones((2, len(window)), dtype=np.bool_) for window in (short, long)]
    assert make_batch([short, long], marks, multiple=8).input_ids.shape == (2, 16)
    batch = make_batch([short, long], marks, pad_id=0)
    assert batch.input_ids.shape == (2, 11)
    assert batch.mentions.shape == (2, 2, 11)
    assert batch.attention_mask.sum(1).tolist() == [len(short), len(long)]
    assert batch.mentions[0].sum() == 2 * len(short)
    assert batch.input_ids[0, len(short) :].sum() == 0
