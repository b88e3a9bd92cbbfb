"""Photographs: the scans of a JPEG picture, bit by bit, by the blocks around (scan.py, around.py).

The number of this reading is how far before the span the picture's header begins. The span has all
scans of the picture, and what stands between them.

Source: Mahoney's paq8, whose model of JPEG predicts the bits of Huffman codes as well.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64, u64
from arzip.photographs import FARTHEST, scans
from arzip.readings import finer, scan
from arzip.readings.around import (
    COLUMN,
    ROW,
    cut,
    edges,
    inside,
    scaled,
    signed,
    size,
    told,
)
from arzip.readings.past import hash_pair
from arzip.readings.reading import Found, Reading, State

__all__ = ["READING"]

_CONTEXTS = 28
_PLACED = 8  # the first of these know the coefficient's place
_MEAN, _AROUND, _INNER, _ZEROS = range(_CONTEXTS, scan.SAID)  # what mixers also go by
_NEXT = 6  # places that are looked at


def _find(data: NDArray[np.uint8]) -> list[Found]:
    return [(start, end - start, (start - header,)) for start, end, header in scans(data)]


@compiled
def _set_contexts(state: State, data: NDArray[np.uint8]) -> None:
    """Take in the last byte; contexts wait for each bit."""
    if state.position == state.span_start:
        scan.start(state, data, state.position - state.numbers[0])
    else:
        scan.begin_byte(state, data)


@compiled
def _set_bit_contexts(state: State) -> None:
    bit = state.bit
    if bit > 0:
        scan.take(state, bit - 1, bit, state.partial & 1)
    if state.scan[bit, scan.MODE] != scan.IN_SCAN:
        _look_back(state, bit)
    elif state.is_refined:
        finer.set_contexts(state, bit)
    else:
        _go_on(state, bit)


@compiled
def _look_back(state: State, bit: int) -> None:
    """Set the contexts of a byte that stands for no bits, or of which nothing is known."""
    before = hash_pair(u64(state.partial), u64(state.scan[bit, scan.MODE]))
    for k in range(_CONTEXTS):
        last = state.history & ((u64(1) << u64(8 * min(k, 7))) - u64(1))
        state.hashes[k] = hash_pair(before, last)
    state.near = u64(1)
    state.phases[0] = 255
    state.phases[1] = i64(state.history & u64(0xFF))
    for k in range(2, 5):
        state.phases[k] = 0
    state.chosen[0] = state.chosen[1] = state.chosen[2] = 0
    state.calibrated[0], state.calibrated[1] = u64(0), u64(state.partial)


@compiled
def _zeros(state: State, block: int, k: int) -> int:
    """Return how many zeros a block has from place k on; 15 if there are more, or only these."""
    n = 0
    while n < 15 and k + n <= state.band_last and state.coefficients[64 * block + k + n] == 0:
        n += 1
    return n if k + n <= state.band_last else 15


@compiled
def _go_on(state: State, row: int) -> None:
    """Set the contexts of a bit of the scan: what came of the symbol, or number, and what is said
    of the coefficient, which is the same for all of its bits.
    """
    now, said = state.scan[row], state.said[row]
    length, bits, so_far, near = scan.came(state, row)
    if length == 0:
        _look_around(state, row)
    k, is_first = now[scan.K], state.component_of[now[scan.BLOCK]] == 0
    is_number, need = now[scan.WAIT] != scan.CODE_BIT, now[scan.NEED]
    if is_number:
        so_far = so_far << u64(5) | u64(need) | u64(now[scan.WAIT]) << u64(31)
    else:
        so_far |= u64(state.scan_number - 1) << u64(40)  # each has codes of its own
    mixed = hash_pair(so_far, u64(0))
    for i in range(_CONTEXTS):
        state.hashes[i] = u64(said[i]) ^ mixed
    phases, chosen = state.phases, state.chosen
    phases[0] = k | i64(not is_first) << 6 | i64(is_number) << 7
    phases[1] = min(length, 15) << 3 | near
    if is_number:
        phases[1] = 128 | min(need, 7) << 4 | min(length, 1) << 3 | near
    phases[2] = said[_AROUND] << 4 | said[_ZEROS]
    phases[3] = signed(said[_MEAN]) << 3 | min(length, 7)
    phases[4] = scaled(state, now[scan.UNIT])
    chosen[0] = min(need, 15) << 4 | bits & 15 if is_number else bits & 255
    chosen[0] |= min((ROW[k] + COLUMN[k]) // 3, 2) << 8
    chosen[1] = said[_INNER] << 4 | i64(not is_first) << 3 | near
    chosen[2] = min(length, 7)
    state.near = u64(near)
    state.calibrated[0] = u64(phases[1])
    state.calibrated[1] = u64(k | i64(so_far & u64(31)) << 6 | near << 11)


@compiled
def _look_around(state: State, row: int) -> None:
    """Say what is known of the coefficient to come, or of the number that it is.

    Few contexts know the coefficient's place: what its neighbours say holds for all places.
    """
    now, said = state.scan[row], state.said[row]
    k, here, left, above = now[scan.K], now[scan.HERE], now[scan.LEFT], now[scan.ABOVE]
    c = state.component_of[now[scan.BLOCK]]
    a, b = told(state, above, k), told(state, left, k)
    d, e = told(state, now[scan.CORNER], k), told(state, now[scan.BESIDE], k)
    aa, bb = told(state, now[scan.OVER], k), told(state, now[scan.FAR], k)
    down, right, mean = edges(state, row, k)
    if k == 0:  # of which the difference is told
        last = now[scan.FIRST_VALUES + c]
        a, b, d, e, aa, bb = a - last, b - last, d - last, e - last, aa - last, bb - last
        down, right, mean = down - last, right - last, mean - last
    around = size((13 * abs(a) + 13 * abs(b) + 6 * abs(d)) // 8)
    zeros_a, zeros_b = _zeros(state, above, k), _zeros(state, left, k)
    count, symbols, last_symbol = min(now[scan.COUNT], 15), now[scan.LAST], now[scan.LAST] & 255
    more = cut(now[scan.USUAL] - now[scan.COUNT], 10)
    up, before, both, beyond = inside(state, here, k, k)
    inner = size(2 * (abs(up) + abs(before)) + both + beyond)
    one = told(state, here, k - 1) if k > 1 else 0
    two = told(state, here, k - 2) if k > 2 else 0
    other, main = told(state, now[scan.OTHER], k), told(state, now[scan.MAIN], k)
    coming = i64(0)
    for n in range(k, min(k + _NEXT, state.band_last + 1)):
        coming += abs(told(state, above, n)) + abs(told(state, left, n))
    coming = size(coming)
    v, u = ROW[k], COLUMN[k]
    weighted = (down * (2 + u) + right * (2 + v)) // (4 + u + v) if above and left else mean
    column = now[scan.UNIT]
    said[0] = 0
    said[1] = around | inner << 4
    said[2] = signed(mean)
    said[3] = count | size(now[scan.ENERGY]) << 4
    said[4] = column >> 1
    said[5] = last_symbol
    said[6] = signed(other) | signed(main) << 5
    said[7] = signed(down) | signed(right) << 5
    said[8] = cut(down, 40)
    said[9] = cut(right, 40)
    said[10] = cut(mean, 20) | inner << 8
    said[11] = size(abs(a) + abs(b) + abs(aa) + abs(bb)) | zeros_a << 4
    said[12] = cut(now[scan.ABOVE_END] - k, 15) | cut(now[scan.LEFT_END] - k, 15) << 5
    said[13] = coming | more << 5
    said[14] = signed(up) | signed(before) << 5 | size(both) << 10
    said[15] = inner | count << 4
    said[16] = signed(one) | signed(two) << 5
    said[17] = signed(other) | around << 5
    said[18] = signed(other) | signed(mean) << 5
    said[19] = signed(mean)
    said[20] = signed(mean) | last_symbol << 5
    said[21] = cut(a, 3) | cut(b, 3) << 3 | cut(d, 3) << 6 | cut(e, 3) << 9
    said[22] = signed(up) | signed(before) << 5 | min(u + v, 7) << 10 | column >> 3 << 13
    said[23] = signed(other) | last_symbol << 5
    said[24] = signed(down) | signed(a) << 5 | u << 10
    said[25] = signed(right) | signed(b) << 5 | v << 10
    said[26] = signed(weighted)
    said[27] = symbols
    at, of = u64(1 << 8 | k | min(c, 2) << 6), u64(i64(k == 0) | min(c, 1) << 1)
    for i in range(_CONTEXTS):
        said[i] = i64(hash_pair(at if i < _PLACED else of, u64(said[i])))
    said[_MEAN], said[_AROUND], said[_INNER] = mean, around, inner
    said[_ZEROS] = min(zeros_a, zeros_b)


READING = Reading(
    name="jpeg",
    numbers=(range(1, FARTHEST),),
    usual=(623,),
    contexts=_CONTEXTS,
    phases=5,
    find=_find,
    fields=scan.FIELDS,
    set_contexts=_set_contexts,
    set_bit_contexts=_set_bit_contexts,
)
