"""How the items of an array are predicted: as unsigned numbers, most significant byte first.

Signed items are counted from the least one. Floating point goes by the order of its values:
negative ones have all other bits turned too. To items of two words half a word is added, so that
small numbers around zero do not change the upper one.

Many floating-point numbers are whole ones in disguise: n / d for a divisor d, rounded. Prices are
hundredths, sound 32768ths, colours 255ths. With a divisor each magnitude that is one changes places
with n itself, read as the bits of a floating-point number; which is far smaller than any n / d, so
each bit pattern has one other at most.

    |x| = fl(n / d)  <->  n,   0 < n < 2^31 of eight bytes, 2^23 of four
"""

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "FLOAT",
    "LARGEST_DIVISOR",
    "LITTLE",
    "SIGNED",
    "UNSIGNED",
    "divisor_of",
    "transform",
    "undo",
    "values_of",
]

UNSIGNED, SIGNED, FLOAT = 0, 2, 4
LITTLE = 1  # how items are written: one of these three, and this if the least byte comes first

LARGEST_DIVISOR = 1 << 27

_BLOCK = 1 << 16  # items that are changed at a time
_WHOLE = {4: 1 << 23, 8: 1 << 31}  # n is less; with any divisor n / d is a normal number
_SAMPLE = 1 << 10  # items by which a divisor is found
_SHARE, _NEARLY = 0.9, 0.005  # of them that it must suit; less than the most that one does
_DIVISORS = (
    *range(1, 1 << 10),
    *sorted({*(10**k for k in range(4, 9)), *(1 << k for k in range(10, 28)), (1 << 16) - 1}),
)

_Values = NDArray[np.uint64]


def transform(
    data: NDArray[np.uint8], item: int, form: int, divisor: int = 0, in_words: bool = False
) -> None:
    """Change items of so many bytes, in place. What remains behind the last one stays."""
    kind, top, mask = form & ~LITTLE, _top(item), _mask(item)
    for block in _blocks(data, item):
        values = _values(block, bool(form & LITTLE))
        if kind == FLOAT:
            values = _exchanged(values, item, divisor)
            values ^= np.where(values & top, mask, top)
        elif kind == SIGNED:
            values ^= top
        if in_words:
            values += _half_word(item)
        _put(block, values, False)


def undo(
    data: NDArray[np.uint8], item: int, form: int, divisor: int = 0, in_words: bool = False
) -> None:
    """Change them back."""
    kind, top, mask = form & ~LITTLE, _top(item), _mask(item)
    for block in _blocks(data, item):
        values = _values(block, False)
        if in_words:
            values = (values - _half_word(item)) & mask
        if kind == FLOAT:
            values ^= np.where(values & top, top, mask)
            values = _exchanged(values, item, divisor)
        elif kind == SIGNED:
            values ^= top
        _put(block, values, bool(form & LITTLE))


def divisor_of(data: NDArray[np.uint8], item: int, form: int) -> int:
    """Return the least divisor of which nearly all of the items are whole; 0 if there is none."""
    if form & ~LITTLE != FLOAT or item not in _WHOLE:
        return 0
    items = _items(data, item)
    some = np.ascontiguousarray(items[:: max(1, len(items) // _SAMPLE)])
    magnitudes = _values(some, bool(form & LITTLE)) & ~_top(item)
    numbers = magnitudes[magnitudes != 0]
    if not numbers.size:
        return 0
    shares = [float(np.mean(_is_whole(numbers, item, divisor)[1])) for divisor in _DIVISORS]
    most = max(shares)
    least = next(k for k, share in enumerate(shares) if share >= most - _NEARLY)
    return _DIVISORS[least] if most >= _SHARE else 0


def _top(item: int) -> np.uint64:
    """Return the highest bit."""
    return np.uint64(1 << (8 * item - 1))


def _mask(item: int) -> np.uint64:
    """Return all bits."""
    return np.uint64((1 << (8 * item)) - 1)


def _half_word(item: int) -> np.uint64:
    return np.uint64(1 << (4 * item - 1))


def values_of(data: NDArray[np.uint8], item: int) -> NDArray[np.uint64]:
    """Return the whole items of some data as it is predicted (n,)."""
    return _values(_items(data, item), False)


def _items(data: NDArray[np.uint8], item: int) -> NDArray[np.uint8]:
    """Return the bytes of all whole items (n, item), as a view."""
    return data[: data.size // item * item].reshape(-1, item)


def _blocks(data: NDArray[np.uint8], item: int) -> list[NDArray[np.uint8]]:
    items = _items(data, item)
    return [items[start : start + _BLOCK] for start in range(0, len(items), _BLOCK)]


def _values(items: NDArray[np.uint8], is_little: bool) -> _Values:
    """Return items (n, bytes) as numbers (n,)."""
    wide = np.zeros((len(items), 8), dtype=np.uint8)
    wide[:, 8 - items.shape[1] :] = items[:, ::-1] if is_little else items
    return wide.view(">u8")[:, 0].astype(np.uint64)


def _put(items: NDArray[np.uint8], values: _Values, is_little: bool) -> None:
    """Write numbers (n,) as items (n, bytes)."""
    wide = values.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 8 - items.shape[1] :]
    items[:] = wide[:, ::-1] if is_little else wide


def _exchanged(values: _Values, item: int, divisor: int) -> _Values:
    """Return floating-point numbers with n / d in the place of n, and the other way round."""
    if divisor == 0 or item not in _WHOLE:
        return values
    sign = values & _top(item)
    magnitudes = values ^ sign
    wholes, is_whole = _is_whole(magnitudes, item, divisor)
    is_small = magnitudes < np.uint64(_WHOLE[item])
    small = _patterns(magnitudes[is_small].astype(np.float64) / divisor, item)
    magnitudes[is_whole] = wholes[is_whole]
    magnitudes[is_small] = small
    result: _Values = magnitudes | sign
    return result


def _is_whole(magnitudes: _Values, item: int, divisor: int) -> tuple[_Values, NDArray[np.bool_]]:
    """Return n of each magnitude, and whether it is n / d."""
    with np.errstate(all="ignore"):
        floats = magnitudes.astype(f"u{item}").view(f"f{item}").astype(np.float64)
        nearest = np.rint(floats * divisor)
        wholes = np.where((nearest > 0) & (nearest < _WHOLE[item]), nearest, 0)
        is_whole = _patterns(wholes / divisor, item) == magnitudes
    return wholes.astype(np.uint64), is_whole


def _patterns(floats: NDArray[np.float64], item: int) -> _Values:
    """Return the bits of numbers as they are in items."""
    return floats.astype(f"f{item}").view(f"u{item}").astype(np.uint64)
