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
    font                bytes of its plain text; whether outlines are enciphered by themselves
    entry               which of the zip items it is of, and where the ZIP file begins
"""

import struct
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.errors import FormatError, LimitError
from arzip.unpacking import encoders, fonts, letters, pictures, places, streams, wide
from arzip.unpacking.checks import BEHIND, adler, check_and_size, zip_numbers
from arzip.unpacking.decisions import NUMBER, Decisions
from arzip.unpacking.encoders import Settings
from arzip.unpacking.pictures import Rows
from arzip.unpacking.places import ENTRY_SIZE, LOCAL_SIZE

__all__ = [
    "KINDS",
    "MOST_ITEMS",
    "ODDS",
    "Item",
    "Layer",
    "Picture",
    "Stream",
    "odds",
    "pass_on",
]

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
_OUTLINES = _BREAK + 8
ODDS = _OUTLINES + 1

MOST_ITEMS = 1 << 16
"""In a layer."""


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
    places.FONT: "font",
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
    form: tuple[int, ...] = ()
    """Of wide: high byte first; of letters: those of a line, the break; of a font: outlines."""


class Layer(NamedTuple):
    """What makes data of plain text."""

    size: int  # bytes of the data
    items: list[Item]


def odds() -> NDArray[np.uint32]:
    """Return the probabilities of all decisions, before the first."""
    made = np.full(ODDS, 1 << 31, dtype=np.uint32)
    streams.expectations(made)
    return made


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
                self._out += stream + adler(plain)
            case places.GZIP:
                plain, stream = self._stream(given)
                self._out += stream + check_and_size(plain)
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
            case places.FONT:
                self._font(given)
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
        settings = encoders.tell(self._decisions, stream.settings if stream else None)
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
        numbers = zip_numbers(plain, len(stream))
        if head[6] & 8:
            self._out += head + stream + BEHIND + numbers
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
        stream = header + self._packed(plain, given) + adler(plain)
        sizes = self._chunks(picture.chunks if picture else None, len(stream))
        self._check_room(len(stream) + 12 * len(sizes))
        self._out += pictures.join(stream, sizes)

    def _filtered(self, given: Item | None) -> None:
        pixels = self._taken(self._decisions.number(_PLAIN, given.size if given else 0))
        plain = self._filter(pixels, given.picture if given else None)
        self._out += self._packed(plain, given) + adler(plain)

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

    def _font(self, given: Item | None) -> None:
        text = self._taken(self._decisions.number(_PLAIN, given.size if given else 0))
        outlines = self._decisions.decide(_OUTLINES, bool(given and given.form[0]))
        self._check_room(text.size)
        self._out += fonts.enciphered(text.tobytes(), bool(outlines))

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
