"""``stance report``: where texts stand, on one page."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from stance.cli.inputs import Inputs
from stance.cli.options import output_format
from stance.cli.predict import add_judging_options, asked_targets
from stance.errors import InputError
from stance.schema import Analysis, Document
from stance.targets import Target

__all__ = ["add_parser"]

_LOG = logging.getLogger("stance")
_FORMATS = ("html", "md")
_MANY = 20_000
"""Paragraphs from which a page opens slowly."""
_SUFFIXES = {"": "html", ".html": "html", ".htm": "html", ".md": "md", ".txt": "md"}
_JUDGING = {
    **dict.fromkeys(("targets", "targets_file", "model", "device", "unit", "abstain_risk", "input_format", "encoding")),
    "source_columns": "",
    "text_column": "text",
    "id_column": "id",
    "batch_size": 32,
    "explain": False,
}
"""Options that have no effect on predictions that are made already, with what they are where they were not given."""
_EPILOG = """examples:
  stance report articles/*.txt -o report.html
  stance report rows.csv --text-column body --source-columns outlet,date --unit document -o report.html
  stance report articles/*.txt --explain -o report.html                 underline what the labels rest on
  stance report stances.jsonl -o report.html                            what stance predict wrote before
  stance report stances.jsonl --by speaker --format md
  stance predict article.txt --format jsonl | stance report - -o report.html

The page is one file that needs nothing else: it loads nothing from anywhere, and works without scripts, too. Outlets
and dates come from the fields of tables that --source-columns keeps: outlet (or source, publisher, site, speaker; or
what --by names) and date (or published, time, year). Of files of predictions the labels are shown as they are; headings
are not in them."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "report",
        help="show where texts stand on one page, by target, outlet and time",
        description="Make one page of texts, or of what stance predict wrote: shares with intervals, a table of the "
        "documents, and each document with its paragraphs tinted.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_judging_options(parser)
    parser.add_argument("--by", metavar="FIELD", help="field that tells the outlet (default: outlet, source, ...)")
    parser.add_argument("--title", default="Where the texts stand", help="title of the page")
    group = parser.add_argument_group("output")
    group.add_argument("--format", choices=_FORMATS, help="default: told by the name of --output, else html")
    group.add_argument("-o", "--output", metavar="FILE", help="write to a file, whole or not at all (default: stdout)")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from stance.reporting.outputs import open_output
    from stance.reporting.report_markdown import report_markdown
    from stance.reporting.report_page import report_html

    suffix = Path(arguments.output or "").suffix.lower()
    arguments.format = arguments.format or _SUFFIXES.get(suffix)
    if arguments.format is None:
        raise InputError(f"{arguments.output}: its name tells no format. Give --format: {', '.join(_FORMATS)}.")
    form = output_format(arguments, _FORMATS)
    inputs = Inputs(arguments, unit=arguments.unit)
    analyses = _analyses(arguments, inputs)
    if not analyses:
        return 1
    paragraphs = sum(len(analysis.predictions) for analysis in analyses)
    if paragraphs > _MANY:
        _LOG.warning("%d paragraphs make a page that opens slowly; report on fewer files at once", paragraphs)
    make = report_markdown if form == "md" else report_html
    page = make(analyses, title=arguments.title, by=arguments.by)
    with open_output(arguments.output) as file:
        file.write(page.encode("utf-8", "replace"))
    return 1 if inputs.failures else 0


def _analyses(arguments: argparse.Namespace, inputs: Inputs) -> list[Analysis]:
    """Read files of predictions, and judge the others."""
    from stance.reporting.predictions import holds_predictions, read_predictions
    from stance.text.sources import list_files

    texts_piped = ("-",) if arguments.input_format else ()
    made = [name for name in arguments.files if name not in texts_piped and holds_predictions(name)]
    texts: Sequence[str] = [name for name in arguments.files if name not in made]
    if made and texts:
        raise InputError(
            f"Expected texts, or files of predictions; found both: {texts[0]} and {made[0]}. Report on them one by one."
        )
    if made:
        unused = next((option for option, value in _JUDGING.items() if getattr(arguments, option) != value), None)
        if unused is not None:
            option = unused.replace("_", "-")
            raise InputError(f"{made[0]}: holds predictions, so --{option} has no effect. Give it to stance predict.")
        listing = list_files(made)
        for line in listing.skipped:
            _LOG.info("%s", line)
        return [analysis for name in listing.files for analysis in read_predictions(name)]
    from stance.prediction import load_classifier

    targets = asked_targets(arguments, load_classifier(arguments.model, arguments.device).targets)
    return list(_judged(arguments, inputs, targets))


def _judged(
    arguments: argparse.Namespace, documents: Iterable[Document], targets: Sequence[Target]
) -> Iterator[Analysis]:
    """Judge documents as the options say, and look for evidence if that was asked for."""
    from stance.prediction import analyze_documents
    from stance.reporting.explanation import explain_analyses

    analyses = analyze_documents(
        documents,
        targets=targets,
        model=arguments.model,
        device=arguments.device,
        batch_size=arguments.batch_size,
        abstain_risk=arguments.abstain_risk,
    )
    if not arguments.explain:
        return analyses
    return explain_analyses(
        analyses,
        targets=targets,
        model=arguments.model,
        device=arguments.device,
        batch_size=arguments.batch_size,
    )
