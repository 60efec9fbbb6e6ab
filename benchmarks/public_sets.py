"""Train on public data sets and score their test sets by their own metrics: one file a variant in results/public_sets.

Run: python benchmarks/public_sets.py [VARIANT ...] [--list] [--seeds N]

NewsMTSC's devtest_mt and SemEval's val choose epoch and variant; devtest_rw and test report. A variant whose recipe,
data, encoder and torch are those of its file is skipped; an interrupted one goes on.
"""

from __future__ import annotations

import sys
from pathlib import Path

from trials import HERE, Variants, parse, read_results, run_trials, spread

RESULTS = HERE / "results" / "public_sets"

SLOW = ["schedule.epochs=5", "schedule.encoder_rate=3e-5", "schedule.layer_decay=0.9", "network.dropout=0.2"]
VAST = (
    'train=[{file="../../shared/benchmarks/semeval2016/train.jsonl", '
    'labels={favor="favor", against="against", none=["neutral", "absent"]}}, '
    '{file="../../shared/benchmarks/vast/dev.jsonl", labels={favor="favor", against="against", '
    'neutral=["neutral", "absent"]}, weight=0.5, long="leave out"}]'
)  # other targets beside the five
MACRO = ["schedule.metric=macro_f1", "schedule.average=0"]  # as all of SemEval's were before the recipe had these
VARIANTS: Variants = {
    "newsmtsc": ("newsmtsc.toml", []),
    "newsmtsc slow": ("newsmtsc.toml", SLOW),
    "newsmtsc sqrt": ("newsmtsc.toml", ["loss.class_weights=sqrt"]),
    "newsmtsc wide": ("newsmtsc.toml", ["network.width=768", "network.heads=12"]),
    "newsmtsc smooth": ("newsmtsc.toml", ["loss.smoothing=0.1", "schedule.epochs=4"]),
    "semeval2016": ("semeval2016.toml", []),
    "semeval2016 macro": ("semeval2016.toml", MACRO),
    "semeval2016 vast": ("semeval2016.toml", [*MACRO, VAST]),
    "semeval2016 vast smooth": ("semeval2016.toml", [*MACRO, VAST, "loss.smoothing=0.1", "network.dropout=0.2"]),
    "semeval2016 vast fast": ("semeval2016.toml", [*MACRO, VAST, "schedule.encoder_rate=8e-5", "schedule.epochs=5"]),
    "semeval2016 slow": ("semeval2016.toml", [*MACRO, *SLOW, "schedule.epochs=8"]),
    "semeval2016 smooth": ("semeval2016.toml", [*MACRO, *SLOW, "loss.smoothing=0.1", "schedule.epochs=8"]),
}
FIGURES = {"newsmtsc.toml": "macro_f1", "semeval2016.toml": "f_avg"}


def main() -> None:
    """Train on the sets asked for, or print what is known of all."""
    arguments = parse(__doc__, VARIANTS)
    if not arguments.list:
        run_trials(RESULTS, Path(__file__).name, VARIANTS, arguments)
    for name, found in read_results(RESULTS, VARIANTS).items():
        figure = FIGURES[found["recipe"]]
        for split in ("dev", "test"):
            values = [row[split][figure] for row in found["seeds"]]
            low, high = found["seeds"][0][split][f"{figure}_interval"]
            each = ", ".join(f"{value:.4f}" for value in values)
            sys.stdout.write(f"{name} {split}: {figure} {spread(values)} ({each}; first [{low:.3f}, {high:.3f}])\n")


if __name__ == "__main__":
    main()
