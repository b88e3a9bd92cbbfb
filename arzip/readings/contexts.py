"""What the next byte may depend on: nineteen contexts, each a 64-bit hash.

A segment is read either as text or as records of a fixed length. Both profiles share the lower
orders (the last 0 to 4 bytes) and the indirect context (what followed the last byte the last two
times); then text asks for words, lines, fields and columns, and records for the bytes above, the
column, sparse neighbours, and words too, since many records hold some. Both ask for the shape of
what comes before: its digits, letters and capitals without their values. Where a match goes on,
both ask what it expects, which says more than the match itself does: what comes when it is wrong.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64, u16, u64
from arzip.models.bits.state import State

__all__ = ["hash_pair", "look_above", "observe", "set_hashes"]


@compiled
def hash_pair(a: int, b: int) -> int:
    """64 well-mixed bits of two numbers."""
    x: int = (a + u64(0x632BE59BD9B4E019)) * u64(0x9E3779B97F4A7C15)
    x ^= (b + u64(0x7F4A7C15)) * u64(0xD6E8FEB86659FD93)
    x ^= x >> u64(29)
    x *= u64(0xBF58476D1CE4E5B9)
    return x


@compiled
def observe(state: State, byte: int) -> None:
    """Take in the byte that was coded last, which is at data[state.position]."""
    state.position += 1
    _follow(state, byte)
    state.history = (state.history << u64(8)) | u64(byte)
    state.shape = (state.shape << u64(8)) | u64(_kind(byte))
    _read_text(state, byte)


@compiled
def look_above(state: State, data: NDArray[np.uint8]) -> None:
    """Fetch the bytes above the next one.

    Text: in the line before, that one's neighbours (right, left), and in the line before that.
    Records: in the record before, in the one before that, and the first one's right neighbour.
    """
    above, position, record = state.above, state.position, state.record
    if record == 0:
        column = position - state.line_start
        place = state.line_before + column
        above[0] = u64(data[place]) if place < state.line_start else u64(0)
        above[1] = u64(data[place + 1]) if place + 1 < state.line_start else u64(0)
        above[2] = u64(data[place - 1]) if 0 < place <= state.line_start else u64(0)
        place = state.line_before_that + column
        above[3] = u64(data[place]) if place < state.line_before else u64(0)
        return
    for k in range(3):
        place = position - record
        if k == 1:
            place -= record
        elif k == 2 and record > 1:
            place += 1
        above[k] = u64(data[place]) if place >= 0 else u64(0)


@compiled
def _follow(state: State, byte: int) -> None:
    """Note that `byte` followed the one or two bytes before it."""
    one = state.history & u64(0xFF)
    two = state.history & u64(0xFFFF)
    state.after_one[one] = u16((i64(state.after_one[one]) << 8) | byte)
    state.after_two[two] = u16((i64(state.after_two[two]) << 8) | byte)


@compiled
def _kind(byte: int) -> int:
    """One character for all letters, one for all capitals, one for all digits, else itself."""
    if 97 <= byte <= 122 or byte >= 128:
        return 97
    if 65 <= byte <= 90:
        return 65
    return 48 if 48 <= byte <= 57 else byte


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
        state.line_before_that = state.line_before
        state.line_before = state.line_start
        state.line_start = state.position
        state.field = 0
        state.line_first = 0
    elif byte in (9, 32, 44, 58, 59, 124):  # tab and " ,:;|"
        state.field += 1


@compiled
def set_hashes(state: State) -> None:
    """Hash the contexts of the next byte."""
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
        _set_text_hashes(state)
    else:
        _set_record_hashes(state)
    for i in range(hashes.size):
        hashes[i] = hash_pair(hashes[i], u64(i))
    state.partial = 1
    state.bit = 0


@compiled
def _expected(state: State, last: int) -> int:
    """The byte that the match expects, the last one, and how long it is: to 7, to 11, longer."""
    length = u64(min(state.match_length, 15) >> 2)
    expected: int = u64(state.match_byte) | last << u64(8) | length << u64(40)
    return expected


@compiled
def _set_text_hashes(state: State) -> None:
    history = state.history
    last = history & u64(0xFF)
    column = state.position - state.line_start
    above = state.above[0]
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
    hashes[15] = _expected(state, last) if state.match_length > 0 else history & u64(0xFFFF0000)
    hashes[16] = above | state.above[1] << u64(8) | last << u64(16) | state.above[2] << u64(24)
    hashes[17] = above | state.above[3] << u64(8) | u64(min(column, 255)) << u64(16)
    hashes[18] = state.shape ^ above << u64(56)


@compiled
def _set_record_hashes(state: State) -> None:
    history = state.history
    last = history & u64(0xFF)
    column = u64(state.position % state.record)
    above, twice_above, next_above = state.above[0], state.above[1], state.above[2]
    hashes = state.hashes
    hashes[6] = history & u64(0xFFFFFFFFFFFF)
    hashes[7] = above | column << u64(8)
    hashes[8] = above | twice_above << u64(8)
    hashes[9] = last | column << u64(8)
    hashes[10] = above | twice_above << u64(8) | next_above << u64(16) | last << u64(24)
    hashes[11] = u64(state.after_two[history & u64(0xFFFF)]) | (history & u64(0xFFFF)) << u64(16)
    hashes[12] = history & u64(0xFFFF00)
    hashes[13] = history & u64(0xFF00FF)
    hashes[14] = _expected(state, last) if state.match_length > 0 else history & u64(0xFF0000)
    hashes[15] = history & u64(0xF0F0F0FF)
    hashes[16] = hash_pair(state.word[0], last)
    hashes[17] = hash_pair(state.word[0], state.word[1])
    hashes[18] = (state.shape & u64(0xFFFFFFFF)) | last << u64(56)
