"""Where figures come from: files by their hashes, versions, and the command."""

from __future__ import annotations

import platform
import shlex
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

__all__ = ["describe_file", "describe_run", "provenance_markdown"]


def describe_file(name: str) -> dict[str, Any]:
    """Give a file's name and sha256; the hash is None of stdin."""
    from stance.model.store import hash_file

    return {"file": name, "sha256": hash_file(Path(name)) if Path(name).is_file() else None}


def describe_run() -> dict[str, Any]:
    """Give the command and the versions of what it ran with."""
    from stance import __version__

    return {
        "command": shlex.join(["stance", *sys.argv[1:]]),
        "python": platform.python_version(),
        "versions": {"stance": __version__} | {name: metadata.version(name) for name in ("numpy", "onnxruntime")},
    }


def provenance_markdown(origin: Mapping[str, Any]) -> str:
    """Write where figures come from as a section of Markdown.

    Args:
        origin: What `describe_run` gives, and name -> what `describe_file` gives, or a model with its hashes.

    Returns:
        The section; a model is told by the hash of its ``config.json``, which holds those of its data.
    """
    from stance.reporting.evaluation_tables import escape_markdown

    lines = ["## Where the figures come from", ""]
    for what, found in origin.items():
        if not isinstance(found, Mapping) or what == "versions":
            continue
        model = isinstance(found["sha256"], Mapping)
        digest = found["sha256"]["config.json"] if model else found["sha256"]
        named = f"{'model ' if model else ''}{found['model' if model else 'file']}"
        lines.append(f"- {what}: {escape_markdown(named)}, sha256 {(digest or 'not known, read from stdin')[:64]}")
    versions = ", ".join(f"{name} {number}" for name, number in origin["versions"].items())
    lines += [f"- {escape_markdown(origin['command'])}", f"- Python {origin['python']}, {versions}"]
    return "\n".join(lines) + "\n"
