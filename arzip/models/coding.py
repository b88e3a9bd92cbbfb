"""p(w_t | w_<t), bit by bit, and the loops that take bytes through it, compiled.

    p(w_t | w_<t) = prod over the byte's eight bits of p(bit | bits before, w_<t)

`open_byte` sets the contexts, `ask` predicts a bit, `tell` learns it, and `close_byte` goes on to
the next byte: whoever codes, looks or draws goes through these. The eight probabilities cut
[1, 2**24 - 1) in eight places, in whole numbers, each part keeping at least one unit for every byte
value in it. What is left is the byte's interval for the coder.

`code_byte` is the one loop over a byte's bits. The bits come from a byte that is known (encoding,
learning), or from a number in the byte's interval, which an arithmetic decoder or dice give.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from arzip import coder, readings
from arzip.engine.compiled import compiled, i64, u32, u64
from arzip.models.bits import guesses, match, mixer, ngram, slots, values
from arzip.models.bits.odds import ONE, PROBABILITY_BITS
from arzip.models.bits.state import NETWORK
from arzip.models.network import running
from arzip.models.network.running import RunningNetwork
from arzip.models.network.softmax import node_odds
from arzip.models.predictor import Predictor
from arzip.readings.reading import State

__all__ = [
    "FIRST",
    "WIDTH",
    "begins_part",
    "close_byte",
    "code_byte",
    "decode",
    "encode",
    "find",
    "is_set",
    "learn",
    "lies_above",
    "open_byte",
    "predict",
    "split",
    "take_in",
    "update",
]

FIRST, WIDTH = 1, coder.TOTAL - 2
"""The interval of all byte values together."""


@compiled
def open_byte(predictor: Predictor) -> None:
    """Set the contexts of the byte at data[state.position]."""
    match.note(predictor.state, predictor.data, predictor.positions)
    match.look(predictor.state, predictor.data, predictor.positions)
    _look_up(predictor)
    _begin(predictor)


@compiled
def close_byte(predictor: Predictor, byte: int, more: bool) -> None:
    """Learn the last bit of a byte, which `code_byte` leaves, and take in the byte.

    It is there in the data. Opens the byte after it if there is `more`. What can be learned
    meanwhile is learned between asking for memory and using it.
    """
    state = predictor.state
    y = byte & 1
    match.learn(state, y)
    guesses.learn(state, y)
    readings.observe(state, byte)
    if more:
        match.note(state, predictor.data, predictor.positions)
    mixer.learn(state, y)
    if more:
        match.look(state, predictor.data, predictor.positions)
    ngram.learn(state, y)
    if more:
        _look_up(predictor)
    state.node = state.node << u64(1) | u64(y)
    slots.store(state, predictor.table)
    if more:
        _begin(predictor)


@compiled
def _look_up(predictor: Predictor) -> None:
    """Find out what the next byte may depend on, and ask for the memory of that."""
    state = predictor.state
    match.follow(state, predictor.data, predictor.positions)
    readings.set_contexts(state, predictor.data)
    slots.locate(state, predictor.table, 1)


@compiled
def _begin(predictor: Predictor) -> None:
    """Begin with the first bit of a byte."""
    state = predictor.state
    state.partial = 1
    state.bit = 0
    mixer.begin_byte(state)
    _step_network(state, predictor.network)


@compiled
def _step_network(state: State, network: RunningNetwork | None) -> None:
    """Have the network take what it hears. numba knows when it compiles whether there is one."""
    if network is not None and state.network:
        heard = state.heard
        while heard > u64(1):
            running.observe(network, i64(heard & u64(0xFF)), state.position)
            heard >>= u64(8)
        if state.heard:
            for node in range(512):
                state.trees[0, node] = network.activations.tree[node]
                state.trees[1, node] = network.output_layer.tree[node]


@compiled
def predict(state: State) -> int:
    """Return the probability in Q22 that the next bit is 1, from the slots that were found."""
    ngram.predict(state)
    match.predict(state)
    values.predict(state)
    guesses.predict(state)
    if state.network:
        for k in range(2):
            odds = 0 if state.silent else node_odds(state.trees[k], state.partial)
            state.inputs[NETWORK + k] = odds
    return mixer.predict(state)


@compiled
def update(state: State, y: int) -> None:
    """Learn that the predicted bit was `y`, and go on to the next."""
    mixer.ask_maps(state, state.partial << 1 | y)
    mixer.learn(state, y)
    ngram.learn(state, y)
    match.learn(state, y)
    guesses.learn(state, y)
    state.partial = state.partial << 1 | y
    state.node = state.node << u64(1) | u64(y)
    state.bit += 1


@compiled
def _ask(state: State, table: NDArray[np.uint32], bit: int) -> int:
    """Return the probability in Q22 that bit number `bit` is 1."""
    if begins_part(state, bit):
        find(state, table)
    return predict(state)


@compiled
def _tell(state: State, table: NDArray[np.uint32], bit: int, y: int) -> None:
    """Learn that bit number `bit` was `y`."""
    if bit == 3 and not state.by_bits:
        slots.locate(state, table, state.partial << 1 | y)
    update(state, y)
    if begins_part(state, bit + 1):
        slots.store(state, table)


@compiled
def begins_part(state: State, bit: int) -> bool:
    """Return whether a part of a byte that has slots of its own begins with bit number `bit`."""
    begins: bool = bit & 3 == 0 or state.by_bits
    return begins


@compiled
def find(state: State, table: NDArray[np.uint32]) -> None:
    """Find the slots of the half byte to come, or of one bit."""
    if state.by_bits:
        readings.set_bit_contexts(state)
        slots.locate(state, table, 1)
    slots.find(state, table)
    if state.by_bits:
        state.node = state.near


@compiled
def split(width: int, probability: int, bit: int) -> int:
    """Return the units of `width` for the upper half of the byte values, at bit number `bit`."""
    least = 128 >> bit
    return min(max((width * probability) >> PROBABILITY_BITS, least), width - least)


@compiled
def code_byte(
    state: State, table: NDArray[np.uint32], is_one: Callable[[int, int, int], int], sought: int
) -> tuple[int, int, float]:
    """Predict the bits of a byte, after `open_byte`; then it is state.partial & 255.

    Learns from all but the last one, which is left for `close_byte`. Returns its interval, first
    unit and width, and its likelihood before that was whole units.
    `is_one(sought, bit, cut)` is 1 if bit number `bit` is, where units from `cut` on mean 1.
    """
    low, width, likelihood = FIRST, WIDTH, 1.0
    for bit in range(8):
        probability = _ask(state, table, bit)
        ones = split(width, probability, bit)
        cut = low + width - ones
        y = is_one(sought, bit, cut)
        if y:
            low, width = cut, ones
            likelihood *= probability / ONE
        else:
            width -= ones
            likelihood *= (ONE - probability) / ONE
        if bit < 7:
            _tell(state, table, bit, y)
        else:
            state.partial = state.partial << 1 | y
    return low, width, likelihood


@compiled
def is_set(byte: int, bit: int, cut: int) -> int:
    """Return a bit of a byte that is known."""
    return (byte >> (7 - bit)) & 1


@compiled
def lies_above(target: int, bit: int, cut: int) -> int:
    """Return the bit of a byte whose interval has the unit `target` in it."""
    above: int = i64(target >= cut)
    return above


@compiled
def encode(predictor: Predictor, left: NDArray[np.uint32], freq: NDArray[np.uint32]) -> float:
    """Fill in the intervals of the bytes from data[state.position] on.

    Returns their code length in bits, before probabilities became whole units.
    """
    state, data = predictor.state, predictor.data
    code_length = 0.0
    if left.size > 0:
        open_byte(predictor)
    for t in range(left.size):
        byte = i64(data[state.position])
        left[t], freq[t], likelihood = code_byte(state, predictor.table, is_set, byte)
        code_length -= math.log2(likelihood)
        close_byte(predictor, byte, t + 1 < left.size)
    return code_length


@compiled
def decode(
    predictor: Predictor, words: NDArray[np.uint32], decoder: NDArray[np.uint64], end: int
) -> None:
    """Fill in what `encode` saw in data[state.position : end], as far as the coder's words go.

    `decoder` is the coder's state, uint64[4]: zeros at first.
    """
    state, data = predictor.state, predictor.data
    if decoder[1] == u64(0):
        coder.start(words, decoder)
    more = state.position < end and not coder.is_exhausted(words, decoder)
    if more:
        open_byte(predictor)
    while more:
        # Damaged words may point before the first interval or after the last.
        target = min(max(i64(coder.target(decoder)), FIRST), WIDTH)
        low, width, _ = code_byte(state, predictor.table, lies_above, target)
        coder.advance(words, decoder, u32(low), u32(width))
        byte = state.partial & 255
        data[state.position] = byte
        more = state.position + 1 < end and not coder.is_exhausted(words, decoder)
        close_byte(predictor, byte, more)


@compiled
def learn(predictor: Predictor, byte: int) -> float:
    """Take `byte` as the next one, after `open_byte`, and open the one after it.

    Returns its likelihood, before probabilities became whole units.
    """
    _, _, likelihood = code_byte(predictor.state, predictor.table, is_set, byte)
    take_in(predictor, byte)
    return likelihood


@compiled
def take_in(predictor: Predictor, byte: int) -> None:
    """Append a byte that `code_byte` has coded, and open the one after it."""
    predictor.data[predictor.state.position] = byte
    close_byte(predictor, byte, True)
