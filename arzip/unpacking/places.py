"""Where deflate streams may begin, and what follows them if they are what they seem.

    zlib    a header of two bytes, the stream, its Adler-32
    gzip    a header, the stream, its CRC-32 and size (RFC 1952)
    zip     a local header, the stream; the CRC-32 and both sizes before it or behind
    entry   of a ZIP file's directory: these three again, and where the local header is
    png     a stream of zlib's, cut into chunks

Of other kinds of items nothing shows: a stream of a ZIP file whose numbers lie elsewhere (deflate),
one of zlib's whose plain text is filtered rows (rows), what no model can shorten (noise), text in
UTF-16 (wide), base64 (letters) and enciphered fonts (font), which have modules of their own.

What is found is only tried: it stays as it is if it does not fit.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64
from arzip.unpacking.blocks import DISTANCE_EXTRA, DISTANCE_LEAST, LENGTH_EXTRA, bits

__all__ = [
    "DEFLATE",
    "ENTRY",
    "ENTRY_SIZE",
    "FONT",
    "GZIP",
    "LETTERS",
    "LOCAL_SIZE",
    "NOISE",
    "PNG",
    "ROWS",
    "WIDE",
    "ZIP",
    "ZLIB",
    "Place",
    "behind_gzip_header",
    "behind_zip_header",
    "places",
]

ZLIB, GZIP, ZIP, ENTRY, PNG, DEFLATE, ROWS, NOISE, WIDE, LETTERS, FONT = range(1, 12)

ENTRY_SIZE = 46
"""Bytes of a directory's entry up to the name."""
LOCAL_SIZE = 30
"""Bytes of a local header up to the name."""
_BATCH = 1 << 12
_LITERALS = 20  # before a match, in what is looked at
_LOOKED_AT = 40  # bytes of a block, at most


class Place(NamedTuple):
    """A signature."""

    start: int
    kind: int


def places(data: NDArray[np.uint8]) -> Iterator[Place]:
    """Yield where something may begin, from front to back."""
    starts, kinds = np.empty(_BATCH, dtype=np.int64), np.empty(_BATCH, dtype=np.int64)
    at = 0
    while at < data.size:
        found, at = _look(data, at, starts, kinds)
        yield from map(Place, starts[:found].tolist(), kinds[:found].tolist())


@compiled
def _look(
    data: NDArray[np.uint8], at: int, starts: NDArray[np.int64], kinds: NDArray[np.int64]
) -> tuple[int, int]:
    """Note the signatures from `at` on. Returns how many, and how far it came."""
    found, end = 0, i64(data.size)
    while at + 8 < end and found < starts.size:
        kind = 0
        first, second, third = data[at], data[at + 1], data[at + 2]
        if first == 0x50 and second == 0x4B:
            if third == 3 and data[at + 3] == 4:
                kind = ZIP
            elif third == 1 and data[at + 3] == 2:
                kind = ENTRY
        elif first == 0x1F and second == 0x8B:
            if third == 8 and data[at + 3] < 32:
                kind = GZIP
        elif first == 0x89 and second == 0x50:
            if third == 0x4E and data[at + 3] == 0x47:
                kind = PNG
        elif first & 0x8F == 8 and second & 0x20 == 0 and (i64(first) << 8 | i64(second)) % 31 == 0:
            kind = ZLIB if _begins_block(data, at + 2) else 0
        if kind:
            starts[found], kinds[found] = at, kind
            found += 1
        at += 1
    return found, (at if found == starts.size else end)


@compiled
def _begins_block(data: NDArray[np.uint8], at: int) -> bool:
    """Return whether a stream's first block may begin there: of random places few pass."""
    if at + _LOOKED_AT > data.size:
        return True
    kind = data[at] >> 1 & 3
    if kind == 0:
        stored: bool = data[at + 1] ^ data[at + 3] == 255 and data[at + 2] ^ data[at + 4] == 255
        return stored
    if kind == 1:
        return _begins_fixed(data, 8 * at + 3)
    if kind == 2:
        return _tells_a_code(data, 8 * at + 3)
    return False


@compiled
def _tells_a_code(data: NDArray[np.uint8], at: int) -> bool:
    """Return whether the code for lengths is a whole one, and they are not too many."""
    if bits(data, at, 5) > 29 or bits(data, at + 5, 5) > 29:
        return False
    room = 128
    for k in range(4 + bits(data, at + 10, 4)):
        length = bits(data, at + 14 + 3 * k, 3)
        if length:
            room -= 128 >> length
    whole: bool = room == 0 or room == 64
    return whole


@compiled
def _begins_fixed(data: NDArray[np.uint8], at: int) -> bool:
    """Return whether there are literals in the fixed code, and then what may be a match."""
    for place in range(_LITERALS):
        code = _turned(data, at, 7)
        if code >= 24:
            code = _turned(data, at, 8)
            if code < 192:
                at += 8
                continue
            if code >= 200:
                at += 9
                continue
            symbol = code - 192 + 280
            at += 8
        else:
            symbol = 256 + code
            at += 7
        if symbol == 256:
            return True
        if symbol > 285:
            return False
        at += LENGTH_EXTRA[symbol - 257]
        code = _turned(data, at, 5)
        if code >= 30:
            return False
        distance = DISTANCE_LEAST[code] + bits(data, at + 5, DISTANCE_EXTRA[code])
        reached: bool = distance <= place
        return reached
    return True


@compiled
def _turned(data: NDArray[np.uint8], at: int, n: int) -> int:
    """Return n bits, the first one as the highest."""
    turned = 0
    for k in range(n):
        turned = turned << 1 | bits(data, at + k, 1)
    return turned


def behind_gzip_header(data: bytes, at: int) -> int | None:
    """Return where the stream begins; None if there is no whole header."""
    flags = data[at + 3]
    at += 10
    if flags & 4:
        if at + 2 > len(data):
            return None
        at += 2 + int.from_bytes(data[at : at + 2], "little")
    for flag in (8, 16):
        if flags & flag:
            at = data.find(b"\0", at, at + 65536) + 1
            if not at:
                return None
    return at + (2 if flags & 2 else 0)


class Local(NamedTuple):
    """A local header of a ZIP file."""

    stream: int  # where it begins
    described_behind: bool
    """Whether the check and sizes stand behind the stream, not in the header."""


def behind_zip_header(data: bytes | bytearray, at: int) -> Local | None:
    """Return what a local header says; None if there is no deflate stream behind it."""
    if at + LOCAL_SIZE > len(data):
        return None
    flags, method = struct.unpack_from("<HH", data, at + 6)
    name, extra = struct.unpack_from("<HH", data, at + 26)
    if method != 8 or flags & 1:
        return None
    return Local(at + LOCAL_SIZE + name + extra, bool(flags & 8))
