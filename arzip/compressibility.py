"""Whether to try the model on a segment at all.

Random bytes have uniform histograms, uniform pairs at every distance, and no repeats. To measure
these three takes 10 ns a byte, a model some microseconds.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["BLOCK", "WORTHWHILE", "is_incompressible", "redundancies", "windows_of"]

BLOCK = 4096  # bytes: large enough to measure a histogram, small enough to find an island of text
LAGS = (1, 2, 3, 4, 6, 8)  # bytes between related values in pictures, sound and records
LAG_BLOCKS = 256  # enough blocks to look for those in
WORTHWHILE = 0.004  # the least saving that pays for a model's time
ANCHORS = 16384  # windows compared when looking for repeats; more only above 4 MiB
_N = np.arange(BLOCK + 1, dtype=np.float64)
_N_LOG_N = _N * np.log2(np.maximum(_N, 1))


def is_incompressible(values: NDArray[np.uint8]) -> bool:
    """Return whether no model is expected to save WORTHWHILE; never true for less than a BLOCK."""
    if values.size < BLOCK:
        return False
    starts = [*range(0, values.size - BLOCK, BLOCK), values.size - BLOCK]
    blocks = [values[start : start + BLOCK] for start in starts]
    if _mean(blocks) > WORTHWHILE or _repeated(values) > WORTHWHILE:
        return False
    some = blocks[:: max(4, len(blocks) // LAG_BLOCKS)]
    return all(_mean([_pairs(block, lag) for block in some]) <= WORTHWHILE for lag in LAGS)


def _mean(blocks: list[NDArray[np.uint8]]) -> float:
    """Return the mean redundancy of blocks."""
    counts = np.array([np.bincount(block, minlength=256) for block in blocks])
    return float(redundancies(counts).mean())


def _repeated(values: NDArray[np.uint8]) -> float:
    """Return the share of windows that occurred before, anywhere in `values`."""
    windows = windows_of(values)
    return float(np.count_nonzero(windows.before)) / max(1, windows.at.size)


def _pairs(block: NDArray[np.uint8], lag: int) -> NDArray[np.uint8]:
    """Return the high halves of every two bytes that lie `lag` apart, as one byte."""
    return (block[:-lag] & np.uint8(0xF0)) | (block[lag:] >> np.uint8(4))


def redundancies(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return 1 - H/8 of histograms (n, 256), each of a BLOCK or less; 0 +- 0.0005 if random.

    The entropy H of the m bytes counted is too small by about 255 / (2 m ln 2) bits (Miller, 1955).
    """
    sizes = counts.sum(axis=1)
    entropy = (_N_LOG_N[sizes] - _N_LOG_N[counts].sum(axis=1)) / sizes
    redundancy: NDArray[np.float64] = (8.0 - entropy - 255 / (2 * sizes * np.log(2))) / 8
    return redundancy


class Windows(NamedTuple):
    """Some windows of 8 bytes, in their order."""

    at: NDArray[np.int64]
    before: NDArray[np.bool_]
    """Which of them occurred before."""
    later: NDArray[np.bool_]
    """Which of them occur again."""


def windows_of(values: NDArray[np.uint8]) -> Windows:
    """Return some windows of 8 bytes.

    In a large segment only windows whose first byte ends in certain bits are compared: a repeated
    window is chosen both times, wherever it lies.
    """
    bits = min(8, (values.size // ANCHORS).bit_length())
    mask = (1 << bits) - 1
    at = np.flatnonzero((values[:-7] & mask) == (0xA5 & mask))
    windows = np.lib.stride_tricks.sliding_window_view(values, 8)[at].view(np.uint64).ravel()
    order = np.argsort(windows, kind="stable")
    windows = windows[order]
    before, later = np.zeros(at.size, dtype=np.bool_), np.zeros(at.size, dtype=np.bool_)
    before[order[1:]] = later[order[:-1]] = windows[1:] == windows[:-1]
    return Windows(at, before, later)
