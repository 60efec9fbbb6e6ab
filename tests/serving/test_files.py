"""Files that people send: what is in them, and what they cannot do."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
import zipfile

import pytest

from stance.errors import InputError
from stance.serving.extraction import docx_text, main, pdf_text
from stance.serving.gate import Deadline
from stance.serving.refusals import Refusal
from stance.serving.uploads import clean_name, read_upload

from .conftest import pdf, word


def read(data: bytes, name: str, *, most: int = 100_000, seconds: float = 20):
    return read_upload(data, name, most=most, deadline=Deadline(seconds, threading.Event()))


def p(text: str, more: str = "") -> str:
    return f"<w:p>{more}<w:r><w:t>{text}</w:t></w:r></w:p>"


# --- what is read ----------------------------------------------------------------------------------------------------


def test_text_and_names() -> None:
    document = read("NATO – „Allianz“".encode("cp1252"), "../../x/vi\u202eew\n.md")
    assert (document.text, document.name, document.encoding) == ("NATO – „Allianz“", "view.md", "cp1252")
    with pytest.raises(Refusal, match="more than 5 characters"):
        read(b"NATO met.", "a.txt", most=5)
    assert clean_name("a" * 300 + ".docx") == "a" * 100 + ".docx"
    assert clean_name("..") == ".." and clean_name("/") == "file"


def test_word_documents() -> None:
    table = f"<w:tbl><w:tr><w:tc>{p('in a cell')}</w:tc></w:tr></w:tbl>"
    inner = "<w:r><w:t>in</w:t></w:r>"
    changed = f"<w:ins>{inner}</w:ins><w:del><w:r><w:delText>out</w:delText></w:r></w:del>"
    control = f"<w:sdt><w:sdtContent>{p('controlled')}</w:sdtContent></w:sdt>"
    broken = "<w:p><w:r><w:t>one</w:t><w:tab/><w:t>two</w:t><w:br/><w:t>three</w:t></w:r></w:p>"
    body = p("Heading") + "<w:p/>" + p(" NATO &amp; China", changed) + table + control + broken
    text, breaks = docx_text(word(body), "a.docx", 1000)
    assert text == "Heading\nin NATO & China\nin a cell\ncontrolled\none two\nthree" and breaks == "blocks"


def test_pdf_documents() -> None:
    text, breaks = pdf_text(pdf(["NATO met on Thursday.", "It agreed."], pages=2), "a.pdf", 1000)
    assert [page.strip().split("\n") for page in text.split("\f")] == [["NATO met on Thursday.", "It agreed."]] * 2
    assert breaks == "layout"


def test_files_are_read_in_a_process_of_their_own() -> None:
    document = read(word(p("NATO met.")), "a.docx")
    assert (document.text, document.name, document.breaks) == ("NATO met.", "a.docx", "blocks")
    page = (
        b"<html><body><article><h1>A view</h1><p>NATO met on Thursday and agreed on a plan.</p></article></body></html>"
    )
    assert "NATO met on Thursday" in read(page, "a.html").text


def test_the_process_takes_no_modules_from_here_and_knows_no_token(tmp_path, monkeypatch) -> None:
    (tmp_path / "docx.py").write_text("raise SystemExit(7)\n")
    monkeypatch.chdir(tmp_path)
    assert read(word(p("NATO met.")), "a.docx").text == "NATO met."
    monkeypatch.setenv("STANCE_SERVE_TOKEN", "secret")
    known = []
    begin = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **more: known.append(more["env"]) or begin(*a, **more))
    read(word(p("NATO met.")), "a.docx")
    assert "STANCE_SERVE_TOKEN" not in known[0] and "PATH" in known[0]


def test_the_process_ends_when_the_server_stops(monkeypatch) -> None:
    begun, begin = [], subprocess.Popen

    def sleeper(_command, **more):
        begun.append(begin([sys.executable, "-c", "import time; time.sleep(60)"], **more))
        return begun[0]

    monkeypatch.setattr(subprocess, "Popen", sleeper)
    stopped = threading.Event()
    threading.Timer(0.3, stopped.set).start()
    with pytest.raises(Refusal):
        read_upload(pdf(["NATO"]), "a.pdf", most=1000, deadline=Deadline(30, stopped))
    assert begun[0].returncode is not None


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        (b"a,b\n", "rows.csv", "expected a file named .txt"),
        (b"MZ\x00", "run.exe", "expected a file named .txt"),
        (b"x", "noname", "expected a file named .txt"),
        (b"no PDF", "a.pdf", "is no .pdf file"),
        (b"no Word", "a.docx", "is no .docx file"),
        (b"PK\x03\x04", "a.zip", "is a ZIP archive"),
    ],
)
def test_other_kinds_are_refused(data, name, message) -> None:
    with pytest.raises(Refusal, match=message) as caught:
        read(data, name)
    assert caught.value.status == 415


@pytest.mark.parametrize("data", [b"\x00\x01\x02", b"\xd0\xcf\x11\xe0 old", b"", b" \n"])
def test_texts_that_are_none(data) -> None:
    with pytest.raises(InputError):
        read(data, "a.txt")


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = word(p("NATO"), more={"word/media/image.png": b"\0" * 20_000_000})
    assert len(bomb) < 30_000
    with pytest.raises(InputError, match="unpacks to 20,0"):
        docx_text(bomb, "bomb.docx", 400_000)
    with pytest.raises(InputError, match="unpacks to"):
        docx_text(word(p("NATO"), more={f"word/{n}.bin": b"" for n in range(5001)}), "many.docx", 1_000_000)
    with pytest.raises(InputError, match="more than 1,000 characters"):
        docx_text(word(p("NATO " * 300)), "long.docx", 1000)
    lying = bytearray(word(p("x" * 5000)))
    end = lying.rfind(b"PK\x01\x02")  # the directory says that the document is small
    lying[end + 24 : end + 28] = (100).to_bytes(4, "little")
    with pytest.raises(InputError):
        docx_text(bytes(lying), "lying.docx", 100_000)


def test_entities_are_refused() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    reader = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    for head, text in ((bomb, "&b;"), (reader, "&a;"), ("<!DOCTYPE x>", "NATO")):
        with pytest.raises(InputError, match="declares a document type"):
            docx_text(word(p(text), head=head), "a.docx", 100_000)
    sneaky = word(p("NATO"), more={"word/styles.xml": (reader + "<x>&a;</x>").encode("utf-16")})
    with pytest.raises(InputError, match="declares a document type"):
        docx_text(sneaky, "a.docx", 100_000)
    for name in ("word/other.bin", "word/styles.XML"):  # a relation may name any part as the text
        with pytest.raises(InputError, match="declares a document type"):
            docx_text(word(p("NATO"), more={name: (reader + "<x>&a;</x>").encode()}), "a.docx", 100_000)
    picture = word(p("NATO"), more={"word/media/image1.png": b"\x89PNG\r\n\x1a\n" + bytes(99)})
    assert docx_text(picture, "a.docx", 100_000)[0] == "NATO"


def test_damaged_and_empty_word_documents() -> None:
    with pytest.raises(InputError, match="no text was found"):
        docx_text(word("<w:p/>"), "a.docx", 1000)
    with pytest.raises(InputError, match="is damaged"):
        docx_text(word("<w:p>"), "a.docx", 1000)
    with pytest.raises(InputError, match="cannot be unpacked"):
        docx_text(word(p("NATO"))[:200], "a.docx", 1000)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        package.writestr("a.txt", "NATO")
    with pytest.raises(InputError, match="is no Word document"):
        docx_text(file.getvalue(), "a.docx", 1000)


def test_pdfs_that_are_too_much_or_empty() -> None:
    with pytest.raises(InputError, match="at most 500 pages, found 501"):
        pdf_text(pdf(["NATO"], pages=501), "a.pdf", 100_000)
    with pytest.raises(InputError, match="more than 20 characters"):
        pdf_text(pdf(["NATO met."], pages=5), "a.pdf", 20)
    with pytest.raises(InputError, match="holds no text"):
        pdf_text(pdf([""]), "a.pdf", 1000)


def test_what_breaks_the_reader_is_said(monkeypatch, capfdbinary) -> None:
    with pytest.raises(InputError, match=r"bad\.pdf: cannot be read as a PDF"):
        read(b"%PDF-1.7\n" + b"\xff" * 500, "bad.pdf")
    with pytest.raises(Refusal, match="takes too long") as caught:
        read(pdf(["NATO"]), "slow.pdf", seconds=0)
    assert caught.value.status == 504


def test_the_process_answers_what_is_wrong(monkeypatch, capfdbinary) -> None:
    monkeypatch.setattr("stance.serving.extraction._bound_process", lambda seconds: None)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(word("<w:p/>"))))
    assert main(["docx", "a.docx", "5.0", "1000"]) == 0
    assert capfdbinary.readouterr().out == b'{"error": "a.docx: no text was found in the document."}'


def test_files_reach_the_page(client) -> None:
    files = {"file": ("view.docx", word(p("A view") + p("NATO met on Thursday. It agreed on a plan.")), "x/y")}
    answer = client.post("/documents", files=files, data={"target": ["NATO"]})
    assert answer.status_code == 303
    assert "view.docx" in client.get(answer.headers["location"]).text
    answer = client.post("/documents", files={"file": ("a.exe", b"MZ", "x/y")}, data={"target": ["NATO"]})
    assert answer.status_code == 415 and "expected a file named" in answer.text
