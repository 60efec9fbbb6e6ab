"""Results on disk: one JSON file a set and system, its judgements beside it, both written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from stance.errors import InputError
from stance.evaluation.benchmark.scores import Row
from stance.evaluation.benchmark.sets import SetDefinition
from stance.files import write_beside
from stance.model.store import hash_file

__all__ = [
    "CEILING",
    "DONE",
    "FAILED",
    "SKIPPED",
    "Result",
    "Store",
    "hash_definition",
    "hash_values",
    "write_whole",
]

DONE, SKIPPED, FAILED, CEILING = "done", "skipped", "failed", "ceiling"
"""What became of a run; a ceiling is no system, but annotators scored against each other."""
_FOLDER = "results"
_LIMITED = re.compile(r"\.limit\d+\.json$")


@dataclass(frozen=True)
class Result:
    """What became of a system on a set.

    Attributes:
        set: Name of the set.
        system: Name of the system.
        status: `DONE`, `SKIPPED`, `FAILED` or `CEILING`.
        key: Hash of all that determines the answers: set, data, system, version, limit.
        limit: Texts that were kept for a try; 0 is the whole split.
        reason: Why there is no result.
        learned: What the system learned from.
        seconds: Time that answering took, learning included.
        scores: Part -> target -> figures, as plain JSON types.
        official: The official figure with its interval.
        bootstrap: Draws and seed.
        judgements: Number of judgements, of documents and of failures.
        origin: Command, versions, hashes of the data, what the system is made of.
        answers_sha256: Hash of the file of judgements.
    """

    set: str
    system: str
    status: str
    key: str
    limit: int = 0
    reason: str = ""
    learned: str = ""
    seconds: float = 0.0
    scores: Mapping[str, Any] = field(default_factory=dict)
    official: Mapping[str, float | None] = field(default_factory=dict)
    bootstrap: Mapping[str, int] = field(default_factory=dict)
    judgements: Mapping[str, int] = field(default_factory=dict)
    origin: Mapping[str, Any] = field(default_factory=dict)
    answers_sha256: str = ""


class Store:
    """A folder of results.

    Args:
        folder: The folder; made if it is not there.

    Raises:
        InputError: If it cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            (folder / _FOLDER).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{folder}: cannot be made ({error.strerror}). Give another --output.") from error

    def place(self, set_name: str, system: str, limit: int = 0) -> Path:
        """Give the file of a result; names that are no file names are told apart by a hash."""
        plain = re.sub(r"[^A-Za-z0-9._-]+", "-", system).strip("-.")[:60]
        name = plain if plain == system else f"{plain}-{hashlib.sha256(system.encode()).hexdigest()[:6]}"
        return self.folder / _FOLDER / set_name / f"{name}{f'.limit{limit}' if limit else ''}.json"

    def write(self, result: Result, rows: Sequence[Row] | None = None) -> Result:
        """Write a result, its judgements first; give it with their hash."""
        path = self.place(result.set, result.system, result.limit)
        path.parent.mkdir(parents=True, exist_ok=True)
        values = dict(vars(result))
        if rows is not None:
            lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            write_whole(_beside(path), lines)
            values["answers_sha256"] = hash_file(_beside(path))
        write_whole(path, json.dumps(values, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
        return Result(**values)

    def read(self, set_name: str, system: str, limit: int = 0) -> Result | None:
        """Read a result; None where there is none that can be read."""
        return _read(self.place(set_name, system, limit))

    def read_set(self, set_name: str) -> list[Result]:
        """Read all results of a whole set; those of tries are left out."""
        paths = sorted((self.folder / _FOLDER / set_name).glob("*.json"))
        found = (_read(path) for path in paths if not _LIMITED.search(path.name))
        return [result for result in found if result is not None and not result.limit]

    def rows(self, result: Result) -> list[dict[str, Any]] | None:
        """Read the judgements of a result; None where they are not there, or were changed."""
        path = _beside(self.place(result.set, result.system, result.limit))
        if not path.is_file() or hash_file(path) != result.answers_sha256:
            return None
        with path.open(
            encoding="utf-8", newline="\n"
        ) as lines:  # names may hold what `str.splitlines` takes for an end
            return [json.loads(line) for line in lines]


def _beside(path: Path) -> Path:
    return path.with_suffix(".jsonl")


def _read(path: Path) -> Result | None:
    try:
        return Result(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):  # not there, half written by something else, or of another version
        return None


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is whole or as it was.

    Raises:
        InputError: If it cannot be written, or another process writes it.
    """
    try:
        with write_beside(path) as file:
            file.write(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror or error}). Make room there, or give another --output."
        ) from error


def hash_definition(definition: SetDefinition) -> str:
    """Give the sha256 of what of a set's definition can change answers or figures: all but words about the set."""
    values = asdict(definition)
    for words in ("title", "source", "licence", "hub", "notes", "ceiling", "published", "metric_name"):
        del values[words]
    return hash_values(values)


def hash_values(values: Mapping[str, Any] | Iterable[Any]) -> str:
    """Give the sha256 of plain JSON types."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, ensure_ascii=False).encode("utf-8")).hexdigest()
