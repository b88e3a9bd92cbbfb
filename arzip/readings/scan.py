"""The scans of a JPEG picture: which coefficient of which block a bit belongs to.

A scan is blocks of up to 64 coefficients, a band, in zigzag order. Each is a symbol of a Huffman
code and then the bits of a number: the symbol says how many zeros come first, and how many bits the
number has; or that the block ends, and in a progressive picture so many after it, which a number
says. A scan may also add a bit to what an earlier one told: of the coefficients that were 0, some
become 1 or -1, of which the symbols tell; in between, each other one has its next bit.

A byte FF is followed by 00, which stands for nothing, or by a marker where the decoder starts anew,
or by a part of a header, behind which another scan may follow.

What is known before each of a byte's bits is a row of state.scan, so that nothing is lost when a
byte's other bits are looked at: `start` and `begin_byte` set the first row, `take` the next one.
What these write into blocks is such that another outcome of the byte writes over it.

Source: ITU-T T.81 (DCT, 8 bits, Huffman coding).
"""

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i16, i64, u8, u64
from arzip.readings import frame
from arzip.readings.frame import MARKED, place_of
from arzip.readings.reading import Field, State

__all__ = [
    "ABOVE",
    "ABOVE_END",
    "BEHIND",
    "BELOW",
    "BESIDE",
    "BLOCK",
    "CODE_BIT",
    "CORNER",
    "COUNT",
    "ENERGY",
    "FAR",
    "FIELDS",
    "FIRST_VALUES",
    "HERE",
    "IN_SCAN",
    "LAST",
    "LEFT",
    "LEFT_END",
    "LINE",
    "MAIN",
    "MODE",
    "NEED",
    "OTHER",
    "OVER",
    "RUN_BIT",
    "SAID",
    "SIGN_BIT",
    "TARGET",
    "UNIT",
    "USUAL",
    "WAIT",
    "ZIGZAG",
    "K",
    "begin_byte",
    "came",
    "is_known",
    "start",
    "take",
]

_NUMBERS = 37
SAID = 32
"""How much is said of a coefficient, which is the same before each bit of its symbol or number."""

(
    MODE,  # IN_SCAN, or why a byte stands for no bits
    WAIT,  # what the bit to come is of
    CODE,  # the bits of the symbol so far,
    LENGTH,  # and how many
    NEED,  # bits of the number,
    GOT,  # how many came,
    VALUE,  # and these
    K,  # the place of the coefficient to come, 0 to 63
    UNIT,  # the column of units: the blocks of all components that cover the same part,
    LINE,  # and their row
    BLOCK,  # of the unit
    COUNT,  # of this block's coefficients that came and are not 0, without the first
    ENERGY,  # their sum
    LAST,  # the last two symbols of this block
    _RUN,  # blocks of which nothing more comes, from this one on
    _ZEROS,  # that are passed over before the next coefficient that becomes 1 or -1,
    TARGET,  # its place,
    _NEW,  # and which it becomes
    HERE,  # the block,
    _NOTED,  # and the one that those around are of: 0 if that is outside, or in a unit to come
    LEFT,
    ABOVE,
    CORNER,
    BESIDE,  # above, to the right
    OVER,  # twice above
    FAR,  # twice to the left
    OTHER,  # at the same place of the component before,
    MAIN,  # and of the first one, of which another one is between
    BEHIND,  # to the right, of which an earlier scan may have told
    BELOW,
    LEFT_END,  # behind the band's last coefficient that is not 0
    ABOVE_END,
    USUAL,  # how many of a band are not 0, there
) = range(33)
FIRST_VALUES = 33  # of the last first coefficient of each component

IN_SCAN, _STUFFED, _LOST, _PART = range(4)
CODE_BIT, NUMBER_BIT, RUN_BIT, SIGN_BIT, _MORE_BIT = range(5)

_COMPONENTS = 4
_ALL = 64  # zeros, more than there are

FIELDS: tuple[Field, ...] = (
    *frame.FIELDS,
    ("scan", np.int64, (8, _NUMBERS)),  # what is known before each bit of a byte
    ("said", np.int64, (8, SAID)),  # of the coefficient then
    ("part", np.int64),  # where the header's part begins
    ("mode_before", np.int64),  # of the byte FF
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
    state.scan[0, MODE] = _LOST
    if frame.read_header(state, data, max(header, 0), state.position):
        _begin_scan(state)


@compiled
def begin_byte(state: State, data: NDArray[np.uint8]) -> None:
    """Take the last bit of the byte before, and what that byte means."""
    byte = i64(state.history & u64(0xFF))
    scan = state.scan[0]
    mode = state.scan[7, MODE]
    take(state, 7, 0, byte & 1)
    if mode == _STUFFED:
        _behind_mark(state, byte)
    elif mode == _PART:
        _take_part(state, data)
    elif byte == MARKED:
        state.mode_before = scan[MODE]
        scan[MODE] = _STUFFED


@compiled
def _behind_mark(state: State, byte: int) -> None:
    """Go on with the scan, or in its next interval, or with a header."""
    scan = state.scan[0]
    if byte == 0:
        scan[MODE] = state.mode_before
    elif 0xD0 <= byte <= 0xD7:
        scan[MODE] = _LOST
        if state.unit_blocks > 0 and scan[LINE] < state.unit_rows:
            scan[MODE] = IN_SCAN
            _begin_interval(state)
    elif byte != MARKED:
        scan[MODE] = _PART
        state.part = state.position - 2


@compiled
def _take_part(state: State, data: NDArray[np.uint8]) -> None:
    """Read a part of the header once it is complete; behind it may be another one, or a scan."""
    here, part = state.position, state.part
    if here == part + 1 and data[part] != MARKED:
        state.scan[0, MODE] = _LOST
    if here < part + 4:
        return
    size = i64(data[part + 2]) << 8 | i64(data[part + 3])
    if here >= part + 2 + size:
        if data[part + 1] == frame.SCAN:
            state.scan[0, MODE] = _LOST
        if frame.read_part(state, data, part, here):
            _begin_scan(state)
        state.part = here


@compiled
def _begin_scan(state: State) -> None:
    scan = state.scan[0]
    scan[MODE] = IN_SCAN
    scan[UNIT] = scan[LINE] = 0
    _begin_interval(state)


@compiled
def _begin_interval(state: State) -> None:
    """Begin behind a marker, which follows a whole unit and some bits that fill up a byte."""
    scan = state.scan[0]
    scan[BLOCK] = scan[_RUN] = 0
    for c in range(_COMPONENTS):
        scan[FIRST_VALUES + c] = 0
    _begin_block(state, 0)
    _look_around(state, 0)


@compiled
def _begin_block(state: State, row: int) -> None:
    """Begin with what scan[BLOCK] is."""
    scan = state.scan[row]
    scan[CODE] = scan[LENGTH] = scan[COUNT] = scan[ENERGY] = scan[LAST] = 0
    scan[VALUE] = scan[GOT] = 0
    scan[K] = state.band_first
    scan[WAIT] = _MORE_BIT if state.is_refined and state.band_first == 0 else CODE_BIT
    scan[HERE] = _block_at(state, row, 0, 0)
    if not state.is_whole:
        state.block_ends[scan[HERE]] = u8(0)


@compiled
def _look_around(state: State, row: int) -> None:
    """Note the blocks around, and of two of them how many coefficients are not 0."""
    scan = state.scan[row]
    block, c = scan[BLOCK], state.component_of[scan[BLOCK]]
    scan[_NOTED], scan[LEFT] = scan[HERE], _block_at(state, row, -1, 0)
    scan[ABOVE], scan[CORNER] = _block_at(state, row, 0, -1), _block_at(state, row, -1, -1)
    scan[BESIDE], scan[OVER] = _block_at(state, row, 1, -1), _block_at(state, row, 0, -2)
    if state.block_y[block] > 0 and state.block_x[block] + 1 == state.unit_x[c]:
        scan[BESIDE] = 0
    scan[FAR], scan[OTHER] = _block_at(state, row, -2, 0), _other_block(state, row, c - 1)
    scan[MAIN] = _other_block(state, row, 0) if c > 1 else 0
    if state.is_whole:
        scan[BEHIND], scan[BELOW] = _block_at(state, row, 1, 0), _block_at(state, row, 0, 1)
    end_left, count_left = _extent(state, scan[LEFT])
    end_above, count_above = _extent(state, scan[ABOVE])
    scan[LEFT_END], scan[ABOVE_END] = end_left, end_above
    scan[USUAL] = (count_left + count_above + 1) >> 1


@compiled
def _extent(state: State, block: int) -> tuple[int, int]:
    """Return where a block's band ends, without zeros, and how many of it are not 0."""
    end, count = max(state.band_first, 1), i64(0)
    for k in range(end, min(i64(state.block_ends[block]), state.band_last + 1)):
        if state.coefficients[64 * block + k] != 0:
            end = k + 1
            count += 1
    return end, count


@compiled
def _block_at(state: State, row: int, right: int, down: int) -> int:
    """Return the number of a block of this component, so far from this one."""
    scan = state.scan[row]
    block = scan[BLOCK]
    c = state.component_of[block]
    x = scan[UNIT] * state.unit_x[c] + state.block_x[block] + right
    y = scan[LINE] * state.unit_y[c] + state.block_y[block] + down
    return place_of(state, c, x, y)


@compiled
def _other_block(state: State, row: int, other: int) -> int:
    """Return the block of another component at this place; of a unit the first one."""
    scan = state.scan[row]
    c = state.component_of[scan[BLOCK]]
    if other < 0:
        return 0
    x = scan[UNIT] * state.sampled_x[other] * state.unit_x[c] // state.sampled_x[c]
    y = scan[LINE] * state.sampled_y[other] * state.unit_y[c] // state.sampled_y[c]
    return place_of(state, other, x, y)


@compiled
def take(state: State, row: int, to: int, bit: int) -> None:
    """Set one row of state.scan to what is known after `bit`, and before it was in another."""
    scan = state.scan[to]
    for k in range(_NUMBERS):
        scan[k] = state.scan[row, k]
    for k in range(SAID):
        state.said[to, k] = state.said[row, k]
    if scan[MODE] != IN_SCAN:
        return
    wait = scan[WAIT]
    if wait == CODE_BIT:
        _take_code(state, to, bit)
    elif wait == _MORE_BIT:
        _add_bit(state, to, bit)
    elif wait == SIGN_BIT:
        one = 1 << state.low_bits
        scan[_NEW] = one if bit else -one
        _pass_over(state, to)
    else:
        scan[VALUE] = scan[VALUE] << 1 | bit
        scan[GOT] += 1
        if scan[GOT] == scan[NEED]:
            _end_number(state, to)
    if scan[MODE] == IN_SCAN and scan[_NOTED] != scan[HERE]:
        _look_around(state, to)  # once, however many blocks have ended


@compiled
def came(state: State, row: int) -> tuple[int, int, int, int]:
    """Return how many bits came of a symbol or number, and these behind a 1; and in two parts, each
    behind a 1: up to a whole number of threes, and the rest.
    """
    scan = state.scan[row]
    is_code = scan[WAIT] == CODE_BIT
    bits = scan[CODE] if is_code else scan[VALUE]
    length = scan[LENGTH] if is_code else scan[GOT]
    within = length % 3
    near = 1 << within | (bits & ((1 << within) - 1))
    return length, 1 << length | bits, u64(bits >> within | 1 << (length - within)), near


@compiled
def _take_code(state: State, row: int, bit: int) -> None:
    scan = state.scan[row]
    c = state.component_of[scan[BLOCK]]
    code = state.first_code[c] if scan[K] == 0 else state.other_code[c]
    scan[CODE] = scan[CODE] << 1 | bit
    scan[LENGTH] += 1
    length = scan[LENGTH]
    if scan[CODE] < state.code_ends[code, length]:
        place = scan[CODE] + state.code_bases[code, length]
        _end_symbol(state, row, i64(state.code_symbols[code, place & 255]))
    elif length == 16:
        scan[MODE] = _LOST


@compiled
def _end_symbol(state: State, row: int, symbol: int) -> None:
    """Go on behind a symbol: with a number, behind zeros, or with the next block."""
    scan = state.scan[row]
    zeros, size = (0, symbol & 15) if scan[K] == 0 else (symbol >> 4, symbol & 15)
    scan[LAST] = (scan[LAST] << 8 | symbol) & 0xFFFF
    scan[CODE] = scan[LENGTH] = scan[VALUE] = scan[GOT] = 0
    scan[NEED], scan[WAIT] = size, NUMBER_BIT
    if size == 0 and scan[K] > 0:
        if zeros < 15:
            scan[NEED], scan[WAIT] = zeros if state.is_whole else 0, RUN_BIT
            if scan[NEED] == 0:
                _end_blocks(state, row)
            return
        zeros += 1 - state.is_refined
    if state.is_refined:
        scan[_ZEROS], scan[_NEW], scan[WAIT] = zeros, 0, SIGN_BIT
        scan[TARGET] = _target(state, row)
        if size == 0:
            _pass_over(state, row)
        return
    if scan[K] + zeros + i64(size > 0) > state.band_last + 1:
        scan[MODE] = _LOST
        return
    _clear(state, row, scan[K] + zeros)
    if scan[K] > state.band_last:
        _end_block(state, row)
    elif size == 0:
        if scan[K] == 0:
            _end_number(state, row)
        else:
            scan[WAIT] = CODE_BIT


@compiled
def _clear(state: State, row: int, end: int) -> None:
    """Set coefficients from the one to come on to 0, and go on behind them."""
    scan = state.scan[row]
    first = 64 * scan[HERE]
    for k in range(scan[K], end):
        state.coefficients[first + k] = i16(0)
    scan[K] = end


@compiled
def _end_number(state: State, row: int) -> None:
    """Keep a coefficient; the first one of a block is told by how it differs from the last."""
    scan = state.scan[row]
    if scan[WAIT] == RUN_BIT:
        _end_blocks(state, row)
        return
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
    _keep(state, row, k, value << state.low_bits)
    scan[WAIT] = CODE_BIT
    scan[K] = k + 1
    if k == state.band_last:
        _end_block(state, row)


@compiled
def _keep(state: State, row: int, k: int, value: int) -> None:
    """Set a coefficient of this block."""
    here = state.scan[row, HERE]
    state.coefficients[64 * here + k] = i16(min(max(value, -32768), 32767))
    state.block_ends[here] = max(state.block_ends[here], u8(k + 1))


@compiled
def _end_blocks(state: State, row: int) -> None:
    """End this block, and as many after it as a number says."""
    scan = state.scan[row]
    scan[_RUN] = (1 << scan[NEED]) + scan[VALUE]
    if state.is_refined:
        _pass_over(state, row)
        return
    while scan[MODE] == IN_SCAN and scan[_RUN] > 0:
        # Behind the last one that may not be 0 all are.
        end = i64(state.block_ends[scan[HERE]]) if state.is_whole else 64
        _clear(state, row, min(end, state.band_last + 1))
        _end_block(state, row)


@compiled
def _end_block(state: State, row: int) -> None:
    scan = state.scan[row]
    scan[_RUN] = max(scan[_RUN] - 1, 0)
    scan[BLOCK] += 1
    if scan[BLOCK] == state.unit_blocks:
        scan[BLOCK] = 0
        scan[UNIT] += 1
        if scan[UNIT] == state.unit_columns:
            scan[UNIT] = 0
            scan[LINE] += 1
            if scan[LINE] == state.unit_rows:
                scan[MODE] = _LOST
                return
    _begin_block(state, row)


@compiled
def is_known(state: State, value: int) -> bool:
    """Return whether a coefficient was not 0 before this scan, which adds a bit to it."""
    known: bool = abs(value) >> (state.low_bits + 1) > 0
    return known


@compiled
def _target(state: State, row: int) -> int:
    """Return the place of the coefficient that becomes 1 or -1."""
    scan = state.scan[row]
    zeros, k = scan[_ZEROS], scan[K]
    while k < state.band_last:
        if not is_known(state, i64(state.coefficients[64 * scan[HERE] + k])):
            if zeros == 0:
                break
            zeros -= 1
        k += 1
    target: int = k
    return target


@compiled
def _add_bit(state: State, row: int, bit: int) -> None:
    """Add a bit to a coefficient: to its size, but of the first one to the number below 0."""
    scan = state.scan[row]
    low, k = state.low_bits, scan[K]
    value = i64(state.coefficients[64 * scan[HERE] + k])
    if k == 0:
        _keep(state, row, 0, (value >> (low + 1) << 1 | bit) << low)
        _end_block(state, row)
        return
    size = (abs(value) >> (low + 1) << 1 | bit) << low
    _keep(state, row, k, size if value > 0 else -size)
    scan[K] = k + 1
    _pass_over(state, row)


@compiled
def _pass_over(state: State, row: int) -> None:
    """Go on to the next bit: of a coefficient that has one more, or of a symbol."""
    scan = state.scan[row]
    while not _stops(state, row):
        _end_block(state, row)
        if scan[MODE] != IN_SCAN or scan[_RUN] == 0:
            return


@compiled
def _stops(state: State, row: int) -> bool:
    """Go on in this block, setting what stays 0; return whether there is a bit of it to come."""
    scan = state.scan[row]
    here, last = scan[HERE], state.band_last
    if scan[_RUN] > 0:  # behind the last one that may not be 0 all are
        last = min(last, i64(state.block_ends[here]) - 1)
    while scan[K] <= last:
        k = scan[K]
        if is_known(state, i64(state.coefficients[64 * here + k])):
            scan[WAIT] = _MORE_BIT
            return True
        scan[K] = k + 1
        if scan[_ZEROS] == 0 and scan[_RUN] == 0:
            if scan[_NEW] != 0:
                _keep(state, row, k, scan[_NEW])
                scan[COUNT] += 1
            else:
                state.coefficients[64 * here + k] = i16(0)
            scan[WAIT] = CODE_BIT
            return bool(k < state.band_last)
        state.coefficients[64 * here + k] = i16(0)
        scan[_ZEROS] -= 1
    return False
