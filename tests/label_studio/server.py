"""A Label Studio server for tests: started on loopback with its data in a folder, spoken to over its API."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

START = 180
"""Seconds that the server may take to start: it makes its database first."""
QUIET = {
    "COLLECT_ANALYTICS": "0",
    "LATEST_VERSION_CHECK": "false",
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
    "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "false",
    "DEBUG": "false",
}


class Person:
    """Somebody who is logged in.

    Args:
        url: The server.
        email: Who.
        password: With which password.
        path: The form to send: to log in or to sign up.
    """

    def __init__(self, url: str, email: str, password: str, path: str = "/user/login/") -> None:
        self.url = url
        self.email = email
        self.cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        self.ask("GET", path)
        form = {
            "email": email,
            "password": password,
            "csrfmiddlewaretoken": self._token,
            "how_find_us": "",
            "allow_newsletters": "",
        }
        self.ask("POST", path, urllib.parse.urlencode(form).encode(), "application/x-www-form-urlencoded")
        self.id = self.call("GET", "/api/current-user/whoami")["id"]

    @property
    def _token(self) -> str:
        return next((cookie.value or "" for cookie in self.cookies if cookie.name == "csrftoken"), "")

    def ask(self, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> bytes:
        """Send a request; give what comes back."""
        headers = {"Content-Type": kind, "X-CSRFToken": self._token, "Referer": self.url}
        request = urllib.request.Request(self.url + path, body, headers, method=method)
        try:
            with self._opener.open(request, timeout=60) as answer:
                content: bytes = answer.read()
                return content
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code}: {error.read()[:2000]!r}") from error

    def call(self, method: str, path: str, value: object = None) -> Any:
        """Send a request of the API; give the JSON that comes back."""
        body = None if value is None else json.dumps(value).encode()
        return json.loads(self.ask(method, path, body) or b"null")


class Server:
    """A server that runs as long as the context lasts.

    Args:
        command: The executable ``label-studio``.
        folder: Where it keeps its database and its log.
    """

    def __init__(self, command: str, folder: Path) -> None:
        self.command = command
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Server:
        arguments = ["start", "--data-dir", str(self.folder / "data"), "--port", str(self.port), "--no-browser"]
        arguments += ["--internal-host", "127.0.0.1", "--username", "owner@example.org", "--password", "owner-of-it-1"]
        with (self.folder / "server.log").open("wb") as log:
            self._process = subprocess.Popen(
                [self.command, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **QUIET},
                start_new_session=True,
            )
        try:
            self._wait()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop()

    def _wait(self) -> None:
        end = time.monotonic() + START
        while time.monotonic() < end:
            assert self._process is not None
            if self._process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/health", timeout=5):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(1)
        log = (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")
        raise AssertionError(f"Label Studio did not start:\n{log[-4000:]}")

    def _stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait(20)

    def owner(self) -> Person:
        """Log in as the one whom the server was started for."""
        return Person(self.url, "owner@example.org", "owner-of-it-1")

    def invite(self, owner: Person, email: str) -> Person:
        """Sign somebody up by the owner's invitation."""
        invitation = owner.call("GET", "/api/invite")
        token = re.search(r"token=([^&]+)", invitation["invite_url"])
        assert token is not None, invitation
        return Person(self.url, email, "somebody-else-2", f"/user/signup/?token={token[1]}")

    def version(self) -> str:
        """Tell the server's version."""
        with urllib.request.urlopen(f"{self.url}/api/version", timeout=30) as answer:
            return str(json.load(answer)["label-studio-os-package"]["version"])
