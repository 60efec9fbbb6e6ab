"""Reading recipes: TOML, overrides from the command line, and messages that name the field.

By hand, since the message has to give file, field, what was expected and the nearest known name, and a recipe has few
types: a validation library would be a dependency for a page of code.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from stance.errors import InputError, suggest
from stance.fitting.config import DataFile, EncoderChoice, Recipe
from stance.toml import parse_toml, read_toml

__all__ = ["build_table", "locate_files", "read_recipe", "recipe_values"]

_HUB = "hub:"
_NAMES = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}


def read_recipe(path: Path, overrides: Iterable[str] = ()) -> Recipe:
    """Read a recipe; file names in it are relative to its own folder, and are made whole by `locate_files`.

    Args:
        path: The TOML file.
        overrides: What is to be otherwise: ``schedule.epochs=2``, ``train.0.weight=0.5``; values are TOML, or else
            plain strings.

    Returns:
        The recipe.

    Raises:
        InputError: If the file cannot be read, or a field is unknown, missing, of another type or makes no sense.
    """
    values = read_toml(path, "a TOML recipe (docs/training.md shows one)")
    _spread(values)
    for override in overrides:
        _override(values, override)
    _spread(values)  # an override may be a short form, too
    recipe: Recipe = build_table(Recipe, values, str(path), "")
    return dataclasses.replace(recipe, base=str(path.parent))


def recipe_values(recipe: Recipe) -> dict[str, Any]:
    """Give a recipe as plain JSON types, defaults filled in; file names stay relative to the recipe."""
    return {name: value for name, value in dataclasses.asdict(recipe).items() if name != "base"}


def locate_files(recipe: Recipe) -> Recipe:
    """Give a recipe whose file names work from the current folder."""
    base = Path(recipe.base)
    return dataclasses.replace(
        recipe,
        train=tuple(_locate(data, base) for data in recipe.train),
        dev=_locate(recipe.dev, base),
        test=_locate(recipe.test, base) if recipe.test else None,
        encoder=_beside(recipe.encoder, base),
        targets_file=str(base / recipe.targets_file) if recipe.targets_file else "",
    )


def _spread(values: dict[str, Any]) -> None:
    """Write the short forms of data files out, so that overrides find their fields."""
    if isinstance(values.get("train"), (str, dict)):
        values["train"] = [values["train"]]
    if isinstance(values.get("train"), list):
        values["train"] = [{"file": item} if isinstance(item, str) else item for item in values["train"]]
    for name in ("dev", "test"):
        if isinstance(values.get(name), str):
            values[name] = {"file": values[name]}


def _locate(data: DataFile, base: Path) -> DataFile:
    return data if data.file.startswith(_HUB) else dataclasses.replace(data, file=str(base / data.file))


def _beside(encoder: EncoderChoice, base: Path) -> EncoderChoice:
    """Take a source that begins with a dot for a folder, relative to the recipe."""
    kind, colon, place = encoder.source.rpartition("model:")
    if kind or not place.startswith("."):
        return encoder
    return dataclasses.replace(encoder, source=f"{colon}{base / place}")


def _override(values: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise InputError(f"--set: expected NAME=VALUE as in schedule.epochs=2, found {override!r}.")
    try:
        value = parse_toml(f"value = {text}")["value"]
    except ValueError:
        value = text.strip()
    place: Any = values
    *path, last = key.strip().split(".")
    try:
        for step in path:
            place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
        if isinstance(place, list):
            place[int(last)] = value
        else:
            place[last] = value
    except (ValueError, IndexError, TypeError, AttributeError):
        raise InputError(f"--set {override}: there is no such place in the recipe.") from None


def build_table(kind: Any, values: Any, where: str, prefix: str) -> Any:  # noqa: ANN401 - dataclasses of many types
    """Make a dataclass of a TOML table, and those within it.

    Args:
        kind: The dataclass.
        values: The table.
        where: The file, for messages.
        prefix: Name of the table with a dot behind it; empty at the top.

    Returns:
        An instance of it.

    Raises:
        InputError: If a field is unknown, missing, of another type, or refused by the dataclass.
    """
    if not isinstance(values, Mapping):
        raise InputError(f"{where}: field {prefix[:-1]!r} has to be a table, found {values!r}.")
    hints = typing.get_type_hints(kind)
    fields = {item.name: item for item in dataclasses.fields(kind)}
    for key in values:
        if key not in fields:
            raise InputError(f"{where}: unknown field {prefix + key!r}: {suggest(key, fields)}.")
    missing = [
        prefix + item.name
        for item in fields.values()
        if item.name not in values
        and item.default is dataclasses.MISSING
        and item.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise InputError(f"{where}: missing fields: {', '.join(missing)}.")
    try:
        return kind(**{key: _typed(hints[key], value, where, prefix + key) for key, value in values.items()})
    except InputError as error:
        raise error if str(error).startswith(where) else InputError(f"{where}: {error}") from None


def _typed(kind: Any, value: Any, where: str, name: str) -> Any:  # noqa: ANN401 - values straight from TOML
    """Check a value against the type of its field, and make what TOML has no type for."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return _typed(arguments[0], value, where, name)
    if dataclasses.is_dataclass(kind):
        table = {"file": value} if kind is DataFile and isinstance(value, str) else value
        return build_table(kind, table, where, name + ".")
    if origin is tuple:
        items = [value] if isinstance(value, (str, dict)) else value
        if isinstance(items, (list, tuple)):
            return tuple(_typed(arguments[0], item, where, f"{name}.{at}") for at, item in enumerate(items))
    elif origin is Mapping or (origin is not None and issubclass(origin, Mapping)):
        if isinstance(value, Mapping):
            return {key: _typed(arguments[1], item, where, f"{name}.{key}") for key, item in value.items()}
    elif kind is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    elif isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return value
    wanted = "a list" if origin is tuple else _NAMES.get(kind, "a table")
    raise InputError(f"{where}: field {name!r} has to be {wanted}, found {value!r}.")
