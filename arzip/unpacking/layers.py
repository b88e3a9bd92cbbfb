"""A layer: data with streams in it, and the same data with their plain text in their place.

What lies between the streams stays as it is, except for checks and sizes that follow from the
plain text: where they hold, zeros stand for them or nothing. What is told, in this order: the bytes
of the data, the number of items, and for each item

    bytes up to it; its kind
    zlib, gzip, zip     bytes of its plain text, the settings that suit it, the stream
    deflate             likewise, where checks and sizes lie elsewhere and stay as they are
    png                 likewise; its first two bytes, the chunks, how pixels lie, the filters
    rows                likewise; how pixels lie, the filters
    noise               its bytes, which the plain text lacks
    wide                bytes of its plain text; whether the high byte of characters comes first
    letters             bytes of its plain text; letters of a line, which break is between lines
    entry               which of the zip items it is of, and where the ZIP file begins
"""

import heapq
import struct
import zlib
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.errors import FormatError, LimitError
from arzip.parts import Part
from arzip.photographs import is_photograph
from arzip.unpacking import blocks, guesses, letters, noise, pictures, places, streams, wide
from arzip.unpacking.decisions import NUMBER, Decisions
from arzip.unpacking.guesses import Settings
from arzip.unpacking.pictures import Rows
from arzip.unpacking.places import ENTRY_SIZE, LOCAL_SIZE

__all__ = ["KINDS", "ODDS", "Layer", "odds", "pass_on", "take_apart"]

_FILTERS = streams.CONTEXTS
_SIZE = _FILTERS + pictures.CONTEXTS
_COUNT = _SIZE + NUMBER
_GAP = _COUNT + NUMBER
_KIND = _GAP + NUMBER  # 16 kinds before, 4 bits
_PLAIN = _KIND + 256
_OTHER_ENTRY = _PLAIN + NUMBER
_ENTRY = _OTHER_ENTRY + 1
_BEGIN = _ENTRY + NUMBER
_HEADER = _BEGIN + NUMBER  # 2 x 8 bits
_CHUNKS = _HEADER + 512
_CHUNK = _CHUNKS + NUMBER
_OTHER_CHUNK = _CHUNK + NUMBER
_HAS_ROWS = _OTHER_CHUNK + 1
_ROW = _HAS_ROWS + 1
_PIXEL = _ROW + NUMBER  # 4 bits
_NOISE = _PIXEL + 16
_HIGH_FIRST = _NOISE + NUMBER
_LINE = _HIGH_FIRST + 1
_BREAK = _LINE + NUMBER  # 3 bits
ODDS = _BREAK + 8

LEAST = 64  # bytes of a stream that is worth the words
DEAREST = 8  # a stream is left as it is if what is told takes more than 1/8 of it,
DEAREST_BITS = 160  # and these
LEAST_GAIN = 50  # its plain text is larger by 1/50, or it has little in it
MOST_ITEMS = 1 << 16
_PDF = 1 << 10  # bytes before a stream that may tell of it
PER_TRY = 1 << 10  # bytes of work that every try counts as


KINDS = {
    places.ZLIB: "zlib",
    places.GZIP: "gzip",
    places.ZIP: "zip",
    places.PNG: "png",
    places.DEFLATE: "zip",
    places.ROWS: "zlib",
    places.NOISE: "noise",
    places.WIDE: "utf-16",
    places.LETTERS: "base64",
}
"""Names of kinds of items, of those that are something in themselves."""


class Stream(NamedTuple):
    """A deflate stream that was found."""

    data: NDArray[np.uint8]
    tokens: int  # in the block that has most
    settings: Settings


class Picture(NamedTuple):
    """What is around pixels; in a PNG file, or if there are no chunks, in another."""

    rows: Rows | None
    filtered: NDArray[np.uint8]
    header: bytes = b""  # of zlib
    chunks: Sequence[int] = ()


class Item(NamedTuple):
    """Something in the data that the plain text has in another form."""

    kind: int
    gap: int  # bytes since the last item
    size: int = 0  # bytes of plain text, or of noise
    stream: Stream | None = None
    picture: Picture | None = None
    entry: tuple[int, int] = (0, 0)  # the zip item that it is of; where the ZIP file begins
    noise: NDArray[np.uint8] | None = None
    form: tuple[int, ...] = ()  # of wide: high byte first; of letters: those of a line, the break


class Layer(NamedTuple):
    """What makes data of plain text."""

    size: int  # bytes of the data
    items: list[Item]


def odds() -> NDArray[np.uint32]:
    """Return the probabilities of all decisions, before the first."""
    made = np.full(ODDS, 1 << 31, dtype=np.uint32)
    streams.expectations(made)
    return made


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
    others = {} if hopeless else {other.place: other for other in _others(data, search.array)}
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
    """Return text in UTF-16, and what is in letters, from front to back."""
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
    return sorted([*texts, *in_letters], key=lambda other: other.place)


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
        if not gains and not (self._photographs and is_photograph(found.plain)):
            return None
        return found

    def _stream(self, src: NDArray[np.uint8], found: streams.Inflated) -> Stream | None:
        """Return the stream with the settings that suit it, if it is worth what must be told."""
        settings = guesses.guess(src, found.plain, found.farthest)
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
        if self._data[end : end + 4] != _adler(found.plain):
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
        if self._data[end : end + 8] != _check_and_size(found.plain):
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
        numbers = _zip_numbers(found.plain, found.size)
        end = header.stream + found.size
        head = self._data[start : header.stream]
        if header.described_behind:
            behind = _BEHIND + numbers
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
        if inflated is None or whole[2 + inflated.size :] != _adler(inflated.plain):
            return
        stream = self._stream(src, inflated)
        if stream is None:
            return
        pixels = pictures.unfiltered(inflated.plain, found.rows) if found.rows else None
        rows = None if pixels is None else found.rows
        plain = inflated.plain if pixels is None else pixels
        picture = Picture(rows, inflated.plain, whole[:2], found.sizes)
        self._take(places.PNG, found.start, stream, plain, found.end, picture, rows=rows)


_BEHIND = b"PK\x07\x08"


def _adler(plain: NDArray[np.uint8]) -> bytes:
    return struct.pack(">I", zlib.adler32(plain.data))


def _check_and_size(plain: NDArray[np.uint8]) -> bytes:
    return struct.pack("<II", zlib.crc32(plain.data), plain.size)


def _zip_numbers(plain: NDArray[np.uint8], packed: int) -> bytes:
    return struct.pack("<III", zlib.crc32(plain.data), packed, plain.size)


def pass_on(
    decisions: Decisions,
    plain: NDArray[np.uint8],
    layer: Layer | None,
    most: int,
    room: int | None = None,
) -> bytes:
    """Tell a layer, or learn one of at most `most` bytes. Returns its data.

    Raises FormatError if decisions give none, LimitError if its data is more than `room` bytes.
    """
    size = decisions.number(_SIZE, layer.size if layer else 0)
    if size > most:
        raise FormatError("a segment's data is too large: the file is damaged")
    if room is not None and size > room:
        raise LimitError("decoding what is inside takes more memory than the limit")
    writer = _Writer(decisions, plain, size)
    count = decisions.number(_COUNT, len(layer.items) if layer else 0)
    if count > MOST_ITEMS:
        raise FormatError("a segment has too many items: the file is damaged")
    for k in range(count):
        writer.item(layer.items[k] if layer else None)
    return writer.result()


class _Writer:
    """Makes data of plain text, item by item."""

    def __init__(self, decisions: Decisions, plain: NDArray[np.uint8], size: int) -> None:
        self._decisions = decisions
        self._plain = plain
        self._at = 0  # in the plain text
        self._out = bytearray()
        self._most = size
        self._kind = 0
        self._headers: list[tuple[int, bytes]] = []  # of zip items: where; check and sizes
        self._entry = 0  # the next that is expected
        self._begin = 0

    def item(self, given: Item | None) -> None:
        """Add an item: the one that is given, or the one that is learned."""
        decisions = self._decisions
        self._copy(decisions.number(_GAP, given.gap if given else 0))
        context = _KIND + 16 * self._kind
        self._kind = decisions.choice(context, 4, given.kind if given else 0)
        match self._kind:
            case places.ZLIB:
                plain, stream = self._stream(given)
                self._out += stream + _adler(plain)
            case places.GZIP:
                plain, stream = self._stream(given)
                self._out += stream + _check_and_size(plain)
            case places.ZIP:
                self._zip(given)
            case places.ENTRY:
                self._directory_entry(given)
            case places.PNG:
                self._png(given)
            case places.DEFLATE:
                self._out += self._stream(given)[1]
            case places.ROWS:
                self._filtered(given)
            case places.NOISE:
                self._noise(given)
            case places.WIDE:
                self._wide(given)
            case places.LETTERS:
                self._letters(given)
            case _:
                raise FormatError("a segment has an unknown item: the file is damaged")
        self._check_room(0)

    def result(self) -> bytes:
        """Return all of the data."""
        self._copy(self._plain.size - self._at)
        if len(self._out) != self._most:
            raise FormatError("a segment's data has another size: the file is damaged")
        return bytes(self._out)

    def _check_room(self, size: int) -> None:
        if len(self._out) + size > self._most:
            raise FormatError("a segment's data is too large: the file is damaged")

    def _taken(self, size: int) -> NDArray[np.uint8]:
        if size > self._plain.size - self._at:
            raise FormatError("a segment's plain data is too short: the file is damaged")
        self._at += size
        return self._plain[self._at - size : self._at]

    def _copy(self, size: int) -> None:
        self._check_room(size)
        self._out += self._taken(size).tobytes()

    def _stream(self, given: Item | None) -> tuple[NDArray[np.uint8], bytes]:
        """Return the plain text of an item, and its stream."""
        plain = self._taken(self._decisions.number(_PLAIN, given.size if given else 0))
        return plain, self._packed(plain, given)

    def _packed(self, plain: NDArray[np.uint8], given: Item | None) -> bytes:
        stream = given.stream if given else None
        settings = guesses.tell(self._decisions, stream.settings if stream else None)
        return streams.pass_on(
            self._decisions,
            plain,
            stream.data if stream else None,
            settings.values(),
            stream.tokens if stream else 0,
            self._most - len(self._out),
        )

    def _zip(self, given: Item | None) -> None:
        begin = len(self._out)
        head = self._taken(LOCAL_SIZE).tobytes()
        name, extra = struct.unpack_from("<HH", head, 26)
        head += self._taken(name + extra).tobytes()
        self._check_room(len(head))
        plain, stream = self._stream(given)
        numbers = _zip_numbers(plain, len(stream))
        if head[6] & 8:
            self._out += head + stream + _BEHIND + numbers
        else:
            self._out += head[:14] + numbers + head[26:] + stream
        self._headers.append((begin, numbers))

    def _directory_entry(self, given: Item | None) -> None:
        which, begin = given.entry if given else (0, 0)
        expected = self._entry
        decisions = self._decisions
        if decisions.decide(_OTHER_ENTRY, which != expected or begin != self._begin):
            expected = decisions.number(_ENTRY, which)
            self._begin = decisions.number(_BEGIN, begin)
        entry = self._taken(ENTRY_SIZE).tobytes()
        begun, numbers = self._headers[expected] if expected < len(self._headers) else (-1, b"")
        if begun < self._begin:
            raise FormatError("a segment's directory has an impossible entry: the file is damaged")
        offset = struct.pack("<I", begun - self._begin)
        self._out += entry[:16] + numbers + entry[28:42] + offset
        self._entry = expected + 1

    def _png(self, given: Item | None) -> None:
        decisions = self._decisions
        picture = given.picture if given else None
        pixels = self._taken(decisions.number(_PLAIN, given.size if given else 0))
        header = bytes(
            decisions.choice(_HEADER + 256 * k, 8, picture.header[k] if picture else 0)
            for k in range(2)
        )
        plain = pixels
        if decisions.decide(_HAS_ROWS, picture is not None and picture.rows is not None):
            plain = self._filter(pixels, picture)
        stream = header + self._packed(plain, given) + _adler(plain)
        sizes = self._chunks(picture.chunks if picture else None, len(stream))
        self._check_room(len(stream) + 12 * len(sizes))
        self._out += pictures.join(stream, sizes)

    def _filtered(self, given: Item | None) -> None:
        pixels = self._taken(self._decisions.number(_PLAIN, given.size if given else 0))
        plain = self._filter(pixels, given.picture if given else None)
        self._out += self._packed(plain, given) + _adler(plain)

    def _filter(self, pixels: NDArray[np.uint8], picture: Picture | None) -> NDArray[np.uint8]:
        """Return the filtered rows of some pixels."""
        decisions, given = self._decisions, picture.rows if picture else None
        row = decisions.number(_ROW, given.row if given else 0)
        pixel = decisions.choice(_PIXEL, 4, given.pixel if given else 0)
        count = pixels.size // max(row, 1)
        if not row or pixels.size != count * row:
            raise FormatError("a segment's picture has impossible rows: the file is damaged")
        plain = picture.filtered if picture else np.empty(pixels.size + count, dtype=np.uint8)
        pictures.filtered(decisions, _FILTERS, pixels, Rows(row, max(pixel, 1)), plain)
        return plain

    def _noise(self, given: Item | None) -> None:
        size = self._decisions.number(_NOISE, given.size if given else 0)
        self._check_room(size)
        noise = self._decisions.as_it_is(given.noise if given else None, size)
        self._out += noise.tobytes()

    def _wide(self, given: Item | None) -> None:
        text = self._taken(self._decisions.number(_PLAIN, given.size if given else 0))
        high_first = self._decisions.decide(_HIGH_FIRST, bool(given and given.form[0]))
        self._out += wide.wide_of(text.tobytes(), bool(high_first))

    def _letters(self, given: Item | None) -> None:
        plain = self._taken(self._decisions.number(_PLAIN, given.size if given else 0))
        line = self._decisions.number(_LINE, given.form[0] if given else 0)
        kind = self._decisions.choice(_BREAK, 3, given.form[1] if given else 0)
        self._check_room(letters.size_of(plain.size, line, kind))
        self._out += letters.letters_of(plain.tobytes(), line, kind)

    def _chunks(self, given: Sequence[int] | None, size: int) -> list[int]:
        """Tell the sizes of chunks that hold `size` bytes: usually all have that of the first."""
        decisions = self._decisions
        count = decisions.number(_CHUNKS, len(given) if given else 0)
        sizes: list[int] = []
        usual, left = size, size
        while len(sizes) < count:
            k = len(sizes)
            expected = min(usual, left)
            chunk = given[k] if given else 0
            if decisions.decide(_OTHER_CHUNK, chunk != expected):
                chunk = decisions.number(_CHUNK, chunk)
                usual = chunk
            else:
                chunk = expected
            left -= chunk
            if left < 0 or self._most < 12 * k:
                raise FormatError("a segment's picture has impossible chunks: the file is damaged")
            sizes.append(chunk)
        if left:
            raise FormatError("a segment's picture has impossible chunks: the file is damaged")
        return sizes
