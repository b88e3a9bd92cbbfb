"""The models `swift` and `base`, and custom ones.

A hybrid mixes experts that count what followed (`swift`), and a neural network if its parameters
hold one (`base`). They may hold a preface as well: a text like those to come, read before each
segment of text, so that what counts knows something too. The loops over bytes are in coding.py.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from arzip import readings
from arzip.arguments import whole
from arzip.models import coding, predictor
from arzip.models.explore.session import PredictorSession
from arzip.models.lean import leaned
from arzip.models.model import PIECE, SESSION_SIZE, Bank, ReadingModel
from arzip.models.network.networks import network_of
from arzip.models.parameters import Parameters, widened
from arzip.models.predictor import Fitted, Predictor, bank_of
from arzip.parts import Part
from arzip.readings import READINGS, TEXT, TEXTS, Chosen, finding
from arzip.readings.reading import LEAN, USUAL, Reading
from arzip.readings.spans import Span

__all__ = ["KEPT", "VERSION", "HybridModel"]

VERSION = 25

LITTLE = 1 << 17  # bytes that are no text for which a network's time may be spent
KEPT = 1 << 16  # bytes of a segment small enough to keep its beginning for the next one


class HybridModel(ReadingModel[Predictor]):
    """Implements codec.Model. Immutable, so that threads may share it."""

    KIND, VERSION = "hybrid", VERSION
    _encode_piece, _decode_piece = staticmethod(coding.encode), staticmethod(coding.decode)

    def __init__(self, parameters: Parameters) -> None:
        """Check the parameters. Raises ModelError for another version or an unfit tensor."""
        super().__init__(parameters)
        ways = [(reading, False) for reading in READINGS]
        if parameters.network:
            ways += [(reading, True) for reading in READINGS if reading.with_network]
        parameters.check_names(bank_of(*way) for way in ways)
        self._network = network_of(parameters.network) if parameters.network else None
        self._packed = {
            bank_of(*way): self._taken(parameters, way[0], bank_of(*way)) for way in ways
        }
        self._preface = parameters.preface
        self._begun: dict[Chosen, Predictor] = {}

    @property
    def breadth(self) -> int:
        """How broadly it reads: leanly without a network, which would take most of the time."""
        return LEAN if self._network is None else USUAL

    def _taken(self, parameters: Parameters, reading: Reading, bank: str) -> Bank:
        """Return what a bank starts from, as the file has it."""
        taken = parameters.packed(reading, parameters.bank(bank, reading.name))
        return leaned(taken, reading) if self.breadth == LEAN and reading.lean else taken

    def _bank(self, name: str) -> Fitted:
        """See ReadingModel."""
        return widened(self._packed[name])

    def memory_needed(self, n: int) -> int:
        """Return the bytes of memory that coding n bytes takes; see predictor.memory_needed."""
        need = self._needed(n + self._preface.size)
        return need + (self._needed(KEPT + self._preface.size) if self._preface.size else 0)

    def _needed(self, n: int) -> int:
        return predictor.memory_needed(n, self._network, self.breadth)

    def session(self, *, reading: Chosen = TEXT, size: int = SESSION_SIZE) -> PredictorSession:
        """See ReadingModel."""
        size = whole("size", size, 0)
        return self.explorer(size, readings.checked(reading))

    def explorer(self, size: int, reading: Chosen) -> PredictorSession:
        """See ReadingModel."""
        return PredictorSession(self.predictor(size, reading), size)

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
        fitted = self._banks[bank_of(chosen.reading, with_network)]
        return predictor.new_predictor(
            fitted, n, chosen, self._network, sparse=sparse, breadth=self.breadth
        )

    def _begin(self, n: int, chosen: Chosen) -> Predictor:
        """Return a predictor that has read the preface as if it were coded."""
        begun = self._empty(n, chosen).with_data(self._preface)
        for start in range(0, self._preface.size, PIECE):
            interval = np.empty(min(PIECE, self._preface.size - start), dtype=np.uint32)
            coding.encode(begun, interval, interval)
        return begun

    def _find(self, data: NDArray[np.uint8], parts: Sequence[Part] = ()) -> list[Span]:
        """Return spans for a segment; the network reads what is text, and what else is small."""
        wide = self._network is not None
        listed = finding.find(data, parts, wide=wide, price=self._price)
        others = sum(span.size for span in listed if span.chosen.reading not in TEXTS)
        return listed if not wide or others <= LITTLE else _alone(listed)

    def _price(self, data: NDArray[np.uint8], listed: Sequence[Span]) -> float:
        """Return the bits that data takes in these spans, without the network if it is no text."""
        return sum(prediction.nll for prediction in self.encode_as(data, _alone(listed)))


def _alone(listed: Sequence[Span]) -> list[Span]:
    """Return the same, but the network stays out of all that is no text."""
    return [
        Span(chosen._replace(alone=chosen.reading not in TEXTS), size) for chosen, size in listed
    ]
