"""Windows in a row: how a finder makes parts of the windows that it looked at."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["stretches"]


def stretches(is_so: NDArray[np.bool_], window: int, size: int) -> list[tuple[int, int]]:
    """Return where windows in a row are so, as (start, end) in bytes of the `size` there are.

    The last window also has what remains behind it.
    """
    edges = np.flatnonzero(np.diff(is_so, prepend=False, append=False)).reshape(-1, 2)
    return [
        (first * window, size if last == is_so.size else last * window)
        for first, last in edges.tolist()
    ]
