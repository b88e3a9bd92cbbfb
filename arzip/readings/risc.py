"""Machine code in words of 32 bits, each an instruction: read highest byte first, word by word.

The number of this reading says which processor. On ARM64, calls and addresses of pages name places
relative to the instruction; these become absolute, so that the same place is the same word wherever
it is named.
"""

import struct

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64, u32, u64
from arzip.readings import pursuit
from arzip.readings.past import expected, hash_pair
from arzip.readings.reading import Field, Found, Numbers, Reading, State
from arzip.readings.windows import stretches

__all__ = ["READING"]

BIG, LITTLE, ARM64 = range(3)
"""Processors whose words have the highest byte first, or last; and one whose places are known."""

FIELDS: tuple[Field, ...] = (
    ("words", np.uint64, 4),  # the last instructions, the last one first
    ("last_with_top", np.uint64, 256),  # the last instruction with this highest byte
)

_WINDOW = 1 << 12  # bytes that are looked at together
_LEAST = 2  # windows of code
_SHARE = 0.35  # of the words begin as most instructions of ARM64 do; by chance a fifth would
_TIMES = 2.5  # as many as their other bytes
_USUAL = np.zeros(256, dtype=bool)
_USUAL[
    list(
        bytes.fromhex(
            "0a 0b 12 14 17 1a 1e 2a 34 35 36 37 38 39 3d 4b 4e 52 53 54 6b 6d 6e 71 78 79 8b 90 91"
            "92 94 97 9a a8 a9 aa b0 b4 b5 b8 b9 cb d0 d2 d3 d6 eb f0 f1 f8 f9"
        )
    )
] = True


def _find(data: NDArray[np.uint8]) -> list[Found]:
    """Return what an ELF file says is code, or else what looks like code of ARM64."""
    return _in_elf(data) or _arm64(data)


def _arm64(data: NDArray[np.uint8]) -> list[Found]:
    count = data.size // _WINDOW
    if count < _LEAST:
        return []
    shares = _USUAL[data[: count * _WINDOW]].reshape(count, -1, 4).mean(axis=1)
    is_code = (shares[:, 3] >= _SHARE) & (shares[:, 3] >= _TIMES * shares[:, :3].mean(axis=1))
    return [
        (start, end - start, (ARM64,))
        for start, end in stretches(is_code, _WINDOW, data.size)
        if end - start >= _LEAST * _WINDOW
    ]


_MACHINES = {2: BIG, 8: BIG, 15: BIG, 18: BIG, 20: BIG, 21: BIG, 22: BIG, 43: BIG, 183: ARM64}
"""Of ELF: SPARC, MIPS, PA-RISC, PowerPC, S390 ... by their usual order of bytes."""

_UNLINKED = 1  # an object file: its places are yet to be filled in
_EXECUTABLE = 4  # flag of a section
_LEAST_CODE = 1 << 10  # bytes
_CLOSE = 64  # bytes between two sections that are read as one


def _in_elf(data: NDArray[np.uint8]) -> list[Found]:
    """Return the sections of code of an ELF file, if that is what this is."""
    head = data[:64].tobytes()
    if len(head) < 64 or head[:4] != b"\x7fELF" or head[4] not in (1, 2) or head[5] not in (1, 2):
        return []
    order = "<>"[head[5] - 1]
    kind, machine = struct.unpack_from(order + "HH", head, 16)
    if machine not in _MACHINES:
        return []
    wide = head[4] == 2
    (table,) = struct.unpack_from(order + ("Q" if wide else "I"), head, 40 if wide else 32)
    size, count = struct.unpack_from(order + "HH", head, 58 if wide else 46)
    number = _MACHINES[machine]
    if order == "<" and (number == BIG or kind == _UNLINKED):
        number = LITTLE
    fields = order + ("8xQ8xQQ" if wide else "8xI4xII")
    found: list[Found] = []
    at = 0
    for k in range(count):
        section = data[table + k * size : table + k * size + struct.calcsize(fields)].tobytes()
        if len(section) < struct.calcsize(fields):
            break
        flags, start, length = struct.unpack(fields, section)
        end = min(start + length, data.size) // 4 * 4
        if not flags & _EXECUTABLE or start < at or start % 4 or end - start < _LEAST_CODE:
            continue
        if found and start - at < _CLOSE:
            start = found.pop()[0]
        found.append((start, end - start, (number,)))
        at = end
    return found


@compiled
def _change(data: NDArray[np.uint8], processor: int, forth: int) -> None:
    """Turn words round, and make their places absolute (forth = 1) or relative (-1)."""
    if processor == BIG:
        return
    for at in range(0, data.size - 3, 4):
        if forth < 0:
            _turn(data, at)
        if processor == ARM64:
            word = u32(data[at]) | u32(data[at + 1]) << u32(8)
            word |= u32(data[at + 2]) << u32(16) | u32(data[at + 3]) << u32(24)
            word = _moved(u32(word), at, forth)
            for k in range(4):
                data[at + k] = (word >> u32(8 * k)) & u32(255)
        if forth > 0:
            _turn(data, at)


@compiled
def _turn(data: NDArray[np.uint8], at: int) -> None:
    data[at], data[at + 3] = data[at + 3], data[at]
    data[at + 1], data[at + 2] = data[at + 2], data[at + 1]


@compiled
def _moved(word: int, at: int, forth: int) -> int:
    """Return an instruction of ARM64 with its place moved by where it stands."""
    moved: int = word
    if word >> u32(26) == u32(0x25):  # BL: 26 bits, in words
        place = u32(i64(word & u32(0x3FFFFFF)) + forth * (at >> 2)) & u32(0x3FFFFFF)
        moved = u32(word & u32(0xFC000000)) | place
    elif word & u32(0x9F000000) == u32(0x90000000):  # ADRP: 21 bits, in pages, the lowest two apart
        place = (word >> u32(5) & u32(0x7FFFF)) << u32(2) | (word >> u32(29) & u32(3))
        place = u32(i64(place) + forth * (at >> 12)) & u32(0x1FFFFF)
        moved = word & u32(0x9F00001F)
        moved |= (place & u32(3)) << u32(29) | (place >> u32(2)) << u32(5)
    return moved


def _transform(data: NDArray[np.uint8], numbers: Numbers) -> None:
    _change(data, numbers[0], 1)


def _undo(data: NDArray[np.uint8], numbers: Numbers) -> None:
    _change(data, numbers[0], -1)


@compiled
def _observe(state: State, byte: int) -> None:
    """Keep whole words. They are counted from the start of the span."""
    if (state.position - state.span_start) & 3 == 0:
        words = state.words
        for k in range(3, 0, -1):
            words[k] = words[k - 1]
        words[0] = state.history & u64(0xFFFFFFFF)
        state.last_with_top[words[0] >> u64(24)] = words[0]


@compiled
def _set_contexts(state: State, data: NDArray[np.uint8]) -> None:
    pursuit.expect(state, data)
    history = state.history
    words = state.words
    part = u64((state.position - state.span_start) & 3)
    here = history & ((u64(1) << u64(8) * part) - u64(1))
    now = here | (part + u64(1)) << u64(24)
    top = (here >> u64(8) * (part - u64(1))) & u64(0xFF) if part > u64(0) else u64(0)
    above = words[0] >> u64(8) * (u64(3) - part) & u64(0xFF)
    twice_above = words[1] >> u64(8) * (u64(3) - part) & u64(0xFF)
    kinds = words[0] >> u64(24) | words[1] >> u64(24) << u64(8)
    all_kinds = kinds | words[2] >> u64(24) << u64(16) | words[3] >> u64(24) << u64(24)
    operations = words[0] >> u64(21) | words[1] >> u64(21) << u64(11)
    with_top = state.last_with_top[top] if part > u64(0) else words[0]
    hashes = state.hashes
    hashes[6] = now
    hashes[7] = hash_pair(now, words[0])
    hashes[8] = hash_pair(now, words[0] >> u64(24))
    hashes[9] = hash_pair(now, kinds)
    hashes[10] = hash_pair(now, all_kinds)
    hashes[11] = hash_pair(now, words[0] >> u64(16) | words[1] >> u64(16) << u64(16))
    hashes[12] = hash_pair(hash_pair(now, words[0]), words[1])
    hashes[13] = hash_pair(now, words[0] & u64(0x1F))
    hashes[14] = expected(state) if state.match_length > 0 else hash_pair(now, words[1])
    hashes[15] = hash_pair(now, words[0] & u64(0x3FF) | u64(1) << u64(60))
    hashes[16] = hash_pair(now, with_top)
    hashes[17] = hash_pair(now, operations)
    hashes[18] = hash_pair(hash_pair(now, operations), words[2] >> u64(21))
    hashes[19] = hash_pair(now, words[1])
    hashes[20] = above | twice_above << u64(8) | part << u64(16)
    hashes[21] = hash_pair(now, above)
    hashes[22] = history & u64(0xFFFFFFFFFFFF)
    hashes[23] = hash_pair(hash_pair(now, words[0] >> u64(24)), words[1] & u64(0x1F))
    hashes[24] = hash_pair(now, (words[0] & u64(0x1F)) | (words[1] & u64(0x1F)) << u64(5))
    hashes[25] = u64(state.after_two[history & u64(0xFFFF)]) | (history & u64(0xFFFF)) << u64(16)
    hashes[26] = (history & u64(0xFF00)) | part << u64(16)
    state.phases[0] = i64(top if part > u64(0) else words[0] >> u64(24))
    state.phases[1] = i64(part << u64(6) | (top >> u64(5)) << u64(3))
    state.phases[2] = state.match_byte if state.match_length > 0 else i64(above)


READING = Reading(
    name="risc",
    numbers=(range(3),),
    usual=(ARM64,),
    contexts=27,
    phases=3,
    find=_find,
    fields=FIELDS,
    observe=_observe,
    set_contexts=_set_contexts,
    transform=_transform,
    undo=_undo,
    guesses=pursuit.GUESSES,
)
