"""Typeset text: the pages of PDF documents, whose strings and numbers say what stands where.

    [(The)-333(function)]TJ/F56 10.9091 Tf 90 0 Td [(tapply)]TJ

A code is one character of a string, in brackets or in hexadecimal digits. Between them stand
numbers that move the pen: small ones kern two letters, which are still of one word; large ones are
the spaces between words. So words and the last codes are known across all that, and what stands
between two codes is known by these. The rest are operators, with numbers before them: of these one
knows which operator came before, and what stood in the same place last.

Where the last codes stood before, a pointer goes along: the byte there is expected.

The contexts are those of text, with these words, and these.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i32, i64, u64
from arzip.readings import breadth, moves
from arzip.readings.guesses import NONE, guess
from arzip.readings.numerals import PLACES, is_digit, slot_of
from arzip.readings.past import hash_pair
from arzip.readings.reading import Field, Found, Reading, State
from arzip.readings.text import observe_line, set_line_contexts
from arzip.readings.windows import stretches

__all__ = ["READING"]

_OPERATORS, _NUMBERS, _STRING, _DIGITS = range(4)
"""Where a byte is: outside; between the strings of a list; in a string; in a hexadecimal one."""

_SPACE = 190  # thousandths of the size: a larger move to the right is between words
_MOST = 1 << 20  # of a move
_DEEPEST = 7  # brackets within a string
_PLACES = 1 << 16  # of codes, that are remembered
_LOOK = 32  # bytes within which the next string begins, where the pointer is

_LIGATURES = np.array([0x16666, 0x16966, 0x16C66, 0x1696666, 0x16C6666])
"""In the encodings of TeX's fonts: ff, fi, fl, ffi, ffl, the first letter lowest, below a 1."""

FIELDS: tuple[Field, ...] = (
    *moves.FIELDS,
    ("where", np.int64),
    ("nested", np.int64),  # brackets within a string
    ("escaped", np.int64),  # digits of a code to come, after a backslash; 4: it has just come
    ("code", np.int64),  # so far
    ("code_digits", np.int64),  # hexadecimal ones that it has
    ("code_width", np.int64),  # how many it is to have: 4; else 2
    ("codes", np.uint64, 2),  # the last ones, 16 bits each
    ("since", np.uint64),  # a hash of the bytes since the last code, or of the token so far
    ("since_size", np.int64),
    ("move", np.int64),  # the number so far
    ("move_sign", np.int64),
    ("move_ends", np.int64),  # 1 after its point
    ("spaces", np.uint64, 2),  # hashes of the last two moves between words
    ("shown_words", np.uint64, 3),  # hashes of this word and the two before
    ("shown_size", np.int64),
    ("first", np.int64),  # the first byte of the token
    ("breaks", np.int64),  # 1 if what comes is no more of the last word
    ("font", np.uint64),  # a hash of the last name
    ("operators", np.uint64, 3),  # hashes of the last ones
    ("operand", np.int64),  # numbers since the last one
    ("listed", np.uint64),  # a hash of these numbers
    ("operands", np.uint64, (2, PLACES)),  # hashes of what stood in a place, the last two times
    ("shown_places", np.int32, _PLACES),  # where something last followed codes like the last
    ("shown_pointer", np.int64),  # the byte that is expected; 0: none is
    ("shown_agreed", np.int64),  # bytes that were as expected
    ("shown_lost", np.int64),  # 1: none is, up to the next string or code
)


@compiled
def _observe(state: State, byte: int) -> None:
    """Take in a byte, and make the words those of the strings."""
    observe_line(state, byte)
    state.heard = u64(0)
    if byte == 10 and state.where >= _STRING:  # it was none, but of other data
        state.where = _OPERATORS
        _forget(state)
    if state.where == _STRING:
        _read_string(state, byte)
    elif state.where == _DIGITS:
        _read_digit(state, byte)
    else:
        _read_outside(state, byte)
    state.silent = i64(state.where != _STRING)  # for the byte that comes now
    for k in range(3):
        state.word[k] = state.shown_words[k]


@compiled
def _note(state: State, byte: int) -> None:
    state.since = hash_pair(state.since, u64(byte))
    state.since_size += 1


@compiled
def _forget(state: State) -> None:
    state.since = u64(0)
    state.since_size = 0


@compiled
def _read_string(state: State, byte: int) -> None:
    _note(state, byte)
    if state.escaped > 0:
        _read_escape(state, byte)
    elif byte == 92:  # a backslash
        state.escaped, state.code = 4, 0
    elif byte == 41 and state.nested == 0:  # )
        _end_string(state)
    else:
        state.nested = min(state.nested + i64(byte == 40) - i64(byte == 41), _DEEPEST)
        _end_code(state, byte, byte)


@compiled
def _read_escape(state: State, byte: int) -> None:
    """Take in a byte after a backslash: three digits, or one byte that is no digit."""
    if state.escaped == 4 and not is_digit(byte):
        state.escaped = 0
        _end_code(state, byte, byte)
        return
    state.escaped = min(state.escaped, 3) - 1
    state.code = (8 * state.code + byte - 48) & 255
    if state.escaped == 0:
        _end_code(state, state.code, state.code)


@compiled
def _read_digit(state: State, byte: int) -> None:
    if byte == 60:  # the second one of a dictionary
        state.where = _OPERATORS
        state.first = byte
        _forget(state)
        _note(state, byte)
        return
    _note(state, byte)
    if byte == 62:  # >
        if state.code_digits == 2:
            state.code_width = 2
            _end_code(state, state.code, 97)
            _note(state, byte)
        _end_string(state)
        return
    state.code = (16 * state.code + (byte & 15) + 9 * (byte >> 6 & 1)) & 0xFFFF
    state.code_digits += 1
    if state.code_digits == 2 and state.code == 0:
        state.code_width = 4
    if state.code_digits >= max(state.code_width, 2):
        _end_code(state, state.code, 32 if state.code == 3 else 97)
        state.code = state.code_digits = 0


@compiled
def _end_string(state: State) -> None:
    state.where = _NUMBERS
    state.move, state.move_sign, state.move_ends = 0, 1, 0


@compiled
def _end_code(state: State, code: int, letter: int) -> None:
    """Take in a code. It is part of a word if it is like a letter."""
    codes = state.codes
    if state.where == _STRING:
        state.heard = _heard(code)
    codes[1] = codes[1] << u64(16) | codes[0] >> u64(48)
    codes[0] = codes[0] << u64(16) | u64(code)
    _forget(state)
    small = letter | 32
    if 97 <= small <= 122 or letter >= 128 or letter < 32:
        folded = code | 32 if 65 <= code <= 90 else code
        state.shown_words[0] = hash_pair(state.shown_words[0], u64(folded))
        state.shown_size += 1
    else:
        _end_word(state)


@compiled
def _heard(code: int) -> int:
    """Return what the network is to hear: a byte, or the two or three that a ligature is of."""
    which: int = code - 11 if 11 <= code <= 15 else code - 27 if 27 <= code <= 31 else -1
    heard: int = u64(_LIGATURES[which]) if which >= 0 else u64(256 | code)
    return heard


@compiled
def _end_word(state: State) -> None:
    words = state.shown_words
    if words[0] != u64(0):
        words[2] = words[1]
        words[1] = words[0]
        words[0] = u64(0)
    state.shown_size = 0


@compiled
def _read_outside(state: State, byte: int) -> None:
    if byte == 40 or byte == 60:  # ( or <
        _begin_string(state, byte)
    elif byte == 93 or (state.where == _NUMBERS and byte > 57):  # ], or an operator behind a string
        state.where = _OPERATORS
        state.first = byte
        _forget(state)
        moves.begin(state, _slot(state), state.operand)
    elif state.where == _NUMBERS:
        _read_move(state, byte)
    else:
        _read_operator(state, byte)
        return
    _note(state, byte)


@compiled
def _begin_string(state: State, byte: int) -> None:
    """Begin a string: of the same word, or of another one."""
    if state.where == _OPERATORS:
        _end_token(state)
    is_space = state.where == _NUMBERS and state.move * state.move_sign < -_SPACE
    if is_space:
        state.spaces[1] = state.spaces[0]
        state.spaces[0] = u64(state.move)
    if is_space or (state.where == _OPERATORS and state.breaks):
        _end_word(state)
        state.heard = u64(256 | 32)
        state.breaks = 0
    state.where = _STRING if byte == 40 else _DIGITS
    state.nested = state.escaped = state.code = state.code_digits = 0


@compiled
def _read_move(state: State, byte: int) -> None:
    if byte == 45:
        state.move_sign = -1
    elif byte == 46:
        state.move_ends = 1
    elif is_digit(byte) and not state.move_ends:
        state.move = min(10 * state.move + byte - 48, _MOST)


@compiled
def _read_operator(state: State, byte: int) -> None:
    is_gap = byte == 32 or byte == 10 or byte == 13
    if is_gap or byte == 91 or byte == 47:  # [ or /
        _end_token(state)
    if is_gap:
        moves.begin(state, _slot(state), state.operand)
        return
    if state.since_size == 0:
        state.first = byte
    moves.read(state, byte)
    _note(state, byte)


@compiled
def _end_token(state: State) -> None:
    if state.since_size == 0:
        return
    last = i64(state.history >> u64(8) & u64(0xFF))
    slot = _slot(state)
    state.operands[1, slot] = state.operands[0, slot]
    state.operands[0, slot] = state.since
    if state.first == 47:  # /
        state.font = state.since
    elif is_digit(last) or last == 46:
        moves.end(state, slot, state.operand)
        state.listed = hash_pair(state.listed, state.since)
        state.operand += 1
    else:
        if moves.operate(state, state.first, last, state.operand):
            state.breaks = 1
        state.operators[2] = state.operators[1]
        state.operators[1] = state.operators[0]
        state.operators[0] = state.since
        state.operand = 0
        state.listed = u64(0)
    _forget(state)


@compiled
def _place(state: State) -> int:
    """Return a hash of where a token stands."""
    place: int = hash_pair(state.operators[0], u64(min(state.operand, 15)))
    return place


@compiled
def _slot(state: State) -> int:
    slot: int = slot_of(_place(state))
    return slot


@compiled
def _follow(state: State, data: NDArray[np.uint8], last: int) -> None:
    """Take the pointer along, or look for another one after a code."""
    if state.shown_pointer > 0 and not state.shown_lost:
        if i64(data[state.shown_pointer]) == last:
            state.shown_agreed = min(state.shown_agreed + 1, 31)
            state.shown_pointer += 1
        else:
            state.shown_agreed >>= 1
            state.shown_lost = 1
    elif state.shown_lost and (last == 40 or last == 60) and state.where >= _STRING:
        _find_again(state, data, last)
    if state.where < _STRING or state.since_size > 0:
        return
    place = i64(hash_pair(state.codes[0], state.codes[1] & u64(0xFFFF)) >> u64(48))  # of five
    if state.shown_pointer == 0 or state.shown_lost:
        state.shown_pointer = i64(state.shown_places[place])
        state.shown_agreed = state.shown_lost = 0
    state.shown_places[place] = i32(state.position)


@compiled
def _find_again(state: State, data: NDArray[np.uint8], last: int) -> None:
    """Go to the next string where the pointer is."""
    for k in range(state.shown_pointer, min(state.shown_pointer + _LOOK, state.position)):
        if i64(data[k]) == last:
            state.shown_pointer = k + 1 if k + 1 < state.position else 0
            state.shown_lost = 0
            return
    state.shown_pointer = state.shown_lost = 0


@compiled
def _set_contexts(state: State, data: NDArray[np.uint8]) -> None:
    set_line_contexts(state, data)
    if state.position > 0:
        _follow(state, data, i64(state.history & u64(0xFF)))
    history, word, codes, hashes = state.history, state.shown_words, state.codes, state.hashes
    last, where = history & u64(0xFF), u64(state.where)
    expected = u64(NONE)
    if state.shown_pointer > 0 and not state.shown_lost:
        expected = u64(data[state.shown_pointer])
    place = where
    if state.where == _OPERATORS:
        place = _place(state)
    here = hash_pair(state.since, place)
    slot = slot_of(place)
    one, two = codes[0] & u64(0xFFFF), codes[0] & u64(0xFFFFFFFF)
    hashes[11] = hash_pair(here, one)
    hashes[14] = hash_pair(here, state.listed)
    hashes[17] = hash_pair(hash_pair(here, state.listed), state.operators[1])
    hashes[18] = hash_pair(hash_pair(hash_pair(here, word[0]), word[1]), word[2])
    hashes[19] = hash_pair(here, word[0])
    hashes[20] = hash_pair(hash_pair(here, word[0]), word[1])
    hashes[21] = hash_pair(here, two)
    hashes[22] = hash_pair(here, codes[0] & u64(0xFFFFFFFFFFFF))
    hashes[23] = hash_pair(here, codes[0])
    hashes[24] = hash_pair(hash_pair(here, codes[0]), codes[1] & u64(0xFFFFFFFF))
    hashes[25] = hash_pair(hash_pair(here, one), state.font)
    hashes[26] = hash_pair(here, state.spaces[0])
    hashes[27] = hash_pair(hash_pair(here, state.spaces[0]), state.spaces[1])
    hashes[28] = hash_pair(here, state.operators[1])
    hashes[29] = hash_pair(hash_pair(here, state.operators[1]), state.operators[2])
    hashes[30] = hash_pair(hash_pair(here, word[0]), word[2])
    hashes[31] = hash_pair(hash_pair(here, word[0]), state.font)
    hashes[32] = hash_pair(here, state.operands[0, slot])
    hashes[33] = hash_pair(hash_pair(here, state.operands[0, slot]), state.operands[1, slot])
    hashes[34] = hash_pair(hash_pair(here, one), state.spaces[0])
    hashes[35] = expected | last << u64(9) | u64(min(state.shown_agreed, 15)) << u64(18)
    hashes[36] = hash_pair(here, expected)
    hashes[37] = hash_pair(hash_pair(here, word[0]), two)
    hashes[38] = here
    case = min(state.shown_agreed, 31) | state.where << 5 | min(state.since_size, 7) << 7
    guess(state, 0, i64(expected), case)
    for k in range(moves.WAYS):
        is_one = state.where == _OPERATORS
        case = min(state.amount_bytes, 7) | moves.luck(state, k, state.operand) << 3
        case |= min(state.operand, 7) << 6
        guess(state, 1 + k, moves.expected(state, k) if is_one else NONE, case)
    state.phases[1] = state.where << 6 | min(state.since_size, 7) << 3
    state.phases[2] = i64(one & u64(0xFF))
    state.phases[3] = i64(expected & u64(0xFF))
    state.phases[4] = min(state.shown_size, 15) << 4 | min(state.shown_agreed, 3) << 2
    state.phases[4] |= state.where


_WINDOW = 1 << 12  # bytes that are looked at together
_LEAST = 3  # strings shown in one, of typeset text
_SHOWS, _ENDS = np.zeros((2, 256), dtype=bool)
_SHOWS[list(b"Jj")] = True
_ENDS[list(b")]>")] = True


def _find(data: NDArray[np.uint8]) -> list[Found]:
    """Return the stretches with strings that are shown, by TJ or Tj."""
    places = np.flatnonzero(data[2:-1] == 84) + 2  # T
    before = data[places - 1]
    before = np.where((before == 32) | (before == 10), data[places - 2], before)
    shown = places[_SHOWS[data[places + 1]] & _ENDS[before]]
    count = max(data.size // _WINDOW, 1)
    if shown.size < _LEAST:
        return []
    counts = np.bincount(np.minimum(shown // _WINDOW, count - 1), minlength=count)
    is_so = counts >= _LEAST
    is_so[1:-1] |= is_so[:-2] & is_so[2:]
    return [(start, end - start, ()) for start, end in stretches(is_so, _WINDOW, data.size)]


READING = Reading(
    name="typeset",
    contexts=39,
    phases=5,
    find=_find,
    fields=FIELDS,
    observe=_observe,
    set_contexts=_set_contexts,
    set_more=breadth.set_more_of_text,
    guesses=4,
    with_network=True,
    wide=True,
)
