"""Where numbers are in sound and arrays: told by headers, whatever these claim."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from arzip.readings.array_files import FLOAT, LITTLE, SIGNED, UNSIGNED, Items, items_in

DATA = bytes(range(256)) * 24  # 6,144


def array(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, dtype=np.uint8)


def wav(code: int, channels: int, bits: int) -> bytes:
    form = struct.pack("<IHHIIHH", 16, code, channels, 8000, 8000, 4, bits)
    chunks = (
        b"WAVE" + b"LIST\3\0\0\0abc\0" + b"fmt " + form + b"data" + struct.pack("<I", len(DATA))
    )
    return b"RIFF" + struct.pack("<I", len(chunks) + len(DATA)) + chunks


def aiff(channels: int, bits: int) -> bytes:
    form = b"COMM" + struct.pack(">IHIH", 18, channels, 99, bits) + bytes(10)
    return b"FORM" + bytes(4) + b"AIFF" + form + b"SSND" + struct.pack(">III", len(DATA) + 8, 0, 0)


def npy(dtype: str, shape: tuple[int, ...], order: str = "C") -> bytes:
    file = io.BytesIO()
    np.save(file, np.zeros(shape, dtype=dtype, order=order))
    size = np.zeros(shape, dtype=dtype).nbytes
    return file.getvalue()[: len(file.getvalue()) - size]


def fits(bits: int, *axes: int) -> bytes:
    cards = ["SIMPLE  =                    T", f"BITPIX  = {bits:20} / of an item"]
    cards += [f"NAXIS   = {len(axes):20}"]
    cards += [f"NAXIS{k}  = {n:20}" for k, n in enumerate(axes, start=1)]
    header = "".join(f"{card:80}" for card in [*cards, "END"]).encode()
    return header + b" " * (-len(header) % 2880)


FILES = {
    "wav": (wav(1, 2, 16), (2, SIGNED | LITTLE, 2, 0)),
    "wav of bytes": (wav(1, 1, 8), (1, UNSIGNED | LITTLE, 1, 0)),
    "wav of floats": (wav(3, 1, 32), (4, FLOAT | LITTLE, 1, 0)),
    "aiff": (aiff(2, 24), (3, SIGNED, 2, 0)),
    "au": (b".snd" + struct.pack(">IIIII", 24, 0xFFFFFFFF, 3, 8000, 1), (2, SIGNED, 1, 0)),
    "numpy": (npy("<f4", (48, 32)), (4, FLOAT | LITTLE, 1, 32)),
    "numpy by columns": (npy(">u2", (64, 48), "F"), (2, UNSIGNED, 1, 64)),
    "numpy in a line": (npy("<i2", (3072,)), (2, SIGNED | LITTLE, 1, 0)),
    "fits": (fits(-32, 64, 24), (4, FLOAT, 1, 64)),
    "fits of bytes": (fits(8, 6144), (1, UNSIGNED, 1, 0)),
}


@pytest.mark.parametrize("name", FILES)
def test_items_are_found(name: str) -> None:
    header, numbers = FILES[name]
    assert items_in(array(header + DATA)) == [Items(len(header), len(DATA), *numbers)]


def test_less_than_the_header_says_is_there() -> None:
    header, numbers = FILES["wav"]
    assert items_in(array(header + DATA[:-100])) == [Items(len(header), len(DATA) - 100, *numbers)]


def test_two_pictures_in_one_file() -> None:
    one = fits(16, 30, 48)  # 2,880 bytes: a block
    extension = fits(16, 30, 48).replace(
        b"SIMPLE  =                    T", b"XTENSION= 'IMAGE   '          "
    )
    data = one + DATA[:2880] + extension + DATA[:2880]
    starts = [len(one), len(one) + 2880 + len(extension)]
    assert [items.start for items in items_in(array(data))] == starts


@pytest.mark.parametrize(
    "header",
    [
        wav(1, 1, 12),
        wav(85, 2, 16),
        b"RIFF    WAVEdata\0\0\0\0",
        b"FORM    AIFFSSND\0\0\0\0",
        b".snd" + struct.pack(">IIIII", 24, 0, 27, 8000, 1),
        b"\x93NUMPY\1\0\x10\0{'descr': [[[[[[",
        b"\x93NUMPY\1\0\x10\0{'shape': (9,)}  ",
        b"\x93NUMPY\2\0\xff\xff\xff\xff",
        npy("<c8", (48, 16)),
        fits(16).replace(b"NAXIS   =                    0", b"NAXIS   =            999999999"),
        b"SIMPLE  = ",
    ],
)
def test_nonsense_is_left_alone(header: bytes) -> None:
    assert items_in(array(header + DATA)) == []


@given(st.sampled_from(sorted(FILES)), st.integers(0, 400), st.binary(max_size=9), st.booleans())
def test_no_header_is_an_error(name: str, at: int, change: bytes, cut: bool) -> None:
    data = bytearray(FILES[name][0] + DATA)
    data[at : at + len(change)] = change
    for found in items_in(array(bytes(data[: at if cut else None]))):
        assert 0 <= found.start < len(data) and found.start + found.size <= len(data)
