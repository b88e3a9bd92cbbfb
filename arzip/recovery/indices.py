"""The frames of a damaged file whose index is whole."""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from arzip.errors import ArzipError
from arzip.format.layout import END, HEADER_SIZE, TRAILER, Segment, check_of, parse_index
from arzip.recovery.scan import UNKNOWN, Scan

__all__ = ["Indexed", "Indices"]

WINDOW = 1 << 20  # bytes of zeros read at a time


class Indexed(NamedTuple):
    """Where a frame should be, going by its index."""

    begin: int
    end: int
    index_at: int


class Indices:
    """All whole indices in a file."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan

    def first_after(self, at: int) -> Indexed | None:
        """Return the first frame with a whole index that ends after that place."""
        number = bisect_right(self._found, at, key=lambda indexed: indexed.end)
        return self._found[number] if number < len(self._found) else None

    def before(self, end: int) -> int | None:
        """Return where the index of a frame that ends there is; None if there is no whole one."""
        if end < HEADER_SIZE + 1 + TRAILER.size:
            return None
        size, check, _ = TRAILER.unpack(self._scan.read(end - TRAILER.size, TRAILER.size))
        at: int = end - TRAILER.size - size - 1
        # One byte rules out most of these: a hostile file may claim any size.
        if at < HEADER_SIZE or self._scan.patience <= 0 or self._scan.read(at, 1) != bytes([END]):
            return None
        self._scan.patience -= size
        index = self._scan.read(at + 1, size)
        if check_of(index) != check:
            return None
        try:
            deque(parse_index(index, UNKNOWN), maxlen=0)
        except ArzipError:
            return None
        return at

    def segments(self, index_at: int, end: int) -> Iterator[Segment]:
        """Yield the headers that the index there repeats, of the frame that ends at `end`."""
        repeated = self._scan.read(index_at + 1, end - TRAILER.size - index_at - 1)
        return parse_index(repeated, UNKNOWN)

    def first_segment(self, index_at: int, end: int) -> int:
        """Return where the frame's first segment begins, counted back from the index."""
        sizes = (len(one.raw) + one.body_size for one in self.segments(index_at, end))
        return index_at - sum(sizes)

    @cached_property
    def _found(self) -> list[Indexed]:
        """All in the file, except those within another frame: archives in an archive.

        A frame ends where the file does or another frame begins, or before the zeros that may
        follow it. If bytes were cut out of it or put in, it does not begin where its index says,
        but at the nearest header.
        """
        found: list[Indexed] = []
        headers: list[int] = []  # of long frames
        for at in chain(self._scan.magics(), [self._scan.size]):
            for end in self._ends(at):
                index_at = self.before(end)
                if index_at is not None:
                    begin = _nearest(headers, self.first_segment(index_at, end) - HEADER_SIZE)
                    while found and begin <= found[-1].begin:
                        found.pop()
                    found.append(Indexed(begin, end, index_at))
            header = self._scan.header_at(at)
            if header is not None and header.long:
                headers.append(at)
        return found

    def _ends(self, at: int) -> Iterator[int]:
        """Yield where a frame may end that something at `at` follows.

        Zeros may lie between the two, or be the frame's last bytes.
        """
        end, size = at, TRAILER.size
        while end > 0:
            size = min(size, end)
            rest = self._scan.read(end - size, size).rstrip(b"\0")
            end -= size - len(rest)
            if rest:
                break
            size = min(2 * size, WINDOW)
        yield from range(end, min(end + TRAILER.size, at))
        yield at


def _nearest(places: list[int], to: int) -> int:
    """Return the nearest of those places, which are in order; `to` if there are none."""
    number = bisect_left(places, to)
    return min(places[max(0, number - 1) : number + 1], key=lambda at: abs(at - to), default=to)
