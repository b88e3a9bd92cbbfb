"""Bit histories: what came in a context, as (zeros, ones, last one), in one byte.

Both counts are small. When an outcome comes, the count of the other one shrinks if it is more than
2: what a context said long ago says little once it has changed its mind. Counts end where _CAPS
says, so that there are fewer than 256 histories. They are numbered by how much they have seen; the
empty one is 0.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["NEXT", "ONES"]

_CAPS = (40, 24, 11, 7, 6, 5)
"""The larger count, at most, by the smaller one."""

_SHRUNK = ((2, 2), (3, 2), (5, 3), (11, 4), (19, 6), (31, 7), (40, 8))
"""A count up to the first number becomes the second, or stays if it is less."""

_History = tuple[int, int, int]


def _after(history: _History, bit: int) -> _History:
    counts = [history[0], history[1]]
    counts[bit] += 1
    other = counts[1 - bit]
    counts[1 - bit] = min(other, next(shrunk for most, shrunk in _SHRUNK if other <= most))
    while not _may_be(*counts):
        smaller, larger = sorted(counts)
        new_is_larger = smaller < len(_CAPS) and counts[bit] == larger
        counts[bit if new_is_larger else 1 - bit] -= 1
    return counts[0], counts[1], bit


def _may_be(zeros: int, ones: int) -> bool:
    smaller, larger = sorted((zeros, ones))
    return smaller < len(_CAPS) and larger <= _CAPS[smaller]


def _histories() -> list[_History]:
    found: list[_History] = [(0, 0, 0)]
    for history in found:  # which grows
        found += [after for bit in (0, 1) if (after := _after(history, bit)) not in found]
    return sorted(found, key=lambda history: (history[0] + history[1], history))


def _tables() -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    """Return NEXT[history, bit], and in Q16 how likely a 1 is after each if counts mean it."""
    histories = _histories()
    numbers = {history: number for number, history in enumerate(histories)}
    following = [[numbers[_after(history, bit)] for bit in (0, 1)] for history in histories]
    ones = [(5 * b + 2) * 65536 // (5 * (a + b) + 4) for a, b, _ in histories]
    return np.array(following, dtype=np.uint8), np.array(ones, dtype=np.uint16)


NEXT, ONES = _tables()
