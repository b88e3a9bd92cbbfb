"""Numbers that move a pen, by value: what one is likely to be follows from those before it.

Moves along a line add up, and the next line most often begins where this one did: there the pen
goes back by their sum. A position that is a number in the same place is expected to move on as it
did the last time, or to be taken back.
"""

import numpy as np

from arzip.engine.compiled import compiled, i64, u8
from arzip.readings.guesses import NONE
from arzip.readings.numerals import PLACES, is_digit
from arzip.readings.reading import Field, State

__all__ = ["FIELDS", "WAYS", "begin", "end", "expected", "luck", "operate", "read"]

WAYS = 3

_DECIMALS = 8
_ONE = 10**_DECIMALS
_MOST = 10**9 * _ONE
_LONGEST = 24
_OPERANDS = 8

FIELDS: tuple[Field, ...] = (
    ("pen", np.int64, 2),  # how far it moved since the line began, and since the text did
    ("amount", np.int64),  # the number so far, times _ONE
    ("amount_negative", np.int64),
    ("amount_scale", np.int64),  # of the digit to come; 0: before the point; -1: none
    ("amount_bytes", np.int64),
    ("has_zero", np.int64),  # 1 if there is a zero before the point of a fraction
    ("amounts", np.int64, _OPERANDS),  # the last one of each operand
    ("amount_last", np.int64, PLACES),  # what stood in a place last,
    ("amount_step", np.int64, PLACES),  # and what it was more than the one before
    ("amount_text", np.uint8, (WAYS, _LONGEST)),  # how what is expected is written
    ("amount_right", np.int64, WAYS),  # 1 if it was right so far
    ("amount_luck", np.int64, (WAYS, _OPERANDS)),  # whether the last three were, a bit each
)


@compiled
def begin(state: State, slot: int, operand: int) -> None:
    """Expect a number in a place, as the operand of that number."""
    state.amount = state.amount_scale = state.amount_bytes = state.amount_negative = 0
    if operand == 0:
        _write(state, 0, -state.pen[0])
        _write(state, 1, -state.pen[1])
    else:
        _write(state, 0, -state.amounts[min(operand, _OPERANDS - 1)])
        _write(state, 1, state.amounts[min(operand, _OPERANDS - 1)])
    _write(state, 2, state.amount_last[slot] + state.amount_step[slot])


@compiled
def _write(state: State, way: int, amount: int) -> None:
    """Write a number that is expected, with the space behind it."""
    text = state.amount_text[way]
    size, left = 0, abs(amount)
    if amount < 0:
        text[0] = u8(45)
        size = 1
    whole, left = left // _ONE, left % _ONE
    scale = 1
    while 10 * scale <= whole:
        scale *= 10
    if whole > 0 or left == 0 or state.has_zero:
        while scale > 0:
            text[size] = u8(48 + whole // scale % 10)
            size += 1
            scale //= 10
    if left > 0:
        text[size] = u8(46)
        size += 1
    scale = _ONE // 10
    while left > 0:
        text[size] = u8(48 + left // scale)
        size += 1
        left %= scale
        scale //= 10
    text[size] = u8(32)
    state.amount_right[way] = 1


@compiled
def expected(state: State, way: int) -> int:
    """Return the byte that is expected, or NONE."""
    is_right = state.amount_right[way] and state.amount_bytes < _LONGEST
    byte: int = i64(state.amount_text[way, state.amount_bytes]) if is_right else NONE
    return byte


@compiled
def luck(state: State, way: int, operand: int) -> int:
    """Return which of the last three numbers a way was right of, a bit each."""
    kept: int = state.amount_luck[way, min(operand, _OPERANDS - 1)]
    return kept


@compiled
def read(state: State, byte: int) -> None:
    """Take in a byte of the token."""
    for way in range(WAYS):
        if expected(state, way) != byte:
            state.amount_right[way] = 0
    if byte == 45:
        state.amount_negative = 1
    elif byte == 46:
        state.amount_scale = _ONE // 10
        if state.amount == 0:
            state.has_zero = i64(state.amount_bytes > state.amount_negative)
    elif is_digit(byte) and state.amount_scale > 0:
        state.amount += (byte - 48) * state.amount_scale
        state.amount_scale = state.amount_scale // 10 if state.amount_scale > 1 else -1
    elif is_digit(byte) and state.amount_scale == 0:
        state.amount = min(10 * state.amount + (byte - 48) * _ONE, _MOST)
    state.amount_bytes = min(state.amount_bytes + 1, _LONGEST)


@compiled
def end(state: State, slot: int, operand: int) -> None:
    """Take in the number that ended, in a place."""
    k = min(operand, _OPERANDS - 1)
    for way in range(WAYS):
        was_right = state.amount_right[way] and expected(state, way) == 32
        state.amount_luck[way, k] = (state.amount_luck[way, k] << 1 | i64(was_right)) & 7
    amount = -state.amount if state.amount_negative else state.amount
    state.amount_step[slot] = amount - state.amount_last[slot]
    state.amount_last[slot] = state.amounts[k] = amount


@compiled
def _moved(place: int, amount: int) -> int:
    moved: int = min(max(place + amount, -_MOST), _MOST)
    return moved


@compiled
def operate(state: State, first: int, last: int, count: int) -> bool:
    """Take in an operator, by its first and last byte and how many numbers came before it.

    Returns whether what comes is elsewhere, or in another font.
    """
    if first == 66 and last == 84:  # BT
        state.pen[0] = state.pen[1] = 0
    if first != 84:
        return False
    if (last == 100 or last == 68) and count == 2:  # Td, TD
        state.pen[1] = _moved(state.pen[1], state.amounts[0])
        if state.amounts[1] == 0:
            state.pen[0] = _moved(state.pen[0], state.amounts[0])
            return False
        state.pen[0] = 0
        return True
    elsewhere: bool = last == 102 or last == 109 or last == 42  # Tf, Tm, T*
    return elsewhere
