"""The model `fast`, as its users meet it."""

import copy
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from arzip import readings
from arzip.arguments import whole
from arzip.errors import ModelError
from arzip.models.explore.stepwise import Stepwise
from arzip.models.fast import coding, predictor
from arzip.models.fast.layout import BANKS, FITTED, LAYOUT
from arzip.models.fast.predictor import Predictor
from arzip.models.model import SESSION_SIZE, Bank, ReadingModel
from arzip.models.parameters import Parameters
from arzip.parts import Part
from arzip.readings import TEXT, Chosen, finding
from arzip.readings.spans import Span

__all__ = ["VERSION", "FastModel"]

VERSION = 3


class FastSession(Stepwise):
    """Implements codec.Session and explore.protocol.Explorer. Limited by memory alone."""

    def __init__(self, predictor: Predictor, size: int) -> None:
        """Start with room for `size` bytes: more is made when it is needed."""
        super().__init__(self)
        self._predictor = predictor.with_data(np.zeros(max(size, 1), dtype=np.uint8))
        coding.open_byte(self._predictor)

    def conditionals(self) -> NDArray[np.uint32]:
        """Return (256,) frequencies of the next byte: each >= 1, sum 2**24 - 2."""
        width = np.empty(512, dtype=np.int64)
        coding.conditionals(self._predictor, width)
        return width[256:].astype(np.uint32)

    def observe(self, byte: int) -> None:
        """Take `byte` as the next one and learn from it. Raises ValueError if it is not a byte."""
        byte = whole("byte", byte, 0, 255)
        data = self._predictor.data
        if self._predictor.position + 1 == data.size:
            self._predictor = self._predictor.with_data(np.concatenate([data, np.zeros_like(data)]))
        coding.learn(self._predictor, byte)

    def fork(self) -> "FastSession":
        """Return a second session that goes on from here by itself."""
        fork = copy.copy(self)
        fork._session = fork
        fork._predictor = self._predictor.fork()
        return fork


class FastModel(ReadingModel[Predictor]):
    """Implements codec.Model. Immutable, so that threads may share it."""

    KIND, VERSION = "fast", VERSION
    reads_photographs = False
    _encode_piece, _decode_piece = staticmethod(coding.encode), staticmethod(coding.decode)

    def __init__(self, parameters: Parameters) -> None:
        """Check the parameters. Raises ModelError for another version or an unfit tensor."""
        super().__init__(parameters)
        self._fitted = {
            bank: {
                name: parameters.tensor(f"{bank}.{name}", LAYOUT[name].base, LAYOUT[name].shape)
                for name in FITTED
            }
            for bank in BANKS
        }
        if len(parameters.tensors) > len(BANKS) * len(FITTED):
            raise ModelError(f"model {self.name!r} has tensors that no model has: it is unfit")

    def _bank(self, name: str) -> Bank:
        """See ReadingModel."""
        return self._fitted[name]

    def memory_needed(self, n: int) -> int:
        """Return the bytes of memory that coding n bytes takes; see predictor.memory_needed."""
        return predictor.memory_needed(n)

    def session(self, *, reading: Chosen = TEXT, size: int = SESSION_SIZE) -> FastSession:
        """See ReadingModel."""
        size = whole("size", size, 0)
        return self.explorer(size, readings.checked(reading))

    def explorer(self, size: int, reading: Chosen) -> FastSession:
        """See ReadingModel."""
        return FastSession(self.predictor(size, reading), size)

    def predictor(self, n: int, chosen: Chosen, *, sparse: bool = False) -> Predictor:
        """Return a predictor before a segment of n bytes. Its tables are small and never sparse."""
        return predictor.new_predictor(self._fitted, n, chosen)

    def _find(self, data: NDArray[np.uint8], parts: Sequence[Part] = ()) -> list[Span]:
        return finding.find(data, parts, wide=False)
