"""The mixer: the experts' log-odds become one probability of the next bit.

Four mixers see the same inputs x and weigh them by rows of weights that different things choose:
the bits so far and the state of the match; the last byte; how many contexts were seen before; the
byte before the last. Two calibration maps (APM, also called SSE) correct their mean m by what
happened after the last byte, and after the last two. A last mixer (last.py) joins all six:

    o_k = w_k . x        o_4, o_5 = stretch(apm(m))        p = squash(v . o)

Other readings have more phases than text, and a mixer for each; what gives each bit contexts of its
own chooses the first three mixers' rows by other things. What is read broadly has a second set of
mixers, which see the inputs of more contexts as well.

Every weight follows the gradient of its own mixer's code length, online (Mahoney's PAQ mixing, a
product of experts): w_k += rate * (bit - squash(o_k)) * x, unless the error is too small to matter.

Inputs and log-odds are Q8, weights Q16. Products stay inside 32 bits: |x| < 2**11 and |w| < 2**20.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i32, i64, u16, u64
from arzip.models.bits import last
from arzip.models.bits.odds import LIMIT, ONE, PROBABILITY_BITS, SQUASH, STRETCH, STRETCH_BITS
from arzip.models.bits.state import (
    APM_KNOTS,
    APM_ROWS,
    BY_BYTE,
    BY_HITS,
    CONSTANT,
    COUNTS,
    MIXERS,
    MORE_MIXERS,
    MORE_ROWS,
    NETWORK,
    ROWS,
    all_inputs,
    inputs_of,
)
from arzip.models.numbers.intrinsics import prefetch
from arzip.readings import for_each_size, if_broad
from arzip.readings.reading import MORE_PHASES, Size, State

__all__ = ["apm_row", "ask_maps", "begin_byte", "learn", "predict"]

LARGEST = (1 << 20) - 1  # of a weight: +-16
LEAST_PULL = 512  # what would move weights by 2**-14 at most is left out, and takes no time
RATE = 24  # of the mixers in the long run, in 2**-22 of Q16 units
EARLY_RATE = 1 << 22  # more at first: 128 at the start, half of that after HALF_TIME bytes
HALF_TIME = 1 << 15
APM_RATE = 6  # 2**-6
SMALLEST = 32  # of a probability, in Q22


def apm_row() -> NDArray[np.uint16]:
    """Return a calibration map's row that changes nothing: squash at knots 1 apart, in Q16."""
    knots = (np.arange(APM_KNOTS) << 8).clip(0, 2 * LIMIT)
    return np.asarray(SQUASH[knots] >> (PROBABILITY_BITS - 16), dtype=np.uint16)


@compiled
def predict(state: State) -> int:
    """Return the probability in Q22 that the next bit is 1."""
    _select(state)
    _calibrate(state, _mix(state))
    probability: int = i64(SQUASH[u64(last.join(state) + LIMIT)])
    return min(max(probability, SMALLEST), ONE - SMALLEST)


@compiled
def _select(state: State) -> None:
    """Choose each mixer's row of weights and the calibration maps' rows."""
    rows, partial = state.rows, state.partial
    state.inputs[CONSTANT] = i32(256)
    if not state.by_bits:
        state.chosen[0] = last.trust(state) * 256 + partial
        state.chosen[1] = i64(state.history & u64(0xFF))
        state.chosen[2] = state.bit
    rows[0] = state.chosen[0]
    rows[1] = BY_BYTE + state.chosen[1]
    rows[2] = BY_HITS + state.hits * 8 + state.chosen[2]
    for k in range(state.mixers - MIXERS - MORE_MIXERS * state.more):
        rows[MIXERS + k] = ROWS + 256 * k + state.phases[k]
    rows[MIXERS + 1] |= 0 if state.by_bits else state.bit
    if_broad(state, _select_more)
    _choose_maps(state, partial)


@compiled
def _select_more(state: State) -> None:
    """Choose the rows of the mixers that see all contexts, where it is read broadly."""
    rows, own = state.rows, state.mixers - MORE_MIXERS
    for k in range(MIXERS):
        rows[own + k] = MORE_ROWS + rows[k]
    for k in range(MORE_PHASES):
        rows[own + MIXERS + k] = MORE_ROWS + ROWS + 256 * k + state.more_phases[k]
    rows[own + MIXERS] |= state.bit
    is_told = state.network and not state.silent
    told = state.inputs[NETWORK + 1] if is_told else state.inputs[COUNTS + 3]
    rows[own + MIXERS + 1] |= ((i64(told) + 2048) >> 7) << 3 | state.bit


@compiled
def begin_byte(state: State) -> None:
    """Set how fast to learn, and ask for the first bit's rows of the calibration maps."""
    state.rate = RATE + EARLY_RATE // (HALF_TIME + state.learned)
    ask_maps(state, 1)


@compiled
def ask_maps(state: State, partial: int) -> None:
    """Ask for the rows of the calibration maps for the bit after `partial`, long before it."""
    _choose_maps(state, partial)
    prefetch(state.apm, state.apm_rows[0])
    prefetch(state.apm, state.apm_rows[1])


@compiled
def _choose_maps(state: State, partial: int) -> None:
    """Choose the calibration maps' rows."""
    bits = u64(0) if state.by_bits else u64(partial)
    key = (state.calibrated[1] | bits << u64(16)) * u64(0x9E3779B97F4A7C15)
    state.apm_rows[0] = (state.calibrated[0] << u64(8) | bits) * u64(APM_KNOTS)
    state.apm_rows[1] = (u64(APM_ROWS) + (key >> u64(48))) * u64(APM_KNOTS)


def _weighing(first: int, end: int, count: int) -> Callable[[State], int]:
    @compiled
    def weigh(state: State) -> int:
        """Set w . x of some mixers, which see the first `count` inputs, and return their sum.

        Products are cut to Q16 before they are added, so that the sum stays in 32 bits.
        """
        weights, inputs = state.weights, state.inputs
        together = 0
        for k in range(first, end):
            r = u64(state.rows[k])
            total = i32(0)
            for i in range(count):
                total = i32(total + i32(i32(weights[r, u64(i)] * inputs[i]) >> 8))
            odds = last.bounded(i64(total) >> 8)
            state.odds[2 + k] = odds
            together += odds
        return together

    return weigh


@for_each_size
def _mix(size: Size) -> Callable[[State], int]:
    own = MIXERS + size.phases
    mixers = own + MORE_MIXERS * size.more
    weigh = _weighing(0, own, inputs_of(size))
    weigh_more = _weighing(own, mixers, all_inputs(size))

    @compiled
    def mix(state: State) -> int:
        """Set each mixer's w . x, and return their mean."""
        mean: int = (weigh(state) + weigh_more(state)) * (65536 // mixers) >> 16
        return mean

    return mix


@compiled
def _calibrate(state: State, odds: int) -> None:
    """Read both maps at `odds`, between two knots; remember the nearer one."""
    place = odds + LIMIT
    knot, part = place >> 8, place & 255
    for k in range(2):
        below = state.apm_rows[k] + u64(knot)
        low, high = i64(state.apm[below]), i64(state.apm[below + u64(1)])
        p = (low * (256 - part) + high * part) >> 8
        state.odds[k] = i64(STRETCH[u64(p >> (16 - STRETCH_BITS))])
        state.apm_knots[k] = below + u64(part >> 7)


@compiled
def learn(state: State, bit: int) -> None:
    """Move every weight and knot towards having predicted `bit`."""
    goal = bit << PROBABILITY_BITS
    last.learn(state, goal)
    _adjust(state, goal, state.rate)
    for k in range(2):
        p = i64(state.apm[state.apm_knots[k]])
        state.apm[state.apm_knots[k]] = u16(p + ((65535 * bit - p) >> APM_RATE))


def _adjusting(first: int, end: int, count: int) -> Callable[[State, int, int], None]:
    @compiled
    def adjust(state: State, goal: int, rate: int) -> None:
        weights, inputs = state.weights, state.inputs
        for k in range(first, end):
            error = goal - i64(SQUASH[u64(state.odds[2 + k] + LIMIT)])
            pull = i32((error * rate) >> 10)
            if -LEAST_PULL < pull < LEAST_PULL:
                continue
            r = u64(state.rows[k])
            for i in range(count):
                step = i32(i32(i32(inputs[i] * pull) + i32(1 << 17)) >> 18)
                weight = i32(weights[r, u64(i)] + step)
                weights[r, u64(i)] = min(max(weight, i32(-LARGEST)), i32(LARGEST))

    return adjust


@for_each_size
def _adjust(size: Size) -> Callable[[State, int, int], None]:
    own = MIXERS + size.phases
    mixers = own + MORE_MIXERS * size.more
    adjust_own = _adjusting(0, own, inputs_of(size))
    adjust_more = _adjusting(own, mixers, all_inputs(size))

    @compiled
    def adjust(state: State, goal: int, rate: int) -> None:
        """Move the weights that each mixer used, for its own error."""
        adjust_own(state, goal, rate)
        adjust_more(state, goal, rate >> 1)  # more inputs, smaller steps

    return adjust
