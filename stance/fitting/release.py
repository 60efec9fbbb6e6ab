"""Writing a trained network down: calibrate on dev, export, compare with the network, measure, describe."""

from __future__ import annotations

import copy
import dataclasses
import json
import logging
import platform
import shutil
from collections.abc import Collection, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.errors import InputError
from stance.files import replace_folder
from stance.fitting.arithmetic import imitate_int8
from stance.fitting.card import write_card
from stance.fitting.checkpoints import writable
from stance.fitting.examples import label_groups
from stance.fitting.export import PRECISIONS, export_network
from stance.fitting.measures import Judged, measure, measure_groups
from stance.fitting.readings import Collator
from stance.fitting.recipes import recipe_values
from stance.fitting.scores import judge_groups, measure_dev, score_readings
from stance.fitting.tracing import trace_network
from stance.fitting.training import Split, Trained, Workshop, summary
from stance.model.calibration import Calibration, fit_calibration
from stance.model.classifier import Classifier
from stance.model.store import (
    HASHES_FILE,
    TOKENIZER_FILE,
    ModelConfig,
    verify_files,
    write_config,
    write_hashes,
)
from stance.model.weights import load_weights, save_weights
from stance.schema import LABELS

__all__ = ["check_out", "describe", "write_model"]

_LOG = logging.getLogger(__name__)
_AGREEMENT = 0.98
"""Share of labels on dev that stored weights may not change; with less, the next finer precision is taken."""
_COMPARED = 500
"""Texts of dev that the stored weights are compared on."""
_PACKAGES = ("accelerate", "numpy", "onnx", "onnxruntime", "tokenizers", "torch", "transformers")


def check_out(out: Path) -> None:
    """Refuse to replace what is no model folder.

    Raises:
        InputError: If `out` is there and is something else.
    """
    if out.exists() and not (out / HASHES_FILE).is_file():
        raise InputError(f"{out}: is there, and no model folder. Give another --out.")


def write_model(workshop: Workshop, trained: Sequence[Trained], out: Path, *, command: str) -> ModelConfig:
    """Write the network that is best on dev; `out` is replaced only once the new folder is whole.

    Args:
        workshop: What was trained with.
        trained: The networks, one a seed.
        out: The folder.
        command: The command that made it, for the card.

    Returns:
        The config written, with metrics on dev and test. A network for comparison only (pair encoding, or blind) is
        written without ``model.onnx``: it cannot predict, but its weights and metrics are there.

    Raises:
        InputError: If `out` is there and no model folder, or there is no room for it.
    """
    check_out(out)
    best = max(trained, key=lambda item: item.dev)
    config = describe(workshop, trained, command=command)
    _LOG.info("writing the model and measuring it once more, as it is stored")
    with writable(out, "the model"):
        return _write(workshop, best, config, out)


def _write(workshop: Workshop, best: Trained, config: ModelConfig, out: Path) -> ModelConfig:
    beside = out.with_name(out.name + ".new")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    (beside / TOKENIZER_FILE).write_text(workshop.encoder.tokenizer.to_str(), encoding="utf-8")
    if workshop.recipe.exportable:
        config = _export(beside, config, workshop, best)
    else:
        save_weights(best.network.state_dict(), beside)
    write_config(beside, config)
    (beside / "README.md").write_text(write_card(config), encoding="utf-8")
    write_hashes(beside)
    if workshop.recipe.exportable:
        verify_files(beside)
    replace_folder(beside, out)
    return config


def _calibrate(dev: Split, scores: Sequence[npt.NDArray[np.float32]], known: Collection[str]) -> Calibration:
    """Fit temperatures and label sets on dev; what may be any of several labels tells nothing of them."""
    sure, gold, targets = [], [], []
    for own, reading in zip(scores, dev.readings, strict=True):
        for row in range(len(reading.names)):
            if reading.gold[row].sum() == 1:
                sure.append(own[row])
                gold.append(int(reading.gold[row].argmax()))
                targets.append(reading.names[row] if reading.names[row] in known else "")
    if not gold:
        return Calibration(1.0, 1.0)
    return fit_calibration(np.stack(sure), np.array(gold), targets)


def describe(workshop: Workshop, trained: Sequence[Trained], *, command: str) -> ModelConfig:
    """Calibrate the network that is best on dev, measure it, and say how it was made; writes nothing.

    Args:
        workshop: What was trained with.
        trained: The networks, one a seed.
        command: The command that made it.

    Returns:
        The config.
    """
    best = max(trained, key=lambda item: item.dev)
    recipe, encoder = dataclasses.replace(workshop.recipe, seed=best.seed), workshop.encoder
    metric = recipe.schedule.metric
    calibration = _calibrate(workshop.splits["dev"], best.scores["dev"], [target.name for target in workshop.targets])
    return ModelConfig(
        name=recipe.name,
        labels=LABELS,
        targets=tuple(target.name for target in workshop.targets),
        window=recipe.network.window,
        overlap=recipe.network.overlap,
        calibration=calibration.to_dict(),
        pad_id=encoder.pad_id,
        encoder={
            "source": recipe.encoder.source,
            "sha256": encoder.sha256,
            "config": best.network.encoder.config.to_diff_dict(),
        },
        head=dataclasses.asdict(best.network.config),
        target_definitions=tuple(dataclasses.asdict(target) for target in workshop.targets),
        training={
            "command": command,
            "recipe": json.loads(json.dumps(recipe_values(recipe))),
            "fingerprint": workshop.fingerprint,
            "data": workshop.data,
            "seed": best.seed,
            "seeds": summary(trained, metric),
            "train_loss_by_epoch": [round(loss, 4) for loss in best.progress.losses],
            f"dev_{metric}_by_epoch": [round(score, 4) for score in best.progress.scores],
            "python": platform.python_version(),
            "versions": {name: metadata.version(name) for name in _PACKAGES},
        },
        metrics={name: _measure(workshop, name, best.scores[name], calibration) for name in workshop.splits},
    )


def _export(folder: Path, config: ModelConfig, workshop: Workshop, best: Trained) -> ModelConfig:
    """Export as the recipe says, or with the smallest weights that leave the labels on dev as they are.

    Returns:
        The config, with metrics of the weights as they were stored.
    """
    wanted = workshop.recipe.export
    precisions = PRECISIONS if wanted.precision == "auto" else (wanted.precision,)
    agreement = None
    graph = trace_network(best.network)
    for precision in precisions:
        export_network(
            best.network, folder, precision=precision, bits=wanted.bits, arithmetic=wanted.arithmetic, graph=graph
        )
        config = dataclasses.replace(config, precision=precision, arithmetic=wanted.arithmetic)
        write_config(folder, config)
        write_hashes(folder)
        shipped = Classifier(folder)
        agreement = _agreement(shipped, workshop.splits["dev"], best.scores["dev"])
        if precision == precisions[-1] or (agreement is not None and agreement >= _AGREEMENT):
            break
        if agreement is None:  # marked mentions: the classifier finds its own
            _LOG.warning("dev has marked mentions only: what %s weights change cannot be measured", precision)
            if precision != PRECISIONS[0]:
                break
        else:
            changed = 100 * (1 - agreement)
            _LOG.warning("%s weights change %.1f %% of dev's labels; a finer precision is taken", precision, changed)
    metrics = _measure_stored(folder, workshop, best, Calibration.from_dict(config.calibration))
    metrics["dev"]["agreement_with_fp32"] = agreement
    return dataclasses.replace(config, metrics=metrics, queries=shipped.encode_targets(workshop.targets))


def _measure_stored(
    folder: Path, workshop: Workshop, best: Trained, calibration: Calibration
) -> dict[str, dict[str, Any]]:
    """Measure the splits again with the weights that a folder holds, which are those that will predict."""
    network = copy.deepcopy(best.network)
    network.load_state_dict(load_weights(folder))
    if workshop.recipe.export.arithmetic == "int8":
        network = imitate_int8(network)
    collator = Collator(workshop.encoder.tokenizer, pad_id=workshop.encoder.pad_id)
    return {
        name: _measure(workshop, name, score_readings(network, split.readings, collator), calibration)
        for name, split in workshop.splits.items()
    }


def _agreement(shipped: Classifier, split: Split, scores: Sequence[npt.NDArray[np.float32]]) -> float | None:
    """Share of labels that the exported model gives as the network does; None if no mentions are found by names."""
    calibration = Calibration.from_dict(shipped.config.calibration)
    same = total = 0
    pairs = list(zip(split.examples, scores, strict=True))[:_COMPARED]
    for example, own in pairs:
        if any(judgement.spans is not None for judgement in example.judgements):
            continue
        targets = [judgement.target for judgement in example.judgements]
        prediction = shipped.predict([example.text], targets)[0]
        for row, target in enumerate(targets):
            same += (
                prediction[target.name].label
                == LABELS[int(calibration.of(target.name).probabilities(own[row]).argmax())]
            )
            total += 1
    return same / total if total else None


def _measure(
    workshop: Workshop, name: str, scores: Sequence[npt.NDArray[np.float32]], calibration: Calibration
) -> dict[str, Any]:
    """Measure scores on a split: each target that the model is for, or all as one where none of them is there."""
    split = workshop.splits[name]
    known = [target.name for target in workshop.targets]
    groups = label_groups(split.data)
    result: dict[str, Any] = {
        "macro_f1": measure_dev("macro_f1", scores, split.readings, named=known, groups=groups),
        "label_groups": [list(group) for group in groups],
    }
    judged = [_judged(target, split, scores, calibration) for target in known]
    there = [item for item in judged if len(item.gold)]
    told_apart = all(len(group) == 1 for group in groups)  # else false alarms on the rest would not count
    if there and told_apart:
        return result | measure(there)
    pooled = judge_groups(scores, split.readings, groups)
    documents = [split.examples[item.example].document for item in pooled]
    figures = measure_groups([item.gold for item in pooled], [item.guess for item in pooled], documents, groups)
    return result | {"mean_macro_f1": result["macro_f1"]} | figures | {"paragraphs": len(split.examples)}


def _judged(target: str, split: Split, scores: Sequence[npt.NDArray[np.float32]], calibration: Calibration) -> Judged:
    gold, rows, documents = [], [], []
    for own, reading in zip(scores, split.readings, strict=True):
        for row, name in enumerate(reading.names):
            if name == target and reading.gold[row].sum() == 1:
                gold.append(int(reading.gold[row].argmax()))
                rows.append(own[row])
                documents.append(split.examples[reading.example].document)
    probabilities = calibration.of(target).probabilities(np.stack(rows)) if rows else np.zeros((0, len(LABELS)))
    return Judged(target, np.array(gold, dtype=np.int64), probabilities, tuple(documents))
