"""Write the graph of a model folder again, from the weights that lie there: after a change of the network's form.

Run: python training/write_graph.py models/small

The weights are left as they are, to the byte; ``model.onnx`` and ``hashes.json`` are new. Needs stance-kit[train].
"""

from __future__ import annotations

import sys
from pathlib import Path

from stance.fitting.config import EncoderChoice
from stance.fitting.encoders import load_encoder
from stance.fitting.export import write_graph
from stance.model.network import HeadConfig, StanceNetwork
from stance.model.store import read_config, write_hashes


def main(folder: Path) -> None:
    """Load, trace, write."""
    encoder = load_encoder(EncoderChoice(f"model:{folder}"))
    network = StanceNetwork(encoder.network, HeadConfig(**read_config(folder).head))
    network.load_state_dict(encoder.weights)
    write_graph(network, folder)
    write_hashes(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
