"""Finding spans: what in a segment an encoder reads in which way.

Parts that are known come first, then what headers tell of, then what else proves to be numbers,
then what each reading finds of what is left; records take the rest. Where two ways are plausible, a
sample is coded in both.
"""

import itertools
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from arzip.parts import Part
from arzip.readings import READINGS, Chosen, Reading, archives, jpeg, pixels, raw, samples
from arzip.readings.headers import told_in
from arzip.readings.spans import MOST, Span

__all__ = ["find"]

Price = Callable[[NDArray[np.uint8], Sequence["Span"]], float]
"""What it costs to code some data in these spans."""

_SAMPLE = 1 << 15  # bytes that are coded to tell which way is better
_LARGEST_ITEM = 8  # bytes
_DOUBTFUL = 8  # from that on what is in arrays may be anything
_WORTH = 0.97  # of the usual cost is what numbers must come to, if nearly all of the data is some
_WORTH_OF_FEW = 0.9  # otherwise: what is transformed repeats nothing of the rest
_LATER = 0.95  # of its cost, for pixels, which learn for longer than a sample lasts
_LEAST_PART = 1 << 11  # bytes of a part that is looked at by itself
_LEAST_GAP = 1 << 9  # bytes between two of these that are


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
        chosen = _told(piece, part, among, price) if part else None
        if chosen:
            found.append(Span(chosen, piece.size))
            continue
        for first, last in archives.parts(piece):
            found += _find(piece[first:last], among, price)
    return _joined(found)


def _told(
    piece: NDArray[np.uint8], part: Part, among: Sequence[Reading], price: Price | None
) -> Chosen | None:
    """Return how to read the pixels or numbers of a part; None if they are too few, or are none.

    Floating point may be whole numbers in disguise, and what is in an array of items of eight bytes
    may be anything: of these the cheapest way is taken, if there is something to price them by.
    """
    if not part.items:
        numbers = pixels.numbers_for(piece, part.pixel, part.row)
        return Chosen(pixels.READING, numbers) if numbers else None
    item, _, channels, row = part.items
    ways = [Chosen(samples.READING, numbers) for numbers in samples.ways(piece, *part.items)]
    if price is None or (item < _DOUBTFUL and len(ways) < 2):
        return ways[0] if ways else None
    worth = _WORTH if item >= _DOUBTFUL else 1.0
    return _cheapest(piece, item * (row or channels), ways, worth, among, price)


def _cheapest(
    part: NDArray[np.uint8],
    unit: int,
    ways: Sequence[Chosen],
    worth: float,
    among: Sequence[Reading],
    price: Price,
) -> Chosen | None:
    """Return the way in which a sample costs least.

    None if that is not less than so much of what it costs read otherwise. The sample begins with a
    whole unit of so many bytes.
    """
    if not ways:
        return None
    start = max(0, (part.size - _SAMPLE) // 2) // unit * unit
    sample = part[start : start + _SAMPLE]
    costs = [
        price(sample, [Span(way, sample.size)]) * (_LATER if way.reading is pixels.READING else 1)
        for way in ways
    ]
    least = min(costs)
    if worth < 1 and least >= worth * price(sample, _find(sample, among)):
        return None
    return ways[costs.index(least)]


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
    finders: list[_Finder] = [partial(_of, reading) for reading in among if reading in _FIRST]
    finders += [partial(_with_header, among=among, price=price)]
    finders += [partial(_without_header, among=among, price=price)] if price else []
    finders += [partial(_of, reading) for reading in among if reading not in _FIRST]
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
    found = reading.find(data) if reading.find else []
    return [(start, Span(Chosen(reading, numbers), size)) for start, size, numbers in found]


def _with_header(
    data: NDArray[np.uint8], among: Sequence[Reading], price: Price | None
) -> list[tuple[int, Span]]:
    """Return what headers tell of."""
    found = []
    for told in told_in(data):
        part = told.array.part(0, told.size)
        piece = data[told.start : told.start + told.size]
        chosen = _told(piece, part, among, price) if part else None
        found += [(told.start, Span(chosen, told.size))] if chosen else []
    return found


def _without_header(
    data: NDArray[np.uint8], among: Sequence[Reading], price: Price
) -> list[tuple[int, Span]]:
    """Return the parts that cost less if they are read as numbers."""
    found = []
    for start, end, ways in raw.proposals(data):
        worth = _WORTH if 2 * (end - start) > data.size else _WORTH_OF_FEW
        chosen = _cheapest(data[start:end], _LARGEST_ITEM, ways, worth, among, price)
        found += [(start, Span(chosen, end - start))] if chosen else []
    return found


_FIRST = (jpeg.READING,)
"""What is found before all else, which would take its parts for something."""

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
