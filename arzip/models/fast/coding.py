"""p(w_t | w_<t), and the loops that take bytes through it, compiled.

    o = (by_bits + by_byte) . x        p(bit = 1) = (2 squash(o) + 3 apm_1(o) + 3 apm_2(o)) / 8

x are the inputs: log-odds in Q8 of what each context's history means, of what follows its run, and
of the match. Weights are Q14 and chosen twice: by the bits so far with the match's length, or with
how many runs expect something; and by the last byte. Calibration maps say what such a prediction
was worth after the last byte, and after the last two. The bits' probabilities cut the interval
[1, 2**24 - 1) as in arzip/models/coding.py.

Where the match is trusted alone, the interval is first cut in two: the lower part is the expected
byte's, and all others share the upper part.

Nothing is learned before the byte is complete, so the 256 conditionals of a byte are a walk through
the tree of its bits, and leave no trace.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from arzip import coder
from arzip.engine.compiled import compiled, i16, i32, i64, u8, u16, u32, u64
from arzip.models.bits.odds import (
    LIMIT,
    ONE,
    PROBABILITY_BITS,
    SQUASH,
    STRETCH,
    STRETCH_BITS,
)
from arzip.models.coding import FIRST, WIDTH, is_set, lies_above, split
from arzip.models.fast import contexts, match, table
from arzip.models.fast.histories import NEXT
from arzip.models.fast.layout import (
    CONTEXTS,
    KNOTS,
    MAP_ROWS,
    MATCH,
    RUN,
    RUNS,
    State,
)
from arzip.models.fast.predictor import Predictor
from arzip.models.fast.shares import towards
from arzip.models.numbers.intrinsics import adjust, prefetch, weigh

__all__ = ["conditionals", "decode", "encode", "learn", "open_byte"]

RATE = 4  # of the weights in the long run
EARLY_RATE = 1 << 16  # more at first
HALF_TIME = 1 << 13  # bytes
MAP_RATE = 7  # 2**-7, of what histories mean
MATCH_RATE = 6
CALIBRATION_RATE = 5
SMALLEST = 64  # of a probability, in Q22

_STRETCH = STRETCH.astype(np.int16)
_CUT = 16 - STRETCH_BITS


@compiled
def open_byte(predictor: Predictor) -> None:
    """Prepare the byte at data[state.position], and meanwhile learn the one before."""
    state = predictor.state
    match.follow(state, predictor.data, predictor.positions)
    if not state.is_sure:
        _ask(predictor)
    _learn(predictor)


@compiled
def _ask(predictor: Predictor) -> None:
    """Set the contexts, and ask for what is known of them."""
    contexts.set_contexts(predictor.state, predictor.data)
    table.ask(predictor.state, predictor.table, 0)
    table.ask_runs(predictor.state, predictor.runs)


@compiled
def _predict(state: State, lines: NDArray[np.uint8], partial: int, bit: int) -> int:
    """Return the probability in Q22 that bit number `bit`, after `partial`, is 1."""
    half = bit >> 2
    start = 1 << (bit & 3)
    node = u64(start | partial & (start - 1))
    last, seen, inputs = state.history & u64(0xFF), state.seen, state.inputs
    one = (last << u64(8) | u64(partial)) * u64(KNOTS)
    key = ((state.history & u64(0xFFFF)) | u64(partial) << u64(16)) * u64(0x9E3779B97F4A7C15)
    two = (u64(MAP_ROWS[0]) + (key >> u64(50))) * u64(KNOTS)
    prefetch(state.calibration, one)
    prefetch(state.calibration, two)
    seen[bit, 0] = state.of_last[last, u64(partial)]
    for i in range(1, CONTEXTS):
        seen[bit, i] = lines[state.lines[half, i] + node]
    for i in range(CONTEXTS):
        meaning = state.history_map[i, u64(seen[bit, i])]
        inputs[bit, i] = _STRETCH[u16(meaning >> u16(_CUT))]
    for j in range(RUNS):
        inputs[bit, RUN + j] = _said(
            state.run_map[j, state.run_counts[j]],
            state.run_bytes[j] if state.run_counts[j] > 0 else -1,
            partial,
            bit,
        )
    trust = _ask_match(state, partial, bit)
    if trust == 3:
        for j in range(RUNS):
            trust += i64(inputs[bit, RUN + j] != i16(0))
    row = u64(trust << 8 | partial)
    total = weigh(state.by_bits, row, inputs, u64(bit))
    total = i32(total + weigh(state.by_byte, last, inputs, u64(bit)))
    odds = min(max(i64(total) >> 14, -LIMIT), LIMIT)
    state.rows[bit], state.odds[bit] = row, odds
    return _calibrated(state, odds, one, two, bit)


@compiled
def _said(p: int, byte: int, partial: int, bit: int) -> int:
    """Return the log-odds of a 1, from p in Q16 that `byte` is right; 0 if it cannot be."""
    odds = i64(_STRETCH[u16(u16(p) >> u16(_CUT))])
    agrees = i64(byte >= 0 and (byte | 256) >> (8 - bit) == partial)
    said: int = i16(odds * agrees * ((byte >> (7 - bit) & 1) * 2 - 1))
    return said


@compiled
def _ask_match(state: State, partial: int, bit: int) -> int:
    """Set the match's inputs; return its class of lengths: 0 to 2, 3 for none."""
    inputs, expected = state.inputs, state.expected
    if state.is_sure or expected < 0 or (expected | 256) >> (8 - bit) != partial:
        inputs[bit, MATCH] = inputs[bit, MATCH + 1] = i16(0)
        state.match_bits[bit] = -1
        return 3
    length, y = state.match_length, expected >> (7 - bit) & 1
    sign = 2 * y - 1
    p = state.match_map[state.length_class]
    inputs[bit, MATCH] = i16(sign * i64(_STRETCH[u16(p >> u16(_CUT))]))
    inputs[bit, MATCH + 1] = i16(sign * min(length, 32) * 16)
    state.match_bits[bit] = y
    trust: int = i64(length >= 16) + i64(length >= 32)
    return trust


@compiled
def _calibrated(state: State, odds: int, one: int, two: int, bit: int) -> int:
    """Read both maps at `odds`, between two knots; return the probability."""
    maps = state.calibration
    knot, part = u64((odds + LIMIT) >> 8), (odds + LIMIT) & 255
    one, two = one + knot, two + knot
    mapped = i64(maps[one]) * (256 - part) + i64(maps[one + u64(1)]) * part
    mapped += i64(maps[two]) * (256 - part) + i64(maps[two + u64(1)]) * part
    nearer = u64(part >> 7)
    state.knots[bit, 0], state.knots[bit, 1] = one + nearer, two + nearer
    probability = (2 * i64(SQUASH[u64(odds + LIMIT)]) + 3 * (mapped >> 2)) >> 3
    bounded: int = min(max(probability, SMALLEST), ONE - SMALLEST)
    return bounded


@compiled
def _learn(predictor: Predictor) -> None:
    """Learn the bits of the last byte, if it was predicted bit by bit."""
    state, lines = predictor.state, predictor.table
    if not state.open:
        return
    state.open = 0
    byte, last = state.history & u64(0xFF), state.history >> u64(8) & u64(0xFF)
    table.settle(state, lines)
    table.note_runs(state, predictor.runs, i64(byte))
    rate = RATE + EARLY_RATE // (HALF_TIME + state.learned)
    partial, node = u64(1), u64(1)
    for bit in range(8):
        y = byte >> u64(7 - bit) & u64(1)
        half = bit >> 2
        if bit == 4:
            node = u64(1)
        for k in range(2):
            knot = state.knots[bit, k]
            state.calibration[knot] = towards(state.calibration[knot], y, CALIBRATION_RATE)
        if state.match_bits[bit] >= 0:
            of, is_right = state.class_before, state.match_bits[bit] == i64(y)
            state.match_map[of] = towards(state.match_map[of], is_right, MATCH_RATE)
        error = (i64(y) << PROBABILITY_BITS) - i64(SQUASH[u64(state.odds[bit] + LIMIT)])
        pull = i32(min(max(error * rate >> 12, -32767), 32767))
        adjust(state.by_bits, state.rows[bit], state.inputs, u64(bit), pull)
        adjust(state.by_byte, last, state.inputs, u64(bit), pull)
        for i in range(CONTEXTS):
            history = u64(state.seen[bit, i])
            state.history_map[i, history] = towards(state.history_map[i, history], y, MAP_RATE)
            if i == 0:
                state.of_last[last, partial] = NEXT[history, y]
            else:
                lines[state.homes[half, i] + node] = NEXT[history, y]
        partial = partial << u64(1) | y
        node = node << u64(1) | y


@compiled
def code_byte(
    predictor: Predictor,
    is_one: Callable[[int, int, int], int],
    is_expected: Callable[[int, int, int], int],
    sought: int,
) -> tuple[int, int, int, float]:
    """Predict the bits of a byte, after `open_byte`.

    Returns the byte, its interval, first unit and width, and its likelihood before that was whole
    units. `is_one(sought, bit, cut)` is 1 if bit number `bit` is, where units from `cut` on mean 1;
    `is_expected(sought, byte, cut)` is 1 if the byte is, where units below `cut` mean that.
    """
    state = predictor.state
    low, width, likelihood, excluded = FIRST, WIDTH, 1.0, -1
    if state.is_sure:
        units = _units_of_expected(state)
        y = is_expected(sought, state.expected, low + units)
        of = state.length_class
        state.sure_map[of] = towards(state.sure_map[of], y, MATCH_RATE)
        if y:
            return state.expected, low, units, units / WIDTH
        low, width, excluded = low + units, width - units, state.expected
        likelihood = width / WIDTH
        _ask(predictor)
    state.open = 1
    table.find(state, predictor.table, 0)
    table.find_runs(state, predictor.runs)
    partial = 1
    for bit in range(8):
        if bit == 4:
            table.to_low_half(state, partial)
            table.ask(state, predictor.table, 1)
            table.find(state, predictor.table, 1)
        probability = _predict(state, predictor.table, partial, bit)
        ones = _without(excluded, split(width, probability, bit), width, partial, bit)
        cut = low + width - ones
        y = is_one(sought, bit, cut)
        if y:
            likelihood *= probability / ONE if ones < width else 1.0
            low, width = cut, ones
        else:
            likelihood *= (ONE - probability) / ONE if ones > 0 else 1.0
            width -= ones
        partial = partial << 1 | y
    return partial & 255, low, width, likelihood


@compiled
def _units_of_expected(state: State) -> int:
    """Return the units of WIDTH for the byte that is expected, if the match is trusted alone."""
    p = (i64(state.sure_map[state.length_class]) + i64(state.hits[state.hit])) >> 1
    units: int = min(max(WIDTH * p >> 16, 1), WIDTH - 256)
    return units


@compiled
def _without(excluded: int, ones: int, width: int, partial: int, bit: int) -> int:
    """Return the units for a 1; none, or all, where a 1 or a 0 would make the excluded byte."""
    if bit == 7 and excluded >= 0 and excluded >> 1 == partial & 127:
        return 0 if excluded & 1 else width
    return ones


@compiled
def _is_it(byte: int, expected: int, cut: int) -> int:
    """Return whether a byte that is known is the expected one."""
    is_it: int = i64(byte == expected)
    return is_it


@compiled
def _lies_below(target: int, expected: int, cut: int) -> int:
    """Return whether the byte whose interval has the unit `target` in it is the expected one."""
    below: int = i64(target < cut)
    return below


@compiled
def _take(predictor: Predictor, byte: int) -> None:
    """Take in the byte that was coded."""
    state = predictor.state
    match.note(state, byte)
    state.class_before = state.length_class
    contexts.observe(state, byte)


@compiled
def encode(predictor: Predictor, left: NDArray[np.uint32], freq: NDArray[np.uint32]) -> float:
    """Fill in the intervals of the bytes from data[state.position] on.

    Returns their code length in bits, before probabilities became whole units.
    """
    state, data = predictor.state, predictor.data
    code_length = 0.0
    for t in range(left.size):
        open_byte(predictor)
        byte = i64(data[state.position])
        _, left[t], freq[t], likelihood = code_byte(predictor, is_set, _is_it, byte)
        code_length -= math.log2(likelihood)
        _take(predictor, byte)
    _learn(predictor)
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
    for t in range(state.position, end):
        if coder.is_exhausted(words, decoder):
            break
        open_byte(predictor)
        # Damaged words may point before the first interval or after the last.
        target = min(max(i64(coder.target(decoder)), FIRST), WIDTH)
        byte, low, width, _ = code_byte(predictor, lies_above, _lies_below, target)
        coder.advance(words, decoder, u32(low), u32(width))
        data[t] = byte
        _take(predictor, byte)
    _learn(predictor)


@compiled
def learn(predictor: Predictor, byte: int) -> None:
    """Take `byte` as the next one, after `open_byte`, and open the one after it."""
    code_byte(predictor, is_set, _is_it, byte)
    predictor.data[predictor.state.position] = u8(byte)
    _take(predictor, byte)
    open_byte(predictor)


@compiled
def conditionals(predictor: Predictor, width: NDArray[np.int64]) -> None:
    """Fill in the width of each node of the next byte's tree, numbered by its bits after a leading
    1: at its leaves, width[256:], the frequencies of all values. After `open_byte`.
    """
    state = predictor.state
    width[1], excluded, units = WIDTH, -1, 0
    if state.is_sure:
        units, excluded = _units_of_expected(state), state.expected
        width[1] -= units
        _ask(predictor)
    table.find(state, predictor.table, 0)
    table.find_runs(state, predictor.runs)
    for partial in range(1, 16):
        _cut_node(predictor, width, partial, excluded)
    for partial in range(16, 32):
        table.to_low_half(state, partial)
        table.ask(state, predictor.table, 1)
        table.find(state, predictor.table, 1)
        for bit in range(4, 8):
            first = partial << (bit - 4)
            for node in range(first, first + (1 << (bit - 4))):
                _cut_node(predictor, width, node, excluded)
    if state.is_sure:
        width[256 + excluded] = units


@compiled
def _cut_node(predictor: Predictor, width: NDArray[np.int64], partial: int, excluded: int) -> None:
    bit = 0
    while partial >> (bit + 1) > 0:
        bit += 1
    probability = _predict(predictor.state, predictor.table, partial, bit)
    ones = split(width[partial], probability, bit)
    ones = _without(excluded, ones, width[partial], partial, bit)
    width[2 * partial] = width[partial] - ones
    width[2 * partial + 1] = ones
