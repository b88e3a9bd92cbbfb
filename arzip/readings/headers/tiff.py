"""Pictures in TIFF files: the strips of each directory, if they follow one another."""

import struct
from collections.abc import Iterator

from arzip.arrays import Array
from arzip.readings.headers.told import Told

__all__ = ["read"]

_MOST_DIRECTORIES = 1 << 12
_MOST_ENTRIES = 64  # of a directory
_WIDTH, _HEIGHT, _BITS, _PACKING, _STARTS = 256, 257, 258, 259, 273
_SAMPLES, _SIZES, _LAYOUT, _KIND = 277, 279, 284, 339
_ONE = (1, 1, 1)
_LETTERS = {1: "B", 3: "H", 4: "I"}
_KINDS = {1: "u", 2: "i", 3: "f"}

_Field = tuple[int, int, int]
"""The first of a field's values, the last, and how many there are."""


def read(text: bytes, at: int) -> Iterator[Told]:
    """Yield the pixels of a file, picture by picture."""
    order = "<" if text[at : at + 1] == b"I" else ">"
    (directory,) = struct.unpack_from(order + "I", text, at + 4)
    for _ in range(_MOST_DIRECTORIES):
        fields, following = _fields(text, at, directory, order)
        told = _pixels(fields, at, order)
        if told is None:
            return
        yield told
        if following <= directory:  # there is none, or one that leads back
            return
        directory = following


def _fields(text: bytes, at: int, directory: int, order: str) -> tuple[dict[int, _Field], int]:
    """Return a directory's fields by number, and where the next one is."""
    (count,) = struct.unpack_from(order + "H", text, at + directory)
    fields = {}
    for k in range(min(count, _MOST_ENTRIES)):
        entry = at + directory + 2 + 12 * k
        tag, kind, values = struct.unpack_from(order + "HHI", text, entry)
        letter = _LETTERS.get(kind)
        if letter is None or values == 0:
            continue
        size, place = struct.calcsize(letter), entry + 8
        if values * size > 4:
            place = at + struct.unpack_from(order + "I", text, place)[0]
        (first,) = struct.unpack_from(order + letter, text, place)
        (last,) = struct.unpack_from(order + letter, text, place + (values - 1) * size)
        fields[tag] = first, last, values
    (following,) = struct.unpack_from(order + "I", text, at + directory + 2 + 12 * count)
    return fields, following


def _pixels(fields: dict[int, _Field], at: int, order: str) -> Told | None:
    if not {_WIDTH, _HEIGHT, _BITS, _STARTS, _SIZES} <= fields.keys():
        return None
    width, height, bits = (fields[tag][0] for tag in (_WIDTH, _HEIGHT, _BITS))
    samples, layout = (fields.get(tag, _ONE)[0] for tag in (_SAMPLES, _LAYOUT))
    kind = _KINDS.get(fields.get(_KIND, _ONE)[0])
    (start, last, strips), (strip, rest, _) = fields[_STARTS], fields[_SIZES]
    size = width * height * samples * bits // 8
    is_plain = fields.get(_PACKING, _ONE)[0] == 1 and kind and bits in (8, 16, 32)
    is_whole = last == start + (strips - 1) * strip and strip * (strips - 1) + rest == size
    if not is_plain or not is_whole:
        return None
    channels = samples if layout == 1 else 1  # side by side, or a plane behind the other
    return Told(at + start, size, Array(bits // 8, f"{order}{kind}", channels, channels * width))
