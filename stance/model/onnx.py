"""ONNX Runtime, loaded so that it tells nobody that it is used.

Version 1.31 writes an id of the machine to the home folder and sends events to Microsoft, from the moment it is loaded:
its own function that switches this off comes too late, so a variable tells it before.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["ort"]

_SILENT = "ORT_DISABLE_TELEMETRY"


@contextmanager
def _silent() -> Iterator[None]:
    """Set the variable, and leave the environment as it was; what the user set counts."""
    before = os.environ.get(_SILENT)
    os.environ[_SILENT] = "1" if before is None else before
    try:
        yield
    finally:
        if before is None:
            del os.environ[_SILENT]


with _silent():
    import onnxruntime as ort
