"""The application: API and pages behind the guard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp

from stance import __version__
from stance.errors import MissingExtraError, StanceError
from stance.serving.api import make_api
from stance.serving.gate import Gate
from stance.serving.guard import Guard
from stance.serving.judging import Judges
from stance.serving.labels import LabelFile
from stance.serving.refusals import Refusal, refuse, tell_invalid
from stance.serving.settings import Settings
from stance.serving.shelf import Shelf
from stance.serving.site import make_site

__all__ = ["make_app"]

_ABOUT = "Tells where texts stand toward NATO, the US, China or targets named, paragraph by paragraph."

_TIDYING = 60.0
"""Seconds between two looks for results that are too old."""


def make_app(settings: Settings) -> ASGIApp:
    """Make the application.

    Args:
        settings: How the server runs.

    Returns:
        An ASGI application.

    Raises:
        ModelError: If the model is missing, incomplete or altered.
        InputError: If the file of annotations holds something else or cannot be written.
    """
    judges = Judges(settings.model, settings.targets)
    labels = LabelFile(settings.annotations) if settings.annotations else None
    shelf = Shelf()
    gate = Gate(settings.concurrency, settings.waiting, settings.time_limit)

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        tidying = asyncio.create_task(_tidy(shelf))
        yield
        tidying.cancel()
        gate.close()

    app = FastAPI(
        title="stance",
        version=__version__,
        description=_ABOUT,
        docs_url=None,  # FastAPI's pages load scripts from elsewhere; /api says the same without
        redoc_url=None,
        lifespan=life,
    )
    app.include_router(make_api(settings, judges, gate))
    app.include_router(make_site(settings, judges, gate, shelf=shelf, labels=labels))
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(StanceError, _unusable)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _failed)
    _name_models(app, judges)
    return Guard(app, settings)


async def _tidy(shelf: Shelf) -> None:
    """Let results go when their time is over, whether or not anyone asks."""
    while True:
        await asyncio.sleep(_TIDYING)
        shelf.tidy()


def _name_models(app: FastAPI, judges: Judges) -> None:
    """Tell in the description of the API which models there are."""
    fields = app.openapi()["components"]["schemas"]["PredictRequest"]["properties"]
    fields["model"]["anyOf"][0]["enum"] = list(judges.names)
    fields["model"]["examples"] = [judges.names[0]]


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return refuse(error, request.url.path)


async def _unusable(request: Request, error: Exception) -> Response:
    return refuse(Refusal(501 if isinstance(error, MissingExtraError) else 422, str(error)), request.url.path)


async def _invalid(request: Request, error: Exception) -> Response:
    """Say what is wrong with the fields, without repeating what they hold."""
    assert isinstance(error, RequestValidationError)
    return refuse(Refusal(422, tell_invalid(error.errors())), request.url.path)


async def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return refuse(Refusal(error.status_code, str(error.detail), headers=error.headers), request.url.path)
