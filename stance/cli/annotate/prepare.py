"""``stance annotate prepare`` and ``next``: which paragraphs to label."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from stance.cli.annotate.records import LOG, Records, Subparsers, add_command, add_output, write_records
from stance.cli.inputs import Inputs
from stance.cli.options import add_input_options, positive_number

if TYPE_CHECKING:
    from stance.schema import Annotation

__all__ = ["add_parsers"]


def add_parsers(commands: Subparsers) -> None:
    """Add the subcommands."""
    parser = add_command(
        commands,
        "prepare",
        "Cut documents into paragraphs to label. Each gets an id, and an anchor by which it is found again.",
        """
        stance annotate prepare articles/*.txt -o items.jsonl
        stance annotate prepare rows.csv --text-column body --source-columns outlet,year -o items.jsonl
        stance annotate prepare articles/*.txt --model base -o items.jsonl    with a model's labels as suggestions
        """,
    )
    add_input_options(parser)
    parser.add_argument(
        "--source-columns", default="", metavar="A,B", help="columns of tables to keep (outlet, year, speaker, ...)"
    )
    parser.add_argument(
        "--unit",
        choices=("document", "row"),
        help="cut each text into paragraphs, or take each as one (default: document for texts, row for tables)",
    )
    parser.add_argument("--model", metavar="NAME", help="add the labels of a model as suggestions")
    add_output(parser)
    parser.set_defaults(run=_prepare)
    parser = add_command(
        commands,
        "next",
        "Choose the paragraphs to label next. By a model's uncertainty, the targets taking turns, no two alike; or at "
        "random, which is what stance estimate needs.",
        """
        stance annotate next --model base --pool items.jsonl -n 50 -o batch.jsonl
        stance annotate next --pool items.jsonl --labelled gold.jsonl -n 50 -o batch.jsonl
        stance annotate next --random --pool items.jsonl -n 200 -o sample.jsonl
        """,
    )
    parser.add_argument("--pool", required=True, metavar="FILE", help="paragraphs to choose from, as 'prepare' writes")
    parser.add_argument("--labelled", action="append", default=[], metavar="FILE", help="annotations to leave out")
    parser.add_argument("--model", metavar="NAME", help="released model or folder of a model (default: base)")
    parser.add_argument("--random", action="store_true", help="draw at random instead, each paragraph alike; no model")
    parser.add_argument("-n", type=positive_number, default=50, metavar="N", help="how many to choose (default: 50)")
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="seed of the order of equals, or of the draw (default: 0)"
    )
    add_output(parser)
    parser.set_defaults(run=_next, files=())


def _prepare(arguments: argparse.Namespace) -> int:
    from stance.annotation.anchors import make_items

    inputs = Inputs(arguments, unit=arguments.unit)
    found = [item for document, blocks in inputs.cut() for item in make_items(document, blocks)]
    if not found:
        if not inputs.failures:
            LOG.error("no paragraph was found in what was given")
        return 1
    items = _distinct(found, inputs)
    write_records(arguments.output, _suggested(items, arguments.model) if arguments.model else items)
    return 1 if inputs.failures else 0


def _distinct(items: list[Annotation], inputs: Inputs) -> list[Annotation]:
    """Leave out what was given twice, and report an id that stands for two paragraphs."""
    from stance.errors import InputError

    found: dict[str, Annotation] = {}
    for item in items:
        other = found.setdefault(item.id, item)
        if other.anchor.text_sha256 != item.anchor.text_sha256:
            inputs.report(InputError(f"{item.anchor.document}: two paragraphs have the id {item.id!r}. Give ids once."))
    if len(found) < len(items) and not inputs.failures:
        LOG.warning("%d paragraphs were given twice and are kept once", len(items) - len(found))
    return list(found.values())


def _suggested(items: list[Annotation], model: str | None) -> Iterator[Annotation]:
    """Give each paragraph, and after it what a model says of it."""
    for item, record in zip(items, _judge(items, model), strict=True):
        yield from (item, record)


def _judge(items: list[Annotation], model: str | None) -> list[Annotation]:
    """Let a model label paragraphs."""
    from stance.annotation.suggestions import suggest_labels
    from stance.prediction import predict

    predictions = predict([item.text or "" for item in items], model=model)
    judged = [{name: stance.probabilities for name, stance in found.stances.items()} for found in predictions]
    return suggest_labels(items, judged, predictions[0].model)


def _next(arguments: argparse.Namespace) -> int:
    from stance.annotation.selection import Judged, choose_next, draw_random, find_unlabelled

    records = Records()
    pool = records.require([arguments.pool])
    items = find_unlabelled(pool, records.read(arguments.labelled))
    if not items:
        LOG.error("%s: no paragraph with text is left to label", arguments.pool)
        return 1
    if len(items) < arguments.n:
        LOG.warning("only %d paragraphs are left to label", len(items))
    if arguments.random:
        write_records(arguments.output, draw_random(items, arguments.n, seed=arguments.seed))
        return records.status
    judged = {record.id: record for record in _judge(items, arguments.model)}
    given = (Judged(record.id, record.text or "", record.soft_labels) for record in judged.values())
    choices = choose_next(given, arguments.n, seed=arguments.seed)
    waiting = {item.id: item for item in items}
    chosen = ((waiting[choice.id], judged[choice.id], choice.to_dict()) for choice in choices)
    write_records(
        arguments.output,
        (
            replace(record, source={**record.source, "chosen": why})
            for item, suggestion, why in chosen
            for record in (item, suggestion)
        ),
    )
    return records.status
