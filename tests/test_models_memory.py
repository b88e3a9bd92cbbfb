"""Memory for tables: where it begins, and that it is all there."""

import numpy as np
import pytest

from arzip.models import memory


@pytest.mark.parametrize("size", [0, 1, 1000, 1 << 20])
@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.dtype([("a", np.int64), ("b", "u1", 3)])])
def test_begins_with_a_line_of_the_cache(size: int, dtype: np.dtype[np.void]) -> None:
    found = memory.zeros(size, dtype)
    assert (found.size, found.dtype) == (size, np.dtype(dtype))
    assert found.flags.writeable and not found.tobytes().strip(b"\0")
    assert size == 0 or found.ctypes.data % memory.CACHE_LINE == 0


def test_a_copy_is_another_one_that_begins_so_too() -> None:
    array = memory.zeros(1000, np.uint32)
    array[:] = np.arange(1000)
    copy = memory.copied(array)
    array[0] = 7
    assert copy.tolist() == list(range(1000)) and copy.ctypes.data % memory.CACHE_LINE == 0


def test_sparse_memory_is_zero_and_can_be_written() -> None:
    sparse = memory.sparse_zeros(1 << 20, np.uint32)
    assert sparse.size == 1 << 20 and not sparse.any()
    sparse[-1] = 3
    assert sparse.sum() == 3


def test_too_much_is_an_error_of_memory() -> None:
    for make in (memory.zeros, memory.sparse_zeros):
        with pytest.raises(MemoryError):
            make(1 << 60, np.uint8)
