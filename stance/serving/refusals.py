"""How a request is refused: with a status, a sentence that says what to do, and the form that the asker can read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from stance.errors import StanceError
from stance.reporting.page import escape, page_policy, render_page

__all__ = ["Refusal", "html_response", "is_api", "json_response", "refuse", "tell_invalid"]

_MOST_TOLD = 5
_PLAINER = {
    "json_invalid": "not valid JSON",
    "model_attributes_type": "expected a JSON object, sent with Content-Type: application/json",
    "string_pattern_mismatch": "expected words, found blanks alone",
    "string_too_short": "expected words, found nothing",
}
"""Kind of error -> what is said in place of the validator's words."""
_OTHER_FORM = {"string_type", "list_type"}

_TITLES = {
    400: "That was no proper request",
    401: "A token is needed",
    403: "That came from another page",
    404: "Nothing is here",
    405: "That cannot be done here",
    408: "That took too long to arrive",
    413: "That is too large",
    415: "That kind of file is not read",
    422: "That cannot be judged",
    503: "Too much to do just now",
    504: "That took too long",
    507: "That was not saved",
}


class Refusal(StanceError):
    """A request that is not done.

    Args:
        status: Status of HTTP.
        message: What is wrong, and what to do.
        retry: After how many seconds to try again; None if that would not help.
        headers: What else goes into the head of the answer.
    """

    def __init__(
        self, status: int, message: str, retry: int | None = None, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.retry = status, message, retry
        self.headers = dict(headers or {})


def is_api(path: str) -> bool:
    """Tell whether programs ask for a path, so that answers are JSON."""
    return path.startswith("/api/") or path in ("/health", "/openapi.json")


def json_response(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Answer with JSON; halves of characters, which no UTF-8 can hold, are escaped."""
    data = json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return Response(data, status, headers, "application/json")


def html_response(page: str, *, targets: int = 0, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Answer with a page of `stance.reporting.page.render_page`, whose policy goes into the head of the answer, too."""
    policy = f"{page_policy(targets, served=True)}; frame-ancestors 'none'"
    known = {"Content-Security-Policy": policy, "Cache-Control": "no-store"}
    return Response(page.encode("utf-8", "replace"), status, known | (headers or {}), "text/html; charset=utf-8")


def tell_invalid(errors: Sequence[Mapping[str, Any]]) -> str:
    """Say what is wrong with the fields of a request, without repeating what they hold.

    Where a field may have one of two forms, what the validator says of the other one is left out.

    Args:
        errors: The validator's: `loc` (body, field, form or number ...), `type`, `msg`.

    Returns:
        At most five complaints.

    >>> tell_invalid(
    ...     [
    ...         {"loc": ("body", "texts", "constrained-str"), "type": "string_too_short", "msg": "String should ..."},
    ...         {"loc": ("body", "texts", "list[constrained-str]"), "type": "list_type", "msg": "Input should ..."},
    ...     ]
    ... )
    'texts: expected words, found nothing'
    """
    meant = {error["loc"][:2] for error in errors if not _is_other_form(error)}
    told = [
        f"{_place(error)}: {_PLAINER.get(error['type'], error['msg'])}"
        for error in errors
        if not (_is_other_form(error) and error["loc"][:2] in meant)
    ]
    return "; ".join(told[:_MOST_TOLD])


def _is_other_form(error: Mapping[str, Any]) -> bool:
    """Tell whether an error says that a field as a whole has not this form."""
    return error["type"] in _OTHER_FORM and not isinstance(error["loc"][-1], int)


def _place(error: Mapping[str, Any]) -> str:
    """Give a field's name and the numbers in it, without the names of forms: `texts.1`."""
    _, *parts = error["loc"]
    kept = [str(part) for depth, part in enumerate(parts) if isinstance(part, int if depth else str)]
    return ".".join(kept) or "body"


def refuse(refusal: Refusal, path: str) -> Response:
    """Answer that something is not done.

    Args:
        refusal: What and why.
        path: What was asked for.

    Returns:
        JSON for programs, else a page.
    """
    headers = dict(refusal.headers)
    if refusal.retry is not None:
        headers["Retry-After"] = str(refusal.retry)
    if is_api(path):
        return json_response({"detail": refusal.message}, refusal.status, headers)
    title = _TITLES.get(refusal.status, "That did not work")
    body = (
        f'<div class="problem" role="alert"><p>{escape(refusal.message)}</p></div>'
        '<p class="links"><a href="/">To the start</a></p>'
    )
    page = render_page(title, f"Status {refusal.status}", body, served=True)
    return html_response(page, status=refusal.status, headers=headers)
