"""``stance.train``: a recipe in, a model folder out. Light to import, so that a missing extra has a clear message."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stance.errors import InputError, MissingExtraError, StanceError
from stance.files import held, restore_folder
from stance.fitting.config import Recipe
from stance.fitting.recipes import read_recipe

if TYPE_CHECKING:
    from stance.fitting.loop import Step
    from stance.model.store import ModelConfig

__all__ = ["check_recipe", "is_first_process", "require_extra", "train"]

_LOG = logging.getLogger(__name__)
_NEEDED = ("accelerate", "datasets", "onnx", "onnxscript", "safetensors", "torch", "transformers")


def train(
    recipe: str | Path | Recipe,
    out: str | Path,
    *,
    overrides: Iterable[str] = (),
    seeds: int = 1,
    resume: bool = False,
    checkpoints: str | Path | None = None,
    watch: Callable[[Step], None] | None = None,
) -> ModelConfig:
    """Train a model and write its folder.

    Args:
        recipe: A recipe, or the TOML file that holds it.
        out: The folder to write; replaced only once the new one is whole.
        overrides: What is to be otherwise than in the file: ``schedule.epochs=2``.
        seeds: How many networks to train, with seeds that follow each other; the one best on dev is written.
        resume: Whether to go on with an unfinished run: it ends with the same weights as one that was not interrupted.
        checkpoints: Where runs keep their state until the model is written (default: ``OUT.checkpoints``).
        watch: Told after each step and epoch.

    Returns:
        The config written, with metrics on dev and test, and provenance.

    Raises:
        InputError: If the recipe or a data file is not usable, `out` is something else than a model folder, another
            training writes it, or there is no room for it.
        ModelError: If the encoder is not there.
        MissingExtraError: If ``stance-kit[train]`` is not installed.
    """
    require_extra()
    from stance.fitting.inspection import count_shared
    from stance.fitting.release import check_out, describe, write_model
    from stance.fitting.training import prepare_run, train_seeds

    if seeds < 1:
        raise InputError(f"seeds has to be at least 1, found {seeds}.")
    given = _read(recipe, overrides)
    folder = Path(out).resolve()
    place = Path(checkpoints).resolve() if checkpoints else folder.with_name(folder.name + ".checkpoints")
    if place == folder:
        raise InputError(f"--checkpoints: {place}: is the model's own folder (--out). Give another one.")
    with _alone(folder, place):
        check_out(folder)
        workshop = prepare_run(given)
        if _is_leading():
            if folder.exists():
                _LOG.info("%s: there is a model; it is replaced once the new one is whole", folder)
            for pair, count in count_shared(workshop).items():
                if count:
                    _LOG.warning("%d texts stand in both %s: scores will be better than the model is", count, pair)
        trained = train_seeds(workshop, seeds=seeds, checkpoints=place, resume=resume, watch=watch)
        command = _command(recipe, folder, overrides, seeds)
        if not is_first_process():  # torchrun and accelerate start several; the first one writes
            return describe(workshop, trained, command=command)
        config = write_model(workshop, trained, folder, command=command)
        for item in trained:
            item.checkpoints.remove()
        if place.is_dir() and not any(place.iterdir()):
            place.rmdir()
    return config


@contextmanager
def _alone(out: Path, checkpoints: Path) -> Iterator[None]:
    """Hold a model's folder and that of its checkpoints against other trainings; put back a model that was moved away.

    Raises:
        InputError: If another training has one of them, or nothing can be written there.
    """
    if not _is_leading():  # the first of several processes holds them for all
        yield
        return
    with ExitStack() as stack:
        for path, option in ((out, "--out"), (checkpoints, "--checkpoints")):
            busy = f"{path}: another training is writing it. Wait until it is done, or give another {option}."
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                stack.enter_context(held(path.with_name(f".{path.name}.lock"), busy))
            except OSError as error:
                if isinstance(error, StanceError):
                    raise
                raise InputError(f"{path}: cannot be written ({error.strerror}). Give another {option}.") from error
        restore_folder(out)
        yield


def check_recipe(recipe: str | Path | Recipe, *, overrides: Iterable[str] = ()) -> dict[str, Any]:
    """Read all that a recipe names, train nothing, and say what is there.

    Args:
        recipe: A recipe, or the TOML file that holds it.
        overrides: What is to be otherwise than in the file.

    Returns:
        ``splits`` {split: texts, documents, longest (tokens), labels {target: {label: count}}, unnamed {target: texts
        that do not name a target which they are labelled for}}, ``shared`` texts that stand in two splits, ``steps``.

    Raises:
        InputError: If the recipe or a data file is not usable.
        ModelError: If the encoder is not there.
        MissingExtraError: If ``stance-kit[train]`` is not installed.
    """
    require_extra()
    from stance.fitting.inspection import inspect_workshop
    from stance.fitting.training import prepare_run

    return inspect_workshop(prepare_run(_read(recipe, overrides)))


def _is_leading() -> bool:
    """Tell whether this is the first process by what started it, before the processes know each other."""
    return os.environ.get("RANK", "0") == "0"


def is_first_process() -> bool:
    """Tell whether this process is the one that writes, of those that torchrun or accelerate started."""
    from accelerate import PartialState

    return bool(PartialState().is_main_process)


def require_extra() -> None:
    """Make sure that what training needs is installed.

    Raises:
        MissingExtraError: If it is not.
    """
    if any(util.find_spec(name) is None for name in _NEEDED):
        raise MissingExtraError("Training", "train")


def _read(recipe: str | Path | Recipe, overrides: Iterable[str]) -> Recipe:
    return recipe if isinstance(recipe, Recipe) else read_recipe(Path(recipe), overrides)


def _command(recipe: str | Path | Recipe, out: Path, overrides: Iterable[str], seeds: int) -> str:
    """Give the command that makes the same model, with paths as they stand in the project."""
    if isinstance(recipe, Recipe):
        return "stance.train(...)"
    path = Path(recipe)
    parts = ["stance train", f"{path.parent.name}/{path.name}" if path.parent.name else path.name]
    parts += [f"--set {override}" for override in overrides]
    parts += [f"--seeds {seeds}"] if seeds > 1 else []
    shown = f"{out.parent.name}/{out.name}" if out.parent.name else out.name
    return " ".join([*parts, f"--out {shown}"])
