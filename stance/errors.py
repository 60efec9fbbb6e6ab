"""Every error that stance raises on purpose.

```
StanceError
├── InputError (ValueError)        a document, row, option or argument is not usable
│   ├── EncodingError              bytes that are no text, or text in another encoding than named
│   └── UnknownTargetError         a target whose name must be a slip of a known one
├── ModelError (OSError)           a model that is missing, incomplete, altered or too new
├── MissingExtraError (ImportError) a feature whose packages are not installed
└── SkippedError                   a system of a benchmark that cannot be run on this set or machine
```

A message says what is wrong and where, what was expected, what was found, and what to do next.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "EncodingError",
    "InputError",
    "MissingExtraError",
    "ModelError",
    "SkippedError",
    "StanceError",
    "UnknownTargetError",
    "suggest",
]


class StanceError(Exception):
    """Root of the errors that stance raises on purpose; anything else that escapes is a bug."""


class InputError(StanceError, ValueError):
    """A document, row, option or argument is not usable."""


class EncodingError(InputError):
    """Bytes that are no text, or text in another encoding than the one named."""


class UnknownTargetError(InputError):
    """A target whose name is so like that of a known one that it must be a slip."""


class ModelError(StanceError, OSError):
    """A model that is missing, incomplete, altered, or made for another version."""


class MissingExtraError(StanceError, ImportError):
    """A feature whose packages are not installed.

    Args:
        feature: What was asked for, as the subject of a sentence ("Reading HTML").
        extra: Name of the extra that brings it ("html").
    """

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs packages that are not installed: pip install 'stance-kit[{extra}]'")
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
    names = list(known)
    folded = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(found.casefold(), list(folded), n=1)
    hint = f"did you mean {folded[close[0]]!r}? " if close else ""
    return f"{hint}Known: {', '.join(names)}"
