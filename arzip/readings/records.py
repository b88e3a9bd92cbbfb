"""Records: read by the bytes above, by column, and by bytes further back.

Words are contexts too, since many records hold some. The numbers of this reading are the length of
a record in bytes; an anchor, after which a record begins where they are not all of one length; and
four distances at which bytes are contexts, together with the column. Anything that no other reading
suits is read so.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64, u64
from arzip.readings import alike, breadth, pursuit
from arzip.readings.past import byte_at, expected, hash_pair
from arzip.readings.reading import Field, Found, Reading, State
from arzip.readings.structure import DISTANCES, FARTHEST, NO_ANCHOR, structure_of

__all__ = ["LONGEST", "READING"]

FIELDS: tuple[Field, ...] = (
    ("record_start", np.int64),  # after the last anchor
    ("record_before", np.int64),  # after the one before
)

LONGEST = 2048
"""Bytes of a record, at most."""

_ALIKE = 24  # the first of the contexts of what is alike
_CONTEXTS, _LEAN = 36, 32
_WINDOW = 1 << 14  # bytes in which long records are looked for, at four places
_LARGE_WINDOW = 1 << 15  # the same if it is the only one
_BLOCK = 1 << 13  # bytes with a length of their own
_LEAST_BLOCKS = 6  # or there is less to be won by that than to be learned anew
_ITEM = 4  # such a length is that of a sample, pixel or number, and holds wherever it is noisy
_SHORT = 64  # all lengths up to here are tried in each block
_CLEAR = 0.05  # of the bytes that disagree must agree for a length to be taken instead
_USUAL = 8  # suits machine code and pointers


def _find(data: NDArray[np.uint8]) -> list[Found]:
    """Return all of the data in blocks, each with the length at which it repeats itself best."""
    windows = [data[:_LARGE_WINDOW]]
    if data.size > 4 * _LARGE_WINDOW:
        starts = np.linspace(0, data.size - _WINDOW, 4)
        windows = [data[int(start) : int(start) + _WINDOW] for start in starts]
    longest = min(LONGEST, min(window.size for window in windows) // 4)
    overall = _best(windows, range(1, longest + 1))
    structure = structure_of(data, overall)
    if data.size < _LEAST_BLOCKS * _BLOCK:
        return [(0, data.size, (overall, *structure))]
    ends = [*range(_BLOCK, data.size - _BLOCK + 1, _BLOCK), data.size]
    return [
        (start, end - start, (_local(data[start:end], overall), *structure))
        for start, end in pairwise([0, *ends])
    ]


def _best(windows: Sequence[NDArray[np.uint8]], lengths: range) -> int:
    """Return the length at which the windows agree best with what is one record earlier."""
    if len(lengths) < 2:
        return _USUAL
    agreement = np.array([_agreement(windows, length) for length in lengths], dtype=np.float64)
    # Multiples of the length agree about as well as the length itself.
    usual = _median(agreement)
    enough = usual + 0.9 * (agreement.max() - usual)
    length = lengths[int(np.flatnonzero(agreement >= enough)[0])]
    return length if length > 1 else _USUAL


def _local(block: NDArray[np.uint8], overall: int) -> int:
    """Return the length that is clearly best in a block, else that of all, else the usual."""
    lengths = range(2, _SHORT + 1)  # neighbours agree in anything that is smooth
    agreement = [_agreement([block], length) for length in lengths]
    usual, here = _median(np.array(agreement, dtype=np.float64)), _agreement([block], overall)

    def is_clear(more: float, less: float) -> bool:
        return more - less >= _CLEAR * (block.size - less)

    if is_clear(max(agreement), max(here, usual)):
        return _best([block], range(1, _SHORT + 1))
    return overall if overall <= _ITEM or is_clear(here, usual) else _USUAL


def _agreement(windows: Sequence[NDArray[np.uint8]], length: int) -> int:
    """Return how many bytes are as those one record earlier."""
    return sum(int(np.count_nonzero(w[length:] == w[:-length])) for w in windows)


def _median(values: NDArray[np.float64]) -> float:
    """Return the median. np.median takes longer to start than to find it."""
    ordered = np.sort(values)
    return float(ordered[(values.size - 1) // 2] + ordered[values.size // 2]) / 2


@compiled
def _anchor_mask(anchor: int) -> int:
    """Return which of the last bytes an anchor is compared with; none if there is no anchor."""
    mask: int = u64(0)
    if anchor >= 1 << 24:
        mask = u64(0xFFFFFF)
    elif anchor >= 1 << 16:
        mask = u64(0xFFFF)
    elif anchor >= 1 << 8:
        mask = u64(0xFF)
    return mask


@compiled
def _observe(state: State, byte: int) -> None:
    """Begin a record where the anchor ends."""
    alike.observe(state, byte)
    anchor = state.numbers[1]
    mask = _anchor_mask(anchor)
    if mask != u64(0) and (state.history ^ u64(anchor)) & mask == u64(0):
        state.record_before = state.record_start
        state.record_start = state.position


@compiled
def _set_contexts(state: State, data: NDArray[np.uint8]) -> None:
    history = state.history
    last = history & u64(0xFF)
    position, length = state.position, state.numbers[0]
    column = u64(position % length)
    phase, size = column, length
    if state.numbers[1] >= 1 << 8:
        phase = u64(min(position - state.record_start, 255))
        size = min(max(state.record_start - state.record_before, 1), LONGEST)
    aligned = byte_at(data, position - size)
    # In the record before: the byte above, its neighbours; and above in the record before.
    above = byte_at(data, position - length)
    twice_above = byte_at(data, position - 2 * length)
    right = byte_at(data, position - length + i64(length > 1))
    one = byte_at(data, position - state.numbers[2])
    two = byte_at(data, position - state.numbers[3])
    three = byte_at(data, position - state.numbers[4])
    four = byte_at(data, position - state.numbers[5])
    hashes = state.hashes
    hashes[6] = history & u64(0xFFFFFFFFFFFF)
    hashes[7] = above | twice_above << u64(8)
    hashes[8] = last | column << u64(8)
    hashes[9] = above | twice_above << u64(8) | right << u64(16) | last << u64(24)
    hashes[10] = u64(state.after_two[history & u64(0xFFFF)]) | (history & u64(0xFFFF)) << u64(16)
    hashes[11] = history & u64(0xFFFF00)
    hashes[12] = history & u64(0xFF00FF)
    hashes[13] = expected(state) if state.match_length > 0 else history & u64(0xFF0000)
    hashes[14] = hash_pair(state.word[0], last)
    hashes[15] = hash_pair(state.word[0], state.word[1])
    hashes[16] = (state.shape & u64(0xFFFFFFFF)) | last << u64(56)
    here = phase << u64(32)
    hashes[17] = one | here
    hashes[18] = three | here
    hashes[19] = four | here
    hashes[20] = one | last << u64(8) | here
    hashes[21] = two | last << u64(8) | here
    hashes[22] = aligned | last << u64(8) | here
    hashes[23] = aligned | here
    hashes[32] = two | here
    hashes[33] = history & u64(0xFFFF) | here
    hashes[34] = one | two << u64(8) | here
    hashes[35] = one | three << u64(8) | last << u64(16) | here
    alike.set_contexts(state, data, _ALIKE)
    pursuit.expect(state, data)
    state.phases[1] = i64(min(phase, u64(31))) << 3
    state.phases[2] = state.match_byte if state.match_length > 0 else i64(above)


READING = Reading(
    name="records",
    numbers=(range(1, LONGEST + 1), range(1 << 25), *[range(1, FARTHEST + 1)] * 4),
    usual=(_USUAL, NO_ANCHOR, *DISTANCES),
    contexts=_CONTEXTS,
    phases=3,
    find=_find,
    fields=FIELDS,
    observe=_observe,
    set_contexts=_set_contexts,
    histograms=alike.HISTOGRAMS,
    guesses=pursuit.GUESSES,
    lean=(_LEAN, 3),
    set_more=breadth.set_more_of_records,
    with_network=True,
)
