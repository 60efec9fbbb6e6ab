"""Write the graph of a model folder again, from the weights that lie there: after a change of the network's form.

Run: python training/write_graph.py models/small

The weights are left as they are, to the byte; ``model.onnx`` and ``hashes.json`` are new. Needs stance-kit[train].
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from stance.fitting.export import write_graph
from stance.model.network import StanceNetwork
from stance.model.runtime import OnnxNetwork
from stance.model.store import NETWORK_FILE, read_config, write_hashes
from stance.model.tokens import Batch
from stance.model.torch_runtime import load_network


def main(folder: Path) -> None:
    """Load, trace, write."""
    network = load_network(folder, read_config(folder))
    write_graph(network, folder)
    compare(network.eval(), folder)
    write_hashes(folder)


def compare(network: StanceNetwork, folder: Path) -> None:
    """Make sure that the graph gives what the network gives."""
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(1000, 20000, (2, 48), generator=generator)
    mask, mentions = torch.ones_like(ids), torch.zeros(2, 3, 48)
    mentions[:, 0, 5:7] = 1
    queries = torch.randn(3, network.config.hidden, generator=generator)
    with torch.inference_mode():
        expected, _ = network(ids, mask, mentions, queries)
    batch = Batch(ids.numpy(), mask.numpy(), mentions.numpy())
    found = OnnxNetwork(folder / NETWORK_FILE).run(batch, queries.numpy()).scores
    apart = float(abs(found - expected.numpy()).max())
    sys.stderr.write(f"scores differ by {apart:.1e} at most\n")
    if apart > 1e-3:
        raise SystemExit(f"{folder}: the graph gives other scores than the network; its hashes were not written.")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
