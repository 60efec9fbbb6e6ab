"""``stance info``: what is installed, which models there are."""

from __future__ import annotations

import argparse
import platform
import sys
from importlib import util

from stance import __version__
from stance.display import printable
from stance.schema import LABELS
from stance.targets import builtin_targets

__all__ = ["add_parser"]

_EXTRAS = {"annotate": "jsonschema", "html": "trafilatura", "parquet": "pyarrow", "train": "torch"}


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "info",
        help="show version, models, targets and extras",
        description="Show the version, a model and whether its files are whole, the built-in targets, the extras.",
        epilog="examples:\n  stance info\n  stance info --model models/base",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", metavar="NAME", help="released model or folder of a model (default: base)")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    import onnxruntime

    from stance.model.store import find_model, read_config, verify_files

    folder = find_model(arguments.model)
    hashes = verify_files(folder)
    config = read_config(folder)
    score = config.metrics.get("test", {}).get("mean_macro_f1")
    lines = [
        f"stance     {__version__} (Python {platform.python_version()}, onnxruntime {onnxruntime.__version__})",
        f"model      {config.name}: {folder}",
        f"           {config.precision} weights, window {config.window} tokens, trained on {', '.join(config.targets)}",
        f"           files whole: {', '.join(f'{name} {digest[:12]}' for name, digest in hashes.items())}",
    ]
    if score is not None:
        lines.append(f"           mean macro-F1 on test: {score:.3f} (see README.md in its folder)")
    lines.append(f"labels     {', '.join(LABELS)}")
    lines += [f"target     {target.name}: {target.description}" for target in builtin_targets()]
    for extra, package in _EXTRAS.items():
        there = "installed" if util.find_spec(package) else f"not installed: pip install 'stance-kit[{extra}]'"
        lines.append(f"extra      {extra}: {there}")
    sys.stdout.write("\n".join(map(printable, lines)) + "\n")  # names of a model may steer a terminal
    return 0
