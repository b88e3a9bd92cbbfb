"""How often each byte value occurs."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["histogram"]

_PIECE = 1 << 16  # so that what numpy widens to 64 bits stays in the cache


def histogram(data: bytes | bytearray | NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return how often each byte value occurs, (256,)."""
    values = np.frombuffer(data, dtype=np.uint8)
    counts = np.zeros(256, dtype=np.int64)
    for first in range(0, values.size, _PIECE):
        counts += np.bincount(values[first : first + _PIECE], minlength=256)
    return counts
