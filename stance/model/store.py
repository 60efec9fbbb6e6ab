"""Model folders: where a model lies, what its config says, whether its files are what they were."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stance.errors import ModelError, suggest
from stance.model.calibration import COLDEST, Calibration
from stance.schema import LABELS

__all__ = [
    "CONFIG_FILE",
    "DEFAULT_MODEL",
    "FORMAT",
    "HASHES_FILE",
    "NETWORK_FILE",
    "TOKENIZER_FILE",
    "WEIGHTS_FILE",
    "ModelConfig",
    "find_model",
    "hash_file",
    "list_models",
    "list_needed",
    "list_weights",
    "name_part",
    "read_config",
    "verify_files",
    "verify_folder",
    "write_config",
    "write_hashes",
]

DEFAULT_MODEL = "base"
FORMAT = 2
"""Number of the folder format; a reader refuses a higher one. Since 2 the graph reads weights from `WEIGHTS_FILE`."""

CONFIG_FILE = "config.json"
HASHES_FILE = "hashes.json"
NETWORK_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
WEIGHTS_FILE = "model.safetensors"
"""The weights; large ones lie in parts, named as `name_part` says."""

_WEIGHTS = ".safetensors"
_SPLIT_FORMAT = 2
"""The first format whose graph reads its weights from other files."""
_MOST = {CONFIG_FILE: 1 << 26, HASHES_FILE: 1 << 20, TOKENIZER_FILE: 1 << 28}
"""Most bytes of files that are read whole; the released ones have a hundredth of it."""
NEEDED = (CONFIG_FILE, NETWORK_FILE, TOKENIZER_FILE)
"""What predicting reads beside the weights; the other files of a folder are for people."""


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """What ``config.json`` of a model folder says.

    Attributes:
        name: Name of the model.
        labels: Label of each output, in order.
        targets: Names of the targets that it was trained on.
        window: Most tokens read at once, the two special ones included.
        overlap: Tokens that consecutive windows share.
        temperature: What scores are divided by before softmax, in a model without `calibration`.
        pad_id: Token id of padding.
        precision: How the weights are stored ("int8", "fp16", "fp32").
        arithmetic: What the encoder's matrices are multiplied in ("fp32", "int8"); older models have "fp32".
        calibration: What `stance.model.calibration.Calibration.to_dict` gave; empty in models from before it.
        format: Number of the folder format.
        target_definitions: Those targets, with the fields of `stance.Target`; empty in older models.
        queries: Description of a target -> its encoded query, little-endian float32 in base64: so the first prediction
            need not compute it. Empty in older models.
        encoder: Name, hash and licence of the encoder it was trained from, and its transformers config.
        head: Sizes of the head.
        training: Command, recipe, data hashes, seed, versions.
        metrics: Scores on dev and test, per target and label.
    """

    name: str
    labels: tuple[str, ...]
    targets: tuple[str, ...]
    window: int
    overlap: int
    temperature: float = 1.0
    pad_id: int = 0
    precision: str = "fp32"
    arithmetic: str = "fp32"
    calibration: dict[str, Any] = field(default_factory=dict)
    format: int = FORMAT
    target_definitions: tuple[dict[str, Any], ...] = ()
    queries: dict[str, str] = field(default_factory=dict)
    encoder: dict[str, Any] = field(default_factory=dict)
    head: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)


def find_model(model: str | Path | None = None) -> Path:
    """Find a model's folder.

    Args:
        model: Name of a released model, or the path of a folder; None means the default model.

    Returns:
        The folder.

    Raises:
        ModelError: If there is no such model.
    """
    name = DEFAULT_MODEL if model is None else model
    if not isinstance(name, str | os.PathLike):
        raise ModelError(f"Expected the name or folder of a model, found {type(name).__name__}.")
    folders = _release_folders()
    if isinstance(name, str) and Path(name).name == name:
        for folder in folders:
            if (folder / name / CONFIG_FILE).is_file():
                return folder / name
    if (Path(name) / CONFIG_FILE).is_file():
        return Path(name)
    if Path(name).is_dir():
        raise ModelError(f"Model {str(name)!r}: the folder has no {CONFIG_FILE}. Give a folder that stance wrote.")
    known = list_models()
    raise ModelError(
        f"Unknown model {str(name)!r}: neither a released model nor a folder: "
        + (f"{suggest(str(name), known)}." if known else "this installation has no released model.")
        + " Give the folder of any other (small: models/small of the repository)."
    )


def list_models() -> dict[str, Path]:
    """Give the released models of this installation: name -> folder, sorted by name."""
    found: dict[str, Path] = {}
    for folder in _release_folders():
        for config in folder.glob(f"*/{CONFIG_FILE}"):
            found.setdefault(config.parent.name, config.parent)
    return dict(sorted(found.items()))


def _release_folders() -> list[Path]:
    """Where released models lie: in the package, and in the checkout that an editable install runs from."""
    package = Path(__file__).resolve().parent.parent
    folders = [package / "released"]
    if (package.parent / "pyproject.toml").is_file():
        folders.append(package.parent / "models")
    return folders


def read_config(folder: Path) -> ModelConfig:
    """Read and check ``config.json``.

    Args:
        folder: A model folder.

    Returns:
        The config.

    Raises:
        ModelError: If it is no JSON object, lacks a field or has an unusable one, or is of a newer format.
    """
    path = folder / CONFIG_FILE
    try:
        values = _read_json(path)
        known = {item.name for item in dataclasses.fields(ModelConfig)}
        given: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in values.items() if key in known
        }
        config = ModelConfig(**given)
        _check_types(config)
        if config.format > FORMAT:
            raise ModelError(
                f"{path}: format {config.format} is newer than this version of stance reads ({FORMAT}). Update it."
            )
        if config.calibration:
            Calibration.from_dict(config.calibration)
    except (OSError, ValueError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        if isinstance(error, ModelError) and str(error).startswith(str(path)):
            raise
        raise ModelError(
            f"{path}: cannot be read as a model config ({error}). Install or train the model again."
        ) from error
    if sorted(config.labels) != sorted(LABELS):
        raise ModelError(
            f"{path}: expected the labels {', '.join(LABELS)}, found {', '.join(map(str, config.labels))}."
        )
    return config


def _read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object from a file that is not too large."""
    size, most = path.stat().st_size, _MOST[path.name]
    if size > most:
        raise ValueError(f"expected at most {most} bytes, found {size}")
    values = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(values, dict):
        raise TypeError(f"expected an object, found {type(values).__name__}")
    return values


_WORDS = ("labels", "targets")
_WHOLE = {"window": 3, "overlap": 0, "pad_id": 0, "format": 1}
"""Fields that are whole numbers, and the least that each may be."""


def _check_types(config: ModelConfig) -> None:
    """Refuse values that are not of their field's type, or make no sense."""
    for item in dataclasses.fields(config):
        value = getattr(config, item.name)
        if item.name in _WHOLE:
            least = _WHOLE[item.name]
            if type(value) is not int or not least <= value < 1 << 31:
                raise ValueError(f"field {item.name!r}: expected a whole number from {least} on, found {value!r:.40}")
        elif item.name == "temperature":
            if type(value) not in (int, float) or not COLDEST <= value < math.inf:
                raise ValueError(f"field 'temperature': expected a number from {COLDEST:g} on, found {value!r}")
        elif not isinstance(value, kind := _KINDS[str(item.type).partition("[")[0]]):
            raise ValueError(f"field {item.name!r}: expected {kind.__name__}, found {type(value).__name__}")
    for name in _WORDS:
        if not all(isinstance(word, str) for word in getattr(config, name)):
            raise ValueError(f"field {name!r}: expected a list of words")
    if not all(isinstance(entry, dict) for entry in config.target_definitions):
        raise ValueError("field 'target_definitions': expected a list of objects")
    if config.overlap >= config.window - 2:
        raise ValueError(
            f"field 'overlap': expected less than window - 2 = {config.window - 2}, found {config.overlap}"
        )


_KINDS = {"str": str, "tuple": tuple, "dict": dict}


def write_config(folder: Path, config: ModelConfig) -> None:
    """Write ``config.json``."""
    text = json.dumps(dataclasses.asdict(config), indent=2, ensure_ascii=False)
    (folder / CONFIG_FILE).write_text(text + "\n", encoding="utf-8")


def hash_file(path: Path) -> str:
    """Give the sha256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_hashes(folder: Path) -> None:
    """Write ``hashes.json``: the sha256 of every other file of the folder."""
    names = sorted(path.name for path in folder.iterdir() if path.is_file() and path.name != HASHES_FILE)
    hashes = {name: hash_file(folder / name) for name in names}
    (folder / HASHES_FILE).write_text(_hashes_text(hashes), encoding="utf-8")


def _hashes_text(hashes: dict[str, str]) -> str:
    return json.dumps(hashes, indent=2) + "\n"


def name_part(number: int, parts: int) -> str:
    """Name a file of weights, as the Hugging Face hub does.

    >>> name_part(1, 2), name_part(1, 1)
    ('model-00001-of-00002.safetensors', 'model.safetensors')
    """
    stem, dot, kind = WEIGHTS_FILE.partition(".")
    return WEIGHTS_FILE if parts == 1 else f"{stem}-{number:05}-of-{parts:05}{dot}{kind}"


def list_weights(folder: Path) -> tuple[str, ...]:
    """Name the files of weights in a model folder, the parts in order.

    Raises:
        ModelError: If a part is missing.
    """
    names = sorted(path.name for path in folder.glob("model*.safetensors"))
    for parts in range(1, len(names) + 2):
        wanted = tuple(name_part(number, parts) for number in range(1, parts + 1))
        if set(names) & set(wanted):
            missing = next((name for name in wanted if name not in names), None)
            if missing:
                raise ModelError(f"{folder / missing}: the file is missing. Install or train the model again.")
            return wanted
    return ()


def list_needed(folder: Path, hashes: dict[str, str]) -> tuple[str, ...]:
    """Name what predicting reads: every file of weights that is there or that has a hash; a first format needs none.

    Args:
        folder: A model folder.
        hashes: What its ``hashes.json`` says, as far as it is known.

    Returns:
        Names of files; one that has to be there is named whether it is or not.

    Raises:
        ModelError: If a part of the weights is missing.
    """
    there = list_weights(folder)
    try:
        first = _read_json(folder / CONFIG_FILE)["format"] < _SPLIT_FORMAT
    except (OSError, ValueError, KeyError, TypeError, RecursionError):  # `read_config` says what is wrong with it
        first = False
    if first:
        return NEEDED
    listed = [name for name in hashes if name.endswith(_WEIGHTS) and name not in there]
    return (*NEEDED, *(there or (() if listed else (WEIGHTS_FILE,))), *listed)


def verify_files(folder: Path, names: tuple[str, ...] | None = None, *, allow_unsigned: bool = False) -> dict[str, str]:
    """Check files of a model folder against ``hashes.json``.

    Args:
        folder: A model folder.
        names: Files that have to be there and be whole; None means what predicting reads.
        allow_unsigned: Whether files without a hash may be used; one that has another hash is refused all the same.

    Returns:
        File name -> sha256, for the names given.

    Raises:
        ModelError: If a file or its hash is missing, a file has another hash, or is a link out of the folder.
    """
    path = folder / HASHES_FILE
    try:
        hashes = {} if allow_unsigned and not path.exists() else _read_json(path)
        needed = list_needed(folder, hashes) if names is None else names
        wanted = {name: None if allow_unsigned and name not in hashes else str(hashes[name]) for name in needed}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(
            f"{path}: cannot be read or lacks a hash ({error!r}). Install or train the model again; a model of your "
            "own is used without hashes with --allow-unsigned."
        ) from error
    return {name: _verified(folder, name, expected) for name, expected in wanted.items()}


def _verified(folder: Path, name: str, expected: str | None) -> str:
    """Give the sha256 of a file, which has to be the one expected."""
    if name in (".", "..") or not name or set(name) & set("/\\:\0"):
        raise ModelError(f"{folder / HASHES_FILE}: {name!r} is no name of a file of the folder. Do not use this model.")
    path = folder / name
    if not path.is_file():
        raise ModelError(f"{path}: the file is missing. Install or train the model again.")
    if path.resolve().parent != folder.resolve():
        raise ModelError(f"{path}: is a link to a file outside of the folder. Copy the file itself there (cp -L).")
    if path.stat().st_size > _MOST.get(name, math.inf):
        raise ModelError(f"{path}: expected at most {_MOST[name]} bytes, found {path.stat().st_size}.")
    found = hash_file(path)
    if expected is not None and found != expected:
        raise ModelError(
            f"{path}: the file was changed or damaged: expected sha256 {expected[:12]}…, "
            f"found {found[:12]}…. Install or train the model again."
        )
    return found


def verify_folder(folder: Path) -> dict[str, str]:
    """Check every file of a model folder, those for people too.

    Args:
        folder: A model folder.

    Returns:
        File name -> sha256.

    Raises:
        ModelError: If a file is missing, damaged, or not listed in ``hashes.json``, or that is not as it was written.
    """
    verify_files(folder)
    path = folder / HASHES_FILE
    hashes = _read_json(path)
    if path.read_bytes() != _hashes_text(hashes).encode():
        raise ModelError(f"{path}: the file was changed: it is not as stance writes it. Install the model again.")
    found = verify_files(folder, tuple(hashes))
    there = {entry.name for entry in folder.iterdir() if not entry.name.startswith(".")} - {HASHES_FILE}
    if more := sorted(there - set(found)):
        raise ModelError(f"{folder}: {', '.join(more)}: not listed in {HASHES_FILE}, so nobody vouches for it.")
    return found
