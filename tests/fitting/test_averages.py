"""What epochs are compared by, and averages of the weights."""

from __future__ import annotations

import dataclasses
import logging
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from stance.errors import InputError
from stance.fitting.card import write_card
from stance.fitting.examples import label_groups
from stance.fitting.recipes import read_recipe
from stance.fitting.release import describe
from stance.fitting.scores import measure_dev
from stance.fitting.training import prepare_run, train_seeds

from .conftest import write_recipe
from .test_training import SHORT, TENSOR, Interrupted, assert_same, trained

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]


def test_averaged_weights_are_scored_kept_and_gone_on_with(tmp_path: Path, encoder_folder: Path) -> None:
    recipe_file = write_recipe(tmp_path, encoder_folder, **SHORT, average=0.5, keep="last")
    whole = trained(recipe_file, tmp_path / "whole")
    with pytest.raises(Interrupted):
        trained(recipe_file, tmp_path / "broken", stop=5)
    resumed = trained(recipe_file, tmp_path / "broken", resume=True)
    assert resumed.progress == whole.progress
    assert_same(whole, resumed)
    assert whole.dev == whole.progress.scores[-1]  # what is scored is what is kept
    best = trained(recipe_file, tmp_path / "best", "schedule.keep=best")
    assert best.dev == max(best.progress.scores) and best.progress.scores == whole.progress.scores

    steps_seen: dict[str, torch.Tensor] = {}  # without an average

    def watch(_: object) -> None:  # told of a step before its checkpoint is written
        for place in (tmp_path / "each" / "seed-42").glob("step-*"):
            steps_seen[place.name] = load_file(place / "weights.safetensors")[TENSOR]

    every = prepare_run(read_recipe(recipe_file, ["schedule.average=0", "schedule.checkpoint_steps=1"]))
    plain = train_seeds(every, checkpoints=tmp_path / "each", watch=watch)[0]
    assert plain.progress.losses == whole.progress.losses  # it learns as it does without
    average, *others = (steps_seen[name] for name in sorted(steps_seen))
    assert len(others) == plain.progress.step - 1
    for weights in others:
        average = (average + weights) / 2
    torch.testing.assert_close(whole.network.state_dict()[TENSOR], average, atol=1e-6, rtol=1e-5)
    assert not torch.allclose(average, plain.network.state_dict()[TENSOR], atol=1e-5)


def test_the_metric_that_epochs_and_seeds_are_compared_by(tmp_path: Path, encoder_folder: Path) -> None:
    recipe_file = write_recipe(tmp_path, encoder_folder, epochs=2, metric="f_avg")
    workshop = prepare_run(read_recipe(recipe_file))
    both = train_seeds(workshop, seeds=2, checkpoints=tmp_path / "run")
    described = describe(workshop, both, command="").training
    best = max(both, key=lambda item: item.dev)
    assert described["seeds"]["dev_f_avg"] == [round(item.dev, 4) for item in both]
    assert described["dev_f_avg_by_epoch"] == [round(score, 4) for score in best.progress.scores]
    assert best.dev == max(best.progress.scores)
    dev = workshop.splits["dev"]
    sides = measure_dev(
        "f_avg", best.scores["dev"], dev.readings, named=["NATO", "US", "China"], groups=label_groups(dev.data)
    )
    assert best.dev == sides


def test_the_best_average_is_kept(tmp_path: Path, encoder_folder: Path) -> None:
    recipe_file = write_recipe(tmp_path, encoder_folder, epochs=1, average=0.5)
    best, last = (trained(recipe_file, tmp_path / keep, f"schedule.keep={keep}") for keep in ("best", "last"))
    assert_same(best, last)
    plain = trained(recipe_file, tmp_path / "plain", "schedule.average=0")
    assert not torch.allclose(best.network.state_dict()[TENSOR], plain.network.state_dict()[TENSOR], atol=1e-5)


def test_an_average_that_holds_the_first_step_is_warned_of(
    tmp_path: Path, encoder_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recipe_file = write_recipe(tmp_path, encoder_folder, epochs=1)  # 8 steps
    with caplog.at_level(logging.WARNING):
        trained(recipe_file, tmp_path / "short", "schedule.average=0.6")
        assert not caplog.messages
        trained(recipe_file, tmp_path / "long", "schedule.average=0.9")
    assert caplog.messages[0].startswith("schedule.average = 0.9: after 8 steps 43 % of the weights are still those")


def test_cards_tell_how_the_weights_were_chosen(tmp_path: Path, encoder_folder: Path) -> None:
    recipe_file = write_recipe(tmp_path, encoder_folder, epochs=1, metric="f_avg", average=0.5)
    workshop = prepare_run(read_recipe(recipe_file))
    both = train_seeds(workshop, seeds=2, checkpoints=tmp_path / "run")
    config = describe(workshop, both, command="")
    card = " ".join(write_card(config).split())
    assert (
        f"F_avg on dev after each epoch: {max(item.dev for item in both):.3f}; the best one was kept: a moving " in card
    )
    assert "average of the weights (decay 0.5), as scored here - 2 seeds: F_avg on dev " in card
    older = {name: value for name, value in config.training.items() if name != "dev_f_avg_by_epoch"}
    schedule = {name: value for name, value in older["recipe"]["schedule"].items() if name not in ("metric", "average")}
    older |= {
        "dev_macro_f1_by_epoch": [0.25],
        "recipe": older["recipe"] | {"schedule": schedule},
        "seeds": {"seeds": [42]},
    }
    card = " ".join(write_card(dataclasses.replace(config, training=older)).split())
    assert "Mean macro-F1 on dev after each epoch: 0.250; the best one was kept - Temperatures" in card


def test_sides_without_a_row_in_dev(tmp_path: Path, encoder_folder: Path) -> None:
    recipe_file = write_recipe(tmp_path, encoder_folder, metric="f_avg")
    rows = ['{"text": "NATO met.", "labels": {"NATO": "neutral", "US": "absent", "China": "absent"}}\n']
    rows.append('{"text": "Russia is a menace.", "target": "Russia", "label": "against"}\n')  # is not what is compared
    for own in (rows[:1], rows):
        (tmp_path / "dev.jsonl").write_text("".join(own), encoding="utf-8")
        with pytest.raises(InputError, match=r"dev\.jsonl: no row is favor or against, which schedule\.metric"):
            prepare_run(read_recipe(recipe_file))
    (tmp_path / "dev.jsonl").write_text(rows[1], encoding="utf-8")
    assert prepare_run(read_recipe(recipe_file)).splits["dev"].readings


def test_sides_that_dev_does_not_tell_apart(tmp_path: Path, encoder_folder: Path) -> None:
    recipe_file = write_recipe(tmp_path, encoder_folder, metric="f_avg")
    known = "{yes=['favor', 'against'], neutral='neutral', absent='absent'}"
    rows = (tmp_path / "dev.jsonl").read_text(encoding="utf-8")
    (tmp_path / "dev.jsonl").write_text(
        rows.replace('"favor"', '"yes"').replace('"against"', '"yes"'), encoding="utf-8"
    )
    with pytest.raises(InputError, match=r"dev\.jsonl: its labels do not tell favor and against from all others"):
        prepare_run(read_recipe(recipe_file, [f"dev={{file='dev.jsonl', labels={known}}}"]))
