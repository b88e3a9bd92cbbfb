"""One byte through the model, compiled: the step, and the loops that take it in either direction.

    p(w_t | w_<t) = prod over the byte's eight bits of p(bit | bits before, w_<t)

`predict` and `update` are the step: encoding, decoding and sessions all go through them. The eight
probabilities cut [1, 2**24 - 1) in eight places, in whole numbers, each part keeping
at least one unit for every byte value in it; what is left is the byte's interval for the coder.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arzip import coder
from arzip.engine.compiled import compiled, i64, u32, u64
from arzip.models.bits import match, mixer, ngram, slots
from arzip.models.bits.mixer import NETWORK as NETWORK_INPUT
from arzip.models.bits.odds import ONE, PROBABILITY_BITS
from arzip.models.bits.state import State
from arzip.models.network import architectures, output_layer, recurrent
from arzip.readings import contexts

__all__ = [
    "FIRST",
    "WIDTH",
    "decode",
    "encode",
    "learn",
    "open_byte",
    "predict",
    "split",
    "update",
]

FIRST, WIDTH = 1, coder.TOTAL - 2
"""The interval of all byte values together."""


@compiled
def predict(state: State) -> int:
    """The probability in Q22 that the next bit is 1."""
    ngram.predict(state)
    match.predict(state)
    if state.network:
        for k in range(2):
            state.inputs[NETWORK_INPUT + k] = recurrent.node_odds(state.trees[k], state.partial)
    return mixer.predict(state)


@compiled
def update(state: State, bit: int) -> None:
    """Learn that the predicted bit was `bit`, and step to the next."""
    mixer.learn(state, bit)
    ngram.learn(state, bit)
    match.learn(state, bit)
    _step(state, bit)


@compiled
def _step(state: State, bit: int) -> None:
    state.partial = state.partial << 1 | bit
    state.node = state.node << u64(1) | u64(bit)
    state.bit += 1


@compiled
def split(width: int, probability: int, bit: int) -> int:
    """Units of `width` that go to the upper half of the byte values, at bit number `bit`."""
    least = 128 >> bit
    return min(max((width * probability) >> PROBABILITY_BITS, least), width - least)


@compiled
def open_byte(
    state: State,
    table: NDArray[np.uint32],
    positions: NDArray[np.int32],
    data: NDArray[np.uint8],
    network: Any,
) -> None:
    """Set the contexts of the next byte, from data[: state.position].

    `network` is None or an output_layer.Lane of some network: which, numba knows when it compiles.
    """
    if network is not None:
        if state.position > 0:
            last = data[state.position - 1]
            output_layer.learn(network.adaptation, network.memory, last, state.position)
            architectures.step(network.weights, network.memory, last)
            output_layer.predict(network.adaptation, network.memory)
        for node in range(512):
            state.trees[0, node] = network.memory.tree[node]
            state.trees[1, node] = network.adaptation.tree[node]
    match.follow(state, data, positions)
    contexts.look_above(state, data)
    contexts.set_hashes(state)
    slots.locate(state, table, 1)


@compiled
def encode(
    state: State,
    table: NDArray[np.uint32],
    positions: NDArray[np.int32],
    data: NDArray[np.uint8],
    network: Any,
    left: NDArray[np.uint32],
    freq: NDArray[np.uint32],
) -> float:
    """Fill in the intervals of the bytes from data[state.position] on.

    Returns their code length in bits, before probabilities became whole units.
    """
    code_length = 0.0
    for t in range(left.size):
        open_byte(state, table, positions, data, network)
        byte = i64(data[state.position])
        low, width = FIRST, WIDTH
        likelihood = 1.0
        for bit in range(8):
            if bit & 3 == 0:
                slots.find(state, table)
            probability = predict(state)
            ones = split(width, probability, bit)
            y = (byte >> (7 - bit)) & 1
            if y:
                low += width - ones
                width = ones
                likelihood *= probability / ONE
            else:
                width -= ones
                likelihood *= (ONE - probability) / ONE
            if bit == 3:
                slots.locate(state, table, state.partial << 1 | y)
            update(state, y)
            if bit & 3 == 3:
                slots.store(state, table)
        left[t], freq[t] = low, width
        code_length -= math.log2(likelihood)
        contexts.observe(state, byte)
    return code_length


@compiled
def decode(
    state: State,
    table: NDArray[np.uint32],
    positions: NDArray[np.int32],
    data: NDArray[np.uint8],
    network: Any,
    words: NDArray[np.uint32],
    decoder: NDArray[np.uint64],
    end: int,
) -> None:
    """Fill in what encode saw in data[state.position : end], as far as the coder's words go.

    `decoder` is the coder's state, uint64[4]: zeros at first.
    """
    if decoder[1] == u64(0):
        coder.start(words, decoder)
    for t in range(state.position, end):
        if coder.is_exhausted(words, decoder):
            break
        open_byte(state, table, positions, data, network)
        # Damaged words may point before the first interval or after the last.
        target = min(max(i64(coder.target(decoder)), FIRST), WIDTH)
        low, width = FIRST, WIDTH
        for bit in range(8):
            if bit & 3 == 0:
                slots.find(state, table)
            ones = split(width, predict(state), bit)
            y = i64(target >= low + width - ones)
            if y:
                low += width - ones
                width = ones
            else:
                width -= ones
            if bit == 3:
                slots.locate(state, table, state.partial << 1 | y)
            update(state, y)
            if bit & 3 == 3:
                slots.store(state, table)
        coder.advance(words, decoder, u32(low), u32(width))
        data[t] = state.partial & 255
        contexts.observe(state, state.partial & 255)


@compiled
def learn(
    state: State,
    table: NDArray[np.uint32],
    positions: NDArray[np.int32],
    data: NDArray[np.uint8],
    network: Any,
    byte: int,
) -> float:
    """Take `byte` as the next one, after open_byte, and open the one after it.

    Returns its likelihood, before probabilities became whole units.
    """
    likelihood = 1.0
    for bit in range(8):
        y = (byte >> (7 - bit)) & 1
        if bit & 3 == 0:
            slots.find(state, table)
        probability = predict(state)
        likelihood *= (probability if y else ONE - probability) / ONE
        if bit == 3:
            slots.locate(state, table, state.partial << 1 | y)
        update(state, y)
        if bit & 3 == 3:
            slots.store(state, table)
    data[state.position] = byte
    contexts.observe(state, byte)
    open_byte(state, table, positions, data, network)
    return likelihood
