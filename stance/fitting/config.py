"""Recipes: one TOML file that determines a training run whole."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stance.errors import InputError, suggest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Recipe", "read_recipe"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that determines a training run.

    Attributes:
        name: Name of the model.
        encoder: Hub id, folder, or ``package:NAME/FOLDER`` (a folder in an installed package).
        encoder_sha256: Expected hash of the encoder's ``model.safetensors``; empty if it is not to be checked.
        train: Files of labelled paragraphs to learn from.
        dev: File to choose the epoch and the temperature by.
        test: File to report on; never chosen by.
        epochs: Passes over the training data.
        batch_size: Paragraphs in a batch.
        encoder_rate: Peak learning rate of the encoder.
        head_rate: Peak learning rate of the head.
        warmup: Share of the steps over which the rates rise; they fall linearly after.
        weight_decay: Decay of AdamW.
        dropout: Share of features dropped in the head.
        doubt: Share of the label's weight that goes to an annotator's runner-up labels, where there are any, in [0, 1).
        window: Most tokens read at once, the two special ones included.
        overlap: Tokens that consecutive windows share.
        seed: Seed of order, dropout and initial head.
        precision: ``"fp32"``, ``"bf16"``, or ``"auto"``: bf16 where the CPU has it.

    Raises:
        InputError: If a value makes no sense, alone or beside another.
    """

    name: str
    encoder: str
    train: tuple[str, ...]
    dev: str
    test: str
    encoder_sha256: str = ""
    epochs: int = 6
    batch_size: int = 16
    encoder_rate: float = 1e-4
    head_rate: float = 5e-4
    warmup: float = 0.06
    weight_decay: float = 0.01
    dropout: float = 0.1
    doubt: float = 0.0
    window: int = 320
    overlap: int = 64
    seed: int = 42
    precision: str = "auto"

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "encoder_rate", "head_rate"):
            if getattr(self, name) <= 0:
                raise InputError(f"Recipe field {name!r} has to be above 0, found {getattr(self, name)}.")
        for name in ("warmup", "dropout", "doubt"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"Recipe field {name!r} has to lie in [0, 1), found {getattr(self, name)}.")
        if not 0 <= self.overlap < self.window - 2:
            raise InputError(
                f"Recipe field 'overlap' has to be below window - 2 = {self.window - 2}, found {self.overlap}."
            )
        if self.precision not in ("auto", "fp32", "bf16"):
            raise InputError(f"Recipe field 'precision' has to be 'auto', 'fp32' or 'bf16', found {self.precision!r}.")
        if not self.train:
            raise InputError("Recipe field 'train' has to name at least one file.")


def read_recipe(path: Path) -> Recipe:
    """Read a recipe; file names in it are relative to its own folder.

    Args:
        path: The TOML file.

    Returns:
        The recipe, with file names that work from the current folder.

    Raises:
        InputError: If the file cannot be read, or a field is unknown, missing or of another type.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path}: cannot be read as a TOML recipe: {error}") from error
    fields = {field.name: field for field in dataclasses.fields(Recipe)}
    for key, value in values.items():
        if key not in fields:
            raise InputError(f"{path}: unknown field {key!r}: {suggest(key, fields)}.")
        values[key] = _typed(path, key, value, str(fields[key].type))
    missing = [f.name for f in fields.values() if f.default is dataclasses.MISSING and f.name not in values]
    if missing:
        raise InputError(f"{path}: missing fields: {', '.join(missing)}.")
    base = path.parent
    values["train"] = tuple(str(base / name) for name in values["train"])
    values |= {key: str(base / values[key]) for key in ("dev", "test")}
    return Recipe(**values)


def _typed(path: Path, key: str, value: Any, kind: str) -> Any:  # noqa: ANN401 - a value straight from TOML
    wanted: dict[str, tuple[type, ...]] = {
        "str": (str,),
        "int": (int,),
        "float": (int, float),
        "tuple[str, ...]": (list,),
    }
    strings = not isinstance(value, list) or all(isinstance(item, str) for item in value)
    if isinstance(value, bool) or not isinstance(value, wanted[kind]) or not strings:
        raise InputError(f"{path}: field {key!r} has to be {kind}, found {value!r}.")
    return value
