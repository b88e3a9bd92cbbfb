"""Records of one length: read by the bytes above, by column, and by sparse neighbours.

Words are contexts too, since many records hold some. The number of this reading is the length of a
record in bytes; anything that is not text is read so, if need be as records of one byte.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64, u64
from arzip.readings.past import expected, hash_pair
from arzip.readings.reading import Reading, State

__all__ = ["LONGEST", "READING"]

LONGEST = 2048
"""Bytes of a record, at most."""

_WINDOW = 1 << 15


def _find(data: NDArray[np.uint8]) -> int:
    """Return the length from 1 to LONGEST at which the data repeats itself best."""
    starts = np.linspace(0, max(0, data.size - _WINDOW), 4 if data.size > 4 * _WINDOW else 1)
    windows = [data[int(start) : int(start) + _WINDOW] for start in starts]
    longest = min(LONGEST, min(window.size for window in windows) // 4)
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
    """Return the median. np.median takes longer to start than to find it."""
    ordered = np.sort(values)
    return float(ordered[(values.size - 1) // 2] + ordered[values.size // 2]) / 2


@compiled
def _observe(state: State, byte: int) -> None:
    """Keep nothing: the bytes above are found by the record's length."""


@compiled
def _set_contexts(state: State, data: NDArray[np.uint8]) -> None:
    history = state.history
    last = history & u64(0xFF)
    position, length = state.position, state.number
    column = u64(position % length)
    # In the record before: the byte above and its right neighbour; and above in the record before.
    place = position - length
    above = u64(data[place]) if place >= 0 else u64(0)
    place = position - 2 * length
    twice_above = u64(data[place]) if place >= 0 else u64(0)
    place = position - length + i64(length > 1)
    right = u64(data[place]) if place >= 0 else u64(0)
    hashes = state.hashes
    hashes[6] = history & u64(0xFFFFFFFFFFFF)
    hashes[7] = above | column << u64(8)
    hashes[8] = above | twice_above << u64(8)
    hashes[9] = last | column << u64(8)
    hashes[10] = above | twice_above << u64(8) | right << u64(16) | last << u64(24)
    hashes[11] = u64(state.after_two[history & u64(0xFFFF)]) | (history & u64(0xFFFF)) << u64(16)
    hashes[12] = history & u64(0xFFFF00)
    hashes[13] = history & u64(0xFF00FF)
    hashes[14] = expected(state) if state.match_length > 0 else history & u64(0xFF0000)
    hashes[15] = history & u64(0xF0F0F0FF)
    hashes[16] = hash_pair(state.word[0], last)
    hashes[17] = hash_pair(state.word[0], state.word[1])
    hashes[18] = (state.shape & u64(0xFFFFFFFF)) | last << u64(56)


READING = Reading("records", "records", range(1, LONGEST + 1), _find, (), _observe, _set_contexts)
