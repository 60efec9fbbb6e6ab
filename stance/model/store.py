"""Model folders: where a model lies, what its config says, whether its files are what they were."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stance.errors import ModelError, suggest
from stance.model.calibration import Calibration
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
    "list_weights",
    "name_part",
    "read_config",
    "verify_files",
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

_TYPES = {"str": (str,), "int": (int,), "float": (int, float), "tuple": (tuple,), "dict": (dict,)}
_WEIGHTS = ".safetensors"
_SPLIT_FORMAT = 2
"""The first format whose graph reads its weights from other files."""
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
    folders = _release_folders()
    if isinstance(name, str) and Path(name).name == name:
        for folder in folders:
            if (folder / name / CONFIG_FILE).is_file():
                return folder / name
    if (Path(name) / CONFIG_FILE).is_file():
        return Path(name)
    if Path(name).is_dir():
        raise ModelError(f"Model {str(name)!r}: the folder has no {CONFIG_FILE}. Give a folder that stance wrote.")
    known = sorted({found.parent.name for folder in folders for found in folder.glob(f"*/{CONFIG_FILE}")})
    raise ModelError(
        f"Unknown model {str(name)!r}: neither a released model nor a folder. "
        + (f"{suggest(str(name), known)}." if known else "This installation has no released model; give a folder.")
    )


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
        values = json.loads(path.read_text(encoding="utf-8"))
        known = {item.name for item in dataclasses.fields(ModelConfig)}
        given: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in values.items() if key in known
        }
        config = ModelConfig(**given)
        _check_types(config)
        if config.calibration:
            Calibration.from_dict(config.calibration)
    except (OSError, ValueError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise ModelError(
            f"{path}: cannot be read as a model config ({error}). Install or train the model again."
        ) from error
    if config.format > FORMAT:
        raise ModelError(
            f"{path}: format {config.format} is newer than this version of stance reads ({FORMAT}). Update it."
        )
    if sorted(config.labels) != sorted(LABELS):
        raise ModelError(
            f"{path}: expected the labels {', '.join(LABELS)}, found {', '.join(map(str, config.labels))}."
        )
    return config


def _check_types(config: ModelConfig) -> None:
    """Refuse a config whose fields are of other types than they should be.

    Raises:
        TypeError: Naming the field.
        ValueError: If a number makes no sense.
    """
    for item in dataclasses.fields(ModelConfig):
        value, kind = getattr(config, item.name), str(item.type).partition("[")[0]
        if not isinstance(value, _TYPES[kind]) or isinstance(value, bool):
            raise TypeError(f"field {item.name!r} has to be {kind}, found {type(value).__name__}")
    if not all(isinstance(name, str) for name in (*config.labels, *config.targets)):
        raise TypeError("fields 'labels' and 'targets' have to hold names")
    if not all(isinstance(entry, dict) for entry in config.target_definitions):
        raise TypeError("field 'target_definitions' has to hold objects")
    if not 0 < config.temperature < math.inf or not 0 <= config.overlap < config.window - 2 or config.pad_id < 0:
        raise ValueError("temperature, window, overlap or pad_id makes no sense")


def write_config(folder: Path, config: ModelConfig) -> None:
    """Write ``config.json``."""
    text = json.dumps(dataclasses.asdict(config), indent=2, ensure_ascii=False)
    (folder / CONFIG_FILE).write_text(text + "\n", encoding="utf-8")


def hash_file(path: Path) -> str:
    """Give the sha256 of a file in hexadecimal."""
    with path.open("rb") as file:
        if hasattr(hashlib, "file_digest"):
            return hashlib.file_digest(file, "sha256").hexdigest()
        return hashlib.sha256(file.read()).hexdigest()  # Python 3.10


def write_hashes(folder: Path) -> None:
    """Write ``hashes.json``: the sha256 of every other file of the folder."""
    names = sorted(path.name for path in folder.iterdir() if path.is_file() and path.name != HASHES_FILE)
    hashes = {name: hash_file(folder / name) for name in names}
    (folder / HASHES_FILE).write_text(json.dumps(hashes, indent=2) + "\n", encoding="utf-8")


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


def _needed(folder: Path, hashes: dict[str, str]) -> tuple[str, ...]:
    """Name what predicting reads: every file of weights that is there or that has a hash; a first format needs none."""
    there = list_weights(folder)
    try:
        first = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))["format"] < _SPLIT_FORMAT
    except (OSError, ValueError, KeyError, TypeError, RecursionError):  # `read_config` says what is wrong with it
        first = False
    if first:
        return NEEDED
    listed = [name for name in hashes if name.endswith(_WEIGHTS) and name not in there]
    return (*NEEDED, *(there or (() if listed else (WEIGHTS_FILE,))), *listed)


def verify_files(folder: Path, names: tuple[str, ...] | None = None) -> dict[str, str]:
    """Check files of a model folder against ``hashes.json``.

    Args:
        folder: A model folder.
        names: Files that have to be there and be whole; None means what predicting reads.

    Returns:
        File name -> sha256, for the names given.

    Raises:
        ModelError: If a file or its hash is missing, or a file has another hash.
    """
    path = folder / HASHES_FILE
    try:
        hashes = json.loads(path.read_text(encoding="utf-8"))
        needed = _needed(folder, hashes) if names is None else names
        wanted = {name: str(hashes[name]) for name in needed}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(
            f"{path}: cannot be read or lacks a hash ({error!r}). Install or train the model again."
        ) from error
    for name, expected in wanted.items():
        if not (folder / name).is_file():
            raise ModelError(f"{folder / name}: the file is missing. Install or train the model again.")
        found = hash_file(folder / name)
        if found != expected:
            raise ModelError(
                f"{folder / name}: the file was changed or damaged: expected sha256 {expected[:12]}…, "
                f"found {found[:12]}…. Install or train the model again."
            )
    return wanted
