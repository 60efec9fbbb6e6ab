"""What benchmarks/break_ins.py does to `stance serve`: hostile requests, files, readers and two servers at once."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import httpx2 as httpx
import psutil

__all__ = ["CASES", "ROOT", "Told"]

ROOT = Path(__file__).resolve().parent.parent
HOST = b"Host: localhost\r\n"
JSON_POST = b"POST /api/predict HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
LIMIT = 2
"""Seconds that the server allows a file, where bombs are sent."""


@dataclass
class Told:
    """What came of a case.

    Attributes:
        found: What was seen -> how often.
        failed: What did not hold.
        lock: Held while counting.
    """

    found: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def hold(self, holds: bool, seen: str, what: str) -> None:
        """Count a try, and keep what did not hold."""
        with self.lock:
            self.found[seen] += 1
        if not holds:
            self.failed.append(f"{what}: {seen}"[:300])


@dataclass
class Server:
    """A server that runs with the tiny model.

    Attributes:
        port: Where it listens.
        process: Its process.
    """

    port: int
    process: psutil.Process

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def connect(self, *, seconds: float = 60, buffer: int | None = None) -> socket.socket:
        """Open a connection, if so wanted one that takes in little."""
        connection = socket.socket()
        if buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        connection.settimeout(seconds)
        connection.connect(("127.0.0.1", self.port))
        return connection

    def tell(self, data: bytes, *, again: bytes = b"", seconds: float = 60) -> bytes:
        """Send bytes, then others again and again until the server answers or hangs up; give what it says."""
        answer, end = b"", time.monotonic() + seconds
        with self.connect(seconds=seconds) as connection:
            try:
                connection.sendall(data)
                connection.settimeout(0.01 if again else seconds)
                while time.monotonic() < end:
                    try:
                        part = connection.recv(65536)
                    except TimeoutError:
                        connection.settimeout(5)
                        connection.sendall(again)
                        connection.settimeout(0.01)
                        continue
                    if not part:
                        break
                    answer += part
                else:
                    answer += b"<no end>"
            except TimeoutError:
                answer += b"<no end>"
            except OSError as error:
                answer += f"<{type(error).__name__}>".encode()
        return answer

    def judge(self, text: str) -> str:
        """Paste a text; give the address of its result."""
        form = {"text": (None, text), "target": (None, "NATO")}
        answer = httpx.post(f"{self.url}/documents", files=form, timeout=60)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def answers(self) -> bool:
        """Whether /health is answered within 5 seconds."""
        try:
            return httpx.get(f"{self.url}/health", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def small(self, most: float) -> tuple[bool, str]:
        """Whether the server never had more than so many MB, and a sentence."""
        status = Path(f"/proc/{self.process.pid}/status")
        peak = re.search(r"VmHWM:\s+(\d+)", status.read_text(encoding="ascii")) if status.exists() else None
        used = int(peak[1]) / 1024 if peak else self.process.memory_info().rss / 2**20
        return used <= most, f"memory at most {most:g} MB" if used <= most else f"memory {used:.0f} MB"


@contextmanager
def serving(work: Path, told: Told, *more: str) -> Iterator[Server]:
    """Run a server; at its end look for what no server says."""
    log = work / f"log{len(list(work.glob('log*')))}"
    command = [sys.executable, "-m", "stance", "serve", "--port", "0", "--model", str(work.parent / "tiny"), *more]
    with log.open("w") as file, subprocess.Popen(command, stderr=file, cwd=work) as process:
        try:
            found = None
            while found is None and process.poll() is None:
                time.sleep(0.05)
                found = re.search(r"http://127\.0\.0\.1:(\d+)", log.read_text(encoding="utf-8"))
            assert found is not None, log.read_text(encoding="utf-8")
            server = Server(int(found[1]), psutil.Process(process.pid))
            while not server.answers():
                time.sleep(0.05)
            yield server
        finally:
            process.terminate()
    told.hold("Traceback" not in log.read_text(encoding="utf-8"), "no traceback in the log", "log")


def requests(work: Path) -> Told:
    """Requests that are endless, slow, huge, many at once or for others: refused or hung up on."""
    told = Told()
    get, chunked = b"GET /health HTTP/1.1\r\n" + HOST, b"Transfer-Encoding: chunked\r\n\r\n"
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eHh4\r\n"
    hidden = b"0\r\n\r\n" + get + b"\r\n"
    lines = (  # name, what is sent, what is sent on and on, statuses; no status is a server that hangs up
        ("head of 400 kB", get + b"X: " + b"a" * 400_000 + b"\r\n\r\n", b"", ("400", "431", "")),
        ("80,000 headers", get + b"X: a\r\n" * 80_000 + b"\r\n", b"", ("400", "431", "")),
        ("websocket", b"GET / HTTP/1.1\r\n" + HOST + upgrade + b"\r\n", b"", ("200", "400", "426", "")),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"", ("400", "505", "")),
        ("foreign Host", b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", b"", ("400", "403", "421")),
        (
            "foreign address",
            b"GET http://x.example/ HTTP/1.1\r\n" + HOST + b"\r\n",
            b"",
            ("400", "403", "404", "421"),
        ),
        ("two lengths", JSON_POST + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\n{}  ", b"", ("400", "")),
        ("length and chunks", JSON_POST + b"Content-Length: 4\r\n" + chunked + hidden, b"", ("400",)),
        ("endless chunks", JSON_POST + chunked, b"10000\r\n" + b"a" * 65536 + b"\r\n", ("413", "")),
        ("endless chunk extension", JSON_POST + chunked + b"5;", b"a" * 10_000, ("400", "413", "")),
        ("endless head", get + b"X: ", b"a" * 1000, ("400", "431", "")),
        ("slow head", get, b"", ("400", "408", "")),
        ("slow body", JSON_POST + b'Content-Length: 99\r\n\r\n{"te', b"", ("408",)),
    )
    with serving(work, told) as server:

        def send(line: tuple[str, bytes, bytes, tuple[str, ...]]) -> None:
            name, data, again, wanted = line
            answer = server.tell(data, again=again)
            statuses = [status.decode() for status in re.findall(rb"HTTP/1\.1 (\d+)", answer)] or [""]
            ends = b"<no end>" not in answer and all(status in wanted for status in statuses)
            told.hold(ends, f"answer {' and '.join(statuses)}" if statuses[0] else "hung up on", name)
            told.hold(server.answers(), "/health answers after it", name)

        with ThreadPoolExecutor(4) as pool:  # the slow ones beside each other
            list(pool.map(send, lines))
        answer = server.tell((get + b"\r\n") * 1999 + get + b"Connection: close\r\n\r\n")
        told.hold(answer.count(b"200 OK") == 2000, "2,000 pipelined requests answered", f"{answer.count(b'200 OK')}")
        told.hold(server.answers(), "/health answers after it", "pipelined")
        told.hold(*server.small(300), "memory")
    return told


def untaken(work: Path) -> Told:
    """520 connections that leave a small rest of an answer untaken: hung up on, and others are answered."""
    told, connections = Told(), []
    with serving(work, told) as server:
        with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as reader:
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            reader.connect(listening.getsockname())
            sender = listening.accept()[0]
            sender.setblocking(False)
            with sender:
                taken = sender.send(bytes(30_000_000))  # so much the system holds, whoever reads
        place = server.judge("NATO met. " + "中" * 3000)
        size = len(httpx.get(f"{server.url}{place}/stances.jsonl").content)
        place = server.judge("NATO met. " + "中" * (3000 + (taken + 30_000 - size) // 3))
        size = len(httpx.get(f"{server.url}{place}/stances.jsonl", timeout=60).content)
        told.hold(0 < size - taken < 60_000, "the answer leaves a small rest", f"{size} of {taken}")
        before = server.process.num_fds()
        try:
            for _ in range(520):
                connections.append(server.connect(buffer=2048))
                connections[-1].sendall(b"GET %s/stances.jsonl HTTP/1.1\r\n%s\r\n" % (place.encode(), HOST))
            held, end = 0, time.monotonic() + 90
            while time.monotonic() < end:
                time.sleep(0.5)
                now = server.process.num_fds() - before
                held = max(held, now)
                if held > 400 and now < 10:
                    break
            told.hold(held > 400, "more than 400 connections held at first", str(held))
            told.hold(server.answers(), "/health answers while they are open", "health")
            told.hold(now < 10, "all of 520 hung up on", f"{now} left")
        finally:
            for connection in connections:
                connection.close()
        told.hold(server.answers(), "/health answers after it", "health")
        told.hold(*server.small(500), "memory")
    return told


def short_lines(work: Path) -> Told:
    """A million characters of short lines toward 20 targets: refused before anything is judged."""
    told, names = Told(), [f"T{number}" for number in range(20)]
    with serving(work, told) as server:
        text = ("a b\n\n" * 200_000)[:999_990]
        files = {"file": ("a.txt", text)}
        answer = httpx.post(f"{server.url}/documents", data={"target": names}, files=files, timeout=60)
        told.hold(answer.status_code == 413, f"answer {answer.status_code}", answer.text[:100])
        told.hold(server.answers(), "/health answers after it", "health")
        told.hold(*server.small(600), "memory")
    return told


def one_file_of_labels(work: Path) -> Told:
    """Two servers add 60 corrections to one file of labels, from threads, while it is exported: nothing is lost."""
    told, many, stop = Told(), 30, threading.Event()
    labels = ("--annotations", "labels.jsonl")
    export = [sys.executable, "-m", "stance", "annotate", "export", "labels.jsonl", "--to", "csv", "-o", "out.csv"]
    with serving(work, told, *labels) as one, serving(work, told, *labels) as two:

        def correct(server: Server, place: str, first: int) -> None:
            for number in range(first, many + 1, 3):
                label = "favor" if number % 2 else "against"
                form = {"paragraph": str(number), "target": "0", "label0": label}
                status = httpx.post(f"{server.url}{place}/labels", data=form, timeout=60).status_code
                told.hold(status == 303, f"correction answered {status}", f"paragraph {number}")

        def read() -> None:
            while not stop.is_set():
                if (work / "labels.jsonl").exists():
                    done = subprocess.run(export, cwd=work, capture_output=True, text=True, check=False)
                    told.hold(done.returncode == 0, "exported meanwhile", done.stderr)

        texts = ["\n\n".join(f"Server {n} says that NATO met {i} times." for i in range(many)) for n in (1, 2)]
        places = [server.judge(text) for server, text in zip((one, two), texts, strict=True)]
        given = [(server, place, n) for server, place in zip((one, two), places, strict=True) for n in (1, 2, 3)]
        threads = [threading.Thread(target=correct, args=some) for some in given]
        reader = threading.Thread(target=read)
        for thread in (reader, *threads):
            thread.start()
        for thread in threads:
            thread.join()
        stop.set()
        reader.join()
    told.found["exported meanwhile"] = min(1, told.found["exported meanwhile"])  # how often is chance
    rows = [json.loads(line) for line in (work / "labels.jsonl").read_text(encoding="utf-8").splitlines()]
    told.hold(len({row["id"] for row in rows}) == len(rows) == 2 * many, "60 rows in the file", f"{len(rows)} rows")
    told.hold(all(row["labels"]["NATO"] in ("favor", "against") for row in rows), "labels as given", "labels")
    return told


def bombs(work: Path) -> Told:
    """Word and PDF files that are bombs or malformed: read, refused, or ended at the time limit."""
    told = Told()
    with serving(work, told, "--time-limit", str(LIMIT)) as server:
        for name, data in (*word_bombs(), *pdf_bombs()):
            begun = time.monotonic()
            kind = "docx" if data.startswith(b"PK") else "pdf"
            answer = httpx.post(
                f"{server.url}/documents", data={"target": "NATO"}, files={"file": (f"a.{kind}", data)}, timeout=60
            )
            known = answer.status_code in (303, 413, 422, 504)  # which one depends on the machine's speed
            late = time.monotonic() - begun > LIMIT + 10
            seen = "read, refused or ended at the limit" if known else f"answer {answer.status_code}"
            told.hold(known and not late, f"{kind}: {seen}", f"{name}, late: {late}")
            told.hold(server.answers(), "/health answers after it", name)
        told.hold(*server.small(600), "memory")
    return told


def makers() -> ModuleType:
    """Give what the tests make Word and PDF files with."""
    spec = importlib.util.spec_from_file_location("makers", ROOT / "tests" / "serving" / "conftest.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def word_bombs() -> Iterator[tuple[str, bytes]]:
    """Give Word files: deep, wide, chained, cyclic, lying."""
    word, run, plain = makers().word, "<w:r><w:t>NATO</w:t></w:r>", "<w:p><w:r><w:t>NATO met.</w:t></w:r></w:p>"
    kind = "http://schemas.openxmlformats.org/package/2006/relationships"

    def related(*targets: str) -> bytes:
        rows = "".join(f'<Relationship Id="r{n}" Type="x" {target}/>' for n, target in enumerate(targets))
        return f'<Relationships xmlns="{kind}">{rows}</Relationships>'.encode()

    own = "word/_rels/document.xml.rels"
    chain = {f"word/p{number}.xml": b"<a/>" for number in range(1000)}
    chain |= {f"word/_rels/p{n}.xml.rels": related(f'Target="p{n + 1}.xml"') for n in range(999)}
    yield "100,000 paragraphs in each other", word("<w:p>" * 100_000 + "x" + "</w:p>" * 100_000)
    yield "80 tables in each other", word("<w:tbl><w:tr><w:tc>" * 80 + plain + "</w:tc></w:tr></w:tbl>" * 80)
    yield "300,000 empty paragraphs", word("<w:p/>" * 300_000 + plain)
    yield "300,000 tabs", word(f"<w:p><w:r>{'<w:tab/>' * 300_000}</w:r>{run}</w:p>")
    yield "60 MB in an attribute", word(f'<w:p a="{"x" * 60_000_000}">{run}</w:p>')
    attributes, spaces = (" ".join(f'{kind}{n}="x{n}"' for n in range(100_000)) for kind in ("a", "xmlns:a"))
    yield "100,000 attributes", word(f"<w:p {attributes}>{run}</w:p>")
    yield "100,000 name spaces", word(f"<w:p {spaces}>{run}</w:p>")
    yield "parts outside", word(plain, more={own: related('Target="file:///etc/passwd" TargetMode="External"')})
    yield "parts above", word(plain, more={own: related('Target="../../../../etc/passwd"')})
    yield "parts in a circle", word(plain, more={own: related('Target="document.xml"', 'Target="../_rels/.rels"')})
    yield "a chain of 1,000 parts", word(plain, more={**chain, own: related('Target="p0.xml"')})
    yield "a macro", word(plain, more={"word/vbaProject.bin": b"\xd0\xcf\x11\xe0" * 100})
    yield "entities", word("<w:p>&b;</w:p>", head='<!DOCTYPE a [<!ENTITY b "NATO">]>')
    lying = bytearray(word(plain))
    place = lying.rfind(b"PK\x01\x02")
    lying[place + 24 : place + 28] = (5).to_bytes(4, "little")
    yield "a size that is a lie", bytes(lying)
    yield "cut in half", word(plain)[:400]


def pdf_bombs() -> Iterator[tuple[str, bytes]]:
    """Give PDF files: packed twice, deep, wide, recursive, cyclic, lying."""
    made = makers().pdf_of

    def stream(data: bytes, more: bytes = b"", times: int = 1) -> bytes:
        for _ in range(times):
            data = zlib.compress(data, 1)
        head = b"<< /Length %d /Filter [%s] %s>>" % (len(data), b"/FlateDecode " * times, more)
        return head + b"\nstream\n" + data + b"\nendstream"

    def form(number: int) -> bytes:
        return b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X %d 0 R >> >> " % number

    def pages(kids: bytes, count: int = 1) -> bytes:
        return b"<< /Type /Pages /Count %d /Kids [%s] >>" % (count, kids)

    root = b"<< /Type /Catalog /Pages 2 0 R >>"
    font = b"/Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << /XObject << /X 5 0 R >> "
    page += font + b" >> >>"
    head, text, twice = (root, pages(b"3 0 R"), page), stream(b"BT /F 9 Tf (NATO met.) Tj ET"), b"/X Do /X Do /X Do"
    inner = [stream(twice, form(6 + number)) for number in range(30)]
    deep = [pages(b"%d 0 R" % (number + 3)) for number in range(3000)]
    yield "200 MB of spaces", made(*head, stream(b" " * 200_000_000))
    yield "200 MB packed twice", made(*head, stream(b"a" * 200_000_000, times=2))
    yield "a form that shows itself", made(*head, stream(b"/X Do"), stream(twice, form(5)))
    yield "forms that show 3^30", made(*head, stream(b"/X Do"), *inner, stream(b"BT ET", form(5)))
    yield "pages in a circle", made(root, pages(b"2 0 R 3 0 R", 3), page, text)
    yield "pages 3,000 deep", made(root, *deep, b"<< /Type /Page /MediaBox [0 0 9 9] >>")
    yield "a count that is a lie", made(root, pages(b"3 0 R", 999_999_999), page, text)
    yield "one page 50,000 times", made(root, pages(b"3 0 R " * 50_000), page, text)
    yield "300,000 arrays in each other", made(*head, stream(b"[" * 300_000))
    yield "100,000 dictionaries in each other", made(b"<</A " * 100_000 + b">>" * 100_000, *head[1:], text)
    yield "noise", b"%PDF-1.4\n" + os.urandom(500_000)
    yield "no table", made(*head, text).replace(b"xref", b"xxxx")
    yield "cut in half", made(*head, text)[:300]


CASES = {
    "serve: hostile requests": requests,
    "serve: answers that nobody takes": untaken,
    "serve: short lines": short_lines,
    "serve: one file of labels": one_file_of_labels,
    "serve: Word and PDF bombs": bombs,
}
"""Name -> what is done."""
