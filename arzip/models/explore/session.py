"""A predictor byte by byte: its conditionals, and shortcuts to what follows from them."""

import copy
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from arzip.arguments import text_bytes, whole
from arzip.models import coding
from arzip.models.explore import draw, lookahead, search
from arzip.models.explore.draw import Choice
from arzip.models.explore.protocol import Explanation
from arzip.models.predictor import Predictor

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["PredictorSession"]


class PredictorSession:
    """Implements codec.Session and explore.protocol.Explorer. Limited by memory alone."""

    def __init__(self, predictor: Predictor, size: int) -> None:
        """Start with room for `size` more bytes: more is made when it is needed."""
        room = np.zeros(size, dtype=np.uint8)
        self._predictor = predictor.with_data(np.concatenate([predictor.data, room]))
        self._undo = np.zeros(8, dtype=lookahead.UNDO)
        self._search = np.zeros(1, dtype=search.SEARCH)[0]
        coding.open_byte(self._predictor)

    def conditionals(self) -> NDArray[np.uint32]:
        """Return (256,) frequencies of the next byte: each >= 1, sum 2**24 - 2."""
        width = np.empty(512, dtype=np.int64)
        lookahead.conditionals(self._predictor, self._undo, width)
        return width[256:].astype(np.uint32)

    def observe(self, byte: int) -> None:
        """Take `byte` as the next one and learn from it. Raises ValueError if it is not a byte."""
        byte = whole("byte", byte, 0, 255)
        self._make_room(1)
        coding.learn(self._predictor, byte)

    def leading(self, count: int) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
        """Return the `count` most likely bytes, by falling frequency, then value; and these.

        Raises ValueError unless `count` is 1 to 256.
        """
        count = whole("count", count, 1, 256)
        self._want(Choice(count=count))
        search.leading(self._predictor, self._undo, self._search)
        found = self._search["bytes"][:count], self._search["freq"][:count]
        return found[0].astype(np.uint8), found[1].astype(np.uint32)

    def explain(self, data: "str | ReadableBuffer", count: int) -> Explanation:
        """Observe `data`, and return what each byte was expected to be, with `count` predictions.

        Text is read as UTF-8. Raises ValueError unless `count` is 0 to 256.
        """
        count = whole("count", count, 0, 256)
        new = np.frombuffer(text_bytes("data", data), dtype=np.uint8)
        self._make_room(new.size)
        self._want(Choice(count=count))
        values = np.empty((new.size, count), dtype=np.uint8)
        freq = np.empty((new.size, count), dtype=np.uint32)
        likelihood = np.empty(new.size, dtype=np.float64)
        search.explain(self._predictor, self._undo, self._search, new, values, freq, likelihood)
        return Explanation(values, freq, likelihood)

    def draw(self, raws: NDArray[np.uint64], n: int, choice: Choice) -> tuple[bytes, int]:
        """Draw up to n bytes with these random numbers; return them, and how many it used."""
        self._make_room(n)
        predictor, start = self._predictor, self._predictor.position
        if choice.is_plain:
            drawn, used = draw.draw(predictor, raws, n)
        else:
            self._want(choice)
            drawn, used = draw.draw_leading(
                predictor, self._undo, self._search, choice.inverse, raws, n
            )
        return predictor.data[start : start + drawn].tobytes(), used

    def fork(self) -> "PredictorSession":
        """Return a second session that goes on from here by itself."""
        fork = copy.copy(self)
        fork._predictor = self._predictor.fork().with_data(self._predictor.data.copy())
        fork._undo = self._undo.copy()
        fork._search = self._search.copy()
        return fork

    def _want(self, choice: Choice) -> None:
        self._search["count"], self._search["mass"] = choice.count, choice.mass
        self._search["shift"] = choice.shift

    def _make_room(self, n: int) -> None:
        """Make room for n more bytes."""
        data, needed = self._predictor.data, self._predictor.position + n
        if needed > data.size:
            more = np.zeros(max(needed, 2 * data.size) - data.size, dtype=np.uint8)
            self._predictor = self._predictor.with_data(np.concatenate([data, more]))
