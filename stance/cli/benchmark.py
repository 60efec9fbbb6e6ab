"""``stance benchmark``: systems on data sets, side by side."""

from __future__ import annotations

import argparse
import logging
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from stance.cli.options import add_draw_options, positive_number, split_names
from stance.progress import draw_bar, has_terminal

if TYPE_CHECKING:
    from stance.evaluation.benchmark.runner import Watch
    from stance.evaluation.benchmark.store import Result

__all__ = ["add_parser"]

_LOG = logging.getLogger("stance")
_EPILOG = """examples:
  stance benchmark --list                                     sets, suites and systems
  stance benchmark corpus --output runs/benchmark             the default systems on this project's test split
  stance benchmark corpus public --systems majority,tfidf-svm,base --output runs/benchmark
  stance benchmark public --systems predictions:mine/ --output runs/benchmark      mine/vast.jsonl and so on
  stance benchmark vast --systems base --limit 50 --output runs/try                a try; stays out of the leaderboard
  stance benchmark mine.toml --systems base,nli:MoritzLaurer/DeBERTa-v3-base-mnli --output runs/benchmark

Results that are known stay: the same command goes on where it was interrupted. --output gets leaderboard.md,
leaderboard.json, and results/SET/SYSTEM.json with each system's judgements (no texts) beside it. docs/benchmarking.md
tells how to read them, and how to add a set or a system."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "benchmark",
        help="run systems on data sets, side by side",
        description="Run systems on this project's splits and on public data sets, score them by each set's official "
        "metric and by ours, and write a leaderboard beside the published figures.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("suites", nargs="*", metavar="SUITE", help="all, public, names of sets, or TOML files of sets")
    parser.add_argument("--list", action="store_true", help="tell sets, suites and systems, run nothing")
    parser.add_argument(
        "--systems",
        "--models",
        metavar="A,B",
        help="systems to run (default: majority,lexicon,tfidf-lr,tfidf-svm,base)",
    )
    parser.add_argument("-o", "--output", metavar="DIR", help="folder of results; what is known there is kept")
    parser.add_argument(
        "--data", default="../shared", metavar="DIR", help="folder that the sets' files lie in (default: ../shared)"
    )
    parser.add_argument(
        "--limit", type=positive_number, default=0, metavar="N", help="a try on N texts of each set; no leaderboard"
    )
    add_draw_options(parser)
    parser.set_defaults(run=_run, refuse=parser.error)


def _run(arguments: argparse.Namespace) -> int:
    from stance.evaluation.benchmark.catalogue import DEFAULT_SYSTEMS, make_systems
    from stance.evaluation.benchmark.report import write_leaderboard
    from stance.evaluation.benchmark.runner import Plan, run_benchmark
    from stance.evaluation.benchmark.sets import choose_sets
    from stance.evaluation.benchmark.store import FAILED

    if arguments.list:
        sys.stdout.write(_listing())
        return 0
    if not arguments.suites or not arguments.output:
        arguments.refuse("name at least one suite and the folder for the results (--output); --list tells the suites")
    sets = choose_sets(arguments.suites)
    names = DEFAULT_SYSTEMS if arguments.systems is None else split_names(arguments.systems)
    systems = make_systems(names, work=Path(arguments.output) / "work")
    plan = Plan(
        data=Path(arguments.data),
        output=Path(arguments.output),
        limit=arguments.limit,
        draws=arguments.draws,
        seed=arguments.seed,
        command=shlex.join(["stance", *sys.argv[1:]]),
    )
    try:
        with _watching(len(sets) * len(systems)) as watch:
            results = run_benchmark(sets, systems, plan, watch)
    except KeyboardInterrupt:
        _LOG.error("interrupted; results that were done are kept, and the same command goes on")
        return 130
    _show(results)
    if not arguments.limit:
        files = write_leaderboard(results, sets, plan)
        _LOG.info("wrote %s", " and ".join(map(str, files)))
    return 1 if any(result.status == FAILED for result in results) else 0


@contextmanager
def _watching(runs: int) -> Iterator[Watch | None]:
    """Give what is told of progress: a bar on a terminal, nothing elsewhere."""
    from stance.reporting.drawing import clean

    if not has_terminal():
        yield None
        return
    with draw_bar("benchmark", runs, told="{remaining} left") as bar:

        def watch(name: str, system: str, share: float) -> None:
            bar.set_description_str(clean(f"{name}: {system}"), refresh=False)
            bar.update(share)

        yield watch


def _show(results: Sequence[Result]) -> None:
    from stance.evaluation.benchmark.leaderboard import table_rows
    from stance.reporting.drawing import Column, Grid, clean, print_table

    names = ("set", "system", "official [95 %]", "judgements", "seconds", "learned from")
    columns = [Column(name, right=number in (2, 3, 4), fit="fold") for number, name in enumerate(names)]
    rows = [[clean(cell) for cell in row] for row in table_rows(results)]
    print_table([Grid(columns, rows)], sys.stdout.buffer)


def _listing() -> str:
    from stance.evaluation.benchmark.catalogue import SYSTEMS
    from stance.evaluation.benchmark.sets import SUITES, list_sets

    lines = ["sets:"]
    for name, definition in list_sets().items():
        lines += [f"  {name:14}{definition.title} ({definition.source})"]
        lines += [f"  {'':14}{definition.metric_name}"]
    lines += ["suites:", *(f"  {name:14}{', '.join(sets)}" for name, sets in SUITES.items())]
    lines += ["systems:", *(f"  {name:18}{told}" for name, told in SYSTEMS.items())]
    return "\n".join(lines) + "\n"
