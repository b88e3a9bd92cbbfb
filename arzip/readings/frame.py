"""What the parts of a JPEG picture's header say: codes, steps, and how blocks follow one another.

Coefficients lie by component, each block where its place says. Of a picture whose scans each hold a
part of the coefficients (a progressive one) all are kept, else a ring of rows of blocks. The first
block is of zeros, for what lies outside of the picture.

Source: ITU-T T.81 (DCT, 8 bits, Huffman coding).
"""

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i16, i64, u8
from arzip.photographs import MOST_PARTS
from arzip.readings.reading import Field, State

__all__ = ["FIELDS", "MARKED", "SCAN", "place_of", "read_header", "read_part"]

MARKED = 0xFF
"""The first byte of a part; the second one is its kind, the next two how long it is."""

SCAN = 0xDA
_STEPS, _CODES, _PROGRESSIVE, _FRAMES = 0xDB, 0xC4, 0xC2, (0xC0, 0xC1, 0xC2)

_COMPONENTS, _MOST_BLOCKS = 4, 10
_RING = 4  # rows of blocks that are remembered
_BLOCKS = 1 << 17  # that there is room for

FIELDS: tuple[Field, ...] = (
    ("frame", np.int64),  # where it is; 0: none is known
    ("scan_number", np.int64),  # of the picture, from 1
    ("is_whole", np.int64),  # whether all coefficients are kept
    ("is_refined", np.int64),  # whether this scan adds a bit to what is known
    ("band_first", np.int64),  # place of the scan's first coefficient of a block,
    ("band_last", np.int64),  # and of its last one
    ("low_bits", np.int64),  # of a coefficient that this scan leaves out
    ("code_ends", np.int64, (8, 17)),  # of each Huffman code: the first that has more bits,
    ("code_bases", np.int64, (8, 17)),  # what to add to one of so many bits,
    ("code_symbols", np.uint8, (8, 256)),  # and its symbol
    ("step_sizes", np.int64, (4, 64)),  # that coefficients are multiplied by, in zigzag order
    ("component_of", np.int64, _MOST_BLOCKS),  # of the unit's blocks,
    ("block_x", np.int64, _MOST_BLOCKS),  # and where they are in it
    ("block_y", np.int64, _MOST_BLOCKS),
    ("unit_blocks", np.int64),
    ("unit_columns", np.int64),
    ("unit_rows", np.int64),
    ("unit_x", np.int64, _COMPONENTS),  # blocks of a unit
    ("unit_y", np.int64, _COMPONENTS),
    ("sampled_x", np.int64, _COMPONENTS),  # blocks of a unit of all components
    ("sampled_y", np.int64, _COMPONENTS),
    ("steps_of", np.int64, _COMPONENTS),  # which steps,
    ("first_code", np.int64, _COMPONENTS),  # and which codes
    ("other_code", np.int64, _COMPONENTS),
    ("row_blocks", np.int64, _COMPONENTS),
    ("plane_rows", np.int64, _COMPONENTS),
    ("plane", np.int64, _COMPONENTS),  # the first block
    ("coefficients", np.int16, _BLOCKS * 64),
    ("block_ends", np.uint8, _BLOCKS),  # behind the last coefficient that may not be 0
)


@compiled
def read_header(state: State, data: NDArray[np.uint8], at: int, end: int) -> bool:
    """Read the parts of a header; return whether the last one is of a scan that can be read."""
    state.frame = state.scan_number = state.unit_blocks = 0
    state.block_ends[0] = u8(0)
    for k in range(64):
        state.coefficients[k] = i16(0)
    at += 2
    for _ in range(MOST_PARTS):
        if at + 4 > end or data[at] != MARKED:
            return False
        behind = at + 2 + _two(data, at + 2)
        if behind < at + 4 or behind > end:
            return False
        if data[at + 1] in _FRAMES:
            state.frame = at
        elif read_part(state, data, at, behind):
            return behind == end
        at = behind
    return False


@compiled
def read_part(state: State, data: NDArray[np.uint8], at: int, end: int) -> bool:
    """Read a part; return whether it is the header of a scan that can be read."""
    kind = i64(data[at + 1])
    if kind == _STEPS:
        _read_steps(state, data, at + 4, end)
    elif kind == _CODES:
        _read_codes(state, data, at + 4, end)
    elif kind == SCAN and state.frame > 0:
        if state.scan_number == 0 and not _read_frame(state, data, state.frame):
            state.frame = 0
            return False
        state.scan_number += 1
        return _read_scan(state, data, state.frame, at + 4, end)
    return False


@compiled
def _two(data: NDArray[np.uint8], at: int) -> int:
    number: int = i64(data[at]) << 8 | i64(data[at + 1])
    return number


@compiled
def _read_steps(state: State, data: NDArray[np.uint8], at: int, end: int) -> None:
    while at < end:
        number, wide = i64(data[at]) & 3, i64(data[at]) >> 4
        at += 1
        size = 128 if wide else 64
        if at + size > end:
            return
        for k in range(64):
            step = _two(data, at + 2 * k) if wide else i64(data[at + k])
            state.step_sizes[number, k] = max(step, 1)
        at += size


@compiled
def _read_codes(state: State, data: NDArray[np.uint8], at: int, end: int) -> None:
    while at + 17 <= end:
        number = (i64(data[at]) >> 4 & 1) << 2 | i64(data[at]) & 3
        code, symbols = 0, at + 17
        used = 0
        for length in range(1, 17):
            count = i64(data[at + length])
            state.code_bases[number, length] = used - code
            code += count
            used += count
            state.code_ends[number, length] = code
            code <<= 1
        for k in range(min(used, 256)):
            state.code_symbols[number, k] = data[symbols + k] if symbols + k < end else u8(0)
        at = symbols + used


@compiled
def _read_frame(state: State, data: NDArray[np.uint8], at: int) -> bool:
    """Lay out the planes of a picture; return whether there is room for them."""
    end = at + 2 + _two(data, at + 2)
    if at + 10 > end:
        return False
    height, width, count = _two(data, at + 5), _two(data, at + 7), i64(data[at + 9])
    if data[at + 4] != 8 or not 1 <= count <= _COMPONENTS or width == 0 or height == 0:
        return False
    if at + 10 + 3 * count > end:
        return False
    state.is_whole = i64(data[at + 1] == _PROGRESSIVE)
    most_x = most_y = 1
    for c in range(count):
        x, y = i64(data[at + 11 + 3 * c]) >> 4, i64(data[at + 11 + 3 * c]) & 15
        if not (1 <= x <= 2 and 1 <= y <= 2):
            return False
        most_x, most_y = max(most_x, x), max(most_y, y)
        state.sampled_x[c], state.sampled_y[c] = x, y
        state.steps_of[c] = i64(data[at + 12 + 3 * c]) & 3
    columns = (width + 8 * most_x - 1) // (8 * most_x)
    rows = (height + 8 * most_y - 1) // (8 * most_y)
    plane = 1
    for c in range(count):
        state.row_blocks[c], state.plane[c] = columns * state.sampled_x[c], plane
        state.plane_rows[c] = rows * state.sampled_y[c]
        plane += state.row_blocks[c] * (state.plane_rows[c] if state.is_whole else _RING)
        if plane > _BLOCKS:
            return False
    if state.is_whole:
        for block in range(plane):
            state.block_ends[block] = u8(0)
        for k in range(64 * plane):
            state.coefficients[k] = i16(0)
    return True


@compiled
def _read_scan(state: State, data: NDArray[np.uint8], frame: int, at: int, end: int) -> bool:
    """Read which coefficients of which components a scan has; return whether these can be read."""
    height, width, count = _two(data, frame + 5), _two(data, frame + 7), i64(data[frame + 9])
    if at >= end or at + 4 + 2 * i64(data[at]) > end:
        return False
    scanned = i64(data[at])
    if scanned != count and scanned != 1:
        return False
    most_x = most_y = 1
    for c in range(count):
        most_x, most_y = max(most_x, state.sampled_x[c]), max(most_y, state.sampled_y[c])
    state.unit_columns = (width + 8 * most_x - 1) // (8 * most_x)
    state.unit_rows = (height + 8 * most_y - 1) // (8 * most_y)
    blocks = 0
    for k in range(scanned):
        c = 0
        while c < count and data[frame + 10 + 3 * c] != data[at + 1 + 2 * k]:
            c += 1
        if c == count:
            return False
        codes, x, y = i64(data[at + 2 + 2 * k]), state.sampled_x[c], state.sampled_y[c]
        state.first_code[c], state.other_code[c] = codes >> 4 & 3, 4 + (codes & 3)
        if scanned == 1:  # its blocks come in rows of their own
            state.unit_columns = ((width * x + most_x - 1) // most_x + 7) // 8
            state.unit_rows = ((height * y + most_y - 1) // most_y + 7) // 8
            x = y = 1
        state.unit_x[c], state.unit_y[c] = x, y
        for place in range(x * y):
            if blocks == _MOST_BLOCKS:
                return False
            state.component_of[blocks] = c
            state.block_x[blocks], state.block_y[blocks] = place % x, place // x
            blocks += 1
    state.unit_blocks = blocks
    at += 1 + 2 * scanned
    state.band_first, state.band_last = 0, 63
    state.is_refined = state.low_bits = 0
    if state.is_whole:
        state.band_first, state.band_last = i64(data[at]) & 63, i64(data[at + 1]) & 63
        state.is_refined, state.low_bits = i64(data[at + 2] > 15), i64(data[at + 2]) & 15
    if state.is_whole and state.band_first > 0:
        can_be = scanned == 1
    else:
        can_be = not state.is_whole or state.band_last == 0
    return bool(can_be)


@compiled
def place_of(state: State, c: int, x: int, y: int) -> int:
    """Return the number of a component's block; 0 if it is outside of the picture."""
    if x < 0 or y < 0 or x >= state.row_blocks[c] or y >= state.plane_rows[c]:
        return 0
    row = y if state.is_whole else y & (_RING - 1)
    number: int = state.plane[c] + row * state.row_blocks[c] + x
    return number
