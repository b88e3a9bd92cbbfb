"""What the blocks around say of a JPEG picture's coefficient.

Two neighbours tell what to expect: where two blocks meet, the picture goes on. For each column of
frequencies the sum over the rows is what is at the edge (likewise for each row):

    sum_v a_v C(u, v) = sum_v (-1)^v a_v A(u, v)        a_0 = 1 / sqrt(2), else 1 + v / 16

C the block, A the one above, both multiplied by their steps. What of C is not known yet is taken to
be 0, and the coefficient to come to make up for the rest.

Sources: Lakhani 2004, "Improving DC coding models of JPEG arithmetic coder"; Horn et al. 2017,
"Lepton".
"""

import numpy as np

from arzip.engine.compiled import compiled, i64
from arzip.readings import scan
from arzip.readings.reading import State

__all__ = [
    "COLUMN",
    "ROW",
    "cut",
    "edges",
    "inside",
    "scaled",
    "signed",
    "size",
    "told",
    "told_before",
]

_ROOT = 16 * (16 + np.arange(8))
_ROOT[0] = 181
"""a_v of above, times 256."""

_PLACE = np.zeros((8, 8), dtype=np.int64)
_PLACE[scan.ZIGZAG[:, 0], scan.ZIGZAG[:, 1]] = np.arange(64)

ROW, COLUMN = (np.ascontiguousarray(scan.ZIGZAG[:, k]) for k in range(2))


@compiled
def signed(x: int) -> int:
    """Return the class of a number, 0 to 31: its sign, and about how large it is."""
    magnitude = abs(x)
    kind = magnitude
    if magnitude > 4:
        shift = 0
        while magnitude >> shift > 7:
            shift += 1
        kind = min(5 + 2 * shift + (magnitude >> shift > 5), 15)
    found: int = kind << 1 | i64(x < 0)
    return found


@compiled
def size(x: int) -> int:
    """Return the class of a number of at least 0, 0 to 15."""
    return signed(x) >> 1


@compiled
def cut(x: int, most: int) -> int:
    """Return a number from -most to most as one of at least 0."""
    return min(max(x, -most), most) + most


@compiled
def scaled(state: State, column: int) -> int:
    """Return a column of units as one of at most 256."""
    part: int = min(column * 256 // max(state.unit_columns, 256), 255)
    return part


@compiled
def _known(state: State, here: int, place: int, k: int) -> int:
    """Return what is known of a coefficient of this block when the one at place k is to come."""
    value = i64(state.coefficients[64 * here + place])
    if k <= place <= state.band_last:
        return _before(state, value, place) if state.is_refined else 0
    known: int = value
    return known


@compiled
def _before(state: State, value: int, place: int) -> int:
    """Return a coefficient without the bit that this scan adds."""
    low = state.low_bits + 1
    known: int = _shifted(value, place, low) << low
    return known


@compiled
def _edge(state: State, row: int, beside: int, place: int, is_left: bool, is_behind: bool) -> int:
    """Return what the coefficient at a place must be for a block beside to go on; 0 without one."""
    if beside == 0:
        return 0
    now = state.scan[row]
    here, k = now[scan.HERE], now[scan.K]
    steps = state.step_sizes[state.steps_of[state.component_of[now[scan.BLOCK]]]]
    along, across = (COLUMN[place], ROW[place]) if is_left else (ROW[place], COLUMN[place])
    total = i64(0)
    for n in range(8):
        at = _PLACE[across, n] if is_left else _PLACE[n, across]
        there = i64(state.coefficients[64 * beside + at])
        own = _known(state, here, at, k) if at != place else i64(0)
        if is_behind:
            if state.band_first <= at <= state.band_last:
                there = _before(state, there, at) if state.is_refined else i64(0)
            own = -own if n & 1 else own
        elif n & 1:
            there = -there
        total += steps[at] * _ROOT[n] * (there - own)
    if is_behind and along & 1:
        total = -total
    whole = max(steps[place], 1) * _ROOT[along] << state.low_bits
    edge: int = (2 * total + whole) // (2 * whole)
    return edge


@compiled
def edges(state: State, row: int, place: int) -> tuple[int, int, int]:
    """Return what is expected of a coefficient by the block above, by the one to the left, and by
    all around of which something is known; in a scan that adds bits the one below and the one to
    the right have a say in the first two as well. They are in units of what this scan tells.
    """
    now = state.scan[row]
    above, left, below, behind = now[scan.ABOVE], now[scan.LEFT], now[scan.BELOW], now[scan.BEHIND]
    down = _edge(state, row, above, place, False, False)
    right = _edge(state, row, left, place, True, False)
    up = _edge(state, row, below, place, False, True)
    back = _edge(state, row, behind, place, True, True)
    known = i64(above > 0) + i64(left > 0) + i64(below > 0) + i64(behind > 0)
    mean = (down + right + up + back) // max(known, 1)
    if state.is_refined:
        down = (down + up) >> 1 if above and below else down + up
        right = (right + back) >> 1 if left and behind else right + back
    return down, right, mean


@compiled
def inside(state: State, here: int, place: int, k: int) -> tuple[int, int, int, int]:
    """Return coefficients of this block that lie before a place, as they are known when the one at
    place k is to come: the one of the row before, of the column before, the size of the one of
    both, and those of the next but one.
    """
    v, u = ROW[place], COLUMN[place]
    beyond = abs(_at(state, here, v - 2, u, k)) + abs(_at(state, here, v, u - 2, k))
    both = abs(_at(state, here, v - 1, u - 1, k))
    return _at(state, here, v - 1, u, k), _at(state, here, v, u - 1, k), both, beyond


@compiled
def _at(state: State, here: int, row: int, column: int, k: int) -> int:
    if row < 0 or column < 0:
        return 0
    place = _PLACE[row, column]
    value: int = _shifted(_known(state, here, place, k), place, state.low_bits)
    return value


@compiled
def told(state: State, block: int, k: int) -> int:
    """Return a coefficient in units of what this scan tells."""
    return _shifted(i64(state.coefficients[64 * block + k]), k, state.low_bits)


@compiled
def told_before(state: State, block: int, k: int) -> int:
    """Return the same without the bit that this scan adds."""
    return _shifted(i64(state.coefficients[64 * block + k]), k, state.low_bits + 1) << 1


@compiled
def _shifted(value: int, place: int, low: int) -> int:
    """Return a coefficient without its lowest bits; the first one rounded down, others to 0."""
    shifted: int = value >> low if value >= 0 or place == 0 else -(-value >> low)
    return shifted
