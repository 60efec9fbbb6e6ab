"""Train variants of a recipe side by side and write how each does; what has been trained is not trained again.

Run: python benchmarks/architectures.py [VARIANT ...] [--list] [--runs runs/architectures]

Decisions are made by dev; test stands beside it to be reported. A variant whose recipe, data, encoder and torch are
those of the result in benchmarks/results/architectures.json is skipped; an interrupted one goes on. The table in
docs/decisions/0007-encoder-and-head.md is printed by --list.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import stance
from stance.fitting.recipes import read_recipe
from stance.fitting.training import prepare_run

HERE = Path(__file__).resolve().parent
RESULT = HERE / "results" / "architectures.json"
RECIPES = HERE.parent / "training"

# What all variants leave out that do not say otherwise: they differ in one thing each.
PLAIN = ["augment.swap=0", "augment.replace=0", "augment.noise=0", "schedule.epochs=4"]
LABELLED = 'train=["../../shared/corpus/train.jsonl", "../../shared/corpus/open.jsonl"]'
MINILM = [LABELLED, *PLAIN]

# Name -> recipe and what is otherwise in it.
VARIANTS: dict[str, tuple[str, list[str]]] = {
    "minilm": ("small.toml", MINILM),
    "minilm pair": ("small.toml", [*MINILM, "network.kind=pair"]),
    "minilm blind": ("small.toml", [*MINILM, "network.blind=true"]),
    "minilm no class weights": ("small.toml", [*MINILM, "loss.class_weights=none"]),
    "minilm balanced class weights": ("small.toml", [*MINILM, "loss.class_weights=balanced"]),
    "minilm no doubt": ("small.toml", [*MINILM, "loss.doubt=0"]),
    "minilm swap": ("small.toml", [*MINILM, "augment.swap=0.25"]),
    "minilm replace": ("small.toml", [*MINILM, "augment.replace=0.25"]),
    "minilm mask": ("small.toml", [*MINILM, "augment.mask=0.2"]),
    "minilm noise": ("small.toml", [*MINILM, "augment.noise=0.3"]),
    "minilm taught": ("small.toml", PLAIN),
    "mpnet": ("base.toml", PLAIN),
    "mpnet pair": ("base.toml", [*PLAIN, "network.kind=pair"]),
    "mpnet blind": ("base.toml", [*PLAIN, "network.blind=true"]),
    "mpnet 6 layers": ("base.toml", [*PLAIN, "encoder.layers=6", "schedule.encoder_rate=7e-5"]),
}


def main() -> None:
    """Train the variants asked for, or print what is known of all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("variants", nargs="*", metavar="VARIANT", help=f"default: all ({', '.join(VARIANTS)})")
    parser.add_argument("--list", action="store_true", help="print the table of what has been trained, train nothing")
    parser.add_argument("--runs", type=Path, default=Path("runs/architectures"))
    parser.add_argument("--set", action="append", default=[], help="changes for every variant, as of stance train")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.variants if name not in VARIANTS]
    if unknown:
        parser.error(f"unknown variants {unknown}; known: {', '.join(VARIANTS)}")
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(message)s")
    known: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.is_file() else {}
    for name in [] if arguments.list else arguments.variants or VARIANTS:
        recipe, overrides = VARIANTS[name]
        command = f"python benchmarks/architectures.py {name!r}"
        place = arguments.runs / name.replace(" ", "-")
        found = train(RECIPES / recipe, [*overrides, *arguments.set], place, known=known.get(name), command=command)
        known = {each: known[each] for each in VARIANTS if each in known} | {name: found}
        RESULT.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    print(table(known))


def train(
    recipe: Path, overrides: list[str], out: Path, *, known: dict[str, Any] | None, command: str
) -> dict[str, Any]:
    """Train a recipe, unless its scores are known; give its scores.

    Args:
        recipe: The recipe.
        overrides: What is otherwise, as of ``stance train --set``.
        out: Where the model is written, and removed: its weights are not what this is about.
        known: The scores as they were, if there are any.
        command: What to note as the command.

    Returns:
        Command, recipe, versions, minutes, and the figures of dev and test.
    """
    fingerprint = prepare_run(read_recipe(recipe, overrides)).fingerprint
    if known and known["fingerprint"] == fingerprint:
        return known
    start = time.perf_counter()
    config = stance.train(recipe, out, overrides=overrides, resume=True)
    shutil.rmtree(out)
    return {
        "command": command,
        "recipe": recipe.name,
        "set": overrides,
        "fingerprint": fingerprint,
        "minutes": round((time.perf_counter() - start) / 60, 1),
        "dev_macro_f1_by_epoch": config.training["dev_macro_f1_by_epoch"],
        "versions": config.training["versions"],
        **{split: figures(config.metrics[split]) for split in ("dev", "test")},
    }


def figures(metrics: dict[str, Any]) -> dict[str, Any]:
    """Keep of a split's metrics what tables and their readers need."""
    named = ("macro_f1", "macro_f1_interval", "mean_macro_f1", "mean_macro_f1_interval", "presence_f1", "f_avg")
    kept = {name: metrics[name] for name in (*named, "f_avg_interval", "judgements") if name in metrics}
    rounded = {name: round(value, 4) if isinstance(value, float) else value for name, value in kept.items()}
    if "targets" in metrics:
        rounded["targets"] = {target: round(row["macro_f1"], 4) for target, row in metrics["targets"].items()}
        rounded["ece"] = {target: round(row["ece"], 4) for target, row in metrics["targets"].items()}
    return rounded


def table(known: dict[str, Any]) -> str:
    """Lay the scores out in Markdown."""
    lines = [
        "| variant | dev macro-F1 | test macro-F1 [95 %] | NATO | US | China | presence F1 | F_avg | minutes |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, found in known.items():
        test = found["test"]
        low, high = test["mean_macro_f1_interval"]
        cells = [
            name,
            f"{found['dev']['mean_macro_f1']:.3f}",
            f"{test['mean_macro_f1']:.3f} [{low:.3f}, {high:.3f}]",
            *(f"{score:.3f}" for score in test["targets"].values()),
            f"{test['presence_f1']:.3f}",
            f"{test['f_avg']:.3f}",
            str(found["minutes"]),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
