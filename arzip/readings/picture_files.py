"""Where pixels are in files of pictures that are not compressed: BMP, PNM, PAM, TIFF, Targa.

And in icons and programs, which hold BMP's pictures without their first 14 bytes.

A header may claim anything. What it claims is cut to the bytes that there are, and left alone if it
makes no sense: a wrong reading costs size, nothing else.
"""

import re
import struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Pixels", "pixels_in"]

_COMMENT = re.compile(rb"#[^\n]*\n")
_BMP = rb"BM.{4}\0{4}"
_DIB = rb"\x28\0{3}.{8}\x01\0[\x08\x18\x20]\0{5}"
_PNM = rb"P[56]\s+(?:#[^\n]*\n\s*)*\d{1,5}\s+\d{1,5}\s+\d{1,3}\s"
_PAM = rb"P7\n(?:[A-Z#][^\n]*\n){4,16}?ENDHDR\n"
_TIFF = rb"II\*\0|MM\0\*"
_HEADER = re.compile(b"|".join((_BMP, _DIB, _PNM, _PAM, _TIFF)), re.DOTALL)
_MOST_ENTRIES = 64  # of a TIFF's directory
_AFTER_TARGA = 4096  # bytes that may follow its pixels


class Pixels(NamedTuple):
    """Pixels in rows."""

    start: int
    size: int  # bytes
    pixel: int  # bytes
    row: int  # bytes
    is_upward: bool = False  # the lowest row comes first


def pixels_in(data: NDArray[np.uint8]) -> list[Pixels]:
    """Return the pixels that headers tell of, from front to back."""
    found: list[Pixels] = []
    text = data.tobytes()
    end = 0
    for header in _HEADER.finditer(text):
        if header.start() < end:
            continue
        here = _pixels_behind(header, text)
        if here and here.start < len(text):
            end = min(here.start + here.size, len(text))
            found.append(here._replace(size=end - here.start))
    return found or _targa(text)


def _pixels_behind(header: re.Match[bytes], text: bytes) -> Pixels | None:
    try:
        match header.group()[:2]:
            case b"BM":
                return _bmp(text, header.start())
            case b"\x28\0":
                return _dib(text, header.start())
            case b"P7":
                return _pam(header)
            case b"II":
                return _tiff(text, header.start(), "<")
            case b"MM":
                return _tiff(text, header.start(), ">")
            case _:
                return _pnm(header)
    except (struct.error, ValueError, KeyError):  # it ends too soon, or is none
        return None


def _bmp(text: bytes, at: int) -> Pixels | None:
    start, _, width, height, _, bits, packing = struct.unpack_from("<IIiiHHI", text, at + 10)
    if bits not in (8, 24, 32) or packing not in (0, 3) or width <= 0:
        return None
    row = _row(width, bits)
    return Pixels(at + start, row * abs(height), bits // 8, row, height > 0)


def _dib(text: bytes, at: int) -> Pixels | None:
    width, height, _, bits, _, _, _, _, colours = struct.unpack_from("<iiHHIIiiI", text, at + 4)
    if height == 2 * width:  # an icon, whose mask is as high again
        height = width
    start = at + 40 + 4 * (colours or 256 if bits == 8 else 0)
    row = _row(width, bits)
    if width <= 0 or start + row * abs(height) > len(text):  # no name: all that it says must fit
        return None
    return Pixels(start, row * abs(height), bits // 8, row, height > 0)


def _row(width: int, bits: int) -> int:
    """Return the bytes of a row, a multiple of four."""
    return (width * bits // 8 + 3) // 4 * 4


def _pnm(header: re.Match[bytes]) -> Pixels | None:
    kind, *fields = _COMMENT.sub(b"", header.group()).split()
    width, height, most = map(int, fields)
    pixel = 3 if kind == b"P6" else 1
    return (
        Pixels(header.end(), width * height * pixel, pixel, width * pixel) if most < 256 else None
    )


def _pam(header: re.Match[bytes]) -> Pixels | None:
    lines = (line.split(None, 1) for line in header.group().split(b"\n"))
    fields = {line[0]: line[1] for line in lines if len(line) == 2}
    width, height, depth = (int(fields[name]) for name in (b"WIDTH", b"HEIGHT", b"DEPTH"))
    if int(fields[b"MAXVAL"]) > 255:
        return None
    return Pixels(header.end(), width * height * depth, depth, width * depth)


def _tiff(text: bytes, at: int, order: str) -> Pixels | None:
    """Return the strips of the first picture, if they follow one another."""
    (directory,) = struct.unpack_from(order + "I", text, at + 4)
    (count,) = struct.unpack_from(order + "H", text, at + directory)
    fields = {}
    for k in range(min(count, _MOST_ENTRIES)):
        place = at + directory + 2 + 12 * k
        tag, kind, values = struct.unpack_from(order + "HHI", text, place)
        letter = {1: "B", 3: "H", 4: "I"}.get(kind)
        if letter is None or values == 0:
            continue
        if values * struct.calcsize(letter) > 4:
            (offset,) = struct.unpack_from(order + "I", text, place + 8)
            place = at + offset - 8
        first = struct.unpack_from(order + letter, text, place + 8)[0]
        last_place = place + 8 + (values - 1) * struct.calcsize(letter)
        fields[tag] = first, struct.unpack_from(order + letter, text, last_place)[0], values
    width, height = fields[256][0], fields[257][0]
    pixel = fields.get(277, (1, 1, 1))[0]  # samples of a pixel, side by side
    in_planes = fields.get(284, (1, 1, 1))[0] != 1
    if fields[258][0] != 8 or fields.get(259, (1, 1, 1))[0] != 1 or in_planes:
        return None
    size = width * height * pixel
    (start, last, strips), (strip, rest, _) = fields[273], fields[279]
    if last != start + (strips - 1) * strip or strip * (strips - 1) + rest != size:
        return None
    return Pixels(at + start, size, pixel, width * pixel)


def _targa(text: bytes) -> list[Pixels]:
    """Return the pixels of a Targa file. Its header has no name: all that it says must fit."""
    if len(text) < 18:
        return []
    skipped, has_map, kind, _, entries, entry = struct.unpack_from("<BBBHHB", text)
    width, height, bits, flags = struct.unpack_from("<HHBB", text, 12)
    start = 18 + skipped + (entries * (-(-entry // 8)) if has_map else 0)
    size = width * height * bits // 8
    fits = start + size <= len(text) <= start + size + _AFTER_TARGA
    if not fits or kind not in (1, 2, 3) or has_map > 1 or bits not in (8, 24, 32) or flags & 0xC0:
        return []
    return [Pixels(start, size, bits // 8, width * bits // 8, not flags & 0x20)]
