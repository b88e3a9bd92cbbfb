"""The beginning of a damaged segment, decoded although its checksum does not hold.

An arithmetic decoder does not notice damage. Every byte before it is right; from there on the
decoder gives what the model might have written, which the model finds as likely as the truth. How
far the data is right is

- sure where bytes are missing. Whatever they were, the coded number lies between the one with only
  zeros in their place and the one with only ones, and what both decode to is right. Bytes that a
  disk returned as zeros, or that were overwritten by one value, are missing too: they stand out,
  since a coder's output looks random;
- a guess where bytes were changed. What a model makes up drifts, into repeats or into noise, and
  does not come back. The code length of each BLOCK is a level. Two histograms of levels, one up to
  a place and one from there on, code all levels in the fewest bits where the change is.
"""

import math
import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip import codec
from arzip.codec import STORED, UNPACKED, Model
from arzip.errors import FormatError
from arzip.format.layout import Segment

__all__ = [
    "BLOCK",
    "DECODED",
    "MARGIN",
    "STORED_AS_IS",
    "SURE",
    "Salvaged",
    "salvage",
]

BLOCK = 256  # bytes whose code length is one level
LEVELS = 12
LEARNING = 16  # blocks at the start, where the model knows little and levels are high
LEAST_GAIN = 10.0  # bits that two histograms must save over one
MARGIN = 1 << 14  # bytes before the place found that are likely wrong

_BLANK = re.compile(rb"(?s)(.)\1{15}")  # a coder writes this once in 2**120 bytes
_ONES = b"\xff" * 40  # more than a decoder reads ahead

SURE = "right if nothing of the file before that was changed, which nothing tells"
STORED_AS_IS = "as they stand in the file, which was changed in places"
DECODED = "their payload is whole, going by its checksum, but they do not fit their own"


class Salvaged(NamedTuple):
    """The beginning of a segment's data."""

    data: bytes
    likely: int  # bytes of it that are likely right
    basis: str  # why, to follow "bytes 0 to 9 of the data are unverified: "


NOTHING = Salvaged(b"", 0, "")


def salvage(
    model: Model | None,
    segment: Segment,
    body: bytes,
    *,
    payload_is_whole: bool,
    room: int | None = None,
) -> Salvaged:
    """Return what is left of the segment in its body, whose end may be missing.

    `payload_is_whole` if a checksum says so. `model` is needed if the segment is modelled. `room`
    is that of codec.decode; raises LimitError as it does.
    """
    payload, is_cut = body[: segment.coded_size], len(body) < segment.body_size
    if not codec.needs_model(segment.method):
        data = payload if segment.method == STORED else payload * segment.size
        return Salvaged(data, len(data) if is_cut else 0, SURE if is_cut else STORED_AS_IS)
    if model is None:
        return NOTHING
    if segment.method == UNPACKED and not payload_is_whole:
        return NOTHING  # what was packed cannot be made of a part of what was inside
    try:
        if payload_is_whole:
            data = _decode(model, segment, payload, room)
            return Salvaged(data, len(data), DECODED)
        blank = _BLANK.search(payload)
        if blank or is_cut:
            data = _sure(model, segment, payload[: blank.start()] if blank else payload)
            return Salvaged(data, len(data), SURE)
        data = _decode(model, segment, payload)
    except FormatError:
        return NOTHING
    end = _end_of_sense(model, data)
    likely = max(0, end - MARGIN)
    return Salvaged(data[:end], likely, _guess(likely, end))


def _guess(likely: int, end: int) -> str:
    if not likely:
        return "they end where they stop making sense, and the last ones are likely wrong"
    return (
        f"they end where they stop making sense; of these {end:,} the first {likely:,} are likely "
        "right, and the last ones likely not"
    )


def _decode(model: Model, segment: Segment, payload: bytes, room: int | None = None) -> bytes:
    return codec.decode(model, segment.method, payload, segment.size, segment.plain_size, room=room)


def _sure(model: Model, segment: Segment, payload: bytes) -> bytes:
    """Return the data that a payload decodes to whatever its missing end was."""
    least = _decode(model, segment, payload)
    if len(payload) == segment.coded_size:
        return least
    most = _decode(model, segment, payload + _ONES)
    size = min(len(least), len(most))
    differ = np.frombuffer(least, np.uint8, size) != np.frombuffer(most, np.uint8, size)
    return least[: int(differ.argmax()) if differ.any() else size]


def _end_of_sense(model: Model, data: bytes) -> int:
    """Return where data ceases to resemble what precedes it; its size if it does not."""
    levels = [_level(bits) for bits in _code_lengths(model, data)][LEARNING:]
    before = list(_costs(levels))
    after = list(_costs(levels[::-1]))[::-1]
    both = [one + other for one, other in zip(before, after, strict=True)]
    change = min(range(len(both)), key=both.__getitem__)
    if both[change] > both[-1] - LEAST_GAIN:
        return len(data)
    return (LEARNING + change) * BLOCK


def _code_lengths(model: Model, data: bytes) -> Iterator[float]:
    """Yield the bits a byte of each whole block."""
    rest = np.empty(0)
    for prediction in model.encode(np.frombuffer(data, np.uint8)) if data else ():
        rest = np.concatenate([rest, _bits(prediction.freq)])
        blocks, rest = np.split(rest, [rest.size // BLOCK * BLOCK])
        yield from blocks.reshape(-1, BLOCK).mean(axis=1).tolist()


def _bits(freq: NDArray[np.uint32]) -> NDArray[np.float64]:
    return 24.0 - np.log2(freq)


def _level(bits: float) -> int:
    """Return a class of bits a byte: 0 up to 0.03, LEVELS - 1 from 6, each 1.6 times the last."""
    return min(max(math.floor(1.5 * math.log2(bits + 0.01) + 8), 0), LEVELS - 1)


def _costs(levels: Sequence[int]) -> Iterator[float]:
    """Yield the bits that the first k levels take, coded by their counts so far, for k from 0."""
    counts = [0.5] * LEVELS  # Krichevsky and Trofimov, 1981

    def bits(level: int) -> float:
        cost = math.log2(sum(counts) / counts[level])
        counts[level] += 1
        return cost

    return accumulate(map(bits, levels), initial=0.0)
