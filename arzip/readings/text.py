"""Text: read by words, lines, fields and columns.

Where a match goes on, one context is the byte that it expects. That says more than the match itself
does: which byte comes when it is wrong.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, u64
from arzip.readings.past import expected, hash_pair
from arzip.readings.reading import Field, Reading, State

__all__ = ["READING"]

FIELDS: tuple[Field, ...] = (
    ("line_start", np.int64),
    ("line_before", np.int64),
    ("line_before_that", np.int64),
    ("field", np.int64),  # of the line
    ("line_first", np.int64),  # its first byte
)

_TEXT_BYTES = np.zeros(256, dtype=bool)
_TEXT_BYTES[[9, 10, 13, *range(32, 127), *range(128, 256)]] = True


def _find(data: NDArray[np.uint8]) -> int | None:
    """Return 0 for text: nearly all bytes are of characters, and not too many of them above 127."""
    counts = np.bincount(data, minlength=256)
    is_text = counts[_TEXT_BYTES].sum() > 0.98 * data.size and counts[128:].sum() < 0.6 * data.size
    return 0 if is_text else None


@compiled
def _observe(state: State, byte: int) -> None:
    """Keep where lines and fields start."""
    if state.position - state.line_start == 1:
        state.line_first = byte
    if byte == 10:
        state.line_before_that = state.line_before
        state.line_before = state.line_start
        state.line_start = state.position
        state.field = 0
        state.line_first = 0
    elif byte in (9, 32, 44, 58, 59, 124):  # tab and " ,:;|"
        state.field += 1


@compiled
def _set_contexts(state: State, data: NDArray[np.uint8]) -> None:
    history = state.history
    last = history & u64(0xFF)
    # In the line before: the byte above, with its neighbours; and the one above in the line before.
    column = state.position - state.line_start
    place = state.line_before + column
    above = u64(data[place]) if place < state.line_start else u64(0)
    right = u64(data[place + 1]) if place + 1 < state.line_start else u64(0)
    left = u64(data[place - 1]) if 0 < place <= state.line_start else u64(0)
    place = state.line_before_that + column
    twice_above = u64(data[place]) if place < state.line_before else u64(0)
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
    hashes[15] = expected(state) if state.match_length > 0 else history & u64(0xFFFF0000)
    hashes[16] = above | right << u64(8) | last << u64(16) | left << u64(24)
    hashes[17] = above | twice_above << u64(8) | u64(min(column, 255)) << u64(16)
    hashes[18] = state.shape ^ above << u64(56)


READING = Reading("text", "text", range(1), _find, FIELDS, _observe, _set_contexts)
