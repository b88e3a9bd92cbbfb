"""Tables of e^x and ln x, the same on every machine: from exact integers.

Python's integers take a tenth of a second for them, floating point a hundredth of that. So a table
is made in floating point, and taken if its digest is that of the exact one, which says that it is
the same to the last bit. If not, it is made exactly. No machine's exp or log has a say in that.
"""

import hashlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["ONE", "SCALE", "exponential", "logarithm", "rounded", "table"]

SCALE = 160
"""Binary digits of the exact arithmetic."""

ONE = 1 << SCALE


def exponential(numerator: int, denominator: int) -> int:
    """Return e^(numerator / denominator) = sum of x^n / n!, times 2**SCALE."""
    total, term, n = 0, ONE, 0
    while term:
        total += term
        n += 1
        term = term * numerator // (denominator * n)
    return total


def logarithm(value: int) -> int:
    """Return ln(value / 2**SCALE) = 2 artanh((v - 1) / (v + 1)), times 2**SCALE, for v near 1."""
    ratio = ((value - ONE) << SCALE) // (value + ONE)
    total, power, n = 0, ratio, 1
    while power:
        total += power // n
        power = (power * ratio >> SCALE) * ratio >> SCALE
        n += 2
    return 2 * total


def rounded(value: int, bits: int) -> int:
    """Return value / 2**SCALE in Q`bits`."""
    return ((value >> (SCALE - bits - 1)) + 1) >> 1


def table(
    approximate: NDArray[np.float64], digest: str, exact: Callable[[], list[int]]
) -> NDArray[np.int32]:
    """Return the exact table: the rounded approximation, if that is what the digest says."""
    found = np.floor(approximate + 0.5).astype(np.int32)
    if hashlib.sha256(found.astype("<i4").tobytes()).hexdigest()[:32] == digest:
        return found
    return np.array(exact(), dtype=np.int32)
