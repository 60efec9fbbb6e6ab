"""A tiny encoder and a few labelled paragraphs of our own."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

SIDES = {"favor": "is a blessing", "against": "is a menace", "neutral": "met on Monday"}
NAMES = {"NATO": "NATO", "US": "Washington", "China": "Beijing"}


def paragraphs() -> list[dict]:
    """One paragraph for each mix of labels; what is absent is not named."""
    rows = []
    for number, labels in enumerate(itertools.product(("favor", "against", "neutral", "absent"), repeat=3)):
        given = dict(zip(NAMES, labels, strict=True))
        said = [f"{NAMES[target]} {SIDES[label]}." for target, label in given.items() if label != "absent"]
        rows.append({"id": f"p{number}", "text": " ".join([*said, "Rain fell."]), "labels": given, "doubt": ""})
    return rows


@pytest.fixture(scope="session")
def encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of random weights with a vocabulary of whole words."""
    folder = tmp_path_factory.mktemp("encoder")
    words = sorted({word for row in paragraphs() for word in row["text"].lower().replace(".", " .").split()})
    vocabulary = {word: place for place, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        "[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=48, num_hidden_layers=2, num_attention_heads=4, intermediate_size=96
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


def write_recipe(folder: Path, encoder_folder: Path, more: str = "", **schedule: object) -> Path:
    """Write a recipe over the paragraphs, and the paragraphs."""
    for name in ("train", "dev", "test"):
        lines = [json.dumps(row) for row in paragraphs()]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    given = {"epochs": 12, "batch_size": 8, "encoder_rate": 0.002, "head_rate": 0.002, "precision": "fp32"} | schedule
    lines = [f"{name} = {json.dumps(value)}" for name, value in given.items()]
    path = folder / "tiny.toml"
    path.write_text(
        'name = "tiny"\ntrain = "train.jsonl"\ndev = "dev.jsonl"\ntest = "test.jsonl"\n'
        f"[encoder]\nsource = {json.dumps(str(encoder_folder))}\n"
        "[network]\nheads = 4\nwindow = 64\noverlap = 8\n[schedule]\n" + "\n".join(lines) + "\n" + more,
        encoding="utf-8",
    )
    return path


@pytest.fixture
def recipe_file(tmp_path: Path, encoder_folder: Path) -> Path:
    """A recipe over the paragraphs."""
    return write_recipe(tmp_path, encoder_folder)
