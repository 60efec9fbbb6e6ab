"""Recipes: what they may hold, what is said where they hold something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from stance.errors import InputError
from stance.fitting.config import DataFile, Recipe
from stance.fitting.recipes import locate_files, read_recipe, recipe_values

pytestmark = pytest.mark.train


def test_files_of_a_recipe_are_relative_to_it(recipe_file: Path) -> None:
    recipe = locate_files(read_recipe(recipe_file))
    assert isinstance(recipe, Recipe)
    assert recipe.train == (DataFile(str(recipe_file.parent / "train.jsonl")),)
    assert recipe.test == DataFile(str(recipe_file.parent / "test.jsonl"))
    beside = locate_files(read_recipe(recipe_file, ["encoder.source=./encoder"]))
    assert beside.encoder.source == str(recipe_file.parent / "encoder")


def test_data_files_can_be_tables(recipe_file: Path) -> None:
    text = recipe_file.read_text(encoding="utf-8").replace(
        'train = "train.jsonl"',
        'train = ["train.jsonl", {file = "hub:some/set", split = "validation", '
        'labels = {"0" = ["neutral", "absent"], "1" = "favor"}, weight = 0.5}]',
    )
    recipe_file.write_text(text, encoding="utf-8")
    _, other = read_recipe(recipe_file).train
    assert (other.file, other.split, other.weight) == ("hub:some/set", "validation", 0.5)
    assert other.labels == {"0": ("neutral", "absent"), "1": ("favor",)}


def test_overrides_change_fields_wherever_they_stand(recipe_file: Path) -> None:
    recipe = read_recipe(
        recipe_file,
        [
            "schedule.epochs=2",
            "encoder.source=some/hub-id",
            "network.blind=true",
            "targets=['NATO']",
            "loss.doubt=0.25",
        ],
    )
    assert recipe.schedule.epochs == 2
    assert recipe.encoder.source == "some/hub-id"
    assert recipe.network.blind is True and not recipe.exportable
    assert recipe.targets == ("NATO",)
    assert recipe.loss.doubt == 0.25
    assert read_recipe(recipe_file, ["train.0.weight=0.5"]).train[0].weight == 0.5
    assert read_recipe(recipe_file, ["dev.share=0.5"]).dev.share == 0.5
    several = read_recipe(recipe_file, ['train=["a.jsonl", "b.jsonl"]']).train
    assert [data.file for data in several] == ["a.jsonl", "b.jsonl"]
    with pytest.raises(InputError, match="--set: expected NAME=VALUE"):
        read_recipe(recipe_file, ["schedule.epochs"])
    with pytest.raises(InputError, match=r"--set train\.7\.weight=2: there is no such place"):
        read_recipe(recipe_file, ["train.7.weight=2"])


def test_values_of_a_recipe_hold_its_defaults(recipe_file: Path) -> None:
    values = recipe_values(read_recipe(recipe_file))
    assert values["schedule"]["weight_decay"] == 0.01
    assert values["network"]["kind"] == "one-pass"
    assert values["train"][0]["weight"] == 1.0
    assert values["train"][0]["file"] == "train.jsonl"  # no path of a machine goes into a model's folder
    assert str(recipe_file.parent) not in str(values).replace(values["encoder"]["source"], "")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("epochs = 12", "epoch = 3", "unknown field 'schedule.epoch': did you mean 'epochs'"),
        ("epochs = 12", "epochs = '3'", "field 'schedule.epochs' has to be a whole number, found '3'"),
        ("epochs = 12", "epochs = true", "field 'schedule.epochs' has to be a whole number, found True"),
        ("epochs = 12", "epochs = 0", "'schedule.epochs' has to be above 0"),
        ("epochs = 12", "keep = 'worst'", "'schedule.keep' has to be 'best' or 'last'"),
        ("window = 64", "window = 9", "'network.overlap' has to be below window - 2"),
        ('precision = "fp32"', 'precision = "int4"', "'schedule.precision' has to be"),
        ('dev = "dev.jsonl"', "", "missing fields: dev"),
        ('train = "train.jsonl"', "train = []", "'train' has to name at least one file"),
        ('train = "train.jsonl"', "train = 3", "field 'train' has to be a list, found 3"),
        ("epochs = 12", "metric = 'accuracy'", r"'schedule.metric' has to be one of \('macro_f1', 'f_avg'\), found"),
        ("epochs = 12", "average = 1.0", r"'schedule.average' has to lie in \[0, 1\), found 1.0"),
        ("epochs = 12", "weight_decay = -1.0", "'schedule.weight_decay' has to be 0 or more"),
        ("epochs = 12", "clip = nan", "'schedule.clip' has to be above 0 and finite"),
        ('name = "tiny"', 'name = "tiny"\nseed = -1', "'seed' has to be 0 or more"),
        ("[network]", "[augment]\nreplace = 0.1\n[network]\nkind = 'pair'", "does not go with 'pair'"),
        ('train = "train.jsonl"', "train = {file = 'a.jsonl', form = 'rows'}", "'form' has to be one of auto, para"),
        ('train = "train.jsonl"', "train = {file = 'a.jsonl', labels = {x = 'favour'}}", "did you mean 'favor'"),
        ('train = "train.jsonl"', "train = {file = 'a.jsonl', labels = {x = []}}", "a label here belongs to one there"),
        (
            'train = "train.jsonl"',
            "train = {file = 'a.jsonl', labels = {x = ['neutral', 'absent'], y = 'neutral'}}",
            "a label here belongs to one there",
        ),
        ("[network]", "[loss]\ndoubt = 1.0\n[network]", r"'loss.doubt' has to lie in \[0, 1\)"),
        ("[network]", "[augment]\nswap = 1.5\n[network]", r"'augment.swap' has to lie in \[0, 1\]"),
        ("[network]", "[network]\nblind = true\n[augment]\nswap = 0.5\n[augmen]", "unknown field 'augmen'"),
        ("epochs = 12", "epochs =", "cannot be read as a TOML recipe"),
    ],
)
def test_bad_recipes(recipe_file: Path, before: str, after: str, message: str) -> None:
    text = recipe_file.read_text(encoding="utf-8")
    assert before in text
    recipe_file.write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(InputError, match=message) as caught:
        read_recipe(recipe_file)
    assert str(caught.value).startswith(str(recipe_file))


def test_a_blind_network_does_not_go_with_augmentation(recipe_file: Path) -> None:
    with pytest.raises(InputError, match="'augment' has to be left out"):
        read_recipe(recipe_file, ["network.blind=true", "augment.swap=0.5"])


def test_a_recipe_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_recipe(tmp_path / "none.toml")
