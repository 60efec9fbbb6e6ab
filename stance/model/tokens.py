"""From texts to batches of token windows: nothing is cut off, little is padded."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from stance.errors import ModelError
from stance.schema import Span

__all__ = [
    "Batch",
    "Window",
    "cut_windows",
    "find_mask",
    "make_batch",
    "mark_mentions",
    "open_tokenizer",
    "plan_batches",
]

_SURROGATE = re.compile("[\ud800-\udfff]")
"""Halves of characters: no UTF-8 can hold them, so the tokenizer refuses them."""
_SPECIAL = 2
"""Special tokens of a window: one at each end."""
_start, _end = attrgetter("start"), attrgetter("end")


@dataclass(frozen=True, slots=True)
class Window:
    """A run of tokens that the encoder reads at once.

    Attributes:
        ids: Token ids, special tokens included.
        starts: For each token its first code point in the text; -1 for special tokens.
        ends: For each token the code point after its last; -1 for special tokens.
    """

    ids: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Batch:
    """What the network reads at once.

    Attributes:
        input_ids: Token ids, shape (windows, length).
        attention_mask: 1 for tokens, 0 for padding, shape (windows, length).
        mentions: 1.0 where a token belongs to a mention of a target, shape (windows, targets, length).
    """

    input_ids: npt.NDArray[np.int64]
    attention_mask: npt.NDArray[np.int64]
    mentions: npt.NDArray[np.float32]


def open_tokenizer(path: Path, sha256: str) -> Tokenizer:
    """Read a tokenizer, for texts of any length.

    Args:
        path: The file.
        sha256: Its hash, as it was when the model was verified.

    Returns:
        The tokenizer, without truncation and padding.

    Raises:
        ModelError: If it is no tokenizer, frames no text in two tokens, or was replaced since.
    """
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ModelError(f"{path.parent}: the model was replaced while it was loaded. Load it again.")
    with _telling(f"{path}: cannot be read as a tokenizer"):
        tokenizer = Tokenizer.from_buffer(data)
        tokenizer.no_truncation()
        tokenizer.no_padding()
        frame = len(tokenizer.encode("").ids)
    if frame != _SPECIAL:
        raise ModelError(f"{path}: expected a tokenizer that frames texts in two tokens.")
    return tokenizer


@contextmanager
def _telling(what: str) -> Iterator[None]:
    """Make an error of ours of those of the tokenizer, which is written in Rust."""
    try:
        yield
    except BaseException as error:  # it raises bare Exception, or panics, which is none
        if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError | OSError):
            raise
        raise ModelError(f"{what}: {error}") from error


def cut_windows(tokenizer: Tokenizer, texts: Sequence[str], *, size: int, overlap: int) -> list[list[Window]]:
    """Tokenise texts and cut each into windows that overlap.

    Args:
        tokenizer: A tokenizer without truncation and padding that frames a text in one special token on each side.
        texts: The texts.
        size: Most tokens a window may have, the two special ones included.
        overlap: How many tokens a window shares with the one before.

    Returns:
        For each text at least one window; every token of the text is in one of them.

    Raises:
        ModelError: If the tokenizer fails on a text: it has no token for what it does not know, say.
    """
    with _telling("The model's tokenizer fails on a text"):
        encodings = tokenizer.encode_batch([_SURROGATE.sub("\ufffd", text) for text in texts])
    return [_windows(encoding.ids, encoding.offsets, size=size, overlap=overlap) for encoding in encodings]


def _windows(ids: list[int], offsets: list[tuple[int, int]], *, size: int, overlap: int) -> list[Window]:
    first, last = ids[0], ids[-1]
    inner = np.asarray(ids[1:-1], dtype=np.int64)
    spans = np.asarray(offsets[1:-1], dtype=np.int64).reshape(-1, 2)
    room = size - 2
    stops = [min(start + room, len(inner)) for start in range(0, max(len(inner) - overlap, 1), room - overlap)]
    windows = []
    for number, stop in enumerate(stops):
        piece = slice(number * (room - overlap), stop)
        windows.append(
            Window(
                ids=np.concatenate(([first], inner[piece], [last])),
                starts=np.concatenate(([-1], spans[piece, 0], [-1])),
                ends=np.concatenate(([-1], spans[piece, 1], [-1])),
            )
        )
    return windows


def mark_mentions(window: Window, mentions: Sequence[Span]) -> npt.NDArray[np.bool_]:
    """Tell which tokens of a window belong to a mention.

    Args:
        window: The window.
        mentions: Spans in the text that the window was cut from, in order and without overlap.

    Returns:
        One truth value a token, shape (length,).
    """
    marked = np.zeros(len(window), dtype=np.bool_)
    if len(window) <= _SPECIAL:
        return marked
    low = bisect_right(mentions, window.starts[1], key=_end)
    high = bisect_left(mentions, window.ends[-2], key=_start)
    for span in mentions[low:high]:
        marked |= (window.starts < span.end) & (window.ends > span.start)
    return marked


def plan_batches(lengths: Sequence[int], *, batch_size: int, token_budget: int) -> Iterator[list[int]]:
    """Group windows of like length, so that padding wastes little.

    Args:
        lengths: Number of tokens of each window.
        batch_size: Most windows in a batch.
        token_budget: Most tokens in a batch, padding included; a single window may exceed it.

    Yields:
        Positions in `lengths`, each in exactly one batch.
    """
    batch: list[int] = []
    for position in sorted(range(len(lengths)), key=lambda item: (-lengths[item], item)):
        longest = lengths[batch[0]] if batch else lengths[position]
        if batch and (len(batch) >= batch_size or longest * (len(batch) + 1) > token_budget):
            yield batch
            batch = []
        batch.append(position)
    if batch:
        yield batch


def make_batch(
    windows: Sequence[Window], marks: Sequence[npt.NDArray[np.bool_]], *, pad_id: int = 0, multiple: int = 1
) -> Batch:
    """Pad windows to one length.

    Args:
        windows: The windows.
        marks: For each window which tokens are mentions of which target, shape (targets, length).
        pad_id: Token id of padding.
        multiple: What the length is rounded up to a multiple of.

    Returns:
        The batch.
    """
    length = -(-max(map(len, windows)) // multiple) * multiple
    targets = marks[0].shape[0]
    input_ids = np.full((len(windows), length), pad_id, dtype=np.int64)
    attention_mask = np.zeros((len(windows), length), dtype=np.int64)
    mentions = np.zeros((len(windows), targets, length), dtype=np.float32)
    for row, (window, mark) in enumerate(zip(windows, marks, strict=True)):
        input_ids[row, : len(window)] = window.ids
        attention_mask[row, : len(window)] = 1
        mentions[row, :, : len(window)] = mark
    return Batch(input_ids, attention_mask, mentions)


def find_mask(tokenizer: Tokenizer, otherwise: int) -> int:
    """Give the token that stands for none: the mask, or what stands for unknown words.

    Args:
        tokenizer: The tokenizer.
        otherwise: What to give where it has neither.
    """
    found = (tokenizer.token_to_id(name) for name in ("[MASK]", "<mask>", "[UNK]", "<unk>"))
    return next((number for number in found if number is not None), otherwise)
