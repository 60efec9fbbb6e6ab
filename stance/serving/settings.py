"""What a server is asked to do and what it allows; everything is checked before anything listens."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from stance.errors import InputError, UsageError
from stance.targets import Target

__all__ = ["Settings", "is_loopback"]

_TOKEN = 16
"""Fewest characters of a token: shorter ones can be guessed."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a server runs.

    Attributes:
        host: Address to listen at.
        port: Port; 0 takes a free one.
        model: Name of a released model or path of a model folder; None means the default model.
        targets: Targets that the page offers; None means those of the model.
        annotations: File that corrected labels are added to; None keeps them in memory alone.
        max_bytes: Most bytes of a request's body.
        max_characters: Most characters of its texts together: cutting them cannot be broken off.
        time_limit: Most seconds that a request may wait and be worked on.
        concurrency: Most requests that are judged at once.
        waiting: Most requests that wait for their turn.
        body_seconds: Most seconds that a request's body may take to arrive.
        token: What has to be known to use the server; empty if nothing.
        log_texts: Whether texts are written to the log.

    Raises:
        UsageError: If others than this machine could reach it without a token.
        InputError: If a limit makes no sense.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    model: str | Path | None = None
    targets: tuple[Target, ...] | None = None
    annotations: Path | None = None
    max_bytes: int = 5_000_000
    max_characters: int = 1_000_000
    time_limit: float = 120.0
    concurrency: int = 2
    waiting: int = 16
    body_seconds: float = 30.0
    token: str = ""
    log_texts: bool = False

    def __post_init__(self) -> None:
        for name in ("max_bytes", "max_characters", "time_limit", "concurrency", "waiting", "body_seconds"):
            if getattr(self, name) <= 0:
                raise InputError(f"{name} has to be more than 0, found {getattr(self, name)}.")
        if not 0 <= self.port <= 65535:
            raise InputError(f"port has to be between 0 and 65535, found {self.port}.")
        if not self.token and not is_loopback(self.host):
            raise UsageError(
                f"{self.host}: others than this machine can reach this address, so a token is needed. Give --token, or "
                "listen at 127.0.0.1. One is made by: python3 -c 'import secrets; print(secrets.token_urlsafe(24))'"
            )
        if self.token and (len(self.token) < _TOKEN or not self.token.isascii() or not self.token.isprintable()):
            raise UsageError(f"The token has to be at least {_TOKEN} printable ASCII characters, or it can be guessed.")


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0"), is_loopback("example.org")
    (True, True, False, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
