"""Running a network with torch, from its weights: what a GPU is used with where ONNX Runtime has no CUDA."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import ClassVar

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

__all__ = ["TorchNetwork", "build_encoder", "load_network", "sees_gpu"]

_AHEAD = 2
"""Batches that a GPU is given before the result of the first is waited for."""


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

    def _start(self, batch: Batch, queries: Tensor) -> tuple[Tensor, Tensor]:
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
        layers = config.encoder["config"]["num_hidden_layers"]
        if type(layers) is not int or not 0 < layers <= len(weights):
            raise ValueError(f"num_hidden_layers: expected a number of layers, found {layers!r:.40}")
        with torch.device("meta"):
            wanted = StanceNetwork(build_encoder(config), HeadConfig(**config.head)).state_dict()
        apart = [name for name in wanted.keys() | weights.keys() if _shape(wanted, name) != _shape(weights, name)]
        if apart:
            name = min(apart)
            raise ValueError(f"{name}: expected the shape {_shape(wanted, name)}, found {_shape(weights, name)}")
        network = StanceNetwork(build_encoder(config), HeadConfig(**config.head))
        network.load_state_dict(weights)
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

    Args:
        config: What ``config.json`` says.

    Returns:
        A transformers encoder without pooling layer, in fp32.
    """
    values = dict(config.encoder["config"])
    values.pop("auto_map", None)  # names code that lies elsewhere
    kind = AutoConfig.for_model(values.pop("model_type"), **values)
    with torch.random.fork_rng(devices=[]):
        network: torch.nn.Module = AutoModel.from_config(  # type: ignore[no-untyped-call]
            kind, add_pooling_layer=False, trust_remote_code=False
        )
    return network.float()


def sees_gpu() -> bool:
    """Tell whether torch can use a GPU."""
    return torch.cuda.is_available()


def _shape(tensors: dict[str, Tensor], name: str) -> tuple[int, ...] | None:
    found = tensors.get(name)
    return None if found is None else tuple(found.shape)
