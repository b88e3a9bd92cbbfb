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
from arzip.readings.around import cut, edges, inside, signed, size, told
from arzip.readings.past import hash_pair
from arzip.readings.reading import Found, Reading, State

__all__ = ["READING"]

_CONTEXTS = 28
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
        _look_around(state, bit)


@compiled
def _look_back(state: State, bit: int) -> None:
    """Set the contexts of a byte that stands for no bits, or of which nothing is known."""
    before = hash_pair(u64(state.partial), u64(state.scan[bit, scan.MODE]))
    for k in range(_CONTEXTS):
        last = state.history & ((u64(1) << u64(8 * min(k, 7))) - u64(1))
        state.hashes[k] = hash_pair(before, last)
    state.near = u64(0)
    state.phases[0] = 255
    state.phases[1] = i64(state.history & u64(0xFF))
    for k in range(2, 5):
        state.phases[k] = 0
    state.calibrated[0], state.calibrated[1] = u64(0), u64(state.partial)


@compiled
def _zeros(state: State, block: int, k: int) -> int:
    """Return how many zeros a block has from place k on; 15 if there are more, or only these."""
    n = 0
    while n < 15 and k + n <= state.band_last and state.coefficients[64 * block + k + n] == 0:
        n += 1
    return n if k + n <= state.band_last else 15


@compiled
def _look_around(state: State, row: int) -> None:
    """Set the contexts of a bit of the scan, by the blocks around.

    What a symbol or number is so far chooses the line, and up to three bits the slot in it. Few
    contexts know the coefficient's place: what its neighbours say holds for all places.
    """
    now = state.scan[row]
    k, here, left, above = now[scan.K], now[scan.HERE], now[scan.LEFT], now[scan.ABOVE]
    c = state.component_of[now[scan.BLOCK]]
    is_number = now[scan.WAIT] != scan.CODE_BIT
    length, so_far, near = scan.came(state, row)
    if is_number:
        so_far = so_far << u64(5) | u64(now[scan.NEED]) | u64(now[scan.WAIT]) << u64(31)
    else:
        so_far |= u64(state.scan_number - 1) << u64(40)  # each has codes of its own
    at = hash_pair(u64(k | min(c, 2) << 6), so_far)
    of = hash_pair(so_far, u64(i64(k == 0) | min(c, 1) << 1))
    a, b = told(state, above, k), told(state, left, k)
    d, e = told(state, now[scan.CORNER], k), told(state, now[scan.BESIDE], k)
    aa, bb = told(state, now[scan.OVER], k), told(state, now[scan.FAR], k)
    down, right, mean = edges(state, row, k)
    if k == 0:  # of which the difference is told
        last = now[scan.FIRST_VALUES + c]
        a, b, d, e, aa, bb = a - last, b - last, d - last, e - last, aa - last, bb - last
        down, right, mean = down - last, right - last, mean - last
    sizes = (13 * abs(a) + 13 * abs(b) + 6 * abs(d)) // 8
    zeros_a, zeros_b = _zeros(state, above, k), _zeros(state, left, k)
    end_a, end_b = now[scan.ABOVE_END] - k, now[scan.LEFT_END] - k
    count, symbols, usual = now[scan.COUNT], now[scan.LAST], now[scan.USUAL]
    more = cut(usual - count, 10)
    up, before, both, beyond = inside(state, here, k, k)
    inner = size(2 * (abs(up) + abs(before)) + both + beyond)
    one = told(state, here, k - 1) if k > 1 else 0
    two = told(state, here, k - 2) if k > 2 else 0
    other = told(state, now[scan.OTHER], k)
    coming = i64(0)
    for n in range(k, min(k + _NEXT, state.band_last + 1)):
        coming += abs(told(state, above, n)) + abs(told(state, left, n))
    coming, around = size(coming), size(sizes)
    hashes = state.hashes
    hashes[0] = at
    hashes[1] = hash_pair(at, u64(around | inner << 4))
    hashes[2] = hash_pair(at, u64(symbols))
    hashes[3] = hash_pair(so_far, u64(symbols | i64(is_number) << 32))
    hashes[4] = hash_pair(of, u64(cut(down, 40)))
    hashes[5] = hash_pair(of, u64(cut(right, 40)))
    hashes[6] = hash_pair(of, u64(cut(mean, 60)))
    hashes[7] = hash_pair(of, u64(cut(down, 20) | cut(right, 20) << 6))
    hashes[8] = hash_pair(of, u64(signed(down) | signed(right) << 5))
    hashes[9] = hash_pair(of, u64(cut(mean, 40) | min(count, 15) << 8))
    hashes[10] = hash_pair(of, u64(cut(mean, 20) | inner << 8))
    hashes[11] = hash_pair(of, u64(around | signed(mean) << 4))
    hashes[12] = hash_pair(of, u64(min(abs(a), 7) | min(abs(b), 7) << 3 | size(abs(d)) << 6))
    hashes[13] = hash_pair(of, u64(signed(a) | signed(b) << 5))
    hashes[14] = hash_pair(of, u64(signed(a) | signed(e) << 5 | size(abs(b)) << 10))
    hashes[15] = hash_pair(of, u64(size(abs(a) + abs(b) + abs(aa) + abs(bb)) | zeros_a << 4))
    hashes[16] = hash_pair(of, u64(min(sizes, 63) | inner << 6))
    hashes[17] = hash_pair(of, u64(cut(end_a, 15) | cut(end_b, 15) << 5))
    hashes[18] = hash_pair(of, u64(cut(usual - count, 20) | min(count, 20) << 6))
    hashes[19] = hash_pair(of, u64(zeros_a | zeros_b << 4 | more << 8))
    hashes[20] = hash_pair(of, u64(coming | more << 5))
    hashes[21] = hash_pair(of, u64(coming | around << 4 | inner << 8))
    hashes[22] = hash_pair(of, u64(size(now[scan.ENERGY]) | around << 4))
    hashes[23] = hash_pair(of, u64(signed(up) | signed(before) << 5 | size(both) << 10))
    hashes[24] = hash_pair(of, u64(inner | min(count, 15) << 4))
    hashes[25] = hash_pair(of, u64(signed(one) | signed(two) << 5))
    hashes[26] = hash_pair(of, u64(signed(other) | around << 5))
    hashes[27] = hash_pair(of, u64(signed(other) | signed(mean) << 5))
    phases = state.phases
    phases[0] = k | i64(c > 0) << 6 | i64(is_number) << 7
    phases[1] = min(length, 15) << 3 | near
    if is_number:
        phases[1] = 128 | min(now[scan.NEED], 7) << 4 | min(length, 1) << 3 | near
    phases[2] = around << 4 | min(zeros_a, zeros_b)
    phases[3] = signed(mean) << 3 | near
    phases[4] = min(usual, 15) << 4 | min(count, 15)
    state.near = u64(near)
    state.calibrated[0] = u64(phases[1])
    state.calibrated[1] = u64(k | i64(so_far & u64(31)) << 6 | near << 11)


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
