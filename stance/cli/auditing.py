"""What ``stance evaluate --audit`` adds: the options, and a model that is asked about changed texts."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stance.cli.options import positive_number

if TYPE_CHECKING:
    from stance.evaluation.findings import Audit
    from stance.targets import Target

__all__ = ["add_audit_options", "check_audit_options", "run_audit"]

_LOG = logging.getLogger("stance")
_SAMPLE = 100
"""Paragraphs asked about unless another number is given: each is asked about some 30 times."""


def add_audit_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of an audit."""
    group = parser.add_argument_group("audit")
    group.add_argument(
        "--audit",
        action="store_true",
        help="ask the model about changed texts: does it look at the target, err more on one side, break under noise",
    )
    group.add_argument(
        "--audit-sample",
        type=positive_number,
        metavar="N",
        help=f"most paragraphs to audit on, drawn by document (default: {_SAMPLE}; each is asked about some 30 times)",
    )
    parser.set_defaults(refuse=parser.error)


def check_audit_options(arguments: argparse.Namespace) -> None:
    """Refuse an audit without a model, and a sample without an audit.

    Raises:
        SystemExit: With status 2.
    """
    if arguments.audit and arguments.model is None:
        arguments.refuse(
            "--audit asks the system about changed texts, and a predictions file cannot be asked again. Give --model "
            "NAME, or call stance.evaluation.audits.audit with a function of your own."
        )
    if arguments.audit_sample is not None and not arguments.audit:
        arguments.refuse("--audit-sample says on how many paragraphs to audit. Give --audit too.")


def run_audit(arguments: argparse.Namespace, targets: Sequence[str] | None, own: Sequence[Target] = ()) -> Audit | None:
    """Audit the command's model, if that is asked for.

    Args:
        arguments: The command's arguments.
        targets: Names of the targets; None means all that have gold labels.
        own: Targets that are known by name beside the built-in ones and the model's, and before them.

    Returns:
        The audit; None if none is asked for.
    """
    if not arguments.audit:
        return None
    from stance.evaluation.audits import audit
    from stance.evaluation.joining import choose_targets
    from stance.evaluation.records import read_records
    from stance.prediction import load_classifier, predict
    from stance.targets import resolve_targets

    records = read_records(arguments.gold)
    known = load_classifier(arguments.model, None).targets
    found = audit(
        arguments.gold,
        lambda texts, wanted: predict(list(texts), targets=wanted, model=arguments.model),
        targets=resolve_targets(choose_targets(records, targets), (*known, *own)),
        sample=arguments.audit_sample or _SAMPLE,
        draws=arguments.draws,
        seed=arguments.seed,
    )
    if found.paragraphs < found.available:
        _LOG.info(
            "audited on %d of %d paragraphs; --audit-sample %d takes all",
            found.paragraphs,
            found.available,
            found.available,
        )
    return found
