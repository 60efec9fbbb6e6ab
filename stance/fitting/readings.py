"""What the network reads of an example: tokens, mentions, descriptions, and what it should say."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from torch import Tensor

from stance.errors import InputError
from stance.fitting.config import Loss, NetworkChoice
from stance.fitting.examples import Example, Judgement
from stance.model.tokens import Window, cut_windows, find_mask, make_batch, mark_mentions
from stance.schema import LABELS, Span
from stance.targets import find_mentions
from stance.text.repair import repair

__all__ = ["Batch", "ClassWeights", "Collator", "Reading", "leave_out_long", "prepare"]

_POWERS = {"none": 0.0, "sqrt": 0.5, "balanced": 1.0}
_FEW = 50
"""Targets with fewer rows share one set of class weights."""
_BLANK = ""
"""The description of a target of which nothing is said."""
_MULTIPLE = 8
"""Lengths of batches are multiples of this, which GPUs multiply fastest in 16 bits (NVIDIA, "Matrix Multiplication
Background": docs.nvidia.com/deeplearning/performance/dl-performance-matrix-multiplication)."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the network reads of an example: one window, and one row a target.

    Attributes:
        window: The text's tokens.
        marks: Which tokens are mentions of which target, shape (targets, length).
        descriptions: Each target's description.
        names: Each target's name.
        wanted: Share of each label, shape (targets, labels); each row sums to 1.
        any_of: Whether any of the labels with a share will do, shape (targets,); else the shares are a distribution.
        gold: Which labels count as right, shape (targets, labels).
        weight: What the loss is multiplied by, shape (targets,).
        example: Number of the example; several readings share one in pair encoding.
        segments: Segment of each token, in pair encoding; else empty.
    """

    window: Window
    marks: npt.NDArray[np.bool_]
    descriptions: tuple[str, ...]
    names: tuple[str, ...]
    wanted: npt.NDArray[np.float32]
    any_of: npt.NDArray[np.bool_]
    gold: npt.NDArray[np.bool_]
    weight: npt.NDArray[np.float32]
    example: int
    segments: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """Readings as tensors, padded.

    Attributes:
        input_ids: Shape (batch, length).
        attention_mask: 1 for tokens, 0 for padding, shape (batch, length).
        mentions: Shape (batch, targets, length).
        described_ids: Tokens of each different description, shape (descriptions, length).
        described_mask: The same of their padding.
        target: Number of each target's description, shape (batch, targets).
        wanted: Shape (batch, targets, labels).
        any_of: Shape (batch, targets).
        weight: 0 for targets that only pad, shape (batch, targets).
        segments: Segment of each token, shape (batch, length).
    """

    input_ids: Tensor
    attention_mask: Tensor
    mentions: Tensor
    described_ids: Tensor
    described_mask: Tensor
    target: Tensor
    wanted: Tensor
    any_of: Tensor
    weight: Tensor
    segments: Tensor

    def to(self, device: torch.device) -> Batch:
        """Move everything to a device."""
        moved = {item.name: getattr(self, item.name).to(device) for item in dataclasses.fields(self)}
        return Batch(**moved)


def prepare(
    examples: Sequence[Example],
    tokenizer: Tokenizer,
    *,
    network: NetworkChoice,
    loss: Loss | None = None,
    class_weights: ClassWeights | None = None,
    instead: Sequence[Example] | None = None,
) -> list[Reading]:
    """Tokenise examples, mark the mentions, and say what is wanted.

    Args:
        examples: The examples.
        tokenizer: The encoder's tokenizer, without truncation and padding.
        network: How texts are read.
        loss: What is wanted beside the gold label; None means nothing.
        class_weights: Weight of each label; None weighs all alike.
        instead: Example for example, what is taken where one is too long: the texts before they were varied.

    Returns:
        A reading an example, or in pair encoding one for each of its targets.

    Raises:
        InputError: If a text is longer than a window: it has one label, so no part of it may be learned alone.
    """
    texts, spans = [], []
    for example in examples:
        text, places = _place_mentions(example)
        texts.append(text)
        spans.append(places)
    windows = cut_windows(tokenizer, texts, size=network.window, overlap=0)
    if instead is not None and any(len(own) > 1 for own in windows):
        pairs = zip(examples, instead, windows, strict=True)
        fitting = [example if len(own) == 1 else other for example, other, own in pairs]
        return prepare(fitting, tokenizer, network=network, loss=loss, class_weights=class_weights)
    _check_descriptions(examples, tokenizer, network.window)
    readings: list[Reading] = []
    for number, (example, own) in enumerate(zip(examples, windows, strict=True)):
        if len(own) > 1:
            raise InputError(
                f"Text {example.id!r} has more than the {network.window} tokens of a window. "
                "Raise 'network.window' or split it."
            )
        marks = np.stack([mark_mentions(own[0], places) for places in spans[number]])
        wanted = [_wanted(judgement, loss or Loss()) for judgement in example.judgements]
        reading = Reading(
            window=own[0],
            marks=marks,
            descriptions=tuple(judgement.target.description for judgement in example.judgements),
            names=tuple(judgement.target.name for judgement in example.judgements),
            wanted=np.stack(wanted),
            any_of=np.array([len(judgement.gold) > 1 for judgement in example.judgements]),
            gold=np.array([[label in judgement.gold for label in LABELS] for judgement in example.judgements]),
            weight=np.array(
                [class_weights.weigh(example, item) if class_weights else 1.0 for item in example.judgements],
                dtype=np.float32,
            ),
            example=number,
        )
        if network.blind:
            readings.append(_blinded(reading, tokenizer))
        elif network.kind == "pair":
            readings += _paired(reading, tokenizer, texts[number])
        else:
            readings.append(reading)
    return readings


def leave_out_long(examples: Sequence[Example], tokenizer: Tokenizer, window: int) -> list[Example]:
    """Keep the examples whose text fits into a window of so many tokens."""
    texts = [_place_mentions(example)[0] for example in examples]
    windows = cut_windows(tokenizer, texts, size=window, overlap=0)
    return [example for example, own in zip(examples, windows, strict=True) if len(own) == 1]


def _place_mentions(example: Example) -> tuple[str, list[tuple[Span, ...]]]:
    """Give the text as it is read, and where each target stands in it."""
    repaired = repair(example.text, hashtags=True)
    places = []
    for judgement in example.judgements:
        if judgement.spans is None:
            places.append(find_mentions(repaired.text, judgement.target))
        else:
            places.append(tuple(repaired.locate(span.start, span.end) for span in judgement.spans))
    return repaired.text, places


def _wanted(judgement: Judgement, loss: Loss) -> npt.NDArray[np.float32]:
    """Give the share of each label that the network should learn."""
    shares = np.zeros(len(LABELS), dtype=np.float32)
    for label in judgement.gold:
        shares[LABELS.index(label)] = 1 / len(judgement.gold)
    if len(judgement.gold) > 1:
        return shares
    runners = [LABELS.index(label) for label in judgement.doubt if label not in judgement.gold]
    if runners and loss.doubt:
        shares *= 1 - loss.doubt
        for runner in runners:
            shares[runner] += loss.doubt / len(runners)
    if judgement.soft is not None and loss.soft:
        soft = np.array([judgement.soft[label] for label in LABELS], dtype=np.float32)
        shares = (1 - loss.soft) * shares + loss.soft * soft
    result: npt.NDArray[np.float32] = (1 - loss.smoothing) * shares + loss.smoothing / len(LABELS)
    return result.astype(np.float32)


def _blinded(reading: Reading, tokenizer: Tokenizer) -> Reading:
    """Mask every target's mentions, and say nothing of the target."""
    ids = np.where(reading.marks.any(axis=0), find_mask(tokenizer, otherwise=0), reading.window.ids)
    window = Window(ids, reading.window.starts, reading.window.ends)
    blank = (_BLANK,) * len(reading.names)
    return dataclasses.replace(reading, window=window, marks=np.zeros_like(reading.marks), descriptions=blank)


def _paired(reading: Reading, tokenizer: Tokenizer, text: str) -> list[Reading]:
    """Put each target's description behind the text, as the encoder was taught to read pairs."""
    readings = []
    for row, description in enumerate(reading.descriptions):
        pair = tokenizer.encode(text, description)
        beyond = len(pair.ids) - len(reading.window.ids)
        starts, ends = (_padded(values, beyond, -1) for values in (reading.window.starts, reading.window.ends))
        one = slice(row, row + 1)
        part = dataclasses.replace(
            reading,
            window=Window(np.asarray(pair.ids, dtype=np.int64), starts, ends),
            marks=np.pad(reading.marks[one], ((0, 0), (0, beyond))),
            descriptions=(_BLANK,),
            names=reading.names[one],
            wanted=reading.wanted[one],
            any_of=reading.any_of[one],
            gold=reading.gold[one],
            weight=reading.weight[one],
            segments=tuple(pair.type_ids),
        )
        readings.append(part)
    return readings


def _check_descriptions(examples: Sequence[Example], tokenizer: Tokenizer, window: int) -> None:
    """Refuse a target whose description no window holds."""
    described = ((item.target.name, item.target.description) for each in examples for item in each.judgements)
    for name, text in dict.fromkeys(described):
        if len(text) > window and len(tokenizer.encode(text).ids) > window:
            raise InputError(f"The description of target {name[:60]!r} has more than {window} tokens. Shorten it.")


def _padded(values: npt.NDArray[np.int64], count: int, value: int) -> npt.NDArray[np.int64]:
    return np.pad(values, (0, count), constant_values=value)


class ClassWeights:
    """Weights of rows and labels, 1 on average: rare labels count for more, inverse frequency to a power, per target.

    Args:
        examples: What the frequencies are counted in.
        kind: ``"none"``, ``"sqrt"`` or ``"balanced"``: the power 0, 1/2 or 1.
    """

    def __init__(self, examples: Sequence[Example], kind: str) -> None:
        counts: dict[str, npt.NDArray[np.float64]] = {}
        for example in examples:
            for judgement in example.judgements:
                row = counts.setdefault(judgement.target.name, np.zeros(len(LABELS)))
                for label in judgement.gold:
                    row[LABELS.index(label)] += 1 / len(judgement.gold)
        power = _POWERS[kind]
        small = [row for row in counts.values() if row.sum() < _FEW]
        self._others = _inverse(np.sum(small, axis=0) if small else np.zeros(len(LABELS)), power)
        self._known = {name: _inverse(row, power) for name, row in counts.items() if row.sum() >= _FEW}
        self._mean = 1.0
        weights = [self.weigh(example, judgement) for example in examples for judgement in example.judgements]
        self._mean = float(np.mean(weights)) if weights else 1.0

    def weigh(self, example: Example, judgement: Judgement) -> float:
        """Give what the loss of a judgement is multiplied by: 1 on average over the examples."""
        known = self.of(judgement.target.name)
        return float(example.weight * known[[LABELS.index(label) for label in judgement.gold]].mean() / self._mean)

    def of(self, target: str) -> npt.NDArray[np.float32]:
        """Give the weights toward a target, shape (labels,); targets with few rows share theirs."""
        return self._known.get(target, self._others)


def _inverse(counts: npt.NDArray[np.float64], power: float) -> npt.NDArray[np.float32]:
    there = np.maximum((counts > 0).sum(), 1)
    weights: npt.NDArray[np.float64] = np.maximum(counts.sum(), 1) / there / np.maximum(counts, 1)
    weights[counts == 0] = 1  # only augmentation can bring such a label
    return (weights**power).astype(np.float32)


class Collator:
    """Makes batches of readings; tokenises each description once.

    Args:
        tokenizer: The encoder's tokenizer, without truncation and padding.
        pad_id: Token id of padding.
    """

    def __init__(self, tokenizer: Tokenizer, *, pad_id: int = 0) -> None:
        self._tokenizer = tokenizer
        self._pad_id = pad_id
        self._known: dict[str, list[int]] = {}

    def __call__(self, readings: Sequence[Reading]) -> Batch:
        """Pad readings to one length and one number of targets."""
        most = max(len(reading.names) for reading in readings)
        marks = [np.pad(item.marks, ((0, most - len(item.names)), (0, 0))) for item in readings]
        texts = make_batch([reading.window for reading in readings], marks, pad_id=self._pad_id, multiple=_MULTIPLE)
        descriptions = list(dict.fromkeys(text for reading in readings for text in reading.descriptions))
        numbers = {description: number for number, description in enumerate(descriptions)}
        target = np.zeros((len(readings), most), dtype=np.int64)
        wanted = np.full((len(readings), most, len(LABELS)), 1 / len(LABELS), dtype=np.float32)
        any_of = np.zeros((len(readings), most), dtype=np.bool_)
        weight = np.zeros((len(readings), most), dtype=np.float32)
        for row, reading in enumerate(readings):
            own = slice(len(reading.names))
            target[row, own] = [numbers[text] for text in reading.descriptions]
            wanted[row, own], any_of[row, own], weight[row, own] = reading.wanted, reading.any_of, reading.weight
        segments = torch.zeros_like(torch.from_numpy(texts.input_ids))
        for row, reading in enumerate(readings):
            segments[row, : len(reading.segments)] = torch.tensor(reading.segments, dtype=torch.long)
        ids, mask = self._described(descriptions)
        return Batch(
            torch.from_numpy(texts.input_ids), torch.from_numpy(texts.attention_mask), torch.from_numpy(texts.mentions),
            ids, mask, torch.from_numpy(target), torch.from_numpy(wanted), torch.from_numpy(any_of),
            torch.from_numpy(weight),
            segments,
        )  # fmt: skip

    def _described(self, descriptions: Sequence[str]) -> tuple[Tensor, Tensor]:
        for text in descriptions:
            if text not in self._known:
                self._known[text] = self._tokenizer.encode(text).ids
        longest = max(len(self._known[text]) for text in descriptions)
        ids = torch.full((len(descriptions), longest), self._pad_id)
        mask = torch.zeros((len(descriptions), longest), dtype=torch.long)
        for row, text in enumerate(descriptions):
            ids[row, : len(self._known[text])] = torch.tensor(self._known[text])
            mask[row, : len(self._known[text])] = 1
        return ids, mask
