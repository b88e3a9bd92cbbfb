"""One segment, both directions: the model predicts, the coder codes, and the cost is kept.

    data -> model.encode -> intervals -> coder.encode -> payload -> model.decode -> data

A segment stands alone: the model starts anew with it. Where the model cannot help, the segment is
STORED (the uniform model, 8 bits a byte) or a RUN (one byte repeated). Where it holds compressed
streams that can be undone, it is UNPACKED: the model reads the plain data, and what that does not
tell of the streams goes through the same coder (unpacking/). Above is format/, which frames
segments. Below are coder.py, unpacking/ and models/, which load numba or LLVM and so are imported
only when needed.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from arzip.compressibility import is_incompressible
from arzip.errors import FormatError, ModelError
from arzip.parts import Part
from arzip.photographs import scans

if TYPE_CHECKING:
    from arzip import coder
    from arzip.unpacking import Unpacked

__all__ = [
    "KINDS",
    "MODELLED",
    "MOST_FOUND",
    "MOST_PLAIN",
    "REPACKING",
    "RUN",
    "STORED",
    "UNPACKED",
    "CodeLength",
    "Coded",
    "Model",
    "Prediction",
    "Progress",
    "Session",
    "decode",
    "decoding_memory",
    "encode",
    "needs_model",
    "room_inside",
    "stored",
    "unwatched",
]

MODELLED, STORED, RUN, UNPACKED = 0, 1, 2, 3

MOST_PLAIN = 1 << 26
"""Bytes of a segment's data once it is unpacked, at most: 64 MiB."""

KINDS = ("zlib", "gzip", "zip", "png", "noise", "utf-16", "base64", "font")
"""What a segment's data may hold: streams; and noise, which the model does not see."""

MOST_FOUND = 1 << 18
"""How many of a kind there are, at most."""

_SHARE_OF_PHOTOGRAPHS = 8  # 1 of so many bytes

REPACKING = 1 << 24
"""Bytes of memory that telling streams takes, beside their data."""

_PER_PLAIN, _PER_MADE = 6, 2
"""Bytes for each of plain data, twice and as tokens, and of the data that is made of it, twice."""

Progress = Callable[[int, float], object]
"""Called for every piece that is coded, with its bytes of data and about how many bytes of payload
these take. An exception that it raises ends the work.
"""


class Prediction(NamedTuple):
    """A model's prediction of bytes in a row: the interval of each is left[t], freq[t] wide.

    All intervals lie in [1, 2**24 - 1); freq[t] / 2**24 is p(w_t | w_<t).
    """

    left: NDArray[np.uint32]  # (n,)
    freq: NDArray[np.uint32]  # (n,)
    nll: float  # bits, of the model's probabilities before they became whole numbers
    reading: str | None = ""  # how the bytes were read, if the model says so; None if they are
    # not of the data, but of what a decoder must know first


class Session(Protocol):
    """The autoregressive model itself, one byte at a time."""

    def conditionals(self) -> NDArray[np.uint32]:
        """Return the next byte's frequencies (256,) given those observed: >= 1, sum 2**24 - 2."""
        ...

    def observe(self, byte: int) -> None:
        """Take `byte`, 0 to 255, as the next one."""
        ...


class Model(Protocol):
    """Gives p(w_t | w_<t). Implemented in arzip/models."""

    @property
    def name(self) -> str:
        """For messages, such as "swift"."""
        ...

    @property
    def identity(self) -> bytes:
        """4 bytes, written to the file: of a digest of all that the predictions depend on."""
        ...

    def memory_needed(self, n: int) -> int:
        """Return how many bytes of memory coding a segment of n bytes takes."""
        ...

    def encode(self, data: NDArray[np.uint8], parts: Sequence[Part] = ()) -> Iterator[Prediction]:
        """Predict all n >= 1 bytes of a segment, piece by piece. Threads may share the model.

        What a decoder must know before the first byte comes first, as a piece that is none of data.
        `parts` are those of the data that are known. The data is not to be changed, even if it can.
        """
        ...

    def decode(
        self, words: NDArray[np.uint32], n: int, decoder: NDArray[np.uint64] | None = None
    ) -> Iterator[NDArray[np.uint8]]:
        """Restore n bytes from the coder's words, piece by piece. Threads may share the model.

        `decoder`, four zeros, becomes the coder's state behind these bytes.

        A piece does not change when the next one is made. Damaged words give wrong bytes or too
        few, never an endless loop or an access out of bounds.
        """
        ...

    def session(self) -> Session:
        """Return the model at its start."""
        ...

    def prove(self, direction: str) -> None:
        """Compile the code for a direction, "encode" or "decode", and check its known answers.

        Raises ModelError if they differ on this machine.
        """
        ...


@dataclass(frozen=True, slots=True)
class CodeLength:
    """The cost of data, in bits, on its way from probabilities to bytes."""

    model: float = 0.0
    """-log2 P(data): the negative log-likelihood before probabilities became whole numbers."""
    quantised: float = 0.0
    """The same with probabilities freq / 2**24."""
    payload: float = 0.0
    """8 times the payload's bytes; these include the coder's end."""
    readings: Mapping[str, tuple[int, float]] = field(default_factory=dict)
    """Of each way in which data was read: its bytes, and the bits that they take of `model`."""
    inside: int = 0
    """Bytes of plain data in segments that were unpacked."""
    found: Mapping[str, int] = field(default_factory=dict)
    """Of each kind of stream how many these hold."""

    def __add__(self, other: "CodeLength") -> "CodeLength":
        return CodeLength(
            self.model + other.model,
            self.quantised + other.quantised,
            self.payload + other.payload,
            {
                name: _sum(self.readings.get(name, (0, 0.0)), other.readings.get(name, (0, 0.0)))
                for name in {**self.readings, **other.readings}
            },
            self.inside + other.inside,
            Counter(self.found) + Counter(other.found),
        )


def _sum(one: tuple[int, float], other: tuple[int, float]) -> tuple[int, float]:
    return one[0] + other[0], one[1] + other[1]


class Coded(NamedTuple):
    """A coded segment."""

    method: int
    payload: bytes
    account: CodeLength
    plain_size: int = 0
    """Bytes of plain data, if it was UNPACKED."""
    found: Mapping[str, int] = {}
    """Of each of KINDS how many streams there were."""


def needs_model(method: int) -> bool:
    """Return whether segments of this method need a model."""
    return method in (MODELLED, UNPACKED)


def unwatched(size: int, coded: float) -> None:
    """Ignore the progress: a Progress for those who do not want to know."""


def encode(
    model: Model,
    data: bytes | bytearray,
    unpack: bool = True,
    known: Part | None = None,
    progress: Progress = unwatched,
) -> Coded:
    """Code one segment by the method that suits it. Raises ModelError for an unfit model.

    Unless `unpack`, compressed streams in it are left as they are. So they are if numbers are known
    to be in the data. Of a bytearray, which is not changed, most models need no copy.
    """
    if data and data.count(data[:1]) == len(data):
        progress(len(data), 1)
        return Coded(RUN, bytes(data[:1]), CodeLength(8.0, 8.0, 8.0))
    values = np.frombuffer(data, dtype=np.uint8)
    photographs = getattr(model, "reads_photographs", False)  # not known of a model of one's own
    hopeless = not data or (
        is_incompressible(values) and not (photographs and _has_photographs(values))
    )
    unpacked = _unpacked(data, hopeless, photographs) if unpack and known is None else None
    if hopeless and unpacked is None:
        progress(len(data), len(data))
        return stored(data)
    from arzip import coder

    encoder = coder.Encoder()
    plain = values if unpacked is None else unpacked.plain
    parts = unpacked.parts if unpacked else [known] if known else []
    size, account = 0, CodeLength()
    # A model of one's own may know nothing of parts.
    for prediction in model.encode(plain, parts) if parts else model.encode(plain):
        encoder.add(prediction.left, prediction.freq)
        n = 0 if prediction.reading is None else prediction.freq.size
        bits = _bits(prediction.freq, coder.PRECISION)
        read = {prediction.reading: (n, prediction.nll)} if prediction.reading else {}
        account += CodeLength(prediction.nll, bits, readings=read)
        progress(_share(size, n, plain.size, len(data)), bits / 8)
        size += n
    if size != plain.size:
        raise ModelError(f"model {model.name!r} did not predict every byte: it is damaged or unfit")
    if unpacked is not None:
        account += _tell(unpacked, encoder)
    payload = encoder.finish()
    if len(payload) >= len(data):
        return stored(data)
    account += CodeLength(payload=8.0 * len(payload))
    if unpacked is None:
        return Coded(MODELLED, payload, account)
    found = unpacked.found()
    account += CodeLength(inside=plain.size, found=found)
    return Coded(UNPACKED, payload, account, plain.size, found)


def _has_photographs(values: NDArray[np.uint8]) -> bool:
    """Return whether much of the data is scans of pictures, which only look like noise."""
    size = sum(scan.end - scan.start for scan in scans(values))
    return size * _SHARE_OF_PHOTOGRAPHS >= values.size


def _unpacked(data: bytes | bytearray, hopeless: bool, photographs: bool) -> "Unpacked | None":
    """Return the data unpacked; None if it holds nothing that can be."""
    from arzip.unpacking import unpack

    return unpack(bytes(data), MOST_PLAIN, hopeless=hopeless, photographs=photographs)


def _share(done: int, size: int, plain_size: int, n: int) -> int:
    """Return how many of n bytes of data the next `size` bytes of plain data stand for."""
    return (done + size) * n // plain_size - done * n // plain_size


def _tell(unpacked: "Unpacked", encoder: "coder.Encoder") -> CodeLength:
    """Code what the plain data does not tell of the data."""
    from arzip import coder, unpacking

    bits = 0.0

    def add(left: NDArray[np.uint32], freq: NDArray[np.uint32]) -> None:
        nonlocal bits
        encoder.add(left, freq)
        bits += _bits(freq, coder.PRECISION)

    unpacking.tell(unpacked, add)
    return CodeLength(bits, bits)


def stored(data: bytes | bytearray) -> Coded:
    """Return `data` as it is: 8 bits a byte."""
    bits = 8.0 * len(data)
    return Coded(STORED, bytes(data), CodeLength(bits, bits, bits))


def decode(
    model: Model | None,
    method: int,
    payload: bytes,
    n: int,
    plain_size: int = 0,
    progress: Progress = unwatched,
    room: int | None = None,
) -> bytes:
    """Return the n bytes of a segment. `model` is needed for MODELLED and UNPACKED only.

    Raises FormatError if the payload does not fit the method, LimitError if there is no `room` for
    what is inside of something, in bytes. The caller checks the result: most damaged payloads give
    n wrong bytes, some give fewer.
    """
    if method == STORED and len(payload) == n:
        progress(n, n)
        return payload
    if method == RUN and len(payload) == 1:
        progress(n, 1)
        return payload * n
    if method == MODELLED and model is not None:
        from arzip import coder

        words = coder.to_words(payload)
        pieces = []
        for piece in model.decode(words, n):
            pieces.append(piece.data)
            progress(piece.size, len(payload) * piece.size / n)
        return b"".join(pieces)
    if method == UNPACKED and model is not None and plain_size:
        return _packed(model, payload, n, plain_size, progress, room)
    raise FormatError("a segment's payload does not fit its method: the file is damaged")


def _packed(
    model: Model, payload: bytes, n: int, plain_size: int, progress: Progress, room: int | None
) -> bytes:
    """Return the n bytes of a segment whose plain data is coded."""
    from arzip import coder, unpacking

    words, decoder = coder.to_words(payload), np.zeros(4, dtype=np.uint64)
    plain = bytearray()
    for piece in model.decode(words, plain_size, decoder):
        size = _share(len(plain), piece.size, plain_size, n)
        plain += piece.data
        progress(size, len(payload) * piece.size / plain_size)
    if len(plain) < plain_size:
        raise FormatError("a segment's payload is too short: the file is damaged")
    return unpacking.packed(bytes(plain), words, decoder, n, MOST_PLAIN, room)


def decoding_memory(
    model: Model | None, method: int, coded_size: int, n: int, plain_size: int = 0
) -> int:
    """Return the bytes of memory for decoding a segment of n bytes, with its payload and data."""
    if not needs_model(method) or model is None:
        return coded_size + n
    # The payload is there as bytes and as words.
    need = model.memory_needed(max(n, plain_size)) + 2 * coded_size + n
    if method == UNPACKED:
        need += _PER_PLAIN * plain_size + (_PER_MADE - 1) * n + REPACKING
    return need


def room_inside(n: int, plain_size: int, spare: int) -> int:
    """Return how many bytes the data between plain data and a segment's n bytes may have.

    `spare` bytes of memory are there beside those of `decoding_memory`.
    """
    return (_PER_PLAIN * plain_size + _PER_MADE * n + spare) // (_PER_PLAIN + _PER_MADE)


def _bits(freq: NDArray[np.uint32], precision: int) -> float:
    """Return sum_t -log2(freq_t / 2**precision), taken in pieces that stay in the cache."""
    pieces = (freq[first : first + 65536] for first in range(0, freq.size, 65536))
    return float(precision * freq.size - sum(np.log2(piece).sum() for piece in pieces))
