"""Running an exported network with ONNX Runtime."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from stance.errors import InputError, ModelError
from stance.model.tokens import Batch
from stance.schema import LABELS

__all__ = ["OnnxNetwork", "Output"]

_INPUTS = {"input_ids": 2, "attention_mask": 2, "mentions": 3, "queries": 2}
_OUTPUTS = {"scores": 3, "pooled": 2}
"""What a network takes and gives, and how many axes each has."""
_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


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
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``; None means CPU.
        cores: Batches that are read at once, and threads of one that is alone (fewer if cores share arithmetic units).

    Raises:
        InputError: If the device is unknown or ONNX Runtime was built without it.
        ModelError: If the file is no network that ONNX Runtime can load.
    """

    def __init__(self, path: Path, *, device: str | None = None, cores: int = 1) -> None:
        self._path = path
        self._files = _files(path)
        self._providers = _providers(device)
        self._at_once = cores if self._providers == ["CPUExecutionProvider"] else 1
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
        windows, targets, _ = batch.mentions.shape
        if scores.shape != (windows, targets, len(LABELS)) or pooled.shape != (windows, self.hidden):
            raise ModelError(
                f"{self._path}: expected scores of shape {(windows, targets, len(LABELS))}, found {scores.shape}."
            )
        if not np.isfinite(scores).all():
            raise ModelError(f"{self._path}: the network gives scores that are no numbers.")
        return Output(scores, pooled)


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


def _providers(device: str | None) -> list[str | tuple[str, dict[str, str]]]:
    name, _, number = ("cpu" if device is None else str(device)).partition(":")
    if name not in _PROVIDERS or (number and (name == "cpu" or not number.isdigit())):
        raise InputError(f"Unknown device {device!r}: expected 'cpu', 'cuda' or 'cuda:N'.")
    if _PROVIDERS[name] not in ort.get_available_providers():
        raise InputError(
            f"Device {device!r}: the installed ONNX Runtime has no {_PROVIDERS[name]}. "
            "Use device='cpu', or install onnxruntime-gpu in place of onnxruntime."
        )
    return ["CPUExecutionProvider"] if name == "cpu" else [(_PROVIDERS[name], {"device_id": number or "0"})]
