"""What bytes cost by the counts of what followed each context: how an encoder compares readings.

    cost = sum over contexts c of log2 of
             prod_{i < n_c} (i + 256 a)  /  prod_s prod_{i < n_cs} (i + a)

where byte s came n_cs times, n_c times any byte did, and a is what each starts from.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["LARGEST_SAMPLE", "cost", "cost_by_phase"]

LARGEST_SAMPLE = 1 << 18

_START = 1 / 16


def _products(start: float) -> NDArray[np.int32]:
    """Return log2 of start (start + 1) (start + 2) ... in 1/256 bits, by the number of factors."""
    logs = np.log2(np.arange(LARGEST_SAMPLE) + start)
    return np.append(0, np.rint(256 * logs.cumsum())).astype(np.int32)


_OF_ALL, _OF_EACH = _products(256 * _START), _products(_START)


def cost(contexts: NDArray[np.int64], sample: NDArray[np.int64]) -> int:
    """Return the cost of all bytes, each in its context, a multiple of 256; in 1/256 bits."""
    _, each = np.unique(contexts + sample, return_counts=True)
    _, together = np.unique(contexts, return_counts=True)
    return int(_OF_ALL[together].sum(dtype=np.int64) - _OF_EACH[each].sum(dtype=np.int64))


def cost_by_phase(
    phase: NDArray[np.int64], contexts: NDArray[np.int64], sample: NDArray[np.int64], phases: int
) -> NDArray[np.int64]:
    """Return the cost of the bytes of each phase, by the phase and their contexts, 0 to 255."""
    contexts = phase << 8 | contexts
    pairs, each = np.unique(contexts << 8 | sample, return_counts=True)
    alone, together = np.unique(contexts, return_counts=True)
    costs = np.bincount(alone >> 8, _OF_ALL[together], phases)
    return (costs - np.bincount(pairs >> 16, _OF_EACH[each], phases)).astype(np.int64)
