"""The way through the plain text that takes fewest bits, for streams whose encoders looked for it.

zopfli, and 7-Zip and libdeflate at their highest levels, do not take a match because it is the
longest, but weigh what every token would take:

    to_go[i] = min over tokens at i of   price(token) + to_go[i + bytes of the token]

from the last byte of a block back to its first. Prices follow from how often each symbol occurs,
-log2(count / sum), in the tokens of the way before; the first way takes the longest matches,
lazily. With the next prices there is a better way, and so on. What an encoder finds in the end is
nearly the same, whatever its details: so its tokens can be predicted from the text.

All of to_go is known. So where a stream leaves the way, the best one from there on is known too.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64
from arzip.unpacking.blocks import (
    DISTANCE_EXTRA,
    FIRST,
    LENGTH_EXTRA,
    distance_symbol,
    length_symbol,
)
from arzip.unpacking.chains import LONGEST, REACH, RING, SHORTEST, Chains, common, enter

__all__ = ["PIECE", "Path", "expected", "lay", "margin", "path"]

PIECE = 1 << 15
"""Bytes that a way is found for at a time, at most."""

_PAIRS = 16  # lengths that a place has matches of: each needs a farther one than the last
_STEPS = 4096  # of a walk
_ROUNDS = 3  # of prices
_UNIT = 64  # of prices, in a bit
_LOG_BITS = 12
_LOG = np.array(
    [0] + [(count**_UNIT).bit_length() - 1 for count in range(1, 1 << _LOG_BITS)], dtype=np.int32
)  # floor(64 log2(count))
_ENDS = 256  # the symbol that ends a block
_MARGINS = np.array([16, 64, 192])


class Path(NamedTuple):
    """What the tokens at every place of a piece are worth."""

    about: NDArray[np.int64]  # (2,): where the piece begins and ends
    pairs: NDArray[np.int64]  # how many lengths a place has matches of
    lengths: NDArray[np.uint16]  # (PIECE, _PAIRS), growing; the nearest match of each
    distances: NDArray[np.uint16]  # less 1
    to_go: NDArray[np.int32]
    length: NDArray[np.uint16]  # of the best token at each place; 0 for a literal
    distance: NDArray[np.uint16]  # less 1
    margin: NDArray[np.uint8]  # how much worse the second best is: 0 to 3
    counts: NDArray[np.int64]  # of symbols; those of distances from 288 on
    prices: NDArray[np.int32]  # of these
    of_length: NDArray[np.int32]  # of a match's length, with extra bits


def path(size: int = PIECE) -> Path:
    """Return room for pieces of `size` bytes; 0 if no way will be asked for."""
    return Path(
        np.zeros(2, np.int64),
        np.zeros(size, np.int64),
        np.zeros((size, _PAIRS), np.uint16),
        np.zeros((size, _PAIRS), np.uint16),
        np.zeros(size + 1, np.int32),
        np.zeros(size, np.uint16),
        np.zeros(size, np.uint16),
        np.zeros(size, np.uint8),
        np.zeros(FIRST[2], np.int64),
        np.zeros(FIRST[2], np.int32),
        np.zeros(LONGEST + 1, np.int32),
    )


@compiled
def expected(p: Path, c: Chains, plain: NDArray[np.uint8], at: int, end: int) -> tuple[int, int]:
    """Return the length and distance of the best token at `at`, or 0, 0 for a literal.

    The block ends at `end`.
    """
    if not p.about[0] <= at < p.about[1]:
        lay(p, c, plain, at, min(end, at + PIECE))
    k = at - p.about[0]
    length = i64(p.length[k])
    return length, (i64(p.distance[k]) + 1 if length else 0)


@compiled
def margin(p: Path, at: int) -> int:
    """Return how much worse than the best token at `at` the second best is, 0 to 3."""
    worse: int = i64(p.margin[at - p.about[0]])
    return worse


@compiled
def lay(p: Path, c: Chains, plain: NDArray[np.uint8], start: int, end: int) -> None:
    """Find the best way through plain[start:end], of PIECE bytes at most."""
    p.about[0], p.about[1] = start, end
    size = end - start
    for k in range(size):
        p.pairs[k] = _gather(p, c, plain, k, start + k, min(end - start - k, LONGEST))
    _go_lazily(p, size)
    for _ in range(_ROUNDS):
        _count(p, plain, start, size)
        _price(p)
        _go_back(p, plain, start, size)


@compiled
def _gather(p: Path, c: Chains, plain: NDArray[np.uint8], k: int, at: int, most: int) -> int:
    """Note the nearest match of every length, up to `most` bytes. Returns how many pairs."""
    if most < SHORTEST:
        return 0
    enter(c, plain, at + 1)
    pairs, best, steps = 0, SHORTEST - 1, _STEPS
    before = i64(c.links[at & (RING - 1)])
    while before >= 0 and at - before <= c.shape[REACH] and steps > 0 and best < most:
        if plain[before + best] == plain[at + best]:
            size = common(plain, before, at, most)
            if size > best:
                best = size
                if pairs == _PAIRS:  # the shortest is worth least
                    pairs -= 1
                    for n in range(pairs):
                        p.lengths[k, n], p.distances[k, n] = (
                            p.lengths[k, n + 1],
                            p.distances[k, n + 1],
                        )
                p.lengths[k, pairs], p.distances[k, pairs] = size, at - before - 1
                pairs += 1
        before = i64(c.links[before & (RING - 1)])
        steps -= 1
    return pairs


@compiled
def _go_lazily(p: Path, size: int) -> None:
    """Take the longest match at every place, unless there is a longer one at the next."""
    longer = 0
    for k in range(size - 1, -1, -1):
        last = p.pairs[k] - 1
        length = i64(p.lengths[k, last]) if last >= 0 else 0
        p.length[k] = length if length >= longer else 0
        p.distance[k] = p.distances[k, max(last, 0)]
        longer = length


@compiled
def _count(p: Path, plain: NDArray[np.uint8], start: int, size: int) -> None:
    """Count the symbols on the way."""
    p.counts[:] = 0
    p.counts[_ENDS] = 1
    k = 0
    while k < size:
        length = i64(p.length[k])
        if length:
            p.counts[length_symbol(length)] += 1
            p.counts[FIRST[1] + distance_symbol(i64(p.distance[k]))] += 1
        else:
            p.counts[plain[start + k]] += 1
        k += max(length, 1)


@compiled
def _log(count: int) -> int:
    """Return log2(count), in 1/64."""
    shift = 0
    while count >> (shift + _LOG_BITS):
        shift += 1
    log: int = i64(_LOG[count >> shift]) + _UNIT * shift
    return log


@compiled
def _price(p: Path) -> None:
    """Set the prices: what does not occur takes as much as what occurs once."""
    for which in range(2):
        total = 0
        for symbol in range(FIRST[which], FIRST[which + 1]):
            total += p.counts[symbol]
        whole = _log(max(total, 1))
        for symbol in range(FIRST[which], FIRST[which + 1]):
            p.prices[symbol] = whole - _log(max(p.counts[symbol], 1))
    for length in range(SHORTEST, LONGEST + 1):
        symbol = length_symbol(length)
        p.of_length[length] = i64(p.prices[symbol]) + _UNIT * LENGTH_EXTRA[symbol - 257]


@compiled
def _go_back(p: Path, plain: NDArray[np.uint8], start: int, whole: int) -> None:
    """Find the best token at every place, from the last one on; of equal ones the longest."""
    to_go, of_length = p.to_go, p.of_length
    to_go[whole] = 0
    for k in range(whole - 1, -1, -1):
        best = i64(to_go[k + 1]) + i64(p.prices[plain[start + k]])
        second, length, distance = best + _MARGINS[2], 0, 0
        tried = SHORTEST
        for n in range(p.pairs[k]):
            less = i64(p.distances[k, n])
            symbol = distance_symbol(less)
            price = i64(p.prices[FIRST[1] + symbol]) + _UNIT * DISTANCE_EXTRA[symbol]
            end = i64(p.lengths[k, n]) + 1
            for size in range(tried, end):
                total = i64(to_go[k + size]) + i64(of_length[size]) + price
                if total <= best:
                    best, second, length, distance = total, best, size, less
                elif total < second:
                    second = total
            tried = end
        to_go[k], p.length[k], p.distance[k] = best, length, distance
        worse = second - best
        p.margin[k] = (
            i64(worse >= _MARGINS[0]) + i64(worse >= _MARGINS[1]) + i64(worse >= _MARGINS[2])
        )
