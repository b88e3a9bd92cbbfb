"""How a segment is read, decided by looking at all of it before it is coded.

Text is read by words and lines, anything else as records of some length. The decision is a
parameter in the file, so a decoder need not know how it was made.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["LONGEST_RECORD", "TEXT", "record_length"]

TEXT = 0
"""The record length that means text."""

LONGEST_RECORD = 2048

_WINDOW = 1 << 15
_TEXT_BYTES = np.zeros(256, dtype=bool)
_TEXT_BYTES[[9, 10, 13, *range(32, 127), *range(128, 256)]] = True


def record_length(data: NDArray[np.uint8]) -> int:
    """TEXT, or the length from 1 to LONGEST_RECORD at which data repeats itself best."""
    counts = np.bincount(data, minlength=256)
    if counts[_TEXT_BYTES].sum() > 0.98 * data.size and counts[128:].sum() < 0.6 * data.size:
        return TEXT
    starts = np.linspace(0, max(0, data.size - _WINDOW), 4 if data.size > 4 * _WINDOW else 1)
    windows = [data[int(start) : int(start) + _WINDOW] for start in starts]
    longest = min(LONGEST_RECORD, min(window.size for window in windows) // 4)
    if longest < 2:
        return 1
    agreement = np.array(
        [
            sum(np.count_nonzero(window[lag:] == window[:-lag]) for window in windows)
            for lag in range(1, longest + 1)
        ],
        dtype=np.float64,
    )
    # Multiples of the length agree about as well as the length itself.
    usual = _median(agreement)
    enough = usual + 0.9 * (agreement.max() - usual)
    return int(np.flatnonzero(agreement >= enough)[0]) + 1


def _median(values: NDArray[np.float64]) -> float:
    """np.median, which takes longer to start than to find it."""
    ordered = np.sort(values)
    return float(ordered[(values.size - 1) // 2] + ordered[values.size // 2]) / 2
