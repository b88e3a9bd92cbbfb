"""The Transformer a second time, in plain numpy from the tensors as given; random networks.

    python tests/reference_transformer.py

prints digests of arzip's own results, to compare with machines of other kinds.
"""

import hashlib
import json
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from reference_recurrent import TEXT, Tensors, drawn, softmax_weights, tanh

from arzip.models.network import transformer

Q11_LIMIT, RESIDUAL_LIMIT = 8 << 11, 512 << 12


def random_tensors(
    layers: int, units: int, heads: int, window: int, seed: int = 0, largest_scale: int = 160
) -> Tensors:
    """Return random tensors whose heads attend to some bytes more than to others."""
    largest = {"scale": largest_scale, "ages": 12000}
    return drawn(transformer.tensors_of(layers, units, heads, window), largest, seed)


class Reference:
    """A network after some bytes. See arzip/models/network/transformer.py for its numbers' units.

    It keeps all keys and values, and uses the last of them.
    """

    def __init__(self, tensors: Tensors) -> None:
        self.tensors = {name: tensor.astype(np.int64) for name, tensor in tensors.items()}
        self.layers = sum(name.endswith(".join") for name in tensors)
        self.heads, self.window = tensors["layers.0.ages"].shape
        self.hidden = self.tensors["start"]
        self.keys, self.values = (
            [[self.tensors[f"layers.{k}.start_{name}"]] * self.window for k in range(self.layers)]
            for name in ("key", "value")
        )

    def product(self, name: str, vector: NDArray[Any], shift: int) -> NDArray[Any]:
        sums = self.tensors[name] @ vector
        assert np.abs(sums).max() < 1 << 31
        return (sums * self.tensors[name + "_scale"] + (1 << (shift - 1))) >> shift

    def step(self, byte: int) -> None:
        x = self.tensors["embedding"][byte] << 1
        for k in range(self.layers):
            attended = self.attention(k, normalised(x))
            x = self.add(x, self.product(f"layers.{k}.join", attended, 15))
            u = self.product(f"layers.{k}.expand", normalised(x), 16).clip(0, 4 << 11)
            wide = (u * u + (1 << 13)) >> 14
            x = self.add(x, self.product(f"layers.{k}.contract", wide, 12))
        self.hidden = tanh(normalised(x) << 1)

    def add(self, x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
        total = x + y.clip(-RESIDUAL_LIMIT, RESIDUAL_LIMIT)
        return total.clip(-RESIDUAL_LIMIT, RESIDUAL_LIMIT)

    def attention(self, k: int, vector: NDArray[Any]) -> NDArray[Any]:
        parts = self.product(f"layers.{k}.attend", vector, 16).clip(-Q11_LIMIT, Q11_LIMIT)
        query, key, value = parts.reshape(3, self.heads, -1)
        self.keys[k].append(key.ravel())
        self.values[k].append(value.ravel())
        keys, values = (  # the youngest first: (W, heads, units of a head)
            np.array(kept[k][: -self.window - 1 : -1]).reshape(self.window, self.heads, -1)
            for kept in (self.keys, self.values)
        )
        scores = (np.einsum("hc,whc->hw", query, keys) + (1 << 11)) >> 12
        scores += self.tensors[f"layers.{k}.ages"]
        weights = np.array([softmax_weights(head) for head in scores])
        inverse = (1 << 56) // weights.sum(axis=1, keepdims=True)
        shares = (weights * inverse + (1 << 40)) >> 41
        means = (np.einsum("hw,whc->hc", shares, values) + (1 << 14)) >> 15
        return means.clip(-Q11_LIMIT, Q11_LIMIT).ravel()

    def logits(self) -> NDArray[Any]:
        sums = self.tensors["output.weight"] @ ((self.hidden + 4) >> 3)
        return ((sums * self.tensors["output.scale"] + (1 << 15)) >> 16) + self.tensors[
            "output.bias"
        ]

    def weights(self) -> NDArray[Any]:
        """Return the weights (256,) of the softmax."""
        return softmax_weights(self.logits())


def normalised(x: NDArray[Any]) -> NDArray[Any]:
    """Return x over its root mean square, computed in Python's integers."""
    mean = (sum(int(value) ** 2 for value in x) << 8) // len(x) + (1 << 16)
    inverse = (1 << 47) // math.isqrt(mean)
    return np.array([(int(value) * inverse + (1 << 31)) >> 32 for value in x]).clip(
        -Q11_LIMIT, Q11_LIMIT
    )


def digest(layers: int, units: int, heads: int, window: int, n: int) -> str:
    """Return a digest of a random network's hidden states and sums over n bytes of text."""
    network = transformer.Transformer(random_tensors(layers, units, heads, window))
    activations = network.start()
    state = hashlib.sha256()
    for byte in (TEXT * n)[:n]:
        transformer.step(network.weights, activations, byte)
        state.update(activations.hidden.astype("<i4").tobytes())
        state.update(activations.tree.astype("<i8").tobytes())
    return state.hexdigest()[:16]


def digests() -> dict[str, str]:
    return {"one layer": digest(1, 8, 2, 5, 12), "two layers": digest(2, 6, 1, 3, 8)}


if __name__ == "__main__":
    print(json.dumps(digests()))
