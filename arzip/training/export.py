"""A trained network as integers, in the file that arzip codes with: see models/neural.py.

Every row of a matrix becomes int8 with a scale of its own, w = s * w8 for s = max |w| / 127 in
whole 2**-16; the bytes' inputs become Q11, biases Q12, start states Q15. That costs some 0.03 %
bits/byte, so it is not trained for.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from arzip.training.networks import Recurrent

__all__ = ["tensors"]


def tensors(network: Recurrent) -> dict[str, NDArray[Any]]:
    """The tensors of models.neural.tensors_of for this network."""
    config = network.config
    result = {"layers.0.input": _fixed(network.embedding, 11, np.int16)}
    starts = network.start(1)
    for k in range(config.layers):
        name = f"layers.{k}.recurrent"
        bias = network.bias[k].detach().clone()
        if config.architecture == "gru":  # the other gates' are part of the input
            bias[: 2 * config.hidden] = 0
        result |= _matrix(name, "_scale", network.recurrent[k])
        result[name + "_bias"] = _fixed(bias, 12, np.int32)
        result[f"layers.{k}.start"] = _fixed(starts[0][k, 0], 15, np.int16)
        if config.architecture == "lstm":
            result[f"layers.{k}.start_cell"] = _fixed(starts[1][k, 0], 15, np.int32)
        if k:
            name, above = f"layers.{k}.input", network.linear_above(k - 1)
            result |= _matrix(name, "_scale", above.weight)
            result[name + "_bias"] = _fixed(above.bias, 12, np.int32)
    result |= _matrix("output.weight", "", network.output.weight, scale="output.scale")
    result["output.bias"] = _fixed(network.output.bias, 12, np.int32)
    return result


def _array(tensor: Tensor) -> NDArray[np.float64]:
    return tensor.detach().cpu().double().numpy()


def _fixed(tensor: Tensor, bits: int, dtype: Any) -> NDArray[Any]:
    """In units of 2**-bits, cut to the type's range."""
    bounds = np.iinfo(dtype)
    return np.rint(_array(tensor) * (1 << bits)).clip(bounds.min, bounds.max).astype(dtype)


def _matrix(name: str, suffix: str, tensor: Tensor, scale: str | None = None) -> dict[str, Any]:
    """Rows in int8 and their scales in Q16."""
    rows = _array(tensor)
    scales = np.maximum(np.rint(np.abs(rows).max(axis=1) / 127 * 65536), 1.0)
    whole = np.rint(rows * 65536 / scales[:, None]).clip(-127, 127).astype(np.int8)
    return {name: whole, scale or name + suffix: scales.astype(np.int32)}
