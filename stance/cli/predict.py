"""``stance predict``: where texts stand."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence

from stance.cli.options import (
    Inputs,
    add_input_options,
    add_output_options,
    begin,
    output_format,
    positive_number,
    share,
    split_names,
)
from stance.schema import Analysis, Document
from stance.targets import Target, load_targets, resolve_targets

__all__ = ["add_judging_options", "add_parser", "analyze_inputs", "asked_targets"]

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
    parser.set_defaults(run=_run)


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
    parser.add_argument("--device", metavar="NAME", help="cpu, cuda or cuda:N (default: cpu)")
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
    from stance.reporting.outputs import open_output, paragraph_columns, paragraph_rows, write_rows
    from stance.reporting.tables import document_table, print_table

    form = output_format(arguments, _FORMATS)
    # a wrong model or device is said before any input is read
    classifier = load_classifier(arguments.model, arguments.device)
    targets = asked_targets(arguments, classifier.targets)
    names = [target.name for target in targets]
    inputs = Inputs(arguments, unit=arguments.unit)
    everything = begin(analyze_inputs(arguments, inputs, targets), inputs)
    if everything is None:
        return 1
    with open_output(arguments.output) as file:
        if form == "table":
            for analysis in everything:
                print_table(document_table(analysis, names), file)
        else:
            rows = (row for analysis in everything for row in paragraph_rows(analysis))
            sets = arguments.abstain_risk is not None
            source = bool(split_names(arguments.source_columns))
            columns = (
                ()
                if form == "jsonl"
                else paragraph_columns(names, label_sets=sets, source=source, evidence=arguments.explain)
            )
            write_rows(file, rows, form, columns)
    return 1 if inputs.failures else 0


def analyze_inputs(
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


def asked_targets(arguments: argparse.Namespace, trained: Sequence[Target]) -> tuple[Target, ...]:
    """Give the targets asked for: those of --targets-file go before the model's of the same name."""
    own = load_targets(arguments.targets_file) if arguments.targets_file else ()
    known = {target.name.casefold(): target for target in own}
    if arguments.targets is not None:
        return resolve_targets([known.get(name.casefold(), name) for name in split_names(arguments.targets)], trained)
    default = [target for target in resolve_targets(None, trained) if target.name.casefold() not in known]
    return resolve_targets([*default, *own])
