"""Reading TOML: what is no TOML, or is made to bring a reader down, is told in one way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stance.errors import InputError

__all__ = ["DEEPEST", "is_deep", "parse_toml", "read_toml"]

DEEPEST = 100
"""Levels of tables and lists within each other, in TOML and JSON: whoever walks through them calls itself as often."""
_LONGEST = 1 << 22
"""Bytes of a file of TOML, which people write by hand."""
_CHAIN = re.compile(r"(?:\.[ \t]*[\w\"'-]{1,200}[ \t]*){100}")
"""A dotted key of more parts than may be nested."""


def read_toml(path: str | Path, what: str) -> dict[str, Any]:
    """Read a file of TOML.

    Args:
        path: The file.
        what: What it should be, for messages: "a TOML recipe".

    Returns:
        Its tables.

    Raises:
        InputError: If it is missing, is no TOML in UTF-8, has more than 4 MiB, or is nested more than 100 deep.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(_LONGEST + 1)
        if len(data) > _LONGEST:
            raise ValueError(f"it has more than {_LONGEST >> 20} MiB")
        return parse_toml(data.decode("utf-8").replace("\r\n", "\n"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file. Give {what}.") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}. Give {what}.") from error
    except ValueError as error:
        raise InputError(f"{path}: cannot be read as {what}; not valid TOML in UTF-8: {error}. Mend it.") from error


def parse_toml(text: str) -> dict[str, Any]:
    """Read TOML.

    Raises:
        ValueError: If it is none, holds a number that is too large, or is nested more than 100 deep.

    >>> parse_toml("a.b = 1")
    {'a': {'b': 1}}
    """
    import tomllib  # only here: to load it takes as long as most files

    if _CHAIN.search(text):  # read in quadratic time, before its depth can be told
        raise ValueError(f"it is nested more than {DEEPEST} deep")
    try:
        tables = tomllib.loads(text)
    except RecursionError:
        raise ValueError(f"it is nested more than {DEEPEST} deep") from None
    if is_deep(tables):
        raise ValueError(f"it is nested more than {DEEPEST} deep")
    return tables


def is_deep(value: object) -> bool:
    """Tell whether tables and lists are nested more than `DEEPEST` deep; looks level by level."""
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for item in level
            if isinstance(item, Mapping | list | tuple)
            for inner in (item.values() if isinstance(item, Mapping) else item)
            if isinstance(inner, Mapping | list | tuple)
        ]
        if not level:
            return False
    return True
