"""``stance train``: a model of one's own."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from stance.cli.options import positive_number
from stance.display import printable
from stance.progress import draw_bar, has_terminal

if TYPE_CHECKING:
    from stance.fitting.loop import Step
    from stance.fitting.tracking import TensorBoard

__all__ = ["add_parser"]

_LOG = logging.getLogger("stance")
_EVERY = 60.0
"""Seconds from one line to the next where there is no terminal for a progress bar."""
_EPILOG = """examples:
  stance train mine.toml --check                          read recipe and data, train nothing
  stance train mine.toml --out models/mine                then: stance predict article.txt --model models/mine
  stance train mine.toml --out models/mine --resume       go on with a run that was interrupted
  stance train mine.toml --set schedule.epochs=2 --set train.0.weight=0.5 --out models/mine
  stance train mine.toml --seeds 5 --out models/mine      mean, sd, and the one that is best on dev
  torchrun --nproc-per-node 2 -m stance train mine.toml --out models/mine

docs/training.md goes through it, and lists every field of a recipe. Needs stance-kit[train]."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "train",
        help="train a model of one's own",
        description="Train a model: a recipe (TOML) says with which data, which encoder and how.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("recipe", metavar="RECIPE", help="TOML file that determines the run")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("-o", "--out", metavar="DIR", help="folder of the model; replaced once the new one is whole")
    what.add_argument("--check", action="store_true", help="only read recipe, data and encoder, and say what is there")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="change a field: schedule.epochs=2"
    )
    parser.add_argument("--seeds", type=positive_number, default=1, metavar="N", help="networks to train (default: 1)")
    parser.add_argument("--resume", action="store_true", help="go on with an unfinished run of this recipe")
    parser.add_argument(
        "--checkpoints", metavar="DIR", help="where a run keeps its state until it is done (default: OUT.checkpoints)"
    )
    parser.add_argument("--tensorboard", metavar="DIR", help="write losses and scores for TensorBoard")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from stance.fitting.config import DEV_METRICS
    from stance.fitting.entry import check_recipe, is_first_process, train

    if arguments.check:
        sys.stdout.write(_told(check_recipe(arguments.recipe, overrides=arguments.set)))
        return 0
    try:
        with _watching(arguments.tensorboard, seeds=arguments.seeds) as watch:
            config = train(
                arguments.recipe,
                arguments.out,
                overrides=arguments.set,
                seeds=arguments.seeds,
                resume=arguments.resume,
                checkpoints=arguments.checkpoints,
                watch=watch,
            )
    except KeyboardInterrupt:
        _LOG.error("interrupted; the same command with --resume goes on after the newest checkpoint")
        return 130
    if is_first_process():
        told, metric = config.training["seeds"], config.training["recipe"]["schedule"]["metric"]
        if arguments.seeds > 1:
            sys.stdout.write(
                f"{arguments.seeds} seeds: {DEV_METRICS[metric]} on dev {told['mean']:.4f} on average, "
                f"sd {told['sd']:.4f}; seed {told['best']} is the best and is written\n"
            )
        for split, metrics in config.metrics.items():
            figure = metrics.get("mean_macro_f1", metrics["macro_f1"])
            sides = metrics.get("f_avg") if metric == "f_avg" else None
            chosen = "" if sides is None else f", {DEV_METRICS[metric]} {sides:.4f}"
            sys.stdout.write(f"{arguments.out}: mean macro-F1 on {split} {figure:.4f}{chosen}\n")
    return 0


@contextmanager
def _watching(folder: str | None, *, seeds: int = 1) -> Iterator[Callable[[Step], None]]:
    """Give what is told of each step: a bar on a terminal or a line a minute, a line an epoch, TensorBoard if asked."""
    from stance.fitting.config import DEV_METRICS

    with ExitStack() as stack:
        board = stack.enter_context(_tensorboard(folder)) if folder is not None else None
        bars = stack.enter_context(ExitStack())
        bar = seed = None
        told = time.monotonic()

        def watch(step: Step) -> None:
            nonlocal bar, seed, told
            whose = f"seed {step.seed}: " if seeds > 1 else ""
            if has_terminal() and seed != step.seed:
                bars.close()
                bar = bars.enter_context(draw_bar("training", step.steps, unit=" steps", done=step.step - 1))
            seed = step.seed
            if bar is None and time.monotonic() - told > _EVERY:
                told = time.monotonic()
                _LOG.info("%sstep %d of %d: loss %.4f", whose, step.step, step.steps, step.loss)
            if bar is not None:
                bar.set_description_str(f"{whose}loss {step.loss:.3f}", refresh=False)
                bar.update(step.step - bar.n)
            if board:
                board(step)
            if step.score is not None:
                name = DEV_METRICS[step.metric]
                _LOG.info("%sepoch %d: loss %.4f, %s on dev %.4f", whose, step.epoch, step.loss, name, step.score)

        yield watch


def _tensorboard(folder: str) -> TensorBoard:
    from stance.fitting.tracking import TensorBoard

    return TensorBoard(folder)


def _told(found: dict[str, Any]) -> str:
    lines = [f"recipe {found['name']}: {found['steps']} steps"]
    for name, split in found["splits"].items():
        lines.append(
            f"{name}: {split['texts']} texts ({split['documents']} documents), at most {split['longest']} tokens"
        )
        for target, counts in split["labels"].items():
            told = ", ".join(f"{label} {count}" for label, count in counts.items())
            unnamed = split["unnamed"][target]
            lines.append(f"  {target}: {told}" + (f"; present without being named: {unnamed}" if unnamed else ""))
    lines += [f"warning: {count} texts stand in both {pair}" for pair, count in found["shared"].items() if count]
    return "\n".join(map(printable, lines)) + "\n"
