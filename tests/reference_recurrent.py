"""The GRU and LSTM a second time, in plain numpy from the tensors as given; random networks.

    python tests/reference_recurrent.py

prints digests of arzip's own results, to compare with machines of other kinds.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arzip.models.network import recurrent, softmax
from arzip.models.network.functions import EXP2, SIGMOID

Tensors = dict[str, NDArray[Any]]
Shapes = Mapping[str, tuple[Any, tuple[int, ...]]]
"""The data type and shape of each tensor."""

TEXT = b"It was the best of times, it was the worst of times,\n\0\xff 1234;\t"


def random_tensors(
    architecture: str,
    layers: int,
    units: int,
    seed: int = 0,
    largest_scale: int = 1200,
    rank: int = 0,
    outputs: int = 0,
) -> Tensors:
    """Return random tensors whose gates are neither all open nor all shut."""
    largest = {"scale": largest_scale, "cell": 1 << 17, "start": 32767}
    shape = recurrent.Shape(architecture, layers, units, rank, outputs or units)
    tensors = drawn(recurrent.tensors_of(shape), largest, seed)
    for tensor in tensors.values():
        if tensor.dtype == np.int8:  # neighbours are at most 128 together
            odd = tensor[:, 1::2]
            left = 128 - np.abs(tensor[:, : 2 * odd.shape[1] : 2].astype(np.int16))
            odd[:] = odd.clip(-left, left)
    return tensors


def drawn(shapes: Shapes, largest: dict[str, int], seed: int) -> Tensors:
    """Return random tensors. `largest` has the bounds of those whose names end so, if not 8000."""
    rng = np.random.default_rng(seed)
    tensors = {}
    for name, (dtype, shape) in shapes.items():
        last = name.replace("_", ".").rpartition(".")[2]
        bound = 127 if dtype is np.int8 else largest.get(last, 8000)
        least = 0 if last == "scale" else -bound
        tensors[name] = rng.integers(least, bound + 1, shape).astype(dtype)
    return tensors


class Reference:
    """A network after some bytes. See arzip/models/network/recurrent.py for its numbers' units."""

    def __init__(self, tensors: Tensors) -> None:
        self.tensors = {name: tensor.astype(np.int64) for name, tensor in tensors.items()}
        self.layers = sum(name.endswith(".start") for name in tensors)
        self.hidden = [self.tensors[f"layers.{k}.start"] for k in range(self.layers)]
        self.cell = [self.tensors.get(f"layers.{k}.start_cell") for k in range(self.layers)]
        self.gates = tensors["layers.0.recurrent"].shape[0] // tensors["layers.0.start"].size

    def product(
        self, name: str, ends: tuple[str, str, str], vector: NDArray[Any], parts: int = 127
    ) -> NDArray[Any]:
        """Multiply a vector in units of one of so many parts of 1."""
        matrix, scale, bias = (self.tensors[name + end] for end in ends)
        sums = matrix @ vector
        assert np.abs(matrix @ (vector + 128)).max() < 1 << 31
        scale = (2 * (scale << 16) + parts) // (2 * parts)
        return ((sums * scale + (1 << 19)) >> 20) + bias

    def step(self, byte: int) -> None:
        below = self.tensors["layers.0.input"][byte] << 1
        for k in range(self.layers):
            name = f"layers.{k}."
            if k:
                ends = ("input", "input_scale", "input_bias")
                below = self.product(name, ends, rounded(self.hidden[k - 1]))
            own, parts = rounded(self.hidden[k]), 127
            if name + "project" in self.tensors:
                ends, parts = ("project", "project_scale", "project_bias"), 24
                own = ((self.product(name, ends, own) * 24 + (1 << 11)) >> 12).clip(-127, 127)
            ends = ("recurrent", "recurrent_scale", "recurrent_bias")
            own = self.product(name, ends, own, parts)
            x, y = below.reshape(self.gates, -1), own.reshape(self.gates, -1)
            if self.gates == 3:
                r, z = sigmoid(x[0] + y[0]), sigmoid(x[1] + y[1])
                n = tanh(x[2] + ((r * y[2] + (1 << 14)) >> 15))
                self.hidden[k] = n + ((z * (self.hidden[k] - n) + (1 << 14)) >> 15)
            else:
                i, f, o = (sigmoid(x[gate] + y[gate]) for gate in (0, 1, 3))
                g = tanh(x[2] + y[2])
                c = (f * self.cell[k] + i * g + (1 << 14)) >> 15
                self.cell[k] = c.clip(-16 << 15, 16 << 15)
                self.hidden[k] = (o * tanh((self.cell[k] + 4) >> 3) + (1 << 14)) >> 15

    def logits(self) -> NDArray[Any]:
        outputs = self.tensors["output.weight"].shape[1]
        ends = ("weight", "scale", "bias")
        return self.product("output.", ends, rounded(self.hidden[-1][:outputs]))

    def weights(self) -> NDArray[Any]:
        """Return the weights (256,) of the softmax."""
        return softmax_weights(self.logits())


def rounded(hidden: NDArray[Any]) -> NDArray[Any]:
    return (hidden * 127 + (1 << 14)) >> 15


def softmax_weights(logits: NDArray[Any]) -> NDArray[Any]:
    exponent = ((logits.max() - logits).clip(0, 21 << 12) * 23637) >> 16
    rounded = ((EXP2[exponent & 1023] >> (exponent >> 10)) + 1) >> 1
    return np.maximum(rounded, 1)


def sigmoid(x: NDArray[Any]) -> NDArray[Any]:
    return (_sigmoid(x) + 1) >> 1


def tanh(x: NDArray[Any]) -> NDArray[Any]:
    return _sigmoid(2 * x) - (1 << 15)


def _sigmoid(x: NDArray[Any]) -> NDArray[Any]:
    place = x.clip(-12 << 12, (12 << 12) - 1) + (12 << 12)
    entry = SIGMOID.astype(np.int64)[place >> 7]
    return (entry >> 10) + (((entry & 1023) * (place & 127) + 64) >> 7)


def digest(
    architecture: str, layers: int, units: int, n: int, rank: int = 0, outputs: int = 0
) -> str:
    """Return a digest of a random network's sums and log-odds over n bytes of text."""
    tensors = random_tensors(architecture, layers, units, rank=rank, outputs=outputs)
    network = recurrent.Recurrent(tensors)
    activations = network.start()
    state = hashlib.sha256()
    for byte in (TEXT * n)[:n]:
        recurrent.step(network.weights, activations, byte)
        odds = [softmax.node_odds(activations.tree, node) for node in range(1, 256)]
        state.update(activations.tree.astype("<i8").tobytes() + np.array(odds, "<i4").tobytes())
    return state.hexdigest()[:16]


def digests() -> dict[str, str]:
    return {
        "gru": digest("gru", 1, 10, 12),
        "lstm": digest("lstm", 2, 5, 12),
        "projected": digest("gru", 2, 12, 12, rank=5, outputs=7),
    }


if __name__ == "__main__":
    print(json.dumps(digests()))
