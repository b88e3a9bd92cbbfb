"""The match expert: the last place where the last bytes stood before, and what followed there.

It predicts the bits of one byte, the one after the match, as long as they come true. How far to
trust it is learned for each class of match lengths. One half of the table of positions finds where
the last 5 bytes stood, the other one where the last 32 did: of many places with 5 bytes in common
the last one is not the best.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i32, i64, u32, u64
from arzip.models.bits.odds import ONE, PROBABILITY_BITS, STRETCH, STRETCH_BITS
from arzip.models.bits.state import MATCH
from arzip.models.numbers.intrinsics import prefetch
from arzip.readings.reading import State

__all__ = ["common", "follow", "learn", "look", "note", "predict"]

SHORTEST = 5  # bytes of a match
LONG = 32  # from here on, a match is not given up for another
LOOK_BACK = 40  # bytes compared when one is found; longer only by growing
LONGEST = 65535
RATE = 6  # 2**-6


@compiled
def note(state: State, data: NDArray[np.uint8], positions: NDArray[np.int32]) -> None:
    """Take in the last byte, and ask for where the last ones stood, before `look`."""
    if state.position > 0:
        _note_recent(state, data[state.position - 1])
    half = u64(positions.size // 2)
    last = state.history & u64((1 << 8 * SHORTEST) - 1)
    keys = state.match_keys
    keys[0], keys[1] = _key(state.recent, half) + half, _key(last, half)
    for k in range(2):
        prefetch(positions, keys[k])


@compiled
def look(state: State, data: NDArray[np.uint8], positions: NDArray[np.int32]) -> None:
    """Take the places that were asked for, and ask for the bytes there, before `follow`."""
    for k in range(2):
        place = i64(positions[state.match_keys[k]])
        state.match_places[k] = place
        prefetch(data, u64(max(place - 1, 0)))


@compiled
def follow(state: State, data: NDArray[np.uint8], positions: NDArray[np.int32]) -> None:
    """Go on with the match if it held, or look for a better one; note this place."""
    position, keys = state.position, state.match_keys
    at, length = state.match_at, state.match_length
    if length > 0 and data[at] == data[position - 1]:
        at += 1
        length = min(length + 1, LONGEST)
    else:
        length = 0
    if position >= SHORTEST:
        for k in range(2):
            if length < (LONG if k == 0 else SHORTEST):
                candidate = state.match_places[k]
                shared = common(data, candidate, position, LOOK_BACK)
                if shared > length and shared >= SHORTEST:
                    at, length = candidate, shared
            positions[keys[k]] = i32(position)
    state.match_at, state.match_length = at, length
    state.match_byte = i64(data[at]) if length > 0 else 0


@compiled
def _note_recent(state: State, byte: int) -> None:
    """Hash the last 32 bytes: each step moves the older ones a bit up, at last out of 32 bits."""
    state.recent = (state.recent * u64(2 * 0x9E3779B1) + u64(byte) + u64(1)) & u64(0xFFFFFFFF)


@compiled
def _key(x: int, size: int) -> int:
    key: int = ((x * u64(0x9E3779B97F4A7C15)) >> u64(40)) & (size - u64(1))
    return key


@compiled
def common(data: NDArray[np.uint8], one: int, other: int, most: int) -> int:
    """Return how many bytes before two places are the same, up to `most`."""
    n = 0
    while n < min(most, one) and data[one - 1 - n] == data[other - 1 - n]:
        n += 1
    return n


@compiled
def _bucket(length: int) -> int:
    """Return the class of a length, 1 to 31."""
    if length < 16:
        return length
    if length < 32:
        return 16 + ((length - 16) >> 2)
    return min(20 + ((length - 32) >> 4), 30) + 1


@compiled
def predict(state: State) -> None:
    """Set the expert's two inputs: its learned log-odds, and its length; 0 without a match."""
    inputs = state.inputs
    inputs[MATCH] = inputs[MATCH + 1] = i32(0)
    state.match_bit = -1
    state.match_bucket = 0
    length = state.match_length
    byte = state.match_byte | 256
    if length == 0 or byte >> (8 - state.bit) != state.partial:
        return
    bucket = _bucket(length)
    odds = STRETCH[u32(state.match_map[bucket]) >> u32(PROBABILITY_BITS - STRETCH_BITS)]
    sure = i32(min(length, 32) * 16)
    bit = (byte >> (7 - state.bit)) & 1
    inputs[MATCH] = odds if bit else i32(-odds)
    inputs[MATCH + 1] = sure if bit else i32(-sure)
    state.match_bit = bit
    state.match_bucket = bucket


@compiled
def learn(state: State, bit: int) -> None:
    """Learn whether a match of this length told the truth."""
    if state.match_bit < 0:
        return
    p = i64(state.match_map[state.match_bucket])
    goal = ONE - 1 if state.match_bit == bit else 0
    state.match_map[state.match_bucket] = i32(p + ((goal - p) >> RATE))
