"""What sampling and inspection ask of a session."""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from arzip.models.explore.draw import Choice

__all__ = ["Explanation", "Explorer"]


class Explanation(NamedTuple):
    """What n bytes in a row were expected to be, before each was seen."""

    values: NDArray[np.uint8]
    """(n, count) the most likely bytes, by falling frequency, then value."""
    freq: NDArray[np.uint32]
    """(n, count) their frequencies, of 2**24."""
    likelihood: NDArray[np.float64]
    """(n,) p(w_t | w_<t) of the bytes that came."""


class Explorer(Protocol):
    """A session from which a model's predictions can be had in several forms."""

    def leading(self, count: int) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
        """Return the `count` most likely bytes, by falling frequency, then value; and these."""
        ...

    def explain(self, data: bytes, count: int) -> Explanation:
        """Observe `data`, and say what each byte was expected to be; count 0 only observes."""
        ...

    def draw(self, raws: NDArray[np.uint64], n: int, choice: Choice) -> tuple[bytes, int]:
        """Draw up to n bytes with these random numbers; return them, and how many it used.

        How a number becomes a byte: see arzip/models/explore/draw.py.
        """
        ...

    def fork(self) -> "Explorer":
        """Return a second session that goes on from here by itself."""
        ...
