"""Photographs: the scan of a JPEG picture, bit by bit, by the blocks around (scan.py).

The number of this reading is how far before the span the picture's header begins. Of progressive
pictures nothing is known.

Two neighbours tell what to expect of a coefficient: where two blocks meet, the picture goes on. For
each column of frequencies the sum over the rows is what is at the edge (likewise for each row):

    sum_v a_v C(u, v) = sum_v (-1)^v a_v A(u, v)        a_0 = 1 / sqrt(2), else 1

C the block, A the one above, both multiplied by their steps. What of C is not known yet is taken to
be 0, and the coefficient to come to make up for the rest.

Sources: Lakhani 2004, "Improving DC coding models of JPEG arithmetic coder"; Mahoney's paq8, whose
model of JPEG predicts the bits of Huffman codes as well; Horn et al. 2017, "Lepton".
"""

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64, u64
from arzip.photographs import FARTHEST, scans
from arzip.readings import scan
from arzip.readings.past import hash_pair
from arzip.readings.reading import Field, Found, Reading, State

__all__ = ["READING"]

_CONTEXTS = 28
_NEXT = 6  # places that are looked at
_ROOT = np.full(8, 256, dtype=np.int64)
_ROOT[0] = 181
"""a_v of above, times 256."""

_PLACE = np.zeros((8, 8), dtype=np.int64)
_PLACE[scan.ZIGZAG[:, 0], scan.ZIGZAG[:, 1]] = np.arange(64)

_ROW, _COLUMN = (np.ascontiguousarray(scan.ZIGZAG[:, k]) for k in range(2))

FIELDS: tuple[Field, ...] = scan.FIELDS


def _find(data: NDArray[np.uint8]) -> list[Found]:
    return [(start, end - start, (start - header,)) for start, end, header in scans(data)]


@compiled
def _set_contexts(state: State, data: NDArray[np.uint8]) -> None:
    """Take in the last byte; contexts wait for each bit."""
    if state.position == state.span_start:
        scan.start(state, data, state.position - state.numbers[0])
    else:
        scan.begin_byte(state)


@compiled
def _set_bit_contexts(state: State) -> None:
    bit = state.bit
    if bit > 0:
        scan.take(state, bit - 1, bit, state.partial & 1)
    if state.scan[bit, scan.MODE] == scan.IN_SCAN:
        _look_around(state, bit)
    else:
        _look_back(state, bit)


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
def _signed(x: int) -> int:
    """Return the class of a number, 0 to 31: its sign, and about how large it is."""
    size = abs(x)
    kind = size
    if size > 4:
        shift = 0
        while size >> shift > 7:
            shift += 1
        kind = min(5 + 2 * shift + (size >> shift > 5), 15)
    signed: int = kind << 1 | i64(x < 0)
    return signed


@compiled
def _size(x: int) -> int:
    """Return the class of a number of at least 0, 0 to 15."""
    return _signed(x) >> 1


@compiled
def _cut(x: int, most: int) -> int:
    return min(max(x, -most), most) + most


@compiled
def _edge(
    coefficients: NDArray[np.int16],
    beside: int,
    here: int,
    k: int,
    steps: NDArray[np.int64],
    is_left: bool,
) -> int:
    """Return what the coefficient at place k must be for a block above, or to the left, to go on.

    Sums over the row of frequencies, or the column, are to be those of the other block.
    """
    along, across = (_COLUMN[k], _ROW[k]) if is_left else (_ROW[k], _COLUMN[k])
    total = i64(0)
    for n in range(8):
        place = _PLACE[across, n] if is_left else _PLACE[n, across]
        weight = steps[place] * _ROOT[n]
        part = weight * i64(coefficients[64 * beside + place])
        total += -part if n & 1 else part
        if place < k:
            total -= weight * i64(coefficients[64 * here + place])
    whole = max(steps[k], 1) * _ROOT[along]
    edge: int = (2 * total + whole) // (2 * whole)
    return edge


@compiled
def _zeros(state: State, block: int, k: int) -> int:
    """Return how many zeros a block has from place k on; 15 if there are more, or only these."""
    n = 0
    while n < 15 and k + n < 64 and state.coefficients[64 * block + k + n] == 0:
        n += 1
    return n if k + n < 64 else 15


@compiled
def _size_at(state: State, block: int, k: int) -> int:
    """Return the size of a coefficient."""
    size: int = abs(i64(state.coefficients[64 * block + k]))
    return size


@compiled
def _in_block(state: State, here: int, row: int, column: int) -> int:
    """Return a coefficient of this block that lies before the one to come; 0 outside."""
    if row < 0 or column < 0:
        return 0
    value: int = i64(state.coefficients[64 * here + _PLACE[row, column]])
    return value


@compiled
def _look_around(state: State, row: int) -> None:
    """Set the contexts of a bit of the scan, by the blocks around.

    What a symbol or number is so far chooses the line, and up to three bits the slot in it. Few
    contexts know the coefficient's place: what its neighbours say holds for all places.
    """
    now = state.scan[row]
    coefficients, k = state.coefficients, now[scan.K]
    c = state.component_of[now[scan.BLOCK]]
    is_number = now[scan.SYMBOL] >= 0
    code, length = now[scan.CODE], now[scan.LENGTH]
    if is_number:
        code, length = now[scan.VALUE], now[scan.GOT]
    within = length % 3
    near = 1 << within | (code & ((1 << within) - 1))
    so_far = u64(code >> within | 1 << (length - within))
    if is_number:
        so_far = so_far << u64(5) | u64(now[scan.NEED]) | u64(1 << 31)
    at = hash_pair(u64(k | min(c, 2) << 6), so_far)
    of = hash_pair(so_far, u64(i64(k == 0) | min(c, 1) << 1))
    here, left = scan.block_at(state, row, 0, 0), scan.block_at(state, row, -1, 0)
    above, corner = scan.block_at(state, row, 0, -1), scan.block_at(state, row, -1, -1)
    beside, over = scan.block_at(state, row, 1, -1), scan.block_at(state, row, 0, -2)
    far = scan.block_at(state, row, -2, 0)
    a, b = i64(coefficients[64 * above + k]), i64(coefficients[64 * left + k])
    d, e = i64(coefficients[64 * corner + k]), i64(coefficients[64 * beside + k])
    aa, bb = i64(coefficients[64 * over + k]), i64(coefficients[64 * far + k])
    steps = state.step_sizes[state.steps_of[c]]
    down = _edge(coefficients, above, here, k, steps, False) if above else 0
    right = _edge(coefficients, left, here, k, steps, True) if left else 0
    if k == 0:  # of which the difference is told
        last = now[scan.FIRST_VALUES + c]
        a, b, d, e, aa, bb = a - last, b - last, d - last, e - last, aa - last, bb - last
        down, right = down - last, right - last
    mean = (down + right) // 2 if above and left else down + right
    sizes = (13 * abs(a) + 13 * abs(b) + 6 * abs(d)) // 8
    zeros_a, zeros_b = _zeros(state, above, k), _zeros(state, left, k)
    end_a, end_b = i64(state.block_ends[above]) - k, i64(state.block_ends[left]) - k
    count, symbols = now[scan.COUNT], now[scan.LAST]
    usual = (i64(state.block_counts[above]) + i64(state.block_counts[left]) + 1) >> 1
    more = _cut(usual - count, 10)
    v, u = _ROW[k], _COLUMN[k]
    up, before = _in_block(state, here, v - 1, u), _in_block(state, here, v, u - 1)
    both = abs(_in_block(state, here, v - 1, u - 1))
    beyond = abs(_in_block(state, here, v - 2, u)) + abs(_in_block(state, here, v, u - 2))
    inner = _size(2 * (abs(up) + abs(before)) + both + beyond)
    one = i64(coefficients[64 * here + k - 1]) if k > 1 else 0
    two = i64(coefficients[64 * here + k - 2]) if k > 2 else 0
    other = i64(coefficients[64 * scan.other_block(state, row) + k]) if c > 0 else 0
    coming = 0
    for n in range(k, min(k + _NEXT, 64)):
        coming += _size_at(state, above, n) + _size_at(state, left, n)
    coming, around = _size(coming), _size(sizes)
    hashes = state.hashes
    hashes[0] = at
    hashes[1] = hash_pair(at, u64(around | inner << 4))
    hashes[2] = hash_pair(at, u64(symbols))
    hashes[3] = hash_pair(so_far, u64(symbols | i64(is_number) << 32))
    hashes[4] = hash_pair(of, u64(_cut(down, 40)))
    hashes[5] = hash_pair(of, u64(_cut(right, 40)))
    hashes[6] = hash_pair(of, u64(_cut(mean, 60)))
    hashes[7] = hash_pair(of, u64(_cut(down, 20) | _cut(right, 20) << 6))
    hashes[8] = hash_pair(of, u64(_signed(down) | _signed(right) << 5))
    hashes[9] = hash_pair(of, u64(_cut(mean, 40) | min(count, 15) << 8))
    hashes[10] = hash_pair(of, u64(_cut(mean, 20) | inner << 8))
    hashes[11] = hash_pair(of, u64(around | _signed(mean) << 4))
    hashes[12] = hash_pair(of, u64(min(abs(a), 7) | min(abs(b), 7) << 3 | _size(abs(d)) << 6))
    hashes[13] = hash_pair(of, u64(_signed(a) | _signed(b) << 5))
    hashes[14] = hash_pair(of, u64(_signed(a) | _signed(e) << 5 | _size(abs(b)) << 10))
    hashes[15] = hash_pair(of, u64(_size(abs(a) + abs(b) + abs(aa) + abs(bb)) | zeros_a << 4))
    hashes[16] = hash_pair(of, u64(min(sizes, 63) | inner << 6))
    hashes[17] = hash_pair(of, u64(_cut(end_a, 15) | _cut(end_b, 15) << 5))
    hashes[18] = hash_pair(of, u64(_cut(usual - count, 20) | min(count, 20) << 6))
    hashes[19] = hash_pair(of, u64(zeros_a | zeros_b << 4 | more << 8))
    hashes[20] = hash_pair(of, u64(coming | more << 5))
    hashes[21] = hash_pair(of, u64(coming | around << 4 | inner << 8))
    hashes[22] = hash_pair(of, u64(_size(now[scan.ENERGY]) | around << 4))
    hashes[23] = hash_pair(of, u64(_signed(up) | _signed(before) << 5 | _size(both) << 10))
    hashes[24] = hash_pair(of, u64(inner | min(count, 15) << 4))
    hashes[25] = hash_pair(of, u64(_signed(one) | _signed(two) << 5))
    hashes[26] = hash_pair(of, u64(_signed(other) | around << 5))
    hashes[27] = hash_pair(of, u64(_signed(other) | _signed(mean) << 5))
    phases = state.phases
    phases[0] = k | i64(c > 0) << 6 | i64(is_number) << 7
    phases[1] = min(length, 15) << 3 | near
    if is_number:
        phases[1] = 128 | min(now[scan.NEED], 7) << 4 | min(length, 1) << 3 | near
    phases[2] = around << 4 | min(zeros_a, zeros_b)
    phases[3] = _signed(mean) << 3 | near
    phases[4] = min(usual, 15) << 4 | min(count, 15)
    state.near = u64(near)
    state.calibrated[0] = u64(phases[1])
    state.calibrated[1] = u64(k | i64(so_far & u64(31)) << 6 | near << 11)


READING = Reading(
    "jpeg",
    (range(1, FARTHEST),),
    (623,),
    _CONTEXTS,
    5,
    _find,
    FIELDS,
    None,
    _set_contexts,
    _set_bit_contexts,
)
