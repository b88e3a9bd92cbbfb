"""Text in UTF-16: found, to be read as UTF-8, and made again of that.

Windows writes registries, scripts and logs so. Every second byte of most of it is 0, which hides
words and lines from a model. A run begins with a byte order mark or a Latin character, such as a
space, goes on with characters of any script, of which one in some is Latin again, and ends there.
"""

import re
from bisect import bisect_left
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.errors import FormatError
from arzip.readings.windows import stretches

__all__ = ["LEAST", "Run", "runs", "text_of", "wide_of"]

LEAST = 1 << 10
"""Bytes of a run that is worth its words."""

_BLOCK = 1 << 9  # bytes that are looked at together
_ZEROS, _FEW_ZEROS = _BLOCK >> 4, _BLOCK >> 6  # in the one half of its bytes, and in the other
_WORDS, _GAPS = 0.6, 0.02  # of the characters: letters, digits and what is between; the latter
_SCRIPTS = 3  # high bytes of what is not Latin, unless there is a byte order mark
_CODECS = ("utf-16-le", "utf-16-be")

_LATIN = rb"[\t\n\r\x20-\x7e\xa0-\xff]"
_HIGH = rb"[\x01-\x06\x0e\x1e\x20-\x26\x30-\x33\x4e-\x9f\xac-\xdf]"  # of other scripts
_FULL = rb"[\x01-\x5e]"  # of FF01 to FF5E, full-width forms
_LOW_FIRST = (rb"\xff\xfe", rb"%b\0" % _LATIN, rb"(?:[\0-\xff]%b|%b\xff){0,24}" % (_HIGH, _FULL))
_HIGH_FIRST = (rb"\xfe\xff", rb"\0%b" % _LATIN, rb"(?:%b[\0-\xff]|\xff%b){0,24}" % (_HIGH, _FULL))
_RUNS = tuple(
    re.compile(b"(?:%b%b)?%b(?:%b%b)*" % (mark, others, latin, others, latin), re.DOTALL)
    for mark, latin, others in (_LOW_FIRST, _HIGH_FIRST)
)
_MARK = 0xFEFF


class Run(NamedTuple):
    """Where text in UTF-16 is."""

    start: int
    end: int
    high_first: bool


def runs(data: NDArray[np.uint8]) -> list[Run]:
    """Return the runs in some data, from front to back."""
    count = data.size // _BLOCK
    if count == 0:
        return []
    is_zero = data[: count * _BLOCK].reshape(count, _BLOCK // 2, 2) == 0
    zeros = np.count_nonzero(is_zero, axis=1)
    is_so = (zeros.max(axis=1) >= _ZEROS) & (zeros.min(axis=1) <= _FEW_ZEROS)
    is_so[1:] |= is_so[:-1]  # where a run ends
    is_so[:-1] |= is_so[1:]  # and begins
    found: list[Run] = []
    if data[:2].tobytes() in (b"\xff\xfe", b"\xfe\xff"):  # a file of it, in any script
        is_so[:] = True
    for start, end in stretches(is_so, _BLOCK, data.size):
        found += _runs_in(data[start:end].tobytes(), start)
    return found


def _runs_in(data: bytes, offset: int) -> list[Run]:
    """Return the longest runs, none within another's."""
    seen = [
        Run(match.start(), _end(data, match.start(), match.end(), order), bool(order))
        for order, pattern in enumerate(_RUNS)
        for match in pattern.finditer(data)
        if match.end() - match.start() >= LEAST
    ]
    found: list[Run] = []  # from front to back
    for run in sorted(seen, key=lambda run: run.start - run.end):  # longest first, then low first
        k = bisect_left(found, run)
        is_apart = all(run.end <= other.start for other in found[k : k + 1])
        is_apart &= all(other.end <= run.start for other in found[max(k - 1, 0) : k])
        if run.end - run.start >= LEAST and is_apart and _has_words(data, run):
            found.insert(k, run)
    return [Run(run.start + offset, run.end + offset, run.high_first) for run in found]


def _has_words(data: bytes, run: Run) -> bool:
    """Return whether it is as most text is, and as tables of numbers of 16 bits are not."""
    units = np.frombuffer(data[run.start : run.end], dtype=">u2" if run.high_first else "<u2")
    small = units | 0x20
    letters = (units >= 0xC0) | (units >= 48) & (units <= 57) | (small >= 97) & (small <= 122)
    gaps = np.count_nonzero((units == 32) | (units == 9) | (units == 10) | (units == 13))
    if gaps < _GAPS * units.size or np.count_nonzero(letters) + gaps < _WORDS * units.size:
        return False
    others = units[units > 0xFF]
    is_latin = 2 * others.size <= units.size
    return bool(is_latin or units[0] == _MARK or np.unique(others >> 8).size <= _SCRIPTS)


def _end(data: bytes, start: int, end: int, order: int) -> int:
    """Return where what is well formed ends."""
    try:
        data[start:end].decode(_CODECS[order])
    except UnicodeDecodeError as error:
        return start + error.start
    return end


def text_of(data: bytes, run: Run) -> bytes:
    """Return the text of a run in UTF-8."""
    return data[run.start : run.end].decode(_CODECS[run.high_first]).encode()


def wide_of(text: bytes, high_first: bool) -> bytes:
    """Return text in UTF-8 as UTF-16. Raises FormatError if it is none."""
    try:
        return text.decode().encode(_CODECS[high_first])
    except UnicodeDecodeError:
        raise FormatError("a segment's text is no UTF-8: the file is damaged") from None
