"""A network to start training from: a model file's tensors as torch's parameters.

Undoes export.py, except for the rounding.
"""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from arzip.errors import ModelError
from arzip.models import registry
from arzip.models.network import recurrent
from arzip.training.networks import Config, Recurrent
from arzip.training.quantise import SCALE_BITS

__all__ = ["network_in"]


def network_in(name_or_path: "str | os.PathLike[str]") -> Recurrent:
    """Return the gru or lstm in a model. Raises ModelError if the model has neither."""
    tensors = registry.read(name_or_path).network
    if "layers.0.recurrent" not in tensors:
        raise ModelError(f"{name_or_path} has no gru or lstm to start from")
    # Raises ModelError unless all of them are there.
    architecture, layers, units, rank, outputs = recurrent.Recurrent(tensors).shape
    read = 0 if outputs == units else outputs
    network = Recurrent(Config(architecture, units, layers, rank, read))
    with torch.no_grad():
        _fill(network, tensors)
    return network


def _fill(network: Recurrent, tensors: Mapping[str, NDArray[Any]]) -> None:
    network.embedding.copy_(_fixed(tensors["layers.0.input"], 11))
    for k in range(network.config.layers):
        if network.config.rank:
            name = f"layers.{k}.project"
            network.project[k].copy_(_matrix(tensors, name))
            network.projected_bias[k].copy_(_fixed(tensors[name + "_bias"], 12))
        name = f"layers.{k}.recurrent"
        network.recurrent[k].copy_(_matrix(tensors, name))
        network.bias[k].copy_(_fixed(tensors[name + "_bias"], 12))
        start = _fixed(tensors[f"layers.{k}.start"], 15)
        network.begin[0, k].copy_(torch.atanh(start.clamp(-0.9999, 0.9999)))
        if network.config.architecture == "lstm":
            network.begin[1, k].copy_(_fixed(tensors[f"layers.{k}.start_cell"], 15))
        if k:
            name, above = f"layers.{k}.input", network.linear_above(k - 1)
            above.weight.copy_(_matrix(tensors, name))
            above.bias.copy_(_fixed(tensors[name + "_bias"], 12))
    network.output.weight.copy_(_matrix(tensors, "output.weight", "output.scale"))
    network.output.bias.copy_(_fixed(tensors["output.bias"], 12))


def _fixed(tensor: NDArray[Any], bits: int) -> Tensor:
    return torch.from_numpy(tensor.astype(np.float32) / (1 << bits))


def _matrix(tensors: Mapping[str, NDArray[Any]], name: str, scale: str | None = None) -> Tensor:
    scales = tensors[scale or name + "_scale"].astype(np.float64) / (1 << SCALE_BITS)
    return torch.from_numpy((tensors[name] * scales[:, None]).astype(np.float32))
