"""A loaded model: texts in, calibrated label probabilities per target out."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from importlib import util
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from stance.cores import usable_cores
from stance.errors import InputError, MissingExtraError, ModelError
from stance.model.backends import open_model
from stance.model.calibration import Calibration, check_risk, pool_windows, softmax
from stance.model.runtime import OnnxNetwork
from stance.model.store import CONFIG_FILE, TOKENIZER_FILE, find_model
from stance.model.tokens import (
    Batch,
    Window,
    cut_windows,
    find_mask,
    make_batch,
    mark_mentions,
    open_tokenizer,
    plan_batches,
)
from stance.schema import LABELS, Label, Prediction, Span, Stance
from stance.targets import Target, find_mentions
from stance.text.repair import Repaired, repair

__all__ = ["Classifier"]

_DESCRIPTIONS = 32
"""Most descriptions of targets that are encoded at once."""

_KEPT = 1024
"""Most encoded descriptions that are kept beside the model's own: whoever serves it is asked for any names."""

Mentions = Sequence[Sequence[Sequence[Span] | None]]
"""For each text and each target where it is mentioned; None where its names tell that."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """A text as the network reads it."""

    repaired: Repaired
    mentions: tuple[tuple[Span, ...], ...]
    windows: list[Window]


class Classifier:
    """A model, loaded once, that judges texts; safe to use from several threads.

    Args:
        model: Name of a released model, or the path of a model folder; None means the default model.
        device: ``"cpu"`` (None means the same), ``"cuda"`` or ``"cuda:N"``; ``"torch:cpu"`` and the like for torch
            (see `stance.model.backends.open_network`).
        allow_unsigned: Whether files without a hash in ``hashes.json`` may be used: for a model of one's own.

    Raises:
        ModelError: If the model is missing, incomplete, altered, or reads what does not belong to it.
        InputError: If the device is not to be had.
    """

    def __init__(
        self, model: str | Path | None = None, *, device: str | None = None, allow_unsigned: bool = False
    ) -> None:
        self.folder = find_model(model)
        self.config, self._network, self.hashes = open_model(
            self.folder, device=device, cores=usable_cores(), allow_unsigned=allow_unsigned
        )
        self.calibration = Calibration.from_dict(self.config.calibration) if self.config.calibration else None
        self._calibrations = _by_target(self.calibration)
        self.targets = self._own_targets()
        self._tokenizer = open_tokenizer(self.folder / TOKENIZER_FILE, self.hashes[TOKENIZER_FILE])
        self._order = [self.config.labels.index(label) for label in LABELS]
        self._queries = self._stored_queries()
        self._stored = len(self._queries)
        self._lock = threading.Lock()

    @property
    def library(self) -> dict[str, str]:
        """What runs the network: the library's name and its version."""
        return self._network.library

    def _own_targets(self) -> tuple[Target, ...]:
        """Give the targets that the model was trained on: as its config defines them, or built in."""
        try:
            return tuple(
                Target(entry["name"], tuple(entry["aliases"]), entry["description"], tuple(entry["exclude"]))
                for entry in self.config.target_definitions
            )
        except (KeyError, TypeError, InputError) as error:
            raise ModelError(
                f"{self.folder / CONFIG_FILE}: the targets cannot be read ({error}). Install or train the model again."
            ) from error

    def _stored_queries(self) -> dict[str, npt.NDArray[np.float32]]:
        """Give the queries that the config holds, by description."""
        found = {}
        for description, stored in self.config.queries.items():
            try:
                query = np.frombuffer(base64.b64decode(stored, validate=True), dtype="<f4")
            except (TypeError, ValueError) as error:
                raise ModelError(
                    f"{self.folder / CONFIG_FILE}: query of {description[:40]!r}: cannot be read ({error}). "
                    "Install or train the model again."
                ) from error
            if query.shape != (self._network.hidden,) or not np.isfinite(query).all():
                raise ModelError(
                    f"{self.folder / CONFIG_FILE}: query of {description[:40]!r}: expected {self._network.hidden} "
                    f"finite numbers, found {len(query)}. Install or train the model again."
                )
            found[description] = query
        return found

    def encode_targets(self, targets: Sequence[Target]) -> dict[str, str]:
        """Encode targets' descriptions as `stance.model.store.ModelConfig.queries` holds them.

        Args:
            targets: The targets.

        Returns:
            Description -> query, little-endian float32 in base64.
        """
        if not targets:
            return {}
        encoded = [base64.b64encode(row.astype("<f4").tobytes()).decode() for row in self._encode_targets(targets)]
        return {target.description: text for target, text in zip(targets, encoded, strict=True)}

    def predict(
        self,
        texts: Sequence[str],
        targets: Sequence[Target],
        *,
        mentions: Mentions | None = None,
        batch_size: int = 32,
        progress: Callable[[float], None] | None = None,
        abstain_risk: float | None = None,
    ) -> list[Prediction]:
        """Judge texts.

        Args:
            texts: The texts, of any length.
            targets: The targets; the stance toward one does not depend on the others.
            mentions: For each text and each target where the text mentions it, in code points of the text, in order and
                without overlap; None, for all or for one target of a text, finds the target by its names.
            batch_size: Most windows in a batch.
            progress: Called after each batch with its share of the texts; the shares add up to ``len(texts)``.
            abstain_risk: Share of items whose `Stance.labels` may lack the true label, in (0, 1); None leaves them
                empty.

        Returns:
            One prediction a text, in order.

        Raises:
            InputError: If the batch size is below 1, the risk outside (0, 1), a target's description longer than a
                window, or the mentions are not one entry a text and target, within the text.
            ModelError: If a risk is named and the model has no label sets.
        """
        if batch_size < 1:
            raise InputError(f"batch_size has to be a whole number from 1 on, found {batch_size}.")
        self.check_abstention(abstain_risk)
        _check_mentions(mentions, texts, targets)
        if not texts:
            return []
        readings = self._read(texts, targets, mentions)
        queries = self._encode_targets(targets)
        scores = self._score(readings, queries, batch_size=batch_size, progress=progress)
        results, at = [], 0
        for text, reading in zip(texts, readings, strict=True):
            own = scores[at : at + len(reading.windows)]
            at += len(reading.windows)
            results.append(self._prediction(text, reading, targets, own, abstain_risk))
        return results

    def attribute_tokens(self, text: str, target: Target, label: Label) -> list[tuple[Span, float]]:
        """Tell what each token adds to a label's probability, by gradients (`stance.model.gradients`).

        Args:
            text: The text.
            target: The target.
            label: The label, whether it is the likeliest or not.

        Returns:
            The tokens in order, as stretches of the text, and what each adds. In one window they sum to the
            probability less that of a text of masks, within 0.02; where a text has several, each window stands
            for itself, and what two share has the mean.

        Raises:
            InputError: If the model was not loaded with a device of torch, or the description is too long.
            MissingExtraError: If captum is not installed.
            ModelError: If the model was made before there were calibrations.
        """
        if isinstance(self._network, OnnxNetwork):
            raise InputError("Attribution by gradients runs in torch: load the model with device='torch:cpu'.")
        if self.calibration is None:
            raise ModelError(f"Model {self.config.name!r} has no calibration. Train it with this version of stance.")
        if not util.find_spec("captum"):
            raise MissingExtraError("Attribution by gradients", "explain")
        from stance.model.gradients import integrate_gradients, label_probability

        (reading,) = self._read([text], [target], None)
        query = self._encode_targets([target])
        calibration = self._calibrations.get(target.name, self._calibrations[""])
        probability = label_probability(calibration, label, self._order)
        mask_id = find_mask(self._tokenizer, self.config.pad_id)
        found: dict[tuple[int, int], list[float]] = {}
        for window in reading.windows:
            batch = make_batch([window], [mark_mentions(window, reading.mentions[0])[None]], pad_id=self.config.pad_id)
            added = integrate_gradients(self._network.network, batch, query, probability, mask_id=mask_id)
            own: dict[tuple[int, int], float] = {}  # tokens that are bytes of one letter share its place
            for start, end, weight in zip(window.starts[1:-1], window.ends[1:-1], added[1:], strict=False):
                own[int(start), int(end)] = own.get((int(start), int(end)), 0.0) + float(weight)
            for span, weight in own.items():
                found.setdefault(span, []).append(weight)
        return [
            (reading.repaired.origin(start, end), sum(each) / len(each)) for (start, end), each in sorted(found.items())
        ]

    def check_abstention(self, risk: float | None) -> None:
        """Make sure that the model can give label sets at a risk.

        Args:
            risk: Share of items whose set may lack the true label, in (0, 1); None asks for no sets.

        Raises:
            InputError: If the risk is outside (0, 1).
            ModelError: If the model was made before there were label sets.
        """
        if risk is None:
            return
        check_risk(risk)
        if self.calibration is None or not self.calibration.items:
            raise ModelError(
                f"Model {self.config.name!r} cannot abstain: its {CONFIG_FILE} has no calibration with nonconformity "
                "scores. Train it again with this version of stance, or leave out the risk."
            )

    def _read(self, texts: Sequence[str], targets: Sequence[Target], mentions: Mentions | None) -> list[_Reading]:
        repaired = [repair(text, hashtags=True) for text in texts]
        windows = cut_windows(
            self._tokenizer,
            [item.text for item in repaired],
            size=self.config.window,
            overlap=self.config.overlap,
        )
        by_name: Mentions = mentions or [(None,) * len(targets)] * len(texts)
        return [
            _Reading(item, tuple(_place_mentions(item, *each) for each in zip(targets, given, strict=True)), own)
            for item, own, given in zip(repaired, windows, by_name, strict=True)
        ]

    def _score(
        self,
        readings: Sequence[_Reading],
        queries: npt.NDArray[np.float32],
        *,
        batch_size: int,
        progress: Callable[[float], None] | None,
    ) -> npt.NDArray[np.float32]:
        """Score every window, shape (windows, targets, labels)."""
        windows = [(reading, window) for reading in readings for window in reading.windows]
        scores = np.zeros((len(windows), len(queries), len(LABELS)), dtype=np.float32)
        lengths = [len(window) for _, window in windows]
        plan = list(plan_batches(lengths, batch_size=batch_size, token_budget=self._network.token_budget))

        def make(places: Sequence[int]) -> Batch:
            chosen = [windows[place] for place in places]
            marks = [
                np.stack([mark_mentions(window, spans) for spans in reading.mentions]) for reading, window in chosen
            ]
            return make_batch([window for _, window in chosen], marks, pad_id=self.config.pad_id)

        outputs = self._network.run_all([partial(make, places) for places in plan], queries)
        with closing(outputs):  # if `progress` raises, batches that were not begun are left
            for places, output in zip(plan, outputs, strict=True):
                scores[places] = output.scores[..., self._order]
                if progress:
                    progress(len(readings) * len(places) / len(windows))
        return scores

    def _encode_targets(self, targets: Sequence[Target]) -> npt.NDArray[np.float32]:
        """Encode targets' descriptions, each once and new ones together: shape (targets, hidden)."""
        with self._lock:
            asked = {target.description for target in targets}
            known = {text: self._queries[text] for text in asked if text in self._queries}
        new = list({target.description: target for target in targets if target.description not in known}.values())
        cut = cut_windows(self._tokenizer, [target.description for target in new], size=self.config.window, overlap=0)
        for target, windows in zip(new, cut, strict=True):
            if len(windows) > 1:
                raise InputError(
                    f"The description of target {target.name!r} has more than {self.config.window - 2} tokens. "
                    "Shorten it."
                )
        lengths = [len(windows[0]) for windows in cut]
        nothing = np.zeros((1, self._network.hidden), dtype=np.float32)
        for places in plan_batches(lengths, batch_size=_DESCRIPTIONS, token_budget=self._network.token_budget):
            windows = [cut[place][0] for place in places]
            marks = [np.zeros((1, len(window)), dtype=np.bool_) for window in windows]
            pooled = self._network.run(make_batch(windows, marks, pad_id=self.config.pad_id), nothing).pooled
            known |= {new[place].description: pooled[row].copy() for row, place in enumerate(places)}
        self._keep_queries({target.description: known[target.description] for target in new})
        return np.stack([known[target.description] for target in targets])

    def _keep_queries(self, new: dict[str, npt.NDArray[np.float32]]) -> None:
        """Keep encoded queries for the next time, the last `_KEPT` of those that the model does not bring."""
        with self._lock:
            self._queries |= new
            spare = len(self._queries) - self._stored - _KEPT
            for description in list(islice(self._queries, self._stored, self._stored + max(0, spare))):
                del self._queries[description]

    def _prediction(
        self,
        text: str,
        reading: _Reading,
        targets: Sequence[Target],
        scores: npt.NDArray[np.float32],
        risk: float | None,
    ) -> Prediction:
        probabilities = pool_windows(self._probabilities(scores, targets))
        if not reading.repaired.text.strip():  # nothing is left that could be read, so no target is there
            probabilities = np.tile(np.array([float(label == "absent") for label in LABELS]), (len(targets), 1))
        stances = {}
        for number, target in enumerate(targets):
            row: dict[Label, float] = dict(zip(LABELS, probabilities[number].tolist(), strict=True))
            spans = tuple(reading.repaired.origin(span.start, span.end) for span in reading.mentions[number])
            labels = self._label_set(probabilities[number], risk)
            stances[target.name] = Stance(target.name, max(row, key=row.__getitem__), row, spans, labels)
        return Prediction(text, stances, len(reading.windows), self.config.name)

    def _probabilities(self, scores: npt.NDArray[np.float32], targets: Sequence[Target]) -> npt.NDArray[np.float64]:
        """Turn scores into probabilities of the same shape, (windows, targets, labels)."""
        if self.calibration is None:  # a model from before there were two stages
            return softmax(scores, self.config.temperature)
        known = self._calibrations
        own = [known.get(target.name, known[""]).probabilities(scores[:, at]) for at, target in enumerate(targets)]
        return np.stack(own, axis=1)

    def _label_set(self, probabilities: npt.NDArray[np.float64], risk: float | None) -> tuple[Label, ...]:
        """Give the labels of a set, most probable first; empty if no risk is named."""
        if risk is None or self.calibration is None:
            return ()
        inside = self.calibration.label_sets(probabilities, risk)
        order = np.argsort(-probabilities, kind="stable")
        return tuple(LABELS[number] for number in order if inside[number])


def _by_target(calibration: Calibration | None) -> dict[str, Calibration]:
    """Give the calibration of each target that has its own; that of all others under the empty name."""
    return {} if calibration is None else {name: calibration.of(name) for name in ("", *calibration.targets)}


def _check_mentions(mentions: Mentions | None, texts: Sequence[str], targets: Sequence[Target]) -> None:
    if mentions is None:
        return
    if len(mentions) != len(texts) or any(len(own) != len(targets) for own in mentions):
        raise InputError(
            f"mentions has to hold one entry a text and target ({len(texts)} texts, {len(targets)} targets), "
            f"found {len(mentions)} texts with {sorted({len(own) for own in mentions})} targets."
        )
    for number, (text, own) in enumerate(zip(texts, mentions, strict=True)):
        for span in (span for spans in own for span in spans or ()):
            if not 0 <= span.start < span.end <= len(text):
                raise InputError(
                    f"mentions: text {number}: expected offsets within its {len(text)} code points, "
                    f"found {span.start} to {span.end}."
                )


def _place_mentions(repaired: Repaired, target: Target, given: Sequence[Span] | None) -> tuple[Span, ...]:
    """Tell where a repaired text mentions a target: where it is said to, or by its names."""
    if given is None:
        return find_mentions(repaired.text, target)
    places = (repaired.locate(span.start, span.end) for span in given)
    return tuple(place for place in places if place.start < place.end)
