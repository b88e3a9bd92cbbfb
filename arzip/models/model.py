"""A model as its users meet it: what all models that read by spans have in common.

A segment's way: its spans are found and told, its bytes are transformed, and a predictor codes
them, piece by piece. hybrid.py and fast/model.py say what that predictor is.
"""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from arzip import coder
from arzip.codec import Prediction, Session
from arzip.engine import store
from arzip.errors import ModelError
from arzip.models import proof
from arzip.models.explore.protocol import Explorer
from arzip.models.parameters import Parameters
from arzip.parts import Part
from arzip.readings import TEXT, Chosen, spans
from arzip.readings.spans import Span

__all__ = ["PIECE", "SESSION_SIZE", "Bank", "ReadingModel", "spans_in"]

SESSION_SIZE = 1 << 20
PIECE = 1 << 14  # bytes in a call to compiled code, which nothing can interrupt: under a second
FEW = 1 << 10  # words of the coder that claim a large segment without being worth its memory

Bank = dict[str, NDArray[Any]]
"""Fitted values, by field."""


class Banks(dict[str, Bank]):
    """Fitted values, by bank: what is missing is made when it is asked for."""

    def __init__(self, make: Callable[[str], Bank]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, name: str) -> Bank:
        self[name] = made = self._make(name)
        return made


class _Predictor(Protocol):
    """What codes one segment, of any kind of model."""

    @property
    def data(self) -> NDArray[np.uint8]: ...

    @property
    def position(self) -> int: ...

    def with_data(self, data: NDArray[np.uint8]) -> Self: ...

    def read_on(self, chosen: Chosen, banks: Banks) -> None: ...


P = TypeVar("P", bound=_Predictor)


class ReadingModel(ABC, Generic[P]):
    """Implements codec.Model. Immutable, so that threads may share it."""

    KIND: ClassVar[str]
    """As a model's file names it."""
    reads_photographs: ClassVar[bool] = True
    """Whether it shortens the scans of JPEG pictures, which look like noise."""
    VERSION: ClassVar[int]
    """Of the model's arithmetic. Whatever changes the bytes it codes raises it."""

    _encode_piece: Callable[[P, NDArray[np.uint32], NDArray[np.uint32]], float]
    """Fill in the intervals of the next bytes, and return their code length in bits."""
    _decode_piece: Callable[[P, NDArray[np.uint32], NDArray[np.uint64], int], None]
    """Fill in the predictor's data as far as the coder's words go, or up to a place.

    Given are the words, the coder's state and the place.
    """

    def __init__(self, parameters: Parameters) -> None:
        """Check the parameters' version. Raises ModelError for another one."""
        if (parameters.kind, parameters.version) != (self.KIND, self.VERSION):
            raise ModelError(
                f"model {parameters.name!r} is of version {parameters.version}, and this arzip "
                f"computes version {self.VERSION}: install the arzip that goes with it"
            )
        self._parameters = parameters
        self.name = parameters.name
        self.identity = parameters.identity
        self._answers = list(parameters.answers)
        self._proven: set[str] = set()
        self._banks = Banks(self._bank)

    @classmethod
    def unproven(cls, parameters: Parameters) -> Self:
        """Return a model whose known answers are not known yet."""
        model = cls(parameters)
        model._proven = {"encode", "decode"}
        return model

    @classmethod
    def received(cls, parameters: Parameters) -> Self:
        """Return the model of these parameters, made, and proven on this machine, once per process.

        Raises ModelError as __init__ does.
        """
        model = _received.get(parameters.digest)
        if model is None:
            model = _received[parameters.digest] = cls(parameters)
        return cast(Self, model)

    def __reduce__(self) -> "tuple[Callable[[Parameters], object], tuple[Parameters]]":
        """Send all of the model: another process, or machine, need not have its file."""
        return self.received, (self._parameters,)

    def __repr__(self) -> str:
        return f"<arzip model {self.name!r}, identity {self.identity.hex()}>"

    @abstractmethod
    def _bank(self, name: str) -> Bank:
        """Return the fitted values that a bank starts from."""

    @abstractmethod
    def memory_needed(self, n: int) -> int:
        """Return the bytes of memory that coding n bytes takes."""

    @abstractmethod
    def predictor(self, n: int, chosen: Chosen, *, sparse: bool = False) -> P:
        """Return a predictor before a segment of n bytes. `sparse` memory is taken as it fills."""

    @abstractmethod
    def session(self, *, reading: Chosen = TEXT, size: int = SESSION_SIZE) -> Session:
        """Return a fresh start: as a segment of `size` bytes, read as text or as chosen.

        `size` fixes the tables, as a segment's length does; a session may go on beyond it. Raises
        ValueError for a reading that there is not.
        """

    @abstractmethod
    def explorer(self, size: int, reading: Chosen) -> Explorer:
        """Return the same for those who look at predictions or draw from them."""

    @abstractmethod
    def _find(self, data: NDArray[np.uint8], parts: Sequence[Part] = ()) -> list[Span]:
        """Return spans for a segment."""

    def encode(self, data: NDArray[np.uint8], parts: Sequence[Part] = ()) -> Iterator[Prediction]:
        """Predict all of a segment; see codec.Model. Raises ModelError on an unfit machine."""
        self.prove("encode")
        return self.encode_as(data, self._find(data, parts))

    def decode(
        self, words: NDArray[np.uint32], n: int, decoder: NDArray[np.uint64] | None = None
    ) -> Iterator[NDArray[np.uint8]]:
        """Restore a segment; see codec.Model. Raises FormatError for impossible spans."""
        self.prove("decode")
        return self._decode(words, n, decoder)

    def prevailing(self, data: NDArray[np.uint8]) -> Chosen:
        """Return the one way in which to read all of the data as it is."""
        return spans.prevailing(self._find(data))

    def encode_as(self, data: NDArray[np.uint8], listed: Sequence[Span]) -> Iterator[Prediction]:
        """Predict all of a segment, read in these spans, which have all of its bytes.

        Unlike `encode` it proves nothing before.
        """
        left, freq = coder.byte_intervals(spans.to_bytes(listed), spans.PLAIN)
        yield Prediction(left, freq, float((24 - np.log2(freq)).sum()), None)
        begun = self.predictor(data.size, listed[0].chosen)
        at_work = begun.with_data(self._predicted(begun.data, data, listed))
        for chosen, end, _ in self._pieces(at_work, listed):
            size = end - at_work.position
            left, freq = np.empty(size, dtype=np.uint32), np.empty(size, dtype=np.uint32)
            nll = self._encode_piece(at_work, left, freq)
            yield Prediction(left, freq, nll, chosen.reading.name)

    @staticmethod
    def _predicted(
        before: NDArray[np.uint8], data: NDArray[np.uint8], listed: Sequence[Span]
    ) -> NDArray[np.uint8]:
        """Return the bytes that are predicted, after those before: the data itself, if it may be.

        Compiled code tells apart what may be written to, which it does not do here.
        """
        if data.flags.writeable and not before.size and not spans.are_transformed(listed):
            return data
        known = np.concatenate([before, data])
        spans.transform(known[before.size :], listed)
        return known

    def _decode(
        self, words: NDArray[np.uint32], n: int, decoder: NDArray[np.uint64] | None = None
    ) -> Iterator[NDArray[np.uint8]]:
        if decoder is None:
            decoder = np.zeros(4, dtype=np.uint64)
        listed = spans_in(words, n, decoder)
        # Memory is taken as it is filled: damaged words may end long before n bytes.
        begun = self.predictor(n, listed[0].chosen, sparse=words.size < FEW)
        start = begun.data.size
        data = np.zeros(start + n, dtype=np.uint8)
        data[:start] = begun.data
        at_work = begun.with_data(data)
        begin = start  # of what was not given out yet
        for (reading, numbers, _), end, is_last in self._pieces(at_work, listed):
            self._decode_piece(at_work, words, decoder, end)
            reached = at_work.position
            if reading.undo and reached == end and not is_last:
                yield data[begin:begin]  # nothing yet, but a chance to be stopped
                continue
            piece = data[begin:reached]
            if reading.undo:
                piece = piece.copy()  # the model goes on from what it predicted
                reading.undo(piece, numbers)
            yield piece
            begin = reached
            if reached < end:
                return

    def _pieces(self, at_work: P, listed: Sequence[Span]) -> Iterator[tuple[Chosen, int, bool]]:
        """Have the predictor read each span in its way.

        Yields the way, how far to go now, and whether that is the span's end.
        """
        banks = Banks(self._banks.__getitem__)
        start = at_work.position
        for chosen, size in listed:
            at_work.read_on(chosen, banks)
            end = start + size
            while start < end:
                start = min(start + PIECE, end)
                yield chosen, start, start == end

    def known_answers(self) -> list[bytes]:
        """Return what the samples code to here."""
        return proof.answers(self.encode_as)

    def prove(self, direction: str) -> None:
        """Code the samples, once, before anything else. Raises ModelError if that goes wrong."""
        if direction in self._proven:
            return
        written = store.written()
        if direction == "encode":
            proven = self.known_answers() == self._answers
        else:
            found = proof.restored(self._decode, self._answers)
            if found is None:
                raise ModelError(f"model {self.name!r} lacks its known answers: it is unfit")
            proven = found == list(proof.SAMPLES)
        if not proven:
            raise ModelError(
                f"model {self.name!r} computes other results here than where it was made, so no "
                f"file is safe with it: remove {store.own()}, then reinstall arzip"
            )
        self._proven.add(direction)
        self._banks.clear()  # few files are read in as many ways as the samples
        if store.written() > written:
            # Now the other direction takes a tenth of what it would take another time.
            self.prove("decode" if direction == "encode" else "encode")


_received: dict[str, object] = {}
"""Models that came from other processes, by their digest."""


def spans_in(words: NDArray[np.uint32], n: int, decoder: NDArray[np.uint64]) -> list[Span]:
    """Return how a segment of n bytes is read, and leave the decoder before its first byte.

    `decoder` is the coder's state, as coding.decode has it. Raises FormatError for what cannot be.
    """
    likely = itertools.chain([spans.PLAIN], itertools.repeat(-1))
    return spans.from_bytes(lambda: coder.next_byte(words, decoder, next(likely)), n)
