"""Running systems on sets: what is known is kept, what fails is told, and every result is on disk when it is made."""

from __future__ import annotations

import logging
import platform
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import metadata, util
from pathlib import Path
from typing import Any

from stance import __version__
from stance.errors import MissingExtraError, SkippedError
from stance.evaluation.benchmark.scores import (
    Row,
    Scheme,
    answer_rows,
    ceiling_rows,
    headline,
    score_rows,
    scores_to_dict,
)
from stance.evaluation.benchmark.sets import SetDefinition
from stance.evaluation.benchmark.store import (
    CEILING,
    DONE,
    FAILED,
    SKIPPED,
    Result,
    Store,
    hash_definition,
    hash_values,
)
from stance.evaluation.benchmark.systems import Advance, System
from stance.evaluation.benchmark.tasks import Task, load_task
from stance.evaluation.figures import interval_to_dict

__all__ = ["Plan", "Watch", "run_benchmark"]

_LOG = logging.getLogger(__name__)
_PACKAGES = ("numpy", "onnxruntime", "tokenizers", "scikit-learn", "torch", "transformers", "setfit")
Watch = Callable[[str, str, float], None]
"""Told name of the set, of the system, and what share of the task was done since."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a benchmark is run.

    Attributes:
        data: Folder that the sets' file names are relative to.
        output: Folder of the results.
        limit: Texts of each set for a try; 0 is the whole.
        draws: Bootstrap draws and permutations.
        seed: Their seed.
        command: The command, for the record.
    """

    data: Path
    output: Path
    limit: int = 0
    draws: int = 1000
    seed: int = 0
    command: str = ""


def run_benchmark(
    sets: Sequence[SetDefinition], systems: Sequence[System], plan: Plan, watch: Watch | None = None
) -> list[Result]:
    """Run systems on sets, and write each result as it is made.

    A result is kept as it is if set, data, system, version of stance and limit are the same and its judgements are on
    disk, unchanged; only its figures are made again if draws or seed are other ones. A system that fails is recorded,
    and the others go on.

    Args:
        sets: The sets.
        systems: The systems.
        plan: Where and how.
        watch: Told of progress.

    Returns:
        Results, set by set; where a set has two annotators, their agreement stands last.

    Raises:
        InputError: If a set's files cannot be read, or the output cannot be written.
    """
    store = Store(plan.output)
    tasks = [load_task(definition, plan.data, limit=plan.limit) for definition in sets]  # before hours of work
    results = []
    for task in tasks:
        for system in systems:
            results.append(_run(task, system, plan, store, watch))
        rows = ceiling_rows(task)
        if rows is not None:
            name = " against ".join(reversed(task.definition.annotators))
            bare = _bare(task, f"annotator {name}", CEILING, {}, plan)
            results.append(store.write(_scored(replace(bare, learned="the codebook"), rows, task, plan), rows))
    return results


def _run(task: Task, system: System, plan: Plan, store: Store, watch: Watch | None) -> Result:
    name = task.definition.name
    identity: Mapping[str, Any] = {}
    try:
        identity = system.identity()
        bare = _bare(task, system.name, DONE, identity, plan)
        known = store.read(name, system.name, task.limit)
        rows: list[dict[str, Any]] | None = (
            store.rows(known) if known and known.status == DONE and known.key == bare.key else None
        )
        if known and rows is not None:
            same = known.bootstrap == {"draws": plan.draws, "seed": plan.seed}
            return known if same else store.write(_scored(known, rows, task, plan), rows)
        advance: Advance = (lambda share: watch(name, system.name, share)) if watch else (lambda share: None)
        start = time.perf_counter()
        answers = system.predict(task, advance)
        seconds = round(time.perf_counter() - start, 2)
        rows = answer_rows(task, answers)
        bare = replace(bare, seconds=seconds, learned=answers.learned)
        return store.write(_scored(bare, rows, task, plan), rows)
    except (SkippedError, MissingExtraError) as error:
        before = store.read(name, system.name, task.limit)
        if not identity and before and before.status == DONE and before.origin["data_sha256"] == dict(task.hashes):
            return before  # made where the system is to be had; that it is not here makes it no worse
        return store.write(replace(_bare(task, system.name, SKIPPED, identity, plan), reason=str(error)))
    except Exception as error:  # whatever it is, it must not cost the results of the other systems
        _LOG.warning("%s failed on %s: %s: %s", system.name, name, type(error).__name__, error)
        bare = _bare(task, system.name, FAILED, identity, plan)
        told = {**bare.origin, "traceback": traceback.format_exc()}
        return store.write(replace(bare, reason=f"{type(error).__name__}: {error}", origin=told))


def _bare(task: Task, system: str, status: str, identity: Mapping[str, Any], plan: Plan) -> Result:
    """Give a result that has no figures yet."""
    definition = hash_definition(task.definition)
    known = [definition, dict(task.hashes), identity, __version__, task.limit]
    origin = {
        "command": plan.command,
        "system": dict(identity),
        "definition_sha256": definition,
        "data_sha256": dict(task.hashes),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": {"stance": __version__} | _versions(),
    }
    return Result(task.definition.name, system, status, hash_values(known), limit=task.limit, origin=origin)


def _versions() -> dict[str, str]:
    return {name: metadata.version(name) for name in _PACKAGES if _installed(name)}


def _installed(name: str) -> bool:
    return util.find_spec({"scikit-learn": "sklearn"}.get(name, name)) is not None


def _scored(result: Result, rows: Sequence[Row], task: Task, plan: Plan) -> Result:
    scheme = Scheme.of(task.definition)
    scores = score_rows(rows, scheme, draws=plan.draws, seed=plan.seed)
    return replace(
        result,
        scores=scores_to_dict(scores),
        official=interval_to_dict(headline(scores, scheme)),
        bootstrap={"draws": plan.draws, "seed": plan.seed},
        judgements={
            "judgements": len(rows),
            "documents": len({row["document"] for row in rows}),
            "failures": sum(row["label"] is None for row in rows),
        },
    )
