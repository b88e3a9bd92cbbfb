"""Pixels, sound and arrays that no header tells of: where they may be, and how they would be read.

What such data has in common is that an item is near the last one of its channel: of a window, an
item of k bytes takes about as many bits as its difference has, and two for the sign and for what is
left to chance,

    bits a byte = (2 + mean of log2(1 + |v[t] - v[t - channels]|)) / k

That must be clearly less than what the counts of its bytes say, and the form that takes the least
is taken. Rows are found by how alike the differences between neighbours are some items earlier. All
this is but a proposal: whether it pays, an encoder tells by coding some of the data both ways.

Bits are whole numbers of 1/256, so that machines propose the same; but for rows, which are found by
Fourier transforms, and numbers' forms, whose last digits may differ: that costs size, nothing else.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.readings import Chosen, pixels, samples
from arzip.readings.windows import stretches

__all__ = ["Proposal", "proposals"]

_WINDOW = 1 << 14
_LOOK = 1 << 10  # bytes of each that are looked at
_LEAST_WINDOWS = 2
_BIT = 256
_CHANCE = 2 * _BIT
_CLEAR, _ENOUGH = 75, 90  # % of the bits by counts: of what is smooth, and of more of it
_LITTLE = 3 * _BIT  # by counts: a background, of which nothing can be said
_USUAL_SIZES = {4: (0x3A, 0x4A), 8: (0x3E, 0x41)}  # highest byte: 2^-11 to 2^23, 2^-31 to 2^33
_NEARLY_ALL = 95  # %
_SAMPLE = 1 << 18  # bytes in which rows are looked for
_SHORTEST_ROW = 16  # items
_USUAL = 4  # times as far apart as neighbours are: no more counts
_STEPS = 127
_ALIKE, _NEARLY = 8, 90  # %: of the differences themselves, and of the row that is most alike

_LOGS = np.rint(_BIT * np.log2(np.arange(1, (1 << 16) + 1))).astype(np.int64)
"""Of one more than each number."""

_Items = NDArray[np.unsignedinteger[Any]]


class _Form(NamedTuple):
    """How items may be written."""

    item: int  # bytes
    order: str  # < or >
    channels: int
    offset: int = 0  # of the first whole item
    kind: str = ""  # as samples.ways has it

    def items(self, data: NDArray[np.uint8]) -> _Items:
        """Return the items in each row of bytes."""
        whole = (data.shape[-1] - self.offset) // self.item * self.item
        chosen = np.ascontiguousarray(data[..., self.offset : self.offset + whole])
        items: _Items = chosen.view(f"{self.order}u{self.item}").astype(f"u{self.item}")
        return items

    def differences(self, data: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return what items are more than the last ones, the short way round."""
        items = self.items(data)
        apart = items[..., self.channels :] - items[..., : -self.channels]
        return apart.view(f"i{self.item}").astype(np.int64)

    def bits(self, windows: NDArray[np.uint8], by_counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the bits a byte of each row of bytes, of which counts alone say how many."""
        if self.kind:
            return np.where(self.are_usual(windows), by_counts // 2, by_counts)
        apart = np.abs(self.differences(windows)).view(np.uint64)  # of -2^63 too
        logs = _LOGS[apart & 0xFFFF]
        for digits in range(16, 8 * self.item, 16):
            high = apart >> digits
            logs = np.where(high > 0, digits * _BIT + _LOGS[high & 0xFFFF], logs)
        bits: NDArray[np.int64] = (_CHANCE + logs.sum(axis=1) // apart.shape[1]) // self.item
        return bits

    def are_usual(self, windows: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Return of each row whether it is floating point: of usual size, as all but chance is."""
        high = (self.items(windows) >> (8 * self.item - 8) & 0x7F).astype(np.int64)
        first, last = _USUAL_SIZES[self.item]
        is_usual = (first <= high) & (high <= last)
        shares = 100 * np.count_nonzero(is_usual | (high == 0), axis=1) // high.shape[1]
        are_some = 2 * np.count_nonzero(is_usual, axis=1) >= high.shape[1]
        usual: NDArray[np.bool_] = (shares >= _NEARLY_ALL) & are_some
        return usual


_FORMS = (
    *(_Form(item, "<", 1, at, "<f") for item in (8, 4) for at in range(item)),
    *(_Form(1, "<", channels) for channels in (1, 3, 4)),
    *(_Form(2, order, channels, at) for order in "<>" for channels in (1, 2) for at in (0, 1)),
    *(_Form(4, order, 1, at) for order in "<>" for at in range(4)),
    _Form(8, "<", 1),
)


class Proposal(NamedTuple):
    """A part of some data, and ways in which it might be read."""

    start: int
    end: int
    ways: tuple[Chosen, ...]


def proposals(data: NDArray[np.uint8]) -> list[Proposal]:
    """Return the parts of some data that may be numbers, from front to back."""
    count = data.size // _WINDOW
    if count < _LEAST_WINDOWS:
        return []
    windows = data[: count * _WINDOW].reshape(count, _WINDOW)[:, :_LOOK]
    by_counts = _bits_by_counts(windows)
    bits = np.stack([form.bits(windows, by_counts) for form in _FORMS])
    is_clear = 100 * bits.min(axis=0) < _CLEAR * by_counts
    if np.count_nonzero(is_clear) < _LEAST_WINDOWS:
        return []
    which = int(np.bincount(bits.argmin(axis=0)[is_clear]).argmax())  # one form for all of it
    form, is_so = _FORMS[which], 100 * bits[which] < _ENOUGH * by_counts
    found = []
    for start, end in stretches(is_so | (by_counts < _LITTLE), _WINDOW, data.size):
        if np.count_nonzero(is_so[start // _WINDOW : -(-end // _WINDOW)]) >= _LEAST_WINDOWS:
            ways = _ways(data[start + form.offset : end], form)
            found += [Proposal(start + form.offset, end, ways)] if ways else []
    return found


def _bits_by_counts(windows: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the bits a byte that the counts of its bytes give each row."""
    count, n = windows.shape
    places = windows + 256 * np.arange(count)[:, None]
    counts = np.bincount(places.ravel(), minlength=256 * count).reshape(count, 256)
    logs = counts * _LOGS[np.maximum(counts - 1, 0)]
    bits: NDArray[np.int64] = _LOGS[n - 1] - logs.sum(axis=1) // n
    return bits


def _ways(part: NDArray[np.uint8], form: _Form) -> tuple[Chosen, ...]:
    """Return how to read a part: with rows if there are any, and without."""
    row = _row(part, form)
    in_rows = pixels.numbers_for(part, form.channels, row) if row and form.item == 1 else None
    ways = [Chosen(pixels.READING, in_rows)] if in_rows else []
    for length in (0,) if in_rows else (row, 0):
        numbers = samples.ways(part, form.item, form.kind, form.channels, length)
        ways += [Chosen(samples.READING, found) for found in numbers]
    return tuple(dict.fromkeys(ways))


def _row(part: NDArray[np.uint8], form: _Form) -> int:
    """Return the items of a row, 0 if there are none."""
    middle = max(0, (part.size - _SAMPLE) // 2) // form.item * form.item
    apart = form._replace(offset=0).differences(part[middle:][:_SAMPLE])
    most = max(1, _USUAL * int(np.abs(apart).sum()) // apart.size)
    apart = np.clip(apart, -most, most) * _STEPS // most
    power = np.abs(np.fft.rfft(apart, 2 << apart.size.bit_length())) ** 2
    products = np.rint(np.fft.irfft(power)).astype(np.int64)[: apart.size // 4]
    alike = products * apart.size // (apart.size - np.arange(products.size))
    first = _SHORTEST_ROW * form.channels
    rows = alike[first:]
    if not rows.size or 100 * rows.max() < _ALIKE * alike[0]:
        return 0
    best = first + int(rows.argmax())  # or a multiple of the length
    parts = [best // k for k in range(best // first, 0, -1) if best % k == 0]
    return next(row for row in parts if 100 * alike[row] >= _NEARLY * alike[best])
