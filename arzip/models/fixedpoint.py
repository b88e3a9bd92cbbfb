"""Logarithms of odds and their inverse, as integer tables: the only mathematics that coding needs.

    squash(x) = 1 / (1 + e^-x)        stretch(p) = ln(p / (1 - p)) = squash^-1(p)

Log-odds x are whole numbers of 1/256 ("Q8"), probabilities of 1/2**22 ("Q22"). The tables are made
here from Python's exact integers, so that no machine's exp or log has a say in them.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["LIMIT", "ONE", "PROBABILITY_BITS", "SQUASH", "STRETCH", "STRETCH_BITS"]

PROBABILITY_BITS = 22
ONE = 1 << PROBABILITY_BITS
"""Probability 1 in Q22."""

LIMIT = 3071
"""Log-odds end at +-LIMIT / 256, about +-12: a probability of 6e-6."""

STRETCH_BITS = 12
"""The resolution of the probabilities that STRETCH takes."""

_EXPERT_LIMIT = 2047  # what an expert may say, about +-8: keeps the mixture's products in 32 bits
_SCALE = 160  # binary digits of the exact arithmetic below


def _squash() -> NDArray[np.int32]:
    """SQUASH[x + LIMIT] is squash(x / 256) in Q22, for x from -LIMIT to LIMIT."""
    one = 1 << _SCALE
    root, term, n = 0, one, 0  # e^(1/256) = sum of 256^-n / n!
    while term:
        root += term
        n += 1
        term //= 256 * n
    upper = []
    power = one
    for _ in range(LIMIT + 1):
        upper.append((2 * ONE * power + one + power) // (2 * (one + power)))
        power = power * root >> _SCALE
    lower = [ONE - p for p in reversed(upper[1:])]
    return np.array(lower + upper, dtype=np.int32)


def _stretch() -> NDArray[np.int32]:
    """STRETCH[i] is stretch((i + 1/2) / 2**STRETCH_BITS) in Q8."""
    centres = ((np.arange(1 << STRETCH_BITS) * 2 + 1) << (PROBABILITY_BITS - STRETCH_BITS)) >> 1
    odds = np.searchsorted(SQUASH, centres) - LIMIT
    return odds.clip(-_EXPERT_LIMIT, _EXPERT_LIMIT).astype(np.int32)


SQUASH = _squash()
STRETCH = _stretch()
