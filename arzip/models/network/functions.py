"""The functions that a network is made of, on integers: sigmoid, tanh, exp, and ln for log-odds.

Arguments are Q12 (whole numbers of 2**-12), sigmoid and tanh Q15. The tables are exact (exact.py).
One table serves both sigmoid and tanh, and with interpolation it is small enough to stay in the
first cache:

    tanh(x) = 2 sigmoid(2x) - 1

Each of them is a few integer operations on 32 bits without a branch, so that loops over units
become vector instructions.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i32, i64, u32, u64
from arzip.models.numbers.exact import ONE, SCALE, exponential, logarithm, rounded, table
from arzip.models.numbers.intrinsics import leading_zeros

__all__ = ["EXP2", "LN", "SIGMOID", "log_odds", "sigmoid", "square_root", "tanh", "weight"]

ARGUMENT_BITS = 12
"""Arguments are Q12."""

SIGMOID_END = 12
"""sigmoid(12) is 1 and sigmoid(-12) is 0, in Q16."""

STEP_BITS = 7
"""Knots of SIGMOID are 2**7 apart in Q12: 1/32. Interpolation is off by 1.2e-5 at most."""

RISE_BITS = 10
"""An entry of SIGMOID is its value << 10 plus the rise to the next one."""

WEIGHT_BITS = 28
"""e^0 as a weight: a probability of 2**-20 still has 8 bits."""

LEAST_EXPONENT = 21
"""e^-21 * 2**28 is below 1/2: smaller weights are 1."""

EXP2_BITS = 10
LN_BITS = 10

MOST_ODDS = 2047
"""Log-odds in Q8 that an expert may say, see odds.py."""

_LN2 = logarithm(2 * ONE)
LN2 = rounded(_LN2, 16)
LOG2_E = rounded(ONE * ONE // _LN2, 14)


def _sigmoid() -> NDArray[np.int32]:
    """Return Q16 values at -12, -12 + 1/32, .., 12 - 1/32, each with the rise to the next."""
    knots, per_unit = SIGMOID_END << (ARGUMENT_BITS - STEP_BITS), 1 << (ARGUMENT_BITS - STEP_BITS)

    def exact() -> list[int]:
        step, power, values = exponential(1, per_unit), ONE, []
        for _ in range(knots + 1):
            values.append(rounded(power * ONE // (ONE + power), 16))
            power = power * step >> SCALE
        return values

    x = np.arange(knots + 1) / per_unit
    upper = table(65536 / (1 + np.exp(-x)), "56ee8f180e0ab77bf94687f7a8b6b709", exact)
    values = np.concatenate([65536 - upper[:0:-1], upper])
    return (values[:-1] << RISE_BITS) + np.diff(values)


def _exp2() -> NDArray[np.int32]:
    """Return EXP2, where EXP2[f] is 2^-((f + 1/2) / 1024) in Q29."""
    size, bits = 1 << EXP2_BITS, WEIGHT_BITS + 1

    def exact() -> list[int]:
        return [
            rounded(ONE * ONE // exponential(_LN2 * (2 * f + 1), 2 * size * ONE), bits)
            for f in range(size)
        ]

    return table(
        np.exp2(bits - (np.arange(size) + 0.5) / size), "e373af7a0a8fb18b9c7bcf851f721d56", exact
    )


def _ln() -> NDArray[np.int32]:
    """Return LN, where LN[m] is ln(1 + (m + 1/2) / 1024) in Q16."""
    size = 1 << LN_BITS

    def exact() -> list[int]:
        return [rounded(logarithm(ONE + (2 * m + 1) * ONE // (2 * size)), 16) for m in range(size)]

    return table(
        65536 * np.log1p((np.arange(size) + 0.5) / size), "2ffbd68181bb4d30a18feed2c9e864c8", exact
    )


SIGMOID = _sigmoid()
EXP2 = _exp2()
LN = _ln()


@compiled
def _sigmoid_q16(x: int) -> int:
    """Return sigmoid(x) in Q16, x an int32 in Q12."""
    end = i32(SIGMOID_END << ARGUMENT_BITS)
    place = i32(min(max(i32(x), i32(-end)), i32(end - 1)) + end)
    entry = i32(SIGMOID[u32(place >> STEP_BITS)])
    part = i32(place & i32((1 << STEP_BITS) - 1))
    rise = i32(entry & i32((1 << RISE_BITS) - 1))
    risen = i32(i32(rise * part + i32(1 << (STEP_BITS - 1))) >> STEP_BITS)
    value: int = i32(i32(entry >> RISE_BITS) + risen)
    return value


@compiled
def sigmoid(x: int) -> int:
    """Return 1 / (1 + e^-x) in Q15, 0 to 2**15. x is an int32 in Q12."""
    value: int = i32(i32(_sigmoid_q16(x) + i32(1)) >> 1)
    return value


@compiled
def tanh(x: int) -> int:
    """Return tanh(x) in Q15, -2**15 to 2**15. x is an int32 in Q12 below 2**30."""
    value: int = i32(_sigmoid_q16(i32(x) << 1) - i32(1 << 15))
    return value


@compiled
def weight(distance: int) -> int:
    """Return e^-distance in Q28, but at least 1. distance is an int32 in Q12, >= 0."""
    bounded = min(i32(distance), i32(LEAST_EXPONENT << ARGUMENT_BITS))
    exponent = i32(i32(bounded * i32(LOG2_E)) >> (ARGUMENT_BITS + 14 - EXP2_BITS))
    mantissa = i32(EXP2[u32(exponent & i32((1 << EXP2_BITS) - 1))])
    value: int = max(i32(i32(i32(mantissa >> (exponent >> EXP2_BITS)) + i32(1)) >> 1), i32(1))
    return value


@compiled
def square_root(n: int) -> int:
    """Return the root of n, rounded down, for 1 <= n < 2**62: by Newton's steps from above."""
    root = i64(1) << ((i64(65) - i64(leading_zeros(u64(n)))) >> i64(1))
    while True:
        closer = (root + i64(n) // root) >> 1
        if closer >= root:
            value: int = root
            return value
        root = closer


@compiled
def _ln_q16(n: int) -> int:
    """Return ln(n) in Q16, for n >= 1."""
    zeros = leading_zeros(u64(n))
    # What follows the leading 1, of which the shift out of 64 bits gets rid.
    mantissa = (u64(n) << zeros << u64(1)) >> u64(64 - LN_BITS)
    value: int = (i64(63) - i64(zeros)) * LN2 + i64(LN[mantissa])
    return value


@compiled
def log_odds(ones: int, zeros: int) -> int:
    """Return ln(ones / zeros) in Q8, at most MOST_ODDS either way. Both are >= 1."""
    odds = (_ln_q16(ones) - _ln_q16(zeros) + (1 << 7)) >> 8
    return min(max(odds, -MOST_ODDS), MOST_ODDS)
