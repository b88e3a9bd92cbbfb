"""What can be had of a damaged file: every segment whose checksum holds, and where the rest was.

Segments are coded each by itself, so damage costs the segments that it hits. Where an index is
whole, it says where all segments of its frame are and how long the lost ones were. Elsewhere the
file is walked from header to header; after a damaged one it is searched, byte by byte, for the
next place where a checksum holds.
"""

import errno
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import IO, TYPE_CHECKING, NamedTuple

from arzip import container
from arzip.codec import MODELLED, Model
from arzip.container import END, HEADER_SIZE, MAGIC, SEGMENT_HEADER_SIZE, TRAILER, Header, Segment
from arzip.errors import (
    ArzipError,
    ChecksumError,
    FormatError,
    LimitError,
    ModelError,
    TruncatedError,
)
from arzip.stream import ModelLike, Policy, restore

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["Piece", "recover", "recover_file"]

WINDOW = 1 << 20  # bytes searched at a time
BLOCK = 1 << 12  # bytes that a disk fails to read at a time
PATIENCE = 1 << 36
"""Bytes hashed in search of segments, ten seconds' worth: a hostile file could take for ever."""

HEADER = "a header is damaged"

UNKNOWN = Header(True, None, None, b"")
"""Of a long frame whose header is damaged."""

_MAGIC = re.compile(re.escape(MAGIC))
_BEGIN = re.compile(rb"[\x00-\x02]|" + re.escape(MAGIC))  # of a segment in a long frame; of a frame

Read = container.Read


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a file, from front to back: a segment, or something that was lost."""

    begin: int
    end: int
    """Where in the file."""
    size: int | None
    """Bytes of data; None if nothing is left that tells."""
    data: bytes | None
    """None if lost."""
    why: str = ""
    """What is wrong with it, if it is lost."""


class _Place(NamedTuple):
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


class _Frame(NamedTuple):
    """Where a frame ends, and what is in it."""

    end: int
    places: list[_Place]


class _Indexed(NamedTuple):
    """Where a frame should be, going by its index."""

    begin: int
    end: int
    segments: list[Segment]


def recover(
    data: "ReadableBuffer",
    *,
    model: ModelLike | None = None,
    max_size: int | None = None,
    max_memory: int | None = None,
) -> Iterator[Piece]:
    """The pieces of a damaged file in memory; the parameters are those of arzip.decompress.

    Lost pieces of size 0 are damage that cost no data, as in an index. Raises LimitError.
    """
    view = memoryview(data).cast("B")
    return _Recovery(
        lambda offset, size: bytes(view[offset : offset + size]),
        len(view),
        Policy(model, max_size, max_memory),
    ).pieces()


def recover_file(
    file: IO[bytes],
    *,
    model: ModelLike | None = None,
    max_size: int | None = None,
    max_memory: int | None = None,
) -> Iterator[Piece]:
    """The same of a seekable file. What the disk cannot read counts as zeros. Raises OSError too
    if there is another reason.
    """
    size = file.seek(0, os.SEEK_END)
    return _Recovery(_patient(file), size, Policy(model, max_size, max_memory)).pieces()


def _patient(file: IO[bytes]) -> Read:
    def read(offset: int, size: int) -> bytes:
        try:
            file.seek(offset)
            return file.read(size)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
        if size <= BLOCK:
            return bytes(size)
        starts = range(offset, offset + size, BLOCK)
        return b"".join(read(start, min(BLOCK, offset + size - start)) for start in starts)

    return read


def _nearest(places: list[int], to: int) -> int:
    return min(places, key=lambda place: abs(place - to), default=to)


class _Recovery:
    """One file on its way."""

    def __init__(self, read: Read, size: int, policy: Policy) -> None:
        self._read = read
        self._size = size
        self._policy = policy
        self._given = 0  # bytes of data
        self._patience = PATIENCE

    def pieces(self) -> Iterator[Piece]:
        at = 0
        while at < self._size:
            frame = self._frame_at(at)
            if frame is not None:
                yield from map(self._piece, frame.places)
                at = frame.end
                continue
            indexed = next((found for found in self._indexed if found.end > at), None)
            if indexed is None:
                yield from self._walk(at, self._size)
                return
            start = max(at, indexed.begin)
            yield from self._walk(at, start)
            yield from self._by_index(start, indexed)
            at = indexed.end

    # Frames whose headers are whole.

    def _frame_at(self, begin: int) -> _Frame | None:
        """The frame there, if all its headers lead to its end. What is in it may be damaged."""
        header = self._header_at(begin)
        if header is None:
            return None
        if not header.long:
            place = self._place_at(begin, self._size, header)
            sound = place is not None and self._is_sound(place, self._size)
            return _Frame(place.end, [place]) if place and sound else None
        places: list[_Place] = []
        at = begin + HEADER_SIZE
        while self._read(at, 1) != bytes([END]):
            place = self._place_at(at, self._size, header, len(places) + 1)
            if place is None:
                return None
            places.append(place)
            at = place.end
        entries = b"".join(place.segment.raw for place in places)
        end = at + 1 + len(container.varint(len(places))) + len(entries) + TRAILER.size
        segments = self._index_before(end) if end <= self._size else None
        raws = [segment.raw for segment in segments or ()]
        return _Frame(end, places) if segments is not None and b"".join(raws) == entries else None

    # Frames whose index is whole.

    @cached_property
    def _indexed(self) -> list[_Indexed]:
        """All of them in the file, but for those that lie in another: somebody's own archives.

        A frame ends where the file does or another frame begins. If bytes were cut out of it or
        put in, it does not begin where its index says, but at the header that is nearest.
        """
        found: list[_Indexed] = []
        headers: list[int] = []  # of long frames
        for at in (*self._find(_MAGIC, len(MAGIC), 0, self._size), self._size):
            segments = self._index_before(at)
            if segments is not None:
                sizes = [len(segment.raw) + segment.body_size for segment in segments]
                begin = _nearest(headers, self._index_start(at) - sum(sizes) - HEADER_SIZE)
                while found and begin <= found[-1].begin:
                    found.pop()
                found.append(_Indexed(begin, at, segments))
            header = self._header_at(at)
            if header is not None and header.long:
                headers.append(at)
        return found

    def _index_start(self, end: int) -> int:
        size, _, _ = TRAILER.unpack(self._read(end - TRAILER.size, TRAILER.size))
        return int(end - TRAILER.size - size - 1)

    def _index_before(self, end: int) -> list[Segment] | None:
        if end < HEADER_SIZE + TRAILER.size or self._index_start(end) < HEADER_SIZE:
            return None
        start = self._index_start(end)
        *_, check, _ = TRAILER.unpack(self._read(end - TRAILER.size, TRAILER.size))
        index = self._read(start, end - TRAILER.size - start)
        if index[:1] != bytes([END]) or container.hash32(index[1:]) != check:
            return None
        try:
            return container.parse_index(index[1:], UNKNOWN)
        except ArzipError:
            return None

    def _by_index(self, start: int, indexed: _Indexed) -> Iterator[Piece]:
        """All segments, each where it is counted from the frame's end, or else from its start.

        They differ if bytes were cut out or put in, and then the one holds behind that place and
        the other before it.
        """
        header = self._header_at(start) or UNKNOWN
        sizes = [len(segment.raw) + segment.body_size for segment in indexed.segments]
        from_start = start + HEADER_SIZE
        from_end = self._index_start(indexed.end) - sum(sizes)
        if header is UNKNOWN:
            yield Piece(start, max(start, from_end), 0, None, HEADER)
        for segment, size in zip(indexed.segments, sizes, strict=True):
            piece = self._piece(_Place(header, segment, from_end + len(segment.raw)))
            if piece.data is None and from_start != from_end:
                piece = self._piece(_Place(header, segment, from_start + len(segment.raw)))
            yield piece
            from_start += size
            from_end += size

    # Elsewhere.

    def _walk(self, at: int, end: int) -> Iterator[Piece]:
        header: Header | None = None  # of the long frame that this is in
        while at < end:
            new = self._header_at(at)
            if new is not None and new.long:
                header, at = new, at + HEADER_SIZE
                continue
            place = self._place_at(at, end, new or header)
            piece = self._piece(place) if place else None
            if piece and place and (piece.data is not None or self._is_sound(place, end)):
                yield piece
                at = place.end
                continue
            lost, at = at, self._search(at + 1, end)
            if header is not None and self._read(lost, 1) == bytes([END]):
                header = None
                # Its frame's index, which would have been read first if it were whole.
                yield Piece(lost, at, 0, None, container.INDEX_DIFFERS)
            else:
                header = header or UNKNOWN
                yield Piece(lost, at, None, None, HEADER)

    def _search(self, at: int, end: int) -> int:
        """The next place where something begins whose checksum holds, or `end`."""
        for found in self._find(_BEGIN, len(MAGIC), at, end):
            header = self._header_at(found)
            if header is not None:
                if header.long or self._place_at(found, end, header):
                    return found
            elif self._patience > 0 and self._is_segment(found, end):
                return found
        return end

    def _is_sound(self, place: _Place, end: int) -> bool:
        """Whether what follows a damaged segment makes it likely that its header is whole."""
        if place.end == end or self._header_at(place.end):
            return True
        if not place.header.long:
            return False
        return self._read(place.end, 1) == bytes([END]) or self._is_segment(place.end, end)

    def _is_segment(self, at: int, end: int) -> bool:
        """Whether a segment of a long frame is there, going by the check of what is coded."""
        place = self._place_at(at, end, UNKNOWN)
        if place is None:
            return False
        self._patience -= place.segment.body_size
        try:
            container.open_body(place.segment, self._read(place.body, place.segment.body_size))
        except ArzipError:
            return False
        return True

    def _header_at(self, at: int) -> Header | None:
        try:
            return container.parse_header(self._read(at, HEADER_SIZE), first=False)
        except ArzipError:
            return None

    def _place_at(self, at: int, end: int, header: Header | None, number: int = 1) -> _Place | None:
        """The segment that a header there claims, if it ends before `end`."""
        if header is None:
            return None
        at += 0 if header.long else len(header.raw)
        try:
            raw = self._read(at, SEGMENT_HEADER_SIZE)
            segment = container.parse_segment(raw, header, number)
        except ArzipError:
            return None
        body = at + len(segment.raw) - (0 if header.long else len(header.raw))
        place = _Place(header, segment, body)
        return place if place.end <= end else None

    def _piece(self, place: _Place) -> Piece:
        """The segment, with its data if all checksums hold. Raises LimitError."""
        data, why = None, ""
        try:
            data = self._data(place)
        except LimitError:
            raise
        except ArzipError as error:
            why = str(error)
        return Piece(place.begin, place.end, place.segment.size, data, why)

    def _data(self, place: _Place) -> bytes:
        if place.body < 0 or place.end > self._size:
            raise TruncatedError(container.ENDS_EARLY)
        body = self._read(place.body, place.segment.body_size)
        payload = container.open_body(place.segment, body)
        self._policy.check_size(self._given + place.segment.size)
        failure: ArzipError | None = None
        for model in self._models(place):
            self._policy.check_memory(model, place.segment)
            try:
                data = restore(model, payload)
            except (ChecksumError, FormatError) as error:
                failure = error
            else:
                self._given += len(data)
                return data
        raise failure or ModelError("the model is not known")

    def _models(self, place: _Place) -> Sequence[Model | None]:
        """The one that the frame names; all of them if it is damaged there."""
        if place.segment.method != MODELLED:
            return [None]
        if place.header is UNKNOWN:
            return self._policy.all_models()
        return [self._policy.model(place.header.identity)]

    def _find(self, pattern: "re.Pattern[bytes]", width: int, at: int, end: int) -> Iterator[int]:
        """Where the pattern, of at most `width` bytes, matches in that part of the file."""
        for first in range(at, end, WINDOW):
            window = self._read(first, min(WINDOW + width - 1, end - first))
            for match in pattern.finditer(window):
                if match.start() < WINDOW:
                    yield first + match.start()
