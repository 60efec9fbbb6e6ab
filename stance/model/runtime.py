"""Running an exported network with ONNX Runtime."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from stance.errors import InputError, ModelError
from stance.model.tokens import Batch

__all__ = ["OnnxNetwork", "Output"]

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
        self._providers = _providers(device)
        self._at_once = cores if self._providers == ["CPUExecutionProvider"] else 1
        every = cores >= (os.cpu_count() or 1)  # then ONNX Runtime counts the physical cores
        self._session = self._open(0 if every else cores)
        self._single: ort.InferenceSession | None = None
        self._lock = threading.Lock()
        self.hidden = int(self._session.get_outputs()[1].shape[1])

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
        """Give the session whose batches take one thread each; weights are mapped, so it costs little memory."""
        with self._lock:
            if self._single is None:
                self._single = self._open(1)
            return self._single

    def run(self, batch: Batch, queries: npt.NDArray[np.float32]) -> Output:
        """Score a batch.

        Args:
            batch: The windows.
            queries: Encoded target descriptions, shape (targets, hidden).

        Returns:
            Scores and mean states.
        """
        return _run(self._session, batch, queries)

    def run_all(self, batches: Sequence[Callable[[], Batch]], queries: npt.NDArray[np.float32]) -> Iterator[Output]:
        """Score batches, several at once where there are cores for it.

        Args:
            batches: What makes each batch; called just before it is read, perhaps from another thread.
            queries: Encoded target descriptions, shape (targets, hidden).

        Yields:
            Scores and mean states of each batch, in order.
        """
        workers = min(self._at_once, len(batches))
        if workers < 2:
            for make in batches:
                yield self.run(make(), queries)
            return
        session = self._open_single()
        pool = ThreadPoolExecutor(workers, thread_name_prefix="stance-batch")
        try:
            yield from pool.map(lambda make: _run(session, make(), queries), batches)
        finally:
            pool.shutdown(cancel_futures=True)


def _run(session: ort.InferenceSession, batch: Batch, queries: npt.NDArray[np.float32]) -> Output:
    inputs = {
        "input_ids": batch.input_ids,
        "attention_mask": batch.attention_mask,
        "mentions": batch.mentions,
        "queries": queries,
    }
    scores, pooled = session.run(["scores", "pooled"], inputs)
    return Output(scores, pooled)


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
