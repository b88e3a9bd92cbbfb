"""JPEG pictures for tests: a small sequential encoder (ITU-T T.81), and pictures."""

import math
import random

import numpy as np
from numpy.typing import NDArray

__all__ = ["encoded", "picture"]

ZIGZAG = sorted(
    ((row, column) for row in range(8) for column in range(8)),
    key=lambda place: (sum(place), place[(sum(place) + 1) % 2]),
)
BITS = 13
COSINES = np.array(
    [
        [
            round(
                math.sqrt((1 if u == 0 else 2) / 8)
                * math.cos((2 * x + 1) * u * math.pi / 16)
                * (1 << BITS)
            )
            for x in range(8)
        ]
        for u in range(8)
    ]
)
"""In whole numbers, so that all machines make the same file."""
STEPS = np.array([[3 + 2 * (row + column) for column in range(8)] for row in range(8)])
_OTHERS = [run << 4 | size for run in range(16) for size in range(1, 11)] + [0, 0xF0]
SYMBOLS = (
    list(range(12)),
    sorted(_OTHERS, key=lambda s: (s >> 4) + 2 * (s & 15) - 12 * (s == 0xF0)),
)
"""Of first coefficients and of others, frequent ones first."""
LENGTHS = (
    [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
    [0, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5, 4, 0, 0, 0, 124],
)
"""How many codes have 1, 2 .. 16 bits."""


def _codes(kind: int) -> tuple[bytes, dict[int, str]]:
    """Return a table of codes as a header has it, and each symbol's bits."""
    lengths, symbols = LENGTHS[kind], iter(SYMBOLS[kind])
    code, codes = 0, {}
    for length, count in enumerate(lengths, start=1):
        for _ in range(count):
            codes[next(symbols)] = f"{code:0{length}b}"
            code += 1
        code <<= 1
    return bytes(lengths) + bytes(SYMBOLS[kind]), codes


def _number(value: int) -> str:
    size = abs(value).bit_length()
    return f"{value if value > 0 else value + (1 << size) - 1:0{size}b}" if size else ""


def _block(pixels: NDArray[np.int64], before: int, codes: list[dict[int, str]]) -> tuple[str, int]:
    """Return the bits of a block, and its first coefficient."""
    whole = STEPS << 2 * BITS
    values = (2 * (COSINES @ (pixels - 128) @ COSINES.T) + whole) // (2 * whole)
    first, *others = (int(values[place]) for place in ZIGZAG)
    bits = codes[0][abs(first - before).bit_length()] + _number(first - before)
    zeros = 0
    last = max((k for k, value in enumerate(others) if value), default=-1)
    for value in others[: last + 1]:
        if value == 0:
            zeros += 1
            continue
        while zeros > 15:
            bits += codes[1][0xF0]
            zeros -= 16
        bits += codes[1][zeros << 4 | abs(value).bit_length()] + _number(value)
        zeros = 0
    return bits + (codes[1][0] if last < 62 else ""), first


def _part(kind: int, content: bytes) -> bytes:
    return bytes([0xFF, kind]) + (len(content) + 2).to_bytes(2, "big") + content


def encoded(
    planes: list[NDArray[np.uint8]], *, halved: bool = False, restart: int = 0, frame: int = 0xC0
) -> bytes:
    """Return a JPEG file of planes of whole blocks.

    If `halved`, the first plane has twice as many rows and columns as the others, of whole units;
    a marker comes every `restart` units. `frame` is the kind of frame that the header claims.
    """
    tables, codes = zip(*(_codes(kind) for kind in range(2)), strict=True)
    height, width = planes[0].shape
    sampled = [2 if halved and k == 0 else 1 for k in range(len(planes))]
    about = b"".join(bytes([k + 1, 17 * s, 0]) for k, s in enumerate(sampled))
    head = b"\xff\xd8" + _part(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
    head += _part(0xDB, b"\0" + bytes(int(STEPS[place]) for place in ZIGZAG))
    size = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    head += _part(frame, b"\x08" + size + bytes([len(planes)]) + about)
    head += b"".join(_part(0xC4, bytes([16 * kind]) + table) for kind, table in enumerate(tables))
    head += _part(0xDD, restart.to_bytes(2, "big")) if restart else b""
    parts = b"".join(bytes([k + 1, 0]) for k in range(len(planes)))
    head += _part(0xDA, bytes([len(planes)]) + parts + b"\0\x3f\0")
    side = 8 * max(sampled)
    before, bits, scan, units = [0] * len(planes), "", b"", 0
    for y in range(0, height, side):
        for x in range(0, width, side):
            if restart and units and units % restart == 0:
                scan += _stuffed(bits) + bytes([0xFF, 0xD0 + (units // restart - 1) % 8])
                bits, before = "", [0] * len(planes)
            units += 1
            for k, plane in enumerate(planes):
                top, first = y * sampled[k] // max(sampled), x * sampled[k] // max(sampled)
                for block in range(sampled[k] ** 2):
                    row, column = top + 8 * (block // sampled[k]), first + 8 * (block % sampled[k])
                    pixels = plane[row : row + 8, column : column + 8].astype(np.int64)
                    more, before[k] = _block(pixels, before[k], list(codes))
                    bits += more
    return head + scan + _stuffed(bits) + b"\xff\xd9"


def _stuffed(bits: str) -> bytes:
    """Return bits as bytes, filled up with ones, with a 0 behind each byte FF."""
    bits += "1" * (-len(bits) % 8)
    whole = int(bits, 2).to_bytes(len(bits) // 8, "big") if bits else b""
    return whole.replace(b"\xff", b"\xff\0")


def picture(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """Return a plane that is smooth, with edges and grain."""
    rng = random.Random(seed)  # Python promises never to change random()
    y, x = np.mgrid[:height, :width]
    shade = np.full((height, width), 60 + 20 * seed)
    for _ in range(4):
        a, b, c = (1 + int(8 * rng.random()) for _ in range(3))
        shade += abs((a * x + b * y) // 4 % 128 - 64) * c // 6
    edges = 40 * ((x + 2 * y) % 97 < 40) - 30 * ((3 * x - y) % 131 < 60)
    grain = [int(9 * rng.random()) + int(9 * rng.random()) - 8 for _ in range(height * width)]
    pixels = shade + edges + np.array(grain).reshape(height, width)
    return pixels.clip(0, 255).astype(np.uint8)
