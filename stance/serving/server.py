"""Listening: uvicorn with a protocol that hangs up on those who send no request."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from stance.errors import InputError
from stance.serving.app import make_app
from stance.serving.settings import Settings

__all__ = ["address_of", "listen", "serve"]

_LOG = logging.getLogger("stance")
_HEAD_SECONDS = 15.0
"""Seconds within which the head of a request has to be there."""
_READ_SECONDS = 30.0
"""Seconds within which whoever asked has to take something of the answer that waits."""
_MOST_UNREAD = 256_000_000
"""Most bytes of answers that wait to be taken, of all together."""
_CONNECTIONS = 500
"""Most connections at once; the system holds further ones back."""
_HEAD_BYTES = 32_768


class _Impatient(H11Protocol):
    """A connection that is closed where no request comes, its head takes too long, or nobody reads the answer."""

    _waits: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.set_write_buffer_limits(0)  # also a rest of few bytes is watched: closing waits for it for ever
        if len(self.connections) > _CONNECTIONS:
            transport.close()
            return
        self._waits = self.loop.call_later(_HEAD_SECONDS, transport.close)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        working = self.cycle is not None and not self.cycle.response_complete
        if working and self._waits is not None:
            self._waits.cancel()
            self._waits = None
        elif not working and self._waits is None:
            self._waits = self.loop.call_later(_HEAD_SECONDS, self.transport.close)

    def pause_writing(self) -> None:
        super().pause_writing()
        unread = (other.transport.get_write_buffer_size() for other in self.connections)
        if sum(unread) > _MOST_UNREAD:
            self.transport.abort()
            return
        self._stop_watching()
        self._watch_reader()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_watching()

    def _watch_reader(self, before: int | None = None) -> None:
        """Hang up if nothing was taken of what waits since it was looked last; else look again later."""
        left = self.transport.get_write_buffer_size()
        if before is not None and left >= before:
            self.transport.abort()
            return
        self._unread = self.loop.call_later(_READ_SECONDS, self._watch_reader, left)

    def _stop_watching(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waits is not None:
            self._waits.cancel()
        super().connection_lost(exc)
        self._stop_watching()


def listen(settings: Settings) -> socket.socket:
    """Open the address to listen at.

    Args:
        settings: How the server runs.

    Returns:
        The socket.

    Raises:
        InputError: If the address is not to be had.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=512)
    except OSError as error:
        where, why = f"{settings.host}:{settings.port}", str(error.strerror or error).partition(" (while")[0]
        raise InputError(f"{where}: cannot listen there ({why}). Give another --port or --host.") from error


def address_of(listening: socket.socket) -> str:
    """Give the address that a browser opens."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(settings: Settings, listening: socket.socket) -> None:
    """Serve until the process is told to stop.

    Args:
        settings: How the server runs.
        listening: Where requests come in, as `listen` gives it.

    Raises:
        ModelError: If the model is missing, incomplete or altered.
        InputError: If the file of annotations holds something else or cannot be written.
    """
    options: dict[str, Any] = {
        "access_log": False,
        "log_config": None,
        "server_header": False,
        "proxy_headers": False,
        "ws": "none",
        "lifespan": "on",
        "timeout_keep_alive": 5,
        "timeout_graceful_shutdown": 5,
        "h11_max_incomplete_event_size": _HEAD_BYTES,
    }
    config = uvicorn.Config(make_app(settings), http=_Impatient, **options)
    _LOG.info("open %s in a browser; Ctrl+C stops", address_of(listening))
    uvicorn.Server(config).run(sockets=[listening])
