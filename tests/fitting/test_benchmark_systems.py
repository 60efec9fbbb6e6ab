"""Systems of the benchmark that need training packages: the pair encoding, and zero-shot entailment."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from stance.errors import SkippedError
from stance.evaluation.benchmark.entailment import Entailment
from stance.evaluation.benchmark.pair import Pair
from stance.evaluation.benchmark.sets import read_set
from stance.evaluation.benchmark.tasks import Task, load_task
from stance.fitting.config import Schedule

pytestmark = pytest.mark.train
SAYINGS = {"pro": "is a blessing", "con": "is a menace", "none": "met on Monday"}


@pytest.fixture
def task(tmp_path: Path) -> Task:
    rows = [
        {"id": f"{number}-{label}", "text": f"{name} {said}. Rain fell.", "target": name, "label": label}
        for number in range(4)
        for name in ("NATO", "Beijing")
        for label, said in SAYINGS.items()
    ]
    for row in rows:
        row["id"] += "-" + row["target"]
    for split in ("train", "dev", "test"):
        (tmp_path / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (tmp_path / "x.toml").write_text(
        'name = "x"\ntitle = "x"\nsource = "x"\nmetric = "f_avg"\nmetric_name = "x"\n'
        '[files]\ntrain = "train.jsonl"\ndev = "dev.jsonl"\ntest = "test.jsonl"\n'
        '[labels]\npro = "favor"\ncon = "against"\nnone = ["neutral", "absent"]\n'
        '[[target]]\nname = "NATO"\ndescription = "NATO \\"itself\\""\n[[target]]\nname = "Beijing"\n',
        encoding="utf-8",
    )
    return load_task(read_set(tmp_path / "x.toml"), tmp_path)


def test_the_pair_encoding_learns_from_train(task: Task, encoder_folder: Path, tmp_path: Path) -> None:
    schedule = Schedule(epochs=24, batch_size=8, encoder_rate=0.002, head_rate=0.002, precision="fp32")
    system = Pair(str(encoder_folder), work=tmp_path / "work", schedule=schedule)
    told: list[float] = []
    answers = system.predict(task, told.append)
    right = [
        label == item.gold[0] or label in item.gold for item, label in zip(task.items, answers.labels, strict=True)
    ]
    assert np.mean(right) > 0.75  # by chance about 0.4
    assert sum(told) == pytest.approx(1.0)
    assert answers.probabilities is not None and np.allclose(answers.probabilities.sum(-1), 1, atol=1e-6)
    assert not any((tmp_path / "work").rglob("*.pt"))  # nothing is left of the run's state
    assert system.identity()["sha256"] and system.identity() == system.identity()


def test_the_pair_encoding_says_what_it_lacks(task: Task, tmp_path: Path) -> None:
    with pytest.raises(SkippedError, match="the package 'no_such_package' is not installed"):
        Pair("package:no_such_package/model").identity()


@pytest.fixture
def inference(encoder_folder: Path, tmp_path: Path) -> Path:
    """A model of random weights with the labels of natural language inference."""
    folder = tmp_path / "nli"
    tokenizer = AutoTokenizer.from_pretrained(encoder_folder)
    tokenizer.save_pretrained(folder)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = BertConfig(
            vocab_size=len(tokenizer),
            initializer_range=0.5,
            hidden_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
            id2label={0: "Entailment", 1: "neutral", 2: "contradiction"},
            max_position_embeddings=40,
        )
        BertForSequenceClassification(config).save_pretrained(folder)
    return folder


def test_entailment_gives_each_label_a_share(task: Task, inference: Path) -> None:
    system = Entailment(str(inference))
    told: list[float] = []
    answers = system.predict(task, told.append)
    assert answers.probabilities is not None and answers.probabilities.shape == (24, 4)
    assert np.allclose(answers.probabilities.sum(-1), 1) and sum(told) == pytest.approx(1.0)
    assert all(system.identity()["sha256"].values()) and system.name == f"nli:{inference}"


def test_entailment_reads_long_texts_in_windows(task: Task, inference: Path) -> None:
    item = task.items[0]
    texts = [item.text * 30 + end for end in ("", " NATO is a menace")]  # alike, but for the end
    long = replace(task, items=tuple(replace(item, text=text) for text in texts))
    shares = Entailment(str(inference)).predict(long, lambda share: None).probabilities
    assert shares is not None and np.allclose(shares.sum(-1), 1) and np.abs(shares[0] - shares[1]).max() > 1e-4


def test_entailment_says_what_it_lacks(encoder_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system = Entailment(str(tmp_path))
    for _ in range(2):
        with pytest.raises(SkippedError, match="cannot be had"):
            system.identity()
        monkeypatch.setattr(system, "_fetch", None)  # it is not asked for again
    folder = tmp_path / "plain"
    AutoTokenizer.from_pretrained(encoder_folder).save_pretrained(folder)
    config = BertConfig(vocab_size=50, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
    BertForSequenceClassification(config).save_pretrained(folder)
    with pytest.raises(SkippedError, match="is no entailment model: its labels are LABEL_0, LABEL_1"):
        Entailment(str(folder)).identity()
