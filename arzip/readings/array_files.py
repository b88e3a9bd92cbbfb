"""Where numbers are in files of sound and of arrays that are not compressed.

These are WAV, AIFF, AU, NumPy's and FITS files. As with pictures, a header may claim anything.
"""

import ast
import math
import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["FLOAT", "LITTLE", "SIGNED", "UNSIGNED", "Items", "items_in"]

UNSIGNED, SIGNED, FLOAT = 0, 2, 4
LITTLE = 1
"""How items are written: one of the three above, and this if the least byte comes first."""

_HEADER = re.compile(rb"RIFF.{4}WAVE|FORM.{4}AIFF|\.snd|\x93NUMPY|SIMPLE  =", re.DOTALL)
_BLOCK = 2880  # of a FITS file
_CARD = 80  # of its headers
_LONGEST_HEADER = 1 << 16
_AU = {2: (1, SIGNED), 3: (2, SIGNED), 4: (3, SIGNED), 5: (4, SIGNED), 6: (4, FLOAT)}


class Items(NamedTuple):
    """Numbers one after the other."""

    start: int
    size: int  # bytes
    item: int  # bytes
    form: int  # UNSIGNED, SIGNED or FLOAT, and LITTLE
    channels: int
    row: int  # items, 0 if there are no rows


def items_in(data: NDArray[np.uint8]) -> list[Items]:
    """Return the numbers that headers tell of, from front to back."""
    found: list[Items] = []
    text = data.tobytes()
    end = 0
    for header in _HEADER.finditer(text):
        at = header.start()
        if at < end:
            continue
        try:
            for here in _READERS[text[at : at + 4]](text, at):
                if end <= here.start < len(text):
                    end = min(here.start + here.size, len(text))
                    found.append(here._replace(size=end - here.start))
        except (struct.error, ValueError, KeyError, TypeError):  # it ends too soon, or is none
            continue
    return found


def _chunks(text: bytes, place: int, order: str) -> Iterator[tuple[bytes, int, int]]:
    """Yield the name, start and size of each chunk of a RIFF or IFF file."""
    while place + 8 <= len(text):
        name, size = struct.unpack_from(order + "4sI", text, place)
        yield name, place + 8, size
        place += 8 + size + (size & 1)


def _wav(text: bytes, at: int) -> Iterator[Items]:
    form = None
    for name, start, size in _chunks(text, at + 12, "<"):
        if name == b"fmt ":
            form = struct.unpack_from("<HHIIHH", text, start)
        elif name == b"data" and form:
            code, channels, _, _, _, bits = form
            kind = FLOAT if code == 3 else SIGNED if bits > 8 else UNSIGNED
            if code in (1, 3, 0xFFFE) and bits % 8 == 0:
                yield Items(start, size, bits // 8, kind | LITTLE, channels, 0)
            return


def _aiff(text: bytes, at: int) -> Iterator[Items]:
    form = None
    for name, start, size in _chunks(text, at + 12, ">"):
        if name == b"COMM":
            form = struct.unpack_from(">HIH", text, start)
        elif name == b"SSND" and form:
            channels, _, bits = form
            yield Items(start + 8, size - 8, -(-bits // 8), SIGNED, channels, 0)
            return


def _au(text: bytes, at: int) -> Iterator[Items]:
    start, size, code, _, channels = struct.unpack_from(">IIIII", text, at + 4)
    item, kind = _AU[code]
    yield Items(at + start, min(size, len(text)), item, kind, channels, 0)


def _npy(text: bytes, at: int) -> Iterator[Items]:
    length, prefix = struct.unpack_from("<H", text, at + 8)[0], 10
    if text[at + 6] > 1:
        length, prefix = struct.unpack_from("<I", text, at + 8)[0], 12
    if length > _LONGEST_HEADER:
        return
    start = at + prefix + length
    try:
        fields = ast.literal_eval(text[at + prefix : start].decode("latin-1").strip())
    except (SyntaxError, MemoryError, RecursionError):
        return
    kind = re.fullmatch(r"([<>|=])([iuf])(\d+)", fields["descr"])
    shape = fields["shape"]
    if kind is None or not all(isinstance(n, int) and n >= 0 for n in shape):
        return
    item = int(kind[3])
    row = shape[0 if fields["fortran_order"] else -1] if len(shape) > 1 else 0
    form = {"u": UNSIGNED, "i": SIGNED, "f": FLOAT}[kind[2]] | (LITTLE if kind[1] == "<" else 0)
    yield Items(start, item * math.prod(shape), item, form, 1, row)


def _fits(text: bytes, at: int) -> Iterator[Items]:
    place = at
    while (end := text.find(b"END" + b" " * (_CARD - 3), place, place + _LONGEST_HEADER)) >= 0:
        cards = {
            text[k : k + 8].strip(): text[k + 10 : k + _CARD].split(b"/")[0].strip(b" '")
            for k in range(place, end, _CARD)
        }
        start = place + _blocks(end + _CARD - place)
        bits, count = int(cards[b"BITPIX"]), int(cards[b"NAXIS"])
        axes = [int(cards[b"NAXIS%d" % k]) for k in range(1, count + 1)]
        size = abs(bits) // 8 * math.prod(axes) if axes else 0
        if size > 0 and cards.get(b"XTENSION", b"IMAGE") == b"IMAGE":
            kind = FLOAT if bits < 0 else SIGNED if bits > 8 else UNSIGNED
            yield Items(start, size, abs(bits) // 8, kind, 1, axes[0] if count > 1 else 0)
        place = start + _blocks(max(size, 0) + max(int(cards.get(b"PCOUNT", b"0")), 0))


def _blocks(size: int) -> int:
    """Return the size of whole blocks."""
    return -(-size // _BLOCK) * _BLOCK


_READERS = {b"RIFF": _wav, b"FORM": _aiff, b".snd": _au, b"\x93NUM": _npy, b"SIMP": _fits}
