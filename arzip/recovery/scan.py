"""A damaged file: what seems to be at a place, going by headers and checks."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from arzip.errors import ArzipError, TruncatedError
from arzip.format.layout import (
    END,
    HEADER_SIZE,
    MAGIC,
    SEGMENT_HEADER_SIZE,
    Header,
    Segment,
    open_body,
    parse_header,
    parse_segment,
)
from arzip.format.locate import Read, past_padding

__all__ = ["LEAST_PATIENCE", "PATIENCE", "TRIAL", "UNKNOWN", "Place", "Scan"]

LEAST_WINDOW, WINDOW = 1 << 6, 1 << 20  # bytes searched at a time, at first and at last
PATIENCE, LEAST_PATIENCE = 16, 1 << 24
"""Bytes read or decoded in vain, for each byte of the file and in any case. Without a limit a
hostile file, in which every byte seems to begin another segment, could take endless time."""
TRIAL = 256
"""Such bytes for looking whether a segment begins at some place."""
HEADERS = 2  # in a row that must look like some before a segment is hashed

UNKNOWN = Header(True, None, None, b"")
"""The header of a long frame whose header is damaged."""

# The beginning of a segment in a long frame, which is not empty; or of a frame.
_BEGIN = re.compile(rb"[\x00-\x02](?!\x00)|" + re.escape(MAGIC))
_MAGIC = re.compile(re.escape(MAGIC))


class Place(NamedTuple):
    """Where a segment should be."""

    header: Header
    segment: Segment
    body: int

    @property
    def begin(self) -> int:
        return self.body - len(self.segment.raw)

    @property
    def end(self) -> int:
        return self.body + self.segment.body_size


class Scan:
    """Looks at a file of `size` bytes, as long as there is `patience`."""

    def __init__(self, read: Read, size: int) -> None:
        self.read = read
        self.size = size
        self.patience = PATIENCE * size + LEAST_PATIENCE
        """Bytes that may still be read or decoded in vain."""

    def header_at(self, at: int) -> Header | None:
        """Return the frame header there; None if it is damaged, or something else is there."""
        try:
            return parse_header(self.read(at, HEADER_SIZE), first=False)
        except ArzipError:
            return None

    def place_at(self, at: int, end: int, header: Header | None, number: int = 1) -> Place | None:
        """Return the segment that a header there claims, if it ends by `end`."""
        if header is None:
            return None
        try:
            place = self.claimed_at(at, header, number)
        except ArzipError:
            return None
        return place if place.end <= end else None

    def claimed_at(self, at: int, header: Header, number: int = 1) -> Place:
        """Return the segment that a header there claims. Raises what `parse_segment` raises."""
        at += 0 if header.long else len(header.raw)
        raw = self.read(at, SEGMENT_HEADER_SIZE)
        segment = parse_segment(raw, header, number)
        body = at + len(segment.raw) - (0 if header.long else len(header.raw))
        return Place(header, segment, body)

    def frame_at(self, begin: int) -> Iterator[Place]:
        """Yield the segments of the frame there, as far as its headers lead."""
        header = self.header_at(begin)
        if header is None or not header.long:
            place = self.place_at(begin, self.size, header)
            if place is not None:
                yield place
            return
        at, number = begin + HEADER_SIZE, 0
        while self.read(at, 1) != bytes([END]):
            number += 1
            place = self.place_at(at, self.size, header, number)
            if place is None:
                return
            yield place
            at = place.end

    def is_sound(self, place: Place, end: int) -> bool:
        """Return whether a damaged segment's header is likely whole, going by what follows."""
        after = place.end
        if not place.header.long and self.patience > 0:
            after = past_padding(self.read, after, end)
            self.patience -= after - place.end
        if after == end or self.header_at(after):
            return True
        if not place.header.long:
            return False
        return self.read(after, 1) == bytes([END]) or self._is_segment(after, end)

    def search(self, at: int, end: int) -> int:
        """Return the next place where something begins whose checksum holds, or `end`."""
        # Few bytes look like a header that leads to others. If the next one is damaged too, only
        # hashing tells, as long as there is patience for that.
        end = self._next(at, end, self._leads_on)
        return self._next(at, end, self._is_segment)

    def _next(self, at: int, end: int, is_likely: Callable[[int, int], bool]) -> int:
        for found in self._find(_BEGIN, len(MAGIC), at, end):
            if self.read(found, 1) == MAGIC[:1]:
                header = self.header_at(found)
                if header and (header.long or self.place_at(found, end, header)):
                    return found
            elif self.patience > 0:
                self.patience -= TRIAL
                if is_likely(found, end) and self._is_segment(found, end):
                    return found
        return end

    def _leads_on(self, at: int, end: int) -> bool:
        """Return whether a segment may be there, going by the headers that follow it."""
        for _ in range(HEADERS):
            place = self.place_at(at, end, UNKNOWN)
            if place is None:
                return False
            at = place.end
            if at == end or self.read(at, 1) == bytes([END]) or self.header_at(at):
                return True
        return self._may_begin(at)

    def _may_begin(self, at: int) -> bool:
        """Return whether a segment's header is there, or the beginning of one."""
        try:
            self.claimed_at(at, UNKNOWN)
        except TruncatedError:
            return True
        except ArzipError:
            return False
        return True

    def _is_segment(self, at: int, end: int) -> bool:
        """Return whether a segment of a long frame is there, going by its payload's check."""
        place = self.place_at(at, end, UNKNOWN)
        if place is None or self.patience <= 0:
            return False
        self.patience -= place.segment.body_size
        try:
            open_body(place.segment, self.read(place.body, place.segment.body_size))
        except ArzipError:
            return False
        return True

    def magics(self) -> Iterator[int]:
        """Yield all places of MAGIC."""
        return self._find(_MAGIC, len(MAGIC), 0, self.size)

    def _find(self, pattern: "re.Pattern[bytes]", width: int, at: int, end: int) -> Iterator[int]:
        """Yield where the pattern, at most `width` bytes wide, matches in that part of the file."""
        size = LEAST_WINDOW
        while at < end:
            window = self.read(at, min(size + width - 1, end - at))
            for match in pattern.finditer(window):
                if match.start() < size:
                    yield at + match.start()
            at += size
            size = min(2 * size, WINDOW)
