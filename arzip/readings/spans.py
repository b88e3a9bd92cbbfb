"""Spans: a segment is a list of these, each read in a way of its own.

The list goes before the segment's bytes through the same arithmetic coder, as bytes of 8 bits each;
only the first one is expected to say "text, and nothing else", which then takes a tenth of a bit. A
span is two or three numbers:

    2 * (the reading) + (whether it is the last one)
    the number of the reading, counted from its least, if it has several
    the size of the span less 1, unless it is the last: that takes the rest of the segment

Numbers have 7 bits a byte, low ones first, the top bit set on all but the last.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.errors import FormatError
from arzip.readings import READINGS, Chosen

__all__ = ["MOST", "PLAIN", "Span", "find", "from_bytes", "prevailing", "to_bytes"]

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
    for at, (chosen, size) in enumerate(spans, start=1):
        numbers.append(2 * chosen.which + (at == len(spans)))
        if len(chosen.reading.numbers) > 1:
            numbers.append(chosen.reading.numbers.index(chosen.number))
        if at < len(spans):
            numbers.append(size - 1)
    return b"".join(map(_spelled, numbers))


def from_bytes(take: Callable[[], int], n: int) -> list[Span]:
    """Return the spans of a segment of n bytes. `take` returns the next byte that tells them.

    Raises FormatError as soon as they cannot be.
    """
    spans: list[Span] = []
    is_last = False
    while not is_last:
        head = _number(take)
        which, is_last = head >> 1, bool(head & 1)
        if which >= len(READINGS):
            raise FormatError(
                f"a segment's reading is {which}, which is unknown: the file is damaged"
            )
        numbers = READINGS[which].numbers
        at = _number(take) if len(numbers) > 1 else 0
        size = n if is_last else _number(take) + 1
        if at >= len(numbers) or size > n - (not is_last) or len(spans) == MOST:
            raise FormatError("a segment claims an impossible span: the file is damaged")
        spans.append(Span(Chosen(READINGS[which], numbers[at]), size))
        n -= size
    return spans


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


def find(data: NDArray[np.uint8]) -> list[Span]:
    """Return spans that suit a segment of at least one byte.

    Each reading takes what it finds of what the ones before it have left. The last one takes all.
    """
    found: list[tuple[int, Span]] = []
    left = [(0, data.size)]
    for reading in _BY_PRIORITY:
        rest = []
        for start, end in left:
            at = start
            for first, size, number in reading.find(data[start:end]):
                if start + first > at:
                    rest.append((at, start + first))
                found.append((start + first, Span(Chosen(reading, number), size)))
                at = start + first + size
            if at < end:
                rest.append((at, end))
        left = rest
    return _joined([span for _, span in sorted(found, key=lambda item: item[0])])


_BY_PRIORITY = (*READINGS[2:], *READINGS[:2])
"""Special kinds, then text, then records, which suit everything."""


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Join neighbours that are read alike; and the last ones, if there are too many."""
    joined: list[Span] = []
    for span in spans:
        if joined and (joined[-1].chosen == span.chosen or len(joined) == MOST):
            joined[-1] = joined[-1]._replace(size=joined[-1].size + span.size)
        else:
            joined.append(span)
    return joined


def prevailing(data: NDArray[np.uint8]) -> Chosen:
    """Return the one way in which most of the data is read."""
    sizes: dict[Chosen, int] = {}
    for chosen, size in find(data):
        sizes[chosen] = sizes.get(chosen, 0) + size
    return max(sizes, key=sizes.__getitem__)
