"""The way through a damaged file, from front to back."""

from collections.abc import Iterator

from xxhash import xxh64

from arzip.errors import ArzipError, TruncatedError
from arzip.format.layout import (
    END,
    ENDS_EARLY,
    HEADER_SIZE,
    INDEX_DIFFERS,
    TRAILER,
    Header,
    parse_header,
    varint,
)
from arzip.format.locate import past_padding
from arzip.recovery.indices import Indexed, Indices
from arzip.recovery.piece import Piece
from arzip.recovery.restorer import Restorer
from arzip.recovery.scan import TRIAL, UNKNOWN, Place, Scan

__all__ = ["HEADER", "UNENDED", "pieces"]

HEADER = "a header is damaged"
UNENDED = "a frame ends without its index, so that more may be missing"


def pieces(scan: Scan, restorer: Restorer) -> Iterator[Piece]:
    """Yield the pieces of the file. Raises LimitError."""
    return _Walk(scan, restorer).pieces()


class _Walk:
    def __init__(self, scan: Scan, restorer: Restorer) -> None:
        self._scan = scan
        self._indices = Indices(scan)
        self._restorer = restorer

    def pieces(self) -> Iterator[Piece]:
        at = 0
        while at < self._scan.size:
            end = self._frame_end(at)
            if end is not None:
                for place in self._scan.frame_at(at):
                    yield self._restorer.complete(self._restorer.piece(place), place)
            elif indexed := self._indices.first_after(at):
                start = max(at, indexed.begin)
                yield from self._by_headers(at, start)
                yield from self._by_index(start, indexed)
                end = indexed.end
            else:
                yield from self._by_headers(at, self._scan.size)
                return
            at = past_padding(self._scan.read, end, self._scan.size)

    def _frame_end(self, begin: int) -> int | None:
        """Return where the frame there ends, if all its headers lead to that; else None.

        Its data may be damaged.
        """
        header = self._scan.header_at(begin)
        if header is None:
            return None
        if not header.long:
            place = self._scan.place_at(begin, self._scan.size, header)
            return place.end if place and self._scan.is_sound(place, self._scan.size) else None
        if self._scan.patience <= 0:
            return None
        entries = xxh64()
        at, number = begin + HEADER_SIZE, 0
        size = 0  # of the entries
        for place in self._scan.frame_at(begin):
            entries.update(place.segment.raw)
            size += len(place.segment.raw)
            at, number = place.end, place.segment.number
        end = at + 1 + len(varint(number)) + size + TRAILER.size
        if end <= self._scan.size and self._indices.before(end) == at:
            index = self._scan.read(at + 1, end - TRAILER.size - at - 1)
            if entries.digest() == xxh64(index[len(index) - size :]).digest():
                return end
        self._scan.patience -= number * TRIAL
        return None

    def _by_index(self, start: int, indexed: Indexed) -> Iterator[Piece]:
        """Yield all segments of a frame, each counted from the frame's end, or else from its start.

        The two differ if bytes were cut out or put in. Then the one holds behind that place and
        the other before it.
        """
        header = self._scan.header_at(start) or UNKNOWN
        from_start = start + HEADER_SIZE
        from_end = self._indices.first_segment(indexed.index_at, indexed.end)
        if header is UNKNOWN:
            yield Piece(start, max(start, from_end), 0, None, HEADER)
        for segment in self._indices.segments(indexed.index_at, indexed.end):
            place = Place(header, segment, from_end + len(segment.raw))
            piece = self._restorer.piece(place, start)
            if piece.data is None:
                place = Place(header, segment, from_start + len(segment.raw))
                piece = self._restorer.complete(self._restorer.piece(place, start), place)
            yield piece
            from_start += len(segment.raw) + segment.body_size
            from_end += len(segment.raw) + segment.body_size

    def _by_headers(self, at: int, end: int) -> Iterator[Piece]:
        """Yield what is in a part of the file, from header to header."""
        header: Header | None = None  # of the long frame that this is in
        number = 0  # of segments in it
        while at < end:
            if header is None and at:
                at = past_padding(self._scan.read, at, end)
                if at == end:
                    return
            new = self._scan.header_at(at)
            if new is not None and new.long:
                yield from self._unended(header, at)
                header, at, number = new, at + HEADER_SIZE, 0
                continue
            number += 1
            place = self._scan.place_at(at, end, new or header, 1 if new else number)
            piece = self._found(place, end) if place else None
            if piece and place:
                yield self._restorer.complete(piece, place)
                at = place.end
                header = header if place.header.long else None
                continue
            lost, at = at, self._scan.search(at + 1, end)
            if header is not None and self._scan.read(lost, 1) == bytes([END]):
                header = None
                # Its frame's index, which would have been read first if it were whole.
                yield Piece(lost, at, 0, None, self._fault(INDEX_DIFFERS, at))
            else:
                piece = self._lost(lost, at, header, number)
                header = header if header and piece.size else UNKNOWN
                yield piece
        yield from self._unended(header, end)

    def _found(self, place: Place, end: int) -> Piece | None:
        """Return the segment there, if it is likely to be one: it or its surroundings are whole."""
        if self._scan.patience <= 0 and not self._scan.is_sound(place, end):
            return None
        piece = self._restorer.piece(place)
        if piece.data is not None or self._scan.is_sound(place, end):
            return piece
        self._scan.patience -= place.segment.body_size + place.segment.size
        return None

    def _lost(self, begin: int, end: int, header: Header | None, number: int) -> Piece:
        """Return what is lost from a segment's header on that leads nowhere.

        `header` is that of the long frame it is in, if any.
        """
        try:
            new = header or parse_header(self._scan.read(begin, HEADER_SIZE), first=not begin)
            place = self._scan.claimed_at(begin, new, number)
        except TruncatedError:
            return Piece(begin, end, None, None, self._fault(HEADER, end))
        except ArzipError as error:
            return Piece(begin, end, None, None, HEADER if header else str(error))
        if end == self._scan.size < place.end:
            return self._restorer.complete(self._restorer.piece(place), place)
        return Piece(begin, end, None, None, HEADER)

    def _fault(self, why: str, end: int) -> str:
        """Return `why` something is not complete; at the end of the file, that it ends early."""
        return ENDS_EARLY if end == self._scan.size else why

    def _unended(self, header: Header | None, at: int) -> Iterator[Piece]:
        """Yield the loss of all that followed, if the frame with that header has no index there."""
        if header is not None and header is not UNKNOWN:
            yield Piece(at, at, None, None, UNENDED)
