"""Pictures of one bit a pixel: read bit by bit, by the pixels around.

The number of this reading is the length of a row in bytes. Pixels are named by (row, column) from
the one to come, rows counted upwards: (0, -1) is the last one, (1, 0) the one above.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64, u64
from arzip.readings.cost import cost
from arzip.readings.past import ones
from arzip.readings.reading import Field, Found, Reading, State
from arzip.readings.windows import stretches

__all__ = ["READING"]

_ROWS = 8  # above that are seen

FIELDS: tuple[Field, ...] = (
    ("above", np.uint64, _ROWS + 1),  # three bytes of each row, around the one to come
    ("pixels", np.uint64, _ROWS + 1),  # the same, such that column 8 is the lowest bit
)

_LONGEST = 4096  # bytes of a row
_LONGEST_FOUND = 1024

_WINDOW = 1 << 14  # bytes that are looked at together
_WHITE = 0.4  # of the bytes are all white or all black
_SHORTEST = 16  # row that is looked for
_LEAST = 64  # bytes that are neither
_PARTS = (1, 2, 3, 4, 6)
_SAMPLE = 1 << 15
_WORTH = 0.9  # of the cost by bytes is what that by pixels must come to
_PAGE = 64  # bytes of a row from which on, with much white, pixels are worth more than they cost
_MUCH_WHITE = 0.7
_WORTH_OF_PAGE = 1.25


def _find(data: NDArray[np.uint8]) -> list[Found]:
    """Return the parts that have much white, and in which pixels say more than bytes do."""
    count = max(data.size // _WINDOW, 1)
    if data.size < 1 << 10:
        return []
    is_plain = (data == 0) | (data == 255)
    whole = count * _WINDOW
    counts = np.count_nonzero(is_plain[:whole].reshape(count, -1), axis=1)
    counts[-1] += np.count_nonzero(is_plain[whole:])
    sizes = np.full(count, _WINDOW)
    sizes[-1] += data.size - whole
    shares = counts / sizes
    found: list[Found] = []
    for start, end in stretches(shares >= _WHITE, _WINDOW, data.size):
        row = _row(data[start:end]) if end - start >= 2 * _WINDOW or count == 1 else 0
        if row:
            found.append((start, end - start, (row,)))
    return found


def _row(part: NDArray[np.uint8]) -> int:
    """Return the length of rows, 0 if this is no picture."""
    start = max(0, (part.size - 2 * _SAMPLE) // 2)
    sample = part[start : start + 2 * _SAMPLE]
    longest = min(_LONGEST_FOUND, sample.size // 8)
    changing = np.flatnonzero((sample != 0) & (sample != 255))
    changing = changing[changing >= longest]
    if changing.size < _LEAST:
        return 0
    changing = changing[:: max(1, changing.size >> 10)]
    here = sample[changing]
    possible = range(_SHORTEST, longest)
    same = [int(np.count_nonzero(here == sample[changing - row])) for row in possible]
    best = possible[same.index(max(same))]  # or a multiple of the length
    few = sample[:_SAMPLE].astype(np.int64)
    rows = [best // k for k in _PARTS if best % k == 0 and best // k >= _SHORTEST]
    costs = [_cost_by_pixels(few, row) for row in rows]
    if not rows:
        return 0
    row = rows[costs.index(min(costs))]
    by_bytes = cost(few[:-row] << 16 | few[row - 1 : -1] << 8, few[row:])
    is_page = row >= _PAGE and np.mean((sample == 0) | (sample == 255)) > _MUCH_WHITE
    return row if min(costs) < (_WORTH_OF_PAGE if is_page else _WORTH) * by_bytes else 0


def _cost_by_pixels(sample: NDArray[np.int64], row: int) -> int:
    """Return the cost of a sample's pixels by four that are next to each."""
    pixels = np.unpackbits(sample.astype(np.uint8)).astype(np.int64)
    width = 8 * row
    contexts = pixels[width - 1 : -1] | pixels[:-width] << 1 | pixels[1 : 1 - width] << 2
    contexts[1:] |= pixels[: -width - 1] << 3
    return cost(contexts << 8, pixels[width:])


@compiled
def _set_contexts(state: State, data: NDArray[np.uint8]) -> None:
    """Gather the bytes above; contexts wait for each bit."""
    for k in range(1, _ROWS + 1):
        place = state.position - k * state.numbers[0]
        pixels = u64(0)
        for side in range(-1, 2):
            at = place + side
            pixels = pixels << u64(8) | (u64(data[at]) if at >= 0 else u64(0))
        state.above[k] = pixels


@compiled
def _set_bit_contexts(state: State) -> None:
    bit = u64(state.bit)
    here = state.history << bit | (u64(state.partial) & ((u64(1) << bit) - u64(1)))
    pixels = state.pixels
    for k in range(1, _ROWS + 1):
        pixels[k] = state.above[k] >> (u64(7) - bit)
    hashes = state.hashes
    one, two, three, four = pixels[1], pixels[2], pixels[3], pixels[4]
    # What is above in the same column, eight rows; and the three beside.
    column = u64(0)
    for k in range(1, _ROWS + 1):
        column = column << u64(1) | (pixels[k] >> u64(8)) & u64(1)
    hashes[0] = _cut(one, -1, 1) << u64(1) | here & u64(1)
    hashes[1] = here & u64(7) | (column >> u64(5)) << u64(3)
    hashes[2] = column
    hashes[3] = here & u64(0xFF)
    twelve = here & u64(3) | _cut(one, -2, 2) << u64(2) | _cut(two, -2, 2) << u64(7)
    hashes[4] = twelve
    sixteen = here & u64(15) | _cut(one, -3, 3) << u64(4) | _cut(two, -2, 2) << u64(11)
    hashes[5] = sixteen
    rows = _cut(one, -3, 3) | _cut(two, -3, 3) << u64(7) | _cut(three, -3, 3) << u64(14)
    hashes[6] = here & u64(7) | rows << u64(3)
    rows = _cut(one, -6, 6) | _cut(two, -3, 3) << u64(13) | _cut(three, -2, 2) << u64(20)
    hashes[7] = here & u64(0x3F) | rows << u64(6)
    wide = _cut(one, -4, 4) | _cut(two, -4, 4) << u64(9)
    wide |= (_cut(three, -4, 4) | _cut(four, -4, 4) << u64(9)) << u64(18)
    hashes[8] = here & u64(15) | wide << u64(4)
    rows = _cut(one, -7, 0) | _cut(two, -1, 0) << u64(8) | _cut(three, -1, 0) << u64(10)
    hashes[9] = here & u64(0xFF) | rows << u64(8)
    columns = u64(0)
    for k in range(1, _ROWS + 1):
        columns = columns << u64(2) | _cut(pixels[k], -1, 0)
    hashes[10] = columns << u64(1) | here & u64(1)
    state.near = u64(4) | _cut(one, 0, 1) << u64(1) | here & u64(1)
    state.chosen[0] = i64(_cut(one, -4, 4)) | i64(here & u64(1)) << 9
    state.chosen[1] = i64(here & u64(0xFF))
    state.chosen[2] = i64(_cut(two, -1, 1))
    state.calibrated[0] = twelve >> u64(4) & u64(0xFF)
    state.calibrated[1] = sixteen
    state.phases[0] = i64(here & u64(7) | _cut(one, -2, 2) << u64(3))
    state.phases[1] = ones(i64(here & u64(15) | wide << u64(4)))
    state.phases[2] = i64(here & u64(7) | (column >> u64(4)) << u64(3))


@compiled
def _cut(row: int, first: int, last: int) -> int:
    """Return the pixels of a row from one column to another."""
    bits: int = row >> u64(8 - last) & ((u64(1) << u64(last - first + 1)) - u64(1))
    return bits


READING = Reading(
    name="bitmap",
    # In rows of one byte, what is above to the right would be yet to come.
    numbers=(range(2, _LONGEST + 1),),
    usual=(216,),
    contexts=11,
    phases=3,
    find=_find,
    fields=FIELDS,
    set_contexts=_set_contexts,
    set_bit_contexts=_set_bit_contexts,
)
