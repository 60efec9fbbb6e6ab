"""The model card: what a model is, how it was made, how well it does, where it fails."""

from __future__ import annotations

from typing import Any

from stance.model.store import WEIGHTS_FILE, ModelConfig
from stance.schema import LABELS

__all__ = ["write_card"]


def write_card(config: ModelConfig) -> str:
    """Write a model card in Markdown.

    Args:
        config: The model's config, with metrics of dev and test.

    Returns:
        The card.
    """
    return "\n\n".join([_intro(config), _making(config), _scores(config), _limits(), _files(config)]) + "\n"


def _intro(config: ModelConfig) -> str:
    return f"""# stance model `{config.name}`

Reads a paragraph and says for each target ({", ".join(config.targets)}) whether the text's own voice is favor,
against or neutral toward it, or the target is absent; what these mean is said in the project's codebook (version 1.3).
One encoder pass serves all targets: each target attends over the token states, with a query made from its description
and a bias toward the places that name it."""


def _making(config: ModelConfig) -> str:
    training = config.training
    versions = ", ".join(f"{name} {version}" for name, version in training["versions"].items())
    files = "\n".join(
        f"| {split} | `{name}` | `{digest}` |"
        for split, names in training["data"].items()
        for name, digest in names.items()
    )
    return f"""## How it was made

- Command: `{training["command"]}` (recipe sha256 `{training["recipe_sha256"]}`)
- Encoder: sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), weights sha256 `{config.encoder["sha256"]}`
- Seed {training["seed"]}; Python {training["python"]}; {versions}
- Mean macro-F1 on dev after each epoch: {", ".join(f"{value:.3f}" for value in training["dev_macro_f1_by_epoch"])}; the
  best epoch was kept. Temperature {config.temperature}, fitted on dev. Test was used to report only.

| split | file | sha256 |
| --- | --- | --- |
{files}

All labels were made by language-model annotators that worked from the codebook; no human annotated. Dev and test have
two annotators each; they are two runs of one model family, so their agreement shows consistency, not validity."""


def _scores(config: ModelConfig) -> str:
    test, dev = config.metrics["test"], config.metrics["dev"]
    rows = "\n".join(_row(target, row) for target, row in test["targets"].items())
    header = " | ".join(f"{label} F1 (n)" for label in LABELS)
    return f"""## Scores on test ({test["paragraphs"]} paragraphs)

| target | macro-F1 | accuracy | ECE | {header} |
| --- | --- | --- | --- | {" | ".join("---" for _ in LABELS)} |
{rows}

Mean macro-F1 of the targets: **{test["mean_macro_f1"]:.3f}** (dev {dev["mean_macro_f1"]:.3f}). The weights are stored
in 8 bits and multiplied in fp32; the labels agree with the fp32 network's on {test["agreement_with_fp32"]:.2%} of the
test decisions (fp32 mean macro-F1 {test["fp32"]:.3f}). Precision, recall and the rest stand in `config.json`."""


def _row(target: str, row: dict[str, Any]) -> str:
    labels = " | ".join(f"{row['labels'][label]['f1']:.3f} ({row['labels'][label]['support']})" for label in LABELS)
    return f"| {target} | {row['macro_f1']:.3f} | {row['accuracy']:.3f} | {row['ece']:.3f} | {labels} |"


def _limits() -> str:
    return """## What it cannot do

- Sides are rare in real text (against NATO and against China least), so their scores have wide intervals, and the model
  confuses a side with `neutral` more often than anything else.
- It was trained on these targets only. Others can be asked for, but how well it judges them has not been measured.
- It reads English, machine-translated English included; other languages give nonsense.
- It reads a paragraph alone: what only the rest of the article tells is not known to it.
- It judges texts, not persons; do not use it to decide about anyone."""


def _files(config: ModelConfig) -> str:
    return f"""## Files

`model.onnx` ({config.precision}) and `tokenizer.json` predict; `{WEIGHTS_FILE}` (fp16) is for further training;
`config.json` holds labels, sizes, provenance and metrics; `hashes.json` the sha256 of each file, checked at load.
Licence: Apache-2.0."""
