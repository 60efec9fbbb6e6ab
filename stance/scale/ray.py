"""The same work on a Ray cluster: data sets of Ray Data, and files that a driver reads and workers judge."""

from __future__ import annotations

import logging
import math
import os
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stance.errors import InputError, MissingExtraError, ModelError, StanceError
from stance.model.store import list_models
from stance.prediction import Judge, Judging
from stance.reporting.outputs import arrow_type
from stance.scale.columns import ColumnPredictor
from stance.scale.steps import Step
from stance.scale.workers import Advance, Engine, Judged, Work

if TYPE_CHECKING:
    import pyarrow as pa
    from ray.data import Dataset

__all__ = ["Workers", "judge_on_ray", "predict"]

_LOG = logging.getLogger("stance")
_USAGE = "RAY_USAGE_STATS_ENABLED"
_AHEAD = 2
"""Steps that a worker is given at once: one that it judges, one that waits there."""
_PATIENCE = 600.0
"""Seconds in which some worker has to load its model, where none is at work: a step may take longer."""
_RETRIES = 4
"""How often a step whose worker died is judged again: what kills all of them is the step, or too little memory."""


@dataclass(frozen=True, slots=True)
class Workers:
    """What works on a cluster; each worker loads the model once.

    Attributes:
        count: How many there are, at most in Ray Data, which needs room to read, too; None means as many as the
            cluster has room for.
        cpus: Cores of each.
        gpus: GPUs of each: 0.25 lets four share one. The device is CUDA where it is above 0, unless one is named.
        rows: Rows of a batch of Ray Data.

    Raises:
        InputError: If a number makes no sense.
    """

    count: int | None = None
    cpus: float = 1.0
    gpus: float = 0.0
    rows: int = 1024

    def __post_init__(self) -> None:
        if (self.count is not None and self.count < 1) or self.rows < 1:
            raise InputError(f"Workers and rows have to be at least 1, found {self.count} and {self.rows}.")
        if not (0 <= self.cpus < math.inf and 0 <= self.gpus < math.inf and self.cpus + self.gpus):
            raise InputError(f"A worker needs a share of cores or GPUs, found cpus={self.cpus}, gpus={self.gpus}.")

    def place(self, judging: Judging) -> Judging:
        """Give what fits: CUDA for workers with GPUs, unless another is named; a model's folder with its whole path.

        A worker's folder is not that of whoever asks.
        """
        device = "cuda" if self.gpus and judging.device is None else judging.device
        known = judging.model is None or (isinstance(judging.model, str) and judging.model in list_models())
        model = judging.model if known else Path(judging.model or "").absolute()
        return replace(judging, device=device, model=model)

    def counted(self, resources: dict[str, float]) -> int:
        """Count the workers that a cluster has room for, at least 1."""
        if self.count is not None:
            return self.count
        wanted = (("CPU", self.cpus), ("GPU", self.gpus))
        return max(1, min(int(resources.get(name, 0.0) // share) for name, share in wanted if share))


def predict(
    dataset: Dataset,
    *,
    judging: Judging | None = None,
    text_column: str = "text",
    prefix: str = "",
    workers: Workers | None = None,
) -> Dataset:
    """Tell where the texts of a Ray data set stand: rows in, the same rows with new columns out.

    A worker that dies is started again and its batch is judged again. Rows keep their columns, so ids go along; their
    order is kept if ``ray.data.DataContext.get_current().execution_options.preserve_order`` is true.

    Args:
        dataset: The data set, as ``ray.data.read_parquet`` gives it. Nothing is computed before it is asked for.
        judging: Targets, model, device and the like; None means the default model and its targets. A folder of a model
            has to be there on every machine.
        text_column: The column with the texts, each taken as one paragraph.
        prefix: What the names of new columns begin with.
        workers: How many workers there are, and what each gets; None means one for each core.

    Returns:
        The data set with the columns of `stance.scale.ColumnPredictor`.

    Raises:
        InputError: If an option makes no sense.
        MissingExtraError: If Ray is not installed.
    """
    ray = _import_ray()
    given = workers or Workers()
    predictor = ColumnPredictor(given.place(judging or Judging()), text_column, prefix)
    if given.count is None:
        _connect(ray)
        given = replace(given, count=given.counted(ray.cluster_resources()))
    return dataset.map_batches(
        _BatchWorker,
        fn_constructor_args=(predictor,),
        batch_format="pyarrow",
        batch_size=given.rows,
        # a pool of a fixed size that fills the cluster would leave nothing to read with, and wait for ever
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=given.count),
        num_cpus=given.cpus,
        num_gpus=given.gpus,
        udf_modifying_row_count=False,
    )  # Ray Data starts workers that died again, and judges their batches again, unless it is told otherwise


@dataclass(slots=True)
class _BatchWorker:
    """Judges batches of Ray Data."""

    predictor: ColumnPredictor
    names: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.names = self.predictor.columns(Judge.load(self.predictor.judging))

    def __call__(self, table: pa.Table) -> pa.Table:
        """Add the columns."""
        import pyarrow as pa

        texts = {name: () for name in table.column_names}
        texts |= {name: table[name].to_pylist() for name in table.column_names if name == self.predictor.text_column}
        found = self.predictor(texts)
        for column, name in self.names.items():
            kind = getattr(pa, arrow_type(column))()
            table = table.append_column(name, pa.array(found[name], type=kind))
        return table


def judge_on_ray(workers: Workers | None = None) -> Engine:
    """Make an engine that judges steps on a Ray cluster: the one that ``RAY_ADDRESS`` names, or one on this machine.

    Steps are the same as in one process, and so is what is written, to the byte on machines of one kind. A worker that
    dies is started again and its step is judged again, up to four times. Workers whose model has other files than that
    of whoever asks are refused.

    Args:
        workers: How many workers there are, and what each gets; None means one for each core.

    Returns:
        The engine, for `stance.scale.stream.run_plan`.

    Raises:
        MissingExtraError: If Ray is not installed.
    """
    ray = _import_ray()
    given = workers or Workers()

    def engine(steps: Iterator[Step], work: Work, advance: Advance) -> Generator[Judged, None, None]:
        started = _connect(ray)
        count = given.counted(ray.cluster_resources())
        remote = ray.remote(num_cpus=given.cpus, num_gpus=given.gpus, max_restarts=-1, max_task_retries=_RETRIES)
        placed = replace(work, judging=given.place(work.judging))
        pool = [remote(_StepWorker).remote(placed) for _ in range(count)]
        try:
            yield from _in_order(_Pool(ray, pool, Judge.load(work.judging).classifier.hashes), steps, advance)
        finally:
            for worker in pool:
                ray.kill(worker)
            if started:
                ray.shutdown()

    return engine


@dataclass(slots=True)
class _StepWorker:
    """Judges steps."""

    work: Work

    def load(self) -> dict[str, str]:
        """Load the model; give the sha256 of its files."""
        return Judge.load(self.work.judging).classifier.hashes

    def judge(self, step: Step) -> bytes:
        """Give a step's bytes in the output."""
        return self.work(step)


class _Pool:
    """Workers, and what they are at; a worker that has not loaded its model yet, or has no place, gets nothing to do.

    Args:
        ray: The module.
        workers: The workers.
        hashes: The sha256 of each file of the model that they have to have.
    """

    def __init__(self, ray: Any, workers: list[Any], hashes: dict[str, str]) -> None:  # noqa: ANN401 - a module
        self.most = 2 * _AHEAD * len(workers)
        self._ray = ray
        self._hashes = hashes
        self._loading = {worker.load.remote(): worker for worker in workers}
        self._busy: dict[Any, Any] = {}
        self._free: deque[Any] = deque()

    def submit(self, step: Step) -> Any:  # noqa: ANN401 - a reference of Ray's
        """Give a step to a worker that has room for it; waits for one."""
        while not self._free:
            self._settle()
        worker = self._free.popleft()
        result = worker.judge.remote(step)
        self._busy[result] = worker
        return result

    def _settle(self) -> None:
        """Wait until a worker is done with something."""
        patience = None if self._busy else _PATIENCE
        done, _ = self._ray.wait([*self._loading, *self._busy], num_returns=1, timeout=patience)
        if not done:
            raise StanceError(
                f"No worker of the cluster was ready within {_PATIENCE:.0f} seconds. It has "
                f"{self._ray.cluster_resources()}: ask for fewer or smaller workers, or add machines."
            )
        if done[0] in self._loading:
            if self.get(done[0]) != self._hashes:  # raises what was wrong
                raise ModelError(
                    "A worker of the cluster has another model than this machine under the same name or path. Install "
                    "the same version of stance, or copy the same folder, on every machine."
                )
            self._free.extend([self._loading.pop(done[0])] * _AHEAD)
        else:
            self._free.append(self._busy.pop(done[0]))

    def is_done(self, result: Any) -> bool:  # noqa: ANN401
        """Tell whether a result is there."""
        return bool(self._ray.wait([result], timeout=0)[0])

    def get(self, result: Any) -> Any:  # noqa: ANN401
        """Wait for a result; what stance raised in a worker is raised here."""
        try:
            data = self._ray.get(result)
        except self._ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, StanceError):
                raise error.cause from None
            raise
        except self._ray.exceptions.RayActorError as error:
            raise StanceError(
                f"Workers of the cluster died {_RETRIES + 1} times over one step: perhaps they lack memory. Give each "
                "more cores (fewer share a machine), then go on with --resume. "
                f"Ray says: {str(error).splitlines()[0]}"
            ) from error
        if result in self._busy:
            self._free.append(self._busy.pop(result))
        return data


def _in_order(pool: _Pool, steps: Iterator[Step], advance: Advance) -> Iterator[Judged]:
    """Give steps to workers as they get free, and the results in order; few steps are held at once."""
    waiting: deque[tuple[Step, Any]] = deque()

    def take() -> Judged:
        step, result = waiting.popleft()
        data = pool.get(result)
        advance(step, step.paragraphs)
        return Judged(step, data)

    for step in steps:
        if len(waiting) >= pool.most:
            yield take()
        waiting.append((step, pool.submit(step)))
        while waiting and pool.is_done(waiting[0][1]):
            yield take()
    while waiting:
        yield take()


def _import_ray() -> Any:  # noqa: ANN401 - a module
    try:
        import ray
        import ray.data
    except ImportError:
        raise MissingExtraError("Working on a Ray cluster", "scale") from None
    return ray


def _connect(ray: Any) -> bool:  # noqa: ANN401 - a module
    """Connect to the cluster, if that is not done; tell whether it was done here."""
    if ray.is_initialized():
        return False
    address = os.environ.get("RAY_ADDRESS")
    _LOG.info("%s", f"connecting to the Ray cluster at {address}" if address else "starting Ray on this machine")
    before = os.environ.get(_USAGE)
    os.environ[_USAGE] = before or "0"  # Ray reports over the network how it is used, unless it is told not to
    try:
        ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    finally:
        if before is None:
            del os.environ[_USAGE]
    return True
