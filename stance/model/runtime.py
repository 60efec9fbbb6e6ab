"""Running an exported network with ONNX Runtime."""

from __future__ import annotations

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

    Safe to call from several threads.

    Args:
        path: The ONNX file.
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``; None means CPU.
        threads: Threads of one batch; 0 lets ONNX Runtime choose.

    Raises:
        InputError: If the device is unknown or ONNX Runtime was built without it.
        ModelError: If the file is no network that ONNX Runtime can load.
    """

    def __init__(self, path: Path, *, device: str | None = None, threads: int = 0) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        options.enable_mem_pattern = False  # batches differ in shape, and a pattern is kept for each (70 MB measured)
        providers = _providers(device)
        try:
            self._session = ort.InferenceSession(str(path), sess_options=options, providers=providers)
        except Exception as error:  # ONNX Runtime's own errors share no base but RuntimeError and Exception
            raise ModelError(f"{path}: ONNX Runtime cannot load the network: {error}") from error
        self.hidden = int(self._session.get_outputs()[1].shape[1])

    def run(self, batch: Batch, queries: npt.NDArray[np.float32]) -> Output:
        """Score a batch.

        Args:
            batch: The windows.
            queries: Encoded target descriptions, shape (targets, hidden).

        Returns:
            Scores and mean states.
        """
        inputs = {
            "input_ids": batch.input_ids,
            "attention_mask": batch.attention_mask,
            "mentions": batch.mentions,
            "queries": queries,
        }
        scores, pooled = self._session.run(["scores", "pooled"], inputs)
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
