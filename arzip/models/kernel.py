"""One byte through the model, compiled: the step, and the loops that take it in either direction.

    p(w_t | w_<t) = prod over the byte's eight bits of p(bit | bits before, w_<t)

`predict` and `update` are the step: encoding, decoding and sessions all go through them. The eight
probabilities cut [1, 2**24 - 1) in eight places, in whole numbers, each part keeping
at least one unit for every byte value in it; what is left is the byte's interval for the coder.
"""

import math

import numpy as np
from numpy.typing import NDArray

from arzip import coder
from arzip.compiled import compiled
from arzip.models import contexts, match, mixture, ngram
from arzip.models.fixedpoint import ONE, PROBABILITY_BITS
from arzip.models.state import State

__all__ = ["FIRST", "WIDTH", "decode", "encode", "learn", "predict", "split", "update"]

FIRST, WIDTH = 1, coder.TOTAL - 2
"""The interval of all byte values together."""


@compiled
def predict(state: State, table: NDArray[np.uint32]) -> int:
    """The probability in Q22 that the next bit is 1."""
    ngram.predict(state, table)
    match.predict(state)
    return mixture.predict(state)


@compiled
def update(state: State, table: NDArray[np.uint32], bit: int) -> None:
    """Learn that the predicted bit was `bit`, and step to the next."""
    mixture.learn(state, bit)
    ngram.learn(state, table, bit)
    match.learn(state, bit)
    _step(state, bit)


@compiled
def _step(state: State, bit: int) -> None:
    state.partial = state.partial << 1 | bit
    state.node = state.node << np.uint64(1) | np.uint64(bit)
    state.bit += 1


@compiled
def split(width: int, probability: int, bit: int) -> int:
    """Units of `width` that go to the upper half of the byte values, at bit number `bit`."""
    least = 128 >> bit
    return min(max((width * probability) >> PROBABILITY_BITS, least), width - least)


@compiled
def _observe(
    state: State, data: NDArray[np.uint8], positions: NDArray[np.int32], byte: int
) -> None:
    contexts.observe(state, data, byte)
    match.follow(state, data, positions)


@compiled
def encode(
    state: State,
    table: NDArray[np.uint32],
    positions: NDArray[np.int32],
    data: NDArray[np.uint8],
    left: NDArray[np.uint32],
    freq: NDArray[np.uint32],
) -> float:
    """Fill in each byte's interval; return the code length in bits before it became whole units."""
    code_length = 0.0
    contexts.start(state, data)
    for t in range(data.size):
        byte = np.int64(data[t])
        low, width = FIRST, WIDTH
        likelihood = 1.0
        for bit in range(8):
            if bit & 3 == 0:
                ngram.find_lines(state, table)
            probability = predict(state, table)
            ones = split(width, probability, bit)
            y = (byte >> (7 - bit)) & 1
            if y:
                low += width - ones
                width = ones
                likelihood *= probability / ONE
            else:
                width -= ones
                likelihood *= (ONE - probability) / ONE
            update(state, table, y)
        left[t], freq[t] = low, width
        code_length -= math.log2(likelihood)
        _observe(state, data, positions, byte)
    return code_length


@compiled
def decode(
    state: State,
    table: NDArray[np.uint32],
    positions: NDArray[np.int32],
    data: NDArray[np.uint8],
    words: NDArray[np.uint32],
) -> None:
    """Fill in the data that encode saw, from the coder's words."""
    decoder = np.empty(4, dtype=np.uint64)
    coder.start(words, decoder)
    contexts.start(state, data)
    for _ in range(data.size):
        # Damaged words may point before the first interval or after the last.
        target = min(max(np.int64(coder.target(decoder)), FIRST), WIDTH)
        low, width = FIRST, WIDTH
        for bit in range(8):
            if bit & 3 == 0:
                ngram.find_lines(state, table)
            ones = split(width, predict(state, table), bit)
            y = np.int64(target >= low + width - ones)
            if y:
                low += width - ones
                width = ones
            else:
                width -= ones
            update(state, table, y)
        coder.advance(words, decoder, np.uint32(low), np.uint32(width))
        _observe(state, data, positions, state.partial & 255)


@compiled
def learn(
    state: State,
    table: NDArray[np.uint32],
    positions: NDArray[np.int32],
    data: NDArray[np.uint8],
    byte: int,
) -> None:
    """Take `byte` as the next one: what encode does with it, less the interval."""
    for bit in range(8):
        if bit & 3 == 0:
            ngram.find_lines(state, table)
        predict(state, table)
        update(state, table, (byte >> (7 - bit)) & 1)
    _observe(state, data, positions, byte)
