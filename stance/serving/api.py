"""The JSON API: texts in, the objects out that ``stance predict --format jsonl`` writes."""

from __future__ import annotations

import logging
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.responses import Response

from stance import __version__
from stance.reporting.outputs import paragraph_rows
from stance.schema import Document, Label
from stance.serving.gate import Deadline, Gate
from stance.serving.judging import LONGEST_NAME, MOST_TARGETS, Asked, Judges, check_length
from stance.serving.refusals import Refusal, json_response
from stance.serving.settings import Settings
from stance.text.decoding import is_blank

__all__ = ["Health", "Models", "PredictRequest", "PredictResponse", "Problem", "make_api"]

_LOG = logging.getLogger("stance")
MOST_TEXTS = 1000
"""Most texts in one request."""
_MOST_FIELDS = 50
"""Fields of a request that are looked at one by one."""
_WORDS = r"[^\s\x1c-\x1f\x85]"
"""Something that is no blank to Python: five more characters are than to patterns of OpenAPI."""
Text = Annotated[str, Field(min_length=1, pattern=_WORDS, description="A text with words.")]
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, pattern=_WORDS, examples=["NATO"])]

Names = Annotated[list[Name], Field(min_length=1, max_length=MOST_TARGETS, json_schema_extra={"uniqueItems": True})]


class PredictRequest(BaseModel):
    """What is asked."""

    model_config = ConfigDict(extra="forbid", strict=True)
    texts: Text | Annotated[list[Text], Field(min_length=1, max_length=MOST_TEXTS)] = Field(
        description="One text, or several; each is cut into paragraphs.",
        examples=["NATO has kept the peace in Europe, and it deserves our thanks."],
    )
    targets: Names | None = Field(
        None,
        description="Names of targets, each once; left out, those of the server.",
        examples=[["NATO", "China"]],
    )
    model: str | None = Field(None, description="Name of a model, as /api/models lists them; left out, the server's.")
    abstain_risk: float | None = Field(
        None, gt=0, lt=1, description="Share of judgements whose labels may lack the true one.", examples=[0.1]
    )
    explain: bool = Field(False, description="Whether to add what each label rests on; takes about ten times as long.")
    whole: bool = Field(False, description="Take each text as one paragraph, whatever its line breaks.")

    @model_validator(mode="before")
    @classmethod
    def _refuse_many(cls, given: Any) -> Any:  # noqa: ANN401 - straight from JSON
        """Refuse a million fields at once: an error for each takes seconds in which nobody is answered."""
        if isinstance(given, dict) and len(given) > _MOST_FIELDS:
            raise ValueError(f"found {len(given):,} fields, more than there are")
        return given


class StanceRow(BaseModel):
    """Where a paragraph stands toward a target."""

    label: Label
    probabilities: dict[Label, float]
    labels: list[Label] | None = Field(None, description="What is left at the risk asked for.")
    abstained: bool | None = None
    evidence: list[dict[str, Any]] | None = Field(None, description="Stretches of the text, offsets in the text sent.")


class ParagraphRow(BaseModel):
    """A paragraph, as ``stance predict --format jsonl`` writes it."""

    document: str
    id: int = Field(description="Number of the text in the request, from 0.")
    index: int = Field(description="Number of the block in its text, all kinds counted, from 0.")
    start: int = Field(description="First code point in the text sent.")
    end: int
    text: str
    stances: dict[str, StanceRow]


class PredictResponse(BaseModel):
    """The answer."""

    model: str
    paragraphs: list[ParagraphRow]


class ModelRow(BaseModel):
    """A model."""

    name: str
    default: bool
    targets: list[str]
    precision: str


class Models(BaseModel):
    """The models that can be asked for."""

    models: list[ModelRow]
    targets: list[str] = Field(description="Targets where none are asked for.")


class Health(BaseModel):
    """That the server is there."""

    status: str
    version: str
    working: int = Field(description="Requests that are judged or wait.")


class Problem(BaseModel):
    """Why something was not done."""

    detail: str


_SAID = {
    400: "No proper request, or not by a name of this machine",
    401: "A token is needed",
    403: "Sent by a page of another site",
    408: "The body took too long to arrive",
    413: "The body is too large",
    422: "The texts, targets or options cannot be used",
    503: "Too much to do; Retry-After says when to come again",
    504: "Judging took too long",
}
_REFUSED: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": said} for status, said in _SAID.items()
}


def make_api(settings: Settings, judges: Judges, gate: Gate) -> APIRouter:
    """Make the routes of the API.

    Args:
        settings: How the server runs.
        judges: The models.
        gate: What work goes through.

    Returns:
        The routes.
    """
    router = APIRouter()
    _add_answers(router, judges, gate)

    @router.post("/api/predict", response_model=PredictResponse, responses=_REFUSED)
    async def predict(asked: PredictRequest, request: Request) -> Response:
        """Judge texts: one object a paragraph, as ``stance predict --format jsonl`` writes them."""
        documents = _documents(asked, settings)
        wanted = Asked(
            None if asked.targets is None else tuple(asked.targets), asked.model, asked.abstain_risk, asked.explain
        )

        def work(deadline: Deadline) -> dict[str, Any]:
            found = judges.analyze(documents, wanted, deadline)
            rows = [row for analysis in found for row in paragraph_rows(analysis)]
            return {"model": asked.model or judges.names[0], "paragraphs": rows}

        if settings.log_texts:
            _LOG.info("asked to judge: %r", [document.text for document in documents])
        return json_response(await gate.run(work, request.scope["state"]["gone"]))

    return router


def _documents(asked: PredictRequest, settings: Settings) -> list[Document]:
    """Give the texts of a request as documents, whose ids are their numbers.

    Raises:
        Refusal: If they are too long, or one has no words.
    """
    texts = [asked.texts] if isinstance(asked.texts, str) else asked.texts
    check_length(texts, settings.max_characters)
    blank = next((number for number, text in enumerate(texts) if is_blank(text)), None)
    if blank is not None:
        raise Refusal(422, f"Text {blank} is empty. Leave out texts without words.")
    return [Document(text, id=number, breaks="none" if asked.whole else "layout") for number, text in enumerate(texts)]


def _add_answers(router: APIRouter, judges: Judges, gate: Gate) -> None:
    """Add what is told without judging."""

    @router.get("/health", response_model=Health, responses={400: _REFUSED[400]})
    async def health() -> Response:
        """Say that the server is there, and how much it has to do."""
        return json_response({"status": "ok", "version": __version__, "working": gate.inside})

    @router.get("/api/models", response_model=Models, responses={400: _REFUSED[400], 401: _REFUSED[401]})
    async def models() -> Response:
        """List the models that can be asked for, the one first that is asked where none is named."""
        rows = [
            {
                "name": name,
                "default": number == 0,
                "targets": list(config.targets),
                "precision": config.precision,
            }
            for number, (name, config) in enumerate(judges.configs.items())
        ]
        return json_response({"models": rows, "targets": list(judges.offered)})
