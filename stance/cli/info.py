"""``stance info``: what is installed, which models there are."""

from __future__ import annotations

import argparse
import platform
import sys
from importlib import util
from pathlib import Path

from stance import __version__
from stance.display import printable
from stance.schema import LABELS
from stance.targets import builtin_targets

__all__ = ["add_parser"]

_EXTRAS = {
    "annotate": "jsonschema",
    "explain": "captum",
    "html": "trafilatura",
    "parquet": "pyarrow",
    "scale": "ray",
    "serve": "fastapi",
    "train": "torch",
}


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "info",
        help="show version, models, targets and extras",
        description="Show the version, a model and whether its files are whole, the built-in targets, the extras.",
        epilog="examples:\n  stance info\n  stance info --model models/base --verify",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", metavar="NAME", help="released model or folder of a model (default: base)")
    parser.add_argument(
        "--verify",
        action="store_true",
        help="check every file of the model against its hash, what the network may read, and that it judges a text",
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from stance.model.onnx import ort
    from stance.model.store import find_model, read_config, verify_files, verify_folder
    from stance.reporting.drawing import clean

    folder = find_model(arguments.model)
    hashes = verify_folder(folder) if arguments.verify else verify_files(folder)
    config = read_config(folder)
    if arguments.verify:
        _try(folder)
    test = config.metrics.get("test")
    score = test.get("mean_macro_f1") if isinstance(test, dict) else None
    lines = [
        f"stance     {__version__} (Python {platform.python_version()}, onnxruntime {ort.__version__})",
        f"model      {clean(config.name)}: {folder}",
        f"           {clean(config.precision)} weights, window {config.window} tokens, "
        f"trained on {clean(', '.join(config.targets))}",
        f"           files whole: {', '.join(f'{clean(name)} {digest[:12]}' for name, digest in hashes.items())}",
    ]
    if arguments.verify:
        lines.append("           every file verified, and the network judges")
    if isinstance(score, float):
        lines.append(f"           mean macro-F1 on test: {score:.3f} (see README.md in its folder)")
    lines.append(f"labels     {', '.join(LABELS)}")
    lines += [f"target     {target.name}: {target.description}" for target in builtin_targets()]
    for extra, package in _EXTRAS.items():
        there = "installed" if util.find_spec(package) else f"not installed: pip install 'stance-kit[{extra}]'"
        lines.append(f"extra      {extra}: {there}")
    sys.stdout.write("\n".join(map(printable, lines)) + "\n")  # names of a model may steer a terminal
    return 0


def _try(folder: Path) -> None:
    """Load a model and let it judge a text."""
    from stance.model.classifier import Classifier

    classifier = Classifier(folder)
    classifier.predict(["NATO met on Monday."], classifier.targets or builtin_targets())
