"""Frames read from front to back, as their bytes come."""

import re
from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import NamedTuple, TypeVar

from xxhash import xxh64

from arzip.errors import ArzipError, ChecksumError, FormatError, TruncatedError
from arzip.format.layout import (
    END,
    INDEX_DIFFERS,
    TRAILER,
    Header,
    Payload,
    Segment,
    open_body,
    parse_header,
    parse_segment,
    varint,
)

__all__ = ["Element", "End", "FrameReader"]

Parsed = TypeVar("Parsed")

_ZEROS = re.compile(rb"\0*")


class End(NamedTuple):
    """The end of a frame."""

    check: int | None  # XXH64 of all data of a long frame


Element = Header | Segment | Payload | End


class FrameReader:
    """Reads one frame from the front of a buffer that grows, and removes what it has read.

    Zeros may precede a frame that is not the `first` in its file. The elements come in this order:
    a Header; for each segment a Segment as soon as its header is there, and a Payload when all of
    it is; then End. Claimed lengths allocate nothing.
    """

    def __init__(self, buffer: bytearray, first: bool = True) -> None:
        self._elements = _elements(buffer, first)

    def read(self) -> Element | None:
        """Return the next element; None if the buffer does not hold all of it yet.

        Raises FormatError, LimitError or ChecksumError if the buffer holds something else. After
        an error, or an interrupt, nothing more can be read.
        """
        for element in self._elements:
            return element
        raise ArzipError("it was interrupted, so the rest of the frame cannot be read")


# All these generators yield None where the buffer must grow before they can go on.


def _elements(buffer: bytearray, first: bool) -> Iterator[Element | None]:
    if not first:
        yield from _skip_zeros(buffer)
    header = yield from _parsed(partial(parse_header, buffer, first))
    del buffer[: len(header.raw)]
    yield header
    number, size, entries = 0, 0, xxh64()  # of the headers that the index must repeat
    while not header.long or (yield from _peek(buffer)) != END:
        number += 1
        segment = yield from _parsed(partial(parse_segment, buffer, header, number))
        new = segment.raw if header.long else segment.raw[len(header.raw) :]
        del buffer[: len(new)]
        size += len(new)
        entries.update(new)
        yield segment
        yield open_body(segment, (yield from _take(buffer, segment.body_size)))
        if not header.long:
            yield End(None)
            return
    yield (yield from _end(buffer, number, size, entries))


def _end(buffer: bytearray, number: int, size: int, entries: xxh64) -> Generator[None, None, End]:
    """Check the index, in constant memory, and return the end of the frame."""
    count = varint(number)
    if (yield from _take(buffer, 1 + len(count))) != bytes([END]) + count:
        raise FormatError(INDEX_DIFFERS)
    index, repeated, unread = xxh64(count), xxh64(), size
    while unread:
        some = yield from _take(buffer, min(unread, max(1, len(buffer))))
        index.update(some)
        repeated.update(some)
        unread -= len(some)
    if repeated.digest() != entries.digest():
        raise FormatError(INDEX_DIFFERS)
    index_size, check, content = TRAILER.unpack((yield from _take(buffer, TRAILER.size)))
    if index_size != len(count) + size or check != index.intdigest() & 0xFFFFFFFF:
        raise ChecksumError("the index is damaged: its checksum does not hold")
    return End(content)


def _skip_zeros(buffer: bytearray) -> Iterator[None]:
    while True:
        zeros = _ZEROS.match(buffer)
        assert zeros
        del buffer[: zeros.end()]
        if buffer:
            return
        yield None


def _parsed(parse: Callable[[], Parsed]) -> Generator[None, None, Parsed]:
    while True:
        try:
            return parse()
        except TruncatedError:
            yield None


def _peek(buffer: bytearray) -> Generator[None, None, int]:
    while not buffer:
        yield None
    return buffer[0]


def _take(buffer: bytearray, size: int) -> Generator[None, None, bytes]:
    while len(buffer) < size:
        yield None
    taken = bytes(memoryview(buffer)[:size])
    del buffer[:size]
    return taken
