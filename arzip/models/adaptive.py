"""The network's output layer, as it goes on learning from the file (dynamic evaluation).

Beside the trained output layer W stands a second one, D, that starts from 0 with each segment:

    p(w_{t+1} | w_<=t) = Softmax((W + D) h_t + b)        D += rate_t * (1[w_{t+1}] - p) h_t^T

where p is this layer's own softmax: one step of gradient descent on the code length of each byte.
The rows of bytes that were hardly expected, and did not come, are left alone: of 256 about ten
change. The mixture takes both layers' predictions, so that nothing is lost where learning hurts.

Sources: Mikolov et al. 2010; Krause et al. 2018, "Dynamic Evaluation of Neural Sequence Models".
"""

import copy
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.compiled import compiled, i16, i32, i64
from arzip.models.architectures import Memory, Network, Weights
from arzip.models.neural import BYTES, softmax

__all__ = ["Adaptation", "Lane", "copy_lane", "lane_memory", "learn", "new_lane", "predict"]

RATE = 197  # in 2**-16: 0.003 in the long run
EARLY_RATE = 1114  # 0.017 more at first, half of that after
HALF_TIME = 8192  # bytes
LEAST_ERROR = 197  # in 2**-16: rows whose error is smaller are left alone
LARGEST = 32767
STRIP = 256  # units whose products are summed in 32 bits


class Adaptation(NamedTuple):
    """What was learned, and the predictions that it makes."""

    delta: NDArray[np.int16]
    """D: (256, H) in Q15, within +-1."""
    learned: NDArray[np.uint8]
    """(256,) 1 for the rows of D that are not 0: fewer than half, with most files."""
    vector: NDArray[np.int16]
    """(H,) in Q7: the hidden state, for products with D."""
    logits: NDArray[np.int32]
    """(256,) in Q12."""
    tree: NDArray[np.int64]
    """(512,) as Memory.tree."""


class Lane(NamedTuple):
    """A network at work: what coding needs of it."""

    weights: Weights
    memory: Memory
    adaptation: Adaptation


def new_lane(network: Network) -> Lane:
    """A network before the first byte."""
    memory = network.start()
    adaptation = _blank(memory.vector.size)
    predict(adaptation, memory)
    return Lane(network.weights, memory, adaptation)


def lane_memory(network: Network) -> int:
    """Bytes that a lane takes, beside the weights."""
    memory = network.blank()
    arrays = (*memory, *_blank(memory.vector.size))
    return sum(array.nbytes for array in arrays)


def _blank(units: int) -> Adaptation:
    return Adaptation(
        delta=np.zeros((BYTES, units), dtype=np.int16),
        learned=np.zeros(BYTES, dtype=np.uint8),
        vector=np.zeros(units, dtype=np.int16),
        logits=np.zeros(BYTES, dtype=np.int32),
        tree=np.zeros(2 * BYTES, dtype=np.int64),
    )


def copy_lane(lane: Lane) -> Lane:
    """The same network in a memory of its own."""
    return Lane(lane.weights, copy.deepcopy(lane.memory), copy.deepcopy(lane.adaptation))


@compiled
def predict(adaptation: Adaptation, memory: Memory) -> None:
    """After the network's step: fill in the tree of the next byte."""
    hidden, vector, delta = memory.hidden[-1], adaptation.vector, adaptation.delta
    units = vector.size
    for j in range(units):
        vector[j] = i32(hidden[j] + 128) >> 8
    trained = memory.sums[memory.sums.size - BYTES :]
    for row in range(BYTES):
        total = i64(0)
        if adaptation.learned[row]:
            for start in range(0, units, STRIP):
                total += _dot(delta[row, start : start + STRIP], vector[start : start + STRIP])
        adaptation.logits[row] = i32(i64(trained[row]) + (total >> 10))
    softmax(adaptation.logits, adaptation.tree)


@compiled
def learn(adaptation: Adaptation, memory: Memory, byte: int, position: int) -> None:
    """Before the network's step: take one towards having predicted `byte`, number `position`."""
    tree, delta, vector = adaptation.tree, adaptation.delta, memory.vector
    rate = RATE + EARLY_RATE * HALF_TIME // (HALF_TIME + position)
    inverse = (1 << 52) // tree[1]
    for row in range(BYTES):
        error = -((tree[BYTES + row] * inverse) >> 36)  # Q16
        if row == byte:
            error += 1 << 16
        if abs(error) >= LEAST_ERROR:
            adaptation.learned[row] = 1
            _add(delta[row], i32((error * rate) >> 8), vector)


@compiled
def _dot(a: NDArray[np.int16], b: NDArray[np.int16]) -> int:
    total = i32(0)
    for j in range(a.size):
        total = i32(total + i32(i32(a[j]) * i32(b[j])))
    result: int = i64(total)
    return result


@compiled
def _add(row: NDArray[np.int16], step: int, vector: NDArray[np.int16]) -> None:
    """row += step * vector, for a step in Q24 and a vector in Q12, rounded to Q15."""
    for j in range(row.size):
        change = i32(i32(i32(step * i32(vector[j])) + i32(1 << 20)) >> 21)
        value = i32(i32(row[j]) + change)
        row[j] = i16(min(max(value, i32(-LARGEST)), i32(LARGEST)))
