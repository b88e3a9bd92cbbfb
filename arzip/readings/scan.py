"""The scan of a JPEG picture: which coefficient of which block a bit belongs to.

A scan is blocks of 64 coefficients, in zigzag order, each a symbol of a Huffman code and then the
bits of a number. The symbol says how many zeros come first, and how many bits the number has. A
byte FF is followed by 00, which stands for nothing, or by a marker where the decoder starts anew.

What is known before each of a byte's bits is a row of state.scan, so that nothing is lost when a
byte's other bits are looked at: `start` and `begin_byte` set the first row, `take` the next one.
Coefficients lie by component, in a ring of rows of blocks, each where its place says; the
first block is of zeros, for what lies outside of the picture.

Source: ITU-T T.81 (sequential DCT, 8 bits, Huffman coding).
"""

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i16, i64, u8, u64
from arzip.photographs import MOST_PARTS
from arzip.readings.reading import Field, State

__all__ = [
    "BLOCK",
    "CODE",
    "COLUMN",
    "COUNT",
    "ENERGY",
    "FIELDS",
    "FIRST_VALUES",
    "GOT",
    "IN_SCAN",
    "LAST",
    "LENGTH",
    "MODE",
    "NEED",
    "SYMBOL",
    "VALUE",
    "ZIGZAG",
    "K",
    "begin_byte",
    "block_at",
    "other_block",
    "start",
    "take",
]

_NUMBERS = 22
(
    MODE,  # IN_SCAN, or that a byte stands for no bits, or that nothing is known any more
    CODE,  # the bits of the symbol so far,
    LENGTH,  # and how many
    SYMBOL,  # -1: it is yet to come
    NEED,  # bits of the number,
    GOT,  # how many came,
    VALUE,  # and these
    K,  # the place of the coefficient to come, 0 to 63
    BLOCK,  # of the unit: the blocks of all components that cover the same part
    COLUMN,  # of units,
    _LINE,  # and row of them
    COUNT,  # of this block's coefficients that are not 0, without the first
    ENERGY,  # their sum
    LAST,  # the last two symbols of this block
    _HIGHEST,  # the place of the last one that is not 0
) = range(15)
FIRST_VALUES = 16  # of the last first coefficient of each component

IN_SCAN, _STUFFED, _LOST = range(3)

_COMPONENTS, _MOST_BLOCKS = 4, 10
_RING = 4  # rows of blocks that are remembered
_BLOCKS = 1 << 14  # that there is room for

FIELDS: tuple[Field, ...] = (
    ("scan", np.int64, (8, _NUMBERS)),  # what is known before each bit of a byte
    ("code_ends", np.int64, (8, 17)),  # of each Huffman code: the first that has more bits,
    ("code_bases", np.int64, (8, 17)),  # what to add to one of so many bits,
    ("code_symbols", np.uint8, (8, 256)),  # and its symbol
    ("step_sizes", np.int64, (4, 64)),  # that coefficients are multiplied by, in zigzag order
    ("component_of", np.int64, _MOST_BLOCKS),  # of the unit's blocks,
    ("block_x", np.int64, _MOST_BLOCKS),  # and where they are in it
    ("block_y", np.int64, _MOST_BLOCKS),
    ("unit_blocks", np.int64),
    ("unit_columns", np.int64),
    ("sampled_x", np.int64, _COMPONENTS),  # blocks of a unit
    ("sampled_y", np.int64, _COMPONENTS),
    ("steps_of", np.int64, _COMPONENTS),  # which steps,
    ("first_code", np.int64, _COMPONENTS),  # and which codes
    ("other_code", np.int64, _COMPONENTS),
    ("row_blocks", np.int64, _COMPONENTS),
    ("plane", np.int64, _COMPONENTS),  # the first block
    ("coefficients", np.int16, _BLOCKS * 64),
    ("block_ends", np.uint8, _BLOCKS),  # behind the last coefficient that is not 0
    ("block_counts", np.uint8, _BLOCKS),  # how many are not
)


def _zigzag() -> NDArray[np.int64]:
    """Return the row and column of each place: (64, 2)."""
    places = [(row, column) for row in range(8) for column in range(8)]
    places.sort(key=lambda place: (sum(place), place[(sum(place) + 1) % 2]))
    return np.array(places)


ZIGZAG = _zigzag()


@compiled
def start(state: State, data: NDArray[np.uint8], header: int) -> None:
    """Begin at data[state.position], the first byte behind a header that begins at data[header]."""
    for k in range(_NUMBERS):
        state.scan[0, k] = 0
    state.scan[0, SYMBOL] = -1
    state.unit_blocks = 0
    end = state.position
    if not _read_header(state, data, max(header, 0), end):
        state.scan[0, MODE] = _LOST
    for k in range(64):
        state.coefficients[k] = i16(0)
    state.block_ends[0] = state.block_counts[0] = u8(0)


@compiled
def _two(data: NDArray[np.uint8], at: int) -> int:
    number: int = i64(data[at]) << 8 | i64(data[at + 1])
    return number


@compiled
def _read_header(state: State, data: NDArray[np.uint8], at: int, end: int) -> bool:
    """Read the parts of a header; return whether the last one is of a scan that can be read."""
    at += 2
    frame = 0
    for _ in range(MOST_PARTS):
        if at + 4 > end or data[at] != 0xFF:
            return False
        kind, size = i64(data[at + 1]), _two(data, at + 2)
        behind = at + 2 + size
        if size < 2 or behind > end:
            return False
        if kind == 0xDB:
            _read_steps(state, data, at + 4, behind)
        elif kind == 0xC4:
            _read_codes(state, data, at + 4, behind)
        elif kind == 0xC0 or kind == 0xC1:
            frame = at + 4
        elif kind == 0xDA:
            return frame > 0 and behind == end and _read_scan(state, data, frame, at + 4, end)
        at = behind
    return False


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
def _read_scan(state: State, data: NDArray[np.uint8], frame: int, at: int, end: int) -> bool:
    """Read what components a scan has, after its frame; return whether there is room for them."""
    if frame + 6 > end or at >= end:
        return False
    height, width, count = _two(data, frame + 1), _two(data, frame + 3), i64(data[frame + 5])
    scanned = i64(data[at])
    if data[frame] != 8 or not 1 <= count <= _COMPONENTS or width == 0 or height == 0:
        return False
    if frame + 6 + 3 * count > end or at + 1 + 2 * scanned > end:
        return False
    if scanned != count and scanned != 1:
        return False
    most_x = most_y = 1
    for c in range(count):
        sampled = i64(data[frame + 7 + 3 * c])
        if not (1 <= sampled >> 4 <= 2 and 1 <= sampled & 15 <= 2):
            return False
        most_x, most_y = max(most_x, sampled >> 4), max(most_y, sampled & 15)
    blocks, plane = 0, 1
    for k in range(scanned):
        c = 0
        while c < count and data[frame + 6 + 3 * c] != data[at + 1 + 2 * k]:
            c += 1
        if c == count:
            return False
        sampled, codes = i64(data[frame + 7 + 3 * c]), i64(data[at + 2 + 2 * k])
        x, y = sampled >> 4, sampled & 15
        columns = (width + 8 * most_x - 1) // (8 * most_x)
        if scanned == 1:  # its blocks come in rows of their own
            columns = ((width * x + most_x - 1) // most_x + 7) // 8
            x = y = 1
        state.sampled_x[k], state.sampled_y[k] = x, y
        state.steps_of[k] = i64(data[frame + 8 + 3 * c]) & 3
        state.first_code[k], state.other_code[k] = codes >> 4 & 3, 4 + (codes & 3)
        state.row_blocks[k], state.plane[k] = columns * x, plane
        plane += columns * x * _RING
        state.unit_columns = columns
        for place in range(x * y):
            if blocks == _MOST_BLOCKS:
                return False
            state.component_of[blocks] = k
            state.block_x[blocks], state.block_y[blocks] = place % x, place // x
            blocks += 1
    state.unit_blocks = blocks
    return plane <= _BLOCKS


@compiled
def _block_of(state: State, c: int, x: int, y: int) -> int:
    """Return the number of a component's block; 0 if it is outside of the picture."""
    if x < 0 or y < 0 or x >= state.row_blocks[c]:
        return 0
    number: int = state.plane[c] + (y & (_RING - 1)) * state.row_blocks[c] + x
    return number


@compiled
def block_at(state: State, row: int, right: int, down: int) -> int:
    """Return the number of a block so far from the one of state.scan[row].

    It is 0 if that is outside of the picture, or in a unit to come.
    """
    now = state.scan[row]
    block = now[BLOCK]
    c = state.component_of[block]
    if state.block_y[block] + down >= 0 and state.block_x[block] + right >= state.sampled_x[c]:
        return 0
    x = now[COLUMN] * state.sampled_x[c] + state.block_x[block] + right
    y = now[_LINE] * state.sampled_y[c] + state.block_y[block] + down
    return _block_of(state, c, x, y)


@compiled
def other_block(state: State, row: int) -> int:
    """Return the first block in this unit of the component before, which is not the first one."""
    now = state.scan[row]
    c = state.component_of[now[BLOCK]] - 1
    return _block_of(state, c, now[COLUMN] * state.sampled_x[c], now[_LINE] * state.sampled_y[c])


@compiled
def begin_byte(state: State) -> None:
    """Take the last bit of the byte before, and what that byte means."""
    byte = i64(state.history & u64(0xFF))
    scan = state.scan[0]
    mode = state.scan[7, MODE]
    take(state, 7, 0, byte & 1)
    if mode == IN_SCAN and byte == 0xFF and scan[MODE] == IN_SCAN:
        scan[MODE] = _STUFFED
    elif mode == _STUFFED:
        scan[MODE] = IN_SCAN if byte == 0 or 0xD0 <= byte <= 0xD7 else _LOST
        if byte != 0:
            _begin_anew(scan)


@compiled
def _begin_anew(scan: NDArray[np.int64]) -> None:
    """Begin behind a marker, which follows a whole unit and some bits that fill up a byte."""
    _begin_block(scan)
    scan[BLOCK] = 0
    for c in range(_COMPONENTS):
        scan[FIRST_VALUES + c] = 0


@compiled
def _begin_block(scan: NDArray[np.int64]) -> None:
    scan[CODE] = scan[LENGTH] = scan[K] = scan[COUNT] = scan[ENERGY] = scan[LAST] = 0
    scan[_HIGHEST] = 0
    scan[SYMBOL] = -1


@compiled
def take(state: State, row: int, to: int, bit: int) -> None:
    """Set one row of state.scan to what is known after `bit`, and before it was in another."""
    scan = state.scan[to]
    for k in range(_NUMBERS):
        scan[k] = state.scan[row, k]
    if scan[MODE] != IN_SCAN:
        return
    if scan[SYMBOL] >= 0:
        scan[VALUE] = scan[VALUE] << 1 | bit
        scan[GOT] += 1
        if scan[GOT] == scan[NEED]:
            _end_number(state, to)
        return
    c = state.component_of[scan[BLOCK]]
    code = state.first_code[c] if scan[K] == 0 else state.other_code[c]
    scan[CODE] = scan[CODE] << 1 | bit
    scan[LENGTH] += 1
    length = scan[LENGTH]
    if scan[CODE] < state.code_ends[code, length]:
        place = scan[CODE] + state.code_bases[code, length]
        _end_symbol(state, to, i64(state.code_symbols[code, place & 255]))
    elif length == 16:
        scan[MODE] = _LOST


@compiled
def _end_symbol(state: State, row: int, symbol: int) -> None:
    """Go on behind a symbol: with a number, behind zeros, or with the next block."""
    scan = state.scan[row]
    zeros, size = (0, symbol & 15) if scan[K] == 0 else (symbol >> 4, symbol & 15)
    scan[LAST] = (scan[LAST] << 8 | symbol) & 0xFFFF
    scan[CODE] = scan[LENGTH] = scan[VALUE] = scan[GOT] = 0
    if size == 0 and scan[K] > 0:
        zeros = 16 if zeros == 15 else 64 - scan[K]
    if scan[K] + zeros + i64(size > 0) > 64:
        scan[MODE] = _LOST
        return
    first = 64 * block_at(state, row, 0, 0)
    for k in range(scan[K], scan[K] + zeros):
        state.coefficients[first + k] = i16(0)
    scan[K] += zeros
    if size > 0:
        scan[SYMBOL], scan[NEED] = symbol, size
    elif scan[K] == 0:
        scan[NEED] = 0
        _end_number(state, row)
    elif scan[K] == 64:
        _end_block(state, row)


@compiled
def _end_number(state: State, row: int) -> None:
    """Keep a coefficient; the first one of a block is told by how it differs from the last."""
    scan = state.scan[row]
    value, need = scan[VALUE], scan[NEED]
    if need > 0 and value < 1 << (need - 1):
        value += 1 - (1 << need)
    k = scan[K]
    if k == 0:
        c = FIRST_VALUES + state.component_of[scan[BLOCK]]
        scan[c] = min(max(scan[c] + value, -32768), 32767)
        value = scan[c]
    else:
        scan[COUNT] += 1
        scan[ENERGY] += abs(value)
        scan[_HIGHEST] = k
    state.coefficients[64 * block_at(state, row, 0, 0) + k] = i16(value)
    scan[SYMBOL] = -1
    scan[K] = k + 1
    if k == 63:
        _end_block(state, row)


@compiled
def _end_block(state: State, row: int) -> None:
    scan = state.scan[row]
    block = block_at(state, row, 0, 0)
    state.block_ends[block] = u8(scan[_HIGHEST] + 1)
    state.block_counts[block] = u8(scan[COUNT])
    _begin_block(scan)
    scan[BLOCK] += 1
    if scan[BLOCK] == state.unit_blocks:
        scan[BLOCK] = 0
        scan[COLUMN] += 1
        if scan[COLUMN] == state.unit_columns:
            scan[COLUMN] = 0
            scan[_LINE] += 1
