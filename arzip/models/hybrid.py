"""The model as its users meet it: a maker of predictions and sessions.

It mixes the adaptive experts (`swift`), and a neural network if its parameters hold one (`base`).
They may hold a preface as well: a text like those to come, read before each segment of text, so
that the adaptive experts know something too. The loops over bytes are in coding.py.
"""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from arzip import coder
from arzip.arguments import whole
from arzip.codec import Prediction
from arzip.engine import store
from arzip.errors import FormatError, ModelError
from arzip.models import coding, parameters
from arzip.models.bits.state import STATE_BYTES
from arzip.models.explore.session import MixedSession
from arzip.models.network.architectures import network_of
from arzip.models.network.output_layer import lane_memory
from arzip.models.parameters import Parameters
from arzip.models.predictor import Segment, positions, table_size
from arzip.readings import profile

__all__ = [
    "KINDS",
    "PIECE",
    "SAMPLES",
    "VERSION",
    "Mixed",
    "MixedSession",
    "proven",
    "received",
    "write",
]

VERSION = 3
"""Of the model's arithmetic. Whatever changes the bytes it codes raises it."""

KINDS = ("text", "records")
"""Each profile has its own fitted parameters."""

SAMPLES = (
    b"the cat sat on the mat;\nthe cat sat on the hat, 1234\n" * 2,
    bytes(range(0, 96, 3)) * 3,
)
"""What each kind must code to known bytes before anything else is coded."""

SESSION_SIZE = 1 << 20
PIECE = 1 << 14  # bytes in a call to compiled code, which nothing can interrupt: under a second
FEW = 1 << 10  # words of the coder that claim a large segment without being worth its memory
KEPT = 1 << 16  # bytes of a segment small enough to keep its beginning for the next one


class Mixed:
    """Implements codec.Model. Immutable, so that threads may share it."""

    preamble_size = 2
    """The record length, big-endian; 0 for text."""

    def __init__(self, parameters: Parameters) -> None:
        """Raises ModelError if the parameters are another version's, or a tensor does not fit."""
        if parameters.version != VERSION:
            raise ModelError(
                f"model {parameters.name!r} is of version {parameters.version}, and this arzip "
                f"computes version {VERSION}: install the arzip that goes with it"
            )
        parameters.check_names(KINDS)
        self._parameters = parameters
        self.name = parameters.name
        self.identity = parameters.identity
        self._fitted = {kind: parameters.fields(kind) for kind in KINDS}
        self._network = network_of(parameters.network) if parameters.network else None
        self._lane_bytes = lane_memory(self._network) if self._network else 0
        self._preface = parameters.preface
        self._begun: Segment | None = None
        self._answers = list(parameters.answers)
        self._proven: set[str] = set()

    @classmethod
    def unproven(cls, parameters: Parameters) -> "Mixed":
        """A model whose known answers are not known yet."""
        model = cls(parameters)
        model._proven = {"encode", "decode"}
        return model

    def __reduce__(self) -> "tuple[Callable[[Parameters], Mixed], tuple[Parameters]]":
        """Another process, or machine, gets all of the model: it need not have its file."""
        return received, (self._parameters,)

    def __repr__(self) -> str:
        return f"<arzip model {self.name!r}, identity {self.identity.hex()}>"

    def memory_needed(self, n: int) -> int:
        """Bytes: the tables, the state, the network's lane and the data."""
        n += self._preface.size
        return 4 * (table_size(n) + positions(n)) + STATE_BYTES + self._lane_bytes + n

    def encode(self, data: NDArray[np.uint8]) -> Iterator[Prediction]:
        """Predict all of a segment; see codec.Model. Raises ModelError on an unfit machine."""
        self.prove("encode")
        return self._encode(data)

    def decode(
        self, preamble: bytes, words: NDArray[np.uint32], n: int
    ) -> Iterator[NDArray[np.uint8]]:
        """Restore a segment; see codec.Model. Raises FormatError for an impossible preamble."""
        self.prove("decode")
        return self._decode(preamble, words, n)

    def session(self, *, record: int = profile.TEXT, size: int = SESSION_SIZE) -> "MixedSession":
        """A fresh start: as a segment of `size` bytes, read as text or records of this length.

        `size` fixes the tables, as a segment's length does; a session may go on beyond it. Raises
        ValueError unless `record` is 0 (text) to 2,048.
        """
        record = whole("record", record, profile.TEXT, profile.LONGEST_RECORD)
        size = whole("size", size, 0)
        return MixedSession(self._segment(size, record), size)

    def _segment(self, n: int, record: int, *, sparse: bool = False) -> Segment:
        if record != profile.TEXT or not self._preface.size:
            return self._empty(n, record, sparse=sparse)
        kept, total = self._begun, n + self._preface.size
        if kept is not None and kept.fits(total):
            return kept.fork()
        begun = self._begin(total)
        if n <= KEPT:
            self._begun = begun.fork()  # so that the next of many small files takes no longer
        return begun

    def _empty(self, n: int, record: int, *, sparse: bool = False) -> Segment:
        fitted = self._fitted[KINDS[record != profile.TEXT]]
        return Segment(fitted, n, record, self._network, sparse=sparse)

    def _begin(self, n: int) -> Segment:
        """With the preface read, as if it were coded."""
        segment = self._empty(n, profile.TEXT)
        segment.before = self._preface
        for start in range(0, self._preface.size, PIECE):
            interval = np.empty(min(PIECE, self._preface.size - start), dtype=np.uint32)
            coding.encode(*segment.arrays(self._preface), interval, interval)
        return segment

    def _encode(self, data: NDArray[np.uint8]) -> Iterator[Prediction]:
        record = profile.record_length(data)
        segment = self._segment(data.size, record)
        preamble = record.to_bytes(self.preamble_size)
        known = np.concatenate([segment.before, data])
        for start in range(0, data.size, PIECE):
            size = min(PIECE, data.size - start)
            left, freq = np.empty(size, dtype=np.uint32), np.empty(size, dtype=np.uint32)
            nll = coding.encode(*segment.arrays(known), left, freq)
            yield Prediction(preamble, left, freq, nll)
            preamble = b""

    def _decode(
        self, preamble: bytes, words: NDArray[np.uint32], n: int
    ) -> Iterator[NDArray[np.uint8]]:
        record = int.from_bytes(preamble)
        if record > profile.LONGEST_RECORD:
            raise FormatError(f"a segment claims records of {record} bytes: the file is damaged")
        # Memory is taken as it is filled: damaged words may end long before n bytes.
        segment = self._segment(n, record, sparse=words.size < FEW)
        data = np.empty(segment.before.size + n, dtype=np.uint8)
        data[: segment.before.size] = segment.before
        decoder = np.zeros(4, dtype=np.uint64)
        start = segment.before.size
        while start < data.size:
            end = min(start + PIECE, data.size)
            coding.decode(*segment.arrays(data), words, decoder, end)
            reached = int(segment.state["position"])
            yield data[start:reached]
            if reached < end:
                return
            start = end

    def known_answers(self) -> list[bytes]:
        """What the samples code to here."""
        answers = []
        for sample in SAMPLES:
            (prediction,) = self._encode(np.frombuffer(sample, dtype=np.uint8))
            answers.append(prediction.preamble + coder.encode(prediction.left, prediction.freq))
        return answers

    def _decoded_answers(self) -> list[bytes]:
        """What the known answers restore to here. Raises ModelError if they are none."""
        try:
            return [
                np.concatenate(
                    [*self._decode(answer[:2], coder.to_words(answer[2:]), len(sample))]
                ).tobytes()
                for answer, sample in zip(self._answers, SAMPLES, strict=True)
            ]
        except (FormatError, ValueError) as error:
            raise ModelError(f"model {self.name!r} lacks its known answers: it is unfit") from error

    def prove(self, direction: str) -> None:
        """Code the samples, once, before anything else. Raises ModelError if that goes wrong."""
        if direction in self._proven:
            return
        written = store.written()
        if direction == "encode":
            proven = self.known_answers() == self._answers
        else:
            proven = self._decoded_answers() == list(SAMPLES)
        if not proven:
            raise ModelError(
                f"model {self.name!r} computes other results here than where it was made, so no "
                f"file is safe with it: remove {store.own()}, then reinstall arzip"
            )
        self._proven.add(direction)
        if store.written() > written:
            # Now the other direction takes a tenth of what it would take another time.
            self.prove("decode" if direction == "encode" else "encode")


_received: dict[str, Mixed] = {}


def received(parameters: Parameters) -> Mixed:
    """The model of these parameters, made, and proven on this machine, once per process.

    Raises ModelError as Mixed does.
    """
    model = _received.get(parameters.digest)
    if model is None:
        model = _received[parameters.digest] = Mixed(parameters)
    return model


def proven(made: Parameters) -> Parameters:
    """A new model's parameters, and with them what it codes its samples to."""
    return dataclasses.replace(made, answers=tuple(Mixed.unproven(made).known_answers()))


def write(path: Path, made: Parameters, *, replace: bool = False) -> None:
    """Write a new model's file, see parameters.write. Raises ModelError if it is unfit."""
    parameters.write(path, proven(made), replace=replace)
