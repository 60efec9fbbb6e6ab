"""The command: what it refuses, what it prints, that it listens, hangs up on those who say nothing, and stops."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator

import pytest
import uvicorn
from uvicorn.protocols.http.flow_control import FlowControl

from stance.cli.app import main
from stance.errors import InputError
from stance.model import classifier
from stance.model.classifier import Classifier
from stance.serving import server
from stance.serving.settings import Settings
from stance.targets import Target


def test_other_addresses_need_a_token(capsys, monkeypatch) -> None:
    monkeypatch.delenv("STANCE_SERVE_TOKEN", raising=False)
    with pytest.raises(SystemExit) as caught:
        main(["serve", "--host", "0.0.0.0"])
    assert caught.value.code == 2 and "0.0.0.0: others than this machine" in capsys.readouterr().err


def test_a_missing_extra_is_named(capsys, monkeypatch) -> None:
    there = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "fastapi" else there(name))
    assert main(["serve"]) == 1
    assert "pip install 'stance-kit[serve]'" in capsys.readouterr().err


def test_a_port_that_is_taken_and_a_wrong_file(tiny, tmp_path, capsys) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"127.0.0.1:{port}: cannot listen there"):
            server.listen(Settings(port=port))
    wrong = tmp_path / "texts.jsonl"
    wrong.write_text('{"text": "NATO"}\n')
    assert main(["serve", "--port", "0", "--model", str(tiny), "--annotations", str(wrong)]) == 1
    assert "texts.jsonl: line 1" in capsys.readouterr().err


def test_the_core_does_without_the_extra() -> None:
    code = "import sys, stance.cli.serve, stance.prediction, stance.reporting.report_page; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"fastapi", "starlette", "uvicorn", "docx", "pypdf", "pydantic"} & set(loaded)


@pytest.fixture
def served(tiny) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address of the command's server, and its process, which waits one second for the head of a request."""
    code = (
        "import sys, stance.serving.server as server; server._HEAD_SECONDS = 1.0; "
        "from stance.cli.app import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "serve", "--port", "0", "--model", str(tiny), "--targets", "Russia,NATO"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        line = process.stderr.readline()
        found = re.search(r"open (http://127\.0\.0\.1:\d+) in a browser", line)
        assert found, line
        yield found[1], process
        process.kill()


def test_it_listens_hangs_up_and_stops(served) -> None:
    address, process = served
    body = json.dumps({"texts": "NATO met."}).encode()
    request = urllib.request.Request(f"{address}/api/predict", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        assert list(json.load(answer)["paragraphs"][0]["stances"]) == ["Russia", "NATO"]
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as slow:
        slow.sendall(b"GET /health HTTP/1.1\r\nHost: local")
        assert slow.recv(100) == b""  # it hung up
    with socket.create_connection((host, int(port)), timeout=5) as wrong:
        wrong.sendall(b"\x16\x03\x01 no HTTP\r\n\r\n")
        assert wrong.recv(100).startswith(b"HTTP/1.1 400")
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    log = process.stderr.read()
    assert "POST /api/predict 200" in log and "stopped" in log and "Traceback" not in log


def test_names_of_targets_do_not_pile_up(tiny, monkeypatch) -> None:
    monkeypatch.setattr(classifier, "_KEPT", 3)
    model = Classifier(tiny)
    first = model.predict(["NATO met."], [Target("T0")])[0]
    for number in range(10):
        model.predict(["NATO met."], [Target(f"T{number}"), Target(f"U{number}")])
    assert len(model._queries) == model._stored + 3
    assert model.predict(["NATO met."], [Target("T0")])[0] == first


def taken_by_the_system() -> int:
    """How many bytes the system takes of an answer that nobody reads."""
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.create_connection(listening.getsockname()):
        sender = listening.accept()[0]
        sender.setblocking(False)
        with sender:
            return sender.send(bytes(30_000_000))


@pytest.mark.parametrize("rest", [20_000, None])
def test_who_does_not_read_the_answer_is_hung_up_on(monkeypatch, rest) -> None:
    monkeypatch.setattr(server, "_READ_SECONDS", 0.2)
    body = bytes(taken_by_the_system() + rest if rest else 30_000_000)  # a rest that is small, or large

    async def app(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    async def run() -> tuple[int, int]:
        listening = socket.create_server(("127.0.0.1", 0))
        options = {"lifespan": "off", "log_config": None, "timeout_graceful_shutdown": 1}
        own = uvicorn.Server(uvicorn.Config(app, http=server._Impatient, **options))
        serving = asyncio.create_task(own.serve(sockets=[listening]))
        idle, reading = (socket.create_connection(listening.getsockname()) for _ in range(2))
        for asker in (idle, reading):
            asker.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        found = await asyncio.to_thread(lambda: sum(map(len, iter(lambda: reading.recv(1 << 20), b""))))
        for _ in range(100):
            if not own.server_state.connections:
                break
            await asyncio.sleep(0.05)
        left = len(own.server_state.connections)
        own.should_exit = True
        await serving
        idle.close()
        reading.close()
        return found, left

    found, left = asyncio.run(run())
    assert found > len(body) and left == 0


def test_answers_that_nobody_reads_are_bounded_together(monkeypatch) -> None:
    class Waiting:
        """A connection with so many bytes that wait."""

        aborted = False

        def __init__(self, size: int) -> None:
            self.size, self.transport = size, self

        def get_write_buffer_size(self) -> int:
            return self.size

        def abort(self) -> None:
            self.aborted = True

    monkeypatch.setattr(server, "_MOST_UNREAD", 10)
    protocol = server._Impatient.__new__(server._Impatient)
    protocol.transport, protocol.flow, protocol.loop = Waiting(6), FlowControl(None), asyncio.new_event_loop()
    protocol.connections = {Waiting(4), protocol}
    protocol.pause_writing()
    assert not protocol.transport.aborted
    protocol.connections |= {Waiting(1)}
    protocol.pause_writing()
    assert protocol.transport.aborted
    protocol._stop_watching()
    protocol.loop.close()
