"""Training a tiny model: it learns, is interrupted and resumed exactly, in one process and in two."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

import stance
from stance.errors import InputError, ModelError
from stance.files import held
from stance.fitting.checkpoints import Checkpoints, Progress
from stance.fitting.config import EncoderChoice
from stance.fitting.encoders import load_encoder, locate_encoder
from stance.fitting.entry import check_recipe
from stance.fitting.recipes import read_recipe
from stance.fitting.training import Trained, prepare_run, summary, train_seeds
from stance.model.network import HeadConfig, StanceNetwork

from .conftest import write_recipe

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]
SHORT = {"epochs": 2, "checkpoint_steps": 3}
TENSOR = "encoder.encoder.layer.0.output.dense.weight"


class Interrupted(Exception):
    """Stands for a process that ends."""


def trained(recipe_file: Path, folder: Path, *overrides: str, stop: int = 0, resume: bool = False) -> Trained:
    """Train from a recipe; stop after so many steps if asked to."""

    def watch(step: object) -> None:
        if step.step == stop and step.score is None:
            raise Interrupted

    workshop = prepare_run(read_recipe(recipe_file, overrides))
    return train_seeds(workshop, checkpoints=folder, resume=resume, watch=watch)[0]


def assert_same(one: Trained, other: Trained) -> None:
    first, second = one.network.state_dict(), other.network.state_dict()
    assert first.keys() == second.keys()
    for name in first:
        assert torch.equal(first[name], second[name]), name


@pytest.mark.parametrize("stop", [5, 9])  # within the first epoch, and just after it
def test_an_interrupted_run_ends_with_the_same_weights(tmp_path: Path, encoder_folder: Path, stop: int) -> None:
    recipe_file = write_recipe(tmp_path, encoder_folder, "[augment]\nswap = 0.3\nnoise = 0.3\n", **SHORT)
    whole = trained(recipe_file, tmp_path / "whole")
    with pytest.raises(Interrupted):
        trained(recipe_file, tmp_path / "broken", stop=stop)
    with pytest.raises(InputError, match=r"holds a run that was not finished. Go on with it \(--resume\)"):
        trained(recipe_file, tmp_path / "broken")
    resumed = trained(recipe_file, tmp_path / "broken", resume=True)
    assert resumed.progress == whole.progress
    assert_same(whole, resumed)


def test_a_killed_process_goes_on_where_it_was(tmp_path: Path, encoder_folder: Path) -> None:
    recipe_file = write_recipe(tmp_path, encoder_folder, epochs=3, checkpoint_steps=1, batch_size=4)
    command = [sys.executable, "-m", "stance", "train", str(recipe_file), "--out", str(tmp_path / "model")]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    state = tmp_path / "model.checkpoints" / "seed-42"
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 120
        while not (state.is_dir() and any(step >= 7 for step in steps(state))) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    assert steps(state), "killed too early"
    assert not (tmp_path / "model").exists()
    subprocess.run([*command, "--resume"], env=environment, check=True, capture_output=True)
    whole = [*command[:-1], str(tmp_path / "whole")]
    subprocess.run(whole, env=environment, check=True, capture_output=True)
    one, other = (load_file(tmp_path / name / "model.safetensors") for name in ("model", "whole"))
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert not state.parent.exists()


def steps(folder: Path) -> list[int]:
    """Numbers of the checkpoints in a folder."""
    return [int(path.name.removeprefix("step-")) for path in folder.glob("step-*") if not path.suffix]


def test_another_recipe_does_not_go_on_with_a_run(tmp_path: Path, encoder_folder: Path) -> None:
    recipe_file = write_recipe(tmp_path, encoder_folder, **SHORT)
    with pytest.raises(Interrupted):
        trained(recipe_file, tmp_path / "run", stop=5)
    with pytest.raises(InputError, match="holds a run of another recipe, other data or other versions"):
        trained(recipe_file, tmp_path / "run", "loss.smoothing=0.1", resume=True)


def test_two_processes_end_with_the_weights_of_one_that_accumulates(tmp_path: Path, encoder_folder: Path) -> None:
    recipe_file = write_recipe(tmp_path, encoder_folder, epochs=2, batch_size=8)
    run = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", "29531"]
    command = ["-m", "stance", "train", str(recipe_file), "--out", str(tmp_path / "two")]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run([*run, *command], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("mean macro-F1 on dev") == 1  # only the first process writes
    config = stance.train(recipe_file, tmp_path / "one", overrides=["schedule.accumulate=2"])
    one, other = (load_file(tmp_path / name / "model.safetensors") for name in ("one", "two"))
    untrained = StanceNetwork(load_encoder(EncoderChoice(str(encoder_folder))).network, HeadConfig(hidden=48, heads=4))
    moved = untrained.state_dict()[TENSOR]
    assert (one[TENSOR].float() - moved).abs().max() > 2e-3
    for name in one:  # fp16, and sums in another order
        torch.testing.assert_close(one[name].float(), other[name].float(), atol=5e-4, rtol=2e-3)
    two = json.loads((tmp_path / "two" / "config.json").read_text(encoding="utf-8"))
    scores = (config.training["dev_macro_f1_by_epoch"], two["training"]["dev_macro_f1_by_epoch"])
    assert scores[0] == pytest.approx(scores[1], abs=1e-3)


def test_texts_that_variation_makes_too_long_stay_as_they_were(tmp_path: Path, encoder_folder: Path) -> None:
    recipe_file = write_recipe(tmp_path, encoder_folder, "[augment]\nreplace = 1.0\n", epochs=1)
    (tmp_path / "mine.toml").write_text(
        "".join(f'[[target]]\nname = "{name}"\naliases = ["{alias}"]\n' for name, alias in
                (("NATO", "NATO"), ("US", "Washington"), ("China", "Beijing"))), encoding="utf-8"
    )  # fmt: skip
    recipe_file.write_text('targets_file = "mine.toml"\n' + recipe_file.read_text(encoding="utf-8"), encoding="utf-8")
    longest = check_recipe(recipe_file)["splits"]["train"]["longest"]
    # "Saudi Arabia" and its like have more words than "NATO"
    found = trained(recipe_file, tmp_path / "run", f"network.window={longest}", "network.overlap=2")
    assert found.progress.epoch == 1


def test_no_seed_is_too_large_and_an_encoder_may_be_frozen_whole(tmp_path: Path, encoder_folder: Path) -> None:
    recipe_file = write_recipe(tmp_path, encoder_folder, epochs=1)
    found = trained(recipe_file, tmp_path / "run", "seed=20261126000", "encoder.frozen=2")
    assert found.seed == 20261126000
    before = load_encoder(EncoderChoice(str(encoder_folder))).network.state_dict()
    assert all(torch.equal(value, before[name]) for name, value in found.network.encoder.state_dict().items())


def test_a_run_belongs_to_its_data_and_targets(tmp_path: Path, encoder_folder: Path) -> None:
    recipe_file = write_recipe(tmp_path, encoder_folder)
    (tmp_path / "mine.toml").write_text('[[target]]\nname = "NATO"\n', encoding="utf-8")
    changes = ["targets=['NATO']", "targets_file=mine.toml"]
    prints = [
        prepare_run(read_recipe(recipe_file)).fingerprint,
        prepare_run(read_recipe(recipe_file, changes)).fingerprint,
    ]
    (tmp_path / "mine.toml").write_text('[[target]]\nname = "NATO"\naliases = ["the pact"]\n', encoding="utf-8")
    prints.append(prepare_run(read_recipe(recipe_file, changes)).fingerprint)
    (tmp_path / "train.jsonl").write_text((tmp_path / "dev.jsonl").read_text(encoding="utf-8") * 2, encoding="utf-8")
    prints.append(prepare_run(read_recipe(recipe_file, changes)).fingerprint)
    assert len(set(prints)) == len(prints)


def test_a_run_of_two_processes_does_not_go_on_in_one(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path, "r")
    network = torch.nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(network.parameters())
    kept.save(network, optimizer, Progress("r", step=3, processes=2))
    with pytest.raises(InputError, match="holds a run of 2 processes, found 1"):
        kept.load(network, optimizer, processes=1)
    assert kept.load(network, optimizer, processes=2).step == 3


def test_a_run_that_diverges_says_so(tmp_path: Path, encoder_folder: Path) -> None:
    recipe_file = write_recipe(tmp_path, encoder_folder, encoder_rate=1e30, head_rate=1e30, warmup=0.0)
    with pytest.raises(InputError, match="the loss is no number any more"):
        trained(recipe_file, tmp_path / "run")


def test_rows_about_other_targets_do_not_make_a_model_for_the_built_in_ones(
    tmp_path: Path, encoder_folder: Path
) -> None:
    recipe_file = write_recipe(tmp_path, encoder_folder, epochs=1)
    rows = [{"text": f"{name} met.", "target": "Whaling", "label": "favor"} for name in ("Beijing", "NATO")]
    for name in ("train", "dev", "test"):
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with pytest.raises(InputError, match="No training row is labelled toward NATO, US, China"):
        check_recipe(recipe_file)
    found = trained(recipe_file, tmp_path / "run", "targets=[]")
    assert len(found.progress.scores) == 1


def test_a_model_to_go_on_from_is_checked_and_draws_nothing(encoder_folder: Path) -> None:
    with pytest.raises(ModelError, match="expected sha256 0000"):
        load_encoder(EncoderChoice("model:base", "0000"))
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    load_encoder(EncoderChoice("model:base"))
    assert torch.equal(before, torch.random.get_rng_state())


def test_training_stops_when_dev_does_not_gain(tmp_path: Path, encoder_folder: Path) -> None:
    recipe_file = write_recipe(
        tmp_path, encoder_folder, epochs=9, patience=2, encoder_rate=1e-12, head_rate=1e-12, keep="last"
    )
    found = trained(recipe_file, tmp_path / "run")
    assert len(found.progress.scores) == 3  # the first, and two that were no better


def test_activations_computed_twice_give_the_same_gradients(tmp_path: Path, encoder_folder: Path) -> None:
    recipe_file = write_recipe(tmp_path, encoder_folder, epochs=1)
    plain = trained(recipe_file, tmp_path / "plain")
    saving = trained(recipe_file, tmp_path / "saving", "schedule.gradient_checkpointing=true")
    assert saving.progress.losses == pytest.approx(plain.progress.losses, rel=1e-4)
    first, second = (item.network.encoder.encoder.layer[0].output.dense.weight for item in (plain, saving))
    torch.testing.assert_close(first, second, atol=1e-5, rtol=1e-4)
    started = load_encoder(EncoderChoice(str(encoder_folder))).network.encoder.layer[0].output.dense.weight
    assert not torch.allclose(first, started)


def test_seeds_are_summed_up(tmp_path: Path, encoder_folder: Path) -> None:
    workshop = prepare_run(read_recipe(write_recipe(tmp_path, encoder_folder, epochs=1)))
    both = train_seeds(workshop, seeds=2, checkpoints=tmp_path / "run")
    told = summary(both, "macro_f1")
    assert told["seeds"] == [42, 43]
    assert told["mean"] == pytest.approx(sum(item.dev for item in both) / 2, abs=1e-4)
    assert told["best"] == max(both, key=lambda item: item.dev).seed
    assert not torch.equal(both[0].network.head.target.weight, both[1].network.head.target.weight)


def test_layers_below_the_last_learn_more_slowly(tmp_path: Path, encoder_folder: Path) -> None:
    from stance.fitting.loop import _optimizer

    recipe = read_recipe(write_recipe(tmp_path, encoder_folder, layer_decay=0.5))
    network = StanceNetwork(load_encoder(EncoderChoice(str(encoder_folder))).network, HeadConfig(hidden=48, heads=4))
    peaks = {group["peak"] for group in _optimizer(network, recipe.schedule).param_groups}
    assert peaks == {0.001, 0.002}


def test_check_reads_everything_and_trains_nothing(tmp_path: Path, encoder_folder: Path) -> None:
    recipe_file = write_recipe(tmp_path, encoder_folder)
    found = check_recipe(recipe_file)
    assert found["splits"]["train"]["labels"]["NATO"] == dict.fromkeys(("favor", "against", "neutral", "absent"), 16)
    assert found["splits"]["train"]["unnamed"] == {"NATO": 0, "US": 0, "China": 0}
    assert found["shared"]["train and dev"] == 64
    assert found["steps"] == 8 * 12
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dev.jsonl", "test.jsonl", "tiny.toml", "train.jsonl"]
    (tmp_path / "train.jsonl").write_text('{"text": "a"}\n', encoding="utf-8")
    with pytest.raises(InputError, match="line 1: expected 'labels'"):
        check_recipe(recipe_file)


def test_encoders_that_are_not_there(encoder_folder: Path) -> None:
    with pytest.raises(ModelError, match="package 'no_such_package' is not installed"):
        locate_encoder("package:no_such_package/model")
    with pytest.raises(ModelError, match="has no folder 'none'"):
        locate_encoder("package:stance/none")
    with pytest.raises(ModelError, match="expected sha256 0000"):
        load_encoder(EncoderChoice(str(encoder_folder), "0000"))
    with pytest.raises(ModelError, match="has 2 layers, fewer than the recipe asks for"):
        load_encoder(EncoderChoice(str(encoder_folder), layers=3))
    assert locate_encoder("package:stance/text").endswith("text")


def test_the_first_layers_of_an_encoder(encoder_folder: Path) -> None:
    encoder = load_encoder(EncoderChoice(str(encoder_folder), layers=1, frozen=1))
    assert len(encoder.network.encoder.layer) == encoder.network.config.num_hidden_layers == 1
    assert not any(parameter.requires_grad for parameter in encoder.network.parameters())


def test_checkpoints_are_whole_or_not_there(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path, "r")
    (tmp_path / "step-00000009.new").mkdir()  # what a killed process may leave
    (tmp_path / "step-00000004").mkdir()
    assert kept.newest() is None
    (tmp_path / "step-00000004" / "progress.json").write_text("{}", encoding="utf-8")
    assert kept.newest() == tmp_path / "step-00000004"


def test_two_trainings_do_not_write_one_model(tmp_path: Path, encoder_folder: Path) -> None:
    recipe_file = write_recipe(tmp_path, encoder_folder)
    with held(tmp_path / ".model.lock", ""), pytest.raises(InputError, match=r"model: another training is writing it"):
        stance.train(recipe_file, tmp_path / "model")
    with held(tmp_path / ".state.lock", ""), pytest.raises(InputError, match=r"state: another .* give another --check"):
        stance.train(recipe_file, tmp_path / "model", checkpoints=tmp_path / "state")
    assert not list(tmp_path.glob(".*.lock"))


def test_a_model_that_was_moved_away_is_there_again_before_training(tmp_path: Path, encoder_folder: Path) -> None:
    (tmp_path / "model.old").mkdir()
    with pytest.raises(InputError, match="is there, and no model folder"):
        stance.train(write_recipe(tmp_path, encoder_folder), tmp_path / "model")
    assert (tmp_path / "model").is_dir()


def test_a_checkpoint_without_room_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = torch.nn.Linear(2, 1)
    optimizer = torch.optim.AdamW(network.parameters())
    checkpoints = Checkpoints(tmp_path / "run", "recipe")
    checkpoints.save(network, optimizer, Progress("recipe", step=1))
    checkpoints.save_best(network)

    def no_room(*_: object) -> None:
        raise SafetensorError("No space left on device")

    monkeypatch.setattr("stance.fitting.checkpoints.save_file", no_room)
    for write in (
        lambda: checkpoints.save(network, optimizer, Progress("recipe", step=2)),
        lambda: checkpoints.save_best(network),
    ):
        with pytest.raises(InputError, match=r"run: a checkpoint cannot be written .* go on with --resume"):
            write()
    assert checkpoints.load(network, optimizer).step == 1
    checkpoints.load_best(network)


@pytest.mark.parametrize("name", ["weights.safetensors", "optimizer.safetensors", "progress.json"])
def test_a_damaged_checkpoint_is_named(tmp_path: Path, name: str) -> None:
    network = torch.nn.Linear(2, 1)
    optimizer = torch.optim.AdamW(network.parameters())
    checkpoints = Checkpoints(tmp_path / "run", "recipe")
    checkpoints.save(network, optimizer, Progress("recipe", step=1))
    path = tmp_path / "run" / "step-00000001" / name
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(InputError, match=r"step-00000001: the checkpoint is damaged .*Remove it"):
        checkpoints.load(network, optimizer)


@pytest.mark.parametrize(
    "progress",
    [
        '{"recipe": "r", "step": "many"}',
        '{"recipe": "r", "epoch": -1}',
        '{"recipe": "r", "epoch": 1, "scores": 5, "losses": [0.1]}',
        '{"recipe": "r", "epoch": 2, "scores": [0.1], "losses": [0.1]}',
        "[1]",
        "[" * 100_000,
    ],
)
def test_progress_that_makes_no_sense_is_damage(tmp_path: Path, progress: str) -> None:
    place = tmp_path / "step-00000001"
    place.mkdir()
    (place / "progress.json").write_text(progress, encoding="utf-8")
    network = torch.nn.Linear(2, 1)
    with pytest.raises(InputError, match=r"step-00000001: the checkpoint is damaged"):
        Checkpoints(tmp_path, "r").load(network, torch.optim.AdamW(network.parameters()))


def test_what_others_laid_beside_checkpoints_stays(tmp_path: Path) -> None:
    network = torch.nn.Linear(2, 1)
    kept = Checkpoints(tmp_path / "seed-42", "r")
    notes = tmp_path / "seed-42" / "step-by-step"
    notes.mkdir(parents=True)
    (notes / "progress.json").write_text("{}", encoding="utf-8")
    assert kept.newest() is None
    kept.save(network, torch.optim.AdamW(network.parameters()), Progress("r", step=1))
    kept.save_best(network)
    kept.remove()
    assert [path.name for path in (tmp_path / "seed-42").iterdir()] == ["step-by-step"]


def test_memory_that_ran_out_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = torch.nn.Linear(2, 1)
    checkpoints = Checkpoints(tmp_path / "run", "recipe")
    checkpoints.save_best(network)
    full = torch.OutOfMemoryError("CUDA out of memory")
    monkeypatch.setattr(network, "load_state_dict", lambda state: (_ for _ in ()).throw(full))
    with pytest.raises(torch.OutOfMemoryError):
        checkpoints.load_best(network)
