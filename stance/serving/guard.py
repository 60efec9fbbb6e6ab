"""What stands before the application: who may ask, from where, how much, and what every answer says to browsers.

Hand-written, since no package does all of it: Starlette's TrustedHostMiddleware looks at names alone, nothing of it
bounds bodies, and requests from other pages are told by headers that only browsers send.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import secrets
import time
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stance.serving.refusals import Refusal, is_api, refuse
from stance.serving.settings import Settings, is_loopback

__all__ = ["COOKIE", "Guard", "same", "slow_down"]

COOKIE = "stance_serve"
"""Name of the cookie by which a browser is known that gave the token."""
_LOG = logging.getLogger("stance")
_OPEN = ("/health", "/enter")
"""Paths that need no token."""
_OPEN_BYTES = 10_000
"""Most bytes of a body that is sent there: no more than a token."""
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
"""What every answer says, unless it says something else itself."""
_DRAINED = 64_000_000
"""Most bytes beyond the limit that are read and thrown away, so that a browser gets to see the answer."""
_SLOW_DOWN = 1.0
"""Seconds that a wrong token costs."""


class Guard:
    """An ASGI middleware that refuses what the application should not see.

    Args:
        app: The application.
        settings: How the server runs.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings
        self._loopback = is_loopback(settings.host)
        self._hosts = {"localhost", "127.0.0.1", "::1", settings.host.casefold()}
        self._pass = hmac.new(secrets.token_bytes(32), settings.token.encode(), hashlib.sha256).hexdigest()
        self._held = 0
        self._most_held = settings.max_bytes * (settings.concurrency + settings.waiting)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status = time.monotonic(), 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        path = scope["path"]
        try:
            await self._pass_on(scope, receive, answer)
        except Refusal as refusal:
            await refuse(refusal, path)(scope, receive, answer)
        finally:
            _LOG.info("%s %s %d %.2f s", scope["method"], _shown(path), status, time.monotonic() - begun)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        _check_length(headers)
        self._check_host(headers)
        _check_origin(scope["method"], headers)
        if self.settings.token and scope["path"] not in _OPEN:
            await self._check_token(scope)
        most = self.settings.max_bytes
        body = await self._read(receive, headers, min(most, _OPEN_BYTES) if scope["path"] in _OPEN else most)
        messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        gone = asyncio.ensure_future(_wait_for_end(receive))

        async def replay() -> Message:
            return messages.pop() if messages else await asyncio.shield(gone)

        state = scope.setdefault("state", {})
        state["pass_mark"], state["gone"] = self._pass, gone
        try:
            await self.app(scope, replay, send)
        finally:
            gone.cancel()
            self._held -= len(body)

    def _check_host(self, headers: Headers) -> None:
        """Refuse names that somebody else points at this machine (DNS rebinding)."""
        name = _host_name(headers.get("host", ""))
        if self._loopback and name not in self._hosts:
            raise Refusal(400, "This server answers to localhost and 127.0.0.1 alone. Open it by one of these names.")

    async def _check_token(self, scope: Scope) -> None:
        connection = HTTPConnection(scope)
        kind, _, given = connection.headers.get("authorization", "").partition(" ")
        if kind.casefold() == "bearer" and same(given.strip(), self.settings.token):
            return
        if same(connection.cookies.get(COOKIE, ""), self._pass):
            return
        if given:
            await slow_down()
        if is_api(scope["path"]):
            told = "A token is needed. Send it as 'Authorization: Bearer TOKEN'."
            raise Refusal(401, told, headers={"WWW-Authenticate": "Bearer"})
        raise Refusal(303, "Give the token first.", headers={"Location": "/enter"})

    async def _read(self, receive: Receive, headers: Headers, most: int) -> bytes:
        """Read the whole body, counted as it comes, so that nobody holds a worker by sending slowly."""
        too_large = Refusal(413, f"Expected at most {most:,} bytes. Give less at once.")
        parts: list[bytes] = []
        size = 0
        end = time.monotonic() + self.settings.body_seconds
        try:
            while True:
                left = end - time.monotonic()
                if left <= 0:  # also of a body that goes on coming, a byte at a time
                    raise TimeoutError
                message = await asyncio.wait_for(receive(), left)
                if message["type"] == "http.disconnect":
                    raise Refusal(400, "The request broke off.")
                part = message.get("body", b"")
                size += len(part)
                if size <= most:
                    self._held += len(part)
                    parts.append(part)
                else:
                    self._held -= sum(map(len, parts))
                    parts.clear()
                if size > most + _DRAINED or (size > most and not _wants_reading(headers)):
                    raise too_large
                if self._held > self._most_held:
                    raise Refusal(503, "Too much is being sent at once. Try again later.", 5)
                if not message.get("more_body"):
                    break
        except TimeoutError as error:
            self._held -= sum(map(len, parts))
            told = f"The request took longer than {self.settings.body_seconds:g} seconds to arrive. Send it again."
            raise Refusal(408, told) from error
        except Refusal:
            self._held -= sum(map(len, parts))
            raise
        if size > most:
            raise too_large
        return b"".join(parts)


async def _wait_for_end(receive: Receive) -> Message:
    """Wait until whoever asked has gone."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return message


async def slow_down() -> None:
    """Let whoever gave a wrong token wait, so that guessing takes long."""
    await asyncio.sleep(_SLOW_DOWN)


def same(given: str, known: str) -> bool:
    """Compare secrets in a time that tells nothing."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), known.encode())


def _wants_reading(headers: Headers) -> bool:
    """Tell whether whoever sends waits for the end of its body before it reads the answer: browsers do."""
    return "sec-fetch-mode" in headers or "origin" in headers


def _host_name(host: str) -> str:
    """Give the name of a Host header, without port and brackets."""
    try:
        return (urlsplit(f"//{host}").hostname or "").casefold()
    except ValueError:
        return ""


def _check_origin(method: str, headers: Headers) -> None:
    """Refuse what another page makes a browser send."""
    if method in ("GET", "HEAD", "OPTIONS"):
        return
    site = headers.get("sec-fetch-site")
    origin = headers.get("origin")
    if site is not None:
        foreign = site not in ("same-origin", "none")
    else:  # an old browser, one that does not trust plain HTTP, or no browser
        foreign = origin is not None and _is_foreign(origin, headers.get("host", ""))
    if foreign:
        raise Refusal(403, "This came from another page. Open this server's own page and send it from there.")


def _check_length(headers: Headers) -> None:
    """Refuse a body whose length is told in two ways: a proxy may believe the other one, and send more behind it."""
    if "content-length" in headers and "transfer-encoding" in headers:
        told = "The length was given twice. Send Content-Length or Transfer-Encoding, not both."
        raise Refusal(400, told, headers={"Connection": "close"})


def _is_foreign(origin: str, host: str) -> bool:
    """Tell whether an Origin header names another place than the Host header; one that cannot be read does."""
    try:
        return urlsplit(origin).netloc.casefold() != host.casefold()
    except ValueError:
        return True


def _shown(path: str) -> str:
    """Write a path for the log, on one line; whoever knows the id of a result can open it."""
    parts = quote(path).split("/")
    if len(parts) > 2 and parts[1] == "documents":
        parts[2] = parts[2][:4] + "…"
    return "/".join(parts)[:100]
