"""Running a network with torch, from its weights: what a GPU is used with where ONNX Runtime has no CUDA."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from transformers import AutoConfig, AutoModel

from stance.errors import InputError, ModelError
from stance.model.network import HeadConfig, StanceNetwork
from stance.model.runtime import CPU_TOKENS, GPU_TOKENS, Output, check_scores
from stance.model.store import WEIGHTS_FILE, ModelConfig
from stance.model.tokens import Batch
from stance.model.weights import load_weights

__all__ = ["TorchNetwork", "build_encoder", "count_positions", "load_network", "sees_gpu"]

_AHEAD = 2
"""Batches that a GPU is given before the result of the first is waited for."""
_ROBERTA_LINE = ("camembert", "data2vec-text", "roberta", "roberta-prelayernorm", "xlm-roberta", "xlm-roberta-xl")
"""Encoders that count positions from the padding's id on, as MPNet does."""
_KINDS = ("bert", "ernie", "megatron-bert", "mpnet", *_ROBERTA_LINE)
"""Encoders that are built: a stack of layers that reads tokens and fetches nothing (others load backbones)."""
_SIZES = {
    "vocab_size": 1,
    "hidden_size": 1,
    "num_hidden_layers": 1,
    "num_attention_heads": 1,
    "intermediate_size": 1,
    "max_position_embeddings": 1,
    "type_vocab_size": 0,
    "relative_attention_num_buckets": 1,
    "task_type_vocab_size": 0,
    "pad_token_id": 0,
}
"""Fields of a config that are whole numbers, and the least that each may be."""
_RATES = ("hidden_dropout_prob", "attention_probs_dropout_prob", "layer_norm_eps")
_SWITCHES = ("is_decoder", "use_task_id")
_DEEPEST = 100
"""Most layers of an encoder, and most blocks of a head: building one costs time and memory, whatever its size."""


class TorchNetwork:
    """A network in torch, in fp32 on a CPU and with matrices in bf16 on a GPU; safe to call from several threads.

    Args:
        folder: The model folder, whose files have been verified.
        config: What its ``config.json`` says.
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.

    Raises:
        InputError: If torch has no such device.
        ModelError: If the folder has no weights, or they are not those of the network that its config describes.
    """

    library: ClassVar[dict[str, str]] = {"torch": torch.__version__}

    def __init__(self, folder: Path, config: ModelConfig, *, device: str) -> None:
        self._path = folder / WEIGHTS_FILE
        self._device = torch.device(device)
        if self._device.type == "cuda" and (self._device.index or 0) >= torch.cuda.device_count():
            raise InputError(
                f"Device {device!r}: torch {torch.__version__} sees {torch.cuda.device_count()} GPUs. "
                "Use device='cpu', or install torch built for CUDA."
            )
        self._on_gpu = self._device.type == "cuda"
        self.token_budget = GPU_TOKENS if self._on_gpu else CPU_TOKENS
        self._network = load_network(folder, config).eval().to(self._device)
        self.hidden = self._network.config.hidden
        self._words = int(self._network.encoder.config.vocab_size)

    def run(self, batch: Batch, queries: npt.NDArray[np.float32]) -> Output:
        """Score a batch; as `stance.model.runtime.OnnxNetwork.run`."""
        return next(self.run_all([lambda: batch], queries))

    def run_all(
        self, batches: Sequence[Callable[[], Batch]], queries: npt.NDArray[np.float32]
    ) -> Generator[Output, None, None]:
        """Score batches, the next ones made while the device works; as `stance.model.runtime.OnnxNetwork.run_all`."""
        waiting: deque[tuple[Batch, Tensor, Tensor]] = deque()
        try:
            asked = torch.tensor(queries).to(self._device)
            for make in batches:
                batch = make()
                waiting.append((batch, *self._start(batch, asked)))
                if len(waiting) > _AHEAD * self._on_gpu:
                    yield self._finish(*waiting.popleft())
            while waiting:
                yield self._finish(*waiting.popleft())
        except RuntimeError as error:  # what torch raises, memory that ran out included
            raise ModelError(
                f"{self._path}: the network cannot be run on {self._device}: {error}. "
                "If memory ran out, ask for a smaller batch_size."
            ) from error

    @property
    def network(self) -> StanceNetwork:
        """The network itself, on its device."""
        return self._network

    def _start(self, batch: Batch, queries: Tensor) -> tuple[Tensor, Tensor]:
        if not 0 <= batch.input_ids.min() <= batch.input_ids.max() < self._words:  # a GPU would be lost to the process
            raise ModelError(
                f"{self._path}: the network knows {self._words} tokens, and the tokenizer or 'pad_id' gives others. "
                "Install or train the model again."
            )
        inputs = [
            torch.from_numpy(array).to(self._device, non_blocking=True)
            for array in (batch.input_ids, batch.attention_mask, batch.mentions)
        ]
        with torch.inference_mode(), torch.autocast(self._device.type, torch.bfloat16, enabled=self._on_gpu):
            scores, pooled = self._network(*inputs, queries)
        return scores, pooled

    def _finish(self, batch: Batch, scores: Tensor, pooled: Tensor) -> Output:
        output = Output(scores.float().cpu().numpy(), pooled.float().cpu().numpy())
        check_scores(output, batch, self.hidden, self._path)
        return output


def load_network(folder: Path, config: ModelConfig) -> StanceNetwork:
    """Build the network that a config describes and fill it with the folder's weights.

    Nothing large is made before the weights are known to be of the shapes that the config asks for.

    Args:
        folder: The model folder, whose files have been verified.
        config: What its ``config.json`` says.

    Returns:
        The network, in fp32, on the CPU.

    Raises:
        ModelError: If the folder has no weights, or they are not those of the network.
    """
    try:
        weights = load_weights(folder)
        if not weights:
            raise ValueError("it has no weights")
        head = _head(config)
        with torch.device("meta"):
            wanted = StanceNetwork(build_encoder(config), head).state_dict()
        apart = [name for name in wanted.keys() | weights.keys() if _shape(wanted, name) != _shape(weights, name)]
        if apart:
            name = min(apart)
            raise ValueError(f"{name}: expected the shape {_shape(wanted, name)}, found {_shape(weights, name)}")
        with torch.random.fork_rng(devices=[]):
            network = StanceNetwork(build_encoder(config), head)
        network.load_state_dict(weights)
        positions = count_positions(network.encoder.config)
        if config.window > positions:
            raise ValueError(f"its window has {config.window} tokens, the encoder {positions} positions")
    except ModelError:
        raise
    except Exception as error:  # whatever transformers or safetensors raise about what they are given
        raise ModelError(
            f"{folder}: torch cannot build the network that its config and weights describe ({error}). "
            "Use device='cpu', or train the model again."
        ) from error
    return network.float()


def build_encoder(config: ModelConfig) -> torch.nn.Module:
    """Build the encoder that a config describes, its weights drawn at random; the generator is left as it was.

    Of the config only sizes, rates and the activation are taken: transformers has fields that fetch code or weights,
    compile, or change what a network answers with.

    Args:
        config: What ``config.json`` says.

    Returns:
        A transformers encoder without pooling layer, in fp32.

    Raises:
        ModelError: If the config describes no encoder that is known.
    """
    try:
        values = _described(config.encoder["config"])
        kind = AutoConfig.for_model(values.pop("model_type"), **values)
        with torch.random.fork_rng(devices=[]):
            network: torch.nn.Module = AutoModel.from_config(  # type: ignore[no-untyped-call]
                kind, add_pooling_layer=False, trust_remote_code=False
            )
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise
        raise ModelError(
            f"Model {config.name!r}: its config describes no encoder that can be built ({error}). "
            "Use device='cpu', or train the model again."
        ) from error
    return network.float()


def count_positions(config: Any) -> int:  # noqa: ANN401 - transformers configs share no useful base type
    """Tell how many tokens an encoder can read.

    Args:
        config: Its transformers config.

    Returns:
        The tokens, special ones included: some encoders count positions from the padding's id on.
    """
    offset = config.pad_token_id + 1 if config.model_type in ("mpnet", *_ROBERTA_LINE) else 0
    return int(config.max_position_embeddings) - offset


def _described(given: Mapping[str, Any]) -> dict[str, Any]:
    """Take what describes an encoder from the transformers config that a model folder holds.

    Raises:
        ValueError: If a field is not what it should be.
        KeyError: If there is no kind.
    """
    if given["model_type"] not in _KINDS:
        raise ValueError(f"model_type: expected one of {', '.join(_KINDS)}, found {given['model_type']!r:.40}")
    values: dict[str, Any] = {"model_type": given["model_type"]}
    for name, least in _SIZES.items():
        if given.get(name) is not None:
            most = _DEEPEST if name == "num_hidden_layers" else 1 << 31
            values[name] = _whole(given[name], name, least, most)
    for name in _RATES:
        if name in given:
            if type(given[name]) not in (int, float) or not 0 <= given[name] <= 1:
                raise ValueError(f"{name}: expected a number in [0, 1], found {given[name]!r:.40}")
            values[name] = given[name]
    for name in _SWITCHES:
        if name in given:
            values[name] = given[name] is True
    if "hidden_act" in given:
        values["hidden_act"] = str(given["hidden_act"])
    return values


def _head(config: ModelConfig) -> HeadConfig:
    """Give the sizes of the head.

    Raises:
        ValueError: If a field is no size.
        TypeError: If a field is missing or unknown.
    """
    head = HeadConfig(**config.head)
    least = {"hidden": 1, "heads": 1, "blocks": 0, "labels": 1, "width": 0}
    for name, value in least.items():
        _whole(getattr(head, name), name, value, _DEEPEST if name == "blocks" else 1 << 31)
    if not isinstance(head.dropout, int | float) or not 0 <= head.dropout < 1:
        raise ValueError(f"dropout: expected a number in [0, 1), found {head.dropout!r:.40}")
    return head


def _whole(value: object, name: str, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{name}: expected a whole number from {least} to {most}, found {value!r:.40}")
    return value


def sees_gpu() -> bool:
    """Tell whether torch can use a GPU."""
    return torch.cuda.is_available()


def _shape(tensors: dict[str, Tensor], name: str) -> tuple[int, ...] | None:
    found = tensors.get(name)
    return None if found is None else tuple(found.shape)
