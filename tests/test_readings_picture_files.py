"""Where pixels are: told by headers, whatever these claim."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from arzip.readings.picture_files import Pixels, pixels_in

PIXELS = bytes(range(1, 241)) * 20  # 4,800


def array(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, dtype=np.uint8)


def bmp(width: int, height: int, bits: int) -> bytes:
    header = struct.pack("<IIIIiiHHIIIIII", 0, 0, 54, 40, width, height, 1, bits, *[0] * 6)
    return b"BM" + header


def tiff(order: str, start: int) -> bytes:
    """A directory of one picture of 40 x 40 pixels in three colours, in two strips."""
    entries = [(256, 3, 1, 40), (257, 3, 1, 40), (258, 3, 3, 170), (259, 3, 1, 1), (277, 3, 1, 3)]
    entries += [(273, 4, 2, 176), (279, 4, 2, 184)]
    out = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    out += struct.pack(order + "H", len(entries))
    for tag, kind, count, value in entries:
        short = kind == 3 and count == 1
        field = struct.pack(order + "HH", value, 0) if short else struct.pack(order + "I", value)
        out += struct.pack(order + "HHI", tag, kind, count) + field
    out += bytes(170 - len(out)) + struct.pack(order + "HHH", 8, 8, 8)
    out += struct.pack(order + "IIII", start, start + 3600, 3600, 1200)
    return out + bytes(start - len(out))


FILES = {
    "bmp": (bmp(39, 40, 24), Pixels(54, 4800, 3, 120, is_upward=True)),
    "bmp from the top": (bmp(40, -40, 24), Pixels(54, 4800, 3, 120)),
    "bmp of four bytes": (bmp(30, 40, 32), Pixels(54, 4800, 4, 120, is_upward=True)),
    "inside a program": (bmp(39, 40, 24)[14:], Pixels(40, 4800, 3, 120, is_upward=True)),
    "icon": (bmp(40, 80, 24)[14:], Pixels(40, 4800, 3, 120, is_upward=True)),
    "icon with a palette": (
        bmp(60, 120, 8)[14:] + bytes(1024),
        Pixels(1064, 3600, 1, 60, is_upward=True),
    ),
    "grey": (b"P5\n# made\n60 80\n255\n", Pixels(20, 4800, 1, 60)),
    "colours": (b"P6 40 40 255\n", Pixels(13, 4800, 3, 120)),
    "pam": (
        b"P7\nWIDTH 40\nHEIGHT 30\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n",
        Pixels(67, 4800, 4, 160),
    ),
    "tiff": (tiff("<", 200), Pixels(200, 4800, 3, 120)),
    "tiff, high bytes first": (tiff(">", 200), Pixels(200, 4800, 3, 120)),
    "targa": (
        struct.pack("<BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, 40, 40, 24, 0),
        Pixels(18, 4800, 3, 120, is_upward=True),
    ),
    "targa from the top": (
        struct.pack("<BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, 40, 40, 24, 0x20),
        Pixels(18, 4800, 3, 120),
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_pixels_are_found(name: str) -> None:
    header, expected = FILES[name]
    assert pixels_in(array(header + PIXELS)) == [expected]


UNNAMED = {name for name in FILES if name.startswith(("targa", "icon", "inside"))}


@pytest.mark.parametrize("name", [name for name in FILES if name not in UNNAMED])
def test_less_than_the_header_says_is_there(name: str) -> None:
    header, expected = FILES[name]
    cut = array((header + PIXELS)[:-100])
    assert pixels_in(cut) == [expected._replace(size=expected.size - 100)]


@pytest.mark.parametrize("name", sorted(UNNAMED))
def test_what_has_no_name_is_there_as_a_whole(name: str) -> None:
    assert pixels_in(array((FILES[name][0] + PIXELS)[:-1500])) == []


def test_one_behind_another() -> None:
    one, other = FILES["bmp"], FILES["colours"]
    data = b"some text" + one[0] + PIXELS + other[0] + PIXELS
    starts = [9 + one[1].start, 9 + len(one[0]) + 4800 + other[1].start]
    assert [pixels.start for pixels in pixels_in(array(data))] == starts


@pytest.mark.parametrize(
    "header",
    [
        bmp(0, 40, 24),
        bmp(-40, 40, 24),
        bmp(40, 40, 7),
        b"P5 60 80 65535\n",
        b"P7\nWIDTH x\nHEIGHT 30\nDEPTH 4\nMAXVAL 255\nENDHDR\n",
        b"P7\nA\nB\nC\nD\nENDHDR\n",
        b"II*\0\xff\xff\xff\xff",
        b"MM\0*\0\0\0\4",
        b"",
    ],
)
def test_nonsense_is_left_alone(header: bytes) -> None:
    assert pixels_in(array(header + PIXELS)) == []


@given(st.sampled_from(sorted(FILES)), st.integers(0, 250), st.binary(max_size=9), st.booleans())
def test_no_header_is_an_error(name: str, at: int, change: bytes, cut: bool) -> None:
    data = bytearray(FILES[name][0] + PIXELS)
    data[at : at + len(change)] = change
    for found in pixels_in(array(bytes(data[: at if cut else None]))):
        assert 0 <= found.start < len(data) and found.start + found.size <= len(data)
