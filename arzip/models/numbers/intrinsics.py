"""What numba has no words for: products of vectors, leading zeros, asking for memory.

The products of matrices and vectors are all the work in a network. Rows lie interleaved, so that no
sum runs across a vector of the CPU:

    block of ROWS rows, group of columns, row, column of the group

`multiply_block` takes int8 times int16, by two columns: one instruction multiplies and adds both
for many rows (vpdpwssd of AVX-512 VNNI, pmaddwd). `multiply_bytes` takes int8 times uint8, by four:
pmaddubsw multiplies twice as many at a time, and adds two of them in 16 bits, which is enough if no
two neighbouring weights are larger than LARGEST_PAIR together.

These functions are for an interpreter; lowering.py says the same to LLVM. Results are exact sums in
int32, the same in any order.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from arzip.engine.lowered import lowered_in

__all__ = [
    "BYTE_GROUP",
    "LANES",
    "LARGEST_PAIR",
    "ROWS",
    "SHORTS",
    "SHORT_GROUP",
    "VECTORS",
    "WORDS",
    "adjust",
    "copy_line",
    "inner",
    "interleaved",
    "leading_zeros",
    "multiply_block",
    "multiply_bytes",
    "prefetch",
    "seek",
    "shortest",
    "weigh",
]

lowered_in("arzip.models.lowering")

LANES = 16  # rows in a vector: int32 in 512 bits
VECTORS = 4  # accumulators: more do not fit the registers of AVX2
ROWS = LANES * VECTORS
"""Rows in a block of a matrix."""


SHORTS = 16
"""Weights in a row: int16 in 256 bits."""

WORDS = 16
"""Numbers that are copied together: uint32 in 512 bits, which is a cache line."""

SHORT_GROUP, BYTE_GROUP = 2, 4
"""Columns that one instruction multiplies in each row."""

LARGEST_PAIR = 128
"""255 times as much stays in 16 bits."""


def interleaved(matrix: NDArray[np.int8], group: int) -> NDArray[np.int8]:
    """Return a matrix of whole groups of columns as the products take it, with rows of 0."""
    rows, columns = matrix.shape
    matrix = np.pad(matrix, ((0, -rows % ROWS), (0, 0)))
    # From (block, row, group, column) to (block, group, row, column).
    return matrix.reshape(-1, ROWS, columns // group, group).transpose(0, 2, 1, 3).ravel()


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


def multiply_bytes(
    matrix: NDArray[np.int8],
    start: int,
    vector: NDArray[np.uint8],
    products: NDArray[np.int32],
    row: int,
) -> None:
    """Set products[row : row + ROWS] = the block of int8 at matrix[start] times `vector` of uint8.

    `vector` has whole groups of elements; none of the bounds is checked.
    """
    block = matrix[start : start + ROWS * vector.size].reshape(-1, ROWS, BYTE_GROUP)
    groups = vector.astype(np.int32).reshape(-1, 1, BYTE_GROUP)
    products[row : row + ROWS] = (block * groups).sum(axis=(0, 2), dtype=np.int32)


def inner(a: NDArray[np.int16], b: NDArray[np.int16]) -> int:
    """Return a . b, of whole groups of SHORTS numbers; none of the bounds is checked.

    Sums of each lane's products stay in 32 bits, and numba's own loops would have them in 64.
    """
    return int(a.astype(np.int64) @ b.astype(np.int64))


def weigh(weights: NDArray[np.int16], row: int, inputs: NDArray[np.int16], place: int) -> int:
    """Return the sum of products of a row of SHORTS weights and a row of inputs."""
    products = weights[row].astype(np.int32) * inputs[place]
    return int(products.sum(dtype=np.int32))


def adjust(
    weights: NDArray[np.int16], row: int, inputs: NDArray[np.int16], place: int, pull: int
) -> None:
    """Add to a row of SHORTS weights a row of inputs times `pull`, of 16 bits, over 2**15."""
    steps = (inputs[place].astype(np.int32) * np.int32(pull) + (1 << 14)) >> 15
    weights[row] = (weights[row] + steps).clip(-32768, 32767)


def copy_line(
    target: NDArray[np.uint32], place: int, source: NDArray[np.uint32], start: int
) -> None:
    """Copy WORDS numbers, from source[start] on to target[place] on, as if both were flat.

    None of the bounds is checked. A loop would copy one at a time: LLVM cannot know that the two do
    not overlap.
    """
    target.reshape(-1)[place : place + WORDS] = source.reshape(-1)[start : start + WORDS]


def seek(table: NDArray[np.uint32], place: int, tag: int) -> Any:
    """Return which of WORDS numbers from `place` on has the first 20 bits of `tag`, and a count.

    The count is the last 8 bits, and not 0. Returns WORDS if there is none.
    """
    words = table[place : place + WORDS]
    found = ((words ^ np.uint32(tag)) & np.uint32(0xFFFFF000) == 0) & (words & 0xFF != 0)
    return np.uint64(found.argmax() if found.any() else WORDS)


def shortest(table: NDArray[np.uint32], place: int) -> Any:
    """Return which of WORDS numbers from `place` on has the smallest count, its last 8 bits."""
    return np.uint64((table[place : place + WORDS] & 0xFF).argmin())


def leading_zeros(n: Any) -> Any:
    """Return the leading zeros of a uint64 that is not 0."""
    return np.uint64(64 - int(n).bit_length())


def prefetch(array: NDArray[Any], index: int) -> None:
    """Ask for the cache line of array[index], an array of one dimension, without waiting."""
