"""Train variants of a recipe side by side and write how each does; what has been trained is not trained again.

Run: python benchmarks/architectures.py [VARIANT ...] [--list] [--seeds N]

Decisions are made by dev; test stands beside it to be reported. One file a variant in benchmarks/results/architectures.
A variant whose recipe, data, encoder and torch are those of its file is skipped; an interrupted one goes on. The tables
in docs/decisions/0007-encoder-and-head.md are printed by --list.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from trials import HERE, RECIPES, Variants, compare, parse, read_results, run_trials, spread

from stance.fitting.recipes import read_recipe
from stance.fitting.training import prepare_run

RESULTS = HERE / "results" / "architectures"

# What all variants leave out that do not say otherwise: they differ in one thing each.
PLAIN = ["augment.swap=0", "augment.replace=0", "augment.noise=0", "schedule.epochs=4"]
LABELLED = 'train=["../../shared/corpus/train.jsonl", "../../shared/corpus/open.jsonl"]'
MINILM = [LABELLED, *PLAIN, "schedule.batch_size=16", "schedule.encoder_rate=2e-4"]
MPNET = [LABELLED, *PLAIN, "schedule.batch_size=16", "schedule.encoder_rate=5e-5"]
PAIR = ["network.kind=pair", "schedule.batch_size=48"]  # three targets a text: as many texts in a step as in one pass

VARIANTS: Variants = {
    "minilm": ("small.toml", MINILM),
    "minilm pair": ("small.toml", [*MINILM, *PAIR]),
    "minilm blind": ("small.toml", [*MINILM, "network.blind=true"]),
    "minilm no class weights": ("small.toml", [*MINILM, "loss.class_weights=none"]),
    "minilm balanced class weights": ("small.toml", [*MINILM, "loss.class_weights=balanced"]),
    "minilm no doubt": ("small.toml", [*MINILM, "loss.doubt=0"]),
    "minilm smoothing": ("small.toml", [*MINILM, "loss.smoothing=0.1"]),
    "minilm swap": ("small.toml", [*MINILM, "augment.swap=0.25"]),
    "minilm replace": ("small.toml", [*MINILM, "augment.replace=0.25"]),
    "minilm mask": ("small.toml", [*MINILM, "augment.mask=0.2"]),
    "minilm noise": ("small.toml", [*MINILM, "augment.noise=0.3"]),
    "minilm taught": ("small.toml", [*PLAIN, "schedule.batch_size=16", "schedule.encoder_rate=2e-4"]),
    "mpnet": ("base.toml", MPNET),
    "mpnet pair": ("base.toml", [*MPNET, *PAIR]),
    "mpnet blind": ("base.toml", [*MPNET, "network.blind=true"]),
    "mpnet 6 layers": ("base.toml", [*MPNET, "encoder.layers=6", "schedule.encoder_rate=7e-5"]),
    "mpnet varied": ("base.toml", [LABELLED, *MPNET[-2:], "schedule.epochs=4"]),
}
COMPARED = (
    ("minilm", "minilm pair"),
    ("mpnet", "mpnet pair"),
    ("minilm", "minilm blind"),
    ("mpnet", "mpnet blind"),
    ("mpnet varied", "mpnet"),
)


def main() -> None:
    """Train the variants asked for, or print what is known of all."""
    arguments = parse(__doc__, VARIANTS)
    if not arguments.list:
        run_trials(RESULTS, Path(__file__).name, VARIANTS, arguments)
    known = read_results(RESULTS, VARIANTS)
    sys.stdout.write(table(known) + "\n")
    test = prepare_run(read_recipe(RECIPES / "small.toml", MINILM)).splits["test"]
    for first, second in COMPARED:
        if first in known and second in known:
            for line in compare(test, known[first], known[second]):
                sys.stdout.write(f"{first} less {second}: {line}\n")


def table(known: dict[str, Any]) -> str:
    """Lay the scores out in Markdown: means over seeds, with standard deviations where there are several."""
    lines = [
        "| variant | seeds | dev macro-F1 | test macro-F1 | first seed [95 %] | NATO | US | China | presence | F_avg |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, found in known.items():
        rows = found["seeds"]
        low, high = rows[0]["test"]["mean_macro_f1_interval"]
        cells = [
            name,
            str(len(rows)),
            spread([row["dev"]["mean_macro_f1"] for row in rows]),
            spread([row["test"]["mean_macro_f1"] for row in rows]),
            f"{rows[0]['test']['mean_macro_f1']:.3f} [{low:.3f}, {high:.3f}]",
            *(spread([row["test"]["targets"][target] for row in rows]) for target in rows[0]["test"]["targets"]),
            spread([row["test"]["presence_f1"] for row in rows]),
            spread([row["test"]["f_avg"] for row in rows]),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
