"""What every reading knows of the bytes before: the last ones, their words, what followed them.

Nearly all readings share six contexts: the last 0 to 4 bytes (the lower orders), and what followed
the last byte the last two times (the indirect context).
"""

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64, u16, u64
from arzip.readings.reading import MOST_PHASES, Field, State

__all__ = [
    "FIELDS",
    "SHARED",
    "byte_at",
    "expected",
    "hash_pair",
    "observe",
    "ones",
    "set_shared_contexts",
]

FIELDS: tuple[Field, ...] = (
    ("position", np.int64),  # bytes seen
    ("learned", np.int64),  # bytes since the fitted weights were as they came
    ("history", np.uint64),  # the last 8 of them, the last one lowest
    ("heard", np.uint64),  # bytes for a network, the first one lowest, below a 1; 0: none
    ("silent", np.int64),  # 1 where its opinion does not count
    ("shape", np.uint64),  # the kinds of characters that these are
    ("phases", np.int64, MOST_PHASES),  # each chooses a mixer's row, 0 to 255
    ("calibrated", np.uint64, 2),  # what chooses the rows of the calibration maps
    ("word", np.uint64, 3),  # hashes of this word and the two before
    ("after_one", np.uint16, 256),  # the two bytes that last followed a byte
    ("after_two", np.uint16, 1 << 16),  # the same for two bytes
)

SHARED = 6
"""The first contexts are the same in all readings that do not set them anew."""


@compiled
def byte_at(data: NDArray[np.uint8], place: int) -> int:
    """Return a byte of the past, 0 before the first one."""
    byte: int = u64(data[place]) if place >= 0 else u64(0)
    return byte


@compiled
def hash_pair(a: int, b: int) -> int:
    """Return 64 well-mixed bits of two numbers."""
    x: int = (a + u64(0x632BE59BD9B4E019)) * u64(0x9E3779B97F4A7C15)
    x ^= (b + u64(0x7F4A7C15)) * u64(0xD6E8FEB86659FD93)
    x ^= x >> u64(29)
    x *= u64(0xBF58476D1CE4E5B9)
    return x


@compiled
def ones(x: int) -> int:
    """Return how many bits of a number, of at least 0, are 1."""
    count = 0
    while x != 0:
        x &= x - 1
        count += 1
    return count


@compiled
def observe(state: State, byte: int) -> None:
    """Take in the byte that was coded last, which is at data[state.position]."""
    state.position += 1
    state.learned += 1
    state.heard = u64(256 | byte)
    state.silent = 0
    _note_followers(state, byte)
    state.history = (state.history << u64(8)) | u64(byte)
    state.shape = (state.shape << u64(8)) | u64(_kind(byte))
    _read_word(state, byte)


@compiled
def set_shared_contexts(state: State) -> None:
    """Set the contexts that readings share."""
    history = state.history
    hashes = state.hashes
    hashes[0] = u64(0)
    hashes[1] = history & u64(0xFF)
    hashes[2] = history & u64(0xFFFF)
    hashes[3] = history & u64(0xFFFFFF)
    hashes[4] = history & u64(0xFFFFFFFF)
    followed = u64(state.after_one[history & u64(0xFF)])
    hashes[5] = followed | (history & u64(0xFF)) << u64(16)
    state.phases[0] = i64(history >> u64(8) & u64(0xFF))
    state.calibrated[0] = history & u64(0xFF)
    state.calibrated[1] = history & u64(0xFFFF)


@compiled
def expected(state: State) -> int:
    """Return the byte that the match expects, the last one, and a class of the match's length.

    The classes are up to 7, up to 11, and longer.
    """
    length = u64(min(state.match_length, 15) >> 2)
    last = state.history & u64(0xFF)
    context: int = u64(state.match_byte) | last << u64(8) | length << u64(40)
    return context


@compiled
def _note_followers(state: State, byte: int) -> None:
    """Note that `byte` followed the one or two bytes before it."""
    one = state.history & u64(0xFF)
    two = state.history & u64(0xFFFF)
    state.after_one[one] = u16((i64(state.after_one[one]) << 8) | byte)
    state.after_two[two] = u16((i64(state.after_two[two]) << 8) | byte)


@compiled
def _kind(byte: int) -> int:
    """Return one character for all letters, one for all capitals, one for digits, else `byte`."""
    if 97 <= byte <= 122 or byte >= 128:
        return 97
    if 65 <= byte <= 90:
        return 65
    return 48 if 48 <= byte <= 57 else byte


@compiled
def _read_word(state: State, byte: int) -> None:
    """Keep the hashes of words, in lower case.

    Bytes from 128 on are letters: of any language, in any encoding. Scripts without spaces have
    words of one character.
    """
    word = state.word
    if 97 <= byte <= 122 or byte >= 128:
        word[0] = hash_pair(word[0], u64(_small(state.history, byte)))
        if not _ends_ideograph(state.history):
            return
    elif 65 <= byte <= 90:
        word[0] = hash_pair(word[0], u64(byte + 32))
        return
    if word[0] != u64(0):
        word[2] = word[1]
        word[1] = word[0]
        word[0] = u64(0)


@compiled
def _ends_ideograph(history: int) -> bool:
    """Return whether the last three bytes are a character from U+3000 on, in UTF-8."""
    three = history & u64(0xFFFFFF)
    ends: bool = three & u64(0xF0C0C0) == u64(0xE08080) and three >= u64(0xE30000)
    return ends


@compiled
def _small(history: int, byte: int) -> int:
    """Return the byte of a small letter for that of a Greek or Cyrillic capital, in UTF-8.

    Both alphabets need two first bytes, of which the first one stands for both: capitals and some
    small letters follow the one, other small letters the other.
    """
    before = history >> u64(8) & u64(0xFF)
    if byte == 0xCF or byte == 0xD1:
        return byte - 1
    is_capital = before == u64(0xCE) and 0x91 <= byte <= 0xA9
    is_capital |= before == u64(0xD0) and 0x90 <= byte <= 0xAF
    return byte ^ 0x20 if is_capital else byte
