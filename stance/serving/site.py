"""The routes of the pages for people: they work as plain forms, without a script."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import APIRouter, Request
from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.responses import RedirectResponse, Response

from stance.annotation.files import write_annotations
from stance.errors import InputError
from stance.reporting.layout import Layout
from stance.reporting.report_page import report_html, targets_of
from stance.schema import LABELS, Analysis, Document, Label
from stance.serving.gate import Deadline, Gate
from stance.serving.guard import COOKIE, same, slow_down
from stance.serving.judging import Asked, Judges, check_length
from stance.serving.labels import LabelFile, annotation_of, annotations_of
from stance.serving.pages import api_page, document_page, enter_page, start_page
from stance.serving.refusals import Refusal, html_response
from stance.serving.settings import Settings
from stance.serving.shelf import Entry, Shelf
from stance.serving.uploads import read_upload, strip_signs
from stance.text.decoding import is_blank

__all__ = ["make_site"]

_LOG = logging.getLogger("stance")
_FIELDS = 200
"""Most fields of a form."""
_ESCAPED = 200_000
"""Most bytes of a form that is no multipart/form-data."""
_NAME = 100
"""Most characters of an annotator's name."""


def make_site(
    settings: Settings, judges: Judges, gate: Gate, *, shelf: Shelf, labels: LabelFile | None = None
) -> APIRouter:
    """Make the routes of the pages.

    Args:
        settings: How the server runs.
        judges: The models.
        gate: What work goes through.
        shelf: Where results are kept.
        labels: Where corrected labels are added; None keeps them with the results alone.

    Returns:
        The routes.
    """
    router = APIRouter(include_in_schema=False)
    _add_entrance(router, settings)
    _add_results(router, settings, shelf, labels)

    @router.get("/")
    async def start() -> Response:
        return html_response(start_page(judges.offered, judges.names, most=settings.max_bytes))

    @router.get("/api")
    async def api(request: Request) -> Response:
        return html_response(api_page(str(request.base_url).rstrip("/")))

    @router.post("/documents")
    async def judge(request: Request) -> Response:
        async with _form(request, settings) as form:
            name, data = await _given(form)
            asked, annotator = _asked(form), _annotator(form)

        def work(deadline: Deadline) -> Analysis:
            document = _document(name, data, settings, deadline)
            if settings.log_texts:
                _LOG.info("asked to judge: %r", document.text)
            (analysis,) = judges.analyze([document], asked, deadline)
            targets_of([analysis])  # refuses what has no paragraph
            return analysis

        analysis = await gate.run(work, request.scope["state"]["gone"])
        key = shelf.put(Entry(analysis, annotator, asked.explain))
        return RedirectResponse(f"/documents/{key}", 303)

    return router


def _add_results(router: APIRouter, settings: Settings, shelf: Shelf, labels: LabelFile | None) -> None:
    """Add what is done with a result: looking at it, correcting its labels, taking it along."""
    pages = asyncio.Semaphore(settings.concurrency)  # each takes seconds and 100 MB where much was judged
    corrections = asyncio.Semaphore(settings.concurrency)  # those that wait for another server keep nobody else waiting

    @router.get("/documents/{key}")
    async def show(key: str, saved: str = "", target: str = "") -> Response:
        entry = shelf.get(key)
        count = len(targets_of([entry.analysis]))
        chosen = min(_number(target), count - 1)
        file = labels.path.name if labels else ""
        async with pages:
            page = await run_in_threadpool(document_page, entry, key, saved=_number(saved), chosen=chosen, file=file)
        return html_response(page, targets=count)

    @router.post("/documents/{key}/labels")
    async def correct(key: str, request: Request) -> Response:
        entry = shelf.get(key)
        async with _form(request, settings) as form, corrections:
            number, place = await run_in_threadpool(_correct, entry, form, labels)
        return RedirectResponse(f"/documents/{key}?saved={number}&target={place}", 303)

    @router.get("/documents/{key}/{name}")
    async def download(key: str, name: str) -> Response:
        entry = shelf.get(key)
        if name not in _DOWNLOADS:
            raise Refusal(404, f"There is no such download. Known: {', '.join(_DOWNLOADS)}.")
        kind, make = _DOWNLOADS[name]
        async with pages:
            data = await run_in_threadpool(make, entry)
        return Response(data, headers={"Content-Disposition": f'attachment; filename="{name}"'}, media_type=kind)


def _add_entrance(router: APIRouter, settings: Settings) -> None:
    """Add where the token is given."""

    @router.get("/enter")
    async def ask() -> Response:
        return html_response(enter_page())

    @router.post("/enter")
    async def enter(request: Request) -> Response:
        async with _form(request, settings) as form:
            given = _text(form, "token")
        if not settings.token or not same(given, settings.token):
            await slow_down()
            return html_response(enter_page(wrong=True), status=403)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(COOKIE, request.scope["state"]["pass_mark"], httponly=True, samesite="strict")
        return answer


def _stances(entry: Entry, form: str) -> bytes:
    layout = Layout(form, targets_of([entry.analysis]), evidence=entry.evidence, safe=True)
    return layout.head() + layout.encode([entry.analysis])


def _labels(entry: Entry) -> bytes:
    file = io.BytesIO()
    write_annotations(file, annotations_of(entry.analysis, entry.labels, entry.annotator))
    return file.getvalue()


_DOWNLOADS: dict[str, tuple[str, Callable[[Entry], bytes]]] = {
    "stances.jsonl": ("application/x-ndjson", lambda entry: _stances(entry, "jsonl")),
    "stances.csv": ("text/csv; charset=utf-8", lambda entry: _stances(entry, "csv")),
    "report.html": ("text/html; charset=utf-8", lambda entry: report_html([entry.analysis]).encode("utf-8", "replace")),
    "labels.jsonl": ("application/x-ndjson", _labels),
}
"""What can be downloaded of a result; no name of a file on the disk is made of what is asked for."""


@asynccontextmanager
async def _form(request: Request, settings: Settings) -> AsyncIterator[FormData]:
    """Give the fields of a form, which have to be UTF-8: some of Python's other codecs take quadratic time.

    Long ones have to be sent as browsers send files: taking out escapes takes seconds for each megabyte of them, in
    which nobody else is answered.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))  # as Starlette reads it
    charset = options.get(b"charset", b"utf-8").decode("latin-1")
    if charset.casefold() not in ("utf-8", "utf8"):
        raise Refusal(415, f"Expected a form in UTF-8, found {charset[:20]!r}. Send it as UTF-8.")
    if kind != b"multipart/form-data" and len(await request.body()) > _ESCAPED:
        raise Refusal(413, f"Expected at most {_ESCAPED:,} bytes of an escaped form. Send it as multipart/form-data.")
    async with request.form(max_files=1, max_fields=_FIELDS, max_part_size=settings.max_bytes) as form:
        yield form


async def _given(form: FormData) -> tuple[str, bytes | str]:
    """Give the name and the bytes of a file, or a pasted text without a name."""
    text, file = _text(form, "text"), form.get("file")
    if isinstance(file, UploadFile) and file.filename:
        if not is_blank(text):
            raise InputError("Both a text and a file were given. Give one of them.")
        return file.filename, await file.read()
    if is_blank(text):
        raise InputError("Neither a text nor a file was given. Paste a text, or choose a file.")
    return "", text.replace("\r\n", "\n")  # as forms send line ends


def _document(name: str, data: bytes | str, settings: Settings, deadline: Deadline) -> Document:
    if isinstance(data, bytes):
        return read_upload(data, name, most=settings.max_characters, deadline=deadline)
    check_length([data], settings.max_characters)
    return Document(data, "pasted text")


def _asked(form: FormData) -> Asked:
    names = [str(name) for name in form.getlist("target")]
    names += [name.strip() for name in _text(form, "further").split(",") if name.strip()]
    if not names:
        raise InputError("No target was chosen. Choose at least one, or name others.")
    return Asked(tuple(names), _text(form, "model") or None, explain=form.get("explain") == "yes")


def _annotator(form: FormData) -> str:
    name = strip_signs(_text(form, "annotator"))[:_NAME].strip() or "me"
    if name.casefold().startswith("model:"):
        raise InputError("The name of a person cannot begin with 'model:'. Give another name.")
    return name


def _correct(entry: Entry, form: FormData, labels: LabelFile | None) -> tuple[int, int]:
    """Keep a label that was given by hand; give the numbers of its paragraph and its target."""
    targets = targets_of([entry.analysis])
    number, place = _number(_text(form, "paragraph")), _number(_text(form, "target"), -1)
    given = _text(form, f"label{place}")
    label = next((label for label in LABELS if label == given), None)
    if not 1 <= number <= len(entry.analysis.predictions) or not 0 <= place < len(targets):
        raise InputError("There is no such paragraph or target. Open the page of the result again.")
    if given and label is None:
        raise InputError(f"Expected a label, one of {', '.join(LABELS)}; found {given[:20]!r}.")
    with entry.lock:  # file and page say the same, also where two come at once
        _save(entry, number, targets[place], label, labels)
    return number, place


def _save(entry: Entry, number: int, target: str, label: Label | None, labels: LabelFile | None) -> None:
    if labels:
        try:
            labels.save(annotation_of(entry.analysis, number, entry.annotator), target, label)
        except OSError as error:
            told = f"The label was not saved: {error.strerror or error}. Look at the server's disk, then save it again."
            raise Refusal(507, told) from error
    own = entry.labels.setdefault(number, {})
    if label:
        own[target] = label
    else:
        own.pop(target, None)


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def _number(text: str, otherwise: int = 0) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else otherwise
