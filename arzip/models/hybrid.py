"""The model as its users meet it: a maker of predictions and sessions.

It mixes experts that count what followed (`swift`), and a neural network if its parameters hold one
(`base`). They may hold a preface as well: a text like those to come, read before each segment of
text, so that what counts knows something too. The loops over bytes are in coding.py.
"""

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from arzip import coder, readings
from arzip.arguments import whole
from arzip.codec import Prediction
from arzip.engine import store
from arzip.errors import ModelError
from arzip.models import coding, parameters, predictor, proof
from arzip.models.explore.session import PredictorSession
from arzip.models.network.networks import network_of
from arzip.models.parameters import Parameters
from arzip.models.predictor import Predictor, bank_of
from arzip.parts import Part
from arzip.readings import READINGS, TEXT, TEXTS, Chosen, spans
from arzip.readings.spans import Span

__all__ = ["PIECE", "VERSION", "HybridModel", "proven", "received", "spans_in", "write"]

VERSION = 9
"""Of the model's arithmetic. Whatever changes the bytes it codes raises it."""

SESSION_SIZE = 1 << 20
PIECE = 1 << 14  # bytes in a call to compiled code, which nothing can interrupt: under a second
FEW = 1 << 10  # words of the coder that claim a large segment without being worth its memory
LITTLE = 1 << 17  # bytes that are no text for which a network's time may be spent
KEPT = 1 << 16  # bytes of a segment small enough to keep its beginning for the next one


class HybridModel:
    """Implements codec.Model. Immutable, so that threads may share it."""

    def __init__(self, parameters: Parameters) -> None:
        """Check the parameters. Raises ModelError for another version or an unfit tensor."""
        if parameters.version != VERSION:
            raise ModelError(
                f"model {parameters.name!r} is of version {parameters.version}, and this arzip "
                f"computes version {VERSION}: install the arzip that goes with it"
            )
        ways = [(reading, False) for reading in READINGS]
        if parameters.network:
            ways += [(reading, True) for reading in READINGS if reading.with_network]
        parameters.check_names(bank_of(*way) for way in ways)
        self._parameters = parameters
        self.name = parameters.name
        self.identity = parameters.identity
        self._fitted = {
            bank_of(*way): parameters.fields(way[0], parameters.bank(bank_of(*way), way[0].name))
            for way in ways
        }
        self._network = network_of(parameters.network) if parameters.network else None
        self._preface = parameters.preface
        self._begun: dict[Chosen, Predictor] = {}
        self._answers = list(parameters.answers)
        self._proven: set[str] = set()

    @classmethod
    def unproven(cls, parameters: Parameters) -> "HybridModel":
        """Return a model whose known answers are not known yet."""
        model = cls(parameters)
        model._proven = {"encode", "decode"}
        return model

    def __reduce__(self) -> "tuple[Callable[[Parameters], HybridModel], tuple[Parameters]]":
        """Send all of the model: another process, or machine, need not have its file."""
        return received, (self._parameters,)

    def __repr__(self) -> str:
        return f"<arzip model {self.name!r}, identity {self.identity.hex()}>"

    def memory_needed(self, n: int) -> int:
        """Return the bytes of memory that coding n bytes takes; see predictor.memory_needed."""
        return predictor.memory_needed(n + self._preface.size, self._network)

    def encode(self, data: NDArray[np.uint8], parts: Sequence[Part] = ()) -> Iterator[Prediction]:
        """Predict all of a segment; see codec.Model. Raises ModelError on an unfit machine."""
        self.prove("encode")
        return self._encode(data, self._found(data, parts))

    def decode(
        self, words: NDArray[np.uint32], n: int, decoder: NDArray[np.uint64] | None = None
    ) -> Iterator[NDArray[np.uint8]]:
        """Restore a segment; see codec.Model. Raises FormatError for impossible spans."""
        self.prove("decode")
        return self._decode(words, n, decoder)

    def session(self, *, reading: Chosen = TEXT, size: int = SESSION_SIZE) -> PredictorSession:
        """Return a fresh start: as a segment of `size` bytes, read as text or as chosen.

        `size` fixes the tables, as a segment's length does; a session may go on beyond it. Raises
        ValueError for a reading that there is not.
        """
        size = whole("size", size, 0)
        return PredictorSession(self.predictor(size, readings.checked(reading)), size)

    def predictor(self, n: int, chosen: Chosen, *, sparse: bool = False) -> Predictor:
        """Return a predictor before a segment of n bytes. Of text it has read the preface."""
        if chosen.reading not in TEXTS or not self._preface.size:
            return self._empty(n, chosen, sparse=sparse)
        kept, total = self._begun.get(chosen), n + self._preface.size
        if kept is not None and kept.fits(total):
            return kept.fork()
        begun = self._begin(total, chosen)
        if n <= KEPT:  # so that the next of many small files takes no longer
            self._begun[chosen] = begun.fork()
        return begun

    def _empty(self, n: int, chosen: Chosen, *, sparse: bool = False) -> Predictor:
        with_network = self._network is not None and chosen.with_network
        fitted = self._fitted[bank_of(chosen.reading, with_network)]
        return predictor.new_predictor(fitted, n, chosen, self._network, sparse=sparse)

    def _begin(self, n: int, chosen: Chosen) -> Predictor:
        """Return a predictor that has read the preface as if it were coded."""
        begun = self._empty(n, chosen).with_data(self._preface)
        for start in range(0, self._preface.size, PIECE):
            interval = np.empty(min(PIECE, self._preface.size - start), dtype=np.uint32)
            coding.encode(begun, interval, interval)
        return begun

    def _encode(self, data: NDArray[np.uint8], listed: Sequence[Span]) -> Iterator[Prediction]:
        left, freq = coder.byte_intervals(spans.to_bytes(listed), spans.PLAIN)
        yield Prediction(left, freq, float((24 - np.log2(freq)).sum()), None)
        begun = self.predictor(data.size, listed[0].chosen)
        known = np.concatenate([begun.data, data])
        spans.transform(known[begun.data.size :], listed)
        at_work = begun.with_data(known)
        for chosen, end, _ in self._pieces(at_work, listed):
            size = end - at_work.position
            left, freq = np.empty(size, dtype=np.uint32), np.empty(size, dtype=np.uint32)
            nll = coding.encode(at_work, left, freq)
            yield Prediction(left, freq, nll, chosen.reading.name)

    def prevailing(self, data: NDArray[np.uint8]) -> Chosen:
        """Return the one way in which to read all of the data as it is."""
        return spans.prevailing(self._found(data))

    def _found(self, data: NDArray[np.uint8], parts: Sequence[Part] = ()) -> list[Span]:
        """Return spans for a segment; the network reads what is text, and what else is small."""
        listed = spans.find(data, parts, wide=self._network is not None)
        others = sum(span.size for span in listed if span.chosen.reading not in TEXTS)
        if self._network is None or others <= LITTLE:
            return listed
        return [
            Span(chosen._replace(alone=chosen.reading not in TEXTS), size)
            for chosen, size in listed
        ]

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
            coding.decode(at_work, words, decoder, end)
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

    def _pieces(
        self, at_work: Predictor, listed: Sequence[Span]
    ) -> Iterator[tuple[Chosen, int, bool]]:
        """Have the predictor read each span in its way.

        Yields the way, how far to go now, and whether that is the span's end.
        """
        banks = dict(self._fitted)
        start = at_work.position
        for chosen, size in listed:
            at_work.read_on(chosen, banks)
            end = start + size
            while start < end:
                start = min(start + PIECE, end)
                yield chosen, start, start == end

    def known_answers(self) -> list[bytes]:
        """Return what the samples code to here."""
        return proof.answers(self._encode)

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
        if store.written() > written:
            # Now the other direction takes a tenth of what it would take another time.
            self.prove("decode" if direction == "encode" else "encode")


def spans_in(words: NDArray[np.uint32], n: int, decoder: NDArray[np.uint64]) -> list[Span]:
    """Return how a segment of n bytes is read, and leave the decoder before its first byte.

    `decoder` is the coder's state, as coding.decode has it. Raises FormatError for what cannot be.
    """
    likely = itertools.chain([spans.PLAIN], itertools.repeat(-1))
    return spans.from_bytes(lambda: coder.next_byte(words, decoder, next(likely)), n)


_received: dict[str, HybridModel] = {}


def received(parameters: Parameters) -> HybridModel:
    """Return the model of these parameters, made, and proven on this machine, once per process.

    Raises ModelError as HybridModel does.
    """
    model = _received.get(parameters.digest)
    if model is None:
        model = _received[parameters.digest] = HybridModel(parameters)
    return model


def proven(made: Parameters) -> Parameters:
    """Return a new model's parameters, and with them what it codes its samples to."""
    return dataclasses.replace(made, answers=tuple(HybridModel.unproven(made).known_answers()))


def write(path: Path, made: Parameters, *, replace: bool = False) -> None:
    """Write a new model's file, see parameters.write. Raises ModelError if it is unfit."""
    parameters.write(path, proven(made), replace=replace)
