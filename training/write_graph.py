"""Write the graph of a model folder again, from the weights that lie there: after a change of the network's form.

Run: python training/write_graph.py models/small [--arithmetic int8]

The weights are left as they are, to the byte; ``model.onnx`` and ``hashes.json`` are new, and ``config.json`` where the
arithmetic is another. Needs stance-kit[train].
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path

import torch

from stance.fitting.arithmetic import ARITHMETIC, imitate_int8
from stance.fitting.export import write_graph
from stance.model.network import StanceNetwork
from stance.model.runtime import OnnxNetwork
from stance.model.store import NETWORK_FILE, read_config, write_config, write_hashes
from stance.model.tokens import Batch
from stance.model.torch_runtime import load_network


def main() -> None:
    """Load, trace, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--arithmetic", choices=ARITHMETIC, help="default: that of the folder's config")
    given = parser.parse_args()
    config = read_config(given.folder)
    arithmetic = given.arithmetic or config.arithmetic
    network = load_network(given.folder, config)
    write_graph(network, given.folder, arithmetic=arithmetic)
    if arithmetic == "int8":  # a last bit that differs becomes a step where it decides a rounding
        compare(imitate_int8(network), given.folder, most=0.1, on_average=True)
    else:
        compare(network.eval(), given.folder, most=1e-3)
    if arithmetic != config.arithmetic:
        write_config(given.folder, dataclasses.replace(config, arithmetic=arithmetic))
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


if __name__ == "__main__":
    main()
