"""Spans: a segment is a list of these, each read in a way of its own.

The list goes before the segment's bytes through the same arithmetic coder, as bytes of 8 bits each;
only the first one is expected to say "text, and nothing else", which then takes a tenth of a bit. A
span is these numbers, the second one only of a reading that has some:

    4 * (the reading) + 2 * (whether the network stays out) + (whether it is the last one)
    1, 2, 4 ... for those of its numbers that are not as in the last span that was read so, or as
        usual: all together
    each of these numbers, counted from its least
    the size of the span less 1, unless it is the last: that takes the rest of the segment

Numbers have 7 bits a byte, low ones first, the top bit set on all but the last.
"""

import itertools
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.errors import FormatError
from arzip.parts import Part
from arzip.readings import READINGS, Chosen, Reading, archives, pixels, raw, samples

__all__ = [
    "MOST",
    "PLAIN",
    "Span",
    "are_transformed",
    "find",
    "from_bytes",
    "prevailing",
    "to_bytes",
    "transform",
]

MOST = 1 << 14
"""Spans in a segment."""

PLAIN = 1
"""The first byte if all of the segment is text."""

LARGEST_BITS = 28
"""Of a number; larger ones are damage."""

Price = Callable[[NDArray[np.uint8], Sequence["Span"]], float]
"""What it costs to code some data in these spans."""

_SAMPLE = 1 << 15  # bytes that are coded to tell which way is better
_WORTH = 0.97  # of the usual cost is what a proposal must come to
_PIXELS, _LATER = pixels.READING, 0.95  # of its cost, as it learns for longer than a sample lasts
_LEAST_PART = 1 << 11  # bytes of a part that is looked at by itself
_LEAST_GAP = 1 << 9  # bytes between two of these that are


class Span(NamedTuple):
    """A part of a segment."""

    chosen: Chosen
    size: int


def to_bytes(spans: Sequence[Span]) -> bytes:
    """Return what tells a decoder the spans of a segment, whose size it knows."""
    numbers = []
    before = _usual()
    for at, (chosen, size) in enumerate(spans, start=1):
        numbers.append(4 * chosen.which + 2 * chosen.alone + (at == len(spans)))
        places = _places(chosen.numbers, chosen.reading)
        if places:
            old = before[chosen.which]
            others = [k for k, place in enumerate(places) if place != old[k]]
            numbers.append(sum(1 << k for k in others))
            numbers += [places[k] for k in others]
            before[chosen.which] = places
        if at < len(spans):
            numbers.append(size - 1)
    return b"".join(map(_spelled, numbers))


def from_bytes(take: Callable[[], int], n: int) -> list[Span]:
    """Return the spans of a segment of n bytes. `take` returns the next byte that tells them.

    Raises FormatError as soon as they cannot be.
    """
    spans: list[Span] = []
    before = _usual()
    is_last = False
    while not is_last:
        head = _number(take)
        which, alone, is_last = head >> 2, bool(head & 2), bool(head & 1)
        if which >= len(READINGS):
            raise FormatError(
                f"a segment's reading is {which}, which is unknown: the file is damaged"
            )
        may_be = READINGS[which].numbers
        places = before[which]
        others = _number(take) if may_be else 0
        for k in range(len(may_be)):
            if others >> k & 1:
                places[k] = _number(take)
        size = n if is_last else _number(take) + 1
        if (
            any(place >= len(numbers) for place, numbers in zip(places, may_be, strict=True))
            or others >> len(may_be)
            or size > n - (not is_last)
            or len(spans) == MOST
        ):
            raise FormatError("a segment claims an impossible span: the file is damaged")
        numbers = tuple(map(range.__getitem__, may_be, places))
        spans.append(Span(Chosen(READINGS[which], numbers, alone), size))
        n -= size
    return spans


def _places(numbers: Sequence[int], reading: Reading) -> list[int]:
    """Return a reading's numbers, each counted from its least."""
    return list(map(range.index, reading.numbers, numbers))


def _usual() -> list[list[int]]:
    """Return the places of each reading's numbers before its first span."""
    return [_places(reading.usual, reading) for reading in READINGS]


def _spelled(number: int) -> bytes:
    out = bytearray()
    while number >= 128:
        out.append(128 | number & 127)
        number >>= 7
    out.append(number)
    return bytes(out)


def _number(take: Callable[[], int]) -> int:
    value = shift = 0
    while True:
        byte = take()
        value |= (byte & 127) << shift
        if byte < 128:
            return value
        shift += 7
        if shift >= LARGEST_BITS:
            raise FormatError("a segment claims an impossible number: the file is damaged")


def find(
    data: NDArray[np.uint8],
    parts: Sequence[Part] = (),
    *,
    wide: bool = True,
    price: Price | None = None,
) -> list[Span]:
    """Return spans that suit a segment of at least one byte; if not `wide`, in no wide reading.

    Parts that are known, and large files in an archive, are looked at by themselves. If there is
    something to price them by, so are numbers that no header tells of.
    """
    among = [reading for reading in _BY_PRIORITY if wide or not reading.wide]
    found: list[Span] = []
    for start, end, part in _cut(data.size, parts):
        piece = data[start:end]
        chosen = _told(piece, part) if part else None
        if chosen:
            found.append(Span(chosen, piece.size))
            continue
        for first, last in archives.parts(piece):
            found += _find(piece[first:last], among, price)
    return _joined(found)


def _told(piece: NDArray[np.uint8], part: Part) -> Chosen | None:
    """Return how to read the pixels or numbers of a part; None if they are too few."""
    if part.items:
        numbers, reading = samples.numbers_for(piece, *part.items), samples.READING
    else:
        numbers, reading = pixels.numbers_for(piece, part.pixel, part.row), pixels.READING
    return Chosen(reading, numbers) if numbers else None


def _cut(n: int, parts: Sequence[Part]) -> list[tuple[int, int, Part | None]]:
    """Return where to cut n bytes: the start and end of pieces, and the pixels or numbers there.

    What is too small to be looked at by itself goes with what follows.
    """
    known = {part.start: part for part in parts if part.pixel or part.items}
    exact = {place for part in known.values() for place in (part.start, part.start + part.size)}
    large = [part for part in parts if part.size >= _LEAST_PART]
    cuts = [0]
    for cut in sorted(
        exact | {place for part in large for place in (part.start, part.start + part.size)}
    ):
        if cut in exact or cut - cuts[-1] >= _LEAST_GAP:
            cuts.append(cut)
    return [
        (start, end, known.get(start))
        for start, end in itertools.pairwise([*cuts, n])
        if start < end
    ]


_Finder = Callable[[NDArray[np.uint8]], list[tuple[int, Span]]]
"""Returns spans for parts of some data, and where these start."""


def _find(
    data: NDArray[np.uint8], among: Sequence[Reading], price: Price | None = None
) -> list[Span]:
    """Return spans for data of one kind, or of several.

    What headers tell of comes first, then what else proves to be numbers, then each reading takes
    what it finds of what the ones before it have left. The last one takes all.
    """
    finders: list[_Finder] = [partial(_with_header, among=among)]
    finders += [partial(_without_header, among=among, price=price)] if price else []
    finders += [partial(_of, reading) for reading in among if reading not in _TOLD]
    found: list[tuple[int, Span]] = []
    left = [(0, data.size)]
    for finder in finders:
        rest = []
        for start, end in left:
            at = start
            for first, span in finder(data[start:end]):
                if start + first > at:
                    rest.append((at, start + first))
                found.append((start + first, span))
                at = start + first + span.size
            if at < end:
                rest.append((at, end))
        left = rest
    return [span for _, span in sorted(found, key=_start)]


def _start(found: tuple[int, Span]) -> int:
    return found[0]


def _of(reading: Reading, data: NDArray[np.uint8]) -> list[tuple[int, Span]]:
    """Return what one reading finds."""
    return [
        (start, Span(Chosen(reading, numbers), size)) for start, size, numbers in reading.find(data)
    ]


def _with_header(data: NDArray[np.uint8], among: Sequence[Reading]) -> list[tuple[int, Span]]:
    """Return what headers tell of. One may tell of pixels here and of samples there."""
    told = (_of(reading, data) for reading in _TOLD if reading in among)
    return sorted(itertools.chain.from_iterable(told), key=_start)


def _without_header(
    data: NDArray[np.uint8], among: Sequence[Reading], price: Price
) -> list[tuple[int, Span]]:
    """Return the parts that cost less if they are read as numbers."""
    found = []
    for start, end, ways in raw.proposals(data):
        middle = start + max(0, (end - start - _SAMPLE) // 2) // 4 * 4
        sample = data[middle : min(end, middle + _SAMPLE)]
        prices = [
            price(sample, [Span(way, sample.size)]) * (_LATER if way.reading is _PIXELS else 1)
            for way in ways
        ]
        if min(prices) < _WORTH * price(sample, _find(sample, among)):
            found.append((start, Span(ways[prices.index(min(prices))], end - start)))
    return found


_TOLD = (pixels.READING, samples.READING)
"""Those that headers tell of."""

_BY_PRIORITY = (*READINGS[6:], *READINGS[2:6], *READINGS[:2])
"""What headers tell of, special kinds, fields; then text; then records, which suit everything."""


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Join neighbours that are read alike; and the last ones, if there are too many."""
    joined: list[Span] = []
    for span in spans:
        if joined and (joined[-1].chosen == span.chosen or len(joined) == MOST):
            joined[-1] = joined[-1]._replace(size=joined[-1].size + span.size)
        else:
            joined.append(span)
    return joined


def are_transformed(spans: Sequence[Span]) -> bool:
    """Return whether other bytes are predicted than those of the segment."""
    return any(chosen.reading.transform for chosen, _ in spans)


def transform(data: NDArray[np.uint8], spans: Sequence[Span]) -> None:
    """Change the bytes of a segment, in place, to those that are predicted."""
    start = 0
    for chosen, size in spans:
        if chosen.reading.transform:
            chosen.reading.transform(data[start : start + size], chosen.numbers)
        start += size


def prevailing(spans: Sequence[Span]) -> Chosen:
    """Return the one way in which to read all of a segment as it is, without a transform."""
    sizes: dict[Chosen, int] = {}
    for chosen, size in spans:
        if chosen.reading.transform:
            chosen = Chosen(_BY_PRIORITY[-1], _BY_PRIORITY[-1].usual)
        sizes[chosen] = sizes.get(chosen, 0) + size
    return max(sizes, key=sizes.__getitem__)
