"""Memory for tables: what is 64 bytes long in them is one line of the processor's cache, not two.

numpy's own large arrays begin 16 bytes behind such a line.
"""

import contextlib
import mmap
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["CACHE_LINE", "copied", "sparse_zeros", "zeros"]

CACHE_LINE = 64
"""Bytes."""


def zeros(size: int, dtype: "np.dtype[Any] | type[np.generic]") -> NDArray[Any]:
    """Return so many zeros, or blank records."""
    n = size * np.dtype(dtype).itemsize
    memory = np.zeros(n + CACHE_LINE, dtype=np.uint8)
    start = -memory.ctypes.data % CACHE_LINE
    return memory[start : start + n].view(dtype)


def sparse_zeros(size: int, dtype: "np.dtype[Any] | type[np.generic]") -> NDArray[Any]:
    """Return zeros in pages of 4 KiB, not 2 MiB as numpy's: untouched ones take no memory.

    Raises MemoryError, as numpy does, if there is no room for them.
    """
    try:
        memory = mmap.mmap(-1, size * np.dtype(dtype).itemsize)
    except OSError as error:
        raise MemoryError(f"no room for {size} zeros") from error
    if hasattr(mmap, "MADV_NOHUGEPAGE"):
        with contextlib.suppress(OSError):  # of a kernel without large pages
            memory.madvise(mmap.MADV_NOHUGEPAGE)
    return np.frombuffer(memory, dtype=dtype)


def copied(array: NDArray[Any]) -> NDArray[Any]:
    """Return a copy of an array of one dimension."""
    copy = zeros(array.size, array.dtype)
    copy[:] = array
    return copy
