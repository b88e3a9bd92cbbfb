"""What the next byte may depend on: sixteen contexts, each a 64-bit hash.

A segment is read either as text or as records of a fixed length. Both profiles share the lower
orders (the last 0 to 4 bytes) and the indirect context (what followed the last byte the last two
times); then text asks for words, lines and fields, and records for the bytes above, the column and
sparse neighbours.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.compiled import compiled
from arzip.models.state import State

__all__ = ["hash_pair", "observe", "start"]

u64, i64 = np.uint64, np.int64


@compiled
def hash_pair(a: np.uint64, b: np.uint64) -> np.uint64:
    """64 well-mixed bits of two numbers."""
    x = (a + u64(0x632BE59BD9B4E019)) * u64(0x9E3779B97F4A7C15)
    x ^= (b + u64(0x7F4A7C15)) * u64(0xD6E8FEB86659FD93)
    x ^= x >> u64(29)
    return x * u64(0xBF58476D1CE4E5B9)


@compiled
def start(state: State, data: NDArray[np.uint8]) -> None:
    """Set the contexts of a segment's first byte."""
    _set_hashes(state, data)
    state.partial = 1
    state.bit = 0


@compiled
def observe(state: State, data: NDArray[np.uint8], byte: int) -> None:
    """Append `byte` to data and set the contexts of the next one."""
    data[state.position] = byte
    state.position += 1
    _follow(state, byte)
    state.history = (state.history << u64(8)) | u64(byte)
    if state.record == 0:
        _read_text(state, byte)
    _set_hashes(state, data)
    state.partial = 1
    state.bit = 0


@compiled
def _follow(state: State, byte: int) -> None:
    """Note that `byte` followed the one or two bytes before it."""
    one = state.history & u64(0xFF)
    two = state.history & u64(0xFFFF)
    state.after_one[one] = np.uint16((i64(state.after_one[one]) << 8) | byte)
    state.after_two[two] = np.uint16((i64(state.after_two[two]) << 8) | byte)


@compiled
def _read_text(state: State, byte: int) -> None:
    """Keep the hashes of words, in lower case, and where lines and fields start.

    Bytes from 128 on are letters: of whatever language, in whatever encoding.
    """
    word = state.word
    if state.position - state.line_start == 1:
        state.line_first = byte
    if 97 <= byte <= 122 or byte >= 128:
        word[0] = hash_pair(word[0], u64(byte))
        return
    if 65 <= byte <= 90:
        word[0] = hash_pair(word[0], u64(byte + 32))
        return
    if word[0] != u64(0):
        word[2] = word[1]
        word[1] = word[0]
        word[0] = u64(0)
    if byte == 10:
        state.line_before = state.line_start
        state.line_start = state.position
        state.field = 0
        state.line_first = 0
    elif byte in (9, 32, 44, 58, 59, 124):  # tab and " ,:;|"
        state.field += 1


@compiled
def _set_hashes(state: State, data: NDArray[np.uint8]) -> None:
    history = state.history
    hashes = state.hashes
    hashes[0] = u64(0)
    hashes[1] = history & u64(0xFF)
    hashes[2] = history & u64(0xFFFF)
    hashes[3] = history & u64(0xFFFFFF)
    hashes[4] = history & u64(0xFFFFFFFF)
    followed = u64(state.after_one[history & u64(0xFF)])
    hashes[5] = followed | (history & u64(0xFF)) << u64(16)
    if state.record == 0:
        _set_text_hashes(state, data)
    else:
        _set_record_hashes(state, data)
    for i in range(hashes.size):
        hashes[i] = hash_pair(hashes[i], u64(i))


@compiled
def _set_text_hashes(state: State, data: NDArray[np.uint8]) -> None:
    history = state.history
    last = history & u64(0xFF)
    column = state.position - state.line_start
    above = u64(0)
    if state.line_before + column < state.line_start:
        above = u64(data[state.line_before + column])
    word = state.word
    two_words = hash_pair(word[0], word[1])
    hashes = state.hashes
    hashes[6] = history & u64(0xFFFFFFFFFF)
    hashes[7] = history
    hashes[8] = hash_pair(word[0], last)
    hashes[9] = two_words + last
    hashes[10] = hash_pair(word[0], word[2]) + last
    hashes[11] = hash_pair(two_words, word[2])
    hashes[12] = above | u64(min(column, 255)) << u64(8) | last << u64(16)
    hashes[13] = hash_pair(word[0], above | last << u64(8))
    hashes[14] = hash_pair(word[0], u64(state.field)) + u64(state.line_first)
    hashes[15] = history & u64(0xFFFF0000)


@compiled
def _set_record_hashes(state: State, data: NDArray[np.uint8]) -> None:
    history = state.history
    last = history & u64(0xFF)
    position, record = state.position, state.record
    column = u64(position % record)
    above = u64(_at(data, position - record))
    twice_above = u64(_at(data, position - 2 * record))
    next_above = u64(_at(data, position - record + 1)) if record > 1 else u64(0)
    hashes = state.hashes
    hashes[6] = history & u64(0xFFFFFFFFFFFF)
    hashes[7] = above | column << u64(8)
    hashes[8] = above | twice_above << u64(8)
    hashes[9] = last | column << u64(8)
    hashes[10] = above | twice_above << u64(8) | next_above << u64(16) | last << u64(24)
    hashes[11] = u64(state.after_two[history & u64(0xFFFF)]) | (history & u64(0xFFFF)) << u64(16)
    hashes[12] = history & u64(0xFFFF00)
    hashes[13] = history & u64(0xFF00FF)
    hashes[14] = history & u64(0xFF0000)
    hashes[15] = history & u64(0xF0F0F0FF)


@compiled
def _at(data: NDArray[np.uint8], index: int) -> int:
    """data[index], 0 before its start."""
    return i64(data[index]) if index >= 0 else i64(0)
