"""What can be had of a damaged file: every segment whose checksum holds, and where the rest was.

Segments are coded each by itself, so damage costs the segments that it hits. Where an index is
whole, it says where all segments of its frame are and how long the lost ones were. Elsewhere the
file is walked from header to header; after a damaged one it is searched, byte by byte, for the
next place where a checksum holds.
"""

import contextlib
import errno
import os
import re
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import IO, TYPE_CHECKING, NamedTuple

from xxhash import xxh64

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
from arzip.salvage import salvage
from arzip.stream import ModelLike, Policy, restore

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["Piece", "recover", "recover_file"]

LEAST_WINDOW, WINDOW = 1 << 6, 1 << 20  # bytes searched at a time, at first and at last
BLOCK = 1 << 12  # bytes that a disk fails to read at a time
PATIENCE, LEAST_PATIENCE = 16, 1 << 24
"""Bytes read or decoded in vain, for each of the file and for any: or a hostile file, each byte of
which seems to begin another segment, could take for ever."""
TRIAL = 256  # such bytes that it takes to look whether a segment begins at some place
HEADERS = 2  # in a row that must look like some before a segment is hashed

HEADER = "a header is damaged"
UNENDED = "a frame ends without its index, so that more may be missing"

UNKNOWN = Header(True, None, None, b"")
"""Of a long frame whose header is damaged."""

_MAGIC = re.compile(re.escape(MAGIC))
# Of a segment in a long frame, which is not empty; of a frame.
_BEGIN = re.compile(rb"[\x00-\x02](?!\x00)|" + re.escape(MAGIC))

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
    unverified: bytes = b""
    """The beginning of what is lost, where it was asked for: no checksum vouches for it."""
    likely: int = 0
    """How many bytes of that are likely right."""
    basis: str = ""
    """What speaks for them, in words."""


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


class _Indexed(NamedTuple):
    """Where a frame should be, going by its index."""

    begin: int
    end: int
    index_at: int


def recover(
    data: "ReadableBuffer",
    *,
    model: ModelLike | None = None,
    max_size: int | None = None,
    max_memory: int | None = None,
    unverified: bool = False,
) -> Iterator[Piece]:
    """The pieces of a damaged file in memory; the parameters are those of arzip.decompress.

    With `unverified`, what is lost comes with what is left of its beginning, at the price of
    decoding it up to three times: see arzip/salvage.py for how far that is to be trusted. Lost
    pieces of size 0 are damage that cost no data, as in an index. Raises LimitError.
    """
    view = memoryview(data).cast("B")
    return _Recovery(
        lambda offset, size: bytes(view[offset : offset + size]),
        len(view),
        Policy(model, max_size, max_memory),
        unverified=unverified,
    ).pieces()


def recover_file(
    file: IO[bytes],
    *,
    model: ModelLike | None = None,
    max_size: int | None = None,
    max_memory: int | None = None,
    unverified: bool = False,
) -> Iterator[Piece]:
    """The same of a seekable file. What the disk cannot read counts as zeros. Raises OSError too
    if there is another reason.
    """
    size = file.seek(0, os.SEEK_END)
    policy = Policy(model, max_size, max_memory)
    return _Recovery(_patient(file), size, policy, unverified=unverified).pieces()


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
    """The nearest of those places, which are in order; `to` itself if there is none."""
    number = bisect_left(places, to)
    return min(places[max(0, number - 1) : number + 1], key=lambda at: abs(at - to), default=to)


class _Recovery:
    """One file on its way."""

    def __init__(self, read: Read, size: int, policy: Policy, *, unverified: bool) -> None:
        self._read = read
        self._size = size
        self._policy = policy
        self._unverified = unverified
        self._given = 0  # bytes of data
        self._patience = PATIENCE * size + LEAST_PATIENCE

    def pieces(self) -> Iterator[Piece]:
        at = 0
        while at < self._size:
            end = self._frame_end(at)
            if end is not None:
                for place in self._frame(at):
                    yield self._completed(self._piece(place), place)
            elif indexed := self._indexed_after(at):
                start = max(at, indexed.begin)
                yield from self._walk(at, start)
                yield from self._by_index(start, indexed)
                end = indexed.end
            else:
                yield from self._walk(at, self._size)
                return
            at = container.past_padding(self._read, end, self._size)

    # Frames whose headers are whole.

    def _frame_end(self, begin: int) -> int | None:
        """Where the frame there ends, if all its headers lead to that. Its data may be damaged."""
        header = self._header_at(begin)
        if header is None:
            return None
        if not header.long:
            place = self._place_at(begin, self._size, header)
            return place.end if place and self._is_sound(place, self._size) else None
        if self._patience <= 0:
            return None
        entries = xxh64()
        at, number = begin + HEADER_SIZE, 0
        size = 0  # of the entries
        for place in self._frame(begin):
            entries.update(place.segment.raw)
            size += len(place.segment.raw)
            at, number = place.end, place.segment.number
        end = at + 1 + len(container.varint(number)) + size + TRAILER.size
        if end <= self._size and self._index_before(end) == at:
            index = self._read(at + 1, end - TRAILER.size - at - 1)
            if entries.digest() == xxh64(index[len(index) - size :]).digest():
                return end
        self._patience -= number * TRIAL
        return None

    def _frame(self, begin: int) -> Iterator[_Place]:
        """The segments of the frame there, as far as its headers lead."""
        header = self._header_at(begin)
        if header is None or not header.long:
            place = self._place_at(begin, self._size, header)
            if place is not None:
                yield place
            return
        at, number = begin + HEADER_SIZE, 0
        while self._read(at, 1) != bytes([END]):
            number += 1
            place = self._place_at(at, self._size, header, number)
            if place is None:
                return
            yield place
            at = place.end

    # Frames whose index is whole.

    @cached_property
    def _indexed(self) -> list[_Indexed]:
        """All of them in the file, but for those that lie in another: somebody's own archives.

        A frame ends where the file does or another frame begins, or zeros that may follow it do. If
        bytes were cut out of it or put in, it does not begin where its index says, but at the
        header that is nearest.
        """
        found: list[_Indexed] = []
        headers: list[int] = []  # of long frames
        for at in chain(self._find(_MAGIC, len(MAGIC), 0, self._size), [self._size]):
            for end in self._ends(at):
                index = self._index_before(end)
                if index is not None:
                    begin = _nearest(headers, self._first_segment(index, end) - HEADER_SIZE)
                    while found and begin <= found[-1].begin:
                        found.pop()
                    found.append(_Indexed(begin, end, index))
            header = self._header_at(at)
            if header is not None and header.long:
                headers.append(at)
        return found

    def _ends(self, at: int) -> Iterator[int]:
        """Where a frame may end before what begins there: zeros may follow it, or be its last."""
        end, size = at, TRAILER.size
        while end > 0:
            size = min(size, end)
            rest = self._read(end - size, size).rstrip(b"\0")
            end -= size - len(rest)
            if rest:
                break
            size = min(2 * size, WINDOW)
        yield from range(end, min(end + TRAILER.size, at))
        yield at

    def _indexed_after(self, at: int) -> _Indexed | None:
        """The first of them that ends after that place."""
        number = bisect_right(self._indexed, at, key=lambda indexed: indexed.end)
        return self._indexed[number] if number < len(self._indexed) else None

    def _index_before(self, end: int) -> int | None:
        """Where the index is with which a frame ends there, if that is whole."""
        if end < HEADER_SIZE + 1 + TRAILER.size:
            return None
        size, check, _ = TRAILER.unpack(self._read(end - TRAILER.size, TRAILER.size))
        at: int = end - TRAILER.size - size - 1
        # One byte tells most of what is none: whoever made the file may claim any size.
        if at < HEADER_SIZE or self._patience <= 0 or self._read(at, 1) != bytes([END]):
            return None
        self._patience -= size
        index = self._read(at + 1, size)
        if container.hash32(index) != check:
            return None
        try:
            deque(container.parse_index(index, UNKNOWN), maxlen=0)
        except ArzipError:
            return None
        return at

    def _segments(self, index: int, end: int) -> Iterator[Segment]:
        """The headers that the index there repeats, of the frame that ends there."""
        repeated = self._read(index + 1, end - TRAILER.size - index - 1)
        return container.parse_index(repeated, UNKNOWN)

    def _first_segment(self, index: int, end: int) -> int:
        """Where the first segment begins, counted from the index."""
        return index - sum(len(one.raw) + one.body_size for one in self._segments(index, end))

    def _by_index(self, start: int, indexed: _Indexed) -> Iterator[Piece]:
        """All segments, each where it is counted from the frame's end, or else from its start.

        They differ if bytes were cut out or put in, and then the one holds behind that place and
        the other before it.
        """
        header = self._header_at(start) or UNKNOWN
        from_start = start + HEADER_SIZE
        from_end = self._first_segment(indexed.index_at, indexed.end)
        if header is UNKNOWN:
            yield Piece(start, max(start, from_end), 0, None, HEADER)
        for segment in self._segments(indexed.index_at, indexed.end):
            piece = self._piece(_Place(header, segment, from_end + len(segment.raw)), start)
            if piece.data is None:
                place = _Place(header, segment, from_start + len(segment.raw))
                piece = self._completed(self._piece(place, start), place)
            yield piece
            from_start += len(segment.raw) + segment.body_size
            from_end += len(segment.raw) + segment.body_size

    # Elsewhere.

    def _walk(self, at: int, end: int) -> Iterator[Piece]:
        header: Header | None = None  # of the long frame that this is in
        number = 0  # of segments in it
        while at < end:
            if header is None and at:
                at = container.past_padding(self._read, at, end)
                if at == end:
                    return
            new = self._header_at(at)
            if new is not None and new.long:
                yield from self._unended(header, at)
                header, at, number = new, at + HEADER_SIZE, 0
                continue
            number += 1
            place = self._place_at(at, end, new or header, 1 if new else number)
            piece = self._found(place, end) if place else None
            if piece and place:
                yield self._completed(piece, place)
                at = place.end
                header = header if place.header.long else None
                continue
            lost, at = at, self._search(at + 1, end)
            if header is not None and self._read(lost, 1) == bytes([END]):
                header = None
                # Its frame's index, which would have been read first if it were whole.
                yield Piece(lost, at, 0, None, self._fault(container.INDEX_DIFFERS, at))
            else:
                piece = self._lost(lost, at, header, number)
                header = header if header and piece.size else UNKNOWN
                yield piece
        yield from self._unended(header, end)

    def _found(self, place: _Place, end: int) -> Piece | None:
        """The segment that a header claims, if that is likely to be one: it or its end is whole."""
        if self._patience <= 0 and not self._is_sound(place, end):
            return None
        piece = self._piece(place)
        if piece.data is not None or self._is_sound(place, end):
            return piece
        self._patience -= place.segment.body_size + place.segment.size
        return None

    def _lost(self, begin: int, end: int, header: Header | None, number: int) -> Piece:
        """What is lost from a header on that leads nowhere, in the long frame with that header."""
        try:
            new = header or container.parse_header(self._read(begin, HEADER_SIZE), first=not begin)
            place = self._claimed_at(begin, new, number)
        except TruncatedError:
            return Piece(begin, end, None, None, self._fault(HEADER, end))
        except ArzipError as error:
            return Piece(begin, end, None, None, HEADER if header else str(error))
        if end == self._size < place.end:
            return self._completed(self._piece(place), place)
        return Piece(begin, end, None, None, HEADER)

    def _fault(self, why: str, end: int) -> str:
        """What ails something that is not all there: at the file's end that may have been cut."""
        return container.ENDS_EARLY if end == self._size else why

    def _unended(self, header: Header | None, at: int) -> Iterator[Piece]:
        """The loss of all that followed, if the frame with that header has no index there."""
        if header is not None and header is not UNKNOWN:
            yield Piece(at, at, None, None, UNENDED)

    def _search(self, at: int, end: int) -> int:
        """The next place where something begins whose checksum holds, or `end`."""
        # Few bytes look like a header that leads to others. Where the next one is damaged too,
        # nothing but hashing tells, as long as there is patience for that.
        end = self._next(at, end, self._leads_on)
        return self._next(at, end, self._is_segment)

    def _next(self, at: int, end: int, is_likely: Callable[[int, int], bool]) -> int:
        for found in self._find(_BEGIN, len(MAGIC), at, end):
            if self._read(found, 1) == MAGIC[:1]:
                header = self._header_at(found)
                if header and (header.long or self._place_at(found, end, header)):
                    return found
            elif self._patience > 0:
                self._patience -= TRIAL
                if is_likely(found, end) and self._is_segment(found, end):
                    return found
        return end

    def _leads_on(self, at: int, end: int) -> bool:
        """Whether a segment may be there, going by the headers that follow it."""
        for _ in range(HEADERS):
            place = self._place_at(at, end, UNKNOWN)
            if place is None:
                return False
            at = place.end
            if at == end or self._read(at, 1) == bytes([END]) or self._header_at(at):
                return True
        return self._may_begin(at)

    def _may_begin(self, at: int) -> bool:
        """Whether a segment's header is there, be it of one that is not all there."""
        try:
            self._claimed_at(at, UNKNOWN)
        except TruncatedError:
            return True
        except ArzipError:
            return False
        return True

    def _is_sound(self, place: _Place, end: int) -> bool:
        """Whether what follows a damaged segment makes it likely that its header is whole."""
        after = place.end
        if not place.header.long and self._patience > 0:
            after = container.past_padding(self._read, after, end)
            self._patience -= after - place.end
        if after == end or self._header_at(after):
            return True
        if not place.header.long:
            return False
        return self._read(after, 1) == bytes([END]) or self._is_segment(after, end)

    def _is_segment(self, at: int, end: int) -> bool:
        """Whether a segment of a long frame is there, going by the check of what is coded."""
        place = self._place_at(at, end, UNKNOWN)
        if place is None or self._patience <= 0:
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
        try:
            place = self._claimed_at(at, header, number)
        except ArzipError:
            return None
        return place if place.end <= end else None

    def _claimed_at(self, at: int, header: Header, number: int = 1) -> _Place:
        """The segment that a header there claims. Raises what container.parse_segment does."""
        at += 0 if header.long else len(header.raw)
        raw = self._read(at, SEGMENT_HEADER_SIZE)
        segment = container.parse_segment(raw, header, number)
        body = at + len(segment.raw) - (0 if header.long else len(header.raw))
        return _Place(header, segment, body)

    def _completed(self, piece: Piece, place: _Place) -> Piece:
        """The piece with what is left of it, if it is lost and that is wanted."""
        if piece.data is not None or not self._unverified or place.begin < piece.begin:
            return piece
        segment, payload_is_whole = place.segment, False
        body = self._read(place.body, max(0, min(segment.body_size, self._size - place.body)))
        if segment.long and len(body) == segment.body_size:
            with contextlib.suppress(ArzipError):
                container.open_body(segment, body)
                payload_is_whole = True
        model = self._likely_model(place)
        self._policy.check_size(self._given + segment.size)
        self._policy.check_memory(model, segment, beside=segment.size)
        data, likely, basis = salvage(model, segment, body, payload_is_whole=payload_is_whole)
        self._given += len(data)
        return replace(piece, unverified=data, likely=likely, basis=basis)

    def _likely_model(self, place: _Place) -> Model | None:
        """The one that the frame names; the one that was given if that is damaged."""
        if place.segment.method == MODELLED and place.header is not UNKNOWN:
            with contextlib.suppress(ModelError):
                return self._policy.model(place.header.identity)
        return self._policy.given

    def _piece(self, place: _Place, after: int = 0) -> Piece:
        """The segment, with its data if all checksums hold, and if it is `after` some place.

        Raises LimitError.
        """
        data, why = None, ""
        try:
            data = self._data(place, after)
        except LimitError:
            raise
        except ArzipError as error:
            why = str(error)
        # Where an index would have a segment need not be in the file.
        begin, end = (min(max(after, at), self._size) for at in (place.begin, place.end))
        return Piece(begin, end, place.segment.size, data, why)

    def _data(self, place: _Place, after: int) -> bytes:
        if place.begin < after or place.end > self._size:
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
        size = LEAST_WINDOW
        while at < end:
            window = self._read(at, min(size + width - 1, end - at))
            for match in pattern.finditer(window):
                if match.start() < size:
                    yield at + match.start()
            at += size
            size = min(2 * size, WINDOW)
