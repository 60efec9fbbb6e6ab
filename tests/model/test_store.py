"""Model folders: found by name or path, refused when something is wrong with them."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from pathlib import Path

import pytest

from stance.errors import ModelError
from stance.model import store
from stance.model.calibration import Calibration
from stance.model.classifier import Classifier
from stance.schema import LABELS

READ = (*store.NEEDED, *store.list_weights(store.find_model()))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of what predicting needs of the default model."""
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in (*READ, store.HASHES_FILE):
        shutil.copy(store.find_model() / name, copy / name)
    return copy


def test_default_model_is_whole() -> None:
    folder = store.find_model()
    listed = json.loads((folder / store.HASHES_FILE).read_text(encoding="utf-8"))
    there = tuple(path.name for path in folder.iterdir() if path.name != store.HASHES_FILE)
    assert set(there) <= set(listed)
    assert store.verify_files(folder, there)
    config = store.read_config(folder)
    assert set(config.labels) == set(LABELS)
    assert store.find_model("base") == folder


def test_path_is_found(folder: Path) -> None:
    assert store.find_model(folder) == folder
    assert store.find_model(str(folder)) == folder


def test_unknown_model() -> None:
    with pytest.raises(ModelError, match=r"Unknown model 'bose': .*did you mean 'base'.* Give the folder of any other"):
        store.find_model("bose")


def test_folder_without_config(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"has no config\.json"):
        store.find_model(tmp_path)


@pytest.mark.parametrize("name", READ)
def test_a_flipped_byte_is_found(folder: Path, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(ModelError, match=f"{name}: the file was changed or damaged"):
        Classifier(folder)


def test_weights_cut_short_are_called_damaged(folder: Path) -> None:
    weights = folder / READ[-1]
    os.truncate(weights, weights.stat().st_size // 2)
    with pytest.raises(ModelError, match=f"{weights.name}: the file was changed or damaged"):  # not: "out of bounds"
        Classifier(folder)


@pytest.mark.parametrize("flip", [0x01, 0x29, 0x80])  # 0x29 makes a tab of a blank
def test_a_flipped_byte_of_any_file_is_found(small: Path, flip: int) -> None:
    store.verify_folder(small)
    for path in sorted(small.iterdir()):
        data = path.read_bytes()
        places = range(len(data)) if path.name == store.HASHES_FILE else {0, 7, len(data) // 2, len(data) - 1}
        for place in places:
            with path.open("r+b") as file:
                file.seek(place)
                file.write(bytes([data[place] ^ flip]))
            with pytest.raises(ModelError):
                store.verify_folder(small)
            with path.open("r+b") as file:
                file.seek(place)
                file.write(data[place : place + 1])
    assert set(store.verify_folder(small)) | {store.HASHES_FILE} == {path.name for path in small.iterdir()}


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A folder that has every file of a model, though small ones."""
    folder = tmp_path / "small"
    folder.mkdir()
    for name in (*store.NEEDED, store.WEIGHTS_FILE, "README.md"):
        (folder / name).write_bytes(name.encode() * 9)
    store.write_config(folder, store.read_config(store.find_model()))
    store.write_hashes(folder)
    return folder


def test_files_that_nobody_vouches_for(small: Path) -> None:
    (small / "model.pkl").write_bytes(b"")
    (small / ".DS_Store").write_bytes(b"")
    with pytest.raises(ModelError, match=r"model\.pkl: not listed in hashes\.json"):
        store.verify_folder(small)


@pytest.mark.parametrize("name", ["../secret.safetensors", "/etc/x.safetensors", "a\\b.safetensors", "a\0.safetensors"])
def test_names_that_lead_out_of_the_folder(small: Path, name: str) -> None:
    (small.parent / "secret.safetensors").write_bytes(b"")
    hashes = json.loads((small / store.HASHES_FILE).read_text(encoding="utf-8"))
    (small / store.HASHES_FILE).write_text(json.dumps(hashes | {name: hashes["README.md"]}), encoding="utf-8")
    with pytest.raises(ModelError, match="is no name of a file of the folder"):
        store.verify_files(small)


def test_links_out_of_the_folder(small: Path) -> None:
    (small / store.WEIGHTS_FILE).rename(small.parent / "weights")
    (small / store.WEIGHTS_FILE).symlink_to(small.parent / "weights")
    with pytest.raises(ModelError, match=r"model\.safetensors: is a link to a file outside"):
        store.verify_files(small)
    link = small.parent / "link"
    link.symlink_to(small)  # a link to the folder is the user's own
    (small / store.WEIGHTS_FILE).unlink()
    (small.parent / "weights").rename(small / store.WEIGHTS_FILE)
    assert store.verify_files(link)


def test_unsigned_models_are_used_if_allowed(folder: Path) -> None:
    hashes = json.loads((folder / store.HASHES_FILE).read_text(encoding="utf-8"))
    (folder / store.HASHES_FILE).unlink()
    with pytest.raises(ModelError, match="--allow-unsigned"):
        store.verify_files(folder)
    assert store.verify_files(folder, allow_unsigned=True).items() <= hashes.items()
    (folder / store.HASHES_FILE).write_text(json.dumps({store.CONFIG_FILE: "0" * 64}), encoding="utf-8")
    with pytest.raises(ModelError, match=r"config\.json: the file was changed"):
        store.verify_files(folder, allow_unsigned=True)


def test_files_that_are_too_large_are_not_read(small: Path) -> None:
    for name in (store.CONFIG_FILE, store.HASHES_FILE, store.TOKENIZER_FILE):
        kept = (small / name).read_bytes()
        with (small / name).open("r+b") as file:
            file.truncate(store._MOST[name] + 1)
        with pytest.raises(ModelError, match=r"expected at most \d+ bytes, found \d+"):
            store.read_config(small) if name == store.CONFIG_FILE else store.verify_files(small)
        (small / name).write_bytes(kept)


def test_deep_nesting_in_a_config(small: Path) -> None:
    (small / store.CONFIG_FILE).write_text('{"metrics": ' + "[" * 200_000, encoding="utf-8")
    with pytest.raises(ModelError, match="cannot be read as a model config"):
        store.read_config(small)
    (small / store.HASHES_FILE).write_text("[" * 200_000, encoding="utf-8")
    with pytest.raises(ModelError, match="cannot be read or lacks a hash"):
        store.verify_files(small)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"window": "512"}, "'window': expected a whole number from 3 on, found '512'"),
        ({"window": True}, "'window'"),
        ({"pad_id": -1}, "'pad_id': expected a whole number from 0 on"),
        ({"format": "2"}, "'format'"),
        ({"overlap": 510}, "'overlap': expected less than window - 2"),
        ({"temperature": float("nan")}, "'temperature': expected a number from 1e-06 on"),
        ({"name": 5}, "'name': expected str, found int"),
        ({"metrics": [1]}, "'metrics': expected dict, found tuple"),
        ({"targets": ["NATO", 5]}, "'targets': expected a list of words"),
        ({"labels": "favor"}, "'labels': expected tuple"),
    ],
)
def test_config_values_of_another_kind(small: Path, change: dict, message: str) -> None:
    values = json.loads((small / store.CONFIG_FILE).read_text(encoding="utf-8"))
    (small / store.CONFIG_FILE).write_text(json.dumps(values | {"window": 512} | change), encoding="utf-8")
    with pytest.raises(ModelError, match=message):
        store.read_config(small)


def test_a_tokenizer_that_frames_nothing(folder: Path) -> None:
    values = json.loads((folder / store.TOKENIZER_FILE).read_text(encoding="utf-8"))
    (folder / store.TOKENIZER_FILE).write_text(json.dumps(values | {"post_processor": None}), encoding="utf-8")
    store.write_hashes(folder)
    with pytest.raises(ModelError, match="frames texts in two tokens"):
        Classifier(folder)


@pytest.mark.parametrize("name", [name for name in READ if name != store.CONFIG_FILE])
def test_a_missing_file_is_found(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelError, match=f"{name}: the file is missing"):
        Classifier(folder)


def test_weights_without_a_hash_are_refused(folder: Path) -> None:
    hashes = json.loads((folder / store.HASHES_FILE).read_text(encoding="utf-8"))
    kept = {name: value for name, value in hashes.items() if not name.endswith(".safetensors")}
    (folder / store.HASHES_FILE).write_text(json.dumps(kept), encoding="utf-8")
    with pytest.raises(ModelError, match=r"lacks a hash .*safetensors"):
        store.verify_files(folder)
    for name in store.list_weights(folder):
        (folder / name).unlink()
    with pytest.raises(ModelError, match=r"lacks a hash .*model\.safetensors"):
        store.verify_files(folder)


def test_a_folder_of_the_first_format_needs_no_weights_beside_its_graph(folder: Path) -> None:
    for name in store.list_weights(folder):
        (folder / name).unlink()
    store.write_config(folder, dataclasses.replace(store.read_config(folder), format=1))
    store.write_hashes(folder)
    hashes = json.loads((folder / store.HASHES_FILE).read_text(encoding="utf-8"))
    (folder / store.HASHES_FILE).write_text(json.dumps(hashes | {"model.safetensors": "0" * 64}), encoding="utf-8")
    assert set(store.verify_files(folder)) == set(store.NEEDED)


def test_missing_and_broken_hashes(folder: Path) -> None:
    (folder / store.HASHES_FILE).write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match="lacks a hash"):
        Classifier(folder)
    (folder / store.HASHES_FILE).unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        Classifier(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 99}, "format 99 is newer"),
        ({"labels": ("LABEL_0", "LABEL_1")}, "expected the labels favor, against"),
        ({"calibration": {"items": 1}}, r"config\.json: .*The calibration cannot be read \('nonconformity'\)"),
    ],
)
def test_configs_that_are_refused(folder: Path, change: dict, message: str) -> None:
    store.write_config(folder, dataclasses.replace(store.read_config(folder), **change))
    store.write_hashes(folder)
    with pytest.raises(ModelError, match=message):
        Classifier(folder)


def test_files_that_are_no_model(folder: Path) -> None:
    (folder / store.NETWORK_FILE).write_bytes(b"no network")
    store.write_hashes(folder)
    with pytest.raises(ModelError, match="ONNX Runtime cannot load"):
        Classifier(folder)
    shutil.copy(store.find_model() / store.NETWORK_FILE, folder / store.NETWORK_FILE)
    (folder / store.TOKENIZER_FILE).write_text("{}", encoding="utf-8")
    store.write_hashes(folder)
    with pytest.raises(ModelError, match="cannot be read as a tokenizer"):
        Classifier(folder)
    (folder / store.CONFIG_FILE).write_text("[]", encoding="utf-8")
    store.write_hashes(folder)
    with pytest.raises(ModelError, match="cannot be read as a model config"):
        Classifier(folder)


def test_a_calibration_is_saved_and_loaded(folder: Path) -> None:
    calibration = Calibration(1.4, 1.6, items=3, nonconformity=(0.1, 0.25, 0.9))
    before = store.read_config(folder)
    store.write_config(folder, dataclasses.replace(before, calibration=calibration.to_dict()))
    store.write_hashes(folder)
    assert Calibration.from_dict(store.read_config(folder).calibration) == calibration
    assert Classifier(folder).calibration == calibration
    assert dataclasses.replace(store.read_config(folder), calibration=before.calibration) == before


def test_a_config_from_before_calibrations_is_read(folder: Path) -> None:
    values = json.loads((folder / store.CONFIG_FILE).read_text(encoding="utf-8"))
    values.pop("calibration", None)
    (folder / store.CONFIG_FILE).write_text(json.dumps(values | {"temperature": 1.25}), encoding="utf-8")
    store.write_hashes(folder)
    assert store.read_config(folder).temperature == 1.25
    assert Classifier(folder).calibration is None
