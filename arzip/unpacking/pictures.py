"""The pixels in a PNG file: its chunks joined, the filters of its rows undone.

Before a row goes to deflate it is filtered: a byte says how, then each byte is the difference to
what its neighbours say (PNG specification, 9). Most encoders choose the filter whose differences
have the least sum, so this is what is expected.
"""

import re
import struct
import zlib
from contextlib import suppress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64
from arzip.unpacking.decisions import Channel, Decisions, choice

__all__ = [
    "CONTEXTS",
    "SIGNATURE",
    "Chunks",
    "Rows",
    "are_whole",
    "chunks",
    "filtered",
    "in_pdf",
    "join",
    "joined",
    "unfiltered",
]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
FILTERS = 5
CONTEXTS = (FILTERS + 1) * FILTERS * 8
"""Of the filters: the last one, the one that is expected, 3 bits."""

_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of a pixel, by type of colour
_MOST_CHUNKS = 1 << 16
_MOST_OTHERS = 64  # before these


class Rows(NamedTuple):
    """How pixels lie in a picture."""

    row: int  # bytes
    pixel: int  # bytes, at least 1
    bits: int = 8  # of a sample


class Chunks(NamedTuple):
    """The chunks of data that follow one another in a file."""

    start: int  # of the first one's length
    end: int
    sizes: list[int]
    rows: Rows | None
    """None if the picture is interlaced, or strange."""


def chunks(data: bytes, at: int) -> Chunks | None:
    """Return the chunks of data of the file whose signature is at `at`; None if there are none.

    Whether they are whole is for `are_whole` to say, which takes longer.
    """
    try:
        size, name = struct.unpack_from(">I4s", data, at + 8)
        width, _height, bits, colour, _, _, interlaced = struct.unpack_from(
            ">IIBBBBB", data, at + 16
        )
    except struct.error:
        return None
    if (size, name) != (13, b"IHDR"):
        return None
    at += 8
    others = 0
    sizes: list[int] = []
    with suppress(struct.error):  # the last one is cut
        while others < _MOST_OTHERS and len(sizes) < _MOST_CHUNKS:
            size, name = struct.unpack_from(">I4s", data, at)
            if name == b"IDAT":
                sizes.append(size)
            elif sizes or name == b"IEND":
                break
            others += not sizes
            at += 12 + size
    if not sizes:
        return None
    start = at - sum(sizes) - 12 * len(sizes)
    rows = None
    if colour in _SAMPLES and bits in (1, 2, 4, 8, 16) and not interlaced:
        pixel = _SAMPLES[colour] * bits
        rows = Rows((width * pixel + 7) // 8, max(pixel // 8, 1), bits)
    return Chunks(start, at, sizes, rows)


def are_whole(data: bytes, found: Chunks) -> bool:
    """Return whether all of the chunks are there, and their checks hold."""
    if found.end > len(data):
        return False
    view, at = memoryview(data), found.start
    for size in found.sizes:
        end = at + 8 + size
        if data[end : end + 4] != struct.pack(">I", zlib.crc32(view[at + 4 : end])):
            return False
        at = end + 4
    return True


_NUMBERS = re.compile(rb"/(Predictor|Columns|Colors|BitsPerComponent|Width|Height)\s+(\d{1,6})\b")


def in_pdf(before: bytes, size: int) -> tuple[Rows | None, bool]:
    """Return how pixels lie in a stream of `size` plain bytes, and whether their rows are filtered.

    `before` is what stands before the stream, if that is in a PDF file.
    """
    head, found, _ = before[before.rfind(b"obj") :].rpartition(b"stream")
    if not found:
        return None, False
    told = {name: int(number) for name, number in _NUMBERS.findall(head)}
    bits = told.get(b"BitsPerComponent", 8)
    if told.get(b"Predictor", 1) >= 10:
        pixel = told.get(b"Colors", 1) * bits
        row = (told.get(b"Columns", 1) * pixel + 7) // 8
        return Rows(row, min(max(pixel // 8, 1), 15), bits if b"/Image" in head else 0), True
    if told.get(b"Predictor", 1) > 1:
        return None, False
    width, height = told.get(b"Width", 0), told.get(b"Height", 0)
    pixel, rest = divmod(size, max(width * height, 1))
    if b"/Image" not in head or rest or bits != 8 or not width or not 1 <= pixel <= 4:
        return None, False
    return Rows(width * pixel, pixel), False


def joined(data: bytes, found: Chunks) -> bytes:
    """Return what the chunks hold."""
    at, parts = found.start, []
    for size in found.sizes:
        parts.append(data[at + 8 : at + 8 + size])
        at += 12 + size
    return b"".join(parts)


def join(stream: bytes, sizes: list[int]) -> bytes:
    """Return chunks that hold the stream, cut into these sizes."""
    out, at = [], 0
    for size in sizes:
        chunk = b"IDAT" + stream[at : at + size]
        out += [struct.pack(">I", size), chunk, struct.pack(">I", zlib.crc32(chunk))]
        at += size
    return b"".join(out)


def unfiltered(data: NDArray[np.uint8], rows: Rows) -> NDArray[np.uint8] | None:
    """Return the rows of pixels in filtered data; None if they are not whole."""
    count, rest = divmod(data.size, rows.row + 1)
    if rest or not count or not rows.row:
        return None
    pixels = np.empty(count * rows.row, dtype=np.uint8)
    return pixels if _unfilter(data, pixels, rows.row, rows.pixel) else None


def filtered(
    decisions: Decisions,
    context: int,
    pixels: NDArray[np.uint8],
    rows: Rows,
    data: NDArray[np.uint8],
) -> None:
    """Tell or learn the filters of rows of pixels; learning, fill in the filtered `data`."""
    costs = np.zeros(FILTERS, dtype=np.int64)
    last = FILTERS
    for k in range(pixels.size // rows.row):
        decisions.flush()
        last = _filter_row(
            decisions.channel, context, pixels, data, k, rows.row, rows.pixel, last, costs
        )


@compiled
def _expected(pixels: NDArray[np.uint8], at: int, k: int, row: int, pixel: int, kind: int) -> int:
    """Return what a filter expects byte `at` of row `k` to be."""
    place = k * row + at
    left = i64(pixels[place - pixel]) if at >= pixel else 0
    above = i64(pixels[place - row]) if k else 0
    if kind == 0:
        return 0
    if kind == 1:
        return left
    if kind == 2:
        return above
    if kind == 3:
        return (left + above) >> 1
    corner = i64(pixels[place - row - pixel]) if k and at >= pixel else 0
    to_left, to_above = abs(above - corner), abs(left - corner)
    to_corner = abs(left + above - 2 * corner)
    if to_left <= to_above and to_left <= to_corner:
        return left
    return above if to_above <= to_corner else corner


@compiled
def _unfilter(data: NDArray[np.uint8], pixels: NDArray[np.uint8], row: int, pixel: int) -> bool:
    for k in range(pixels.size // row):
        start = k * (row + 1)
        kind = i64(data[start])
        if kind >= FILTERS:
            return False
        for at in range(row):
            value = i64(data[start + 1 + at]) + _expected(pixels, at, k, row, pixel, kind)
            pixels[k * row + at] = value & 255
    return True


@compiled
def _filter_row(
    channel: Channel,
    context: int,
    pixels: NDArray[np.uint8],
    data: NDArray[np.uint8],
    k: int,
    row: int,
    pixel: int,
    last: int,
    costs: NDArray[np.int64],
) -> int:
    """Tell the filter of row `k`, after that of the last one. Returns it."""
    for kind in range(FILTERS):
        costs[kind] = 0
        for at in range(row):
            less = i64(pixels[k * row + at]) - _expected(pixels, at, k, row, pixel, kind) & 255
            costs[kind] += min(less, 256 - less)
    best = 0
    for kind in range(1, FILTERS):
        if costs[kind] < costs[best]:
            best = kind
    start = k * (row + 1)
    kind = choice(channel, context + 8 * (FILTERS * last + best), 3, i64(data[start]))
    kind = min(kind, FILTERS - 1)
    if channel.decoding:
        data[start] = kind
        for at in range(row):
            less = i64(pixels[k * row + at]) - _expected(pixels, at, k, row, pixel, kind)
            data[start + 1 + at] = less & 255
    return kind
