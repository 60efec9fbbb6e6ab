"""``stance evaluate``: how good predictions are."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from stance.cli.auditing import add_audit_options, check_audit_options, run_audit
from stance.cli.options import add_draw_options, split_names, whole_number
from stance.cli.provenance import describe_file, describe_run, provenance_markdown
from stance.errors import InputError

if TYPE_CHECKING:
    from stance.evaluation.records import Rows
    from stance.targets import Target

__all__ = ["add_parser"]

_LOG = logging.getLogger("stance")
_FORMATS = ("table", "json", "md")
_EPILOG = """examples:
  stance evaluate --gold test.jsonl --pred stances.jsonl
  stance evaluate --gold test.jsonl --model base --format md -o report.md
  stance evaluate --gold test.jsonl --model base --html evaluation.html
  stance evaluate --gold test.jsonl --pred mine.jsonl --against theirs.jsonl
  stance evaluate --gold test.jsonl --pred mine.csv --slice outlet --slice year --format json
  stance evaluate --gold test.jsonl --model base --audit --audit-sample 100
  stance evaluate --gold mine.jsonl --model base --targets-file mine.toml

Gold labels are rows with id and labels {target: label}, as stance annotate writes them, or with id, target and label.
Predictions are what stance predict writes (JSONL or CSV), or rows as of gold labels, with probabilities or without; a
row with "error", or a label of null, is a failure and counts as an error. Missing, extra and double ids are refused."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "evaluate",
        help="score predictions against gold labels",
        description="Score a system: each target and label, with 95 % intervals by document, slices, and the worst "
        "errors; and compare it with another.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--gold", required=True, metavar="FILE", help="gold labels; - is stdin")
    first = parser.add_mutually_exclusive_group(required=True)
    first.add_argument("--pred", metavar="FILE", help="predictions to score")
    first.add_argument("--model", metavar="NAME", help="released model or folder of a model, to predict with first")
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--against", metavar="FILE", help="predictions of another system, to compare with")
    other.add_argument("--against-model", metavar="NAME", help="another model, to compare with")
    parser.add_argument("--targets", metavar="A,B", help="targets to score (default: all with gold labels)")
    parser.add_argument(
        "--targets-file", metavar="FILE", help="TOML file with targets of your own, for a model to judge"
    )
    parser.add_argument(
        "--slice",
        action="append",
        metavar="FIELD",
        help="give figures of parts by a field of the gold rows; may be given again (default: source, genre, year and "
        "others that the rows have)",
    )
    parser.add_argument(
        "--worst", type=whole_number, default=5, metavar="N", help="errors to show (default: 5; JSON has all)"
    )
    add_draw_options(parser)
    add_audit_options(parser)
    group = parser.add_argument_group("output")
    group.add_argument("--format", choices=_FORMATS, default=None, help="default: told by --output's name, else table")
    group.add_argument("-o", "--output", metavar="FILE", help="write to a file, whole or not at all (default: stdout)")
    group.add_argument(
        "--html", metavar="FILE", help="write a page, too: matrices, curves, 30 or --worst errors with text"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from stance.cli.options import output_format
    from stance.evaluation.scoring import evaluate
    from stance.reporting.drawing import print_table
    from stance.reporting.evaluation_page import evaluation_html
    from stance.reporting.evaluation_tables import evaluation_markdown, evaluation_table
    from stance.reporting.outputs import open_output
    from stance.targets import load_targets

    check_audit_options(arguments)
    if arguments.targets_file and not (arguments.model or arguments.against_model):
        arguments.refuse("--targets-file tells a model what targets are, and there is none. Give --model.")
    given = (arguments.gold, arguments.pred, arguments.against)
    if given.count("-") > 1:
        raise InputError("-: stdin can be read once. Give files.")
    if arguments.html == "-":
        raise InputError("-: the table goes to stdout. Give --html a file.")
    form = output_format(arguments, _FORMATS)
    targets = split_names(arguments.targets) if arguments.targets is not None else None
    own = load_targets(arguments.targets_file) if arguments.targets_file else ()
    predictions, made_by = _predictions(arguments.pred, arguments.model, arguments.gold, targets, own)
    against, other = None, None
    if arguments.against or arguments.against_model:
        against, other = _predictions(arguments.against, arguments.against_model, arguments.gold, targets, own)
    evaluation = evaluate(
        arguments.gold,
        predictions,
        against=against,
        targets=targets,
        slices=arguments.slice,
        draws=arguments.draws,
        seed=arguments.seed,
    )
    audit = run_audit(arguments, targets, own)
    if evaluation.unasked:
        _LOG.info("%d judgements are toward targets without gold labels, and count for nothing", evaluation.unasked)
    origin = {"gold": describe_file(arguments.gold), "predictions": made_by, "against": other, **describe_run()}
    if arguments.html:
        page = evaluation_html(evaluation, worst=max(arguments.worst, 30), audit=audit)
        with open_output(arguments.html) as file:
            file.write(page.encode("utf-8", "replace"))
    with open_output(arguments.output) as file:
        if form == "json":
            audited = {"audit": audit.to_dict()} if audit else {}
            text = json.dumps(evaluation.to_dict() | audited | {"provenance": origin}, ensure_ascii=False, indent=2)
            file.write(text.encode("utf-8", "backslashreplace") + b"\n")
        elif form == "md":
            report = evaluation_markdown(evaluation, worst=arguments.worst, audit=audit)
            file.write(f"{report}\n{provenance_markdown(origin)}".encode("utf-8", "backslashreplace"))
        else:
            print_table(evaluation_table(evaluation, worst=arguments.worst, audit=audit), file)
    return 0


def _predictions(
    file: str | None, model: str | None, gold: str, targets: Sequence[str] | None, own: Sequence[Target]
) -> tuple[Rows, Mapping[str, Any]]:
    """Give the predictions of a file, or those of a model on the gold paragraphs, and where they come from."""
    if file is not None:
        return file, describe_file(file)
    from stance.evaluation.joining import choose_targets
    from stance.evaluation.records import read_records
    from stance.prediction import load_classifier, predict
    from stance.targets import resolve_targets

    if gold == "-":
        raise InputError("--gold -: a model reads the gold file's texts, and stdin can be read once. Give a file.")
    records = read_records(gold)
    choose_targets(records, targets)  # what is wrong with the gold is said before the model is asked
    silent = next((record for record in records if not record.text), None)
    if silent is not None:
        raise InputError(
            f"{silent.where}: id {silent.id!r} has no text for the model to judge. "
            "stance annotate hydrate finds it again."
        )
    classifier = load_classifier(model, None)
    asked: dict[tuple[str, ...], list[int]] = {}
    for place, record in enumerate(records):
        asked.setdefault(tuple(target for target in record.labels if targets is None or target in targets), []).append(
            place
        )
    rows: list[dict[str, Any]] = [{} for _ in records]
    for names, places in asked.items():
        if names:
            wanted = resolve_targets(list(names), (*classifier.targets, *own))
            for place, found in zip(
                places, predict([records[place].text for place in places], targets=wanted, model=model), strict=True
            ):
                stances = {name: stance.to_dict() for name, stance in found.stances.items()}
                rows[place] = {"id": records[place].id, "text": records[place].text, "stances": stances}
    return [row for row in rows if row], {"model": model, "sha256": classifier.hashes}
