"""Checking what was read from a file against its published JSON Schema, in messages that a user can act on."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from stance.errors import InputError, MissingExtraError, suggest

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

__all__ = ["SCHEMAS", "check_value", "load_schema"]

SCHEMAS = ("annotation", "codebook", "splits", "agreement", "decision", "checks", "hydration")
"""Names of the published schemas."""

_TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}


def load_schema(name: str) -> dict[str, Any]:
    """Give a published JSON Schema (draft 2020-12).

    Args:
        name: One of `SCHEMAS`.

    Returns:
        The schema.

    Raises:
        InputError: If there is none of that name.

    >>> load_schema("annotation")["title"]
    'Annotation'
    """
    if name not in SCHEMAS:
        raise InputError(f"Unknown schema {name!r}: {suggest(name, SCHEMAS)}.")
    text = resources.files("stance.annotation").joinpath("schemas", f"{name}.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def check_value(value: object, schema: str, where: str) -> None:
    """Refuse a value that does not follow a schema.

    Args:
        value: What was read: plain JSON types.
        schema: Name of the schema.
        where: Where it stands, for the message ("rows.jsonl: line 17").

    Raises:
        InputError: Naming the first field that is wrong, what was expected and what was found.
        MissingExtraError: If jsonschema is not installed.
    """
    first = min(_validator(schema).iter_errors(value), key=_order, default=None)
    if first is not None:
        raise InputError(f"{where}: {_message(first)}")


@lru_cache(maxsize=len(SCHEMAS))
def _validator(name: str) -> Draft202012Validator:
    try:
        from jsonschema import Draft202012Validator
        from jsonschema.validators import extend
    except ImportError:
        raise MissingExtraError("Reading annotations", "annotate") from None
    # JSON Schema takes 3.0 for a whole number, and jsonschema NaN for one within any bounds
    types = Draft202012Validator.TYPE_CHECKER.redefine_many({"integer": _is_whole, "number": _is_number})
    strict: type[Draft202012Validator] = extend(Draft202012Validator, type_checker=types)
    return strict(load_schema(name))


def _is_whole(_checker: object, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(_checker: object, value: object) -> bool:
    return _is_whole(_checker, value) or (isinstance(value, float) and math.isfinite(value))


def _order(error: ValidationError) -> tuple[int, str]:
    """Unknown fields first, since a misspelt one also makes the right one missing; then from the outside in."""
    rank = {"additionalProperties": 0, "propertyNames": 0, "required": 2}.get(str(error.validator), 1)
    return rank, _path(error)


def _path(error: ValidationError) -> str:
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path]
    return "".join(parts).lstrip(".")


def _message(error: ValidationError) -> str:
    path = _path(error)
    at = f"field {path!r}: " if path else ""
    found = _shown(error.instance)
    limit: Any = error.validator_value
    match error.validator:
        case "required":
            missing = next(name for name in limit if name not in error.instance)
            return f"{at}the field {missing!r} is missing. It has to be there."
        case "dependentRequired":
            given, missing = next(_unmet(limit, error.instance))
            cure = " (stance annotate import takes --annotator NAME)" if missing == "annotator" else ""
            return f"{at}{given!r} is there, but {missing!r} is missing. Give both or neither{cure}."
        case "additionalProperties":
            known = list(error.schema.get("properties", {}))
            unknown = next(name for name in error.instance if name not in known)
            return f"{at}unknown field {unknown!r}: {suggest(unknown, known)}."
        case "enum":
            return f"{at}expected one of {', '.join(map(str, limit))}, found {found}{_guess(error.instance, limit)}."
        case "type":
            names = [limit] if isinstance(limit, str) else limit
            return f"{at}expected {' or '.join(_TYPES.get(name, name) for name in names)}, found {found}."
        case "pattern":
            hint = str(error.schema.get("description", f"text that matches {limit}")).rstrip(".")
            return f"{at}found {found}. Expected: {hint}."
        case "minimum" | "maximum":
            bound = "at least" if error.validator == "minimum" else "at most"
            return f"{at}expected {bound} {limit}, found {found}."
        case "minLength" | "minItems" | "minProperties":
            return f"{at}is empty. Give it a value, or leave the field out."
    return f"{at}{error.message}."


def _unmet(needs: Mapping[str, list[str]], row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for given, others in needs.items():
        if given in row:
            yield from ((given, other) for other in others if other not in row)


def _guess(found: object, known: list[str]) -> str:
    hint = suggest(str(found), known)
    return f"; {hint.partition('?')[0]}?" if "?" in hint else ""


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:59] + "…"
