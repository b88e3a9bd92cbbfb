"""Where all segments of a file are, found without decoding: for seeking and listing.

A file of one long frame is located by its index. Any other file is walked from header to header.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import NamedTuple

from arzip.errors import LimitError, TruncatedError
from arzip.format.layout import (
    END,
    ENDS_EARLY,
    HEADER_SIZE,
    SEGMENT_HEADER_SIZE,
    TRAILER,
    Header,
    Segment,
    check_of,
    parse_header,
    parse_index,
    parse_segment,
    varint,
)

__all__ = ["Located", "Read", "Segments", "locate", "past_padding"]

TAIL = 1 << 12  # bytes at the end of a file that are read at once: the indices of 14 GB fit
PADDING = 1 << 16  # bytes read at a time to get past zeros
STRIDE = 256  # segments for each mark
MARK_SIZE = 512  # bytes of memory that a mark takes, at most

Read = Callable[[int, int], bytes]
"""Reads SIZE bytes at an OFFSET in a file; fewer only at the file's end."""


class Located(NamedTuple):
    """Where a segment is."""

    start: int  # of its data, in all data of the file
    body: int  # where its body is in the file
    header: Header  # of its frame
    segment: Segment


class _Mark(NamedTuple):
    """A place before a segment, from which to go on."""

    start: int  # of the segment's data
    at: int  # of its header in the file; of a compact frame's, after the frame's own
    repeated: int  # bytes of headers before it in its frame
    number: int  # segments before it in its frame
    header: Header  # of its frame


Walk = Callable[[_Mark | None], Iterator[Located]]
"""Yields all segments from a mark on, or from the file's start."""


class Segments:
    """All segments of a file, in little more memory than its index takes.

    Only every STRIDE-th has a mark. The others are found again by going on from there.
    """

    def __init__(self, walk: Walk, memory: int = 0, most: int | None = None) -> None:
        """Walk once; `walk` holds `memory` bytes. Raises LimitError if that is over `most`."""
        self._walk = walk
        self._marks: list[_Mark] = []
        self._count = 0
        self.size = 0
        """Bytes of data in all."""
        self.memory = memory
        """Bytes of memory that this takes."""
        repeated = 0  # bytes of headers in the frame so far
        for located in walk(None):
            _, _, header, segment = located
            raw = len(segment.raw) - (0 if segment.long else len(header.raw))
            repeated = 0 if segment.number == 1 else repeated
            if self._count % STRIDE == 0:
                self.memory += MARK_SIZE
                _check_memory(self.memory, most)
                at = located.body - raw
                self._marks.append(_Mark(self.size, at, repeated, segment.number - 1, header))
            repeated += raw
            self._count += 1
            self.size += segment.size

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Located]:
        return self._walk(None)

    def __getitem__(self, number: int) -> Located:
        number = range(self._count)[number]
        return next(islice(self._walk(self._marks[number // STRIDE]), number % STRIDE, None))

    def at(self, position: int) -> Located:
        """Return the segment that holds the byte at `position`, which is below `size`."""
        found = bisect_right(self._marks, position, key=lambda mark: mark.start)
        return next(
            located
            for located in self._walk(self._marks[found - 1])
            if position < located.start + located.segment.size
        )


def _check_memory(needed: int, most: int | None) -> None:
    if most is not None and needed > most:
        raise LimitError(
            f"to find the segments takes {needed} bytes of memory, more than the limit of {most}"
        )


def locate(read: Read, file_size: int, most: int | None = None) -> Segments:
    """Return all segments of a file of that size, found in at most `most` bytes of memory.

    Two small reads are enough for a file of one long frame whose index takes less than TAIL: of
    its header and of its index. Else each header is read. Raises FormatError, TruncatedError,
    ChecksumError or LimitError.
    """
    return _locate_by_index(read, file_size, most) or Segments(
        partial(_walk_headers, read, file_size), most=most
    )


def _locate_by_index(read: Read, file_size: int, most: int | None) -> Segments | None:
    """Return the segments of a file that is one long frame; None for any other file."""
    rest = file_size - HEADER_SIZE - 1 - TRAILER.size  # of the frame: segments and index
    if rest < 1:
        return None
    header = parse_header(read(0, HEADER_SIZE), first=True)
    if not header.long:
        return None
    tail = read(max(0, file_size - TAIL), min(TAIL, file_size))
    size, check, _ = TRAILER.unpack(tail[-TRAILER.size :])
    if size > rest:
        return None
    _check_memory(size, most)
    index = tail[-TRAILER.size - size : -TRAILER.size]
    if size > len(index):
        index = read(file_size - TRAILER.size - size, size)
    if check_of(index) != check:
        return None
    found = Segments(partial(_walk_index, index, header), size, most)
    last = found[-1] if len(found) else None
    end = last.body + last.segment.body_size if last else HEADER_SIZE
    return found if end == HEADER_SIZE + rest - size else None


def _walk_index(index: bytes, header: Header, mark: _Mark | None) -> Iterator[Located]:
    """Yield the segments of the frame at the start of the file, by its index, which is whole."""
    start, at, repeated, number, _ = mark or _Mark(0, HEADER_SIZE, 0, 0, header)
    for segment in parse_index(index, header, repeated, number):
        at += len(segment.raw)
        yield Located(start, at, header, segment)
        at += segment.body_size
        start += segment.size


def _walk_headers(read: Read, file_size: int, mark: _Mark | None) -> Iterator[Located]:
    """Yield the segments of any number of frames, from header to header."""
    start, at = (mark.start, mark.at) if mark else (0, 0)
    while at < file_size or not at:
        if mark:
            header, number, entries = mark.header, mark.number, mark.repeated
            mark = None
        else:
            header, number, entries = parse_header(read(at, HEADER_SIZE), first=not at), 0, 0
            at += len(header.raw)
        while header.long or not number:
            if header.long and read(at, 1) == bytes([END]):
                at += 1 + len(varint(number)) + entries + TRAILER.size
                break
            number += 1
            segment = parse_segment(read(at, SEGMENT_HEADER_SIZE), header, number)
            size = len(segment.raw) - (0 if header.long else len(header.raw))
            entries += size
            yield Located(start, at + size, header, segment)
            start += segment.size
            at += size + segment.body_size
        if at > file_size:
            raise TruncatedError(ENDS_EARLY)
        at = past_padding(read, at, file_size)


def past_padding(read: Read, at: int, end: int) -> int:
    """Return the place of the first byte from `at` on that is not zero, or `end`."""
    size = 1
    while at < end:
        window = read(at, min(size, end - at))
        rest = window.lstrip(b"\0")
        if rest or not window:
            return at + len(window) - len(rest)
        at += len(window)
        size = PADDING
    return end
