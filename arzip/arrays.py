"""Numbers that a caller says are in the data, so that nobody needs to guess.

An array says by itself what its items are, as numpy's do; of mere bytes `itemsize` and `shape` can
be told. Either only chooses how the bytes are read: decoding needs none of it.
"""

import math
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from arzip.arguments import buffer, whole
from arzip.parts import Part

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["Array", "array_of"]

MOST_ITEM = 64
"""Bytes of an item. If they are none of ITEMS, it is as if nothing were known."""
ITEMS = (1, 2, 3, 4, 8)
CHANNELS = 8  # of items of two bytes or more
COLOURS = 4  # of pixels


class Array(NamedTuple):
    """How numbers lie in data."""

    item: int  # bytes
    kind: str  # < or >, then u, i, f for unsigned, signed, float; "" if it is not known
    channels: int
    row: int  # items, 0 if there are no rows

    @classmethod
    def of_shape(cls, item: int, kind: str, shape: Sequence[int]) -> "Array":
        """Return how items lie in an array of that shape, whose last number changes fastest.

        The last one is taken for channels if it is as few as these can be.
        """
        channels, rows = 1, list(shape)
        if len(rows) > 1 and rows[-1] <= (COLOURS if item == 1 else CHANNELS):
            channels = rows.pop()
        return cls(item, kind, channels, rows[-1] * channels if len(rows) > 1 else 0)

    def part(self, offset: int, size: int) -> Part | None:
        """Return the part of `size` bytes that are `offset` bytes into the array; None if none."""
        row = self.row * self.item
        start = -offset % (row or self.item * self.channels)
        if start >= size:
            return None
        if self.item == 1 and row:
            return Part(start, size - start, self.channels, row)
        return Part(start, size - start, items=(self.item, self.kind, self.channels, self.row))


def array_of(
    data: "ReadableBuffer", itemsize: int | None, shape: Sequence[int] | None
) -> Array | None:
    """Return what numbers are in the data; None if nothing is known of them, or it is of no use.

    Raises ValueError if the data is not of that size, TypeError for strange arguments.
    """
    view = buffer(data)
    item = view.itemsize if itemsize is None else whole("itemsize", itemsize, 1, MOST_ITEM)
    if shape is None:
        shape = view.shape if itemsize in (None, view.itemsize) and view.shape else ()
    else:
        shape = tuple(whole("shape", n, 0) for n in shape)
        if item * math.prod(shape) != view.nbytes:
            raise ValueError(f"shape {shape} of items of {item} bytes is not {view.nbytes} bytes")
    if item not in ITEMS or not view.nbytes:
        return None
    array = Array.of_shape(item, _kind(view) if view.itemsize == item else "", shape)
    return None if item == 1 and not array.row else array


def _kind(view: memoryview) -> str:
    """Return how the buffer says its items are written."""
    order, code = (view.format or "B")[:-1], (view.format or "B")[-1:]
    kind = "f" if code in "efd" else "i" if code in "hilqn" else "u" if code in "HILQN" else ""
    if not kind or order not in ("", "@", "=", "<", ">", "!"):
        return ""
    return (">" if order in (">", "!") else "<" if order == "<" else _NATIVE) + kind


_NATIVE = "<" if sys.byteorder == "little" else ">"
