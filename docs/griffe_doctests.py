"""For the API reference: examples within docstrings (``>>>``) become code blocks."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Object


class DoctestFences(Extension):
    """Puts fences around examples, which the reader of docstrings else takes for text."""

    def on_instance(self, *, obj: Object, **kwargs: Any) -> None:  # noqa: ANN401 - what griffe gives
        """Change the docstring of an object that was read."""
        if obj.docstring and ">>>" in obj.docstring.value:
            obj.docstring.value = fence_examples(obj.docstring.value)


def fence_examples(text: str) -> str:
    r"""Put fences around the examples of a text.

    >>> fence_examples("Adds.\n\n>>> 1 + 1\n2\n\nAnd so on.").splitlines()
    ['Adds.', '', '```pycon', '>>> 1 + 1', '2', '```', '', 'And so on.']
    """
    parts = re.split(r"\n\s*\n", text)
    return "\n\n".join(f"```pycon\n{part}\n```" if part.startswith(">>> ") else part for part in parts)
