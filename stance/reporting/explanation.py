"""Which sentences and words of a text its label rests on: they are taken away, and the text is judged again.

Occlusion (Li, Monroe and Jurafsky 2016, "Understanding Neural Networks through Representation Erasure") asks the
classifier and nothing else, so it works with every model and device. It goes in two steps, each one call of the
classifier for all texts at once (one more if there are very long texts):

1. Each sentence is taken away, and each is read alone. What takes most of the label's probability with it, and keeps
   most of it alone, carries the label: DeYoung et al. 2020, "ERASER", call the two comprehensiveness and sufficiency.
   The first alone fails where several sentences say the same, since each can then be spared.
2. In the sentences that carry the label, each word that can tell something is taken away, and each name of the target.
   They are taken from the sentence read alone where that alone bears the label, else from the whole text.

A weight is a change of probability, not of log-odds: readers know what 0.3 less of it means, the probabilities are
calibrated, and within one reading both give the same order.

The other method is `stance.reporting.attribution`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Literal

from stance.errors import InputError, suggest
from stance.model.classifier import Classifier
from stance.prediction import load_classifier, predict
from stance.reporting.attribution import explain_by_gradients
from stance.reporting.evidence import (
    SHARE,
    Explanation,
    Question,
    Weighed,
    ask,
    choose_carrying,
    conclude,
    cut_sentences,
    name_unit,
    tell_units,
)
from stance.schema import LABELS, Analysis, Evidence, Label, Prediction, Span, Stance
from stance.targets import Target, resolve_targets
from stance.text.decoding import is_blank

__all__ = ["Explanation", "explain", "explain_analyses", "explain_stances", "take_away"]

_TRIED = 24
"""Most sentences that are taken away, each costs a reading of the rest; of more, those that bear the label most."""
_METHODS = ("occlusion", "gradients")
_AT_ONCE = 16
"""Documents whose evidence is looked for at once: some thousands of readings, sorted by length together."""

Judge = Callable[[Sequence[str]], Sequence[Mapping[str, Stance]]]
"""What judges texts: for each the stances toward all targets that are asked about."""


def explain(
    given: str | Prediction,
    target: str | Target,
    *,
    label: Label | None = None,
    method: Literal["occlusion", "gradients"] = "occlusion",
    model: str | Path | None = None,
    device: str | None = None,
    batch_size: int = 32,
) -> Explanation:
    """Tell which sentences and words of a text a label rests on.

    Args:
        given: A text, judged as one paragraph, or a prediction of one.
        target: The target: its name, or a `Target`.
        label: The label to explain; None means the one that the model gives.
        method: ``"occlusion"`` takes sentences and words away, and works everywhere; ``"gradients"`` (integrated
            gradients, captum) needs ``stance-kit[explain]`` and reads the text in torch.
        model: Name of a released model or path of a model folder; None means the default model.
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``, with ``"torch:"`` before it for torch; None means CPU.
        batch_size: Most windows in a batch.

    Returns:
        The sentences and words with their weights, and those that carry the label.

    Raises:
        InputError: If the text is empty, label or method is none, or an option makes no sense.
        UnknownTargetError: If the target's name must be a slip of a built-in one or one of the model's.
        MissingExtraError: If the method's packages are not installed.
        ModelError: If the model is missing, incomplete or altered.

    >>> found = explain("The harbour froze. NATO has kept the peace, and it deserves our thanks.", "NATO")
    >>> found.label, [item.text for item in found.evidence if item.unit == "mention"]
    ('favor', ['NATO'])
    """
    if not isinstance(given, str | Prediction):
        raise InputError(f"Expected a text or a prediction of one, found {type(given).__name__}. Explain one by one.")
    if label is not None and label not in LABELS:
        raise InputError(f"Unknown label {label!r}: {suggest(str(label), LABELS)}.")
    if method not in _METHODS:
        raise InputError(f"Unknown method {method!r}: {suggest(str(method), _METHODS)}.")
    if method == "gradients":
        place = device or "cpu"
        device = place if place.startswith("torch:") else f"torch:{place}"
    classifier = load_classifier(model, device)
    wanted = resolve_targets(target, classifier.targets)
    text = given.text if isinstance(given, Prediction) else given
    stance = predict(text, targets=wanted, model=model, device=device)[wanted[0].name]
    asked = stance if label is None else replace(stance, label=label)
    if method == "gradients":
        return explain_by_gradients(text, asked, classifier, wanted[0])
    return explain_stances([(text, asked)], _asks(classifier, wanted, batch_size))[0]


def explain_analyses(
    analyses: Iterable[Analysis],
    *,
    targets: Sequence[Target],
    model: str | Path | None = None,
    device: str | None = None,
    batch_size: int = 32,
    allow_unsigned: bool = False,
    progress: Callable[[float], None] | None = None,
) -> Iterator[Analysis]:
    """Add to analysed documents what each label rests on; that a target is absent rests on nothing.

    Args:
        analyses: The documents, as `stance.prediction.analyze_documents` gives them.
        targets: The targets that they were judged toward.
        model: Name of a released model or path of a model folder, the one that judged them; None means the default.
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``, with ``"torch:"`` before it for torch; None means CPU.
        batch_size: Most windows in a batch.
        allow_unsigned: Whether files of the model may be without a hash: for a model of one's own.
        progress: Called with the number of readings since the last call.

    Yields:
        The documents in order, `Stance.evidence` filled.

    Raises:
        InputError: If an option makes no sense.
        ModelError: If the model is missing, incomplete or altered.
    """
    judge = _asks(load_classifier(model, device, allow_unsigned=allow_unsigned), targets, batch_size, progress)
    waiting = iter(analyses)
    while chunk := list(islice(waiting, _AT_ONCE)):
        asked = [
            (prediction.text, stance)
            for analysis in chunk
            for prediction in analysis.predictions
            for stance in prediction.stances.values()
            if stance.label != "absent"
        ]
        found = iter(explain_stances(asked, judge))
        for analysis in chunk:
            yield replace(analysis, predictions=tuple(_explained(item, found) for item in analysis.predictions))


def _explained(prediction: Prediction, found: Iterator[Explanation]) -> Prediction:
    stances = {
        name: stance if stance.label == "absent" else replace(stance, evidence=next(found).evidence)
        for name, stance in prediction.stances.items()
    }
    return replace(prediction, stances=stances)


def _asks(
    classifier: Classifier,
    targets: Sequence[Target],
    batch_size: int,
    progress: Callable[[float], None] | None = None,
) -> Judge:
    def judge(texts: Sequence[str]) -> list[Mapping[str, Stance]]:
        found = classifier.predict(texts, targets, batch_size=batch_size, progress=progress)
        return [item.stances for item in found]

    return judge


def explain_stances(asked: Sequence[tuple[str, Stance]], judge: Judge) -> list[Explanation]:
    """Tell what labels of texts rest on, with any system that judges texts.

    Args:
        asked: Texts and the stances to explain; mentions are taken as names of the target.
        judge: Gives each text's stances toward the targets asked about.

    Returns:
        One explanation for each, in order.
    """
    questions = [ask(text, stance) for text, stance in asked]
    readings = _Readings(judge)
    sentences = _sentences_to_try(questions, readings)
    for question, own in zip(questions, sentences, strict=True):
        readings.add(_without_and_alone(question.text, own))
    readings.judge()
    found = [_weigh_sentences(question, own, readings) for question, own in zip(questions, sentences, strict=True)]
    for question, step in zip(questions, found, strict=True):
        readings.add(chain.from_iterable(_without_words(question, step)))
    readings.judge()
    return [_weigh_words(question, step, readings) for question, step in zip(questions, found, strict=True)]


class _Readings:
    """Texts that are to be judged, each once however many ask for it."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._texts: dict[str, Mapping[str, Stance] | None] = {}

    def add(self, texts: Iterable[str]) -> None:
        for text in texts:
            if not is_blank(text):
                self._texts.setdefault(text)

    def judge(self) -> None:
        """Judge what was added since."""
        new = [text for text, stances in self._texts.items() if stances is None]
        if new:
            self._texts |= zip(new, self._judge(new), strict=True)

    def probability(self, text: str, question: Question) -> float:
        """Give the probability of the question's label; in a text without words every target is absent."""
        if is_blank(text):
            return float(question.label == "absent")
        stances = self._texts[text]
        if stances is None:
            raise LookupError("A reading was asked for before it was judged.")
        return stances[question.target].probabilities[question.label]


def take_away(text: str, spans: Iterable[Span | Evidence]) -> str:
    """Give a text without some of its stretches.

    >>> take_away("Not a good idea.", [Span(0, 4, "Not "), Span(6, 11, "good ")])
    'a idea.'
    """
    for span in sorted(spans, key=lambda item: -item.start):
        text = text[: span.start] + text[span.end :]
    return text


def _sentences_to_try(questions: Sequence[Question], readings: _Readings) -> list[tuple[Span, ...]]:
    """Give the sentences of each text; of those with very many, the ones that bear the label most alone."""
    sentences = [cut_sentences(question.text) for question in questions]
    for own in sentences:
        if len(own) > _TRIED:
            readings.add(span.text for span in own)
    readings.judge()
    chosen = []
    for question, own in zip(questions, sentences, strict=True):
        if len(own) > _TRIED:
            ranked = sorted(own, key=lambda span: -readings.probability(span.text, question))
            chosen.append(tuple(sorted(ranked[:_TRIED], key=lambda span: span.start)))
        else:
            chosen.append(own)
    return chosen


def _without_and_alone(text: str, sentences: Sequence[Span]) -> Iterator[str]:
    for sentence in sentences if len(sentences) > 1 else ():
        yield take_away(text, [sentence])
        yield sentence.text


def _weigh_sentences(question: Question, sentences: Sequence[Span], readings: _Readings) -> Weighed:
    alone: dict[Evidence, float] = {}
    for span in sentences:
        whole = len(sentences) == 1
        rest = 0.0 if whole else readings.probability(take_away(question.text, [span]), question)
        weight = question.probability - (float(question.label == "absent") if whole else rest)
        own = question.probability if whole else readings.probability(span.text, question)
        alone[Evidence(span.start, span.end, span.text, "sentence", weight)] = own
    return Weighed(tuple(alone), choose_carrying({item: item.weight + own for item, own in alone.items()}), alone)


def _reads_alone(found: Weighed, sentence: Evidence) -> bool:
    """Tell whether a sentence bears the label by itself, so that its words are tried in it alone."""
    return found.alone[sentence] >= SHARE


def _without_words(question: Question, found: Weighed) -> Iterator[list[str]]:
    """Give the readings of each sentence that carries the label: as it is, then without each of its units."""
    for sentence in found.carrying:
        alone = _reads_alone(found, sentence)
        base, offset = (sentence.text, sentence.start) if alone else (question.text, 0)
        units = [Span(unit.start - offset, unit.end - offset, unit.text) for unit in tell_units(question, sentence)]
        yield [base, *(take_away(base, [unit]) for unit in units)]


def _weigh_words(question: Question, found: Weighed, readings: _Readings) -> Explanation:
    words = []
    for sentence, texts in zip(found.carrying, _without_words(question, found), strict=True):
        base, *without = (readings.probability(text, question) for text in texts)
        for span, rest in zip(tell_units(question, sentence), without, strict=True):
            words.append(Evidence(span.start, span.end, span.text, name_unit(question, span), base - rest))
    return conclude(question, found, words)
