"""Inside what is compressed already: deflate streams undone, and made again to the byte.

gzip, ZIP (so JAR, DOCX, EPUB, wheels), PNG, PDF and others hold deflate streams. Where one is, the
model reads its plain text; what that does not tell of the stream, its encoder's choices, is told by
decisions that go through the same coder, after the plain text.

    places      finds where streams may begin
    search      puts plain text in the place of streams: an encoder's way
    layers      tells what that leaves out, and puts streams back: both ways
    checks      the checks and sizes beside streams
    wide        text in UTF-16, read as UTF-8
    letters     what is in base64
    fonts       Type 1 fonts, which are enciphered
    noise       what no model can shorten, taken out of the plain text
    pictures    the chunks and filters of PNG
    streams     tells a stream, given its plain text
    encoders    finds what settings an encoder had
    matcher     predicts the tokens: zlib's search for matches
    paths       likewise, of encoders that weigh all ways through the text
    chains      where matches may begin
    huffman     predicts the codes: zlib's trees
    blocks      reads and writes a stream's bits
    decisions   yes or no, and numbers, with probabilities that adapt

The plain text may hold streams in turn, such as a picture in a document in an archive, so there are
up to three layers. Nothing here uses a library's deflate: another version would choose otherwise.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip import coder
from arzip.errors import FormatError
from arzip.parts import Part
from arzip.unpacking import layers, search
from arzip.unpacking.decisions import Decisions
from arzip.unpacking.layers import Layer

__all__ = ["Unpacked", "packed", "tell", "unpack"]

MOST_LAYERS = 3


class Unpacked(NamedTuple):
    """A segment's data, unpacked."""

    plain: NDArray[np.uint8]
    parts: Sequence[Part]
    """Of the plain data: what was inside of something."""
    layers: Sequence[tuple[Layer, NDArray[np.uint8]]]
    """The outermost first, each with its plain data."""

    def found(self) -> dict[str, int]:
        """Return how many streams of each kind there are."""
        items = (item for layer, _ in self.layers for item in layer.items)
        return dict(Counter(layers.KINDS[item.kind] for item in items if item.kind in layers.KINDS))


def unpack(
    data: bytes, most: int, *, hopeless: bool = False, photographs: bool = False
) -> Unpacked | None:
    """Return the data unpacked, in at most `most` bytes; None if nothing in it can be.

    `hopeless` data has no use of a model as it is. One that reads `photographs` has use of these.
    """
    found: list[tuple[Layer, NDArray[np.uint8]]] = []
    parts: list[Part] = []
    plain = data
    while len(found) < MOST_LAYERS:
        taken = search.take_apart(
            plain, most, parts, hopeless=hopeless and not found, photographs=photographs
        )
        if taken is None or not taken[1]:
            break
        layer, plain, parts = taken
        found.append((layer, _array(plain)))
    if not found:
        return None
    unpacked = Unpacked(found[-1][1], parts, found)
    return unpacked if _comes_back(unpacked, data) else None


def tell(
    unpacked: Unpacked, sink: Callable[[NDArray[np.uint32], NDArray[np.uint32]], object]
) -> None:
    """Give the intervals, left and freq, of all that the plain data does not tell to `sink`."""
    decisions = Decisions(_odds(), sink)
    decisions.choice(layers.ODDS, 2, len(unpacked.layers))
    for layer, plain in reversed(unpacked.layers):
        layers.pass_on(decisions, plain, layer, layer.size)
    decisions.flush()


def packed(
    plain: bytes,
    words: NDArray[np.uint32],
    decoder: NDArray[np.uint64],
    size: int,
    most: int,
    room: int | None = None,
) -> bytes:
    """Return the `size` bytes of data that were unpacked to `plain`.

    `decoder` is the coder's state behind the plain data. A layer inside of another has at most
    `most` bytes, and there may be room for less. Raises FormatError for damaged words, LimitError
    if there is no room.
    """
    decisions = Decisions.learned(_odds(), words, decoder)
    data = plain
    count = decisions.choice(layers.ODDS, 2)
    if count == 0:
        raise FormatError("an unpacked segment has nothing inside: the file is damaged")
    for k in range(count, 0, -1):
        if k > 1:
            data = layers.pass_on(decisions, _array(data), None, most, room)
        else:
            data = layers.pass_on(decisions, _array(data), None, size)
    if len(data) != size:
        raise FormatError("a segment's data has another size: the file is damaged")
    return data


def _odds() -> NDArray[np.uint32]:
    return np.append(layers.odds(), np.full(4, 1 << 31, dtype=np.uint32))


def _array(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(bytearray(data), dtype=np.uint8)


def _comes_back(unpacked: Unpacked, data: bytes) -> bool:
    """Return whether what would be told makes the data again."""
    encoder = coder.Encoder()
    tell(unpacked, encoder.add)
    words, decoder = coder.to_words(encoder.finish()), np.zeros(4, dtype=np.uint64)
    coder.start(words, decoder)
    plain = unpacked.plain.tobytes()
    most = max(layer.size for layer, _ in unpacked.layers)
    return packed(plain, words, decoder, len(data), most) == data
