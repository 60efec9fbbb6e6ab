"""The model card: what a model is, how it was made, how well it does, where it fails."""

from __future__ import annotations

from typing import Any

from stance.fitting.config import DEV_METRICS
from stance.model.store import NETWORK_FILE, WEIGHTS_FILE, ModelConfig
from stance.schema import LABELS

__all__ = ["write_card"]

_STORED = {
    "int8": "The weights are stored in 8 bits",
    "fp16": "The weights are stored in 16 bits",
    "fp32": "The weights are stored as they were trained",
}
_MULTIPLIED = {
    "fp32": "multiplied in fp32",
    "int8": "those of the encoder multiplied in whole numbers of 8 bits, rounded token by token",
}


def write_card(config: ModelConfig) -> str:
    """Write a model card in Markdown.

    Args:
        config: The model's config, with metrics of dev and, if there is one, test.

    Returns:
        The card.
    """
    about = config.training["recipe"]["about"].strip()
    parts = [_intro(config), *([about] if about else []), _making(config)]
    parts += [_scores(config, name) for name in ("test", "dev") if name in config.metrics]
    return "\n\n".join([*parts, _limits(config), _files(config)]) + "\n"


def _intro(config: ModelConfig) -> str:
    network = config.training["recipe"]["network"]
    how = (
        "One encoder pass serves all targets: each target attends over the token states, with a query made from its\n"
        "description and a bias toward the places that name it."
    )
    if network["kind"] == "pair":
        how = "Text and description of a target are encoded together, once a target. For comparison: it cannot predict."
    if network["blind"]:
        how = "**A blind twin, for comparison:** the targets' names are masked and it is not told whom it is asked for."
    targets = ", ".join(config.targets) or "any that is asked for"
    return f"""# stance model `{config.name}`

Reads a paragraph and says for each target ({targets}) whether the text's own voice is favor, against
or neutral toward it, or the target is absent; what these mean is said in the project's codebook (version 1.3).
{how}"""


def _making(config: ModelConfig) -> str:
    training = config.training
    versions = ", ".join(f"{name} {version}" for name, version in training["versions"].items())
    files = "\n".join(
        f"| {split} | `{name}` | `{digest}` |"
        for split, names in training["data"].items()
        for name, digest in names.items()
    )
    seeds, schedule = training["seeds"], training["recipe"]["schedule"]
    kept, metric = schedule["keep"], schedule.get("metric", "macro_f1")  # older models had no choice
    name = DEV_METRICS[metric]
    decay = schedule.get("average", 0.0)
    averaged = f": a moving average of the weights (decay {decay:g}), as scored here" if decay else ""
    several = ""
    if len(seeds["seeds"]) > 1:
        several = (
            f"\n- {len(seeds['seeds'])} seeds: {name} on dev {', '.join(f'{s:.3f}' for s in seeds[f'dev_{metric}'])} "
            f"(mean {seeds['mean']:.3f}, sd {seeds['sd']:.3f}); the best one is this"
        )
    epochs = ", ".join(f"{value:.3f}" for value in training[f"dev_{metric}_by_epoch"])
    return f"""## How it was made

- Command: `{training["command"]}`; the whole recipe stands in `config.json`
- Encoder: `{config.encoder["source"]}`, weights sha256 `{config.encoder["sha256"]}`
- Seed {training["seed"]}; Python {training["python"]}; {versions}
- {"Mean macro-F1" if metric == "macro_f1" else name} on dev after each epoch: {epochs}; the {kept} one was
  kept{averaged}{several}
- Temperatures (present or not; which side): {_temperatures(config.calibration)}. They and the scores behind
  label sets were fitted on dev. Test was
  used to report only

| split | file | sha256 |
| --- | --- | --- |
{files}"""


def _temperatures(calibration: dict[str, Any]) -> str:
    pairs = {"all": (calibration["presence_temperature"], calibration["side_temperature"]), **calibration["targets"]}
    return ", ".join(f"{name} {presence:.2f} and {side:.2f}" for name, (presence, side) in pairs.items())


def _scores(config: ModelConfig, split: str) -> str:
    metrics = config.metrics[split]
    if "targets" not in metrics:
        return f"## Scores on {split}\n\n{metrics['paragraphs']} texts, {_pooled(metrics)}."
    rows = "\n".join(_row(target, row) for target, row in metrics["targets"].items())
    header = " | ".join(f"{label} F1 (n)" for label in LABELS)
    same = ""
    if metrics.get("agreement_with_fp32") is not None:  # None: dev has marked mentions only, so it was not measured
        stored = f"{_STORED[config.precision]} and {_MULTIPLIED[config.arithmetic]}"
        same = (
            f"\n\n{stored}, and all these scores are of the model as it is; the labels agree with the network's as it "
            f"was trained on {metrics['agreement_with_fp32']:.2%} of the decisions."
        )
    return f"""## Scores on {split} ({metrics["paragraphs"]} paragraphs)

| target | macro-F1 | presence F1 | F_avg | ECE | {header} |
| --- | --- | --- | --- | --- | {" | ".join("---" for _ in LABELS)} |
{rows}

Mean macro-F1 of the targets: **{metrics["mean_macro_f1"]:.3f}** {_between(metrics["mean_macro_f1_interval"])}; F_avg of
favor and against over all targets: {_told(metrics["f_avg"])} {_between(metrics["f_avg_interval"])}. In brackets 95 %
intervals (bootstrap by document); those of each label, precision and recall stand in `config.json`.{same}"""


def _pooled(metrics: dict[str, Any]) -> str:
    """Say what was measured over all targets as one."""
    known = {"macro_f1": "macro-F1", "f_avg": "F_avg of favor and against"}
    return ", ".join(
        f"{told} **{_told(metrics[name])}** {_between(metrics[f'{name}_interval'])}"
        for name, told in known.items()
        if f"{name}_interval" in metrics
    )


def _row(target: str, row: dict[str, Any]) -> str:
    labels = " | ".join(f"{_told(row['labels'][label]['f1'])} ({row['labels'][label]['support']})" for label in LABELS)
    figures = " | ".join(_told(row[name]) for name in ("presence_f1", "f_avg", "ece"))
    return f"| {target} | {_told(row['macro_f1'])} {_between(row['macro_f1_interval'])} | {figures} | {labels} |"


def _told(value: float | None) -> str:
    """Write a figure; n/a where there is no gold to measure it by."""
    return "n/a" if value is None else f"{value:.3f}"


def _between(interval: list[float] | None) -> str:
    return "[n/a]" if interval is None else f"[{interval[0]:.3f}, {interval[1]:.3f}]"


def _limits(config: ModelConfig) -> str:
    return f"""## What it cannot do

- Rare labels have wide intervals (see the counts above), and a side is confused with `neutral` more often than anything
  else.
- It was trained on {", ".join(config.targets) or "targets of many names"}; others can be asked for, and are judged less
  well.
- It reads English, machine-translated English included; other languages give nonsense.
- It reads a paragraph alone: what only the rest of the article tells is not known to it.
- It judges texts, not persons; do not use it to decide about anyone."""


def _files(config: ModelConfig) -> str:
    network = config.training["recipe"]["network"]
    where = f"`{WEIGHTS_FILE}` or its parts"
    predicts = f"`{NETWORK_FILE}` is the graph; it reads its weights from {where} ({config.precision}), which"
    if network["kind"] == "pair" or network["blind"]:
        predicts = f"There is no `{NETWORK_FILE}`: it is for comparison only. `{WEIGHTS_FILE}` (fp16)"
    return f"""## Files

{predicts}
further training goes on from, too. `config.json` holds labels, sizes, provenance and metrics; `hashes.json` the sha256
of each file, checked at load."""
