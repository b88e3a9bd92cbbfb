"""Where a layer comes from: data is gone over from front to back, and taken apart."""

import heapq
import struct
from bisect import bisect_right
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.parts import Part
from arzip.photographs import is_photograph
from arzip.unpacking import blocks, encoders, fonts, letters, noise, pictures, places, streams, wide
from arzip.unpacking.checks import BEHIND, adler, check_and_size, zip_numbers
from arzip.unpacking.decisions import Decisions
from arzip.unpacking.layers import MOST_ITEMS, Item, Layer, Picture, Stream, odds
from arzip.unpacking.pictures import Rows
from arzip.unpacking.places import ENTRY_SIZE

__all__ = ["take_apart"]

LEAST = 64  # bytes of a stream that is worth the words
DEAREST = 8  # a stream is left as it is if what is told takes more than 1/8 of it,
DEAREST_BITS = 160  # and these
LEAST_GAIN = 50  # its plain text is larger by 1/50, or hides something, or has little in it
PER_TRY = 1 << 10  # bytes of work that every try counts as
_PDF = 1 << 10  # bytes before a stream that may tell of it


def take_apart(
    data: bytes,
    room: int,
    parts: list[Part],
    *,
    hopeless: bool = False,
    photographs: bool = False,
) -> tuple[Layer, bytes, list[Part]] | None:
    """Return the layer of some data, its plain text of at most `room` bytes, and the parts of that.

    `parts` are those that are known; streams are not looked for in pictures. Returns None if there
    is nothing to take apart; if the data is `hopeless`, noise alone is not worth it. `photographs`
    are no noise to who can read them.
    """
    search = _Search(data, room, parts, photographs)
    seen = _in_cipher(data) if hopeless else _others(data, search.array)
    others = {other.place: other for other in seen}
    for place in heapq.merge(places.places(search.array), others):
        if place in others:
            search.take(others[place])
        else:
            search.look(place.start, place.kind)
    return None if hopeless and search.is_empty else search.result()


class _Other(NamedTuple):
    """What is written in another way than a model reads best."""

    place: places.Place
    end: int
    plain: bytes
    form: tuple[int, ...]


def _others(data: bytes, array: NDArray[np.uint8]) -> list[_Other]:
    """Return text in UTF-16, what is in letters, and fonts, from front to back."""
    texts = [
        _Other(
            places.Place(run.start, places.WIDE),
            run.end,
            wide.text_of(data, run),
            (int(run.high_first),),
        )
        for run in wide.runs(array)
    ]
    in_letters = [
        _Other(places.Place(run.start, places.LETTERS), run.end, run.plain, (run.line, run.kind))
        for run in letters.runs(data)
    ]
    return sorted([*texts, *in_letters, *_in_cipher(data)], key=lambda other: other.place)


def _in_cipher(data: bytes) -> list[_Other]:
    """Return fonts, from front to back."""
    return [
        _Other(places.Place(run.start, places.FONT), run.end, run.plain, (int(run.outlines),))
        for run in fonts.runs(data)
    ]


class _Search:
    """Goes over data from front to back, and takes it apart."""

    def __init__(self, data: bytes, room: int, parts: list[Part], photographs: bool) -> None:
        self.array = np.frombuffer(data, dtype=np.uint8)
        self._data = data
        self._room = room - len(data)  # for what streams add
        self._given = parts
        self._photographs = photographs
        self._noise: list[tuple[int, int]] | None = None  # starts and ends to come, the next last
        self._closed = [part for part in parts if part.pixel]  # by their starts
        self._at = 0  # in the data
        self._plain: list[bytes | NDArray[np.uint8]] = []
        self._size = 0  # of these
        self._last = 0  # end of the last item, in the plain text
        self._moves: list[tuple[int, int, int]] = []  # data from here on is there, so many bytes
        self._items: list[Item] = []
        self._parts: list[Part] = []
        self._headers: dict[int, tuple[int, bytes]] = {}  # of zip items: number, check and sizes
        self._begin = 0  # of the ZIP file
        self._odds = odds()
        self._block = blocks.block_of(0)
        self._work = 8 * len(data) + (1 << 20)  # bytes that may be inflated in vain

    def look(self, start: int, kind: int) -> None:
        """Take apart what is there, if it is what it seems."""
        if self._work < 0 or not self._is_open(start):
            return
        match kind:
            case places.ZLIB:
                self._zlib(start)
            case places.GZIP:
                self._gzip(start)
            case places.ZIP:
                self._zip(start)
            case places.ENTRY:
                self._entry(start)
            case places.PNG:
                self._png(start)

    def take(self, other: "_Other") -> None:
        """Put what is written in another way in its place."""
        start, kind = other.place
        grown = len(other.plain) - (other.end - start)
        if not self._is_open(start) or grown > self._room:
            return
        self._copy(start)
        size = len(other.plain)
        self._items.append(Item(kind, self._size - self._last, size, form=other.form))
        self._parts.append(Part(self._size, size))
        self._add(other.plain, 0)
        self._room -= grown
        self._at, self._last = other.end, self._size

    def _is_open(self, start: int) -> bool:
        """Return whether something may begin there."""
        k = bisect_right(self._closed, start, key=lambda part: part.start) - 1
        is_closed = k >= 0 and start < self._closed[k].start + self._closed[k].size
        return self._at <= start and len(self._items) < MOST_ITEMS and not is_closed

    @property
    def is_empty(self) -> bool:
        """Whether no stream was found."""
        return not self._items

    def result(self) -> tuple[Layer, bytes, list[Part]] | None:
        """Return what was found."""
        self._copy(len(self._data))
        if not self._items:
            return None
        old = [
            part._replace(start=start, size=self._moved(part.start + part.size) - start)
            for part in self._given
            for start in [self._moved(part.start)]
        ]
        return (
            Layer(len(self._data), self._items),
            b"".join(bytes(piece) for piece in self._plain),
            sorted({*old, *self._parts}, key=lambda part: (part.start, -part.size)),
        )

    def _moved(self, place: int) -> int:
        """Return where the byte of the data at `place` is in the plain text."""
        k = bisect_right(self._moves, place, key=lambda move: move[0]) - 1
        start, there, size = self._moves[k]
        return there + min(place - start, size)

    def _copy(self, end: int) -> None:
        """Go on to `end`; what is before it stays as it is, but for noise."""
        if self._noise is None:
            self._noise = noise.runs(self.array, photographs=self._photographs)[::-1]
        while self._noise and self._noise[-1][0] < end:
            start, behind = self._noise.pop()
            start = max(start, self._at)
            if min(behind, end) - start >= noise.LEAST:
                self._keep(start)
                self._take_noise(min(behind, end))
            if behind > end:
                self._noise.append((end, behind))
                break
        self._keep(end)

    def _keep(self, end: int) -> None:
        self._add(self._data[self._at : end], end - self._at)
        self._at = end

    def _take_noise(self, end: int) -> None:
        if len(self._items) < MOST_ITEMS - 1:  # room for what comes behind it
            values = self.array[self._at : end]
            gap, size = self._size - self._last, end - self._at
            self._items.append(Item(places.NOISE, gap, size, noise=values))
            self._add(b"", 0)
            self._at, self._last = end, self._size

    def _add(self, piece: "bytes | NDArray[np.uint8]", moved: int) -> None:
        self._moves.append((self._at, self._size, moved))
        self._plain.append(piece)
        self._size += len(piece)

    def _inflated(self, src: NDArray[np.uint8]) -> streams.Inflated | None:
        found, work = streams.inflate(src, self._room + src.size, self._block)
        self._work -= PER_TRY + work
        if found is None or found.size < LEAST or self._room + found.size < found.plain.size:
            return None
        gains = (found.plain.size - found.size) * LEAST_GAIN >= found.size
        return found if gains or self._hides(found.plain) else None

    def _hides(self, plain: NDArray[np.uint8]) -> bool:
        """Return whether there is something in plain text that deflate makes nothing of."""
        return fonts.is_font(plain) or (self._photographs and is_photograph(plain))

    def _stream(self, src: NDArray[np.uint8], found: streams.Inflated) -> Stream | None:
        """Return the stream with the settings that suit it, if it is worth what must be told."""
        settings = encoders.guess(src, found.plain, found.farthest)
        cost = 0.0

        def count(left: NDArray[np.uint32], freq: NDArray[np.uint32]) -> None:
            nonlocal cost
            cost += float((24 - np.log2(freq)).sum())

        tried = self._odds.copy()
        stream = Stream(src[: found.size], found.tokens, settings)
        streams.pass_on(
            Decisions(tried, count), found.plain, stream.data, settings.values(), found.tokens
        )
        if cost > 8 * found.size / DEAREST + DEAREST_BITS:
            return None
        self._odds = tried
        return stream

    def _take(
        self,
        kind: int,
        start: int,
        stream: Stream,
        plain: NDArray[np.uint8],
        end: int,
        picture: Picture | None = None,
        header: bytes = b"",
        rows: Rows | None = None,
    ) -> None:
        """Put the plain text in place of data[start:end], behind a header if the item has one."""
        self._copy(start)
        self._items.append(Item(kind, self._size - self._last, plain.size, stream, picture))
        if header:
            self._add(header, len(header))
            self._at += len(header)
        pixels = (rows.pixel, rows.row) if rows and rows.bits == 8 else ()
        self._parts.append(Part(self._size, plain.size, *pixels))
        self._add(plain, 0)
        self._work += plain.size  # it was not in vain
        self._room -= plain.size - (end - self._at)
        self._at, self._last = end, self._size

    def _zlib(self, start: int) -> None:
        src = self.array[start + 2 :]
        found = self._inflated(src)
        if found is None:
            return
        end = start + 2 + found.size
        if self._data[end : end + 4] != adler(found.plain):
            return
        stream = self._stream(src, found)
        if stream is None:
            return
        before = self._data[max(start - _PDF, 0) : start]
        rows, filtered = pictures.in_pdf(before, found.plain.size)
        pixels = pictures.unfiltered(found.plain, rows) if filtered and rows else None
        start, end = start + 2, end + 4
        if pixels is not None:
            picture = Picture(rows, found.plain)
            self._take(places.ROWS, start, stream, pixels, end, picture, rows=rows)
        else:
            rows = None if filtered else rows
            self._take(places.ZLIB, start, stream, found.plain, end, rows=rows)

    def _gzip(self, start: int) -> None:
        begin = places.behind_gzip_header(self._data, start)
        if begin is None:
            self._work -= PER_TRY
            return
        src = self.array[begin:]
        found = self._inflated(src)
        if found is None:
            return
        end = begin + found.size
        if self._data[end : end + 8] != check_and_size(found.plain):
            return
        if stream := self._stream(src, found):
            self._take(places.GZIP, begin, stream, found.plain, end + 8)

    def _zip(self, start: int) -> None:
        header = places.behind_zip_header(self._data, start)
        if header is None:
            return
        src = self.array[header.stream :]
        found = self._inflated(src)
        if found is None:
            return
        numbers = zip_numbers(found.plain, found.size)
        end = header.stream + found.size
        head = self._data[start : header.stream]
        if header.described_behind:
            behind = BEHIND + numbers
            fits = self._data[end : end + len(behind)] == behind
            end += len(behind)
        else:
            fits = head[14:26] == numbers
            head = head[:14] + bytes(12) + head[26:]
        stream = self._stream(src, found)
        if stream is None:
            return
        if not fits:
            self._take(
                places.DEFLATE, header.stream, stream, found.plain, header.stream + found.size
            )
        else:
            self._take(places.ZIP, start, stream, found.plain, end, header=head)
            self._headers[start] = len(self._headers), numbers

    def _entry(self, start: int) -> None:
        entry = self._data[start : start + ENTRY_SIZE]
        if len(entry) < ENTRY_SIZE or not self._headers:
            return
        (offset,) = struct.unpack_from("<I", entry, 42)
        for begin in (self._begin, next(iter(self._headers)), 0):
            which, numbers = self._headers.get(begin + offset, (0, b""))
            if numbers and entry[16:28] == numbers:
                self._begin = begin
                break
        else:
            return
        self._copy(start)
        self._items.append(Item(places.ENTRY, self._size - self._last, entry=(which, begin)))
        zeros = entry[:16] + bytes(12) + entry[28:42] + bytes(4)
        self._add(zeros, ENTRY_SIZE)
        self._at, self._last = start + ENTRY_SIZE, self._size

    def _png(self, start: int) -> None:
        if self._data[start : start + 8] != pictures.SIGNATURE:
            return
        self._work -= PER_TRY
        found = pictures.chunks(self._data, start)
        if found is None:
            return
        self._work -= min(found.end, len(self._data)) - found.start
        if not pictures.are_whole(self._data, found):
            return
        whole = pictures.joined(self._data, found)
        src = np.frombuffer(whole, dtype=np.uint8)[2:]
        inflated = self._inflated(src)
        if inflated is None or whole[2 + inflated.size :] != adler(inflated.plain):
            return
        stream = self._stream(src, inflated)
        if stream is None:
            return
        pixels = pictures.unfiltered(inflated.plain, found.rows) if found.rows else None
        rows = None if pixels is None else found.rows
        plain = inflated.plain if pixels is None else pixels
        picture = Picture(rows, inflated.plain, whole[:2], found.sizes)
        self._take(places.PNG, found.start, stream, plain, found.end, picture, rows=rows)
