"""The neural expert: a small recurrent network over bytes, computed in exact integers.

    h_t = GRU(w_t, h_{t-1})  or  LSTM         p(w_{t+1} | w_<=t) = Softmax(W h_t + b)

Weights are int8 with a scale for each row, what they multiply is int16; a product's sum in int32 is
exact in any order, and everything else is integers in a fixed one. A state h in [-1, 1] is Q15 in
int32, its copy for products Q12, gates Q15, what goes into sigmoid, tanh and softmax Q12.

For each byte the units of each layer change, then one product takes the layer's new state both to
its own next step and to the layer above, or to the logits of the softmax (softmax.py).

Sources: Cho et al. 2014 (the GRU, in the form of torch.nn.GRU), Hochreiter and Schmidhuber 1997.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i32, i64
from arzip.errors import ModelError
from arzip.models.network.functions import sigmoid, tanh
from arzip.models.network.softmax import BYTES, softmax
from arzip.models.network.tensors import LARGEST_CELL, MOST_LAYERS, check_sums, check_tensors
from arzip.models.numbers.intrinsics import ROWS, interleaved, multiply_block

__all__ = ["MOST_UNITS", "Activations", "Recurrent", "Weights", "step", "tensors_of"]

GATES = {"gru": 3, "lstm": 4}
"""Blocks of H rows in each matrix: r, z, n of a GRU; i, f, g, o of an LSTM."""

MOST_UNITS = 2048
"""Keeps a product's sum below 2**30."""

UNIT_MULTIPLE = 16
"""Units are filled up to whole vectors with ones that stay 0."""


class Weights(NamedTuple):
    """A network's parameters as `step` takes them. Layers follow each other in all but `input`."""

    input: NDArray[np.int16]
    """(256, G * H) in Q11: what each byte adds to the lowest layer's gates."""
    matrix: NDArray[np.int8]
    """For each layer its recurrent rows, then those of the layer above or of the logits, filled up
    to whole blocks and interleaved as `multiply_block` takes them."""
    scale: NDArray[np.int32]
    """Of each row: sum * scale / 2**16 is Q12."""
    bias: NDArray[np.int32]
    """Of each row, in Q12."""


class Activations(NamedTuple):
    """What a network knows after some bytes, and room to work in."""

    hidden: NDArray[np.int32]
    """(L, H) in Q15."""
    cell: NDArray[np.int32]
    """(L, H) in Q15: an LSTM's."""
    vector: NDArray[np.int16]
    """(H,) in Q12: a layer's hidden state, for its product."""
    products: NDArray[np.int32]
    """A product's sums, before they are scaled."""
    sums: NDArray[np.int32]
    """In Q12: for each layer G * H inputs and G * H recurrent sums, then the 256 logits."""
    tree: NDArray[np.int64]
    """(512,) sums of the next byte's weights over the nodes of its binary tree, all >= 1."""


class Recurrent:
    """A network's parameters, checked. Immutable, so that threads may share it."""

    def __init__(self, tensors: Mapping[str, NDArray[Any]]) -> None:
        """Take the tensors, named and typed as `tensors_of` says.

        Raises ModelError if one is missing, unknown, or of another type, shape or range.
        """
        self.architecture, self.layers, self.units = _dimensions(tensors)
        wanted = tensors_of(self.architecture, self.layers, self.units)
        check_tensors(tensors, wanted)
        check_sums(tensors, [name for name in wanted if name.endswith("scale")])
        self._start = [
            (tensors[f"layers.{k}.start"], tensors.get(f"layers.{k}.start_cell"))
            for k in range(self.layers)
        ]
        self.weights = _pack(tensors, GATES[self.architecture], self.layers, self.units)

    def start(self) -> Activations:
        """Return a network's activations before the first byte; their tree predicts that one."""
        activations = self.blank()
        for k, (hidden, cell) in enumerate(self._start):
            activations.hidden[k, : self.units] = hidden
            if cell is not None:
                activations.cell[k, : self.units] = cell
        _begin(self.weights, activations)
        return activations

    def blank(self) -> Activations:
        """Return activations of the right size that know nothing."""
        gates, layers, units = GATES[self.architecture], self.layers, _padded(self.units)
        return Activations(
            hidden=np.zeros((layers, units), dtype=np.int32),
            cell=np.zeros((layers, units), dtype=np.int32),
            vector=np.zeros(units, dtype=np.int16),
            products=np.zeros(_rows(max(2 * gates * units, gates * units + BYTES)), dtype=np.int32),
            sums=np.zeros(2 * layers * gates * units + BYTES, dtype=np.int32),
            tree=np.zeros(2 * BYTES, dtype=np.int64),
        )


def tensors_of(
    architecture: str, layers: int, units: int
) -> dict[str, tuple[type[np.generic], tuple[int, ...]]]:
    """Return the type and shape of each tensor of a network, by its name.

    `input` is Q11 and holds the byte's bias; `start` Q15, `start_cell` Q15 within +-16; a row's sum
    of int8 times Q12 goes by `scale` / 2**16 to Q12, where `bias` is added.
    """
    rows = GATES[architecture] * units
    wanted: dict[str, tuple[type[np.generic], tuple[int, ...]]] = {
        "layers.0.input": (np.int16, (BYTES, rows)),
        "output.weight": (np.int8, (BYTES, units)),
        "output.scale": (np.int32, (BYTES,)),
        "output.bias": (np.int32, (BYTES,)),
    }
    for k in range(layers):
        wanted[f"layers.{k}.start"] = (np.int16, (units,))
        if architecture == "lstm":
            wanted[f"layers.{k}.start_cell"] = (np.int32, (units,))
        for name in ("input", "recurrent") if k else ("recurrent",):
            wanted[f"layers.{k}.{name}"] = (np.int8, (rows, units))
            wanted[f"layers.{k}.{name}_scale"] = (np.int32, (rows,))
            wanted[f"layers.{k}.{name}_bias"] = (np.int32, (rows,))
    return wanted


def _dimensions(tensors: Mapping[str, NDArray[Any]]) -> tuple[str, int, int]:
    """Return architecture, layers and units."""
    recurrent = tensors.get("layers.0.recurrent")
    if recurrent is None or recurrent.ndim != 2:
        raise ModelError("the network has no matrix layers.0.recurrent: it is not one of arzip's")
    rows, units = recurrent.shape
    by_gates = {gates * units: architecture for architecture, gates in GATES.items()}
    if not 1 <= units <= MOST_UNITS or rows not in by_gates:
        raise ModelError(
            f"the network's layers.0.recurrent is of shape {(rows, units)}: neither a GRU's nor an "
            f"LSTM's of 1 to {MOST_UNITS} units"
        )
    layers = 1
    while f"layers.{layers}.recurrent" in tensors:
        layers += 1
    if layers > MOST_LAYERS:
        raise ModelError(f"the network has {layers} layers: more than {MOST_LAYERS}")
    return by_gates[rows], layers, units


def _padded(units: int) -> int:
    return -(-units // UNIT_MULTIPLE) * UNIT_MULTIPLE


def _rows(rows: int) -> int:
    """Return the number of rows in whole blocks."""
    return -(-rows // ROWS) * ROWS


def _pack(tensors: Mapping[str, NDArray[Any]], gates: int, layers: int, units: int) -> Weights:
    """Return the tensors in the order in which `step` reads them."""
    padded = _padded(units)

    def by_gates(tensor: NDArray[Any]) -> NDArray[Any]:
        """Fill up the units in a tensor's first axis, which has `gates` blocks of them."""
        blocks = tensor.reshape(gates, units, *tensor.shape[1:])
        fill = [(0, 0)] * blocks.ndim
        fill[1] = (0, padded - units)
        return np.pad(blocks, fill).reshape(gates * padded, *tensor.shape[1:])

    matrices, scales, biases = [], [], []
    for k in range(layers):
        name = f"layers.{k}.recurrent"
        parts = [by_gates(tensors[name + end]) for end in ("", "_scale", "_bias")]
        if k + 1 < layers:
            name = f"layers.{k + 1}.input"
            above = [by_gates(tensors[name + end]) for end in ("", "_scale", "_bias")]
        else:
            above = [tensors[f"output.{name}"] for name in ("weight", "scale", "bias")]
        matrix, scale, bias = (np.concatenate(pair) for pair in zip(parts, above, strict=True))
        more = _rows(len(matrix)) - len(matrix)
        matrices.append(interleaved(np.pad(matrix, ((0, 0), (0, padded - units)))))
        scales.append(np.pad(scale, (0, more)))
        biases.append(np.pad(bias, (0, more)))
    return Weights(
        input=np.ascontiguousarray(by_gates(tensors["layers.0.input"].T).T),
        matrix=np.concatenate(matrices),
        scale=np.concatenate(scales),
        bias=np.concatenate(biases),
    )


@compiled
def step(weights: Weights, activations: Activations, byte: int) -> None:
    """Take `byte` as the next one; then the tree predicts the one after it."""
    rows = weights.input.shape[1]
    layers, units = activations.hidden.shape
    values = weights.input[byte]
    for j in range(rows):
        activations.sums[j] = i32(i32(values[j]) << 1)
    for layer in range(layers):
        first = 2 * rows * layer
        inputs = activations.sums[first : first + rows]
        recurrent = activations.sums[first + rows : first + 2 * rows]
        if rows == 3 * units:
            _gru(inputs, recurrent, activations.hidden[layer])
        else:
            _lstm(inputs, recurrent, activations.cell[layer], activations.hidden[layer])
        _multiply(weights, activations, layer)
    softmax(activations.sums[2 * rows * layers :], activations.tree)


@compiled
def _begin(weights: Weights, activations: Activations) -> None:
    """Fill in what the first `step` and the first byte's prediction take from the start states."""
    layers = activations.hidden.shape[0]
    for layer in range(layers):
        _multiply(weights, activations, layer)
    softmax(activations.sums[2 * weights.input.shape[1] * layers :], activations.tree)


@compiled
def _gru(
    inputs: NDArray[np.int32], recurrent: NDArray[np.int32], hidden: NDArray[np.int32]
) -> None:
    """Set h: r, z = sigmoid(x + y); n = tanh(x_n + r * y_n); h = n + z * (h - n).

    x are inputs, y recurrent sums. Gates take the places of their sums.
    """
    units = hidden.size
    for j in range(2 * units):
        recurrent[j] = sigmoid(i32(inputs[j] + recurrent[j]))
    reset, update = recurrent[:units], recurrent[units : 2 * units]
    own, candidate = recurrent[2 * units :], inputs[2 * units :]
    for j in range(units):
        candidate[j] = i32(candidate[j] + ((i64(reset[j]) * i64(own[j]) + (1 << 14)) >> 15))
    for j in range(units):
        n = tanh(candidate[j])
        hidden[j] = i32(n + ((i64(update[j]) * i64(hidden[j] - n) + (1 << 14)) >> 15))


@compiled
def _lstm(
    inputs: NDArray[np.int32],
    recurrent: NDArray[np.int32],
    cell: NDArray[np.int32],
    hidden: NDArray[np.int32],
) -> None:
    """Set h: i, f, o = sigmoid(x + y); g = tanh(x + y); c = f * c + i * g; h = o * tanh(c)."""
    units = hidden.size
    for j in range(4 * units):
        inputs[j] = i32(inputs[j] + recurrent[j])
    for j in range(2 * units):
        recurrent[j] = sigmoid(inputs[j])
    for j in range(2 * units, 3 * units):
        recurrent[j] = tanh(inputs[j])
    for j in range(3 * units, 4 * units):
        recurrent[j] = sigmoid(inputs[j])
    enter, forget = recurrent[:units], recurrent[units : 2 * units]
    new, output = recurrent[2 * units : 3 * units], recurrent[3 * units :]
    for j in range(units):
        total = i64(forget[j]) * i64(cell[j]) + i64(enter[j]) * i64(new[j])
        cell[j] = i32(min(max((total + (1 << 14)) >> 15, -LARGEST_CELL), LARGEST_CELL))
    for j in range(units):
        hidden[j] = i32((i64(output[j]) * i64(tanh(i32(i32(cell[j] + 4) >> 3))) + (1 << 14)) >> 15)


@compiled
def _multiply(weights: Weights, activations: Activations, layer: int) -> None:
    """Take a layer's hidden state to its recurrent sums and to the inputs above, or the logits."""
    gates = weights.input.shape[1]
    layers, units = activations.hidden.shape
    size, width = 2 * gates, (2 * gates + ROWS - 1) // ROWS * ROWS
    skipped = layer * width
    if layer + 1 == layers:
        size = gates + BYTES
        width = (size + ROWS - 1) // ROWS * ROWS
    hidden, vector, products = activations.hidden[layer], activations.vector, activations.products
    for j in range(units):
        vector[j] = i32(hidden[j] + 4) >> 3
    for row in range(0, width, ROWS):
        multiply_block(weights.matrix, (skipped + row) * units, vector, products, row)
    sums = activations.sums[(2 * layer + 1) * gates : (2 * layer + 1) * gates + size]
    scale, bias = weights.scale[skipped : skipped + size], weights.bias[skipped : skipped + size]
    for j in range(size):
        sums[j] = i32(((i64(products[j]) * i64(scale[j]) + (1 << 15)) >> 16) + i64(bias[j]))
