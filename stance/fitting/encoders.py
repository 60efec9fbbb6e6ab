"""Finding an encoder: on the hub, in a folder, or inside an installed package."""

from __future__ import annotations

from importlib import util
from pathlib import Path
from typing import Any

from transformers import AutoConfig, AutoModel, PreTrainedTokenizerFast

from stance.errors import ModelError
from stance.model.store import hash_file

__all__ = ["load_encoder", "locate_encoder"]

_PACKAGE = "package:"


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
    spec = util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"Encoder {source!r}: the package {package!r} is not installed. Install it (see training/).")
    folder = Path(next(iter(spec.submodule_search_locations))) / inner
    if not folder.is_dir():
        raise ModelError(f"Encoder {source!r}: the package {package!r} has no folder {inner!r}.")
    return str(folder)


def load_encoder(source: str, sha256: str = "") -> tuple[Any, PreTrainedTokenizerFast]:
    """Load an encoder and its tokenizer.

    Attention dropout is off: on a CPU its random numbers cost a third of the forward pass (measured). The embeddings
    are frozen, so that words that training never saw keep their place beside those that it did.

    Args:
        source: Hub id, folder, or ``package:NAME/FOLDER``.
        sha256: Expected hash of ``model.safetensors``; empty if it is not to be checked (only folders can be).

    Returns:
        The encoder in fp32 and its tokenizer.

    Raises:
        ModelError: If the encoder is not there, or its weights have another hash.
    """
    place = locate_encoder(source)
    weights = Path(place) / "model.safetensors"
    if sha256:
        if not weights.is_file():
            raise ModelError(f"Encoder {source!r}: only a folder's hash can be checked. Download it, or leave it out.")
        found = hash_file(weights)
        if found != sha256:
            raise ModelError(f"{weights.name} of encoder {source!r}: expected sha256 {sha256}, found {found}.")
    try:
        config = AutoConfig.from_pretrained(place)
        config.attention_probs_dropout_prob = 0.0
        encoder = AutoModel.from_pretrained(place, config=config, add_pooling_layer=False, use_safetensors=True)
        tokenizer = PreTrainedTokenizerFast.from_pretrained(place)
    except OSError as error:
        raise ModelError(f"Encoder {source!r} cannot be loaded: {error}") from error
    encoder.embeddings.requires_grad_(False)
    return encoder.float(), tokenizer
