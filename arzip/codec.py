"""One segment, both directions: the model predicts, the coder codes, and the cost is kept.

    data -> model.encode -> intervals -> coder.encode -> payload -> model.decode -> data

A segment stands alone: the model starts anew with it. Where the model cannot help, the segment is
STORED (the uniform model, 8 bits a byte) or a RUN (one byte repeated). Above is format/, which
frames segments. Below are coder.py and models/, which load numba and so are imported only when
needed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from arzip.compressibility import is_incompressible
from arzip.errors import FormatError, ModelError

__all__ = [
    "MODELLED",
    "RUN",
    "STORED",
    "CodeLength",
    "Coded",
    "Model",
    "Prediction",
    "Progress",
    "Session",
    "decode",
    "decoding_memory",
    "encode",
    "stored",
    "unwatched",
]

MODELLED, STORED, RUN = 0, 1, 2

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

    def encode(self, data: NDArray[np.uint8]) -> Iterator[Prediction]:
        """Predict all n >= 1 bytes of a segment, piece by piece. Threads may share the model.

        What a decoder must know before the first byte comes first, as a piece that is none of data.
        """
        ...

    def decode(self, words: NDArray[np.uint32], n: int) -> Iterator[NDArray[np.uint8]]:
        """Restore n bytes from the coder's words, piece by piece. Threads may share the model.

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

    def __add__(self, other: "CodeLength") -> "CodeLength":
        return CodeLength(
            self.model + other.model,
            self.quantised + other.quantised,
            self.payload + other.payload,
            {
                name: _sum(self.readings.get(name, (0, 0.0)), other.readings.get(name, (0, 0.0)))
                for name in {**self.readings, **other.readings}
            },
        )


def _sum(one: tuple[int, float], other: tuple[int, float]) -> tuple[int, float]:
    return one[0] + other[0], one[1] + other[1]


class Coded(NamedTuple):
    """A coded segment."""

    method: int
    payload: bytes
    account: CodeLength


def unwatched(size: int, coded: float) -> None:
    """Ignore the progress: a Progress for those who do not want to know."""


def encode(model: Model, data: bytes, progress: Progress = unwatched) -> Coded:
    """Code one segment by the method that suits it. Raises ModelError for an unfit model."""
    if plain := _plain(data):
        progress(len(data), len(plain.payload))
        return plain
    from arzip import coder

    encoder = coder.Encoder()
    size, account = 0, CodeLength()
    for prediction in model.encode(np.frombuffer(data, dtype=np.uint8)):
        encoder.add(prediction.left, prediction.freq)
        n = 0 if prediction.reading is None else prediction.freq.size
        size += n
        bits = _bits(prediction.freq, coder.PRECISION)
        read = {prediction.reading: (n, prediction.nll)} if prediction.reading else {}
        account += CodeLength(prediction.nll, bits, readings=read)
        progress(n, bits / 8)
    if size != len(data):
        raise ModelError(f"model {model.name!r} did not predict every byte: it is damaged or unfit")
    payload = encoder.finish()
    if len(payload) >= len(data):
        return stored(data)
    return Coded(MODELLED, payload, account + CodeLength(payload=8.0 * len(payload)))


def _plain(data: bytes) -> Coded | None:
    """Return data that no model is needed for as a run or stored; None for other data."""
    if data and data.count(data[:1]) == len(data):
        return Coded(RUN, data[:1], CodeLength(8.0, 8.0, 8.0))
    if not data or is_incompressible(np.frombuffer(data, dtype=np.uint8)):
        return stored(data)
    return None


def stored(data: bytes) -> Coded:
    """Return `data` as it is: 8 bits a byte."""
    bits = 8.0 * len(data)
    return Coded(STORED, data, CodeLength(bits, bits, bits))


def decode(
    model: Model | None, method: int, payload: bytes, n: int, progress: Progress = unwatched
) -> bytes:
    """Return the n bytes of a segment. `model` is needed for MODELLED only.

    Raises FormatError if the payload does not fit the method. The caller checks the result: most
    damaged payloads give n wrong bytes, some give fewer.
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
    raise FormatError("a segment's payload does not fit its method: the file is damaged")


def decoding_memory(model: Model | None, method: int, coded_size: int, n: int) -> int:
    """Return the bytes of memory for decoding a segment of n bytes, with its payload and data."""
    if method != MODELLED or model is None:
        return coded_size + n
    return model.memory_needed(n) + 2 * coded_size + n  # the payload as bytes and as words


def _bits(freq: NDArray[np.uint32], precision: int) -> float:
    """Return sum_t -log2(freq_t / 2**precision), taken in pieces that stay in the cache."""
    pieces = (freq[first : first + 65536] for first in range(0, freq.size, 65536))
    return float(precision * freq.size - sum(np.log2(piece).sum() for piece in pieces))
