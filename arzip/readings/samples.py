"""Sound and arrays: numbers of one to eight bytes, in channels, perhaps in rows.

The numbers of this reading are the bytes of a word; how an item is written, 2 * (unsigned, signed,
floating point) + (whether its least significant byte comes first); the channels; the items of a
row, 0 if there are none; the words of an item; a divisor, 0 if there is none; and the binary digits
that least squares leave out. A span is predicted as unsigned items whose most significant byte
comes first, floating point in the order of its values (items.py).

A word is predicted as a number. An item of eight bytes is two of them that take turns, as if they
were channels. A word is expected to be what the ones before say in sixteen ways: the last one and
simple extrapolations, and three least squares of what came between the last ones, that forget at
different speeds. Each comes with a spread, as wrong as it was of late.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64, u32, u64
from arzip.readings import leastsquares
from arzip.readings.items import (
    FLOAT,
    LARGEST_DIVISOR,
    LITTLE,
    SIGNED,
    UNSIGNED,
    divisor_of,
    transform,
    undo,
    values_of,
)
from arzip.readings.past import hash_pair
from arzip.readings.reading import MOST_VALUES, Field, Numbers, Reading, State
from arzip.readings.values import UNIT, expect, median_of, note_residuals

__all__ = ["READING", "ways"]

_VALUES = 16
_MAIN, _QUICK, _STEADY, _BEST = 3, 4, 5, 12  # of these
_HISTOGRAMS = 4  # of the best value, and of the first three
_NEAR, _FEW = 32, 16  # inputs of least squares
_OWN, _FEW_OWN = 20, 10  # of them from this channel, if there are others
_CHANNELS, _WORDS = 8, 2
_LANES = _CHANNELS * _WORDS  # words that are predicted each from what was in its place before
_ERRORS = 1 << 13  # of the last words
_LONGEST = _ERRORS - _LANES  # words of a row
_LEAST = 1 << 10  # bytes
_LARGEST = 1 << 16  # input of least squares
_SAMPLE = 1 << 14  # items
_USUAL, _STEP_BITS, _MOST_SHIFT = 0.98, 15, 24
_WORDS_OF = {1: 1, 2: 1, 3: 1, 4: 1, 8: 2}  # an item of so many bytes
_FORMS = {"u": UNSIGNED, "i": SIGNED, "f": FLOAT}

FIELDS: tuple[Field, ...] = (
    ("channel", np.int64),  # the lane
    ("item_upper", np.uint64),  # the first word of the item, and 1; 0 if this is the first
    ("item_last", np.int64),
    ("item_before", np.int64),
    ("item_above", np.int64),
    ("item_base", np.int64),  # what inputs and goal of least squares are taken from
    ("item_shift", np.int64),  # what they are divided by
    ("item_near", np.int64, _NEAR),
    ("item_few", np.int64, _FEW),
    ("main_products", np.int64, (_LANES, _NEAR + 1, _NEAR)),
    ("main_weights", np.int64, (_LANES, _NEAR)),
    ("quick_products", np.int64, (_LANES, _FEW + 1, _FEW)),
    ("quick_weights", np.int64, (_LANES, _FEW)),
    ("steady_products", np.int64, (_LANES, _FEW + 1, _FEW)),
    ("steady_weights", np.int64, (_LANES, _FEW)),
    ("item_errors", np.uint32, (_ERRORS, MOST_VALUES)),  # how wrong each value was, in 1/16
    ("item_usual", np.int64, (_LANES, MOST_VALUES)),  # its mean over some time, in 1/4096
    ("item_kind", np.int64),  # how well the item is known: 0 to 31
    ("item_missed", np.int64),  # how far the last one was from what was expected, as a power of 2
)


@compiled
def _item(data: NDArray[np.uint8], place: int, size: int) -> int:
    """Return the item there; before the first one, one in the middle."""
    item: int = i64(1) << (8 * size - 1)
    if place >= 0:
        item = i64(0)
        for k in range(size):
            item = item << 8 | i64(data[place + k])
    return item


@compiled
def _observe(state: State, byte: int) -> None:
    """Learn from what the item turned out to be, once it is complete."""
    note_residuals(state, byte, _HISTOGRAMS)
    state.number = state.number << 8 | byte
    if state.bytes_after > 0:
        state.bytes_after -= 1
        return
    channel, number, shift = state.channel, state.number, state.item_shift
    place = ((state.position - state.span_start) // state.numbers[0] - 1) & (_ERRORS - 1)
    usual = state.item_usual
    for k in range(_VALUES):
        error = min(abs(number * UNIT - state.expected[k]), (1 << 32) - 1)
        state.item_errors[place, k] = u32(error)
        usual[channel, k] += ((error << 8) - usual[channel, k]) >> 6
    goal = min(max((number - state.item_base) >> shift, -_LARGEST), _LARGEST)
    near, few = state.item_near, state.item_few
    leastsquares.learn(
        state.main_products[channel], state.main_weights[channel], near, goal, 8, 0, 0, _NEAR
    )
    leastsquares.learn(
        state.quick_products[channel], state.quick_weights[channel], few, goal, 6, 0, 0, _FEW
    )
    leastsquares.learn(
        state.steady_products[channel], state.steady_weights[channel], few, goal, 10, 0, 0, _FEW
    )


@compiled
def _begin_item(state: State, data: NDArray[np.uint8]) -> None:
    """Expect a word."""
    at, size, words = state.position, state.numbers[0], state.numbers[4]
    channels, row = state.numbers[2] * words, state.numbers[3] * words
    if row <= 2 * channels:  # what is above to the right would be yet to come
        row = i64(0)
    place = (at - state.span_start) // size
    channel = (place % row if row > 0 else place) % channels
    frame, shift = channels * size, state.numbers[6]
    state.channel, state.item_shift = channel, shift
    state.item_upper = u64(0)
    if words > 1 and channel % words > 0:
        state.item_upper = u64(_item(data, at - size, size) + 1)
    state.number, state.bytes_after = 0, size - 1
    state.item_last = _item(data, at - frame, size)
    state.item_before = _item(data, at - 2 * frame, size)
    if row > 0:
        _look_around(state, data, channel, frame, row * size)
    else:
        _look_back(state, data, channels, frame)
    _predict(state)
    _expect(state, place, channels, row)


@compiled
def _look_around(state: State, data: NDArray[np.uint8], channel: int, frame: int, row: int) -> None:
    """Set the base, the first values, and what least squares take, of neighbours in rows.

    A frame is what all channels have once, a row what all have between two rows, in bytes.
    """
    near, few, values = state.item_near, state.item_few, state.expected
    at, size, words = state.position, state.numbers[0], state.numbers[4]
    above = at - row
    w, ww, www = state.item_last, state.item_before, _item(data, at - 3 * frame, size)
    n, nw, ne = (
        _item(data, above, size),
        _item(data, above - frame, size),
        _item(data, above + frame, size),
    )
    nn, nne = _item(data, above - row, size), _item(data, above - row + frame, size)
    nww, nee = _item(data, above - 2 * frame, size), _item(data, above + 2 * frame, size)
    state.item_above = n
    state.item_base = base = (w + n) >> 1
    for k in range(_NEAR):
        near[k] = 0
    near[0], near[1], near[2], near[3] = w - base, n - base, nw - base, ne - base
    near[4], near[5], near[6], near[7] = ww - base, nn - base, nne - base, nww - base
    near[8], near[9] = nee - base, www - base
    for k in range(min(channel // words, 3)):
        other = at - (k + 1) * words * size
        here = _item(data, other, size)
        near[10 + 2 * k] = here - _item(data, other - frame, size)
        near[11 + 2 * k] = here - _item(data, other - row, size)
    for k in range(_FEW):
        few[k] = near[k]
    values[0], values[1], values[2] = w, n, w + n - nw
    values[9], values[10] = median_of(w, n, w + n - nw), (2 * (w + n) + ne - nw) >> 2


@compiled
def _look_back(state: State, data: NDArray[np.uint8], channels: int, frame: int) -> None:
    """Set the same of the items before and the steps between them."""
    near, few, values = state.item_near, state.item_few, state.expected
    at, size, words = state.position, state.numbers[0], state.numbers[4]
    w, ww, www = state.item_last, state.item_before, _item(data, at - 3 * frame, size)
    own, few_own = (_NEAR, _FEW) if channels == words else (_OWN, _FEW_OWN)
    state.item_base, state.item_above = w, www
    _set_steps(near, 0, own, data, at - frame, frame, size)
    _set_steps(near, own, _NEAR, data, at - words * size, frame, size)
    for k in range(_FEW):
        few[k] = near[k] if k < few_own else near[own + k - few_own]
    values[0], values[1], values[2] = w, 2 * w - ww, 3 * (w - ww) + www
    step = near[own] if channels > words else (w - ww) >> 1
    values[9], values[10] = (w + ww) >> 1, w + step


@compiled
def _predict(state: State) -> None:
    """Set the values that least squares say, and what is made of these."""
    near, few, values = state.item_near, state.item_few, state.expected
    channel, shift = state.channel, state.item_shift
    for k in range(_NEAR):
        near[k] = min(max(near[k] >> shift, -_LARGEST), _LARGEST)
    for k in range(_FEW):
        few[k] = min(max(few[k] >> shift, -_LARGEST), _LARGEST)
    for k in range(11):
        values[k] *= UNIT
    base = state.item_base * UNIT
    values[_MAIN] = base + (leastsquares.predict(state.main_weights[channel], near) << shift)
    values[_QUICK] = base + (leastsquares.predict(state.quick_weights[channel], few) << shift)
    values[_STEADY] = base + (leastsquares.predict(state.steady_weights[channel], few) << shift)
    for k in range(3):
        values[6 + k] = values[_MAIN + k]
    values[11] = (values[_MAIN] + values[_STEADY]) >> 1
    values[_BEST] = (values[_MAIN] + values[_QUICK]) >> 1
    values[13] = (values[_MAIN] + values[_QUICK] + values[_STEADY] + values[9]) >> 2
    values[14] = values[15] = values[_BEST]


@compiled
def _expect(state: State, place: int, channels: int, row: int) -> None:
    """Expect all values, each with its spread; and class how wrong the best one was."""
    size, channel, values = state.numbers[0], state.channel, state.expected
    most = ((i64(1) << (8 * size)) - 1) * UNIT
    errors, mask = state.item_errors, _ERRORS - 1
    one, two, three = (
        (place - channels) & mask,
        (place - 2 * channels) & mask,
        (place - 3 * channels) & mask,
    )
    up, left, right = (
        (place - row) & mask,
        (place - row - channels) & mask,
        (place - row + channels) & mask,
    )
    usual = state.item_usual
    for k in range(_VALUES):
        late = 2 * i64(errors[one, k]) + i64(errors[two, k])
        if row > 0:
            late = (
                late + 2 * i64(errors[up, k]) + i64(errors[left, k]) + i64(errors[right, k])
            ) // 7
        else:
            late = (late + i64(errors[three, k])) >> 2
        spread = usual[channel, k] >> 8
        if k == 15:
            spread = late
        elif not (6 <= k <= 8 or k == 14):
            spread = (spread + late) >> 1
        expect(state, k, min(max(values[k], 0), most), spread + 6)
    spread = (usual[channel, _BEST] >> 8) + (i64(errors[one, _BEST]) >> 1)
    kind = 0
    while kind < 31 and spread > 8:
        spread = spread * 3 >> 2
        kind += 1
    state.item_kind = kind
    missed, error = 0, i64(errors[one, _BEST]) // UNIT
    while missed < 15 and error > 0:
        error >>= 1
        missed += 1
    state.item_missed = missed


@compiled
def _set_steps(
    steps: NDArray[np.int64],
    first: int,
    end: int,
    data: NDArray[np.uint8],
    place: int,
    frame: int,
    size: int,
) -> None:
    """Set steps[first:end] to what lies between the item at `place` and the ones before it."""
    later = _item(data, place, size)
    for k in range(end - first):
        earlier = _item(data, place - (k + 1) * frame, size)
        steps[first + k] = later - earlier
        later = earlier


@compiled
def _byte_of(state: State, which: int) -> int:
    """Return the byte to come of a value, nearest to it that goes with the bytes before."""
    value = (state.expected[which] // UNIT) >> (8 * state.bytes_after)
    byte: int = min(max(value - (state.number << 8), 0), 255)
    return byte


@compiled
def _set_contexts(state: State, data: NDArray[np.uint8]) -> None:
    byte = (state.position - state.span_start) % state.numbers[0]
    if byte == 0:
        _begin_item(state, data)
    best, main, quick = _byte_of(state, _BEST), _byte_of(state, _MAIN), _byte_of(state, _QUICK)
    kind, number = state.item_kind, u64(state.number)
    channel = state.channel & 1
    last, before, above = u64(state.item_last), u64(state.item_before), u64(state.item_above)
    coarse = u64(6) if state.numbers[0] > 1 else u64(0)
    here = u64(byte) << u64(61) | u64(channel) << u64(60)
    hashes = state.hashes
    known = number if state.item_upper == u64(0) else hash_pair(number, state.item_upper)
    hashes[0] = hash_pair(known, last) | here
    hashes[1] = known | here
    hashes[2] = hash_pair(hash_pair(known, last >> coarse), before >> coarse) | here
    hashes[3] = hash_pair(number, above) | here
    hashes[4] = u64(main) | u64(quick) << u64(8) | here
    hashes[5] = hash_pair(hash_pair(number, last >> coarse), above >> coarse) | here
    hashes[6] = u64(main) | known << u64(8) | here
    hashes[7] = u64(best) | u64(main) << u64(8) | u64(kind >> 2) << u64(16) | here
    of, cases = state.residual_of, state.residual_case
    of[0] = best
    for k in range(1, _HISTOGRAMS):
        of[k] = _byte_of(state, k - 1)
    for k in range(_HISTOGRAMS):
        cases[k] = k << 8 | min(byte, 3) << 6 | kind << 1 | channel
    state.phases[0] = kind << 3 | min(byte, 3) << 1 | channel
    state.phases[1] = (min(kind, 15) | (byte & 1) << 4) << 3
    state.phases[2] = best
    state.phases[3] = state.item_missed << 4 | min(kind >> 1, 15)
    state.calibrated[0] = u64(best)
    state.calibrated[1] = u64(kind) | u64(best >> 1) << u64(5) | u64(byte) << u64(13)


def ways(
    data: NDArray[np.uint8], item: int, kind: str, channels: int, row: int
) -> tuple[Numbers, ...]:
    """Return the numbers for items of that many bytes, likeliest first; none if there are too few.

    `kind` is how they are written, "<f" or alike; if it is empty, the likeliest way is taken.
    """
    if data.size < _LEAST or not 1 <= channels <= _CHANNELS or item not in _WORDS_OF:
        return ()
    words = _WORDS_OF[item]
    form = _FORMS[kind[1]] | LITTLE * (kind[0] == "<") if kind else _likeliest(data, item, channels)
    rows = row if row * words <= _LONGEST else 0
    divisors = dict.fromkeys((divisor_of(data, item, form), 0))
    shifts = [_shift(data, item, form, divisor, channels) for divisor in divisors]
    return tuple(
        (item // words, form, channels, rows, words, *chosen)
        for chosen in zip(divisors, shifts, strict=True)
    )


def _shift(data: NDArray[np.uint8], item: int, form: int, divisor: int, channels: int) -> int:
    """Return the binary digits of steps that are more than least squares take."""
    words = _WORDS_OF[item]
    start = (data.size - min(data.size, _SAMPLE * item)) // 2 // item * item
    some = data[start:][: _SAMPLE * item].copy()
    transform(some, item, form, divisor, words > 1)
    values = values_of(some[: some.size // item * item], item // words).astype(np.int64)
    lanes = words * channels
    values = values[: values.size // lanes * lanes].reshape(-1, channels, words)
    steps = np.sort(np.abs(np.diff(values, axis=0)).reshape(-1, words), axis=0)
    usual = steps[int(_USUAL * len(steps))].tolist()
    step = next((step for step in usual if step), 0)
    return min(max(step.bit_length() - _STEP_BITS, 0), _MOST_SHIFT)


def _likeliest(data: NDArray[np.uint8], item: int, channels: int) -> int:
    """Return how items are written: so that neighbours in a channel differ by the fewest bits."""

    def bits(form: int) -> float:
        some = data[: _SAMPLE * item].copy()
        transform(some, item, form)
        values = values_of(some, item)
        steps = np.abs((values[channels:] - values[:-channels]).view(np.int64)).view(np.uint64)
        unit = int(np.bitwise_or.reduce(steps))  # its lowest bit divides all of them
        return float(np.log2(1 + steps / max(unit & -unit, 1)).sum())

    forms = [kind | order for kind in (UNSIGNED, SIGNED) for order in (LITTLE, 0)]
    floats = [FLOAT | LITTLE, FLOAT]
    # As likely as unsigned ones are those of floating point that are all positive.
    forms = [*floats, *forms] if item in (4, 8) else [*forms, *floats] if item == 2 else forms
    return min(forms, key=bits)


def _transform(data: NDArray[np.uint8], numbers: Numbers) -> None:
    transform(data, numbers[0] * numbers[4], numbers[1], numbers[5], numbers[4] > 1)


def _undo(data: NDArray[np.uint8], numbers: Numbers) -> None:
    undo(data, numbers[0] * numbers[4], numbers[1], numbers[5], numbers[4] > 1)


READING = Reading(
    name="samples",
    numbers=(
        range(1, 5),
        range(6),
        range(1, _CHANNELS + 1),
        range(_LONGEST + 1),
        range(1, _WORDS + 1),
        range(LARGEST_DIVISOR + 1),
        range(_MOST_SHIFT + 1),
    ),
    usual=(2, 3, 1, 0, 1, 0, 0),
    contexts=8,
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
