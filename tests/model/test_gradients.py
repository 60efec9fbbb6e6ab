"""Integrated gradients: exact where the network is linear, right in sum where it is not; what is missing is named."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import stance
from stance.errors import InputError, MissingExtraError
from stance.model import classifier as classifiers
from stance.model.calibration import Calibration
from stance.model.classifier import Classifier
from stance.model.tokens import Batch
from stance.schema import LABELS, Span
from stance.targets import Target

pytest.importorskip("captum")
torch = pytest.importorskip("torch")

from stance.model.gradients import integrate_gradients, label_probability  # noqa: E402

TEXT = "It rained. NATO has kept the peace, and it deserves our thanks. The herring came late."
NATO = stance.builtin_targets()[0]


@pytest.fixture(scope="module")
def small() -> Classifier:
    return Classifier("small", device="torch:cpu")


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 1, 0, 2]])
def test_probabilities_are_those_of_the_calibration(label: Any, order: list[int]) -> None:
    calibration = Calibration(0.7, 1.8)
    scores = np.random.default_rng(0).normal(0, 6, (50, 4))
    expected = calibration.probabilities(scores[:, order])[:, LABELS.index(label)]
    given = torch.tensor(scores, requires_grad=True)
    found = label_probability(calibration, label, order)(given)
    assert np.allclose(found.detach().numpy(), expected, atol=1e-12)
    found.sum().backward()
    assert torch.isfinite(given.grad).all()


class Encoder(torch.nn.Module):
    """Gives each word's state as it is."""

    def __init__(self) -> None:
        super().__init__()
        self.words = torch.nn.Embedding(10, 2)

    def get_input_embeddings(self) -> Any:
        return self.words

    def forward(self, *, inputs_embeds: Any, attention_mask: Any) -> SimpleNamespace:
        return SimpleNamespace(last_hidden_state=inputs_embeds * attention_mask[..., None])


class Linear(torch.nn.Module):
    """A network whose score is the sum of its tokens' states, each weighed by its place."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()

    def head(self, tokens: Any, mask: Any, mentions: Any, queries: Any) -> Any:
        places = torch.arange(tokens.shape[1], dtype=tokens.dtype)
        score = (tokens.sum(-1) * places).sum(-1) + queries.sum() + mentions.sum((1, 2))
        return score[:, None, None].expand(-1, 1, 4)


def test_of_a_linear_network_each_token_has_what_it_adds() -> None:
    network = Linear()
    ids = np.array([[1, 4, 5, 6, 2, 0, 0, 0]])
    mask = (ids > 0).astype(np.int64)
    batch = Batch(ids, mask, np.zeros((1, 1, 8), dtype=np.float32))
    found = integrate_gradients(
        network,  # type: ignore[arg-type]
        batch,
        np.zeros((1, 2), dtype=np.float32),
        lambda scores: scores[:, 0],
        mask_id=9,
    )
    words = network.encoder.words.weight.detach().numpy().sum(-1)
    assert np.allclose(
        found, [0, words[4] - words[9], 2 * (words[5] - words[9]), 3 * (words[6] - words[9]), 0, 0, 0, 0]
    )


def test_tokens_sum_to_the_probability_less_that_of_masks(small: Classifier) -> None:
    tokens = small.attribute_tokens(TEXT, NATO, "favor")
    assert [span.text for span, _ in tokens[:4]] == ["It", "rained", ".", "NATO"]
    assert all(TEXT[span.start : span.end] == span.text for span, _ in tokens)
    probability = small.predict([TEXT], [NATO])[0]["NATO"].probabilities["favor"]
    masks = "[MASK] " * len(tokens)
    named: Any = [
        [Span(7 * place, 7 * place + 6, "[MASK]") for place, (span, _) in enumerate(tokens) if span.text == "NATO"]
    ]
    nothing = small.predict([masks], [NATO], mentions=[named[0:1]])[0]["NATO"].probabilities["favor"]
    assert sum(weight for _, weight in tokens) == pytest.approx(probability - nothing, abs=0.025)


def test_tokens_of_several_windows_each_come_once(small: Classifier) -> None:
    text = f"{TEXT} {'The market was full and the cod was dear. ' * 40}"
    tokens = small.attribute_tokens(text, NATO, "favor")
    starts = [span.start for span, _ in tokens]
    assert small.predict([text], [NATO])[0].windows > 1
    assert starts == sorted(set(starts))
    assert (tokens[0][0].text, tokens[-1][0].end) == ("It", len(text.rstrip()))


def test_tokens_at_one_place_are_summed(small: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    apart = small.attribute_tokens(TEXT, NATO, "favor")
    cut = classifiers.cut_windows

    def merged(*given: Any, **options: Any) -> Any:
        found = cut(*given, **options)
        for [window] in found:  # as tokens of bytes are: "thanks" and the full stop after it at one place
            window.starts[15:17], window.ends[15:17] = window.starts[15], window.ends[16]
        return found

    monkeypatch.setattr(classifiers, "cut_windows", merged)
    together = small.attribute_tokens(TEXT, NATO, "favor")
    assert len(together) == len(apart) - 1
    assert sum(weight for _, weight in together) == pytest.approx(sum(weight for _, weight in apart))


def test_an_explanation_by_gradients_has_the_same_form() -> None:
    found = stance.explain(TEXT, "NATO", method="gradients", model="small")
    assert (found.label, [item.text for item in found.sentences]) == (
        "favor",
        ["It rained.", "NATO has kept the peace, and it deserves our thanks.", "The herring came late."],
    )
    [sentence, *words] = found.evidence
    assert sentence.text == found.sentences[1].text
    assert {"deserves", "thanks"} <= {item.text for item in words}
    assert all(sentence.start <= item.start and item.end <= sentence.end and item.weight > 0 for item in words)
    assert {item.unit for item in found.words if item.text == "NATO"} == {"mention"}
    assert sum(item.weight for item in found.sentences) <= 1.05
    absent = stance.explain("It rained.", Target("Atlantis"), method="gradients", model="small", label="absent")
    assert absent.label == "absent"


def test_what_is_missing_is_named(small: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="load the model with device='torch:cpu'"):
        Classifier("small").attribute_tokens(TEXT, NATO, "favor")
    with pytest.raises(InputError, match="Unknown method 'gradient': did you mean 'gradients'"):
        stance.explain(TEXT, "NATO", method="gradient")  # type: ignore[arg-type]
    monkeypatch.setattr(classifiers.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"stance-kit\[explain\]"):
        small.attribute_tokens(TEXT, NATO, "favor")
