"""Type 1 fonts: their outlines, which are enciphered twice, and enciphered again.

Documents made by TeX hold them, PostScript files and folders of fonts do. A byte of cipher is the
byte of text combined with a key that goes on with the cipher, so both have the same size. Nothing
is secret, for the keys are known, but no model sees through them.

    currentfile eexec ... closefile     with one key, and in it, with another,
    /A 140 RD ... ND                    each outline

A run is what follows `eexec`, up to the line of `closefile`. Source: Adobe Type 1 Font Format, 7.
"""

import itertools
import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64, u8

__all__ = ["Run", "enciphered", "is_font", "runs"]

_FONT_KEY, _OUTLINE_KEY = 55665, 4330
_FACTOR, _TERM = 52845, 22719

_BEGIN = re.compile(rb"eexec(?:\r\n|[\r\n\t ])(?:\x80\x02.{4})?", re.DOTALL)  # 80 02: in a PFB file
_MARK, _LONGEST_HEADER = b"%!", 1 << 14  # of what is before
_HEAD = 256  # bytes of text that must name what always comes first
_NAME = b"/Private"
_END = re.compile(rb"closefile[\r\n]{0,2}")
_OUTLINE = re.compile(rb" (\d{1,5}) (?:RD|-\|) ")
_CLEAR = b"/lenIV -1"  # outlines are not enciphered
_LEAST_READ = 1 << 16  # bytes that are deciphered at once


class Run(NamedTuple):
    """Where a font is enciphered, and its text."""

    start: int
    end: int
    plain: bytes
    outlines: bool
    """Whether outlines are enciphered by themselves as well."""


def runs(data: bytes) -> list[Run]:
    """Return the runs in some data, from front to back."""
    begins = itertools.chain((match.end() for match in _BEGIN.finditer(data)), [len(data)])
    found = (_run(data, *places) for places in itertools.pairwise(begins))
    return [run for run in found if run]


def is_font(data: NDArray[np.uint8]) -> bool:
    """Return whether this seems to be a font of Type 1."""
    header = data[:_LONGEST_HEADER].tobytes()
    return header.startswith(_MARK) and _BEGIN.search(header) is not None


def _run(data: bytes, start: int, limit: int) -> Run | None:
    """Return the run that begins here; None if there is none."""
    if limit - start < len(_NAME):
        return None
    if _NAME not in _passed(data[start : min(start + _HEAD, limit)], _FONT_KEY, decipher=True):
        return None
    size = _LEAST_READ
    while True:
        text = _passed(data[start : min(start + size, limit)], _FONT_KEY, decipher=True)
        if end := _END.search(text):
            break
        if start + size >= limit:
            return None
        size *= 2
    plain = text[: end.end()]
    outlines = _CLEAR not in plain
    if outlines:
        plain = _outlines(plain, decipher=True)
    run = Run(start, start + len(plain), plain, outlines)
    return run if enciphered(plain, outlines) == data[run.start : run.end] else None


def enciphered(plain: bytes, outlines: bool) -> bytes:
    """Return the cipher of a run's text."""
    return _passed(
        _outlines(plain, decipher=False) if outlines else plain, _FONT_KEY, decipher=False
    )


def _outlines(text: bytes, *, decipher: bool) -> bytes:
    """Return a font's text with its outlines deciphered, or enciphered."""
    made, at = np.frombuffer(bytearray(text), dtype=np.uint8), 0
    while match := _OUTLINE.search(text, at):
        start, at = match.end(), match.end() + int(match[1])
        if at > start:
            _pass(made[start:at], _OUTLINE_KEY, decipher)
    return made.tobytes()


def _passed(text: bytes, key: int, *, decipher: bool) -> bytes:
    data = np.frombuffer(bytearray(text), dtype=np.uint8)
    _pass(data, key, decipher)
    return data.tobytes()


@compiled
def _pass(data: NDArray[np.uint8], key: int, decipher: bool) -> None:
    """Decipher data in place, or encipher it."""
    for k in range(data.size):
        byte = i64(data[k])
        other = byte ^ key >> 8
        data[k] = u8(other)
        key = ((byte if decipher else other) + key) * _FACTOR + _TERM & 0xFFFF
