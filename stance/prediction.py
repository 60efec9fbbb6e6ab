"""Predict where texts stand, and analyse whole documents."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import overload

from stance.errors import InputError
from stance.model.classifier import Classifier
from stance.model.store import CONFIG_FILE, find_model
from stance.schema import LABELS, Analysis, Document, Label, Paragraph, Prediction, Share
from stance.targets import Target, resolve_targets
from stance.text.decoding import is_blank
from stance.text.segmentation import segment

__all__ = ["analyze", "analyze_documents", "load_classifier", "predict"]

_CHUNK = 1024
"""Texts read at once: enough to sort by length within, few enough to hold in memory."""

Targets = str | Target | Iterable[str | Target] | None
"""How targets are asked for: names, `Target` objects or a mix; None means those of the model."""

_loading = threading.Lock()


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
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``; None means CPU.
        batch_size: Most windows in a batch; the labels do not depend on it.
        show_progress: Whether to draw a progress bar on stderr; None means only for several texts on a terminal.
        abstain_risk: Share of judgements whose `Stance.labels` may lack the true label, in (0, 1); None asks for no
            label sets. See `stance.model.calibration.Calibration.label_sets` for what is promised.

    Returns:
        One prediction for one text; a list in the same order for several.

    Raises:
        InputError: If a text is empty or no string, or an option makes no sense.
        UnknownTargetError: If a name must be a slip of a built-in one or one of the model's.
        ModelError: If the model is missing, incomplete or altered, or a risk is named and it has no label sets.

    >>> prediction = predict("NATO has kept the peace in Europe, and it deserves our thanks.")
    >>> prediction["NATO"].label, prediction["China"].label
    ('favor', 'absent')
    """
    classifier = load_classifier(model, device)
    wanted = resolve_targets(targets, classifier.targets)
    if isinstance(texts, (bytes, dict, set)) or not isinstance(texts, Iterable):
        raise InputError(f"Expected a text or a list of texts, found {type(texts).__name__}.")
    items = [texts] if isinstance(texts, str) else list(texts)
    for number, item in enumerate(items):
        if not isinstance(item, str):
            raise InputError(f"Text {number} has to be a string, found {type(item).__name__}. Leave out missing texts.")
        if is_blank(item):
            raise InputError(f"Text {number} is empty. Leave out texts without words.")
    results: list[Prediction] = []
    with _progress(len(items), show=show_progress) as advance:
        for start in range(0, len(items), _CHUNK):
            chunk = items[start : start + _CHUNK]
            results += classifier.predict(
                chunk, wanted, batch_size=batch_size, progress=advance, abstain_risk=abstain_risk
            )
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
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``; None means CPU.
        batch_size: Most windows in a batch.
        show_progress: Whether to draw a progress bar on stderr; None means only for several paragraphs on a terminal.
        abstain_risk: Share of judgements whose `Stance.labels` may lack the true label, in (0, 1); None asks for no
            label sets. See `stance.model.calibration.Calibration.label_sets` for what is promised.

    Returns:
        The document's blocks, a prediction for each body block, and the counts of the labels.

    Raises:
        InputError: If the document is empty, or an option makes no sense.
        UnknownTargetError: If a name must be a slip of a built-in one or one of the model's.
        ModelError: If the model is missing, incomplete or altered, or a risk is named and it has no label sets.

    >>> analyze("NATO keeps us safe.\n\nBeijing threatens its neighbours.").summary["NATO"]["favor"]
    Share(count=1, total=2)
    """
    given = Document(document) if isinstance(document, str) else document
    classifier = load_classifier(model, device)
    wanted = resolve_targets(targets, classifier.targets)
    return next(_analyze([given], classifier, wanted, batch_size, show_progress, abstain_risk))


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
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``; None means CPU.
        batch_size: Most windows in a batch.
        show_progress: Whether to draw a progress bar on stderr; None means only for several paragraphs on a terminal.
        abstain_risk: Share of judgements whose `Stance.labels` may lack the true label, in (0, 1); None asks for no
            label sets. See `stance.model.calibration.Calibration.label_sets` for what is promised.

    Returns:
        One analysis a document, in order, as they are judged.

    Raises:
        InputError: If a document is empty, or an option makes no sense.
        UnknownTargetError: If a name must be a slip of a built-in one or one of the model's.
        ModelError: If the model is missing, incomplete or altered, or a risk is named and it has no label sets.
    """
    classifier = load_classifier(model, device)
    classifier.check_abstention(abstain_risk)
    wanted = resolve_targets(targets, classifier.targets)
    return _analyze(documents, classifier, wanted, batch_size, show_progress, abstain_risk)


def _analyze(
    documents: Iterable[Document],
    classifier: Classifier,
    targets: Sequence[Target],
    batch_size: int,
    show_progress: bool | None,
    abstain_risk: float | None,
) -> Iterator[Analysis]:
    waiting: list[tuple[Document, tuple[Paragraph, ...]]] = []
    count = 0
    for document in documents:
        blocks = tuple(segment(document))
        if not blocks:
            raise InputError(
                f"{document.name or 'Document'}: the document is empty. Leave out documents without words."
            )
        waiting.append((document, blocks))
        count += len(blocks)
        if count >= _CHUNK:
            yield from _judge(waiting, classifier, targets, batch_size, show_progress, abstain_risk)
            waiting, count = [], 0
    yield from _judge(waiting, classifier, targets, batch_size, show_progress, abstain_risk)


@lru_cache(maxsize=4)
def _load(model: Path, device: str, _written: int) -> Classifier:
    return Classifier(model, device=device)


def load_classifier(model: str | Path | None = None, device: str | None = None) -> Classifier:
    """Load a model, or give the one that is loaded already (the last four are kept).

    Args:
        model: Name of a released model or path of a model folder; None means the default model.
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``; None means CPU.

    Returns:
        The model.

    Raises:
        InputError: If the device is not to be had.
        ModelError: If the model is missing, incomplete or altered.
    """
    with _loading:
        folder = find_model(model).resolve()
        written = (folder / CONFIG_FILE).stat().st_mtime_ns  # a folder that was trained again is another model
        return _load(folder, "cpu" if device is None else str(device), written)


def _judge(
    waiting: Sequence[tuple[Document, tuple[Paragraph, ...]]],
    classifier: Classifier,
    targets: Sequence[Target],
    batch_size: int,
    show_progress: bool | None,
    abstain_risk: float | None,
) -> Iterator[Analysis]:
    texts = [block.text for _, blocks in waiting for block in blocks if block.kind == "body"]
    with _progress(len(texts), show=show_progress) as advance:
        predictions = iter(
            classifier.predict(texts, targets, batch_size=batch_size, progress=advance, abstain_risk=abstain_risk)
        )
    for document, blocks in waiting:
        own = tuple(next(predictions) for block in blocks if block.kind == "body")
        yield Analysis(document, blocks, own, _summary(own, targets))


def _summary(predictions: Sequence[Prediction], targets: Sequence[Target]) -> dict[str, dict[Label, Share]]:
    summary = {}
    for target in targets:
        counts = Counter(prediction[target.name].label for prediction in predictions)
        summary[target.name] = {label: Share(counts[label], len(predictions)) for label in LABELS}
    return summary


@contextmanager
def _progress(total: int, *, show: bool | None) -> Iterator[Callable[[float], None] | None]:
    """Draw a progress bar on stderr while texts are judged."""
    if not (show or (show is None and total > 1 and sys.stderr.isatty())):
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Predicting", total=total)
        yield lambda share: bar.advance(task, share)
