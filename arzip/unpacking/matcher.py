"""What zlib would do next: its search for matches, frozen, as a prediction of a stream's tokens.

zlib keeps the places of strings of three bytes in chains by a hash, walks a chain from the latest
place back, and takes the longest match. Its levels differ in how far they walk, from which length
on a match is good enough, and in whether they are lazy, that is, look one byte on for a longer
match before they take one (deflate.c: deflate_fast, deflate_slow, longest_match). What other
encoders do is close to it.

The matcher predicts one token after the other. It follows the tokens that the stream really has,
so one that was not expected does no harm to those that follow.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i32, i64

__all__ = [
    "COMPLETE",
    "DEFAULT",
    "DISTANCE",
    "FILTERED",
    "GAIN",
    "HASH_BITS",
    "HUFFMAN",
    "LEVELS",
    "LONGEST",
    "PENDING",
    "RUNS_ONLY",
    "SHORTEST",
    "Matcher",
    "follow",
    "hops_back",
    "longest",
    "matcher",
    "nearest",
    "predict",
]

SHORTEST, LONGEST = 3, 258
"""Lengths of matches."""

GOOD, LAZY, NICE, CHAIN, EAGER, FAR, STRATEGY, HASH_BITS, KEY, REACH = range(10)
"""Settings: a match so long makes the next search four times shorter; none is looked for behind
one of LAZY bytes; one of NICE bytes ends a search; steps of a search; whether it is not lazy (LAZY
is then the longest match whose inner places enter the chains); the largest distance for a match of
three bytes; the strategy; bits of the hash; bytes in a string; the largest distance.
"""
DEFAULT, FILTERED, HUFFMAN, RUNS_ONLY = range(4)
"""zlib's strategies."""
LEVELS = (
    (4, 4, 8, 4, 1, 32768),
    (4, 5, 16, 8, 1, 32768),
    (4, 6, 32, 32, 1, 32768),
    (4, 4, 16, 16, 0, 4096),
    (8, 16, 32, 32, 0, 4096),
    (8, 16, 128, 128, 0, 4096),
    (8, 32, 128, 256, 0, 4096),
    (32, 128, 258, 1024, 0, 4096),
    (32, 258, 258, 4096, 0, 4096),
    (258, 258, 258, 4096, 1, 32768),
    (258, 258, 258, 4096, 0, 32768),
    (258, 0, 258, 1, 1, 32768),
    (258, 258, 258, 1, 1, 32768),
)
"""GOOD to FAR of zlib's levels 1 to 9; then of other encoders: all places and the longest match;
the same lazily; the latest place only, of the tokens' first bytes, or of all bytes.
"""

COMPLETE = np.array([*LEVELS[9], DEFAULT, 16, 3, 32768])
"""Settings for all places and distances."""

_KNUTH = 2654435761
_RING = 1 << 16  # places whose chains are known
_FAR_SEARCH = 4096  # steps, for what is not as predicted
ENTERED, PENDING, LENGTH, DISTANCE, GAIN = range(5)  # of `about`


class Matcher(NamedTuple):
    """The chains, and what was found before it was asked for."""

    settings: NDArray[np.int64]  # (10,): GOOD ...
    heads: NDArray[np.int32]  # the latest place of each hash, -1 if none
    chains: NDArray[np.int32]  # the one before it, by place mod 2**16
    about: NDArray[np.int64]  # (5,): how many places have entered; where a match was found; it;
    # how much longer it is than the one before


def matcher(settings: NDArray[np.int64]) -> Matcher:
    """Return a matcher at the start of a stream."""
    heads = np.full(1 << int(settings[HASH_BITS]), -1, dtype=np.int32)
    about = np.array([0, -1, 0, 0, 0], dtype=np.int64)
    return Matcher(settings, heads, np.full(_RING, -1, dtype=np.int32), about)


@compiled
def _enter(m: Matcher, plain: NDArray[np.uint8], end: int) -> None:
    """Let the places before `end` enter the chains."""
    bits, size = m.settings[HASH_BITS], m.settings[KEY]
    shift, mask = (bits + 2) // 3, (1 << bits) - 1
    for place in range(m.about[ENTERED], min(end, i64(plain.size) - size + 1)):
        key = i64(plain[place]) << 2 * shift ^ i64(plain[place + 1]) << shift
        key = (key ^ i64(plain[place + 2])) & mask
        if size == 4:
            key = i64(plain[place]) | i64(plain[place + 1]) << 8 | i64(plain[place + 2]) << 16
            key = ((key | i64(plain[place + 3]) << 24) * _KNUTH >> (32 - bits)) & mask
        m.chains[place & (_RING - 1)] = m.heads[key]
        m.heads[key] = i32(place)
    m.about[ENTERED] = max(m.about[ENTERED], end)


@compiled
def _common(plain: NDArray[np.uint8], one: int, other: int, most: int) -> int:
    """Return how many bytes are the same at two places."""
    size = 0
    while size < most and plain[one + size] == plain[other + size]:
        size += 1
    return size


@compiled
def _search(m: Matcher, plain: NDArray[np.uint8], at: int, least: int) -> tuple[int, int]:
    """Return the length and distance of zlib's match at `at`, longer than `least`, or 0, 0.

    The place must have entered.
    """
    settings = m.settings
    room = i64(plain.size) - at
    if room < settings[KEY]:
        return 0, 0
    steps = settings[CHAIN]
    if least >= settings[GOOD]:
        steps >>= 2
    most = min(room, LONGEST)
    nice = min(settings[NICE], room)
    best, distance = least, 0
    before = i64(m.chains[at & (_RING - 1)])
    if before <= 0 or at - before > settings[REACH]:  # zlib does not see place 0
        return 0, 0
    limit = max(at - settings[REACH], 0)
    while True:
        if best >= most or plain[before + best] == plain[at + best]:
            size = _common(plain, before, at, most)
            if size > best:
                best, distance = size, at - before
                if best >= nice:
                    break
        before = i64(m.chains[before & (_RING - 1)])
        steps -= 1
        if before <= limit or steps == 0:
            break
    if distance == 0:
        return 0, 0
    if best == SHORTEST and distance > settings[FAR]:
        return 0, 0
    if settings[STRATEGY] == FILTERED and best <= 5 and not settings[EAGER]:
        return 0, 0
    return best, distance


@compiled
def predict(m: Matcher, plain: NDArray[np.uint8], at: int) -> tuple[int, int]:
    """Return the length and distance of the expected token at `at`, or 0, 0 for a literal."""
    settings, about = m.settings, m.about
    if settings[STRATEGY] == HUFFMAN:
        return 0, 0
    if settings[STRATEGY] == RUNS_ONLY:
        if at == 0:
            return 0, 0
        size = _common(plain, at - 1, at, min(i64(plain.size) - at, LONGEST))
        return (size, 1) if size >= SHORTEST else (0, 0)
    if settings[EAGER]:
        _enter(m, plain, at + 1)
        return _search(m, plain, at, settings[KEY] - 1)
    if about[PENDING] == at:
        length, distance = about[LENGTH], about[DISTANCE]
    else:
        _enter(m, plain, at + 1)
        length, distance = _search(m, plain, at, settings[KEY] - 1)
    if 0 < length < settings[LAZY]:
        _enter(m, plain, at + 2)
        longer, its_distance = _search(m, plain, at + 1, length)
        if longer > length:
            about[PENDING], about[LENGTH], about[DISTANCE] = at + 1, longer, its_distance
            about[GAIN] = longer - length
            return 0, 0
    return length, distance


@compiled
def follow(m: Matcher, plain: NDArray[np.uint8], at: int, length: int) -> None:
    """Take in the token that the stream has at `at`: a match, or with length 0 a literal."""
    if length == 0 or m.settings[STRATEGY] >= HUFFMAN:
        return
    end = at + length
    if not m.settings[EAGER] or (length <= m.settings[LAZY] and i64(plain.size) - end >= SHORTEST):
        _enter(m, plain, end)
    else:
        _enter(m, plain, at + 1)
        m.about[ENTERED] = max(m.about[ENTERED], end)


@compiled
def longest(m: Matcher, plain: NDArray[np.uint8], at: int) -> tuple[int, int]:
    """Return the longest match at `at` that the chains lead to, and its nearest distance."""
    most = min(i64(plain.size) - at, LONGEST)
    best, distance = SHORTEST - 1, 0
    if most < m.settings[KEY]:
        return 0, 0
    _enter(m, plain, at + 1)
    before = i64(m.chains[at & (_RING - 1)])
    steps = _FAR_SEARCH
    while before >= 0 and at - before <= m.settings[REACH] and steps > 0 and best < most:
        if plain[before + best] == plain[at + best]:
            size = _common(plain, before, at, most)
            if size > best:
                best, distance = size, at - before
        before = i64(m.chains[before & (_RING - 1)])
        steps -= 1
    return (best, distance) if distance else (0, 0)


@compiled
def hops_back(m: Matcher, plain: NDArray[np.uint8], at: int, length: int, distance: int) -> int:
    """Return how many nearer matches of that length there are; -1 if the chains lead not there."""
    hops, steps = 0, _FAR_SEARCH
    before = i64(m.chains[at & (_RING - 1)])
    while before >= 0 and at - before <= distance and steps > 0:
        if at - before == distance:
            return hops
        if _common(plain, before, at, length) == length:
            hops += 1
        before = i64(m.chains[before & (_RING - 1)])
        steps -= 1
    return -1


@compiled
def nearest(m: Matcher, plain: NDArray[np.uint8], at: int, length: int, hops: int) -> int:
    """Return the distance of the match of that length after so many nearer ones; 0 if none."""
    steps = _FAR_SEARCH
    before = i64(m.chains[at & (_RING - 1)])
    while before >= 0 and at - before <= m.settings[REACH] and steps > 0:
        if _common(plain, before, at, length) == length:
            if hops == 0:
                distance: int = at - before
                return distance
            hops -= 1
        before = i64(m.chains[before & (_RING - 1)])
        steps -= 1
    return 0
