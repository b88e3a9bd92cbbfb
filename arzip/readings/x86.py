"""Machine code of x86 processors: read as records, with the places that it speaks of absolute.

A call, a jump, or with 64 bits an access to memory, holds the distance to its target in 4 bytes,
low ones first: another one wherever the same function is called from. Here that operand becomes the
target's place in the span, high bytes first. So equal targets are equal bytes, and what is
predictable of them comes first:

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

from arzip.engine.compiled import compiled, i64, u64
from arzip.readings.past import expected, hash_pair
from arzip.readings.reading import Field, Found, Reading, State

__all__ = ["READING"]

_LENGTH = 8  # of records

_WINDOW = 1 << 12  # bytes that are looked at together
_CALLS = 8  # in a window of code; among random bytes there is one in four windows
_LEAST = 4  # windows of code, or of something else between


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


def _find(data: NDArray[np.uint8]) -> list[Found]:
    """Return the parts in which there are calls everywhere."""
    count = data.size // _WINDOW
    if count < _LEAST:
        return []
    calls = np.flatnonzero((data[:-4] & 0xFE) == 0xE8)
    calls = calls[np.isin(data[calls + 4], (0x00, 0xFF))]
    is_code = np.bincount(calls // _WINDOW, minlength=count)[:count] >= _CALLS
    parts: list[tuple[int, int]] = []
    for at in np.flatnonzero(is_code).tolist():
        if parts and at - parts[-1][1] < _LEAST:
            parts[-1] = (parts[-1][0], at + 1)
        else:
            parts.append((at, at + 1))
    found = []
    for first, last in parts:
        start, end = first * _WINDOW, last * _WINDOW
        within = calls[(calls >= start) & (calls < end)]
        if last - first >= _LEAST and _is_linked(data, within):
            found.append((start, end - start, _LENGTH))
    return found


def _is_linked(data: NDArray[np.uint8], calls: NDArray[np.int64]) -> bool:
    """Return whether clearly fewer targets are called than there are distances to them.

    In programs a fifth to a half; where calls are yet to be filled in, or are none, nearly as many
    or more.
    """
    low, middle, high = (data[calls + k].astype(np.int64) for k in (1, 2, 3))
    distances = low | middle << 8 | high << 16
    targets = (distances + calls) & 0xFFFFFF
    return 4 * np.unique(targets).size < 3 * np.unique(distances).size


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
def _transform(data: NDArray[np.uint8]) -> None:
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
def _undo(data: NDArray[np.uint8]) -> None:
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


FIELDS: tuple[Field, ...] = (
    ("stage", np.int64),  # of the instruction: what the next byte is
    ("left", np.int64),  # bytes of its displacement and immediate operand that are left
    ("immediate", np.int64),  # bytes of that
    ("opcode", np.int64),  # with 256 added after 0F
    ("mode", np.int64),  # its ModRM byte
    ("prefixes", np.int64),
    ("opcodes", np.uint64),  # of the last instructions, the last one lowest, 16 bits each
    ("modes", np.uint64),  # 8 bits each
)
_OPCODE, _AFTER, _MODE, _INDEX, _REST = range(5)  # stages

_PREFIX, _HAS_MODE, _BYTE, _FOUR = 1, 2, 4, 8


def _instructions() -> NDArray[np.uint8]:
    """Return what comes with each opcode, those after 0F from 256 on: flags as above."""
    flags = np.zeros(512, dtype=np.uint8)
    flags[[0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x66, 0xF0, 0xF2, 0xF3, *range(0x40, 0x50)]] = (
        _PREFIX
    )
    for first in range(0, 0x40, 8):
        flags[first : first + 4] = _HAS_MODE
        flags[first + 4], flags[first + 5] = _BYTE, _FOUR
    flags[[0x62, 0x63, *range(0x84, 0x90), 0xD0, 0xD1, 0xD2, 0xD3, *range(0xD8, 0xE0)]] = _HAS_MODE
    flags[[0xF6, 0xF7, 0xFE, 0xFF]] = _HAS_MODE
    flags[[0x69, 0x81, 0xC7]] = _HAS_MODE | _FOUR
    flags[[0x6B, 0x80, 0x82, 0x83, 0xC0, 0xC1, 0xC6]] = _HAS_MODE | _BYTE
    flags[[0x6A, *range(0x70, 0x80), *range(0xB0, 0xB8), 0xA8, 0xCD, 0xEB, *range(0xE0, 0xE8)]] = (
        _BYTE
    )
    flags[[0x68, 0xA9, *range(0xB8, 0xC0), 0xE8, 0xE9, *range(0xA0, 0xA4)]] = _FOUR
    flags[256:] = _HAS_MODE
    flags[[256 + k for k in (0x05, 0x06, 0x08, 0x09, 0x0B, 0x30, 0x31, 0x32, 0x77, 0xA2)]] = 0
    flags[256 + 0xC8 : 256 + 0xD0] = 0
    flags[256 + 0x80 : 256 + 0x90] = _FOUR
    flags[
        [256 + k for k in (0x70, 0x71, 0x72, 0x73, 0xA4, 0xAC, 0xBA, 0xC2, 0xC4, 0xC5, 0xC6)]
    ] |= _BYTE
    return flags


_FLAGS = _instructions()


@compiled
def _begin_operands(state: State, more: int) -> None:
    """Go on to the displacement, of `more` bytes, and the immediate operand; or to the next."""
    state.left = more + state.immediate
    state.stage = _REST
    if state.left == 0:
        _end(state)


@compiled
def _end(state: State) -> None:
    state.opcodes = state.opcodes << u64(16) | u64(state.opcode)
    state.modes = state.modes << u64(8) | u64(state.mode)
    state.stage = _OPCODE
    state.opcode = state.mode = state.prefixes = state.left = 0


@compiled
def _observe(state: State, byte: int) -> None:
    """Keep where in an instruction we are."""
    stage = state.stage
    if stage == _REST:
        state.left -= 1
        if state.left == 0:
            _end(state)
        return
    if stage == _MODE:
        state.mode = byte
        kind, register = byte >> 6, byte & 7
        if state.opcode & 0xFE == 0xF6 and byte & 0x30 == 0:
            state.immediate = 1 if state.opcode == 0xF6 else 4
        if kind != 3 and register == 4:
            state.stage = _INDEX
            return
        more = 1 if kind == 1 else 4 if kind == 2 or (kind == 0 and register == 5) else 0
        _begin_operands(state, more)
        return
    if stage == _INDEX:
        kind = state.mode >> 6
        more = 1 if kind == 1 else 4 if kind == 2 or (kind == 0 and byte & 7 == 5) else 0
        _begin_operands(state, more)
        return
    if stage == _OPCODE and byte == 0x0F:
        state.stage = _AFTER
        return
    opcode = byte if stage == _OPCODE else 256 + byte
    flags = i64(_FLAGS[opcode])
    if flags & _PREFIX:
        state.prefixes = state.prefixes << 8 | byte
        return
    state.opcode = opcode
    state.immediate = i64(flags & _BYTE > 0) + 4 * i64(flags & _FOUR > 0)
    state.stage = _MODE
    if flags & _HAS_MODE == 0:
        _begin_operands(state, 0)


@compiled
def _set_contexts(state: State, data: NDArray[np.uint8]) -> None:
    history = state.history
    last = history & u64(0xFF)
    where = u64(state.stage) | u64(state.left) << u64(3) | u64(state.prefixes & 0xFF) << u64(8)
    now = where | u64(state.opcode) << u64(16) | u64(state.mode) << u64(32)
    before, twice = state.opcodes & u64(0xFFFF), state.opcodes & u64(0xFFFFFFFF)
    operand = history & (u64(0xFFFFFF) if state.stage == _REST else u64(0))
    hashes = state.hashes
    hashes[6] = history & u64(0xFFFFFFFFFFFF)
    hashes[7] = now
    hashes[8] = hash_pair(now, before)
    hashes[9] = hash_pair(now, twice)
    hashes[10] = hash_pair(now, state.opcodes)
    hashes[11] = u64(state.after_two[history & u64(0xFFFF)]) | (history & u64(0xFFFF)) << u64(16)
    hashes[12] = history & u64(0xFFFF00)
    hashes[13] = history & u64(0xFF00FF)
    hashes[14] = expected(state) if state.match_length > 0 else history & u64(0xFF0000)
    hashes[15] = history & u64(0xF0F0F0FF)
    hashes[16] = hash_pair(now, state.modes & u64(0xFFFF))
    hashes[17] = hash_pair(now, history & u64(0xFFFF))
    hashes[18] = hash_pair(where, last) ^ operand


READING = Reading(
    "x86",
    "records",
    range(_LENGTH, _LENGTH + 1),
    _find,
    FIELDS,
    _observe,
    _set_contexts,
    _transform,
    _undo,
)
