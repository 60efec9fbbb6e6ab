"""A server with the tiny model, and files to send it."""

from __future__ import annotations

import importlib.util
import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from stance.serving.app import make_app
from stance.serving.settings import Settings

TEXT = "A view of the harbour\n\nNATO met on Thursday. It agreed on a plan.\n\nChina was not invited. It said so.\n"


def load_tiny():
    """The module that writes the tiny model."""
    path = Path(__file__).resolve().parent.parent / "scale" / "tiny.py"
    spec = importlib.util.spec_from_file_location("tiny_of_serving", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the tiny model."""
    pytest.importorskip("onnx")
    return load_tiny().write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def start(tiny: Path) -> Iterator[Callable[..., TestClient]]:
    """Starts a server with settings; it stops at the end of the test."""
    with ExitStack() as stack:

        def make(**settings: object) -> TestClient:
            app = make_app(Settings(model=tiny, **settings))
            client = TestClient(app, base_url="http://127.0.0.1:8000", follow_redirects=False)
            return stack.enter_context(client)

        yield make


@pytest.fixture(scope="module")
def client(tiny: Path) -> Iterator[TestClient]:
    """A server as it is by default, for tests that leave nothing behind."""
    app = make_app(Settings(model=tiny))
    with TestClient(app, base_url="http://127.0.0.1:8000", follow_redirects=False) as client:
        yield client


def judge(client: TestClient, text: str = TEXT, **fields: object) -> str:
    """Paste a text; give the address of the result."""
    answer = client.post("/documents", data={"text": text, "target": ["NATO", "China"], **fields})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def word(body: str, *, head: str = "", more: dict[str, bytes] | None = None) -> bytes:
    """A Word document with so much in its body."""
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{kind}"/></Types>',
        "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{office}" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'<?xml version="1.0"?>{head}<w:document {W}><w:body>{body}</w:body></w:document>',
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in {**parts, **(more or {})}.items():
            package.writestr(name, content)
    return file.getvalue()


def pdf(lines: list[str], *, pages: int = 1) -> bytes:
    """A PDF whose pages all show the same lines."""
    shown = " ".join(f"({line}) Tj 0 -14 Td" for line in lines)
    stream = f"BT /F1 11 Tf 50 750 Td {shown} ET".encode()
    first = 4
    kids = " ".join(f"{first + number} 0 R" for number in range(pages))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {pages} /Kids [{kids}] >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    content = first + pages
    page = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {content} 0 R "
    objects += [(page + "/Resources << /Font << /F1 3 0 R >> >> >>").encode()] * pages
    objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    return pdf_of(*objects)


def pdf_of(*objects: bytes) -> bytes:
    """A PDF of these objects, the first of which is its root."""
    data, places = b"%PDF-1.5\n", []
    for number, item in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, item)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return data + end % (len(objects) + 1, table, len(objects) + 1, len(data))
