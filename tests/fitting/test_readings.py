"""What the network reads of examples, and what is wanted of it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from stance.errors import InputError
from stance.fitting.augmentation import vary
from stance.fitting.config import Augmentation, EncoderChoice, Loss, NetworkChoice
from stance.fitting.encoders import Encoder, load_encoder
from stance.fitting.examples import Example, Judgement
from stance.fitting.loop import batch_loss
from stance.fitting.readings import ClassWeights, Collator, prepare
from stance.fitting.scores import measure_dev
from stance.schema import LABELS, Span
from stance.targets import FURTHER_TARGETS, Target, builtin_targets

pytestmark = pytest.mark.train
NATO, US, CHINA = builtin_targets()
NETWORK = NetworkChoice(heads=4, window=64, overlap=8)


@pytest.fixture(scope="module")
def encoder(encoder_folder: Path) -> Encoder:
    return load_encoder(EncoderChoice(str(encoder_folder)))


def example(text: str, **labels: str) -> Example:
    targets = {"NATO": NATO, "US": US, "China": CHINA}
    return Example("x", text, tuple(Judgement(targets[name], (label,)) for name, label in labels.items()))


def test_mentions_are_marked_per_target(encoder: Encoder) -> None:
    (reading,) = prepare(
        [example("Beijing met NATO", NATO="neutral", China="neutral")], encoder.tokenizer, network=NETWORK
    )
    assert reading.marks.tolist() == [[False, False, False, True, False], [False, True, False, False, False]]
    assert reading.gold.tolist() == [[False, False, True, False]] * 2


def test_a_marked_mention_counts_although_it_is_no_name(encoder: Encoder) -> None:
    marked = Example("x", "It met NATO", (Judgement(Target("It"), ("favor",), spans=(Span(0, 2, "It"),)),))
    (reading,) = prepare([marked], encoder.tokenizer, network=NETWORK)
    assert reading.marks.tolist() == [[False, True, False, False, False]]


def test_doubts_soft_labels_and_smoothing_share_the_weight_of_a_label(encoder: Encoder) -> None:
    judgement = Judgement(NATO, ("favor",), doubt=("neutral", "favor"))
    soft = Judgement(NATO, ("favor",), soft=dict(zip(LABELS, (0.5, 0.0, 0.5, 0.0), strict=True)))
    both = [Example("a", "NATO met", (judgement,)), Example("b", "NATO met", (soft,))]

    def wanted(**loss: float) -> list[list[float]]:
        readings = prepare(both, encoder.tokenizer, network=NETWORK, loss=Loss(**loss))
        return [[round(share, 4) for share in reading.wanted[0].tolist()] for reading in readings]

    assert wanted(doubt=0.3, soft=0) == [[0.7, 0, 0.3, 0], [1, 0, 0, 0]]
    assert wanted() == [[1, 0, 0, 0], [0.5, 0, 0.5, 0]]
    assert wanted(soft=0.5) == [[1, 0, 0, 0], [0.75, 0, 0.25, 0]]
    assert wanted(smoothing=0.2, soft=0) == [[0.85, 0.05, 0.05, 0.05]] * 2


def test_a_text_longer_than_the_window_is_refused(encoder: Encoder) -> None:
    with pytest.raises(InputError, match="Text 'x' has more than the 64 tokens"):
        prepare([example("rain " * 80, NATO="absent")], encoder.tokenizer, network=NETWORK)


def test_pair_encoding_reads_the_text_once_a_target(encoder: Encoder) -> None:
    network = NetworkChoice(kind="pair", heads=4, window=64, overlap=8)
    first, second = prepare(
        [example("Beijing met NATO", NATO="neutral", China="favor")], encoder.tokenizer, network=network
    )
    pair = encoder.tokenizer.encode("Beijing met NATO", CHINA.description)
    assert second.window.ids.tolist() == pair.ids and second.segments == tuple(pair.type_ids)
    assert len(second.window.starts) == len(second.window.ids) == len(second.segments)
    assert first.window.ids[:5].tolist() == second.window.ids[:5].tolist()
    assert (first.names, second.names) == (("NATO",), ("China",))
    assert first.example == second.example == 0
    assert second.marks.shape == (1, len(second.window)) and second.marks.sum() == 1


def test_a_blind_twin_cannot_tell_the_targets_apart(encoder: Encoder) -> None:
    network = NetworkChoice(blind=True, heads=4, window=64, overlap=8)
    texts = [
        example("Beijing met NATO", NATO="favor", China="against"),
        example("NATO met Beijing", NATO="favor", China="neutral"),
    ]
    one, other = prepare(texts, encoder.tokenizer, network=network)
    assert one.window.ids.tolist() == other.window.ids.tolist()
    assert not one.marks.any() and set(one.descriptions) == {""}


def test_class_weights_let_rare_labels_count() -> None:
    examples = [example("a", NATO="absent")] * 75 + [example("a", NATO="favor")] * 25 + [example("a", US="favor")]
    assert ClassWeights(examples, "none").of("NATO").tolist() == [1, 1, 1, 1]
    balanced = ClassWeights(examples, "balanced").of("NATO")
    assert (balanced[0], balanced[3]) == (pytest.approx(2.0), pytest.approx(100 / 2 / 75))
    assert balanced[1] == balanced[2] == 1  # in no row: only augmentation can bring them
    np.testing.assert_allclose(ClassWeights(examples, "sqrt").of("NATO"), np.sqrt(balanced), rtol=1e-6)
    assert ClassWeights(examples, "balanced").of("US")[0] == 1  # few rows: what all small targets have together


def test_weights_are_one_on_average_and_hold_across_batches(encoder: Encoder) -> None:
    many = [example("a", NATO="absent")] * 30 + [Example("b", "b", (Judgement(NATO, ("favor",)),), weight=0.001)] * 10
    for kind in ("none", "sqrt", "balanced"):
        weights = ClassWeights(many, kind)
        readings = prepare(many, encoder.tokenizer, network=NETWORK, class_weights=weights)
        assert np.mean([reading.weight[0] for reading in readings]) == pytest.approx(1.0, rel=1e-5)
    light, heavy = (
        float(batch_loss(torch.zeros(4, 1, 4), Collator(encoder.tokenizer)(part)))
        for part in (readings[-4:], readings[:4])
    )
    assert light / heavy == pytest.approx(0.003, rel=0.01)  # 0.001, and "favor" is a third as frequent


def test_a_description_longer_than_the_window_is_refused(encoder: Encoder) -> None:
    wordy = Example("x", "NATO met", (Judgement(Target("Rain", description="rain " * 80), ("favor",)),))
    with pytest.raises(InputError, match="description of target 'Rain' has more than 64 tokens"):
        prepare([wordy], encoder.tokenizer, network=NETWORK)


def test_the_loss_is_worked_out_by_hand(encoder: Encoder) -> None:
    sure = example("NATO met", NATO="favor")
    either = Example("b", "NATO met", (Judgement(NATO, ("neutral", "absent")), Judgement(US, ("favor",))), weight=3.0)
    weights = ClassWeights([sure, either], "none")  # 1, 3, 3 over their mean
    readings = prepare([sure, either], encoder.tokenizer, network=NETWORK, class_weights=weights)
    batch = Collator(encoder.tokenizer)(readings)
    scores = torch.zeros(2, 2, 4)
    expected = (math.log(4) + 3 * math.log(2) + 3 * math.log(4)) / (7 / 3) / 3
    assert float(batch_loss(scores, batch)) == pytest.approx(expected)
    scores[0, 1] = 100.0  # a row that only pads counts for nothing
    scores[0, 1, 2] = -100.0
    assert float(batch_loss(scores, batch)) == pytest.approx(expected)


def test_the_loss_has_a_gradient_where_several_labels_will_do(encoder: Encoder) -> None:
    either = Example("b", "NATO met", (Judgement(NATO, ("neutral", "absent")), Judgement(US, ("favor",))))
    batch = Collator(encoder.tokenizer)(prepare([either], encoder.tokenizer, network=NETWORK))
    scores = torch.zeros(1, 2, 4, requires_grad=True)
    batch_loss(scores, batch).backward()
    assert torch.isfinite(scores.grad).all()
    assert (scores.grad[0, 0] < 0).tolist() == [False, False, True, True]


def test_batches_share_descriptions_and_pad_targets(encoder: Encoder) -> None:
    readings = prepare(
        [example("NATO met", NATO="favor"), example("Beijing met", NATO="absent", China="favor")],
        encoder.tokenizer,
        network=NETWORK,
    )
    batch = Collator(encoder.tokenizer)(readings)
    assert batch.target.tolist() == [[0, 0], [0, 1]]
    assert batch.weight.tolist() == [[1, 0], [1, 1]]
    assert len(batch.described_ids) == 2


def test_groups_of_labels_are_scored_as_one(encoder: Encoder) -> None:
    readings = prepare(
        [Example("a", "NATO met", (Judgement(NATO, ("neutral", "absent")),)), example("NATO met", NATO="favor")],
        encoder.tokenizer,
        network=NETWORK,
    )
    groups = (("favor",), ("neutral", "absent"))
    scores = [np.array([[0.4, 9.0, 0.0, 0.0]]), np.array([[2.0, 9.0, 0.0, 0.0]])]  # "against" is no label of the set
    assert measure_dev("macro_f1", scores, readings, named=["NATO"], groups=groups) == 1.0
    assert measure_dev("macro_f1", scores[::-1], readings, named=[], groups=groups) == 0.0


def test_sides_are_averaged_over_all_targets_as_one(encoder: Encoder) -> None:
    gold = ["against", "against", "favor", "neutral"]
    guessed = [1, 0, 0, 1]  # F1 of against 1/2 (one of two, one alarm), of favor 2/3 (one of one, one alarm)
    names = ["NATO", "China", "NATO", "China"]
    examples = [example("NATO met in Beijing", **{name: label}) for name, label in zip(names, gold, strict=True)]
    readings = prepare(examples, encoder.tokenizer, network=NETWORK)
    scores = [np.eye(4)[[at]] for at in guessed]
    groups = (("neutral", "absent"), ("favor",), ("against",))
    for named in (["NATO", "China"], []):
        assert measure_dev("f_avg", scores, readings, named=named, groups=groups) == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert measure_dev("f_avg", scores, readings, named=["NATO"], groups=groups) == pytest.approx((1 + 1) / 2)
    assert measure_dev("macro_f1", scores, readings, named=["NATO"], groups=groups) == 1.0
    loose = [Example("a", "NATO met", (Judgement(NATO, ("neutral", "favor")),))]  # gold of no group
    alarm = prepare([*examples, *loose], encoder.tokenizer, network=NETWORK)
    found = measure_dev("f_avg", [*scores, np.eye(4)[[0]]], alarm, named=[], groups=groups)
    assert found == pytest.approx((1 / 2 + 1 / 2) / 2)  # one more alarm for favor


TEXT = "Beijing is a menace. NATO met on Monday."


def varied(augment: Augmentation, seed: int = 0) -> Example:
    return vary([example(TEXT, NATO="neutral", US="absent", China="against")], augment, np.random.default_rng(seed),
                targets=builtin_targets())[0]  # fmt: skip


def test_swapped_targets_swap_their_labels() -> None:
    seen = set()
    for seed in range(20):
        found = varied(Augmentation(swap=1.0), seed)
        assert sorted(found.labels.values()) == ["absent", "against", "neutral"]
        assert [judgement.target.name for judgement in found.judgements] == ["NATO", "US", "China"]
        seen.add((found.text, tuple(found.labels.values())))
    assert ("Washington is a menace. NATO met on Monday.", ("neutral", "against", "absent")) in seen


def test_a_stranger_takes_the_labels_of_the_target_whose_place_it_takes() -> None:
    for seed in range(20):
        found = varied(Augmentation(replace=1.0), seed)
        stranger = found.judgements[-1]
        assert stranger.target in FURTHER_TARGETS
        assert (found.labels["NATO"], found.labels["China"]) in (("absent", "against"), ("neutral", "absent"))
        assert stranger.gold == (("neutral",) if found.labels["NATO"] == "absent" else ("against",))


def test_masked_names_stay_marked(encoder: Encoder) -> None:
    found = varied(Augmentation(mask=1.0))
    (hidden,) = [judgement for judgement in found.judgements if judgement.spans is not None]
    assert [found.text[span.start : span.end] for span in hidden.spans] == ["[MASK]"]
    assert found.labels == example(TEXT, NATO="neutral", US="absent", China="against").labels
    (reading,) = prepare([found], encoder.tokenizer, network=NETWORK)
    assert reading.marks[found.judgements.index(hidden)].any()


def test_noise_leaves_names_alone_and_nothing_is_varied_without_being_asked_for() -> None:
    found = varied(Augmentation(noise=1.0), 3)
    assert "NATO" in found.text and "Beijing" in found.text
    assert varied(Augmentation()).text == TEXT
    assert varied(Augmentation(noise=1.0), 3) == found
