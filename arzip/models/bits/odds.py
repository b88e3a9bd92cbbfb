"""Logarithms of odds and their inverse, as integer tables: the only mathematics that coding needs.

    squash(x) = 1 / (1 + e^-x)        stretch(p) = ln(p / (1 - p)) = squash^-1(p)

Log-odds x are whole numbers of 1/256 ("Q8"), probabilities of 1/2**22 ("Q22"). The tables are exact
(exact.py): no machine's exp or log has a say in them.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.models.numbers.exact import ONE as EXACT_ONE
from arzip.models.numbers.exact import SCALE, exponential, table

__all__ = ["LIMIT", "ONE", "PROBABILITY_BITS", "SQUASH", "STRETCH", "STRETCH_BITS"]

PROBABILITY_BITS = 22
ONE = 1 << PROBABILITY_BITS
"""Probability 1 in Q22."""

LIMIT = 3071
"""Log-odds end at +-LIMIT / 256, about +-12: a probability of 6e-6."""

STRETCH_BITS = 12
"""The resolution of the probabilities that STRETCH takes."""

_EXPERT_LIMIT = 2047  # what an expert may say, about +-8: keeps the mixer's products in 32 bits


def _squash() -> NDArray[np.int32]:
    """Return squash(x / 256) in Q22 at x + LIMIT, for x from -LIMIT to LIMIT."""

    def exact() -> list[int]:
        root, power, values = exponential(1, 256), EXACT_ONE, []
        for _ in range(LIMIT + 1):
            whole = EXACT_ONE + power
            values.append((2 * ONE * power + whole) // (2 * whole))
            power = power * root >> SCALE
        return values

    x = np.arange(LIMIT + 1) / 256
    upper = table(ONE / (1 + np.exp(-x)), "407df12ad3d94ab0b68d779a740061f1", exact)
    return np.concatenate([ONE - upper[:0:-1], upper])


def _stretch() -> NDArray[np.int32]:
    """Return stretch((i + 1/2) / 2**STRETCH_BITS) in Q8."""
    centres = ((np.arange(1 << STRETCH_BITS) * 2 + 1) << (PROBABILITY_BITS - STRETCH_BITS)) >> 1
    odds = np.searchsorted(SQUASH, centres) - LIMIT
    return odds.clip(-_EXPERT_LIMIT, _EXPERT_LIMIT).astype(np.int32)


SQUASH = _squash()
STRETCH = _stretch()
