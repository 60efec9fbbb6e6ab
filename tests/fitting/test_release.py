"""A trained network becomes a folder: exported faithfully, measured, described, and fit to be trained further."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

import stance
from stance.errors import InputError, ModelError
from stance.fitting import release
from stance.fitting.card import write_card
from stance.fitting.config import EncoderChoice
from stance.fitting.encoders import load_encoder
from stance.fitting.examples import read_examples
from stance.fitting.measures import Judged, measure
from stance.model.classifier import Classifier
from stance.model.network import HeadConfig, StanceNetwork
from stance.model.store import ModelConfig, read_config
from stance.schema import LABELS
from stance.targets import builtin_targets

from .conftest import write_recipe


@dataclass(frozen=True)
class Built:
    """A recipe and the model made from it."""

    recipe: Path
    folder: Path
    config: ModelConfig


pytestmark = [
    pytest.mark.train,
    pytest.mark.filterwarnings("ignore"),  # torch's exporter deprecates parts of itself
]


@pytest.fixture(scope="module", autouse=True)
def traced_once() -> Iterator[None]:
    """Trace networks of equal weights once: it takes 10 to 30 seconds."""
    trace, known = release.trace_network, {}

    def once(network: StanceNetwork) -> onnx.ModelProto:
        digest = hashlib.sha256()
        for name, value in network.state_dict().items():
            digest.update(name.encode() + value.numpy().tobytes())
        if digest.hexdigest() not in known:
            known[digest.hexdigest()] = trace(network)
        return known[digest.hexdigest()]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(release, "trace_network", once)
        yield


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> Built:
    """A model made from the tiny recipe."""
    folder = tmp_path_factory.mktemp("built")
    recipe = write_recipe(folder, encoder_folder)
    config = stance.train(recipe, folder / "model")
    return Built(recipe, folder / "model", config)


def test_a_recipe_becomes_a_model_that_predicts(built: Built) -> None:
    assert read_config(built.folder).metrics == json.loads(json.dumps(built.config.metrics))
    assert len(built.config.training["dev_macro_f1_by_epoch"]) == 12
    test = built.config.metrics["test"]
    assert test["mean_macro_f1"] > 0.6, "the tiny task was not learned"
    assert built.config.metrics["dev"]["agreement_with_fp32"] >= 0.98
    low, high = test["mean_macro_f1_interval"]
    assert low <= test["mean_macro_f1"] <= high
    assert f"**{test['mean_macro_f1']:.3f}**" in (built.folder / "README.md").read_text(encoding="utf-8")
    assert not built.folder.with_name("model.new").exists()
    assert stance.predict("Beijing is a menace. Rain fell.", model=built.folder)["NATO"].label == "absent"


def test_weights_that_8_bits_would_spoil_are_stored_in_16(
    built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = iter([0.9, 1.0])
    monkeypatch.setattr(release, "_agreement", lambda *_: next(measured))
    config = stance.train(built.recipe, tmp_path / "model")
    assert config.precision == read_config(tmp_path / "model").precision == "fp16"
    texts = [example.text for example in read_examples(built.recipe.parent / "test.jsonl", builtin_targets())]
    network, half = (tmp_path / "model" / name for name in ("model.onnx", "model.safetensors"))
    assert network.stat().st_size < 1.5 * half.stat().st_size  # a graph and its weights in 16 bits
    half_precise, eight_bits = (
        [
            made.label
            for found in Classifier(folder).predict(texts, builtin_targets())
            for made in found.stances.values()
        ]
        for folder in (tmp_path / "model", built.folder)
    )
    same = sum(one == other for one, other in zip(half_precise, eight_bits, strict=True))
    assert same >= 0.98 * len(half_precise)  # a label on the edge may fall either way


@pytest.mark.parametrize(
    ("overrides", "apart"),
    [(["export.precision=int8", "export.bits=4"], 1e-4), (["export.precision=int8", "export.arithmetic=int8"], 0.02)],
)
def test_the_card_measures_the_model_as_it_ships(
    built: Built, tmp_path: Path, overrides: list[str], apart: float
) -> None:
    config = stance.train(built.recipe, tmp_path / "model", overrides=overrides)
    assert f"export.{'arithmetic' if config.arithmetic == 'int8' else 'bits'}" in overrides[1]
    examples = read_examples(built.recipe.parent / "test.jsonl", builtin_targets())
    found = Classifier(tmp_path / "model").predict([example.text for example in examples], builtin_targets())
    judged = [
        Judged(
            target.name,
            np.array([LABELS.index(example.judgements[row].gold[0]) for example in examples]),
            np.array([list(made[target.name].probabilities.values()) for made in found]),
            tuple(example.document for example in examples),
        )
        for row, target in enumerate(builtin_targets())
    ]
    as_stored, told = measure(judged)["targets"], config.metrics["test"]["targets"]
    assert config.training["train_loss_by_epoch"] == built.config.training["train_loss_by_epoch"]
    if config.arithmetic == "fp32":
        in_8_bits = built.config.metrics["test"]["targets"]  # of the same network
        assert any(abs(told[target]["ece"] - in_8_bits[target]["ece"]) > 1e-3 for target in told)
    for target in told:
        assert told[target]["ece"] == pytest.approx(as_stored[target]["ece"], abs=apart)
        assert told[target]["macro_f1"] == pytest.approx(
            as_stored[target]["macro_f1"], abs=None if config.arithmetic == "fp32" else apart
        )


def test_batches_do_not_matter_to_an_exported_model(built: Built) -> None:
    classifier = Classifier(built.folder)
    texts = [example.text for example in read_examples(built.recipe.parent / "test.jsonl", builtin_targets())]
    alone = [classifier.predict([text], builtin_targets())[0] for text in texts[:12]]
    together = classifier.predict(texts, builtin_targets(), batch_size=64)
    for first, second in zip(alone, together, strict=False):
        for target in first:
            assert dict(first[target].probabilities) == pytest.approx(dict(second[target].probabilities), abs=1e-4)


def test_targets_never_see_each_other(encoder_folder: Path) -> None:
    encoder = load_encoder(EncoderChoice(str(encoder_folder))).network
    network = StanceNetwork(encoder, HeadConfig(hidden=48, heads=4)).eval()
    ids, mask = torch.randint(4, 14, (2, 9)), torch.ones(2, 9, dtype=torch.long)
    mentions, queries = torch.zeros(2, 3, 9), torch.randn(3, 48)
    mentions[0, 1, 2:4] = 1
    with torch.inference_mode():
        together, pooled = network(ids, mask, mentions, queries)
        for target in range(3):
            alone, _ = network(ids, mask, mentions[:, [target]], queries[[target]])
            torch.testing.assert_close(alone[:, 0], together[:, target])
        padded, _ = network(
            torch.nn.functional.pad(ids, (0, 5)),
            torch.nn.functional.pad(mask, (0, 5)),
            torch.nn.functional.pad(mentions, (0, 5)),
            queries,
        )
    torch.testing.assert_close(padded, together, atol=1e-5, rtol=1e-4)
    assert pooled.shape == (2, 48)


def test_another_folder_is_not_replaced(recipe_file: Path, tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    with pytest.raises(InputError, match="is there, and no model folder"):
        stance.train(recipe_file, tmp_path / "papers")
    assert (tmp_path / "papers").is_dir()


def test_a_model_that_is_replaced_and_texts_in_two_splits_are_told(
    recipe_file: Path, built: Built, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    out = shutil.copytree(built.folder, tmp_path / "model")
    with caplog.at_level("INFO", logger="stance"):
        stance.train(recipe_file, out, overrides=["schedule.epochs=1"])
    assert f"{out}: there is a model; it is replaced once the new one is whole" in caplog.messages
    assert "64 texts stand in both train and dev: scores will be better than the model is" in caplog.messages


@pytest.mark.parametrize("change", ["network.kind=pair", "network.blind=true"])
def test_networks_for_comparison_are_measured_but_cannot_predict(
    tmp_path: Path, encoder_folder: Path, change: str
) -> None:
    recipe = write_recipe(tmp_path, encoder_folder, epochs=1)
    config = stance.train(recipe, tmp_path / "model", overrides=[change])
    assert set(config.metrics["test"]["targets"]) == {"NATO", "US", "China"}
    assert not (tmp_path / "model" / "model.onnx").exists()
    assert "it cannot predict" in (tmp_path / "model" / "README.md").read_text(encoding="utf-8") or "blind" in change
    with pytest.raises(ModelError):
        stance.predict("NATO met.", model=tmp_path / "model")


def test_training_goes_on_from_a_model(built: Built, tmp_path: Path) -> None:
    recipe = tmp_path / "more.toml"
    recipe.write_text(
        f'name = "more"\ntrain = "{built.recipe.parent}/train.jsonl"\ndev = "{built.recipe.parent}/dev.jsonl"\n'
        f'[encoder]\nsource = "model:{built.folder}"\n'
        "[network]\nheads = 4\nwindow = 64\noverlap = 8\n"
        "[schedule]\nepochs = 1\nencoder_rate = 1e-9\nhead_rate = 1e-9\n",
        encoding="utf-8",
    )
    config = stance.train(recipe, tmp_path / "more")
    assert config.training["dev_macro_f1_by_epoch"][0] == pytest.approx(
        built.config.metrics["dev"]["macro_f1"], abs=0.02
    )
    assert "test" not in config.metrics
    with pytest.raises(InputError, match="does not fit the model"):
        stance.train(recipe, tmp_path / "other", overrides=["network.blocks=3"])


def test_a_model_is_asked_for_the_targets_that_it_was_trained_on(tmp_path: Path, encoder_folder: Path) -> None:
    recipe = write_recipe(tmp_path, encoder_folder, epochs=1)
    (tmp_path / "mine.toml").write_text('[[target]]\nname = "Mars"\naliases = ["Beijing"]\n', encoding="utf-8")
    for name in ("train", "dev", "test"):
        path = tmp_path / f"{name}.jsonl"
        path.write_text(path.read_text(encoding="utf-8").replace('"China"', '"Mars"'), encoding="utf-8")
    stance.train(recipe, tmp_path / "model", overrides=["targets=['Mars', 'NATO']", "targets_file=mine.toml"])
    prediction = stance.predict("Beijing met.", model=tmp_path / "model")
    assert list(prediction) == ["Mars", "NATO"]
    assert [span.text for span in prediction["Mars"].mentions] == ["Beijing"]
    assert list(stance.predict("Beijing met.", model=tmp_path / "model", targets=["US"])) == ["US"]


def test_a_card_says_nothing_of_what_was_not_measured(built: Built) -> None:
    dev = built.config.metrics["dev"] | {"agreement_with_fp32": None}
    card = write_card(dataclasses.replace(built.config, metrics=built.config.metrics | {"dev": dev}))
    assert "labels agree with the network's" in write_card(built.config)
    assert "labels agree with the network's" not in card


def test_a_card_shows_what_there_is_no_gold_for_as_not_available(built: Built) -> None:
    found = built.config.metrics["test"]
    nato = found["targets"]["NATO"]
    favor = nato["labels"]["favor"] | {"f1": None, "support": 0, "f1_interval": None}
    nato = nato | {"macro_f1_interval": None, "f_avg": None, "labels": nato["labels"] | {"favor": favor}}
    test = found | {"targets": found["targets"] | {"NATO": nato}}
    card = write_card(dataclasses.replace(built.config, metrics=built.config.metrics | {"test": test}))
    row = next(line for line in card.splitlines() if line.startswith("| NATO") and "n/a" in line)
    assert "[n/a]" in row and "n/a (0)" in row and "| n/a |" in row
