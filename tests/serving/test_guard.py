"""Who may ask, from where, and how much."""

from __future__ import annotations

import asyncio
import logging
import threading
import time

import pytest

from stance.errors import InputError, StanceError, UsageError
from stance.serving.gate import Deadline, Gate
from stance.serving.refusals import Refusal
from stance.serving.settings import Settings

from .conftest import TEXT, judge

TOKEN = "correct-horse-battery"  # 21 characters


# --- where from ------------------------------------------------------------------------------------------------------


def test_other_addresses_need_a_token() -> None:
    for host in ("0.0.0.0", "192.168.1.5", "::", "example.org"):
        with pytest.raises(UsageError, match="a token is needed"):
            Settings(host=host)
        Settings(host=host, token=TOKEN)
    for host in ("127.0.0.1", "127.8.8.8", "::1", "localhost"):
        Settings(host=host)
    with pytest.raises(UsageError, match="at least 16"):
        Settings(token="short")
    with pytest.raises(InputError, match="time_limit has to be more than 0"):
        Settings(time_limit=0)
    with pytest.raises(InputError, match="port has to be"):
        Settings(port=70000)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "[", "0.0.0.0"])
def test_names_that_others_point_here_are_refused(client, host) -> None:
    answer = client.get("/health", headers={"host": host})
    assert answer.status_code == 400 and "localhost" in answer.json()["detail"]


def test_a_length_that_is_told_in_two_ways_ends_the_connection(client) -> None:
    head = {"content-length": "2", "transfer-encoding": "chunked"}
    answer = client.post("/api/predict", content=b"{}", headers=head)
    assert answer.status_code == 400 and "given twice" in answer.json()["detail"]
    assert answer.headers["connection"] == "close"  # what is sent behind it is no request


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:9", "127.0.0.1:1234", "[::1]:8000"])
def test_names_of_this_machine_are_fine(client, host) -> None:
    assert client.get("/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:9999"}, 403),  # another server of this machine
        ({"origin": "null"}, 403),
        ({"origin": "http://["}, 403),  # no address at all
        ({"origin": "http://127.0.0.1:8000", "sec-fetch-site": "cross-site"}, 403),
        ({"origin": "http://127.0.0.1:8000"}, 303),
        ({"origin": "null", "sec-fetch-site": "same-origin"}, 303),
        ({}, 303),
    ],
)
def test_other_pages_cannot_send(client, headers, status) -> None:
    answer = client.post("/documents", data={"text": TEXT, "target": ["NATO"]}, headers=headers)
    assert answer.status_code == status
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_path_stays_on_its_line_of_the_log(client, caplog) -> None:
    caplog.set_level(logging.INFO, logger="stance")
    client.get("/documents/secretsecret%0Astance:%20all%20is%20well/report.html")
    client.get("/%0A%1b[31mwell")
    told = [record.getMessage() for record in caplog.records if record.name == "stance"]
    assert told[0].startswith("GET /documents/secr…/report.html 404") and "\n" not in "".join(told)
    assert told[1].startswith("GET /%0A%1B%5B31mwell 404")


def test_nothing_is_shared_across_origins(client) -> None:
    asked = {"origin": "http://evil.example", "access-control-request-method": "POST"}
    answer = client.options("/api/predict", headers=asked)
    assert answer.status_code == 405 and "access-control-allow-origin" not in answer.headers
    assert client.get("/health").headers["cross-origin-resource-policy"] == "same-origin"


# --- who -------------------------------------------------------------------------------------------------------------


def test_the_token_opens_pages_and_api(start, monkeypatch) -> None:
    monkeypatch.setattr("stance.serving.guard._SLOW_DOWN", 0.0)
    client = start(host="0.0.0.0", token=TOKEN)
    assert client.get("/health", headers={"host": "any.example"}).status_code == 200
    answer = client.get("/api/models")
    assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"
    assert client.get("/api/models", headers={"authorization": "Bearer wrong-wrong-wrong-w"}).status_code == 401
    assert client.get("/api/models", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
    answer = client.get("/")
    assert answer.status_code == 303 and answer.headers["location"] == "/enter"
    assert client.post("/documents", data={"text": TEXT}).status_code == 303
    assert client.post("/enter", data={"token": "wrong"}).status_code == 403
    answer = client.post("/enter", data={"token": TOKEN})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and TOKEN not in cookie
    assert client.get(judge(client)).status_code == 200


def test_a_wrong_token_costs_time_on_the_page_too(start, monkeypatch) -> None:
    monkeypatch.setattr("stance.serving.guard._SLOW_DOWN", 0.2)
    client = start(token=TOKEN)
    begun = time.monotonic()
    assert client.post("/enter", data={"token": "wrong"}).status_code == 403
    assert time.monotonic() - begun >= 0.2


# --- how much --------------------------------------------------------------------------------------------------------


def test_too_large_a_body_is_refused_as_it_comes(start) -> None:
    client = start(max_bytes=1000)
    assert client.post("/api/predict", json={"texts": "NATO met. " * 80}).status_code == 200
    answer = client.post("/api/predict", json={"texts": "NATO met. " * 100})
    assert answer.status_code == 413 and "at most 1,000 bytes" in answer.json()["detail"]
    answer = client.post("/documents", data={"text": "x" * 2000}, headers={"origin": "http://127.0.0.1:8000"})
    assert answer.status_code == 413 and "<h1>That is too large</h1>" in answer.text
    sent = []

    def parts():  # no Content-Length: it is counted as it comes, and the rest is not asked for
        for _ in range(50):
            sent.append(1)
            yield b"x" * 400

    answer = client.post("/api/predict", content=parts(), headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert client.post("/api/predict", json={"texts": "NATO met."}).status_code == 200  # nothing is still held


def test_without_a_token_little_is_read(start) -> None:
    client = start(token=TOKEN)
    answer = client.post("/enter", data={"token": "x" * 10_001})
    assert answer.status_code == 413 and "at most 10,000 bytes" in answer.text


def test_too_long_texts_are_refused(start) -> None:
    client = start(max_characters=100)
    answer = client.post("/api/predict", json={"texts": ["NATO met. " * 6] * 2})
    assert answer.status_code == 413 and "at most 100 characters of text, found 120" in answer.json()["detail"]
    assert client.post("/documents", data={"text": "NATO met. " * 11, "target": ["NATO"]}).status_code == 413
    assert client.post("/api/predict", json={"texts": "NATO met. " * 10}).status_code == 200


def send_slowly(app, *messages, path: str = "/api/predict", pause: float = 0.0) -> int:
    """Give the status of a request whose body comes in these messages, or never."""
    status, waiting = [], list(messages)
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
        "query_string": b"",
    }

    async def receive():
        await asyncio.sleep(pause)
        if not waiting:
            await asyncio.sleep(60)
        return waiting.pop(0)

    async def send(message):
        status.extend([message["status"]] if message["type"] == "http.response.start" else [])

    asyncio.run(app(scope, receive, send))
    return status[0]


def test_slow_bodies_are_given_up_and_hold_nothing(start) -> None:
    app = start(body_seconds=0.05).app
    part = {"type": "http.request", "body": b"x", "more_body": True}
    assert send_slowly(app, part) == 408
    assert send_slowly(app, part, {"type": "http.disconnect"}) == 400
    assert send_slowly(app, *[part] * 60, {"type": "http.disconnect"}, pause=0.004) == 408  # it drips
    assert app._held == 0


def test_work_that_nobody_waits_for_is_broken_off(start, monkeypatch) -> None:
    app = start(concurrency=1).app
    stopped = threading.Event()

    def slow(self, documents, asked, deadline):
        try:
            for _ in range(500):
                time.sleep(0.01)
                deadline.check()
        finally:
            stopped.set()

    monkeypatch.setattr("stance.serving.judging.Judges.analyze", slow)
    body = {"type": "http.request", "body": b'{"texts": "NATO met."}', "more_body": False}
    assert send_slowly(app, body, {"type": "http.disconnect"}) == 400
    assert stopped.wait(2.0) and app._held == 0


def test_bodies_together_are_bounded(start) -> None:
    app = start(max_bytes=100, concurrency=1, waiting=1).app
    app._held = 150
    part = {"type": "http.request", "body": b"x" * 60, "more_body": True}
    assert send_slowly(app, part) == 503 and app._held == 150


def test_what_takes_too_long_is_broken_off(start, monkeypatch) -> None:
    client = start(time_limit=0.2, concurrency=1)
    stopped = threading.Event()

    def slow(self, documents, *, progress=None):
        try:
            for _ in range(200):
                time.sleep(0.01)
                progress(0.0)
        finally:
            stopped.set()

    monkeypatch.setattr("stance.prediction.Judge.analyze", slow)
    answer = client.post("/api/predict", json={"texts": "NATO met."})
    assert answer.status_code == 504 and "longer than 0.2 seconds" in answer.json()["detail"]
    assert stopped.wait(1.0)  # the thread is free again, too


def test_beyond_the_queue_there_is_503_with_retry_after(start, monkeypatch) -> None:
    client = start(concurrency=1, waiting=1)
    begun, go_on = threading.Event(), threading.Event()
    answers = {}

    def held(self, documents, asked, deadline):
        begun.set()
        go_on.wait(5)
        return []

    monkeypatch.setattr("stance.serving.judging.Judges.analyze", held)

    def ask(name: str) -> None:
        answers[name] = client.post("/api/predict", json={"texts": "NATO met."})

    threads = [threading.Thread(target=ask, args=(name,)) for name in ("first", "second")]
    threads[0].start()
    assert begun.wait(5)
    threads[1].start()
    while client.get("/health").json()["working"] < 2:
        time.sleep(0.01)
    ask("third")
    go_on.set()
    for thread in threads:
        thread.join()
    assert answers["third"].status_code == 503 and 1 <= int(answers["third"].headers["retry-after"]) <= 60
    assert answers["first"].status_code == answers["second"].status_code == 200
    assert client.get("/health").json()["working"] == 0


def test_whoever_waits_in_vain_is_told_to_come_again() -> None:
    go_on = threading.Event()

    async def main() -> Refusal:
        gate = Gate(1, 5, 0.1)
        first = asyncio.create_task(gate.run(lambda _: go_on.wait(5)))
        await asyncio.sleep(0.01)
        with pytest.raises(Refusal) as caught:
            await gate.run(lambda _: None)
        go_on.set()
        with pytest.raises(Refusal, match="longer than"):
            await first
        while gate.inside:
            await asyncio.sleep(0.01)
        return caught.value

    refusal = asyncio.run(main())
    assert refusal.status == 503 and refusal.retry >= 1


def test_a_deadline_ends_and_stops() -> None:
    stopped = threading.Event()
    deadline = Deadline(60, stopped)
    deadline.check()
    stopped.set()
    with pytest.raises(StanceError):
        deadline.check()
    assert Deadline(0, threading.Event()).left == 0.01
