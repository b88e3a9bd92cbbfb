"""Numbers in text, by value: counters, times, prices.

In each place a number is expected to differ from the last one as that did from the one before. Its
digits come from the left: the expected one says most until one is wrong; then, whether it was one
more, more or less.
"""

import numpy as np

from arzip.engine.compiled import compiled, i64, u64
from arzip.readings.reading import Field, State

__all__ = ["FIELDS", "PLACES", "begin", "digit", "is_digit", "keep", "read", "slot_of", "to_come"]

PLACES = 1 << 12
"""That are remembered."""

_MOST_DIGITS = 17
_POWERS = np.array([10**k for k in range(_MOST_DIGITS + 2)], dtype=np.int64)

FIELDS: tuple[Field, ...] = (
    ("numeral", np.int64),  # the number so far
    ("numeral_digits", np.int64),  # its digits; -1: it is none
    ("numeral_expected", np.int64),
    ("numeral_width", np.int64),  # digits of that, with zeros in front; 0: none is expected
    ("numeral_moved", np.int64),  # 0: all is as expected; else 1, 2, 3 by what came first
    ("numeral_last", np.int64, PLACES),  # the number that stood in a place last
    ("numeral_step", np.int64, PLACES),  # what it was more than the one before
    ("numeral_widths", np.int64, PLACES),  # its digits; 0: it was none
    ("numeral_trust", np.int64, PLACES),  # whether the last ones were as expected, a bit each
)


@compiled
def slot_of(place: int) -> int:
    """Return which of the PLACES one is, by its hash."""
    slot: int = i64(place >> u64(52))
    return slot


@compiled
def is_digit(byte: int) -> bool:
    return 48 <= byte <= 57


@compiled
def begin(state: State, place: int) -> None:
    """Expect a number in a place."""
    state.numeral = state.numeral_digits = state.numeral_moved = 0
    width = state.numeral_widths[place]
    expected = state.numeral_last[place] + state.numeral_step[place]
    if expected < 0:
        width = 0
    elif width > 0 and expected >= _POWERS[width]:
        width += 1
    state.numeral_expected, state.numeral_width = expected, width


@compiled
def digit(state: State) -> int:
    """Return the digit that is expected next, 10 if none is."""
    after = state.numeral_width - 1 - state.numeral_digits
    expected: int = i64(10)
    if state.numeral_digits >= 0 and after >= 0:
        expected = state.numeral_expected // _POWERS[after] % 10
    return expected


@compiled
def to_come(state: State) -> int:
    """Return how many digits are expected, 0 if none is."""
    digits: int = max(state.numeral_width - state.numeral_digits, 0)
    return digits if digit(state) < 10 else 0


@compiled
def read(state: State, byte: int) -> None:
    """Take in a byte that is no separator."""
    if state.numeral_digits < 0 or state.numeral_digits >= _MOST_DIGITS or not is_digit(byte):
        state.numeral_digits = -1
        return
    expected, came = digit(state), byte - 48
    if state.numeral_moved == 0 and expected < 10 and came != expected:
        state.numeral_moved = 1 if came == expected + 1 else 2 if came > expected else 3
    state.numeral = 10 * state.numeral + came
    state.numeral_digits += 1


@compiled
def keep(state: State, place: int) -> None:
    """Remember what stood in a place, which ends here."""
    digits = max(state.numeral_digits, 0)
    if digits > 0:
        was_right = digits == state.numeral_width and state.numeral_moved == 0
        state.numeral_trust[place] = (state.numeral_trust[place] << 1 | i64(was_right)) & 7
        state.numeral_step[place] = state.numeral - state.numeral_last[place]
        state.numeral_last[place] = state.numeral
    state.numeral_widths[place] = digits
