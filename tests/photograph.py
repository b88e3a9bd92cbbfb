"""JPEG pictures for tests: a small encoder (ITU-T T.81), and pictures."""

import math
import random
from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["blocks_of", "encoded", "picture", "progressive", "scans_without_end"]

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
_ENDS = [run << 4 for run in range(1, 15)]  # of so many blocks: 2^run and more


def _by_length(symbols: list[int]) -> list[int]:
    return sorted(symbols, key=lambda s: (s >> 4) + 2 * (s & 15) - 12 * (s == 0xF0))


SYMBOLS = (list(range(12)), _by_length(_OTHERS), _by_length(_OTHERS + _ENDS))
"""Of first coefficients, of others, and of others in progressive pictures; frequent ones first."""
LENGTHS = (
    [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
    [0, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5, 4, 0, 0, 0, 124],
    [0, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5, 4, 0, 0, 0, 138],
)
"""How many codes have 1, 2 .. 16 bits."""

Blocks = NDArray[np.int64]
"""A plane's coefficients: (rows of blocks, columns, 64), in zigzag order."""


@cache
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


def blocks_of(plane: NDArray[np.uint8]) -> Blocks:
    """Return the coefficients of a plane as files have them."""
    height, width = plane.shape
    pixels = plane.astype(np.int64).reshape(height // 8, 8, width // 8, 8).swapaxes(1, 2)
    whole = STEPS << 2 * BITS
    values = (2 * (COSINES @ (pixels - 128) @ COSINES.T) + whole) // (2 * whole)
    rows, columns = zip(*ZIGZAG, strict=True)
    return values[..., rows, columns]


def _first(value: int, before: int) -> str:
    """Return the bits of a block's first coefficient."""
    return _codes(0)[1][abs(value - before).bit_length()] + _number(value - before)


def _others(band: list[int], codes: dict[int, str]) -> tuple[str, bool]:
    """Return the bits of some coefficients, and whether zeros behind these are yet to be told."""
    bits, zeros = "", 0
    for value in band:
        if value == 0:
            zeros += 1
            continue
        bits += codes[0xF0] * (zeros // 16)
        bits += codes[zeros % 16 << 4 | abs(value).bit_length()] + _number(value)
        zeros = 0
    return bits, zeros > 0


def _part(kind: int, content: bytes) -> bytes:
    return bytes([0xFF, kind]) + (len(content) + 2).to_bytes(2, "big") + content


def _head(planes: list[NDArray[np.uint8]], frame: int, halved: bool, kinds: list[int]) -> bytes:
    """Return what stands before the first scan; `kinds` are the tables of codes."""
    height, width = planes[0].shape
    sampled = _sampled(planes, halved)
    about = b"".join(bytes([k + 1, 17 * s, 0]) for k, s in enumerate(sampled))
    head = b"\xff\xd8" + _part(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
    head += _part(0xDB, b"\0" + bytes(int(STEPS[place]) for place in ZIGZAG))
    size = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    head += _part(frame, b"\x08" + size + bytes([len(planes)]) + about)
    tables = (_part(0xC4, bytes([16 * (kind > 0)]) + _codes(kind)[0]) for kind in kinds)
    return head + b"".join(tables)


def _sampled(planes: list[NDArray[np.uint8]], halved: bool) -> list[int]:
    return [2 if halved and k == 0 else 1 for k in range(len(planes))]


def _scan(components: list[int], first: int, last: int, bits: int) -> bytes:
    parts = b"".join(bytes([k + 1, 0]) for k in components)
    return _part(0xDA, bytes([len(components)]) + parts + bytes([first, last, bits]))


def encoded(
    planes: list[NDArray[np.uint8]],
    *,
    halved: bool = False,
    apart: bool = False,
    restart: int = 0,
    frame: int = 0xC0,
) -> bytes:
    """Return a JPEG file of planes of whole blocks.

    If `halved`, the first plane has twice as many rows and columns as the others, of whole units;
    if `apart`, each has a scan by itself. A marker comes every `restart` units. `frame` is the kind
    of frame that the header claims.
    """
    file = _head(planes, frame, halved, [0, 1])
    file += _part(0xDD, restart.to_bytes(2, "big")) if restart else b""
    blocks, sampled = [blocks_of(plane) for plane in planes], _sampled(planes, halved)
    if not apart:
        return file + _whole_scan(blocks, sampled, 0, restart) + b"\xff\xd9"
    scans = (_whole_scan([values], [1], k, restart) for k, values in enumerate(blocks))
    return file + b"".join(scans) + b"\xff\xd9"


def _whole_scan(blocks: list[Blocks], sampled: list[int], first: int, restart: int) -> bytes:
    """Return a scan of all coefficients of the components from number `first` on."""
    codes = _codes(1)[1]
    scan = _scan([first + k for k in range(len(blocks))], 0, 63, 0)
    before, bits = [0] * len(blocks), ""
    for units, unit in enumerate(_units(blocks, sampled)):
        if restart and units and units % restart == 0:
            scan += _stuffed(bits) + bytes([0xFF, 0xD0 + (units // restart - 1) % 8])
            bits, before = "", [0] * len(blocks)
        for k, (value, *others) in unit:
            more, has_end = _others(others, codes)
            bits += _first(value, before[k]) + more + codes[0] * has_end
            before[k] = value
    return scan + _stuffed(bits)


def _units(blocks: list[Blocks], sampled: list[int]) -> Iterator[list[tuple[int, list[int]]]]:
    """Yield units: blocks with the number of their component."""
    rows, columns, _ = blocks[0].shape
    most = max(sampled)
    for y in range(rows // most):
        for x in range(columns // most):
            yield [
                (k, values[y * s + n // s, x * s + n % s].tolist())
                for k, (values, s) in enumerate(zip(blocks, sampled, strict=True))
                for n in range(s * s)
            ]


def progressive(planes: list[NDArray[np.uint8]], *, halved: bool = False) -> bytes:
    """Return a JPEG file as `encoded` does, whose scans each tell a part of all coefficients."""
    blocks = [blocks_of(plane) for plane in planes]
    components, sampled = list(range(len(planes))), _sampled(planes, halved)
    file = _head(planes, 0xC2, halved, [0, 2])
    file += _scan(components, 0, 0, 1)
    before, bits, low = [0] * len(planes), "", ""
    for unit in _units(blocks, sampled):
        for k, values in unit:
            bits += _first(values[0] >> 1, before[k])
            before[k] = values[0] >> 1
            low += str(values[0] & 1)
    file += _stuffed(bits)
    for first, last, shift in ((1, 5, 2), (6, 63, 2)):
        for k in components:
            file += _scan([k], first, last, shift) + _stuffed(_band(blocks[k], first, last, shift))
    for shift in (1, 0):
        for k in components:
            file += _scan([k], 1, 63, (shift + 1) << 4 | shift)
            file += _stuffed(_finer(blocks[k], shift))
    return file + _scan(components, 0, 0, 1 << 4) + _stuffed(low) + b"\xff\xd9"


def scans_without_end(side: int, count: int) -> bytes:
    """Return a progressive picture of many scans, in which few bits end all blocks."""
    size = side.to_bytes(2, "big")
    file = b"\xff\xd8" + _part(0xC2, b"\x08" + size + size + b"\1\1\x11\0")
    file += _part(0xC4, b"\x10\1" + bytes(15) + b"\xe0")  # a code of one bit: 2^14 blocks or more
    ends = (side // 8) ** 2 // ((1 << 15) - 1) + 1
    return file + (_scan([0], 1, 63, 1) + _stuffed(("0" + "1" * 14) * ends)) * count + b"\xff\xd9"


def _end(blocks: int, codes: dict[int, str]) -> str:
    """Return the bits that end so many blocks."""
    run = max(blocks.bit_length() - 1, 0)
    return codes[run << 4] + f"{blocks - (1 << run):0{run}b}" * (run > 0) if blocks else ""


def _band(blocks: Blocks, first: int, last: int, shift: int) -> str:
    """Return the bits of some coefficients without their lowest ones."""
    codes, bits, ended = _codes(2)[1], "", 0
    for values in blocks.reshape(-1, 64)[:, first : last + 1].tolist():
        band, has_end = _others([int(v / (1 << shift)) for v in values], codes)
        if band:
            bits += _end(ended, codes) + band
            ended = 0
        ended += has_end
    return bits + _end(ended, codes)


def _finer(blocks: Blocks, shift: int) -> str:
    """Return the bits that add one to each coefficient but the first."""
    codes, bits, ended, kept = _codes(2)[1], "", 0, ""
    for values in blocks.reshape(-1, 64)[:, 1:].tolist():
        sizes = [abs(value) >> shift for value in values]
        news = [k for k, size in enumerate(sizes) if size == 1]
        zeros, more = 0, ""
        for k in range(news[-1] + 1 if news else 0):
            if sizes[k] > 1:
                more += str(sizes[k] & 1)
                continue
            if zeros == 15 and sizes[k] == 0:
                bits, ended, kept = bits + _end(ended, codes) + kept, 0, ""
                bits += codes[0xF0] + more
                zeros, more = 0, ""
            elif sizes[k] == 0:
                zeros += 1
            else:
                bits, ended, kept = bits + _end(ended, codes) + kept, 0, ""
                bits += codes[zeros << 4 | 1] + str(int(values[k] > 0)) + more
                zeros, more = 0, ""
        rest = range(news[-1] + 1 if news else 0, 63)
        if rest:
            kept += "".join(str(sizes[k] & 1) for k in rest if sizes[k] > 1)
            ended += 1
    return bits + _end(ended, codes) + kept


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
