"""SetFit: MiniLM fine-tuned by contrast on a few rows a label, with a logistic regression on top."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from importlib import metadata, util
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.errors import MissingExtraError, ModelError, SkippedError
from stance.evaluation.benchmark.pair import MINILM
from stance.evaluation.benchmark.systems import Advance, Answers, spoken_name
from stance.evaluation.benchmark.tasks import Item, Task
from stance.fitting.entry import require_extra
from stance.model.store import WEIGHTS_FILE, hash_file
from stance.schema import LABELS, Label

__all__ = ["FewShot"]

_ROWS = 64
"""Most train rows of each label."""
_TOKENS = 512
"""Tokens that MiniLM reads; SetFit cuts what is longer, which the answers tell."""
_SEED = 42


class FewShot:
    """SetFit on ``target: text``, from at most 64 train rows a label.

    Tried with setfit 1.2.0.

    Source: Tunstall et al. 2022, "Efficient Few-Shot Learning Without Prompts".
    """

    name = "setfit"

    def identity(self) -> Mapping[str, Any]:
        """Give what determines the answers: encoder, rows, versions."""
        if util.find_spec("setfit") is None:
            raise SkippedError("setfit is not installed: pip install setfit")
        folder = _folder()
        return {
            "system": "setfit",
            "sha256": hash_file(folder / WEIGHTS_FILE),
            "rows": _ROWS,
            "seed": _SEED,
            "versions": {name: metadata.version(name) for name in ("setfit", "torch")},
        }

    def predict(self, task: Task, advance: Advance) -> Answers:
        """Fine-tune on a few rows of train, then answer."""
        from datasets import Dataset
        from setfit import SetFitModel, Trainer, TrainingArguments

        rows = choose_rows(task.require_train(), _ROWS, seed=_SEED)
        labels = sorted({item.gold[0] for item in rows}, key=LABELS.index)
        model = SetFitModel.from_pretrained(str(_folder()))
        model.model_body.max_seq_length = _TOKENS
        learn = Dataset.from_dict(
            {"text": [_asked(item) for item in rows], "label": [labels.index(item.gold[0]) for item in rows]}
        )
        with tempfile.TemporaryDirectory() as scratch:
            settings = TrainingArguments(
                output_dir=scratch,
                batch_size=16,
                num_epochs=1,
                seed=_SEED,
                report_to="none",
                save_strategy="no",
                show_progress_bar=False,
            )
            Trainer(model=model, args=settings, train_dataset=learn).train()
        advance(0.5)
        texts = [_asked(item) for item in task.items]
        shares = np.asarray(model.predict_proba(texts, as_numpy=True, show_progress_bar=False), dtype=np.float64)
        advance(0.5)
        known = model.model_body.tokenizer
        cut = sum(len(ids) > _TOKENS for ids in known(texts, truncation=False, verbose=False)["input_ids"])
        told = f"; {cut} texts cut at {_TOKENS} tokens" if cut else ""
        wide = _widen(shares, labels)
        chosen = tuple(LABELS[int(place)] for place in wide.argmax(-1))
        return Answers(chosen, wide, learned=f"{len(rows)} rows of its train{told}")


def choose_rows(items: Sequence[Item], most: int, *, seed: int) -> list[Item]:
    """Choose rows by chance, of each label at most so many.

    Args:
        items: Rows with labels.
        most: Most rows of a label.
        seed: Seed of the choice.

    Returns:
        The rows, in the order of the file.
    """
    order = np.random.default_rng(seed).permutation(len(items))
    counts: dict[Label, int] = {}
    kept = []
    for place in order:
        label = items[place].gold[0]
        counts[label] = counts.get(label, 0) + 1
        if counts[label] <= most:
            kept.append(int(place))
    return [items[place] for place in sorted(kept)]


def _folder() -> Path:
    try:
        require_extra()
        from stance.fitting.encoders import locate_encoder

        return Path(locate_encoder(MINILM))
    except (MissingExtraError, ModelError) as error:
        raise SkippedError(str(error)) from error


def _asked(item: Item) -> str:
    return f"{spoken_name(item)}: {item.text}"


def _widen(shares: npt.NDArray[np.float64], labels: Sequence[Label]) -> npt.NDArray[np.float64]:
    """Put the columns of some labels at the places of all."""
    wide = np.zeros((len(shares), len(LABELS)))
    wide[:, [LABELS.index(label) for label in labels]] = shares
    return wide
