"""What may be asked of which model, and the answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stance.errors import InputError, suggest
from stance.model.store import DEFAULT_MODEL, ModelConfig, find_model, list_models, read_config
from stance.prediction import Judge, Judging, cut_document, load_classifier
from stance.reporting.explanation import explain_analyses
from stance.schema import Analysis, Document
from stance.serving.gate import Deadline
from stance.serving.refusals import Refusal
from stance.targets import Target, resolve_targets

__all__ = ["LONGEST_NAME", "MOST_TARGETS", "Asked", "Judges", "check_length"]

MOST_TARGETS = 20
"""Most targets that are asked for at once."""
MOST_JUDGED = 50_000
"""Most paragraphs, times targets, of a request: each takes about 0.6 kB of a page, which the server holds whole."""
LONGEST_NAME = 100
"""Most characters of a target's name."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of documents.

    Attributes:
        targets: Names of targets; None means those of the server.
        model: Name of a model; None means the server's.
        abstain_risk: As in `stance.prediction.Judging`.
        explain: Whether to look for what the labels rest on.
    """

    targets: tuple[str, ...] | None = None
    model: str | None = None
    abstain_risk: float | None = None
    explain: bool = False


def check_length(texts: Iterable[str], most: int) -> None:
    """Refuse texts that are too long together.

    Args:
        texts: The texts.
        most: Most characters.

    Raises:
        Refusal: If they have more.
    """
    size = sum(map(len, texts))
    if size > most:
        raise Refusal(413, f"Expected at most {most:,} characters of text, found {size:,}. Give less at once.")


def _check_count(paragraphs: int, targets: int) -> None:
    """Refuse what makes pages of gigabytes: a text of short lines may be cut into hundreds of thousands."""
    if paragraphs * targets > MOST_JUDGED:
        raise Refusal(
            413,
            f"Expected at most {MOST_JUDGED:,} paragraphs times targets, found {paragraphs:,} times {targets:,}. Give "
            "less text or fewer targets at once.",
        )


class Judges:
    """The models that can be asked: the released ones, and the one that the server was started with.

    Args:
        model: Name of a released model or path of a model folder; None means the default model.
        targets: Targets where none are asked for, and known by name beside the model's; None means the model's.

    Attributes:
        configs: Name of a model -> what its config says, the server's model first.
        offered: Names of the targets where none are asked for.

    Raises:
        ModelError: If the model is missing, incomplete or altered.
    """

    def __init__(self, model: str | Path | None = None, targets: tuple[Target, ...] | None = None) -> None:
        own = find_model(model)
        found = {read_config(own).name if model else DEFAULT_MODEL: own}
        self._folders = found | {name: folder for name, folder in list_models().items() if name not in found}
        self._targets = targets
        trained = load_classifier(own).targets  # the first request does not wait, and what is wrong is said at once
        self.offered = tuple(target.name for target in resolve_targets(None, targets or trained))
        self.configs: dict[str, ModelConfig] = {name: read_config(folder) for name, folder in self._folders.items()}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the models, the server's first."""
        return tuple(self._folders)

    def analyze(self, documents: Iterable[Document], asked: Asked, deadline: Deadline) -> list[Analysis]:
        """Judge documents.

        Args:
            documents: The documents.
            asked: What is asked.
            deadline: Until when.

        Returns:
            One analysis a document, in order.

        Raises:
            InputError: If a document is empty, or there is no such model or target.
            ModelError: If a risk is named and the model has no label sets.
        """
        name = self.names[0] if asked.model is None else asked.model
        if name not in self._folders:
            raise InputError(f"Unknown model {name!r}: {suggest(name, self.names)}.")
        folder = self._folders[name]
        targets = self._resolve(asked.targets, load_classifier(folder).targets)
        judge = Judge.load(Judging(targets, folder, abstain_risk=asked.abstain_risk))
        cut = []
        for document in documents:
            deadline.check()
            cut.append(cut_document(document))
        _check_count(sum(block.kind == "body" for document in cut for block in document.blocks), len(targets))
        found = judge.analyze(cut, progress=deadline.check)
        if asked.explain:
            found = list(explain_analyses(found, targets=targets, model=folder, progress=deadline.check))
        return found

    def _resolve(self, names: Sequence[str] | None, trained: Sequence[Target]) -> tuple[Target, ...]:
        own = self._targets or ()
        if names is None:
            return resolve_targets(own or None, trained)
        if len(names) > MOST_TARGETS:
            raise InputError(f"Expected at most {MOST_TARGETS} targets, found {len(names)}. Ask in several goes.")
        if any(len(name) > LONGEST_NAME for name in names):
            raise InputError(f"The name of a target has at most {LONGEST_NAME} characters. Give a shorter one.")
        return resolve_targets(names, (*trained, *own))
