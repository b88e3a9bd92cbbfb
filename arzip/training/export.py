"""A trained network as the integers of a model file: see arzip/models/network/.

Every row of a matrix becomes int8 with a scale of its own, and the biases correct the mean error:
see quantise.py. Embeddings become Q11, biases Q12, start states Q15.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from arzip.training import quantise
from arzip.training.networks import Network, Recurrent, Transformer, cut

__all__ = ["tensors"]


def tensors(network: Network) -> dict[str, NDArray[Any]]:
    """Return the network's tensors by name: see `tensors_of` in recurrent.py and transformer.py."""
    held = quantise.rounded_parameters(network)
    result = (
        _transformer(network) if isinstance(network, Transformer) else _recurrent(network, held)
    )
    result |= _matrix("output.weight", network.output.weight, "output.scale")
    result["output.bias"] = _fixed(held["output.bias"], 12, np.int32)
    return result


def _recurrent(network: Network, held: dict[str, Tensor]) -> dict[str, NDArray[Any]]:
    assert isinstance(network, Recurrent)
    config = network.config
    result = {"layers.0.input": _fixed(network.embedding, 11, np.int16)}
    starts = network.start(1)
    for k in range(config.layers):
        if config.rank:
            name = f"layers.{k}.project"
            result |= _matrix(name, network.project[k])
            result[name + "_bias"] = _fixed(held[f"projected_bias.{k}"], 12, np.int32)
        name = f"layers.{k}.recurrent"
        result |= _matrix(name, network.recurrent[k])
        result[name + "_bias"] = _fixed(held[f"bias.{k}"], 12, np.int32)
        result[f"layers.{k}.start"] = _fixed(starts[0][k, 0], 15, np.int16)
        if config.architecture == "lstm":
            result[f"layers.{k}.start_cell"] = _fixed(starts[1][k, 0], 15, np.int32)
        if k:
            name = f"layers.{k}.input"
            result |= _matrix(name, network.linear_above(k - 1).weight)
            result[name + "_bias"] = _fixed(held[f"above.{k - 1}.bias"], 12, np.int32)
    return result


def _transformer(network: Transformer) -> dict[str, NDArray[Any]]:
    result = {
        "embedding": _fixed(cut(network.embedding), 11, np.int16),
        "start": _fixed(torch.tanh(network.begin), 15, np.int16),
    }
    for k in range(network.config.layers):
        name, block = f"layers.{k}.", network.block(k)
        for part in ("attend", "join", "expand", "contract"):
            result |= _matrix(name + part, getattr(block, part).weight)
        result[name + "ages"] = _fixed(network.ages[k], 12, np.int32)
        key, value = cut(network.ring[:, k])
        result[name + "start_key"] = _fixed(key, 11, np.int16)
        result[name + "start_value"] = _fixed(value, 11, np.int16)
    return result


def _array(tensor: Tensor) -> NDArray[np.float64]:
    return tensor.detach().cpu().double().numpy()


def _fixed(tensor: Tensor, bits: int, dtype: Any) -> NDArray[Any]:
    """Return the tensor in units of 2**-bits, cut to the type's range."""
    bounds = np.iinfo(dtype)
    return np.rint(_array(tensor) * (1 << bits)).clip(bounds.min, bounds.max).astype(dtype)


def _matrix(name: str, tensor: Tensor, scale: str | None = None) -> dict[str, NDArray[Any]]:
    """Return the rows in int8 and their scales in Q16, by name."""
    whole, scales = quantise.rows(tensor)
    return {name: whole.cpu().numpy(), scale or name + "_scale": scales.cpu().numpy()}
