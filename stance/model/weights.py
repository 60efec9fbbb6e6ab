"""Files of weights: each weight stored once, for prediction (``model.onnx`` points into them) and further training.

By hand, since ONNX Runtime's own quantiser writes its weights into the graph: they would lie in a folder twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from stance.errors import ModelError
from stance.model.store import list_weights, name_part

__all__ = ["MOST", "SCALE", "SMALL", "ZERO", "Place", "block_size", "load_weights", "place_weights", "save_weights"]

SCALE = ".scale"
"""What the name of a quantised weight's scales ends with."""
MOST = 90_000_000
"""Bytes of the weights in one file, without its header: hosts of repositories refuse files above 100 MB."""
SMALL = 1024
"""A weight with fewer numbers than this stays in fp32."""
_BLOCKS = (64, 32, 16)
"""How many numbers of a row share a scale: the first of these that divides the row."""
ZERO = 128
"""What stands for 0 in a matrix's bytes: ONNX Runtime's MatMulNBits reads unsigned numbers."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tensor lies.

    Attributes:
        file: Name of the file.
        dtype: As safetensors names it: ``"F32"``, ``"F16"``, ``"U8"``, ``"I8"``.
        shape: Its shape.
        offset: Bytes from the beginning of the file.
        length: Bytes.
    """

    file: str
    dtype: str
    shape: tuple[int, ...]
    offset: int
    length: int


def save_weights(
    state: Mapping[str, Tensor],
    folder: Path,
    *,
    precision: str = "fp16",
    quantised: Mapping[str, str] | None = None,
    bits: int = 8,
    most: int = MOST,
) -> None:
    """Write weights, in as many files as are needed.

    A ``"matrix"`` becomes bytes b with a scale for each block of a row, and means (b - 128) * scale; a ``"table"``
    becomes signed bytes with a scale a row. Symmetric, rounded to nearest; scales are in fp16.

    Args:
        state: Name -> weight.
        folder: Where to write; has to exist.
        precision: ``"fp16"`` or ``"fp32"``: how other weights of `SMALL` numbers or more are stored.
        quantised: Name -> ``"matrix"`` or ``"table"``, for those that are stored in bytes.
        bits: How many bits of a byte are used, 4 to 8: fewer compress better, for a wheel or a repository.
        most: Bytes of one file; a single weight may be larger.
    """
    kept: dict[str, Tensor] = {}
    for name, value in state.items():
        kind = (quantised or {}).get(name, "")
        if kind:
            block = value.shape[1] if kind == "table" else block_size(value.shape[1])
            numbers, scale = _quantise(value.detach().float(), block, bits)
            kept[name + SCALE] = scale.half()
            kept[name] = numbers.to(torch.int8) if kind == "table" else (numbers + ZERO).to(torch.uint8)
        else:
            small = value.numel() < SMALL or precision == "fp32"
            kept[name] = (value.float() if small else value.half()).contiguous()
    parts = _share_out(kept, most)
    for number, part in enumerate(parts, start=1):
        path = folder / name_part(number, len(parts))
        path.touch()
        mode = path.stat().st_mode
        save_file(part, path, metadata={"format": "pt"})
        path.chmod(mode)  # safetensors writes a file that only its owner may read


def _share_out(tensors: Mapping[str, Tensor], most: int) -> list[dict[str, Tensor]]:
    """Share tensors out to files, in their order."""
    parts: list[dict[str, Tensor]] = [{}]
    size = 0
    for name, tensor in tensors.items():
        if parts[-1] and size + tensor.nbytes > most:
            parts.append({})
            size = 0
        parts[-1][name] = tensor
        size += tensor.nbytes
    return parts


def load_weights(folder: Path) -> dict[str, Tensor]:
    """Read weights as fp32, whatever they are stored as.

    Args:
        folder: The model folder.

    Returns:
        Name -> weight; empty if the folder has no weights.

    Raises:
        ModelError: If a file of weights is damaged, or bytes and their scales do not belong together.
    """
    stored: dict[str, Tensor] = {}
    for name in list_weights(folder):
        try:
            stored |= load_file(folder / name)
        except (OSError, ValueError, SafetensorError) as error:
            raise ModelError(f"{folder / name}: cannot be read ({error}). Install or train the model again.") from error
    weights = {}
    for name, value in stored.items():
        if name.endswith(SCALE) and name.removesuffix(SCALE) in stored:
            continue
        scale = stored.get(name + SCALE)
        if scale is None:
            weights[name] = value.float()
        else:
            numbers = value.float() - (ZERO if value.dtype == torch.uint8 else 0)
            weights[name] = numbers * _spread(scale, value, f"{folder}: weight {name!r:.100}")
    return weights


def _spread(scale: Tensor, value: Tensor, where: str) -> Tensor:
    """Give each number of a weight its scale; shapes are compared first, so that nothing grows beyond the weight."""
    fits = (
        value.ndim == scale.ndim == 2
        and value.shape[0] == scale.shape[0]
        and 0 < scale.shape[1] <= value.shape[1]
        and value.shape[1] % scale.shape[1] == 0
    )
    if not fits:
        raise ModelError(
            f"{where}: expected scales for blocks of its rows, found shape {tuple(scale.shape)} for one of "
            f"{tuple(value.shape)}. Install or train the model again."
        )
    return scale.float().repeat_interleave(value.shape[1] // scale.shape[1], dim=1)


def place_weights(folder: Path) -> dict[str, Place]:
    """Tell where each tensor lies (the format of safetensors: a length of 8 bytes, a JSON header, the bytes)."""
    places = {}
    for name in list_weights(folder):
        with (folder / name).open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length))
        for tensor, entry in header.items():
            if tensor != "__metadata__":
                start, end = entry["data_offsets"]
                places[tensor] = Place(name, entry["dtype"], tuple(entry["shape"]), 8 + length + start, end - start)
    return places


def block_size(columns: int) -> int:
    """Tell how many numbers of a matrix's row share a scale; 0 if none of `_BLOCKS` divides the row."""
    return next((size for size in _BLOCKS if columns % size == 0), 0)


def _quantise(value: Tensor, block: int, bits: int) -> tuple[Tensor, Tensor]:
    """Give whole numbers of the shape of `value`, and scales that fp16 can hold, shape (rows, blocks)."""
    rows, columns = value.shape
    parts = value.reshape(rows, columns // block, block)
    most = 2 ** (bits - 1) - 1
    scale = (parts.abs().amax(-1) / most).half().float().clamp(min=2.0**-24)
    numbers = (parts / scale[..., None]).round().clamp(-most, most)
    return numbers.reshape(rows, columns).contiguous(), scale.contiguous()
