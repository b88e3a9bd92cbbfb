"""The network's output layer, as it goes on learning from the file (dynamic evaluation).

Beside the trained output layer W stands a second one, D, that starts from 0 with each segment:

    p(w_{t+1} | w_<=t) = Softmax((W + D) h_t + b)        D += rate_t * (1[w_{t+1}] - p) h_t^T

where p is this layer's own softmax: one step of gradient descent on the code length of each byte.
The mixer takes both layers' predictions, so that nothing is lost where learning hurts.

To change 256 rows for each byte would take too long, and most changes are tiny. But to leave the
tiny ones out would be to learn of every rare byte that comes and never of one that does not. So
errors below LEAST_ERROR are added up from row to row, and the row at which the sum passes
LEAST_ERROR takes all of it: each row its share, in the long run. Likewise D's entries are rounded
up as often as what is cut off asks for (stochastic rounding), or small changes would be lost.

Sources: Mikolov et al. 2010; Krause et al. 2018, "Dynamic Evaluation of Neural Sequence Models";
Gupta et al. 2015, "Deep Learning with Limited Numerical Precision".
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i16, i32, i64, u64
from arzip.models.network.networks import Activations
from arzip.models.network.recurrent import MOST_UNITS
from arzip.models.network.softmax import BYTES, softmax
from arzip.models.numbers.intrinsics import inner

__all__ = ["OutputLayer", "blank", "learn", "predict"]

RATE = 300  # in 2**-16: 0.0046 in the long run
EARLY_RATE = 1114  # 0.017 more at first, half of that after
HALF_TIME = 8192  # bytes
LEAST_ERROR_BITS = 12
LEAST_ERROR = 1 << LEAST_ERROR_BITS  # in 2**-16
DELTA_BITS = 13  # of D: Q13, within +-4
LARGEST = 32767
ROUND_BITS = 36 - DELTA_BITS  # a step in Q24 times a vector in Q12, and what of that D leaves out
CHANCE_BITS = 12


def _chances() -> NDArray[np.int32]:
    """Return numbers below 2**ROUND_BITS, evenly spread, without order: more than a row needs."""
    size = (1 << CHANCE_BITS) + MOST_UNITS
    mixed = np.arange(1, size + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(31))) * np.uint64(0xD6E8FEB86659FD93)
    return (mixed >> np.uint64(64 - ROUND_BITS)).astype(np.int32)


CHANCES = _chances()


class OutputLayer(NamedTuple):
    """The layer that was learned, and its predictions."""

    delta: NDArray[np.int16]
    """D: (256, H) in Q13, within +-4."""
    learned: NDArray[np.uint8]
    """(256,) 1 for the rows of D that are not 0: fewer than half, with most files."""
    vector: NDArray[np.int16]
    """(H,) in Q7: the hidden state, for products with D."""
    logits: NDArray[np.int32]
    """(256,) in Q12."""
    tree: NDArray[np.int64]
    """(512,) as Activations.tree."""


def blank(units: int) -> OutputLayer:
    """Return a layer over that many hidden units that has learned nothing."""
    return OutputLayer(
        delta=np.zeros((BYTES, units), dtype=np.int16),
        learned=np.zeros(BYTES, dtype=np.uint8),
        vector=np.zeros(units, dtype=np.int16),
        logits=np.zeros(BYTES, dtype=np.int32),
        tree=np.zeros(2 * BYTES, dtype=np.int64),
    )


@compiled
def predict(layer: OutputLayer, activations: Activations) -> None:
    """Fill in the tree of the next byte, after the network's step."""
    hidden, vector, delta = activations.hidden[-1], layer.vector, layer.delta
    for j in range(vector.size):
        vector[j] = i32(hidden[j] + 128) >> 8
    trained = activations.sums[activations.sums.size - BYTES :]
    for row in range(BYTES):
        total = inner(delta[row], vector) if layer.learned[row] else 0
        layer.logits[row] = i32(i64(trained[row]) + (total >> (DELTA_BITS + 7 - 12)))
    softmax(layer.logits, layer.tree)


@compiled
def learn(layer: OutputLayer, activations: Activations, byte: int, position: int) -> None:
    """Take a step towards having predicted byte number `position`, before the network's own."""
    tree, delta, vector = layer.tree, layer.delta, activations.vector
    rate = RATE + EARLY_RATE * HALF_TIME // (HALF_TIME + position)
    inverse = (1 << 52) // tree[1]
    chance = u64(position + 1) * u64(0x9E3779B97F4A7C15)
    small = i64(chance >> u64(64 - LEAST_ERROR_BITS))
    for row in range(BYTES):
        error = -((tree[BYTES + row] * inverse) >> 36)  # Q16
        if row == byte:
            error += 1 << 16
        if abs(error) < LEAST_ERROR:
            small += abs(error)
            if small < LEAST_ERROR:
                continue
            small -= LEAST_ERROR
            error = LEAST_ERROR if row == byte else -LEAST_ERROR
        layer.learned[row] = 1
        chance = chance * u64(0xD6E8FEB86659FD93) + u64(row)
        _add(delta[row], i32((error * rate) >> 8), vector, i64(chance >> u64(64 - CHANCE_BITS)))


@compiled
def _add(row: NDArray[np.int16], step: int, vector: NDArray[np.int16], first: int) -> None:
    """Add row += step * vector, in Q24 and Q12, rounded by CHANCES from `first` on."""
    for j in range(row.size):
        change = i32(i32(i32(step * i32(vector[j])) + CHANCES[first + j]) >> ROUND_BITS)
        value = i32(i32(row[j]) + change)
        row[j] = i16(min(max(value, i32(-LARGEST)), i32(LARGEST)))
