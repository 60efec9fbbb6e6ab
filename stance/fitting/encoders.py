"""Finding an encoder: on the hub, in a folder, inside an installed package, or in a model that stance wrote."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import util
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PreTrainedTokenizerFast
from transformers.utils import logging as transformers_logging

from stance.errors import ModelError
from stance.fitting.config import EncoderChoice
from stance.model.store import (
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    find_model,
    hash_file,
    list_weights,
    read_config,
    verify_files,
)
from stance.model.torch_runtime import count_positions, load_network

__all__ = ["Encoder", "load_encoder", "locate_encoder", "quiet_loading"]

_PACKAGE = "package:"
_MODEL = "model:"
_SPECIAL = 2
"""Special tokens around a text."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """An encoder, ready to be trained.

    Attributes:
        network: The transformers model without pooling layer, in fp32.
        tokenizer: Its tokenizer, without truncation and padding.
        pad_id: Token id of padding.
        mask: Its mask token.
        positions: Most tokens that it can read at once.
        sha256: Hash of its weights, joined by "+" where they lie in parts; empty if they came from the hub.
        weights: Weights of encoder and head to go on from; None for an encoder alone.
        head: Sizes of that head; empty for an encoder alone.
    """

    network: Any
    tokenizer: Tokenizer
    pad_id: int
    mask: str
    positions: int
    sha256: str
    weights: dict[str, Tensor] | None = None
    head: Mapping[str, Any] = field(default_factory=dict)


def locate_encoder(source: str) -> str:
    """Turn an encoder's source into what transformers loads from.

    Args:
        source: Hub id, folder, or ``package:NAME/FOLDER``.

    Returns:
        A folder, or the hub id.

    Raises:
        ModelError: If the package or its folder is not there.
    """
    if not source.startswith(_PACKAGE):
        return source
    package, _, inner = source.removeprefix(_PACKAGE).partition("/")
    try:
        spec = util.find_spec(package)
    except ImportError:  # of a package around it
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"Encoder {source!r}: the package {package!r} is not installed. Install it (see training/).")
    folder = Path(next(iter(spec.submodule_search_locations))) / inner
    if not folder.is_dir():
        raise ModelError(f"Encoder {source!r}: the package {package!r} has no folder {inner!r}.")
    return str(folder)


def load_encoder(choice: EncoderChoice) -> Encoder:
    """Load an encoder and its tokenizer.

    Attention dropout is off: on a CPU its random numbers cost a third of the forward pass (measured). The embeddings
    are frozen, so that words that training never saw keep their place beside those that it did.

    Args:
        choice: What the recipe says of it.

    Returns:
        The encoder.

    Raises:
        ModelError: If the encoder is not there, its weights have another hash, or it has fewer layers than asked for.
    """
    loaded = _load_model(choice) if choice.source.startswith(_MODEL) else _load_pretrained(choice)
    network = loaded.network
    if not hasattr(getattr(network, "encoder", None), "layer") or len(loaded.tokenizer.encode("").ids) != _SPECIAL:
        raise ModelError(
            f"Encoder {choice.source!r}: is not built like BERT, MPNet or RoBERTa (a stack of layers, and a special "
            "token on each side of a text). Name one that is."
        )
    stack = network.encoder.layer
    if max(choice.layers, choice.frozen) > len(stack):
        raise ModelError(f"Encoder {choice.source!r}: has {len(stack)} layers, fewer than the recipe asks for.")
    if choice.layers:
        network.encoder.layer = nn.ModuleList(stack[: choice.layers])
        network.config.num_hidden_layers = choice.layers
    network.embeddings.requires_grad_(False)
    for layer in network.encoder.layer[: choice.frozen]:
        layer.requires_grad_(False)
    return loaded


def _load_pretrained(choice: EncoderChoice) -> Encoder:
    place = locate_encoder(choice.source)
    weights = Path(place) / "model.safetensors"
    if choice.sha256 and not weights.is_file():
        raise ModelError(
            f"Encoder {choice.source!r}: only a folder's hash can be checked. Download it, or leave it out."
        )
    found = hash_file(weights) if weights.is_file() else ""
    if choice.sha256 and found != choice.sha256:
        raise ModelError(
            f"{weights.name} of encoder {choice.source!r}: expected sha256 {choice.sha256}, found {found}."
        )
    try:
        with quiet_loading():
            config = AutoConfig.from_pretrained(place)
            config.attention_probs_dropout_prob = 0.0
            network = AutoModel.from_pretrained(place, config=config, add_pooling_layer=False, use_safetensors=True)
            tokenizer = PreTrainedTokenizerFast.from_pretrained(place)
    except (OSError, TypeError, ValueError, ImportError) as error:
        raise ModelError(
            f"Encoder {choice.source!r} cannot be loaded: {error}. Name a BERT, MPNet or RoBERTa with its tokenizer."
        ) from error
    fast: Tokenizer = tokenizer.backend_tokenizer
    fast.no_truncation()
    fast.no_padding()
    mask = tokenizer.mask_token or "[MASK]"
    return Encoder(network.float(), fast, int(tokenizer.pad_token_id or 0), mask, count_positions(config), found)


def _load_model(choice: EncoderChoice) -> Encoder:
    """Load encoder and head of a model that stance wrote."""
    folder = find_model(choice.source.removeprefix(_MODEL))
    names = list_weights(folder)
    if not names:
        raise ModelError(
            f"Encoder {choice.source!r}: {folder} has no {WEIGHTS_FILE}: it can predict, but not be trained further. "
            "Take the model's folder from the project's repository."
        )
    hashes = verify_files(folder, (*names, TOKENIZER_FILE))
    found = "+".join(hashes[name] for name in names)
    if choice.sha256 and choice.sha256 != found:
        raise ModelError(f"Weights of encoder {choice.source!r}: expected sha256 {choice.sha256}, found {found}.")
    config = read_config(folder)
    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    known = json.loads(tokenizer.to_str())["added_tokens"]
    mask = next((token["content"] for token in known if "mask" in token["content"].lower()), "[MASK]")
    network = load_network(folder, config)
    positions = count_positions(network.encoder.config)
    weights = network.state_dict()
    return Encoder(network.encoder, tokenizer, config.pad_id, mask, positions, found, weights, config.head)


@contextmanager
def quiet_loading() -> Iterator[None]:
    """Keep transformers from drawing bars, and from reporting that the pooling layer, not wanted, was not loaded."""
    logger = logging.getLogger("transformers")
    before, bars = logger.level, transformers_logging.is_progress_bar_enabled()
    logger.setLevel(logging.ERROR)
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logger.setLevel(before)
        if bars:
            transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]
