"""Chains of places whose first bytes have the same hash: where a match may begin.

zlib keeps the places of strings of three bytes in chains, from the latest place back, and most
encoders do so too. Chains that all places have entered lead to every match that there is.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i32, i64

__all__ = [
    "BITS",
    "CHECKED",
    "FOUR",
    "KEY",
    "LONGEST",
    "REACH",
    "RING",
    "SHORTEST",
    "THREE",
    "Chains",
    "chains",
    "common",
    "enter",
    "hops_back",
    "longest",
    "nearest",
]

SHORTEST, LONGEST = 3, 258
"""Lengths of matches."""

BITS, KEY, REACH = range(3)
"""Bits of the hash; what it is of; the largest distance."""

THREE, FOUR, CHECKED = 3, 4, 5
"""What a hash is of: three bytes, as zlib's; four; four, by their CRC-32C, as ISA-L's."""

RING = 1 << 16
"""Places whose chains are known."""

_KNUTH = 2654435761
_CASTAGNOLI = 0x82F63B78
_STEPS = 4096  # of a walk, for what is not as expected


@compiled
def _check(word: int) -> int:
    """Return the CRC-32C of four bytes, without its usual start and end."""
    crc = word
    for _ in range(32):
        crc = crc >> 1 ^ (_CASTAGNOLI if crc & 1 else 0)
    return crc


class Chains(NamedTuple):
    """The chains of a stream's plain text."""

    shape: NDArray[np.int64]  # (3,): BITS ...
    heads: NDArray[np.int32]  # the latest place of each hash, -1 if none
    links: NDArray[np.int32]  # the one before it, by place mod RING
    entered: NDArray[np.int64]  # (1,): how many places have


def chains(shape: NDArray[np.int64]) -> Chains:
    """Return chains at the start of a stream."""
    heads = np.full(1 << int(shape[BITS]), -1, dtype=np.int32)
    return Chains(shape, heads, np.full(RING, -1, dtype=np.int32), np.zeros(1, dtype=np.int64))


@compiled
def enter(c: Chains, plain: NDArray[np.uint8], end: int) -> None:
    """Let the places before `end` enter the chains."""
    bits, kind = c.shape[BITS], c.shape[KEY]
    shift, mask = (bits + 2) // 3, (1 << bits) - 1
    for place in range(c.entered[0], min(end, i64(plain.size) - min(kind, 4) + 1)):
        key = i64(plain[place]) << 2 * shift ^ i64(plain[place + 1]) << shift
        key = (key ^ i64(plain[place + 2])) & mask
        if kind > THREE:
            key = i64(plain[place]) | i64(plain[place + 1]) << 8 | i64(plain[place + 2]) << 16
            key |= i64(plain[place + 3]) << 24
            key = (_check(key) if kind == CHECKED else key * _KNUTH >> (32 - bits)) & mask
        c.links[place & (RING - 1)] = c.heads[key]
        c.heads[key] = i32(place)
    c.entered[0] = max(c.entered[0], end)


@compiled
def common(plain: NDArray[np.uint8], one: int, other: int, most: int) -> int:
    """Return how many bytes are the same at two places."""
    size = 0
    while size < most and plain[one + size] == plain[other + size]:
        size += 1
    return size


@compiled
def longest(c: Chains, plain: NDArray[np.uint8], at: int) -> tuple[int, int]:
    """Return the longest match at `at` that the chains lead to, and its nearest distance."""
    most = min(i64(plain.size) - at, LONGEST)
    best, distance = SHORTEST - 1, 0
    if most < c.shape[KEY]:
        return 0, 0
    enter(c, plain, at + 1)
    before = i64(c.links[at & (RING - 1)])
    steps = _STEPS
    while before >= 0 and at - before <= c.shape[REACH] and steps > 0 and best < most:
        if plain[before + best] == plain[at + best]:
            size = common(plain, before, at, most)
            if size > best:
                best, distance = size, at - before
        before = i64(c.links[before & (RING - 1)])
        steps -= 1
    return (best, distance) if distance else (0, 0)


@compiled
def hops_back(c: Chains, plain: NDArray[np.uint8], at: int, length: int, distance: int) -> int:
    """Return how many nearer matches of that length there are; -1 if the chains lead not there."""
    hops, steps = 0, _STEPS
    before = i64(c.links[at & (RING - 1)])
    while before >= 0 and at - before <= distance and steps > 0:
        if at - before == distance:
            return hops
        if common(plain, before, at, length) == length:
            hops += 1
        before = i64(c.links[before & (RING - 1)])
        steps -= 1
    return -1


@compiled
def nearest(c: Chains, plain: NDArray[np.uint8], at: int, length: int, hops: int) -> int:
    """Return the distance of the match of that length after so many nearer ones; 0 if none."""
    steps = _STEPS
    before = i64(c.links[at & (RING - 1)])
    while before >= 0 and at - before <= c.shape[REACH] and steps > 0:
        if common(plain, before, at, length) == length:
            if hops == 0:
                distance: int = at - before
                return distance
            hops -= 1
        before = i64(c.links[before & (RING - 1)])
        steps -= 1
    return 0
