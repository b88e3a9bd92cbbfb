"""What zlib would do next: its search for matches, frozen, as a prediction of a stream's tokens.

zlib keeps the places of strings of three bytes in chains by a hash, walks a chain from the latest
place back, and takes the longest match. Its levels differ in how far they walk, from which length
on a match is good enough, and in whether they are lazy, that is, look one byte on for a longer
match before they take one (deflate.c: deflate_fast, deflate_slow, longest_match). What other
encoders do is close to it, but for those that weigh all ways through the text (paths.py).

The matcher predicts one token after the other. It follows the tokens that the stream really has,
so one that was not expected does no harm to those that follow.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64
from arzip.unpacking import paths
from arzip.unpacking.chains import LONGEST, RING, SHORTEST, Chains, chains, common, enter
from arzip.unpacking.paths import Path

__all__ = [
    "CHEAPEST",
    "COMPLETE",
    "DEFAULT",
    "END",
    "FILTERED",
    "HASH_BITS",
    "HUFFMAN",
    "LEAST_MATCH",
    "LEVELS",
    "RUNS_ONLY",
    "STRATEGY",
    "Matcher",
    "follow",
    "kind",
    "matcher",
    "predict",
]

GOOD, LAZY, NICE, CHAIN, EAGER, FAR, STRATEGY, HASH_BITS, KEY, REACH = range(10)
"""Settings: a match so long makes the next search four times shorter; none is looked for behind
one of LAZY bytes; one of NICE bytes ends a search; steps of a search; 0 if it is lazy, or else how
many places of a match enter the chains that is longer than LAZY; the largest distance for a match
of three bytes; the strategy; bits of the hash; what it is of; the largest distance.
"""
DEFAULT, FILTERED, HUFFMAN, RUNS_ONLY, CHEAPEST = range(5)
"""zlib's strategies; and that of encoders which weigh all ways."""
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
    (258, 0, 258, 1, 3, 32768),
    (258, 65, 65, 35, 0, 4096),
    (258, 130, 130, 100, 0, 4096),
)
"""GOOD to FAR of zlib's levels 1 to 9; then of other encoders: all places and the longest match;
the same lazily; the latest place only, of the tokens' first bytes, of all, of their first three;
libdeflate's levels 6 and 7.
"""

COMPLETE = np.array([16, 3, 32768])
"""The shape of chains for all places and distances."""

LEAST_MATCH = 8
"""The least kind of an expected match."""

END, PENDING, LENGTH, DISTANCE, GAIN = range(5)  # of `about`


class Matcher(NamedTuple):
    """The chains, and what was found before it was asked for."""

    settings: NDArray[np.int64]  # (10,): GOOD ...
    chains: Chains
    about: NDArray[np.int64]  # (5,): where the block ends; where a match was found; it; how much
    # longer it is than the one before
    path: Path


def matcher(settings: NDArray[np.int64]) -> Matcher:
    """Return a matcher at the start of a stream. `about[END]` is to be set for every block."""
    about = np.array([0, -1, 0, 0, 0], dtype=np.int64)
    room = paths.path(paths.PIECE if settings[STRATEGY] == CHEAPEST else 0)
    return Matcher(settings, chains(settings[HASH_BITS:]), about, room)


@compiled
def _search(m: Matcher, plain: NDArray[np.uint8], at: int, least: int) -> tuple[int, int]:
    """Return the length and distance of zlib's match at `at`, longer than `least`, or 0, 0.

    The place must have entered.
    """
    settings = m.settings
    room = i64(plain.size) - at
    if room < min(settings[KEY], 4):
        return 0, 0
    steps = settings[CHAIN]
    if least >= settings[GOOD]:
        steps >>= 2
    most = min(room, LONGEST)
    nice = min(settings[NICE], room)
    best, distance = least, 0
    before = i64(m.chains.links[at & (RING - 1)])
    if before <= 0 or at - before > settings[REACH]:  # zlib does not see place 0
        return 0, 0
    limit = max(at - settings[REACH], 0)
    while True:
        if best >= most or plain[before + best] == plain[at + best]:
            size = common(plain, before, at, most)
            if size > best:
                best, distance = size, at - before
                if best >= nice:
                    break
        before = i64(m.chains.links[before & (RING - 1)])
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
    if settings[STRATEGY] == CHEAPEST:
        return paths.expected(m.path, m.chains, plain, at, about[END])
    if settings[STRATEGY] == HUFFMAN:
        return 0, 0
    if settings[STRATEGY] == RUNS_ONLY:
        if at == 0:
            return 0, 0
        size = common(plain, at - 1, at, min(i64(plain.size) - at, LONGEST))
        return (size, 1) if size >= SHORTEST else (0, 0)
    if about[PENDING] == at:
        length, distance = about[LENGTH], about[DISTANCE]
    else:
        enter(m.chains, plain, at + 1)
        length, distance = _search(m, plain, at, min(settings[KEY], 4) - 1)
    if not settings[EAGER] and 0 < length < settings[LAZY]:
        enter(m.chains, plain, at + 2)
        longer, its_distance = _search(m, plain, at + 1, length)
        if longer > length:
            about[PENDING], about[LENGTH], about[DISTANCE] = at + 1, longer, its_distance
            about[GAIN] = longer - length
            return 0, 0
    return length, distance


@compiled
def kind(m: Matcher, length: int, distance: int, at: int) -> int:
    """Return what kind of token is expected at `at`, 0 to 31: some are likelier than others."""
    if m.settings[STRATEGY] == CHEAPEST:
        margin = paths.margin(m.path, at)
        return 4 * _size(length) + margin if length else 3 - margin
    if length == 0:
        gain: int = min(m.about[GAIN], 4) if m.about[PENDING] == at + 1 else 0
        return gain and 3 + gain
    far = 0 if distance < 64 else 1 if distance < 1024 else 2 if distance < 8192 else 3
    return 4 * _size(length) + far


@compiled
def _size(length: int) -> int:
    """Return the class of a match's length, 2 to 7."""
    if length < 9:
        return min(length - 1, 4)
    return 5 if length < 16 else 6 if length < 64 else 7


@compiled
def follow(m: Matcher, plain: NDArray[np.uint8], at: int, length: int) -> None:
    """Take in the token that the stream has at `at`: a match, or with length 0 a literal."""
    if length == 0 or m.settings[STRATEGY] >= HUFFMAN:
        return
    end = at + length
    if not m.settings[EAGER] or (length <= m.settings[LAZY] and i64(plain.size) - end >= SHORTEST):
        enter(m.chains, plain, end)
    else:
        enter(m.chains, plain, min(at + m.settings[EAGER], end))
        m.chains.entered[0] = max(m.chains.entered[0], end)
