"""Pursuit: what stood where the last bytes stood before is followed on after bytes that differ.

A match (models/bits/match.py) ends with the first byte that is another one. But in a table, or in
what a compiler notes of a program, a counter or a place differs and the rest goes on as before, for
too few bytes to be found as a match. So its place is kept, and left for that of a match only if
this one agrees with more of the last eight bytes.

Two bytes are guessed: what stands there, and as much more as a byte was at which the two last began
to differ. How far to trust them depends on which of the last ten bytes agreed.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64, u64
from arzip.readings.guesses import NONE, guess
from arzip.readings.past import ones
from arzip.readings.reading import Field, State

__all__ = ["FIELDS", "GUESSES", "expect"]

GUESSES = 2

_FIRST_CASE = 1 << 10  # those before are of other readings
_CASES = (1 << 10) - 1
_COMPARED = 8  # bytes
_GIVEN_UP = (1 << 16) - 1  # if none of so many agreed

FIELDS: tuple[Field, ...] = (
    ("pursued", np.int64),  # where the byte is that is expected; 0: none is
    ("pursued_agreed", np.uint64),  # whether the last bytes were as expected, a bit each
    ("pursued_away", np.int64),  # by how much one was not, where the one before it was
)


@compiled
def expect(state: State, data: NDArray[np.uint8]) -> None:
    """Take in the last byte, and guess data[state.position]."""
    if state.pursued > 0:
        _compare(state, i64(data[state.position - 1]), i64(data[state.pursued]))
    if state.match_length > 0 and state.match_at != state.pursued:
        _consider_match(state)
    if state.pursued == 0:
        guess(state, 0, NONE, 0)
        guess(state, 1, NONE, 0)
        return
    byte = i64(data[state.pursued])
    case = _FIRST_CASE + i64(state.pursued_agreed & u64(_CASES))
    guess(state, 0, byte, case)
    guess(state, 1, (byte + state.pursued_away) & 255, case)


@compiled
def _compare(state: State, byte: int, expected: int) -> None:
    """Go on by a byte."""
    away = (byte - expected) & 255
    if away != 0 and state.pursued_agreed & u64(1):
        state.pursued_away = away
    state.pursued_agreed = (state.pursued_agreed << u64(1) | u64(away == 0)) & u64(0xFFFFFFFF)
    state.pursued = state.pursued + 1 if state.pursued_agreed & u64(_GIVEN_UP) else 0


@compiled
def _consider_match(state: State) -> None:
    """Go on where the match does instead, if that agrees with more of the last bytes."""
    agreed = ones(i64(state.pursued_agreed & u64((1 << _COMPARED) - 1)))
    if state.pursued == 0 or min(state.match_length, _COMPARED) > agreed:
        state.pursued = state.match_at
        state.pursued_agreed = (u64(1) << u64(min(state.match_length, 31))) - u64(1)
