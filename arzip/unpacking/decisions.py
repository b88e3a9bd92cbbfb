"""Yes or no, and numbers, with probabilities that adapt: one code for both directions.

    encoding:  decide(channel, context, y) adds the interval of y, and returns y
    decoding:  decide(channel, context, 0) takes y from the coder's words, and returns it

So whatever is told in this way is written once, and reader and writer cannot differ. The intervals
go through the same arithmetic coder as the bytes that the model predicts, after these.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip import coder
from arzip.engine.compiled import compiled, i64, u32

__all__ = [
    "NUMBER",
    "NUMBER_BITS",
    "Channel",
    "Decisions",
    "choice",
    "decide",
    "number",
]

ODDS_BITS, COUNT_BITS = 22, 10
SLOWEST = 254
LEAST = 64  # units of 2**24
ROOM = 1 << 18  # decisions kept at a time
EVEN = (coder.TOTAL - 2) // 256  # of a byte that nothing is known of
NUMBER_BITS = 27
"""Of a number, at most."""
NUMBER = 2 * (NUMBER_BITS + 1)
"""Contexts of a number."""

Sink = Callable[[NDArray[np.uint32], NDArray[np.uint32]], object]


class Channel(NamedTuple):
    """Where decisions go to, or come from."""

    odds: NDArray[np.uint32]
    """For each context the probability in Q22 of yes, times 1024, plus how often it was needed."""
    left: NDArray[np.uint32]
    freq: NDArray[np.uint32]
    """Encoding: the intervals of the latest decisions."""
    told: NDArray[np.int64]
    """Encoding: how many there are. (1,)"""
    words: NDArray[np.uint32]
    decoder: NDArray[np.uint64]
    """Decoding: the coder's words, and its state."""
    decoding: int


class Decisions:
    """A channel, and what is done with the intervals that it gathers."""

    def __init__(self, odds: NDArray[np.uint32], sink: Sink) -> None:
        """Tell: `sink` gets the intervals, left and freq, piece by piece."""
        nothing = np.zeros(0, dtype=np.uint32)
        left, freq = np.empty(ROOM, dtype=np.uint32), np.empty(ROOM, dtype=np.uint32)
        told, state = np.zeros(1, dtype=np.int64), np.zeros(4, dtype=np.uint64)
        self.channel = Channel(odds, left, freq, told, nothing, state, 0)
        self._sink = sink

    @classmethod
    def learned(
        cls, odds: NDArray[np.uint32], words: NDArray[np.uint32], decoder: NDArray[np.uint64]
    ) -> "Decisions":
        """Learn, from the coder's words on. `decoder` is the coder's state, as it stands."""
        decisions = cls(odds, lambda left, freq: None)
        decisions.channel = decisions.channel._replace(words=words, decoder=decoder, decoding=1)
        return decisions

    def flush(self) -> None:
        """Give out what was gathered: before there are more than ROOM decisions, and at the end."""
        n = int(self.channel.told[0])
        if n:
            self._sink(self.channel.left[:n], self.channel.freq[:n])
            self.channel.told[0] = 0

    def decide(self, context: int, y: int = 0) -> int:
        """Tell or learn one decision."""
        return decide(self.channel, context, int(y))

    def number(self, context: int, value: int = 0) -> int:
        """Tell or learn a number below 2**NUMBER_BITS."""
        self.flush()
        return number(self.channel, context, value)

    def choice(self, context: int, bits: int, value: int = 0) -> int:
        """Tell or learn a number of so many bits."""
        return choice(self.channel, context, bits, value)

    def as_it_is(self, given: NDArray[np.uint8] | None, size: int) -> NDArray[np.uint8]:
        """Tell or learn so many bytes, each of which takes 8 bits. Returns them."""
        data = np.zeros(size, dtype=np.uint8) if given is None else given
        self.flush()
        for first in range(0, size, ROOM):
            piece = data[first : first + ROOM]
            if given is None:
                _learn_as_it_is(self.channel, piece)
            else:
                left = EVEN * piece.astype(np.uint32) + np.uint32(1)
                self._sink(left, np.full(piece.size, EVEN, dtype=np.uint32))
        return data


@compiled
def _learn_as_it_is(channel: Channel, data: NDArray[np.uint8]) -> None:
    for at in range(data.size):
        data[at] = min((i64(coder.target(channel.decoder)) - 1) // EVEN, 255)
        coder.advance(channel.words, channel.decoder, u32(1 + EVEN * i64(data[at])), u32(EVEN))


@compiled
def decide(channel: Channel, context: int, y: int) -> int:
    """Tell or learn one decision."""
    cell = i64(channel.odds[context])
    odds, count = cell >> COUNT_BITS, cell & ((1 << COUNT_BITS) - 1)
    yes = min(max(odds << (24 - ODDS_BITS), LEAST), coder.TOTAL - 2 - LEAST)
    if channel.decoding:
        y = i64(i64(coder.target(channel.decoder)) < 1 + yes)
    left, freq = (1, yes) if y else (1 + yes, coder.TOTAL - 2 - yes)
    if channel.decoding:
        coder.advance(channel.words, channel.decoder, u32(left), u32(freq))
    else:
        at = channel.told[0]
        channel.left[at], channel.freq[at] = left, freq
        channel.told[0] = at + 1
    if y:
        odds += ((1 << ODDS_BITS) - odds) // (count + 2)
    else:
        odds -= odds // (count + 2)
    channel.odds[context] = u32(odds << COUNT_BITS | min(count + 1, SLOWEST))
    return y


@compiled
def number(channel: Channel, context: int, value: int) -> int:
    """Tell or learn a number below 2**NUMBER_BITS: how many bits value + 1 has, then these.

    It has NUMBER contexts of its own. Damaged words may give any such number.
    """
    size = 0
    while size < NUMBER_BITS and decide(
        channel, context + size, i64((value + 1) >> (size + 1) > 0)
    ):
        size += 1
    found = 1
    for k in range(size - 1, -1, -1):
        # Of the bits below the first, the highest is worth learning.
        place = context + NUMBER_BITS + (1 + size if k == size - 1 else 0)
        found = found << 1 | decide(channel, place, (value + 1) >> k & 1)
    return found - 1


@compiled
def choice(channel: Channel, context: int, bits: int, value: int) -> int:
    """Tell or learn a number of so many bits, which has 2**bits contexts of its own."""
    found = 1
    for k in range(bits - 1, -1, -1):
        found = found << 1 | decide(channel, context + found, value >> k & 1)
    return found - (1 << bits)
