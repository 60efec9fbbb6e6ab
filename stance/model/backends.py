"""Which library runs a network: ONNX Runtime, or torch where it is named or has the only way to a GPU."""

from __future__ import annotations

import re
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING

from stance.errors import InputError, MissingExtraError
from stance.model.runtime import OnnxNetwork, has_cuda
from stance.model.store import NETWORK_FILE, ModelConfig

if TYPE_CHECKING:
    from stance.model.torch_runtime import TorchNetwork

__all__ = ["open_network"]

_TORCH = "torch:"
_DEVICE = re.compile(r"cpu|cuda(:[0-9]{1,3})?")


def open_network(folder: Path, config: ModelConfig, *, device: str | None, cores: int) -> OnnxNetwork | TorchNetwork:
    """Load a model's network for a device.

    Args:
        folder: The model folder, whose files have been verified.
        config: What its ``config.json`` says.
        device: ``"cpu"`` (None means the same), ``"cuda"`` or ``"cuda:N"``; with ``"torch:"`` before it torch runs the
            network, as it does on a GPU if ONNX Runtime was built without CUDA.
        cores: Cores to use on a CPU.

    Returns:
        The network.

    Raises:
        InputError: If the device is unknown or not to be had.
        MissingExtraError: If torch is named and not installed.
        ModelError: If the network cannot be loaded.
    """
    asked = "cpu" if device is None else str(device)
    named = asked.startswith(_TORCH)
    place = asked.removeprefix(_TORCH)
    if not _DEVICE.fullmatch(place):
        raise InputError(f"Unknown device {asked!r}: expected 'cpu', 'cuda', 'cuda:N', 'torch:cpu' or 'torch:cuda'.")
    whole = config.arithmetic == "int8"  # ONNX Runtime multiplies whole numbers on the CPU alone
    if not named and (place == "cpu" or (has_cuda() and not (whole and not _lacking() and _sees_gpu()))):
        return OnnxNetwork(folder / NETWORK_FILE, device=place, cores=cores)
    if not named and (_lacking() or not _sees_gpu()):
        raise InputError(
            f"Device {asked!r}: the installed ONNX Runtime has no CUDA, and there is no torch that sees a GPU. "
            "Use device='cpu', or install torch for CUDA with stance-kit[train], or onnxruntime-gpu for onnxruntime."
        )
    if _lacking():
        raise MissingExtraError(f"Device {asked!r}", "train")
    from stance.model.torch_runtime import TorchNetwork

    return TorchNetwork(folder, config, device=place)


def _lacking() -> bool:
    """Tell whether torch, or what it builds networks with, is not installed."""
    return not all(util.find_spec(name) for name in ("torch", "transformers", "safetensors"))


def _sees_gpu() -> bool:
    from stance.model.torch_runtime import sees_gpu

    return sees_gpu()
