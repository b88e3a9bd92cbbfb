"""Pictures of one to four bytes a pixel: read by the pixels around, as numbers and as colours.

The numbers of this reading are the bytes of a pixel, those of a row, and ten that say which of the
256 levels there are, 26 each, the lowest bit first; 0 if all are. If not, each byte is predicted as
its place among those that are: a picture whose contrast was enhanced has gaps between them. Of
three colours the second and third are then predicted less the one before, plus 128: what differs
between colours is mostly as in the pixels around.

Pixels are named by where they lie from the one to come: w is to the left, n above, ne above to the
right, ww two to the left. Behind a name, 1 is the colour before in the same pixel, 2 the one before
that. A colour is expected to be what its neighbours say in sixteen ways, each as wrong as it was
near here.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64, u16, u64
from arzip.histogram import histogram
from arzip.readings import leastsquares
from arzip.readings.reading import MOST_VALUES, Field, Numbers, Reading, State
from arzip.readings.values import UNIT, expect, median_of, note_residuals

__all__ = ["READING", "numbers_for"]

_VALUES = 16
_PARITY, _MAIN, _QUICK, _BLEND, _BEST = 5, 10, 11, 12, 13  # of these
_HISTOGRAMS = 4
_NEAR, _FEW = 24, 6  # inputs of the two least squares
_COLOURS = 4
_SEEN = 1 << 17  # bytes of the picture that are kept: four rows and more
_ERRORS = 1 << 15  # of the last bytes
_LONGEST = _ERRORS - 16  # row
_MOST = 255 * UNIT
_LEVELS = 10  # numbers that say which levels there are
_LEVEL_BITS = 26  # of each
_FEW_LEVELS = 0.8  # of those from the lowest to the highest; more are not worth saying
_LEAST = 1 << 14  # bytes of a picture for which they are
_KINDS = 512  # of neighbourhoods, by which the best value is put right

FIELDS: tuple[Field, ...] = (
    ("colour", np.int64),  # its place in the pixel
    ("less", np.int64),  # what was taken from it
    ("picture", np.uint8, _SEEN),  # as it was before that
    ("pixel_values", np.int64, MOST_VALUES),  # what is expected of it
    ("pixel_errors", np.uint16, (_ERRORS, MOST_VALUES)),  # how wrong that was, in 1/16
    ("pixel_turn", np.int64),
    ("pixel_parity", np.int64),  # of column and row: enlarged pictures go by it, and cameras do
    ("pixel_base", np.int64),  # what inputs and goal of least squares are taken from
    ("pixel_near", np.int32, _NEAR),
    ("pixel_products", np.int32, (_COLOURS, _NEAR + 1, _NEAR)),
    ("pixel_weights", np.int32, (_COLOURS, _NEAR)),
    ("parity_products", np.int32, (4 * _COLOURS, _NEAR + 1, _NEAR)),
    ("parity_weights", np.int32, (4 * _COLOURS, _NEAR)),
    ("pixel_few", np.int32, _FEW),
    ("pixel_few_products", np.int32, (_COLOURS, _FEW + 1, _FEW)),
    ("pixel_few_weights", np.int32, (_COLOURS, _FEW)),
    ("pixel_kind", np.int64),
    ("pixel_excess", np.int64, (_COLOURS, _KINDS)),  # sums of errors that were made
    ("pixel_count", np.int64, (_COLOURS, _KINDS)),
)


@compiled
def _at(picture: NDArray[np.uint8], place: int) -> int:
    byte: int = i64(picture[place & (_SEEN - 1)])
    return byte


@compiled
def _cut(value: int) -> int:
    return min(max(value, 0), 255)


@compiled
def _steps(x: int, most: int) -> int:
    """Return two steps for each doubling of x, up to `most`."""
    steps = 0
    while steps < most and x > (2 << (steps >> 1)) * (2 + (steps & 1)) >> 1:
        steps += 1
    return steps


@compiled
def _observe(state: State, byte: int) -> None:
    """Learn from what the colour turned out to be."""
    note_residuals(state, byte, _HISTOGRAMS)
    at, colour, values = state.position - 1, state.colour, state.pixel_values
    byte = (byte + state.less) & 255
    state.picture[at & (_SEEN - 1)] = byte
    for k in range(_VALUES):
        state.pixel_errors[at & (_ERRORS - 1), k] = u16(abs(byte * UNIT - values[k]))
    kind = state.pixel_kind
    excess, count = state.pixel_excess, state.pixel_count
    excess[colour, kind] += byte * UNIT - values[_BLEND] - (excess[colour, kind] >> 5)
    count[colour, kind] = min(count[colour, kind] + 1, 32)
    goal, turn = byte - state.pixel_base, state.pixel_turn
    which = colour << 2 | state.pixel_parity
    state.pixel_turn += 1
    leastsquares.learn_short(
        state.parity_products[which], state.parity_weights[which], state.pixel_near,
        goal, 8, 6, 4 * turn, 8,
    )  # fmt: skip
    leastsquares.learn_short(
        state.pixel_products[colour], state.pixel_weights[colour], state.pixel_near,
        goal, 9, 5, 4 * turn, 4,
    )  # fmt: skip
    leastsquares.learn_short(
        state.pixel_few_products[colour], state.pixel_few_weights[colour], state.pixel_few,
        goal, 6, 6, 4 * turn, 4,
    )  # fmt: skip


@compiled
def _set_contexts(state: State, data: NDArray[np.uint8]) -> None:
    at, pixel, row, picture = state.position, state.numbers[0], state.numbers[1], state.picture
    place = (at - state.span_start) % row
    colour = place % pixel
    state.colour = colour
    # How many colours come before this one that go with it: none of what fills up the row.
    before = colour if pixel > 2 and colour < 3 and place < row // pixel * pixel else 0
    above = at - row
    twice = above - row
    w, ww, www = (
        _at(picture, at - pixel),
        _at(picture, at - 2 * pixel),
        _at(picture, at - 3 * pixel),
    )
    n, nw, ne = _at(picture, above), _at(picture, above - pixel), _at(picture, above + pixel)
    nww, nee = _at(picture, above - 2 * pixel), _at(picture, above + 2 * pixel)
    nwww, neee = _at(picture, above - 3 * pixel), _at(picture, above + 3 * pixel)
    nn, nnw, nne = _at(picture, twice), _at(picture, twice - pixel), _at(picture, twice + pixel)
    nnww, nnee = _at(picture, twice - 2 * pixel), _at(picture, twice + 2 * pixel)
    nnn = _at(picture, twice - row)
    here1 = w1 = n1 = nw1 = ne1 = ww1 = nn1 = here2 = w2 = n2 = 0
    if before > 0:
        here1, w1, ww1 = (
            _at(picture, at - 1),
            _at(picture, at - 1 - pixel),
            _at(picture, at - 1 - 2 * pixel),
        )
        n1, nw1, ne1 = (
            _at(picture, above - 1),
            _at(picture, above - 1 - pixel),
            _at(picture, above - 1 + pixel),
        )
        nn1 = _at(picture, twice - 1)
    if before > 1:
        here2, w2, n2 = _at(picture, at - 2), _at(picture, at - 2 - pixel), _at(picture, above - 2)
    less = here1 - 128 if before > 0 else 0
    state.less = less

    base, base1, base2 = (w + n) >> 1, (w1 + n1) >> 1, (w2 + n2) >> 1
    state.pixel_base = base
    near, few = state.pixel_near, state.pixel_few
    near[0], near[1], near[2], near[3], near[4] = (
        w - base,
        n - base,
        nw - base,
        ne - base,
        ww - base,
    )
    near[5], near[6], near[7], near[8] = nn - base, nne - base, nww - base, nee - base
    near[9], near[10], near[11], near[12] = www - base, nnw - base, nnn - base, nnee - base
    near[13], near[14], near[15] = nnww - base, neee - base, nwww - base
    for k in range(16, _NEAR):
        near[k] = 0
    if before > 0:
        near[16], near[17], near[18] = here1 - base1, w1 - base1, nw1 - base1
        near[19], near[20], near[21] = ne1 - base1, ww1 - base1, nn1 - base1
    if before > 1:
        near[22], near[23] = here2 - base2, w2 - base2
    for k in range(4):
        few[k] = near[k]
    few[4], few[5] = (near[16], near[17]) if before > 0 else (near[4], near[5])

    values = state.pixel_values
    median = median_of(w, n, w + n - nw)
    mean = (2 * (w + n) + ne - nw) >> 2
    values[0], values[1], values[2] = w, n, _cut(w + n - nw)
    values[3], values[4], values[5] = median, _cut(n + ne - nne), 0
    values[6], values[7], values[8] = mean, _cut(2 * n - nn), _cut(2 * w - ww)
    values[9] = (w + nee) >> 1
    if before > 0:  # as this colour was to the one before
        values[0], values[1] = _cut(here1 + w - w1), _cut(here1 + n - n1)
        values[2] = _cut(here1 + w + n - nw - (w1 + n1 - nw1))
        values[7] = _cut(here1 + median - median_of(w1, n1, w1 + n1 - nw1))
        values[9] = _cut(here1 + mean - ((2 * (w1 + n1) + ne1 - nw1) >> 2))
    if before > 1:
        values[4], values[8] = _cut(here2 + n - n2), _cut(here2 + w - w2)
    for k in range(_MAIN):
        values[k] *= UNIT
    # The neighbourhood: which way it goes, and how steep it is.
    shape = i64(w > n) | i64(n > ne) << 1 | i64(w > nw) << 2 | i64(n > nn) << 3 | i64(w > ww) << 4
    slope = abs(w - nw) + abs(n - nw) + abs(n - ne)
    kind = _expect(state, place, before, shape, slope)
    main, best = values[_MAIN] >> 4, values[_BEST] >> 4
    main_byte, best_byte = (main - less) & 255, (best - less) & 255
    cases, of = state.residual_case, state.residual_of
    of[0], of[1] = best_byte, main_byte
    cases[0] = kind << 2 | colour
    cases[1] = 64 | kind << 2 | colour
    of[2] = 128 if before > 0 else w
    cases[2] = 128 + (here1 - here2 + 256 if before > 1 else min(max(n - nw, -64), 63) + 64)
    of[3] = 128 if before > 0 else n
    cases[3] = 640 + (
        min(max(w - w1, -64), 63) + 64 if before > 0 else min(max(w - nw, -64), 63) + 64
    )
    cases[3] += 128 * min(before, 2)

    hashes = state.hashes
    here = u64(colour) << u64(60)
    tone, tone_w, tone_n = u64(here1 - here2 & 511), u64(w1 - w2 & 511), u64(n1 - n2 & 511)
    to_w, to_n = u64(w - w1 & 511), u64(n - n1 & 511)
    to_ww, to_nn = u64(ww - ww1 & 511), u64(nn - nn1 & 511)
    around = u64(w) | u64(n) << u64(8) | u64(nw) << u64(16) | u64(here1) << u64(24)
    hashes[0] = to_n | to_nn << u64(9) | here
    hashes[1] = tone | to_n << u64(9) | tone_n << u64(18) | here
    hashes[2] = to_w | to_ww << u64(9) | here
    hashes[3] = around | u64(ne) << u64(32) | u64(nn) << u64(40) | here
    # A fourth colour goes with all before it, of which none is taken from it.
    hashes[4] = state.history & u64(0xFFFFFF if colour == 3 else 0xFF) | here
    hashes[5] = tone | to_w << u64(9) | tone_w << u64(18) | here
    hashes[6] = to_w | to_n << u64(9) | tone << u64(18) | here
    hashes[7] = around | u64(nww) << u64(32) | u64(ww) << u64(40) | here
    hashes[8] = u64(main_byte) | tone << u64(9) | here
    hashes[9] = tone | tone_w << u64(9) | tone_n << u64(18) | u64(best_byte) << u64(27) | here
    state.phases[0] = kind << 4 | _steps(slope, 15)
    state.phases[1] = (kind | (colour & 1) << 4) << 3
    state.phases[2] = best_byte
    last = (at - 1) & (_ERRORS - 1)
    missed = i64(state.pixel_errors[last, _BEST]) >> 3
    state.phases[3] = _steps(missed, 7) << 5 | (kind >> 1) << 2 | state.pixel_parity
    state.calibrated[0] = u64(colour)
    state.calibrated[1] = u64(kind) | u64(main_byte) << u64(4) | u64(colour) << u64(12)


@compiled
def _expect(state: State, place: int, before: int, shape: int, slope: int) -> int:
    """Expect all values, each with its spread; return the class of the best one's."""
    at, pixel, row = state.position, state.numbers[0], state.numbers[1]
    colour, less, base = state.colour, state.less, state.pixel_base
    near, few, values = state.pixel_near, state.pixel_few, state.pixel_values
    main = base * UNIT + leastsquares.predict(state.pixel_weights[colour], near)
    quick = base * UNIT + leastsquares.predict(state.pixel_few_weights[colour], few)
    parity = place // pixel & 1 | ((at - state.span_start) // row & 1) << 1
    state.pixel_parity = parity
    which = colour << 2 | parity
    by_parity = base * UNIT + leastsquares.predict(state.parity_weights[which], near)
    values[_PARITY] = min(max(by_parity, 0), _MOST)
    values[_MAIN], values[_QUICK] = min(max(main, 0), _MOST), min(max(quick, 0), _MOST)
    total = weighted = 0
    for k in range(_BLEND):
        spread = _spread(state, k, before)
        expect(state, k, values[k] - less * UNIT, spread)
        trust = (1 << 24) // (spread * spread)
        total += trust
        weighted += trust * values[k]
    values[_BLEND] = weighted // total
    wrong = _spread(state, _BLEND, before)
    expect(state, _BLEND, values[_BLEND] - less * UNIT, wrong)
    state.pixel_kind = shape << 4 | _steps(wrong >> 3, 15)
    excess = state.pixel_excess[colour, state.pixel_kind]
    count = state.pixel_count[colour, state.pixel_kind]
    best = min(max(values[_BLEND] + excess // (count + 1), 0), _MOST)
    # The best value comes with three spreads: as wrong as it was near here, by slopes, farther off.
    wrong = _spread(state, _BEST, before)
    values[_BEST] = values[14] = values[15] = best
    expect(state, _BEST, best - less * UNIT, wrong)
    expect(state, 14, best - less * UNIT, 2 * slope + 6)
    expect(state, 15, best - less * UNIT, (wrong + _spread_farther(state)) >> 1)
    state.number = state.bytes_after = 0

    kind: int = _steps(wrong >> 3, 15)
    return kind


@compiled
def _spread(state: State, which: int, before: int) -> int:
    """Return how wrong a value was at the pixels next to this one, and in the colour before."""
    at, pixel, above = state.position, state.numbers[0], state.position - state.numbers[1]
    errors, mask = state.pixel_errors, _ERRORS - 1
    last = at - 1 if before > 0 else at - pixel
    wrong = 2 * (i64(errors[(at - pixel) & mask, which]) + i64(errors[above & mask, which]))
    wrong += i64(errors[(above - pixel) & mask, which]) + i64(errors[(above + pixel) & mask, which])
    wrong += i64(errors[(at - 2 * pixel) & mask, which])
    wrong += 2 * i64(errors[last & mask, which])
    wrong += i64(errors[(above - state.numbers[1]) & mask, which])
    spread: int = wrong // 10 + 6
    return spread


@compiled
def _spread_farther(state: State) -> int:
    """Return how wrong the best value was farther off."""
    at, pixel, row = state.position, state.numbers[0], state.numbers[1]
    errors, mask = state.pixel_errors, _ERRORS - 1
    above, twice = at - row, at - 2 * row
    wrong = i64(errors[(above - 2 * pixel) & mask, _BEST])
    wrong += i64(errors[(above + 2 * pixel) & mask, _BEST])
    wrong += i64(errors[(twice - pixel) & mask, _BEST]) + i64(errors[(twice + pixel) & mask, _BEST])
    wrong += i64(errors[(at - 3 * pixel) & mask, _BEST])
    spread: int = wrong // 5 + 6
    return spread


def numbers_for(data: NDArray[np.uint8], pixel: int, row: int) -> Numbers | None:
    """Return the numbers for these pixels, of which `pixel` bytes are one and `row` a row.

    None if there are none, or too few.
    """
    if not 0 < pixel <= _COLOURS or not max(16, 3 * pixel) < row <= _LONGEST or data.size < 4 * row:
        return None
    return (pixel, row, *_levels_of(data))


def _levels_of(pixels: NDArray[np.uint8]) -> list[int]:
    """Return the numbers that say which levels there are."""
    used = np.flatnonzero(histogram(pixels)).tolist()
    if len(used) > _FEW_LEVELS * (used[-1] - used[0] + 1) or pixels.size < _LEAST:
        return [0] * _LEVELS
    bits = sum(1 << level for level in used)
    return [bits >> (_LEVEL_BITS * k) & ((1 << _LEVEL_BITS) - 1) for k in range(_LEVELS)]


def _levels(numbers: Numbers) -> NDArray[np.uint8]:
    """Return the levels that there are, in order, then the others; all in order if that is all."""
    bits = sum(number << (_LEVEL_BITS * k) for k, number in enumerate(numbers[2:]))
    is_used = np.array([bits >> level & 1 for level in range(256)])
    return np.argsort(1 - is_used, kind="stable").astype(np.uint8)


def _colours(data: NDArray[np.uint8], numbers: Numbers) -> list[NDArray[np.uint8]]:
    """Return the first three colours of the whole rows' pixels, as views."""
    pixel, row = numbers[:2]
    rows = data[: data.size // row * row].reshape(-1, row)[:, : row // pixel * pixel]
    return [rows[:, k::pixel] for k in range(3)]


def _transform(data: NDArray[np.uint8], numbers: Numbers) -> None:
    """Number the levels, and take from the second and third colour the one before."""
    data[:] = np.argsort(_levels(numbers)).astype(np.uint8)[data]
    if numbers[0] > 2:
        one, two, three = _colours(data, numbers)
        three -= two - np.uint8(128)
        two -= one - np.uint8(128)


def _undo(data: NDArray[np.uint8], numbers: Numbers) -> None:
    if numbers[0] > 2:
        one, two, three = _colours(data, numbers)
        two += one - np.uint8(128)
        three += two - np.uint8(128)
    data[:] = _levels(numbers)[data]


READING = Reading(
    name="pixels",
    numbers=(range(1, _COLOURS + 1), range(16, _LONGEST + 1), *[range(1 << _LEVEL_BITS)] * _LEVELS),
    usual=(3, 3 * 256, *[0] * _LEVELS),
    contexts=10,
    phases=4,
    fields=FIELDS,
    observe=_observe,
    set_contexts=_set_contexts,
    transform=_transform,
    undo=_undo,
    values=_VALUES,
    histograms=_HISTOGRAMS,
    lean=(6, 2),
)
