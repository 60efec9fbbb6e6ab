"""Write the graph of a model folder again, from the weights that lie there: after a change of the network's form.

Run: python training/write_graph.py models/small
     python training/write_graph.py models/small --arithmetic int8 --dev FILE --test FILE

The weights are left as they are, to the byte; ``model.onnx`` and ``hashes.json`` are new. Another arithmetic needs the
splits: then scores and card are new as well, measured with the graph; the targets' queries, temperatures and label sets
stay. How many labels of dev agree with fp32 is measured against the stored weights. Needs stance-kit[train].
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from stance.fitting.arithmetic import ARITHMETIC, imitate_int8
from stance.fitting.card import write_card
from stance.fitting.config import DataFile
from stance.fitting.examples import Example, label_groups, read_examples
from stance.fitting.export import write_graph
from stance.fitting.measures import Judged, measure
from stance.model.classifier import Classifier
from stance.model.network import StanceNetwork
from stance.model.runtime import OnnxNetwork
from stance.model.store import NETWORK_FILE, ModelConfig, read_config, write_config, write_hashes
from stance.model.tokens import Batch
from stance.model.torch_runtime import load_network
from stance.schema import LABELS, Prediction
from stance.targets import Target


def main() -> None:
    """Load, trace, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--arithmetic", choices=ARITHMETIC, help="default: that of the folder's config")
    parser.add_argument("--dev", help="labelled paragraphs, as in training")
    parser.add_argument("--test")
    given = parser.parse_args()
    config = read_config(given.folder)
    arithmetic = given.arithmetic or config.arithmetic
    splits = {name: file for name, file in (("dev", given.dev), ("test", given.test)) if file}
    if arithmetic != config.arithmetic and set(splits) != set(config.metrics):
        parser.error(f"another arithmetic gives other scores: name the files of {', '.join(config.metrics)}")
    network = load_network(given.folder, config)
    write_graph(network, given.folder, arithmetic=arithmetic)
    if arithmetic == "int8":  # a last bit that differs becomes a step where it decides a rounding
        compare(imitate_int8(network), given.folder, most=0.1, on_average=True)
    else:
        compare(network.eval(), given.folder, most=1e-3)
    if arithmetic != config.arithmetic:
        write_config(given.folder, dataclasses.replace(config, arithmetic=arithmetic))
    write_hashes(given.folder)
    if splits:
        config = remeasured(given.folder, splits)
        write_config(given.folder, config)
        (given.folder / "README.md").write_text(write_card(config), encoding="utf-8")
        write_hashes(given.folder)


def compare(network: StanceNetwork, folder: Path, *, most: float, on_average: bool = False) -> None:
    """Make sure that the graph gives what the network gives, but for a difference of scores."""
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(1000, 20000, (2, 48), generator=generator)
    mask, mentions = torch.ones_like(ids), torch.zeros(2, 3, 48)
    mentions[:, 0, 5:7] = 1
    queries = torch.randn(3, network.config.hidden, generator=generator)
    with torch.inference_mode():
        expected, _ = network(ids, mask, mentions, queries)
    batch = Batch(ids.numpy(), mask.numpy(), mentions.numpy())
    found = OnnxNetwork(folder / NETWORK_FILE).run(batch, queries.numpy()).scores
    apart = abs(found - expected.numpy())
    sys.stderr.write(f"scores differ by {apart.max():.1e} at most, {apart.mean():.1e} on average\n")
    if (apart.mean() if on_average else apart.max()) > most:
        raise SystemExit(f"{folder}: the graph gives other scores than the network; its hashes were not written.")


def remeasured(folder: Path, splits: dict[str, str]) -> ModelConfig:
    """Measure the model with its graph.

    Args:
        folder: The model, with hashes.
        splits: Split -> file with labels toward each of the model's targets.

    Returns:
        Its config with new metrics.
    """
    config = read_config(folder)
    metrics = {}
    exact = Classifier(folder, device="torch:cpu")  # torch multiplies in fp32
    whole = Classifier(folder)
    targets = whole.targets
    for name, file in splits.items():
        examples = read_examples(file, targets)
        texts = [example.text for example in examples]
        found = whole.predict(texts, targets)
        metrics[name] = figures(examples, found, targets, file)
        if name == "dev":
            beside = exact.predict(texts, targets)
            pairs = [(one[name], other[name]) for one, other in zip(found, beside, strict=True) for name in one]
            same = sum(own.label == other.label for own, other in pairs)
            metrics["dev"]["agreement_with_fp32"] = same / len(pairs)
    return dataclasses.replace(config, metrics=metrics)


def figures(examples: list[Example], found: list[Prediction], targets: Sequence[Target], file: str) -> dict[str, Any]:
    """Give what a release says of a split."""
    judged = []
    for target in targets:
        pairs = [
            (
                LABELS.index(judgement.gold[0]),
                [one[target.name].probabilities[label] for label in LABELS],
                example.document,
            )
            for example, one in zip(examples, found, strict=True)
            for judgement in example.judgements
            if judgement.target == target and len(judgement.gold) == 1
        ]
        gold, probabilities, documents = zip(*pairs, strict=True)
        judged.append(Judged(target.name, np.array(gold), np.array(probabilities), documents))
    result = measure(judged)
    groups = [list(group) for group in label_groups(DataFile(file))]
    return {"macro_f1": result["mean_macro_f1"], "label_groups": groups} | result


if __name__ == "__main__":
    main()
