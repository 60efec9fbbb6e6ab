"""Training runs that are compared and not kept: each variant's figures go to a file of its own.

Read by architectures.py and public_sets.py. Dev decides and test is reported, so nothing here looks at test to choose.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from stance.evaluation.comparison import compare_judgements
from stance.evaluation.figures import Judgements
from stance.fitting.readings import Reading
from stance.fitting.recipes import read_recipe
from stance.fitting.release import describe
from stance.fitting.training import Split, Trained, Workshop, prepare_run, train_seeds
from stance.model.calibration import Calibration
from stance.model.store import hash_file

HERE = Path(__file__).resolve().parent
RECIPES = HERE.parent / "training"

Variants = dict[str, tuple[str, list[str]]]
"""Name -> recipe and what is otherwise in it."""


def parse(description: str, variants: Variants) -> argparse.Namespace:
    """Read the command line that architectures.py and public_sets.py share."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("variants", nargs="*", metavar="VARIANT", help=f"default: all ({', '.join(variants)})")
    parser.add_argument("--list", action="store_true", help="print what has been trained, train nothing")
    parser.add_argument("--seeds", type=int, default=1, help="networks of each variant (default: 1)")
    parser.add_argument("--runs", type=Path, default=Path("runs/trials"), help="checkpoints (default: runs/trials)")
    parser.add_argument("--set", action="append", default=[], help="changes for every variant, as of stance train")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.variants if name not in variants]
    if unknown:
        parser.error(f"unknown variants {unknown}; known: {', '.join(variants)}")
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(message)s")
    return arguments


def read_results(folder: Path, variants: Variants) -> dict[str, Any]:
    """Read what has been trained, in the order of the variants."""
    places = {name: folder / f"{slug(name)}.json" for name in variants}
    return {name: json.loads(place.read_text(encoding="utf-8")) for name, place in places.items() if place.is_file()}


def slug(name: str) -> str:
    """Give a variant's file name."""
    return name.replace(" ", "-")


def run_trials(folder: Path, script: str, variants: Variants, arguments: argparse.Namespace) -> None:
    """Train the variants asked for; what is known of the same recipe, data, encoder, torch and seeds is left alone."""
    known = read_results(folder, variants)
    folder.mkdir(parents=True, exist_ok=True)
    for name in arguments.variants or variants:
        recipe, overrides = variants[name]
        changes = [*overrides, *arguments.set]
        workshop = prepare_run(read_recipe(RECIPES / recipe, changes))
        before = known.get(name)
        if before and before["fingerprint"] == workshop.fingerprint and len(before["seeds"]) >= arguments.seeds:
            continue
        more = "".join(f" --set {change!r}" for change in arguments.set)
        more += f" --seeds {arguments.seeds}" if arguments.seeds > 1 else ""
        found = {"command": f"python benchmarks/{script} {name!r}{more}", "recipe": recipe, "set": changes}
        found |= _train(workshop, arguments.runs / slug(name), seeds=arguments.seeds)
        (folder / f"{slug(name)}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _train(workshop: Workshop, place: Path, *, seeds: int) -> dict[str, Any]:
    start = time.perf_counter()
    trained = train_seeds(workshop, seeds=seeds, checkpoints=place, resume=True)
    minutes = (time.perf_counter() - start) / 60
    rows = [_row(workshop, item) for item in trained]
    shutil.rmtree(place, ignore_errors=True)
    return {
        "fingerprint": workshop.fingerprint,
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        "minutes": round(minutes, 1),
        "versions": describe(workshop, trained[:1], command="").training["versions"],
        "encoder_sha256": workshop.encoder.sha256,
        "data": workshop.data,
        "seeds": rows,
    }


def _row(workshop: Workshop, item: Trained) -> dict[str, Any]:
    """Give the figures of one seed, and its labels on test where it is the project's own (one letter a judgement)."""
    config = describe(workshop, [item], command="")
    by_epoch = f"dev_{workshop.recipe.schedule.metric}_by_epoch"
    row: dict[str, Any] = {"seed": item.seed, by_epoch: config.training[by_epoch]}
    row |= {split: _figures(config.metrics[split]) for split in workshop.splits}
    test = workshop.splits.get("test")
    if test and "targets" in config.metrics["test"]:
        calibration = Calibration.from_dict(config.calibration)
        row["test_labels"] = label_letters(item.scores["test"], test.readings, calibration)
    return row


def label_letters(
    scores: Sequence[npt.NDArray[np.float32]], readings: Sequence[Reading], calibration: Calibration
) -> str:
    """Give the most probable labels as the figures beside them have them: with temperatures, which may change some."""
    return "".join(
        "FANX"[int(calibration.of(name).probabilities(own[row]).argmax())]
        for own, reading in zip(scores, readings, strict=True)
        for row, name in enumerate(reading.names)
    )


def _figures(metrics: dict[str, Any]) -> dict[str, Any]:
    """Keep of a split's metrics what tables and their readers need."""
    named = ("macro_f1", "macro_f1_interval", "mean_macro_f1", "mean_macro_f1_interval", "presence_f1", "f_avg")
    kept = {name: metrics[name] for name in (*named, "f_avg_interval", "judgements") if name in metrics}
    rounded = {name: round(value, 4) if isinstance(value, float) else value for name, value in kept.items()}
    if "targets" in metrics:
        rounded["targets"] = {target: round(row["macro_f1"], 4) for target, row in metrics["targets"].items()}
        rounded["ece"] = {target: round(row["ece"], 4) for target, row in metrics["targets"].items()}
    return rounded


def spread(values: list[float]) -> str:
    """Give a mean, and the standard deviation where there are several."""
    return f"{np.mean(values):.3f}" + (f" ± {np.std(values, ddof=1):.3f}" if len(values) > 1 else "")


def compare(test: Split, first: dict[str, Any], second: dict[str, Any]) -> list[str]:
    """Compare two variants on test, seed by seed: what the first is ahead, with its 95 % interval by document.

    Raises:
        ValueError: If one was scored on other rows: labels are told by their place alone.
    """
    if not _hashes(first) == _hashes(second) == {hash_file(Path(test.data.file))}:
        raise ValueError("the variants were scored on other test rows than there are: train them again")
    lines = []
    for one, other in zip(first["seeds"], second["seeds"], strict=False):
        found = compare_judgements(_judgements(test, one["test_labels"]), _judgements(test, other["test_labels"]))
        told = [
            f"{name} {item.interval.value:+.3f} [{item.interval.low:+.3f}, {item.interval.high:+.3f}], p {item.p:.3f}"
            for name, item in found.differences.items()
        ]
        lines.append(f"seed {one['seed']}: " + "; ".join(told))
    return lines


def _hashes(found: dict[str, Any]) -> set[str]:
    return set(found["data"]["test"].values())


def _judgements(test: Split, labels: str) -> Judgements:
    rows = [(reading, row) for reading in test.readings for row in range(len(reading.names))]
    targets = tuple(dict.fromkeys(reading.names[row] for reading, row in rows))
    return Judgements(
        targets=targets,
        target=np.array([targets.index(reading.names[row]) for reading, row in rows]),
        gold=np.array([int(reading.gold[row].argmax()) for reading, row in rows]),
        predicted=np.array(["FANX".index(letter) for letter in labels]),
        documents=tuple(test.examples[reading.example].document for reading, _ in rows),
    )
