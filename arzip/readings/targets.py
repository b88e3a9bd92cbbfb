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
    _turn(data, False)


@compiled
def make_relative(data: NDArray[np.uint8]) -> None:
    """Make them distances again, low bytes first."""
    _turn(data, True)


@compiled
def _turn(data: NDArray[np.uint8], back: bool) -> None:
    """Turn each operand round, and what is a distance, or `back` a target, into the other."""
    at = 0
    while at + _SIZE <= data.size:
        place = _operand(data, at)
        if place == 0:
            at += 1
            continue
        low, high, step = (place + 3, place, -1) if back else (place, place + 3, 1)
        if data[high] == 0 or data[high] == 255:
            value = i64(data[low]) | i64(data[low + step]) << 8 | i64(data[high - step]) << 16
            value += i64(data[high] & 1) << 24
            value = (value - place if back else value + place) & 0x1FFFFFF
            data[low] = 255 * (value >> 24)
            data[low + step] = value >> 16 & 255
            data[high - step] = value >> 8 & 255
            data[high] = value & 255
        elif data[low] == 0 or data[low] == 255:
            data[low], data[high] = data[high], data[low]
        at = place + 4
