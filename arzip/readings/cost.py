"""What bytes cost by the counts of what followed each context: how an encoder compares readings.

    cost = sum over contexts c of log2 of
             prod_{i < n_c} (i + 256 a)  /  prod_s prod_{i < n_cs} (i + a)

where byte s came n_cs times, n_c times any byte did, and a is what each starts from.
"""

import functools

import numpy as np
from numpy.typing import NDArray

__all__ = ["cost", "cost_by_phase"]

_START = 1 / 16


@functools.cache
def _products(start: float, most: int) -> NDArray[np.int32]:
    """Return log2 of start (start + 1) (start + 2) ... in 1/256 bits, by the number of factors."""
    logs = np.log2(np.arange(most) + start)
    return np.append(0, np.rint(256 * logs.cumsum())).astype(np.int32)


def _of(counts: NDArray[np.int64], start: float) -> NDArray[np.int32]:
    """Return the same for each of some numbers of factors."""
    return _products(start, 1 << int(counts.max(initial=1)).bit_length())[counts]


def cost(contexts: NDArray[np.int64], sample: NDArray[np.int64]) -> int:
    """Return the cost of all bytes, each in its context, a multiple of 256; in 1/256 bits."""
    _, each = np.unique(contexts + sample, return_counts=True)
    _, together = np.unique(contexts, return_counts=True)
    of_all, of_each = _of(together, 256 * _START), _of(each, _START)
    return int(of_all.sum(dtype=np.int64) - of_each.sum(dtype=np.int64))


def cost_by_phase(
    phase: NDArray[np.int64], contexts: NDArray[np.int64], sample: NDArray[np.int64], phases: int
) -> NDArray[np.int64]:
    """Return the cost of the bytes of each phase, by the phase and their contexts, 0 to 255."""
    contexts = phase << 8 | contexts
    pairs, each = np.unique(contexts << 8 | sample, return_counts=True)
    alone, together = np.unique(contexts, return_counts=True)
    costs = np.bincount(alone >> 8, _of(together, 256 * _START), phases)
    return (costs - np.bincount(pairs >> 16, _of(each, _START), phases)).astype(np.int64)
