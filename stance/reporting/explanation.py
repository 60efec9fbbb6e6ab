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

By gradients (`stance.model.gradients`) each token has what it adds to the probability, counted from a text of masks; a
word, name or sentence has the sum of its tokens. One pass for all, but only for networks in torch.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import Literal

from stance.errors import InputError, suggest
from stance.model.classifier import Classifier
from stance.prediction import load_classifier, predict
from stance.schema import LABELS, Analysis, Evidence, Label, Prediction, Span, Stance
from stance.targets import Target, resolve_targets
from stance.text.decoding import is_blank
from stance.text.sentences import split_sentences
from stance.text.words import FUNCTION_WORDS, WORD

__all__ = ["Explanation", "explain", "explain_analyses", "explain_by_gradients", "explain_stances", "take_away"]

_SENTENCES = 2
"""Most sentences that are shown and whose words are tried."""
_TRIED = 24
"""Most sentences that are taken away, each costs a reading of the rest; of more, those that bear the label most."""
_LONGEST = 80
"""Most words of a sentence: what has no full stop for longer (a transcript, a list) is tried in even pieces."""
_SHARE = 0.5
"""A second sentence is shown if it carries at least this share of what the first one carries."""
_WORDS = 6
"""Most words and mentions that are shown: more is no longer a reason but the sentence again."""
_FEWEST = 3
"""Words and mentions that are shown however light: of two that say the same, each can be spared."""
_LEAST = 0.01
"""Least weight of further ones: what rounds to no change of a per cent is none."""
_TURNS = "against cannot few less more must neither never no nor not nothing only should too without"
_TELLING = frozenset(_TURNS.split())
"""Function words that can turn a stance round; the others are not tried."""
_METHODS = ("occlusion", "gradients")
_AT_ONCE = 16
"""Documents whose evidence is looked for at once: some thousands of readings, sorted by length together."""

Judge = Callable[[Sequence[str]], Sequence[Mapping[str, Stance]]]
"""What judges texts: for each the stances toward all targets that are asked about."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a label rests on.

    Attributes:
        text: The text, unchanged; all offsets are its code points.
        target: Name of the target.
        label: The label that is explained.
        probability: Its probability in [0, 1].
        sentences: The sentences that were tried, with their weights, in order: all unless there are more than 24.
        words: The words and mentions that were tried, with their weights, in order.
        evidence: Those sentences, words and mentions that carry the label, in order: what is shown.
    """

    text: str
    target: str
    label: Label
    probability: float
    sentences: tuple[Evidence, ...]
    words: tuple[Evidence, ...]
    evidence: tuple[Evidence, ...]

    @property
    def ranked_words(self) -> tuple[Evidence, ...]:
        """The words and mentions that were tried, the heaviest first."""
        return tuple(sorted(self.words, key=lambda item: -item.weight))


@dataclass(frozen=True, slots=True)
class _Question:
    """A label of a text that is to be explained."""

    text: str
    target: str
    label: Label
    probability: float
    mentions: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """What the first step found: the sentences, which of them carry the label, and what each bears of it alone."""

    sentences: tuple[Evidence, ...]
    carrying: tuple[Evidence, ...]
    alone: Mapping[Evidence, float]


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
    questions = [_question(text, stance) for text, stance in asked]
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


def explain_by_gradients(text: str, stance: Stance, classifier: Classifier, target: Target) -> Explanation:
    """Tell what a label of a text rests on, by gradients.

    Args:
        text: The text.
        stance: The stance to explain.
        classifier: A model that was loaded with a device of torch.
        target: The stance's target.

    Returns:
        The explanation; all sentences, and all their words that can tell something, have weights.

    Raises:
        InputError: If the model was loaded with another device.
        MissingExtraError: If captum is not installed.
        ModelError: If the model has no calibration.
    """
    question = _question(text, stance)
    tokens = classifier.attribute_tokens(text, target, stance.label)
    starts = [span.start for span, _ in tokens]

    def added(span: Span) -> float:
        return sum(weight for _, weight in tokens[bisect_left(starts, span.start) : bisect_left(starts, span.end)])

    sentences = tuple(
        Evidence(span.start, span.end, span.text, "sentence", added(span))
        for span in chain.from_iterable(map(_cut, split_sentences(text)))
    )
    words = [
        Evidence(unit.start, unit.end, unit.text, _unit(question, unit), added(unit))
        for sentence in sentences
        for unit in _units(question, sentence)
    ]
    carrying = _carrying({sentence: sentence.weight for sentence in sentences})
    return _explanation(question, _Found(sentences, carrying, {}), words)


def _question(text: str, stance: Stance) -> _Question:
    return _Question(text, stance.target, stance.label, stance.probabilities[stance.label], stance.mentions)


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

    def probability(self, text: str, question: _Question) -> float:
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


def _sentences_to_try(questions: Sequence[_Question], readings: _Readings) -> list[tuple[Span, ...]]:
    """Give the sentences of each text; of those with very many, the ones that bear the label most alone."""
    sentences = [tuple(chain.from_iterable(map(_cut, split_sentences(question.text)))) for question in questions]
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


def _cut(sentence: Span) -> Iterator[Span]:
    """Cut what is too long for a sentence into even pieces, before words."""
    words = [match.start() for match in WORD.finditer(sentence.text)]
    pieces = max(1, math.ceil(len(words) / _LONGEST))
    cuts = [words[place * len(words) // pieces] for place in range(1, pieces)]
    for start, end in pairwise((0, *cuts, len(sentence.text))):
        text = sentence.text[start:end].rstrip()
        yield Span(sentence.start + start, sentence.start + start + len(text), text)


def _without_and_alone(text: str, sentences: Sequence[Span]) -> Iterator[str]:
    for sentence in sentences if len(sentences) > 1 else ():
        yield take_away(text, [sentence])
        yield sentence.text


def _weigh_sentences(question: _Question, sentences: Sequence[Span], readings: _Readings) -> _Found:
    alone: dict[Evidence, float] = {}
    for span in sentences:
        whole = len(sentences) == 1
        rest = 0.0 if whole else readings.probability(take_away(question.text, [span]), question)
        weight = question.probability - (float(question.label == "absent") if whole else rest)
        own = question.probability if whole else readings.probability(span.text, question)
        alone[Evidence(span.start, span.end, span.text, "sentence", weight)] = own
    return _Found(tuple(alone), _carrying({item: item.weight + own for item, own in alone.items()}), alone)


def _carrying(carried: Mapping[Evidence, float]) -> tuple[Evidence, ...]:
    """Choose, of sentences and what each carries of the label, those that are shown, in order."""
    ranked = sorted(carried, key=lambda item: -carried[item])[:_SENTENCES]
    chosen = [item for item in ranked if carried[item] > 0 and carried[item] >= _SHARE * carried[ranked[0]]]
    return tuple(sorted(chosen, key=lambda item: item.start))


def _reads_alone(found: _Found, sentence: Evidence) -> bool:
    """Tell whether a sentence bears the label by itself, so that its words are tried in it alone."""
    return found.alone[sentence] >= _SHARE


def _units(question: _Question, sentence: Evidence) -> Iterator[Span]:
    """Give the stretches of a sentence that are tried: names of the target as wholes, and words that can tell."""
    mentions = [span for span in question.mentions if sentence.start <= span.start and span.end <= sentence.end]
    units = list(mentions)
    for match in WORD.finditer(question.text, sentence.start, sentence.end):
        start, end = match.span()
        word = match.group().casefold()
        named = any(start < span.end and span.start < end for span in mentions)
        if not named and (word not in FUNCTION_WORDS or word in _TELLING):
            units.append(Span(start, end, match.group()))
    yield from sorted(units, key=lambda span: span.start)


def _without_words(question: _Question, found: _Found) -> Iterator[list[str]]:
    """Give the readings of each sentence that carries the label: as it is, then without each of its units."""
    for sentence in found.carrying:
        alone = _reads_alone(found, sentence)
        base, offset = (sentence.text, sentence.start) if alone else (question.text, 0)
        units = [Span(unit.start - offset, unit.end - offset, unit.text) for unit in _units(question, sentence)]
        yield [base, *(take_away(base, [unit]) for unit in units)]


def _weigh_words(question: _Question, found: _Found, readings: _Readings) -> Explanation:
    words = []
    for sentence, texts in zip(found.carrying, _without_words(question, found), strict=True):
        base, *without = (readings.probability(text, question) for text in texts)
        for span, rest in zip(_units(question, sentence), without, strict=True):
            words.append(Evidence(span.start, span.end, span.text, _unit(question, span), base - rest))
    return _explanation(question, found, words)


def _unit(question: _Question, span: Span) -> Literal["mention", "word"]:
    named = any((span.start, span.end) == (mention.start, mention.end) for mention in question.mentions)
    return "mention" if named else "word"


def _explanation(question: _Question, found: _Found, words: Sequence[Evidence]) -> Explanation:
    """Choose what is shown of the words: the heaviest in the sentences that carry the label."""
    heaviest = sorted((item for item in words if item.weight > 0), key=lambda item: -item.weight)
    carrying = [(item.start, item.end) for item in found.carrying]
    ranked = [item for item in heaviest if any(start <= item.start < end for start, end in carrying)][:_WORDS]
    telling = [item for place, item in enumerate(ranked) if place < _FEWEST or item.weight >= _LEAST]
    shown = sorted([*found.carrying, *telling], key=lambda item: (item.start, -item.end))
    return Explanation(
        question.text,
        question.target,
        question.label,
        question.probability,
        found.sentences,
        tuple(words),
        tuple(shown),
    )
