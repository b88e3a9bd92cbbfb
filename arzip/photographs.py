"""Where the scans of JPEG pictures are, which look like noise and are none."""

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["FARTHEST", "MOST_PARTS", "Scans", "is_photograph", "scans"]

FARTHEST = 1 << 22
"""Bytes from the beginning of a header to its scan, at most."""

MOST_PARTS = 1 << 9
"""Of a header."""

_LEAST = 1 << 9  # bytes of a scan
_MOST_FAILED = 1 << 12  # headers that are none

_START = re.compile(rb"\xff\xd8\xff[\xc0-\xfe]")
_MARK = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_FRAMES = (0xC0, 0xC1, 0xC2)  # whose coefficients are told by Huffman codes of their sizes
_OTHER_FRAMES = (0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0))
_PARTS = (0xC4, 0xDA, 0xDB, 0xDC, 0xDD, 0xFE, *range(0xE0, 0xF0))  # that may stand between scans
_SCAN = 0xDA


class Scans(NamedTuple):
    """The bits of a picture's coefficients, and what stands between these."""

    start: int
    end: int
    header: int
    """Where the picture begins."""


def is_photograph(data: NDArray[np.uint8]) -> bool:
    """Return whether some data begins as a JPEG file does."""
    return data[:3].tobytes() == b"\xff\xd8\xff"


def scans(data: NDArray[np.uint8]) -> Iterator[Scans]:
    """Yield the scans of each picture, from front to back.

    Those of a small one in another one's header, as cameras put it there, come before the other's.
    """
    text = data.data
    waiting: list[Scans] = []  # pictures in whose headers others may be, the innermost last
    end = failed = 0
    for found in _START.finditer(text):
        header = found.start()
        while waiting and header >= waiting[-1].start:
            end = waiting[-1].end
            yield from _long_enough(waiting.pop())
        if header < end or failed == _MOST_FAILED:
            continue
        start = _first_scan(text, header)
        if start == 0:
            failed += 1
            continue
        picture = Scans(start, _end_of_scans(text, start), header)
        if not waiting or picture.end <= waiting[-1].start:
            waiting.append(picture)
    for picture in reversed(waiting):
        yield from _long_enough(picture)


def _long_enough(picture: Scans) -> list[Scans]:
    return [picture] if picture.end - picture.start >= _LEAST else []


def _first_scan(text: memoryview, header: int) -> int:
    """Return where the first scan begins of a picture that begins there; 0 if there is none."""
    at, is_known = header + 2, False
    for _ in range(MOST_PARTS):
        if at + 4 > len(text) or at - header >= FARTHEST:
            return 0
        mark, kind, size = struct.unpack_from(">BBH", text, at)
        if mark != 0xFF or kind in _OTHER_FRAMES or size < 2:
            return 0
        is_known |= kind in _FRAMES
        at += 2 + size
        if kind == _SCAN:
            return at if is_known and at - header < FARTHEST else 0
    return 0


def _end_of_scans(text: memoryview, start: int) -> int:
    """Return where the last scan ends, from the beginning of the first one."""
    end = _end_of_scan(text, start)
    at = end
    for _ in range(MOST_PARTS):
        if at + 4 > len(text):
            break
        mark, kind, size = struct.unpack_from(">BBH", text, at)
        if mark != 0xFF or kind not in _PARTS:
            break
        at += 2 + size
        if kind == _SCAN:
            at = end = _end_of_scan(text, at)
    return end


def _end_of_scan(text: memoryview, start: int) -> int:
    mark = _MARK.search(text, start)
    return mark.start() if mark else len(text)
