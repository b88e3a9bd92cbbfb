"""What the next byte may depend on.

              text                            records                  all else
    0         the last byte                   the same                 the same
    1 to 3    the last 2, 3, 4 bytes          the same                 the same
    4         the last 5 bytes                above, phase             above, phase
    5         this word, the last byte        above, left, far above   above, left, phase
    6         above, column, the last byte    left, phase              left, far left, phase
    7         this word, the one before       the last 6 bytes         above + left - corner, phase
    run 0     the last 6 bytes                the last 5 bytes         the last 6 bytes
    run 1     the last 8 bytes                above, left, far above, phase, in both

A word is letters and bytes from 128 on, in lower case. In text, above is the line before; else it
is a number of bytes back that the reading tells (`far`), and left is another one (`near`). That is
1 in records, and then the phase is the column; else it is the place within what is `near` bytes
long. Far above and far left are twice as far back, the corner is left of above.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, u64
from arzip.models.fast.layout import State
from arzip.readings import TEXTS, Chosen, pixels, records, samples, sequences
from arzip.readings.bitmap import READING as BITMAP
from arzip.readings.past import byte_at, hash_pair

__all__ = ["observe", "set_contexts", "strides"]


def strides(chosen: Chosen) -> tuple[bool, int, int]:
    """Return whether it is text, and else the bytes to what is left and to what is above."""
    reading, numbers, _ = chosen
    if reading in (records.READING, BITMAP):
        return False, 1, numbers[0]
    if reading is pixels.READING:
        return False, numbers[0], numbers[1]
    if reading is samples.READING:
        size, _, channels, row, words, _, _ = numbers
        item = size * words
        near = max(item * channels, 2)
        return False, near, item * row if row else 2 * near
    return reading in (*TEXTS, sequences.READING), 1, 4


@compiled
def observe(state: State, byte: int) -> None:
    """Take in the byte that was coded last."""
    state.position += 1
    state.learned += 1
    state.history = state.history << u64(8) | u64(byte)
    words = state.words
    if 97 <= byte <= 122 or byte >= 128:
        words[0] = hash_pair(words[0], u64(byte))
    elif 65 <= byte <= 90:
        words[0] = hash_pair(words[0], u64(byte + 32))
    elif words[0] != u64(0):
        words[1] = words[0]
        words[0] = u64(0)
    if byte == 10:
        state.line_before = state.line_start
        state.line_start = state.position


@compiled
def set_contexts(state: State, data: NDArray[np.uint8]) -> None:
    """Hash the contexts of the byte at data[state.position]."""
    history, hashes = state.history, state.hashes
    hashes[0, 1] = hash_pair(history & u64(0xFFFF), u64(1))
    hashes[0, 2] = hash_pair(history & u64(0xFFFFFF), u64(2))
    hashes[0, 3] = hash_pair(history & u64(0xFFFFFFFF), u64(3))
    if state.is_text:
        _set_of_text(state, data)
    else:
        _set_of_others(state, data)


@compiled
def _set_of_text(state: State, data: NDArray[np.uint8]) -> None:
    history, hashes, runs, words = state.history, state.hashes, state.run_hashes, state.words
    last = history & u64(0xFF)
    column = state.position - state.line_start
    place = state.line_before + column
    above = u64(data[place]) if place < state.line_start else u64(0)
    hashes[0, 4] = hash_pair(history & u64(0xFFFFFFFFFF), u64(4))
    hashes[0, 5] = hash_pair(words[0], last | u64(5 << 8))
    hashes[0, 6] = hash_pair(above | last << u64(8) | u64(min(column, 255)) << u64(16), u64(6))
    hashes[0, 7] = hash_pair(words[0], words[1])
    runs[0] = hash_pair(history & u64(0xFFFFFFFFFFFF), u64(8))
    runs[1] = hash_pair(history, u64(9))


@compiled
def _set_of_others(state: State, data: NDArray[np.uint8]) -> None:
    history, hashes, runs = state.history, state.hashes, state.run_hashes
    at, near, far = state.position, state.near, state.far
    above, left, twice = (
        byte_at(data, at - far),
        byte_at(data, at - near),
        byte_at(data, at - 2 * far),
    )
    if near == 1:
        here = u64(at % far) << u64(40)
        hashes[0, 4] = hash_pair(above | here, u64(4))
        hashes[0, 5] = hash_pair(above | left << u64(8) | twice << u64(16), u64(5))
        hashes[0, 6] = hash_pair(left | here, u64(6))
        hashes[0, 7] = hash_pair(history & u64(0xFFFFFFFFFFFF), u64(7))
        runs[0] = hash_pair(history & u64(0xFFFFFFFFFF), u64(8))
    else:
        here = u64(at % near) << u64(40)
        smooth = (above + left - byte_at(data, at - far - near)) & u64(0xFF)
        hashes[0, 4] = hash_pair(above | here, u64(4))
        hashes[0, 5] = hash_pair(above | left << u64(8) | here, u64(5))
        hashes[0, 6] = hash_pair(left | byte_at(data, at - 2 * near) << u64(8) | here, u64(6))
        hashes[0, 7] = hash_pair(smooth | here, u64(7))
        runs[0] = hash_pair(history & u64(0xFFFFFFFFFFFF), u64(8))
    runs[1] = hash_pair(above | left << u64(8) | twice << u64(16) | here, u64(9))
