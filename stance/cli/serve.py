"""``stance serve``: a local page to try it, and a JSON API."""

from __future__ import annotations

import argparse
import importlib.util
import logging
import os
import signal
from contextlib import suppress
from pathlib import Path

from stance.cli.options import positive_number, target_names, whole_number
from stance.errors import MissingExtraError, UsageError
from stance.targets import Target, load_targets, resolve_targets

__all__ = ["add_parser"]

_LOG = logging.getLogger("stance")
_PACKAGES = ("fastapi", "uvicorn", "python_multipart", "docx", "pypdf")
_TOKEN = "STANCE_SERVE_TOKEN"
_EPILOG = f"""examples:
  stance serve                                          a page at http://127.0.0.1:8000
  stance serve --annotations labels.jsonl               keep the labels that are corrected on it
  stance serve --targets NATO,Russia,"the EU" --model small
  {_TOKEN}=... stance serve --host 0.0.0.0      for others, who need the token; put TLS before it

Texts stay on this machine and in its memory, results for an hour. docs/serving.md tells of the API and the limits."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "serve",
        help="a local page to paste texts into, and a JSON API",
        description="Serve a page to try texts on, see and correct their labels and download them; and a JSON API.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="where to listen (default: 127.0.0.1)")
    parser.add_argument(
        "--port", type=whole_number, default=8000, metavar="N", help="port; 0 takes a free one (default: 8000)"
    )
    parser.add_argument("--model", metavar="NAME", help="released model or folder of a model (default: base)")
    parser.add_argument("--targets", metavar="A,B", help="names of the targets that are offered (default: the model's)")
    parser.add_argument("--targets-file", metavar="FILE", help="TOML file with targets of your own")
    parser.add_argument("--annotations", metavar="FILE", help="file that corrected labels are added to (JSON Lines)")
    group = parser.add_argument_group("limits")
    group.add_argument(
        "--max-bytes", type=positive_number, default=5_000_000, metavar="N", help="of a request (default: 5000000)"
    )
    group.add_argument(
        "--time-limit", type=positive_number, default=120, metavar="SECONDS", help="of a request (default: 120)"
    )
    group.add_argument(
        "--concurrency", type=positive_number, default=2, metavar="N", help="requests judged at once (default: 2)"
    )
    group = parser.add_argument_group("access")
    group.add_argument(
        "--token",
        metavar="TOKEN",
        help=f"what users have to give, 16 characters or more (default: the variable {_TOKEN}); other addresses than "
        "this machine's own need one",
    )
    group.add_argument("--log-texts", action="store_true", help="write the texts to the log, too")
    parser.set_defaults(run=_run, refuse=parser.error)


def _run(arguments: argparse.Namespace) -> int:
    if any(importlib.util.find_spec(package) is None for package in _PACKAGES):
        raise MissingExtraError("stance serve", "serve")
    from stance.serving.server import listen, serve
    from stance.serving.settings import Settings

    try:
        settings = Settings(
            host=arguments.host,
            port=arguments.port,
            model=arguments.model,
            targets=_targets(arguments),
            annotations=Path(arguments.annotations) if arguments.annotations else None,
            max_bytes=arguments.max_bytes,
            time_limit=float(arguments.time_limit),
            concurrency=arguments.concurrency,
            token=os.environ.get(_TOKEN, "") if arguments.token is None else arguments.token,
            log_texts=arguments.log_texts,
        )
    except UsageError as error:
        arguments.refuse(str(error))
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the server would take the exception for one of a request
    with suppress(KeyboardInterrupt), listen(settings) as listening:
        serve(settings, listening)
    _LOG.info("stopped")
    return 0


def _targets(arguments: argparse.Namespace) -> tuple[Target, ...] | None:
    """Give the targets that are offered; None leaves it to the model."""
    own = load_targets(arguments.targets_file) if arguments.targets_file else ()
    if arguments.targets is not None:
        return resolve_targets(target_names(arguments.targets), own)
    return resolve_targets([*resolve_targets(None), *own]) if own else None
