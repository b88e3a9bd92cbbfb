"""Machine code of x86: where it is, and a transform that can always be undone."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import arzip
from arzip.readings import finding, x86

READING = x86.READING
assert READING.transform and READING.undo
opcode = st.sampled_from([b"\xe8", b"\xe9", b"\x0f\x84", b"\x8b\x05", b"\x0f\x28\x3d", b"\xff\x15"])
ends = st.sampled_from([b"\0", b"\xff", b"\1", b"\xfe", b"\xe8"])
calls = st.tuples(opcode, ends, st.binary(min_size=2, max_size=2), ends).map(b"".join)
code = st.lists(calls | st.binary(max_size=4), max_size=30).map(b"".join)


def array(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, dtype=np.uint8).copy()


def program(functions: int = 40, calls: int = 4000, seed: int = 0) -> bytes:
    """Calls of a few functions from many places, with a little code between them."""
    rng = np.random.default_rng(seed)
    made = bytearray()
    targets = rng.integers(0, 1 << 16, functions)
    for _ in range(calls):
        made += rng.integers(0x40, 0x90, rng.integers(1, 12), dtype=np.uint8).tobytes()
        distance = int(targets[rng.integers(functions)]) - len(made) - 5
        made += b"\xe8" + distance.to_bytes(4, "little", signed=True)
    return bytes(made)


@given(code | st.binary(max_size=60))
def test_it_can_be_undone(data: bytes) -> None:
    changed = array(data)
    READING.transform(changed, ())
    READING.undo(changed, ())
    assert changed.tobytes() == data


@given(code | st.binary(max_size=60))
def test_undoing_can_be_undone(data: bytes) -> None:
    """So no two spans become the same, and none is left out."""
    changed = array(data)
    READING.undo(changed, ())
    READING.transform(changed, ())
    assert changed.tobytes() == data


def test_equal_targets_are_equal_bytes() -> None:
    for distance in (1000, -1000):
        one = b"\xe8" + distance.to_bytes(4, "little", signed=True)
        other = b"\xe8" + (distance - 50).to_bytes(4, "little", signed=True)
        data = array(b"\x90" * 20 + one + b"\x90" * 45 + other + b"\x90" * 9)
        READING.transform(data, ())
        assert data[20:25].tobytes() == data[70:75].tobytes() != one


def test_equal_places_in_memory_are_equal_bytes() -> None:
    """As with 64 bits: mov eax, [rip + 1000], and 45 bytes later [rip + 955]."""
    data = array(
        b"\x90" * 20 + b"\x8b\x05\xe8\x03\0\0" + b"\x90" * 39 + b"\x8b\x0d\xbb\x03\0\0\x90\x90"
    )
    READING.transform(data, ())
    assert data[22:26].tobytes() == data[67:71].tobytes() == (1022).to_bytes(4, "big")


def test_object_files_are_left_alone() -> None:
    """Their calls lead nowhere yet."""
    made = program()
    unlinked = bytearray(made)
    at = made.find(b"\xe8")
    while at >= 0:
        unlinked[at + 1 : at + 5] = b"\xfc\xff\xff\xff"
        at = made.find(b"\xe8", at + 5)
    assert READING.find(array(bytes(unlinked))) == []


def test_code_is_found_among_other_things() -> None:
    text = b"There is nothing to be called in here.\n" * 1500
    made = program()
    listed = finding.find(array(text + made + text))
    assert listed[0].chosen.reading.name == "text"
    (found,) = [span for span in listed if span.chosen.reading is READING]
    assert abs(found.size - len(made)) < 3 << 12


@pytest.mark.parametrize("size", [0, 1, 4, 5, 1 << 14, 100_000])
def test_noise_is_no_code(size: int) -> None:
    noise = np.random.default_rng(size).integers(0, 256, size, dtype=np.uint8)
    assert READING.find(noise) == []


def test_programs_become_smaller_and_come_back() -> None:
    made = program()
    packed = arzip.compress(made, model="swift")
    assert arzip.decompress(packed) == made
    swapped = made.replace(b"\xe8", b"\xe7")  # the same, but with no calls in it
    assert len(packed) < 0.85 * len(arzip.compress(swapped, model="swift"))


def test_pieces_of_a_damaged_program(tmp_path: Path) -> None:
    """What precedes damage comes back as it was."""
    made = program()
    packed = bytearray(arzip.compress(made, model="swift"))
    packed[len(packed) // 2 : len(packed) // 2 + 40] = bytes(40)
    (piece,) = arzip.recover(bytes(packed), unverified=True)
    assert piece.data is None
    same = min(piece.likely, len(made))
    assert same > 1000 and piece.unverified[: same - 8] == made[: same - 8]
