"""What numba has no words for: the product of many rows, leading zeros, asking for memory.

A product of a matrix of int8 and a vector of int16 is all the work in a network. On CPUs made for
it, two neighbouring columns are multiplied, added and accumulated by one instruction for 16 rows
(vpdpwssd of AVX-512 VNNI; pmaddwd and an addition elsewhere), if rows lie interleaved:

    block of ROWS rows, pair of columns, row, column of the pair

so that no sum runs across a vector. These functions are for an interpreter; lowering.py says the
same to LLVM, as plain vector arithmetic, of which it makes the best that each CPU has: results are
exact sums in int32, the same in any order.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from arzip.engine.lowered import lowered_in

__all__ = [
    "LANES",
    "ROWS",
    "VECTORS",
    "interleaved",
    "leading_zeros",
    "multiply_block",
    "prefetch",
]

lowered_in("arzip.models.lowering")

LANES = 16  # rows in a vector: int32 in 512 bits
VECTORS = 4  # accumulators, as many as hide the latency of the multiplication
ROWS = LANES * VECTORS
"""Rows in a block of a matrix."""


def interleaved(matrix: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return a matrix of an even number of columns as `multiply_block` takes it, with rows of 0."""
    rows, columns = matrix.shape
    matrix = np.pad(matrix, ((0, -rows % ROWS), (0, 0)))
    # From (block, row, pair, column) to (block, pair, row, column).
    return matrix.reshape(-1, ROWS, columns // 2, 2).transpose(0, 2, 1, 3).ravel()


def multiply_block(
    matrix: NDArray[np.int8],
    start: int,
    vector: NDArray[np.int16],
    products: NDArray[np.int32],
    row: int,
) -> None:
    """Set products[row : row + ROWS] = the block of int8 at matrix[start] times `vector` of int16.

    `vector` has an even number of elements; none of the bounds is checked.
    """
    block = matrix[start : start + ROWS * vector.size].reshape(-1, ROWS, 2)
    pairs = vector.astype(np.int32).reshape(-1, 1, 2)
    products[row : row + ROWS] = (block * pairs).sum(axis=(0, 2), dtype=np.int32)


def leading_zeros(n: Any) -> Any:
    """Return the leading zeros of a uint64 that is not 0."""
    return np.uint64(64 - int(n).bit_length())


def prefetch(array: NDArray[Any], index: int) -> None:
    """Ask for the cache line of array[index], an array of one dimension, without waiting."""
