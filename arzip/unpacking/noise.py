"""Where data is what no model can shorten: films, music, archives that are encrypted or packed.

To model it would take long and gain nothing, so it is taken out of the plain text.
"""

from bisect import bisect_right

import numpy as np
from numpy.typing import NDArray

from arzip.compressibility import BLOCK, WORTHWHILE, is_incompressible, redundancies, windows_of
from arzip.engine.compiled import compiled
from arzip.photographs import scans

__all__ = ["LEAST", "runs"]

LEAST = 1 << 14
"""Bytes of noise that is worth its words."""

_DOUBT = 4  # times the redundancy that pays, in a block between two of noise
_LONGEST = 1 << 20  # bytes that are judged at a time


@compiled
def _count(data: NDArray[np.uint8], counts: NDArray[np.int64]) -> None:
    """Count the bytes of each BLOCK."""
    for block in range(counts.shape[0]):
        for at in range(block * BLOCK, (block + 1) * BLOCK):
            counts[block, data[at]] += 1


def runs(data: NDArray[np.uint8], *, photographs: bool = False) -> list[tuple[int, int]]:
    """Return where noise begins and ends, from front to back, without `photographs` if there are.

    These are the scans of JPEG pictures, which a model may read.
    """
    found = _runs(data)
    if not (found and photographs):
        return found
    spared = list(scans(data))
    ends = [scan.end for scan in spared]
    left = []
    for start, end in found:
        k = bisect_right(ends, start)
        while k < len(spared) and spared[k].start < end:
            left.append((start, spared[k].start))
            start = spared[k].end
            k += 1
        left.append((start, end))
    return [(start, end) for start, end in left if end - start >= LEAST]


def _runs(data: NDArray[np.uint8]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    if data.size < LEAST:
        return found
    counts = np.zeros((data.size // BLOCK, 256), dtype=np.int64)
    _count(data, counts)
    redundancy = redundancies(counts)
    noisy = np.concatenate(([False], redundancy <= WORTHWHILE, [False]))
    noisy[1:-1] |= (redundancy <= _DOUBT * WORTHWHILE) & noisy[:-2] & noisy[2:]
    edges = np.flatnonzero(np.diff(noisy.astype(np.int8)))
    if not edges.size:
        return found
    windows = windows_of(data)
    copied = windows.before | windows.later  # a copy can be told, if its original is
    for first, end in edges.reshape(-1, 2).tolist():
        for start in range(first * BLOCK, end * BLOCK, _LONGEST):
            behind = min(start + _LONGEST, end * BLOCK)
            some = copied[slice(*np.searchsorted(windows.at, (start, behind)))]
            repeats = np.count_nonzero(some) > WORTHWHILE * some.size
            if behind - start < LEAST or repeats or not is_incompressible(data[start:behind]):
                continue
            if found and found[-1][1] == start:
                found[-1] = (found[-1][0], behind)
            else:
                found.append((start, behind))
    return found
