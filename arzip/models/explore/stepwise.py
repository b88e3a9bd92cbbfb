"""Any session as an Explorer: from `conditionals` and `observe` alone, byte by byte."""

import copy
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from arzip.arguments import text_bytes, whole
from arzip.codec import Session
from arzip.coder import TOTAL
from arzip.models.explore.draw import Choice, weigh
from arzip.models.explore.protocol import Explanation

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["Stepwise"]


class Stepwise:
    """Implements Explorer for any session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def leading(self, count: int) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
        """See Explorer. Raises ValueError unless `count` is 1 to 256."""
        count = whole("count", count, 1, 256)
        return _likeliest(self._session.conditionals(), count)

    def explain(self, data: "str | ReadableBuffer", count: int) -> Explanation:
        """See Explorer. Text is read as UTF-8. Raises ValueError unless `count` is 0 to 256."""
        count = whole("count", count, 0, 256)
        new = text_bytes("data", data)
        values = np.empty((len(new), count), dtype=np.uint8)
        freq = np.empty((len(new), count), dtype=np.uint32)
        likelihood = np.empty(len(new), dtype=np.float64)
        for t, byte in enumerate(new):
            conditionals = self._session.conditionals()
            values[t], freq[t] = _likeliest(conditionals, count)
            likelihood[t] = conditionals[byte] / TOTAL
            self._session.observe(byte)
        return Explanation(values, freq, likelihood)

    def draw(self, raws: NDArray[np.uint64], n: int, choice: Choice) -> tuple[bytes, int]:
        """See Explorer."""
        drawn = bytearray()
        used = 0
        while len(drawn) < n and used < raws.size:
            values, weights = self._weights(choice)
            total = int(weights.sum())
            target = int(raws[used]) >> (64 - total.bit_length())
            used += 1
            if target < total:
                drawn.append(values[np.searchsorted(np.cumsum(weights), target, side="right")])
                self._session.observe(drawn[-1])
        return bytes(drawn), used

    def fork(self) -> "Stepwise":
        """See Explorer. The session is copied deeply."""
        return Stepwise(copy.deepcopy(self._session))

    def _weights(self, choice: Choice) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Return the bytes that may be drawn and their weights, in the order of a draw."""
        if choice.is_plain:
            freq = self._session.conditionals().astype(np.int64)
            return np.arange(256, dtype=np.uint8), freq
        values, frequencies = self.leading(choice.count)
        weights = frequencies.astype(np.int64)
        kept = min(int(np.searchsorted(np.cumsum(weights), choice.mass)) + 1, weights.size)
        weights = weights[:kept]
        weigh(weights, kept, choice.inverse)
        return values[:kept], weights


def _likeliest(
    conditionals: NDArray[np.uint32], count: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
    """Return the `count` most likely bytes, by falling frequency, then value; and these."""
    order = np.argsort(-conditionals.astype(np.int64), kind="stable")[:count]
    return order.astype(np.uint8), conditionals[order]
