"""The arithmetic coder: intervals in, bytes out, and back. Only this module imports constriction.

Coding byte t as the interval [left_t, left_t + freq_t) of [0, 2**24) multiplies the coder's range
by freq_t / 2**24, so a payload takes sum_t -log2(freq_t / 2**24) bits, some 1e-4 bits a symbol for
the rounding of the range, and less than 8 bits to end. It is constriction's range coder: a queue,
first in, first out, as an autoregressive model needs (its stack-like sister is ANS). Encoding
calls it in bulk. Decoding must take turns with the model, byte by byte: `start`, `target` and
`advance` are the same decoder for numba, to be inlined in a model's loop. Section 4 of
docs/format.md has the arithmetic; the tests hold the two decoders equal.
"""

import numpy as np
from constriction import stream
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64
from arzip.errors import ModelError

__all__ = [
    "PRECISION",
    "TOTAL",
    "Encoder",
    "advance",
    "byte_intervals",
    "encode",
    "is_exhausted",
    "next_byte",
    "start",
    "target",
    "to_words",
]

PRECISION = 24
"""Intervals are subsets of [0, 2**PRECISION)."""

TOTAL = 1 << PRECISION
UNITS = TOTAL - 2
"""Intervals lie in [1, 1 + UNITS)."""

_EVEN = UNITS // 256
_SMALL = (1 << 20) // 255
_LARGE = UNITS - 255 * _SMALL
CHUNK = 16384  # symbols in a call to constriction: 12 bytes each

SLACK = 8
"""Words beyond a payload's end that its decoder may read: the two that it reads ahead, and zeros
that were stripped. If more zeros could be stripped, at odds of 2**-192, they are kept.
"""


def encode(left: NDArray[np.uint32], freq: NDArray[np.uint32]) -> bytes:
    """Return the payload of the intervals [left, left + freq), in order; see Encoder."""
    encoder = Encoder()
    encoder.add(left, freq)
    return encoder.finish()


class Encoder:
    """Codes intervals in bulk, some thousands at a time."""

    def __init__(self) -> None:
        self._encoder = stream.queue.RangeEncoder()
        self._family = stream.model.Categorical(perfect=False)

    def add(self, left: NDArray[np.uint32], freq: NDArray[np.uint32]) -> None:
        """Code the intervals [left, left + freq), each inside [1, 2**24 - 1), in order.

        Raises ModelError for an interval that is empty or out of bounds.
        """
        for first in range(0, left.size, CHUNK):
            rows = _rows(left[first : first + CHUNK], freq[first : first + CHUNK])
            self._encoder.encode(np.ones(len(rows), dtype=np.int32), self._family, rows)

    def finish(self) -> bytes:
        """Return the shortest bytes that decode to the intervals when zeros follow."""
        words = self._encoder.get_compressed()
        position, (lower, width) = self._encoder.pos()
        # The decoder will have read `position + 2` words at its end.
        return _end(words, position, lower, width).ljust(4 * (position + 2 - SLACK), b"\0")


def byte_intervals(data: bytes, likely: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return intervals for bytes that no model predicts; `likely` is what the first may well be.

    It then takes 0.1 bits, else 12; each of the others takes 8. `next_byte` is the way back.
    """
    values = np.frombuffer(data, dtype=np.uint8).astype(np.int64)
    left, freq = 1 + values * _EVEN, np.full(values.size, _EVEN)
    first = values[0]
    left[0] = 1 + first * _SMALL + (_LARGE - _SMALL if first > likely else 0)
    freq[0] = _LARGE if first == likely else _SMALL
    return left.astype(np.uint32), freq.astype(np.uint32)


def to_words(payload: bytes | memoryview) -> NDArray[np.uint32]:
    """Return the payload as 32-bit words, big-endian, padded with the zeros that were stripped."""
    padded = bytes(payload) + bytes(-len(payload) % 4)
    return np.frombuffer(padded, dtype=">u4").astype(np.uint32)


def _rows(left: NDArray[np.uint32], freq: NDArray[np.uint32]) -> NDArray[np.float32]:
    """Return the weights of "before", "inside" and "after", (n, 3), for constriction.

    Its frequencies are exactly weight + 1 of 2**24 if the weights are whole and sum to 2**24 minus
    their number, here 3. Other rows may be rounded, or abort the process, so each is checked.
    """
    before = left.astype(np.int64)
    inside = freq.astype(np.int64)
    after = TOTAL - before - inside
    rows = np.stack([before, inside, after], axis=1) - 1  # (n, 3)
    if rows.min() < 0:
        raise ModelError("the model gave a byte an impossible interval: it is damaged or unfit")
    return rows.astype(np.float32)


def _end(words: NDArray[np.uint32], position: int, lower: int, width: int) -> bytes:
    """Return the fewest bytes that stand for a number in the encoder's last interval.

    The words from `position` on are the number that constriction chose, always in whole words.
    With these 64 bits as the unit, and `lower` known modulo 2**64 only, the interval is
    [first, first + width).
    """
    payload = bytearray(words[:position].astype(">u4").tobytes())
    chosen = int.from_bytes(words[position:].astype(">u4").tobytes().ljust(8, b"\0"))
    first = chosen - ((chosen - lower) & 0xFFFFFFFFFFFFFFFF)
    if first + width > 1 << 64:
        _increment(payload)
    elif first > 0:
        payload += _roundest(first, width)
    return bytes(payload.rstrip(b"\0"))


def _roundest(first: int, width: int) -> bytes:
    """Return the number in [first, first + width), as 8 bytes, that ends in the most zero bytes."""
    for zeros in range(64, -1, -8):
        number = -(-first >> zeros) << zeros  # rounded up
        if number < first + width:
            break
    return number.to_bytes(8)


def _increment(number: bytearray) -> None:
    """Add one to a big-endian number that has a byte below 255."""
    at = len(number) - 1
    while number[at] == 0xFF:
        number[at] = 0
        at -= 1
    number[at] += 1


@compiled
def _word(words: NDArray[np.uint32], at: np.uint64) -> np.uint64:
    """Return the word there; 0 past the end."""
    if at < np.uint64(words.size):
        return np.uint64(words[at])
    return np.uint64(0)


@compiled
def start(words: NDArray[np.uint32], state: NDArray[np.uint64]) -> None:
    """Set the decoder's state, uint64[4]: lower, range, point and the index of the next word."""
    state[0] = np.uint64(0)
    state[1] = np.uint64(0xFFFFFFFFFFFFFFFF)
    state[2] = (_word(words, np.uint64(0)) << np.uint64(32)) | _word(words, np.uint64(1))
    state[3] = np.uint64(2)


@compiled
def is_exhausted(words: NDArray[np.uint32], state: NDArray[np.uint64]) -> bool:
    """Return whether more was decoded than these words can hold: they, or its length, are damaged.

    Without this a changed length would cost the time of decoding 64 MiB.
    """
    exhausted: bool = state[3] > np.uint64(words.size) + np.uint64(SLACK)
    return exhausted


@compiled
def target(state: NDArray[np.uint64]) -> np.uint32:
    """Return the quantile in [0, 2**24) that lies in the coded symbol's interval.

    If the words are damaged it may be any, even 0 or 2**24 - 1, which no symbol has.
    """
    quantile = (state[2] - state[0]) // (state[1] >> np.uint64(24))
    return np.uint32(min(quantile, np.uint64(0xFFFFFF)))


@compiled
def advance(
    words: NDArray[np.uint32], state: NDArray[np.uint64], left: np.uint32, freq: np.uint32
) -> None:
    """Step over the symbol with the interval [left, left + freq); freq is at least 1."""
    scale = state[1] >> np.uint64(24)
    state[0] += scale * np.uint64(left)
    state[1] = scale * np.uint64(freq)
    if state[1] < np.uint64(0x100000000):
        state[0] <<= np.uint64(32)
        state[1] <<= np.uint64(32)
        state[2] = (state[2] << np.uint64(32)) | _word(words, state[3])
        state[3] += np.uint64(1)


@compiled
def next_byte(words: NDArray[np.uint32], state: NDArray[np.uint64], likely: int) -> int:
    """Return a byte of `byte_intervals`: the first one with `likely`, the others with -1."""
    if state[1] == np.uint64(0):
        start(words, state)
    unit = min(max(i64(target(state)) - 1, 0), UNITS - 1)
    if likely < 0:
        byte: int = min(unit // _EVEN, 255)
        advance(words, state, np.uint32(1 + byte * _EVEN), np.uint32(_EVEN))
        return byte
    large = likely * _SMALL
    if large <= unit < large + _LARGE:
        advance(words, state, np.uint32(1 + large), np.uint32(_LARGE))
        return likely
    shift = _LARGE - _SMALL if unit >= large else 0
    byte = (unit - shift) // _SMALL
    advance(words, state, np.uint32(1 + byte * _SMALL + shift), np.uint32(_SMALL))
    return byte
