"""Pictures of bodies, in slices and over time, that are not compressed: DICOM, NIfTI."""

import math
import struct
from collections.abc import Iterator
from typing import NamedTuple

from arzip.arrays import Array
from arzip.readings.headers.told import Told

__all__ = ["read_dicom", "read_nifti1", "read_nifti2"]

_NIFTI = {2: (1, "u"), 4: (2, "i"), 8: (4, "i"), 16: (4, "f"), 64: (8, "f")}
_NIFTI |= {256: (1, "i"), 512: (2, "u"), 768: (4, "u"), 1024: (8, "i"), 1280: (8, "u")}
_COLOURS = 128  # the kind of three bytes


def read_nifti1(text: bytes, at: int) -> Iterator[Told]:
    """Yield the items of a NIfTI-1 file."""
    order = "<" if struct.unpack_from("<i", text, at) == (348,) else ">"
    sizes = struct.unpack_from(order + "8h", text, at + 40)
    (kind,) = struct.unpack_from(order + "h", text, at + 70)
    (start,) = struct.unpack_from(order + "f", text, at + 108)
    if struct.unpack_from(order + "i", text, at) == (348,):
        yield from _nifti(at + int(start), kind, sizes, order)


def read_nifti2(text: bytes, at: int) -> Iterator[Told]:
    """Yield the items of a NIfTI-2 file."""
    order = "<" if struct.unpack_from("<i", text, at) == (540,) else ">"
    sizes = struct.unpack_from(order + "8q", text, at + 16)
    (kind,) = struct.unpack_from(order + "h", text, at + 12)
    (start,) = struct.unpack_from(order + "q", text, at + 168)
    yield from _nifti(at + start, kind, sizes, order)


def _nifti(start: int, kind: int, sizes: tuple[int, ...], order: str) -> Iterator[Told]:
    shape = sizes[1 : sizes[0] + 1]
    if not 1 <= sizes[0] <= 7 or min(shape) < 1:
        return
    channels = 3 if kind == _COLOURS else 1
    item, letter = (1, "u") if kind == _COLOURS else _NIFTI[kind]
    row = channels * shape[0]
    yield Told(
        start, item * channels * math.prod(shape), Array(item, order + letter, channels, row)
    )


_META, _SYNTAX = 0x0002, (0x0002, 0x0010)
_SAMPLES, _LAYOUT, _COLUMNS = (0x0028, 0x0002), (0x0028, 0x0006), (0x0028, 0x0011)
_BITS, _IS_SIGNED = (0x0028, 0x0100), (0x0028, 0x0103)
_PIXELS = (0x7FE0, 0x0010)
_ITEM, _ITEM_END, _SEQUENCE_END = (0xFFFE, 0xE000), (0xFFFE, 0xE00D), (0xFFFE, 0xE0DD)
_UNKNOWN = 0xFFFFFFFF  # a length: up to an element that ends it
_LONG = (b"OB", b"OW", b"OF", b"OD", b"OL", b"SQ", b"UC", b"UR", b"UT", b"UN")
_IMPLICIT, _BIG = b"1.2.840.10008.1.2", b"1.2.840.10008.1.2.2"
_PLAIN = (_IMPLICIT, _BIG, b"1.2.840.10008.1.2.1")  # the others are compressed
_MOST_ELEMENTS = 1 << 11


class _Element(NamedTuple):
    tag: tuple[int, int]
    start: int
    size: int


def _element(text: bytes, at: int, order: str, is_explicit: bool) -> _Element:
    group, number = struct.unpack_from(order + "HH", text, at)
    if group == 0xFFFE or not is_explicit:
        (size,) = struct.unpack_from(order + "I", text, at + 4)
        return _Element((group, number), at + 8, size)
    if text[at + 4 : at + 6] in _LONG:
        (size,) = struct.unpack_from(order + "I", text, at + 8)
        return _Element((group, number), at + 12, size)
    (size,) = struct.unpack_from(order + "H", text, at + 6)
    return _Element((group, number), at + 8, size)


def read_dicom(text: bytes, at: int) -> Iterator[Told]:
    """Yield the pixels of a DICOM file, or of one of its forerunners, which have no preamble."""
    place = at + 132 if text[at + 128 : at + 132] == b"DICM" else at
    order, is_explicit, syntax = "<", text[place + 4 : place + 6].isalpha(), b""
    fields = {_SAMPLES: 1, _LAYOUT: 0, _IS_SIGNED: 0}
    depth = 0  # of sequences whose length is unknown
    for _ in range(_MOST_ELEMENTS):
        if syntax and struct.unpack_from("<H", text, place) != (_META,):
            order, is_explicit = ">" if syntax == _BIG else "<", syntax != _IMPLICIT
            syntax = b""
        tag, start, size = _element(text, place, order, is_explicit)
        if tag == _PIXELS and depth == 0:
            if size != _UNKNOWN:
                yield _dicom(start, size, fields, order)
            return
        place = start
        if size == _UNKNOWN:
            depth += tag != _ITEM
        elif tag == _SEQUENCE_END:
            depth -= 1
        elif tag not in (_ITEM, _ITEM_END):
            place = start + size
            if tag == _SYNTAX:
                syntax = text[start:place].strip(b" \0")
                if syntax not in _PLAIN:
                    return
            elif tag[0] == 0x0028 and size == 2 and depth == 0:
                (fields[tag],) = struct.unpack_from(order + "H", text, start)


def _dicom(start: int, size: int, fields: dict[tuple[int, int], int], order: str) -> Told:
    item = fields[_BITS] // 8
    channels = fields[_SAMPLES] if fields[_LAYOUT] == 0 else 1  # side by side, or in planes
    kind = "i" if fields[_IS_SIGNED] and item > 1 else "u"
    return Told(start, size, Array(item, order + kind, channels, channels * fields[_COLUMNS]))
