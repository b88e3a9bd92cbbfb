"""Pictures that are not compressed: BMP, PNM, PAM, PFM, Targa.

And those in icons and programs, which hold BMP's without their first 14 bytes.
"""

import itertools
import re
import struct
from collections.abc import Iterator

from arzip.arrays import Array
from arzip.readings.headers.told import Told

__all__ = [
    "DIB",
    "PAM",
    "PFM",
    "PNM",
    "TARGA",
    "read_bmp",
    "read_dib",
    "read_pam",
    "read_pfm",
    "read_pnm",
    "read_targa",
]

DIB = rb"\x28\0\0\0.{8}\x01\0[\x08\x18\x20]\0{5}"
PNM = rb"P[56]\s+(?:#[^\n]{0,128}\n\s*){0,8}\d{1,5}\s+\d{1,5}\s+\d{1,5}\s"
PAM = rb"P7\n(?:[A-Z#][^\n]*\n){4,16}?ENDHDR\n"
PFM = rb"P[Ff]\s+\d{1,5}\s+\d{1,5}\s+-?\d{1,9}(?:\.\d{1,9})?\s"
TARGA = 18
"""Bytes of a Targa file's header."""

_COMMENT = re.compile(rb"#[^\n]*\n")
_AFTER_TARGA = 4096  # bytes that may follow its pixels


def read_bmp(text: bytes, at: int) -> Iterator[Told]:
    """Yield the pixels of a BMP file."""
    start, _, width, height, _, bits, packing = struct.unpack_from("<IIiiHHI", text, at + 10)
    if bits in (8, 24, 32) and packing in (0, 3) and width > 0:
        row = _row(width, bits)
        yield Told(at + start, row * abs(height), Array(1, "<u", bits // 8, row), height > 0)


def read_dib(text: bytes, at: int) -> Iterator[Told]:
    """Yield the pixels of a BMP file that begins with its second header."""
    width, height, _, bits, _, _, _, _, colours = struct.unpack_from("<iiHHIIiiI", text, at + 4)
    if height == 2 * width:  # an icon, whose mask is as high again
        height = width
    start = at + 40 + 4 * (colours or 256 if bits == 8 else 0)
    row = _row(width, bits)
    size = row * abs(height)
    if width > 0 and start + size <= len(text):  # it has no name: all that it says must fit
        yield Told(start, size, Array(1, "<u", bits // 8, row), height > 0)


def _row(width: int, bits: int) -> int:
    """Return the bytes of a row, a multiple of four."""
    return (width * bits // 8 + 3) // 4 * 4


def _header(pattern: bytes, text: bytes, at: int) -> tuple[list[bytes], int]:
    """Return a header's words, and where it ends."""
    header = re.compile(pattern).match(text, at)
    if header is None:
        raise ValueError
    return _COMMENT.sub(b"", header.group()).split(), header.end()


def _picture(start: int, item: int, channels: int, width: int, height: int) -> Told:
    row = channels * width
    return Told(start, item * row * height, Array(item, ">u", channels, row))


def read_pnm(text: bytes, at: int) -> Iterator[Told]:
    """Yield the pixels of a PGM or PPM file."""
    (kind, *fields), end = _header(PNM, text, at)
    width, height, most = map(int, fields)
    if most < 1 << 16:
        yield _picture(end, 1 if most < 256 else 2, 3 if kind == b"P6" else 1, width, height)


def read_pam(text: bytes, at: int) -> Iterator[Told]:
    """Yield the pixels of a PAM file."""
    words, end = _header(PAM, text, at)
    fields = dict(itertools.pairwise(words))
    width, height, depth, most = (
        int(fields[name]) for name in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL")
    )
    yield _picture(end, 1 if most < 256 else 2, depth, width, height)


def read_pfm(text: bytes, at: int) -> Iterator[Told]:
    """Yield the pixels of a PFM file, which are floating point."""
    (kind, width, height, scale), end = _header(PFM, text, at)
    channels = 3 if kind == b"PF" else 1
    row = channels * int(width)
    order = "<" if scale.startswith(b"-") else ">"
    yield Told(end, 4 * row * int(height), Array(4, order + "f", channels, row), True)


def read_targa(text: bytes, n: int) -> Iterator[Told]:
    """Yield the pixels of a Targa file of n bytes, by its first ones.

    Its header has no name: all that it says must fit.
    """
    if len(text) < TARGA:
        return
    skipped, has_map, kind, _, entries, entry = struct.unpack_from("<BBBHHB", text)
    width, height, bits, flags = struct.unpack_from("<HHBB", text, 12)
    start = TARGA + skipped + (entries * (-(-entry // 8)) if has_map else 0)
    row = width * bits // 8
    size = row * height
    fits = start + size <= n <= start + size + _AFTER_TARGA and size > 0
    if fits and kind in (1, 2, 3) and has_map <= 1 and bits in (8, 24, 32) and not flags & 0xC0:
        yield Told(start, size, Array(1, "<u", bits // 8, row), not flags & 0x20)
