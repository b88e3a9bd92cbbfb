"""Spans: a segment is a list of these, each read in a way of its own.

The list goes before the segment's bytes through the same arithmetic coder, as bytes of 8 bits each;
only the first one is expected to say "text, and nothing else", which then takes a tenth of a bit. A
span is these numbers, the second one only of a reading that has some:

    4 * (the reading) + 2 * (whether the network stays out) + (whether it is the last one)
    1, 2, 4 ... for those of its numbers that are not as in the last span that was read so, or as
        usual: all together
    each of these numbers, counted from its least
    the size of the span less 1, unless it is the last: that takes the rest of the segment

Numbers have 7 bits a byte, low ones first, the top bit set on all but the last.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.errors import FormatError
from arzip.readings import READINGS, Chosen, Reading, records

__all__ = [
    "MOST",
    "PLAIN",
    "Span",
    "are_transformed",
    "from_bytes",
    "prevailing",
    "to_bytes",
    "transform",
]

MOST = 1 << 14
"""Spans in a segment."""

PLAIN = 1
"""The first byte if all of the segment is text."""

LARGEST_BITS = 28
"""Of a number; larger ones are damage."""


class Span(NamedTuple):
    """A part of a segment."""

    chosen: Chosen
    size: int


def to_bytes(spans: Sequence[Span]) -> bytes:
    """Return what tells a decoder the spans of a segment, whose size it knows."""
    numbers = []
    before = _usual()
    for at, (chosen, size) in enumerate(spans, start=1):
        numbers.append(4 * chosen.which + 2 * chosen.alone + (at == len(spans)))
        places = _places(chosen.numbers, chosen.reading)
        if places:
            old = before[chosen.which]
            others = [k for k, place in enumerate(places) if place != old[k]]
            numbers.append(sum(1 << k for k in others))
            numbers += [places[k] for k in others]
            before[chosen.which] = places
        if at < len(spans):
            numbers.append(size - 1)
    return b"".join(map(_spelled, numbers))


def from_bytes(take: Callable[[], int], n: int) -> list[Span]:
    """Return the spans of a segment of n bytes. `take` returns the next byte that tells them.

    Raises FormatError as soon as they cannot be.
    """
    spans: list[Span] = []
    before = _usual()
    is_last = False
    while not is_last:
        head = _number(take)
        which, alone, is_last = head >> 2, bool(head & 2), bool(head & 1)
        if which >= len(READINGS):
            raise FormatError(
                f"a segment's reading is {which}, which is unknown: the file is damaged"
            )
        may_be = READINGS[which].numbers
        places = before[which]
        others = _number(take) if may_be else 0
        for k in range(len(may_be)):
            if others >> k & 1:
                places[k] = _number(take)
        size = n if is_last else _number(take) + 1
        if (
            any(place >= len(numbers) for place, numbers in zip(places, may_be, strict=True))
            or others >> len(may_be)
            or size > n - (not is_last)
            or len(spans) == MOST
        ):
            raise FormatError("a segment claims an impossible span: the file is damaged")
        numbers = tuple(map(range.__getitem__, may_be, places))
        spans.append(Span(Chosen(READINGS[which], numbers, alone), size))
        n -= size
    return spans


def _places(numbers: Sequence[int], reading: Reading) -> list[int]:
    """Return a reading's numbers, each counted from its least."""
    return list(map(range.index, reading.numbers, numbers))


def _usual() -> list[list[int]]:
    """Return the places of each reading's numbers before its first span."""
    return [_places(reading.usual, reading) for reading in READINGS]


def _spelled(number: int) -> bytes:
    out = bytearray()
    while number >= 128:
        out.append(128 | number & 127)
        number >>= 7
    out.append(number)
    return bytes(out)


def _number(take: Callable[[], int]) -> int:
    value = shift = 0
    while True:
        byte = take()
        value |= (byte & 127) << shift
        if byte < 128:
            return value
        shift += 7
        if shift >= LARGEST_BITS:
            raise FormatError("a segment claims an impossible number: the file is damaged")


def are_transformed(spans: Sequence[Span]) -> bool:
    """Return whether other bytes are predicted than those of the segment."""
    return any(chosen.reading.transform for chosen, _ in spans)


def transform(data: NDArray[np.uint8], spans: Sequence[Span]) -> None:
    """Change the bytes of a segment, in place, to those that are predicted."""
    start = 0
    for chosen, size in spans:
        if chosen.reading.transform:
            chosen.reading.transform(data[start : start + size], chosen.numbers)
        start += size


def prevailing(spans: Sequence[Span]) -> Chosen:
    """Return the one way in which to read all of a segment as it is, without a transform."""
    sizes: dict[Chosen, int] = {}
    for chosen, size in spans:
        if chosen.reading.transform:
            chosen = Chosen(records.READING, records.READING.usual)
        sizes[chosen] = sizes.get(chosen, 0) + size
    return max(sizes, key=sizes.__getitem__)
