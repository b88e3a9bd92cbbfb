"""Numbers predicted by value: what a reading expects the number to come to be, of a byte or more.

It expects several values, each with its spread, the mean error that it is likely to have. And it
keeps histograms: how far bytes were from one that was expected, in each of many cases. Both become
log-odds of bits in models/bits/values.py. A number's most significant byte comes first.
"""

import math

import numpy as np

from arzip.engine.compiled import compiled, i32, i64
from arzip.readings.reading import MOST_HISTOGRAMS, MOST_VALUES, Field, State

__all__ = ["CASES", "FIELDS", "ONCE", "UNIT", "expect", "median_of", "note_residuals"]

UNIT = 16
"""Values and spreads are counted in 1/16."""

CASES = 1024
"""Rows of all histograms together."""

ONCE = 32
"""What a histogram is added for one byte. Its 256 residuals have that 8 times together before."""

_MOST = 1 << 16  # of a histogram's sum; then all are halved

FIELDS: tuple[Field, ...] = (
    ("number", np.int64),  # the bytes so far of the one that is predicted
    ("bytes_after", np.int64),  # its bytes after the one to come
    ("expected", np.int64, MOST_VALUES),
    ("sharpness", np.int64, MOST_VALUES),  # log-odds in Q8 for each 1/16 of distance, in Q16
    ("residual_of", np.int64, MOST_HISTOGRAMS),  # the byte that each histogram expects
    ("residual_case", np.int64, MOST_HISTOGRAMS),  # and its row
    ("residual_sums", np.int32, (CASES, 257)),  # of all residuals below each
)

# A logistic distribution of scale s has the mean absolute error 2 s ln 2.
_SHARPNESS = round(256 * 2 * math.log(2)) << 16


@compiled
def expect(state: State, which: int, value: int, spread: int) -> None:
    """Expect a value, with a spread of at least 1."""
    state.expected[which] = value
    state.sharpness[which] = _SHARPNESS // i64(spread)


@compiled
def median_of(a: int, b: int, c: int) -> int:
    return max(min(a, b), min(max(a, b), c))


@compiled
def note_residuals(state: State, byte: int, histograms: int) -> None:
    """Count how far the byte is from what each histogram expected."""
    for k in range(histograms):
        sums = state.residual_sums[state.residual_case[k]]
        residual = (byte - state.residual_of[k]) & 255
        for i in range(257):
            sums[i] += i32(ONCE) if i > residual else i32(0)
        if sums[256] > _MOST:
            for i in range(257):
                sums[i] >>= 1
