"""From a recipe to a model folder: train, calibrate, export, measure, describe."""

from __future__ import annotations

import dataclasses
import logging
import platform
import shutil
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from stance.errors import InputError
from stance.evaluation.metrics import score_labels
from stance.fitting.card import write_card
from stance.fitting.config import Recipe, read_recipe
from stance.fitting.encoders import load_encoder
from stance.fitting.examples import Example, Reading, prepare, read_examples
from stance.fitting.export import PRECISIONS, export_network
from stance.fitting.loop import EncodedTargets, score_readings, train
from stance.model.calibration import expected_calibration_error, fit_temperature, softmax
from stance.model.classifier import Classifier
from stance.model.network import HeadConfig, StanceNetwork
from stance.model.store import (
    HASHES_FILE,
    TOKENIZER_FILE,
    ModelConfig,
    hash_file,
    verify_files,
    write_config,
    write_hashes,
)
from stance.schema import LABELS, Label
from stance.targets import Target, builtin_targets

__all__ = ["build_model"]

_LOG = logging.getLogger(__name__)
_AGREEMENT = 0.98
"""Share of test labels that stored weights may not change; with less, the next finer precision is taken."""
_PACKAGES = ("numpy", "onnx", "onnxruntime", "tokenizers", "torch", "transformers")


def build_model(recipe_path: Path, out: Path, *, checkpoints: Path) -> ModelConfig:
    """Train the model of a recipe and write its folder.

    Args:
        recipe_path: The recipe.
        out: The folder to write; replaced only once the new one is whole.
        checkpoints: Where training keeps its state; an interrupted run goes on from there.

    Returns:
        The config written, with metrics on dev and test.

    Raises:
        InputError: If the recipe or a data file is not usable, or `out` is something else than a model folder.
        ModelError: If the encoder is not there.
    """
    recipe = read_recipe(recipe_path)
    if out.exists() and not (out / HASHES_FILE).is_file():
        raise InputError(f"{out}: is there, and no model folder. Give another --out.")
    targets = builtin_targets()
    encoder, tokenizer = load_encoder(recipe.encoder, recipe.encoder_sha256)
    fast = tokenizer.backend_tokenizer
    fast.no_truncation()
    fast.no_padding()
    splits = {name: _read(recipe, name, targets) for name in ("train", "dev", "test")}
    readings = {
        name: prepare(examples, fast, targets, doubt=recipe.doubt if name == "train" else 0.0, window=recipe.window)
        for name, examples in splits.items()
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        network = StanceNetwork(encoder, HeadConfig(hidden=encoder.config.hidden_size, dropout=recipe.dropout))
    described = tokenizer([target.description for target in targets], padding=True, return_tensors="pt")
    encoded = EncodedTargets(described["input_ids"], described["attention_mask"])
    history = train(network, encoded, readings["train"], readings["dev"], recipe=recipe, folder=checkpoints)
    scores = {name: score_readings(network, encoded, readings[name]) for name in ("dev", "test")}
    dev_gold = np.stack([reading.gold for reading in readings["dev"]])
    config = ModelConfig(
        name=recipe.name,
        labels=LABELS,
        targets=tuple(target.name for target in targets),
        window=recipe.window,
        overlap=recipe.overlap,
        temperature=round(fit_temperature(scores["dev"].reshape(-1, len(LABELS)), dev_gold.reshape(-1)), 4),
        pad_id=int(tokenizer.pad_token_id or 0),
        encoder={"source": recipe.encoder, "sha256": recipe.encoder_sha256, "config": encoder.config.to_diff_dict()},
        head=dataclasses.asdict(network.config),
        training=_provenance(recipe, recipe_path) | {"dev_macro_f1_by_epoch": [round(value, 4) for value in history]},
    )
    return _write(out, config, network, fast.to_str(), splits, readings, scores)


def _read(recipe: Recipe, split: str, targets: Sequence[Target]) -> list[Example]:
    files = recipe.train if split == "train" else (getattr(recipe, split),)
    return [example for file in files for example in read_examples(file, targets)]


def _write(
    out: Path,
    config: ModelConfig,
    network: StanceNetwork,
    tokenizer: str,
    splits: dict[str, list[Example]],
    readings: dict[str, list[Reading]],
    scores: dict[str, npt.NDArray[np.float32]],
) -> ModelConfig:
    """Write everything beside `out`, measure what was written, then move it into place."""
    beside = out.with_name(out.name + ".new")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    (beside / TOKENIZER_FILE).write_text(tokenizer, encoding="utf-8")
    for precision in PRECISIONS:
        export_network(network, beside, precision=precision)
        config = dataclasses.replace(config, precision=precision)
        write_config(beside, config)
        write_hashes(beside)
        metrics = _compare(Classifier(beside), config, splits, readings, scores)
        if metrics["test"]["agreement_with_fp32"] >= _AGREEMENT:
            break
        changed = 100 * (1 - metrics["test"]["agreement_with_fp32"])
        _LOG.warning("%s weights change %.1f %% of the labels on test; a finer precision is taken", precision, changed)
    config = dataclasses.replace(config, metrics=metrics)
    write_config(beside, config)
    (beside / "README.md").write_text(write_card(config), encoding="utf-8")
    write_hashes(beside)
    verify_files(beside)
    old = out.with_name(out.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    beside.rename(out)
    shutil.rmtree(old, ignore_errors=True)
    return config


def _compare(
    shipped: Classifier,
    config: ModelConfig,
    splits: dict[str, list[Example]],
    readings: dict[str, list[Reading]],
    scores: dict[str, npt.NDArray[np.float32]],
) -> dict[str, Any]:
    """Measure the exported model on dev and test, beside the network that it was exported from."""
    metrics: dict[str, Any] = {}
    for name in ("dev", "test"):
        predictions = shipped.predict([example.text for example in splits[name]], builtin_targets())
        probabilities = np.array(
            [[list(prediction[t].probabilities.values()) for t in config.targets] for prediction in predictions]
        )
        gold = np.stack([reading.gold for reading in readings[name]])
        metrics[name] = _measure(probabilities, gold, config.targets)
        plain = softmax(scores[name], config.temperature)
        metrics[name]["fp32"] = _measure(plain, gold, config.targets)["mean_macro_f1"]
        metrics[name]["agreement_with_fp32"] = float((plain.argmax(-1) == probabilities.argmax(-1)).mean())
    return metrics


def _measure(
    probabilities: npt.NDArray[np.float64], gold: npt.NDArray[np.int64], targets: Sequence[str]
) -> dict[str, Any]:
    """Score per target and label, and calibration."""
    result: dict[str, Any] = {"paragraphs": len(gold), "targets": {}}
    for number, target in enumerate(targets):
        truth: list[Label] = [LABELS[i] for i in gold[:, number]]
        guess: list[Label] = [LABELS[i] for i in probabilities[:, number].argmax(-1)]
        score = score_labels(truth, guess)
        result["targets"][target] = {
            "macro_f1": score.macro_f1,
            "accuracy": score.accuracy,
            "ece": expected_calibration_error(probabilities[:, number], gold[:, number]),
            "labels": {label: dataclasses.asdict(item) for label, item in score.labels.items()},
        }
    result["mean_macro_f1"] = float(np.mean([row["macro_f1"] for row in result["targets"].values()]))
    return result


def _provenance(recipe: Recipe, recipe_path: Path) -> dict[str, Any]:
    files = {"train": recipe.train, "dev": (recipe.dev,), "test": (recipe.test,)}
    return {
        "command": f"python -m stance.fitting training/{recipe_path.name} --out models/{recipe.name}",
        "recipe": recipe_path.read_text(encoding="utf-8"),
        "recipe_sha256": hash_file(recipe_path),
        "data": {split: {Path(name).name: hash_file(Path(name)) for name in names} for split, names in files.items()},
        "seed": recipe.seed,
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in _PACKAGES},
    }
