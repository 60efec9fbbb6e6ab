"""Entry of the ``stance`` command: subcommands, exit codes, errors."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence

from stance import __version__
from stance.cli import info, predict, segment
from stance.errors import StanceError

__all__ = ["main", "run"]

_DESCRIPTION = "Tell where texts stand, paragraph by paragraph, toward NATO, the US, China or targets of your own."
_EPILOG = """examples:
  stance predict article.txt
  stance predict articles/*.txt --format jsonl --output stances.jsonl
  stance segment article.txt
  stance info

exit status: 0 done, 1 something failed (the rest is done), 2 wrong usage"""


def run() -> None:
    """Run the command and leave with its exit status."""
    sys.exit(main())


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: Arguments after the command's name; None takes those of the process.

    Returns:
        Exit status: 0 done, 1 something failed, 2 wrong usage (raised as SystemExit by argparse).
    """
    parser = argparse.ArgumentParser(
        prog="stance", description=_DESCRIPTION, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"stance {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in (predict, segment, info):
        module.add_parser(commands)
    arguments = parser.parse_args(argv)
    logging.basicConfig(format="stance: %(levelname)s: %(message)s", stream=sys.stderr, force=True)
    logging.getLogger("stance").setLevel(logging.WARNING)
    try:
        status: int = arguments.run(arguments)
    except BrokenPipeError:
        # Whoever read stdout has gone (as in `| head`); what Python still holds for it has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (StanceError, OSError) as error:
        logging.getLogger("stance").error("%s", error)
        return 1
    except KeyboardInterrupt:
        logging.getLogger("stance").error("interrupted; nothing was written to --output")
        return 130
    return status
