"""Which library runs a network: ONNX Runtime, or torch where it is named or has the only way to a GPU."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING

from stance.errors import InputError, MissingExtraError, ModelError, StanceError
from stance.model.graph import check_graph
from stance.model.runtime import OnnxNetwork, has_cuda
from stance.model.store import NEEDED, NETWORK_FILE, ModelConfig, list_needed, read_config, verify_files

if TYPE_CHECKING:
    from stance.model.torch_runtime import TorchNetwork

__all__ = ["open_model", "open_network"]

_TORCH = "torch:"
_DEVICE = re.compile(r"cpu|cuda(:[0-9]{1,3})?")


def open_model(
    folder: Path, *, device: str | None, cores: int, allow_unsigned: bool = False
) -> tuple[ModelConfig, OnnxNetwork | TorchNetwork, dict[str, str]]:
    """Verify a model's files and load its network.

    What is parsed is verified before it is parsed; the weights, numbers of known sizes, while the network is loaded.

    Args:
        folder: A model folder.
        device: As for `open_network`.
        cores: As for `open_network`.
        allow_unsigned: Whether files without a hash in ``hashes.json`` may be used.

    Returns:
        The config, the network, and the sha256 of every file that predicting reads.

    Raises:
        InputError: If the device is unknown or not to be had.
        MissingExtraError: If torch is named and not installed.
        ModelError: If the model is missing, incomplete, altered, or reads what does not belong to it.
    """
    parsed = verify_files(folder, NEEDED, allow_unsigned=allow_unsigned)
    config = read_config(folder)
    with ThreadPoolExecutor(1, thread_name_prefix="stance-verify") as pool:
        verifying = pool.submit(verify_files, folder, allow_unsigned=allow_unsigned)
        try:
            weights = [folder / name for name in list_needed(folder, {}) if name not in NEEDED]
            check_graph(folder / NETWORK_FILE, {path.name: path.stat().st_size for path in weights if path.is_file()})
            network = open_network(folder, config, device=device, cores=cores)
        except (StanceError, MemoryError):
            verifying.result()  # damaged weights say more than what came of them
            raise
        found = verifying.result()
    if parsed.items() - found.items():
        raise ModelError(f"{folder}: the model was replaced while it was loaded. Load it again.")
    return config, network, found


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
