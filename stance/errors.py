"""Every error that stance raises on purpose.

```
StanceError
├── InputError (ValueError)        a document, row, option or argument is not usable
│   ├── UsageError                 options that do not go together
│   ├── EncodingError              bytes that are no text, or text in another encoding than named
│   └── UnknownTargetError         a target whose name is a slip, or another name, of a known one
├── ModelError (OSError)           a model that is missing, incomplete, altered or too new
├── MissingExtraError (ImportError) a feature whose packages are not installed
└── SkippedError                   a system of a benchmark that cannot be run on this set or machine
```

A message says what is wrong and where, what was expected, what was found, and what to do next.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

__all__ = [
    "EncodingError",
    "InputError",
    "MissingExtraError",
    "ModelError",
    "Place",
    "SkippedError",
    "StanceError",
    "UnknownTargetError",
    "UsageError",
    "suggest",
]


_COMPARED = 1000
"""Names that are looked through for the one that was meant, and characters of it: a table may have a million."""
_ALIKE = 0.65
"""How alike a name has to be, from 0 to 1; at difflib's 0.6 'outlet' is taken for a slip of 'text'."""
_TOLD = 50
"""Known names that are told."""


class StanceError(Exception):
    """Root of the errors that stance raises on purpose; anything else that escapes is a bug."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file something stands.

    Attributes:
        file: Name of the file.
        line: Number of the line, from 1, where the file has lines.
        row: Number of the row, from 1, where it has rows alone (Parquet).
    """

    file: str
    line: int | None = None
    row: int | None = None

    def __str__(self) -> str:
        """Give the place as messages begin with it.

        >>> str(Place("rows.csv", line=17))
        'rows.csv: line 17'
        """
        numbers = (("line", self.line), ("row", self.row))
        return ": ".join([self.file, *(f"{unit} {number}" for unit, number in numbers if number is not None)])


class InputError(StanceError, ValueError):
    """A document, row, option or argument is not usable.

    Args:
        message: What is wrong, beginning with the place.
        place: Where it stands, if it is a row of a file that is not usable.
        field: Name of the field or column that is not usable, if it is one.
    """

    def __init__(self, message: str = "", *, place: Place | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.place = place
        self.field = field


class UsageError(InputError):
    """Options that do not go together; the command leaves with exit status 2."""


class EncodingError(InputError):
    """Bytes that are no text, or text in another encoding than the one named."""


class UnknownTargetError(InputError):
    """A target whose name is so like that of a known one that it must be a slip, or is another name of it."""


class ModelError(StanceError, OSError):
    """A model that is missing, incomplete, altered, or made for another version."""


class MissingExtraError(StanceError, ImportError):
    """A feature whose packages are not installed.

    Args:
        feature: What was asked for, as the subject of a sentence ("Reading HTML").
        extra: Name of the extra that brings it ("html").
    """

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs packages that are not installed: pip install 'stance-kit[{extra}]' "
            f"(in a checkout: pip install -c constraints.txt -e '.[{extra}]')"
        )
        self.feature = feature
        self.extra = extra


class SkippedError(StanceError):
    """A system of a benchmark that cannot be run on this set or on this machine; the message says why."""


def suggest(found: str, known: Iterable[str]) -> str:
    """Tell which known names there are, the most similar one first.

    Args:
        found: The name that is not known.
        known: The names that are.

    Returns:
        The end of an error message.

    >>> suggest("Chnia", ["NATO", "China"])
    "did you mean 'China'? Known: NATO, China"
    """
    names = list(islice(known, _COMPARED + 1))
    folded = {name.casefold(): name for name in names[:_COMPARED]}
    close = difflib.get_close_matches(found[:_COMPARED].casefold(), list(folded), n=1, cutoff=_ALIKE)
    hint = f"did you mean {folded[close[0]]!r}? " if close else ""
    more = ", ..." if len(names) > _TOLD else ""
    return f"{hint}Known: {', '.join(names[:_TOLD])}{more}"
