"""Zero-shot entailment: a model of natural language inference says which hypothesis about the target a text entails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.errors import MissingExtraError, SkippedError
from stance.evaluation.benchmark.systems import Advance, Answers, spoken_name
from stance.evaluation.benchmark.tasks import Item, Task
from stance.fitting.entry import require_extra
from stance.model.store import hash_file, list_weights
from stance.schema import LABELS, Label

__all__ = ["HYPOTHESES", "Entailment"]

HYPOTHESES: Mapping[Label, str] = {
    "favor": "The author of this text is in favor of {}.",
    "against": "The author of this text is against {}.",
    "neutral": "The author of this text mentions {} without taking sides.",
    "absent": "This text does not mention {}.",
}
"""What a text is asked to entail, for each label."""
_BATCH = 16
_OVERLAP = 64
_SHOWN = 200
"""Characters of an error of other packages that are told."""


class Entailment:
    """A model for natural language inference, asked for each label of the set; nothing is fitted.

    Long texts are read in windows that overlap; the hypotheses' scores are averaged over them. A model of the hub is
    taken from its cache, or fetched, since the user names it; weights have to be safetensors, and no code of the model
    is run.

    Args:
        model: Hub id or folder.

    Source: Yin et al. 2019, "Benchmarking Zero-shot Text Classification"; Burnham 2024, "Stance Detection: A Practical
    Guide", for entailment as the way to stance without training.
    """

    def __init__(self, model: str) -> None:
        self.model = model
        self.name = f"nli:{model}"
        self._loaded: tuple[Any, Any] | None = None
        self._lacking = ""

    def identity(self) -> Mapping[str, Any]:
        """Give what determines the answers: revision or hash, hypotheses, version of transformers."""
        _, network = self._load()
        folder = Path(self.model)
        weights = {name: hash_file(folder / name) for name in list_weights(folder)} if folder.is_dir() else {}
        return {
            "system": "nli",
            "model": self.model,
            "revision": getattr(network.config, "_commit_hash", None),
            "sha256": weights,
            "hypotheses": dict(HYPOTHESES),
            "transformers": metadata.version("transformers"),
        }

    def predict(self, task: Task, advance: Advance) -> Answers:
        """Answer with the label whose hypothesis is entailed most."""
        asked = [label for label in LABELS if any(label in group for group in task.definition.groups)]
        shares = np.zeros((len(task.items), len(LABELS)))
        for start in range(0, len(task.items), _BATCH):
            items = task.items[start : start + _BATCH]
            shares[start : start + len(items), [LABELS.index(label) for label in asked]] = self._shares(items, asked)
            advance(len(items) / len(task.items))
        return Answers(
            tuple(LABELS[int(place)] for place in shares.argmax(-1)), shares, learned="entailment (zero-shot)"
        )

    def _shares(self, items: Sequence[Item], asked: Sequence[Label]) -> npt.NDArray[np.float64]:
        """Give each label's share of the entailment, shape (items, labels asked for); rows sum to 1."""
        import torch

        tokenizer, network = self._load()
        texts = [item.text for item in items for _ in asked]
        claims = [HYPOTHESES[label].format(spoken_name(item)) for item in items for label in asked]
        longest = min(int(getattr(network.config, "max_position_embeddings", 512)), tokenizer.model_max_length, 512)
        batch = tokenizer(
            texts,
            claims,
            truncation="only_first",
            max_length=longest - 2,  # RoBERTa keeps two positions for itself
            stride=min(_OVERLAP, longest // 8),
            return_overflowing_tokens=True,
            padding=True,
            return_tensors="pt",
        )
        owner = batch.pop("overflow_to_sample_mapping").numpy()
        network.eval()
        with torch.inference_mode():
            parts = [
                network(**{name: values[at : at + 4 * _BATCH] for name, values in batch.items()}).logits.float()
                for at in range(0, len(owner), 4 * _BATCH)
            ]
        entailed = torch.cat(parts)[:, _entailment(network.config)].numpy().astype(np.float64)
        scores = np.bincount(owner, weights=entailed) / np.bincount(owner)
        table = scores.reshape(len(items), len(asked))
        table = np.exp(table - table.max(-1, keepdims=True))
        shares: npt.NDArray[np.float64] = table / table.sum(-1, keepdims=True)
        return shares

    def _load(self) -> tuple[Any, Any]:
        if self._lacking:  # asked for once: the hub's client tries for half a minute
            raise SkippedError(self._lacking)
        if self._loaded is None:
            try:
                require_extra()
                self._loaded = self._fetch()
            except (MissingExtraError, SkippedError) as error:
                self._lacking = str(error)
                raise SkippedError(self._lacking) from error
            _entailment(self._loaded[1].config)
        return self._loaded

    def _fetch(self) -> tuple[Any, Any]:
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        from stance.fitting.encoders import quiet_loading

        reason: Exception | None = None
        for local in (True, False):  # what is in the cache needs no network
            try:
                with quiet_loading():
                    network = AutoModelForSequenceClassification.from_pretrained(
                        self.model, use_safetensors=True, local_files_only=local
                    )
                return AutoTokenizer.from_pretrained(self.model, local_files_only=local), network
            except Exception as error:  # transformers and the hub's client raise errors of many packages
                reason = error
                if Path(self.model).exists():
                    break
        words = " ".join(str(reason).split())
        told = words if len(words) <= _SHOWN else f"{words[: _SHOWN - 1]}…"
        raise SkippedError(f"the model {self.model!r} cannot be had ({type(reason).__name__}: {told})") from reason


def _entailment(config: Any) -> int:  # noqa: ANN401 - of transformers
    """Find the output that means entailment."""
    named = [int(place) for place, name in config.id2label.items() if str(name).lower().startswith("entail")]
    if len(named) != 1:
        labels = ", ".join(map(str, config.id2label.values()))
        raise SkippedError(f"{config.name_or_path!r} is no entailment model: its labels are {labels}")
    return named[0]
