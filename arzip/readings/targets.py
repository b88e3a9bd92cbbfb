"""The places that x86 code speaks of, made absolute, so that equal ones are equal bytes.

A call, a jump, or with 64 bits an access to memory, holds the distance to its target in 4 bytes,
low ones first: another one wherever the same function is called from. Here that operand becomes the
target's place in the span, high bytes first, as those are the predictable ones:

    distance in [-2^24, 2^24)           -> (distance + place) mod 2^25, in that range
    else, lowest byte 00 or FF          -> lowest and highest byte change places
    else                                -> as it is

where the place is that of the operand. The first kind then starts with 00 or FF, the second ends
with one and does not start with one, the third does neither: so it can be undone. Operands are
found by opcodes from front to back; within an operand none is looked for.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64

__all__ = ["make_absolute", "make_relative"]


def _kinds(direct: Iterable[int], by_mode: bytes) -> NDArray[np.uint8]:
    """Return what follows each opcode: 1 for an operand, 2 for a byte that may say that one does.

    That is the ModRM byte; its mode 00 with register 101 means 4 bytes, relative in 64 bits.
    """
    kinds = np.zeros(256, dtype=np.uint8)
    kinds[list(direct)], kinds[list(by_mode)] = 1, 2
    return kinds


# Call and jump; arithmetic, comparisons, moves, addresses, calls through memory.
_ONE_BYTE = _kinds(
    [0xE8, 0xE9],
    bytes.fromhex("03 2B 38 39 3A 3B 63 80 83 85 88 89 8A 8B 8D C6 C7 FF"),
)
# Conditional jumps; vectors, moves that extend.
_AFTER_0F = _kinds(
    range(0x80, 0x90),
    bytes.fromhex("10 11 28 29 2E 2F 57 58 59 5C 5E 6F 7F B6 B7 BE BF"),
)
_SIZE = 7  # bytes of an instruction up to the end of its operand, at most


@compiled
def _operand(data: NDArray[np.uint8], at: int) -> int:
    """Return where the operand of the instruction at `at` starts; 0 if there is none."""
    if data[at] == 0x0F:
        at += 1
        kind = _AFTER_0F[data[at]]
    else:
        kind = _ONE_BYTE[data[at]]
    if kind == 1:
        return at + 1
    return at + 2 if kind == 2 and data[at + 1] & 0xC7 == 5 else 0


@compiled
def make_absolute(data: NDArray[np.uint8]) -> None:
    """Make all targets absolute, high bytes first."""
    at = 0
    while at + _SIZE <= data.size:
        place = _operand(data, at)
        if place == 0:
            at += 1
            continue
        low, high = data[place], data[place + 3]
        if high == 0 or high == 255:
            distance = i64(low) | i64(data[place + 1]) << 8 | i64(data[place + 2]) << 16
            target = (distance + (i64(high & 1) << 24) + place) & 0x1FFFFFF
            data[place] = 255 * (target >> 24)
            data[place + 1] = target >> 16 & 255
            data[place + 2] = target >> 8 & 255
            data[place + 3] = target & 255
        elif low == 0 or low == 255:
            data[place], data[place + 3] = high, low
        at = place + 4


@compiled
def make_relative(data: NDArray[np.uint8]) -> None:
    """Make them distances again."""
    at = 0
    while at + _SIZE <= data.size:
        place = _operand(data, at)
        if place == 0:
            at += 1
            continue
        first, last = data[place], data[place + 3]
        if first == 0 or first == 255:
            target = i64(last) | i64(data[place + 2]) << 8 | i64(data[place + 1]) << 16
            distance = (target + (i64(first & 1) << 24) - place) & 0x1FFFFFF
            data[place + 3] = 255 * (distance >> 24)
            data[place + 2] = distance >> 16 & 255
            data[place + 1] = distance >> 8 & 255
            data[place] = distance & 255
        elif last == 0 or last == 255:
            data[place], data[place + 3] = last, first
        at = place + 4
