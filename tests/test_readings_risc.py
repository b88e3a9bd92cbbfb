"""Machine code in words: found, changed and changed back, its places absolute."""

import struct

import golden
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import arzip
from arzip.readings import finding, risc
from arzip.readings.risc import ARM64, BIG, LITTLE

CALL, RETURN, PAGE = 0x94000000, 0xD65F03C0, 0x90000000


def array(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, dtype=np.uint8).copy()


def forth(data: bytes, processor: int) -> bytes:
    changed = array(data)
    assert risc.READING.transform is not None
    risc.READING.transform(changed, (processor,))
    return changed.tobytes()


def words(*values: int) -> bytes:
    return b"".join(value.to_bytes(4, "little") for value in values)


@given(st.binary(max_size=200), st.sampled_from([BIG, LITTLE, ARM64]))
def test_any_bytes_come_back(data: bytes, processor: int) -> None:
    changed = array(forth(data, processor))
    assert risc.READING.undo is not None
    risc.READING.undo(changed, (processor,))
    assert changed.tobytes() == data


def test_calls_of_one_place_are_one_word() -> None:
    code = forth(words(CALL | 9, RETURN, CALL | 7, RETURN, CALL | 5), ARM64)
    assert code[:4] == code[8:12] == code[16:20] == (CALL | 9).to_bytes(4, "big")


def test_backward_calls_and_pages_wrap() -> None:
    code = forth(words(RETURN, CALL | 0x3FFFFFF) + bytes(4096 - 8) + words(PAGE | 3), ARM64)
    assert code[4:8] == CALL.to_bytes(4, "big")
    assert code[4096:] == (PAGE | 1 << 29 | 3).to_bytes(4, "big")  # page 0 from page 1


def elf(machine: int, order: str, *, wide: bool, kind: int = 2, size: int = 4096) -> bytes:
    """An ELF file with one section, of code, at 128."""
    flags = 4
    head = b"\x7fELF" + bytes([1 + wide, 1 + (order == ">"), 1]) + bytes(9)
    table = 128 + size
    if wide:
        places = 0, 0, table, 0, 64, 0, 0, 64, 2, 0
        head += struct.pack(order + "HHIQQQIHHHHHH", kind, machine, 1, *places)
        section = struct.pack(order + "IIQQQQIIQQ", 0, 1, flags, 0, 128, size, 0, 0, 4, 0)
    else:
        places = 0, 0, table, 0, 52, 0, 0, 40, 2, 0
        head += struct.pack(order + "HHIIIIIHHHHHH", kind, machine, 1, *places)
        section = struct.pack(order + "IIIIIIIIII", 0, 1, flags, 0, 128, size, 0, 0, 4, 0)
    code = np.random.default_rng(1).integers(0, 256, size, dtype=np.uint8).tobytes()
    return head.ljust(128, b"\0") + code + bytes(len(section)) + section


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize(
    ("machine", "order", "kind", "expected"),
    [(2, ">", 2, BIG), (21, "<", 2, LITTLE), (183, "<", 2, ARM64), (183, "<", 1, LITTLE)],
)
def test_elf_says_where_code_is(
    machine: int, order: str, kind: int, expected: int, wide: bool
) -> None:
    data = elf(machine, order, wide=wide, kind=kind)
    assert risc.READING.find(array(data)) == [(128, 4096, (expected,))]
    packed = arzip.compress(data, model="swift")
    assert arzip.decompress(packed) == data


@given(st.integers(16, 63), st.binary(min_size=1, max_size=8))
def test_a_damaged_elf_file_is_data(at: int, damage: bytes) -> None:
    data = bytearray(elf(2, ">", wide=True))
    data[at : at + len(damage)] = damage
    for start, size, _ in risc.READING.find(array(bytes(data))):
        assert start >= 0 and start + size <= len(data)


def test_arm64_is_found_without_a_header() -> None:
    code = golden.inputs()["arm64"]
    noise = np.random.default_rng(0).integers(0, 256, 8192, dtype=np.uint8).tobytes()
    (span,) = risc.READING.find(array(noise + code))
    assert span == (8192, 12000, (ARM64,))
    assert finding.find(array(noise + code))[1].chosen.reading is risc.READING


@pytest.mark.parametrize(
    "name", ["short text", "log", "records", "noise", "x86", "bitmap", "spans"]
)
def test_nothing_else_is(name: str) -> None:
    assert not risc.READING.find(array(golden.inputs()[name]))
