"""Entry of the ``stance`` command: subcommands, exit codes, errors."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import FrameType
from typing import IO, NoReturn, TextIO

from stance import __version__
from stance.cli.options import refuse_overwriting
from stance.display import printable
from stance.errors import StanceError
from stance.progress import above_bars

__all__ = ["main", "run"]

_COMMANDS = {
    "predict": "stance.cli.predict",
    "report": "stance.cli.report",
    "serve": "stance.cli.serve",
    "segment": "stance.cli.segment",
    "annotate": "stance.cli.annotate.commands",
    "train": "stance.cli.train",
    "evaluate": "stance.cli.evaluate",
    "benchmark": "stance.cli.benchmark",
    "estimate": "stance.cli.estimate",
    "info": "stance.cli.info",
}
"""Command -> the module that adds and runs it."""
_DESCRIPTION = "Tell where texts stand, paragraph by paragraph, toward NATO, the US, China or targets of your own."
_EPILOG = """examples:
  stance predict article.txt
  stance predict articles/*.txt --format jsonl --output stances.jsonl
  stance report articles/*.txt --output report.html
  stance serve
  stance segment article.txt
  stance annotate --help
  stance estimate predictions.jsonl --labels gold.jsonl --by outlet
  stance train mine.toml --out models/mine
  stance evaluate --gold test.jsonl --model models/mine
  stance benchmark --list
  stance info

exit status: 0 done, 1 something failed (the rest is done), 2 wrong usage"""


_SIGNALS = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""With which clusters and closed terminals stop what runs."""


def run() -> None:
    """Run the command and leave with its exit status."""
    _open_streams()
    for name in _SIGNALS:
        number = getattr(signal, name)
        if signal.getsignal(number) is signal.SIG_DFL:  # nohup ignores one
            signal.signal(number, _stop)
    try:
        status = main()
    except _Stopped as stopped:
        signal.signal(stopped.number, signal.SIG_DFL)
        signal.raise_signal(stopped.number)  # whoever sent it sees that it was obeyed
    gc.freeze()  # what is left need not be looked through once more: a tenth of a second, with a model in memory
    sys.exit(status)


class _Stopped(SystemExit):
    """A signal that asks the process to end: files are tidied up as after Ctrl+C, then it does.

    Args:
        number: The signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    for name in _SIGNALS:  # a terminal that is closed sends both: the second would break off the tidying
        signal.signal(getattr(signal, name), lambda *_: None)
    raise _Stopped(number)


def _open_streams() -> None:
    """Open stdin, stdout and stderr where whoever started the process had closed them.

    Else the next file that is opened takes the place of one of them, and what a library says goes into an output.
    Reading and writing them fails all the same, but for stderr, which goes nowhere.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            against = os.O_WRONLY if mode == "r" or name == "stderr" else os.O_RDONLY
            found = os.open(os.devnull, against)  # the lowest number that is free, which is this one's
            if found == number:
                setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: Arguments after the command's name; None takes those of the process.

    Returns:
        Exit status: 0 done, 1 something failed, 2 wrong usage (raised as SystemExit by argparse).
    """
    parser = _Parser(
        prog="stance", description=_DESCRIPTION, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"stance {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    given = list(sys.argv[1:] if argv is None else argv)
    asked = given[0] if given and given[0] in _COMMANDS else None
    for name in (asked,) if asked else _COMMANDS:  # the others' modules need not be read: a tenth of a second
        import_module(_COMMANDS[name]).add_parser(commands)
    with _messages():
        return _guarded(lambda: _run(parser, given))


class _Parser(argparse.ArgumentParser):
    """A parser whose errors quote arguments (names of files that a shell put in) so that no terminal obeys them."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and leave with exit status 2."""
        super().error(printable(message))

    def _print_message(self, message: str, file: IO[str] | None = None) -> None:  # type: ignore[override]
        """Write help; argparse's own passes over a stdout that is closed or full."""
        if message and file is sys.stdout:
            file.write(message)
        else:
            super()._print_message(message, file)


class _Formatter(logging.Formatter):
    """Messages as commands write them: ``stance: error: what is wrong``, ``stance: what was done``."""

    def format(self, record: logging.LogRecord) -> str:
        kind = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        return f"stance: {kind}{printable(record.getMessage())}"  # a file's words may steer a terminal


class _Handler(logging.StreamHandler[TextIO]):
    """Messages that go above a progress bar, not into it."""

    def emit(self, record: logging.LogRecord) -> None:
        with above_bars(self.stream):
            super().emit(record)


@contextmanager
def _messages() -> Iterator[None]:
    """Write what the library logs to stderr while a command runs, and leave logging as it was."""
    logger = logging.getLogger("stance")
    handler = _Handler(sys.stderr)
    handler.setFormatter(_Formatter())
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before[0])
        logger.propagate = before[1]


def _drop_output() -> None:
    """Let what Python still holds for stdout go: it has nowhere to go."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(parser: argparse.ArgumentParser, given: Sequence[str]) -> int:
    try:
        arguments = parser.parse_args(given)
    except SystemExit:
        sys.stdout.flush()  # help that cannot be written is no success
        raise
    refuse_overwriting(arguments)
    status: int = arguments.run(arguments)
    return status


def _guarded(work: Callable[[], int]) -> int:
    """Run a command; what is wrong with its input is a line on stderr, what is wrong with the code a traceback."""
    try:
        status = work()
        sys.stdout.flush()  # what cannot be written is said here, not by Python at its end
    except BrokenPipeError:
        _drop_output()  # whoever read stdout has gone, as in `| head`
        return 1
    except (StanceError, OSError) as error:
        logging.getLogger("stance").error("%s", error)
        try:
            sys.stdout.flush()
        except OSError:
            _drop_output()
        return 1
    except MemoryError:
        logging.getLogger("stance").error("there is not enough memory. Give smaller files, or a limit that is higher")
        return 1
    except KeyboardInterrupt:
        logging.getLogger("stance").error("interrupted; nothing was written to --output")
        return 130
    return status
