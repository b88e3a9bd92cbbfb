"""What numbers in binary data have in common: classes of bytes, and where the last ones look alike.

A match (models/bits/match.py) asks for equal bytes. Numbers in records seldom are equal: counters
go on, places move. So for each distance d there is a mean of how far bytes were from those that far
back, what is long ago counting less:

    u_d += (|w_t - w_(t-d)| - u_d) / 8                          differences modulo 256

It begins with 64, which it is for bytes at random.
What stood at the distance with the least u_d is expected to come again, as it was, or moved by as
much as the last byte has moved. Two histograms (values.py) are of these, and eight contexts of them
and of the classes.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i32, i64, u64
from arzip.readings.past import byte_at
from arzip.readings.reading import Field, State
from arzip.readings.values import note_residuals

__all__ = ["CONTEXTS", "FIELDS", "HISTOGRAMS", "observe", "set_contexts"]

CONTEXTS, HISTOGRAMS = 8, 2
"""For a reading that has these among its own."""

_FARTHEST = 256
_RATE = 3  # 2**-3
_FRACTION = 8  # binary digits of a mean's
_RANDOM = 64 << _FRACTION
_KINDS = (0, 3, 31, 63, 127, 239, 254)  # the largest byte of each class but the last

FIELDS: tuple[Field, ...] = (
    ("kinds", np.uint64),  # classes of the last bytes, three bits each
    ("repeats", np.uint64),  # of the last bytes: was it as the one four before; was it 0
    ("unlike", np.int32, _FARTHEST),  # u_d - 64, the farthest d first, as bytes lie
)


@compiled
def observe(state: State, byte: int) -> None:
    """Take in the byte that came last."""
    note_residuals(state, byte, HISTOGRAMS)
    kind = 0
    for largest in _KINDS:
        kind += i64(byte > largest)
    state.kinds = state.kinds << u64(3) | u64(kind)
    again = u64(byte) == state.history >> u64(32) & u64(0xFF)
    state.repeats = state.repeats << u64(2) | u64(again) << u64(1) | u64(byte == 0)


@compiled
def set_contexts(state: State, data: NDArray[np.uint8], first: int) -> None:
    """Set the contexts from number `first` on, and the histograms, of data[state.position]."""
    distance, unlike = _most_alike(state, data)
    place, history, kinds = state.position - distance, state.history, state.kinds
    last, before = history & u64(0xFF), history >> u64(8) & u64(0xFF)
    like, left, farther = byte_at(data, place), byte_at(data, place - 1), byte_at(data, place - 2)
    moved = (last + like - left) & u64(0xFF)
    missed = (last - before + farther - left) & u64(0xFF)  # by that, the last time
    state.residual_of[0], state.residual_of[1] = i64(like), i64(moved)
    state.residual_case[0] = min(unlike >> _FRACTION, 31)
    state.residual_case[1] = 32 + i64(min(missed, u64(256) - missed) >> u64(2))
    hashes = state.hashes
    hashes[first] = moved | last << u64(8)
    hashes[first + 1] = like | (kinds & u64(0xFFF)) << u64(8)
    hashes[first + 2] = kinds & u64(0xFFFFFF)
    hashes[first + 3] = (kinds & u64(0x7FFF)) | last << u64(56)
    hashes[first + 4] = state.repeats & u64(0xFFFFF)
    hashes[first + 5] = history & u64(0xFF000000FF)
    hashes[first + 6] = history & u64(0xFF000000FF000000)
    hashes[first + 7] = history & u64(0xFF00FF00FF00)


@compiled
def _most_alike(state: State, data: NDArray[np.uint8]) -> tuple[int, int]:
    """Take in the last byte; return the nearest distance with the least mean, and that mean."""
    position, unlike = state.position, state.unlike
    if position < 2:
        return 1, _RANDOM
    last = i32(data[position - 1])
    start = position - 1 - _FARTHEST
    first = max(0, -start)  # what lies before the data stays as it is
    for i in range(u64(first), u64(_FARTHEST)):
        away = i32(i32(data[u64(start) + i]) - last) & i32(255)
        away = i32(i32(min(away, i32(256 - away)) << _FRACTION) - _RANDOM)
        unlike[i] += i32(i32(away - unlike[i]) >> _RATE)
    least = unlike[_FARTHEST - 1]
    for i in range(u64(first), u64(_FARTHEST)):
        least = min(least, unlike[i])
    at = _FARTHEST - 1
    while unlike[at] != least:
        at -= 1
    return _FARTHEST - at, i64(least) + _RANDOM
