"""Where in an instruction of an x86 processor a byte stands, and the contexts that follow from it.

An instruction is prefixes, an opcode of one or two bytes, perhaps a ModRM byte, a SIB byte, a
displacement and an immediate operand; each of these says what comes next. They are those of 64
bits: with 32, the bytes 40 to 4F are instructions of their own, and read as prefixes. Nothing
relies on that being right, as it only decides contexts, and code gets back into step by itself.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64, u64
from arzip.readings import alike
from arzip.readings.past import expected, hash_pair
from arzip.readings.reading import Field, State

__all__ = ["CONTEXTS", "FIELDS", "LEAN_CONTEXTS", "OPCODE", "observe", "set_contexts"]

CONTEXTS, LEAN_CONTEXTS = 36, 28
"""Of these, and of those of what is alike; and in a model that is to be quick."""

_ALIKE = 20  # the first of the latter

FIELDS: tuple[Field, ...] = (
    ("stage", np.int64),  # what the next byte is, as below
    ("prefixes", np.int64),  # of this instruction
    ("opcode", np.int64),  # with 256 added after 0F; 0 until it is known
    ("mode", np.int64),  # its ModRM byte
    ("immediate", np.int64),  # bytes of its immediate operand
    ("left", np.int64),  # bytes of its displacement and immediate operand that are to come
    ("opcodes", np.uint64),  # of the last four instructions, 16 bits each, the last one lowest
    ("modes", np.uint64),  # of the last eight, 8 bits each
)

OPCODE, _AFTER_0F, _MODE, _INDEX, _REST = range(5)
"""Stages: prefix or opcode, second byte of an opcode, ModRM byte, SIB byte, what remains."""

_PREFIX, _HAS_MODE, _BYTE, _FOUR = 1, 2, 4, 8  # what an opcode is, and what comes with it


def _opcodes(*parts: Iterable[int]) -> list[int]:
    return [opcode for part in parts for opcode in part]


def _instructions() -> NDArray[np.uint8]:
    """Return what comes with each opcode, as flags; those after 0F begin at 256."""
    flags = np.zeros(512, dtype=np.uint8)
    for first in range(0, 0x40, 8):  # arithmetic
        flags[first : first + 4] = _HAS_MODE
        flags[first + 4], flags[first + 5] = _BYTE, _FOUR
    flags[_opcodes(b"\x26\x2e\x36\x3e\x64\x65\x66\xf0\xf2\xf3", range(0x40, 0x50))] = _PREFIX
    flags[_opcodes(b"\x62\x63", range(0x84, 0x90), range(0xD0, 0xD4), range(0xD8, 0xE0))] = (
        _HAS_MODE
    )
    flags[[0xF6, 0xF7, 0xFE, 0xFF]] = _HAS_MODE
    flags[[0x69, 0x81, 0xC7]] = _HAS_MODE | _FOUR
    flags[[0x6B, 0x80, 0x82, 0x83, 0xC0, 0xC1, 0xC6]] = _HAS_MODE | _BYTE
    flags[_opcodes(b"\x6a\xa8\xcd\xeb", range(0x70, 0x80), range(0xB0, 0xB8))] = _BYTE
    flags[0xE0:0xE8] = _BYTE
    flags[_opcodes(b"\x68\xa9\xe8\xe9", range(0xB8, 0xC0), range(0xA0, 0xA4))] = _FOUR
    after = flags[256:]
    after[:] = _HAS_MODE
    after[_opcodes(b"\x05\x06\x08\x09\x0b\x30\x31\x32\x77\xa2", range(0xC8, 0xD0))] = 0
    after[0x80:0x90] = _FOUR
    after[list(b"\x70\x71\x72\x73\xa4\xac\xba\xc2\xc4\xc5\xc6")] |= _BYTE
    return flags


_FLAGS = _instructions()


@compiled
def observe(state: State, byte: int) -> None:
    """Go on within an instruction, or to the next one."""
    alike.observe(state, byte)
    stage = state.stage
    if stage == _REST:
        state.left -= 1
        if state.left == 0:
            _end(state)
    elif stage == _MODE:
        state.mode = byte
        if state.opcode & 0xFE == 0xF6 and byte & 0x30 == 0:  # a test, alone of its kind
            state.immediate = 1 if state.opcode == 0xF6 else 4
        if byte >> 6 != 3 and byte & 7 == 4:
            state.stage = _INDEX
        else:
            _begin_rest(state, byte & 7)
    elif stage == _INDEX:
        _begin_rest(state, byte & 7)
    elif stage == OPCODE and byte == 0x0F:
        state.stage = _AFTER_0F
    else:
        opcode = byte if stage == OPCODE else 256 + byte
        flags = i64(_FLAGS[opcode])
        if flags & _PREFIX:
            state.prefixes = state.prefixes << 8 | byte
            return
        state.opcode = opcode
        state.immediate = i64(flags & _BYTE > 0) + 4 * i64(flags & _FOUR > 0)
        if flags & _HAS_MODE:
            state.stage = _MODE
        else:
            state.left = state.immediate
            _continue(state)


@compiled
def _begin_rest(state: State, base: int) -> None:
    """Find out how much is left, from the mode and the register that is the base."""
    kind = state.mode >> 6
    state.left = state.immediate
    if kind == 1:
        state.left += 1
    elif kind == 2 or (kind == 0 and base == 5):
        state.left += 4
    _continue(state)


@compiled
def _continue(state: State) -> None:
    if state.left > 0:
        state.stage = _REST
    else:
        _end(state)


@compiled
def _end(state: State) -> None:
    """Remember the instruction, and begin a new one."""
    state.opcodes = state.opcodes << u64(16) | u64(state.opcode)
    state.modes = state.modes << u64(8) | u64(state.mode)
    state.stage = OPCODE
    state.opcode = state.mode = state.prefixes = state.immediate = 0


@compiled
def set_contexts(state: State, data: NDArray[np.uint8]) -> None:
    """Set the contexts that this instruction and those before it make."""
    history = state.history
    last = history & u64(0xFF)
    where = u64(state.stage) | u64(state.left) << u64(3) | u64(state.prefixes & 0xFF) << u64(8)
    now = where | u64(state.opcode) << u64(16) | u64(state.mode) << u64(32)
    operand = history & u64(0xFFFFFF) if state.stage == _REST else u64(0)
    hashes = state.hashes
    hashes[6] = history & u64(0xFFFFFFFFFFFF)
    hashes[7] = now
    hashes[8] = hash_pair(now, state.opcodes & u64(0xFFFF))
    hashes[9] = hash_pair(now, state.opcodes & u64(0xFFFFFFFF))
    hashes[10] = hash_pair(now, state.opcodes)
    hashes[11] = u64(state.after_two[history & u64(0xFFFF)]) | (history & u64(0xFFFF)) << u64(16)
    hashes[12] = history & u64(0xFFFF00)
    hashes[13] = history & u64(0xFF00FF)
    hashes[14] = expected(state) if state.match_length > 0 else history & u64(0xFF0000)
    hashes[15] = history & u64(0xF0F0F0FF)
    hashes[16] = hash_pair(now, state.modes & u64(0xFFFF))
    hashes[17] = hash_pair(now, history & u64(0xFFFF))
    hashes[18] = hash_pair(now, history & u64(0xFFFFFF))
    hashes[19] = hash_pair(where, u64(state.after_two[history & u64(0xFFFF)]))
    hashes[28] = history & u64(0xFFFFFF00)
    hashes[29] = hash_pair(now, state.opcodes & u64(0xFFFFFFFFFFFF))
    hashes[30] = hash_pair(where, last) ^ operand
    hashes[31] = hash_pair(now, last)
    hashes[32] = hash_pair(now, state.modes & u64(0xFFFFFFFF)) + u64(1)
    hashes[33] = hash_pair(hash_pair(now, state.opcodes & u64(0xFFFF)), state.modes & u64(0xFF))
    hashes[34] = history & u64(0xFFFFFFFFFF)
    hashes[35] = hash_pair(where, state.opcodes & u64(0xFFFFFFFF)) ^ operand
    alike.set_contexts(state, data, _ALIKE)
    state.phases[0] = min(state.stage | state.left << 3, 255)
    state.phases[1] = (state.opcode & 31) << 3
    state.phases[2] = state.match_byte if state.match_length > 0 else state.mode
