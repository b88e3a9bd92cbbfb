"""The structure of records that an encoder finds: an anchor, and how far back it pays to look.

An anchor is a string of one to three bytes after which a record begins anew: where records are not
all of one length, their columns are counted from there. Both are chosen for what a sample costs.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from arzip.readings.cost import cost, cost_by_phase

__all__ = ["DISTANCES", "FARTHEST", "NO_ANCHOR", "structure_of"]

FARTHEST = 2048
"""Bytes back that a context may be chosen to look, at most."""

NO_ANCHOR = 0

DISTANCES = (5, 7, 11, 4)
"""The usual ones."""

_SAMPLE = 1 << 14  # bytes that are looked at
_PHASES = 64  # columns that are told apart
_ANCHORS = 4  # of each length that are tried
_WORTH = 0.8  # of the cost without it is what an anchor must come to
_NEAR = 17  # distances below are tried
_CLEAR = 0.99  # of the cost with the usual distances is what the chosen ones must come to

_Sample = NDArray[np.int64]


def structure_of(data: NDArray[np.uint8], length: int) -> tuple[int, ...]:
    """Return an anchor, as records.py has it, and four distances for records of this length."""
    if data.size < 1 << 10:
        return (NO_ANCHOR, *DISTANCES)
    size = min(_SAMPLE, max(data.size // 4, 1 << 11), data.size)
    start = (data.size - size) // 2
    sample = data[start : start + size].astype(np.int64)
    phase = (start + np.arange(size)) % length
    best = cost(phase * 256, sample) * _WORTH
    anchor = NO_ANCHOR
    # The last three bytes before each place, the last one lowest.
    strings = sample | np.append(0, sample[:-1]) << 8 | np.append([0, 0], sample[:-2]) << 16
    for candidate, mask in _candidates(strings):
        columns = _columns(((strings ^ candidate) & mask) == 0)
        found = cost(np.minimum(columns, _PHASES - 1) * 256, sample)
        if found < best:
            best, anchor, phase = found, candidate, columns
    return (anchor, *_distances(sample, np.minimum(phase, _PHASES - 1), length))


def _candidates(strings: _Sample) -> Iterable[tuple[int, int]]:
    """Yield strings that come often, and which of the last bytes they are compared with."""
    for length in (1, 2, 3):
        mask = (1 << 8 * length) - 1
        values, counts = np.unique(strings[length - 1 :] & mask, return_counts=True)
        often = (counts > strings.size // 128) & (counts < strings.size // 4)
        for at in np.argsort(-(counts * often), kind="stable")[:_ANCHORS].tolist():
            if often[at]:
                yield int(values[at]) | 1 << 8 * length, mask


def _columns(ends: NDArray[np.bool_]) -> _Sample:
    """Return how many bytes ago an anchor ended, for each byte, from where one does."""
    begins = np.flatnonzero(ends) + 1
    start = np.zeros(ends.size + 1, dtype=np.int64)
    start[begins] = begins
    return np.arange(ends.size) - np.maximum.accumulate(start)[:-1]


def _distances(sample: _Sample, phase: _Sample, length: int) -> tuple[int, ...]:
    """Return the distances that together cost least, if each column goes by the best of them."""
    near = [d for d in range(2, _NEAR) if d != length or d in DISTANCES]
    costs = {d: _costs(sample, phase, d) for d in (1, length, *near)}
    least = np.minimum(costs[1], costs[length])
    chosen: list[int] = []
    while len(chosen) < len(DISTANCES):
        left = [d for d in near if d not in chosen]
        totals = [int(np.minimum(least, costs[d]).sum()) for d in left]
        best = left[totals.index(min(totals))]
        least = np.minimum(least, costs[best])
        chosen.append(best)
    usual = np.minimum(costs[1], costs[length])
    for d in DISTANCES:
        usual = np.minimum(usual, costs[d])
    return tuple(chosen) if least.sum() < _CLEAR * usual.sum() else DISTANCES


def _costs(sample: _Sample, phase: _Sample, distance: int) -> _Sample:
    """Return the cost of each column's bytes by the column and the byte at a distance."""
    return cost_by_phase(phase[distance:], sample[:-distance], sample[distance:], _PHASES)
