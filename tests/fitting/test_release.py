"""Training a tiny model: it learns, resumes exactly, exports faithfully."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

import stance
from stance.errors import InputError, ModelError
from stance.fitting import loop, release
from stance.fitting.config import Recipe, read_recipe
from stance.fitting.encoders import load_encoder, locate_encoder
from stance.fitting.examples import prepare, read_examples
from stance.fitting.release import build_model
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


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> Built:
    """A model made from the tiny recipe."""
    folder = tmp_path_factory.mktemp("built")
    recipe = write_recipe(folder, encoder_folder)
    config = build_model(recipe, folder / "model", checkpoints=folder / "run")
    return Built(recipe, folder / "model", config)


def test_a_recipe_becomes_a_model_that_predicts(built: Built) -> None:
    assert read_config(built.folder).metrics == json.loads(json.dumps(built.config.metrics))
    assert len(built.config.training["dev_macro_f1_by_epoch"]) == 12
    test = built.config.metrics["test"]
    assert test["mean_macro_f1"] > 0.6, "the tiny task was not learned"
    assert test["agreement_with_fp32"] >= 0.98
    assert f"**{test['mean_macro_f1']:.3f}**" in (built.folder / "README.md").read_text(encoding="utf-8")
    assert not built.folder.with_name("model.new").exists()
    assert stance.predict("Beijing is a menace. Rain fell.", model=built.folder)["NATO"].label == "absent"


def test_weights_that_8_bits_would_spoil_are_stored_in_16(
    built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = iter([0.9, 1.0])
    compare = release._compare

    def spoilt(*arguments: object) -> dict:
        metrics = compare(*arguments)
        metrics["test"]["agreement_with_fp32"] = next(measured)
        return metrics

    monkeypatch.setattr(release, "_compare", spoilt)
    config = build_model(built.recipe, tmp_path / "model", checkpoints=built.recipe.parent / "run")
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


def test_batches_do_not_matter_to_an_exported_model(built: Built) -> None:
    classifier = Classifier(built.folder)
    texts = [example.text for example in read_examples(built.recipe.parent / "test.jsonl", builtin_targets())]
    alone = [classifier.predict([text], builtin_targets())[0] for text in texts[:12]]
    together = classifier.predict(texts, builtin_targets(), batch_size=64)
    for first, second in zip(alone, together, strict=False):
        for target in first:
            assert dict(first[target].probabilities) == pytest.approx(dict(second[target].probabilities), abs=1e-4)


def test_an_interrupted_run_ends_with_the_same_weights(
    recipe_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = read_recipe(recipe_file)
    save, calls = loop._save_state, []

    def save_and_die(*arguments: object) -> None:
        save(*arguments)
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    whole = trained(recipe, tmp_path / "whole")
    monkeypatch.setattr(loop, "_save_state", save_and_die)
    with pytest.raises(KeyboardInterrupt):
        trained(recipe, tmp_path / "broken")
    monkeypatch.setattr(loop, "_save_state", save)
    resumed = trained(recipe, tmp_path / "broken")
    assert whole.keys() == resumed.keys()
    for name in whole:
        assert torch.equal(whole[name], resumed[name]), name


def trained(recipe: Recipe, folder: Path) -> dict[str, torch.Tensor]:
    """Train from the start, or from what a folder holds; give the weights."""
    encoder, tokenizer = load_encoder(recipe.encoder)
    readings = prepare(
        read_examples(recipe.dev, builtin_targets()), tokenizer.backend_tokenizer, builtin_targets(), doubt=0, window=64
    )
    described = tokenizer([target.description for target in builtin_targets()], padding=True, return_tensors="pt")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        network = StanceNetwork(encoder, HeadConfig(hidden=48, heads=4))
    targets = loop.EncodedTargets(described["input_ids"], described["attention_mask"])
    loop.train(network, targets, readings, readings[:8], recipe=recipe, folder=folder)
    return network.state_dict()


def test_targets_never_see_each_other(encoder_folder: Path) -> None:
    encoder, _ = load_encoder(str(encoder_folder))
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


def test_doubts_share_the_weight_of_a_label(encoder_folder: Path, tmp_path: Path) -> None:
    row = {"id": "a", "text": "NATO met", "labels": {"NATO": "favor", "US": "absent", "China": "absent"}}
    (tmp_path / "a.jsonl").write_text(json.dumps(row | {"doubt": "NATO:neutral, US:neutral"}) + "\n", encoding="utf-8")
    examples = read_examples(tmp_path / "a.jsonl", builtin_targets())
    tokenizer = load_encoder(str(encoder_folder))[1].backend_tokenizer
    (reading,) = prepare(examples, tokenizer, builtin_targets(), doubt=0.3, window=64)
    np.testing.assert_allclose(reading.weights, [[0.7, 0, 0.3, 0], [0, 0, 0.3, 0.7], [0, 0, 0, 1]], atol=1e-6)
    assert [LABELS[place] for place in reading.gold] == ["favor", "absent", "absent"]


def test_a_paragraph_longer_than_the_window_is_refused(encoder_folder: Path, tmp_path: Path) -> None:
    row = {"id": "long", "text": "rain " * 80, "labels": dict.fromkeys(("NATO", "US", "China"), "absent")}
    (tmp_path / "a.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    tokenizer = load_encoder(str(encoder_folder))[1].backend_tokenizer
    with pytest.raises(InputError, match="Paragraph 'long' has more than the 64 tokens"):
        prepare(
            read_examples(tmp_path / "a.jsonl", builtin_targets()), tokenizer, builtin_targets(), doubt=0, window=64
        )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2: expected a JSON object"),
        ('{"text": "a"}', "line 2: expected a JSON object with 'text' and 'labels'"),
        ('{"text": "a", "labels": {"NATO": "favour"}}', "NATO: unknown label 'favour': did you mean 'favor'"),
        ('{"text": "a", "labels": {"NATO": "favor"}}', "US: unknown label None"),
    ],
)
def test_bad_examples(tmp_path: Path, line: str, message: str) -> None:
    good = json.dumps({"text": "a", "labels": dict.fromkeys(("NATO", "US", "China"), "absent")})
    (tmp_path / "a.jsonl").write_text(f"{good}\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_examples(tmp_path / "a.jsonl", builtin_targets())


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("epochs = 12", "epoch = 3", "unknown field 'epoch': did you mean 'epochs'"),
        ("epochs = 12", "epochs = '3'", "field 'epochs' has to be int, found '3'"),
        ("epochs = 12", "epochs = 0", "'epochs' has to be above 0"),
        ("window = 64", "window = 9", "'overlap' has to be below window - 2"),
        ('precision = "fp32"', 'precision = "int4"', "'precision' has to be"),
        ('dev = "dev.jsonl"', "", "missing fields: dev"),
        ("train = ", "train = [] #", "'train' has to name at least one file"),
        ("epochs = 12", "doubt = 1.0", r"'doubt' has to lie in \[0, 1\)"),
        ("epochs = 12", "epochs =", "cannot be read as a TOML recipe"),
    ],
)
def test_bad_recipes(recipe_file: Path, before: str, after: str, message: str) -> None:
    recipe_file.write_text(recipe_file.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_recipe(recipe_file)


def test_files_of_a_recipe_are_relative_to_it(recipe_file: Path) -> None:
    recipe = read_recipe(recipe_file)
    assert isinstance(recipe, Recipe)
    assert recipe.train == (str(recipe_file.parent / "train.jsonl"),)


def test_another_folder_is_not_replaced(recipe_file: Path, tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    with pytest.raises(InputError, match="is there, and no model folder"):
        build_model(recipe_file, tmp_path / "papers", checkpoints=tmp_path / "run")
    assert (tmp_path / "papers").is_dir()


def test_encoders_that_are_not_there(encoder_folder: Path) -> None:
    with pytest.raises(ModelError, match="package 'no_such_package' is not installed"):
        locate_encoder("package:no_such_package/model")
    with pytest.raises(ModelError, match="has no folder 'none'"):
        locate_encoder("package:stance/none")
    with pytest.raises(ModelError, match="expected sha256 0000"):
        load_encoder(str(encoder_folder), "0000")
    assert locate_encoder("package:stance/text").endswith("text")
