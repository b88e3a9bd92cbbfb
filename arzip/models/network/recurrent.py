"""The neural expert: a small recurrent network over bytes, computed in exact integers.

    h_t = GRU(w_t, h_{t-1})  or  LSTM         p(w_{t+1} | w_<=t) = Softmax(W h_t + b)

A layer's recurrent matrix may be a product of two, U P: P projects the state to fewer numbers, from
which U makes the sums of all gates. So many more units cost the same. The logits may read only the
first of the last layer's units.

Weights are int8 with a scale for each row. What they multiply is uint8: a number in units of 1/127
of a state, or 1/24 of a projection, and 128 more, which `offset` takes away again. A product's sum
in int32 is exact in any order, and everything else is integers in a fixed one. A state h in [-1, 1]
is Q15 in int32, gates Q15, what goes into sigmoid, tanh and softmax Q12.

For each byte the units of each layer change, then products take the layer's new state to its own
next step and to the layer above, or to the logits of the softmax (softmax.py).

Sources: Cho et al. 2014 (the GRU, in the form of torch.nn.GRU), Hochreiter and Schmidhuber 1997,
Sak et al. 2014 (projections).
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i32, i64
from arzip.errors import ModelError
from arzip.models.network.functions import sigmoid, tanh
from arzip.models.network.softmax import BYTES, softmax
from arzip.models.network.tensors import (
    LARGEST_CELL,
    MOST_LAYERS,
    check_pairs,
    check_sums,
    check_tensors,
)
from arzip.models.numbers.intrinsics import BYTE_GROUP, ROWS, interleaved, multiply_bytes

__all__ = [
    "MOST_RANK",
    "MOST_UNITS",
    "Activations",
    "Recurrent",
    "Shape",
    "Weights",
    "step",
    "tensors_of",
]

GATES = {"gru": 3, "lstm": 4}
"""Blocks of H rows in each matrix: r, z, n of a GRU; i, f, g, o of an LSTM."""

MOST_UNITS = 2048
"""Keeps a product's sum below 2**26, and that of output_layer.py below 2**31."""

MOST_RANK = 512

STATE_UNITS, PROJECTION_UNITS = 127, 24
"""Parts of 1 in which a state and a projection are multiplied."""

LARGEST = 127
"""A state is at most 1, a projection cut to 5.3."""

CENTRE = 128
"""More than what a uint8 stands for."""

SHIFT = 20
HALF = 1 << (SHIFT - 1)

UNIT_MULTIPLE = 16
"""Units are filled up to whole vectors with ones that stay 0."""


class Shape(NamedTuple):
    """What tells a network's tensors from another's."""

    architecture: str
    layers: int
    units: int
    rank: int
    """Numbers that a projection leaves of a state, or 0 where there is none."""
    outputs: int
    """Units of the last layer that the logits read: the first ones."""


class Weights(NamedTuple):
    """A network's parameters as `step` takes them. Layers follow each other in all but `input`."""

    input: NDArray[np.int16]
    """(256, G * H) in Q11: what each byte adds to the lowest layer's gates."""
    matrix: NDArray[np.int8]
    """For each layer its projection, its recurrent rows, then those of the layer above or of the
    logits, each filled up to whole blocks and interleaved as `multiply_bytes` takes them."""
    scale: NDArray[np.int32]
    """Of each row: sum * scale / 2**SHIFT is Q12."""
    offset: NDArray[np.int64]
    """Of each row: its bias, less what CENTRE adds, and HALF to round; before SHIFT."""


class Activations(NamedTuple):
    """What a network knows after some bytes, and room to work in."""

    hidden: NDArray[np.int32]
    """(L, H) in Q15."""
    cell: NDArray[np.int32]
    """(L, H) in Q15: an LSTM's."""
    rounded: NDArray[np.uint8]
    """(H,) a layer's hidden state, for its products."""
    projection: NDArray[np.int32]
    """(R,) in Q12: what P makes of it."""
    projected: NDArray[np.uint8]
    """(R,) the same, for the product with U."""
    vector: NDArray[np.int16]
    """(O,) in Q12: the units that the logits read."""
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
        self.shape = _shape(tensors)
        self.units, self.layers = self.shape.units, self.shape.layers
        wanted = tensors_of(self.shape)
        check_tensors(tensors, wanted)
        check_sums(tensors, [name for name in wanted if name.endswith("scale")])
        check_pairs(tensors)
        self._start = [
            (tensors[f"layers.{k}.start"], tensors.get(f"layers.{k}.start_cell"))
            for k in range(self.layers)
        ]
        self.weights = _pack(tensors, self.shape)

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
        layers, units, rank, outputs = self.layers, *map(_padded, self.shape[2:])
        gates = GATES[self.shape.architecture] * units
        return Activations(
            hidden=np.zeros((layers, units), dtype=np.int32),
            cell=np.zeros((layers, units), dtype=np.int32),
            rounded=np.zeros(units, dtype=np.uint8),
            projection=np.zeros(rank, dtype=np.int32),
            projected=np.zeros(rank, dtype=np.uint8),
            vector=np.zeros(outputs, dtype=np.int16),
            products=np.zeros(_rows(max(rank, gates, BYTES)), dtype=np.int32),
            sums=np.zeros(2 * layers * gates + BYTES, dtype=np.int32),
            tree=np.zeros(2 * BYTES, dtype=np.int64),
        )


def tensors_of(shape: Shape) -> dict[str, tuple[type[np.generic], tuple[int, ...]]]:
    """Return the type and shape of each tensor of a network, by its name.

    `input` is Q11 and holds the byte's bias; `start` Q15, `start_cell` Q15 within +-16; a weight is
    int8 times its row's `scale` / 2**16, a `bias` Q12. Neighbouring weights of a row, the first and
    the second and so on, are at most LARGEST_PAIR together.
    """
    rows, units = GATES[shape.architecture] * shape.units, shape.units
    wanted: dict[str, tuple[type[np.generic], tuple[int, ...]]] = {
        "layers.0.input": (np.int16, (BYTES, rows)),
        "output.weight": (np.int8, (BYTES, shape.outputs)),
        "output.scale": (np.int32, (BYTES,)),
        "output.bias": (np.int32, (BYTES,)),
    }
    for k in range(shape.layers):
        wanted[f"layers.{k}.start"] = (np.int16, (units,))
        if shape.architecture == "lstm":
            wanted[f"layers.{k}.start_cell"] = (np.int32, (units,))
        matrices = {"input": (rows, units)} if k else {}
        if shape.rank:
            matrices["project"] = (shape.rank, units)
        matrices["recurrent"] = (rows, shape.rank or units)
        for name, size in matrices.items():
            wanted[f"layers.{k}.{name}"] = (np.int8, size)
            wanted[f"layers.{k}.{name}_scale"] = (np.int32, size[:1])
            wanted[f"layers.{k}.{name}_bias"] = (np.int32, size[:1])
    return wanted


def _shape(tensors: Mapping[str, NDArray[Any]]) -> Shape:
    """Return the shape of the network that these may be the tensors of."""
    recurrent = tensors.get("layers.0.recurrent")
    if recurrent is None or recurrent.ndim != 2:
        raise ModelError("the network has no matrix layers.0.recurrent: it is not one of arzip's")
    start, output = tensors.get("layers.0.start"), tensors.get("output.weight")
    if start is None or start.ndim != 1 or output is None or output.ndim != 2:
        raise ModelError("the network lacks layers.0.start or output.weight")
    (rows, columns), units, outputs = recurrent.shape, start.size, output.shape[1]
    by_gates = {gates * units: architecture for architecture, gates in GATES.items()}
    if not 1 <= units <= MOST_UNITS or rows not in by_gates:
        raise ModelError(
            f"the network's layers.0.recurrent is of shape {(rows, columns)}: neither a GRU's nor "
            f"an LSTM's of {units} units, of which there are 1 to {MOST_UNITS}"
        )
    rank = columns if "layers.0.project" in tensors else 0
    if rank > MOST_RANK or not 1 <= outputs <= units:
        raise ModelError(
            f"the network projects to {rank} numbers and reads {outputs} of {units} units: at most "
            f"{MOST_RANK} numbers, and 1 to {units} units, are allowed"
        )
    layers = 1
    while f"layers.{layers}.recurrent" in tensors:
        layers += 1
    if layers > MOST_LAYERS:
        raise ModelError(f"the network has {layers} layers: more than {MOST_LAYERS}")
    return Shape(by_gates[rows], layers, units, rank, outputs)


def _padded(units: int) -> int:
    return -(-units // UNIT_MULTIPLE) * UNIT_MULTIPLE


def _rows(rows: int) -> int:
    """Return the number of rows in whole blocks."""
    return -(-rows // ROWS) * ROWS


def _pack(tensors: Mapping[str, NDArray[Any]], shape: Shape) -> Weights:
    """Return the tensors in the order in which `step` reads them."""
    gates, units, padded = GATES[shape.architecture], shape.units, _padded(shape.units)
    matrices, scales, offsets = [], [], []

    def by_gates(tensor: NDArray[Any]) -> NDArray[Any]:
        """Fill up the units in a tensor's first axis, which has `gates` blocks of them."""
        blocks = tensor.reshape(gates, units, *tensor.shape[1:])
        fill = [(0, 0)] * blocks.ndim
        fill[1] = (0, padded - units)
        return np.pad(blocks, fill).reshape(gates * padded, *tensor.shape[1:])

    def add(product: Iterable[NDArray[Any]], parts: int = STATE_UNITS) -> None:
        matrix, scale, bias = product
        rows, columns = matrix.shape
        fill = (0, _rows(rows) - rows)
        matrix = np.pad(matrix, ((0, 0), (0, _padded(columns) - columns)))
        scale = _by_unit(scale, parts)
        centre = CENTRE * matrix.sum(axis=1, dtype=np.int64) * scale
        matrices.append(interleaved(matrix, BYTE_GROUP))
        scales.append(np.pad(scale, fill))
        offsets.append(np.pad((bias.astype(np.int64) << SHIFT) + HALF - centre, fill))

    for k in range(shape.layers):
        if shape.rank:
            fill = (0, _padded(shape.rank) - shape.rank)
            matrix, *rest = _product_in(tensors, f"layers.{k}.project")
            add([np.pad(matrix, (fill, (0, 0))), *(np.pad(part, fill) for part in rest)])
        recurrent = map(by_gates, _product_in(tensors, f"layers.{k}.recurrent"))
        add(recurrent, PROJECTION_UNITS if shape.rank else STATE_UNITS)
        if k + 1 < shape.layers:
            add(map(by_gates, _product_in(tensors, f"layers.{k + 1}.input")))
    add(tensors[f"output.{name}"] for name in ("weight", "scale", "bias"))
    return Weights(
        input=np.ascontiguousarray(by_gates(tensors["layers.0.input"].T).T),
        matrix=np.concatenate(matrices),
        scale=np.concatenate(scales),
        offset=np.concatenate(offsets),
    )


def _by_unit(scale: NDArray[np.int32], parts: int) -> NDArray[np.int32]:
    """Return scales, in Q16, of sums whose unit is one of so many parts of 1: to Q12 by SHIFT."""
    numerators = scale.astype(np.int64) << (SHIFT - 4)
    return ((2 * numerators + parts) // (2 * parts)).astype(np.int32)


def _product_in(tensors: Mapping[str, NDArray[Any]], name: str) -> list[NDArray[Any]]:
    """Return a matrix, its scales and its biases."""
    return [tensors[name + end] for end in ("", "_scale", "_bias")]


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
    rank, outputs = activations.projected.size, activations.vector.size
    hidden, rounded, sums = activations.hidden[layer], activations.rounded, activations.sums
    products, wide = activations.products, _whole(gates)
    # Where the layer's rows begin, and its weights.
    row = layer * (_whole(rank) + 2 * wide)
    place = layer * (_whole(rank) * units + wide * (rank if rank else units) + wide * units)
    for j in range(units):
        rounded[j] = (i32(i32(hidden[j] * i32(STATE_UNITS)) + (1 << 14)) >> 15) + CENTRE
    first = (2 * layer + 1) * gates
    own, above = sums[first : first + gates], sums[first + gates : first + 2 * gates]
    if rank:
        projection, projected = activations.projection, activations.projected
        _product(weights, place, row, rounded, products, projection)
        for j in range(rank):
            value = i32(i32(projection[j] * i32(PROJECTION_UNITS)) + (1 << 11)) >> 12
            projected[j] = min(max(value, i32(-LARGEST)), i32(LARGEST)) + CENTRE
        place, row = place + _whole(rank) * units, row + _whole(rank)
        _product(weights, place, row, projected, products, own)
        place, row = place + wide * rank, row + wide
    else:
        _product(weights, place, row, rounded, products, own)
        place, row = place + wide * units, row + wide
    if layer + 1 < layers:
        _product(weights, place, row, rounded, products, above)
    else:
        vector = activations.vector
        for j in range(outputs):
            vector[j] = i32(hidden[j] + 4) >> 3
        logits = sums[sums.size - BYTES :]
        _product(weights, place, row, rounded[:outputs], products, logits)


@compiled
def _whole(rows: int) -> int:
    """Return the number of rows in whole blocks, as `_rows` does."""
    return (rows + ROWS - 1) // ROWS * ROWS


@compiled
def _product(
    weights: Weights,
    place: int,
    row: int,
    vector: NDArray[np.uint8],
    products: NDArray[np.int32],
    sums: NDArray[np.int32],
) -> None:
    """Set sums, in Q12, as many as the rows: those from `row`, whose weights are at `place`."""
    size = sums.size
    for block in range(0, size, ROWS):
        multiply_bytes(weights.matrix, place + block * vector.size, vector, products, block)
    scale, offset = weights.scale[row : row + size], weights.offset[row : row + size]
    for j in range(size):
        sums[j] = i32((i64(products[j]) * i64(scale[j]) + offset[j]) >> SHIFT)
