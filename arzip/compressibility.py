"""Whether to try the model on a segment at all.

Random bytes have uniform histograms, uniform pairs at every distance, and no repeats. To measure
these three takes 10 ns a byte, a model some microseconds.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["is_incompressible"]

BLOCK = 4096  # bytes: large enough to measure a histogram, small enough to find an island of text
LAGS = (1, 2, 3, 4, 6, 8)  # bytes between related values in pictures, sound and records
LAG_BLOCKS = 256  # enough blocks to look for those in
WORTHWHILE = 0.004  # the least saving that pays for a model's time
ANCHORS = 16384  # windows compared when looking for repeats; more only above 4 MiB


def is_incompressible(values: NDArray[np.uint8]) -> bool:
    """Return whether no model is expected to save WORTHWHILE; never true for less than a BLOCK."""
    if values.size < BLOCK:
        return False
    starts = [*range(0, values.size - BLOCK, BLOCK), values.size - BLOCK]
    blocks = [values[start : start + BLOCK] for start in starts]
    if _redundancy(blocks) > WORTHWHILE or _repeated(values) > WORTHWHILE:
        return False
    some = blocks[:: max(4, len(blocks) // LAG_BLOCKS)]
    return all(_redundancy([_pairs(block, lag) for block in some]) <= WORTHWHILE for lag in LAGS)


def _pairs(block: NDArray[np.uint8], lag: int) -> NDArray[np.uint8]:
    """Return the high halves of every two bytes that lie `lag` apart, as one byte."""
    return (block[:-lag] & np.uint8(0xF0)) | (block[lag:] >> np.uint8(4))


def _redundancy(blocks: list[NDArray[np.uint8]]) -> float:
    """Return 1 - H/8 of the blocks' histograms, on average; 0 +- 0.0005 for a random block.

    The entropy H of the n bytes counted is too small by about 255 / (2 n ln 2) bits (Miller, 1955).
    """
    n = np.arange(BLOCK + 1, dtype=np.float64)
    n_log_n = n * np.log2(np.maximum(n, 1))
    total = 0.0
    for block in blocks:
        counts = np.bincount(block, minlength=256)
        entropy = (n_log_n[block.size] - n_log_n[counts].sum()) / block.size
        total += 8.0 - entropy - 255 / (2 * block.size * np.log(2))
    return total / 8 / len(blocks)


def _repeated(values: NDArray[np.uint8]) -> float:
    """Return the share of 8-byte windows that occurred before, anywhere in `values`.

    In a large segment only windows whose first byte ends in certain bits are compared: a repeated
    window is chosen both times, wherever it lies.
    """
    bits = min(8, (values.size // ANCHORS).bit_length())
    mask = (1 << bits) - 1
    at = np.flatnonzero((values[:-7] & mask) == (0xA5 & mask))
    windows = np.lib.stride_tricks.sliding_window_view(values, 8)[at].view(np.uint64).ravel()
    windows.sort()
    return float(np.count_nonzero(windows[1:] == windows[:-1])) / max(1, windows.size)
