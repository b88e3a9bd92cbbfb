"""Text: read by words, lines, fields and columns.

Where a match goes on, one context is the byte that it expects. That says more than the match itself
does: which byte comes when it is wrong.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, u64
from arzip.histogram import histogram
from arzip.readings import breadth
from arzip.readings.past import expected, hash_pair
from arzip.readings.reading import Field, Found, Reading, State
from arzip.readings.windows import stretches

__all__ = ["READING", "observe_line", "set_line_contexts", "stretches_of_text"]

FIELDS: tuple[Field, ...] = (
    ("line_start", np.int64),
    ("line_before", np.int64),
    ("line_before_that", np.int64),
    ("field", np.int64),  # of the line
    ("line_first", np.int64),  # its first byte
)

_BYTES = np.zeros(256, dtype=bool)  # those that are of characters, or may be
_BYTES[[9, 10, 13, *range(32, 127), *range(128, 256)]] = True

_WINDOW = 1 << 10  # bytes that are looked at together
_AT_ONCE = 1 << 10  # windows

# Measured on programs, libraries and archives: what reading a window as text saves, in bytes, by
# the share of such bytes; and what a change of the reading costs.
_SHARES = np.array([0.85, 0.95, 0.98])
_GAINS = np.array([-14.0, -6.0, 1.0, 5.0])
_CHANGE = 30.0
_GAPS = 0.02  # of a window must be spaces or ends of lines, else it is sound or a picture
_FEW = 0.6  # of bytes may be above 127, whatever they are
_LETTERS_GAPS = 0.1  # where each is a letter
_SOME, _TORN = 0.3, 0.02  # where there are so many, fewer are not what UTF-8 has there


def stretches_of_text(data: NDArray[np.uint8]) -> list[Found]:
    """Return the stretches of text: where nearly all bytes are of characters."""
    windows = data[: data.size // _WINDOW * _WINDOW].reshape(-1, _WINDOW)
    shares = _shares(windows if windows.size else data[None])
    is_printable = histogram(data)[_BYTES].sum() > 0.98 * data.size
    if is_printable and _is_language(shares.mean(axis=1, keepdims=True), 0)[0]:
        return [(0, data.size, ())]
    if len(windows) < 2:
        return []
    printable, zeros, *_ = shares
    gains = _GAINS[np.searchsorted(_SHARES, printable, side="right")]
    gains[~_is_language(shares, _GAPS)] = _GAINS[0]  # what reading it as text saves, in bytes
    is_text = _best_path(gains * (1 - zeros))
    return [(start, end - start, ()) for start, end in stretches(is_text, _WINDOW, data.size)]


def _shares(windows: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return which shares of the bytes of each window (n, size) are so, (5, n).

    These are: of characters; 0; spaces or ends of lines; above 127; not as in UTF-8.
    """
    pieces = [windows[k : k + _AT_ONCE] for k in range(0, len(windows), _AT_ONCE)]
    return np.concatenate([_shares_of(piece) for piece in pieces], axis=1)


def _shares_of(windows: NDArray[np.uint8]) -> NDArray[np.float64]:
    before, byte = windows[:, :-1], windows[:, 1:]
    continues = byte >> 6 == 0b10  # a character, which its first byte, from 192 on, begins
    torn = (before >= 192) & ~continues | (before < 128) & continues
    gaps = (windows == 32) | (windows == 10)
    kinds = _BYTES[windows], windows == 0, gaps, windows >= 128, torn
    return np.stack([kind.sum(axis=1) / windows.shape[1] for kind in kinds])


def _is_language(shares: NDArray[np.float64], least_gaps: float) -> NDArray[np.bool_]:
    """Return where bytes above 127 are few, and gaps so many; or are letters with gaps, or UTF-8.

    Sound and pictures can have as many, but not so.
    """
    _, _, gaps, above, torn = shares
    few = (above <= _FEW) & (gaps >= least_gaps)
    language: NDArray[np.bool_] = few | (gaps > _LETTERS_GAPS) | (above > _SOME) & (torn < _TORN)
    return language


def _best_path(gains: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which windows to read as text, so that all gains less all changes are largest.

    This is Viterbi's algorithm, from the last window to the first.
    """
    as_text = as_other = 0.0
    leaves = []  # for each window: whether what is read as text, or not, is left after it
    for gain in gains[::-1].tolist():
        leaves.append((as_other - _CHANGE > as_text, as_text - _CHANGE > as_other))
        as_text, as_other = (
            gain + max(as_text, as_other - _CHANGE),
            max(as_other, as_text - _CHANGE),
        )
    is_text, path = as_text > as_other, []
    for text_ends, other_ends in reversed(leaves):
        path.append(is_text)
        is_text ^= text_ends if is_text else other_ends
    return np.array(path)


@compiled
def observe_line(state: State, byte: int) -> None:
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
def set_line_contexts(state: State, data: NDArray[np.uint8]) -> None:
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
    hashes[6] = history
    hashes[7] = hash_pair(word[0], last)
    hashes[8] = two_words + last
    hashes[9] = hash_pair(word[0], word[2]) + last
    hashes[10] = hash_pair(two_words, word[2])
    hashes[11] = above | u64(min(column, 255)) << u64(8) | last << u64(16)
    hashes[12] = hash_pair(word[0], u64(state.field)) + u64(state.line_first)
    hashes[13] = expected(state) if state.match_length > 0 else history & u64(0xFFFF0000)
    hashes[14] = above | right << u64(8) | last << u64(16) | left << u64(24)
    hashes[15] = state.shape ^ above << u64(56)
    hashes[16] = history & u64(0xFFFFFFFFFF)
    hashes[17] = above | twice_above << u64(8) | u64(min(column, 255)) << u64(16)
    hashes[18] = hash_pair(word[0], above | last << u64(8))


READING = Reading(
    name="text",
    contexts=19,
    phases=1,
    find=stretches_of_text,
    fields=FIELDS,
    observe=observe_line,
    set_contexts=set_line_contexts,
    set_more=breadth.set_more_of_text,
    with_network=True,
    lean=(16, 1),
)
