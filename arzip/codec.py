"""One segment, both directions: the model predicts, the coder codes, the cost is accounted for.

    data -> model.encode -> intervals -> coder.encode -> payload -> model.decode -> data

A segment stands alone: the model starts anew with it. Where the model cannot help, the segment is
STORED (the uniform model, 8 bits a byte) or a RUN (one byte repeated). Above is container.py,
which frames segments; below are coder.py and arzip/models, which both load numba and so are
imported when they are needed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

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
"""Told of every piece that is coded: bytes of data, and about how many bytes of payload these take.
What it raises ends the work.
"""


class Prediction(NamedTuple):
    """What a model says of n bytes in a row: byte t is the interval [left[t], left[t] + freq[t]).

    All intervals lie in [1, 2**24 - 1); freq[t] / 2**24 is p(w_t | w_<t).
    """

    parameters: bytes  # what the decoder must know first; Model.parameters_size in all
    left: NDArray[np.uint32]  # (n,)
    freq: NDArray[np.uint32]  # (n,)
    nll: float  # bits, under the real-valued model: before its probabilities became whole numbers


class Session(Protocol):
    """The autoregressive model itself, one byte at a time."""

    def conditionals(self) -> NDArray[np.uint32]:
        """(256,) frequencies of the next byte, given those observed: each >= 1, sum 2**24 - 2."""
        ...

    def observe(self, byte: int) -> None:
        """Take `byte`, 0 to 255, as the next one."""
        ...


class Model(Protocol):
    """What gives p(w_t | w_<t). Implemented in arzip/models."""

    @property
    def name(self) -> str:
        """For messages, such as "swift"."""
        ...

    @property
    def identity(self) -> bytes:
        """4 bytes that stand in the file: of a digest of all that its predictions depend on."""
        ...

    @property
    def parameters_size(self) -> int:
        """How many bytes of parameters lead each modelled payload."""
        ...

    def memory(self, n: int) -> int:
        """Bytes of memory that coding a segment of n bytes takes."""
        ...

    def encode(self, data: NDArray[np.uint8]) -> Iterator[Prediction]:
        """Predict all n >= 1 bytes of a segment, piece by piece. Safe to call from several threads.

        The first piece has the parameters; none of the others has any.
        """
        ...

    def decode(
        self, parameters: bytes, words: NDArray[np.uint32], n: int
    ) -> Iterator[NDArray[np.uint8]]:
        """Restore n bytes from the coder's words, piece by piece. Safe to call from threads.

        A piece stays as it is when the next one is asked for. Damaged words give wrong bytes or too
        few, never an endless loop or an access out of bounds.
        """
        ...

    def session(self) -> Session:
        """A fresh start of the model."""
        ...

    def prove(self, direction: str) -> None:
        """Compile what coding in this direction, "encode" or "decode", takes, and prove that it
        gives the known answers here. Raises ModelError if not.
        """
        ...


@dataclass(frozen=True, slots=True)
class CodeLength:
    """What data costs, in bits, as it goes from probabilities to bytes."""

    model: float = 0.0
    """-log2 P(data): the negative log-likelihood under the real-valued model."""
    quantised: float = 0.0
    """The same with probabilities freq / 2**24."""
    payload: float = 0.0
    """8 times the payload's bytes; these include the coder's end and the model's parameters."""

    def __add__(self, other: "CodeLength") -> "CodeLength":
        return CodeLength(
            self.model + other.model,
            self.quantised + other.quantised,
            self.payload + other.payload,
        )


class Coded(NamedTuple):
    """A coded segment."""

    method: int
    payload: bytes
    account: CodeLength


def unwatched(size: int, coded: float) -> None:
    """A Progress that takes no notice."""


def encode(model: Model, data: bytes, progress: Progress = unwatched) -> Coded:
    """Code one segment by the method that suits it. Raises ModelError for an unfit model."""
    if data and data.count(data[:1]) == len(data):
        progress(len(data), 1)
        return Coded(RUN, data[:1], CodeLength(8.0, 8.0, 8.0))
    values = np.frombuffer(data, dtype=np.uint8)
    if not data or is_incompressible(values):
        progress(len(data), len(data))
        return stored(data)
    coded = _modelled(model, values, progress)
    return coded if len(coded.payload) < len(data) else stored(data)


def stored(data: bytes) -> Coded:
    """`data` as it is: 8 bits a byte."""
    bits = 8.0 * len(data)
    return Coded(STORED, data, CodeLength(bits, bits, bits))


def decode(
    model: Model | None, method: int, payload: bytes, n: int, progress: Progress = unwatched
) -> bytes:
    """Restore the n bytes of a segment. `model` is needed for MODELLED only.

    Raises FormatError if the payload cannot be one of this method. That it was not changed is for
    the caller to check: most damaged payloads give n wrong bytes, some give fewer.
    """
    if method == STORED and len(payload) == n:
        progress(n, n)
        return payload
    if method == RUN and len(payload) == 1:
        progress(n, 1)
        return payload * n
    if method == MODELLED and model is not None and len(payload) >= model.parameters_size:
        from arzip import coder

        size = model.parameters_size
        words = coder.to_words(memoryview(payload)[size:])
        pieces = []
        for piece in model.decode(payload[:size], words, n):
            pieces.append(piece.data)
            progress(piece.size, len(payload) * piece.size / n)
        return b"".join(pieces)
    raise FormatError("a segment's payload does not fit its method: the file is damaged")


def decoding_memory(model: Model | None, method: int, coded_size: int, n: int) -> int:
    """Bytes of memory that decoding a segment of n bytes takes, its payload and output included."""
    if method != MODELLED or model is None:
        return coded_size + n
    return model.memory(n) + 2 * coded_size + n  # the payload is there as bytes and as words


def _modelled(model: Model, values: NDArray[np.uint8], progress: Progress) -> Coded:
    from arzip import coder

    encoder = coder.Encoder()
    parameters, size, nll, quantised = b"", 0, 0.0, 0.0
    for prediction in model.encode(values):
        encoder.add(prediction.left, prediction.freq)
        parameters += prediction.parameters
        size += prediction.freq.size
        nll += prediction.nll
        bits = _bits(prediction.freq, coder.PRECISION)
        quantised += bits
        progress(prediction.freq.size, bits / 8)
    if size != values.size or len(parameters) != model.parameters_size:
        raise ModelError(f"model {model.name!r} did not predict every byte: it is damaged or unfit")
    payload = parameters + encoder.finish()
    return Coded(MODELLED, payload, CodeLength(nll, quantised, 8.0 * len(payload)))


def _bits(freq: NDArray[np.uint32], precision: int) -> float:
    """sum_t -log2(freq_t / 2**precision), in pieces that stay in the cache."""
    pieces = (freq[first : first + 65536] for first in range(0, freq.size, 65536))
    return float(precision * freq.size - sum(np.log2(piece).sum() for piece in pieces))


# Whether to try the model at all. Random bytes have uniform histograms, uniform pairs at every
# distance, and no repeats. What measures these three below runs at 100 MB/s, a model at 1 MB/s.

BLOCK = 4096  # bytes: large enough to measure a histogram, small enough to find an island of text
LAGS = (1, 2, 3, 4, 6, 8)  # bytes between related values in pictures, sound and records
LAG_BLOCKS = 256  # enough blocks to look for those in
WORTHWHILE = 0.004  # the least saving that pays for a model's time
ANCHORS = 16384  # windows compared when looking for repeats; more only above 4 MiB


def is_incompressible(values: NDArray[np.uint8]) -> bool:
    """Whether no model is expected to save WORTHWHILE of the data; never for less than a BLOCK."""
    if values.size < BLOCK:
        return False
    starts = [*range(0, values.size - BLOCK, BLOCK), values.size - BLOCK]
    blocks = [values[start : start + BLOCK] for start in starts]
    if _redundancy(blocks) > WORTHWHILE or _repeated(values) > WORTHWHILE:
        return False
    some = blocks[:: max(4, len(blocks) // LAG_BLOCKS)]
    return all(_redundancy([_pairs(block, lag) for block in some]) <= WORTHWHILE for lag in LAGS)


def _pairs(block: NDArray[np.uint8], lag: int) -> NDArray[np.uint8]:
    """The high halves of two bytes that lie `lag` apart, as one byte."""
    return (block[:-lag] & np.uint8(0xF0)) | (block[lag:] >> np.uint8(4))


def _redundancy(blocks: list[NDArray[np.uint8]]) -> float:
    """1 - H/8 of the blocks' histograms, on average; 0 +- 0.0005 for one block of random bytes.

    The entropy H of the n bytes counted is too small by about 255 / (2 n ln 2) bits (Miller, 1955).
    """
    n = np.arange(BLOCK + 1, dtype=np.float64)
    n_log_n = n * np.log2(np.maximum(n, 1))
    total = 0.0
    for block in blocks:
        counts = np.bincount(block, minlength=256)
        entropy = (n_log_n[block.size] - n_log_n[counts].sum()) / block.size
        total += 8.0 - entropy - 255 / (2 * block.size * np.log(2))
    return total / 8 / len(blocks)


def _repeated(values: NDArray[np.uint8]) -> float:
    """The share of 8-byte windows that occurred before, anywhere in `values`.

    Of a large segment only those windows are compared whose first byte ends in certain bits, so
    that both ends of a repeat are found wherever they lie.
    """
    bits = min(8, (values.size // ANCHORS).bit_length())
    mask = (1 << bits) - 1
    at = np.flatnonzero((values[:-7] & mask) == (0xA5 & mask))
    windows = np.lib.stride_tricks.sliding_window_view(values, 8)[at].view(np.uint64).ravel()
    windows.sort()
    return float(np.count_nonzero(windows[1:] == windows[:-1])) / max(1, windows.size)
