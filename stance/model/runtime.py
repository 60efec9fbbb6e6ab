"""Running an exported network with ONNX Runtime."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from stance.errors import ModelError
from stance.model.onnx import ort
from stance.model.tokens import Batch
from stance.schema import LABELS

__all__ = ["CPU_TOKENS", "GPU_TOKENS", "OnnxNetwork", "Output", "check_scores", "has_cuda"]

_INPUTS = {"input_ids": 2, "attention_mask": 2, "mentions": 3, "queries": 2}
_OUTPUTS = {"scores": 3, "pooled": 2}
"""What a network takes and gives, and how many axes each has."""
CPU_TOKENS = 512
"""Most tokens in a batch on a CPU, padding included: what more of them take in memory they do not give in speed."""
GPU_TOKENS = 32_768
"""The same on a GPU."""
_CUDA = "CUDAExecutionProvider"


@dataclass(frozen=True, slots=True)
class Output:
    """What the network says about a batch.

    Attributes:
        scores: Before softmax, shape (windows, targets, labels).
        pooled: Mean token state of each window, shape (windows, hidden).
    """

    scores: npt.NDArray[np.float32]
    pooled: npt.NDArray[np.float32]


class OnnxNetwork:
    """An exported network.

    Safe to call from several threads. One batch alone is shared out to all cores; several batches are read at once on a
    CPU, each by one thread, since threads that share a batch wait for each other (docs/decisions/0016).

    Args:
        path: The ONNX file.
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``, which `has_cuda` has to allow.
        cores: Batches that are read at once, and threads of one that is alone (fewer if cores share arithmetic units).

    Raises:
        ModelError: If the file is no network that ONNX Runtime can load.
    """

    library: ClassVar[dict[str, str]] = {"onnxruntime": ort.__version__}

    def __init__(self, path: Path, *, device: str = "cpu", cores: int = 1) -> None:
        self._path = path
        self._files = _files(path)
        name, _, number = device.partition(":")
        on_gpu = name == "cuda"
        self._providers: Sequence[str | tuple[str, dict[str, str]]] = (
            [(_CUDA, {"device_id": number or "0"})] if on_gpu else ["CPUExecutionProvider"]
        )
        self._at_once = 1 if on_gpu else cores
        self.token_budget = GPU_TOKENS if on_gpu else CPU_TOKENS
        every = cores >= (os.cpu_count() or 1)  # then ONNX Runtime counts the physical cores
        self._session = self._open(0 if every else cores)
        self._single: ort.InferenceSession | None = None
        self._lock = threading.Lock()
        self.hidden = _hidden(self._session, path)

    def _open(self, threads: int) -> ort.InferenceSession:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        options.enable_mem_pattern = False  # batches differ in shape, and a pattern is kept for each (70 MB measured)
        options.add_session_config_entry("session.disable_quant_qdq", "1")  # bytes become fp32 once, at loading
        try:
            return ort.InferenceSession(str(self._path), sess_options=options, providers=self._providers)
        except Exception as error:  # ONNX Runtime's own errors share no base but RuntimeError and Exception
            raise ModelError(f"{self._path}: ONNX Runtime cannot load the network: {error}") from error

    def _open_single(self) -> ort.InferenceSession:
        """Give the session whose batches take one thread each; what was made fp32 is in memory twice then."""
        with self._lock:
            if self._single is None:
                single = self._open(1)
                if _files(self._path) != self._files:
                    raise ModelError(f"{self._path.parent}: the model was replaced while it was in use. Load it again.")
                self._single = single
            return self._single

    def run(self, batch: Batch, queries: npt.NDArray[np.float32]) -> Output:
        """Score a batch.

        Args:
            batch: The windows.
            queries: Encoded target descriptions, shape (targets, hidden).

        Returns:
            Scores and mean states.

        Raises:
            ModelError: If the network cannot be run on it, or gives something else than numbers of the right shape.
        """
        return self._run(self._session, batch, queries)

    def run_all(
        self, batches: Sequence[Callable[[], Batch]], queries: npt.NDArray[np.float32]
    ) -> Generator[Output, None, None]:
        """Score batches, several at once where there are cores for it.

        Args:
            batches: What makes each batch; called just before it is read, perhaps from another thread.
            queries: Encoded target descriptions, shape (targets, hidden).

        Yields:
            Scores and mean states of each batch, in order.

        Raises:
            ModelError: As `run`.
        """
        workers = min(self._at_once, len(batches))
        if workers < 2:
            for make in batches:
                yield self.run(make(), queries)
            return
        session = self._open_single()
        pool = ThreadPoolExecutor(workers, thread_name_prefix="stance-batch")
        try:
            yield from pool.map(lambda make: self._run(session, make(), queries), batches)
        finally:
            pool.shutdown(cancel_futures=True)

    def _run(self, session: ort.InferenceSession, batch: Batch, queries: npt.NDArray[np.float32]) -> Output:
        inputs = {
            "input_ids": batch.input_ids,
            "attention_mask": batch.attention_mask,
            "mentions": batch.mentions,
            "queries": queries,
        }
        try:
            scores, pooled = session.run(list(_OUTPUTS), inputs)
        except Exception as error:  # as above
            raise ModelError(f"{self._path}: the network cannot be run: {error}") from error
        output = Output(scores, pooled)
        check_scores(output, batch, self.hidden, self._path)
        return output


def _hidden(session: ort.InferenceSession, path: Path) -> int:
    """Give the size of the states, and make sure that the network takes and gives what is expected."""
    inputs = {item.name: len(item.shape) for item in session.get_inputs()}
    outputs = {item.name: item.shape for item in session.get_outputs()}
    ranks = {name: len(shape) for name, shape in outputs.items()}
    floats = all(item.type == "tensor(float)" for item in session.get_outputs())
    if inputs != _INPUTS or not floats or ranks != _OUTPUTS or type(outputs["pooled"][1]) is not int:
        raise ModelError(
            f"{path}: expected a network from {', '.join(_INPUTS)} to {', '.join(_OUTPUTS)}, "
            f"found one from {', '.join(inputs)} to {', '.join(outputs)} or of other shapes."
        )
    return int(outputs["pooled"][1])


def _files(path: Path) -> dict[str, tuple[int, int, int]]:
    """Tell the files of a network apart from those that may stand there later."""
    found = {item.name: item.stat() for item in path.parent.iterdir() if item.suffix in (".onnx", ".safetensors")}
    return {name: (item.st_ino, item.st_size, item.st_mtime_ns) for name, item in found.items()}


def has_cuda() -> bool:
    """Tell whether the installed ONNX Runtime was built for NVIDIA's GPUs."""
    return _CUDA in ort.get_available_providers()


def check_scores(output: Output, batch: Batch, hidden: int, path: Path) -> None:
    """Make sure that a network gave finite numbers of the right shapes.

    Args:
        output: What it gave.
        batch: For what.
        hidden: Size of its states.
        path: Its file, for messages.

    Raises:
        ModelError: If it did not.
    """
    windows, targets, _ = batch.mentions.shape
    if output.scores.shape != (windows, targets, len(LABELS)) or output.pooled.shape != (windows, hidden):
        raise ModelError(
            f"{path}: expected scores of shape {(windows, targets, len(LABELS))}, found {output.scores.shape}."
        )
    if not np.isfinite(output.scores).all():
        raise ModelError(f"{path}: the network gives scores that are no numbers.")
