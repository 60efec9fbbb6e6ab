"""``stance predict``: where texts stand."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from stance.cli.options import (
    add_input_options,
    add_output_options,
    output_format,
    positive_number,
    reading_of,
    share,
    target_names,
)
from stance.errors import UsageError
from stance.targets import Target, load_targets, resolve_targets

if TYPE_CHECKING:
    from stance.scale.stream import Plan
    from stance.scale.workers import Engine

__all__ = ["add_judging_options", "add_parser", "asked_targets"]

_LOG = logging.getLogger("stance")
_FORMATS = ("table", "jsonl", "csv", "parquet")
_EPILOG = """examples:
  stance predict article.txt                          a table for reading
  stance predict news/*.html -o stances.jsonl         one JSON object a paragraph
  stance predict rows.csv --text-column body -o stances.parquet
  stance predict rows.csv --source-columns outlet,date -o stances.jsonl    keep what is known of the rows
  stance predict letters.jsonl --unit document        cut each row's text into paragraphs
  curl ... | stance predict -                         text from stdin
  stance predict a.txt --targets NATO,Russia --targets-file mine.toml
  stance predict a.txt --abstain-risk 0.1             mark what cannot be decided at this risk
  stance predict a.txt --explain -o stances.jsonl     and the sentences and words that each label rests on
  stance predict corpus/ -o stances.jsonl --resume --on-error record    a folder, gone on with after a kill
  stance predict corpus/ -o stances.parquet --engine ray --workers 64    on a Ray cluster

A file of targets holds [[target]] tables with name, aliases, description and exclude. JSONL holds document, id, index
(number of the block in its document, from 0), start and end (code points in the document), text and, for each target,
label and probabilities; with --source-columns also source, an object (in CSV and Parquet one column of JSON). With
--abstain-risk 0.1 each target also has labels, a set that holds the true label in 90 % of judgements or more, and
abstained: whether it holds more than one. With --explain each label but absent has evidence: stretches of the document
(start and end in its code points, text, unit, weight: by how much the label's probability falls without it)."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "predict",
        help="tell where texts stand, paragraph by paragraph",
        description="Tell for each paragraph and target whether the text's own voice is favor, against or neutral, "
        "or the target absent.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_judging_options(parser)
    add_output_options(parser, _FORMATS)
    parser.add_argument(
        "--on-error",
        choices=("report", "record", "stop"),
        default="report",
        help="what to do about files and rows that cannot be read: say so and go on (report, the default), write them "
        "to OUTPUT.errors.jsonl and go on (record), or stop at the first (stop)",
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on with a run that was broken off; begin where there is none"
    )
    parser.add_argument(
        "--allow-unsigned",
        action="store_true",
        help="use a model of your own whose files have no hash; what was changed since it was hashed is refused still",
    )
    group = parser.add_argument_group("cluster")
    group.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="judge in this process, or on a Ray cluster: the one that RAY_ADDRESS names, or one on this machine",
    )
    group.add_argument(
        "--workers", type=positive_number, metavar="N", help="workers on the cluster (default: as many as have room)"
    )
    group.add_argument("--worker-cpus", type=float, metavar="N", help="cores of each worker (default: 1)")
    group.add_argument("--worker-gpus", type=float, metavar="N", help="GPUs of each worker, as in 0.25 (default: 0)")
    parser.set_defaults(run=_run, refuse=parser.error)


def add_judging_options(parser: argparse.ArgumentParser) -> None:
    """Add what is read, toward which targets it is judged, and how."""
    add_input_options(parser)
    parser.add_argument(
        "--targets",
        metavar="A,B",
        help="names of targets (default: the model's, which are NATO,US,China, and those of --targets-file)",
    )
    parser.add_argument("--targets-file", metavar="FILE", help="TOML file with targets of your own")
    parser.add_argument("--model", metavar="NAME", help="released model or folder of a model (default: base)")
    parser.add_argument(
        "--source-columns",
        default="",
        metavar="A,B",
        help="fields or columns of tables to keep, as source (outlet, date, doc_id, ...)",
    )
    parser.add_argument(
        "--unit",
        choices=("document", "row"),
        help="cut each text into paragraphs, or take each as one (default: document for texts, row for tables)",
    )
    parser.add_argument(
        "--device", metavar="NAME", help="cpu, cuda or cuda:N; torch:cpu and the like for torch (default: cpu)"
    )
    parser.add_argument(
        "--batch-size", type=positive_number, default=32, metavar="N", help="most windows in a batch (default: 32)"
    )
    parser.add_argument(
        "--abstain-risk",
        type=share,
        metavar="SHARE",
        help="give the labels that are left if this share may be wrong, and abstain where it is more than one",
    )
    parser.add_argument(
        "--explain",
        action="store_true",
        help="add the sentences and words that each label rests on; takes about ten times as long",
    )


def _run(arguments: argparse.Namespace) -> int:
    from stance.prediction import load_classifier
    from stance.scale.stream import run_plan

    plan, engine = _plan(arguments)
    # a wrong model or device is said before any input is read
    classifier = load_classifier(arguments.model, arguments.device, allow_unsigned=arguments.allow_unsigned)
    targets = asked_targets(arguments, classifier.targets)
    plan = replace(plan, judging=replace(plan.judging, targets=targets))
    try:
        summary = run_plan(plan, engine)
    except KeyboardInterrupt:
        if plan.place() is None or plan.is_read_once():
            raise
        _LOG.error("interrupted; the same command with --resume goes on where it was")
        return 130
    if summary.failures and arguments.on_error == "record":
        _LOG.error("%d files or rows could not be read; %s.errors.jsonl says why", summary.failures, arguments.output)
    return 1 if summary.failures else 0


def _plan(arguments: argparse.Namespace) -> tuple[Plan, Engine]:
    """Give the run that is asked for, but for the targets that only the model knows, and what judges."""
    from stance.prediction import Judging
    from stance.scale.stream import Plan

    model, device, unsigned = arguments.model, arguments.device, arguments.allow_unsigned
    judging = Judging(None, model, device, arguments.batch_size, arguments.abstain_risk, unsigned)
    try:
        plan = Plan(
            tuple(arguments.files),
            arguments.output,
            output_format(arguments, _FORMATS),
            reading_of(arguments, unit=arguments.unit),
            judging,
            resume=arguments.resume,
            on_error=arguments.on_error,
            explain=arguments.explain,
            safe=arguments.csv_safe,
        )
        engine, place = _engine(arguments)
    except UsageError as error:
        arguments.refuse(str(error))
    return replace(plan, device=place), engine


def _engine(arguments: argparse.Namespace) -> tuple[Engine, str | None]:
    """Give what judges, and its device if that is not this process's."""
    from stance.prediction import Judging
    from stance.scale.workers import judge_in_threads

    count, cpus, gpus = arguments.workers, arguments.worker_cpus, arguments.worker_gpus
    if arguments.engine == "local":
        if any(value is not None for value in (count, cpus, gpus)):
            raise UsageError("--workers, --worker-cpus and --worker-gpus are for --engine ray.")
        return judge_in_threads, None
    from stance.scale.ray import Workers, judge_on_ray

    workers = Workers(count, 1.0 if cpus is None else cpus, gpus or 0.0)
    return judge_on_ray(workers), workers.place(Judging(device=arguments.device)).device


def asked_targets(arguments: argparse.Namespace, trained: Sequence[Target]) -> tuple[Target, ...]:
    """Give the targets asked for: those of --targets-file go before the model's of the same name."""
    own = load_targets(arguments.targets_file) if arguments.targets_file else ()
    known = {target.name.casefold(): target for target in own}
    if arguments.targets is not None:
        return resolve_targets(target_names(arguments.targets), (*trained, *own))
    default = [target for target in resolve_targets(None, trained) if target.name.casefold() not in known]
    return resolve_targets([*default, *own])
