"""Where numbers are in files that say so, whatever their headers claim."""

import io
import struct
import time
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from arzip.arrays import Array
from arzip.readings.headers import Told, told_in, unfinished

DATA = bytes(range(1, 241)) * 20  # 4,800


def array(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, dtype=np.uint8)


def bmp(width: int, height: int, bits: int) -> bytes:
    header = struct.pack("<IIIIiiHHIIIIII", 0, 0, 54, 40, width, height, 1, bits, *[0] * 6)
    return b"BM" + header


def directory(order: str, at: int, start: int, bits: int, kind: int, following: int) -> bytes:
    """A TIFF file's directory, of one picture of 40 x 40 or 40 x 20 pixels in two strips."""
    samples, height = (3, 40) if bits == 8 else (3, 20) if bits == 16 else (1, 30)
    after = at + 2 + 9 * 12 + 4
    entries = [(256, 3, 1, 40), (257, 3, 1, height), (258, 3, 3, after), (259, 3, 1, 1)]
    entries += [(273, 4, 2, after + 6), (277, 3, 1, samples), (279, 4, 2, after + 14)]
    entries += [(284, 3, 1, 1), (339, 3, 1, kind)]
    out = struct.pack(order + "H", len(entries))
    for tag, letter, count, value in entries:
        short = letter == 3 and count == 1
        field = struct.pack(order + "HH", value, 0) if short else struct.pack(order + "I", value)
        out += struct.pack(order + "HHI", tag, letter, count) + field
    out += struct.pack(order + "I", following) + struct.pack(order + "HHH", *[bits] * 3)
    return out + struct.pack(order + "IIII", start, start + 3600, 3600, 1200)


def tiff(order: str, bits: int = 8, kind: int = 1) -> bytes:
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    return (head + directory(order, 8, 200, bits, kind, 0)).ljust(200, b"\0")


def wav(code: int, channels: int, bits: int, of: int = len(DATA), name: bytes = b"RIFF") -> bytes:
    form = struct.pack("<HHIIHH", code, channels, 8000, 8000, 4, bits)
    if code == 0xFFFE:
        form += struct.pack("<HHIH", 22, bits, 0, 3) + bytes(14)
    chunks = b"WAVE"
    if name == b"RF64":
        chunks += b"ds64" + struct.pack("<IQQQI", 28, 0, of, 0, 0)
        of = 0xFFFFFFFF
    chunks += b"LIST\3\0\0\0abc\0" + b"fmt " + struct.pack("<I", len(form)) + form
    return name + bytes(4) + chunks + b"data" + struct.pack("<I", of)


def aiff(channels: int, bits: int, kind: bytes = b"") -> bytes:
    form = struct.pack(">HIH", channels, 99, bits) + bytes(10) + kind
    chunks = b"COMM" + struct.pack(">I", len(form)) + form
    name = b"AIFC" if kind else b"AIFF"
    return b"FORM" + bytes(4) + name + chunks + b"SSND" + struct.pack(">III", len(DATA) + 8, 0, 0)


def caf(flags: int, channels: int, bits: int, size: int) -> bytes:
    form = struct.pack(">d4sIIIII", 8000, b"lpcm", flags, 0, 0, channels, bits)
    chunks = b"desc" + struct.pack(">q", len(form)) + form + b"data" + struct.pack(">q", size)
    return b"caff\0\1\0\0" + chunks + bytes(4)


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


def nrrd(kind: str, sizes: str, more: str = "encoding: raw\n") -> bytes:
    return f"NRRD0004\n# made\ntype: {kind}\ndimension: 2\nsizes: {sizes}\n{more}\n".encode()


def netcdf(records: int, variables: Sequence[tuple[Sequence[int], int, int]]) -> bytes:
    """A header of 400 bytes. A variable is its dimensions, of 0, 40 and 30; a type; an offset."""

    def name(text: bytes) -> bytes:
        return struct.pack(">I", len(text)) + text.ljust(-(-len(text) // 4) * 4, b"\0")

    out = b"CDF\1" + struct.pack(">III", records, 10, 3)
    for letter, n in ((b"x", 0), (b"y", 40), (b"z", 30)):
        out += name(letter) + struct.pack(">I", n)
    out += struct.pack(">II", 12, 1) + name(b"title") + struct.pack(">II", 2, 3) + b"abc\0"
    out += struct.pack(">II", 11, len(variables))
    for dimensions, kind, offset in variables:
        out += name(b"values") + struct.pack(f">I{len(dimensions)}I", len(dimensions), *dimensions)
        out += struct.pack(">II", 0, 0) + struct.pack(">III", kind, 0, offset)
    return out.ljust(400, b"\0")


def nifti(order: str, kind: int, *sizes: int) -> bytes:
    out = bytearray(352)
    struct.pack_into(order + "i", out, 0, 348)
    struct.pack_into(f"{order}{1 + len(sizes)}h", out, 40, len(sizes), *sizes)
    struct.pack_into(order + "hh", out, 70, kind, 0)
    struct.pack_into(order + "f", out, 108, 352)
    out[344:348] = b"n+1\0"
    return bytes(out)


def nifti2(kind: int, *sizes: int) -> bytes:
    out = bytearray(544)
    struct.pack_into("<i8sh", out, 0, 540, b"n+2\0\r\n\x1a\n", kind)
    struct.pack_into(f"<{1 + len(sizes)}q", out, 16, len(sizes), *sizes)
    struct.pack_into("<q", out, 168, 544)
    return bytes(out)


def dicom(
    order: str, *, explicit: bool, preamble: bool, bits: int, samples: int = 1, width: int = 60
) -> bytes:
    """A header with a sequence in it that has pixels of its own."""

    def element(group: int, number: int, kind: bytes, value: bytes, claim: int = -1) -> bytes:
        size = len(value) if claim < 0 else claim
        tag = struct.pack(order + "HH", group, number)
        if not explicit or group == 0xFFFE:
            return tag + struct.pack(order + "I", size) + value
        if kind in (b"OW", b"SQ"):
            return tag + kind + struct.pack(order + "HI", 0, size) + value
        return tag + kind + struct.pack(order + "H", size) + value

    def short(number: int, value: int) -> bytes:
        return element(0x28, number, b"US", struct.pack(order + "H", value))

    syntax = b"1.2.840.10008.1.2" + (b"" if not explicit else b".1" if order == "<" else b".2")
    meta = struct.pack("<HH2sH", 2, 16, b"UI", 20) + syntax.ljust(20, b"\0")
    icon = short(0x10, 7) + short(0x11, 7) + element(0x7FE0, 0x10, b"OW", bytes(98))
    inner = element(0xFFFE, 0xE000, b"", icon + element(0xFFFE, 0xE00D, b"", b""), 0xFFFFFFFF)
    inner += element(0xFFFE, 0xE0DD, b"", b"")
    out = bytes(128) + b"DICM" + meta if preamble else b""
    out += element(8, 8, b"CS", b"ORIGINAL") + element(0x88, 0x200, b"SQ", inner, 0xFFFFFFFF)
    out += short(0x02, samples) + short(0x10, 40) + short(0x11, width) + short(0x100, bits)
    return out + short(0x103, 1) + element(0x7FE0, 0x10, b"OW", b"", len(DATA))


PICTURES = {
    "bmp": (bmp(39, 40, 24), Array(1, "<u", 3, 120)),
    "bmp from the top": (bmp(40, -40, 24), Array(1, "<u", 3, 120)),
    "bmp of four bytes": (bmp(30, 40, 32), Array(1, "<u", 4, 120)),
    "inside a program": (bmp(39, 40, 24)[14:], Array(1, "<u", 3, 120)),
    "icon": (bmp(40, 80, 24)[14:], Array(1, "<u", 3, 120)),
    "icon with a palette": (bmp(60, 120, 8)[14:] + bytes(1024), Array(1, "<u", 1, 60)),
    "grey": (b"P5\n# made\n60 80\n255\n", Array(1, ">u", 1, 60)),
    "grey, 16 bits": (b"P5 60 40 65535\n", Array(2, ">u", 1, 60)),
    "colours": (b"P6 40 40 255\n", Array(1, ">u", 3, 120)),
    "colours, 16 bits": (b"P6 40 20 4095\n", Array(2, ">u", 3, 120)),
    "pam": (
        b"P7\nWIDTH 40\nHEIGHT 30\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n",
        Array(1, ">u", 4, 160),
    ),
    "pfm": (b"Pf\n40 30\n-1.0\n", Array(4, "<f", 1, 40)),
    "pfm in colours, high bytes first": (b"PF 20 20 1\n", Array(4, ">f", 3, 60)),
    "tiff": (tiff("<"), Array(1, "<u", 3, 120)),
    "tiff, high bytes first": (tiff(">"), Array(1, ">u", 3, 120)),
    "tiff, 16 bits": (tiff("<", 16), Array(2, "<u", 3, 120)),
    "tiff, floating point": (tiff(">", 32, 3), Array(4, ">f", 1, 40)),
    "targa": (
        struct.pack("<BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, 40, 40, 24, 0),
        Array(1, "<u", 3, 120),
    ),
    "targa from the top": (
        struct.pack("<BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, 40, 40, 24, 0x20),
        Array(1, "<u", 3, 120),
    ),
}
SOUND = {
    "wav": (wav(1, 2, 16), Array(2, "<i", 2, 0)),
    "wav of bytes": (wav(1, 1, 8), Array(1, "<u", 1, 0)),
    "wav of floats": (wav(3, 1, 32), Array(4, "<f", 1, 0)),
    "wav of floats, extended": (wav(0xFFFE, 1, 32), Array(4, "<f", 1, 0)),
    "long wav": (wav(1, 2, 24, name=b"RF64"), Array(3, "<i", 2, 0)),
    "aiff": (aiff(2, 24), Array(3, ">i", 2, 0)),
    "aiff-c": (aiff(2, 16, b"sowt\0\0"), Array(2, "<i", 2, 0)),
    "au": (b".snd" + struct.pack(">IIIII", 24, 4800, 3, 8000, 1), Array(2, ">i", 1, 0)),
    "caf": (caf(2, 2, 16, len(DATA) + 4), Array(2, "<i", 2, 0)),
    "caf of floats": (caf(1, 1, 32, len(DATA) + 4), Array(4, ">f", 1, 0)),
}
ARRAYS = {
    "numpy": (npy("<f4", (40, 30)), Array(4, "<f", 1, 30)),
    "numpy by columns": (npy(">u2", (60, 40), "F"), Array(2, ">u", 1, 60)),
    "numpy in a line": (npy("<i2", (2400,)), Array(2, "<i", 1, 0)),
    "numpy with channels": (npy("<i2", (800, 3)), Array(2, "<i", 3, 0)),
    "numpy in colours": (npy("u1", (40, 40, 3)), Array(1, "<u", 3, 120)),
    "fits": (fits(-32, 60, 20), Array(4, ">f", 1, 60)),
    "fits of bytes": (fits(8, 4800), Array(1, ">u", 1, 0)),
    "nrrd": (nrrd("short", "60 40"), Array(2, "<i", 1, 60)),
    "nrrd, high bytes first": (
        nrrd("float", "40 30", "Endian: big\nencoding: raw\n"),
        Array(4, ">f", 1, 40),
    ),
    "netcdf": (netcdf(0, [((1, 2), 5, 400)]), Array(4, ">f", 1, 30)),
    "netcdf with records": (netcdf(2, [((0, 1, 2), 3, 400)]), Array(2, ">i", 1, 30)),
    "nifti": (nifti("<", 4, 60, 40), Array(2, "<i", 1, 60)),
    "nifti over time": (nifti(">", 512, 12, 10, 10, 2), Array(2, ">u", 1, 12)),
    "nifti in colours": (nifti("<", 128, 40, 40), Array(1, "<u", 3, 120)),
    "nifti 2": (nifti2(16, 40, 30), Array(4, "<f", 1, 40)),
    "dicom": (dicom("<", explicit=True, preamble=True, bits=16), Array(2, "<i", 1, 60)),
    "dicom, implicit": (dicom("<", explicit=False, preamble=True, bits=16), Array(2, "<i", 1, 60)),
    "dicom, high bytes first": (
        dicom(">", explicit=True, preamble=True, bits=16),
        Array(2, ">i", 1, 60),
    ),
    "dicom in colours": (
        dicom("<", explicit=True, preamble=True, bits=8, samples=3, width=40),
        Array(1, "<u", 3, 120),
    ),
    "dicom's forerunner": (
        dicom("<", explicit=False, preamble=False, bits=16),
        Array(2, "<i", 1, 60),
    ),
}
FILES = PICTURES | SOUND | ARRAYS
UNNAMED = {name for name in FILES if name.startswith(("targa", "icon", "inside", "dicom's"))}
UPWARD = {name for name in FILES if name.startswith(("bmp of", "inside", "icon", "pfm"))}
UPWARD |= {"bmp", "targa"}


@pytest.mark.parametrize("name", FILES)
def test_numbers_are_found(name: str) -> None:
    header, numbers = FILES[name]
    size = 3600 if name == "icon with a palette" else len(DATA)
    expected = Told(len(header), size, numbers, name in UPWARD)
    assert told_in(array(header + DATA)) == [expected]
    assert unfinished(array(header + DATA)) is None


@pytest.mark.parametrize("name", sorted(FILES.keys() - UNNAMED))
def test_less_than_the_header_says_is_there(name: str) -> None:
    header, numbers = FILES[name]
    cut = array((header + DATA)[:-100])
    assert [(told.start, told.size) for told in told_in(cut)] == [(len(header), len(DATA) - 100)]
    assert unfinished(cut) == (numbers, len(DATA) - 100, len(DATA))


@pytest.mark.parametrize("name", ["targa", "icon", "inside a program"])
def test_what_has_no_name_is_there_as_a_whole(name: str) -> None:
    assert told_in(array((FILES[name][0] + DATA)[:-1500])) == []


def test_one_behind_another() -> None:
    data = b"some text"
    starts = []
    for name in sorted(FILES.keys() - UNNAMED):
        starts.append(len(data) + len(FILES[name][0]))
        data += FILES[name][0] + DATA
        if name.startswith("fits"):  # whose blocks are whole
            data += bytes(960)
    assert [told.start for told in told_in(array(data))] == starts


def test_two_pictures_in_one_fits_file() -> None:
    one = fits(16, 30, 48)  # 2,880 bytes: a block
    extension = one.replace(b"SIMPLE  =                    T", b"XTENSION= 'IMAGE   '          ")
    data = one + DATA[:2880] + extension + DATA[:2880]
    starts = [len(one), len(one) + 2880 + len(extension)]
    assert [told.start for told in told_in(array(data))] == starts


def test_two_pictures_in_one_tiff_file() -> None:
    """The second is of another kind, and its directory is behind the first one's pixels."""
    head = b"II*\0" + struct.pack("<I", 8)
    data = (head + directory("<", 8, 200, 8, 1, 5000)).ljust(200, b"\0") + DATA
    data = (data + directory("<", 5000, 5200, 16, 1, 0)).ljust(5200, b"\0") + DATA
    found = told_in(array(data))
    assert [(told.start, told.array.item) for told in found] == [(200, 1), (5200, 2)]


def test_variables_with_records() -> None:
    data = netcdf(3, [((0, 1), 3, 400), ((0, 2), 4, 480)]) + DATA  # 80 and 120 bytes
    starts = [400, 480, 600, 680, 800, 880]
    assert [told.start for told in told_in(array(data))] == starts


@pytest.mark.parametrize(
    "header",
    [
        bmp(0, 40, 24),
        bmp(-40, 40, 24),
        bmp(40, 40, 7),
        b"P5 60 80 99999\n",
        b"P7\nWIDTH x\nHEIGHT 30\nDEPTH 4\nMAXVAL 255\nENDHDR\n",
        b"P7\nA\nB\nC\nD\nENDHDR\n",
        b"PF 0 0 1\n",
        b"II*\0\xff\xff\xff\xff",
        b"MM\0*\0\0\0\4",
        tiff("<", 8, 9),
        wav(1, 1, 12),
        wav(85, 2, 16),
        b"RIFF    WAVEdata\0\0\0\0",
        b"FORM    AIFFSSND\0\0\0\0",
        aiff(1, 16, b"ulaw\0\0"),
        b".snd" + struct.pack(">IIIII", 24, 0, 27, 8000, 1),
        caf(2, 0, 16, len(DATA)),
        b"caff\0\1\0\0data" + bytes(12),
        b"\x93NUMPY\1\0\x10\0{'descr': [[[[[[",
        b"\x93NUMPY\1\0\x10\0{'shape': (9,)}  ",
        b"\x93NUMPY\2\0\xff\xff\xff\xff",
        npy("<c8", (48, 16)),
        fits(16).replace(b"NAXIS   =                    0", b"NAXIS   =            999999999"),
        b"SIMPLE  = ",
        nrrd("short", "60 40", "encoding: gzip\n"),
        nrrd("short", "60 40", "data file: other\nencoding: raw\n"),
        nrrd("block", "60 40"),
        nrrd("short", "-60 -40"),
        b"NRRD0004\n",
        b"CDF\1" + b"\xff" * 400,
        netcdf(0, [((1, 2), 99, 400)]),
        netcdf(0, [((1, 9), 5, 400)]),
        nifti("<", 999, 60, 40),
        nifti("<", 4, 60, -40),
        nifti("<", 4),
        nifti2(4, 0, 40),
        bytes(344) + b"n+1\0\0\0\0\0",
        dicom("<", explicit=True, preamble=True, bits=1),
        dicom("<", explicit=True, preamble=True, bits=16).replace(b"8.1.2.1", b"8.1.2.4"),
        bytes(128) + b"DICM",
        b"",
    ],
)
def test_nonsense_is_left_alone(header: bytes) -> None:
    assert told_in(array(header + DATA)) == []


@pytest.mark.parametrize(
    "piece",
    [
        b"II*\0\x08\0\0\0\1\0",
        bytes(128) + b"DICM" + (b"\x08\0\x10\0\0\0\0\0" * 400),
        b"NRRD0004\ntype: short\n",
        b"CDF\1" + bytes(4) + struct.pack(">II", 10, 500),
        b"CDF\1" + struct.pack(">8I", 0, 0, 0, 0, 0, 11, 1, 0) + struct.pack(">II", 1 << 30, 0),
        b"P5 #",
        b"SIMPLE  =",
    ],
)
def test_headers_without_end_take_no_long_time(piece: bytes) -> None:
    data = array(piece * (4_000_000 // len(piece)))
    begun = time.process_time()
    assert told_in(data) == []
    assert time.process_time() - begun < 20


@given(st.sampled_from(sorted(FILES)), st.integers(0, 600), st.binary(max_size=9), st.booleans())
def test_no_header_is_an_error(name: str, at: int, change: bytes, cut: bool) -> None:
    data = bytearray(FILES[name][0] + DATA)
    data[at : at + len(change)] = change
    data = data[: at if cut else None]
    end = 0
    for found in told_in(array(bytes(data))):
        assert end <= found.start < len(data) and found.size > 0
        end = found.start + found.size
    assert end <= len(data)
    going_on = unfinished(array(bytes(data)))
    if going_on:
        numbers, done, size = going_on
        assert 0 < done < size
        numbers.part(done, len(DATA))  # is no error
