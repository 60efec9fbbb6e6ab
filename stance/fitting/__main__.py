"""Build a model from a recipe: ``python -m stance.fitting training/base.toml --out models/base``."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from stance.errors import StanceError
from stance.fitting.release import build_model


def main() -> int:
    """Parse the command line and build the model."""
    parser = argparse.ArgumentParser(prog="python -m stance.fitting", description=__doc__)
    parser.add_argument("recipe", type=Path, help="TOML file that determines the run")
    parser.add_argument(
        "--out", type=Path, required=True, help="folder of the model; replaced once the new one is whole"
    )
    parser.add_argument("--checkpoints", type=Path, help="where training keeps its state (default: runs/NAME)")
    arguments = parser.parse_args()
    # onnxruntime configures the root logger when its quantiser is imported
    logging.basicConfig(format="%(asctime)s %(message)s", stream=sys.stderr, level=logging.WARNING, force=True)
    logging.getLogger("stance").setLevel(logging.INFO)
    checkpoints = arguments.checkpoints or Path("runs") / arguments.out.name
    try:
        config = build_model(arguments.recipe, arguments.out, checkpoints=checkpoints)
    except (StanceError, OSError) as error:
        sys.stderr.write(f"stance: error: {error}\n")
        return 1
    sys.stdout.write(f"{arguments.out}: mean macro-F1 on test {config.metrics['test']['mean_macro_f1']:.4f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
