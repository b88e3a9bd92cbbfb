"""The neural expert as a causal Transformer with a window, computed in exact integers.

    x = E[w_t];   for each layer:   x += J attention(A norm(x));   x += C relu(U norm(x))^2
    h_t = tanh(norm(x))             p(w_{t+1} | w_<=t) = Softmax(W h_t + b)

A layer's attention sees the last W bytes through the keys and values that they left in its ring,

    a = sum over ages d of share_d v_{t-d},    share = Softmax over d of (q_t . k_{t-d} / 4 + r_d)

for each head, so a byte costs as much late in a file as early. The ring begins full of a learned
key and value; r_d is learned for each layer, head and age, and stands for positions. As h is
within +-1, the output layer is a recurrence's (recurrent.py), and learns on as one
(output_layer.py).

Numbers: rows of int8 with scales, sums in int32, x Q12 in int32 within +-512. Vectors for products
are int16: normalised ones, q, k, v and a are Q11 within +-8, relu(u)^2 is Q8, u being cut at 4.
With these bounds no matrix of int8 and at most 1024 units can make a sum that leaves 32 bits;
training/networks.py cuts where this does. Every division rounds as is said beside it.

Sources: Vaswani et al. 2017; Zhang and Sennrich 2019 (the norm); So et al. 2021 (relu squared);
Shaw et al. 2018 and Press et al. 2022 (what is learned or given for each age).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i16, i32, i64
from arzip.errors import ModelError
from arzip.models.network.functions import square_root, tanh, weight
from arzip.models.network.softmax import BYTES, softmax
from arzip.models.network.tensors import LARGEST_SUM, MOST_LAYERS, check_sums, check_tensors
from arzip.models.numbers.intrinsics import ROWS, SHORT_GROUP, interleaved, multiply_block

__all__ = [
    "EPSILON",
    "LARGEST_RECTIFIED",
    "LARGEST_RESIDUAL",
    "LIMIT",
    "MOST_UNITS",
    "MOST_WINDOW",
    "WIDENING",
    "Activations",
    "Transformer",
    "Weights",
    "step",
    "tensors_of",
]

MOST_UNITS = 1024
MOST_WINDOW = 1024
WIDENING = 4
"""Units between the two products of a layer's second half, for each of its own."""

LIMIT = 8 << 11
"""Of what is Q11."""

LARGEST_RECTIFIED = 4 << 11
LARGEST_RESIDUAL = 512 << 12
EPSILON = 1 << 16
"""Added to the mean square, in Q32: 2**-16."""


class Weights(NamedTuple):
    """The parameters as `step` takes them; matrices as `interleaved` leaves them."""

    embedding: NDArray[np.int16]
    """E: (256, D) in Q11; x is twice that, in Q12."""
    attend: NDArray[np.int8]
    """A: (L, ..), rows of q, k, v of D each."""
    attend_scale: NDArray[np.int32]
    """(L, 3 D) in Q16, as all scales."""
    join: NDArray[np.int8]
    """J: (L, ..), D rows."""
    join_scale: NDArray[np.int32]
    expand: NDArray[np.int8]
    """U: (L, ..), 4 D rows."""
    expand_scale: NDArray[np.int32]
    contract: NDArray[np.int8]
    """C: (L, ..), D rows of 4 D columns."""
    contract_scale: NDArray[np.int32]
    ages: NDArray[np.int32]
    """r: (L, heads, W) in Q12."""
    output: NDArray[np.int8]
    output_scale: NDArray[np.int32]
    output_bias: NDArray[np.int32]
    """(256,) in Q12."""


class Activations(NamedTuple):
    """What a network knows after some bytes, and room to work in."""

    hidden: NDArray[np.int32]
    """(1, D) in Q15: h."""
    vector: NDArray[np.int16]
    """(D,) in Q12: h for its product."""
    keys: NDArray[np.int16]
    """(L, W, D) in Q11, a ring."""
    values: NDArray[np.int16]
    slot: NDArray[np.int64]
    """(1,) where in the rings the next byte goes."""
    residual: NDArray[np.int32]
    """(D,) in Q12: x."""
    narrow: NDArray[np.int16]
    """(D,) in Q11: what is multiplied by A, J or U."""
    wide: NDArray[np.int16]
    """(4 D,) in Q8: what is multiplied by C."""
    products: NDArray[np.int32]
    shares: NDArray[np.int32]
    """(W,) of one head."""
    sums: NDArray[np.int32]
    """One head's sums of values, then the 256 logits in Q12."""
    tree: NDArray[np.int64]
    """(512,) sums of the next byte's weights over the nodes of its binary tree, all >= 1."""


class Transformer:
    """A network's parameters, checked. Immutable, so that threads may share it."""

    def __init__(self, tensors: Mapping[str, NDArray[Any]]) -> None:
        """Take the tensors, named and typed as `tensors_of` says.

        Raises ModelError if one is missing, unknown, or of another type, shape or range.
        """
        self.layers, self.units, self.heads, self.window = _dimensions(tensors)
        _check(tensors, tensors_of(self.layers, self.units, self.heads, self.window))
        self._start = tensors["start"]
        self._ring = [
            [tensors[f"layers.{k}.start_{name}"] for name in ("key", "value")]
            for k in range(self.layers)
        ]
        self.weights = _pack(tensors, self.layers)

    def start(self) -> Activations:
        """Return a network's activations before the first byte; their tree predicts that one."""
        activations = self.blank()
        for layer, (key, value) in enumerate(self._ring):
            activations.keys[layer], activations.values[layer] = key, value
        activations.hidden[0] = self._start
        _predict(self.weights, activations)
        return activations

    def blank(self) -> Activations:
        """Return activations of the right size that know nothing."""
        layers, units, window = self.layers, self.units, self.window
        ring = (layers, window, units)
        return Activations(
            hidden=np.zeros((1, units), dtype=np.int32),
            vector=np.zeros(units, dtype=np.int16),
            keys=np.zeros(ring, dtype=np.int16),
            values=np.zeros(ring, dtype=np.int16),
            slot=np.zeros(1, dtype=np.int64),
            residual=np.zeros(units, dtype=np.int32),
            narrow=np.zeros(units, dtype=np.int16),
            wide=np.zeros(WIDENING * units, dtype=np.int16),
            products=np.zeros(-(-max(WIDENING * units, BYTES) // ROWS) * ROWS, dtype=np.int32),
            shares=np.zeros(window, dtype=np.int32),
            sums=np.zeros(units // self.heads + BYTES, dtype=np.int32),
            tree=np.zeros(2 * BYTES, dtype=np.int64),
        )


def tensors_of(
    layers: int, units: int, heads: int, window: int
) -> dict[str, tuple[type[np.generic], tuple[int, ...]]]:
    """Return the type and shape of each tensor of a network, by its name.

    `embedding`, `start_key` and `start_value` are Q11, the latter two within +-8; `start` is h
    before the first byte in Q15; `ages` and biases Q12, scales Q16.
    """
    wide = WIDENING * units
    wanted: dict[str, tuple[type[np.generic], tuple[int, ...]]] = {
        "embedding": (np.int16, (BYTES, units)),
        "start": (np.int16, (units,)),
        "output.weight": (np.int8, (BYTES, units)),
        "output.scale": (np.int32, (BYTES,)),
        "output.bias": (np.int32, (BYTES,)),
    }
    matrices = {
        "attend": (3 * units, units),
        "join": (units, units),
        "expand": (wide, units),
        "contract": (units, wide),
    }
    for k in range(layers):
        for name, (rows, columns) in matrices.items():
            wanted[f"layers.{k}.{name}"] = (np.int8, (rows, columns))
            wanted[f"layers.{k}.{name}_scale"] = (np.int32, (rows,))
        wanted[f"layers.{k}.ages"] = (np.int32, (heads, window))
        wanted[f"layers.{k}.start_key"] = (np.int16, (units,))
        wanted[f"layers.{k}.start_value"] = (np.int16, (units,))
    return wanted


def _dimensions(tensors: Mapping[str, NDArray[Any]]) -> tuple[int, int, int, int]:
    """Return layers, units, heads and window."""
    embedding, ages = tensors.get("embedding"), tensors.get("layers.0.ages")
    if embedding is None or embedding.ndim != 2 or ages is None or ages.ndim != 2:
        raise ModelError("the network lacks a matrix embedding or layers.0.ages: it is unfit")
    units, (heads, window) = embedding.shape[1], ages.shape
    if not (1 <= units <= MOST_UNITS and units % 2 == 0 and heads and units % heads == 0):
        raise ModelError(
            f"the network has {units} units and {heads} heads: where an even number up to "
            f"{MOST_UNITS} is due, and heads that divide it"
        )
    if not 1 <= window <= MOST_WINDOW:
        raise ModelError(f"the network's window is of {window} bytes: not 1 to {MOST_WINDOW}")
    layers = 1
    while f"layers.{layers}.ages" in tensors:
        layers += 1
    if layers > MOST_LAYERS:
        raise ModelError(f"the network has {layers} layers: more than {MOST_LAYERS}")
    return layers, units, heads, window


def _check(
    tensors: Mapping[str, NDArray[Any]],
    wanted: Mapping[str, tuple[type[np.generic], tuple[int, ...]]],
) -> None:
    """Raise ModelError unless the tensors are those, and within the bounds that `step` needs."""
    check_tensors(tensors, wanted)
    check_sums(tensors, ["output.scale"])
    bounds = {"start_key": LIMIT, "start_value": LIMIT, "ages": LARGEST_SUM}
    for name, (dtype, _) in wanted.items():
        bound = 127 if dtype is np.int8 else bounds.get(name.rpartition(".")[2])
        if bound and (np.abs(tensors[name].astype(np.int64)) > bound).any():
            raise ModelError(f"the network's {name} is not within +-{bound}")


def _pack(tensors: Mapping[str, NDArray[Any]], layers: int) -> Weights:
    """Return the tensors in the order in which `step` reads them."""

    def stacked(name: str) -> NDArray[Any]:
        return np.stack([tensors[f"layers.{k}.{name}"] for k in range(layers)])

    def matrices(name: str) -> NDArray[Any]:
        return np.stack([interleaved(matrix, SHORT_GROUP) for matrix in stacked(name)])

    return Weights(
        embedding=np.ascontiguousarray(tensors["embedding"]),
        attend=matrices("attend"),
        attend_scale=stacked("attend_scale"),
        join=matrices("join"),
        join_scale=stacked("join_scale"),
        expand=matrices("expand"),
        expand_scale=stacked("expand_scale"),
        contract=matrices("contract"),
        contract_scale=stacked("contract_scale"),
        ages=stacked("ages"),
        output=interleaved(tensors["output.weight"], SHORT_GROUP),
        output_scale=np.ascontiguousarray(tensors["output.scale"]),
        output_bias=np.ascontiguousarray(tensors["output.bias"]),
    )


@compiled
def step(weights: Weights, activations: Activations, byte: int) -> None:
    """Take `byte` as the next one; then the tree predicts the one after it."""
    residual, narrow, slot = activations.residual, activations.narrow, activations.slot[0]
    layers, window = activations.keys.shape[:2]
    for j in range(residual.size):
        residual[j] = i32(i32(weights.embedding[byte, j]) << 1)
    for layer in range(layers):
        _attend(weights, activations, layer, slot)
        _feed_forward(weights, activations, layer)
    activations.slot[0] = (slot + 1) % window
    _normalise(residual, narrow)
    for j in range(residual.size):
        activations.hidden[0, j] = tanh(i32(i32(narrow[j]) << 1))
    _predict(weights, activations)


@compiled
def _predict(weights: Weights, activations: Activations) -> None:
    """Go from h to the tree."""
    hidden, vector, products = activations.hidden[0], activations.vector, activations.products
    for j in range(vector.size):
        vector[j] = i32(hidden[j] + 4) >> 3
    logits = activations.sums[activations.sums.size - BYTES :]
    _multiply(weights.output, weights.output_scale, vector, 16, -LARGEST_SUM, LARGEST_SUM, products)
    for j in range(BYTES):
        logits[j] = i32(products[j] + weights.output_bias[j])
    softmax(logits, activations.tree)


@compiled
def _attend(weights: Weights, activations: Activations, layer: int, slot: int) -> None:
    """Add: x += J attention(A norm(x)); this byte's key and value go to `slot` of the rings."""
    residual, narrow, products = activations.residual, activations.narrow, activations.products
    keys, values = activations.keys[layer], activations.values[layer]
    units = residual.size
    _normalise(residual, narrow)
    _multiply(
        weights.attend[layer], weights.attend_scale[layer], narrow, 16, -LIMIT, LIMIT, products
    )
    for j in range(units):
        keys[slot, j] = i16(products[units + j])
        values[slot, j] = i16(products[2 * units + j])
    heads = weights.ages.shape[1]
    size = units // heads
    for head in range(heads):
        first, end = head * size, (head + 1) * size
        inverse = _weigh(
            products[first:end],
            keys[:, first:end],
            weights.ages[layer, head],
            slot,
            activations.shares,
        )
        _gather(
            activations.shares, inverse, values[:, first:end], activations.sums, narrow[first:end]
        )
    _multiply(
        weights.join[layer],
        weights.join_scale[layer],
        narrow,
        15,
        -LARGEST_RESIDUAL,
        LARGEST_RESIDUAL,
        products,
    )
    _add(products, residual)


@compiled
def _weigh(
    query: NDArray[np.int32],
    keys: NDArray[np.int16],
    ages: NDArray[np.int32],
    slot: int,
    weights: NDArray[np.int32],
) -> int:
    """Set the weights: e^(q . k / 4 + r) in Q28, up to a factor, for each of the ring's keys.

    Returns 2**56 // their sum. Q11 times Q11 over 4 is Q24, rounded to Q12.
    """
    window = weights.size
    largest = i32(-(1 << 30))
    for j in range(window):
        total = i64(0)
        for c in range(query.size):
            total += i64(i32(query[c] * i32(keys[j, c])))
        age = slot - j
        if age < 0:
            age += window
        score = i32(((total + (1 << 11)) >> 12) + i64(ages[age]))
        weights[j] = score
        largest = max(largest, score)
    total = i64(0)
    for j in range(window):
        weights[j] = weight(i32(largest - weights[j]))
        total += i64(weights[j])
    result: int = (1 << 56) // total
    return result


@compiled
def _gather(
    weights: NDArray[np.int32],
    inverse: int,
    values: NDArray[np.int16],
    sums: NDArray[np.int32],
    attended: NDArray[np.int16],
) -> None:
    """Set the values' mean by shares, weights / their sum in Q15, rounded; then to Q11."""
    size = attended.size
    for c in range(size):
        sums[c] = 0
    for j in range(weights.size):
        share = i32((i64(weights[j]) * inverse + (1 << 40)) >> 41)
        if share > 0:
            for c in range(size):
                sums[c] = i32(sums[c] + i32(share * i32(values[j, c])))
    for c in range(size):
        mean = i32(i32(sums[c] + i32(1 << 14)) >> 15)
        attended[c] = i16(min(max(mean, i32(-LIMIT)), i32(LIMIT)))


@compiled
def _feed_forward(weights: Weights, activations: Activations, layer: int) -> None:
    """Add: x += C relu(U norm(x))^2."""
    narrow, wide, products = activations.narrow, activations.wide, activations.products
    _normalise(activations.residual, narrow)
    _multiply(
        weights.expand[layer],
        weights.expand_scale[layer],
        narrow,
        16,
        0,
        LARGEST_RECTIFIED,
        products,
    )
    for j in range(wide.size):
        wide[j] = i16(i32(i32(products[j] * products[j]) + i32(1 << 13)) >> 14)
    _multiply(
        weights.contract[layer],
        weights.contract_scale[layer],
        wide,
        12,
        -LARGEST_RESIDUAL,
        LARGEST_RESIDUAL,
        products,
    )
    _add(products, activations.residual)


@compiled
def _normalise(residual: NDArray[np.int32], result: NDArray[np.int16]) -> None:
    """x / sqrt(mean of x^2 + 2^-16), from Q12 to Q11, within +-8.

    The mean is rounded down, as are its root, in Q16, and the root's inverse, in Q31.
    """
    total = i64(0)
    for j in range(residual.size):
        total += i64(residual[j]) * i64(residual[j])
    root = square_root((total << 8) // residual.size + EPSILON)
    inverse = (1 << 47) // root
    for j in range(residual.size):
        value = (i64(residual[j]) * inverse + (1 << 31)) >> 32
        result[j] = i16(min(max(value, -LIMIT), LIMIT))


@compiled
def _multiply(
    matrix: NDArray[np.int8],
    scale: NDArray[np.int32],
    vector: NDArray[np.int16],
    shift: int,
    least: int,
    most: int,
    products: NDArray[np.int32],
) -> None:
    """Set `products`: the scaled matrix times `vector`, over 2**(shift - 16), rounded and cut."""
    for row in range(0, scale.size, ROWS):
        multiply_block(matrix, row * vector.size, vector, products, row)
    half = i64(1) << (shift - 1)
    for j in range(scale.size):
        value = (i64(products[j]) * i64(scale[j]) + half) >> shift
        products[j] = i32(min(max(value, least), most))


@compiled
def _add(products: NDArray[np.int32], residual: NDArray[np.int32]) -> None:
    for j in range(residual.size):
        value = i32(residual[j] + products[j])
        residual[j] = min(max(value, i32(-LARGEST_RESIDUAL)), i32(LARGEST_RESIDUAL))
