"""The value experts: log-odds of each bit of a number, from what it is expected to be.

An expected value m with a spread says that the number X is logistic around m with a scale s. The
bits before confine X to an interval, and the next one says in which half of it X lies, the lower
one [a, b) or the upper one [b, c):

    P(X < x) = 1 / (1 + e^-z(x)),  z(x) = (x - m) / s
    ln P(upper) / P(lower) = L(z(a)) - L(z(c)),  L(z) = ln(2 cosh(z / 2))

since both halves are of one size. Whole numbers reach from 1/2 below to 1/2 above. L is a table as
far as it is curved, and then |z| / 2.

A histogram says how often the byte's residual lay in each half, around the circle of 256.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i32, i64, u32, u64
from arzip.models.bits.odds import STRETCH, STRETCH_BITS
from arzip.models.bits.state import after_counts
from arzip.models.numbers.exact import ONE, SCALE, exponential, logarithm, rounded, table
from arzip.readings import for_each_size
from arzip.readings.reading import Size, State
from arzip.readings.values import ONCE, UNIT

__all__ = ["predict"]

_CURVED = 12 << 8  # in Q8: from there on L is |z| / 2
_BITS = 12  # of the fractions of L
_LIMIT = 2047  # of log-odds in Q8
_BEFORE = 8 * ONCE // 256  # of each residual


def _curve() -> NDArray[np.int32]:
    """Return L(z / 256) in Q12, for z from 0 to _CURVED."""

    def exact() -> list[int]:
        # L(z) = z / 2 + ln(1 + e^-z)
        root, power, values = exponential(1, 256), ONE, []
        for z in range(_CURVED + 1):
            values.append(rounded((z << (SCALE - 9)) + logarithm(ONE + power), _BITS))
            power = (power << SCALE) // root
        return values

    z = np.arange(_CURVED + 1) / 256
    return table(
        (z / 2 + np.log1p(np.exp(-z))) * (1 << _BITS), "ca79884968d52acb8159e1d4112db93a", exact
    )


L = _curve()


@compiled
def _l(z: int) -> int:
    """Return L(z) in Q12, of z in Q8."""
    size = abs(z)
    within = min(size, _CURVED)
    value: int = i64(L[u64(within)]) + ((size - within) << (_BITS - 9))
    return value


@for_each_size
def predict(size: Size) -> Callable[[State], None]:
    first, second, _ = after_counts(size)

    @compiled
    def by_values(state: State) -> None:
        known = state.number << 8 | ((state.partial << (8 - state.bit)) & 255)
        to_come = 8 * state.bytes_after
        start = (known << to_come) * UNIT - UNIT // 2
        end = start + (UNIT << (to_come + 8 - state.bit))
        for k in range(size.values):
            value, sharpness = state.expected[k], state.sharpness[k]
            odds = _l((start - value) * sharpness >> 16) - _l((end - value) * sharpness >> 16)
            state.inputs[first + k] = i32(min(max(odds >> (_BITS - 8), -_LIMIT), _LIMIT))

    @compiled
    def by_histograms(state: State) -> None:
        width = i32(128 >> state.bit)
        low = (state.partial << (8 - state.bit)) & 255
        for k in range(size.histograms):
            sums = state.residual_sums[state.residual_case[k]]
            start = low + 256 - state.residual_of[k]
            middle, end = start + width, start + 2 * width
            below = i32(sums[middle & 255] - sums[start & 255])
            above = i32(sums[end & 255] - sums[middle & 255])
            below += sums[256] if middle >> 8 != start >> 8 else i32(0)
            above += sums[256] if end >> 8 != middle >> 8 else i32(0)
            above += i32(_BEFORE) * width
            together = u32(above + below + i32(_BEFORE) * width)
            share = u32((u32(above) << u32(STRETCH_BITS)) - u32(1)) // together
            state.inputs[second + 2 * k] = STRETCH[share]
            state.inputs[second + 2 * k + 1] = (i32(share) - i32(1 << (STRETCH_BITS - 1))) >> 2

    @compiled
    def predict(state: State) -> None:
        """Set the experts' inputs to the mixer."""
        if size.values:
            by_values(state)
        if size.histograms:
            by_histograms(state)

    return predict
