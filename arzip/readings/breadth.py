"""More contexts of text, records and x86, for a model that takes the time: to read broadly.

Beside longer orders, sparse ones, and more ways to tell words apart, text has two pointers. They
start where something last followed the word that is over, or the last two words, and go along: the
byte there is expected. Records and x86 have more neighbours, above and to the left, and what the
next byte were if it went on as they do.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64, u16, u64
from arzip.readings.past import byte_at, hash_pair
from arzip.readings.reading import MORE_CONTEXTS, MORE_PHASES, Field, State

__all__ = ["FIELDS", "set_more_of_code", "set_more_of_records", "set_more_of_text"]

_THREES = 18  # bits of a place in after_three
_NONE = 256  # no byte is expected

FIELDS: tuple[Field, ...] = (
    ("more_phases", np.int64, MORE_PHASES),  # each chooses a mixer's row, 0 to 255
    ("after_three", np.uint16, 1 << _THREES),  # the two bytes that last followed three
    ("far_words", np.uint64, 2),  # the words before those in `word`
    ("word_size", np.int64),
    ("word_places", np.int32, (2, 1 << 16)),  # where something last followed one word, and two
    ("word_pointers", np.int64, 2),  # the byte that is expected; 0: none is
    ("word_agreed", np.int64, 2),  # letters of this word that were expected
    ("form", np.uint64),  # kinds of the last bytes, a byte each, several alike as one
    ("ending", np.uint64),  # the last three letters of the word before
    ("opening", np.uint64),  # the first word of the sentence
)


@compiled
def _three(history: int) -> int:
    place: int = ((history & u64(0xFFFFFF)) * u64(0x9E3779B97F4A7C15)) >> u64(64 - _THREES)
    return place


@compiled
def _note_three(state: State) -> None:
    """Note that the last byte followed the three before it."""
    place = _three(state.history >> u64(8))
    after = i64(state.after_three[place]) << 8
    state.after_three[place] = u16(after | i64(state.history & u64(0xFF)))


@compiled
def _longer(data: NDArray[np.uint8], end: int) -> int:
    """Return the eight bytes before `end`, the last one lowest."""
    bytes_there: int = u64(0)
    for k in range(8):
        bytes_there = bytes_there << u64(8) | byte_at(data, end - 8 + k)
    return bytes_there


@compiled
def _kind(byte: int) -> int:
    """Return 1 for small letters, 2 for capitals, 3 for digits, else the byte or 4."""
    if 97 <= byte <= 122 or byte >= 128:
        return 1
    if 65 <= byte <= 90:
        return 2
    return 3 if 48 <= byte <= 57 else max(byte, 4)


@compiled
def _go_on(state: State, data: NDArray[np.uint8]) -> None:
    """Take in the last byte of text."""
    _note_three(state)
    history = state.history
    last = i64(history & u64(0xFF))
    kind, before = _kind(last), _kind(i64(history >> u64(8) & u64(0xFF)))
    if kind != before:
        state.form = state.form << u64(8) | u64(kind)
    if kind <= 2:
        state.word_size += 1
        _follow(state, data, last)
        return
    if before <= 2:  # a word is over, which is word[1] now
        state.far_words[1] = state.far_words[0]
        state.far_words[0] = state.word[2]
        state.ending = history >> u64(8) & u64(0xFFFFFF)
        if state.opening == u64(0):
            state.opening = state.word[1]
    if last == 33 or last == 46 or last == 63 or (last == 10 and before == 10):  # ! . ?
        state.opening = u64(0)
    state.word_size = 0
    one = hash_pair(state.word[1], u64(last))
    _point(state, 0, one)
    _point(state, 1, hash_pair(one, state.word[2]))


@compiled
def _follow(state: State, data: NDArray[np.uint8], last: int) -> None:
    """Take the pointers along, as far as they are right."""
    for k in range(2):
        pointer = state.word_pointers[k]
        if pointer > 0 and i64(data[pointer]) == last:
            state.word_pointers[k] = pointer + 1
            state.word_agreed[k] = min(state.word_agreed[k] + 1, 15)
        else:
            state.word_pointers[k] = 0


@compiled
def _point(state: State, which: int, key: int) -> None:
    """Point to where something last followed this, which is here now."""
    place = u64(key) >> u64(48)
    state.word_pointers[which] = state.word_places[which, place]
    state.word_places[which, place] = state.position
    state.word_agreed[which] = 0


@compiled
def _pointed(state: State, data: NDArray[np.uint8], which: int) -> int:
    """Return the byte that a pointer expects."""
    pointer = state.word_pointers[which]
    byte: int = i64(data[pointer]) if pointer > 0 else _NONE
    return byte


@compiled
def _went(state: State, which: int) -> int:
    """Return how a pointer did: 0 if there is none, else 1 to 3."""
    agreed = state.word_agreed[which]
    return 1 + i64(agreed > 0) + i64(agreed > 2) if state.word_pointers[which] > 0 else 0


@compiled
def set_more_of_text(state: State, data: NDArray[np.uint8]) -> None:
    """Set the contexts and phases of data[state.position]."""
    if state.position > 0:
        _go_on(state, data)
    position, history, word = state.position, state.history, state.word
    last, two = history & u64(0xFF), history & u64(0xFFFF)
    far = _longer(data, position - 8)
    sixteen = hash_pair(history, far)
    one, other = u64(_pointed(state, data, 0)), u64(_pointed(state, data, 1))
    match = u64(state.match_byte) if state.match_length > 0 else u64(_NONE)
    length = u64(min(state.match_length, 31) >> 2)
    followed = u64(state.after_two[two])
    followed_three = u64(state.after_three[_three(history)])
    column = u64(min(position - state.line_start, 255))
    hashes = state.hashes[state.contexts - MORE_CONTEXTS :]
    hashes[0] = history & u64(0xFFFFFFFFFFFF)
    hashes[1] = history & u64(0xFFFFFFFFFFFFFF)
    hashes[2] = hash_pair(history, far & u64(0xFFFF))
    hashes[3] = hash_pair(history, far & u64(0xFFFFFFFF))
    hashes[4] = sixteen
    hashes[5] = hash_pair(sixteen, _longer(data, position - 16))
    hashes[6] = history & u64(0xFFFF00)
    hashes[7] = history & u64(0xFFFFFF00)
    hashes[8] = history & u64(0xFFFFFF0000)
    hashes[9] = history & u64(0xFF00FF)
    hashes[10] = history & u64(0xFF00FFFF)
    hashes[11] = hash_pair(word[0], state.far_words[0])
    hashes[12] = hash_pair(hash_pair(word[0], word[1]), hash_pair(word[2], state.far_words[0]))
    hashes[13] = hash_pair(hash_pair(word[1], word[2]), last)
    hashes[14] = hash_pair(word[0], state.shape)
    hashes[15] = hash_pair(u64(state.word_size), word[1]) + last
    hashes[16] = one | last << u64(9) | u64(state.word_agreed[0]) << u64(20)
    hashes[17] = other | u64(state.word_agreed[1]) << u64(20)
    hashes[18] = one | other << u64(9) | match << u64(18) | min(length, u64(3)) << u64(30)
    hashes[19] = hash_pair(word[0], one)
    hashes[20] = followed | two << u64(16)
    hashes[21] = followed_three | last << u64(16)
    hashes[22] = (followed_three & u64(0xFF)) | followed << u64(16)
    hashes[23] = hash_pair(word[0], match)
    hashes[24] = match | two << u64(9) | length << u64(40)
    hashes[25] = hash_pair(word[0], state.opening)
    hashes[26] = hash_pair(column | u64(state.line_first) << u64(8), two)
    hashes[27] = hash_pair(state.shape, last)
    hashes[28] = hash_pair(state.form, last)
    size = u64(min(state.word_size, 31))
    hashes[29] = (state.form & u64(0xFFFFFFFF)) | size << u64(32) | last << u64(40)
    hashes[30] = hash_pair(word[0], state.ending)
    hashes[31] = hash_pair(word[0], hash_pair(word[1], state.far_words[1]))
    phases = state.more_phases
    phases[0] = _went(state, 0) << 5 | _went(state, 1) << 3
    phases[2] = i64(history >> u64(16) & u64(0xFF))
    phases[3] = i64((other if other < u64(_NONE) else one) & u64(0xFF))
    phases[4] = min(state.word_size, 15) << 4 | (_kind(i64(state.ending & u64(0xFF))) & 3) << 2
    phases[4] |= min(_kind(i64(last)), 4) & 3
    phases[5] = 0
    for k in range(4):
        phases[5] |= (min(_kind(i64(history >> u64(8 * k) & u64(0xFF))), 4) & 3) << (2 * k)


@compiled
def set_more_of_records(state: State, data: NDArray[np.uint8]) -> None:
    """Set the contexts and phases of data[state.position]."""
    _set_more_of_binary(state, data, state.numbers[0])


@compiled
def set_more_of_code(state: State, data: NDArray[np.uint8]) -> None:
    """Set the contexts and phases of data[state.position]."""
    _set_more_of_binary(state, data, 4)


@compiled
def _set_more_of_binary(state: State, data: NDArray[np.uint8], length: int) -> None:
    position, history = state.position, state.history
    if position > 0:
        _note_three(state)
    w, ww = history & u64(0xFF), history >> u64(8) & u64(0xFF)
    above = position - length
    n, nw = byte_at(data, above), byte_at(data, above - 1)
    nn, nnn = byte_at(data, above - length), byte_at(data, above - 2 * length)
    ne = byte_at(data, above + i64(length > 1))
    four, five, eight = (
        byte_at(data, position - 4), byte_at(data, position - 5), byte_at(data, position - 8),
    )  # fmt: skip
    column, quarter = u64(position % length), u64(position & 3)
    like, moved = u64(state.residual_of[0]), u64(state.residual_of[1])
    match = u64(state.match_byte) if state.match_length > 0 else u64(_NONE)
    match_length = u64(min(state.match_length, 31) >> 2)
    far, kinds = _longer(data, position - 8), state.kinds
    hashes = state.hashes[state.contexts - MORE_CONTEXTS :]
    hashes[0] = history & u64(0xFFFFFFFFFF)
    hashes[1] = history & u64(0xFFFFFFFFFFFFFF)
    hashes[2] = hash_pair(history, far & u64(0xFFFFFFFF))
    hashes[3] = hash_pair(history, far)
    hashes[4] = history & u64(0xFF00FFFF)
    hashes[5] = history & u64(0xFF0000FF)
    hashes[6] = history & u64(0xFFFFFF00)
    hashes[7] = history & u64(0xFFFF0000)
    hashes[8] = history & u64(0xFF00FF00)
    hashes[9] = history & u64(0xF0F0F0F0F0F0)
    hashes[10] = history & u64(0xE0E0E0FFFF)
    hashes[11] = history & u64(0xF0F0FF)
    hashes[12] = history & u64(0xFFF0F0F0)
    hashes[13] = n | w << u64(8) | ww << u64(16)
    hashes[14] = n | nw << u64(8) | w << u64(16)
    slope = (w + n - nw) & u64(0xFF)
    hashes[15] = slope | column << u64(8)
    hashes[16] = slope | w << u64(8) | n << u64(16)
    hashes[17] = ((n + n - nn) & u64(0xFF)) | n << u64(8) | column << u64(16)
    hashes[18] = ((w + w - ww) & u64(0xFF)) | w << u64(8)
    hashes[19] = n | nn << u64(8) | nnn << u64(16)
    hashes[20] = like | w << u64(8) | ww << u64(16)
    hashes[21] = like | moved << u64(8) | n << u64(16)
    hashes[22] = moved | n << u64(8) | column << u64(16)
    hashes[23] = u64(state.after_three[_three(history)]) | w << u64(16)
    hashes[24] = column | (history & u64(0xFFFF)) << u64(32)
    hashes[25] = n | ne << u64(8) | nw << u64(16) | column << u64(32)
    hashes[26] = quarter | four << u64(8) | w << u64(16)
    hashes[27] = quarter | four << u64(8) | eight << u64(16) | five << u64(24)
    hashes[28] = match | (history & u64(0xFFFF)) << u64(9)
    hashes[29] = match | match_length << u64(10) | column << u64(32)
    hashes[30] = hash_pair(kinds & u64(0xFFFFFFFFFF), column)
    hashes[31] = n | (kinds & u64(0xFFF)) << u64(8)
    phases = state.more_phases
    phases[0] = min(state.residual_case[0], 31) << 3
    phases[2] = i64(history >> u64(16) & u64(0xFF))
    phases[3] = i64(like)
    phases[4] = i64(quarter << u64(6) | (kinds & u64(63)))
    phases[5] = i64(n)
