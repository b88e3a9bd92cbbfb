"""What numba has no words for, as LLVM's: the product of many rows at once, and leading zeros.

A product of a matrix of int8 and a vector of int16 is all the work in a network. On CPUs made for
it, two neighbouring columns are multiplied, added and accumulated by one instruction for 16 rows
(vpdpwssd of AVX-512 VNNI; pmaddwd and an addition elsewhere), if rows lie interleaved:

    block of ROWS rows, pair of columns, row, column of the pair

so that no sum runs across a vector. What is written below is plain vector arithmetic, which
LLVM turns into the best that each CPU has: results are exact sums in int32, the same in any order.
"""

from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numpy.typing import NDArray

__all__ = ["ROWS", "interleaved", "leading_zeros", "multiply_block"]

LANES = 16  # rows in a vector: int32 in 512 bits
VECTORS = 8  # accumulators, as many as hide the latency of the multiplication
ROWS = LANES * VECTORS
"""Rows in a block of a matrix."""


def interleaved(matrix: NDArray[np.int8]) -> NDArray[np.int8]:
    """A matrix of an even number of columns as `multiply_block` takes it, rows filled up with 0."""
    rows, columns = matrix.shape
    matrix = np.pad(matrix, ((0, -rows % ROWS), (0, 0)))
    # From (block, row, pair, column) to (block, pair, row, column).
    return matrix.reshape(-1, ROWS, columns // 2, 2).transpose(0, 2, 1, 3).ravel()


if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]

    def multiply_block(
        matrix: NDArray[np.int8],
        start: int,
        vector: NDArray[np.int16],
        products: NDArray[np.int32],
        row: int,
    ) -> None:
        """The same for an interpreter."""
        block = matrix[start : start + ROWS * vector.size].reshape(-1, ROWS, 2)
        pairs = vector.astype(np.int32).reshape(-1, 1, 2)
        products[row : row + ROWS] = (block * pairs).sum(axis=(0, 2), dtype=np.int32)

    def leading_zeros(n: Any) -> Any:
        """The same for an interpreter."""
        return np.uint64(64 - int(n).bit_length())

else:
    BYTE, SHORT, WORD, LONG = (ir.IntType(bits) for bits in (8, 16, 32, 64))

    def _constant(values: Any) -> Any:
        return ir.Constant(ir.VectorType(WORD, len(values)), [ir.Constant(WORD, v) for v in values])

    def _add_neighbours(builder: Any, values: Any) -> Any:
        """Elements 0 + 1, 2 + 3, .. of a vector of 2 * LANES."""
        nothing = ir.Constant(values.type, ir.Undefined)
        even = builder.shuffle_vector(values, nothing, _constant(range(0, 2 * LANES, 2)))
        odd = builder.shuffle_vector(values, nothing, _constant(range(1, 2 * LANES, 2)))
        return builder.add(even, odd)

    def _at(builder: Any, data: Any, index: Any, kind: Any) -> Any:
        """The place of data[index], as that of a vector."""
        return builder.bitcast(builder.gep(data, [index]), kind.as_pointer())

    def _generate_block(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        matrix, vector, products = (
            context.make_array(signature.args[k])(context, builder, arguments[k]) for k in (0, 2, 3)
        )
        start, row = arguments[1], arguments[4]
        weights, wide = ir.VectorType(BYTE, 2 * LANES), ir.VectorType(WORD, 2 * LANES)
        pair, sums = ir.VectorType(SHORT, 2), ir.VectorType(WORD, LANES)
        with builder.goto_entry_block():  # once, however often the loop around comes by
            totals = [builder.alloca(sums) for _ in range(VECTORS)]
        for total in totals:
            builder.store(ir.Constant(sums, None), total)
        size = builder.extract_value(vector.shape, 0)
        pairs = builder.lshr(size, ir.Constant(LONG, 1))
        with cgutils.for_range(builder, pairs) as loop:
            place = _at(builder, vector.data, builder.shl(loop.index, ir.Constant(LONG, 1)), pair)
            columns = builder.shuffle_vector(
                builder.load(place, align=2),
                ir.Constant(pair, ir.Undefined),
                _constant([0, 1] * LANES),
            )
            columns = builder.sext(columns, wide)
            first = builder.add(start, builder.mul(loop.index, ir.Constant(LONG, 2 * ROWS)))
            for k, total in enumerate(totals):
                index = builder.add(first, ir.Constant(LONG, 2 * LANES * k))
                values = builder.load(_at(builder, matrix.data, index, weights), align=1)
                product = builder.mul(builder.sext(values, wide), columns)
                both = _add_neighbours(builder, product)
                builder.store(builder.add(builder.load(total), both), total)
        for k, total in enumerate(totals):
            place = _at(
                builder, products.data, builder.add(row, ir.Constant(LONG, LANES * k)), sums
            )
            builder.store(builder.load(total), place, align=4)
        return context.get_dummy_value()

    @intrinsic
    def multiply_block(
        context: Any, matrix: Any, start: Any, vector: Any, products: Any, row: Any
    ) -> Any:
        """products[row : row + ROWS] = the block of int8 at matrix[start] times `vector` of int16.

        `vector` has an even number of elements; none of the bounds is checked.
        """
        signature = types.void(matrix, types.int64, vector, products, types.int64)
        return signature, _generate_block

    @intrinsic
    def leading_zeros(context: Any, n: Any) -> Any:
        """Of a uint64 that is not 0."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 1))

        return types.uint64(types.uint64), generate
