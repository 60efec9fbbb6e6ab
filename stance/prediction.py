"""Predict where texts stand, and analyse whole documents."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from numbers import Integral
from pathlib import Path
from typing import overload

from stance.errors import InputError
from stance.model.classifier import Classifier
from stance.model.store import CONFIG_FILE, find_model
from stance.progress import draw_bar, has_terminal
from stance.schema import LABELS, Analysis, Document, Label, Paragraph, Prediction, Share
from stance.targets import Target, resolve_targets
from stance.text.decoding import is_blank
from stance.text.segmentation import segment

__all__ = [
    "CHUNK",
    "CutDocument",
    "Judge",
    "Judging",
    "analyze",
    "analyze_documents",
    "cut_document",
    "load_classifier",
    "predict",
]

CHUNK = 1024
"""Texts read at once: enough to sort by length within, few enough to hold in memory."""

Targets = str | Target | Iterable[str | Target] | None
"""How targets are asked for: names, `Target` objects or a mix; None means those of the model."""

_loading = threading.Lock()


@dataclass(frozen=True, slots=True)
class Judging:
    """What is asked of texts, and of which model.

    Attributes:
        targets: Names of built-in targets, `Target` objects or a mix; None means those of the model: NATO, US, China.
        model: Name of a released model or path of a model folder; None means the default model.
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``, with ``"torch:"`` before it for torch; None means CPU.
        batch_size: Most windows in a batch; the labels do not depend on it.
        abstain_risk: Share of judgements whose `Stance.labels` may lack the true label, in (0, 1); None asks for no
            label sets.
        allow_unsigned: Whether files of the model may be without a hash: for a model of one's own.
    """

    targets: tuple[str | Target, ...] | None = None
    model: str | Path | None = None
    device: str | None = None
    batch_size: int = 32
    abstain_risk: float | None = None
    allow_unsigned: bool = False


@dataclass(frozen=True, slots=True)
class CutDocument:
    """A document and its blocks, not judged yet."""

    document: Document
    blocks: tuple[Paragraph, ...]


def cut_document(document: Document) -> CutDocument:
    """Cut a document into blocks.

    Args:
        document: The document.

    Returns:
        The document with its blocks, at least one.

    Raises:
        InputError: If it has no words.
    """
    if not isinstance(document, Document):
        raise InputError(f"Expected a Document, found {type(document).__name__}. Make one: stance.Document(text).")
    blocks = tuple(segment(document))
    if not blocks:
        raise InputError(f"{document.name or 'Document'}: the document is empty. Leave out documents without words.")
    return CutDocument(document, blocks)


@dataclass(frozen=True, slots=True)
class Judge:
    """A model that is loaded, with what is asked of it; safe to use from several threads.

    Attributes:
        classifier: The model.
        targets: The targets.
        judging: What is asked.
    """

    classifier: Classifier
    targets: tuple[Target, ...]
    judging: Judging

    @classmethod
    def load(cls, judging: Judging) -> Judge:
        """Load the model, or take the one that is loaded already.

        Raises:
            InputError: If an option makes no sense.
            UnknownTargetError: If a target's name is neither built in nor one of the model's.
            ModelError: If the model is missing, incomplete or altered, or a risk is named and it has no label sets.
        """
        if not isinstance(judging.batch_size, Integral) or judging.batch_size < 1:
            raise InputError(f"batch_size has to be a whole number from 1 on, found {judging.batch_size!r:.80}.")
        classifier = load_classifier(judging.model, judging.device, allow_unsigned=judging.allow_unsigned)
        classifier.check_abstention(judging.abstain_risk)
        return cls(classifier, resolve_targets(judging.targets, classifier.targets), judging)

    def predict(self, texts: Sequence[str], *, progress: Callable[[float], None] | None = None) -> list[Prediction]:
        """Judge texts, `CHUNK` of them at once: how many are given does not change how much memory it takes.

        Args:
            texts: The texts, each with words.
            progress: Called with the number of texts that were judged since the last call.

        Returns:
            One prediction a text, in order.
        """
        found: list[Prediction] = []
        for start in range(0, len(texts), CHUNK):
            found += self.classifier.predict(
                texts[start : start + CHUNK],
                self.targets,
                batch_size=self.judging.batch_size,
                progress=progress,
                abstain_risk=self.judging.abstain_risk,
            )
        return found

    def analyze(
        self, documents: Sequence[CutDocument], *, progress: Callable[[float], None] | None = None
    ) -> list[Analysis]:
        """Judge documents together.

        Args:
            documents: The documents.
            progress: Called with the number of paragraphs that were judged since the last call.

        Returns:
            One analysis a document, in order.
        """
        texts = [block.text for cut in documents for block in cut.blocks if block.kind == "body"]
        predictions = iter(self.predict(texts, progress=progress))
        analyses = []
        for cut in documents:
            own = tuple(next(predictions) for block in cut.blocks if block.kind == "body")
            analyses.append(Analysis(cut.document, cut.blocks, own, _summary(own, self.targets)))
        return analyses


@overload
def predict(
    texts: str,
    *,
    targets: Targets = None,
    model: str | Path | None = None,
    device: str | None = None,
    batch_size: int = 32,
    show_progress: bool | None = None,
    abstain_risk: float | None = None,
) -> Prediction: ...


@overload
def predict(
    texts: list[str] | tuple[str, ...],
    *,
    targets: Targets = None,
    model: str | Path | None = None,
    device: str | None = None,
    batch_size: int = 32,
    show_progress: bool | None = None,
    abstain_risk: float | None = None,
) -> list[Prediction]: ...


def predict(
    texts: str | Sequence[str],
    *,
    targets: Targets = None,
    model: str | Path | None = None,
    device: str | None = None,
    batch_size: int = 32,
    show_progress: bool | None = None,
    abstain_risk: float | None = None,
) -> Prediction | list[Prediction]:
    """Tell where each text stands toward each target.

    A text is judged as one paragraph; whole articles go to `analyze`. A text longer than the model's window is read in
    several that overlap, and nothing is cut off: `Prediction.windows` says how many.

    Args:
        texts: One text, or several.
        targets: Names of built-in targets, `Target` objects or a mix; None means those of the model: NATO, US, China.
        model: Name of a released model or path of a model folder; None means the default model.
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``, with ``"torch:"`` before it for torch; None means CPU.
        batch_size: Most windows in a batch; the labels do not depend on it.
        show_progress: Whether to draw a progress bar on stderr; None means only for several texts on a terminal.
        abstain_risk: Share of judgements whose `Stance.labels` may lack the true label, in (0, 1); None asks for no
            label sets. See `stance.model.calibration.Calibration.label_sets` for what is promised.

    Returns:
        One prediction for one text; a list in the same order for several.

    Raises:
        InputError: If a text is empty or no string, or an option makes no sense.
        UnknownTargetError: If a name must be a slip, or is another name, of a built-in target or the model's.
        ModelError: If the model is missing, incomplete or altered, or a risk is named and it has no label sets.

    >>> prediction = predict("NATO has kept the peace in Europe, and it deserves our thanks.")
    >>> prediction["NATO"].label, prediction["China"].label
    ('favor', 'absent')
    """
    judge = Judge.load(_judging(targets, model, device, batch_size, abstain_risk))
    if isinstance(texts, (bytes, dict, set)) or not isinstance(texts, Iterable):
        raise InputError(f"Expected a text or a list of texts, found {type(texts).__name__}.")
    items = [texts] if isinstance(texts, str) else list(texts)
    for number, item in enumerate(items):
        if not isinstance(item, str):
            raise InputError(f"Text {number} has to be a string, found {type(item).__name__}. Leave out missing texts.")
        if is_blank(item):
            raise InputError(f"Text {number} is empty. Leave out texts without words.")
    with _progress(len(items), show=show_progress) as advance:
        results = judge.predict(items, progress=advance)
    return results[0] if isinstance(texts, str) else results


def analyze(
    document: str | Document,
    *,
    targets: Targets = None,
    model: str | Path | None = None,
    device: str | None = None,
    batch_size: int = 32,
    show_progress: bool | None = None,
    abstain_risk: float | None = None,
) -> Analysis:
    r"""Cut a document into paragraphs, tell where each stands, and sum up.

    Args:
        document: The document or its text.
        targets: Names of built-in targets, `Target` objects or a mix; None means those of the model: NATO, US, China.
        model: Name of a released model or path of a model folder; None means the default model.
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``, with ``"torch:"`` before it for torch; None means CPU.
        batch_size: Most windows in a batch.
        show_progress: Whether to draw a progress bar on stderr; None means only for several paragraphs on a terminal.
        abstain_risk: Share of judgements whose `Stance.labels` may lack the true label, in (0, 1); None asks for no
            label sets. See `stance.model.calibration.Calibration.label_sets` for what is promised.

    Returns:
        The document's blocks, a prediction for each body block, and the counts of the labels.

    Raises:
        InputError: If the document is empty, or an option makes no sense.
        UnknownTargetError: If a name must be a slip, or is another name, of a built-in target or the model's.
        ModelError: If the model is missing, incomplete or altered, or a risk is named and it has no label sets.

    >>> analyze("NATO keeps us safe.\n\nBeijing threatens its neighbours.").summary["NATO"]["favor"]
    Share(count=1, total=2)
    """
    given = Document(document) if isinstance(document, str) else document
    judge = Judge.load(_judging(targets, model, device, batch_size, abstain_risk))
    return next(_analyze([given], judge, show_progress))


def analyze_documents(
    documents: Iterable[Document],
    *,
    targets: Targets = None,
    model: str | Path | None = None,
    device: str | None = None,
    batch_size: int = 32,
    show_progress: bool | None = None,
    abstain_risk: float | None = None,
) -> Iterator[Analysis]:
    """Analyse documents one after the other; paragraphs of several are judged together, which is faster.

    Args:
        documents: The documents.
        targets: Names of built-in targets, `Target` objects or a mix; None means those of the model: NATO, US, China.
        model: Name of a released model or path of a model folder; None means the default model.
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``, with ``"torch:"`` before it for torch; None means CPU.
        batch_size: Most windows in a batch.
        show_progress: Whether to draw a progress bar on stderr; None means only for several paragraphs on a terminal.
        abstain_risk: Share of judgements whose `Stance.labels` may lack the true label, in (0, 1); None asks for no
            label sets. See `stance.model.calibration.Calibration.label_sets` for what is promised.

    Returns:
        One analysis a document, in order, as they are judged.

    Raises:
        InputError: If a document is empty, or an option makes no sense.
        UnknownTargetError: If a name must be a slip, or is another name, of a built-in target or the model's.
        ModelError: If the model is missing, incomplete or altered, or a risk is named and it has no label sets.
    """
    return _analyze(documents, Judge.load(_judging(targets, model, device, batch_size, abstain_risk)), show_progress)


def _judging(
    targets: Targets, model: str | Path | None, device: str | None, batch_size: int, abstain_risk: float | None
) -> Judging:
    asked = (targets,) if isinstance(targets, str | Target) else targets
    if asked is not None and not isinstance(asked, Iterable):
        raise InputError(f"Expected names of targets, found {type(asked).__name__}. Give a list, as in ['NATO'].")
    return Judging(None if asked is None else tuple(asked), model, device, batch_size, abstain_risk)


def _analyze(documents: Iterable[Document], judge: Judge, show_progress: bool | None) -> Iterator[Analysis]:
    if isinstance(documents, str | Document) or not isinstance(documents, Iterable):
        raise InputError(f"Expected several Documents, found {type(documents).__name__}. Give a list of them.")
    waiting: list[CutDocument] = []
    count = 0
    for document in documents:
        waiting.append(cut_document(document))
        count += len(waiting[-1].blocks)
        if count >= CHUNK:
            yield from _judge(waiting, judge, show_progress)
            waiting, count = [], 0
    yield from _judge(waiting, judge, show_progress)


def _judge(waiting: Sequence[CutDocument], judge: Judge, show_progress: bool | None) -> list[Analysis]:
    total = sum(block.kind == "body" for cut in waiting for block in cut.blocks)
    with _progress(total, show=show_progress) as advance:
        return judge.analyze(waiting, progress=advance)


@lru_cache(maxsize=4)
def _load(model: Path, device: str, allow_unsigned: bool, _written: int, _process: int) -> Classifier:
    return Classifier(model, device=device, allow_unsigned=allow_unsigned)


def load_classifier(
    model: str | Path | None = None, device: str | None = None, *, allow_unsigned: bool = False
) -> Classifier:
    """Load a model, or give the one that is loaded already (the last four are kept).

    Args:
        model: Name of a released model or path of a model folder; None means the default model.
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``, with ``"torch:"`` before it for torch; None means CPU.
        allow_unsigned: Whether files of the model may be without a hash: for a model of one's own.

    Returns:
        The model.

    Raises:
        InputError: If the device is not to be had.
        ModelError: If the model is missing, incomplete or altered.
    """
    with _loading:
        folder = find_model(model).resolve()
        written = (folder / CONFIG_FILE).stat().st_mtime_ns  # a folder that was trained again is another model
        # a process that was forked has the model's memory, but not its threads
        return _load(folder, "cpu" if device is None else str(device), allow_unsigned, written, os.getpid())


def _summary(predictions: Sequence[Prediction], targets: Sequence[Target]) -> dict[str, dict[Label, Share]]:
    summary = {}
    for target in targets:
        counts = Counter(prediction[target.name].label for prediction in predictions)
        summary[target.name] = {label: Share(counts[label], len(predictions)) for label in LABELS}
    return summary


@contextmanager
def _progress(total: int, *, show: bool | None) -> Iterator[Callable[[float], None] | None]:
    """Draw a progress bar on stderr while texts are judged."""
    if not (show or (show is None and total > 1 and has_terminal())):
        yield None
        return
    with draw_bar("Predicting", total, unit=" texts") as bar:

        def advance(share: float) -> None:
            bar.update(share)

        yield advance
