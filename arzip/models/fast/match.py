"""The match: the last place where the last bytes stood, and the byte that followed there.

It is one of the experts. Where it is long, and bytes that were expected like this one always came
of late, it is trusted alone: one decision asks whether the expected byte comes, and if so that is
all.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i32, i64, u64
from arzip.models.bits.match import common
from arzip.models.fast.layout import LENGTHS, State
from arzip.models.fast.shares import towards
from arzip.models.numbers.intrinsics import prefetch

__all__ = ["NEIGHBOURS", "follow", "note"]

SHORTEST = 6  # bytes of a match
LOOK_BACK = 64  # bytes compared when one is found; longer only by growing
LONGEST = 65535
LONG = 16  # from here on, it is noted whether it is right
SURE = 24  # from here on, it may be trusted alone,
CERTAIN = 65000  # of 65536, if such bytes came as often as that
RATE = 5  # 2**-5

NEIGHBOURS = 16
"""Positions among which the last byte chooses: a cache line, asked for a byte ahead."""


@compiled
def follow(state: State, data: NDArray[np.uint8], positions: NDArray[np.int32]) -> None:
    """Go on with the match if it held, or look for another; note this place."""
    at, place, length = state.position, state.match_at, state.match_length
    last = state.history & u64(0xFF)
    if length > 0 and data[place] == data[at - 1]:
        place += 1
        length = min(length + 1, LONGEST)
    else:
        length = 0
    if at >= SHORTEST:
        if length == 0:
            place = state.candidate
            shared = common(data, place, at, LOOK_BACK)
            length = shared if shared >= SHORTEST else 0
        # The candidate is looked at when the next byte is known, and its data is here by then.
        key = state.neighbours | (last * u64(0x9E3779B1)) >> u64(12) & u64(NEIGHBOURS - 1)
        state.candidate = i64(positions[key]) + 1
        prefetch(data, u64(state.candidate))
        positions[key] = i32(at)
    line = ((state.history & u64(0xFFFFFFFFFF)) * u64(0x9E3779B97F4A7C15)) >> u64(40)
    state.neighbours = line & u64(positions.size - NEIGHBOURS)
    prefetch(positions, state.neighbours)
    state.match_at, state.match_length = place, length
    state.expected = i64(data[place]) if length > 0 else -1
    state.length_class = length if length < 16 else min(16 + ((length - 16) >> 4), LENGTHS - 1)
    state.hit = u64(state.expected & 255) << u64(8) | last
    state.is_sure = i64(length >= SURE and i64(state.hits[state.hit]) > CERTAIN)


@compiled
def note(state: State, byte: int) -> None:
    """Note whether `byte` is the one that was expected."""
    if state.match_length >= LONG:
        state.hits[state.hit] = towards(state.hits[state.hit], byte == state.expected, RATE)
